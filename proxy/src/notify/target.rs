//! Client of one notification target, with retries.

use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::{Method, Request, StatusCode, Uri};
use bytes::Bytes;
use http_body_util::Full;
use oddity_analysis::api::{self, TargetKind};
use oddity_detect::time::Timestamp;
use ring::hmac;
use secrecy::ExposeSecret as _;
use tokio::time::{Instant, sleep, timeout_at};
use url::{Position, Url};

use super::delivery_cache::DeliveryKey;
use super::message::Message;
use crate::config::reload::Reload;
use crate::config::{ConfigError, Limits, NotifySettings, SecretSetting};
use crate::error::{ApiError, ErrorType};
use crate::outbound::client::RemoteServer;
use crate::outbound::pool::{ConnectionPool, PooledResponse};
use crate::source::error::SourceError;

/// Header with the time of the signature, in seconds since 1970.
const TIMESTAMP: HeaderName = HeaderName::from_static("x-oddity-timestamp");

/// Header with `v2=` and the HMAC-SHA256 of delivery id, time and body, with full stops in between, in hexadecimal digits.
const SIGNATURE: HeaderName = HeaderName::from_static("x-oddity-signature");

/// Header with the id of the delivery, equal for every attempt and for an event that is sent again.
const DELIVERY: HeaderName = HeaderName::from_static("x-oddity-delivery");

/// Maximum number of attempts for one notification.
const MAX_ATTEMPTS: u32 = 5;

/// Time before the second attempt; doubled before each further one.
const FIRST_BACKOFF: Duration = Duration::from_millis(500);

/// Maximum bytes of an answer that are read for its error code.
const MAX_ANSWER_BYTES: usize = 4_096;

/// Error codes of Slack, and what to do.
/// Source: Slack documentation, "Sending messages using incoming webhooks", section "Handling errors".
const SLACK_ERRORS: [(&str, &str); 9] = [
    ("no_service", "the webhook was removed or disabled: create a new one"),
    ("no_service_id", "the address is incomplete: copy it from Slack again"),
    ("no_team", "the address is invalid: copy it from Slack again"),
    ("team_disabled", "the workspace is disabled"),
    ("invalid_token", "the webhook is no longer valid: create a new one"),
    ("channel_not_found", "the channel does not exist: create a webhook for another one"),
    ("channel_is_archived", "the channel is archived: create a webhook for another one"),
    ("action_prohibited", "an administrator has restricted posting to the channel"),
    ("posting_to_general_channel_denied", "an administrator has restricted posting to the channel"),
];

/// Client of one target. Requests carry only headers that are made here; redirects are not followed and no proxy is used.
pub struct Target {
    /// Description for clients.
    pub about: api::NotificationTarget,
    url_setting: String,
    client: Reload<TargetClient>,
    timeout: Duration,
    wait: Duration,
}

/// Connection pool, address, headers and signing key of the target.
#[derive(Clone)]
struct TargetClient {
    pool: Arc<ConnectionPool>,
    /// Path and parameters, which may contain a secret.
    target: Uri,
    headers: Arc<HeaderMap>,
    key: Option<hmac::Key>,
}

/// Failed delivery of a notification. No message contains an address or a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// No connection, no answer, or an incomplete one.
    #[error("{0}")]
    Exchange(SourceError),
    /// The target asks to wait for this many seconds, which is too long.
    #[error("asks to retry in {0} s")]
    RetryLater(u64),
    /// The target refused, with the reason if known.
    #[error("answered with status {}{}", .0.as_u16(), .1.map(|reason| format!(" ({reason})")).unwrap_or_default())]
    Refused(StatusCode, Option<&'static str>),
}

