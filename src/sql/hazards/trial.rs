//! What holds of any text, however broken. The fuzzer and an ordinary test run the same function.

use super::{Analysis, analysis};
use crate::{
    schema::Schema,
    sql::{effects::Effects, operations::operation, read},
};
use std::sync::LazyLock;

/// What the statements find.
const START: &str = "
CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL);
CREATE TABLE members (
    id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100) NULL, status ENUM('new', 'gone') NOT NULL DEFAULT 'new',
    points INT NOT NULL DEFAULT 0, twice INT GENERATED ALWAYS AS (points * 2) STORED, kind_id INT NULL,
    UNIQUE KEY uk_email (email), INDEX idx_kind (kind_id), CONSTRAINT chk_points CHECK (points >= 0),
    CONSTRAINT fk_kind FOREIGN KEY (kind_id) REFERENCES kinds(id) ON DELETE CASCADE
);
CREATE VIEW contacts AS SELECT id, email FROM members;
";

/// The schema of [`START`], made once: a fuzzer comes by often.
fn start() -> &'static Schema {
    static MADE: LazyLock<Schema> = LazyLock::new(|| analysis::schema_after(&Schema::default(), START));
    &MADE
}

/// Analyses a text as statements and as a migration's file.
///
/// # Panics
/// Where a statement that is not understood comes out as anything but unknown and breaking: that is a fault of this program.
pub fn try_out(text: &str) {
    let start = start();
    let found = analysis::statements(start, text, 1);
    holds(text, &found);
    holds(text, &analysis::migration(start, text));
    let unread = match read::each(text, 1) {
        Ok(all) => {
            all.into_iter().filter(|one| one.as_ref().map_or(true, |one| operation(one).is_err())).count()
        }
        Err(_) => 1,
    };
    let unknown = found.statements.iter().filter(|seen| matches!(seen.effects, Effects::Unknown(_))).count();
    assert!(unknown >= unread, "{text:?}: {unread} statements cannot be read, {unknown} are told");
}

