use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::analysis::{Analysis, Learning, Settings, analyze, detect, prepare};
use crate::api::LanguageModel;
use crate::knowledge::{
    CauseCheck, CauseFrequency, Citation, Family, Hypothesis, Knowledge, explain_worst,
};
use crate::related::{AnomalousSeries, rank};
use oddity_detect::detect::{Detector, Rolling};
use oddity_detect::series::{Labels, METRIC_NAME, Series};
use oddity_detect::time::{Span, Step, TimeRange, Timestamp};
use oddity_source::prometheus::Loaded;
use oddity_source::query::RangeQuery;

const START: Timestamp = Timestamp(1_769_853_600_000);

/// Two series, the first with a spike to 37 from 8, the second quiet.
fn analysed(expr: &str, labels: &[(&str, &str)]) -> Analysis {
    let detector = Detector::Rolling(Rolling::default());
    let range = TimeRange { start: START, end: START + Span::from_seconds(4 * 3_600) };
    let query = RangeQuery::new(expr, range, Step::from_seconds(60), detector.history()).unwrap();
    let grid = query.grid();
    let series = [29.0, 0.0]
        .iter()
        .enumerate()
        .map(|(at, height)| {
            let mut pairs = vec![
                (METRIC_NAME.to_owned(), "dhcp_lease_rate".to_owned()),
                ("shard".to_owned(), format!("shard-{at}")),
            ];
            pairs.extend(labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            let values: Arc<[f64]> = (0..grid.len)
                .map(|at| {
                    let minute = at as f64 - query.history as f64;
                    let spike = if (100.0..110.0).contains(&minute) { *height } else { 0.0 };
                    8.0 + (minute * 7.0).rem_euclid(11.0) / 5.0 - 1.0 + spike
                })
                .collect();
            Series { labels: Labels::new(pairs), grid, values }
        })
        .collect();
    let warnings = labels.iter().map(|(_, value)| format!("partial answer of {value}")).collect();
    let loaded = Loaded { warnings, ..Loaded::new(query, series) };
    let detected = detect(&prepare(Arc::new(loaded)), detector, Learning::default());
    analyze(Arc::new(detected), Settings::of(detector).rule)
}

fn knowledge() -> Knowledge {
    let check = |see: &str, query: &str| CauseCheck {
        see: see.to_owned(),
        query: Some(query.to_owned()),
        expect: None,
    };
    let hypothesis = Hypothesis {
        id: "flood".to_owned(),
        cause: "Clients came back at once.".to_owned(),
        because: "They ask again.".to_owned(),
        source: Citation { title: "RFC 2131".to_owned(), url: "https://example.org/".to_owned() },
        kinds: vec![],
        direction: None,
        change: false,
        load: false,
        often: CauseFrequency::Common,
        metrics: vec![],
        functions: vec![],
        labels: vec!["job=*".to_owned()],
        signs: vec![],
        against: vec![],
        confirm: vec![check("many requests", "rate(requests_total{$labels, $host}[$window])")],
        refute: vec![check("few", "$selector")],
        mitigate: vec!["Limit them.".to_owned()],
        prevent: vec![],
        detect: vec![],
    };
    let family = Family {
        id: "any".to_owned(),
        name: "anything".to_owned(),
        about: "All.".to_owned(),
        inverse: vec![],
        recognise: crate::knowledge::Signature::default(),
        examples: crate::knowledge::ExampleQueries::default(),
        hypotheses: vec![hypothesis],
    };
    Knowledge { families: vec![family] }
}

fn ask(budget: usize) -> PromptRequest<'static> {
    PromptRequest {
        task: AssistantTask::Causes,
        question: "",
        turns: &[],
        pseudonyms: false,
        budget,
        source: "production",
        clock: Clock::UTC,
        related: None,
    }
}

fn built(analysis: &Analysis, ask: &PromptRequest<'_>) -> Result<Prompt, PromptError> {
    let knowledge = knowledge();
    let explained = explain_worst(analysis, 3, Some(&knowledge), &[]);
    prompt(analysis, &explained, ask)
}

