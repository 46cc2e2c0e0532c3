//! Parameters of detectors and settings of rules: what a slider, a link and a command line need to know of them.

/// Description of a number or a choice that the user may set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Name in links and on the command line.
    pub id: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// Effect of the parameter, in one or two sentences.
    pub help: &'static str,
    /// Smallest value that is accepted.
    pub min: f64,
    /// Largest value that is accepted.
    pub max: f64,
    /// Default value.
    pub default: f64,
    /// Meaning of the number.
    pub kind: ParamKind,
}

/// Meaning of the number that a parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A number of samples.
    Samples,
    /// A whole number of anything else.
    Count,
    /// Any number between the bounds.
    Number,
    /// The index of one of these words.
    Choice(&'static [&'static str]),
}

/// Mutable access to the field in which a parameter is stored.
pub(crate) enum ParamField<'a> {
    /// A whole number.
    Count(&'a mut usize),
    /// Any number.
    Number(&'a mut f64),
    /// One of a few named values.
    Choice(&'a mut dyn NamedChoice),
}

/// An enum whose variants are offered by name, in the order of the words of [`ParamKind::Choice`].
pub(crate) trait NamedChoice {
    /// Returns the index of the present variant.
    fn index(&self) -> usize;

    /// Sets the variant with this index; an index that is too large changes nothing.
    fn choose(&mut self, index: usize);
}

/// Gives an enum without data its words and makes it a [`NamedChoice`].
macro_rules! named_choice {
    ($name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $name {
            /// Names in links, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];
        }

        impl $crate::detect::param::NamedChoice for $name {
            fn index(&self) -> usize {
                *self as usize
            }

            fn choose(&mut self, index: usize) {
                *self = [$(Self::$variant),+].get(index).copied().unwrap_or(*self);
            }
        }
    };
}
pub(crate) use named_choice;

impl Param {
    /// Describes a number of samples between `bounds`.
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

    /// Describes a choice between `words`, of which the first is the default.
    pub(crate) const fn choice(
        id: &'static str,
        label: &'static str,
        help: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        let max = (words.len() - 1) as f64;
        Self { id, label, help, min: 0.0, max, default: 0.0, kind: ParamKind::Choice(words) }
    }

    /// Returns the value that stands for a number that is not set: without a bound where there may be none, else the default.
    pub const fn unset(&self) -> f64 {
        if self.default.is_finite() && self.min.is_infinite() { self.min } else { self.default }
    }

    /// Returns the default as a whole number.
    pub(crate) const fn count(&self) -> usize {
        self.default as usize
    }

    /// Parses a number within the bounds, or one of the words of a choice; `None` for anything else.
    ///
    /// ```
    /// use oddity_detect::{Detector, Param};
    ///
    /// let rolling = Detector::by_id("rolling").unwrap();
    /// let (window, value): (&Param, f64) = rolling.params()[0];
    /// assert_eq!(value, window.default);
    /// assert_eq!(window.parse("120"), Some(120.0));
    /// assert_eq!(window.parse("1"), None);
    /// ```
    pub fn parse(&self, text: &str) -> Option<f64> {
        let value = match self.kind {
            ParamKind::Choice(words) => words.iter().position(|word| *word == text)? as f64,
            ParamKind::Samples | ParamKind::Count => text.parse::<u32>().ok()?.into(),
            ParamKind::Number => text.parse::<f64>().ok()?,
        };
        (self.min..=self.max).contains(&value).then_some(value)
    }

    /// Formats `value` as the text that [`Self::parse`] reads.
    pub fn write(&self, value: f64) -> String {
        match self.kind {
            ParamKind::Choice(words) => {
                words.get(value as usize).copied().unwrap_or_default().to_owned()
            }
            _ => value.to_string(),
        }
    }

    /// Returns what [`Self::parse`] accepts in words, for an error message: "a whole number from 5 to 2000".
    pub fn accepts(&self) -> String {
        match self.kind {
            ParamKind::Choice([rest @ .., last]) if !rest.is_empty() => {
                format!("{} or {last}", rest.join(", "))
            }
            ParamKind::Choice(words) => words.join(", "),
            ParamKind::Samples | ParamKind::Count => {
                format!("a whole number from {} to {}", self.min, self.max)
            }
            ParamKind::Number if self.max < f64::MAX => {
                format!("a number from {} to {}", self.min, self.max)
            }
            ParamKind::Number if self.min == f64::NEG_INFINITY => "a number".to_owned(),
            ParamKind::Number if self.min > 0.0 => "a number above zero".to_owned(),
            ParamKind::Number => "a number of zero or more".to_owned(),
        }
    }
}

impl ParamField<'_> {
    /// Returns the stored value as a number; of a choice its index.
    pub(crate) fn get(self) -> f64 {
        match self {
            Self::Count(count) => *count as f64,
            Self::Number(number) => *number,
            Self::Choice(choice) => choice.index() as f64,
        }
    }

    /// Stores `value`, clamped to the bounds of `param`; NaN changes nothing.
    pub(crate) fn set(self, param: &Param, value: f64) {
        if value.is_nan() {
            return;
        }
        let clamped = value.clamp(param.min, param.max);
        match self {
            Self::Count(count) => *count = libm::round(clamped) as usize,
            Self::Number(number) => *number = clamped,
            Self::Choice(choice) => choice.choose(libm::round(clamped) as usize),
        }
    }
}
