//! What the dialect writes is what the model says: operations run on a real server, and the catalog is read back.

use crate::{engine, server::Server};
use tenantry::{
    engine::{Engine, Session, Unit},
    schema::{Default, Schema, Type},
    sql::{evolve, operations, read, variables::Variables},
};

/// A scratch database, and the model of what is in it.
struct Scratch {
    engine: tenantry::engine::mariadb::MariaDb,
    session: Box<dyn Session>,
    schema: Schema,
    number: usize,
}

impl Scratch {
    async fn on(server: &Server) -> Scratch {
        let engine = engine(server, 4);
        let session = engine.scratch().await.unwrap();
        Scratch { engine, session, schema: Schema::default(), number: 0 }
    }

    /// Runs a template's text, statement by statement.
    async fn run(&mut self, text: &str) -> Result<(), String> {
        for source in read::split(text, 1).map_err(|problems| format!("{problems:?}"))? {
            for operation in operations::operation(&source).map_err(|problem| problem.message)? {
                let mut after = self.schema.clone();
                evolve::apply(&mut after, &operation)?;
                let statements = self.engine.render(&self.schema, &operation, &after)?;
                self.number += 1;
                let key = format!("unit {}", self.number);
                let unit = Unit { key: &key, statements: &statements, variables: &Variables::default() };
                self.session.apply(unit).await.map_err(|cause| format!("{cause}: {statements:?}"))?;
                self.schema = after;
            }
        }
        Ok(())
    }

    /// The live schema and the model, both without the texts of expressions, which the server writes in its own way.
    async fn both(&mut self) -> (Schema, Schema) {
        (plain(self.session.inspect().await.unwrap()), plain(self.schema.clone()))
    }
}

/// A schema without what the server writes in its own way.
pub fn plain(mut schema: Schema) -> Schema {
    for table in schema.tables.values_mut() {
        for column in &mut table.columns {
            if let Some(generated) = &mut column.generated {
                generated.expression.clear();
            }
            if let Some(Default::Expression(text)) = &mut column.default {
                text.clear();
            }
            // A number is kept with the digits of its type, and a truth value as a number.
            if let (Type::Decimal { scale, .. }, Some(Default::Number(number))) =
                (&column.ty, &mut column.default)
            {
                let digits = usize::from(*scale);
                *number = format!("{:.digits$}", number.parse::<f64>().unwrap());
            }
            if let (Type::Boolean, Some(default)) = (&column.ty, &mut column.default)
                && let Default::Number(number) = default
            {
                *default = Default::Boolean(number != "0");
            }
        }
        table.checks.values_mut().for_each(|check| check.expression.clear());
    }
    for view in schema.views.values_mut() {
        view.query.clear();
        view.columns.clear();
    }
    schema
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_change_leaves_what_the_model_says() {
    let server = Server::shared().await;
    let mut scratch = Scratch::on(&server).await;
    for text in [
        "CREATE TABLE people (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL COMMENT 'It''s \\\\ theirs',
            kind ENUM('a', 'it''s') DEFAULT 'it''s', at TIMESTAMP NULL, seen TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
            fine DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), data JSON NULL, paid DECIMAL(10,2) NOT NULL DEFAULT 1.5, ok BOOLEAN NOT NULL DEFAULT TRUE,
            note TEXT DEFAULT ('none'), code VARCHAR(9) COLLATE utf8mb4_bin, uuid CHAR(36) NOT NULL DEFAULT (UUID()) UNIQUE,
            half INT GENERATED ALWAYS AS (CHAR_LENGTH(name) DIV 2) VIRTUAL, CHECK (paid > 0), INDEX by_name (name(10), kind DESC)) COMMENT 'People'",
        "CREATE TABLE gifts (id INT AUTO_INCREMENT PRIMARY KEY, person_id BIGINT UNSIGNED NULL, other_id BIGINT UNSIGNED NULL,
            CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE,
            CONSTRAINT of_other FOREIGN KEY (other_id) REFERENCES people (id) ON DELETE SET NULL ON UPDATE CASCADE, INDEX other (other_id))",
        "INSERT INTO people (name, data) VALUES ('O''Hara', '{\"a\": [1]}')",
        "INSERT INTO gifts (person_id) VALUES (1)",
        "ALTER TABLE people ADD COLUMN phone VARCHAR(30) NULL AFTER name, ADD INDEX by_phone (phone)",
        "ALTER TABLE people CHANGE COLUMN phone mobile VARCHAR(40) DEFAULT '' COMMENT 'Mobile'",
        "ALTER TABLE people MODIFY COLUMN kind ENUM('a', 'b', 'it''s') DEFAULT 'a' FIRST",
        "ALTER TABLE people RENAME COLUMN mobile TO cell",
        "ALTER TABLE people ALTER COLUMN paid SET DEFAULT 2, ALTER COLUMN kind DROP DEFAULT",
        // The key's own index comes and goes with what else is there.
        "ALTER TABLE gifts ADD INDEX person (person_id)",
        "ALTER TABLE gifts DROP INDEX person",
        "ALTER TABLE gifts DROP INDEX other",
        "ALTER TABLE gifts DROP FOREIGN KEY of_other",
        "ALTER TABLE gifts ADD CONSTRAINT of_other FOREIGN KEY (other_id) REFERENCES people (id)",
        "ALTER TABLE gifts ADD COLUMN third_id BIGINT UNSIGNED NULL, ADD CONSTRAINT of_third FOREIGN KEY (third_id) REFERENCES people (id)",
        "ALTER TABLE people ADD CONSTRAINT long_name CHECK (CHAR_LENGTH(name) > 1)",
        "ALTER TABLE people DROP CONSTRAINT long_name",
        "CREATE VIEW names AS SELECT id, name, data ->> '$.a' AS a FROM people WHERE ok = TRUE",
        "CREATE OR REPLACE VIEW names AS SELECT id, name FROM people",
        "DROP VIEW names",
        "ALTER TABLE gifts RENAME TO presents",
        "ALTER TABLE presents DROP FOREIGN KEY of_third, DROP COLUMN third_id",
        "DROP TABLE IF EXISTS nothing",
        "UPDATE people SET name = CONCAT(name, '!') WHERE JSON_EXTRACT(data, '$.a[0]') = 1",
    ] {
        scratch.run(text).await.unwrap_or_else(|cause| panic!("{text}\n{cause}"));
        let (live, model) = scratch.both().await;
        assert_eq!(live, model, "after {text}");
    }
    scratch.session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_servers_do_not_take_is_refused_with_the_way_out() {
    let server = Server::shared().await;
    let mut scratch = Scratch::on(&server).await;
    scratch.run("CREATE TABLE a (id INT PRIMARY KEY, n INT, m INT NULL)").await.unwrap();
    for (text, words) in [
        ("ALTER TABLE a ADD INDEX twice ((n * 2))", "make a computed column"),
        ("ALTER TABLE a ADD COLUMN g INT GENERATED ALWAYS AS (n + 1) STORED NOT NULL", "leave NOT NULL out"),
        (
            "CREATE TABLE b (id INT PRIMARY KEY, a_id INT, FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE SET DEFAULT)",
            "use SET NULL",
        ),
    ] {
        let refused = scratch.run(text).await.unwrap_err();
        assert!(refused.contains(words), "{text}: {refused}");
    }
    let (live, model) = scratch.both().await;
    assert_eq!(live, model);
    scratch.session.close().await;
}
