//! Settings of notification targets, from the file and the `ODDITY_*` variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use oddity_analysis::api::TargetKind;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::duration::some_duration;
use super::error::ConfigError;
use super::secret::SecretSetting;
use super::tls::TlsFiles;
use super::values::{check_id, parse_address, parse_headers};

const SLACK: &str = "ODDITY_SLACK_WEBHOOK_URL";
const WEBHOOK: &str = "ODDITY_WEBHOOK_URL";
const WEBHOOK_SECRET: &str = "ODDITY_WEBHOOK_SECRET";
const ALERTMANAGER: &str = "ODDITY_ALERTMANAGER_URL";

const TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of a notification target.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// Id in paths of the API.
    pub id: String,
    /// Name for users.
    pub name: String,
    /// Kind of the target.
    pub kind: TargetKind,
    /// Address, which often is a secret itself.
    pub url: SecretSetting,
    /// Name of the setting for the address, for messages.
    pub url_setting: String,
    /// Key for the signature of messages to a webhook.
    pub secret: Option<SecretSetting>,
    /// Headers of every request; all are marked as sensitive.
    pub headers: HeaderMap,
    /// TLS settings.
    pub tls: TlsFiles,
    /// Maximum time of an attempt.
    pub timeout: Duration,
}

/// Table `[[notify]]` of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NotifyFile {
    id: String,
    name: Option<String>,
    kind: TargetKind,
    url: Option<SecretString>,
    url_file: Option<PathBuf>,
    secret: Option<SecretString>,
    secret_file: Option<PathBuf>,
    #[serde(default)]
    headers: BTreeMap<String, SecretString>,
    #[serde(default)]
    tls: TlsFiles,
    #[serde(default, deserialize_with = "some_duration")]
    timeout: Option<Duration>,
}

/// Returns the targets of the file, followed by those of the variables.
pub(super) fn resolve(
    targets: Vec<NotifyFile>,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Vec<NotifySettings>, ConfigError> {
    let mut all = targets.into_iter().map(from_file).collect::<Result<Vec<_>, _>>()?;
    let secret = env(WEBHOOK_SECRET);
    if secret.is_some() && env(WEBHOOK).is_none() {
        let problem = format!("only used together with {WEBHOOK}: set that, or remove it");
        return Err(ConfigError::setting(WEBHOOK_SECRET, problem));
    }
    let variables = [
        (SLACK, "slack", "Slack", TargetKind::Slack, None),
        (WEBHOOK, "webhook", "Webhook", TargetKind::Webhook, secret),
        (ALERTMANAGER, "alertmanager", "Alertmanager", TargetKind::Alertmanager, None),
    ];
    for (variable, id, name, kind, secret) in variables {
        if let Some(url) = env(variable) {
            all.push(NotifySettings {
                id: id.to_owned(),
                name: name.to_owned(),
                kind,
                url: SecretSetting::Here(url.into()),
                url_setting: variable.to_owned(),
                secret: secret.map(|secret| SecretSetting::Here(secret.into())),
                headers: HeaderMap::new(),
                tls: TlsFiles::default(),
                timeout: TIMEOUT,
            });
        }
    }
    for (at, target) in all.iter().enumerate() {
        if all[..at].iter().any(|other| other.id == target.id) {
            return Err(wrong_key(&target.id, "id", "duplicate: each target needs its own id"));
        }
        target.check()?;
    }
    Ok(all)
}

fn from_file(given: NotifyFile) -> Result<NotifySettings, ConfigError> {
    let id = given.id;
    check_id(&id, &key_name(&id, "id"))?;
    let one = |key: &str, here: Option<SecretString>, file: Option<PathBuf>| match (here, file) {
        (Some(_), Some(_)) => {
            Err(wrong_key(&id, key, &format!("set either {key} or {key}_file, not both")))
        }
        (here, file) => Ok(here.map(SecretSetting::Here).or(file.map(SecretSetting::File))),
    };
    let missing = || wrong_key(&id, "url", "missing: set url or url_file");
    let (from_key, url) = (given.url.is_some(), one("url", given.url, given.url_file)?);
    let secret = one("secret", given.secret, given.secret_file)?;
    if secret.is_some() && given.kind != TargetKind::Webhook {
        return Err(wrong_key(&id, "secret", "only used with kind = \"webhook\": remove it"));
    }
    Ok(NotifySettings {
        name: given.name.unwrap_or_else(|| id.clone()),
        kind: given.kind,
        url: url.ok_or_else(missing)?,
        url_setting: key_name(&id, if from_key { "url" } else { "url_file" }),
        secret,
        headers: parse_headers(&given.headers, |name| key_name(&id, name))?,
        tls: given.tls,
        timeout: given.timeout.unwrap_or(TIMEOUT),
        id,
    })
}

impl NotifySettings {
    /// Returns the current address, and the value of `Authorization` for its user and password.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read, and for an invalid address.
    pub fn address(&self) -> Result<(Url, Option<HeaderValue>), ConfigError> {
        let example = match self.kind {
            TargetKind::Webhook => "https://hooks.example.org/oddity",
            TargetKind::Slack => "https://hooks.slack.com/services/T000/B000/XXXX",
            TargetKind::Alertmanager => "http://localhost:9093",
        };
        let url = self.url.read()?;
        parse_address(&self.url_setting, url.expose_secret(), example)
    }

    /// Returns the files that are read again when they change.
    pub fn files(&self) -> Vec<PathBuf> {
        let secrets = [Some(&self.url), self.secret.as_ref()].into_iter().flatten();
        let files = secrets.filter_map(SecretSetting::file).chain(self.tls.files());
        files.map(Path::to_owned).collect()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let (url, user) = self.address()?;
        if user.is_some() && self.headers.contains_key(AUTHORIZATION) {
            let problem =
                "contains a user, but headers contain Authorization too: keep one of them";
            return Err(ConfigError::setting(&self.url_setting, problem));
        }
        let secret = self.secret.as_ref().map(SecretSetting::read).transpose()?;
        if secret.is_some_and(|secret| secret.expose_secret().is_empty()) {
            return Err(wrong_key(&self.id, "secret", "must not be empty"));
        }
        self.tls.check(&key_name(&self.id, "tls"), &url)
    }
}

pub(crate) fn key_name(id: &str, name: &str) -> String {
    format!("{name} of [[notify]] \"{id}\"")
}

fn wrong_key(id: &str, name: &str, problem: &str) -> ConfigError {
    ConfigError::setting(key_name(id, name), problem)
}
