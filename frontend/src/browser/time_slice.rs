//! Long work on the page's thread, in slices between which the browser handles input and paints.

use js_sys::Promise;
use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

/// Time after which work lets the browser do its own, in milliseconds: less than a frame.
const SLICE: f64 = 12.0;

/// A slice of work.
pub struct TimeSlice {
    /// Time at which it began.
    start: f64,
}

impl TimeSlice {
    /// Begins the first slice.
    pub fn new() -> Self {
        Self { start: now() }
    }

    /// Begins a slice that is never used up, for work that has to end in the same frame.
    pub fn endless() -> Self {
        Self { start: f64::INFINITY }
    }

    /// Pauses until the browser has handled what waits, if the slice is used up.
    pub async fn pause(&mut self) {
        if now() - self.start >= SLICE {
            next_task().await;
            self.start = now();
        }
    }
}

fn now() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

/// Waits for a task of its own. Unlike a timer, a message is not delayed in a page that is hidden.
async fn next_task() {
    let Ok(channel) = MessageChannel::new() else { return };
    let turn = Promise::new(&mut |resolve, _| channel.port1().set_onmessage(Some(&resolve)));
    if channel.port2().post_message(&wasm_bindgen::JsValue::NULL).is_ok() {
        let _ = JsFuture::from(turn).await;
    }
    channel.port1().close();
}
