//! Each rule with what it finds and with what looks like it and is none. A rule that is not here fails the test.

use super::{Hazard, RULES, Rule, analysis, own_words};
use crate::schema::Schema;

/// What the examples begin with.
const START: &str = "
CREATE TABLE kinds (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL);
CREATE TABLE members (
    id INT AUTO_INCREMENT PRIMARY KEY,
    email VARCHAR(100) NULL,
    phone VARCHAR(30) NULL,
    nick VARCHAR(20) COLLATE utf8mb4_bin NULL,
    status ENUM('new', 'full', 'gone') NOT NULL DEFAULT 'new',
    points INT NOT NULL DEFAULT 0,
    twice INT GENERATED ALWAYS AS (points * 2) STORED,
    kind_id INT NULL,
    notes TEXT NULL,
    changed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    UNIQUE KEY uk_email (email),
    INDEX idx_nick (nick),
    CONSTRAINT chk_points CHECK (points >= 0)
);
CREATE TABLE dues (
    id INT AUTO_INCREMENT PRIMARY KEY,
    member_id INT NOT NULL,
    amount DECIMAL(10, 2) NOT NULL DEFAULT 0,
    INDEX idx_member (member_id),
    CONSTRAINT fk_dues_member FOREIGN KEY (member_id) REFERENCES members(id) ON DELETE CASCADE
);
CREATE TABLE tags (name VARCHAR(20) NOT NULL, member_id INT NOT NULL);
CREATE VIEW contacts AS SELECT id, phone AS reached_at FROM members;
";

/// The rule, what it finds with its sentence, and what it does not.
type Example = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const UP_DOWN: &str = "-- UP\nALTER TABLE dues ADD COLUMN paid INT NULL;\n-- DOWN\n";

