//! Text that is safe inside Markdown, whatever a label says.

/// Escapes everything that CommonMark or GitHub's dialect reads as markup within a line, and turns line breaks into
/// spaces. Not for the beginning of a line, where more is markup.
pub fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for (at, c) in raw.char_indices() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || is_bidi(c) => {}
            ':' if raw[at..].starts_with("://") => out.push_str("&#58;"),
            // GitHub turns a bare host that begins with `www` into a link.
            '.' if ends_with_www(&out) => {
                out.push_str("\\.");
            }
            c if c.is_ascii_punctuation()
                && !matches!(
                    c,
                    ',' | '.'
                        | ':'
                        | ';'
                        | '-'
                        | '{'
                        | '}'
                        | '\''
                        | '"'
                        | '/'
                        | '%'
                        | '='
                        | '?'
                        | '('
                        | ')'
                        | '+'
                ) =>
            {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 3 && bytes[bytes.len() - 3..].eq_ignore_ascii_case(b"www")
}

/// Formats a code span on one line; not for cells of tables, in which a `|` ends even a code span.
pub fn code(raw: &str) -> String {
    let inner: String = raw
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_bidi(*c))
        .collect();
    let fence = "`".repeat(longest_run(&inner) + 1);
    let pad = if inner.starts_with('`') || inner.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{inner}{pad}{fence}")
}

/// Formats an absolute address as an autolink; characters that would end it are percent-encoded.
pub fn link(address: &str) -> String {
    let mut out = String::from("<");
    for c in address.chars() {
        match c {
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            c if c.is_whitespace() => out.push_str("%20"),
            c if c.is_control() || is_bidi(c) => {}
            c => out.push(c),
        }
    }
    out.push('>');
    out
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Formats a cell of a table as [`text`] does; never empty, so that the table keeps its shape.
pub fn cell(raw: &str) -> String {
    let text = text(raw);
    if text.trim().is_empty() { "–".to_owned() } else { text }
}

/// Formats a fenced block with a fence longer than any run of backticks inside.
pub fn fenced(language: &str, raw: &str) -> String {
    let fence = "`".repeat((longest_run(raw) + 1).max(3));
    let inner: String = raw
        .chars()
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_bidi(*c))
        .collect();
    format!("{fence}{language}\n{inner}\n{fence}")
}

/// Returns whether a character changes the reading direction, which can make a label read as something else.
pub fn is_bidi(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_inert() {
        let cases = [
            ("a_b*c", "a\\_b\\*c"),
            ("<img onerror=x>", "\\<img onerror=x\\>"),
            ("a|b", "a\\|b"),
            ("[x](//evil)", "\\[x\\](//evil)"),
            ("two\nlines", "two lines"),
            ("\u{202e}abc", "abc"),
            ("https://evil", "https&#58;//evil"),
            ("job:x:sum 10:50 {a-b}", "job:x:sum 10:50 {a-b}"),
            ("instance=\"a\"", "instance=\"a\""),
            ("WwW.evil.com", "WwW\\.evil.com"),
            ("\u{e4}w.w", "\u{e4}w.w"),
        ];
        for (raw, safe) in cases {
            assert_eq!(text(raw), safe);
        }
        let spans = [
            ("a", "`a`"),
            ("a`b``c", "```a`b``c```"),
            ("`", "`` ` ``"),
            ("a\n\n# b\u{202e}", "`a  # b`"),
        ];
        for (raw, safe) in spans {
            assert_eq!(code(raw), safe);
        }
        assert_eq!(link("https://a/?q=<b> c"), "<https://a/?q=%3Cb%3E%20c>");
        assert_eq!(fenced("promql", "a ```` b"), "`````promql\na ```` b\n`````");
    }
}
