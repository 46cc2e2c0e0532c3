//! Metrics of the language model.

use metrics::{Gauge, counter, describe_counter, describe_gauge, gauge};

use crate::metrics::Metrics;

const REQUESTS: &str = "oddity_llm_requests_total";
const TOKENS: &str = "oddity_llm_tokens_total";
const BUDGET: &str = "oddity_llm_budget_tokens";

/// Registers the metrics and returns the gauge of the budget.
pub(super) fn register(metrics: &Metrics) -> Gauge {
    metrics.register(|| {
        describe_counter!(
            REQUESTS,
            "Questions to the language model by outcome: how the answer ended, or the class of fault or refusal."
        );
        describe_counter!(TOKENS, "Tokens that were charged, by kind: those of questions and of answers.");
        describe_gauge!(BUDGET, "Tokens that are left of the day's budget.");
        for kind in ["prompt", "answer"] {
            counter!(TOKENS, "kind" => kind).increment(0);
        }
        gauge!(BUDGET)
    })
}

/// Counts a question by its outcome.
pub(super) fn count_outcome(metrics: &Metrics, outcome: &'static str) {
    metrics.register(|| counter!(REQUESTS, "outcome" => outcome).increment(1));
}

/// Counts charged tokens.
pub(super) fn count_tokens(metrics: &Metrics, prompt: u64, answer: u64) {
    metrics.register(|| {
        counter!(TOKENS, "kind" => "prompt").increment(prompt);
        counter!(TOKENS, "kind" => "answer").increment(answer);
    });
}
