//! Bindings to Plotly.

use js_sys::{Array, Float64Array, Function, Object, Promise, Reflect};
use oddity_figure::{ChartLayout, ChartTrace};
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Plotly, js_name = react, catch)]
    fn react_js(
        target: &HtmlElement,
        data: &JsValue,
        layout: &JsValue,
        config: &JsValue,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = Plotly, js_name = purge, catch)]
    fn purge_js(target: &HtmlElement) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = Plotly, js_name = toImage, catch)]
    fn to_image_js(figure: &JsValue, options: &JsValue) -> Result<Promise, JsValue>;
}

/// Draws or updates the chart. The promise fails if Plotly finds out later that it cannot.
pub(super) fn react(
    target: &HtmlElement,
    layout: &ChartLayout,
    lines: Vec<ChartTrace>,
) -> Result<Promise, JsValue> {
    let config =
        r#"{"displayModeBar":false,"responsive":false,"doubleClick":false,"showTips":false}"#;
    react_js(target, &data(lines)?, &to_js(layout)?, &js_sys::JSON::parse(config)?)
}

/// Frees the chart that `react` made.
pub(super) fn purge(target: &HtmlElement) {
    let _ = purge_js(target);
}

/// Draws a chart off the page and returns the `data:` URL of a PNG.
pub(super) async fn to_image(
    layout: &ChartLayout,
    lines: Vec<ChartTrace>,
    width: u32,
    height: u32,
) -> Result<String, JsValue> {
    let figure = Object::new();
    Reflect::set(&figure, &"data".into(), &data(lines)?)?;
    Reflect::set(&figure, &"layout".into(), &to_js(layout)?)?;
    let options = js_sys::JSON::parse(&format!(
        r#"{{"format":"png","width":{width},"height":{height},"scale":2}}"#
    ))?;
    let url = wasm_bindgen_futures::JsFuture::from(to_image_js(&figure, &options)?).await?;
    url.as_string().ok_or_else(|| JsValue::from_str("Plotly gave no image"))
}

/// Calls `act` with the chosen range, in milliseconds since 1970, after the user dragged over the time axis. The closure
/// must live as long as the chart.
pub(super) fn on_zoom(
    target: &HtmlElement,
    act: impl Fn(f64, f64) + 'static,
) -> Result<Closure<dyn Fn(JsValue)>, JsValue> {
    let closure = Closure::<dyn Fn(JsValue)>::new(move |event: JsValue| {
        let edge = |key: &str| Reflect::get(&event, &key.into()).ok()?.as_f64();
        if let (Some(from), Some(to)) = (edge("xaxis.range[0]"), edge("xaxis.range[1]")) {
            act(from, to);
        }
    });
    let on: Function = Reflect::get(target, &"on".into())?.dyn_into()?;
    on.call2(target, &"plotly_relayout".into(), closure.as_ref())?;
    Ok(closure)
}

/// Returns an error of Plotly in words.
pub(super) fn reason(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => error.as_string().unwrap_or_else(|| "unknown error".to_owned()),
    }
}

fn to_js(layout: &ChartLayout) -> Result<JsValue, JsValue> {
    let text =
        serde_json::to_string(layout).map_err(|error| JsValue::from_str(&error.to_string()))?;
    js_sys::JSON::parse(&text)
}

fn data(lines: Vec<ChartTrace>) -> Result<JsValue, JsValue> {
    let all = Array::new();
    for line in lines {
        let trace = js_sys::JSON::parse(&line.trace.to_string())?;
        Reflect::set(&trace, &"x".into(), &Float64Array::from(line.x.as_slice()))?;
        Reflect::set(&trace, &"y".into(), &Float64Array::from(line.y.as_slice()))?;
        all.push(&trace);
    }
    Ok(all.into())
}
