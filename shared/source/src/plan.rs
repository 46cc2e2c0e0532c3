//! How a question is asked: which request comes next and what its reply means, without sending anything.
//!
//! Whoever can send goes on until the plan is done:
//!
//! ```text
//! let mut plan = Plan::new(question)?;
//! let loaded = loop {
//!     plan = match plan {
//!         Plan::Ask(pending) => { let reply = send(pending.request()).await; pending.answer(reply)? }
//!         Plan::Done(loaded) => break *loaded,
//!     };
//! };
//! ```

use std::fmt::Display;
use std::ops::ControlFlow::{self, Break, Continue};

use crate::prometheus::{Loaded, ReplyError, Stitcher, decode_vector};
use crate::promql;
use crate::query::{LEAST_HISTORY, QueryError, RangeQuery, detection_step, step_warning};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};

/// So many selectors of a query are looked at for the distance of their samples.
const MOST_SELECTORS: usize = 3;

/// Windows in which samples are counted, the second where the first holds too few.
const WINDOWS: [Span; 2] = [Span::from_seconds(600), Span::from_seconds(10_800)];

/// What a person wants to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// PromQL.
    pub expr: String,
    /// What is judged.
    pub range: TimeRange,
    /// Distance of samples, `None` to choose it.
    pub step: Option<Step>,
    /// Samples before the range, at least.
    pub history: usize,
}

/// One request of Prometheus' API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Below `/api/v1/`.
    pub endpoint: &'static str,
    /// Name and value.
    pub parameters: Vec<(&'static str, String)>,
}

/// How many pieces of a range query have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Pieces that came.
    pub done: usize,
    /// Pieces in all, 0 until known.
    pub of: usize,
}

/// What is to be done.
#[derive(Debug)]
pub enum Plan {
    /// A request is to be sent.
    Ask(Box<Pending>),
    /// Everything has come.
    Done(Box<Loaded>),
}

/// A plan that waits for the reply to a request.
#[derive(Debug)]
pub struct Pending {
    /// How far apart samples are, as far as that is known.
    interval: Option<Span>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Counts samples of the last of these selectors, in the window of this place.
    Interval { question: Question, selectors: Vec<String>, window: usize },
    /// Fetches the range and the history that every question has, and then perhaps more history.
    Range { pieces: Pieces, more: bool },
    /// Fetches more history.
    Older { loaded: Loaded, pieces: Pieces },
}

/// A range query of which some pieces have come.
#[derive(Debug)]
struct Pieces {
    query: RangeQuery,
    chunks: Vec<TimeRange>,
    stitcher: Stitcher,
    done: usize,
}

impl Plan {
    /// Finds out how far apart samples are, chooses the step, fetches all pieces, and more history where that is
    /// little.
    ///
    /// # Errors
    /// As [`RangeQuery::new`].
    pub fn new(question: Question) -> Result<Self, QueryError> {
        let selectors = promql::selectors(&question.expr).into_iter().take(MOST_SELECTORS);
        let selectors = selectors.map(str::to_owned).rev().collect();
        count(question, selectors, 0, None)
    }

    /// Fetches all pieces of a query whose grid is known, and nothing else.
    pub fn of(query: RangeQuery) -> Self {
        ask(None, Stage::Range { pieces: Pieces::of(query), more: false })
    }
}

