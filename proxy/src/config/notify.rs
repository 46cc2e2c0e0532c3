//! Targets of notifications: what the file and the `ODDITY_*` variables say, checked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use oddity_analysis::api::TargetKind;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::file::{read_secret, some_duration};
use super::source::{check_id, parse_address, parse_headers};
use super::{ConfigError, TlsFiles};

const SLACK: &str = "ODDITY_SLACK_WEBHOOK_URL";
const WEBHOOK: &str = "ODDITY_WEBHOOK_URL";
const WEBHOOK_SECRET: &str = "ODDITY_WEBHOOK_SECRET";
const ALERTMANAGER: &str = "ODDITY_ALERTMANAGER_URL";

const TIMEOUT: Duration = Duration::from_secs(10);

/// One target.
#[derive(Clone, Debug)]
pub struct NotifySettings {
    /// See [`oddity_analysis::api::NotificationTarget::id`].
    pub id: String,
    /// See [`oddity_analysis::api::NotificationTarget::name`].
    pub name: String,
    /// See [`TargetKind`].
    pub kind: TargetKind,
    /// Its address, which is often a secret itself.
    pub url: SecretSetting,
    /// Where a person changes the address: named in messages.
    pub url_setting: String,
    /// Signs what is sent to a webhook.
    pub secret: Option<SecretSetting>,
    /// Headers of every request; all are marked as sensitive.
    pub headers: HeaderMap,
    /// See [`TlsFiles`].
    pub tls: TlsFiles,
    /// Time for one try.
    pub timeout: Duration,
}

/// A secret, here or in a file that is read again when it changes.
#[derive(Clone, Debug)]
pub enum SecretSetting {
    /// In the configuration.
    Here(SecretString),
    /// In a file of its own.
    File(PathBuf),
}

impl SecretSetting {
    /// The secret as it is now.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read.
    pub fn read(&self) -> Result<SecretString, ConfigError> {
        match self {
            Self::Here(secret) => Ok(secret.clone()),
            Self::File(file) => read_secret(file),
        }
    }

    /// Its file.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Here(_) => None,
            Self::File(file) => Some(file),
        }
    }
}

/// One `[[notify]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileNotify {
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

/// The targets of the file, and after them those of the variables.
pub(super) fn resolve(
    targets: Vec<FileNotify>,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Vec<NotifySettings>, ConfigError> {
    let mut all = targets.into_iter().map(from_file).collect::<Result<Vec<_>, _>>()?;
    let secret = env(WEBHOOK_SECRET);
    if secret.is_some() && env(WEBHOOK).is_none() {
        let problem = format!("has an effect only together with {WEBHOOK}: set that, or remove it");
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
            return Err(wrong_key(&target.id, "id", "is used twice: each target needs its own"));
        }
        target.check()?;
    }
    Ok(all)
}

fn from_file(given: FileNotify) -> Result<NotifySettings, ConfigError> {
    let id = given.id;
    check_id(&id, &key_name(&id, "id"))?;
    let one = |key: &str, here: Option<SecretString>, file: Option<PathBuf>| match (here, file) {
        (Some(_), Some(_)) => {
            Err(wrong_key(&id, key, &format!("is given twice: keep one of {key} and {key}_file")))
        }
        (here, file) => Ok(here.map(SecretSetting::Here).or(file.map(SecretSetting::File))),
    };
    let missing = || wrong_key(&id, "url", "is missing: set url or url_file");
    let (from_key, url) = (given.url.is_some(), one("url", given.url, given.url_file)?);
    let secret = one("secret", given.secret, given.secret_file)?;
    if secret.is_some() && given.kind != TargetKind::Webhook {
        return Err(wrong_key(&id, "secret", "signs for kind = \"webhook\" alone: remove it"));
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
    /// The address as it is now, and what its user and password make of the header.
    ///
    /// # Errors
    /// [`ConfigError`] for a file that cannot be read, and for what is no address.
    pub fn address(&self) -> Result<(Url, Option<HeaderValue>), ConfigError> {
        let example = match self.kind {
            TargetKind::Webhook => "https://hooks.example.org/oddity",
            TargetKind::Slack => "https://hooks.slack.com/services/T000/B000/XXXX",
            TargetKind::Alertmanager => "http://localhost:9093",
        };
        let url = self.url.read()?;
        parse_address(&self.url_setting, url.expose_secret(), example)
    }

    /// Files that are read again when they change.
    pub fn files(&self) -> Vec<PathBuf> {
        let secrets = [Some(&self.url), self.secret.as_ref()].into_iter().flatten();
        let files = secrets.filter_map(SecretSetting::file).chain(self.tls.files());
        files.map(Path::to_owned).collect()
    }

    fn check(&self) -> Result<(), ConfigError> {
        let (url, user) = self.address()?;
        if user.is_some() && self.headers.contains_key(AUTHORIZATION) {
            let problem = "has a user, and headers an Authorization: keep one of them";
            return Err(ConfigError::setting(&self.url_setting, problem));
        }
        let secret = self.secret.as_ref().map(SecretSetting::read).transpose()?;
        if secret.is_some_and(|secret| secret.expose_secret().is_empty()) {
            return Err(wrong_key(&self.id, "secret", "is empty"));
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