const EXAMPLES: &[Example] = &[
    (
        "unknown-statement",
        &[
            (
                "SELEKT 1",
                "Nobody knows what this does: this is not understood: expected an SQL statement, found: SELEKT.",
            ),
            ("DROP DATABASE x", "Nobody knows what this does: DROP DATABASE is not allowed in a template."),
            (
                "ALTER TABLE nowhere DROP COLUMN a",
                "Nobody knows what this does: there is no table nowhere here yet.",
            ),
            (
                "CREATE TRIGGER t BEFORE INSERT ON dues FOR EACH ROW SET NEW.amount = 1",
                "Nobody knows what this does: triggers are written for each engine, in files such as 002_name.sqlite.sql beside this one.",
            ),
            (
                "UPDATE dues JOIN members ON 1 = 1 SET amount = (SELECT",
                "Nobody knows what this does: this is not understood: expected an expression, found: the end of the statement.",
            ),
        ],
        &["INSERT INTO kinds (name) VALUES ('full')", "ALTER TABLE dues ADD COLUMN paid INT NULL", ""],
    ),
    (
        "no-way-back",
        &[
            ("-- UP\nDROP TABLE dues;\n", "Cannot be taken back: there is no `-- DOWN`."),
            (
                "-- UP\nALTER TABLE dues ADD COLUMN paid INT NULL;\n-- DOWN\nALTER TABLE dues DROP COLUMN amount;",
                "Its `-- DOWN` does not lead back: ",
            ),
            (
                "-- UP\nALTER TABLE dues ADD COLUMN paid INT NULL;\n-- DOWN\nCALL undo();",
                "Its `-- DOWN` has a statement of which nobody knows what it does.",
            ),
        ],
        &["-- UP\nALTER TABLE dues ADD COLUMN paid INT NULL;\n-- DOWN\nALTER TABLE dues DROP COLUMN paid;"],
    ),
    (
        "drops-table",
        &[("DROP TABLE dues", "Drops the table dues and every row in it.")],
        &[
            "DROP TABLE IF EXISTS nothing",
            "CREATE TABLE scratch (id INT PRIMARY KEY); DROP TABLE scratch",
            "ALTER TABLE dues DROP COLUMN amount",
        ],
    ),
    (
        "drops-column",
        &[
            (
                "ALTER TABLE members DROP COLUMN notes",
                "Drops the column members.notes and every value in it.",
            ),
            (
                "ALTER TABLE MEMBERS DROP COLUMN NOTES",
                "Drops the column members.notes and every value in it.",
            ),
            (
                "ALTER TABLE members DROP COLUMN twice",
                "Drops the computed column members.twice, which programs may still read.",
            ),
        ],
        &[
            "ALTER TABLE dues ADD COLUMN a INT NULL, DROP COLUMN a",
            "CREATE TABLE scratch (id INT PRIMARY KEY, a INT); ALTER TABLE scratch DROP COLUMN a",
            "ALTER TABLE dues ADD COLUMN a INT NULL, RENAME COLUMN a TO b; ALTER TABLE dues DROP COLUMN b",
        ],
    ),
    (
        "drops-view",
        &[("DROP VIEW contacts", "Drops the view contacts.")],
        &["DROP VIEW contacts; CREATE VIEW contacts AS SELECT id, phone AS reached_at FROM members"],
    ),
    (
        "narrows-view",
        &[
            (
                "CREATE OR REPLACE VIEW contacts AS SELECT id FROM members",
                "The view contacts has no reached_at any more.",
            ),
            (
                "DROP VIEW contacts; CREATE VIEW contacts AS SELECT * FROM members",
                "The view contacts may have other columns than before: not all of them are named.",
            ),
        ],
        &[
            "CREATE OR REPLACE VIEW contacts AS SELECT id, email AS reached_at, phone FROM members",
            "DROP VIEW contacts",
        ],
    ),
    (
        "view-in-the-way",
        &[
            (
                "ALTER TABLE members DROP COLUMN phone",
                "The view contacts reads the column members.phone, and cannot be read without it.",
            ),
            (
                "ALTER TABLE members RENAME COLUMN phone TO telephone",
                "The view contacts reads the column members.phone, and cannot be read without it.",
            ),
            (
                "RENAME TABLE members TO people",
                "The view contacts reads the table members, and cannot be read without it.",
            ),
        ],
        &[
            "DROP VIEW contacts; ALTER TABLE members DROP COLUMN phone",
            "ALTER TABLE members DROP COLUMN notes",
            "ALTER TABLE members MODIFY COLUMN phone VARCHAR(40) NULL",
        ],
    ),
    (
        "renames-table",
        &[
            ("RENAME TABLE tags TO labels", "Calls the table tags labels from now on."),
            ("ALTER TABLE tags RENAME TO labels", "Calls the table tags labels from now on."),
        ],
        &["CREATE TABLE a (id INT PRIMARY KEY); RENAME TABLE a TO b"],
    ),
    (
        "renames-column",
        &[
            (
                "ALTER TABLE dues RENAME COLUMN amount TO owed",
                "Calls the column dues.amount owed from now on.",
            ),
            (
                "ALTER TABLE dues CHANGE COLUMN amount owed DECIMAL(10, 2) NOT NULL DEFAULT 0",
                "Calls the column dues.amount owed from now on.",
            ),
        ],
        &[
            "ALTER TABLE dues CHANGE COLUMN amount amount DECIMAL(12, 2) NOT NULL DEFAULT 0",
            "ALTER TABLE dues ADD COLUMN a INT NULL; ALTER TABLE dues RENAME COLUMN a TO b",
        ],
    ),
    (
        "narrows-type",
        &[
            (
                "ALTER TABLE members MODIFY COLUMN phone VARCHAR(20) NULL",
                "Narrows the column members.phone from VARCHAR(30) to VARCHAR(20).",
            ),
            (
                "ALTER TABLE dues MODIFY COLUMN amount DECIMAL(10, 1) NOT NULL DEFAULT 0",
                "Narrows the column dues.amount from DECIMAL(10,2) to DECIMAL(10,1).",
            ),
            (
                "ALTER TABLE dues DROP FOREIGN KEY fk_dues_member; ALTER TABLE dues MODIFY COLUMN member_id SMALLINT NOT NULL",
                "Narrows the column dues.member_id from INT to SMALLINT.",
            ),
            (
                "ALTER TABLE members MODIFY COLUMN notes VARCHAR(200) NULL",
                "Narrows the column members.notes from TEXT to VARCHAR(200).",
            ),
        ],
        &[
            "ALTER TABLE members MODIFY COLUMN phone VARCHAR(60) NULL",
            "ALTER TABLE members MODIFY COLUMN phone VARCHAR(30) NOT NULL",
            "ALTER TABLE members ADD COLUMN a VARCHAR(9) NULL, MODIFY COLUMN a VARCHAR(5) NULL",
        ],
    ),
    (
        "removes-choice",
        &[(
            "ALTER TABLE members MODIFY COLUMN status ENUM('new', 'full') NOT NULL DEFAULT 'new'",
            "Takes 'gone' out of the list of members.status.",
        )],
        &[
            "ALTER TABLE members MODIFY COLUMN status ENUM('new', 'full', 'gone', 'back') NOT NULL DEFAULT 'new'",
        ],
    ),
    (
        "changes-kind",
        &[(
            "ALTER TABLE members MODIFY COLUMN phone BIGINT NULL",
            "Turns the values of members.phone from VARCHAR(30) into BIGINT.",
        )],
        &["ALTER TABLE members MODIFY COLUMN phone TEXT NULL"],
    ),
    (
        "not-null",
        &[(
            "ALTER TABLE members MODIFY COLUMN phone VARCHAR(30) NOT NULL",
            "Allows no NULL in the column members.phone any more, which may hold some.",
        )],
        &[
            "ALTER TABLE members MODIFY COLUMN phone VARCHAR(30) NULL DEFAULT ''",
            "ALTER TABLE members MODIFY COLUMN points BIGINT NOT NULL DEFAULT 0",
        ],
    ),
    (
        "required-column",
        &[
            (
                "ALTER TABLE members ADD COLUMN card VARCHAR(20) NOT NULL",
                "Adds the column members.card, which takes no NULL, without a default.",
            ),
            (
                "ALTER TABLE members ADD COLUMN card VARCHAR(20) NULL; UPDATE members SET card = id; ALTER TABLE members MODIFY COLUMN card VARCHAR(20) NOT NULL",
                "Every new row of members must say its card from now on.",
            ),
        ],
        &[
            "ALTER TABLE members ADD COLUMN card VARCHAR(20) NOT NULL DEFAULT ''",
            "ALTER TABLE members ADD COLUMN card VARCHAR(20) NULL",
            "ALTER TABLE members ADD COLUMN half INT GENERATED ALWAYS AS (points / 2) STORED NOT NULL",
            "CREATE TABLE a (id INT PRIMARY KEY); ALTER TABLE a ADD COLUMN card VARCHAR(20) NOT NULL",
        ],
    ),
    (
        "drops-default",
        &[
            (
                "ALTER TABLE members ALTER COLUMN points DROP DEFAULT",
                "Every new row of members must say its points from now on: its default goes.",
            ),
            (
                "ALTER TABLE members MODIFY COLUMN points INT NOT NULL",
                "Every new row of members must say its points from now on: its default goes.",
            ),
        ],
        &[
            "ALTER TABLE members ALTER COLUMN points SET DEFAULT 5",
            "ALTER TABLE members MODIFY COLUMN points INT NULL",
        ],
    ),
    (
        "drops-numbering",
        &[(
            "ALTER TABLE kinds MODIFY COLUMN id INT NOT NULL",
            "New rows get no number in kinds.id by themselves any more.",
        )],
        &["ALTER TABLE kinds MODIFY COLUMN id BIGINT NOT NULL AUTO_INCREMENT"],
    ),
    (
        "changes-computation",
        &[
            (
                "ALTER TABLE members MODIFY COLUMN twice INT GENERATED ALWAYS AS (points + points) STORED",
                "Computes members.twice in another way, for all rows.",
            ),
            (
                "ALTER TABLE members MODIFY COLUMN twice INT NULL",
                "Computes members.twice no longer; programs must fill it in.",
            ),
            (
                "ALTER TABLE members MODIFY COLUMN kind_id INT GENERATED ALWAYS AS (points + 1) STORED",
                "Computes members.kind_id from now on; the values kept in it go.",
            ),
        ],
        &["ALTER TABLE members MODIFY COLUMN twice BIGINT GENERATED ALWAYS AS (points * 2) STORED"],
    ),
    (
        "changes-collation",
        &[(
            "ALTER TABLE members MODIFY COLUMN nick VARCHAR(20) NULL",
            "Compares and sorts the values of members.nick by other rules.",
        )],
        &["ALTER TABLE members MODIFY COLUMN nick VARCHAR(30) COLLATE utf8mb4_bin NULL"],
    ),
    (
        "changes-primary-key",
        &[
            (
                "ALTER TABLE tags ADD PRIMARY KEY (name, member_id)",
                "Makes name, member_id the primary key of tags.",
            ),
            (
                "ALTER TABLE kinds MODIFY COLUMN id INT NOT NULL, DROP PRIMARY KEY",
                "Takes the primary key of kinds away.",
            ),
        ],
        &["CREATE TABLE a (id INT NOT NULL); ALTER TABLE a ADD PRIMARY KEY (id)"],
    ),
    (
        "new-unique",
        &[
            (
                "ALTER TABLE members ADD UNIQUE KEY uk_phone (phone)",
                "Allows each phone only once in members, which may hold some twice.",
            ),
            (
                "CREATE UNIQUE INDEX uk_name ON kinds (name)",
                "Allows each name only once in kinds, which may hold some twice.",
            ),
            (
                "ALTER TABLE dues ADD COLUMN a INT NOT NULL DEFAULT 1, ADD UNIQUE KEY uk_a (a)",
                "Allows each a only once in dues, which may hold some twice.",
            ),
            (
                "ALTER TABLE dues ADD COLUMN a INT NULL; UPDATE dues SET a = 1; ALTER TABLE dues ADD UNIQUE KEY uk_a (a)",
                "Allows each a only once in dues, which may hold some twice.",
            ),
        ],
        &[
            "ALTER TABLE members ADD INDEX idx_phone (phone)",
            "ALTER TABLE dues ADD COLUMN a INT NULL, ADD UNIQUE KEY uk_a (a)",
            "CREATE TABLE a (id INT PRIMARY KEY, b INT, UNIQUE KEY uk_b (b))",
        ],
    ),
    (
        "new-foreign-key",
        &[(
            "ALTER TABLE members ADD INDEX idx_kind (kind_id), ADD CONSTRAINT fk_kind FOREIGN KEY (kind_id) REFERENCES kinds(id)",
            "Every members.kind_id must be in kinds from now on; some may not be.",
        )],
        &[
            "ALTER TABLE dues ADD COLUMN kind_id INT NULL, ADD INDEX idx_kind (kind_id), ADD CONSTRAINT fk_dues_kind FOREIGN KEY (kind_id) REFERENCES kinds(id)",
            "CREATE TABLE a (id INT PRIMARY KEY, CONSTRAINT fk_a FOREIGN KEY (id) REFERENCES kinds(id))",
        ],
    ),
    (
        "new-check",
        &[(
            "ALTER TABLE dues ADD CONSTRAINT chk_amount CHECK (amount >= 0)",
            "Every row of dues must meet amount >= 0 from now on; some may not.",
        )],
        &[
            "ALTER TABLE dues ADD COLUMN paid INT NOT NULL DEFAULT 0, ADD CONSTRAINT chk_paid CHECK (paid >= 0)",
        ],
    ),
    (
        "deletes-all-rows",
        &[
            ("DELETE FROM tags", "Deletes every row of tags."),
            (
                "DELETE FROM members WHERE 1 = 1",
                "Deletes every row of members, and with them the rows of dues that refer to them.",
            ),
        ],
        &["DELETE FROM tags WHERE name = ''", "CREATE TABLE a (id INT PRIMARY KEY); DELETE FROM a"],
    ),
    (
        "deletes-rows",
        &[
            (
                "DELETE FROM members WHERE status = 'gone'",
                "Deletes rows of members, and with them the rows of dues that refer to them.",
            ),
            (
                "DELETE m FROM dues JOIN members AS m ON m.id = dues.member_id WHERE dues.amount = 0",
                "Deletes rows of members, and with them the rows of dues that refer to them.",
            ),
            (
                "REPLACE INTO kinds (id, name) VALUES (1, 'a')",
                "Deletes the rows of kinds whose keys it puts in anew.",
            ),
        ],
        &[
            "DELETE FROM tags",
            "INSERT INTO kinds (id, name) VALUES (1, 'a')",
            "UPDATE members SET points = 0 WHERE id = 1",
        ],
    ),
    (
        "overwrites-all-rows",
        &[
            (
                "UPDATE members SET points = 0, phone = NULL",
                "Overwrites members.phone, members.points in every row.",
            ),
            (
                "UPDATE dues JOIN members AS m ON m.id = dues.member_id SET m.points = dues.amount",
                "Overwrites members.points in every row.",
            ),
            ("UPDATE dues SET dues.amount = 0 WHERE TRUE", "Overwrites dues.amount in every row."),
        ],
        &[
            "UPDATE members SET points = 0 WHERE points < 5",
            "ALTER TABLE dues ADD COLUMN a INT NULL; UPDATE dues SET a = amount",
        ],
    ),
    (
        "rewrites-table",
        &[
            (
                "ALTER TABLE dues MODIFY COLUMN amount DECIMAL(12, 2) NOT NULL DEFAULT 0",
                "Writes or checks every row of dues, for amount.",
            ),
            (
                "ALTER TABLE members ADD COLUMN half INT GENERATED ALWAYS AS (points / 2) STORED",
                "Writes every row of members, to compute half.",
            ),
            (
                "ALTER TABLE members ADD COLUMN code CHAR(36) NOT NULL DEFAULT (UUID())",
                "Writes every row of members, to compute code.",
            ),
        ],
        &[
            "ALTER TABLE dues MODIFY COLUMN amount DECIMAL(10, 2) NOT NULL DEFAULT 0 COMMENT 'What is owed'",
            "ALTER TABLE dues ADD COLUMN paid INT NULL",
        ],
    ),
    (
        "places-column",
        &[
            (
                "ALTER TABLE dues ADD COLUMN paid INT NULL AFTER id",
                "Puts the column dues.paid between others.",
            ),
            (
                "ALTER TABLE dues MODIFY COLUMN amount DECIMAL(10, 2) NOT NULL DEFAULT 0 FIRST",
                "Puts the column dues.amount between others.",
            ),
        ],
        &[
            "ALTER TABLE dues ADD COLUMN paid INT NULL AFTER amount",
            "ALTER TABLE dues MODIFY COLUMN amount DECIMAL(10, 2) NOT NULL DEFAULT 0 AFTER member_id",
        ],
    ),
    (
        "builds-index",
        &[(
            "CREATE INDEX idx_phone ON members (phone)",
            "Reads every row of members to build the index idx_phone.",
        )],
        &["CREATE TABLE a (id INT PRIMARY KEY, b INT, INDEX idx_b (b)); CREATE INDEX idx_c ON a (b, id)"],
    ),
    (
        "writes-every-row",
        &[(
            "ALTER TABLE dues ADD COLUMN a INT NULL; UPDATE dues SET a = amount",
            "Writes every row of dues in one statement.",
        )],
        &["UPDATE dues SET amount = 1 WHERE amount = 0"],
    ),
    (
        "drops-index",
        &[(
            "DROP INDEX idx_nick ON members",
            "Drops the index idx_nick of members, which searches may need.",
        )],
        &[
            "ALTER TABLE members DROP INDEX idx_nick, ADD INDEX idx_nick_phone (nick, phone)",
            "ALTER TABLE members DROP INDEX uk_email",
        ],
    ),
    (
        "unindexed-foreign-key",
        &[
            (
                "ALTER TABLE members ADD CONSTRAINT fk_kind FOREIGN KEY (kind_id) REFERENCES kinds(id)",
                "No index of members begins with kind_id, which the foreign key fk_kind needs.",
            ),
            (
                "CREATE TABLE a (id INT PRIMARY KEY, kind_id INT, CONSTRAINT fk_a FOREIGN KEY (kind_id) REFERENCES kinds(id))",
                "No index of a begins with kind_id, which the foreign key fk_a needs.",
            ),
        ],
        &[
            "ALTER TABLE members ADD CONSTRAINT fk_kind FOREIGN KEY (kind_id) REFERENCES kinds(id); CREATE INDEX idx_kind ON members (kind_id, id)",
            "CREATE TABLE a (id INT PRIMARY KEY, CONSTRAINT fk_a FOREIGN KEY (id) REFERENCES kinds(id))",
        ],
    ),
    (
        "drops-unique",
        &[
            ("ALTER TABLE members DROP INDEX uk_email", "From now on members may hold the same email twice."),
            (
                "ALTER TABLE members DROP CONSTRAINT uk_email",
                "From now on members may hold the same email twice.",
            ),
        ],
        &[
            "ALTER TABLE members DROP INDEX uk_email, ADD UNIQUE KEY uk_mail (email)",
            "DROP INDEX idx_nick ON members",
        ],
    ),
    (
        "drops-foreign-key",
        &[
            (
                "ALTER TABLE dues DROP FOREIGN KEY fk_dues_member",
                "From now on dues.member_id may name rows of members that are not there.",
            ),
            (
                "ALTER TABLE dues DROP CONSTRAINT fk_dues_member",
                "From now on dues.member_id may name rows of members that are not there.",
            ),
        ],
        &[
            "ALTER TABLE dues DROP FOREIGN KEY fk_dues_member; ALTER TABLE dues ADD CONSTRAINT fk_other FOREIGN KEY (member_id) REFERENCES members(id)",
        ],
    ),
    (
        "drops-check",
        &[
            (
                "ALTER TABLE members DROP CHECK chk_points",
                "From now on members takes rows that its check chk_points refused.",
            ),
            (
                "ALTER TABLE members DROP CONSTRAINT chk_points",
                "From now on members takes rows that its check chk_points refused.",
            ),
        ],
        &[
            "ALTER TABLE members DROP CHECK chk_points; ALTER TABLE members ADD CONSTRAINT chk_p CHECK (points >= 0)",
        ],
    ),
    (
        "replaces-view",
        &[(
            "CREATE OR REPLACE VIEW contacts AS SELECT id, email AS reached_at FROM members",
            "The view contacts has another query from now on.",
        )],
        &[
            "CREATE OR REPLACE VIEW contacts AS SELECT id, phone AS reached_at FROM members",
            "CREATE VIEW more AS SELECT id FROM members",
        ],
    ),
    (
        "changes-default",
        &[
            (
                "ALTER TABLE members ALTER COLUMN points SET DEFAULT 5",
                "New rows of members that do not say their points get another value than before.",
            ),
            (
                "ALTER TABLE members MODIFY COLUMN changed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP",
                "members.changed_at no longer notes when its row was changed.",
            ),
        ],
        &[
            "ALTER TABLE members ALTER COLUMN points SET DEFAULT 0",
            "ALTER TABLE members ALTER COLUMN points DROP DEFAULT",
        ],
    ),
    (
        "overwrites-rows",
        &[
            (
                "UPDATE members SET points = 0 WHERE status = 'gone'",
                "Overwrites members.points in some rows.",
            ),
            (
                "INSERT INTO kinds (id, name) VALUES (1, 'a') ON DUPLICATE KEY UPDATE name = VALUES(name)",
                "Overwrites kinds.name in some rows.",
            ),
        ],
        &[
            "UPDATE members SET points = 0",
            "INSERT INTO kinds (id, name) VALUES (1, 'a')",
            "ALTER TABLE dues ADD COLUMN a INT NULL; UPDATE dues SET a = 1 WHERE amount = 0",
        ],
    ),
    (
        "unsteady-rows",
        &[
            (
                "INSERT INTO kinds (name) VALUES (UUID())",
                "The rows of kinds come out differently each time: it uses UUID().",
            ),
            (
                "UPDATE members SET changed_at = NOW() WHERE id = 1",
                "The rows of members come out differently each time: it uses NOW().",
            ),
            (
                "INSERT INTO kinds (name) VALUES (CURRENT_TIMESTAMP)",
                "The rows of kinds come out differently each time: it uses CURRENT_TIMESTAMP().",
            ),
            (
                "UPDATE members SET kind_id = (SELECT id FROM kinds LIMIT 1) WHERE kind_id = 9",
                "The rows of members come out differently each time: it uses a LIMIT without ORDER BY.",
            ),
            (
                "INSERT INTO kinds (name) VALUES (CONCAT('a', RAND()))",
                "The rows of kinds come out differently each time: it uses RAND().",
            ),
        ],
        &[
            "INSERT INTO kinds (name) VALUES ('{{CURRENT_TIMESTAMP}}')",
            "INSERT INTO kinds (name) VALUES ('NOW()')",
            "UPDATE members SET kind_id = (SELECT id FROM kinds ORDER BY id LIMIT 1) WHERE kind_id = 9",
            "CREATE TABLE a (id INT PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
        ],
    ),
];

