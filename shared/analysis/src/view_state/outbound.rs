//! Links to the same query in other tools, with absolute times.

use serde_json::json;

use crate::api::{SourceInfo, SourceKind, form};
use oddity_detect::time::{Step, TimeRange};

/// A link to another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboundLink {
    /// Name of the tool.
    pub tool: &'static str,
    /// Absolute address.
    pub url: String,
}

/// Returns links to a query over a range of time in the tools whose addresses the source tells: the graph page of Prometheus
/// or the one of VictoriaMetrics, and Explore of Grafana.
pub fn outbound_links(
    source: &SourceInfo,
    expr: &str,
    range: TimeRange,
    step: Step,
) -> Vec<OutboundLink> {
    let own = source.external_url.as_deref().map(|base| match source.kind {
        SourceKind::VictoriaMetrics => OutboundLink {
            tool: "VictoriaMetrics",
            url: format!("{base}/vmui/#/?{}", graph(expr, range, step, true)),
        },
        _ => OutboundLink {
            tool: "Prometheus",
            url: format!("{base}/graph?{}", graph(expr, range, step, false)),
        },
    });
    let grafana = source.grafana_url.as_deref().zip(source.grafana_datasource.as_deref());
    let grafana = grafana.map(|(base, uid)| OutboundLink {
        tool: "Grafana Explore",
        url: format!("{base}/explore?{}", explore(uid, expr, range)),
    });
    own.into_iter().chain(grafana).collect()
}

/// Returns the parameters of a graph page.
fn graph(expr: &str, range: TimeRange, step: Step, is_victoria: bool) -> String {
    let end = range.end.format(0);
    let mut out = form_urlencoded::Serializer::new(String::new());
    out.append_pair("g0.expr", expr)
        .append_pair("g0.tab", "0")
        .append_pair("g0.range_input", &range.span().to_string());
    match is_victoria {
        true => out
            .append_pair("g0.end_input", &end.replace(' ', "T"))
            .append_pair("g0.step_input", &step.to_string())
            .append_pair("g0.relative_time", "none"),
        false => out
            .append_pair("g0.end_input", &end)
            .append_pair("g0.step_input", &step.span().as_seconds().to_string()),
    };
    out.finish()
}

/// Returns the parameters of Explore, as Grafana 10 and newer read them.
fn explore(uid: &str, expr: &str, range: TimeRange) -> String {
    let datasource = json!({ "type": "prometheus", "uid": uid });
    let panes = json!({
        "oddity": {
            "datasource": uid,
            "queries": [{ "refId": "A", "expr": expr, "range": true, "datasource": datasource }],
            "range": { "from": range.start.0.to_string(), "to": range.end.0.to_string() },
        },
    });
    form(&[("schemaVersion", "1".to_owned()), ("panes", panes.to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view_state::{RangeSelection, ViewState};
    use oddity_detect::time::Timestamp;

    fn source(kind: SourceKind, external: Option<&str>, grafana: Option<&str>) -> SourceInfo {
        SourceInfo {
            id: "a".to_owned(),
            name: "A".to_owned(),
            kind,
            examples: Vec::new(),
            external_url: external.map(str::to_owned),
            grafana_url: grafana.map(str::to_owned),
            grafana_datasource: grafana.map(|_| "P1".to_owned()),
        }
    }

    #[test]
    fn links_are_absolute() {
        let range =
            TimeRange { start: Timestamp(1_768_435_200_000), end: Timestamp(1_768_440_600_000) };
        let check = |source: &SourceInfo, expr: &str, expected: &[(&str, &str)]| {
            let links = outbound_links(source, expr, range, Step::from_seconds(15));
            let links: Vec<_> = links.iter().map(|link| (link.tool, link.url.as_str())).collect();
            assert_eq!(links, expected);
        };
        let external = Some("https://p.example/x");
        check(&source(SourceKind::Prometheus, None, None), "up", &[]);
        check(
            &source(SourceKind::Prometheus, external, None),
            "up{a=\"b&c\"} + 1",
            &[(
                "Prometheus",
                "https://p.example/x/graph?g0.expr=up%7Ba%3D%22b%26c%22%7D+%2B+1&g0.tab=0&g0.range_input=1h30m\
                 &g0.end_input=2026-01-15+01%3A30%3A00&g0.step_input=15",
            )],
        );
        check(
            &source(SourceKind::VictoriaMetrics, external, None),
            "up",
            &[(
                "VictoriaMetrics",
                "https://p.example/x/vmui/#/?g0.expr=up&g0.tab=0&g0.range_input=1h30m\
                 &g0.end_input=2026-01-15T01%3A30%3A00&g0.step_input=15s&g0.relative_time=none",
            )],
        );
        check(
            &source(SourceKind::Prometheus, None, Some("https://g.example")),
            "up",
            &[(
                "Grafana Explore",
                "https://g.example/explore?schemaVersion=1&panes=%7B%22oddity%22%3A%7B%22datasource%22%3A%22P1%22%2C\
                 %22queries%22%3A%5B%7B%22datasource%22%3A%7B%22type%22%3A%22prometheus%22%2C%22uid%22%3A%22P1%22%7D%2C\
                 %22expr%22%3A%22up%22%2C%22range%22%3Atrue%2C%22refId%22%3A%22A%22%7D%5D%2C%22range%22%3A%7B\
                 %22from%22%3A%221768435200000%22%2C%22to%22%3A%221768440600000%22%7D%7D%7D",
            )],
        );
    }

    #[test]
    fn links_lead_back() {
        let range =
            TimeRange { start: Timestamp(1_768_435_200_000), end: Timestamp(1_768_440_600_000) };
        let expr = "rate(a{b=~\"c|d\"}[5m]) # + %";
        let source =
            source(SourceKind::Prometheus, Some("https://p.example"), Some("https://g.example"));
        let links = outbound_links(&source, expr, range, Step::from_seconds(15));
        let views: Vec<ViewState> =
            links.iter().filter_map(|link| ViewState::from_link(&link.url)).collect();
        assert_eq!(views.len(), 2);
        assert!(views.iter().all(|view| view.expr == expr));
        assert_eq!(views[0].range, RangeSelection::Between(range));
        assert_eq!(views[0].step, Some(Step::from_seconds(15)));
    }
}
