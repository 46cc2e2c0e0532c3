//! Local regression on a regular grid.

use crate::stats::dot;
use crate::stats::lanes::{LANES, Lanes};

/// A smoother: degree 0 or 1, over the `length` nearest samples, at every `jump`-th one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loess {
    pub length: usize,
    pub degree: usize,
    pub jump: usize,
}

/// A place where the smoother is evaluated, and the samples that it looks at, `left` to `right`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct LocalWindow {
    place: f64,
    left: usize,
    right: usize,
}

/// Weights of a smoother for one number of samples, to be applied to many series.
#[derive(Clone, Debug)]
pub(super) struct LoessKernels {
    jump: usize,
    /// Index, first sample and range of weights of each place where the smoother is evaluated.
    rows: Vec<(usize, usize, std::ops::Range<usize>)>,
    weights: Vec<f64>,
}

impl Loess {
    /// Returns the places among `count` samples where the smoother is evaluated: every `jump`-th one and the last.
    fn windows(self, count: usize) -> Vec<LocalWindow> {
        let last = count - 1;
        let half = self.length.div_ceil(2);
        let window = |at: usize| {
            let left = if self.length >= count {
                0
            } else {
                at.saturating_sub(half - 1).min(count - self.length)
            };
            LocalWindow { place: at as f64, left, right: (left + self.length).min(count) - 1 }
        };
        let mut windows: Vec<LocalWindow> =
            (0..count).step_by(self.step(count)).map(window).collect();
        if let Some(before) = windows.last().copied().filter(|w| w.place < last as f64) {
            windows.push(LocalWindow { place: last as f64, ..before });
        }
        windows
    }

    /// Returns the distance of the places where the smoother is evaluated.
    fn step(self, count: usize) -> usize {
        self.jump.min(count.saturating_sub(1)).max(1)
    }

    /// Returns the place before the first of `count` samples and the one after the last, to continue a season.
    fn beyond(self, count: usize) -> [LocalWindow; 2] {
        let (length, last) = (self.length.min(count), count - 1);
        [
            LocalWindow { place: -1.0, left: 0, right: length - 1 },
            LocalWindow { place: count as f64, left: count - length, right: last },
        ]
    }

    /// Writes the weights of the samples of a window, whose sum of products is the smoothed value; returns `false` if
    /// all weights are zero. `robust` are factors, one for each sample.
    fn weigh(
        self,
        count: usize,
        window: LocalWindow,
        robust: Option<&[f64]>,
        out: &mut Vec<f64>,
    ) -> bool {
        let LocalWindow { place, left, right } = window;
        let mut reach = (place - left as f64).max(right as f64 - place);
        reach += (self.length.saturating_sub(count) / 2) as f64;
        let len = right + 1 - left;
        out.clear();
        out.resize(len.next_multiple_of(LANES), 0.0);
        let (chunks, _) = out.as_chunks_mut::<LANES>();
        let first = Lanes::from_fn(|lane| (left + lane) as f64 - place);
        let beyond = Lanes::splat((right + 1) as f64 - place);
        // What is nearer weighs 1, what is farther nothing.
        let (near, far) = (Lanes::splat(0.001 * reach), Lanes::splat((0.999 * reach).next_up()));
        let (one, inverse) = (Lanes::splat(1.0), Lanes::splat(1.0 / reach));
        // Sums of weights, and of their products with distance and squared distance from the place.
        let mut sums = [Lanes::splat(0.0); 3];
        let mut apart = first;
        for (index, chunk) in chunks.iter_mut().enumerate() {
            let distance = apart.abs();
            let ratio = (distance * inverse).only_where(distance - near);
            let mut weight = cube(one - cube(ratio)).only_where(far - distance);
            weight = weight.only_where(beyond - apart);
            if let Some(robust) = robust {
                let at = left + index * LANES;
                let factor = |lane| robust.get(at + lane).copied().unwrap_or(0.0);
                weight = weight * Lanes::from_fn(factor);
            }
            let moment = weight * apart;
            sums = [sums[0] + weight, sums[1] + moment, sums[2] + moment * apart];
            *chunk = weight.to_array();
            apart = apart + Lanes::splat(LANES as f64);
        }
        let [total, moment, square] = sums.map(Lanes::sum);
        if total <= 0.0 {
            return false;
        }
        let centre = moment / total;
        let spread = square / total - centre * centre;
        let (mut level, mut slope) = (1.0 / total, 0.0);
        // A slope needs samples that are spread out enough.
        if reach > 0.0 && self.degree > 0 && spread.sqrt() > 0.001 * (count as f64 - 1.0) {
            slope = -centre / spread / total;
            level -= slope * centre;
        }
        let (level, slope) = (Lanes::splat(level), Lanes::splat(slope));
        apart = first;
        for chunk in chunks {
            let weight = Lanes::from_fn(|lane| chunk[lane]);
            *chunk = (weight * (level + slope * apart)).to_array();
            apart = apart + Lanes::splat(LANES as f64);
        }
        out.truncate(len);
        true
    }

