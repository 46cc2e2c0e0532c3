//! What a client takes of the server is bounded, and one client's share does not become another's loss.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::process::Oddity;
use crate::support::scripted::{Scripted, Then, ok, reply};
use crate::support::wait::{NO_HURRY, until, within};
use crate::support::{get, send, serve, serve_upstream};

const QUERY: &str = "/api/sources/up/api/v1/query?query=up";
const SUCCESS: &str = r#"{"status":"success","data":1}"#;
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// Sends `bytes` and returns what comes until the server closes, and when that was.
async fn until_closed(address: SocketAddr, bytes: &[u8]) -> (String, Duration) {
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut reply = Vec::new();
    let _ = within("the server closes", stream.read_to_end(&mut reply)).await;
    (String::from_utf8_lossy(&reply).into_owned(), start.elapsed())
}

#[tokio::test]
async fn what_does_not_come_in_time_is_cut_off() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let limits = "[limits]\nheader_wait = '300ms'\nform_wait = '300ms'";
    let server = serve_upstream(upstream.address, limits).await;
    let post = format!("POST {QUERY} HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\n");
    let cases = [
        (String::new(), ""),
        ("GET / HT".to_owned(), ""),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_owned(), ""),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), "HTTP/1.1 200"),
        (format!("{post}Content-Length: 9\r\n\r\nq"), "HTTP/1.1 408"),
    ];
    for (sent, expected) in cases {
        let (reply, after) = until_closed(server.address, sent.as_bytes()).await;
        assert!(reply.starts_with(expected), "{sent}: {reply}");
        assert!(after >= Duration::from_millis(250), "{sent}: closed after {after:?}");
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_trickle_is_no_progress() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let limits = "[limits]\nheader_wait = '300ms'\nform_wait = '300ms'";
    let server = serve_upstream(upstream.address, limits).await;
    let head = "GET / HTTP/1.1\r\nHost: localhost\r\nX: ".to_owned();
    let post = format!("POST {QUERY} HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\n");
    for start in [head, format!("{post}Content-Length: 9999\r\n\r\n")] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        // A byte with each look.
        let what = format_args!("the server closes after {start}");
        until(what, async || stream.write_all(b"x").await.is_err()).await;
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_a_source_is_asked() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let get = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    let post =
        format!("POST {QUERY} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{FORM}\r\n");
    let whole = format!("{get}\r\n");
    let fields = "X: y\r\n".repeat(64);
    let long = "x".repeat(500_000);
    let limit = 64 << 10;
    let range = "GET /api/sources/up/api/v1/query_range?query=up&start=0";
    let subquery = "max_over_time(vector(1)%5B11000d:1s%5D)";
    let cases = [
        (format!("{get}X: {long}\r\n\r\n"), vec![431, 0]),
        (format!("{get}{fields}\r\n"), vec![431]),
        (format!("GET {QUERY}{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"), vec![414, 431, 0]),
        (format!("{post}Content-Length: {}\r\n\r\n", limit + 1), vec![413]),
        (format!("{post}Content-Length: {}\r\n\r\n{long}", long.len()), vec![413]),
        (format!("{post}Content-Length: 99999999999999999999\r\n\r\n"), vec![400]),
        (format!("{post}Content-Length: -1\r\n\r\n"), vec![400]),
        (whole.replace("up HTTP", &format!("{} HTTP", "u".repeat((16 << 10) + 1))), vec![400]),
        (whole.replace("query=up", "query=up&query=down"), vec![400]),
        (whole.replace("query=up", &format!("query={subquery}")), vec![400]),
        (whole.replace(&format!("GET {QUERY}"), &format!("{range}&end=11001&step=1")), vec![400]),
        (whole.replace(&format!("GET {QUERY}"), &format!("{range}&end=1e300&step=1")), vec![400]),
    ];
    for (request, statuses) in cases {
        let reply = server.send_raw(&request).await;
        assert!(statuses.contains(&reply.status), "{request:.300}: {reply:?}");
    }
    assert_eq!(upstream.connections(), 0);
    let clamped = whole.replace("query=up", "query=up&timeout=1h");
    assert_eq!(server.send_raw(&clamped).await.status, 200);
    assert!(upstream.requests()[0].contains("timeout=30s"));
}

