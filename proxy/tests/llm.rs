//! The language model: what is sent to it, what it may cost, and every way in which it may fail.

use std::time::{Duration, Instant};

use shared::api::ChatEvent;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, reply};
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
        assert!(reply.error().starts_with("400 bad_data: the body is no"), "{reply:?}");
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
async fn faults_before_the_answer_are_typed() {
    let json = "content-type: application/json\r\n";
    let says = |status: &str, body: &str| reply(status, json, body);
    let cases: Vec<(Vec<u8>, Then, &str, Option<&str>)> = vec![
        (
            says("401 No", "{\"error\":\"CANARY\"}"),
            Then::Close,
            "502 unavailable: the provider refused this server's key (status 401): check OPENAI_API_KEY",
            None,
        ),
        (
            says("403 No", ""),
            Then::Close,
            "502 unavailable: the provider refused this server's key (status 403): check OPENAI_API_KEY",
            None,
        ),
        (
            reply("429 Slow", "retry-after: 20\r\n", "{}"),
            Then::Close,
            "429 unavailable: the provider takes no more questions now: try again in 20 s",
            Some("20"),
        ),
        (
            says("429 Slow", ""),
            Then::Close,
            "429 unavailable: the provider takes no more questions now: try again in a while",
            None,
        ),
        (
            says("429 Slow", "{\"error\":{\"code\":\"insufficient_quota\"}}"),
            Then::Close,
            "429 unavailable: the provider's quota is used up: check its plan and billing",
            None,
        ),
        (
            says("404 No", "{\"error\":{\"code\":\"model_not_found\"}}"),
            Then::Close,
            "502 unavailable: the provider does not know the model or the address: check OPENAI_MODEL and url of [llm]",
            None,
        ),
        (
            says("400 No", "{\"error\":{\"code\":\"context_length_exceeded\"}}"),
            Then::Close,
            "413 bad_data: the question is too long for the model: begin a new one, or lower `prompt_tokens` of [llm.limits] to what it takes",
            None,
        ),
        (
            says(
                "400 No",
                "{\"error\":{\"message\":\"the request exceeds the available context size\"}}",
            ),
            Then::Close,
            "413 bad_data: the question is too long for the model: begin a new one, or lower `prompt_tokens` of [llm.limits] to what it takes",
            None,
        ),
        (
            says("422 No", "CANARY"),
            Then::Close,
            "502 unavailable: the provider refused the question (status 422): check model, temperature and token_field of [llm]",
            None,
        ),
        (
            reply("302 Found", "location: http://127.0.0.1:1/\r\n", ""),
            Then::Close,
            "502 unavailable: the provider answered with a redirect (status 302): configure the address that it leads to",
            None,
        ),
        (
            says("500 Oh", "CANARY"),
            Then::Close,
            "502 unavailable: the provider failed (status 500): try again in a while",
            None,
        ),
        (
            says("503 Loading", ""),
            Then::Close,
            "429 unavailable: the provider takes no more questions now: try again in a while",
            None,
        ),
        (
            reply("200 OK", "content-type: text/html\r\n", "<html>CANARY"),
            Then::Close,
            "502 unavailable: what answers at the configured address is no API for chat completions: check url of [llm], which mostly ends in /v1",
            None,
        ),
        (
            says("200 OK", "{\"choices\":[]}"),
            Then::Close,
            "502 unavailable: what answers at the configured address is no API for chat completions: check url of [llm], which mostly ends in /v1",
            None,
        ),
        (
            b"HTTP/1.1 200".to_vec(),
            Then::Close,
            "502 unavailable: the connection to the language model broke off in the middle of its answer: try again",
            None,
        ),
        (
            Vec::new(),
            Then::Reset,
            "502 unavailable: the connection to the language model broke off in the middle of its answer: try again",
            None,
        ),
        (
            Vec::new(),
            Then::Hang,
            "504 timeout: the language model said nothing for 300ms: it may be loading or overloaded; try again",
            None,
        ),
        (
            b"HTTP/1.1 500 Oh\r\ncontent-length: 9\r\n\r\n".to_vec(),
            Then::Hang,
            "502 unavailable: the provider failed (status 500): try again in a while",
            None,
        ),
    ];
    for (answer, then, expected, retry_after) in cases {
        let upstream = Scripted::start(answer, then).await;
        let server = with_model(&upstream, "idle = '300ms'").await;
        let reply = chat(&server).await;
        assert_eq!(reply.error(), expected);
        assert_eq!(reply.field("retry-after"), retry_after, "{reply:?}");
        assert!(!format!("{reply:?}").to_lowercase().contains("canary"), "{reply:?}");
    }
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let server = serve(&format!("[llm]\nurl = 'http://{closed}/v1'\nmodel = 'm'\n")).await;
    assert_eq!(
        chat(&server).await.error(),
        "502 unavailable: the language model cannot be reached: connection refused; check url of [llm] and that it runs"
    );
}

