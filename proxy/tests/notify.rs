//! Notifications: what arrives at a target, what is tried again, and what never leaves.

mod real;
mod tries;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use oddity_analysis::api::{FormattedValue, Notification, NotifiedEvent};
use oddity_detect::event::{Direction, EventKind};
use oddity_detect::time::{Span, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::alertmanager::Alertmanager;
use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, ok, reply};
use crate::support::wait::next_look;
use crate::support::{Reply, Served, get, send, serve};

const JSON: &str = "Content-Type: application/json";

/// An event of the demo that began ten minutes ago.
fn notice(address: std::net::SocketAddr) -> Notification {
    let amount = |value: f64| FormattedValue { value: Some(value), text: format!("{value}/min") };
    let start = proxy::clock::now() - Span::from_seconds(600);
    let event = NotifiedEvent {
        labels: BTreeMap::from([("pool".to_owned(), "office <!channel>".to_owned())]),
        kind: EventKind::Spike,
        direction: Direction::Up,
        severity: 87.0,
        start: Timestamp(start.0.div_euclid(1_000) * 1_000),
        end: Some(start + Span::from_seconds(60)),
        peak: amount(37.0),
        expected: amount(8.1),
        summary: "37/min against 8.1/min expected.".to_owned(),
        cause: None,
        incident: None,
    };
    Notification {
        source: "demo".to_owned(),
        expr: "rate(dhcp_lease_total[5m]) * 60".to_owned(),
        link: format!("http://{address}/?expr=a"),
        events: vec![event],
        found: 1,
        incidents: None,
        report: None,
        again: false,
    }
}

async fn serve_target(kind: &str, url: &str, more: &str) -> Served {
    serve(&format!(
        "demo = true\n{more}\n[[notify]]\nid = 't'\nname = 'Team'\nkind = '{kind}'\nurl = '{url}'\n"
    ))
    .await
}

async fn post(server: &Served, path: &str, body: &Value) -> Reply {
    server.send(&format!("POST /api/notify/{path}"), &[JSON], &body.to_string()).await
}

fn value(notice: &Notification) -> Value {
    serde_json::to_value(notice).unwrap()
}

/// Header and body of what a webhook was sent.
fn received(request: &str) -> (BTreeMap<String, String>, &str) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    (fields.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(), body)
}

/// Runs the example of the documentation on a request.
fn is_genuine(request: &str, secret: &str) -> bool {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/notifications.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, example) = page.split_once("```js\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let (headers, body) = received(request);
    let headers = serde_json::to_string(&headers).unwrap();
    let (body, secret) = (json!(body), json!(secret));
    let script =
        format!("{example}\nprocess.exit(isGenuine({headers}, {body}, {secret}) ? 0 : 3);\n");
    let mut node = Command::new("node")
        .args(["--input-type=module", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("node runs");
    node.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    match node.wait().unwrap().code() {
        Some(0) => true,
        Some(3) => false,
        other => panic!("the example fails: {other:?}"),
    }
}

#[tokio::test]
async fn a_browser_learns_ids_names_and_kinds_only() {
    let none = serve("").await;
    assert_eq!(none.get("/api/notify").await.json(), json!({ "targets": [] }));
    let server = serve_target("slack", "http://127.0.0.1:1/CANARY", "").await;
    let reply = server.get("/api/notify").await;
    assert_eq!(
        reply.json(),
        json!({ "targets": [{ "id": "t", "name": "Team", "kind": "slack" }] })
    );
    let foreign = server.send("GET /api/notify", &["Origin: https://evil.example"], "").await;
    assert_eq!(foreign.status, 403);
}

#[tokio::test]
async fn a_webhook_is_sent_signed_facts_once() {
    let hook = Scripted::start(ok("{}"), Then::Close).await;
    let url = format!("http://{}/hook/?a=b", hook.address);
    let server = serve_target("webhook", &url, "").await;
    // The secret is the last key of the target.
    let signed = serve(&format!(
        "demo = true\n[[notify]]\nid = 't'\nkind = 'webhook'\nurl = '{url}'\nsecret = 'hush'\nheaders = {{ X-Team = 'a' }}\n"
    ))
    .await;
    let mut notice = notice(signed.address);
    let sent = json!({ "outcome": "sent", "attempts": 1 });
    assert_eq!(post(&signed, "t", &value(&notice)).await.json(), sent);
    let duplicate = json!({ "outcome": "duplicate", "attempts": 0 });
    assert_eq!(post(&signed, "t", &value(&notice)).await.json(), duplicate);
    notice.again = true;
    assert_eq!(post(&signed, "t", &value(&notice)).await.json(), sent);
    notice.again = false;
    notice.events[0].start = notice.events[0].start - Span::from_seconds(60);
    assert_eq!(post(&signed, "t", &value(&notice)).await.json(), sent);
    let requests = hook.requests();
    assert_eq!(requests.len(), 3);
    let (headers, body) = received(&requests[0]);
    assert!(requests[0].starts_with("POST /hook/?a=b HTTP/1.1\r\n"), "{}", requests[0]);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["x-team"], "a");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["title"], "Spike in DHCP lease rate");
    assert_eq!(body["events"][0]["labels"]["pool"], "office <!channel>");
    assert_eq!(body["source"], json!({ "id": "demo", "name": "Demo" }));
    let delivery = |request: &str| received(request).0["x-oddity-delivery"].clone();
    assert_eq!(delivery(&requests[0]), delivery(&requests[1]));
    assert_ne!(delivery(&requests[0]), delivery(&requests[2]));
    assert!(is_genuine(&requests[0], "hush"));
    assert!(!is_genuine(&requests[0], "other"));
    assert!(!is_genuine(&requests[0].replace("37/min", "38/min"), "hush"));
    let as_another = requests[0].replace(&delivery(&requests[0]), &delivery(&requests[2]));
    assert!(!is_genuine(&as_another, "hush"));
    // Without a secret nothing is signed.
    let unsigned = post(&server, "t/test", &json!({})).await;
    assert_eq!(unsigned.json(), sent);
    let requests = hook.requests();
    let (headers, body) = received(&requests[3]);
    assert!(!headers.contains_key("x-oddity-signature"));
    assert_eq!(serde_json::from_str::<Value>(body).unwrap()["type"], "test");
}