#[tokio::test]
async fn at_the_cap_of_connections_the_oldest_without_a_request_gives_way() {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let limits = format!("[limits]\n{NO_HURRY}connections = 4");
    let server = serve_upstream(upstream.local_addr().unwrap(), &limits).await;
    // One asks; the others send nothing, or half a head.
    let mut asking = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    asking.write_all(request.as_bytes()).await.unwrap();
    let (mut question, _) = within("the question comes", upstream.accept()).await.unwrap();
    let mut idle = Vec::new();
    for index in 0..60 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        if index % 2 == 0 {
            stream.write_all(b"GET / HTTP/1.1\r\nHost: lo").await.unwrap();
        }
        idle.push(stream);
        if index % 20 == 10 {
            assert_eq!(server.get("/healthz").await.body, "ok");
        }
    }
    // There is room for three beside the one that asks.
    for (index, stream) in idle[..57].iter_mut().enumerate() {
        let closed = format_args!("the server closes connection {index}");
        let _ = within(closed, stream.read(&mut [0; 1])).await;
    }
    drop(idle);
    let text = server.get("/metrics").await.body;
    assert!(text.contains("oddity_rejected_total{reason=\"idle_connection\"}"), "{text}");
    // The one with a request has kept its place all the while.
    question.write_all(&ok(SUCCESS)).await.unwrap();
    let mut answer = [0; 12];
    let _ = within("the answer comes", asking.read_exact(&mut answer)).await;
    assert_eq!(&answer, b"HTTP/1.1 200");
}

#[tokio::test]
async fn when_every_client_does_its_part_a_new_one_is_told_to_come_again() {
    let upstream = Scripted::start(Vec::new(), Then::Hang).await;
    let server = serve_upstream(upstream.address, "[limits]\nconnections = 2").await;
    let mut asking = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        asking.push(stream);
    }
    upstream.wait_for_requests(2).await;
    let (reply, _) = until_closed(server.address, b"").await;
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("retry-after: 1"), "{reply}");
}

#[tokio::test]
async fn a_flood_beyond_the_cap_is_told_to_come_again() {
    let upstream = Scripted::start(Vec::new(), Then::Hang).await;
    let server = serve_upstream(upstream.address, "[limits]\nconnections = 1").await;
    let mut asking = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    asking.write_all(request.as_bytes()).await.unwrap();
    upstream.wait_for_requests(1).await;
    let flood = (0..300).map(|_| server.get(QUERY));
    let replies = within("all are told", futures_util::future::join_all(flood)).await;
    assert!(replies.iter().all(|reply| reply.status == 503), "{replies:?}");
}

#[tokio::test]
async fn clients_that_never_read_give_way_to_others() {
    let body = format!(r#"{{"status":"success","data":"{}"}}"#, "x".repeat(20 << 20));
    let upstream = Scripted::start(reply("200 OK", "", &body), Then::Close).await;
    let limits = format!(
        "[limits]\n{NO_HURRY}write_wait = '10m'\nconcurrent_queries = 2\nqueued_queries = 8\n\
         concurrent_answers = 2"
    );
    let server = serve_upstream(upstream.address, &limits).await;
    let mut silent = Vec::new();
    for _ in 0..6 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    upstream.wait_for_requests(2).await;
    let reply = within("others give way", server.get(QUERY)).await;
    assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.head);
}

#[tokio::test]
async fn a_client_that_leaves_the_queue_is_not_asked_for() {
    let upstream = Scripted::start(Vec::new(), Then::Hang).await;
    let limits = format!("[limits]\n{NO_HURRY}concurrent_queries = 1");
    let server = serve_upstream(upstream.address, &limits).await;
    let ask = async |expr: &str| {
        let mut client = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {QUERY}{expr} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        client
    };
    // The request that looks is one more.
    let under_way = async |count: usize| {
        let line = format!("oddity_http_requests_in_flight {}\n", count + 1);
        let what = format_args!("{count} requests are under way");
        until(what, async || server.get("/metrics").await.body.contains(&line)).await;
    };
    let first = ask("1").await;
    upstream.wait_for_requests(1).await;
    let queued = [ask("2").await, ask("3").await];
    under_way(3).await;
    drop(queued);
    under_way(1).await;
    let last = ask("4").await;
    under_way(2).await;
    drop(first);
    upstream.wait_for_requests(2).await;
    let requests = upstream.requests();
    assert!(requests[0].contains("query=up1") && requests[1].contains("query=up4"), "{requests:?}");
    drop(last);
}

