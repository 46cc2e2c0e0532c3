//! The language model: what is sent to it, what it may cost, and every way in which it may fail.

mod budget;
mod faults;
mod real;

use oddity_analysis::api::ChatEvent;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::llama::Llama;
use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, reply};
use crate::support::wait::{until, within};
use crate::support::{Reply, Served, get, serve};

const JSON: &str = "Content-Type: application/json";
const BODY: &str =
    r#"{"messages":[{"role":"system","content":"Help."},{"role":"user","content":"Why?"}]}"#;
const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n";

/// One piece of text as a provider sends it.
fn text(text: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
}

const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

fn streamed(rest: &str) -> Vec<u8> {
    format!("{STREAM}{rest}").into()
}

/// A server whose language model is `upstream`.
async fn with_model(upstream: &Scripted, limits: &str) -> Served {
    let address = upstream.address;
    serve(&format!(
        "[llm]\nurl = 'http://{address}/v1'\nmodel = 'm-1'\napi_key = 'CANARY'\n[llm.limits]\n{limits}\n"
    ))
    .await
}

async fn chat(server: &Served) -> Reply {
    server.send("POST /api/llm/chat", &[JSON], BODY).await
}

/// A client that has asked and reads for itself.
async fn ask(server: &Served) -> TcpStream {
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "POST /api/llm/chat HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    client
}

