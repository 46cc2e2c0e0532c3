//! Severity: how rare the alert of an event is, as a number from 0 to 100 and as a word.

use serde::Serialize;

/// Severity in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeverityLevel {
    /// Severity below 3: odd by the threshold, but not rare in this series.
    Low,
    /// Severity from 3 to 25.
    Warning,
    /// Severity from 25 to 50.
    Minor,
    /// Severity from 50 to 75.
    Major,
    /// Severity from 75.
    Critical,
}

impl SeverityLevel {
    /// All levels, least severe first.
    pub const ALL: [Self; 5] = [Self::Low, Self::Warning, Self::Minor, Self::Major, Self::Critical];

    /// Returns the level with a name; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Returns the level of a severity of 0 to 100. Source: the cut-offs of Elastic's anomaly scores.
    pub fn of(severity: f64) -> Self {
        match severity {
            s if s >= 75.0 => Self::Critical,
            s if s >= 50.0 => Self::Major,
            s if s >= 25.0 => Self::Minor,
            s if s >= 3.0 => Self::Warning,
            _ => Self::Low,
        }
    }

    /// Returns the name for people, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Warning => "warning",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// Returns the severity, 0 to 100, of an alert that comes by chance with `probability`: 25 at 1e-4, 50 at 1e-6, 75 at
/// 1e-8, so 12.5 points for each factor of ten below 1 %.
///
/// ```
/// use oddity_detect::event::{SeverityLevel, severity};
///
/// assert_eq!(severity(1e-6), 50.0);
/// assert_eq!(SeverityLevel::of(severity(1e-6)), SeverityLevel::Major);
/// ```
pub fn severity(probability: f64) -> f64 {
    (12.5 * (-libm::log10(probability) - 2.0)).clamp(0.0, 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severity_at_the_named_probabilities() {
        for (probability, expected) in
            [(1.0, 0.0), (1e-2, 0.0), (1e-4, 25.0), (1e-6, 50.0), (1e-8, 75.0), (1e-300, 100.0)]
        {
            assert!((severity(probability) - expected).abs() < 1e-9, "{probability}");
        }
    }
}
