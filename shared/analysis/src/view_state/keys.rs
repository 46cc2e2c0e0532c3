//! Names and accepted values of the settings in a link that belong neither to a detector nor to its rule: those are described
//! where they are defined, as `Param` and `RuleSetting`.

/// Name in links of the setting that leaves flagged samples out of the baseline.
pub const CLEAN: &str = "clean";

/// Values that [`CLEAN`] accepts.
pub const CLEAN_ACCEPTS: &str = "yes or no";

/// Effect of [`CLEAN`], in one sentence.
pub const CLEAN_HELP: &str = "Whether flagged samples are left out of the baseline.";

pub(super) const TIMES: &str = "two times with a slash between";
pub(super) const TIME: &str = "a time such as 2026-01-31T13:45:00Z";
pub(super) const SPAN: &str = "a duration such as 5m";
pub(super) const REFRESH: &str = "a duration of 5s or more, such as 30s";
