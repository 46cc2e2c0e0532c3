//! `/metrics`.

use std::collections::BTreeMap;

use regex::Regex;

use super::check;
use super::routes::Fixture;
use crate::support::get;

#[tokio::test]
async fn metrics_keep_names_types_and_labels() {
    let fixture = Fixture::start().await;
    fixture.ask_everything().await;
    let text = get(fixture.address(), "/metrics").await.body;
    let sample = Regex::new(r"^(\w+?)(?:\{(.*)\})? \S+$").unwrap();
    let label = Regex::new(r#"(\w+)="(?:[^"\\]|\\.)*""#).unwrap();
    let mut types = BTreeMap::new();
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(of) = line.strip_prefix("# TYPE ") {
            let (name, kind) = of.split_once(' ').unwrap();
            types.insert(name.to_owned(), kind.to_owned());
        } else if !line.starts_with('#') {
            let parts = sample.captures(line).unwrap_or_else(|| panic!("no sample: {line}"));
            let labels = parts.get(2).map_or("", |labels| labels.as_str());
            let mut keys: Vec<_> =
                label.captures_iter(labels).map(|key| key[1].to_owned()).collect();
            keys.sort();
            found.push(format!("{}{{{}}}", &parts[1], keys.join(",")));
        }
    }
    found.extend(types.iter().map(|(name, kind)| format!("{name} {kind}")));
    check("metrics.txt", found);
}
