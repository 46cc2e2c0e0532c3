//! Signing in, over real sockets and with the real binary.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use std::io::Write as _;
use std::process::Stdio;

use crate::support::process::{Oddity, command};
use crate::support::wait::next_look;
use crate::support::{get, send, serve};

const PATHS: [&str; 5] =
    ["/", "/x.js", "/metrics", "/api/sources", "/api/sources/demo/api/v1/labels"];

fn basic(pair: &str) -> String {
    format!("Authorization: Basic {}", BASE64_STANDARD.encode(pair))
}

#[tokio::test]
async fn every_route_but_the_probe_asks_for_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets");
    std::fs::write(&file, "ann:secret\n").unwrap();
    let cases = [
        ("basic", vec!["basic realm=\"oddity\", charset=\"utf-8\""], vec![basic("ann:secret")]),
        (
            "bearer",
            vec!["bearer realm=\"oddity\"", "basic realm=\"oddity\", charset=\"utf-8\""],
            vec!["Authorization: Bearer ann:secret".to_owned(), basic("any:ann:secret")],
        ),
    ];
    for (way, challenges, credentials) in cases {
        let server = serve(&format!("auth = '{way}:{}'", file.display())).await;
        assert_eq!(server.get("/healthz").await.body, "ok");
        for path in PATHS {
            for wrong in [None, Some(basic("ann:wrong"))] {
                let fields: Vec<_> = wrong.iter().map(String::as_str).collect();
                let reply = server.send(&format!("GET {path}"), &fields, "").await;
                let asked: Vec<_> = reply
                    .head
                    .lines()
                    .filter_map(|line| line.strip_prefix("www-authenticate: "))
                    .collect();
                assert_eq!((reply.status, &asked), (401, &challenges), "{way} {path}");
                assert!(reply.field("content-security-policy").is_some(), "{way} {path}");
            }
            for right in &credentials {
                let reply = server.send(&format!("GET {path}"), &[right], "").await;
                assert!(!matches!(reply.status, 401 | 403), "{way} {path}: {reply:?}");
            }
        }
        let text = server.send("GET /metrics", &[&credentials[0]], "").await.body;
        assert!(text.contains("oddity_rejected_total{reason=\"credentials\"} 10"), "{text}");
    }
}

#[tokio::test]
async fn a_page_that_is_allowed_may_ask_before_it_signs_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secrets");
    std::fs::write(&file, "token\n").unwrap();
    let origins = "allowed_origins = ['https://ok.example']";
    let server = serve(&format!("auth = 'bearer:{}'\n{origins}", file.display())).await;
    let path = "/api/sources/demo/api/v1/query";
    let asks = |origin| [origin, "Access-Control-Request-Method: POST"];
    let allowed =
        server.send(&format!("OPTIONS {path}"), &asks("Origin: https://ok.example"), "").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.field("access-control-allow-headers"), Some("authorization,content-type"));
    let foreign =
        server.send(&format!("OPTIONS {path}"), &asks("Origin: https://evil.example"), "").await;
    assert_eq!(foreign.status, 403);
    let unsigned = server.send("GET /api/sources", &["Origin: https://ok.example"], "").await;
    assert_eq!(unsigned.status, 401);
}

#[tokio::test]
async fn a_reverse_proxy_names_the_user_and_nobody_else_can() {
    let named = "X-Forwarded-User: ann";
    for (network, status) in [("127.0.0.0/8", 200), ("10.0.0.0/8", 403)] {
        let top = "auth = 'header:X-Forwarded-User'\ntrusted_proxies";
        let server = serve(&format!("{top} = ['{network}']")).await;
        for (fields, status) in [(vec![named], status), (vec![], 403), (vec![named, named], 403)] {
            let reply = server.send("GET /api/sources", &fields, "").await;
            assert_eq!(reply.status, status, "{network} {fields:?}");
        }
    }
}

#[tokio::test]
async fn rotated_credentials_take_effect_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, "old\n").unwrap();
    let server = serve(&format!("auth = 'bearer:{}'", file.display())).await;
    let ask = async |token: &str| {
        let field = format!("Authorization: Bearer {token}");
        server.send("GET /api/sources", &[&field], "").await.status
    };
    assert_eq!((ask("old").await, ask("new").await), (200, 401));
    std::fs::write(&file, "new\n").unwrap();
    next_look().await;
    assert_eq!((ask("old").await, ask("new").await), (401, 200));
    // A file that is gone or empty revokes all of them.
    std::fs::remove_file(&file).unwrap();
    next_look().await;
    assert_eq!(ask("new").await, 401);
    std::fs::write(&file, "new\n").unwrap();
    next_look().await;
    assert_eq!(ask("new").await, 200);
    std::fs::write(&file, "").unwrap();
    next_look().await;
    assert_eq!(ask("new").await, 401);
}

