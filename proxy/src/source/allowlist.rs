//! Allowlist of the endpoints of Prometheus' HTTP API; a request for any other path is refused with 404.

/// Allowed read endpoint below `/api/v1/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `query`: an expression at one instant.
    Query,
    /// `query_range`: an expression over a range of time.
    QueryRange,
    /// `series`: label sets that match.
    Series,
    /// `labels`: label names.
    Labels,
    /// `label/<name>/values`: values of one label.
    LabelValues(String),
    /// `metadata`: type, help and unit of metrics.
    Metadata,
    /// `rules`: recording and alerting rules.
    Rules,
    /// `alerts`: alerts that are pending or firing.
    Alerts,
    /// `status/buildinfo`: kind and version of the server.
    BuildInfo,
}

/// Parameters of a request, in their order; names may repeat (`match[]`).
pub type Params = Vec<(String, String)>;

impl Endpoint {
    /// Parses the raw path after `/api/v1/`. Nothing is decoded: a path with an escape, an empty or a relative segment is no
    /// endpoint.
    pub fn parse(path: &str) -> Option<Self> {
        match path {
            "query" => Some(Self::Query),
            "query_range" => Some(Self::QueryRange),
            "series" => Some(Self::Series),
            "labels" => Some(Self::Labels),
            "metadata" => Some(Self::Metadata),
            "rules" => Some(Self::Rules),
            "alerts" => Some(Self::Alerts),
            "status/buildinfo" => Some(Self::BuildInfo),
            _ => {
                let name = path.strip_prefix("label/")?.strip_suffix("/values")?;
                is_label_name(name).then(|| Self::LabelValues(name.to_owned()))
            }
        }
    }

    /// Returns each endpoint once, with `{name}` for the label.
    pub fn all() -> [Self; 9] {
        let values = Self::LabelValues("{name}".to_owned());
        [
            Self::Query,
            Self::QueryRange,
            Self::Series,
            Self::Labels,
            values,
            Self::Metadata,
            Self::Rules,
            Self::Alerts,
            Self::BuildInfo,
        ]
    }

    /// Returns the segments of the path below the address of a Prometheus.
    pub fn segments(&self) -> Vec<&str> {
        let last: &[&str] = match self {
            Self::Query => &["query"],
            Self::QueryRange => &["query_range"],
            Self::Series => &["series"],
            Self::Labels => &["labels"],
            Self::LabelValues(name) => &["label", name, "values"],
            Self::Metadata => &["metadata"],
            Self::Rules => &["rules"],
            Self::Alerts => &["alerts"],
            Self::BuildInfo => &["status", "buildinfo"],
        };
        [&["api", "v1"], last].concat()
    }

    /// Returns whether Prometheus accepts the parameters as a form in a `POST` too.
    pub fn accepts_post(&self) -> bool {
        matches!(self, Self::Query | Self::QueryRange | Self::Series | Self::Labels)
    }

    /// Returns the parameters that are forwarded; all others are dropped.
    pub fn parameters(&self) -> &'static [&'static str] {
        match self {
            Self::Query => &["query", "time", "timeout", "limit"],
            Self::QueryRange => &["query", "start", "end", "step", "timeout", "limit"],
            Self::Series | Self::Labels | Self::LabelValues(_) => {
                &["match[]", "start", "end", "limit"]
            }
            Self::Metadata => &["metric", "limit"],
            Self::Rules => &["exclude_alerts"],
            Self::Alerts | Self::BuildInfo => &[],
        }
    }
}

/// Returns whether `name` is a classic label name of Prometheus, or one with the colon of recorded metrics.
fn is_label_name(name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nine_endpoints_read_back_from_their_segments() {
        let paths = [
            "query",
            "query_range",
            "series",
            "labels",
            "label/__name__/values",
            "label/job:x2/values",
            "metadata",
            "rules",
            "alerts",
            "status/buildinfo",
        ];
        for path in paths {
            let endpoint = Endpoint::parse(path).expect(path);
            assert_eq!(endpoint.segments().join("/"), format!("api/v1/{path}"));
        }
    }

    #[test]
    fn nothing_else_is_an_endpoint() {
        let paths = [
            "",
            "query/",
            "/query",
            "//query",
            "Query",
            "query;x",
            "query%2f",
            "query%2f..%2f",
            "query/../admin/tsdb/delete_series",
            "../admin/tsdb/delete_series",
            "%2e%2e/admin",
            ".%2E/admin",
            "%252e%252e/admin",
            "\\..\\admin",
            "label//values",
            "label/a/b/values",
            "label/../values",
            "label/..%2f..%2fadmin%2ftsdb/values",
            "label/%61/values",
            "label/1a/values",
            "label/é/values",
            "label/a/values/",
            "label/values",
            "status/config",
            "status/flags",
            "targets",
            "rules/",
            "alerts/x",
            "alertmanagers",
            "write",
            "read",
            "admin/tsdb/snapshot",
            "-/quit",
            "federate",
            "debug/pprof/",
        ];
        for path in paths {
            assert_eq!(Endpoint::parse(path), None, "{path}");
        }
    }
}
