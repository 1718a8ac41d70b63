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

/// The columns that a trigger's text reads of its row (`NEW.a`, `OLD."a"`) or waits for (`UPDATE OF a, b ON`), in small letters.
pub(crate) fn columns_of_rows(trigger: &str) -> Vec<String> {
    let text = trigger.to_lowercase();
    let is_part = |sign: char| sign.is_alphanumeric() || sign == '_';
    let mut columns = Vec::new();
    for row in ["new", "old"] {
        for (at, _) in text.match_indices(row) {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + row.len()..).unwrap_or_default().trim_start_matches(['"', '`']);
            if !before.is_some_and(is_part)
                && let Some(rest) = after.strip_prefix('.')
            {
                columns.push(word(rest));
            }
        }
    }
    if let Some((_, rest)) = text.split_once("update of ") {
        let list = rest.split(" on ").next().unwrap_or_default();
        columns.extend(list.split(',').map(|column| word(column.trim())));
    }
    columns
}

/// The name that a text begins with.
fn word(text: &str) -> String {
    let is_part = |sign: char| sign.is_alphanumeric() || sign == '_';
    match text.chars().next().filter(|quote| matches!(quote, '"' | '`')) {
        Some(quote) => text.trim_start_matches(quote).split(quote).next().unwrap_or_default().to_owned(),
        None => text.split(|sign| !is_part(sign)).next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{columns_of_rows, mentions};

    #[test]
    fn a_trigger_reads_columns_of_its_row() {
        let text = "CREATE TRIGGER t BEFORE UPDATE OF a, \"B c\" ON x WHEN (NEW.d > old.\"e f\") SET `NEW`.`g` = renewed.h";
        assert_eq!(columns_of_rows(text), ["d", "g", "e f", "a", "b c"]);
        assert!(columns_of_rows("BEFORE INSERT SET @x = 1").is_empty());
    }

    #[test]
    fn a_name_is_found_as_a_word_only() {
        assert!(mentions("(`phone` <> '')", "phone"));
        assert!(mentions("length(\"Phone\") > 2", "phone"));
        assert!(mentions("t.phone", "phone"));
        assert!(!mentions("phones > 1 and my_phone = 2", "phone"));
        assert!(!mentions("phone", ""));
    }
}
