//! Holds `docs/hazards.md` to the table.

use super::{Class, RULES};
use std::fmt::Write;

const HEAD: &str = "# Hazards

What can go wrong with a change of a schema or of rows is told before it runs, from the syntax tree alone (`src/sql/hazards/`). A rule says
what can happen, not what will: no database is asked here.

- **Breaking**: values can be lost, the change can fail on tenants' rows, or programs of the version before stop working. A migration with such a
  hazard is breaking and needs an approval, whatever its `-- breaking:` says.
- **Slow**: it can take long or keep others waiting where there are many rows.
- **Notice**: worth knowing; nobody has to do anything.

What a migration has made itself is nobody's yet: to drop, fill or narrow a table or a column that the same migration added is no hazard. A
statement that is not understood is never taken for harmless.

This file is written from the table of rules (`src/sql/hazards/rules.rs`); a test fails where the two differ and shows the new text.
";

fn document() -> String {
    let mut text = HEAD.to_owned();
    for (class, title) in [(Class::Breaking, "Breaking"), (Class::Slow, "Slow"), (Class::Notice, "Notice")] {
        let _ = write!(text, "\n## {title}\n");
        for rule in RULES.iter().filter(|rule| rule.class == class) {
            let _ = write!(
                text,
                "\n### {}\n\n`{}`\n\n- Why: {}\n- What to do: {}\n",
                rule.title, rule.id, rule.reason, rule.advice
            );
        }
    }
    text
}

#[test]
fn the_document_says_what_the_table_says() {
    let expected = document();
    let found = include_str!("../../../docs/hazards.md");
    assert!(found == expected, "docs/hazards.md is not up to date; it has to be:\n{expected}");
}
