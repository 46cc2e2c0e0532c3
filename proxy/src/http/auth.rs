//! Authentication of clients: basic, bearer, or by the header of a reverse proxy.
//!
//! Credentials that passed are remembered for hours, so that a hashed password is not verified for each request;
//! a client that fails often has to wait.

mod attempts;
mod passwords;

use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use ipnet::IpNet;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::{Choice, ConstantTimeEq as _};

use crate::config::reload::Reload;
use crate::config::{self, ConfigError, read_secret};
use crate::error::{ApiError, ErrorType, RejectionReason, whole_seconds};
use crate::http::lock;

use self::attempts::Attempts;
use self::passwords::{Busy, Verifier, is_pair, warn_of_plain};

pub(crate) use self::attempts::network_of;
pub use self::passwords::hash;

/// Configured authentication method, with its current credentials.
pub enum Authenticator {
    /// No authentication.
    Open,
    /// Basic authentication; pairs of `name:password`, or of a name and a hash.
    Basic(Box<SignIn>),
    /// Bearer tokens.
    Bearer(Reload<Secrets>),
    /// A header set by a reverse proxy that has authenticated the user.
    Header {
        /// Name of the header.
        name: HeaderName,
        /// Networks of the reverse proxies whose header is trusted.
        proxies: Vec<IpNet>,
    },
}

/// Names and passwords of a file, and the attempts to sign in with them.
pub struct SignIn {
    secrets: Reload<Secrets>,
    /// Secrets of the last attempt.
    last: Mutex<Secrets>,
    attempts: Attempts,
    verifier: Verifier,
}

type Secrets = Arc<[SecretString]>;

/// Why credentials are not accepted.
enum SignInError {
    /// Wrong credentials.
    Wrong,
    /// The client has failed often and has to wait.
    Wait(Duration),
    /// Too many clients sign in.
    Busy,
}

impl Authenticator {
    /// Reads the credentials from their file.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read or contains no credentials.
    pub fn open(settings: &config::AuthSettings) -> Result<Self, ConfigError> {
        let secrets = |file: &Path, is_valid: fn(&str) -> bool, form: &'static str| {
            let path = file.to_owned();
            let secrets =
                Reload::new(vec![path.clone()], move || read_lines(&path, is_valid, form))?;
            if secrets.get().is_empty() {
                read_secret(file)?;
                return Err(expected(form, file, 1));
            }
            Ok(secrets)
        };
        Ok(match settings {
            config::AuthSettings::Open { .. } => Self::Open,
            config::AuthSettings::Basic(file) => {
                let pairs = secrets(file, is_pair, "NAME:PASSWORD or NAME:HASH")?;
                warn_of_plain(file, &pairs.get());
                Self::Basic(Box::new(SignIn::new(pairs)?))
            }
            config::AuthSettings::Bearer(file) => Self::Bearer(secrets(file, |_| true, "a token")?),
            config::AuthSettings::Header { name, proxies } => {
                Self::Header { name: name.clone(), proxies: proxies.clone() }
            }
        })
    }

    /// Checks the credentials of a request from `peer`, and returns the user if they name one.
    ///
    /// # Errors
    /// The response to send: 401 with a challenge that browsers understand, 403, 429 after many failures, or 503 while many
    /// clients sign in.
    #[allow(clippy::result_large_err, reason = "it is sent at once")]
    pub async fn check(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Option<User>, Response> {
        match self {
            Self::Open => Ok(None),
            Self::Basic(people) => {
                let pair = credentials(headers, "basic").and_then(decode);
                let pair = pair.ok_or_else(|| unauthorized(&[BASIC]))?;
                let colon = pair.iter().position(|byte| *byte == b':');
                let user = &pair[..colon.unwrap_or(pair.len())];
                let known = people.check(&pair, user, peer).await;
                known.map_err(SignInError::response)?;
                Ok(Some(User::new(user)))
            }
            Self::Bearer(tokens) => {
                // A browser cannot send a token by itself, so it may be typed as a password.
                let password = || {
                    let pair = credentials(headers, "basic").and_then(decode)?;
                    let colon = pair.iter().position(|byte| *byte == b':')?;
                    Some(pair[colon + 1..].to_vec())
                };
                let token = credentials(headers, "bearer").map(|token| token.as_bytes().to_vec());
                let challenges = [BEARER, BASIC];
                let token = token.or_else(password).ok_or_else(|| unauthorized(&challenges))?;
                // Tokens are too long to be guessed, so nobody has to wait.
                if !contains(&tokens.get(), &token) {
                    return Err(unauthorized(&challenges));
                }
                Ok(None)
            }
            Self::Header { name, proxies } => {
                let mut users = headers.get_all(name).iter();
                let user = users.next().filter(|user| !user.is_empty());
                let user = user.filter(|_| users.next().is_none());
                if let Some(user) = user
                    && proxies.iter().any(|network| network.contains(&peer))
                {
                    return Ok(Some(User::new(user.as_bytes())));
                }
                let message = "not authenticated by the reverse proxy: open the address of the proxy, or check \
                               trusted_proxies and the header in auth";
                Err(ApiError::refused(StatusCode::FORBIDDEN, RejectionReason::Credentials, message)
                    .into_response())
            }
        }
    }
}