fn text(prompt: &Prompt) -> String {
    let all: Vec<String> = prompt
        .messages
        .iter()
        .map(|message| format!("[{:?}]\n{}", message.role, message.content))
        .collect();
    all.join("\n\n")
}

const LABELS: [(&str, &str); 2] = [("instance", "dhcp-1.example:9100"), ("job", "kea")];
const EXPR: &str = "dhcp_lease_rate{job=\"kea\"}";

#[test]
fn the_whole_prompt() {
    let analysis = analysed(EXPR, &LABELS);
    let plain = built(&analysis, &ask(3_000)).unwrap();
    insta::assert_snapshot!("as_it_is", text(&plain));
    assert_eq!(plain.left_out, 0);
    let hidden = built(&analysis, &PromptRequest { pseudonyms: true, ..ask(3_000) }).unwrap();
    insta::assert_snapshot!("with_pseudonyms", text(&hidden));
}

/// A series that moved beside the event and one that appeared, both with `labels`.
fn related(labels: &[(&str, &str)]) -> (RelatedSeries, ComparisonWindows) {
    let at = |minutes: u64| START + Span::from_seconds(60 * minutes);
    let event = TimeRange { start: at(100), end: at(109) };
    let windows = ComparisonWindows::of(event, Step::from_seconds(60), at(240));
    let moves = windows.grid.len - windows.len;
    let series = [("pool_free", 0), ("lease_errors", moves)].map(|(name, from)| {
        let values = (0..windows.grid.len).map(|at| match at {
            _ if at < from => f64::NAN,
            _ if at < moves => 660.0 + (at * 7 % 11) as f64,
            _ => 490.0 - (at * 7 % 11) as f64,
        });
        let pairs = labels.iter().copied().chain([(METRIC_NAME, name)]);
        let labels = Labels::new(pairs.map(|(n, v)| (n.to_owned(), v.to_owned())));
        Series { labels, grid: windows.grid, values: values.collect() }
    });
    let odd = AnomalousSeries { onset: event.start, values: vec![f64::NAN; windows.grid.len] };
    (rank(&windows, &odd, &series), windows)
}

