use std::collections::BTreeMap;

use axum::http::header::AUTHORIZATION;

use super::*;

/// Loads `file` with `env` and returns the settings or the message.
fn load(file: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "file-CANARY\n").unwrap();
    let path = folder.path().join("oddity.toml");
    let file = file.replace("$DIR", folder.path().to_str().unwrap());
    std::fs::write(&path, file).unwrap();
    let options = Options { config: Some(path), ..Options::default() };
    let env: BTreeMap<_, _> = env.iter().copied().collect();
    Settings::load(options, |name| env.get(name).map(|value| (*value).to_owned()))
        .map_err(|error| error.to_string())
}

fn authorization(source: &SourceSettings) -> &str {
    source.headers.get(AUTHORIZATION).map_or("", |value| value.to_str().unwrap())
}

/// Sources as `id name url authorization`, and whether there is the demo.
fn check(file: &str, env: &[(&str, &str)], expected: &[&str], demo: bool) {
    let settings = load(file, env).unwrap_or_else(|error| panic!("{file}: {error}"));
    let describe = |source: &SourceSettings| {
        let parts = [&source.id, &source.name, source.url.as_str(), authorization(source)]
            .map(str::to_owned);
        parts.join(" ").trim_end().to_owned()
    };
    let sources: Vec<_> = settings.sources.iter().map(describe).collect();
    assert_eq!(
        (sources, settings.demo),
        (expected.iter().map(|s| (*s).to_owned()).collect(), demo)
    );
}

#[test]
fn sources_come_from_file_and_environment() {
    let url = ("PROMETHEUS_URL", "http://env:9090/prefix/");
    let two = "[[source]]\nid = 'a'\nurl = 'http://a'\n[[source]]\nid = 'prometheus'\n\
               name = 'P'\nurl = 'http://b'\nbearer = 't'\n";
    check("", &[], &[], true);
    check("", &[url], &["prometheus Prometheus http://env:9090/prefix"], false);
    check("", &[("PROMETHEUS_URL", " ")], &[], true);
    check("demo = true", &[url], &["prometheus Prometheus http://env:9090/prefix"], true);
    check(two, &[], &["a a http://a/", "prometheus P http://b/ Bearer t"], false);
    check(
        two,
        &[url, ("PROMETHEUS_TOKEN", "u")],
        &["prometheus P http://env:9090/prefix Bearer u", "a a http://a/"],
        false,
    );
    check(
        two,
        &[("PROMETHEUS_TOKEN", "u")],
        &["a a http://a/", "prometheus P http://b/ Bearer u"],
        false,
    );
    check(
        "",
        &[("PROMETHEUS_URL", "https://me:p%40ss@env")],
        &["prometheus Prometheus https://env/ Basic bWU6cEBzcw=="],
        false,
    );
    check(
        "",
        &[url, ("PROMETHEUS_USERNAME", "me"), ("PROMETHEUS_PASSWORD", "p@ss")],
        &["prometheus Prometheus http://env:9090/prefix Basic bWU6cEBzcw=="],
        false,
    );
    check(
        "[[source]]\nid = 'a'\nurl = 'http://a'\nbearer_file = '$DIR/token'\n",
        &[],
        &["a a http://a/ Bearer file-CANARY"],
        false,
    );
    check(
        "[[source]]\nid = 'a'\nurl = 'http://a'\nbasic = { username = 'me', password = 'p@ss' }\n",
        &[],
        &["a a http://a/ Basic bWU6cEBzcw=="],
        false,
    );
}

#[test]
fn headers_limits_and_origins_are_read() {
    let settings = load(
        "allowed_origins = ['https://ok.example']\n[limits]\ntimeout = '1m'\nconcurrent_queries = 2\n\
         [[source]]\nid = 'a'\nurl = 'http://a'\nkind = 'victoriametrics'\ntimeout = '10s'\n\
         headers = { X-Scope-OrgID = 'team' }\n",
        &[],
    )
    .unwrap();
    let source = &settings.sources[0];
    assert_eq!(settings.allowed_origins, ["https://ok.example"]);
    assert_eq!(settings.limits.timeout.as_secs(), 60);
    assert_eq!(settings.limits.concurrent_queries.get(), 2);
    assert_eq!(source.timeout.map(|timeout| timeout.as_secs()), Some(10));
    assert_eq!(source.kind, shared::api::SourceKind::VictoriaMetrics);
    assert_eq!(source.headers["x-scope-orgid"], "team");
    assert!(source.headers.values().all(axum::http::HeaderValue::is_sensitive));
    let env = load("", &[("PROMETHEUS_URL", "http://a"), ("PROMETHEUS_ORG_ID", "env")]).unwrap();
    assert_eq!(env.sources[0].headers["x-scope-orgid"], "env");
}