#[tokio::test]
async fn other_machines_are_served_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "CANARY\n").unwrap();
    let refused = |args: &[&str]| {
        let args = [&["--listen", "0.0.0.0:0"], args].concat();
        let output = command(folder.path(), &args, &[]).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let open = refused(&[]);
    assert!(open.contains("0.0.0.0 can be reached from other machines"), "{open}");
    assert!(open.contains("--insecure-no-auth"), "{open}");
    let missing = refused(&["--auth", "basic:nowhere"]);
    assert!(missing.contains("cannot read nowhere"), "{missing}");
    let wrong = refused(&["--auth", "basic:token"]);
    assert!(wrong.contains("token, line 1: expected NAME:PASSWORD"), "{wrong}");
    assert!(!wrong.contains("CANARY"), "{wrong}");

    let insecure = Oddity::start_on("0.0.0.0:0", folder.path(), &["--insecure-no-auth"], &[]);
    assert_eq!(get(insecure.address, "/api/sources").await.status, 200);
    let (_, log) = insecure.stop();
    assert!(log.contains("anyone who can reach this address can query the sources"), "{log}");

    let signed = Oddity::start_on("0.0.0.0:0", folder.path(), &["--auth", "bearer:token"], &[]);
    assert_eq!(get(signed.address, "/").await.status, 401);
    let field = ["Authorization: Bearer CANARY"];
    assert_eq!(send(signed.address, "GET /api/sources", &field, "").await.status, 200);
    let (_, log) = signed.stop();
    assert!(!log.contains("CANARY"), "{log}");
}

/// Runs `oddity hash-password` with this standard input.
fn hash_password(input: &str) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(folder.path(), &["hash-password"], &[]);
    let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

#[tokio::test]
async fn a_hashed_password_lets_its_user_in() {
    let output = hash_password("CANARY:pass word\n");
    assert!(output.status.success(), "{output:?}");
    let hash = String::from_utf8(output.stdout).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=") && !hash.contains("CANARY"), "{hash}");
    assert_ne!(hash_password("CANARY:pass word\n").stdout, hash.as_bytes(), "salted");
    assert!(!hash_password("\n").status.success());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people");
    std::fs::write(&file, format!("ann:{hash}bob:plain\n")).unwrap();
    let oddity = Oddity::start(folder.path(), &["--auth", "basic:people"], &[]);
    let ask = async |pair: &str| {
        send(oddity.address, "GET /api/sources", &[&basic(pair)], "").await.status
    };
    for _ in 0..3 {
        assert_eq!(ask("ann:CANARY:pass word").await, 200);
    }
    assert_eq!(ask("bob:plain").await, 200);
    assert_eq!(ask("ann:wrong").await, 401);
    assert_eq!(ask(&format!("ann:{}", hash.trim())).await, 401);
    assert_eq!(ask("eve:CANARY:pass word").await, 401);
    let (_, log) = oddity.stop();
    assert!(log.contains("passwords are not hashed") && !log.contains("CANARY"), "{log}");
}

#[tokio::test]
async fn a_client_that_fails_often_has_to_wait() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people");
    std::fs::write(&file, "ann:secret\nbob:secret\n").unwrap();
    let server = serve(&format!("auth = 'basic:{}'", file.display())).await;
    let ask = async |pair: &str| server.send("GET /api/sources", &[&basic(pair)], "").await;
    assert_eq!(ask("bob:secret").await.status, 200);
    for _ in 0..10 {
        assert_eq!(ask("ann:wrong").await.status, 401);
    }
    // The eleventh failure makes it wait for two seconds, however slow this machine is.
    let mut refused = ask("ann:wrong").await;
    while refused.status == 401 {
        refused = ask("ann:wrong").await;
    }
    assert_eq!(refused.status, 429);
    assert!(refused.error().contains("too many failed attempts to sign in: try again in"));
    assert!(refused.field("retry-after").is_some());
    assert_eq!(ask("bob:secret").await.status, 200, "others sign in");
}

#[tokio::test]
async fn a_client_has_limits_of_its_own() {
    let top = "auth = 'header:X-User'\ntrusted_proxies = ['127.0.0.0/8']\n";
    let server = serve(&format!("{top}[limits]\nclient_per_minute = 2\n")).await;
    let ask = async |path: &str, user: &str| {
        server.send(&format!("GET {path}"), &[&format!("X-User: {user}")], "").await
    };
    for _ in 0..2 {
        assert_eq!(ask("/api/sources", "ann").await.status, 200);
    }
    let refused = ask("/api/sources", "ann").await;
    let expected = "429 unavailable: you have sent 2 requests in a minute";
    assert!(refused.error().starts_with(expected), "{}", refused.error());
    assert!(refused.field("retry-after").is_some());
    assert_eq!(ask("/metrics", "ann").await.status, 200, "no part of the API");
    assert_eq!(ask("/api/sources", "bob").await.status, 200);
}
