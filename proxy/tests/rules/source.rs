//! A source of samples, asked as the page asks it.

use std::net::SocketAddr;

use oddity_source::prometheus::{Loaded, Stitcher};
use oddity_source::query::RangeQuery;

/// One server.
pub(super) struct Source {
    client: reqwest::Client,
    address: SocketAddr,
}

impl Source {
    pub(super) fn new(address: SocketAddr) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { client: crate::support::client(), address }
    }

    /// All pieces of a question put together.
    pub(super) async fn ask(&self, query: &RangeQuery) -> Loaded {
        let mut stitcher = Stitcher::new(query.clone());
        for piece in query.chunks() {
            let params = [
                ("query", query.expr.clone()),
                ("start", piece.start.as_seconds().to_string()),
                ("end", piece.end.as_seconds().to_string()),
                ("step", query.step.span().as_seconds().to_string()),
                ("nocache", "1".to_owned()),
            ];
            let body = self.post("query_range", &params).await;
            stitcher = stitcher.with_reply(&body).unwrap_or_else(|error| {
                panic!("{error}\n{}\n{}", query.expr, String::from_utf8_lossy(&body))
            });
        }
        stitcher.finish()
    }

    /// The body of a reply.
    pub(super) async fn post(&self, endpoint: &str, params: &[(&str, String)]) -> Vec<u8> {
        let request = self
            .client
            .post(format!("http://{}/api/v1/{endpoint}", self.address))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(oddity_analysis::api::form(params));
        request.send().await.unwrap().bytes().await.unwrap().to_vec()
    }
}
