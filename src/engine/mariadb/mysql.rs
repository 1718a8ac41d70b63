//! How MySQL writes an expression down, brought to how MariaDB does: a structure has one text on both, and a tenant on the one is
//! compared with what was proven on the other. MariaDB's text is also one that MySQL takes.
//!
//! MySQL puts brackets around everything, says which characters a literal has, and knows some functions under other names. Its
//! catalog gives the text once more in quotes, each byte as a sign of its own.

/// A piece of an expression, with the number of blanks before it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// A word, a name in its quotes, a literal, a sign.
    Word(usize, String),
    /// What stands in brackets.
    Group(usize, Vec<Piece>),
}

use Piece::{Group, Word};

/// How tightly an operator holds what stands beside it: the greater, the tighter.
type Level = u8;

/// Holds nothing: what stands between commas, or alone.
const NOTHING: Level = 0;
const COMPARISON: Level = 5;
const LIKE: Level = 7;
const SIGN: Level = 14;
const COLLATE: Level = 15;
/// One thing that nothing can tear apart.
const WHOLE: Level = 20;

/// Words before a bracket that belongs to them, though a blank is between.
const TAKE_BRACKETS: [&str; 7] = ["in", "over", "as", "using", "interval", "from", "join"];
/// Words before a bracket that does not belong to them, though no blank is between.
const TAKE_NONE: [&str; 4] = ["not", "and", "or", "xor"];
/// Words of which each stands for another in MariaDB's texts, where a bracket follows.
const FUNCTIONS: [(&str, &str); 4] =
    [("length", "octet_length"), ("lower", "lcase"), ("upper", "ucase"), ("now", "current_timestamp")];

/// An expression as the catalog of MySQL gives it, as MariaDB would.
pub(super) fn expression(catalog: &str) -> String {
    in_mariadbs_words(&text_of_bytes(&unquoted(catalog)))
}

/// A default that is an expression, as the catalog of MySQL gives it, as MariaDB would: in brackets where it is worked out.
pub(super) fn default(catalog: &str) -> String {
    let written = expression(catalog);
    let pieces = group(&mut words(&written).into_iter());
    let is_worked_out = loosest(&pieces) < WHOLE || is(pieces.first(), "case");
    if is_worked_out { format!("({written})") } else { written }
}

/// The query of a view as the catalog of MySQL gives it, as MariaDB would.
pub(super) fn query(catalog: &str) -> String {
    in_mariadbs_words(catalog)
}

/// Takes back that quotes and backslashes were escaped once more than the expression has them.
fn unquoted(catalog: &str) -> String {
    let mut text = String::with_capacity(catalog.len());
    let mut signs = catalog.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '\\' => match signs.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('0') => text.push('\0'),
                Some('Z') => text.push('\u{1a}'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    text
}

/// The text whose bytes the signs are; the same text where they are none.
fn text_of_bytes(text: &str) -> String {
    let bytes: Option<Vec<u8>> = text.chars().map(|sign| u8::try_from(u32::from(sign)).ok()).collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| text.to_owned())
}

fn in_mariadbs_words(text: &str) -> String {
    let mut pieces = group(&mut words(text).into_iter());
    simplify(&mut pieces);
    // Brackets around all of it hold nothing together.
    while let [Group(_, inner)] = pieces.as_slice() {
        if !is_of_one_value(inner) {
            break;
        }
        pieces = inner.clone();
    }
    let mut written = String::with_capacity(text.len());
    write(&pieces, &mut written);
    written.trim().to_owned()
}

/// The words of a text, each with the blanks before it. Literals have lost what says which characters they have.
fn words(text: &str) -> Vec<Piece> {
    const LONG: [&str; 11] = ["<=>", "->>", "<=", ">=", "<>", "!=", "<<", ">>", "||", "&&", "->"];
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start_matches(' ');
        let gap = rest.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else { return found };
        let in_word = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '$' | '.' | '@');
        let length = match first {
            '\'' | '`' | '"' => quoted_length(trimmed, first),
            _ if in_word(first) => trimmed.find(|sign| !in_word(sign)).unwrap_or(trimmed.len()),
            _ => LONG
                .iter()
                .find(|sign| trimmed.starts_with(**sign))
                .map_or(first.len_utf8(), |sign| sign.len()),
        };
        let (word, after) = trimmed.split_at(length);
        rest = after;
        if matches!(word, "_utf8mb4" | "_utf8mb3") && after.starts_with('\'') {
            let length = quoted_length(after, '\'');
            let (literal, after) = after.split_at(length);
            rest = after;
            found.push(Word(gap, literal.to_owned()));
            continue;
        }
        found.push(Word(gap, word.to_owned()));
    }
}

