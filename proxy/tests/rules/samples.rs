//! Seeded random series with everything that real ones have.

use std::fmt::Write;

/// 2026-01-01T00:00:07.321Z: off every grid of the questions.
pub(super) const START: u64 = 1_767_225_607_321;

/// Milliseconds from scrape to scrape.
pub(super) const INTERVAL: u64 = 15_000;

/// Scrapes: a day of them.
const SCRAPES: usize = 5_760;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to but without `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// From 0 to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of `all`.
    pub(super) fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Nearly normal, of standard deviation 1.
    fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }
}

/// One series: metric, value of its label `kind`, and a value a scrape, `None` where there was none.
pub(super) type Scraped = (&'static str, &'static str, Vec<Option<f64>>);

/// All series, each a day long.
pub(super) fn series(seed: u64) -> Vec<Scraped> {
    let random = &mut Random(seed);
    let mut all: Vec<Scraped> = Vec::new();
    let mut add = |metric,
                   kind,
                   random: &mut Random,
                   of: &mut dyn FnMut(&mut Random, usize) -> Option<f64>| {
        all.push((metric, kind, (0..SCRAPES).map(|at| of(random, at)).collect()));
    };
    let (mut level, mut missing) = (0.0, 0_usize);
    add("odd", "noise", random, &mut |r, _| Some(10.0 + r.noise()));
    add("odd", "high", random, &mut |r, _| Some(1e5 + r.noise()));
    add("odd", "constant", random, &mut |r, _| Some(if r.once_in(900) { 0.1 } else { 0.3 }));
    add("odd", "counts", random, &mut |r, _| Some((r.noise().abs() * 2.0).floor()));
    add("odd", "walk", random, &mut |r, _| {
        level += r.noise();
        Some(level)
    });
    add("odd", "steps", random, &mut |r, _| {
        if r.once_in(80) {
            level = (r.noise() * 8.0).round();
        }
        Some(level)
    });
    add("odd", "spikes", random, &mut |r, _| {
        let size = if r.once_in(60) { 1e9 } else { 1.0 };
        Some(size * r.noise())
    });
    add("odd", "gaps", random, &mut |r, at| {
        if missing == 0 && r.once_in(120) {
            missing = 20 + r.below(120);
        }
        missing = missing.saturating_sub(1);
        (missing == 0).then(|| (at as f64 / 40.0).sin() * 5.0 + r.noise())
    });
    add("odd", "broken", random, &mut |r, _| {
        let bad = [f64::NAN, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        Some(if r.once_in(7) { r.of(&bad) } else { r.noise() })
    });
    let mut total = 0.0;
    for kind in ["resets", "steady"] {
        add("odd_total", kind, random, &mut |r, _| {
            if kind == "resets" && r.once_in(900) {
                total = 0.0;
            }
            total += (r.unit() * 20.0).floor();
            Some(total)
        });
    }
    all
}

/// Returns the samples as an OpenMetrics text.
pub(super) fn text(all: &[Scraped]) -> String {
    let mut text = String::new();
    for (metric, kind, values) in all {
        for (at, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            let millis = START + INTERVAL * at as u64;
            let value = value.to_string().replace("inf", "Inf");
            let (seconds, millis) = (millis / 1_000, millis % 1_000);
            let _ = writeln!(text, "{metric}{{kind=\"{kind}\"}} {value} {seconds}.{millis:03}");
        }
    }
    text + "# EOF\n"
}
