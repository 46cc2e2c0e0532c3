//! Configuration: merges command line, environment, `.env` and a TOML file into [`Settings`].
//!
//! The command line takes precedence over the environment, the environment over `.env`, and `.env` over the file.

mod access;
mod assistant;
mod credentials;
mod dotenv;
mod duration;
mod enforce;
mod error;
mod file;
mod limits;
mod notify;
pub(crate) mod options;
pub(crate) mod reload;
mod secret;
mod source;
mod tls;
mod values;

use std::path::{Path, PathBuf};

use axum::http::HeaderValue;
use oddity_detect::time::Timestamp;

pub use access::AuthSettings;
pub use assistant::{AssistantLimits, AssistantSettings, TokenField};
pub use credentials::Authorization;
pub use dotenv::load_dotenv;
pub use enforce::{EnforceSettings, EnforcedLabel};
pub use error::ConfigError;
pub use limits::Limits;
pub use notify::NotifySettings;
pub use options::{LogFormat, LogQueries, Options};
pub use secret::SecretSetting;
pub(crate) use secret::read_secret;
pub(crate) use source::ORG_ID;
pub use source::SourceSettings;
pub use tls::{ServerTlsFiles, TlsFiles};
pub(crate) use tls::{read_certificates, read_identity};

/// Settings of the server.
#[derive(Debug)]
pub struct Settings {
    /// Address to listen on as `host:port`; port 0 lets the system choose.
    pub listen: String,
    /// Certificate and key for browsers; without them, the server speaks plain HTTP.
    pub tls: Option<ServerTlsFiles>,
    /// Upstream sources, the default one first.
    pub sources: Vec<SourceSettings>,
    /// Whether the built-in demo source is offered too, after the others.
    pub demo: bool,
    /// Start of the planted events of the demo; two hours before the start of the server if absent.
    pub demo_anchor: Option<Timestamp>,
    /// Accepted host names, in lower case and without a port, in addition to loopback and the address that a client reached.
    pub allowed_hosts: Vec<String>,
    /// Authentication of clients.
    pub access: AuthSettings,
    /// Folder of the operator's own families of metrics for [`crate::page::knowledge`].
    pub knowledge: Option<PathBuf>,
    /// Targets of notifications.
    pub notify: Vec<NotifySettings>,
    /// Other origins whose pages may call the API.
    pub allowed_origins: Vec<HeaderValue>,
    /// How queries of clients are logged.
    pub log_queries: LogQueries,
    /// Language model of the assistant, if there is one.
    pub assistant: Option<AssistantSettings>,
    /// General limits.
    pub limits: Limits,
}

/// Configuration file that is read if it exists and no other is given.
const DEFAULT_FILE: &str = "oddity.toml";

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

impl Settings {
    /// Merges command line, environment and file. `env` looks up a variable; a blank one counts as unset.
    ///
    /// # Errors
    /// [`ConfigError`] with the variable, or the file and key, and what to change.
    pub fn load(
        options: Options,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file = match &options.config {
            Some(path) => file::read(path)?,
            None if Path::new(DEFAULT_FILE).exists() => file::read(Path::new(DEFAULT_FILE))?,
            None => file::ConfigFile::default(),
        };
        let env = |name: &str| env(name).filter(|value| !value.trim().is_empty());
        let choose = |option: Vec<String>, file| if option.is_empty() { file } else { option };
        let hosts = choose(options.allowed_hosts, file.allowed_hosts);
        let origins = choose(options.allowed_origins, file.allowed_origins);
        let proxies = choose(options.trusted_proxies, file.trusted_proxies);
        let auth = options.auth.or(file.auth);
        let access = AuthSettings::parse(auth.as_deref(), &proxies, options.insecure_no_auth)?;
        let notify = notify::resolve(file.notify, &env)?;
        let sources = source::resolve(file.source, &file.limits, env)?;
        let assistant = assistant::resolve(file.llm, env)?;
        Ok(Self {
            listen: options.listen.or(file.listen).unwrap_or_else(|| DEFAULT_LISTEN.to_owned()),
            tls: file.tls,
            demo: file.demo.unwrap_or(sources.is_empty()),
            sources,
            notify,
            demo_anchor: options.demo_anchor,
            allowed_hosts: access::parse_hosts(&hosts)?,
            access,
            allowed_origins: access::parse_origins(&origins)?,
            knowledge: options.knowledge.or(file.knowledge),
            assistant,
            log_queries: options.log_queries.unwrap_or_default(),
            limits: file.limits,
        })
        .and_then(Self::check)
    }

    fn check(self) -> Result<Self, ConfigError> {
        if self.sources.is_empty() && !self.demo {
            let problem = "false, but no source is configured: set PROMETHEUS_URL, add a [[source]], or \
                           remove `demo`";
            return Err(ConfigError::setting("demo", problem));
        }
        let by_user = self.sources.iter().find(|source| source.enforce.by_user.is_some());
        if let Some(source) = by_user.filter(|_| !self.access.names_users()) {
            let problem = "users have no names without auth = \"basic:FILE\" or \"header:NAME\": set one of them, or use \
                           enforce for everybody";
            let setting = format!("enforce_by_user of [[source]] \"{}\"", source.id);
            return Err(ConfigError::setting(setting, problem));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
