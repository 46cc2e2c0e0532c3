//! A real Alertmanager.

use super::*;

#[tokio::test]
async fn a_real_alertmanager_holds_the_alert() {
    let Some(alertmanager) = Alertmanager::start().await else { return };
    let server =
        serve_target("alertmanager", &format!("http://{}/", alertmanager.address), "").await;
    let mut notice = notice(server.address);
    let labels = &mut notice.events[0].labels;
    labels.insert("__name__".to_owned(), "dhcp_leases".to_owned());
    labels.insert("http.route".to_owned(), "ü\u{202e}\n".to_owned());
    labels.insert("alertname".to_owned(), "own".to_owned());
    let reply = post(&server, "t", &value(&notice)).await;
    assert_eq!(reply.json(), json!({ "outcome": "sent", "attempts": 1 }));
    let alerts = alertmanager.alerts().await;
    let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
    let labels = json!({
        "alertname": "OddityAnomaly", "severity": "critical", "kind": "spike", "metric": "dhcp_leases",
        "oddity_source": "demo", "pool": "office <!channel>", "http_route": "ü\u{202e}\n", "exported_alertname": "own",
    });
    assert_eq!(alert["labels"], labels);
    assert_eq!(alert["generatorURL"], json!(notice.link));
    let began = notice.events[0].start;
    assert_eq!(alert["annotations"]["began"], json!(began.to_string()));
    assert_eq!(alert["startsAt"].as_str().unwrap().parse::<Timestamp>().unwrap(), began);
    assert_eq!(alert["status"]["state"], "active");
    assert_eq!(post(&server, "t/test", &json!({})).await.status, 200);
    let names: Vec<_> = alertmanager
        .alerts()
        .await
        .iter()
        .map(|alert| alert["labels"]["alertname"].clone())
        .collect();
    assert!(names.contains(&json!("OddityTest")), "{names:?}");
}
