//! What a link and a command line call the settings that every detector has, and what they accept.

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingKey {
    /// Name in links.
    pub id: &'static str,
    /// What it accepts.
    pub accepts: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
}

const NUMBER: &str = "a number of zero or more";
const COUNT: &str = "a count of samples, at most 100000";

pub(super) const K: SettingKey = SettingKey {
    id: "k",
    accepts: NUMBER,
    about: "Score from which a sample is flagged; flagged samples extend an event.",
};
pub(super) const ALERT: SettingKey = SettingKey {
    id: "alert",
    accepts: "a number above zero",
    about: "Alert score from which an event opens, for detectors that distinguish it from the score.",
};
pub(super) const MIN: SettingKey = SettingKey {
    id: "min",
    accepts: NUMBER,
    about: "Minimum deviation that counts, in the unit of the series.",
};
pub(super) const MIN_RELATIVE: SettingKey = SettingKey {
    id: "minrel",
    accepts: NUMBER,
    about: "Minimum deviation that counts, as a share of the expected value.",
};
pub(super) const FOR: SettingKey = SettingKey {
    id: "for",
    accepts: "a count of samples, at least 1",
    about: "Minimum number of flagged samples of an event.",
};
pub(super) const BRIDGE: SettingKey = SettingKey {
    id: "bridge",
    accepts: COUNT,
    about: "Merge gap: number of samples that may interrupt an event without ending it.",
};
pub(super) const HOLD_OFF: SettingKey = SettingKey {
    id: "holdoff",
    accepts: COUNT,
    about: "Cooldown: an event opens only where its score exceeds all scores of this many samples before.",
};
pub(super) const DIRECTION: SettingKey = SettingKey {
    id: "dir",
    accepts: "up, down or both",
    about: "Direction in which deviations count.",
};
pub(super) const CLEAN: SettingKey = SettingKey {
    id: "clean",
    accepts: "yes or no",
    about: "Whether flagged samples are excluded from the baseline.",
};

/// All of them.
pub const SETTING_KEYS: [SettingKey; 9] =
    [K, ALERT, MIN, MIN_RELATIVE, FOR, BRIDGE, HOLD_OFF, DIRECTION, CLEAN];

pub(super) const TIMES: &str = "two times with a slash between";
pub(super) const TIME: &str = "a time such as 2026-01-31T13:45:00Z";
pub(super) const SPAN: &str = "a duration such as 5m";
