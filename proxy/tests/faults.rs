//! A fault of a source is a typed 502 or 504, and never looks like an answer.

use crate::support::scripted::{Scripted, Then, ok, reply};
use crate::support::wait::NO_HURRY;
use crate::support::{Reply, serve, serve_upstream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A time limit that passes while the source is silent.
const QUICK: &str = "timeout = '200ms'\ngrace = '100ms'\n";
const QUERY: &str = "/api/sources/up/api/v1/query?query=up";

/// What a client gets when the source answers `answer` and then does `then`, under these time limits.
async fn ask(answer: Vec<u8>, then: Then, limits: &str) -> Reply {
    let upstream = Scripted::start(answer, then).await;
    let limits = format!("[limits]\n{limits}answer_bytes = 3000000");
    serve_upstream(upstream.address, &limits).await.get(QUERY).await
}

/// A reply that promises more bytes than it has.
fn cut(body: &str, length: usize) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").into()
}

#[tokio::test]
async fn faults_are_typed() {
    let start = r#"{"status":"success","data":"#;
    let deep = format!("{start}{}{}}}", "[".repeat(200), "]".repeat(200));
    let prefix = "check `url` in the configuration file: it must be the address of Prometheus";
    let cases = [
        (ok("<html>hello</html>"), Then::Close, "502 unavailable", prefix),
        (ok(""), Then::Close, "502 unavailable", prefix),
        (ok("[]"), Then::Close, "502 unavailable", prefix),
        (ok(r#"{"hello":1}"#), Then::Close, "502 unavailable", prefix),
        (
            ok(r#"{"status":"error","errorType":"x","error":"y"}"#),
            Then::Close,
            "502 unavailable",
            prefix,
        ),
        (ok(&format!("{start}1}}{start}2}}")), Then::Close, "502 unavailable", prefix),
        (ok(r#"{"status":"success","data":}"#), Then::Close, "502 unavailable", prefix),
        (ok(&deep), Then::Close, "502 unavailable", prefix),
        (reply("404 Not Found", "", "404 page not found"), Then::Close, "502 unavailable", prefix),
        (
            reply("302 Found", "location: http://127.0.0.1:1\r\n", ""),
            Then::Close,
            "502 unavailable",
            prefix,
        ),
        (reply("500 Oops", "", "{}"), Then::Close, "502 unavailable", "status 500"),
        (
            reply("503 Busy", "retry-after: 9\r\n", "busy"),
            Then::Close,
            "502 unavailable",
            "may be starting",
        ),
        (
            reply("401 No", "", "who?"),
            Then::Close,
            "502 unavailable",
            "rejected the configured credentials",
        ),
        (
            reply("401 No", "", "no org id"),
            Then::Close,
            "502 unavailable",
            "needs a tenant; set PROMETHEUS_ORG_ID, or headers = { X-Scope-OrgID",
        ),
        (reply("403 No", "", "{}"), Then::Close, "502 unavailable", "status 403"),
        (cut(start, 1_000), Then::Close, "502 unavailable", "closed the connection"),
        (cut(start, 1_000), Then::Reset, "502 unavailable", "closed the connection"),
        (cut(start, 1_000), Then::Hang, "504 timeout", "within 300ms"),
        (
            cut(start, 1 << 40),
            Then::Hang,
            "502 execution",
            "more than 2 MiB, the limit answer_bytes",
        ),
        (
            format!("HTTP/1.0 200 OK\r\n\r\n{start}").into(),
            Then::Close,
            "502 unavailable",
            "closed the connection",
        ),
        (b"garbage\r\n\r\n".to_vec(), Then::Close, "502 unavailable", "closed the connection"),
        (
            b"HTTP/1.1 200 OK\r\nx: ".to_vec(),
            Then::Close,
            "502 unavailable",
            "closed the connection",
        ),
        (b"HTTP/1.1 200 OK\r\nx: ".to_vec(), Then::Hang, "504 timeout", "within 300ms"),
        (
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}", &start[..5])
                .into(),
            Then::Close,
            "502 unavailable",
            "closed the connection",
        ),
        (Vec::new(), Then::Close, "502 unavailable", "closed the connection"),
        (Vec::new(), Then::Hang, "504 timeout", "did not answer within 300ms"),
    ];
    for (answer, then, kind, message) in cases {
        let text = String::from_utf8_lossy(&answer).chars().take(120).collect::<String>();
        let limits = if message.contains("within 300ms") { QUICK } else { NO_HURRY };
        let reply = ask(answer, then, limits).await;
        let error = reply.error();
        assert!(error.starts_with(kind) && error.contains(message), "{text} {then:?}: {error}");
        assert!(error.contains("source 'up'") && reply.whole, "{text}: {error}");
        assert!(!error.contains("127.0.0.1"), "{error}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn compressed(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn compressed_answers_count_by_what_they_hold() {
    let success = br#"{"status":"success","data":1}"#;
    let whole = gzip(success);
    let bomb = gzip(&[&success[..28], &vec![b' '; 200 << 20]].concat());
    assert!(bomb.len() < 1 << 20);
    let mut damaged = whole.clone();
    damaged[12] ^= 0xff;
    let cases = [
        (whole.as_slice(), "200"),
        (&whole[..whole.len() - 9], "502 unavailable: source 'up' closed the connection"),
        (damaged.as_slice(), "502 unavailable: source 'up' closed the connection"),
        (b"{\"status\":\"success\"}", "502 unavailable: source 'up' closed the connection"),
    ];
    for (body, expected) in cases {
        let reply = ask(compressed(body), Then::Close, NO_HURRY).await;
        let found = if reply.status == 200 { "200".to_owned() } else { reply.error() };
        assert!(found.starts_with(expected), "{found}");
    }
    // More than is checked before it passes, and then more than an answer may have.
    let upstream = Scripted::start(compressed(&bomb), Then::Close).await;
    let server = serve_upstream(upstream.address, "[limits]\nanswer_bytes = 8000000").await;
    let reply = server.get(QUERY).await;
    assert_eq!((reply.status, reply.whole), (200, false));
    assert!((1 << 20..9 << 20).contains(&reply.body.len()), "{}", reply.body.len());
    let text = server.get("/metrics").await.body;
    assert!(
        text.contains("oddity_upstream_errors_total{source=\"up\",class=\"too_large\"} 1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_missing_connection_says_why_and_what_to_check() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let without_tls = plain.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let cases = [
        (format!("http://{closed}"), "connection refused"),
        (
            format!("https://{without_tls}"),
            "TLS handshake failed, or its certificate is not trusted",
        ),
        ("http://nowhere.invalid".to_owned(), "unknown host name"),
    ];
    for (url, reason) in cases {
        let server = serve(&format!("[[source]]\nid = 'up'\nurl = '{url}'\n")).await;
        let expected = format!(
            "502 unavailable: source 'up' cannot be reached: {reason}; check `url` in the \
             configuration file and that Prometheus is running"
        );
        assert_eq!(server.get(QUERY).await.error(), expected);
    }
}

#[tokio::test]
async fn an_answer_in_pieces_of_one_byte_is_whole() {
    let body = format!(r#"{{"status":"success","data":"{}"}}"#, "x".repeat(20_000));
    let pieces: String = body.chars().map(|byte| format!("1\r\n{byte}\r\n")).collect();
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let reply = ask(format!("{head}{pieces}0\r\n\r\n").into(), Then::Close, NO_HURRY).await;
    assert_eq!((reply.status, reply.body), (200, body));
}

#[tokio::test]
async fn a_fault_in_a_stream_is_no_clean_end() {
    let start = format!(r#"{{"status":"success","data":["{}"#, "x".repeat(1_500_000));
    let whole = format!(r#"{start}"]}}"#);
    let too_much = format!(r#"{start}{}"]}}"#, "x".repeat(2_000_000));
    let close_delimited = |body: &str| format!("HTTP/1.0 200 OK\r\n\r\n{body}").into_bytes();
    let cases = [
        (ok(&whole), Then::Close, true),
        (close_delimited(&whole), Then::Close, true),
        (cut(&start, 2_000_000), Then::Close, false),
        (cut(&start, 2_000_000), Then::Hang, false),
        (close_delimited(&start), Then::Close, false),
        (close_delimited(&too_much), Then::Close, false),
        (close_delimited(&format!("{whole}{whole}")), Then::Close, false),
    ];
    for (index, (answer, then, expected)) in cases.into_iter().enumerate() {
        let mut reply = ask(answer.clone(), then, QUICK).await;
        // Time enough for what came before the silence, which a slow machine needs more of.
        for limits in ["timeout = '3s'\n", "timeout = '30s'\n", NO_HURRY] {
            if reply.status == 504 {
                reply = ask(answer.clone(), then, limits).await;
            }
        }
        assert_eq!((reply.status, reply.whole), (200, expected), "{index}: {}", reply.head);
    }
    let html = ask(ok(&"<p>".repeat(600_000)), Then::Close, NO_HURRY).await;
    assert_eq!(html.status, 502);
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_question_along() {
    let partial =
        cut(&format!(r#"{{"status":"success","data":"{}"#, "x".repeat(1_500_000)), 9_000_000);
    for answer in [Vec::new(), partial] {
        let upstream = Scripted::start(answer, Then::Hang).await;
        let server = serve_upstream(upstream.address, &format!("[limits]\n{NO_HURRY}")).await;
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        upstream.wait_for_requests(1).await;
        drop(client);
        upstream.wait_for_drops(1).await;
    }
}

#[tokio::test]
async fn a_client_that_never_reads_loses_its_place() {
    let endless = cut(r#"{"status":"success","data":""#, 60 << 20);
    let answer = [endless, vec![b'x'; 50 << 20]].concat();
    let upstream = Scripted::start(answer, Then::Hang).await;
    let limits = format!("[limits]\n{NO_HURRY}write_wait = '200ms'");
    let server = serve_upstream(upstream.address, &limits).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    upstream.wait_for_requests(1).await;
    upstream.wait_for_drops(1).await;
}

#[tokio::test]
async fn more_questions_than_the_cap_are_told_to_come_again() {
    let upstream = Scripted::start(Vec::new(), Then::Hang).await;
    let limits = "[limits]\ntimeout = '10m'\nconcurrent_queries = 2\nqueued_queries = 1\nqueue_wait = '100ms'";
    let server = serve_upstream(upstream.address, limits).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        clients.push(client);
    }
    upstream.wait_for_requests(2).await;
    let (queued, refused) = tokio::join!(server.get(QUERY), server.get(QUERY));
    for reply in [queued, refused] {
        assert!(
            reply
                .error()
                .starts_with("503 unavailable: source 'up' has too many concurrent queries"),
            "{reply:?}"
        );
        assert_eq!(reply.field("retry-after"), Some("1"));
    }
    assert_eq!(upstream.requests().len(), 2);
    drop(clients);
    upstream.wait_for_drops(2).await;
    assert_eq!(server.get("/healthz").await.status, 200);
}

/// Reads a request without a body.
async fn read_head(stream: &mut TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap() > 0 {
        head.push(byte[0]);
    }
}

#[tokio::test]
async fn a_kept_connection_that_ends_is_replaced_once() {
    const ANSWER: &str = r#"{"status":"success","data":1}"#;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = serve_upstream(listener.local_addr().unwrap(), "").await;
    let upstream = async {
        // Of each two connections, the first breaks at its second request.
        for answers in [1, 2, 0] {
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..answers {
                read_head(&mut stream).await;
                stream.write_all(&ok(ANSWER)).await.unwrap();
            }
            read_head(&mut stream).await;
        }
    };
    let client = async {
        for _ in 0..3 {
            let reply = server.get(QUERY).await;
            assert_eq!((reply.status, reply.body.as_str()), (200, ANSWER));
        }
        server.get(QUERY).await.error()
    };
    let ((), error) = tokio::join!(upstream, client);
    assert!(error.starts_with("502 unavailable: source 'up' closed the connection"), "{error}");
}

#[tokio::test]
async fn an_error_that_echoes_the_request_shows_no_credentials() {
    for status in ["400 Bad Request", "500 Internal Server Error"] {
        let said = "got Authorization: Bearer CANARY-TOKEN for tenant-7";
        let body = format!(r#"{{"status":"error","errorType":"bad_data","error":"{said}"}}"#);
        let upstream = Scripted::start(reply(status, "", &body), Then::Close).await;
        let server = serve(&format!(
            "[[source]]\nid = 'up'\nurl = 'http://{}'\nbearer = 'CANARY-TOKEN'\n\
             headers = {{ X-Scope-OrgID = 'tenant-7' }}\n",
            upstream.address
        ))
        .await;
        let error = server.get(QUERY).await.error();
        let expected =
            format!("{} bad_data: got Authorization: [redacted] for tenant-7", &status[..3]);
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn text_that_is_no_utf8_is_an_error() {
    let answer = |size: usize| {
        let mut body = format!(r#"{{"status":"success","data":["{}x"]}}"#, "a".repeat(size));
        let position = body.len() - 4;
        // Safe to change: the byte is an `x` of ASCII.
        let mut bytes = std::mem::take(&mut body).into_bytes();
        bytes[position] = 0xff;
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", bytes.len());
        [head.into_bytes(), bytes].concat()
    };
    let error = ask(answer(10), Then::Close, NO_HURRY).await.error();
    assert!(
        error.starts_with("502 unavailable: source 'up' answered with text that is not"),
        "{error}"
    );
    let reply = ask(answer(2 << 20), Then::Close, NO_HURRY).await;
    assert_eq!((reply.status, reply.whole), (200, false), "{}", reply.head);
}
