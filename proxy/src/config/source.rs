//! Settings of sources, from the file and the `PROMETHEUS_*` variables.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use oddity_analysis::api::SourceKind;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::credentials::{Authorization, basic, bearer, sensitive};
use super::duration::some_duration;
use super::enforce::{EnforceSettings, LabelsFile};
use super::error::ConfigError;
use super::limits::{Limits, SourceLimits};
use super::tls::TlsFiles;
use super::values::{check_id, parse_address, parse_headers};

/// Id of the source that `PROMETHEUS_URL` adds.
const ENV_ID: &str = "prometheus";

/// Id of the built-in source.
const DEMO_ID: &str = "demo";

const ENV_URL: &str = "PROMETHEUS_URL";

/// Header with the tenant of Mimir, Cortex and Loki.
pub(crate) const ORG_ID: HeaderName = HeaderName::from_static("x-scope-orgid");

/// Settings of an upstream source.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Id in paths of the API.
    pub id: String,
    /// Name for users.
    pub name: String,
    /// Kind of the source: Prometheus or VictoriaMetrics.
    pub kind: SourceKind,
    /// Address without user and password, whose path does not end in a slash.
    pub url: Url,
    /// Address at which people open the source itself, which the browser learns.
    pub external_url: Option<String>,
    /// Address of a Grafana that has the source, which the browser learns.
    pub grafana_url: Option<String>,
    /// UID of the source in that Grafana.
    pub grafana_datasource: Option<String>,
    /// Headers of every request without the credentials; all are marked as sensitive.
    pub headers: HeaderMap,
    /// Credentials of this server at the source.
    pub authorization: Authorization,
    /// TLS settings.
    pub tls: TlsFiles,
    /// General limits, overridden by those of this source.
    pub limits: Limits,
    /// Labels that users are limited to.
    pub enforce: EnforceSettings,
    /// Name of the setting for the address, for messages.
    pub url_setting: &'static str,
}

/// Table `[[source]]` of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceFile {
    id: String,
    name: Option<String>,
    /// Address, secret because it may contain a password.
    url: SecretString,
    #[serde(default = "prometheus")]
    kind: SourceKind,
    external_url: Option<String>,
    grafana_url: Option<String>,
    grafana_datasource: Option<String>,
    basic: Option<BasicAuth>,
    bearer: Option<SecretString>,
    bearer_file: Option<PathBuf>,
    #[serde(default)]
    tls: TlsFiles,
    #[serde(default)]
    headers: BTreeMap<String, SecretString>,
    #[serde(default, deserialize_with = "some_duration")]
    timeout: Option<Duration>,
    #[serde(default)]
    limits: SourceLimits,
    #[serde(default)]
    enforce: LabelsFile,
    enforce_by_user: Option<BTreeMap<String, LabelsFile>>,
}

/// Credentials for basic authentication.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BasicAuth {
    username: String,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
}

fn prometheus() -> SourceKind {
    SourceKind::Prometheus
}

