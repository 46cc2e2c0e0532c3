use oddity_source::promql;

/// Parts of names that people write in capitals.
const CAPITALS: [&str; 40] = [
    "acl", "api", "arp", "cpu", "db", "dhcp", "dns", "fs", "gc", "grpc", "http", "https", "id",
    "io", "iops", "ip", "jvm", "lan", "ldap", "nat", "nfs", "nic", "ntp", "oom", "os", "qps",
    "raid", "rpc", "rss", "rtt", "sql", "ssd", "ssl", "tcp", "tls", "ttl", "udp", "url", "vm",
    "wal",
];

/// Endings that say how something is counted, not what.
const ENDINGS: [&str; 8] =
    ["total", "count", "bucket", "sum", "seconds", "bytes", "celsius", "milliseconds"];

/// Returns what a query is about, in words: "DHCP lease rate", "HTTP request duration p90".
pub fn subject(expr: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    for selector in promql::selectors(expr) {
        let name = promql::selection(selector).metric.map(|metric| spoken(&metric));
        if let Some(name) = name.filter(|name| !name.is_empty() && !names.contains(name)) {
            names.push(name);
        }
    }
    let Some(first) = names.first() else { return "Query".to_owned() };
    if let Some((above, _)) = promql::quotient(expr) {
        return match names.as_slice() {
            [_] if promql::selects_failures(above) => format!("{first} error ratio"),
            [_, second] => format!("{first} to {} ratio", lower_first(second)),
            _ => format!("{first} ratio"),
        };
    }
    let mut out = match names.as_slice() {
        [_] => first.clone(),
        [_, second] => format!("{first} and {}", lower_first(second)),
        [_, others @ ..] => format!("{first} and {} other metrics", others.len()),
        [] => String::new(),
    };
    if let Some(quantile) = quantile(expr) {
        out.push_str(&format!(" p{quantile}"));
    } else if ["rate", "irate", "increase"]
        .iter()
        .any(|function| promql::calls_function(expr, function))
    {
        out.push_str(" rate");
    }
    out
}

/// Returns the first number of `histogram_quantile`, in percent.
fn quantile(expr: &str) -> Option<f64> {
    let (_, rest) = expr.split_once("histogram_quantile")?;
    let number = rest.trim_start().strip_prefix('(')?.split(',').next()?.trim();
    let share: f64 = number.parse().ok().filter(|share| (0.0..=1.0).contains(share))?;
    Some(libm::round(share * 1e4) / 1e2)
}

/// Returns a metric name as a person says it.
fn spoken(metric: &str) -> String {
    let mut parts: Vec<&str> =
        metric.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| ENDINGS.contains(part)) {
        parts.pop();
    }
    let words: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(at, part)| match CAPITALS.contains(part) {
            true => part.to_uppercase(),
            false if at == 0 => {
                let mut letters = part.chars();
                let first = letters.next().map(|c| c.to_uppercase().to_string());
                first.unwrap_or_default() + letters.as_str()
            }
            false => (*part).to_owned(),
        })
        .collect();
    words.join(" ")
}

fn lower_first(name: &str) -> String {
    let first = name.split(' ').next().unwrap_or_default();
    if first.chars().skip(1).any(char::is_uppercase) {
        return name.to_owned();
    }
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_lowercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_in_words() {
        let cases = [
            ("rate(dhcp_lease_count[5m]) * 60", "DHCP lease rate"),
            (
                "histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))",
                "HTTP request duration p90",
            ),
            ("histogram_quantile(0.999, x_bucket)", "X p99.9"),
            ("cache_hit_ratio", "Cache hit ratio"),
            ("room_temperature_celsius{sensor=\"a\"}", "Room temperature"),
            ("process_resident_memory_bytes", "Process resident memory"),
            (
                "sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))",
                "Errors to requests ratio",
            ),
            (
                "sum by (a) (rate(http_requests_total{code=\"500\"}[5m])) / sum by (a) (rate(http_requests_total[5m]))",
                "HTTP requests error ratio",
            ),
            ("x_total{kind=\"a\"} / x_total", "X ratio"),
            ("a + b + c", "A and 2 other metrics"),
            ("{__name__=\"my.metric_total\"}", "My metric"),
            ("job:http_requests:rate5m", "Job HTTP requests rate5m"),
            ("{job=\"a\"}", "Query"),
            ("total", "Total"),
            ("1 + 1", "Query"),
            ("größe_bytes", "Größe"),
        ];
        for (expr, words) in cases {
            assert_eq!(subject(expr), words, "{expr}");
        }
    }
}
