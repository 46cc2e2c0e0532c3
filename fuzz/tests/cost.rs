//! What a query costs before it is evaluated, counted in bytes, runs of the parser and compiled patterns.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy takes the helpers of these tests for production code"
)]
#![allow(unsafe_code, reason = "an allocator that counts is one in name only without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use proxy::config::Limits;
use proxy::demo::Demo;
use proxy::demo::cost::{self, Cost};
use proxy::source::allowlist::Endpoint;
use proxy::source::params;

/// The system's allocator, which counts the bytes that this thread asks for.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: all is passed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + layout.size() as u64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that may be allocated, freed ones included, before a request has its turn.
const MAX_BYTES_BEFORE: u64 = 1 << 20;

/// Bytes that may be allocated, freed ones included, for parsing and for the place of an error.
const MAX_BYTES_PARSING: u64 = 256 << 20;

/// Returns what `work` takes: allocated bytes, freed ones included, and counted work.
fn cost_of(work: impl FnOnce()) -> (u64, Cost) {
    cost::take();
    ALLOCATED.set(0);
    work();
    (ALLOCATED.get(), cost::take())
}

/// The largest number so far, and the input that made it.
#[derive(Default)]
struct Worst(Cell<(u64, String)>);

impl Worst {
    fn note(&self, number: u64, input: &str) {
        let known = self.0.take();
        let text = || input.chars().take(100).collect();
        self.0.set(if number > known.0 { (number, text()) } else { known });
    }

    fn print(&self, what: &str) {
        let (number, input) = self.0.take();
        println!("{what}: at most {number}, by {input:?}");
    }
}

#[test]
fn no_query_costs_much_before_it_is_evaluated() {
    let words = [
        "=~",
        "!~",
        "\\\\w{200}",
        "\\\\pL",
        "(?i)",
        "{1000}",
        "(",
        ")",
        "{",
        "}",
        "[1m:1s]",
        "\"",
        "a=~\".*\",",
        "rate(",
        "up",
        " + ",
        " 1",
        "-",
        ",",
        " by (a)",
        "or",
        "#\n",
        "é",
    ];
    let limits = Limits::default();
    let (before, parsing) = (Worst::default(), Worst::default());
    let (parses, patterns) = (Worst::default(), Worst::default());
    fuzz::run("cost", &words, |expr| {
        let expr = String::from_utf8_lossy(expr);
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("query", &expr)
            .append_pair("match[]", &expr)
            .finish();
        for endpoint in [Endpoint::Query, Endpoint::Series] {
            let (bytes, cost) = cost_of(|| {
                let _ = params::check(&endpoint, [form.as_bytes(), b""], &limits);
            });
            before.note(bytes, &expr);
            assert_eq!(cost, Cost::default());
            assert!(bytes <= MAX_BYTES_BEFORE, "{bytes} bytes");
        }
        let (bytes, cost) = cost_of(|| {
            let _ = Demo::parse(&expr);
        });
        parsing.note(bytes, &expr);
        parses.note(cost.parses, &expr);
        patterns.note(cost.patterns, &expr);
        assert!(bytes <= MAX_BYTES_PARSING, "{bytes} bytes");
        assert!(cost.parses <= 66 && cost.parsed_bytes <= 66 * 4_096, "{cost:?}");
        assert!(cost.patterns <= 64, "{cost:?}");
    });
    before.print("bytes allocated before the gate");
    parsing.print("bytes allocated while parsing");
    parses.print("runs of the parser");
    patterns.print("patterns compiled");
}