#[tokio::test]
async fn slack_is_sent_blocks_in_which_labels_are_inert() {
    let hook = Scripted::start(reply("200 OK", "", "ok"), Then::Close).await;
    let server =
        serve_target("slack", &format!("http://{}/services/T/B/X", hook.address), "").await;
    let notice = notice(server.address);
    let preview = post(&server, "t/preview", &value(&notice)).await.json();
    assert_eq!(hook.connections(), 0, "a preview sends nothing");
    assert!(preview["text"].as_str().unwrap().contains("37/min against 8.1/min"), "{preview}");
    assert_eq!(preview["duplicate"], false);
    assert_eq!(post(&server, "t", &value(&notice)).await.status, 200);
    let requests = hook.requests();
    let (_, body) = received(&requests[0]);
    let sent: Value = serde_json::from_str(body).unwrap();
    let shown: Value = serde_json::from_str(preview["body"].as_str().unwrap()).unwrap();
    assert_eq!(sent, shown);
    assert!(body.contains("&lt;!channel&gt;") && !body.contains("<!"), "{body}");
    assert_eq!(post(&server, "t/preview", &value(&notice)).await.json()["duplicate"], true);
}

#[tokio::test]
async fn redirects_are_not_followed_and_nobody_names_an_address() {
    let foreign = Scripted::start(ok("{}"), Then::Close).await;
    let to = format!("location: http://{}/\r\n", foreign.address);
    let target = Scripted::start(reply("307 Moved", &to, ""), Then::Close).await;
    let server = serve_target("webhook", &format!("http://{}", target.address), "").await;
    let error = post(&server, "t", &value(&notice(server.address))).await.error();
    assert!(error.contains("redirect") && !error.contains(&foreign.address.to_string()), "{error}");
    let evil = format!("http://{}/", foreign.address);
    let with = |key: &str, address: &str| {
        let mut notice = value(&notice(server.address));
        notice[key] = json!(address);
        notice
    };
    let before = target.connections();
    let cases = [
        ("t", with("url", &evil)),
        ("t", with("link", &evil)),
        ("t", with("link", &format!("http://{}@{}/", server.address, foreign.address))),
        ("t", with("link", "javascript:alert(1)")),
        ("t", with("link", "//evil.example/")),
        ("t", with("source", &evil)),
        ("t/test", json!({ "url": evil })),
        ("t/test", json!([evil])),
    ];
    for (path, body) in cases {
        let error = post(&server, path, &body).await.error();
        assert!(error.starts_with("400 bad_data"), "{body}: {error}");
    }
    for path in [evil.as_str(), "u", "t/", "t/send", "T"] {
        assert_eq!(post(&server, path, &json!({})).await.status, 404, "{path}");
    }
    assert_eq!((foreign.connections(), target.connections()), (0, before));
}

