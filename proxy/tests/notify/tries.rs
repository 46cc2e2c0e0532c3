//! What is tried again, and what is told otherwise.

use super::*;

/// Answers, kind, settings at the top, expected tries, and the outcome or a part of the message.
type Case = (Vec<Vec<u8>>, &'static str, &'static str, usize, &'static str);

#[tokio::test]
async fn what_may_pass_is_tried_again_and_the_rest_is_told() {
    let status = |status: &str| reply(status, "", "");
    let later = |seconds: u32| reply("429 Slow", &format!("retry-after: {seconds}\r\n"), "");
    let fine = || ok("{}");
    let cases: Vec<Case> = vec![
        (vec![status("503 No"), status("500 No"), fine()], "webhook", "", 3, "sent 3"),
        (vec![later(1), fine()], "slack", "", 2, "sent 2"),
        (vec![status("429 Slow"), fine()], "webhook", "", 2, "sent 2"),
        (vec![later(3_600)], "webhook", "", 1, "asks to wait 3600 s"),
        (
            vec![status("500 No")],
            "alertmanager",
            "notify_wait = '2s'",
            3,
            "status 500, tried 3 times",
        ),
        (vec![status("400 No")], "webhook", "", 1, "status 400; check that its kind"),
        (vec![status("401 No")], "webhook", "", 1, "status 401; check the credentials"),
        (vec![status("404 No")], "webhook", "", 1, "check url of [[notify]] \\\"t\\\""),
        (
            vec![reply("410 Gone", "", "channel_is_archived")],
            "slack",
            "",
            1,
            "its channel is archived",
        ),
        (vec![reply("403 No", "", "CANARY")], "slack", "", 1, "status 403; check the credentials"),
        (vec![b"nonsense".to_vec()], "webhook", "", 1, "broke off before its answer"),
    ];
    for (answers, kind, limits, tries, expected) in cases {
        let target = Scripted::in_turn(answers, Then::Close).await;
        let limits = format!("[limits]\n{limits}");
        let server = serve_target(kind, &format!("http://{}", target.address), &limits).await;
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

#[tokio::test]
async fn silence_and_a_closed_port_are_told() {
    let silent = Scripted::start(Vec::new(), Then::Hang).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let target = |id: &str, address| {
        format!(
            "[[notify]]\nid = '{id}'\nkind = 'webhook'\nurl = 'http://{address}'\ntimeout = '300ms'\n"
        )
    };
    let config = [
        "demo = true\n[limits]\nnotify_wait = '2s'\n".to_owned(),
        target("silent", silent.address),
        target("closed", closed),
    ];
    let server = serve(&config.concat()).await;
    let notice = value(&notice(server.address));
    let error = post(&server, "silent", &notice).await.error();
    assert!(
        error.starts_with("504 timeout: not sent") && error.contains("may have taken"),
        "{error}"
    );
    assert_eq!(silent.connections(), 1);
    let error = post(&server, "closed", &notice).await.error();
    assert!(
        error.starts_with("502 unavailable: not sent")
            && error.contains("connection refused, tried 3 times"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_notification_along() {
    let silent = Scripted::start(Vec::new(), Then::Hang).await;
    let server = serve_target("webhook", &format!("http://{}", silent.address), "").await;
    let body = value(&notice(server.address));
    let asked =
        tokio::time::timeout(std::time::Duration::from_millis(500), post(&server, "t", &body))
            .await;
    assert!(asked.is_err());
    silent.wait_for_drops(1).await;
}