fn start() -> Schema {
    let made = analysis::statements(&Schema::default(), START, 1);
    assert_eq!(made.hazards, [], "the examples' own tables are made without hazards");
    made.after
}

fn hazards(sql: &str) -> Vec<Hazard> {
    let analysis = if sql.contains("-- UP") {
        analysis::migration(&start(), sql)
    } else {
        analysis::statements(&start(), sql, 1)
    };
    let weight: Vec<_> = analysis.hazards.iter().map(|hazard| hazard.class).collect();
    assert!(weight.is_sorted(), "{sql}: the heaviest comes first");
    analysis.hazards
}

/// What is wrong with a rule's examples, one line for each.
fn faults(rule: &Rule) -> Vec<String> {
    let Some((_, found, harmless)) = EXAMPLES.iter().find(|(id, ..)| *id == rule.id) else {
        return vec![format!("the rule {} has no examples", rule.id)];
    };
    let mut faults = Vec::new();
    if found.is_empty() || harmless.is_empty() {
        faults.push(format!("{} lacks examples", rule.id));
    }
    for (sql, sentence) in *found {
        let all = hazards(sql);
        let own: Vec<&Hazard> = all.iter().filter(|hazard| hazard.rule == rule.id).collect();
        if !matches!(own.as_slice(), [one] if one.sentence.starts_with(sentence)) {
            faults.push(format!("{}: {sql}: {own:#?} instead of {sentence:?}", rule.id));
        }
        for hazard in own {
            let told = (hazard.class, hazard.reason, hazard.advice);
            assert_eq!(told, (rule.class, rule.reason, rule.advice));
        }
    }
    for sql in *harmless {
        let wrong = |hazard: &Hazard| hazard.rule == rule.id || hazard.rule == "unknown-statement";
        let all: Vec<Hazard> = hazards(sql).into_iter().filter(wrong).collect();
        if !all.is_empty() {
            faults.push(format!("{}: {sql}: {all:#?} though it is harmless", rule.id));
        }
    }
    faults
}

