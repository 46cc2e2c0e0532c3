//! The binding to the PromQL editor of `frontend/js/editor.js`.

use oddity_source::prometheus::ErrorPosition;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use crate::text;

#[wasm_bindgen]
extern "C" {
    /// Handle of a PromQL editor.
    #[derive(Clone)]
    pub type Editor;

    #[wasm_bindgen(js_namespace = OddityEditor, js_name = create)]
    fn create_js(parent: &HtmlElement, options: &JsValue) -> Editor;

    #[wasm_bindgen(method, js_name = getValue)]
    pub fn value(this: &Editor) -> String;

    #[wasm_bindgen(method, js_name = setValue)]
    pub fn set_value(this: &Editor, text: &str);

    #[wasm_bindgen(method, js_name = setApiPath)]
    pub fn set_api_path(this: &Editor, path: &str);

    #[wasm_bindgen(method, js_name = markError)]
    fn mark_error_js(this: &Editor, position: &JsValue, message: &str);

    #[wasm_bindgen(method)]
    pub fn focus(this: &Editor);

    #[wasm_bindgen(method)]
    pub fn destroy(this: &Editor);
}

impl Editor {
    /// Creates an editor inside `parent`; `run` is called with the text when the user presses Enter, `recall` when they
    /// press the arrow key up while there is no text.
    pub fn create(
        parent: &HtmlElement,
        value: &str,
        api_path: &str,
        run: &Closure<dyn Fn(String)>,
        recall: &Closure<dyn Fn()>,
    ) -> Self {
        let options = js_sys::Object::new();
        let entries = [
            ("value", value),
            ("label", "PromQL query"),
            ("placeholder", text::QUERY_PLACEHOLDER),
            ("apiPath", api_path),
        ];
        for (key, entry) in entries {
            let _ = js_sys::Reflect::set(&options, &key.into(), &entry.into());
        }
        let _ = js_sys::Reflect::set(&options, &"onRun".into(), run.as_ref());
        let _ = js_sys::Reflect::set(&options, &"onRecall".into(), recall.as_ref());
        create_js(parent, &options)
    }

    /// Underlines the position of an error; `None` removes the underline.
    pub fn mark_error(&self, position: Option<ErrorPosition>, message: &str) {
        match position {
            Some(ErrorPosition { line, column }) => {
                self.mark_error_js(&format!("{line}:{column}").into(), message);
            }
            None => self.mark_error_js(&JsValue::NULL, ""),
        }
    }
}
