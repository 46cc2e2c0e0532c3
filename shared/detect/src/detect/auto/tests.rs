use super::*;
use crate::detect::{Alerts, Feature};
use crate::series::Grid;
use crate::stats::testing::Random;
use crate::time::{Step, Timestamp};

const DAY: usize = 288;

fn detect(values: &[f64], reference: &[f64]) -> Detection {
    let grid = Grid { start: Timestamp(0), step: Step::from_seconds(300), len: values.len() };
    Auto::default().detect(DetectorInput { reference, ..DetectorInput::new(values, 750, grid) })
}

fn alerts(values: &[f64]) -> Alerts {
    detect(values, values).alerts.unwrap()
}

/// Ten days of a daily season with noise.
fn season() -> Vec<f64> {
    let mut random = Random(7);
    let wave = |at: usize| libm::sin(std::f64::consts::TAU * at as f64 / DAY as f64);
    (0..10 * DAY).map(|at| 50.0 + 8.0 * wave(at) + random.normal()).collect()
}

/// Each with an event in it, which is seen in its way and not before.
fn cases() -> Vec<(&'static str, Vec<f64>, usize, Feature)> {
    const AT: usize = 2_000;
    let changed = |change: &dyn Fn(usize, f64) -> f64| -> Vec<f64> {
        let plain = season().into_iter().enumerate();
        plain.map(|(at, value)| if at < AT { value } else { change(at - AT, value) }).collect()
    };
    let brief = |odd: f64| changed(&|since, value| if since < 60 { odd } else { value });
    let spike = changed(&|since, value| if since < 2 { value + 25.0 } else { value });
    let infinite = changed(&|since, value| if since == 0 { f64::INFINITY } else { value });
    vec![
        ("spike", spike, AT, Feature::Season),
        ("level", changed(&|_, value| value + 20.0), AT, Feature::Season),
        ("slope", changed(&|since, value| value + since as f64), AT, Feature::Level),
        ("gap", brief(f64::NAN), AT, Feature::Gap),
        ("flat line", brief(51.5), AT, Feature::Flat),
        ("infinite", infinite, AT, Feature::Value),
    ]
}

#[test]
fn each_event_alerts_in_its_view() {
    let quiet = alerts(&season());
    assert!(quiet.score[750..].iter().all(|score| *score < ALERT));
    for (name, values, at, feature) in cases() {
        let found = alerts(&values);
        let first = found.score.iter().position(|score| *score >= ALERT).unwrap();
        assert!((at..at + 40).contains(&first), "{name}: {first}");
        assert_eq!(found.feature[first], feature, "{name}");
        assert!(found.probability[first] < 1e-3, "{name}: {}", found.probability[first]);
    }
}

#[test]
fn an_alert_depends_on_nothing_after_it() {
    for (name, values, at, _) in cases() {
        let all = detect(&values, &values);
        let all_alerts = all.alerts.unwrap();
        for end in [at + 1, at + 30, at + 400] {
            let past = detect(&values[..end], &values[..end]);
            let alerts = past.alerts.unwrap();
            for before in 0..end {
                let bits = |of: &[f64]| of[before].to_bits();
                assert_eq!(bits(&all.score), bits(&past.score), "{name} {before}");
                assert_eq!(bits(&all_alerts.score), bits(&alerts.score), "{name} {before}");
                assert_eq!(bits(&all_alerts.probability), bits(&alerts.probability), "{name}");
                assert_eq!(all_alerts.feature[before], alerts.feature[before], "{name} {before}");
            }
        }
    }
}

/// What must not be learnt changes nothing that comes after it, however odd it is.
#[test]
fn what_is_not_learnt_is_not_remembered() {
    let hidden = 1_500..1_520;
    let with = |odd: f64| {
        let mut values = season();
        values[hidden.clone()].fill(odd);
        let mut reference = values.clone();
        reference[hidden.clone()].fill(f64::NAN);
        // What is in a window of the judged samples is over by then.
        let found = detect(&values, &reference).alerts.unwrap();
        found.score[hidden.end + 900..].to_vec()
    };
    assert_eq!(with(500.0), with(-3e9));
}

#[test]
fn what_is_kept_changes_nothing() {
    let mut kept = DetectorCache::default();
    let bits = |found: &Detection| {
        let Alerts { score, probability, feature, .. } = found.alerts.clone().unwrap();
        let numbers = [&found.expected, &found.scale, &found.score, &score, &probability];
        let bits = |numbers: &Vec<f64>| numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        (numbers.map(bits), feature)
    };
    for (name, values, at, _) in cases() {
        let mut reference = values.clone();
        reference[at - 700..at - 600].fill(f64::NAN);
        for (reference, step) in [(&values, 300), (&values, 60), (&reference, 60)] {
            let (start, step) = (Timestamp(0), Step::from_seconds(step));
            let grid = Grid { start, step, len: values.len() };
            let input = DetectorInput { reference, ..DetectorInput::new(&values, 750, grid) };
            for lookback in [3_000, 400] {
                let auto = Auto { lookback, ..Auto::default() };
                let again = auto.detect_cached(input, &mut kept);
                assert!(bits(&again) == bits(&auto.detect(input)), "{name}, {lookback}");
            }
        }
    }
}
