//! Detectors and detections as bytes, to be judged in another thread or process. Every bit of a number survives, that of a
//! NaN included.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Detection, Detector};

/// Bytes that are not what was expected, such as those of another version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not readable, as of another version of Oddity: {0}")]
pub struct CodecError(#[from] postcard::Error);

/// Id of a detector and its parameters, in the order of [`super::About::params`].
#[derive(Serialize, Deserialize)]
struct Encoded {
    id: String,
    params: Vec<f64>,
}

impl Serialize for Detector {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let params = self.params().into_iter().map(|(_, value)| value).collect();
        Encoded { id: self.about().id.to_owned(), params }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Detector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Encoded { id, params } = Encoded::deserialize(deserializer)?;
        let detector = Self::by_id(&id).ok_or_else(|| D::Error::custom("unknown detector"))?;
        let known = detector.about().params;
        if known.len() != params.len() {
            return Err(D::Error::custom("other parameters"));
        }
        let values = known.iter().zip(params);
        Ok(values.fold(detector, |detector, (param, value)| detector.with(param.id, value)))
    }
}

impl Detection {
    /// Encodes the detection. Cost: O(n).
    ///
    /// # Errors
    /// [`CodecError`] if there is no memory.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        // Eight vectors of numbers and alerts in most cases.
        let bytes = Vec::with_capacity(self.judged.len() * 80 + 1_024);
        Ok(postcard::to_extend(self, bytes)?)
    }

    /// Decodes what [`Self::to_bytes`] encoded. Cost: O(n).
    ///
    /// # Errors
    /// [`CodecError`] for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        Ok(postcard::from_bytes(bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::{DetectorInput, ParamKind};
    use crate::series::Grid;
    use crate::time::{Step, Timestamp};

    #[test]
    fn detectors_keep_their_parameters() {
        for detector in Detector::all() {
            let changed = detector.params().iter().fold(detector, |detector, (param, value)| {
                let other = match param.kind {
                    ParamKind::Choice(words) => (words.len() - 1) as f64,
                    ParamKind::Samples | ParamKind::Count => value + 1.0,
                    ParamKind::Number if value.is_finite() => value / 3.0,
                    ParamKind::Number => 0.1,
                };
                detector.with(param.id, other)
            });
            for detector in [detector, changed] {
                let bytes = postcard::to_stdvec(&detector).unwrap();
                assert_eq!(postcard::from_bytes::<Detector>(&bytes), Ok(detector));
            }
        }
        let unknown = Encoded { id: "none".to_owned(), params: vec![] };
        let bytes = postcard::to_stdvec(&unknown).unwrap();
        assert!(postcard::from_bytes::<Detector>(&bytes).is_err());
    }

    #[test]
    fn detections_keep_every_bit() {
        let values: Vec<f64> = (0..900)
            .map(|at| match at {
                0..7 | 300 => f64::NAN,
                301 => -0.0,
                450 => f64::INFINITY,
                800.. => 40.0,
                _ => (f64::from(at) / 7.0).sin(),
            })
            .collect();
        let step = Step::from_seconds(60);
        let grid = Grid { start: Timestamp(0), step, len: values.len() };
        for detector in Detector::all() {
            let found = detector.detect(DetectorInput::new(&values, 100, grid));
            let bytes = found.to_bytes().unwrap();
            let read = Detection::from_bytes(&bytes).unwrap();
            assert_eq!(read.to_bytes().unwrap(), bytes);
            // Debug output differs where a value does.
            assert_eq!(format!("{read:?}"), format!("{found:?}"));
            assert!(Detection::from_bytes(&bytes[..bytes.len() / 2]).is_err());
        }
    }
}
