//! What the report says of the events that are planted in the demo source.

use proxy::demo::Demo;
use proxy::endpoint::{Endpoint, Params};
use serde_json::json;
use shared::analysis::{Analysis, Learning, Settings, analyze, detect, prepare};
use shared::detect::Detector;
use shared::prometheus::Stitcher;
use shared::query::RangeQuery;
use shared::time::{Span, Step, TimeRange, Timestamp};

const ANCHOR: Timestamp = Timestamp(1_768_460_400_000);

fn analysis(
    expr: &str,
    settings: Settings,
    start: Timestamp,
    end: Timestamp,
    step: u64,
) -> Analysis {
    let demo = Demo::new(ANCHOR);
    let history =
        (settings.detector.history() + settings.rule.hold_off).next_multiple_of(250).max(750);
    let range = TimeRange { start, end };
    let query = RangeQuery::new(expr, range, Step::from_seconds(step), history).unwrap();
    let mut stitcher = Stitcher::new(query.clone());
    for chunk in query.chunks() {
        let params: Params = [
            ("query", expr.to_owned()),
            ("start", chunk.start.as_seconds().to_string()),
            ("end", chunk.end.as_seconds().to_string()),
            ("step", step.to_string()),
        ]
        .map(|(k, v)| (k.to_owned(), v))
        .into();
        let data = demo.answer(&Endpoint::QueryRange, &params, end).unwrap().data;
        let body = json!({"status": "success", "data": data}).to_string();
        stitcher = stitcher.with_reply(body.as_bytes()).unwrap();
    }
    let loaded = stitcher.finish();
    analyze(
        detect(&prepare(loaded.into()), settings.detector, Learning::default()).into(),
        settings.rule,
    )
}

#[test]
fn dump() {
    let id = std::env::var("DET").unwrap_or("auto".into());
    let hours: u64 = std::env::var("HOURS").ok().map_or(24, |h| h.parse().unwrap());
    let after: u64 = std::env::var("AFTER").ok().map_or(2, |h| h.parse().unwrap());
    for example in Demo::examples() {
        let end = ANCHOR + Span::from_seconds(after * 3600);
        let start = end - Span::from_seconds(hours * 3600);
        let settings = Settings::of(Detector::by_id(&id).unwrap());
        let step = if hours > 50 { 300 } else { 60 };
        let analysis = analysis(&example.expr, settings, start, end, step);
        println!("\n{}\n   {}", example.expr, shared::words::headline(&analysis));
        for (ranked, event) in analysis.worst_events().into_iter().take(6) {
            let minutes = |t: Timestamp| (t.0 - ANCHOR.0) / 60_000;
            let unit = analysis.judged_unit(event.quantity);
            println!(
                "   {:40} {:?} onset {} began {} end {} peak {} level {:?} sev {:.0} ongoing {} rec {:?} view {:?}\n       {}",
                analysis.series(ranked).1.prepared.name,
                event.kind,
                minutes(event.onset.time),
                minutes(event.began),
                minutes(event.end),
                minutes(event.peak.time),
                event.new_level,
                event.severity,
                event.ongoing,
                event.recovered.is_some(),
                event.view,
                shared::words::reason(event, unit)
            );
        }
    }
}
