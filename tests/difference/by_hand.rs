//! What a person does to a database by hand is found, told, and set right or left.

use crate::places::{Base, Place};
use std::collections::BTreeSet;
use tenantry::{
    engine::SqlDialect,
    schema::{Change, ObjectKind, Schema, Severity, differences, losses, toward},
};

const TEMPLATE: &str = "
    CREATE TABLE people (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL, mail VARCHAR(100) NULL, age INT NULL,
        note TEXT NULL, touched TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        UNIQUE INDEX by_mail (mail), INDEX by_name (name), CONSTRAINT grown CHECK (age > 0)) COMMENT 'Everybody';
    CREATE TABLE gifts (id INT PRIMARY KEY, person_id BIGINT NOT NULL, worth DECIMAL(10,2) NOT NULL DEFAULT 1.5,
        CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE);
    CREATE VIEW names AS SELECT id, name FROM people;
    CREATE VIEW givers AS SELECT names.name FROM names JOIN gifts ON gifts.person_id = names.id;
    INSERT INTO people (name, mail, age) VALUES ('Ada', 'ada@x.org', 36), ('Bob', NULL, NULL);
    INSERT INTO gifts (id, person_id) VALUES (1, 1), (2, 1);
";

const SQLITE: &[&str] = &[
    "DROP TRIGGER people__on_update",
    "ALTER TABLE people ADD COLUMN shoe INTEGER CHECK (shoe > 10)",
    "ALTER TABLE people ADD COLUMN must TEXT NOT NULL DEFAULT 'x'",
    "ALTER TABLE people DROP COLUMN note",
    "DROP INDEX people__by_name",
    "CREATE UNIQUE INDEX only_age ON people (age) WHERE age > 5",
    "CREATE INDEX plain ON people (age, name COLLATE BINARY DESC)",
    "CREATE TABLE extra (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES people, kind TEXT UNIQUE)",
    "CREATE TRIGGER log_people AFTER INSERT ON people WHEN NEW.shoe IS NULL BEGIN UPDATE people SET age = 1 WHERE id = NEW.id; END",
    "CREATE VIEW theirs AS SELECT shoe FROM people",
    "DROP VIEW givers",
    "DROP VIEW names",
    "CREATE VIEW names (id) AS SELECT id FROM people",
];

const MARIADB: &[&str] = &[
    // What it reads goes below, and MariaDB lets it stand.
    "CREATE OR REPLACE VIEW givers AS SELECT note FROM people",
    "ALTER TABLE people ADD COLUMN shoe INT NULL CHECK (shoe > 10)",
    "ALTER TABLE people ADD COLUMN must VARCHAR(5) NOT NULL FIRST",
    "ALTER TABLE people DROP COLUMN note, MODIFY COLUMN name VARCHAR(50) NOT NULL AFTER age",
    "ALTER TABLE people DROP INDEX by_name, ADD UNIQUE KEY only_age (age), ADD KEY plain (age, name), COMMENT 'mine'",
    "ALTER TABLE people DROP CONSTRAINT grown, MODIFY COLUMN touched TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP",
    "CREATE TABLE extra (id INT PRIMARY KEY, person_id BIGINT, FOREIGN KEY (person_id) REFERENCES people (id))",
    "ALTER TABLE gifts DROP FOREIGN KEY of_person, ADD CONSTRAINT mine FOREIGN KEY (person_id) REFERENCES people (id)",
    "CREATE TRIGGER log_people BEFORE INSERT ON people FOR EACH ROW BEGIN SET NEW.age = 1; SET NEW.shoe = 40; END",
    "CREATE FUNCTION twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2",
    "CREATE PROCEDURE twice(IN a INT) SELECT a * 2",
    "CREATE VIEW theirs AS SELECT shoe FROM people",
    "CREATE OR REPLACE VIEW names AS SELECT id FROM people",
];

