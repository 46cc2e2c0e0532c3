use std::collections::BTreeMap;

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

fn authorization(source: &SourceSettings) -> String {
    match &source.authorization {
        Authorization::None => String::new(),
        Authorization::Fixed(value) => value.to_str().unwrap().to_owned(),
        file => format!("from {}", file.file().unwrap().file_name().unwrap().display()),
    }
}

/// Sources as `id name url authorization`, and whether there is the demo.
fn check(file: &str, env: &[(&str, &str)], expected: &[&str], demo: bool) {
    let settings = load(file, env).unwrap_or_else(|error| panic!("{file}: {error}"));
    let describe = |source: &SourceSettings| {
        let (id, name, url) = (&source.id, &source.name, &source.url);
        format!("{id} {name} {url} {}", authorization(source)).trim_end().to_owned()
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
        &["a a http://a/ from token"],
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
fn a_source_has_limits_and_certificates_of_its_own() {
    let settings = load(
        "[limits]\nconcurrent_queries = 2\nsubquery_steps = 5\n\
         [[source]]\nid = 'a'\nurl = 'https://a'\nlimits = { points = 30000, subquery_steps = 9 }\n\
         tls = { ca_file = 'ca', cert_file = 'cert', key_file = 'key' }\n\
         [[source]]\nid = 'b'\nurl = 'http://b'\nbasic = { username = 'me', password_file = '$DIR/token' }\n",
        &[],
    )
    .unwrap();
    let [a, b] = settings.sources.as_slice() else { panic!("two sources") };
    let limits = |source: &SourceSettings| {
        let limits = &source.limits;
        (limits.concurrent_queries.get(), limits.points, limits.subquery_steps)
    };
    assert_eq!((limits(a), limits(b)), ((2, 30_000, 9), (2, 11_001, 5)));
    let files: Vec<_> = a.tls.files().map(std::path::Path::display).collect();
    assert_eq!(format!("{files:?}"), "[\"ca\", \"cert\", \"key\"]");
    assert_eq!(authorization(b), "from token");
}

/// What an address that is not loopback says to the access settings.
fn exposure(file: &str, options: Options) -> Result<AuthSettings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oddity.toml");
    std::fs::write(&path, file).unwrap();
    let settings = Settings::load(Options { config: Some(path), ..options }, |_| None)
        .map_err(|error| error.to_string())?;
    settings.access.check_exposure([127, 0, 0, 1].into()).expect("loopback");
    let checked = settings.access.check_exposure([10, 0, 0, 1].into());
    checked.map(|()| settings.access).map_err(|error| error.to_string())
}

#[test]
fn who_may_use_the_server_is_said_before_it_is_exposed() {
    let missing = exposure("", Options::default()).unwrap_err();
    assert!(missing.contains("10.0.0.1 can be reached from other machines"), "{missing}");
    let insecure = Options { insecure_no_auth: true, ..Options::default() };
    assert!(matches!(exposure("", insecure), Ok(AuthSettings::Open { insecure: true })));
    let cases = [
        ("auth = 'basic:/x'", Ok("Basic(\"/x\")")),
        ("auth = 'bearer:/x'", Ok("Bearer(\"/x\")")),
        (
            "auth = 'header:X-User'\ntrusted_proxies = ['10.0.0.2', '10.1.0.0/16']",
            Ok("Header { name: \"x-user\", proxies: [10.0.0.2/32, 10.1.0.0/16] }"),
        ),
        ("auth = 'header:X-User'", Err("list the addresses of your reverse proxy")),
        ("auth = 'header:a b'\ntrusted_proxies = ['10.0.0.2']", Err("invalid header name after")),
        (
            "auth = 'header:Host'\ntrusted_proxies = ['10.0.0.2']",
            Err("every client sends the header host"),
        ),
        ("auth = 'header:X-User'\ntrusted_proxies = ['0.0.0.0/0']", Err("is every address")),
        ("auth = 'header:X-User'\ntrusted_proxies = ['::/0']", Err("is every address")),
        ("trusted_proxies = ['10.0.0.2']", Err("only used with auth")),
        ("trusted_proxies = ['proxy']", Err("\"proxy\" is not an IP address or network")),
        ("auth = 'basic:'", Err("must be basic:FILE")),
        ("auth = 'secret'", Err("must be basic:FILE")),
    ];
    for (file, expected) in cases {
        match (exposure(file, Options::default()), expected) {
            (Ok(access), Ok(expected)) => assert_eq!(format!("{access:?}"), expected, "{file}"),
            (Err(message), Err(expected)) => {
                assert!(message.contains(expected), "{file}: {message}");
            }
            (found, _) => panic!("{file}: {found:?}"),
        }
    }
}

#[test]
fn headers_limits_and_origins_are_read() {
    let settings = load(
        "allowed_origins = ['https://ok.example']\n[limits]\ntimeout = '1m'\nconcurrent_queries = 2\n\
         [[source]]\nid = 'a'\nurl = 'http://a'\nkind = 'victoriametrics'\ntimeout = '10s'\n\
         headers = { X-Scope-OrgID = 'team' }\n\
         external_url = 'https://p.example/x/'\ngrafana_url = 'https://g.example'\ngrafana_datasource = 'uid'\n",
        &[],
    )
    .unwrap();
    let source = &settings.sources[0];
    assert_eq!(settings.allowed_origins, ["https://ok.example"]);
    assert_eq!(settings.limits.timeout.as_secs(), 60);
    assert_eq!(settings.limits.concurrent_queries.get(), 2);
    assert_eq!(source.limits.timeout.as_secs(), 10);
    assert_eq!(source.kind, oddity_analysis::api::SourceKind::VictoriaMetrics);
    assert_eq!(source.headers["x-scope-orgid"], "team");
    assert_eq!(source.external_url.as_deref(), Some("https://p.example/x"));
    assert_eq!(source.grafana_url.as_deref(), Some("https://g.example"));
    assert_eq!(source.grafana_datasource.as_deref(), Some("uid"));
    assert!(source.headers.values().all(axum::http::HeaderValue::is_sensitive));
    let env = load("", &[("PROMETHEUS_URL", "http://a"), ("PROMETHEUS_ORG_ID", "env")]).unwrap();
    assert_eq!(env.sources[0].headers["x-scope-orgid"], "env");
}

/// The model as `provider model url key`, with what its requests hold.
#[test]
fn the_language_model_comes_from_file_and_environment() {
    let (key, url, model) = (
        ("OPENAI_API_KEY", "k"),
        ("OPENAI_BASE_URL", "http://localhost:11434/"),
        ("OPENAI_MODEL", "qwen"),
    );
    let file = "[llm]\nurl = 'https://models.example/api/v1/'\nmodel = 'm'\nprovider = 'Us'\napi_key = 'f'\n";
    type Case = (String, Vec<(&'static str, &'static str)>, &'static str);
    let cases: Vec<Case> = vec![
        (String::new(), vec![key], "OpenAI gpt-4o-mini https://api.openai.com/v1 Bearer k"),
        (String::new(), vec![key, model], "OpenAI qwen https://api.openai.com/v1 Bearer k"),
        (
            String::new(),
            vec![url, model],
            "a model on the server's machine qwen http://localhost:11434/v1",
        ),
        (file.to_owned(), vec![], "Us m https://models.example/api/v1 Bearer f"),
        (file.to_owned(), vec![key, model], "Us qwen https://models.example/api/v1 Bearer k"),
        (
            file.replace("provider = 'Us'\n", "")
                .replace("api_key = 'f'", "api_key_file = '$DIR/token'"),
            vec![],
            "the operator's model server m https://models.example/api/v1 Bearer file-CANARY",
        ),
    ];
    for (file, env, expected) in cases {
        let assistant =
            load(&file, &env).unwrap_or_else(|error| panic!("{file}: {error}")).assistant.unwrap();
        let key = match &assistant.authorization {
            Authorization::Fixed(value) => value.to_str().unwrap().to_owned(),
            // The folder of the file is gone by now.
            Authorization::BearerFile { .. } => "Bearer file-CANARY".to_owned(),
            _ => String::new(),
        };
        let found = format!("{} {} {} {key}", assistant.provider, assistant.model, assistant.url);
        assert_eq!(found.trim_end(), expected);
        let openai = assistant.url.host_str() == Some("api.openai.com");
        assert_eq!(assistant.temperature.is_none(), openai);
        assert_eq!(assistant.token_field == TokenField::MaxCompletionTokens, openai);
    }
    assert!(load("", &[]).unwrap().assistant.is_none());
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
        (with("basic = { username = 'me' }"), &[], "basic of [[source]] \"a\": set either"),
        (with("basic = { user = 'me' }"), &[], "unknown field `user`"),
        (
            with("bearer = 'CANARY'\nheaders = { Authorization = 'CANARY' }"),
            &[],
            "several credentials",
        ),
        (with("headers = { Host = 'x' }"), &[], "headers.Host of [[source]] \"a\": set by"),
        (with("headers = { 'a b' = 'x' }"), &[], "invalid header name"),
        (with("bearer = \"CANARY\\n\""), &[], "bearer of [[source]] \"a\": contains characters"),
        (with("bearer_file = '/nowhere/token'"), &[], "cannot read /nowhere/token"),
        (with("external_url = 'CANARY'"), &[], "external_url of [[source]] \"a\": invalid address"),
        (
            with("external_url = 'http://me:CANARY@a'"),
            &[],
            "write it without user, password and query",
        ),
        (
            with("grafana_url = 'http://g/?token=CANARY'\ngrafana_datasource = 'p'"),
            &[],
            "without user",
        ),
        (with("grafana_url = 'http://g'"), &[], "grafana_url of [[source]] \"a\": set both"),
        (with("grafana_datasource = 'p'"), &[], "grafana_url of [[source]] \"a\": set both"),
        (with("kind = 'thanos'"), &[], "line 4: kind: unknown variant `thanos`"),
        (with("kind = 'demo'"), &[], "demo: the demo is built in: write `demo = true`"),
        (with("timeout = 'soon'"), &[], "line 4: timeout: \"soon\" is not a duration"),
        (
            with("enforce = { 'a-b' = 'x' }"),
            &[],
            "enforce of [[source]] \"a\": \"a-b\" is not a label",
        ),
        (with("enforce = { ns = '' }"), &[], "enforce of [[source]] \"a\": ns has an empty value"),
        (with("enforce = { ns = [] }"), &[], "enforce of [[source]] \"a\": ns has an empty value"),
        (with("enforce = { ns = 1 }"), &[], "line 4: enforce: expected a text or a list of texts"),
        (
            with("enforce_by_user = { ann = { ns = [''] } }"),
            &[],
            "enforce_by_user.ann of [[source]] \"a\": ns has an empty value",
        ),
        (
            with("enforce_by_user = { ann = { ns = 'x' } }"),
            &[],
            "enforce_by_user of [[source]] \"a\": users have no names without auth",
        ),
        (source.repeat(2), &[], "id of [[source]] \"a\": duplicate"),
        ("[[source]]\nid = 'a/b'\nurl = 'http://a'\n".into(), &[], "must be 1 to 64"),
        ("[[source]]\nid = 'a'\nurl = 'CANARY'\n".into(), &[], "url of [[source]] \"a\": invalid"),
        ("[[source]]\nid = 'a'\n".into(), &[], "missing field `url`"),
        ("[limits]\nconcurrent = 8".into(), &[], "line 2: concurrent: unknown field"),
        ("[limits]\nconcurrent_queries = 0".into(), &[], "line 2: concurrent_queries:"),
        ("[limits]\ntimeout = '0s'".into(), &[], "line 2: timeout: a duration must"),
        ("demo = false".into(), &[], "demo: false, but no source is configured"),
        ("allowed_origins = ['*']".into(), &[], "\"*\" is not an origin"),
        ("allowed_origins = ['https://a/']".into(), &[], "is not an origin"),
        ("allowed_hosts = ['*']".into(), &[], "\"*\" is not a host name"),
        ("allowed_hosts = ['a:80']".into(), &[], "\"a:80\" is not a host name"),
        ("allowed_hosts = ['https://a']".into(), &[], "is not a host name"),
        (with("tls = { ca = 'x' }"), &[], "unknown field `ca`"),
        (with("tls = { ca_file = 'x' }"), &[], "tls of [[source]] \"a\": set, but url begins"),
        (
            "[[source]]\nid = 'a'\nurl = 'https://a'\ntls = { cert_file = 'x' }".into(),
            &[],
            "set both cert_file and key_file",
        ),
        (with("limits = { connections = 1 }"), &[], "unknown field `connections`"),
        (String::new(), &[("OPENAI_MODEL", "m")], "OPENAI_MODEL: is set alone"),
        (
            String::new(),
            &[("OPENAI_BASE_URL", "http://a")],
            "OPENAI_MODEL, or model of [llm]: is missing",
        ),
        (String::new(), &[("OPENAI_BASE_URL", "CANARY")], "OPENAI_BASE_URL: is not an address"),
        (
            String::new(),
            &[("OPENAI_BASE_URL", "http://u:CANARY@a")],
            "OPENAI_BASE_URL: holds a user",
        ),
        (
            String::new(),
            &[("OPENAI_BASE_URL", "http://a/?key=CANARY")],
            "OPENAI_BASE_URL: has a query",
        ),
        (
            String::new(),
            &[("OPENAI_API_KEY", "CANARY\n\u{7f}")],
            "OPENAI_API_KEY: contains characters",
        ),
        ("[llm]\napi_kye = 'CANARY'".into(), &[], "line 2: api_kye: unknown field"),
        (
            "[llm]\napi_key = 'CANARY'\napi_key_file = 'x'".into(),
            &[],
            "api_key_file of [llm]: is set beside",
        ),
        ("[llm]\napi_key_file = '/nowhere/key'".into(), &[], "cannot read /nowhere/key"),
        ("[llm]\ntemperature = 3".into(), &[], "temperature of [llm]: must be from 0 to 2"),
        ("[llm.limits]\nprompt_tokens = 10".into(), &[], "prompt_tokens of [llm.limits]: is too"),
        ("[llm.limits]\ndaily_tokens = 4000".into(), &[], "is less than one question and its"),
        (String::new(), &[("PROMETHEUS_URL", "CANARY")], "PROMETHEUS_URL: invalid address"),
        (
            String::new(),
            &[("PROMETHEUS_URL", "ftp://u:CANARY@x")],
            "PROMETHEUS_URL: invalid address",
        ),
        (String::new(), &[("PROMETHEUS_TOKEN", "CANARY")], "PROMETHEUS_URL: missing"),
        (
            String::new(),
            &[("PROMETHEUS_URL", "http://a"), ("PROMETHEUS_USERNAME", "u")],
            "PROMETHEUS_PASSWORD: set both",
        ),
        (
            String::new(),
            &[("PROMETHEUS_URL", "http://u:CANARY@a"), ("PROMETHEUS_TOKEN", "CANARY")],
            "use only one",
        ),
    ];
    for (file, env, expected) in cases {
        let message = load(&file, env).map(|_| ()).expect_err(&file);
        assert!(message.contains(expected), "{file}{env:?}: {message}");
        assert!(!message.contains("CANARY"), "{message}");
    }
}

#[test]
fn targets_come_from_file_and_environment() {
    let file = "[[notify]]\nid = 'a'\nname = 'A'\nkind = 'webhook'\nurl = 'https://u:CANARY@a/b/?c'\n\
                secret = 'CANARY'\nheaders = { X-Team = 'CANARY' }\ntimeout = '3s'\n";
    let env = [
        ("ODDITY_SLACK_WEBHOOK_URL", "https://slack/CANARY"),
        ("ODDITY_ALERTMANAGER_URL", "http://b:9093/x/"),
    ];
    let settings = load(file, &env).unwrap();
    let all: Vec<_> = settings
        .notify
        .iter()
        .map(|target| (target.id.as_str(), target.name.as_str(), target.timeout.as_secs()))
        .collect();
    assert_eq!(all, [("a", "A", 3), ("slack", "Slack", 10), ("alertmanager", "Alertmanager", 10)]);
    let (url, user) = settings.notify[0].address().unwrap();
    assert_eq!(url.as_str(), "https://a/b/?c");
    assert!(user.is_some_and(|user| user.is_sensitive()));
    assert!(settings.notify[0].headers["x-team"].is_sensitive());
    let printed = format!("{:?}", settings.notify);
    assert!(!printed.contains("CANARY"), "{printed}");
}

#[test]
fn wrong_targets_are_named_and_not_shown() {
    let target = "[[notify]]\nid = 'a'\nkind = 'slack'\n";
    let with = |line: &str| format!("{target}{line}\n");
    type Case = (String, &'static [(&'static str, &'static str)], &'static str);
    let cases: Vec<Case> = vec![
        (with(""), &[], "url of [[notify]] \"a\": missing"),
        (
            with("url = 'CANARY'"),
            &[],
            "url of [[notify]] \"a\": invalid address: expected one such as https://hooks.slack",
        ),
        (with("url = 'http://a'\nurl_file = '/x'"), &[], "set either url or url_file"),
        (with("url_file = '/nowhere/url'"), &[], "cannot read /nowhere/url"),
        (with("url_file = '$DIR/token'"), &[], "url_file of [[notify]] \"a\": invalid address"),
        (with("url = 'http://a'\nsecret = 'CANARY'"), &[], "secret of [[notify]] \"a\": only used"),
        (with("url = 'http://a'\ntls = { ca_file = 'x' }"), &[], "tls of [[notify]] \"a\": set"),
        (
            with("url = 'http://a'\nheaders = { Host = 'x' }"),
            &[],
            "headers.Host of [[notify]] \"a\"",
        ),
        (
            with("url = 'http://u:CANARY@a'\nheaders = { Authorization = 'CANARY' }"),
            &[],
            "keep one of them",
        ),
        (with("url = 'http://a'").replace("slack", "pager"), &[], "unknown variant `pager`"),
        (with("url = 'http://a'").replace("'a'", "'a/b'"), &[], "must be 1 to 64"),
        (with("url = 'http://a'").repeat(2), &[], "id of [[notify]] \"a\": duplicate"),
        (
            with("url = 'http://a'").replace("'a'", "'slack'"),
            &[("ODDITY_SLACK_WEBHOOK_URL", "http://b")],
            "id of [[notify]] \"slack\": duplicate",
        ),
        (String::new(), &[("ODDITY_WEBHOOK_URL", "CANARY")], "ODDITY_WEBHOOK_URL: invalid address"),
        (
            String::new(),
            &[("ODDITY_WEBHOOK_SECRET", "CANARY")],
            "only used together with ODDITY_WEBHOOK_URL",
        ),
    ];
    for (file, env, expected) in cases {
        let message = load(&file, env).map(|_| ()).expect_err(&file);
        assert!(message.contains(expected), "{file}{env:?}: {message}");
        assert!(!message.contains("CANARY"), "{message}");
    }
}