#[tokio::test]
async fn faults_within_the_answer_are_one_last_event() {
    let a = text("a");
    let cut = "start|a|failed unavailable: the connection to the language model broke off in the middle of its answer: try again";
    let cases = [
        (format!("{a}{STOP}"), Then::Close, "start|a|end Stop 7+2"),
        (format!("{a}{}", &STOP[..78]), Then::Close, "start|a|end Stop"),
        (a.clone(), Then::Close, cut),
        (a.clone(), Then::Reset, cut),
        (format!("{a}data: {{\"choi"), Then::Close, cut),
        (
            a.clone(),
            Then::Hang,
            "start|a|failed timeout: the language model said nothing for 300ms: it may be loading or overloaded; try again",
        ),
        (
            format!("{a}data: {{\"error\":{{\"message\":\"CANARY\"}}}}\n\n{a}"),
            Then::Hang,
            "start|a|failed unavailable: the provider broke off with an error: try again",
        ),
        (format!("{a}{STOP}{a}"), Then::Hang, "start|a|end Stop 7+2"),
        (
            format!("{a}data: {}\n\n", "x".repeat(300_000)),
            Then::Hang,
            "start|a|failed unavailable: the provider sent more than 256 KiB at once, which no answer needs",
        ),
        (
            "x".repeat(64 << 20),
            Then::Close,
            "start|failed unavailable: the provider sent more than 256 KiB at once, which no answer needs",
        ),
    ];
    for (stream, then, expected) in cases {
        let upstream = Scripted::start(streamed(&stream), then).await;
        let server = with_model(&upstream, "idle = '300ms'").await;
        let reply = chat(&server).await;
        assert_eq!(told(&reply), expected);
        assert!(!reply.body.contains("CANARY"));
    }
    // A provider that never ends.
    let upstream = Scripted::start(streamed(&a), Then::Hang).await;
    let server = with_model(&upstream, "total = '400ms'").await;
    let reply = told(&chat(&server).await);
    assert_eq!(
        reply,
        "start|a|failed timeout: the language model took longer than 400ms: ask for less, or raise `total` of [llm.limits]"
    );
}

#[tokio::test]
async fn the_budget_holds_whatever_becomes_of_answers() {
    // Without a count of the provider: 20 pieces and about 30 tokens of messages.
    let pieces = text("a").repeat(20);
    let upstream = Scripted::start(streamed(&pieces), Then::Hang).await;
    let limits = "answer_tokens = 20\nprompt_tokens = 1500\ndaily_tokens = 3000\nper_minute = 1000\nconcurrent = 1000";
    let server = with_model(&upstream, limits).await;
    let mut left = 0;
    while left < 100 {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "POST /api/llm/chat HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let (mut answer, mut piece) = (String::new(), [0; 4096]);
        while answer.matches("\"text\"").count() < 40 && !answer.starts_with("HTTP/1.1 429") {
            let count = client.read(&mut piece).await.unwrap();
            answer.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        if answer.starts_with("HTTP/1.1 429") {
            break;
        }
        left += 1;
    }
    // Each disconnect was charged: the budget of 3,000 is spent before 100 of them.
    assert!((40..80).contains(&left), "{left}");
    upstream.wait_for_drops(left).await;
    let before = upstream.connections();
    let reply = chat(&server).await;
    let error = reply.error();
    assert!(error.starts_with("429 unavailable: today's budget of 3000 tokens"), "{error}");
    let wait: u64 = reply.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait));
    assert_eq!(upstream.connections(), before);
    let metrics = server.get("/metrics").await.body;
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} in {metrics}")).parse().unwrap()
    };
    assert_eq!(value("oddity_llm_requests_total{outcome=\"disconnected\"}"), left as f64);
    assert!(value("oddity_llm_requests_total{outcome=\"budget\"}") >= 1.0);
    assert!(value("oddity_llm_budget_tokens") < 60.0);
    let charged = value("oddity_llm_tokens_total{kind=\"prompt\"}")
        + value("oddity_llm_tokens_total{kind=\"answer\"}");
    assert_eq!(charged + value("oddity_llm_budget_tokens"), 3_000.0);
}