fn holds(text: &str, analysis: &Analysis) {
    assert!(!analysis.is_unknown() || analysis.is_breaking(), "{text:?} is not understood, and not breaking");
    for hazard in &analysis.hazards {
        assert!(!hazard.sentence.is_empty(), "{text:?}: {} says nothing", hazard.rule);
    }
    // Whatever changes the model has an effect with a name.
    let touched = analysis.touched();
    let is_idle = touched.creates.is_empty() && touched.changes.is_empty() && touched.drops.is_empty();
    let start = start();
    assert!(!is_idle || analysis.after == *start, "{text:?} changes the schema, and touches nothing");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statements that are worth breaking.
    const SEEDS: &[&str] = &[
        "ALTER TABLE members DROP COLUMN points, ADD COLUMN phone VARCHAR(30) NOT NULL DEFAULT '' AFTER email",
        "ALTER TABLE members CHANGE COLUMN email mail VARCHAR(10) COLLATE utf8mb4_bin NOT NULL, RENAME TO people",
        "ALTER TABLE members DROP CONSTRAINT chk_points, DROP FOREIGN KEY fk_kind, DROP INDEX uk_email, DROP PRIMARY KEY",
        "CREATE TABLE a (id INT PRIMARY KEY, k INT REFERENCES kinds(id), CHECK (k BETWEEN 1 AND 5), INDEX (k))",
        "CREATE OR REPLACE VIEW contacts AS WITH x AS (SELECT * FROM members) SELECT x.id FROM x JOIN kinds USING (id)",
        "INSERT INTO kinds (name) SELECT DISTINCT email FROM members WHERE id IN (SELECT kind_id FROM members LIMIT 1)",
        "UPDATE members SET points = (SELECT MAX(k.id) FROM kinds k WHERE k.id = members.kind_id), email = NULL",
        "DELETE FROM members WHERE id NOT IN (SELECT id FROM contacts) OR 1 = 1",
        "REPLACE INTO kinds VALUES (1, CONCAT('{{TENANT_NAME}}', NOW())) ",
        "DROP TABLE IF EXISTS members, kinds; DROP VIEW contacts; RENAME TABLE kinds TO sorts, members TO people",
        "-- UP\nALTER TABLE members ADD COLUMN a INT;\n-- DOWN\nALTER TABLE members DROP COLUMN a;",
        "GRANT ALL ON *.* TO x; SET @a = 1; CALL f(1); /*! DROP TABLE kinds */; SELECT 1 INTO OUTFILE 'x'",
    ];

    const PIECES: &[&str] = &[
        " ",
        "(",
        ")",
        ",",
        ";",
        "'",
        "\"",
        "`",
        "*",
        ".",
        "=",
        "--",
        "/*",
        "*/",
        "\\",
        "{{",
        "}}",
        "\u{1F600}",
        "\n-- DOWN\n",
        " DROP ",
        " TABLE ",
        " COLUMN ",
        " SELECT ",
        " FROM members ",
        " WHERE ",
        " AND ",
        " UNION ",
        " NULL ",
        " CASCADE ",
        " members ",
        " kinds.id ",
        " 0 ",
        " 99999999999999999999 ",
        " IF EXISTS ",
        " RENAME ",
        " VALUES ",
        " AS ",
        " ON ",
    ];

    /// A simple generator of numbers: the same statements each time, so that a failure can be looked at.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, most: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % u64::try_from(most.max(1)).unwrap()).unwrap()
        }
    }

    fn broken(numbers: &mut Numbers) -> String {
        let mut text: Vec<char> = SEEDS[numbers.below(SEEDS.len())].chars().collect();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(text.len() + 1);
            match numbers.below(4) {
                0 => drop(text.splice(at..at, PIECES[numbers.below(PIECES.len())].chars())),
                1 => {
                    let end = (at + numbers.below(12)).min(text.len());
                    text.drain(at..end);
                }
                2 => text.truncate(at),
                _ => {
                    let other: Vec<char> = SEEDS[numbers.below(SEEDS.len())].chars().collect();
                    let from = numbers.below(other.len());
                    text.truncate(at);
                    text.extend_from_slice(&other[from..]);
                }
            }
        }
        text.into_iter().collect()
    }

    #[test]
    fn thousands_of_broken_statements_never_panic_and_are_never_harmless_unread() {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
        let mut understood = 0;
        for seed in SEEDS {
            try_out(seed);
        }
        let start = start();
        for _ in 0..3_000 {
            let text = broken(&mut numbers);
            try_out(&text);
            understood += usize::from(!analysis::statements(start, &text, 1).is_unknown());
        }
        // Neither nonsense only nor nothing broken.
        assert!((100..2_900).contains(&understood), "{understood}");
    }

    #[test]
    fn however_deep_or_long_a_statement_is_the_stack_holds() {
        let many = 100_000;
        for text in [
            format!("UPDATE members SET points = {}1{}", "(".repeat(many), ")".repeat(many)),
            format!("UPDATE members SET points = 1{}", " + 1".repeat(many)),
            format!("UPDATE members SET points = {}1", "- ".repeat(many)),
            format!("DELETE FROM members WHERE {}points", "NOT ".repeat(many)),
            format!("DELETE FROM members WHERE points = 1{}", " OR points = 1".repeat(many)),
            format!("CREATE VIEW v AS SELECT id FROM kinds{}", " UNION SELECT id FROM kinds".repeat(many)),
            format!(
                "CREATE VIEW v AS SELECT id, name FROM kinds{}",
                " UNION SELECT id, name FROM kinds".repeat(many)
            ),
            format!("CREATE VIEW v AS {}SELECT 1{}", "SELECT * FROM (".repeat(many), ") AS x".repeat(many)),
            format!("CREATE TABLE a (id INT, CHECK ({}id{}))", "f(".repeat(many), ")".repeat(many)),
            format!("CREATE TABLE a (id INT, CHECK (id{}))", " IS NULL".repeat(many)),
            format!("INSERT INTO kinds (name) VALUES (CASE {} END)", "CASE ".repeat(many)),
            format!("UPDATE members SET points = {}", "x.".repeat(many)),
            format!("UPDATE members SET points = a{}", "[1]".repeat(many)),
            format!("UPDATE members SET points = a{}", "::INT".repeat(many)),
        ] {
            try_out(&text);
        }
    }
}
