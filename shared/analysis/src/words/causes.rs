//! Caveats and reasons of candidate causes.

use super::with_article;
use oddity_detect::event::EventKind;

/// Caveat above every list of candidate causes.
pub const HYPOTHESES: &str =
    "These are hypotheses suggested by the shape of this series; none of them has been verified.";

/// Caveat above a list of candidate causes that were checked.
pub const CHECKED: &str = "These hypotheses were checked by queries on this source, in the window of the event and \
     before it. Support is no proof.";

/// Caveat where no cause has more than inconclusive confidence.
pub const INCONCLUSIVE: &str = "The evidence is inconclusive: no cause stands out.";

/// Text instead of a list without a cause.
pub const NO_MATCH: &str = "No known cause for this kind of metric matches the event.";

/// Returns how many causes are not listed: "3 more hypotheses fit less well."; `None` for none.
pub fn more(count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some("1 more hypothesis fits less well.".to_owned()),
        count => Some(format!("{count} more hypotheses fit less well.")),
    }
}

/// Returns the reason of a cause that is known for this kind of event.
pub(crate) fn fitting_kind(kind: EventKind) -> String {
    with_article(kind.name())
}

/// Returns the reason of a cause that moves values in the direction of the event but is known for other kinds.
pub(crate) fn same_direction(kind: EventKind) -> String {
    format!("same direction, although the event is {}", with_article(kind.name()))
}

/// Returns the reason of a cause that is about this metric or this value of a label.
pub(crate) fn about(name: &str) -> String {
    format!("known for {name}")
}

/// Returns the reason of a cause that is common in its family.
pub(crate) fn common(family: &str) -> String {
    format!("a common cause for {family}")
}

/// Returns the reason of a cause that is neither common nor rare in its family.
pub(crate) fn occasional(family: &str) -> String {
    format!("an occasional cause for {family}")
}

/// Returns the reason of a cause of a family that the query was recognised for.
pub(crate) fn recognised(family: &str, by: &str) -> String {
    format!("the query is about {family} ({by})")
}

/// Returns how well a cause that was not checked fits the event, and why: "low confidence (5 points), not checked; fits: a
/// spike, recovered".
pub(crate) fn unchecked(confidence: &str, points: i32, fits: &[&str], against: &[&str]) -> String {
    let against = match against {
        [] => String::new(),
        against => format!("; against it: {}", against.join(", ")),
    };
    format!(
        "{confidence} confidence ({points} points), not checked; fits: {}{against}",
        fits.join(", ")
    )
}
