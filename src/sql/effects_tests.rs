//! What statements touch.

use super::{Effects, Touched};
use crate::{
    schema::Schema,
    sql::{hazards::analysis, objects::ObjectRef},
};
use std::collections::BTreeSet;

const START: &str = "
CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL);
CREATE TABLE members (
    id INT AUTO_INCREMENT PRIMARY KEY,
    Email VARCHAR(100) NULL,
    points INT NOT NULL DEFAULT 0,
    kind_id INT NULL,
    INDEX idx_kind (kind_id),
    UNIQUE KEY uk_email (Email),
    CONSTRAINT chk_points CHECK (points >= 0),
    CONSTRAINT fk_kind FOREIGN KEY (kind_id) REFERENCES kinds(id)
);
CREATE TABLE dues (
    id INT AUTO_INCREMENT PRIMARY KEY, member_id INT NOT NULL, amount DECIMAL(10, 2) NULL,
    INDEX idx_member (member_id),
    CONSTRAINT fk_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE CASCADE
);
CREATE TABLE reminders (
    id INT PRIMARY KEY, due_id INT NULL, INDEX idx_due (due_id),
    CONSTRAINT fk_due FOREIGN KEY (due_id) REFERENCES dues(id) ON DELETE SET NULL
);
CREATE VIEW owing AS SELECT members.id, members.Email AS email FROM members JOIN dues ON dues.member_id = members.id WHERE dues.amount > 0;
";

fn touched(sql: &str) -> Touched {
    let start = analysis::statements(&Schema::default(), START, 1).after;
    let analysis = analysis::statements(&start, sql, 1);
    assert!(!analysis.is_unknown(), "{sql}: {:?}", analysis.statements);
    analysis.touched()
}

/// The objects as a test writes them: `members` is a table, `members.id` a column, the others say what they are.
fn names(objects: &BTreeSet<ObjectRef>) -> Vec<String> {
    objects
        .iter()
        .map(|object| {
            let words = object.to_string();
            let short = words.strip_prefix("the table ").or_else(|| words.strip_prefix("the column "));
            short.or_else(|| words.strip_prefix("the ")).unwrap_or(&words).to_owned()
        })
        .collect()
}

#[test]
fn what_a_statement_over_rows_reads_and_writes() {
    for (sql, changes, reads) in [
        ("INSERT INTO kinds (name) VALUES ('a')", "kinds kinds.name", ""),
        ("INSERT INTO kinds VALUES (1, 'a')", "kinds kinds.id kinds.name", ""),
        (
            "INSERT INTO kinds (name) SELECT m.email FROM MEMBERS AS m WHERE m.points > 3",
            "kinds kinds.name",
            "members members.Email members.points",
        ),
        (
            "INSERT INTO kinds SELECT id, email FROM members",
            "kinds kinds.id kinds.name",
            "members members.id members.Email",
        ),
        ("INSERT INTO kinds (name) SELECT * FROM kinds", "kinds kinds.name", "kinds kinds.id kinds.name"),
        (
            "INSERT INTO kinds (name) SELECT d.* FROM dues d, members",
            "kinds kinds.name",
            "dues members dues.amount dues.id dues.member_id",
        ),
        (
            "UPDATE members SET points = points + 1 WHERE email IS NULL",
            "members.points",
            "members members.points members.Email",
        ),
        (
            "UPDATE members SET points = (SELECT SUM(amount) FROM dues WHERE member_id = members.id)",
            "members.points",
            "members dues dues.amount dues.member_id members.id",
        ),
        (
            // In the sub-query, `id` is that of the inner table.
            "UPDATE members SET points = 1 WHERE EXISTS (SELECT 1 FROM kinds WHERE id = kind_id)",
            "members.points",
            "members kinds kinds.id members.kind_id",
        ),
        (
            "INSERT INTO kinds (name) WITH best AS (SELECT id, points FROM members) SELECT best.id FROM best",
            "kinds kinds.name",
            "members members.id members.points",
        ),
        (
            "INSERT INTO kinds (name) SELECT x.e FROM (SELECT email AS e FROM members) AS x",
            "kinds kinds.name",
            "members members.Email",
        ),
        (
            "INSERT INTO kinds (name) SELECT name FROM kinds UNION ALL SELECT email FROM members",
            "kinds kinds.name",
            "kinds members kinds.name members.Email",
        ),
        (
            "INSERT INTO kinds (name) SELECT 1 FROM members JOIN dues USING (id)",
            "kinds kinds.name",
            "members dues members.id dues.id",
        ),
        (
            "INSERT INTO kinds (id, name) VALUES (1, 'a') ON DUPLICATE KEY UPDATE name = CONCAT(name, 'a')",
            "kinds kinds.id kinds.name",
            "kinds.name",
        ),
        (
            "INSERT INTO kinds (name) SELECT email FROM owing",
            "kinds kinds.name",
            "view:owing members dues members.id members.Email dues.member_id dues.amount",
        ),
        (
            "UPDATE members AS m JOIN kinds ON kinds.id = m.kind_id SET m.points = kinds.id, name = 'a'",
            "members.points kinds.name",
            "members kinds kinds.id members.kind_id",
        ),
        (
            "DELETE k FROM members JOIN kinds AS k ON k.id = members.kind_id",
            "kinds",
            "members kinds kinds.id members.kind_id",
        ),
        // What belongs to a deleted row goes with it, and what refers to that is emptied.
        ("DELETE FROM members WHERE points = 0", "members dues reminders.due_id", "members members.points"),
        ("DELETE FROM kinds", "kinds", "kinds"),
    ] {
        let found = touched(sql);
        let set = |text: &str| -> BTreeSet<String> {
            text.split_whitespace().map(|word| word.replace(':', " ")).collect()
        };
        let list = |objects: &BTreeSet<ObjectRef>| names(objects).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(list(&found.changes), set(changes), "{sql}");
        assert_eq!(list(&found.reads), set(reads), "{sql}");
        assert!(found.creates.is_empty() && found.drops.is_empty(), "{sql}");
    }
}