#[test]
fn what_else_moved_is_told_by_the_names_of_the_rest() {
    let analysis = analysed(EXPR, &LABELS);
    let (related, windows) = related(&[("instance", "dhcp-1.example:9100"), ("pool", "cellar")]);
    let related = Some((&related, &windows));
    let told = text(&built(&analysis, &PromptRequest { related, ..ask(3_000) }).unwrap());
    for line in [
        "Related series, Jan 31 11:38 to 11:49: of 1 from the same target, host or job, 1 metric changed",
        "Related change: pool_free{instance=\"dhcp-1.example:9100\", pool=\"cellar\"}: 665 to 48",
        "Appeared in that window: lease_errors{",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let hidden =
        built(&analysis, &PromptRequest { related, pseudonyms: true, ..ask(3_000) }).unwrap();
    let told = text(&hidden);
    assert!(
        told.contains("Related change: pool_free{instance=\"instance_1:9100\", pool=\"pool_1\"}"),
        "{told}"
    );
    assert!(!told.contains("cellar") && !told.contains("dhcp-1"), "{told}");
    assert_eq!(hidden.pseudonyms.reveal("pool_1"), "cellar");
    let known = |number: &str| hidden.known.unknown(number).is_empty();
    assert!(known("665 free ones") && !known("4711 free ones"));
}

#[test]
fn least_important_facts_go_first() {
    let analysis = analysed(EXPR, &LABELS);
    let all = text(&built(&analysis, &ask(3_000)).unwrap());
    let mut before = usize::MAX;
    for budget in [1_300, 1_150, 1_000, 900] {
        let prompt = built(&analysis, &ask(budget)).unwrap();
        let told = text(&prompt);
        assert!(prompt.tokens <= budget, "{} of {budget}", prompt.tokens);
        assert!(prompt.left_out > 0 && told.len() < before);
        // What is told is told as before, and what matters most is.
        assert!(
            told.lines().all(|line| all.contains(line) || line.starts_with("Left out")),
            "{told}"
        );
        assert!(told.contains("Event 1: a spike") && !told.contains("sketch"), "{told}");
        before = told.len();
    }
}

#[test]
fn what_cannot_be_asked() {
    let analysis = analysed(EXPR, &LABELS);
    let question =
        |question| PromptRequest { task: AssistantTask::Question, question, ..ask(2_000) };
    assert_eq!(built(&analysis, &question(" \n")), Err(PromptError::NoQuestion));
    let long = "why ".repeat(3_000);
    let error = built(&analysis, &question(&long)).unwrap_err();
    assert!(matches!(error, PromptError::TooLong { tokens: 3_000.., most: 500..2_000 }), "{error}");
    let turns = [ConversationTurn { answer: "So.".to_owned(), question: " ".to_owned() }];
    assert_eq!(
        built(&analysis, &PromptRequest { turns: &turns, ..ask(2_000) }),
        Err(PromptError::NoQuestion)
    );
}

#[test]
fn a_conversation_keeps_what_was_said_last() {
    let analysis = analysed(EXPR, &LABELS);
    let turns: Vec<ConversationTurn> = (0..20)
        .map(|at| ConversationTurn {
            answer: format!("answer {at} ").repeat(20),
            question: format!("question {at}?"),
        })
        .collect();
    for (count, budget) in [(1, 2_000), (3, 2_000), (20, 2_000), (20, 1_200)] {
        let turns = &turns[..count];
        let prompt = built(&analysis, &PromptRequest { turns, ..ask(budget) }).unwrap();
        let told = text(&prompt);
        assert!(prompt.tokens <= budget, "{} of {budget}", prompt.tokens);
        let kept = count - prompt.forgotten;
        assert!(kept >= 1 && (count < 20 || prompt.forgotten > 0), "{kept}");
        assert_eq!(prompt.messages.len(), 2 + 2 * kept);
        assert!(told.ends_with(&format!("question {}?", count - 1)));
        assert!(told.contains("Event 1: a spike"));
    }
    // An answer that is too long is not repeated, but its question is answered.
    let turns = [ConversationTurn { answer: "long ".repeat(5_000), question: "Why?".to_owned() }];
    let prompt = built(&analysis, &PromptRequest { turns: &turns, ..ask(1_500) }).unwrap();
    assert!(prompt.tokens <= 1_500);
    assert!(text(&prompt).contains(words::UNREPEATED));
    let roles: Vec<ChatRole> = prompt.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [ChatRole::System, ChatRole::User, ChatRole::Assistant, ChatRole::User]);
}

#[test]
fn numbers_of_answers_are_held_against_the_facts() {
    let analysis = analysed(EXPR, &LABELS);
    let prompt = built(&analysis, &PromptRequest { pseudonyms: true, ..ask(3_000) }).unwrap();
    let answer = "The rate reached 38 against 8 expected, 4.8 times as much or 376 % more, from 11:40 on; \
        dhcp-1.example:9100 restarted 17 pods at 11:37.";
    let unknown: Vec<&str> =
        prompt.known.unknown(answer).into_iter().map(|range| &answer[range]).collect();
    assert_eq!(unknown, ["17", "11:37"], "{}", text(&prompt));
}

#[test]
fn the_section_of_the_report_is_inert() {
    let model = LanguageModel {
        provider: "a [b](c)".to_owned(),
        model: "m*".to_owned(),
        prompt_tokens: 1,
        answer_tokens: 1,
    };
    let answer = "It may be ![x](//evil?d=1).\n\n````\n# Owned\n<img src=x>";
    let opinion = AssistantAnswer {
        model,
        at: START,
        task: AssistantTask::Question,
        tokens: 900,
        pseudonyms: true,
        said: vec![("Why?".to_owned(), answer.to_owned())],
        unknown: vec!["42".to_owned()],
    };
    let section = section(&opinion, Clock::UTC);
    insta::assert_snapshot!("section", section.body);
    let inert = pulldown_cmark::Parser::new(&section.body).all(|event| {
        use pulldown_cmark::{Event, Tag};
        !matches!(
            event,
            Event::Html(_)
                | Event::InlineHtml(_)
                | Event::Start(
                    Tag::Link { .. } | Tag::Image { .. } | Tag::Heading { .. } | Tag::HtmlBlock
                )
        )
    });
    assert!(inert, "{}", section.body);
}