/// The length in bytes of what stands in quotes at the beginning of a text.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut signs = text.char_indices().skip(1).peekable();
    while let Some((at, sign)) = signs.next() {
        if sign == '\\' && quote != '`' {
            signs.next();
        } else if sign == quote {
            // A doubled quote belongs to what is quoted.
            if signs.next_if(|(_, next)| *next == quote).is_none() {
                return at + 1;
            }
        }
    }
    text.len()
}

fn group(words: &mut impl Iterator<Item = Piece>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(piece) = words.next() {
        match piece {
            Word(gap, word) if word == "(" => pieces.push(Group(gap, group(words))),
            Word(_, word) if word == ")" => break,
            other => pieces.push(other),
        }
    }
    pieces
}

fn write(pieces: &[Piece], text: &mut String) {
    for piece in pieces {
        match piece {
            Word(gap, word) => {
                text.extend(std::iter::repeat_n(' ', *gap));
                text.push_str(word);
            }
            Group(gap, inner) => {
                text.extend(std::iter::repeat_n(' ', *gap));
                text.push('(');
                write(inner, text);
                text.push(')');
            }
        }
    }
}

fn word(piece: Option<&Piece>) -> Option<&str> {
    match piece {
        Some(Word(_, word)) => Some(word),
        _ => None,
    }
}

fn is(piece: Option<&Piece>, wanted: &str) -> bool {
    word(piece).is_some_and(|word| word.eq_ignore_ascii_case(wanted))
}

fn set_gap(piece: &mut Piece, gap: usize) {
    match piece {
        Word(own, _) | Group(own, _) => *own = gap,
    }
}

/// Whether there is neither a list nor a query nor tables: then brackets only hold together.
fn is_of_one_value(inner: &[Piece]) -> bool {
    let is_other = |piece: &Piece| ["select", "with", "join", ","].iter().any(|word| is(Some(piece), word));
    !inner.is_empty() && !inner.iter().any(is_other)
}

/// Writes what is in brackets, and takes brackets away that MariaDB does not write.
fn simplify(pieces: &mut Vec<Piece>) {
    for piece in &mut *pieces {
        if let Group(_, inner) = piece {
            simplify(inner);
            while let [Group(_, innermost)] = inner.as_slice() {
                if !is_of_one_value(innermost) {
                    break;
                }
                *inner = innermost.clone();
            }
        }
    }
    rename(pieces);
    let mut at = 0;
    while at < pieces.len() {
        if let Some(Group(gap, inner)) = pieces.get(at)
            && !belongs_to_a_word(pieces, at)
            && is_of_one_value(inner)
            && holds_alone(pieces, at, inner)
        {
            let (gap, mut inner) = (*gap, inner.clone());
            if let Some(first) = inner.first_mut() {
                set_gap(first, gap);
            }
            let length = inner.len();
            pieces.splice(at..=at, inner);
            at += length;
        } else {
            at += 1;
        }
    }
}

/// Whether the bracket at a place is a function's, a type's or a list's.
fn belongs_to_a_word(pieces: &[Piece], at: usize) -> bool {
    let (Some(Group(gap, _)), Some(before)) = (pieces.get(at), at.checked_sub(1)) else { return false };
    let before = pieces.get(before);
    let Some(name) = word(before) else { return false };
    if TAKE_BRACKETS.iter().any(|word| is(before, word)) {
        return true;
    }
    let is_name = name.starts_with(|sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '`'));
    *gap == 0 && is_name && !TAKE_NONE.iter().any(|word| is(before, word))
}

/// Whether what is in the bracket at a place stays together without it.
fn holds_alone(pieces: &[Piece], at: usize, inner: &[Piece]) -> bool {
    let own = loosest(inner);
    let left = at.checked_sub(1).map_or(NOTHING, |before| operator(pieces, before));
    let right = operator(pieces, at + 1);
    // Operators of one kind go from left to right; those that join conditions go either way.
    let is_right_side_whole = own > left || left == NOTHING || (own == left && (1..=3).contains(&own));
    is_right_side_whole && own >= right
}

