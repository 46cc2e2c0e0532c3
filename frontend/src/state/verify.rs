//! Whether the exported rule says what the page says.

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    series: Vec<Vec<usize>>,
}

impl Agreement {
    /// Indices of the samples of a series of which the rule says something else.
    pub fn differing(&self, series: usize) -> Option<&[usize]> {
        self.series.get(series).map(Vec::as_slice)
    }
}