const POSTGRES: &[&str] = &[
    "ALTER TABLE people ADD COLUMN shoe integer CHECK (shoe > 10)",
    "ALTER TABLE people ADD COLUMN must varchar(5) NOT NULL DEFAULT 'x'",
    "ALTER TABLE people ALTER COLUMN must DROP DEFAULT",
    "DROP VIEW givers",
    "DROP VIEW names",
    "ALTER TABLE people DROP COLUMN note",
    "ALTER TABLE people ALTER COLUMN name TYPE varchar(50)",
    "DROP INDEX people__by_name",
    "ALTER TABLE people ADD CONSTRAINT only_age UNIQUE (age)",
    "CREATE UNIQUE INDEX only_name ON people (name) WHERE age > 5",
    "CREATE INDEX plain ON people (age, lower(name))",
    "COMMENT ON TABLE people IS 'mine'",
    "ALTER TABLE people DROP CONSTRAINT grown",
    "CREATE TABLE extra (id integer PRIMARY KEY, person_id bigint REFERENCES people (id), tags text[] DEFAULT '{}')",
    "ALTER TABLE gifts DROP CONSTRAINT of_person",
    "ALTER TABLE gifts ADD CONSTRAINT mine FOREIGN KEY (person_id) REFERENCES people (id)",
    "CREATE FUNCTION twice(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a * 2'",
    "CREATE FUNCTION twice(a text) RETURNS text LANGUAGE sql AS 'SELECT a || a'",
    "CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER log_people BEFORE UPDATE OF shoe, age ON people FOR EACH ROW EXECUTE FUNCTION log_it()",
    "CREATE TRIGGER log_people BEFORE UPDATE ON gifts FOR EACH ROW EXECUTE FUNCTION log_it()",
    "CREATE VIEW theirs AS SELECT shoe FROM people",
    "CREATE VIEW names AS SELECT id FROM people",
    "DROP TRIGGER people__on_update ON people",
];

fn by_hand(place: &Place) -> &'static [&'static str] {
    match place.engine.dialect() {
        SqlDialect::Sqlite => SQLITE,
        SqlDialect::Mysql => MARIADB,
        SqlDialect::Postgres => POSTGRES,
    }
}

/// A database that a person has changed, with the schema that it should have.
async fn changed(place: &Place) -> (Base<'_>, Schema) {
    let mut base = place.scratch().await;
    base.template(TEMPLATE).await;
    let expected = base.inspect().await;
    for statement in by_hand(place) {
        base.by_hand(&[statement]).await.unwrap_or_else(|cause| panic!("{cause:#?}"));
    }
    (base, expected)
}

async fn rows_are_there(base: &mut Base<'_>) {
    let people = base
        .by_hand(&["UPDATE people SET id = id WHERE name = 'Ada' AND mail = 'ada@x.org' OR name = 'Bob'"])
        .await;
    assert_eq!(people.unwrap(), 2);
    assert_eq!(base.by_hand(&["UPDATE gifts SET id = id WHERE person_id = 1"]).await.unwrap(), 2);
}

pub async fn what_a_person_changes_is_found_and_set_right(place: &Place) {
    let (mut base, expected) = changed(place).await;
    let found = base.inspect().await;
    let all = differences(&expected, &found);
    let has = |kind: ObjectKind, object: &str, change: Change, severity: Severity| {
        let one = all.iter().find(|one| one.kind == kind && one.object == object && one.change == change);
        let one = one.unwrap_or_else(|| panic!("no {kind:?} {object}: {all:#?}"));
        assert_eq!(one.severity, severity, "{one:?}");
    };
    has(ObjectKind::Table, "extra", Change::Added, Severity::Medium);
    has(ObjectKind::Column, "people.shoe", Change::Added, Severity::Medium);
    has(ObjectKind::Column, "people.note", Change::Removed, Severity::High);
    has(ObjectKind::Column, "people.touched", Change::Changed, Severity::High);
    has(ObjectKind::Index, "people.by_name", Change::Removed, Severity::Medium);
    has(ObjectKind::View, "names", Change::Changed, Severity::High);
    let givers = if place.is(SqlDialect::Mysql) { Change::Changed } else { Change::Removed };
    has(ObjectKind::View, "givers", givers, Severity::High);
    has(ObjectKind::View, "theirs", Change::Added, Severity::Medium);
    let on_people = if place.is(SqlDialect::Postgres) { "log_people on people" } else { "log_people" };
    has(ObjectKind::Trigger, on_people, Change::Added, Severity::Medium);
    has(ObjectKind::Index, "people.only_age", Change::Added, Severity::High);
    has(ObjectKind::Index, "people.plain", Change::Added, Severity::Low);
    let must = if place.is(SqlDialect::Sqlite) { Severity::Medium } else { Severity::High };
    has(ObjectKind::Column, "people.must", Change::Added, must);
    if !place.is(SqlDialect::Sqlite) {
        has(ObjectKind::Column, "people.name", Change::Changed, Severity::High);
        has(ObjectKind::Check, "people.grown", Change::Removed, Severity::Medium);
        has(ObjectKind::ForeignKey, "gifts.of_person", Change::Removed, Severity::High);
        has(ObjectKind::ForeignKey, "gifts.mine", Change::Added, Severity::High);
        has(ObjectKind::Comment, "people", Change::Changed, Severity::Low);
        let functions =
            all.iter().filter(|one| one.kind == ObjectKind::Function && one.change == Change::Added);
        assert!(functions.count() >= 2, "{all:#?}");
    }
    let wanted = toward(&found, &expected, &|_| true);
    assert_eq!(place.told(&wanted), place.told(&expected));
    let lost = losses(&found, &wanted);
    assert!(
        lost.iter().any(|loss| loss.contains("table extra"))
            && lost.iter().any(|loss| loss.contains("people.shoe")),
        "{lost:?}"
    );
    base.change(&found, &wanted).await.unwrap_or_else(|cause| panic!("{cause}"));
    let now = base.inspect().await;
    assert_eq!(place.told(&now), place.told(&expected));
    rows_are_there(&mut base).await;
    base.session.close().await;
}

