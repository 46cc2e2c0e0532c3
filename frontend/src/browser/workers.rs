//! Web workers: the module of the page in other threads, with which it shares no memory. They answer bytes with bytes.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::lock::Mutex;
use futures_util::stream::{FuturesUnordered, StreamExt};
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// Script that starts the module in a worker.
const SCRIPT: &str = "/worker.js";

#[wasm_bindgen]
extern "C" {
    type ImportMeta;

    #[wasm_bindgen(thread_local_v2, js_namespace = import, js_name = meta)]
    static IMPORT_META: ImportMeta;

    /// Returns the address of the JavaScript that belongs to the module.
    #[wasm_bindgen(method, getter)]
    fn url(this: &ImportMeta) -> String;
}

/// Workers, one for each processor of the machine. Each starts when it is first needed.
pub struct WorkerPool(Vec<Rc<Mutex<Place>>>);

/// Place for one worker.
enum Place {
    /// No worker has been started here.
    Empty,
    /// A worker that has started.
    Taken(RunningWorker),
    /// The worker of this place failed.
    Broken,
}

/// Worker that has started. It ends when this is dropped.
struct RunningWorker(Worker);

impl WorkerPool {
    /// Creates a pool in which no worker runs yet.
    pub fn new() -> Self {
        let processors = leptos::prelude::window().navigator().hardware_concurrency() as usize;
        Self((0..processors.max(1)).map(|_| Rc::new(Mutex::new(Place::Empty))).collect())
    }

    /// Sends the messages with the indices 0 to `count - 1` to workers that are idle, and calls `answered` with each reply.
    /// `message` returns `None` when nothing more is to be sent. Messages that no worker could answer are left out.
    pub async fn run(
        &self,
        count: usize,
        message: impl Fn(usize) -> Option<Vec<u8>>,
        answered: impl Fn(usize, Vec<u8>),
    ) {
        let (next, open) = (Cell::new(0), Cell::new(count));
        let next = || {
            let index = next.replace(next.get() + 1);
            if index < count { Some((index, message(index)?)) } else { None }
        };
        let take = |(index, reply): (usize, Vec<u8>)| {
            open.set(open.get() - 1);
            answered(index, reply);
        };
        let work = async |place: &Mutex<Place>| {
            let mut place = place.lock().await;
            let Some(worker) = place.worker().await else { return };
            let (mut last, mut sent) = (None, next());
            while let Some((index, bytes)) = sent {
                let reply = worker.ask(&bytes);
                // While the worker is busy.
                if let Some(last) = last.take() {
                    take(last);
                }
                sent = next();
                match reply.await {
                    Ok(reply) => last = Some((index, reply)),
                    Err(error) => {
                        leptos::logging::error!("a worker failed: {error:?}");
                        *place = Place::Broken;
                        return;
                    }
                }
            }
            if let Some(last) = last {
                take(last);
            }
        };
        let mut working: FuturesUnordered<_> =
            self.0.iter().take(count).map(|place| work(place)).collect();
        while open.get() > 0 && working.next().await.is_some() {}
    }
}

impl Place {
    /// Returns the worker of this place, which is started if there is none; `None` if it failed.
    async fn worker(&mut self) -> Option<&RunningWorker> {
        if matches!(self, Self::Empty) {
            *self = match RunningWorker::start().await {
                Ok(worker) => Self::Taken(worker),
                Err(error) => {
                    leptos::logging::error!("a worker cannot start: {error:?}");
                    Self::Broken
                }
            };
        }
        match self {
            Self::Taken(worker) => Some(worker),
            Self::Empty | Self::Broken => None,
        }
    }
}

impl RunningWorker {
    /// Starts a worker and hands the compiled module over.
    async fn start() -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Self(Worker::new_with_options(SCRIPT, &options)?);
        let parts = Object::new();
        Reflect::set(&parts, &"script".into(), &IMPORT_META.with(ImportMeta::url).into())?;
        Reflect::set(&parts, &"module".into(), &wasm_bindgen::module())?;
        let ready = worker.reply();
        worker.0.post_message(&parts)?;
        ready.await?;
        Ok(worker)
    }

    /// Sends a message, and returns the reply. One message at a time.
    fn ask(&self, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, JsValue>> + use<> {
        let reply = self.reply();
        let sent = post(message, |bytes, transferred| {
            self.0.post_message_with_transfer(bytes, transferred)
        });
        async move {
            sent?;
            let event: MessageEvent = reply.await?.dyn_into()?;
            received(&event).ok_or_else(|| event.data())
        }
    }

    /// Returns the next message of the worker, or its error.
    fn reply(&self) -> JsFuture {
        JsFuture::from(Promise::new(&mut |resolve, reject| {
            self.0.set_onmessage(Some(&resolve));
            self.0.set_onerror(Some(&reject));
        }))
    }
}

impl Drop for RunningWorker {
    fn drop(&mut self) {
        self.0.terminate();
    }
}

/// Posts bytes by `send`, which gets them and what is transferred rather than copied.
pub fn post(
    bytes: &[u8],
    send: impl FnOnce(&JsValue, &JsValue) -> Result<(), JsValue>,
) -> Result<(), JsValue> {
    let bytes = Uint8Array::from(bytes);
    let transferred = Array::of1(&bytes.buffer());
    send(&bytes, &transferred)
}

/// Returns the bytes of a message; `None` if it holds something else.
pub fn received(event: &MessageEvent) -> Option<Vec<u8>> {
    Some(event.data().dyn_into::<Uint8Array>().ok()?.to_vec())
}
