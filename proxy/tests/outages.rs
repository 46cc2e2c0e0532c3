//! A real Prometheus that is killed, stopped and started anew while it is asked.

use std::time::Duration;

use crate::support::prometheus::Prometheus;
use crate::support::scripted::{Scripted, Then, ok};
use crate::support::{Served, serve};

const SHORT: &str = "/api/sources/real/api/v1/query?query=vector(1)";
const OTHER: &str = "/api/sources/other/api/v1/query?query=up";

async fn recovers(server: &Served) {
    for _ in 0..100 {
        if server.get(SHORT).await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no answer after the outage: {:?}", server.get(SHORT).await);
}

#[tokio::test]
async fn an_outage_in_mid_query_is_told_and_passes_by_itself() {
    let Some(mut prometheus) = Prometheus::with_samples("# EOF\n").await else { return };
    let other = Scripted::start(ok(r#"{"status":"success","data":1}"#), Then::Close).await;
    let server = serve(&format!(
        "[limits]\ntimeout = '20s'\n\
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
    assert!(error.starts_with("502 unavailable: the source 'real' broke off"), "{error}");
    let error = server.get(SHORT).await.error();
    assert!(error.contains("cannot be reached: connection refused"), "{error}");
    prometheus.restart().await;
    recovers(&server).await;

    // Stopped: it accepts connections and answers nothing.
    prometheus.signal("STOP");
    let hasty = SHORT.replace("real", "hasty");
    let (stopped, fine) = tokio::join!(server.get(&hasty), server.get(OTHER));
    let error = stopped.error();
    assert!(
        error.starts_with("504 timeout: the source 'hasty' did not answer within 5s"),
        "{error}"
    );
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

/// Half a minute in many small parts, between which Prometheus looks whether somebody still wants to know.
fn many_parts() -> String {
    let part = "stddev_over_time(vector(1)%5B3h:1s%5D)";
    let expr = vec![part; 80].join("%2B");
    format!("/api/sources/real/api/v1/query_range?query={expr}&start=0&end=11000&step=1")
}

/// Waits until it evaluates so many queries, ten seconds at most.
async fn wait_until(prometheus: &Prometheus, running: f64) {
    for _ in 0..200 {
        if prometheus.metric("prometheus_engine_queries").await == Some(running) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come to evaluate {running} queries");
}

#[tokio::test]
async fn a_disconnect_ends_the_evaluation_of_a_real_prometheus() {
    use tokio::io::AsyncWriteExt;
    let Some(prometheus) = Prometheus::with_samples("# EOF\n").await else { return };
    let address = prometheus.address();
    let server = serve(&format!("[[source]]\nid = 'real'\nurl = 'http://{address}'\n")).await;
    recovers(&server).await;
    let mut client = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", many_parts());
    client.write_all(request.as_bytes()).await.unwrap();
    wait_until(&prometheus, 1.0).await;
    drop(client);
    wait_until(&prometheus, 0.0).await;
}
