//! Keeps the credentials of this server out of error messages of an upstream that echoes the request.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use serde_json::Value;

use crate::config::ORG_ID;

/// Text in the place of a secret.
const REDACTED: &str = "[redacted]";

/// Bytes below which a part of a header is too common to be looked for.
const MIN_BYTES: usize = 6;

/// Secrets among the headers of requests, longest first.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Collects the values of sensitive headers; of credentials, also the token, and the password of a user.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut secrets = Vec::new();
        // The name of a tenant is no secret, and error messages need it.
        let all = headers.iter().filter(|(name, value)| value.is_sensitive() && *name != ORG_ID);
        for (name, value) in all {
            let Ok(text) = value.to_str() else { continue };
            secrets.push(text.to_owned());
            if name != AUTHORIZATION {
                continue;
            }
            let Some((_, token)) = text.split_once(' ') else { continue };
            secrets.push(token.to_owned());
            let pair =
                BASE64_STANDARD.decode(token).ok().and_then(|pair| String::from_utf8(pair).ok());
            secrets.extend(pair.iter().filter_map(|pair| Some(pair.split_once(':')?.1.to_owned())));
            secrets.extend(pair);
        }
        secrets.retain(|secret| secret.len() >= MIN_BYTES);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    /// Returns a JSON text without the secrets in its strings; one that holds none stays as it is. `None` for a text that
    /// cannot be parsed, such as one with a number that is too large.
    pub(super) fn redact(&self, body: Bytes) -> Option<Bytes> {
        let mut json = serde_json::from_slice::<Value>(&body).ok()?;
        if !self.redact_in(&mut json) {
            return Some(body);
        }
        serde_json::to_vec(&json).ok().map(Bytes::from)
    }

    /// Returns whether a secret was found.
    fn redact_in(&self, json: &mut Value) -> bool {
        match json {
            Value::String(text) => {
                let found = self.0.iter().any(|secret| text.contains(secret));
                for secret in self.0.iter().filter(|_| found) {
                    *text = text.replace(secret, REDACTED);
                }
                found
            }
            Value::Array(items) => {
                let mut found = false;
                for item in items {
                    found |= self.redact_in(item);
                }
                found
            }
            Value::Object(fields) => {
                let before = fields.len();
                fields.retain(|name, _| !self.0.iter().any(|secret| name.contains(secret)));
                let mut found = fields.len() < before;
                for value in fields.values_mut() {
                    found |= self.redact_in(value);
                }
                found
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn secrets_are_taken_out_of_strings() {
        let mut headers = HeaderMap::new();
        let pair = BASE64_STANDARD.encode("reader:pass\"word");
        for (name, value) in
            [("authorization", format!("Basic {pair}")), ("x-token", "0123456".to_owned())]
        {
            let mut value = HeaderValue::from_str(&value).unwrap();
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers.insert("accept", HeaderValue::from_static("application/json"));
        let secrets = Secrets::of(&headers);
        let redact = |error: &str| {
            let body = serde_json::json!({ "status": "error", "errorType": "x", "error": error });
            let body = secrets.redact(body.to_string().into()).unwrap();
            serde_json::from_slice::<Value>(&body).unwrap()["error"].as_str().unwrap().to_owned()
        };
        let cases = [
            (
                format!("Authorization: Basic {pair}, application/json"),
                "Authorization: [redacted], application/json",
            ),
            (format!("got {pair}"), "got [redacted]"),
            ("got reader:pass\"word".to_owned(), "got [redacted]"),
            ("got pass\"word and 0123456".to_owned(), "got [redacted] and [redacted]"),
            ("reader may not".to_owned(), "reader may not"),
        ];
        for (error, expected) in cases {
            assert_eq!(redact(&error), expected);
        }
        let same = Bytes::from_static(b"{ \"status\":\"error\" }");
        assert_eq!(secrets.redact(same.clone()), Some(same));
        let key = secrets.redact(Bytes::from_static(b"{\"0123456\":1,\"a\":2}"));
        assert_eq!(key, Some(Bytes::from_static(b"{\"a\":2}")));
        let large = Bytes::from_static(b"{\"error\":\"0123456\",\"data\":1e999}");
        assert_eq!(secrets.redact(large), None);
    }
}