/// Returns the sources of the file. The variables add the source `prometheus`, or change that of the file; with
/// `PROMETHEUS_URL` it comes first.
pub(super) fn resolve(
    sources: Vec<SourceFile>,
    limits: &Limits,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Vec<SourceSettings>, ConfigError> {
    let mut resolved: Vec<SourceSettings> = Vec::new();
    for source in sources {
        let source = from_file(source, limits)?;
        if resolved.iter().any(|other| other.id == source.id) {
            return Err(wrong_key(&source.id, "id", "duplicate: each source needs its own id"));
        }
        resolved.push(source);
    }
    let mut authorization = env_authorization(&env)?;
    let position = resolved.iter().position(|source| source.id == ENV_ID);
    let position = if let Some(text) = env("PROMETHEUS_URL") {
        let (url, user) = parse_url(ENV_URL, &text)?;
        if user.is_some() && authorization.is_some() {
            let problem = "contains a user, but other PROMETHEUS_ variables set credentials too: use only one";
            return Err(ConfigError::setting(ENV_URL, problem));
        }
        authorization = authorization.or(user);
        let source = match position {
            Some(position) => {
                SourceSettings { url, url_setting: ENV_URL, ..resolved.remove(position) }
            }
            None => SourceSettings {
                id: ENV_ID.to_owned(),
                name: "Prometheus".to_owned(),
                kind: SourceKind::Prometheus,
                url,
                external_url: None,
                grafana_url: None,
                grafana_datasource: None,
                headers: HeaderMap::new(),
                authorization: Authorization::None,
                tls: TlsFiles::default(),
                limits: limits.clone(),
                enforce: EnforceSettings::default(),
                url_setting: ENV_URL,
            },
        };
        resolved.insert(0, source);
        Some(0)
    } else {
        position
    };
    let tenant = env("PROMETHEUS_ORG_ID")
        .map(|tenant| sensitive("PROMETHEUS_ORG_ID", &tenant.into()))
        .transpose()?;
    match position.and_then(|position| resolved.get_mut(position)) {
        Some(source) => {
            if let Some(value) = authorization {
                source.authorization = Authorization::Fixed(value);
            }
            tenant.map(|tenant| source.headers.insert(ORG_ID, tenant));
        }
        None if authorization.is_some() || tenant.is_some() => {
            let problem = "missing, but PROMETHEUS_ credentials are set";
            return Err(ConfigError::setting(ENV_URL, problem));
        }
        None => {}
    }
    Ok(resolved)
}

fn env_authorization(
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Option<HeaderValue>, ConfigError> {
    match (env("PROMETHEUS_TOKEN"), env("PROMETHEUS_USERNAME"), env("PROMETHEUS_PASSWORD")) {
        (None, None, None) => Ok(None),
        (Some(token), None, None) => bearer("PROMETHEUS_TOKEN", &token.into()).map(Some),
        (None, Some(user), Some(password)) => {
            basic("PROMETHEUS_USERNAME", &user, &password).map(Some)
        }
        (Some(_), ..) => {
            let problem =
                "set together with PROMETHEUS_USERNAME or PROMETHEUS_PASSWORD: use only one";
            Err(ConfigError::setting("PROMETHEUS_TOKEN", problem))
        }
        (None, ..) => {
            let setting = "PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD";
            Err(ConfigError::setting(setting, "set both, or neither"))
        }
    }
}

fn from_file(source: SourceFile, limits: &Limits) -> Result<SourceSettings, ConfigError> {
    let id = source.id;
    check_id(&id, &key_name(&id, "id"))?;
    if id == DEMO_ID || source.kind == SourceKind::Demo {
        let problem = "the demo is built in: write `demo = true` at the top of the file instead";
        return Err(ConfigError::setting("demo", problem));
    }
    let (url, user) = parse_url(&key_name(&id, "url"), source.url.expose_secret())?;
    let mut headers = parse_headers(&source.headers, |name| key_name(&id, name))?;
    let bearer_file = source
        .bearer_file
        .map(|file| Authorization::BearerFile { setting: key_name(&id, "bearer_file"), file });
    let fixed = [
        user,
        source.bearer.map(|token| bearer(&key_name(&id, "bearer"), &token)).transpose()?,
        headers.remove(AUTHORIZATION),
    ];
    let fixed = fixed.into_iter().flatten().map(Authorization::Fixed);
    let basic = source.basic.map(|basic| file_basic(&id, basic)).transpose()?;
    let mut ways = fixed.chain(basic).chain(bearer_file);
    let authorization = ways.next().unwrap_or_default();
    // A missing or empty file is reported before the server starts.
    authorization.value()?;
    source.tls.check(&key_name(&id, "tls"), &url)?;
    if ways.next().is_some() {
        let problem = "several credentials: keep one of basic, bearer, bearer_file, an Authorization header, or \
                       a user in url";
        return Err(ConfigError::setting(format!("[[source]] \"{id}\""), problem));
    }
    let link = |name: &str, text: Option<String>| {
        text.map(|text| link_address(&key_name(&id, name), &text)).transpose()
    };
    let external_url = link("external_url", source.external_url)?;
    let grafana_url = link("grafana_url", source.grafana_url)?;
    if grafana_url.is_some() != source.grafana_datasource.is_some() {
        let problem =
            "set both grafana_url and grafana_datasource, the UID of the data source, or neither";
        return Err(wrong_key(&id, "grafana_url", problem));
    }
    Ok(SourceSettings {
        external_url,
        grafana_url,
        grafana_datasource: source.grafana_datasource,
        name: source.name.unwrap_or_else(|| id.clone()),
        kind: source.kind,
        url,
        headers,
        authorization,
        tls: source.tls,
        limits: Limits {
            timeout: source.timeout.unwrap_or(limits.timeout),
            ..source.limits.over(limits)
        },
        enforce: EnforceSettings::parse(source.enforce, source.enforce_by_user, |name| {
            key_name(&id, name)
        })?,
        url_setting: "`url` in the configuration file",
        id,
    })
}

fn file_basic(id: &str, given: BasicAuth) -> Result<Authorization, ConfigError> {
    let (setting, username) = (key_name(id, "basic"), given.username);
    match (given.password, given.password_file) {
        (Some(password), None) => {
            basic(&setting, &username, password.expose_secret()).map(Authorization::Fixed)
        }
        (None, Some(file)) => Ok(Authorization::BasicFile { setting, username, file }),
        _ => Err(wrong_key(id, "basic", "set either password or password_file")),
    }
}

/// Parses the address of a source as [`parse_address`] does, and removes slashes at the end of its path.
fn parse_url(setting: &str, text: &str) -> Result<(Url, Option<HeaderValue>), ConfigError> {
    let (mut url, user) = parse_address(setting, text, "http://localhost:9090/prometheus")?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok((url, user))
}

/// Parses an address that people open, and returns it without a final slash.
fn link_address(setting: &str, text: &str) -> Result<String, ConfigError> {
    let (url, user) = parse_url(setting, text)?;
    if user.is_some() || url.query().is_some() {
        let problem =
            "everyone who opens the page sees it: write it without user, password and query";
        return Err(ConfigError::setting(setting, problem));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn key_name(id: &str, name: &str) -> String {
    format!("{name} of [[source]] \"{id}\"")
}

fn wrong_key(id: &str, name: &str, problem: &str) -> ConfigError {
    ConfigError::setting(key_name(id, name), problem)
}
