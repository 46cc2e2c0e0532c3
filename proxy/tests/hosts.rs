//! The server answers to its own names only, so that no other page can lead a browser here.

use crate::support::scripted::{Scripted, Then, ok};
use crate::support::serve_upstream;

const QUERY: &str = "/api/sources/up/api/v1/query?query=up";
const SUCCESS: &str = r#"{"status":"success","data":1}"#;

#[tokio::test]
async fn foreign_names_are_refused_on_every_route() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let server = serve_upstream(upstream.address, "allowed_hosts = ['oddity.example']").await;
    let ask = async |host: &str, path: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        server.send_raw(&head).await
    };
    let port = server.address.port();
    for host in
        ["evil.example", &format!("evil.example:{port}"), "localhost.evil.example", "0.0.0.0"]
    {
        for path in [QUERY, "/", "/metrics", "/healthz", "/api/sources"] {
            let reply = ask(host, path).await;
            assert_eq!(reply.status, 403, "{host} {path}");
            assert!(reply.error().contains("ODDITY_ALLOWED_HOSTS"), "{reply:?}");
        }
    }
    assert_eq!(upstream.connections(), 0);
    let own = format!("127.0.0.1:{port}");
    for host in [&own, "localhost", "[::1]:80", "oddity.example", "Oddity.Example:443"] {
        assert_eq!(ask(host, QUERY).await.body, SUCCESS, "{host}");
    }
}

#[tokio::test]
async fn requests_whose_end_or_target_is_ambiguous_are_refused() {
    let upstream = Scripted::start(ok(SUCCESS), Then::Close).await;
    let server = serve_upstream(upstream.address, "").await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let post = format!("POST {QUERY} HTTP/1.1\r\nHost: localhost\r\n{form}Connection: close\r\n");
    let both = "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let twice = "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab";
    let signed = "Content-Length: +1\r\n\r\na";
    let odd = "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n8\r\nquery=up\r\n0\r\n\r\n";
    let refused = [(both, 411), (chunked, 411), (twice, 400), (signed, 400), (odd, 400)];
    for (rest, status) in refused {
        let reply = server.send_raw(&format!("{post}{rest}")).await;
        assert_eq!(reply.status, status, "{rest}: {reply:?}");
        assert_eq!(reply.field("connection"), Some("close"));
    }
    let hosts =
        ["Host: localhost\r\nHost: localhost\r\n", "", "Host: a@localhost\r\n", "Host: \r\n"];
    for (host, status) in hosts.into_iter().zip([400, 400, 403, 403]) {
        let head = format!("GET {QUERY} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        assert_eq!(server.send_raw(&head).await.status, status, "{host}");
    }
    let folded = format!("GET {QUERY} HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n");
    assert_eq!(server.send_raw(&folded).await.status, 400);
    assert_eq!(upstream.connections(), 0);
}