impl SignIn {
    fn new(secrets: Reload<Secrets>) -> Result<Self, ConfigError> {
        let last = Mutex::new(secrets.get());
        Ok(Self { secrets, last, attempts: Attempts::new()?, verifier: Verifier::default() })
    }

    /// Checks credentials that a client at `peer` sent as `user`.
    async fn check(&self, given: &[u8], user: &[u8], peer: IpAddr) -> Result<(), SignInError> {
        let secrets = self.current_secrets();
        if self.attempts.is_verified(given) {
            return Ok(());
        }
        if let Some(wait) = self.attempts.wait(peer, user) {
            return Err(SignInError::Wait(wait));
        }
        match self.verifier.knows(&secrets, given, peer).await {
            Ok(true) => {
                let last = lock(&self.last);
                // What was verified with secrets that have changed since then is not remembered.
                if Arc::ptr_eq(&secrets, &last) {
                    self.attempts.passed(given, peer, user);
                }
                Ok(())
            }
            Ok(false) => {
                self.attempts.failed(peer, user);
                Err(SignInError::Wrong)
            }
            Err(Busy) => Err(SignInError::Busy),
        }
    }

    /// Returns the secrets; if they have changed, what passed is forgotten.
    fn current_secrets(&self) -> Secrets {
        let secrets = self.secrets.get();
        let mut last = lock(&self.last);
        if !Arc::ptr_eq(&secrets, &last) {
            last.clone_from(&secrets);
            self.attempts.forget_verified();
        }
        secrets
    }
}

impl SignInError {
    fn response(self) -> Response {
        match self {
            Self::Wrong => unauthorized(&[BASIC]),
            Self::Wait(wait) => {
                let seconds = whole_seconds(wait);
                let message =
                    format!("too many failed attempts to sign in: try again in {seconds} s");
                ApiError::too_many(RejectionReason::Credentials, message, seconds).into_response()
            }
            Self::Busy => {
                let message = "many clients sign in at once: try again in a moment";
                let busy = StatusCode::SERVICE_UNAVAILABLE;
                let error = ApiError::failed(busy, ErrorType::Unavailable, message);
                ApiError { reason: Some(RejectionReason::Busy), ..error }.into_response()
            }
        }
    }
}

/// User that signed in, or that a trusted reverse proxy names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User(Arc<str>);

