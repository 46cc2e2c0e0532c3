//! YAML as rule files need it: mappings and lists by hand, texts in quotes.
//! Source: YAML 1.2.2, 5.7 "Escaped Characters" and 8.1.2 "Literal Style".

use std::fmt::Write;

/// Formats a text in double quotes, whatever it holds.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

/// Formats a text below its key as it is, if it is one line that needs no escapes; else in quotes. `indent` is that of
/// the key.
pub(super) fn literal(text: &str, indent: usize) -> String {
    let plain = text.chars().all(is_printable) && !text.starts_with(' ') && !text.is_empty();
    if plain { format!("|-\n{:width$}{text}", "", width = indent + 2) } else { quoted(text) }
}

/// Formats a comment of one line for each line of `text`, each of which ends the line.
pub(super) fn comment(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line: String = line.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
        let _ = writeln!(out, "# {line}");
    }
    out
}

fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..='\u{1fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_every_character() {
        let cases = [
            ("up", "\"up\""),
            ("a: b # c", "\"a: b # c\""),
            ("say \"x\\y\"", "\"say \\\"x\\\\y\\\"\""),
            ("two\nlines\t", "\"two\\nlines\\t\""),
            ("größe µs 😀", "\"größe µs 😀\""),
            ("\u{7}\u{85}\u{feff}\u{2028}", "\"\\U00000007\\U00000085\\U0000FEFF\\U00002028\""),
            ("", "\"\""),
        ];
        for (text, yaml) in cases {
            assert_eq!(quoted(text), yaml);
        }
    }

    #[test]
    fn expressions_stand_as_they_are_where_they_can() {
        assert_eq!(literal("a{b=\"c\"} > 1", 4), "|-\n      a{b=\"c\"} > 1");
        assert_eq!(literal("a{b=`x\ny`}", 4), "\"a{b=`x\\ny`}\"");
        assert_eq!(literal("", 0), "\"\"");
        assert_eq!(comment("one\ntwo\u{7}"), "# one\n# two \n");
    }
}