/// The operator that holds least tightly of those that stand in an expression.
fn loosest(inner: &[Piece]) -> Level {
    let mut found = WHOLE;
    let mut cases = 0_usize;
    for (at, piece) in inner.iter().enumerate() {
        if is(Some(piece), "case") {
            cases += 1;
        } else if is(Some(piece), "end") {
            cases = cases.saturating_sub(1);
        } else if cases == 0 {
            match operator(inner, at) {
                NOTHING => {}
                level => found = found.min(level),
            }
        }
    }
    found
}

/// How tightly the operator at a place holds; `NOTHING` where there is none.
fn operator(pieces: &[Piece], at: usize) -> Level {
    let Some(word) = word(pieces.get(at)) else { return NOTHING };
    let is_after_a_value = at.checked_sub(1).is_some_and(|before| is_value(pieces, before));
    match word.to_ascii_lowercase().as_str() {
        "or" | "||" => 1,
        "xor" => 2,
        // The one of BETWEEN belongs to it.
        "and"
            if pieces
                .iter()
                .take(at)
                .rev()
                .take_while(|one| !is(Some(one), "and"))
                .any(|one| is(Some(one), "between")) =>
        {
            6
        }
        "and" | "&&" => 3,
        "=" | "<=>" | ">=" | ">" | "<=" | "<" | "<>" | "!=" | "is" => COMPARISON,
        "between" => 6,
        "in" | "like" | "regexp" | "escape" => LIKE,
        "not" if is_after_a_value => LIKE,
        "|" => 8,
        "&" => 9,
        "<<" | ">>" => 10,
        "-" if !is_after_a_value => SIGN,
        "+" | "-" => 11,
        "*" | "/" | "%" | "div" | "mod" => 12,
        "^" => 13,
        "~" | "!" => SIGN,
        "collate" => COLLATE,
        _ => NOTHING,
    }
}

/// Whether a value ends at a place, so that a sign behind it is between two.
fn is_value(pieces: &[Piece], at: usize) -> bool {
    match pieces.get(at) {
        Some(Group(..)) => true,
        Some(Word(_, word)) => {
            let names = ["when", "then", "else", "select", "case", "by", "where", "having", "interval"];
            operator(pieces, at) == NOTHING
                && word != ","
                && !names.iter().any(|name| is(pieces.get(at), name))
        }
        None => false,
    }
}

/// Says in MariaDB's words what MySQL has others for.
fn rename(pieces: &mut Vec<Piece>) {
    let mut at = 0;
    while at < pieces.len() {
        rename_one(pieces, at);
        at += 1;
    }
    if is(pieces.first(), "with") {
        unquote_names(pieces);
    }
    // `(0 = a)` is what MySQL makes of `NOT a`.
    if is(pieces.first(), "0") && is(pieces.get(1), "=") && pieces.len() > 2 {
        let mut moved = pieces.split_off(2);
        if let Some(first) = moved.first_mut() {
            set_gap(first, 0);
        }
        if loosest(&moved) <= COMPARISON {
            moved = vec![Group(0, moved)];
        }
        moved.extend([Word(1, "=".to_owned()), Word(1, "0".to_owned())]);
        *pieces = moved;
    }
}

