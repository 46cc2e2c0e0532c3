//! Settings of access: authentication of clients, accepted host names, and allowed origins.

use std::net::IpAddr;
use std::path::PathBuf;

use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue, header};
use ipnet::IpNet;

use super::error::ConfigError;

const AUTH: &str = "auth (--auth, ODDITY_AUTH)";
const PROXIES: &str = "trusted_proxies (--trusted-proxies, ODDITY_TRUSTED_PROXIES)";

/// Headers of any client, which name no user.
const SENT_BY_CLIENTS: [HeaderName; 10] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::HOST,
    header::ORIGIN,
    header::REFERER,
    header::USER_AGENT,
];

/// Authentication of clients.
#[derive(Clone, Debug)]
pub enum AuthSettings {
    /// No authentication: anyone who can reach the server may use it.
    Open {
        /// Whether this was requested explicitly.
        insecure: bool,
    },
    /// Basic authentication, with a file of lines `name:password`.
    Basic(PathBuf),
    /// Bearer tokens, with a file of one token a line.
    Bearer(PathBuf),
    /// Header in which a reverse proxy names the user.
    Header {
        /// Name of the header.
        name: HeaderName,
        /// Networks of the trusted reverse proxies.
        proxies: Vec<IpNet>,
    },
}

impl AuthSettings {
    pub(super) fn parse(
        method: Option<&str>,
        proxies: &[String],
        insecure: bool,
    ) -> Result<Self, ConfigError> {
        let proxies = proxies.iter().map(|text| parse_network(text.trim()));
        let proxies = proxies.collect::<Result<Vec<_>, _>>()?;
        let method = method.map(|method| method.trim().split_once(':').unwrap_or((method, "")));
        let access = match method {
            Some(("header", name)) => {
                let name = HeaderName::try_from(name).map_err(|_| {
                    ConfigError::setting(AUTH, "invalid header name after `header:`")
                })?;
                if SENT_BY_CLIENTS.contains(&name) {
                    let problem = format!(
                        "every client sends the header {name}: name the one in which the reverse proxy writes the user, such as \
                         header:X-Forwarded-User"
                    );
                    return Err(ConfigError::setting(AUTH, problem));
                }
                if proxies.is_empty() {
                    let problem = "required with auth = \"header:NAME\": list the addresses of your reverse proxy";
                    return Err(ConfigError::setting(PROXIES, problem));
                }
                return Ok(Self::Header { name, proxies });
            }
            Some(("basic", file)) if !file.is_empty() => Self::Basic(file.into()),
            Some(("bearer", file)) if !file.is_empty() => Self::Bearer(file.into()),
            Some(_) => {
                let problem = "must be basic:FILE, bearer:FILE or header:NAME";
                return Err(ConfigError::setting(AUTH, problem));
            }
            None => Self::Open { insecure },
        };
        if proxies.is_empty() {
            return Ok(access);
        }
        let problem = "only used with auth = \"header:NAME\": set that, or remove it";
        Err(ConfigError::setting(PROXIES, problem))
    }

    /// Returns whether clients have names.
    pub fn names_users(&self) -> bool {
        matches!(self, Self::Basic(_) | Self::Header { .. })
    }

    /// Refuses to serve without authentication at an `address` other than loopback, unless that was requested explicitly.
    ///
    /// # Errors
    /// [`ConfigError`] with the possible settings.
    pub fn check_exposure(&self, address: IpAddr) -> Result<(), ConfigError> {
        if address.to_canonical().is_loopback() || !matches!(self, Self::Open { insecure: false }) {
            return Ok(());
        }
        let problem = format!(
            "required, since {address} can be reached from other machines: set basic:FILE, bearer:FILE or \
             header:NAME, listen on 127.0.0.1, or use --insecure-no-auth"
        );
        Err(ConfigError::setting(AUTH, problem))
    }
}

fn parse_network(text: &str) -> Result<IpNet, ConfigError> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network: IpNet = network.map_err(|_| {
        let problem =
            format!("\"{text}\" is not an IP address or network such as 10.0.0.2 or 10.0.0.0/8");
        ConfigError::setting(PROXIES, problem)
    })?;
    if network.prefix_len() == 0 {
        let problem = format!(
            "\"{text}\" is every address, so that anybody could name a user: list the addresses of your reverse proxy"
        );
        return Err(ConfigError::setting(PROXIES, problem));
    }
    Ok(network)
}

/// Parses host names, which must not have a port.
pub(super) fn parse_hosts(hosts: &[String]) -> Result<Vec<String>, ConfigError> {
    let hosts = hosts.iter().map(|host| host.trim()).filter(|host| !host.is_empty());
    let parsed = hosts.map(|host| {
        let authority = host.parse::<Authority>().ok();
        let exact = authority.is_some_and(|authority| authority.host() == host)
            && !host.contains('*');
        exact.then(|| host.to_ascii_lowercase()).ok_or_else(|| {
            let problem = format!(
                "\"{host}\" is not a host name: write it without scheme and port, such as oddity.example.org"
            );
            ConfigError::setting("allowed_hosts (ODDITY_ALLOWED_HOSTS)", problem)
        })
    });
    parsed.collect()
}

/// Parses origins; only the spelling of browsers is accepted, since origins are compared byte by byte.
pub(super) fn parse_origins(origins: &[String]) -> Result<Vec<HeaderValue>, ConfigError> {
    let origins = origins.iter().map(|origin| origin.trim()).filter(|origin| !origin.is_empty());
    let parsed = origins.map(|origin| {
        let url = url::Url::parse(origin).ok();
        let exact = url.is_some_and(|url| url.origin().ascii_serialization() == origin);
        HeaderValue::from_str(origin).ok().filter(|_| exact).ok_or_else(|| {
            let problem = format!(
                "\"{origin}\" is not an origin: write scheme, host and port only, such as \
                 https://grafana.example.org"
            );
            ConfigError::setting("allowed_origins (ODDITY_ALLOWED_ORIGINS)", problem)
        })
    });
    parsed.collect()
}
