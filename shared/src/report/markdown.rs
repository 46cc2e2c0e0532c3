//! Text that is safe inside Markdown, whatever a label says.

/// Escapes everything that CommonMark or GitHub's dialect reads as markup, and puts line breaks to spaces.
pub fn text(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || is_bidi(c) => {}
            ':' => out.push_str("&#58;"),
            c if c.is_ascii_punctuation()
                && !matches!(
                    c,
                    ',' | '.' | ';' | '\'' | '"' | '/' | '%' | '=' | '?' | '(' | ')' | '+'
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

/// A cell of a table: as [`text`]; never empty, so that the table keeps its shape.
pub fn cell(raw: &str) -> String {
    let text = text(raw);
    if text.trim().is_empty() { "–".to_owned() } else { text }
}

/// A fenced block with a fence longer than any run of backticks inside.
pub fn fenced(language: &str, raw: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in raw.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat((longest + 1).max(3));
    let inner: String = raw
        .chars()
        .filter(|c| (!c.is_control() || matches!(c, '\n' | '\t')) && !is_bidi(*c))
        .collect();
    format!("{fence}{language}\n{inner}\n{fence}")
}

/// Marks that reverse the reading direction can make a label read as something else.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
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
            ("instance=\"a\"", "instance=\"a\""),
        ];
        for (raw, safe) in cases {
            assert_eq!(text(raw), safe);
        }
        assert_eq!(fenced("promql", "a ```` b"), "`````promql\na ```` b\n`````");
    }
}
