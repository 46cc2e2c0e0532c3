//! Values that several sections of the file contain: ids, addresses and headers.

use std::collections::BTreeMap;

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;
use url::Url;

use super::credentials::{basic, sensitive};
use super::error::ConfigError;

/// Headers that belong to the connection or are set by this server.
const RESERVED_HEADERS: [HeaderName; 9] = [
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

/// Refuses an id that cannot be a segment of a path of the API.
pub(super) fn check_id(id: &str, setting: &str) -> Result<(), ConfigError> {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=64).contains(&id.len()) && id.chars().all(letters) {
        return Ok(());
    }
    Err(ConfigError::setting(setting, "must be 1 to 64 ASCII letters, digits, - or _"))
}

/// Parses fixed headers, each marked as sensitive; `key` returns the name of the key `headers.NAME` for messages.
pub(super) fn parse_headers(
    given: &BTreeMap<String, SecretString>,
    key: impl Fn(&str) -> String,
) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let setting = key(&format!("headers.{name}"));
        let header = HeaderName::try_from(name)
            .map_err(|_| ConfigError::setting(&setting, "invalid header name"))?;
        if RESERVED_HEADERS.contains(&header) {
            return Err(ConfigError::setting(setting, "set by the server: remove it"));
        }
        headers.insert(header, sensitive(&setting, value)?);
    }
    Ok(headers)
}

/// Parses an address into its part without user and password, and the value of `Authorization` for these.
pub(super) fn parse_address(
    setting: &str,
    text: &str,
    example: &str,
) -> Result<(Url, Option<HeaderValue>), ConfigError> {
    let invalid = || {
        ConfigError::setting(setting, format!("invalid address: expected one such as {example}"))
    };
    let mut url = Url::parse(text.trim()).map_err(|_| invalid())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(invalid());
    }
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user = decode(url.username());
    let password = url.password().map(decode);
    let value = (!user.is_empty() || password.is_some())
        .then(|| basic(setting, &user, password.as_deref().unwrap_or_default()))
        .transpose()?;
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| invalid())?;
    url.set_fragment(None);
    Ok((url, value))
}