fn rename_one(pieces: &mut Vec<Piece>, at: usize) {
    let Some(Word(gap, found)) = pieces.get(at).cloned() else { return };
    let lower = found.to_ascii_lowercase();
    let next = pieces.get(at + 1).cloned();
    let is_call = matches!(next, Some(Group(0, _)));
    let before = at.checked_sub(1).and_then(|before| pieces.get(before)).cloned();
    let put = |pieces: &mut Vec<Piece>, word: &str| {
        if let Some(piece) = pieces.get_mut(at) {
            *piece = Word(gap, word.to_owned());
        }
    };
    match lower.as_str() {
        "%" => put(pieces, "MOD"),
        "true" | "false" if !is(before.as_ref(), "is") && !is(before.as_ref(), "not") => {
            put(pieces, if lower == "true" { "1" } else { "0" });
        }
        "is" => {
            // `((0 <> a) is true)` is what MySQL makes of `a IS TRUE`.
            if let Some(Group(gap, inner)) = before
                && is(inner.first(), "0")
                && is(inner.get(1), "<>")
                && let Some(place) = at.checked_sub(1).and_then(|place| pieces.get_mut(place))
            {
                let mut inner = inner.get(2..).unwrap_or_default().to_vec();
                if let Some(first) = inner.first_mut() {
                    set_gap(first, 0);
                }
                *place = Group(gap, inner);
            }
        }
        "not" => match next {
            Some(Group(_, inner)) => negate(pieces, at, gap, inner),
            Some(Word(_, next)) if next.eq_ignore_ascii_case("exists") => {
                put(pieces, "!");
                if let Some(exists) = pieces.get_mut(at + 1) {
                    set_gap(exists, 0);
                }
            }
            _ => {}
        },
        "over" => {
            put(pieces, "over");
            if let Some(Group(_, window)) = pieces.get_mut(at + 1) {
                for piece in &mut *window {
                    if let Word(_, word) = piece
                        && word.chars().all(|sign| sign.is_ascii_uppercase())
                    {
                        word.make_ascii_lowercase();
                    }
                }
                if let Some(first) = window.first_mut() {
                    set_gap(first, 1);
                }
            }
            if let Some(after) = pieces.get_mut(at + 2).filter(|after| is(Some(after), "AS")) {
                set_gap(after, 1);
            }
        }
        "regexp_like" if is_call => {
            if let Some(Group(_, inner)) = next {
                let commas: Vec<usize> =
                    (0..inner.len()).filter(|place| is(inner.get(*place), ",")).collect();
                if let [comma] = commas.as_slice() {
                    let mut inner = inner;
                    let mut pattern = inner.split_off(*comma);
                    pattern.remove(0);
                    if let Some(first) = pattern.first_mut() {
                        set_gap(first, 1);
                    }
                    inner.push(Word(1, "regexp".to_owned()));
                    inner.extend(pattern);
                    pieces.splice(at..=at + 1, [Group(gap, inner)]);
                }
            }
        }
        // MariaDB looks for one row only, and says so.
        "exists" => {
            if let Some(Group(_, inner)) = pieces.get_mut(at + 1)
                && !inner.iter().any(|one| is(Some(one), "limit") || is(Some(one), "union"))
            {
                inner.extend([Word(1, "limit".to_owned()), Word(1, "1".to_owned())]);
            }
        }
        other if is_call => {
            if let Some((_, word)) = FUNCTIONS.iter().find(|(mysql, _)| *mysql == other) {
                put(pieces, word);
            }
        }
        _ => {}
    }
}

/// What WITH names has no quotes in MariaDB's texts, and no blank follows it.
fn unquote_names(pieces: &mut [Piece]) {
    for piece in pieces {
        if is(Some(piece), "select") {
            set_gap(piece, 0);
            return;
        }
        if let Word(_, name) = piece {
            let plain = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
            if let Some(plain) = plain.filter(|plain| !plain.contains('`')) {
                *name = plain.to_owned();
            }
        }
    }
}

/// NOT before a bracket: MariaDB has `a  not like b`, with two blanks, and `!` before everything else.
fn negate(pieces: &mut Vec<Piece>, at: usize, gap: usize, mut inner: Vec<Piece>) {
    let likes: Vec<usize> = (0..inner.len()).filter(|place| is(inner.get(*place), "like")).collect();
    match likes.as_slice() {
        [like] if loosest(&inner) == LIKE => {
            inner.insert(*like, Word(2, "not".to_owned()));
            pieces.splice(at..=at + 1, [Group(gap, inner)]);
        }
        _ => {
            pieces.splice(at..=at + 1, [Word(gap, "!".to_owned()), Group(0, inner)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_that_are_worked_out_have_brackets() {
        assert_eq!(default("(1 + (2 * 3))"), "(1 + 2 * 3)");
        assert_eq!(default(r"concat(_utf8mb4\'a\',(1 + 2))"), "concat('a',1 + 2)");
        assert_eq!(default(r"_utf8mb4\'it\\\'s\'"), r"'it\'s'");
    }

    #[test]
    fn a_query_that_mysql_writes_becomes_what_mariadb_writes_of_the_same() {
        let cases = include_str!("mysql_queries.txt");
        for pair in cases.trim_end().split("\n\n") {
            let (mysql, mariadb) = pair.split_once('\n').unwrap();
            assert_eq!(query(mysql), mariadb, "{mysql}");
        }
    }

    #[test]
    fn what_mysql_writes_becomes_what_mariadb_writes_of_the_same() {
        let cases = include_str!("mysql.txt");
        for pair in cases.trim_end().split("\n\n") {
            let (mysql, mariadb) = pair.split_once('\n').unwrap();
            assert_eq!(expression(mysql), mariadb, "{mysql}");
        }
    }
}
