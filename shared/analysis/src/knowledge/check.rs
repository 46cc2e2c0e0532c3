//! Requirements on a family; each violation is named, so that an author can mend it.

use super::recognise::{QuerySubject, recognise};
use super::template::validate;
use super::{CauseCheck, Family, Hypothesis, Knowledge, NamedMetadata};
use oddity_detect::series::Labels;

/// Something that is wrong with a data file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{family}{}: {problem}", .hypothesis.as_ref().map(|id| format!(", hypothesis {id}")).unwrap_or_default())]
pub struct KnowledgeError {
    /// Id of the family.
    pub family: String,
    /// Id of the hypothesis, where it is about one.
    pub hypothesis: Option<String>,
    /// Problem, and what to change.
    pub problem: String,
}

/// Minimum number of characters of an explanatory text.
const MIN_TEXT: usize = 20;

/// Finds every error of every family; none if all is well.
pub fn check(knowledge: &Knowledge) -> Vec<KnowledgeError> {
    let mut faults = Vec::new();
    let of_all = knowledge.families.iter().filter(|family| family.recognise.is_empty()).count();
    if of_all > 1 {
        faults.push(fault("all", None, "only one family may be without [recognise]"));
    }
    for (at, family) in knowledge.families.iter().enumerate() {
        if knowledge.families[..at].iter().any(|other| other.id == family.id) {
            faults.push(fault(&family.id, None, "there is another family with this id"));
        }
        check_family(family, &mut faults);
        check_examples(knowledge, family, &mut faults);
    }
    faults
}

fn fault(family: &str, hypothesis: Option<&str>, problem: impl Into<String>) -> KnowledgeError {
    KnowledgeError {
        family: family.to_owned(),
        hypothesis: hypothesis.map(str::to_owned),
        problem: problem.into(),
    }
}

fn check_family(family: &Family, faults: &mut Vec<KnowledgeError>) {
    let mut put = |problem: &str| faults.push(fault(&family.id, None, problem));
    if !is_id(&family.id) {
        put("its id, the name of its file, must be lower case letters, digits and hyphens");
    }
    if family.name.trim().is_empty() {
        put("name is empty");
    }
    if family.about.len() < MIN_TEXT {
        put("about must say in a sentence which metrics these are");
    }
    if family.hypotheses.is_empty() {
        put("it needs at least one [[hypothesis]]");
    }
    let lower = |word: &String| *word == word.to_lowercase() && !word.contains(['_', ' ', '-']);
    if !family.recognise.words.iter().all(lower) {
        put("recognise.words are single words in lower case");
    }
    if !family.recognise.labels.iter().all(|pattern| pattern.contains('=')) {
        put("recognise.labels are patterns such as job=kafka*");
    }
    if !family.recognise.is_empty()
        && (family.examples.yes.len() < 2 || family.examples.no.len() < 2)
    {
        put("examples.yes and examples.no need at least two queries each");
    }
    for (at, hypothesis) in family.hypotheses.iter().enumerate() {
        if family.hypotheses[..at].iter().any(|other| other.id == hypothesis.id) {
            let problem = "there is another hypothesis with this id";
            faults.push(fault(&family.id, Some(&hypothesis.id), problem));
        }
        for problem in problems(hypothesis) {
            faults.push(fault(&family.id, Some(&hypothesis.id), problem));
        }
    }
}

fn problems(hypothesis: &Hypothesis) -> Vec<String> {
    let mut all = Vec::new();
    let mut want = |holds: bool, problem: &str| {
        if !holds {
            all.push(problem.to_owned());
        }
    };
    let long = |text: &str| text.trim().len() >= MIN_TEXT;
    want(is_id(&hypothesis.id), "its id must be lower case letters, digits and hyphens");
    want(long(&hypothesis.cause), "cause must say in a sentence what may have happened");
    want(long(&hypothesis.because), "because must say why that would look like this");
    want(!hypothesis.source.title.trim().is_empty(), "source.title is empty");
    want(hypothesis.source.url.starts_with("https://"), "source.url must begin with https://");
    want(
        !hypothesis.kinds.is_empty() || hypothesis.direction.is_some(),
        "kinds and direction are both missing: set at least one",
    );
    want(
        hypothesis.labels.iter().all(|pattern| pattern.contains('=')),
        "labels are patterns such as mode=steal",
    );
    want(
        !hypothesis.confirm.is_empty(),
        "confirm is empty: say what one would see if this were the cause",
    );
    want(
        !hypothesis.refute.is_empty(),
        "refute is empty: say what one would see if this were not the cause",
    );
    want(!hypothesis.mitigate.is_empty(), "mitigate is empty: say what ends the harm");
    want(!hypothesis.prevent.is_empty(), "prevent is empty: say what keeps it from coming back");
    want(
        hypothesis.confirm.iter().chain(&hypothesis.refute).any(|check| check.query.is_some()),
        "no check has a query: add the next PromQL to run",
    );
    want(
        !hypothesis.signs.iter().any(|sign| hypothesis.against.contains(sign)),
        "a sign cannot speak both for and against",
    );
    let text = format!("{} {}", hypothesis.cause, hypothesis.because).to_lowercase();
    want(
        !text.contains("root cause"),
        "a hypothesis is not a root cause: say what may have happened",
    );
    for CauseCheck { see, query, expect } in
        hypothesis.confirm.iter().chain(&hypothesis.refute).chain(&hypothesis.detect)
    {
        want(see.trim().len() >= 10, "a check must say what one would see");
        want(expect.is_none() || query.is_some(), "expect says what a query shows: add the query");
        if let Some(query) = query
            && let Err(error) = validate(query)
        {
            want(false, &format!("the query {query}: {error}"));
        }
    }
    all
}

fn check_examples(knowledge: &Knowledge, family: &Family, faults: &mut Vec<KnowledgeError>) {
    let named = |query: &str| -> Vec<String> {
        let found = recognise(knowledge, &example(query));
        found.iter().filter(|found| found.points > 0).map(|found| found.family.id.clone()).collect()
    };
    for query in &family.examples.yes {
        let found = named(query);
        if !found.contains(&family.id) {
            let problem = format!("examples.yes: {query} is recognised as {found:?}");
            faults.push(fault(&family.id, None, problem));
        }
    }
    for query in &family.examples.no {
        if named(query).contains(&family.id) {
            let problem = format!("examples.no: {query} is recognised as this family");
            faults.push(fault(&family.id, None, problem));
        }
    }
}

/// Builds the subject of an example; a comment in it stands for the help text of its first metric.
fn example(query: &str) -> QuerySubject {
    let (expr, help) = query.split_once('#').unwrap_or((query, ""));
    let metric = QuerySubject::metric_names(expr).into_iter().next().unwrap_or_default();
    let metadata = NamedMetadata {
        metric: QuerySubject::described_as(&metric).to_owned(),
        help: help.trim().to_owned(),
        ..NamedMetadata::default()
    };
    QuerySubject::new(expr, &Labels::default(), &[metadata])
}

fn is_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(plain)
}
