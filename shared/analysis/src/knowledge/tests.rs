use std::ops::Range;

use super::*;
use oddity_detect::series::Labels;
use oddity_detect::time::{Step, Timestamp};

const TIMES: Range<Timestamp> = Timestamp(1_000_000)..Timestamp(2_000_000);

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn family(id: &str, signature: Signature) -> Family {
    Family {
        id: id.to_owned(),
        name: id.to_uppercase(),
        about: "What the tests are about.".to_owned(),
        inverse: vec![],
        recognise: signature,
        examples: ExampleQueries::default(),
        hypotheses: vec![hypothesis("a")],
    }
}

fn hypothesis(id: &str) -> Hypothesis {
    let check = |see: &str, query: Option<&str>| CauseCheck {
        see: see.to_owned(),
        query: query.map(str::to_owned),
        expect: None,
    };
    Hypothesis {
        id: id.to_owned(),
        cause: "Something broke somewhere.".to_owned(),
        because: "Broken things look like this.".to_owned(),
        source: Citation { title: "A book".to_owned(), url: "https://example.org/".to_owned() },
        kinds: vec![EventKind::Spike],
        direction: None,
        change: false,
        load: false,
        often: CauseFrequency::Sometimes,
        metrics: vec![],
        functions: vec![],
        labels: vec![],
        signs: vec![],
        against: vec![],
        confirm: vec![check("It is broken", Some("up{$labels(job)}"))],
        refute: vec![check("It is not broken", None)],
        mitigate: vec!["Mend it.".to_owned()],
        prevent: vec!["Build it better.".to_owned()],
        detect: vec![],
    }
}

