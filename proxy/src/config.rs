//! The configuration: command line, environment, `.env` and a TOML file become [`Settings`].
//!
//! Where several say the same thing, the command line wins over the environment, the environment over
//! `.env`, and that over the file.

mod access;
mod assistant;
mod credentials;
mod dotenv;
mod file;
mod limits;
mod notify;
pub(crate) mod options;
pub(crate) mod reload;
mod source;

use std::path::{Path, PathBuf};

use axum::http::HeaderValue;
use oddity_detect::time::Timestamp;

pub use access::AuthSettings;
pub use assistant::{AssistantLimits, AssistantSettings, TokenField};
pub use credentials::Authorization;
pub use dotenv::load_dotenv;
pub(crate) use file::read_secret;
pub use limits::Limits;
pub use notify::{NotifySettings, SecretSetting};
pub use options::Options;
pub use source::{SourceSettings, TlsFiles};

/// Everything the server is told before it starts.
#[derive(Debug)]
pub struct Settings {
    /// `host:port` to listen on; port 0 lets the system choose.
    pub listen: String,
    /// Upstream sources, the default first.
    pub sources: Vec<SourceSettings>,
    /// Whether the built-in source is offered too, after the others.
    pub demo: bool,
    /// Begin of the demo's planted events; two hours before the start of the server if absent.
    pub demo_anchor: Option<Timestamp>,
    /// Host names, in lower case and without a port, by which the server may be asked beside loopback's and the
    /// address that a client reached.
    pub allowed_hosts: Vec<String>,
    /// See [`AuthSettings`].
    pub access: AuthSettings,
    /// Folder of the operator's own families of metrics: see [`crate::page::knowledge`].
    pub knowledge: Option<PathBuf>,
    /// Where people can send events and reports.
    pub notify: Vec<NotifySettings>,
    /// Origins beside the server's own whose pages may call it.
    pub allowed_origins: Vec<HeaderValue>,
    /// The language model, if there is one.
    pub assistant: Option<AssistantSettings>,
    /// See [`Limits`].
    pub limits: Limits,
}

/// Why the configuration is refused. No message holds a secret or an address with one.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line of a file is not understood.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What is wrong with which key.
        problem: String,
    },
    /// A setting is wrong or contradicts another one.
    #[error("{setting}: {problem}")]
    Setting {
        /// Its name: a variable or a key.
        setting: String,
        /// What to change.
        problem: String,
    },
}

impl ConfigError {
    fn setting(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Setting { setting: setting.into(), problem: problem.into() }
    }

    fn read(path: &Path, error: std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), error }
    }
}

/// The file that is read if it exists and no other is named.
const DEFAULT_FILE: &str = "oddity.toml";

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

impl Settings {
    /// Joins command line, environment and file. `env` looks up a variable; blank counts as unset.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable, or the file and key, and says what to change.
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
            demo: file.demo.unwrap_or(sources.is_empty()),
            sources,
            notify,
            demo_anchor: options.demo_anchor,
            allowed_hosts: access::parse_hosts(&hosts)?,
            access,
            allowed_origins: access::parse_origins(&origins)?,
            knowledge: options.knowledge.or(file.knowledge),
            assistant,
            limits: file.limits,
        })
        .and_then(Self::check)
    }

    fn check(self) -> Result<Self, ConfigError> {
        if self.sources.is_empty() && !self.demo {
            let problem = "is false and no source is configured: set PROMETHEUS_URL, add a [[source]], \
                           or remove `demo`";
            return Err(ConfigError::setting("demo", problem));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