impl Target {
    /// Creates the client without sending anything.
    ///
    /// # Errors
    /// [`ConfigError`] if a secret cannot be read, or TLS cannot be set up.
    pub fn open(settings: &NotifySettings, limits: &Limits) -> Result<Self, ConfigError> {
        let (given, connect_timeout) = (settings.clone(), limits.connect_timeout);
        Ok(Self {
            about: api::NotificationTarget {
                id: settings.id.clone(),
                name: settings.name.clone(),
                kind: settings.kind,
            },
            url_setting: settings.url_setting.clone(),
            client: Reload::new(settings.files(), move || client(&given, connect_timeout))?,
            timeout: settings.timeout,
            wait: limits.notify_wait,
        })
    }

    /// Sends a message, with retries while the error is transient and there is time. Returns the number of attempts and the
    /// result.
    pub async fn deliver(
        &self,
        message: &Message<'_>,
        key: DeliveryKey,
        now: fn() -> Timestamp,
    ) -> (u32, Result<(), DeliveryError>) {
        let end = Instant::now() + self.wait;
        let body = Bytes::from(message.body(self.about.kind).to_string());
        let mut pause = FIRST_BACKOFF;
        let mut attempt = 1;
        loop {
            let (failure, asked) = match self.attempt(&body, key, now(), end).await {
                Ok(()) => return (attempt, Ok(())),
                Err(found) => found,
            };
            let wait = asked.unwrap_or(pause);
            let may_pass = match failure {
                DeliveryError::Exchange(fault) => matches!(fault, SourceError::Unreachable(_)),
                DeliveryError::Refused(status, _) => {
                    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
                }
                DeliveryError::RetryLater(_) => false,
            };
            if !may_pass || attempt == MAX_ATTEMPTS {
                return (attempt, Err(failure));
            }
            if wait >= end.saturating_duration_since(Instant::now()) {
                let failure = match asked {
                    Some(asked) => DeliveryError::RetryLater(asked.as_secs()),
                    None => failure,
                };
                return (attempt, Err(failure));
            }
            tracing::debug!(target_id = self.about.id, attempt, %failure, "attempt failed, retrying");
            sleep(wait).await;
            pause *= 2;
            attempt += 1;
        }
    }

    /// Makes one attempt; an error comes with the time that the target asks to wait before the next one.
    async fn attempt(
        &self,
        body: &Bytes,
        key: DeliveryKey,
        now: Timestamp,
        end: Instant,
    ) -> Result<(), (DeliveryError, Option<Duration>)> {
        let fault = |fault| (DeliveryError::Exchange(fault), None);
        let end = end.min(Instant::now() + self.timeout);
        let TargetClient { pool, target, headers, key: signs } = self.client.get();
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target;
        *request.headers_mut() = (*headers).clone();
        let mut set = |name: HeaderName, value: String| {
            let value = HeaderValue::try_from(value).map_err(|_| fault(SourceError::Cut))?;
            request.headers_mut().insert(name, value);
            Ok::<_, (DeliveryError, Option<Duration>)>(())
        };
        set(DELIVERY, key.hex())?;
        if let Some(signs) = signs {
            let time = now.0.div_euclid(1_000).to_string();
            let mut context = hmac::Context::with_key(&signs);
            context.update(format!("{}.{time}.", key.hex()).as_bytes());
            context.update(body);
            set(SIGNATURE, format!("v2={}", hex::encode(context.sign())))?;
            set(TIMESTAMP, time)?;
        }
        let exchange = timeout_at(end, pool.send(request)).await;
        let exchange = exchange.map_err(|_| fault(SourceError::Timeout(self.timeout)))?;
        let mut exchange = exchange.map_err(|error| fault(error.into()))?;
        let status = exchange.status;
        let said = timeout_at(end, read_prefix(&mut exchange)).await.unwrap_or_default();
        if status.is_success() {
            return Ok(());
        }
        if status.is_redirection() {
            return Err(fault(SourceError::Redirect(status)));
        }
        let reason = match self.about.kind {
            TargetKind::Slack => SLACK_ERRORS.iter().find(|(code, _)| code.as_bytes() == said),
            TargetKind::Webhook | TargetKind::Alertmanager => None,
        };
        let asked =
            exchange.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let refused = DeliveryError::Refused(status, reason.map(|(_, advice)| *advice));
        Err((refused, asked.map(Duration::from_secs)))
    }
}