#[test]
fn wrong_settings_are_named_and_not_shown() {
    let source = "[[source]]\nid = 'a'\nurl = 'http://a'\n";
    let with = |line: &str| format!("{source}{line}\n");
    type Case = (String, &'static [(&'static str, &'static str)], &'static str);
    let cases: Vec<Case> = vec![
        ("lisen = ':80'".into(), &[], "line 1: lisen: unknown field `lisen`"),
        (with("pasword = 'CANARY'"), &[], "line 4: pasword: unknown field `pasword`"),
        (with("basic = 'me:CANARY'"), &[], "line 4: basic: invalid type: a string"),
        (with("bearer = CANARY"), &[], "line 4: bearer:"),
        (with("basic = { username = 'me' }"), &[], "basic of [[source]] \"a\": needs either"),
        (with("basic = { user = 'me' }"), &[], "unknown field `user`"),
        (
            with("bearer = 'CANARY'\nheaders = { Authorization = 'CANARY' }"),
            &[],
            "several credentials",
        ),
        (with("headers = { Host = 'x' }"), &[], "headers.Host of [[source]] \"a\": is set by"),
        (with("headers = { 'a b' = 'x' }"), &[], "not the name of a header"),
        (with("bearer = \"CANARY\\n\""), &[], "bearer of [[source]] \"a\": has characters"),
        (with("bearer_file = '/nowhere/token'"), &[], "cannot read /nowhere/token"),
        (with("kind = 'thanos'"), &[], "line 4: kind: unknown variant `thanos`"),
        (with("kind = 'demo'"), &[], "demo: is built in: write `demo = true`"),
        (with("timeout = 'soon'"), &[], "line 4: timeout: \"soon\" is not a duration"),
        (source.repeat(2), &[], "id of [[source]] \"a\": is used twice"),
        ("[[source]]\nid = 'a/b'\nurl = 'http://a'\n".into(), &[], "must be 1 to 64"),
        ("[[source]]\nid = 'a'\nurl = 'CANARY'\n".into(), &[], "url of [[source]] \"a\": is not"),
        ("[[source]]\nid = 'a'\n".into(), &[], "missing field `url`"),
        ("[limits]\nconcurrent = 8".into(), &[], "line 2: concurrent: unknown field"),
        ("[limits]\nconcurrent_queries = 0".into(), &[], "line 2: concurrent_queries:"),
        ("[limits]\ntimeout = '0s'".into(), &[], "line 2: timeout: a length of time must"),
        ("demo = false".into(), &[], "demo: is false and no source is configured"),
        ("allowed_origins = ['*']".into(), &[], "\"*\" is not an origin"),
        ("allowed_origins = ['https://a/']".into(), &[], "is not an origin"),
        (String::new(), &[("PROMETHEUS_URL", "CANARY")], "PROMETHEUS_URL: is not an address"),
        (String::new(), &[("PROMETHEUS_URL", "ftp://u:CANARY@x")], "PROMETHEUS_URL: is not"),
        (String::new(), &[("PROMETHEUS_TOKEN", "CANARY")], "PROMETHEUS_URL: is missing"),
        (
            String::new(),
            &[("PROMETHEUS_URL", "http://a"), ("PROMETHEUS_USERNAME", "u")],
            "PROMETHEUS_PASSWORD: need each other",
        ),
        (
            String::new(),
            &[("PROMETHEUS_URL", "http://u:CANARY@a"), ("PROMETHEUS_TOKEN", "CANARY")],
            "choose one way",
        ),
    ];
    for (file, env, expected) in cases {
        let message = load(&file, env).map(|_| ()).expect_err(&file);
        assert!(message.contains(expected), "{file}{env:?}: {message}");
        assert!(!message.contains("CANARY"), "{message}");
    }
}