/// The events of an answer; each line is one.
fn events(reply: &Reply) -> Vec<ChatEvent> {
    let lines = reply.body.lines().filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Events in short: `start|a|end stop 7+2`.
fn told(reply: &Reply) -> String {
    assert_eq!(reply.field("content-type"), Some("application/x-ndjson"), "{reply:?}");
    assert!(reply.whole, "{reply:?}");
    let all = events(reply);
    assert_eq!(all.iter().filter(|event| event.is_last()).count(), 1, "{all:?}");
    let words = all.into_iter().map(|event| match event {
        ChatEvent::Start => "start".to_owned(),
        ChatEvent::Text { text } => text,
        ChatEvent::End { reason, usage } => {
            let usage =
                usage.map(|usage| format!(" {}+{}", usage.prompt_tokens, usage.answer_tokens));
            format!("end {reason:?}{}", usage.unwrap_or_default())
        }
        ChatEvent::Failed { error_type, error, .. } => format!("failed {error_type}: {error}"),
    });
    words.collect::<Vec<_>>().join("|")
}

#[tokio::test]
async fn what_costs_is_set_by_the_server() {
    let upstream = Scripted::start(streamed(&(text("a") + STOP)), Then::Close).await;
    let server = with_model(&upstream, "answer_tokens = 77").await;
    for extra in [
        r#""model":"big""#,
        r#""max_tokens":1e9"#,
        r#""n":50"#,
        r#""tools":[{"type":"function"}]"#,
        r#""temperature":2"#,
        r#""stream":false"#,
    ] {
        let body = BODY.replacen('{', &format!("{{{extra},"), 1);
        let reply = server.send("POST /api/llm/chat", &[JSON], &body).await;
        assert!(
            reply.error().starts_with("400 bad_data: the body must be of the form"),
            "{reply:?}"
        );
    }
    assert_eq!(upstream.connections(), 0);
    assert_eq!(told(&chat(&server).await), "start|a|end Stop 7+2");
    let request = upstream.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/chat/completions http/1.1"), "{head}");
    assert!(head.contains("authorization: bearer canary"), "{head}");
    assert!(!head.contains("cookie") && !head.contains("referer") && !head.contains("forwarded"));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({
        "model": "m-1",
        "messages": [{ "role": "system", "content": "Help." }, { "role": "user", "content": "Why?" }],
        "max_tokens": 77, "temperature": 0.2, "n": 1, "stream": true,
        "stream_options": { "include_usage": true },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_page_learns_provider_and_model_only() {
    let upstream = Scripted::start(streamed(STOP), Then::Close).await;
    let server = with_model(&upstream, "").await;
    let about = server.get("/api/llm").await;
    assert_eq!(
        about.json(),
        serde_json::json!({ "model": {
            "provider": "a model on the server's machine", "model": "m-1", "prompt_tokens": 3000, "answer_tokens": 1024,
        } })
    );
    let without = serve("").await;
    assert_eq!(without.get("/api/llm").await.json(), serde_json::json!({}));
    let error = chat(&without).await.error();
    assert!(
        error.starts_with("404 not_found: no language model is configured: set OPENAI_"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_question_along() {
    // Before the head, and in the middle of the answer.
    for answer in [Vec::new(), streamed(&text("a"))] {
        let begun = !answer.is_empty();
        let upstream = Scripted::start(answer, Then::Hang).await;
        let server = with_model(&upstream, "idle = '10m'\ntotal = '10m'").await;
        let mut client = ask(&server).await;
        upstream.wait_for_requests(1).await;
        if begun {
            let mut head = [0; 4096];
            let read = within("the answer begins", client.read(&mut head)).await;
            assert!(read.unwrap() > 0);
        }
        drop(client);
        upstream.wait_for_drops(1).await;
    }
}

#[tokio::test]
async fn requests_are_small_quick_and_from_the_page() {
    let upstream = Scripted::start(streamed(STOP), Then::Close).await;
    let server = with_model(&upstream, "body_bytes = 100000").await;
    let message =
        |content: &str| format!(r#"{{"messages":[{{"role":"user","content":"{content}"}}]}}"#);
    let cases: Vec<(&[&str], String, &str)> = vec![
        (
            &["Content-Type: text/plain"],
            BODY.to_owned(),
            "415 bad_data: unsupported content type: send the messages as application/json",
        ),
        (&[], BODY.to_owned(), "415 "),
        (&[JSON, "Origin: https://evil.example"], BODY.to_owned(), "403 "),
        (
            &[JSON],
            message(&"x".repeat(100_000)),
            "413 bad_data: the request body is larger than 100000 bytes",
        ),
        (
            &[JSON],
            message(&"why ".repeat(3_000)),
            "413 bad_data: the messages have about 3008 tokens, more than 3000",
        ),
        (&[JSON], message(" "), "400 bad_data: `messages` has one without content"),
        (
            &[JSON],
            r#"{"messages":[]}"#.to_owned(),
            "400 bad_data: `messages` must end with one of the role `user`",
        ),
        (&[JSON], BODY.replace("user", "assistant"), "400 bad_data: `messages` must end with"),
        (&[JSON], BODY.replace("user", "system"), "400 bad_data: `messages` must end with"),
        (&[JSON], BODY.replace("user", "tool"), "400 bad_data: the body must be of the form"),
        (&[JSON], "[".repeat(50_000), "400 bad_data: the body must be of the form"),
        (&[JSON], String::new(), "400 bad_data: the body must be of the form"),
        (
            &[JSON],
            format!(
                "{{\"messages\":[{}]}}",
                vec![r#"{"role":"user","content":"a"}"#; 101].join(",")
            ),
            "400 bad_data: `messages` has more than 100",
        ),
    ];
    for (fields, body, expected) in cases {
        let reply = server.send("POST /api/llm/chat", fields, &body).await;
        assert!(reply.error().starts_with(expected), "{expected}: {reply:?}");
    }
    let slow = format!(
        "POST /api/llm/chat HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nConnection: close\r\nContent-Length: 90\r\n\r\n{{"
    );
    let hasty = with_model(&upstream, "body_wait = '300ms'").await;
    assert!(hasty.send_raw(&slow).await.error().starts_with("408 timeout"), "slow");
    assert_eq!(server.get("/api/llm/chat").await.status, 405);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_stop_ends_answers_within_the_drain() {
    let folder = tempfile::tempdir().unwrap();
    let upstream = Scripted::start(streamed(&text("a")), Then::Hang).await;
    let config = format!(
        "[limits]\ndrain = '500ms'\n[llm]\nurl = 'http://{}'\nmodel = 'm'\n",
        upstream.address
    );
    std::fs::write(folder.path().join("oddity.toml"), config).unwrap();
    let oddity = Oddity::start(folder.path(), &[], &[]);
    let address = oddity.address;
    let client = tokio::spawn(async move {
        crate::support::send(address, "POST /api/llm/chat", &[JSON], BODY).await
    });
    upstream.wait_for_requests(1).await;
    let (status, _) = oddity.stop();
    assert!(status.success(), "{status}");
    upstream.wait_for_drops(1).await;
    // Without a last event the page knows that it was cut.
    let reply = client.await.unwrap();
    assert!(!reply.whole && !events(&reply).iter().any(ChatEvent::is_last), "{reply:?}");
}

#[tokio::test]
async fn the_key_stays_inside_at_trace_level() {
    let folder = tempfile::tempdir().unwrap();
    let echo = "{\"error\":{\"message\":\"Incorrect API key provided: CANARY\"}}";
    let upstream =
        Scripted::start(reply("401 No", "www-authenticate: CANARY\r\n", echo), Then::Close).await;
    let url = format!("http://{}", upstream.address);
    let env = [
        ("OPENAI_BASE_URL", url.as_str()),
        ("OPENAI_API_KEY", "CANARY"),
        ("OPENAI_MODEL", "m"),
        ("ODDITY_LOG", "trace"),
    ];
    let oddity = Oddity::start(folder.path(), &[], &env);
    let replies = [
        crate::support::send(oddity.address, "POST /api/llm/chat", &[JSON], BODY).await,
        get(oddity.address, "/api/llm").await,
        get(oddity.address, "/metrics").await,
    ];
    for reply in replies {
        assert!(!format!("{reply:?}").to_lowercase().contains("canary"), "{reply:?}");
    }
    assert!(upstream.requests()[0].contains("Bearer CANARY"));
    let (_, log) = oddity.stop();
    assert!(log.contains("TRACE") && log.contains("credentials"), "{log}");
    assert!(!log.contains("CANARY"), "{log}");
}