impl User {
    /// Creates the user of a name; bytes that are no UTF-8 are written as escapes.
    pub fn new(name: &[u8]) -> Self {
        let escaped = || name.escape_ascii().to_string().into();
        Self(std::str::from_utf8(name).map_or_else(|_| escaped(), Into::into))
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

const BASIC: &str = "Basic realm=\"Oddity\", charset=\"UTF-8\"";
const BEARER: &str = "Bearer realm=\"Oddity\"";

fn unauthorized(challenges: &[&'static str]) -> Response {
    let message = "authentication required: ask the operator of this server for credentials";
    let error = ApiError::refused(StatusCode::UNAUTHORIZED, RejectionReason::Credentials, message);
    let mut response = error.into_response();
    for challenge in challenges {
        response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

/// Returns what follows the scheme, if there is exactly one `Authorization` header.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (given, rest) = all.next()?.to_str().ok()?.split_once(' ')?;
    (all.next().is_none() && given.eq_ignore_ascii_case(scheme)).then(|| rest.trim())
}

fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}

/// Compares in a time that depends on lengths alone.
fn contains(secrets: &[SecretString], given: &[u8]) -> bool {
    let equal = |secret: &SecretString| secret.expose_secret().as_bytes().ct_eq(given);
    secrets.iter().fold(Choice::from(0), |any, secret| any | equal(secret)).into()
}

/// Reads one secret a line, without blank lines and comments that begin with `#`. A file that was taken away or emptied has
/// none, which revokes all of them.
fn read_lines(path: &Path, is_valid: fn(&str) -> bool, form: &str) -> Result<Secrets, ConfigError> {
    let text = match read_secret(path) {
        Err(ConfigError::Read { error, .. }) if error.kind() == ErrorKind::NotFound => {
            SecretString::default()
        }
        text => text?,
    };
    let lines = text.expose_secret().lines().enumerate();
    let lines = lines.map(|(number, line)| (number + 1, line.trim()));
    let lines: Vec<_> =
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect();
    if let Some((line, _)) = lines.iter().find(|(_, line)| !is_valid(line)) {
        return Err(expected(form, path, *line));
    }
    if lines.is_empty() {
        tracing::error!(file = %path.display(), "the file of credentials is missing or empty: nobody is let in");
    }
    Ok(lines.into_iter().map(|(_, line)| SecretString::from(line)).collect())
}

fn expected(form: &str, path: &Path, line: usize) -> ConfigError {
    let problem = format!("expected {form} on each line");
    ConfigError::Line { path: path.to_owned(), line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the status of a request from 10.0.0.2 with these headers.
    async fn check(way: &str, file: &str, fields: &[(&str, &str)]) -> u16 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        std::fs::write(&path, file).unwrap();
        let settings = match way {
            "basic" => config::AuthSettings::Basic(path),
            "bearer" => config::AuthSettings::Bearer(path),
            _ => config::AuthSettings::Header {
                name: HeaderName::from_static("x-user"),
                proxies: vec![way.parse().unwrap()],
            },
        };
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let peer = IpAddr::from([10, 0, 0, 2]);
        match Authenticator::open(&settings).unwrap().check(&headers, peer).await {
            Ok(_) => 200,
            Err(response) => response.status().as_u16(),
        }
    }

    #[tokio::test]
    async fn only_what_the_configuration_names_passes() {
        let pairs = "# people\n\nann:secret\nbob:with:colon\n";
        let tokens = "first\nsecond\n";
        let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
        let cases: [(&str, &str, &str, u16); 20] = [
            ("basic", pairs, "", 401),
            ("basic", pairs, &basic("ann:secret"), 200),
            ("basic", pairs, &basic("bob:with:colon").replace("Basic", "bAsIc"), 200),
            ("basic", pairs, &basic("ann:secre"), 401),
            ("basic", pairs, &basic("ann:secret2"), 401),
            ("basic", pairs, &basic("ann:"), 401),
            ("basic", pairs, &basic("# people"), 401),
            ("basic", pairs, &basic(""), 401),
            ("basic", pairs, "Basic", 401),
            ("basic", pairs, "Basic !!!", 401),
            ("basic", pairs, "Bearer ann:secret", 401),
            ("bearer", tokens, "Bearer first", 200),
            ("bearer", tokens, "bearer second", 200),
            ("bearer", tokens, "Bearer third", 401),
            ("bearer", tokens, "Bearer", 401),
            ("bearer", tokens, "", 401),
            ("bearer", tokens, &basic("anything:second"), 200),
            ("bearer", tokens, &basic("second:"), 401),
            ("bearer", tokens, &basic("second"), 401),
            ("bearer", tokens, "first", 401),
        ];
        for (way, file, value, status) in cases {
            let fields = [("authorization", value)];
            let fields = if value.is_empty() { &[][..] } else { &fields };
            assert_eq!(check(way, file, fields).await, status, "{way} {value}");
        }
        let twice = [("authorization", "Bearer first"), ("authorization", "Bearer first")];
        assert_eq!(check("bearer", tokens, &twice).await, 401);
    }

    #[tokio::test(start_paused = true)]
    async fn an_emptied_or_deleted_file_locks_everybody_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets");
        let pair =
            HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode("ann:secret")));
        let headers = HeaderMap::from_iter([(AUTHORIZATION, pair.unwrap())]);
        std::fs::write(&path, "ann:secret\n").unwrap();
        let guard = Authenticator::open(&config::AuthSettings::Basic(path.clone())).unwrap();
        let passes = async || {
            tokio::time::advance(std::time::Duration::from_secs(2)).await;
            guard.check(&headers, IpAddr::from([10, 0, 0, 2])).await.is_ok()
        };
        assert!(passes().await);
        std::fs::write(&path, "# nobody\n").unwrap();
        assert!(!passes().await, "emptied");
        std::fs::write(&path, "ann:secret\nbob:other\n").unwrap();
        assert!(passes().await, "filled again");
        // A slip of the pen does not lock out those who were let in.
        std::fs::write(&path, "ann\n").unwrap();
        assert!(passes().await, "not readable as credentials");
        std::fs::remove_file(&path).unwrap();
        assert!(!passes().await, "deleted");
    }

    #[tokio::test]
    async fn a_user_is_believed_only_from_a_trusted_proxy() {
        type Case = (&'static str, &'static [(&'static str, &'static str)], u16);
        let cases: [Case; 5] = [
            ("10.0.0.0/8", &[("x-user", "ann")], 200),
            ("10.0.0.2/32", &[("x-user", "ann")], 200),
            ("10.0.0.3/32", &[("x-user", "ann")], 403),
            ("10.0.0.0/8", &[("x-user", "")], 403),
            ("10.0.0.0/8", &[("x-user", "ann"), ("x-user", "bob")], 403),
        ];
        for (network, fields, status) in cases {
            assert_eq!(check(network, "", fields).await, status, "{network} {fields:?}");
        }
        assert_eq!(check("10.0.0.0/8", "", &[]).await, 403);
    }
}
