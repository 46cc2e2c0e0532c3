//! The worker's part of the module: it judges series and knows nothing of the page.

use oddity_analysis::analysis::DetectionJob;
use oddity_detect::detect::CodecError;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::browser::workers::{post, received};

/// Answers the messages of the page, and returns true, if this runs in a worker.
pub fn serve() -> bool {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return false };
    let page = scope.clone();
    let answer = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let found = received(&event).map(|job| judge(&job));
        let sent = match found {
            Some(Ok(found)) => post(&found, |bytes, transferred| {
                page.post_message_with_transfer(bytes, transferred)
            }),
            Some(Err(error)) => page.post_message(&error.to_string().into()),
            None => page.post_message(&"a message without a job".into()),
        };
        if let Err(error) = sent {
            wasm_bindgen::throw_val(error);
        }
    });
    scope.set_onmessage(Some(answer.as_ref().unchecked_ref()));
    answer.forget();
    scope.post_message(&"ready".into()).is_ok()
}

fn judge(job: &[u8]) -> Result<Vec<u8>, CodecError> {
    DetectionJob::from_bytes(job)?.run(&mut Default::default()).to_bytes()
}
