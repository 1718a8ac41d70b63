//! Whether a text of SQL, whose engine's dialect is not known here, names something.

/// Whether the name stands in the text as a word, quoted or not, in any case. It may mean something else there, so this finds
/// too much rather than too little.
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let is_part = |sign: char| sign.is_alphanumeric() || sign == '_';
    text.match_indices(&name).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_name_is_found_as_a_word_only() {
        assert!(mentions("(`phone` <> '')", "phone"));
        assert!(mentions("length(\"Phone\") > 2", "phone"));
        assert!(mentions("t.phone", "phone"));
        assert!(!mentions("phones > 1 and my_phone = 2", "phone"));
        assert!(!mentions("phone", ""));
    }
}
