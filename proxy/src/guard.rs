//! Who may call, and what every answer tells the browser to forbid.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    self, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN,
};
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::cors::CorsLayer;

use crate::AppState;
use crate::error::ApiError;

/// Sent with every answer. Wasm needs 'wasm-unsafe-eval', the charts inline styles and blob: images.
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'; worker-src 'self'; manifest-src 'self'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Layer: adds the security headers.
pub async fn secure(mut response: Response) -> Response {
    for (name, value) in SECURITY_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Layer: answers of the API are not stored.
pub async fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The configured origins, exactly; without any there is no CORS header at all.
pub fn cors(origins: &[HeaderValue]) -> Option<CorsLayer> {
    (!origins.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(origins.to_vec())
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([CONTENT_TYPE])
    })
}

/// Layer: refuses requests whose target is ambiguous, and pages of other origins on the API.
pub async fn check(State(state): State<Arc<AppState>>, request: Request, next: Next) -> Response {
    if let Err(error) = check_host(&request) {
        return error.into_response();
    }
    let path = request.uri().path();
    let is_api = path == "/api" || path.starts_with("/api/");
    if is_api && let Err(error) = check_origin(request.headers(), &state.allowed_origins) {
        return error.into_response();
    }
    next.run(request).await
}

/// One `Host`, and a target that does not contradict it.
fn check_host(request: &Request) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let target = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let agrees = target.is_none_or(|target| host.is_some_and(|host| host.as_bytes() == target));
    let named = host.is_some() || request.version() < Version::HTTP_11;
    if named && second.is_none() && agrees && request.method() != Method::CONNECT {
        Ok(())
    } else {
        Err(ApiError::bad_data("send one Host header and a path as the target"))
    }
}

/// The browser tells whose page asks; other clients send neither header.
fn check_origin(headers: &HeaderMap, allowed: &[HeaderValue]) -> Result<(), ApiError> {
    let cross_site = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let permitted = match headers.get(ORIGIN) {
        Some(origin) => is_own(origin, headers.get(HOST)) || allowed.contains(origin),
        None => !cross_site,
    };
    if permitted {
        return Ok(());
    }
    Err(ApiError::refused(
        StatusCode::FORBIDDEN,
        "pages of this origin may not call the API: add it to allowed_origins \
         (ODDITY_ALLOWED_ORIGINS), or let the reverse proxy keep the Host header",
    ))
}

/// Whether `origin` has the host and port that were asked. The scheme is unknown behind a TLS proxy.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    authority.zip(host).is_some_and(|((_, authority), host)| {
        host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())
    })
}

/// The reply instead of a panic.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    ApiError::internal().into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_and_allowed_origins_pass() {
        let allowed = [HeaderValue::from_static("https://ok.example")];
        let cases = [
            (None, None, true),
            (None, Some("same-origin"), true),
            (None, Some("none"), true),
            (None, Some("cross-site"), false),
            (Some("http://own:8080"), Some("same-origin"), true),
            (Some("https://own:8080"), None, true),
            (Some("https://ok.example"), Some("cross-site"), true),
            (Some("http://ok.example"), None, false),
            (Some("https://ok.example:444"), None, false),
            (Some("https://ok.example.evil"), None, false),
            (Some("http://own"), None, false),
            (Some("null"), None, false),
            (Some(""), None, false),
        ];
        for (origin, site, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static("own:8080"));
            for (name, value) in
                [(ORIGIN, origin), (HeaderName::from_static("sec-fetch-site"), site)]
            {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(check_origin(&headers, &allowed).is_ok(), expected, "{origin:?} {site:?}");
        }
    }
}
