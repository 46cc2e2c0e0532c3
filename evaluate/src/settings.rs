//! Detectors with their parameters, as a command line or a file of candidates names them.

use oddity_detect::detect::Detector;

/// The reason why a text names no detector; each message says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// There is no such detector.
    #[error("there is no detector \"{id}\": take one of {known}")]
    Detector {
        /// Id that was written.
        id: String,
        /// Ids of all detectors.
        known: String,
    },
    /// The text has not the form `key=value`.
    #[error("\"{0}\" is no setting: write key=value")]
    Form(String),
    /// The detector has no such parameter.
    #[error("{detector} has no parameter \"{key}\": take one of {known}")]
    Key {
        /// Id of the detector.
        detector: &'static str,
        /// Key that was written.
        key: String,
        /// Keys of the detector.
        known: String,
    },
    /// The parameter does not take this value.
    #[error("{key} cannot be \"{value}\": write {accepts}")]
    Value {
        /// Key of the parameter.
        key: &'static str,
        /// Value that was written.
        value: String,
        /// Accepted values.
        accepts: String,
    },
    /// The text names no seeds.
    #[error("\"{0}\" names no seeds: write a list such as 2,4 or a range such as 1..5")]
    Seeds(String),
}

/// Returns the seeds of a list such as `2,4`, in which `1..5` stands for 1 to 5.
///
/// # Errors
/// [`SettingsError::Seeds`] for anything else, and for a range that is empty or holds more than a thousand.
pub fn seeds(text: &str) -> Result<Vec<u64>, SettingsError> {
    let wrong = || SettingsError::Seeds(text.to_owned());
    let number = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
    let mut all = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if !(first..first.saturating_add(1_000)).contains(&last) {
            return Err(wrong());
        }
        all.extend(first..=last);
    }
    Ok(all)
}

/// Returns the detector of an id with settings of the form `key=value`.
///
/// # Errors
/// [`SettingsError`] for an unknown detector or parameter, and for a value that the parameter does not take.
pub fn detector<'a>(
    id: &str,
    settings: impl IntoIterator<Item = &'a str>,
) -> Result<Detector, SettingsError> {
    let unknown = || SettingsError::Detector { id: id.to_owned(), known: join(ids()) };
    settings.into_iter().try_fold(Detector::by_id(id).ok_or_else(unknown)?, set)
}

/// Parses one detector per line, `id key=value key=value`; skips empty lines and those that begin with `#`.
///
/// # Errors
/// Those of [`detector`].
pub fn candidates(text: &str) -> Result<Vec<Detector>, SettingsError> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split_whitespace();
            detector(words.next().unwrap_or_default(), words)
        })
        .collect()
}

/// Formats a detector as [`candidates`] parses it, with the parameters that differ from their defaults.
pub fn written(detector: Detector) -> String {
    let mut words = vec![detector.about().id.to_owned()];
    for (param, value) in detector.params() {
        if value != param.default {
            words.push(format!("{}={}", param.id, param.write(value)));
        }
    }
    words.join(" ")
}

fn set(detector: Detector, setting: &str) -> Result<Detector, SettingsError> {
    let form = || SettingsError::Form(setting.to_owned());
    let (key, value) = setting.split_once('=').ok_or_else(form)?;
    let about = detector.about();
    let param = about.params.iter().find(|param| param.id == key);
    let param = param.ok_or_else(|| SettingsError::Key {
        detector: about.id,
        key: key.to_owned(),
        known: join(about.params.iter().map(|param| param.id)),
    })?;
    let number = param.parse(value).ok_or_else(|| SettingsError::Value {
        key: param.id,
        value: value.to_owned(),
        accepts: param.accepts(),
    })?;
    Ok(detector.with(key, number))
}

fn ids() -> impl Iterator<Item = &'static str> {
    Detector::all().map(|detector| detector.about().id)
}

fn join(words: impl Iterator<Item = &'static str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, settings: &[&str], expected: Result<&str, &str>) {
        let found = detector(id, settings.iter().copied());
        match (found, expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(written(found), expected);
                assert_eq!(candidates(expected), Ok(vec![found]));
            }
            (Err(found), Err(expected)) => {
                assert!(found.to_string().contains(expected), "{found}");
            }
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }

    #[test]
    fn detectors_by_name() {
        check("rolling", &[], Ok("rolling"));
        check("rolling", &["window=100"], Ok("rolling window=100"));
        check("rolling", &["window=100", "window=120"], Ok("rolling window=120"));
        check("nonsense", &[], Err("take one of auto"));
        check("rolling", &["window"], Err("write key=value"));
        check("rolling", &["width=3"], Err("take one of window"));
        check("rolling", &["window=many"], Err("window cannot be \"many\": write a whole number"));
    }

    #[test]
    fn a_file_of_candidates() {
        let found = candidates("# two\nzscore\n\n  rolling window=90 \n");
        let expected = [("zscore", None), ("rolling", Some("window=90"))];
        let expected = expected.map(|(id, setting)| detector(id, setting).unwrap());
        assert_eq!(found, Ok(expected.to_vec()));
        assert!(candidates("zscore\nnothing").is_err());
    }
}
