//! Checks that every request passes before its route, and the security headers of every response.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::header::{
    self, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, CACHE_CONTROL, CONNECTION, CONTENT_TYPE,
    HOST, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING, USER_AGENT,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use tower_http::cors::CorsLayer;
use url::{Position, Url};

use crate::config::{ConfigError, LogQueries, Settings};
use crate::error::{ApiError, RejectionReason};
use crate::http::auth::{Authenticator, User};
use crate::http::client_limit::{ClientLimiter, ClientPermit};
use crate::http::connection::Connection;
use crate::http::request_log::{RequestRecord, is_api};
use crate::metrics::{Metrics, RequestObservation};

/// Headers of every response. WebAssembly needs 'wasm-unsafe-eval', the charts need inline styles and blob: images.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; \
             base-uri 'none'; form-action 'none'; worker-src 'self'; manifest-src 'self'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Header of responses over TLS: for a year, browsers ask this host over TLS only.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the security headers, and `no-store` unless the response says how it may be cached.
fn secure(headers: &mut HeaderMap, is_tls: bool) {
    headers.reserve(SECURITY_HEADERS.len() + 2);
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, value);
    }
    if is_tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Decides which requests are let through: by host name, credentials and origin.
pub struct RequestGuard {
    authenticator: Authenticator,
    allowed_hosts: Vec<String>,
    allowed_origins: Vec<HeaderValue>,
    log_queries: LogQueries,
    is_tls: bool,
    client_limiter: Option<Arc<ClientLimiter>>,
    metrics: Arc<Metrics>,
}

impl RequestGuard {
    /// Reads the configured credentials.
    ///
    /// # Errors
    /// [`ConfigError`] if the file of credentials cannot be read or contains none.
    pub fn open(settings: &Settings, metrics: &Arc<Metrics>) -> Result<Self, ConfigError> {
        Ok(Self {
            authenticator: Authenticator::open(&settings.access)?,
            allowed_hosts: settings.allowed_hosts.clone(),
            allowed_origins: settings.allowed_origins.clone(),
            log_queries: settings.log_queries,
            is_tls: settings.tls.is_some(),
            client_limiter: ClientLimiter::new(&settings.limits),
            metrics: metrics.clone(),
        })
    }

    /// Returns the CORS layer for exactly the configured origins, or none if there are none.
    pub fn cors(&self) -> Option<CorsLayer> {
        (!self.allowed_origins.is_empty()).then(|| {
            CorsLayer::new()
                .allow_origin(self.allowed_origins.clone())
                .allow_methods([Method::GET, Method::POST])
                .allow_headers([AUTHORIZATION, CONTENT_TYPE])
        })
    }

    /// Returns whether `url` leads to this server, by the `host` of the request or an allowed name, or to an allowed origin.
    pub fn is_own_address(&self, url: &Url, host: Option<&HeaderValue>) -> bool {
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let origin = url.origin().ascii_serialization();
        host.is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority.as_bytes()))
            || self.allowed_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
            || url
                .host_str()
                .is_some_and(|name| self.allowed_hosts.iter().any(|allowed| allowed == name))
    }

    /// Refuses requests with an ambiguous target or an unknown host, without credentials, or to the API from a page of another
    /// origin, or of a client at its limits.
    #[allow(clippy::result_large_err, reason = "it is sent at once")]
    async fn check(
        &self,
        request: &mut Request,
        record: &RequestRecord,
    ) -> Result<Option<ClientPermit>, Response> {
        let client = request.extensions().get::<Arc<Connection>>();
        let client = client.ok_or_else(|| ApiError::internal().into_response())?.clone();
        if request.headers().contains_key(TRANSFER_ENCODING) {
            return Err(length_required());
        }
        check_target(request)
            .and_then(|()| check_host(request.headers(), &self.allowed_hosts, client.local))
            .map_err(ApiError::into_response)?;
        let path = request.uri().path();
        let is_api = is_api(path);
        // Browsers send preflight requests without credentials.
        let is_preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if path != HEALTH && !is_preflight {
            let user = self.authenticator.check(request.headers(), client.peer).await?;
            if let Some(user) = user {
                record.set_user(user.clone());
                request.extensions_mut().insert(user);
            }
        }
        if is_api {
            check_origin(request.headers(), &self.allowed_origins)
                .map_err(ApiError::into_response)?;
        }
        let limiter = self.client_limiter.as_ref().filter(|_| is_api && !is_preflight);
        let user = request.extensions().get::<User>();
        let permit = limiter.map(|limiter| limiter.enter(user, client.peer, Instant::now()));
        permit.transpose().map_err(ApiError::into_response)
    }
}

