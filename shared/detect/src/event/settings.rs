//! The settings of a rule, each described once: page, link and command line are generated from here.

use super::{Rule, Sides};
use crate::detect::param::ParamField;
use crate::detect::{Detector, Param, ParamKind};

/// Description of one setting of a [`Rule`].
#[derive(Clone, Copy)]
pub struct RuleSetting {
    /// Name, help text and accepted values. Its default is that of [`Rule::default`]; thresholds have another for each
    /// detector, see [`Rule::of`].
    pub param: Param,
    /// Control that a page shows for the setting.
    pub control: RuleControl,
    /// Whether few people need the setting, so that a page hides it at first.
    pub advanced: bool,
    field: fn(&mut Rule) -> ParamField<'_>,
}

/// Control that a page shows for a setting of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleControl {
    /// A slider around the detector's default threshold, shown where score and alert score have separate thresholds.
    Threshold,
    /// A text field for a number.
    Number,
    /// A text field for a share in percent.
    Percent,
    /// A slider over a number of samples, up to this many.
    Samples(usize),
    /// A choice of one of a few words.
    Choice,
}

/// Largest number of samples that a setting accepts.
const MAX_SAMPLES: f64 = 100_000.0;

const THRESHOLD: RuleSetting = RuleSetting {
    param: Param {
        id: "k",
        label: "Flag threshold",
        help: "Samples with this score or more are flagged. Flagged samples extend an event.",
        min: 0.0,
        max: f64::MAX,
        default: 4.0,
        kind: ParamKind::Number,
    },
    control: RuleControl::Threshold,
    advanced: true,
    field: |rule| ParamField::Number(&mut rule.threshold),
};

const ALERT_THRESHOLD: RuleSetting = RuleSetting {
    param: Param {
        id: "alert",
        label: "Alert threshold",
        help: "An event opens at this alert score or more. Only for detectors with a separate alert score.",
        min: f64::MIN_POSITIVE,
        max: f64::MAX,
        default: 4.0,
        kind: ParamKind::Number,
    },
    control: RuleControl::Threshold,
    advanced: true,
    field: |rule| ParamField::Number(&mut rule.alert_threshold),
};

const MIN_DEVIATION: RuleSetting = RuleSetting {
    param: Param {
        id: "min",
        label: "Minimum deviation",
        help: "Smaller deviations from the expected value are ignored. In the unit of the series.",
        min: 0.0,
        max: f64::MAX,
        default: 0.0,
        kind: ParamKind::Number,
    },
    control: RuleControl::Number,
    advanced: true,
    field: |rule| ParamField::Number(&mut rule.min_deviation),
};

const MIN_RELATIVE: RuleSetting = RuleSetting {
    param: Param {
        id: "minrel",
        label: "Minimum deviation, %",
        help: "Deviations smaller than this share of the expected value are ignored.",
        min: 0.0,
        max: f64::MAX,
        default: 0.0,
        kind: ParamKind::Number,
    },
    control: RuleControl::Percent,
    advanced: true,
    field: |rule| ParamField::Number(&mut rule.min_relative),
};

const MIN_SAMPLES: RuleSetting = RuleSetting {
    param: Param {
        id: "for",
        label: "Minimum duration",
        help: "Shorter events are ignored, like `for` in a Prometheus alerting rule.",
        min: 1.0,
        max: MAX_SAMPLES,
        default: 1.0,
        kind: ParamKind::Samples,
    },
    control: RuleControl::Samples(120),
    advanced: false,
    field: |rule| ParamField::Count(&mut rule.min_samples),
};

const MERGE_GAP: RuleSetting = RuleSetting {
    param: Param {
        id: "bridge",
        label: "Merge gap",
        help: "Events separated by up to this many normal samples become one.",
        min: 0.0,
        max: MAX_SAMPLES,
        default: 2.0,
        kind: ParamKind::Samples,
    },
    control: RuleControl::Samples(60),
    advanced: true,
    field: |rule| ParamField::Count(&mut rule.merge_gap),
};

