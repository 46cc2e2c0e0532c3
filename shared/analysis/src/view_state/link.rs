//! Links of other tools that are pasted in place of a query.

use serde_json::Value;

use super::ViewState;

/// Parameters of Grafana's Explore that hold its queries as JSON.
const PANES: [&str; 2] = ["panes", "left"];

/// Maximum depth at which an expression is looked for in the JSON of a link.
const MAX_DEPTH: usize = 8;

pub(super) fn view(text: &str) -> Option<ViewState> {
    let text = text.trim();
    let is_link = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
        && !text.contains(char::is_whitespace);
    let (_, query) = text.split_once('?').filter(|_| is_link)?;
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    let (view, _) = ViewState::from_query(query);
    let expr = match view.expr.trim() {
        "" => form_urlencoded::parse(query.as_bytes())
            .filter(|(key, _)| PANES.contains(&key.as_ref()))
            .find_map(|(_, json)| expr(&serde_json::from_str(&json).ok()?, MAX_DEPTH))?,
        expr => expr.to_owned(),
    };
    Some(ViewState { expr, ..view })
}

/// Returns the first text of a field `expr`.
fn expr(json: &Value, levels: usize) -> Option<String> {
    let levels = levels.checked_sub(1)?;
    match json {
        Value::Object(fields) => {
            let own = fields.get("expr").and_then(Value::as_str).map(str::trim);
            (own.filter(|own| !own.is_empty()).map(str::to_owned))
                .or_else(|| fields.values().find_map(|value| expr(value, levels)))
        }
        Value::Array(items) => items.iter().find_map(|value| expr(value, levels)),
        _ => None,
    }
}