/// Path of the liveness probe, which needs no credentials.
pub const HEALTH: &str = "/healthz";

/// Refuses what [`RequestGuard`] does not let through, turns a panic into a response, adds the security headers, counts the
/// request and logs it; middleware around all routes.
pub async fn enforce(
    State(guard): State<Arc<RequestGuard>>,
    mut request: Request,
    next: Next,
) -> Response {
    let observed = RequestObservation::start(&guard.metrics, &request);
    let record = RequestRecord::start(&request, guard.log_queries);
    request.extensions_mut().insert(record.clone());
    let mut response = match guard.check(&mut request, &record).await {
        Ok(permit) => {
            record.set_permit(permit);
            let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
            answer.unwrap_or_else(|_| ApiError::internal().into_response())
        }
        Err(refusal) => refusal,
    };
    secure(response.headers_mut(), guard.is_tls);
    observed.end(&mut response);
    record.set_status(response.status());
    response.extensions_mut().insert(record);
    response
}

/// Refuses chunked bodies. A `Content-Length` beside `Transfer-Encoding` has been removed by now, so a proxy in front could
/// see another end of the body than this server does (request smuggling).
fn length_required() -> Response {
    let message =
        "chunked request bodies are not supported: send Content-Length and no Transfer-Encoding";
    let error = ApiError::refused(StatusCode::LENGTH_REQUIRED, RejectionReason::Length, message);
    let mut response = error.into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Refuses host names other than loopback, the address that the client reached, and the configured names. This stops DNS
/// rebinding: a page whose name was pointed at this server after it was loaded still sends its own name.
fn check_host(headers: &HeaderMap, allowed: &[String], local: IpAddr) -> Result<(), ApiError> {
    // A client of HTTP/1.0 may send none; browsers always do.
    let Some(host) = headers.get(HOST) else { return Ok(()) };
    let authority = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
    // An authority may contain a user, and anything after an address in brackets.
    let name = authority.as_ref().filter(|authority| {
        let port = authority.as_str().strip_prefix(authority.host());
        port.is_some_and(|port| {
            let digits = port.strip_prefix(':').unwrap_or(port);
            (port.is_empty() || port.len() > digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    });
    let name = name.map_or("", Authority::host).to_ascii_lowercase();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let known = match address.map(|address| address.to_canonical()) {
        Ok(address) => address.is_loopback() || address == local || allowed.contains(&name),
        Err(_) => name == "localhost" || allowed.contains(&name),
    };
    if known {
        return Ok(());
    }
    let message = "host name not allowed: add it to allowed_hosts (ODDITY_ALLOWED_HOSTS)";
    Err(ApiError::refused(StatusCode::FORBIDDEN, RejectionReason::Host, message))
}

/// Refuses a request without exactly one `Host`, or with a target that contradicts it.
fn check_target(request: &Request) -> Result<(), ApiError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    let target = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let agrees = target.is_none_or(|target| host.is_some_and(|host| host.as_bytes() == target));
    let named = host.is_some() || request.version() < Version::HTTP_11;
    if named && second.is_none() && agrees && request.method() != Method::CONNECT {
        Ok(())
    } else {
        let message = "invalid request target: send one Host header and a path as the target";
        Err(ApiError::refused(StatusCode::BAD_REQUEST, RejectionReason::Host, message))
    }
}

/// Header that the page adds to its requests, and that a page of another origin cannot.
const OWN_REQUEST: &str = "x-oddity";

/// Refuses pages of other origins. Browsers name the origin of most requests; of an image or a script they tell the site, and
/// over plain HTTP not even that, so a browser has to send [`OWN_REQUEST`] there. Other clients need none of these headers.
fn check_origin(headers: &HeaderMap, allowed: &[HeaderValue]) -> Result<(), ApiError> {
    let is_browser = || {
        let agent = headers.get(USER_AGENT);
        agent.is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
    };
    let permitted = match (headers.get(ORIGIN), headers.get("sec-fetch-site")) {
        (Some(origin), _) => is_own(origin, headers.get(HOST)) || allowed.contains(origin),
        (None, Some(site)) => site == "same-origin" || site == "none",
        (None, None) => headers.contains_key(OWN_REQUEST) || !is_browser(),
    };
    if permitted {
        return Ok(());
    }
    Err(ApiError::refused(
        StatusCode::FORBIDDEN,
        RejectionReason::Origin,
        "cross-origin request not allowed: add the origin to allowed_origins (ODDITY_ALLOWED_ORIGINS), or \
         configure the reverse proxy to keep the Host header",
    ))
}

/// Returns whether `origin` has the host and port of the request. The scheme is unknown behind a TLS proxy.
fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    authority.zip(host).is_some_and(|((_, authority), host)| {
        host.as_bytes().eq_ignore_ascii_case(authority.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_the_address_reached_and_allowed_names_pass() {
        let allowed = ["oddity.example".to_owned(), "192.168.1.5".to_owned()];
        let cases = [
            ("localhost:8080", true),
            ("LocalHost", true),
            ("127.0.0.1:8080", true),
            ("127.1.2.3", true),
            ("[::1]:8080", true),
            ("10.0.0.7:8080", true),
            ("[::ffff:10.0.0.7]", true),
            ("192.168.1.5", true),
            ("oddity.example", true),
            ("ODDITY.example:443", true),
            ("10.0.0.8", false),
            ("evil.example", false),
            ("oddity.example.evil", false),
            ("oddity.example.", false),
            ("localhost.evil", false),
            ("localhost@evil.example", false),
            ("evil.example@localhost", false),
            ("127.0.0.1.evil", false),
            ("2130706433", false),
            ("[::1]:80x", false),
            ("[::1]80", false),
            ("localhost:x", false),
            ("0.0.0.0", false),
            ("*", false),
            ("", false),
        ];
        for (host, expected) in cases {
            let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            let passes = check_host(&headers, &allowed, IpAddr::from([10, 0, 0, 7])).is_ok();
            assert_eq!(passes, expected, "{host}");
        }
    }

    #[test]
    fn only_own_and_allowed_origins_pass() {
        let allowed = [HeaderValue::from_static("https://ok.example")];
        let cases = [
            (None, None, true),
            (None, Some("same-origin"), true),
            (None, Some("none"), true),
            (None, Some("cross-site"), false),
            (None, Some("same-site"), false),
            (Some("http://own:8081"), Some("same-site"), false),
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

    #[test]
    fn a_browser_over_plain_http_has_to_send_our_header() {
        let browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let cases = [
            (Some(browser), false, false),
            (Some(browser), true, true),
            (Some("curl/8.14.1"), false, true),
            (None, false, true),
        ];
        for (agent, ours, expected) in cases {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("own:8080"))]);
            if let Some(agent) = agent {
                headers.insert(USER_AGENT, HeaderValue::from_static(agent));
            }
            if ours {
                headers.insert(OWN_REQUEST, HeaderValue::from_static("1"));
            }
            assert_eq!(check_origin(&headers, &[]).is_ok(), expected, "{agent:?} {ours}");
        }
    }
}
