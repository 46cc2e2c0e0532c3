//! Estimate of the tokens of a text, without the tokenizer of any model.

/// Letters of a word that a token holds at least, on average.
const LETTERS: usize = 4;

/// Estimates the tokens of a text from above: a word takes a token for each four letters, and digits, marks and line
/// breaks one each; what is not ASCII takes one a byte. Tokenizers of byte pairs merge more than that. Additive: the
/// estimate of two texts put together is at most the sum of theirs, and one.
pub fn estimate(text: &str) -> usize {
    let (mut tokens, mut letters, mut spaces) = (0, 0, 0);
    for byte in text.bytes() {
        let (letter, space) = (byte.is_ascii_alphabetic(), byte == b' ');
        // A single space belongs to the word behind it, as a rule.
        tokens += match byte {
            b' ' => usize::from(spaces == 1),
            _ if letter => usize::from(letters % LETTERS == 0),
            _ => 1,
        };
        letters = if letter { letters + 1 } else { 0 };
        spaces = if space { spaces + 1 } else { 0 };
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_and_their_tokens() {
        for (text, tokens) in [
            ("", 0),
            ("spike", 2),
            ("a b c", 3),
            ("13:42", 5),
            ("rate(x_total[5m])", 11),
            ("ü", 2),
            ("🔥", 4),
            ("a    b", 3),
            ("a\n\nb", 4),
        ] {
            assert_eq!(estimate(text), tokens, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parts_are_never_less_than_the_whole(a in r"(\PC|\n){0,40}", b in r"(\PC|\n){0,40}") {
            let (whole, parts) = (estimate(&format!("{a}{b}")), estimate(&a) + estimate(&b));
            prop_assert!(whole <= parts + 1, "{} {}", whole, parts);
            prop_assert!(estimate(&a) <= a.len());
        }
    }
}