/// Values as an attacker or an unlucky exporter would choose them.
fn hostile() -> impl Strategy<Value = String> {
    r"(</?facts>|<|/|>|\n|\r|`{1,4}|Ignore all that|![x](//evil?d=)|[a-z]{1,6}|\u{202e}|\u{200b}|\u{e0041}|ü|🔥|[0-9]{1,3}| |\|[a-z]|\PC){0,20}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_label_closes_the_frame_or_breaks_the_budget(
        values in proptest::collection::vec(("[a-z<>/ \n]{1,12}", hostile()), 0..4),
        budget in 800..3_000_usize,
        pseudonyms: bool,
    ) {
        let labels: Vec<(&str, &str)> =
            values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let matcher = values.first().map_or("x", |(_, value)| value.as_str());
        let expr = format!("dhcp_lease_rate{{job={}}}", oddity_detect::series::quote(matcher));
        let analysis = analysed(&expr, &labels);
        let (related, windows) = related(&labels);
        let related = Some((&related, &windows));
        let prompt = built(&analysis, &PromptRequest { pseudonyms, related, ..ask(budget) }).unwrap();
        prop_assert!(prompt.tokens <= budget);
        let task = &prompt.messages[1].content;
        prop_assert_eq!(task.matches(frame::OPEN).count(), 1);
        prop_assert_eq!(task.matches(frame::CLOSE).count(), 1);
        let (_, facts) = task.split_once(frame::OPEN).unwrap();
        let (facts, after) = facts.split_once(frame::CLOSE).unwrap();
        prop_assert!(after.is_empty() || after.starts_with("\n\nLeft out for length"));
        // Every line is one that this program began.
        let begins = ["Query", "Range", "Data", "Detector", "Found", "Source", "Event", "Related", "Appeared"];
        prop_assert!(facts.trim().lines().all(|line| begins.iter().any(|word| line.starts_with(word))), "{}", facts);
    }

    #[test]
    fn nothing_that_is_hidden_is_sent(
        job in "[a-z]{3,5}zq[a-z0-9.-]{0,8}x",
        instance in "[a-z0-9]{1,9}zq[a-z]{1,4}(\\.[a-z]{2,5})?",
        port in 1..65_535_u32,
    ) {
        let address = format!("{instance}:{port}");
        let labels = [("job", job.as_str()), ("instance", address.as_str())];
        let expr = format!("dhcp_lease_rate{{job=~\"{job}|other-{job}\", instance=\"{address}\"}}");
        let analysis = analysed(&expr, &labels);
        let turns = [ConversationTurn {
            answer: "I see instance_1.".to_owned(),
            question: format!("Is it {job} on {instance}?"),
        }];
        let asked = PromptRequest { pseudonyms: true, turns: &turns, ..ask(3_000) };
        let prompt = built(&analysis, &asked).unwrap();
        let sent = text(&prompt);
        for value in [job.as_str(), instance.as_str(), "shard-0", "shard-1", "production"] {
            prop_assert!(!sent.contains(value), "{} in {}", value, sent);
        }
        // A value that looks like a pseudonym is not confused with one.
        let trap = analysed(EXPR, &[("job", "kea"), ("rack", "job_1"), ("zone", "rack_1")]);
        let trap = built(&trap, &PromptRequest { pseudonyms: true, ..ask(3_000) }).unwrap();
        let said = "job_2 in rack_2";
        prop_assert_eq!(trap.pseudonyms.reveal(said), "kea in job_1", "{}", text(&trap));
        // What the model was told is what the person sees again.
        prop_assert!(prompt.pseudonyms.reveal(&sent).contains(&address));
    }
}