#[test]
fn every_rule_finds_what_it_is_for_and_nothing_that_looks_like_it() {
    let rules = RULES.iter().filter(|rule| rule.id != "engine-statements");
    let faults: Vec<String> = rules.flat_map(faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for (id, ..) in EXAMPLES {
        assert!(RULES.iter().any(|rule| rule.id == *id), "{id} is no rule");
    }
}

#[test]
fn a_file_for_one_engine_is_never_harmless_and_a_common_one_is_not_told_so() {
    let found = own_words("SQLite");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rule, "engine-statements");
    assert!(analysis::is_breaking(&found) && found[0].sentence.contains("SQLite only"));
    assert!(hazards(UP_DOWN).iter().all(|hazard| hazard.rule != "engine-statements"));
}

#[test]
fn what_is_harmless_has_no_hazard_at_all() {
    for sql in [
        "CREATE TABLE a (id INT PRIMARY KEY, kind_id INT NOT NULL, INDEX idx_kind (kind_id), CONSTRAINT fk_a FOREIGN KEY (kind_id) REFERENCES kinds(id), CHECK (id > 0))",
        "ALTER TABLE dues ADD COLUMN paid INT NULL",
        "ALTER TABLE dues ADD COLUMN paid INT NOT NULL DEFAULT 0",
        "INSERT INTO kinds (name) VALUES ('a'), ('b')",
        "INSERT INTO kinds (name) SELECT DISTINCT phone FROM members",
        "CREATE VIEW more AS SELECT id FROM members",
        "-- nothing",
    ] {
        assert_eq!(hazards(sql), [], "{sql}");
    }
}

#[test]
fn hazards_know_the_line_of_their_statement() {
    let all = hazards(
        "-- A remark.\n-- UP\nALTER TABLE dues ADD COLUMN a INT NULL;\n\nALTER TABLE members\n  DROP COLUMN notes;\n-- DOWN\nALTER TABLE members ADD COLUMN notes TEXT NULL AFTER kind_id;\nALTER TABLE dues DROP COLUMN a;",
    );
    let lines: Vec<_> = all.iter().map(|hazard| (hazard.rule, hazard.line)).collect();
    assert_eq!(lines, [("drops-column", Some(5))]);
}

#[test]
fn names_of_rules_are_their_own_and_their_texts_are_sentences() {
    let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
    for rule in RULES {
        assert!(rule.id.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{}", rule.id);
        for text in [rule.reason, rule.advice] {
            assert!(
                text.ends_with('.') && text.starts_with(|c: char| c.is_uppercase()),
                "{}: {text}",
                rule.id
            );
        }
    }
    assert!(RULES.is_sorted_by_key(|rule| rule.class));
}