#[tokio::test]
async fn links_may_lead_to_allowed_origins() {
    let hook = Scripted::start(ok("{}"), Then::Close).await;
    let top = "allowed_origins = ['https://ok.example']\nallowed_hosts = ['oddity.example']";
    let server = serve_target("webhook", &format!("http://{}", hook.address), top).await;
    let cases = [
        ("https://ok.example/?a=b", 200),
        ("https://oddity.example/?a", 200),
        ("http://ok.example/", 400),
        ("https://ok.example.evil/", 400),
    ];
    for (link, status) in cases {
        let mut notice = notice(server.address);
        link.clone_into(&mut notice.link);
        notice.again = true;
        assert_eq!(post(&server, "t", &value(&notice)).await.status, status, "{link}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_message_is_refused() {
    let hook = Scripted::start(ok("{}"), Then::Close).await;
    let limits = "[limits]\nnotify_bytes = 20000";
    let server = serve_target("webhook", &format!("http://{}", hook.address), limits).await;
    let good = notice(server.address);
    let changed = |change: fn(&mut Notification)| {
        let mut notice = good.clone();
        change(&mut notice);
        value(&notice)
    };
    let cases = [
        (changed(|n| n.events.clear()), "must have 1 to 20 events"),
        (changed(|n| n.events = vec![n.events[0].clone(); 21]), "must have 1 to 20 events"),
        (changed(|n| n.found = 0), "must be the number of all events"),
        (changed(|n| n.expr = " ".to_owned()), "`expr` must be"),
        (changed(|n| n.source = "x".to_owned()), "unknown `source`"),
        (changed(|n| n.events[0].severity = 101.0), "between 0 and 100"),
        (changed(|n| n.events[0].start = Timestamp(i64::MAX)), "milliseconds since 1970"),
        (changed(|n| n.events[0].end = Some(Timestamp(5))), "milliseconds since 1970"),
        (changed(|n| n.events[0].summary = "a".repeat(4_001)), "4000 characters"),
        (
            changed(|n| drop(n.events[0].labels.insert("a".to_owned(), "a".repeat(2_049)))),
            "64 labels",
        ),
        (json!({}), "missing field"),
        (json!({ "text": "<!channel>" }), "unknown field `text`"),
    ];
    for (body, expected) in cases {
        let error = post(&server, "t", &body).await.error();
        assert!(
            error.starts_with("400 bad_data") && error.contains(expected),
            "{expected}: {error}"
        );
    }
    let large = changed(|n| n.report = Some("a".repeat(20_000)));
    assert!(post(&server, "t", &large).await.error().starts_with("413"));
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let reply = server.send("POST /api/notify/t", &form, &value(&good).to_string()).await;
    assert_eq!(reply.status, 415);
    let origin = [JSON, "Origin: https://evil.example"];
    let reply = server.send("POST /api/notify/t/test", &origin, "{}").await;
    assert_eq!(reply.status, 403);
    assert_eq!(server.get("/api/notify/t").await.status, 405);
    assert_eq!(hook.connections(), 0);
}

#[tokio::test]
async fn more_than_the_limits_must_wait() {
    let silent = Scripted::start(Vec::new(), Then::Hang).await;
    let limits = "[limits]\nnotify_per_minute = 3\nnotify_at_once = 2";
    let server = serve_target("webhook", &format!("http://{}", silent.address), limits).await;
    let body = json!({});
    let three = async {
        silent.wait_for_requests(2).await;
        let third = post(&server, "t/test", &body).await;
        let fourth = post(&server, "t/test", &body).await.error();
        (third, fourth)
    };
    let (third, fourth) = tokio::select! {
        _ = async { tokio::join!(post(&server, "t/test", &body), post(&server, "t/test", &body)) } => panic!("answered"),
        both = three => both,
    };
    assert!(third.head.contains("\r\nretry-after: 1"), "{}", third.head);
    let third = third.error();
    assert!(third.starts_with("429 unavailable") && third.contains("in 1 s"), "{third}");
    assert!(fourth.contains("notify_per_minute"), "{fourth}");
    assert_eq!(silent.connections(), 2);
}

#[tokio::test]
async fn addresses_and_secrets_stay_inside_at_trace_level() {
    let folder = tempfile::tempdir().unwrap();
    let echo = "location: http://x/CANARY\r\nset-cookie: CANARY\r\n";
    let refuses = Scripted::start(reply("403 No", echo, "CANARY"), Then::Close).await;
    let moves = Scripted::start(reply("302 Found", echo, "CANARY"), Then::Close).await;
    let takes = Scripted::start(ok("CANARY"), Then::Close).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    std::fs::write(
        folder.path().join("url"),
        format!("http://me:CANARY@{}/CANARY\n", refuses.address),
    )
    .unwrap();
    std::fs::write(folder.path().join("secret"), "CANARY\n").unwrap();
    let config = format!(
        "demo = true\n[limits]\nnotify_wait = '1s'\n\
         [[notify]]\nid = 'refuses'\nkind = 'webhook'\nurl_file = 'url'\nsecret_file = 'secret'\n\
         [[notify]]\nid = 'moves'\nkind = 'slack'\nurl = 'http://{}/services/CANARY?x=CANARY'\n\
         [[notify]]\nid = 'closed'\nkind = 'webhook'\nurl = 'http://{closed}/CANARY'\nheaders = {{ X-Key = 'CANARY' }}\n",
        moves.address,
    );
    std::fs::write(folder.path().join("oddity.toml"), config).unwrap();
    let slack = format!("http://{}/services/CANARY", takes.address);
    let env = [("ODDITY_SLACK_WEBHOOK_URL", slack.as_str()), ("ODDITY_LOG", "trace")];
    let oddity = Oddity::start(folder.path(), &[], &env);
    let body = value(&notice(oddity.address)).to_string();
    for id in ["refuses", "moves", "closed", "slack"] {
        for path in ["", "/preview", "/test"] {
            let line = format!("POST /api/notify/{id}{path}");
            let body = if path == "/test" { "{}" } else { &body };
            let reply = send(oddity.address, &line, &[JSON], body).await;
            assert!(!format!("{reply:?}").to_lowercase().contains("canary"), "{line}: {reply:?}");
        }
    }
    for path in ["/api/notify", "/metrics", "/api/openapi.json"] {
        let reply = get(oddity.address, path).await;
        assert!(!format!("{reply:?}").to_lowercase().contains("canary"), "{path}");
    }
    let metrics = get(oddity.address, "/metrics").await.body;
    for (target, outcome, count) in [("slack", "sent", 2), ("closed", "failed", 2)] {
        let line = format!(
            "oddity_notifications_total{{target=\"{target}\",outcome=\"{outcome}\"}} {count}"
        );
        assert!(metrics.contains(&line), "{line} not in {metrics}");
    }
    assert!(takes.requests()[0].starts_with("POST /services/CANARY HTTP/1.1"));
    assert!(refuses.requests()[0].contains("authorization: Basic"));
    let (_, log) = oddity.stop();
    assert!(
        log.contains("TRACE")
            && log.contains("notification sent")
            && log.contains("notification not sent"),
        "{log}"
    );
    let canary: Vec<_> = log
        .lines()
        .filter(|line| line.contains("CANARY") || line.contains("bWU6Q0FOQVJZ"))
        .collect();
    assert!(canary.is_empty(), "{canary:#?}");
}

#[tokio::test]
async fn a_rotated_address_is_used_without_a_restart() {
    let (first, second) = (
        Scripted::start(ok("{}"), Then::Close).await,
        Scripted::start(ok("{}"), Then::Close).await,
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let write =
        |target: &Scripted| std::fs::write(&file, format!("http://{}/\n", target.address)).unwrap();
    write(&first);
    let config = format!(
        "demo = true\n[[notify]]\nid = 't'\nkind = 'webhook'\nurl_file = '{}'\n",
        file.display()
    );
    let server = serve(&config).await;
    assert_eq!(post(&server, "t/test", &json!({})).await.status, 200);
    write(&second);
    next_look().await;
    assert_eq!(post(&server, "t/test", &json!({})).await.status, 200);
    assert_eq!((first.connections(), second.connections()), (1, 1));
}
