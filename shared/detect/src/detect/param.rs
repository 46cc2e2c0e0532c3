//! Parameters of detectors: what a slider, a link and a command line need to know of them.

/// A number that the user may set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Name in URLs.
    pub id: &'static str,
    /// Name for a person.
    pub label: &'static str,
    /// What it does, in one sentence.
    pub help: &'static str,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Value until it is changed.
    pub default: f64,
    /// What the number means.
    pub kind: ParamKind,
}

/// What the number of a parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A count of samples.
    Samples,
    /// A whole count of something else.
    Count,
    /// Any number between the bounds.
    Number,
    /// One of these words, by its place.
    Choice(&'static [&'static str]),
}

/// Where a detector keeps a parameter.
pub(super) enum ParamField<'a> {
    /// A count, or the place of a choice.
    Count(&'a mut usize),
    /// Any number.
    Number(&'a mut f64),
}

impl Param {
    /// A count of samples.
    pub(super) const fn samples(
        id: &'static str,
        label: &'static str,
        help: &'static str,
        bounds: (usize, usize),
        default: usize,
    ) -> Self {
        let (min, max, default) = (bounds.0 as f64, bounds.1 as f64, default as f64);
        Self { id, label, help, min, max, default, kind: ParamKind::Samples }
    }

    /// The default as a count.
    pub(super) const fn count(&self) -> usize {
        self.default as usize
    }

    /// The number that `text` writes: a number within the bounds, or one of the words of a choice.
    /// `None` for anything else.
    pub fn parse(&self, text: &str) -> Option<f64> {
        let value = match self.kind {
            ParamKind::Choice(words) => words.iter().position(|word| *word == text)? as f64,
            ParamKind::Samples | ParamKind::Count => text.parse::<u32>().ok()?.into(),
            ParamKind::Number => text.parse::<f64>().ok()?,
        };
        (self.min..=self.max).contains(&value).then_some(value)
    }

    /// The text that [`Self::parse`] reads as `value`.
    pub fn write(&self, value: f64) -> String {
        match self.kind {
            ParamKind::Choice(words) => {
                words.get(value as usize).copied().unwrap_or_default().to_owned()
            }
            _ => value.to_string(),
        }
    }

    /// What [`Self::parse`] accepts, for an error.
    pub fn accepts(&self) -> String {
        match self.kind {
            ParamKind::Choice(words) => words.join(", "),
            ParamKind::Samples | ParamKind::Count => {
                format!("a whole number from {} to {}", self.min, self.max)
            }
            ParamKind::Number => format!("a number from {} to {}", self.min, self.max),
        }
    }
}

impl ParamField<'_> {
    pub(super) fn get(self) -> f64 {
        match self {
            Self::Count(count) => *count as f64,
            Self::Number(number) => *number,
        }
    }

    /// Holds `value` to the bounds of `param`; NaN changes nothing.
    pub(super) fn set(self, param: &Param, value: f64) {
        if value.is_nan() {
            return;
        }
        let held = value.clamp(param.min, param.max);
        match self {
            Self::Count(count) => *count = libm::round(held) as usize,
            Self::Number(number) => *number = held,
        }
    }
}
