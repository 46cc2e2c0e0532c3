//! Patterns with `*` for any characters, and words in names.

/// Returns whether the whole text matches. Cost: O(pattern + text) for the few stars that patterns have.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    let mut rest = rest;
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Returns the first of the texts that any of the patterns matches.
pub(super) fn first_match<'a>(patterns: &[String], texts: &'a [String]) -> Option<&'a str> {
    let found = |text: &&String| patterns.iter().any(|pattern| matches(pattern, text));
    texts.iter().find(found).map(String::as_str)
}

/// Splits a name or a sentence into words in lower case: `httpRequests_total` has `http`, `requests` and `total`.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let camel = before.is_lowercase() && c.is_uppercase();
        if !c.is_alphanumeric() || camel {
            all.push(String::new());
        }
        if let Some(word) = all.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    all.retain(|word| !word.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        let cases = [
            ("up", "up", true),
            ("up", "ups", false),
            ("node_*", "node_load1", true),
            ("node_*", "anode_load1", false),
            ("*_total", "a_total", true),
            ("*dhcp*", "kea_dhcp4_sent", true),
            ("*dhcp*", "dhcp", true),
            ("a*b*c", "a_b_b_c", true),
            ("a*b*c", "a_c_b", false),
            ("a*a", "a", false),
            ("*", "", true),
            ("**", "x", true),
            ("é*", "été", true),
        ];
        for (pattern, text, fits) in cases {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn words_of_names() {
        let cases = [
            ("http_requests_total", "http requests total"),
            ("job:httpRequests:rate5m", "job http requests rate5m"),
            ("Time from request to reply.", "time from request to reply"),
            ("__", ""),
        ];
        for (name, parts) in cases {
            assert_eq!(words(name).join(" "), parts);
        }
    }
}