impl Pending {
    /// What to send.
    pub fn request(&self) -> Request {
        match &self.stage {
            Stage::Interval { question, selectors, window } => {
                let selector = selectors.last().map_or("", String::as_str);
                let query = format!("max(count_over_time({selector}[{}]))", WINDOWS[*window]);
                let parameters = vec![("query", query), ("time", seconds(question.range.end))];
                Request { endpoint: "query", parameters }
            }
            Stage::Range { pieces, .. } | Stage::Older { pieces, .. } => pieces.request(),
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        match &self.stage {
            Stage::Interval { .. } => Progress::default(),
            Stage::Range { pieces, .. } => Progress { done: pieces.done, of: pieces.chunks.len() },
            Stage::Older { loaded, pieces } => {
                let before = loaded.query.chunks().len();
                Progress { done: before + pieces.done, of: before + pieces.chunks.len() }
            }
        }
    }

    /// Goes on with the body of the reply. Without the distance of samples the range alone decides the step; without
    /// more history there is less to learn from, which is said.
    ///
    /// # Errors
    /// That of the reply, where the range itself did not come; one of `E` for what is wrong with the reply or the
    /// question.
    pub fn answer<E>(self, reply: Result<Vec<u8>, E>) -> Result<Plan, E>
    where
        E: From<QueryError> + From<ReplyError> + Display,
    {
        let interval = self.interval;
        match self.stage {
            Stage::Interval { question, mut selectors, window } => {
                let Some(samples) = reply.ok().and_then(|body| largest(&body)) else {
                    return Ok(count(question, Vec::new(), 0, None)?);
                };
                if samples < 2.0 && window + 1 < WINDOWS.len() {
                    return Ok(count(question, selectors, window + 1, interval)?);
                }
                selectors.pop();
                let apart = (samples >= 2.0)
                    .then(|| Span::from_millis((WINDOWS[window].millis() as f64 / samples) as u64));
                Ok(count(question, selectors, 0, interval.max(apart))?)
            }
            Stage::Range { pieces, more } => Ok(match pieces.with_reply(&reply?)? {
                Continue(pieces) => ask(interval, Stage::Range { pieces, more }),
                Break(loaded) => {
                    let older = more.then(|| loaded.query.older(loaded.series.len())).flatten();
                    match older.map(Pieces::of) {
                        Some(pieces) => ask(interval, Stage::Older { loaded, pieces }),
                        None => done(loaded, interval),
                    }
                }
            }),
            Stage::Older { loaded, pieces } => {
                Ok(match reply.and_then(|body| Ok(pieces.with_reply(&body)?)) {
                    Ok(Continue(pieces)) => ask(interval, Stage::Older { loaded, pieces }),
                    Ok(Break(older)) => done(loaded.with_older(older), interval),
                    Err(error) => done(without_older(loaded, &error), interval),
                })
            }
        }
    }
}

impl Pieces {
    fn of(query: RangeQuery) -> Self {
        let (chunks, stitcher) = (query.chunks(), Stitcher::new(query.clone()));
        Self { query, chunks, stitcher, done: 0 }
    }

    fn request(&self) -> Request {
        let range = self.chunks.get(self.done).copied();
        let TimeRange { start, end } = range.unwrap_or_else(|| self.query.grid().range());
        let parameters = vec![
            ("query", self.query.expr.clone()),
            ("start", seconds(start)),
            ("end", seconds(end)),
            ("step", self.query.step.span().as_seconds().to_string()),
        ];
        Request { endpoint: "query_range", parameters }
    }

    /// What is still missing, or all of it.
    fn with_reply(self, body: &[u8]) -> Result<ControlFlow<Loaded, Self>, ReplyError> {
        let stitcher = self.stitcher.with_reply(body)?;
        let done = self.done + 1;
        if done < self.chunks.len() {
            Ok(Continue(Self { stitcher, done, ..self }))
        } else {
            Ok(Break(stitcher.finish()))
        }
    }
}

/// Looks at the next selector, or begins with the range where there is none.
fn count(
    question: Question,
    selectors: Vec<String>,
    window: usize,
    interval: Option<Span>,
) -> Result<Plan, QueryError> {
    if !selectors.is_empty() {
        return Ok(ask(interval, Stage::Interval { question, selectors, window }));
    }
    let Question { expr, range, step, history } = question;
    let step = step.unwrap_or_else(|| detection_step(range.span(), LEAST_HISTORY, interval));
    let query = RangeQuery::new(&expr, range, step, history)?;
    Ok(ask(interval, Stage::Range { pieces: Pieces::of(query), more: true }))
}

fn ask(interval: Option<Span>, stage: Stage) -> Plan {
    Plan::Ask(Box::new(Pending { interval, stage }))
}

fn without_older(mut loaded: Loaded, error: &impl Display) -> Loaded {
    let query = &loaded.query;
    let only = query.step.times(query.history).words();
    let is = if query.history == 1 { "is" } else { "are" };
    loaded.warnings.push(format!(
        "only {only} before the range {is} learnt from, as the source gave no more: {error}"
    ));
    loaded
}

fn done(mut loaded: Loaded, interval: Option<Span>) -> Plan {
    loaded.warnings.extend(step_warning(loaded.query.step, interval));
    Plan::Done(Box::new(loaded))
}

/// The value of the one sample of a reply to `max(...)`; 0 if there is none, `None` if it cannot be read.
fn largest(body: &[u8]) -> Option<f64> {
    let reply = decode_vector(body).ok()?;
    Some(reply.samples.first().map_or(0.0, |sample| sample.value))
}

fn seconds(t: Timestamp) -> String {
    t.as_seconds().to_string()
}

#[cfg(test)]
mod tests;
