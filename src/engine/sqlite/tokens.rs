//! SQLite's own words: the text that `sqlite_schema` keeps, cut into tokens by SQLite's rules.
//!
//! Unlike a parser's tokenizer this one keeps byte places, so that an expression can be taken from the text as it
//! stands, and it takes any input: what a person did with the sqlite3 shell must never stop an inspection.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word: a keyword or a name.
    Word,
    /// A name in `"…"`, `` `…` `` or `[…]`.
    Quoted,
    /// A text in single quotes.
    Text,
    /// A number.
    Number,
    /// Anything else: operators, brackets, commas, blobs, parameters.
    Symbol,
    /// A comment.
    Comment,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    /// As written, quotes included.
    pub text: &'a str,
    /// Bytes from the beginning.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

impl Token<'_> {
    /// Whether this is the bare word, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether this is the sign.
    pub fn is(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// The name that this token is, quotes taken off. SQLite takes a text for a name where only a name can be.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_owned()),
            Kind::Quoted | Kind::Text => Some(unquote(self.text)),
            Kind::Number | Kind::Symbol | Kind::Comment => None,
        }
    }
}

/// Takes quotes off and halves the doubled ones.
pub(super) fn unquote(quoted: &str) -> String {
    let mut characters = quoted.chars();
    let Some(open) = characters.next() else {
        return String::new();
    };
    let close = if open == '[' { ']' } else { open };
    let inner = characters.as_str();
    let inner = inner.strip_suffix(close).unwrap_or(inner);
    if close == ']' {
        inner.to_owned()
    } else {
        inner.replace(&format!("{close}{close}"), &close.to_string())
    }
}

/// Cuts a text into tokens; white space is left out.
pub(super) fn tokenize(sql: &str) -> Vec<Token<'_>> {
    let bytes = sql.as_bytes();
    let at = |place: usize| bytes.get(place).copied().unwrap_or(0);
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80;
    let run = |from: usize, holds: &dyn Fn(u8) -> bool| {
        bytes.iter().skip(from).position(|&byte| !holds(byte)).map_or(bytes.len(), |length| from + length)
    };
    let mut tokens = Vec::new();
    let mut start = 0;
    while start < bytes.len() {
        let byte = at(start);
        let (kind, end) = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c | 0 => {
                start += 1;
                continue;
            }
            b'-' if at(start + 1) == b'-' => (Kind::Comment, run(start, &|byte| byte != b'\n')),
            b'/' if at(start + 1) == b'*' => {
                let rest = sql.get(start + 2..).unwrap_or_default();
                (Kind::Comment, rest.find("*/").map_or(bytes.len(), |length| start + length + 4))
            }
            b'\'' => (Kind::Text, quoted_end(bytes, start, b'\'', true)),
            b'"' | b'`' => (Kind::Quoted, quoted_end(bytes, start, byte, true)),
            b'[' => (Kind::Quoted, quoted_end(bytes, start, b']', false)),
            b'x' | b'X' if at(start + 1) == b'\'' => {
                (Kind::Symbol, quoted_end(bytes, start + 1, b'\'', true))
            }
            b'0'..=b'9' => (Kind::Number, number_end(bytes, start)),
            b'.' if at(start + 1).is_ascii_digit() => (Kind::Number, number_end(bytes, start)),
            b'?' | b':' | b'@' | b'$' | b'#' => (Kind::Symbol, run(start + 1, &is_word)),
            _ if is_word(byte) => (Kind::Word, run(start, &is_word)),
            _ => {
                let operators = ["->>", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>", "->"];
                let rest = sql.get(start..).unwrap_or_default();
                let length =
                    operators.iter().find(|operator| rest.starts_with(**operator)).map_or(1, |it| it.len());
                (Kind::Symbol, start + length)
            }
        };
        tokens.push(Token { kind, text: sql.get(start..end).unwrap_or_default(), start, end });
        start = end;
    }
    tokens
}

fn quoted_end(bytes: &[u8], start: usize, close: u8, doubles: bool) -> usize {
    let mut place = start + 1;
    while let Some(&byte) = bytes.get(place) {
        if byte == close {
            if doubles && bytes.get(place + 1) == Some(&close) {
                place += 1;
            } else {
                return place + 1;
            }
        }
        place += 1;
    }
    bytes.len()
}

fn number_end(bytes: &[u8], start: usize) -> usize {
    let mut place = start;
    while let Some(&byte) = bytes.get(place) {
        let after_exponent = matches!(bytes.get(place.wrapping_sub(1)), Some(b'e' | b'E'));
        let is_sign = matches!(byte, b'+' | b'-')
            && after_exponent
            && bytes.get(start + 1).is_none_or(|b| b | 32 != b'x');
        if byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_' || is_sign {
            place += 1;
        } else {
            break;
        }
    }
    place
}

/// The same text for texts that differ in white space, comments and the case of keywords only.
pub(super) fn canonical(sql: &str) -> String {
    let mut out = String::new();
    for token in tokenize(sql) {
        if token.kind == Kind::Comment {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        match token.kind {
            Kind::Word => out.push_str(&token.text.to_ascii_uppercase()),
            Kind::Quoted | Kind::Text | Kind::Number | Kind::Symbol | Kind::Comment => {
                out.push_str(token.text);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_four_ways_to_quote_a_name_give_the_name() {
        let names: Vec<_> =
            tokenize("\"a\"\"b\" `c``d` [e f] 'g''h' i").iter().filter_map(Token::name).collect();
        assert_eq!(names, ["a\"b", "c`d", "e f", "g'h", "i"]);
    }

    #[test]
    fn numbers_comments_and_operators_are_single_tokens() {
        let texts: Vec<_> =
            tokenize("1.5e-3+0x1F->>'$'--x\n/* a */<>X'00'").iter().map(|token| token.text).collect();
        assert_eq!(texts, ["1.5e-3", "+", "0x1F", "->>", "'$'", "--x", "/* a */", "<>", "X'00'"]);
    }

    #[test]
    fn white_space_comments_and_keyword_case_do_not_matter_to_the_canonical_text() {
        assert_eq!(canonical("check ( \"a\"<2 ) -- why"), canonical("CHECK(\"a\" < 2)"));
        assert_ne!(canonical("'a'"), canonical("'A'"));
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_panic_and_in_order(sql in "[a-z\"'`\\[\\]\\-/*ü€ 0-9.eE+$?|<>()]{0,60}") {
            let mut last = 0;
            for token in tokenize(&sql) {
                prop_assert!(token.start >= last && token.end > token.start);
                prop_assert_eq!(&sql[token.start..token.end], token.text);
                last = token.end;
            }
        }
    }
}
