//! The language model: what the file's `[llm]` and the `OPENAI_*` variables say, checked and joined.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use url::{Host, Url};

use super::credentials::{Authorization, bearer};
use super::duration::duration;
use super::error::ConfigError;
use super::tls::TlsFiles;

const ENV_URL: &str = "OPENAI_BASE_URL";
const ENV_KEY: &str = "OPENAI_API_KEY";
const ENV_MODEL: &str = "OPENAI_MODEL";

/// Address of the API if only a key is set.
const OPENAI: &str = "https://api.openai.com/v1";
const OPENAI_MODEL: &str = "gpt-4o-mini";

/// Providers by their host, for a person. Others are not named, since a host may be a secret of its operator.
const PROVIDERS: [(&str, &str); 9] = [
    ("api.openai.com", "OpenAI"),
    ("api.mistral.ai", "Mistral"),
    ("api.groq.com", "Groq"),
    ("api.deepseek.com", "DeepSeek"),
    ("api.together.xyz", "Together"),
    ("api.x.ai", "xAI"),
    ("openrouter.ai", "OpenRouter"),
    ("generativelanguage.googleapis.com", "Google"),
    ("api.anthropic.com", "Anthropic"),
];

/// `[llm]` of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AssistantFile {
    /// Kept secret, because it may carry a password.
    url: Option<SecretString>,
    model: Option<String>,
    provider: Option<String>,
    api_key: Option<SecretString>,
    api_key_file: Option<PathBuf>,
    temperature: Option<f64>,
    token_field: Option<TokenField>,
    tls: TlsFiles,
    limits: AssistantLimits,
}

/// How the API names the limit of tokens of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenField {
    /// Field that nearly all servers support.
    MaxTokens,
    /// Field for reasoning models of OpenAI and Azure, which also accept no temperature.
    MaxCompletionTokens,
}

/// Limits with their defaults: `[llm.limits]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssistantLimits {
    /// Answers at once. Default 2.
    pub concurrent: NonZeroUsize,
    /// Questions in any minute. Default 10.
    pub per_minute: NonZeroUsize,
    /// Tokens of a question with all that was said before, by an estimate from above. Default 3000, which fits a
    /// context of 4,096 with the answer.
    pub prompt_tokens: NonZeroU32,
    /// Tokens of an answer. Default 1024.
    pub answer_tokens: NonZeroU32,
    /// Tokens of questions and answers in a day, which begins at midnight UTC. Default 500000.
    pub daily_tokens: u64,
    /// How long the provider may say nothing. Default 60s.
    #[serde(deserialize_with = "duration")]
    pub idle: Duration,
    /// Time for a whole answer. Default 3m.
    #[serde(deserialize_with = "duration")]
    pub total: Duration,
    /// Bytes of a request. Default 256 KiB.
    pub body_bytes: usize,
    /// Time for sending a request. Default 10s.
    #[serde(deserialize_with = "duration")]
    pub body_wait: Duration,
    /// Bytes of one event of the provider's stream. Default 256 KiB.
    pub event_bytes: usize,
}

impl Default for AssistantLimits {
    fn default() -> Self {
        let count = |n| NonZeroUsize::new(n).unwrap_or(NonZeroUsize::MIN);
        let tokens = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            concurrent: count(2),
            per_minute: count(10),
            prompt_tokens: tokens(3_000),
            answer_tokens: tokens(1_024),
            daily_tokens: 500_000,
            idle: Duration::from_secs(60),
            total: Duration::from_secs(180),
            body_bytes: 256 << 10,
            body_wait: Duration::from_secs(10),
            event_bytes: 256 << 10,
        }
    }
}

/// The language model that is asked.
#[derive(Clone, Debug)]
pub struct AssistantSettings {
    /// Base address of an API that is like OpenAI's; its path does not end in a slash.
    pub url: Url,
    /// Name of the model there.
    pub model: String,
    /// Who runs it, for a person.
    pub provider: String,
    /// Credentials of this server at the provider.
    pub authorization: Authorization,
    /// How much its answers vary; left to the provider if absent.
    pub temperature: Option<f64>,
    /// Name of the field that limits the tokens of an answer.
    pub token_field: TokenField,
    /// TLS settings.
    pub tls: TlsFiles,
    /// Limits of the assistant.
    pub limits: AssistantLimits,
    /// Where a person changes the address: named in messages.
    pub url_setting: &'static str,
}