#[test]
fn what_a_change_of_the_structure_touches() {
    for (sql, creates, changes, drops, reads) in [
        (
            "CREATE TABLE a (id INT PRIMARY KEY, m INT, UNIQUE KEY uk_m (m), CONSTRAINT fk_m FOREIGN KEY (m) REFERENCES MEMBERS(ID), CONSTRAINT chk_m CHECK (m > 0))",
            "a;a.id;a.m;primary key of a;index a.uk_m;foreign key a.fk_m;check a.chk_m",
            "",
            "",
            "members;members.id",
        ),
        ("CREATE TABLE IF NOT EXISTS kinds (id INT PRIMARY KEY)", "", "", "", ""),
        (
            "DROP TABLE reminders",
            "",
            "",
            "reminders;reminders.id;reminders.due_id;primary key of reminders;index reminders.idx_due;foreign key reminders.fk_due",
            "",
        ),
        (
            "ALTER TABLE members ADD COLUMN twice INT GENERATED ALWAYS AS (points * 2) STORED",
            "members.twice",
            "",
            "",
            "members.points",
        ),
        ("DROP VIEW owing; ALTER TABLE Dues DROP COLUMN AMOUNT", "", "", "view owing;dues.amount", ""),
        (
            "ALTER TABLE members RENAME COLUMN points TO score",
            "members.score",
            "check members.chk_points",
            "members.points",
            "",
        ),
        (
            "ALTER TABLE dues DROP FOREIGN KEY fk_member, DROP INDEX idx_member",
            "",
            "",
            "foreign key dues.fk_member;index dues.idx_member",
            "",
        ),
        ("ALTER TABLE members DROP CONSTRAINT chk_points", "", "", "check members.chk_points", ""),
        (
            "CREATE INDEX idx_e ON members (email, points)",
            "index members.idx_e",
            "",
            "",
            "members.Email;members.points",
        ),
        (
            "ALTER TABLE dues ADD CONSTRAINT chk_a CHECK (amount > id)",
            "check dues.chk_a",
            "",
            "",
            "dues.amount;dues.id",
        ),
        ("CREATE VIEW few AS SELECT name FROM kinds", "view few", "", "", "kinds;kinds.name"),
        ("CREATE OR REPLACE VIEW owing AS SELECT id FROM kinds", "", "view owing", "", "kinds;kinds.id"),
        ("DROP VIEW owing", "", "", "view owing", ""),
        ("RENAME TABLE reminders TO nudges", "nudges", "", "reminders", ""),
        // The second clause is about the column under its new name.
        (
            "ALTER TABLE kinds RENAME COLUMN name TO title, ADD INDEX idx_t (title)",
            "kinds.title;index kinds.idx_t",
            "",
            "kinds.name",
            "kinds.title",
        ),
    ] {
        let found = touched(sql);
        let set = |text: &str| -> BTreeSet<String> {
            text.split(';').filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let list = |objects: &BTreeSet<ObjectRef>| names(objects).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(list(&found.creates), set(creates), "{sql}");
        assert_eq!(list(&found.changes), set(changes), "{sql}");
        assert_eq!(list(&found.drops), set(drops), "{sql}");
        assert_eq!(list(&found.reads), set(reads), "{sql}");
    }
}

#[test]
fn a_view_that_reads_itself_ends() {
    let mut start = analysis::statements(&Schema::default(), START, 1).after;
    for (name, other) in [("one", "other"), ("other", "one")] {
        let query = format!("SELECT id FROM {other}");
        let view = crate::schema::View { name: name.into(), columns: Vec::new(), query };
        start.views.insert(name.into(), view);
    }
    let analysis = analysis::statements(&start, "INSERT INTO kinds (name) SELECT id FROM one", 1);
    let reads = analysis.touched().reads;
    assert!(reads.contains(&ObjectRef::view("one")) && reads.contains(&ObjectRef::view("other")));
}

#[test]
fn what_is_not_understood_is_unknown_and_never_nothing() {
    for sql in [
        "DROP DATABASE a",
        "SELECT 1",
        "SET @a = 1",
        "CREATE TRIGGER a",
        "nonsense",
        "'",
        "GRANT ALL ON a TO b",
        "TRUNCATE kinds",
    ] {
        let start = analysis::statements(&Schema::default(), START, 1).after;
        let analysis = analysis::statements(&start, sql, 1);
        assert!(
            matches!(analysis.statements.as_slice(), [seen] if matches!(seen.effects, Effects::Unknown(_))),
            "{sql}"
        );
        assert!(analysis.is_breaking(), "{sql}");
    }
}