const COOLDOWN: RuleSetting = RuleSetting {
    param: Param {
        id: "holdoff",
        label: "Cooldown",
        help: "An event opens only if its score exceeds the scores of this many samples before it.",
        min: 0.0,
        max: MAX_SAMPLES,
        default: 100.0,
        kind: ParamKind::Samples,
    },
    control: RuleControl::Samples(500),
    advanced: true,
    field: |rule| ParamField::Count(&mut rule.cooldown),
};

const SIDES: RuleSetting = RuleSetting {
    param: Param {
        default: 2.0,
        ..Param::choice("dir", "Direction", "Direction of the deviations that count.", Sides::WORDS)
    },
    control: RuleControl::Choice,
    advanced: false,
    field: |rule| ParamField::Choice(&mut rule.sides),
};

/// All settings of a rule, in the order in which they are listed. A new setting is a field of [`Rule`] and an entry
/// here.
pub const RULE_SETTINGS: &[RuleSetting] = &[
    THRESHOLD,
    ALERT_THRESHOLD,
    MIN_DEVIATION,
    MIN_RELATIVE,
    MIN_SAMPLES,
    MERGE_GAP,
    COOLDOWN,
    SIDES,
];

impl RuleSetting {
    /// Returns the value of the setting in `rule`; for a choice, the index of the word.
    pub fn get(&self, rule: &Rule) -> f64 {
        let mut copy = *rule;
        (self.field)(&mut copy).get()
    }

    /// Sets the setting alone, clamped to what it accepts; NaN changes nothing.
    pub fn set(&self, rule: &mut Rule, value: f64) {
        (self.field)(rule).set(&self.param, value);
    }

    /// Returns whether the setting makes a difference for a detector: one without alert scores has no threshold for
    /// them.
    pub fn applies_to(&self, detector: Detector) -> bool {
        self.param.id != ALERT_THRESHOLD.param.id || detector.about().alert_threshold.is_some()
    }
}

impl Rule {
    /// Returns the rule with one setting changed as a link or the command line does: a new threshold scales the alert
    /// threshold with it.
    #[must_use]
    pub fn with(mut self, setting: &RuleSetting, value: f64, detector: Detector) -> Self {
        if setting.param.id == THRESHOLD.param.id {
            return self.with_threshold(value, detector);
        }
        setting.set(&mut self, value);
        self
    }
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            threshold: THRESHOLD.param.default,
            alert_threshold: ALERT_THRESHOLD.param.default,
            sides: Sides::default(),
            min_deviation: MIN_DEVIATION.param.default,
            min_relative: MIN_RELATIVE.param.default,
            min_samples: MIN_SAMPLES.param.count(),
            merge_gap: MERGE_GAP.param.count(),
            cooldown: COOLDOWN.param.count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_keeps_its_bounds_and_reads_what_it_writes() {
        for setting in RULE_SETTINGS {
            let param = &setting.param;
            assert_eq!(setting.get(&Rule::default()), param.default, "{}", param.id);
            assert_eq!(param.parse(&param.write(param.default)), Some(param.default));
            for (value, stored) in [(param.min, param.min), (f64::INFINITY, param.max)] {
                let mut rule = Rule::default();
                setting.set(&mut rule, value);
                assert_eq!(setting.get(&rule), stored, "{}", param.id);
                setting.set(&mut rule, f64::NAN);
                assert_eq!(setting.get(&rule), stored, "{}", param.id);
            }
        }
    }

    #[test]
    fn a_threshold_takes_the_alert_threshold_along() {
        let detector = Detector::default();
        let usual = Rule::of(detector);
        let doubled = usual.with(&THRESHOLD, 2.0 * usual.threshold, detector);
        assert_eq!(doubled.alert_threshold, 2.0 * usual.alert_threshold);
        assert_eq!(usual.with(&SIDES, 1.0, detector), Rule { sides: Sides::Down, ..usual });
    }
}
