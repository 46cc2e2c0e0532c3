//! The endpoints of Prometheus' HTTP API that are answered; no others exist for a client.

/// A read endpoint below `/api/v1/`.
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
    /// `status/buildinfo`: kind and version of the server.
    BuildInfo,
}

/// Parameters of one request, in their order; names may repeat (`match[]`).
pub type Params = Vec<(String, String)>;
