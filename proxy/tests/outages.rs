//! A real Prometheus that is killed, stopped and started anew while it is asked.

use crate::support::prometheus::Prometheus;
use crate::support::scripted::{Scripted, Then, ok};
use crate::support::wait::until;
use crate::support::{Served, serve};

const SHORT: &str = "/api/sources/real/api/v1/query?query=vector(1)";
const OTHER: &str = "/api/sources/other/api/v1/query?query=up";

async fn recovers(server: &Served) {
    until("the source answers", async || server.get(SHORT).await.status == 200).await;
}

#[tokio::test]
async fn an_outage_in_mid_query_is_told_and_passes_by_itself() {
    let Some(mut prometheus) = Prometheus::with_samples("# EOF\n").await else { return };
    let other = Scripted::start(ok(r#"{"status":"success","data":1}"#), Then::Close).await;
    let server = serve(&format!(
        "[limits]\ntimeout = '10m'\n\
         [[source]]\nid = 'real'\nurl = 'http://{}'\n[[source]]\nid = 'other'\nurl = 'http://{}'\n\
         [[source]]\nid = 'hasty'\nurl = 'http://{}'\ntimeout = '300ms'\n",
        prometheus.address(),
        other.address,
        prometheus.address(),
    ))
    .await;
    recovers(&server).await;

    // Killed while it evaluates.
    let question = many_parts();
    let (long, ()) = tokio::join!(server.get(&question), async {
        wait_until(&prometheus, 1.0).await;
        prometheus.kill();
        assert_eq!(server.get(OTHER).await.status, 200);
    });
    let error = long.error();
    assert!(error.starts_with("502 unavailable: source 'real' closed the connection"), "{error}");
    let error = server.get(SHORT).await.error();
    assert!(error.contains("cannot be reached: connection refused"), "{error}");
    prometheus.restart().await;
    recovers(&server).await;

    // Stopped: it accepts connections and answers nothing.
    prometheus.signal("STOP");
    let hasty = SHORT.replace("real", "hasty");
    let (stopped, fine) = tokio::join!(server.get(&hasty), server.get(OTHER));
    let error = stopped.error();
    assert!(error.starts_with("504 timeout: source 'hasty' did not answer within 5s"), "{error}");
    assert_eq!(fine.status, 200);
    prometheus.signal("CONT");
    recovers(&server).await;

    let text = server.get("/metrics").await.body;
    for class in [("real", "cut"), ("real", "unreachable"), ("hasty", "timeout")] {
        let line =
            format!("oddity_upstream_errors_total{{source=\"{}\",class=\"{}\"}}", class.0, class.1);
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}

/// Some seconds in many small parts, between which Prometheus looks whether somebody still wants to know.
fn many_parts() -> String {
    let part = "stddev_over_time(vector(1)%5B3h:1s%5D)";
    let expr = vec![part; 20].join("%2B");
    format!("/api/sources/real/api/v1/query_range?query={expr}&start=0&end=11000&step=1")
}

/// Waits until it evaluates so many queries.
async fn wait_until(prometheus: &Prometheus, running: f64) {
    until(format_args!("Prometheus evaluates {running} queries"), async || {
        prometheus.metric("prometheus_engine_queries").await == Some(running)
    })
    .await;
}

/// How many range queries it has evaluated to their end, where it sorts the result.
async fn evaluated(prometheus: &Prometheus) -> f64 {
    let sorted = "prometheus_engine_query_duration_seconds_count{slice=\"result_sort\"}";
    prometheus.metric(sorted).await.expect("Prometheus counts them")
}

#[tokio::test]
async fn a_disconnect_ends_the_evaluation_of_a_real_prometheus() {
    use tokio::io::AsyncWriteExt;
    let Some(prometheus) = Prometheus::with_samples("# EOF\n").await else { return };
    let address = prometheus.address();
    let server = serve(&format!(
        "[limits]\ntimeout = '10m'\n[[source]]\nid = 'real'\nurl = 'http://{address}'\n"
    ))
    .await;
    recovers(&server).await;
    let before = evaluated(&prometheus).await;
    let mut client = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", many_parts());
    client.write_all(request.as_bytes()).await.unwrap();
    wait_until(&prometheus, 1.0).await;
    drop(client);
    wait_until(&prometheus, 0.0).await;
    let after = evaluated(&prometheus).await;
    assert_eq!(after.to_bits(), before.to_bits(), "it went on to its end");
}
