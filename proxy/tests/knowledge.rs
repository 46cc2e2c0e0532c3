//! The knowledge base: every query that it would show runs on a real Prometheus, and an operator's folder counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use oddity_analysis::knowledge::{CauseCheck, Knowledge, TemplateScope};
use oddity_detect::series::Labels;
use oddity_detect::time::{Step, Timestamp};
use oddity_source::promql;
use proxy::config::ConfigError;
use proxy::page::knowledge::load;

use crate::support::prometheus::Prometheus;
use crate::support::{send, serve};

/// The second at which the queries are asked.
const NOW: u64 = 1_767_229_200;

/// Label sets of odd series: none, the usual ones, and values that must be escaped.
fn label_sets() -> [Labels; 3] {
    let labels = |pairs: &[(&str, &str)]| {
        Labels::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    };
    [
        labels(&[]),
        labels(&[
            ("cluster", "eu-1"),
            ("code", "500"),
            ("device", "sda"),
            ("handler", "/api/a"),
            ("instance", "a:9100"),
            ("job", "api"),
            ("namespace", "shop"),
            ("pod", "api-7f9c-x2"),
        ]),
        labels(&[("instance", "a\"b\\c\nd`{}"), ("job", "$labels(job)"), ("pod", "größe")]),
    ]
}

/// The checks of a knowledge base that have a query, with the family and hypothesis that they are of.
fn checks(knowledge: &Knowledge) -> Vec<(String, &[String], &CauseCheck)> {
    let mut all = Vec::new();
    for family in &knowledge.families {
        for hypothesis in &family.hypotheses {
            let parts = [&hypothesis.confirm, &hypothesis.refute, &hypothesis.detect];
            for check in parts.into_iter().flatten().filter(|check| check.query.is_some()) {
                let place = format!("{}, {}", family.id, hypothesis.id);
                all.push((place, family.examples.yes.as_slice(), check));
            }
        }
    }
    all
}

/// Every query for every kind of series, by the place where it stands first.
fn queries(knowledge: &Knowledge) -> BTreeMap<String, String> {
    let times = Timestamp((NOW as i64 - 1_200) * 1_000)..Timestamp((NOW as i64 - 600) * 1_000);
    let of_all = ["sum by (job) (rate(http_requests_total{job=\"api\"}[5m]))".to_owned()];
    let mut all = BTreeMap::new();
    for (place, examples, check) in checks(knowledge) {
        let examples = if examples.is_empty() { &of_all } else { examples };
        let template = check.query.as_deref().unwrap();
        for (labels, example) in
            label_sets().iter().flat_map(|labels| examples.iter().map(move |e| (labels, e)))
        {
            let expr = example.split('#').next().unwrap().trim();
            let scope = TemplateScope::of(expr, labels, Step::from_seconds(60), times.clone());
            if let Some(query) = scope.fill(template) {
                all.entry(query).or_insert_with(|| format!("{place}: {}", check.see));
            }
        }
    }
    all
}

/// Two targets of every metric that is named anywhere, with the usual labels and those that a query asks for, so
/// that vectors have something to match.
fn samples<'a>(queries: impl Iterator<Item = &'a String>) -> String {
    let mut metrics: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let usual = label_sets()[1].clone();
    for query in queries {
        for selector in promql::selectors(query) {
            let selection = promql::selection(selector);
            let Some(metric) = selection.metric else { continue };
            let labels = metrics.entry(metric).or_insert_with(|| {
                usual.iter().map(|(name, value)| (name.to_owned(), format!("{value:?}"))).collect()
            });
            for matcher in selection.matchers.into_iter().filter(|m| m.operator == "=") {
                labels.entry(matcher.label).or_insert(matcher.literal);
            }
        }
    }
    let plain = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut text = String::new();
    for (metric, labels) in metrics.iter().filter(|(metric, _)| plain(metric)) {
        let _ = writeln!(text, "# TYPE {metric} unknown");
        for target in ["a:9100", "b:9100"] {
            let others = labels.iter().filter(|(label, _)| plain(label) && *label != "instance");
            let others: String = others.map(|(name, value)| format!(",{name}={value}")).collect();
            for (second, value) in [(1_200, 1), (900, 2), (600, 4), (300, 5), (60, 7)] {
                let _ = writeln!(
                    text,
                    "{metric}{{instance=\"{target}\"{others}}} {value} {}",
                    NOW - second
                );
            }
        }
    }
    text + "# EOF\n"
}

