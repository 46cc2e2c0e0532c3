//! A real Prometheus behind the proxy answers as if it were asked directly.

use crate::support::prometheus::Prometheus;
use crate::support::{Reply, send, serve_upstream};

/// A minute of two series, one sample every five seconds from this second on.
const START: u64 = 1_767_225_600;

/// An alert and a recording rule that are not evaluated while the test runs.
const RULES: &str = "groups:
- name: late
  interval: 1d
  rules:
  - alert: Down
    expr: up == 0
  - record: job:up:sum
    expr: sum by (job) (up)
";

fn samples() -> String {
    let mut text = "# HELP up Whether it runs.\n# TYPE up gauge\n".to_owned();
    for job in ["api", "db"] {
        for second in (0..60).step_by(5) {
            text += &format!("up{{job=\"{job}\"}} {} {}\n", second % 7, START + second);
        }
    }
    text + "# EOF\n"
}

/// The body of a reply, whose chunks are joined.
fn body(reply: &Reply) -> serde_json::Value {
    let end = reply.body.rfind('}').map_or(0, |end| end + 1);
    let start = reply.body.find('{').unwrap_or(0);
    serde_json::from_str(&reply.body[start..end]).unwrap_or_else(|_| panic!("{reply:?}"))
}

#[tokio::test]
async fn every_endpoint_answers_as_prometheus_does() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), RULES).unwrap();
    let config = format!("rule_files: ['{}/rules.yaml']\n", folder.path().display());
    let Some(prometheus) = Prometheus::with_config(&samples(), &config).await else { return };
    let address = prometheus.address();
    let server = serve_upstream(address, "").await;
    let end = START + 60;
    let cases = [
        ("query", format!("query=sum(up)&time={START}"), 200, true),
        ("query", "query=sum(".to_owned(), 400, true),
        ("query", format!("query=up+%2B+on(job)+{{job=~\".%2B\"}}&time={START}"), 200, true),
        ("query_range", format!("query=up&start={START}&end={end}&step=5"), 200, true),
        ("query_range", format!("query=rate(up[1m])&start={START}&end={end}&step=5s"), 200, true),
        ("series", format!("match[]=up&start={START}&end={end}"), 200, true),
        ("labels", format!("start={START}&end={end}"), 200, true),
        (
            "label/job/values",
            format!("match[]=up{{job=\"db\"}}&start={START}&end={end}"),
            200,
            false,
        ),
        ("metadata", "metric=up".to_owned(), 200, false),
        ("rules", "exclude_alerts=true".to_owned(), 200, false),
        ("alerts", String::new(), 200, false),
        ("status/buildinfo", String::new(), 200, false),
    ];
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    for (endpoint, params, status, takes_post) in cases {
        let encoded = params.replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
        let mut ways = vec![(format!("GET /{endpoint}?{encoded}"), "")];
        if takes_post {
            ways.push((format!("POST /{endpoint}"), encoded.as_str()));
        }
        for (line, content) in ways {
            let direct = line.replacen('/', "/api/v1/", 1);
            let direct = send(address, &direct, &form, content).await;
            let proxied = line.replacen('/', "/api/sources/up/api/v1/", 1);
            let proxied = server.send(&proxied, &form, content).await;
            assert_eq!((direct.status, proxied.status), (status, status), "{line}: {proxied:?}");
            assert_eq!(body(&direct), body(&proxied), "{line}");
            let data = body(&proxied)["data"].to_string();
            let has_data = match endpoint {
                // Nothing is firing.
                "alerts" => data.contains("alerts"),
                "rules" => data.contains("Down"),
                _ => !data.contains("[]"),
            };
            assert!(has_data, "{line}: {proxied:?}");
        }
    }
}
