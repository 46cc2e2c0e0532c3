//! Metrics of which less is more: free space, available memory, idle time.

use super::pattern::first_match;
use super::recognise::QuerySubject;
use oddity_source::promql;

impl QuerySubject {
    /// Returns whether the value of the query falls when what a family is about rises: it is of a metric or a label
    /// value that a pattern names, and is not subtracted from something.
    pub(super) fn is_inverse(&self, patterns: &[String]) -> bool {
        let by_label = first_match(patterns, &self.labels).is_some();
        let mut rest = self.expr.as_str();
        let mut subtracted = false;
        for selector in promql::selectors(&self.expr) {
            let Some((between, behind)) = rest.split_once(selector) else { continue };
            rest = behind;
            subtracted |= between.contains('-');
            let metric: Vec<String> = promql::selection(selector).metric.into_iter().collect();
            if by_label || first_match(patterns, &metric).is_some() {
                return !subtracted;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oddity_detect::series::Labels;

    #[test]
    fn a_difference_turns_it_back() {
        let patterns = ["*_free_*".to_owned(), "mode=idle".to_owned()];
        let cases = [
            ("disk_free_bytes", true),
            ("disk_free_bytes{job=\"a-b\"} / disk_size_bytes", true),
            ("1 - disk_free_bytes / disk_size_bytes", false),
            ("(disk_size_bytes{job=\"a-b\"} - disk_free_bytes) / disk_size_bytes", false),
            ("100 * (1 - avg(rate(cpu_seconds_total{mode=\"idle\"}[5m])))", false),
            ("rate(cpu_seconds_total{mode=\"idle\"}[5m])", true),
            ("rate(cpu_seconds_total{mode=\"user\"}[5m])", false),
            ("disk_size_bytes", false),
            ("up", false),
        ];
        for (expr, inverse) in cases {
            let subject = QuerySubject::new(expr, &Labels::default(), &[]);
            assert_eq!(subject.is_inverse(&patterns), inverse, "{expr}");
        }
    }
}