/// One difference after the other is set right; nothing else of what a person did goes but what stands on it.
pub async fn what_is_not_chosen_stays(place: &Place) {
    let (mut base, expected) = changed(place).await;
    let mut found = base.inspect().await;
    let blind = toward(&found, &expected, &|one| one.object == "people.shoe" || one.object == "theirs");
    let refusal = place.engine.change(&found, &blind).unwrap_err();
    assert!(refusal.contains("trigger log_people reads people.shoe"), "{refusal}");
    let mut left = differences(&place.told(&expected), &place.told(&found));
    while let Some(chosen) = left.first().cloned() {
        // What reads something that would go has to go before it; a view that is read, be there before its reader.
        let trigger = left.iter().find(|one| one.kind == ObjectKind::Trigger).cloned();
        let first =
            |name: &str| left.iter().find(|one| one.kind == ObjectKind::View && one.object == name).cloned();
        let chosen = trigger.or_else(|| first("theirs")).or_else(|| first("names")).unwrap_or(chosen);
        let wanted = toward(&found, &expected, &|one| one.id == chosen.id);
        base.change(&found, &wanted).await.unwrap_or_else(|cause| panic!("{}: {cause}", chosen.sentence));
        found = base.inspect().await;
        let now = differences(&place.told(&expected), &place.told(&found));
        let ids = |list: &[tenantry::schema::Difference]| {
            list.iter().map(|one| one.id.clone()).collect::<BTreeSet<_>>()
        };
        assert!(!ids(&now).contains(&chosen.id), "{chosen:#?} is still there");
        let gone: Vec<&str> = left
            .iter()
            .filter(|one| one.id != chosen.id && !ids(&now).contains(&one.id))
            .map(|one| one.object.as_str())
            .collect();
        let new: Vec<&str> =
            now.iter().filter(|one| !ids(&left).contains(&one.id)).map(|one| one.object.as_str()).collect();
        let with_it: &[&str] = match chosen.object.as_str() {
            // The check at the column, and the trigger that names it.
            "people.shoe" => &["people.shoe", "people.people_shoe_check", "people.chk_people_2"],
            // Our own trigger takes its function back.
            "people.touched" => &["people__on_update()"],
            // An index under a key's name belongs to the key again.
            "gifts.of_person" => &["gifts.of_person"],
            // A unique index of a person's makes a column that is compared otherwise.
            "people.only_name" if place.is(SqlDialect::Postgres) => &["people.name"],
            _ => &[],
        };
        // The order is told of the columns that both have: with one more it is told anew.
        let gone: Vec<&str> = gone.into_iter().filter(|object| *object != "people").collect();
        let new: Vec<&str> = new.into_iter().filter(|object| *object != "people").collect();
        assert!(gone.iter().all(|object| with_it.contains(object)), "{}: {gone:?} went too", chosen.sentence);
        assert!(new.iter().all(|object| with_it.contains(object)), "{}: {new:?} came", chosen.sentence);
        rows_are_there(&mut base).await;
        left = now;
    }
    assert_eq!(place.told(&found), place.told(&expected));
    base.session.close().await;
}

/// A value that its column's new type does not take stops the change, and everything is as it was.
pub async fn what_does_not_fit_changes_nothing(place: &Place) {
    let mut base = place.scratch().await;
    base.template(TEMPLATE).await;
    let found = base.inspect().await;
    let mut other = place.scratch().await;
    let structure = TEMPLATE.split("INSERT").next().unwrap();
    other.template(&structure.replace("name VARCHAR(100) NOT NULL", "name INT NOT NULL")).await;
    let wanted = other.inspect().await;
    other.session.close().await;
    assert!(!losses(&found, &wanted).is_empty());
    let cause = base.change(&found, &wanted).await.unwrap_err();
    assert!(cause.contains("people"), "{cause}");
    assert_eq!(base.inspect().await, found);
    rows_are_there(&mut base).await;
    base.session.close().await;
}