    /// Computes the weights for `count` samples; with a place before and one after them if `beyond`.
    pub fn kernels(self, count: usize, beyond: bool) -> LoessKernels {
        let mut kernels =
            LoessKernels { jump: self.step(count), rows: Vec::new(), weights: Vec::new() };
        let (mut interior, mut row) = (None, Vec::new());
        let shift = usize::from(beyond);
        let edges = if beyond { self.beyond(count).to_vec() } else { Vec::new() };
        for window in self.windows(count).into_iter().chain(edges) {
            let LocalWindow { place, left, right } = window;
            let symmetric =
                place - left as f64 == right as f64 - place && right + 1 - left == self.length;
            let range = match &interior {
                Some(range) if symmetric => std::ops::Range::clone(range),
                _ => {
                    self.weigh(count, window, None, &mut row);
                    let start = kernels.weights.len();
                    kernels.weights.extend_from_slice(&row);
                    start..kernels.weights.len()
                }
            };
            if symmetric {
                interior = Some(range.clone());
            }
            kernels.rows.push(((place + shift as f64) as usize, left, range));
        }
        kernels
    }

    /// Smooths `values` where each sample has a weight of its own. `smooth` has as many places, or one more at either
    /// end.
    pub fn robust(self, values: &[f64], weights: &[f64], smooth: &mut [f64], row: &mut Vec<f64>) {
        let count = values.len();
        let shift = usize::from(smooth.len() > count);
        let edges = if shift == 1 { self.beyond(count).to_vec() } else { Vec::new() };
        for window in self.windows(count).into_iter().chain(edges) {
            let at = (window.place + shift as f64) as usize;
            smooth[at] = if self.weigh(count, window, Some(weights), row) {
                dot(row, &values[window.left..=window.right])
            } else if window.place < 0.0 {
                smooth[1]
            } else if window.place >= count as f64 {
                smooth[count]
            } else {
                values[at - shift]
            };
        }
        interpolate(&mut smooth[shift..shift + count], self.step(count), 1);
    }
}

impl LoessKernels {
    /// Smooths one series.
    pub fn smooth(&self, values: &[f64], smooth: &mut [f64]) {
        for (at, left, weights) in &self.rows {
            smooth[*at] = dot(&self.weights[weights.clone()], &values[*left..left + weights.len()]);
        }
        interpolate(smooth, self.jump, 1);
    }

    /// Smooths each of `width` series that lie side by side in rows of `stride` samples, `count` rows in and two more
    /// rows out.
    pub fn smooth_columns(
        &self,
        values: &[f64],
        stride: usize,
        width: usize,
        count: usize,
        smooth: &mut [f64],
    ) {
        for (at, left, weights) in &self.rows {
            let out = &mut smooth[at * stride..][..width];
            out.fill(0.0);
            for (row, weight) in self.weights[weights.clone()].iter().enumerate() {
                let values = &values[(left + row) * stride..][..width];
                out.iter_mut().zip(values).for_each(|(out, value)| *out += weight * value);
            }
        }
        for column in 0..if self.jump > 1 { width } else { 0 } {
            interpolate(
                &mut smooth[stride + column..][..(count - 1) * stride + 1],
                self.jump,
                stride,
            );
        }
    }
}

/// Draws straight lines between every `jump`-th place, and to the last one; places are `stride` apart.
fn interpolate(smooth: &mut [f64], jump: usize, stride: usize) {
    let last = smooth.len().saturating_sub(1) / stride;
    if jump <= 1 {
        return;
    }
    for from in (0..last).step_by(jump) {
        let to = (from + jump).min(last);
        let (start, end) = (smooth[from * stride], smooth[to * stride]);
        let rise = (end - start) / (to - from) as f64;
        for at in from + 1..to {
            smooth[at * stride] = start + rise * (at - from) as f64;
        }
    }
}

#[inline(always)]
fn cube(x: Lanes) -> Lanes {
    x * x * x
}