/// Reads the beginning of an answer; a short one is read to its end, so that the connection can be reused.
async fn read_prefix(exchange: &mut PooledResponse) -> Vec<u8> {
    let mut said = Vec::new();
    while let Ok(Some(chunk)) = exchange.chunk().await {
        said.extend_from_slice(&chunk);
        if said.len() > MAX_ANSWER_BYTES {
            break;
        }
    }
    said.trim_ascii().to_vec()
}

impl DeliveryError {
    /// Returns the response for the client.
    pub fn reply(self, target: &Target, attempts: u32) -> ApiError {
        let (id, setting) = (&target.about.id, &target.url_setting);
        let advice = match self {
            Self::Exchange(SourceError::Unreachable(_)) => {
                format!("; check {setting} and that the target is running")
            }
            Self::Exchange(SourceError::Redirect(_)) => format!("; check {setting}"),
            Self::Exchange(SourceError::Timeout(_) | SourceError::Cut) => {
                "; it may or may not have received the message: check there before you send it again"
                    .to_owned()
            }
            Self::Refused(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, None) => {
                "; check the credentials configured for it".to_owned()
            }
            Self::Refused(StatusCode::NOT_FOUND | StatusCode::GONE, None) => {
                format!("; check {setting}: nothing accepts notifications at this address")
            }
            Self::Refused(status, None)
                if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
            {
                "; check that the configured kind is right".to_owned()
            }
            Self::Refused(..) | Self::Exchange(_) | Self::RetryLater(_) => String::new(),
        };
        let tried =
            if attempts == 1 { String::new() } else { format!(" after {attempts} attempts") };
        let is_timeout = matches!(self, Self::Exchange(SourceError::Timeout(_)));
        let (status, error_type) = match is_timeout {
            true => (StatusCode::GATEWAY_TIMEOUT, ErrorType::Timeout),
            false => (StatusCode::BAD_GATEWAY, ErrorType::Unavailable),
        };
        let said = match self {
            Self::Exchange(SourceError::Timeout(time)) => {
                format!("did not answer within {} s", time.as_secs())
            }
            Self::Exchange(SourceError::Cut) => {
                "closed the connection without an answer".to_owned()
            }
            other => other.to_string(),
        };
        let message = format!("notification not sent: target \"{id}\" {said}{tried}{advice}");
        ApiError::failed(status, error_type, message)
    }
}

fn client(
    settings: &NotifySettings,
    connect_timeout: Duration,
) -> Result<TargetClient, ConfigError> {
    let (url, user) = settings.address()?;
    let server = RemoteServer {
        section: &format!("[[notify]] \"{}\"", settings.id),
        url_setting: &settings.url_setting,
        url: &url,
        tls: &settings.tls,
        connect_timeout,
    };
    let mut headers = settings.headers.clone();
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let (pool, headers) = server.pool(headers, user)?;
    let secret = settings.secret.as_ref().map(SecretSetting::read).transpose()?;
    let key =
        secret.map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes()));
    let target = target(settings.kind, &url).ok_or_else(|| ConfigError::Setting {
        setting: settings.url_setting.clone(),
        problem: "is not a valid address for a request".to_owned(),
    })?;
    Ok(TargetClient { pool, target, headers, key })
}

/// Returns the path of requests; the configured address of Alertmanager is that of its pages, others are complete.
fn target(kind: TargetKind, url: &Url) -> Option<Uri> {
    let target = match kind {
        TargetKind::Alertmanager => format!("{}/api/v2/alerts", url.path().trim_end_matches('/')),
        TargetKind::Webhook | TargetKind::Slack => url[Position::BeforePath..].to_owned(),
    };
    Uri::try_from(target).ok()
}
