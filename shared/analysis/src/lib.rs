//! Analyses of range queries: from loaded series to events, words, causes, rules and reports. Pure functions: no I/O, no
//! clock, no threads.
//!
//! The path of an analysis is [`analysis::prepare`], [`analysis::detect`], [`analysis::analyze`]; everything else explains,
//! exports or writes down what these found. Modules stand in reading order; each knows only those above it.
//!
//! | module | what it does |
//! |---|---|
//! | [`content`] | tells series that need no detector: constants, two states, NaN |
//! | [`counter`] | tells raw counters and computes their growth |
//! | [`lifetimes`] | finds series that ended for good and those that continue them |
//! | [`incidents`] | groups events of several series that began together |
//! | [`analysis`] | runs a detector on loaded series and turns its scores into ranked events |
//! | [`separating_labels`] | ranks labels by how well they tell the series of an incident from the others |
//! | [`condition`] | finds the times at which the condition of a query holds |
//! | [`explain`] | collects the facts of an event as numbers: levels, records, recurrence, evidence for causes |
//! | [`words`] | holds every sentence that users read from this crate |
//! | [`events_csv`] | writes events as CSV |
//! | [`notes`] | collects what a person should know about the data before reading the result |
//! | [`knowledge`] | recognises what a query is about and ranks candidate causes, from `shared/knowledge/*.toml` |
//! | [`api`] | defines what the page and the server exchange beside Prometheus' API |
//! | [`related`] | finds other series that changed in the window of an event |
//! | [`checks`] | runs the queries that support or contradict the causes of an event, and judges the answers |
//! | [`rules`] | exports a detector as Prometheus rules, with a test, and compares their scores with ours |
//! | [`view_state`] | holds what the user asked, and reads and writes it as the address of the page |
//! | [`report`] | writes an analysis as Markdown |
//! | [`assistant`] | builds prompts for a language model and checks the numbers of its answers |
//! | [`findings`] | writes an analysis as JSON for programs |

pub mod content;

pub mod counter;

pub mod lifetimes;

pub mod incidents;

pub mod analysis;

pub mod separating_labels;

pub mod condition;

pub mod explain;

pub mod words;

pub mod events_csv;

pub mod notes;

pub mod knowledge;

pub mod api;

pub mod related;

pub mod checks;

pub mod rules;

pub mod view_state;

pub mod report;

pub mod assistant;

pub mod findings;

#[cfg(test)]
#[path = "../../detect/src/stats/testing.rs"]
mod testing;
