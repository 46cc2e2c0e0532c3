//! Who may use the server: the names that it answers to, other pages, and people who sign in.

use std::net::IpAddr;
use std::path::PathBuf;

use axum::http::uri::Authority;
use axum::http::{HeaderName, HeaderValue};
use ipnet::IpNet;

use super::ConfigError;

const AUTH: &str = "auth (--auth, ODDITY_AUTH)";
const PROXIES: &str = "trusted_proxies (--trusted-proxies, ODDITY_TRUSTED_PROXIES)";

/// How people who open the page are told from others.
#[derive(Clone, Debug)]
pub enum AuthSettings {
    /// They are not: whoever reaches the server may use it.
    Open {
        /// Whether this was asked for in so many words.
        insecure: bool,
    },
    /// By name and password; the file has lines of `name:password`.
    Basic(PathBuf),
    /// By a token; the file has one a line.
    Bearer(PathBuf),
    /// By the header in which a reverse proxy names them.
    Header {
        /// The header.
        name: HeaderName,
        /// The reverse proxies that are believed.
        proxies: Vec<IpNet>,
    },
}

impl AuthSettings {
    pub(super) fn parse(
        way: Option<&str>,
        proxies: &[String],
        insecure: bool,
    ) -> Result<Self, ConfigError> {
        let proxies = proxies.iter().map(|text| parse_network(text.trim()));
        let proxies = proxies.collect::<Result<Vec<_>, _>>()?;
        let way = way.map(|way| way.trim().split_once(':').unwrap_or((way, "")));
        let access = match way {
            Some(("header", name)) => {
                let name = HeaderName::try_from(name).map_err(|_| {
                    ConfigError::setting(AUTH, "is not the name of a header after `header:`")
                })?;
                if proxies.is_empty() {
                    let problem =
                        "is empty, so that anybody could name a user: list your reverse proxy";
                    return Err(ConfigError::setting(PROXIES, problem));
                }
                return Ok(Self::Header { name, proxies });
            }
            Some(("basic", file)) if !file.is_empty() => Self::Basic(file.into()),
            Some(("bearer", file)) if !file.is_empty() => Self::Bearer(file.into()),
            Some(_) => {
                let problem = "is neither basic:FILE, bearer:FILE nor header:NAME";
                return Err(ConfigError::setting(AUTH, problem));
            }
            None => Self::Open { insecure },
        };
        if proxies.is_empty() {
            return Ok(access);
        }
        let problem =
            "has an effect only together with auth = \"header:NAME\": set that, or remove it";
        Err(ConfigError::setting(PROXIES, problem))
    }

    /// Refuses to serve everybody at `address` unless that was asked for.
    ///
    /// # Errors
    /// [`ConfigError`] says which settings there are.
    pub fn check_exposure(&self, address: IpAddr) -> Result<(), ConfigError> {
        if address.to_canonical().is_loopback() || !matches!(self, Self::Open { insecure: false }) {
            return Ok(());
        }
        let problem = format!(
            "is missing, and {address} can be reached from other machines: set basic:FILE, bearer:FILE or \
             header:NAME, listen on 127.0.0.1, or say --insecure-no-auth"
        );
        Err(ConfigError::setting(AUTH, problem))
    }
}

fn parse_network(text: &str) -> Result<IpNet, ConfigError> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| {
        let problem = format!(
            "\"{text}\" is neither an address nor a network, such as 10.0.0.2 or 10.0.0.0/8"
        );
        ConfigError::setting(PROXIES, problem)
    })
}

/// Names without a port, exactly.
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

/// Origins are compared byte by byte, so only the spelling that browsers send is accepted.
pub(super) fn parse_origins(origins: &[String]) -> Result<Vec<HeaderValue>, ConfigError> {
    let origins = origins.iter().map(|origin| origin.trim()).filter(|origin| !origin.is_empty());
    let parsed = origins.map(|origin| {
        let url = url::Url::parse(origin).ok();
        let exact = url.is_some_and(|url| url.origin().ascii_serialization() == origin);
        HeaderValue::from_str(origin).ok().filter(|_| exact).ok_or_else(|| {
            let problem = format!(
                "\"{origin}\" is not an origin: write scheme, host and port alone, such as \
                 https://grafana.example.org"
            );
            ConfigError::setting("allowed_origins (ODDITY_ALLOWED_ORIGINS)", problem)
        })
    });
    parsed.collect()
}