#[tokio::test]
async fn the_providers_count_is_what_is_charged() {
    let upstream = Scripted::start(streamed(&(text("a") + STOP)), Then::Close).await;
    let server = with_model(&upstream, "").await;
    chat(&server).await;
    let refusing = Scripted::start(reply("401 No", "", ""), Then::Close).await;
    let metrics = server.get("/metrics").await.body;
    for line in [
        "oddity_llm_tokens_total{kind=\"prompt\"} 7\n",
        "oddity_llm_tokens_total{kind=\"answer\"} 2\n",
        "oddity_llm_budget_tokens 499991\n",
        "oddity_llm_requests_total{outcome=\"stop\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line} {metrics}");
    }
    // What the provider refused costs nothing.
    let server = with_model(&refusing, "").await;
    chat(&server).await;
    let metrics = server.get("/metrics").await.body;
    assert!(metrics.contains("oddity_llm_budget_tokens 500000\n"), "{metrics}");
    assert!(
        metrics.contains("oddity_llm_requests_total{outcome=\"credentials\"} 1\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn more_at_once_and_in_a_minute_are_told_to_come_again() {
    let upstream = Scripted::start(streamed(&text("a")), Then::Hang).await;
    let server = with_model(&upstream, "concurrent = 1").await;
    let address = server.address;
    let first = tokio::spawn(async move {
        crate::support::send(address, "POST /api/llm/chat", &[JSON], BODY).await
    });
    upstream.wait_for_requests(1).await;
    let began = Instant::now();
    let reply = chat(&server).await;
    assert_eq!(
        reply.error(),
        "429 unavailable: the language model answers 1 other questions now: try again in a moment"
    );
    assert!(began.elapsed() < Duration::from_secs(1) && reply.field("retry-after").is_some());
    first.abort();
    upstream.wait_for_drops(1).await;

    let upstream = Scripted::start(streamed(STOP), Then::Close).await;
    let server = with_model(&upstream, "per_minute = 2").await;
    assert_eq!((chat(&server).await.status, chat(&server).await.status), (200, 200));
    let reply = chat(&server).await;
    assert!(
        reply.error().starts_with("429 unavailable: the language model takes 2 questions a minute"),
        "{reply:?}"
    );
    assert!(reply.field("retry-after").is_some());
    assert_eq!(upstream.connections(), 2);
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_question_along() {
    // Before the head, and in the middle of the answer.
    for answer in [Vec::new(), streamed(&text("a"))] {
        let upstream = Scripted::start(answer, Then::Hang).await;
        let server = with_model(&upstream, "").await;
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let request = format!(
            "POST /api/llm/chat HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nContent-Length: {}\r\n\r\n{BODY}",
            BODY.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        upstream.wait_for_requests(1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(client);
        let left = Instant::now();
        upstream.wait_for_drops(1).await;
        assert!(left.elapsed() < Duration::from_secs(1), "{:?}", left.elapsed());
    }
}

#[tokio::test]
async fn requests_are_small_quick_and_from_the_page() {
    let upstream = Scripted::start(streamed(STOP), Then::Close).await;
    let server = with_model(&upstream, "body_bytes = 100000\nbody_wait = '300ms'").await;
    let message =
        |content: &str| format!(r#"{{"messages":[{{"role":"user","content":"{content}"}}]}}"#);
    let cases: Vec<(&[&str], String, &str)> = vec![
        (
            &["Content-Type: text/plain"],
            BODY.to_owned(),
            "415 bad_data: send the messages as application/json",
        ),
        (&[], BODY.to_owned(), "415 "),
        (&[JSON, "Origin: https://evil.example"], BODY.to_owned(), "403 "),
        (
            &[JSON],
            message(&"x".repeat(100_000)),
            "413 bad_data: the body has more than 100000 bytes",
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
        (&[JSON], BODY.replace("user", "tool"), "400 bad_data: the body is no"),
        (&[JSON], "[".repeat(50_000), "400 bad_data: the body is no"),
        (&[JSON], String::new(), "400 bad_data: the body is no"),
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
    assert!(server.send_raw(&slow).await.error().starts_with("408 timeout"), "slow");
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
    let began = Instant::now();
    let (status, _) = oddity.stop();
    assert!(status.success() && began.elapsed() < Duration::from_secs(5));
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
