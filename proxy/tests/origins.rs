//! Only our own page may call the API, and pages of origins that are configured.

use crate::support::serve;

const ALLOWED: &str = "https://ok.example";

#[tokio::test]
async fn an_allowed_origin_is_told_so_and_a_foreign_one_refused() {
    let server = serve(&format!("allowed_origins = ['{ALLOWED}']")).await;
    let own = format!("http://{}", server.address);
    let cases = [
        (ALLOWED, 200, Some(ALLOWED)),
        (own.as_str(), 200, None),
        ("https://evil.example", 403, None),
        ("https://ok.example:8443", 403, None),
        ("http://ok.example", 403, None),
        ("null", 403, None),
    ];
    for (origin, status, expected) in cases {
        let origin = format!("Origin: {origin}");
        let reply = server.send("GET /api/sources", &[&origin], "").await;
        assert_eq!(reply.status, status, "{origin}");
        assert_eq!(reply.field("access-control-allow-origin"), expected, "{origin}");
        assert_eq!(reply.field("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn preflights_follow_the_same_list() {
    let server = serve(&format!("allowed_origins = ['{ALLOWED}']")).await;
    let ask = async |origin: &str| {
        let origin = format!("Origin: {origin}");
        let fields = [&origin, "Access-Control-Request-Method: POST"];
        server.send("OPTIONS /api/sources/demo/api/v1/query", &fields, "").await
    };
    let allowed = ask(ALLOWED).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.field("access-control-allow-origin"), Some(ALLOWED));
    assert_eq!(allowed.field("access-control-allow-methods"), Some("get,post"));
    let foreign = ask("https://evil.example").await;
    assert_eq!(foreign.error().split(':').next(), Some("403 bad_data"));
    assert_eq!(foreign.field("access-control-allow-origin"), None);
}

#[tokio::test]
async fn without_configuration_no_other_origin_is_allowed() {
    let server = serve("").await;
    let foreign = server.send("GET /api/sources", &["Origin: https://evil.example"], "").await;
    assert_eq!((foreign.status, foreign.field("access-control-allow-origin")), (403, None));
    assert!(foreign.error().contains("ODDITY_ALLOWED_ORIGINS"), "{foreign:?}");
    let embedded = server.send("GET /api/sources", &["Sec-Fetch-Site: cross-site"], "").await;
    assert_eq!(embedded.status, 403);
    let navigation = server.send("GET /", &["Sec-Fetch-Site: cross-site"], "").await;
    assert_ne!(navigation.status, 403);
    let own = server.get("/api/sources").await;
    assert_eq!((own.status, own.field("access-control-allow-origin")), (200, None));
    assert_eq!(own.json()["sources"][0]["id"], "demo");
}
