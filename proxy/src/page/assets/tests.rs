use std::collections::BTreeMap;

use axum::body::to_bytes;

use super::*;

impl FileSet for BTreeMap<&'static str, &'static str> {
    fn file(&self, path: &str) -> Option<PageFile> {
        let data = self.get(path)?.as_bytes();
        let mut hash = [0; 32];
        hash.iter_mut().zip(data.iter().rev()).for_each(|(to, from)| *to = *from);
        Some(PageFile { data: Cow::Borrowed(data), hash })
    }
}

fn dist() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("index.html", "index"),
        ("index.html.br", "index, br"),
        ("index.html.gz", "index, gzip"),
        ("oddity-0123456789abcdef.js", "script"),
        ("oddity-0123456789abcdef.js.gz", "script, gzip"),
        ("oddity-0123456789abcdef_bg.wasm", "wasm"),
        ("favicon.svg", "icon"),
    ])
}

fn get(path: &str, fields: &[(&'static str, &str)]) -> Response {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    respond(&dist(), path, &headers)
}

fn field<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn body(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 10).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn the_best_accepted_encoding_is_sent() {
    let cases = [
        ("/", "gzip, deflate, br, zstd", "br", "index, br"),
        ("/", "br;q=0.1, gzip", "br", "index, br"),
        ("/", "BR", "br", "index, br"),
        ("/", "br;q=0, gzip;q=0.5", "gzip", "index, gzip"),
        ("/", "br; q=0, *", "gzip", "index, gzip"),
        ("/", "*;q=0", "", "index"),
        ("/", "identity", "", "index"),
        ("/", "br;q=x", "", "index"),
        ("/", "", "", "index"),
        ("/oddity-0123456789abcdef.js", "br, gzip", "gzip", "script, gzip"),
        ("/favicon.svg", "br, gzip", "", "icon"),
    ];
    for (path, accept, encoding, content) in cases {
        let response = get(path, &[("accept-encoding", accept)]);
        assert_eq!(field(&response, "content-encoding"), encoding, "{path} {accept}");
        assert_eq!(field(&response, "vary"), "accept-encoding");
        assert_eq!(body(response).await, content, "{path} {accept}");
    }
}

#[tokio::test]
async fn paths_lead_to_files_the_index_or_nowhere() {
    let found = [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/index.html", "text/html; charset=utf-8", "no-cache"),
        ("/workbench", "text/html; charset=utf-8", "no-cache"),
        ("/a/b-c/d_1", "text/html; charset=utf-8", "no-cache"),
        ("/favicon.svg", "image/svg+xml", "no-cache"),
        (
            "/oddity-0123456789abcdef.js",
            "text/javascript; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        (
            "/oddity-0123456789abcdef_bg.wasm",
            "application/wasm",
            "public, max-age=31536000, immutable",
        ),
    ];
    for (path, kind, cache) in found {
        let response = get(path, &[]);
        let fields = (field(&response, "content-type"), field(&response, "cache-control"));
        assert_eq!((response.status(), fields), (StatusCode::OK, (kind, cache)), "{path}");
    }
    let nowhere = [
        "/missing.js",
        "/api",
        "/API/sources",
        "/api/x",
        "//api/v1/query",
        "/a//b",
        "/a/",
        "/../x",
        "/%2e%2e/x",
        "/a%2fb",
        "/-/quit",
        "/a;x",
        "/\\..\\x",
        "/é",
    ];
    for path in nowhere {
        assert_eq!(get(path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
    }
    let unbuilt = respond(&BTreeMap::new(), "/", &HeaderMap::new());
    assert_eq!(unbuilt.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(body(unbuilt).await.contains("run `make`"));
}

#[tokio::test]
async fn a_known_file_is_not_sent_again() {
    let brotli = [("accept-encoding", "br")];
    let etag = field(&get("/", &brotli), "etag").to_owned();
    assert_ne!(etag, field(&get("/", &[]), "etag"), "each encoding has its own");
    for list in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let response = get("/", &[brotli[0], ("if-none-match", &list)]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{list}");
        assert_eq!(field(&response, "etag"), etag);
        assert_eq!(body(response).await, "");
    }
    assert_eq!(get("/", &[("if-none-match", &etag)]).status(), StatusCode::OK);
}

#[test]
fn only_hashes_make_a_name_immutable() {
    for name in ["a-0123456789abcdef.js", "x/a-b-0123456789abcdef_bg.wasm", "a-0123456789ab.css"] {
        assert!(is_hashed(name), "{name}");
    }
    for name in ["index.html", "a-20260131.svg", "a-0123456789abcdeg.js", "0123456789abcdef.js"] {
        assert!(!is_hashed(name), "{name}");
    }
}
