//! What is tried again, and what is told otherwise.

use std::net::SocketAddr;

use super::*;

/// Answers, kind, expected tries, and the outcome or a part of the message.
type Case = (Vec<Vec<u8>>, &'static str, usize, &'static str);

/// Time for three tries: the pauses between them are 0.5, 1 and 2 s.
const THREE_TRIES: &str = "[limits]\nnotify_wait = '3s'\n";

#[tokio::test]
async fn what_may_pass_is_tried_again_and_the_rest_is_told() {
    let status = |status: &str| reply(status, "", "");
    let later = |seconds: u64| reply("429 Slow", &format!("retry-after: {seconds}\r\n"), "");
    let fine = || ok("{}");
    let cases: Vec<Case> = vec![
        (vec![status("503 No"), status("500 No"), fine()], "webhook", 3, "sent 3"),
        (vec![later(1), fine()], "slack", 2, "sent 2"),
        (vec![status("429 Slow"), fine()], "webhook", 2, "sent 2"),
        (vec![later(3_600)], "webhook", 1, "asks to retry in 3600 s"),
        (vec![later(u64::MAX)], "webhook", 1, "asks to retry in 18446744073709551615 s"),
        (vec![status("500 No")], "alertmanager", 3, "status 500 after 3 attempts"),
        (vec![status("400 No")], "webhook", 1, "status 400; check that the configured kind"),
        (vec![status("401 No")], "webhook", 1, "status 401; check the credentials"),
        (vec![status("404 No")], "webhook", 1, "check url of [[notify]] \\\"t\\\""),
        (vec![reply("410 Gone", "", "channel_is_archived")], "slack", 1, "the channel is archived"),
        (vec![reply("403 No", "", "CANARY")], "slack", 1, "status 403; check the credentials"),
        (vec![b"nonsense".to_vec()], "webhook", 1, "closed the connection without an answer"),
    ];
    for (answers, kind, tries, expected) in cases {
        let target = Scripted::in_turn(answers, Then::Close).await;
        let limits = if tries == 3 { THREE_TRIES } else { "" };
        let server = serve_target(kind, &format!("http://{}", target.address), limits).await;
        let reply = post(&server, "t", &value(&notice(server.address))).await;
        assert_eq!(target.connections(), tries, "{expected}: {reply:?}");
        assert!(
            !reply.body.contains("CANARY") && !reply.body.contains(&target.address.to_string()),
            "{reply:?}"
        );
        let said = match reply.status {
            200 => format!(
                "{} {}",
                reply.json()["outcome"].as_str().unwrap(),
                reply.json()["attempts"]
            ),
            _ => reply.body.clone(),
        };
        assert!(said.contains(expected), "{expected}: {said}");
        if reply.status != 200 {
            // What did not arrive may be sent again without a word.
            let (before, _) =
                (target.connections(), post(&server, "t", &value(&notice(server.address))).await);
            assert!(target.connections() > before, "{expected}");
        }
    }
}

/// A webhook that may take so long.
fn webhook(id: &str, address: SocketAddr, timeout: &str) -> String {
    format!(
        "[[notify]]\nid = '{id}'\nkind = 'webhook'\nurl = 'http://{address}'\ntimeout = '{timeout}'\n"
    )
}

#[tokio::test]
async fn silence_and_a_closed_port_are_told() {
    let silent = Scripted::start(Vec::new(), Then::Hang).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let targets = [webhook("silent", silent.address, "2s"), webhook("closed", closed, "10s")];
    let server = serve(&format!("demo = true\n{THREE_TRIES}{}", targets.concat())).await;
    let notice = value(&notice(server.address));
    let error = post(&server, "silent", &notice).await.error();
    assert!(
        error.starts_with("504 timeout: notification not sent")
            && error.contains("may or may not have received"),
        "{error}"
    );
    assert_eq!(silent.connections(), 1);
    let error = post(&server, "closed", &notice).await.error();
    assert!(
        error.starts_with("502 unavailable: notification not sent")
            && error.contains("connection refused after 3 attempts"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_notification_along() {
    let silent = Scripted::start(Vec::new(), Then::Hang).await;
    let target = webhook("t", silent.address, "10m");
    let server = serve(&format!("demo = true\n[limits]\nnotify_wait = '10m'\n{target}")).await;
    let body = value(&notice(server.address));
    tokio::select! {
        reply = post(&server, "t", &body) => panic!("nobody answers, but {reply:?}"),
        () = silent.wait_for_requests(1) => {}
    }
    silent.wait_for_drops(1).await;
}