#[tokio::test]
async fn every_query_runs_on_a_real_prometheus() {
    let knowledge = load(None).unwrap();
    let queries = queries(&knowledge);
    let Some(prometheus) = Prometheus::with_samples(&samples(queries.keys())).await else { return };
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let (mut faults, mut answered) = (Vec::new(), 0);
    for (query, place) in &queries {
        let parameters = [("query", query.clone()), ("time", NOW.to_string())];
        let body = oddity_analysis::api::form(&parameters);
        let reply = send(prometheus.address(), "POST /api/v1/query", &form, &body).await;
        if reply.status != 200 {
            faults.push(format!("{place}\n  {query}\n  {}", reply.body));
        }
        answered += usize::from(!reply.body.contains("\"result\":[]"));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    // Samples were there to evaluate them on; a third asks for labels that none has.
    assert!(answered * 3 > queries.len(), "{answered} of {}", queries.len());
}

#[test]
fn families_of_an_operator_join_and_replace_ours() {
    let ours = load(None).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let family = |name: &str, id: &str| {
        format!(
            r#"name = "{name}"
about = "Orders that wait for payment."
recognise = {{ metrics = ["orders_*"] }}
examples = {{ yes = ["orders_open", "orders_total"], no = ["up", "node_load1"] }}
[[hypothesis]]
id = "{id}"
cause = "The payment provider is slow or down."
because = "Orders stay open until the provider answers."
source = {{ title = "Runbook of payments", url = "https://wiki.example/payments" }}
kinds = ["spike"]
confirm = [{{ see = "Calls to the provider take long", query = 'provider_seconds{{$labels(job)}}' }}]
refute = [{{ see = "The provider's status page says that all is well" }}]
mitigate = ["Switch to the second provider."]
prevent = ["Use both providers all the time."]
"#
        )
    };
    fs::write(folder.path().join("orders.toml"), family("orders", "provider")).unwrap();
    fs::write(folder.path().join("dhcp.toml"), family("Our DHCP", "provider")).unwrap();
    fs::write(folder.path().join("notes.txt"), "no family").unwrap();
    let joined = load(Some(folder.path())).unwrap();
    assert_eq!(joined.families.len(), ours.families.len() + 1);
    assert!(joined.hypothesis("orders", "provider").is_some());
    assert!(joined.families.iter().any(|family| family.name == "Our DHCP"));

    let check = |text: String, wanted: &[&str]| {
        fs::write(folder.path().join("orders.toml"), text).unwrap();
        let error: ConfigError = load(Some(folder.path())).unwrap_err();
        for part in wanted {
            assert!(error.to_string().contains(part), "{error}");
        }
    };
    check(family("orders", "Provider Down"), &["orders, hypothesis Provider Down", "lower case"]);
    check(family("orders", "a").replace("$labels", "$label"), &["orders, hypothesis a", "$label "]);
    check(
        family("orders", "a").replace("confirm =", "confirms ="),
        &["orders.toml, line 11", "confirms"],
    );
    check(family("orders", "a").replace("\"up\"", "\"orders_up\""), &["examples.no", "orders_up"]);
    check(String::new(), &["orders.toml, line 1", "name"]);
}

#[tokio::test]
async fn the_page_gets_all_of_it_once() {
    let server = serve("demo = true\n").await;
    let reply = server.send("GET /api/knowledge", &[], "").await;
    assert_eq!(reply.status, 200);
    let start = reply.body.find('{').unwrap();
    let end = reply.body.rfind('}').unwrap();
    let got: Knowledge = serde_json::from_str(&reply.body[start..=end]).unwrap();
    let mut sent = load(None).unwrap();
    for family in &mut sent.families {
        family.examples = Default::default();
    }
    assert_eq!(got, sent);
    assert_eq!(reply.field("cache-control"), Some("no-cache"));
    let etag = format!("If-None-Match: {}", reply.field("etag").unwrap());
    assert_eq!(server.send("GET /api/knowledge", &[&etag], "").await.status, 304);
    let zipped = server.send("GET /api/knowledge", &["Accept-Encoding: gzip"], "").await;
    assert!(zipped.field("content-encoding") == Some("gzip"), "{}", zipped.head);
}
