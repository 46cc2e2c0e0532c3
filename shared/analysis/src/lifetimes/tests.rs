use super::labels::mask;
use super::*;
use oddity_detect::series::METRIC_NAME;
use proptest::prelude::*;

const LEN: usize = 2_000;
const TOLERANCE: usize = 15;

/// A series: its labels as `name=value` with commas between, first and last sample.
type Sketch<'a> = (&'a str, usize, usize);

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Labels::new(pairs.chain([(METRIC_NAME.to_owned(), "m".to_owned())]))
}

fn lived(first: usize, last: usize) -> Option<Lifetime> {
    Some(Lifetime { first, last, steady_start: true, steady_end: true })
}

fn found(series: &[Sketch<'_>]) -> Lives {
    let all: Vec<Labels> = series.iter().map(|(text, ..)| labels(text)).collect();
    let lifetimes: Vec<_> = series.iter().map(|&(_, first, last)| lived(first, last)).collect();
    lives(&all.iter().collect::<Vec<_>>(), &lifetimes, TOLERANCE)
}

/// Checks ends and predecessors, one for each series.
fn check(series: &[Sketch<'_>], ends: &[LifeEnd], predecessors: &[Option<usize>]) {
    let found = found(series);
    let is: Vec<LifeEnd> = found.lives.iter().map(|life| life.end).collect();
    assert_eq!(is, ends, "{series:?}");
    let is: Vec<Option<usize>> = found.lives.iter().map(|life| life.predecessor).collect();
    assert_eq!(is, predecessors, "{series:?}");
}

use LifeEnd::{Alive, Ended, Replaced, Stopped};

const END: usize = LEN - 1;

#[test]
fn a_rollout_replaces_pods() {
    check(
        &[
            ("pod=web-7d9f8b6c4-x2k9p", 0, 1_000),
            ("pod=web-7d9f8b6c4-bqzvk", 0, 1_004),
            ("pod=web-5c4d7f9b8-9xk2d", 998, END),
            ("pod=web-5c4d7f9b8-mnprt", 1_002, END),
        ],
        &[Replaced, Replaced, Alive, Alive],
        &[None, None, Some(0), Some(0)],
    );
    // Suffixes that no rule takes for generated.
    check(
        &[("pod=shop-3f2a-0", 0, 1_000), ("pod=shop-8812-0", 1_003, END)],
        &[Replaced, Alive],
        &[None, Some(0)],
    );
    check(
        &[
            ("app=shop,replica=misty-forest", 0, 1_000),
            ("app=cart,replica=calm-river", 0, END),
            ("app=shop,replica=bold-hill", 1_003, END),
        ],
        &[Replaced, Alive, Alive],
        &[None, None, Some(0)],
    );
}

#[test]
fn a_successor_may_differ_in_a_second_label() {
    // The node was there before and goes on.
    check(
        &[
            ("pod=a-1x,node=n1", 0, 1_000),
            ("pod=b-2x,node=n2", 0, END),
            ("pod=c-3x,node=n2", 1_001, END),
        ],
        &[Replaced, Alive, Alive],
        &[None, None, Some(0)],
    );
    check(
        &[("color=blue,version=1", 0, 1_000), ("color=green,version=2", 990, END)],
        &[Replaced, Alive],
        &[None, Some(0)],
    );
    // Three labels are too many.
    check(
        &[("a=1,b=1,c=1", 0, 1_000), ("a=2,b=2,c=2", 990, END)],
        &[Stopped, Alive],
        &[None, None],
    );
}

#[test]
fn each_workload_has_its_own_successors() {
    check(
        &[
            ("pod=cart-7d9f8b6c4-x2k9p,handler=/a", 0, 1_000),
            ("pod=cart-7d9f8b6c4-x2k9p,handler=/b", 0, 1_000),
            ("pod=web-6c5d4f9b8-b2k9q,handler=/a", 0, END),
            ("pod=cart-5c4d7f9b8-9xk2d,handler=/b", 1_001, END),
            ("pod=cart-5c4d7f9b8-9xk2d,handler=/a", 1_001, END),
        ],
        &[Replaced, Replaced, Alive, Alive, Alive],
        &[None, None, None, Some(1), Some(0)],
    );
}

#[test]
fn scaling_ends_and_inherits() {
    check(
        &[
            ("pod=web-7d9f8b6c4-x2k9p", 0, END),
            ("pod=web-7d9f8b6c4-bqzvk", 0, END),
            ("pod=web-7d9f8b6c4-mnprt", 500, 900),
            ("pod=web-7d9f8b6c4-fghjk", 1_400, END),
        ],
        &[Alive, Alive, Ended, Alive],
        &[None, None, Some(0), Some(0)],
    );
    // Machines without a generated name that come and go all day.
    check(
        &[
            ("instance=10.0.0.1:9100", 0, END),
            ("instance=10.0.0.2:9100", 0, END),
            ("instance=10.0.0.3:9100", 0, END),
            ("instance=10.0.0.4:9100", 300, 700),
            ("instance=10.0.0.5:9100", 350, 800),
            ("instance=10.0.0.6:9100", 400, 900),
        ],
        &[Alive, Alive, Alive, Ended, Ended, Ended],
        &[None; 6],
    );
}

#[test]
fn a_failure_is_no_end() {
    // One of a fixed set of machines.
    check(
        &[
            ("instance=db1:9100", 0, END),
            ("instance=db2:9100", 0, 1_000),
            ("instance=db3:9100", 0, END),
        ],
        &[Alive, Stopped, Alive],
        &[None; 3],
    );
    // A job as a whole, and most of a deployment.
    check(
        &[
            ("pod=web-7d9f8b6c4-x2k9p", 0, 1_000),
            ("pod=web-7d9f8b6c4-bqzvk", 0, 1_000),
            ("pod=cart-5c4d7f9b8-9xk2d", 0, END),
        ],
        &[Stopped, Stopped, Alive],
        &[None; 3],
    );
    check(
        &[
            ("pod=web-7d9f8b6c4-x2k9p", 0, 1_000),
            ("pod=web-7d9f8b6c4-bqzvk", 0, 1_000),
            ("pod=web-7d9f8b6c4-mnprt", 0, 1_000),
            ("pod=web-7d9f8b6c4-fghjk", 0, END),
        ],
        &[Stopped, Stopped, Stopped, Alive],
        &[None; 4],
    );
    // Pods that come back too late to be a rollout; they still inherit.
    check(
        &[("pod=web-7d9f8b6c4-x2k9p", 0, 1_000), ("pod=web-5c4d7f9b8-9xk2d", 1_060, END)],
        &[Stopped, Alive],
        &[None, Some(0)],
    );
    // Everything.
    check(&[("a=1", 0, 1_000), ("a=2", 0, 1_000)], &[Alive, Alive], &[None; 2]);
}

#[test]
fn pods_of_a_job_that_runs_each_hour_end() {
    let names = ["x2k9p", "9xk2d", "b2k9q", "c3m8t", "d4n7v"];
    let texts: Vec<String> =
        names.iter().map(|name| format!("pod=backup-{name},job=backup")).collect();
    let series: Vec<Sketch<'_>> =
        texts.iter().enumerate().map(|(at, text)| (text.as_str(), at * 60, at * 60 + 12)).collect();
    let series = [&series[..], &[("pod=web-f5h6j,job=web", 0, END)]].concat();
    let found = found(&series);
    let ends: Vec<LifeEnd> = found.lives.iter().map(|life| life.end).collect();
    // Two ends without a successor are needed to know that it is usual.
    assert_eq!(ends, [Stopped, Stopped, Ended, Ended, Ended, Alive]);
}

#[test]
fn series_that_come_and_go_all_the_time_do_not_replace_others() {
    let all = [labels("code=404"), labels("code=500"), labels("code=200")];
    let seldom = Lifetime { first: 100, last: 1_000, steady_start: false, steady_end: false };
    let lifetimes =
        [Some(seldom), Some(Lifetime { first: 1_001, last: END, ..seldom }), lived(0, END)];
    let found = lives(&all.iter().collect::<Vec<_>>(), &lifetimes, TOLERANCE);
    assert_eq!(found.lives[0].end, Stopped);
    assert_eq!(found.lives[1].predecessor, None);
}

#[test]
fn the_label_that_was_replaced_is_named() {
    let name = |series: &[Sketch<'_>]| found(series).replaced_label;
    assert_eq!(name(&[("pod=a", 0, END), ("pod=b", 0, END)]), None);
    assert_eq!(
        name(&[
            ("pod=web-x2k9p,node=n1", 0, 1_000),
            ("pod=web-b2k9q,node=n2", 0, END),
            ("pod=web-9xk2d,node=n2", 1_001, END),
        ]),
        Some("pod".to_owned())
    );
}

#[test]
fn generated_parts_are_masked() {
    let check = |value: &str, masked: &str| assert_eq!(mask(value), masked);
    check("web-7d9f8b6c4-x2k9p", "web-*-*");
    check("web-7d9f8b6c4-bqzvk", "web-*-*");
    check("web-0", "web-0");
    check("server12", "server12");
    check("10.0.0.12:9100", "10.0.0.12:9100");
    check("550e8400-e29b-41d4-a716-446655440000", "*");
    check("us-east1", "us-east1");
    check("i-0abc12345def67890", "i-*");
    check("", "");
}

#[test]
fn the_past_of_a_predecessor() {
    let gap = f64::NAN;
    let check = |own: &[f64], predecessor: &[f64], birth, edge, expected: &[f64]| {
        let is = with_inherited_past(own, predecessor, birth, edge);
        assert_eq!(format!("{is:?}"), format!("{expected:?}"));
    };
    check(&[gap, gap, 5., 6.], &[1., 2., 3., gap], 2, 0, &[1., 2., 5., 6.]);
    check(&[gap, gap, 5., 6.], &[1., 2., gap, gap], 2, 1, &[1., gap, 5., 6.]);
    check(&[gap, gap, 5., 6.], &[1., 2., 3., 4.], 2, 3, &[1., 2., 5., 6.]);
    check(&[5., 6.], &[], 0, 3, &[5., 6.]);
    check(&[5., 6.], &[1., 2.], 7, 0, &[1., 2.]);
}

#[test]
fn thousands_of_series_take_no_pairs() {
    let texts: Vec<String> = (0..6_000)
        .map(|at| format!("pod=web-{:x}k{:x}z,node=n{},zone=z{}", at * 7_919, at, at % 50, at % 3))
        .collect();
    let series: Vec<Sketch<'_>> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let round = at / 1_000;
            (text.as_str(), round * 300 + at % 7, (round + 1) * 300 + at % 5)
        })
        .collect();
    let found = found(&series);
    let inherits = found.lives.iter().filter(|life| life.predecessor.is_some()).count();
    assert_eq!(inherits, 5_000);
}

fn arbitrary_series() -> impl Strategy<Value = Vec<(String, usize, usize)>> {
    let word = prop_oneof![
        Just("web-7d9f8b6c4-x2k9p"),
        Just("web-7d9f8b6c4-bqzvk"),
        Just("web-5c4d7f9b8-9xk2d"),
        Just("cart"),
        Just("db1"),
        Just("")
    ];
    let one = (word.clone(), word, 0..400_usize, 0..400_usize)
        .prop_map(|(a, b, first, len)| (format!("a={a},b={b}"), first, first + len));
    prop::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn a_predecessor_is_older_and_lives_differ(series in arbitrary_series()) {
        let sketches: Vec<Sketch<'_>> =
            series.iter().map(|(text, first, last)| (text.as_str(), *first, *last)).collect();
        for (at, life) in found(&sketches).lives.iter().enumerate() {
            if let Some(predecessor) = life.predecessor {
                prop_assert!(life.began && predecessor != at);
                prop_assert!(series[predecessor].1 + TOLERANCE < series[at].1);
            }
        }
    }
}