fn some(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn queries_carry_the_labels_over() {
    let odd = labels(&[("__name__", "a_total"), ("instance", "x\"y\\z\n"), ("le", "0.5")]);
    let expr = "sum(rate(a_total{job=~\"api|web\", instance!=\"b\", code=\"500\"}[5m]))";
    let cases = [
        ("up{$labels(job, instance)}", "up{instance=\"x\\\"y\\\\z\\n\", job=~\"api|web\"}"),
        ("up{$labels(pod)}", "up"),
        ("up{a=\"b\", $labels(pod)}", "up{a=\"b\"}"),
        ("up{$labels(job), a=\"b\"}", "up{job=~\"api|web\", a=\"b\"}"),
        ("up{$labels(pod)} / on() x{$labels(pod)}", "up / on() x"),
        ("{__name__=~\"a.+\", $labels(pod)}", "{__name__=~\"a.+\"}"),
        (
            "rate($selector[$window])",
            "rate(a_total{instance=\"x\\\"y\\\\z\\n\", job=~\"api|web\", code=\"500\"}[5m])",
        ),
        ("$metric", "a_total"),
        ("${base}_bucket", "a_bucket"),
        ("topk(3, $expr)", &format!("topk(3, ({expr}))")),
        ("x @ $peak - x @ $before", "x @ 2000 - x @ 1000"),
    ];
    let scope = TemplateScope::of(expr, &odd, Step::from_seconds(60), TIMES);
    for (template, query) in cases {
        assert_eq!(scope.fill(template).as_deref(), Some(query), "{template}");
    }
    // A step of ten minutes needs a longer window, and an aggregate has no metric name of its own.
    let scope = TemplateScope::of("{job=\"a\"}", &labels(&[]), Step::from_seconds(600), TIMES);
    assert_eq!(scope.fill("rate(x[$window])").as_deref(), Some("rate(x[40m])"));
    assert_eq!(scope.fill("$metric"), None);
    assert_eq!(scope.fill("$selector"), None);
    let scope =
        TemplateScope::of("{\"a.b\", c=\"d\"}", &labels(&[]), Step::from_seconds(60), TIMES);
    assert_eq!(scope.fill("$selector").as_deref(), Some("{\"a.b\", c=\"d\"}"));
    assert_eq!(scope.fill("$metric"), None);
}

#[test]
fn families_are_recognised_by_what_weighs_most() {
    let knowledge = Knowledge {
        families: vec![
            family("any", Signature::default()),
            family("dhcp", Signature { metrics: some(&["*dhcp*"]), ..Signature::default() }),
            family(
                "http",
                Signature {
                    words: some(&["http", "requests"]),
                    labels: some(&["code=5*", "handler=*"]),
                    units: some(&["seconds"]),
                    types: some(&["counter"]),
                    functions: some(&["histogram_quantile"]),
                    not: some(&["*_internal"]),
                    ..Signature::default()
                },
            ),
        ],
    };
    let help = |metric: &str, kind: &str, help: &str| NamedMetadata {
        metric: metric.to_owned(),
        kind: kind.to_owned(),
        help: help.to_owned(),
        unit: String::new(),
    };
    let check = |expr: &str, odd: &Labels, metadata: &[NamedMetadata], expected: &str| {
        let subject = QuerySubject::new(expr, odd, metadata);
        let found = recognise(&knowledge, &subject);
        let found: Vec<String> = found
            .iter()
            .map(|found| format!("{} {} {}", found.family.id, found.points, found.by.join(", ")))
            .collect();
        assert_eq!(found.join(" | ").trim(), expected, "{expr}");
    };
    let none = labels(&[]);
    check("up", &none, &[], "any 0");
    check("rate(dhcp_x[5m])", &none, &[], "dhcp 6 the metric dhcp_x | any 0");
    check(
        "http_requests_total{code=~\"5..\"}",
        &none,
        &[help("http_requests", "counter", "Requests.")],
        "http 13 \"http\" in the name, \"requests\" in the name, the label code=5.., the type counter | any 0",
    );
    check("http_internal", &none, &[], "any 0");
    check("x", &labels(&[("handler", "/a")]), &[], "any 0");
    check("x_seconds", &none, &[], "any 0");
    check(
        "x",
        &none,
        &[help("x", "gauge", "HTTP that waits")],
        "http 2 \"http\" in the help text | any 0",
    );
    check("x", &none, &[help("y", "gauge", "HTTP that waits")], "any 0");
    check(
        "histogram_quantile(0.9, x_seconds_bucket)",
        &none,
        &[],
        "http 4 the function histogram_quantile, the unit seconds | any 0",
    );
    // The name may be known from the series alone.
    let named = labels(&[("__name__", "dhcp_x")]);
    check("{job=\"a\"}", &named, &[], "dhcp 6 the metric dhcp_x | any 0");
}

/// What an author got wrong.
type FamilyEdit = fn(&mut Family);

#[test]
fn a_check_names_what_is_missing() {
    fn faults(change: impl FnOnce(&mut Family)) -> String {
        let signature = Signature { metrics: some(&["dhcp*"]), ..Signature::default() };
        let mut family = family("dhcp", signature);
        family.examples =
            ExampleQueries { yes: some(&["dhcp_a", "dhcp_b"]), no: some(&["up", "node_load1"]) };
        change(&mut family);
        let faults = check(&Knowledge { families: vec![family] });
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }
    assert_eq!(faults(|_| {}), "");
    let cases: [(FamilyEdit, &str); 17] = [
        (|f| f.id = "DHCP".to_owned(), "DHCP: its id, the name of its file"),
        (|f| f.name.clear(), "dhcp: name is empty"),
        (|f| f.about = "Short".to_owned(), "dhcp: about must say"),
        (|f| f.hypotheses.clear(), "dhcp: it needs at least one"),
        (|f| f.hypotheses.push(hypothesis("a")), "hypothesis a: there is another"),
        (|f| f.recognise.words = some(&["Two Words"]), "single words in lower case"),
        (|f| f.recognise.labels = some(&["job"]), "patterns such as job=kafka*"),
        (|f| f.examples.yes = some(&["dhcp_a", "up"]), "examples.yes: up is recognised as []"),
        (
            |f| f.examples.no = some(&["dhcp_a", "up"]),
            "examples.no: dhcp_a is recognised as this family",
        ),
        (|f| f.examples.no.clear(), "need at least two queries each"),
        (|f| f.hypotheses[0].kinds.clear(), "kinds and direction are both missing"),
        (
            |f| f.hypotheses[0].refute[0].expect = Some(CheckExpectation::Steady),
            "expect says what a query shows: add the query",
        ),
        (|f| f.hypotheses[0].confirm.clear(), "confirm is empty"),
        (|f| f.hypotheses[0].source.url = "http://x".to_owned(), "must begin with https://"),
        (|f| f.hypotheses[0].confirm[0].query = None, "no check has a query"),
        (|f| f.hypotheses[0].confirm[0].query = Some("$labls".to_owned()), "$labls is not known"),
        (
            |f| f.hypotheses[0].cause = "This is the root cause of it.".to_owned(),
            "not a root cause",
        ),
    ];
    for (change, fault) in cases {
        let found = faults(change);
        assert!(found.contains(fault), "{fault} is not in\n{found}");
    }
    let both = |family: &mut Family| {
        family.hypotheses[0].signs = vec![EvidenceTag::Short];
        family.hypotheses[0].against = vec![EvidenceTag::Short];
    };
    assert!(faults(both).contains("both for and against"));
}

#[test]
fn metadata_of_a_source() {
    let body = br#"{"status":"success","data":{"up":[{"type":"gauge","help":"Whether it runs.","unit":""},{"type":"gauge"}]}}"#;
    let found = NamedMetadata::decode(body).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].metric.as_str(), found[0].kind.as_str()), ("up", "gauge"));
    assert_eq!(found[0].help, "Whether it runs.");
    assert!(NamedMetadata::decode(b"<html>").is_err());
    assert!(NamedMetadata::decode(br#"{"status":"error","error":"no"}"#).is_err());
}
