//! Sources: what the file and the `PROMETHEUS_*` variables say, checked and joined.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use axum::http::header::{self, AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use oddity_analysis::api::SourceKind;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::credentials::{Authorization, basic, bearer, sensitive};
use super::file::{BasicAuth, FileSource};
use super::{ConfigError, Limits};

/// Id of the source that `PROMETHEUS_URL` makes, and of the built-in one.
const ENV_ID: &str = "prometheus";
const DEMO_ID: &str = "demo";

const ENV_URL: &str = "PROMETHEUS_URL";

/// The tenant of Mimir, Cortex and Loki.
const ORG_ID: HeaderName = HeaderName::from_static("x-scope-orgid");

/// Headers that belong to the connection or that we set.
const RESERVED: [HeaderName; 9] = [
    header::HOST,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TRANSFER_ENCODING,
    header::TE,
    header::UPGRADE,
    header::ACCEPT,
    header::ACCEPT_ENCODING,
];

/// One upstream source.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// See [`oddity_analysis::api::SourceInfo::id`].
    pub id: String,
    /// See [`oddity_analysis::api::SourceInfo::name`].
    pub name: String,
    /// Prometheus or VictoriaMetrics.
    pub kind: SourceKind,
    /// Address without user and password; its path does not end in a slash.
    pub url: Url,
    /// Headers of every request beside the credentials; all are marked as sensitive.
    pub headers: HeaderMap,
    /// See [`Authorization`].
    pub authorization: Authorization,
    /// See [`TlsFiles`].
    pub tls: TlsFiles,
    /// The general limits, with those of this source in their place.
    pub limits: Limits,
    /// Where a person changes the address: named in messages.
    pub url_setting: &'static str,
}

/// Files in PEM for TLS to a source; they are read again when they change.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsFiles {
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Certificate, with its chain, by which the server identifies itself.
    pub cert_file: Option<PathBuf>,
    /// Key of that certificate.
    pub key_file: Option<PathBuf>,
}

impl TlsFiles {
    /// All files that are named.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        [&self.ca_file, &self.cert_file, &self.key_file].into_iter().filter_map(Option::as_deref)
    }

    /// Refuses what contradicts itself or the address; `setting` is where it stands.
    pub(super) fn check(&self, setting: &str, url: &Url) -> Result<(), ConfigError> {
        if self.cert_file.is_some() != self.key_file.is_some() {
            let problem = "needs both cert_file and key_file, or none of them";
            return Err(ConfigError::setting(setting, problem));
        }
        if self.files().next().is_some() && url.scheme() == "http" {
            let problem = "is set and url begins with http: write https there";
            return Err(ConfigError::setting(setting, problem));
        }
        Ok(())
    }
}

/// The sources of the file. The variables add `prometheus`, or change the file's one; with
/// `PROMETHEUS_URL` it comes first.
pub(super) fn resolve(
    sources: Vec<FileSource>,
    limits: &Limits,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Vec<SourceSettings>, ConfigError> {
    let mut resolved: Vec<SourceSettings> = Vec::new();
    for source in sources {
        let source = from_file(source, limits)?;
        if resolved.iter().any(|other| other.id == source.id) {
            return Err(wrong_key(&source.id, "id", "is used twice: each source needs its own"));
        }
        resolved.push(source);
    }
    let mut authorization = env_authorization(&env)?;
    let position = resolved.iter().position(|source| source.id == ENV_ID);
    let position = if let Some(text) = env("PROMETHEUS_URL") {
        let (url, user) = parse_url(ENV_URL, &text)?;
        if user.is_some() && authorization.is_some() {
            let problem =
                "has a user, and other PROMETHEUS_ variables are credentials too: choose one way";
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
                headers: HeaderMap::new(),
                authorization: Authorization::None,
                tls: TlsFiles::default(),
                limits: limits.clone(),
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
            let problem = "is missing, and PROMETHEUS_ credentials are set: set it too";
            return Err(ConfigError::setting(ENV_URL, problem));
        }
        None => {}
    }
    Ok(resolved)
}

/// An id stands in paths of the API.
pub(super) fn check_id(id: &str, setting: &str) -> Result<(), ConfigError> {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=64).contains(&id.len()) && id.chars().all(letters) {
        return Ok(());
    }
    Err(ConfigError::setting(setting, "must be 1 to 64 ASCII letters, digits, - or _"))
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
            let problem = "and PROMETHEUS_USERNAME or PROMETHEUS_PASSWORD are set: choose one way";
            Err(ConfigError::setting("PROMETHEUS_TOKEN", problem))
        }
        (None, ..) => {
            let setting = "PROMETHEUS_USERNAME and PROMETHEUS_PASSWORD";
            Err(ConfigError::setting(setting, "need each other: set both or none"))
        }
    }
}

fn from_file(source: FileSource, limits: &Limits) -> Result<SourceSettings, ConfigError> {
    let id = source.id;
    check_id(&id, &key_name(&id, "id"))?;
    if id == DEMO_ID || source.kind == SourceKind::Demo {
        let problem = "is built in: write `demo = true` at the top of the file instead";
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
    // A missing or empty file is told before the server starts.
    authorization.value()?;
    source.tls.check(&key_name(&id, "tls"), &url)?;
    if ways.next().is_some() {
        let problem = "has several credentials: keep one of basic, bearer, bearer_file, an Authorization \
                       header, or a user in url";
        return Err(ConfigError::setting(format!("[[source]] \"{id}\""), problem));
    }
    Ok(SourceSettings {
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
        _ => Err(wrong_key(id, "basic", "needs either password or password_file")),
    }
}

/// Fixed headers, each marked as sensitive; `key` says where `headers.NAME` stands.
pub(super) fn parse_headers(
    given: &BTreeMap<String, SecretString>,
    key: impl Fn(&str) -> String,
) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let setting = key(&format!("headers.{name}"));
        let header = HeaderName::try_from(name)
            .map_err(|_| ConfigError::setting(&setting, "is not the name of a header"))?;
        if RESERVED.contains(&header) {
            return Err(ConfigError::setting(setting, "is set by the server: remove it"));
        }
        headers.insert(header, sensitive(&setting, value)?);
    }
    Ok(headers)
}

/// The address of a source: as [`parse_address`], and its path does not end in a slash.
fn parse_url(setting: &str, text: &str) -> Result<(Url, Option<HeaderValue>), ConfigError> {
    let (mut url, user) = parse_address(setting, text, "http://localhost:9090/prometheus")?;
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok((url, user))
}

/// The address without user and password, and these as a header value.
pub(super) fn parse_address(
    setting: &str,
    text: &str,
    example: &str,
) -> Result<(Url, Option<HeaderValue>), ConfigError> {
    let wrong = || ConfigError::setting(setting, format!("is not an address such as {example}"));
    let mut url = Url::parse(text.trim()).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong());
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decode(url.username());
    let password = url.password().map(decode);
    let value = (!user.is_empty() || password.is_some())
        .then(|| basic(setting, &user, password.as_deref().unwrap_or_default()))
        .transpose()?;
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| wrong())?;
    url.set_fragment(None);
    Ok((url, value))
}

fn key_name(id: &str, name: &str) -> String {
    format!("{name} of [[source]] \"{id}\"")
}

fn wrong_key(id: &str, name: &str, problem: &str) -> ConfigError {
    ConfigError::setting(key_name(id, name), problem)
}