/// Merges file and variables; `None` if neither sets a language model.
pub(super) fn resolve(
    file: Option<AssistantFile>,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Option<AssistantSettings>, ConfigError> {
    let (url, key, model) = (env(ENV_URL), env(ENV_KEY), env(ENV_MODEL));
    if file.is_none() && url.is_none() && key.is_none() {
        return match model {
            Some(_) => Err(ConfigError::setting(
                ENV_MODEL,
                "is set alone: add OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own",
            )),
            None => Ok(None),
        };
    }
    let file = file.unwrap_or_default();
    let (url_setting, address) = match (url, &file.url) {
        (Some(url), _) => (ENV_URL, SecretString::from(url)),
        (None, Some(url)) => ("url of [llm]", url.clone()),
        (None, None) => (ENV_URL, SecretString::from(OPENAI)),
    };
    let url = parse_url(url_setting, &address)?;
    let authorization = authorization(&file, key)?;
    let is_openai = url.host_str() == Some("api.openai.com");
    let model = model.or(file.model).filter(|model| !model.trim().is_empty());
    let model = match model {
        Some(model) => model.trim().to_owned(),
        None if is_openai => OPENAI_MODEL.to_owned(),
        None => {
            let problem = "is missing: name the model that the server at the address has";
            return Err(ConfigError::setting("OPENAI_MODEL, or model of [llm]", problem));
        }
    };
    let usual = if is_openai { TokenField::MaxCompletionTokens } else { TokenField::MaxTokens };
    let token_field = file.token_field.unwrap_or(usual);
    if file.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
        return Err(ConfigError::setting("temperature of [llm]", "must be from 0 to 2"));
    }
    let fixed = (token_field == TokenField::MaxTokens).then_some(0.2);
    let once =
        u64::from(file.limits.prompt_tokens.get()) + u64::from(file.limits.answer_tokens.get());
    if file.limits.daily_tokens < once {
        let problem = format!("is less than one question and its answer, {once}: raise it");
        return Err(ConfigError::setting("daily_tokens of [llm.limits]", problem));
    }
    if file.limits.prompt_tokens.get() < 1_500 {
        let problem = "is too small for any facts: at least 1500 are needed";
        return Err(ConfigError::setting("prompt_tokens of [llm.limits]", problem));
    }
    Ok(Some(AssistantSettings {
        provider: file.provider.unwrap_or_else(|| provider(&url).to_owned()),
        temperature: file.temperature.or(fixed),
        model,
        authorization,
        token_field,
        tls: file.tls,
        limits: file.limits,
        url_setting,
        url,
    }))
}

fn authorization(file: &AssistantFile, key: Option<String>) -> Result<Authorization, ConfigError> {
    if let Some(key) = key {
        return bearer(ENV_KEY, &SecretString::from(key.trim())).map(Authorization::Fixed);
    }
    let setting = "api_key_file of [llm]";
    match (&file.api_key, &file.api_key_file) {
        (None, None) => Ok(Authorization::None),
        (Some(key), None) => bearer("api_key of [llm]", key).map(Authorization::Fixed),
        (None, Some(file)) => {
            let found =
                Authorization::BearerFile { setting: setting.to_owned(), file: file.clone() };
            found.value()?;
            Ok(found)
        }
        (Some(_), Some(_)) => {
            Err(ConfigError::setting(setting, "is set beside api_key: choose one of them"))
        }
    }
}

fn parse_url(setting: &str, text: &SecretString) -> Result<Url, ConfigError> {
    use secrecy::ExposeSecret as _;
    let wrong = |problem: &str| ConfigError::setting(setting, problem);
    let mut url = Url::parse(text.expose_secret().trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| wrong("is not an address such as http://localhost:11434/v1"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user: write the key into OPENAI_API_KEY"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or a fragment: leave what is behind `?` or `#` out"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    // All servers of this kind have it.
    url.set_path(if path.is_empty() { "/v1" } else { &path });
    Ok(url)
}

fn provider(url: &Url) -> &'static str {
    let known = PROVIDERS.iter().find(|(host, _)| url.host_str() == Some(host));
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match known {
        Some((_, name)) => name,
        None if here => "a model on the server's machine",
        None => "the operator's model server",
    }
}