#[tokio::test]
async fn memory_stays_flat_under_floods() {
    let body = format!(r#"{{"status":"success","data":"{}"}}"#, "x".repeat(8 << 20));
    let upstream = Scripted::start(reply("200 OK", "", &body), Then::Close).await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}", upstream.address);
    std::fs::write(folder.path().join("oddity.toml"), "[limits]\nconcurrent_answers = 8\n")
        .unwrap();
    let env = [("PROMETHEUS_URL", url.as_str()), ("ODDITY_LOG", "error")];
    let oddity = Oddity::start(folder.path(), &[], &env);
    let address = oddity.address;
    let query = QUERY.replace("/up/", "/prometheus/");
    // Everything has been used once.
    assert_eq!(get(address, &query).await.status, 200);
    let before = oddity.process.peak();
    let head = format!("GET {query} HTTP/1.1\r\nHost: localhost\r\n");
    let floods = [
        String::new(),
        format!("{head}X: {}", "x".repeat(60_000)),
        format!("{head}\r\n"),
        format!(
            "POST {query} HTTP/1.1\r\nHost: localhost\r\n{FORM}\r\nContent-Length: 65536\r\n\r\nq"
        ),
    ];
    let mut sockets = Vec::new();
    for index in 0..800 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(floods[index % floods.len()].as_bytes()).await;
        sockets.push(stream);
    }
    // It comes after all of them, and has its turn.
    let answered = async || get(address, &query).await.status == 200;
    until("a question is answered in the flood", answered).await;
    let grown = (oddity.process.peak() - before) >> 20;
    assert!(grown < 96, "{grown} MiB more");
    drop(sockets);
    assert!(oddity.stop().0.success());
}

#[tokio::test]
async fn a_stranger_who_asks_for_much_of_the_demo_is_refused() {
    let server = serve("").await;
    let path = "/api/sources/demo/api/v1/query?query=max_over_time(vector(1)%5B11000d:1s%5D)";
    let error = server.get(path).await.error();
    assert!(error.starts_with("400 bad_data: the subqueries evaluate 950400000 steps"), "{error}");
}

/// Queries that cost much to read: each is some kilobytes at most, and took seconds or gigabytes once.
fn hostile_queries() -> Vec<String> {
    let classes = |count: usize| vec![r#"a=~"\\w{200}""#; count].join(",");
    vec![
        format!("max_over_time({{{},b=\"c\"}}[1m:1s]) 1", classes(20)),
        format!("max_over_time({{{}}}[1m:1s]) 1", classes(1)),
        format!("max_over_time({{{}}}[1m:1s])", classes(490)),
        format!("max_over_time(up[1m:1s]) {}) 1", "+ 1 ".repeat(470)),
        format!("{}rate(up[1m:1s],up)", "1 + ".repeat(940)),
        format!("{{a!~\"{}\"}}[1m:1s]", r"(?i)\\pL".repeat(500)),
        format!("{}up[1m:1s]{}", "(".repeat(990), ")".repeat(990)),
        format!("\"{}", "a".repeat(16_000)),
    ]
}

#[tokio::test]
async fn a_short_query_costs_little_whatever_it_says() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}", upstream.address);
    std::fs::write(folder.path().join("oddity.toml"), "demo = true\n").unwrap();
    let env = [("PROMETHEUS_URL", url.as_str()), ("ODDITY_LOG", "error")];
    let oddity = Oddity::start(folder.path(), &[], &env);
    assert_eq!(get(oddity.address, "/healthz").await.status, 200);
    let (time, memory) = (oddity.process.processor_time(), oddity.process.peak());
    for query in hostile_queries() {
        for (source, statuses) in [("prometheus", [200, 200]), ("demo", [400, 422])] {
            let form: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("query", &query)
                .finish();
            let request = format!("POST /api/sources/{source}/api/v1/query");
            let headers = ["Content-Type: application/x-www-form-urlencoded"];
            let reply = send(oddity.address, &request, &headers, &form).await;
            assert!(statuses.contains(&reply.status), "{source} {query:.80}: {reply:?}");
        }
    }
    let spent = oddity.process.processor_time() - time;
    assert!(spent < Duration::from_secs(5), "{spent:?} of the processor");
    let grown = oddity.process.peak().saturating_sub(memory) >> 20;
    assert!(grown < 32, "{grown} MiB more");
    assert!(oddity.stop().0.success());
}
