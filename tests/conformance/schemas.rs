//! What is inspected is what was made.

use crate::ground::Ground;
use tenantry::schema::{Default, Schema, Type};

/// A schema without what engines write in their own ways: the texts of expressions, numbers' digits, and where a column stands
/// after others were added, which not every engine can say.
pub fn comparable(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    for view in schema.views.values_mut() {
        view.query.clear();
        view.columns.clear();
    }
    for table in schema.tables.values_mut() {
        table.columns.sort_by(|a, b| a.name.cmp(&b.name));
        table.checks.values_mut().for_each(|check| check.expression.clear());
        let key = table.primary_key.clone();
        for column in &mut table.columns {
            column.nullable &= !key.contains(&column.name);
            if let Some(generated) = &mut column.generated {
                generated.expression.clear();
                generated.stored = true;
            }
            column.default = column.default.take().map(|default| one_form(&column.ty, default));
        }
    }
    schema
}

fn one_form(ty: &Type, default: Default) -> Default {
    match default {
        Default::Expression(_) => Default::Expression(String::new()),
        Default::Number(number) if *ty == Type::Boolean => Default::Boolean(number != "0"),
        Default::Number(number) | Default::Text(number)
            if matches!(ty, Type::Integer { .. } | Type::Decimal { .. } | Type::Float | Type::Double) =>
        {
            Default::Number(number.parse::<f64>().unwrap().to_string())
        }
        other => other,
    }
}

const STEPS: [&str; 16] = [
    "CREATE TABLE people (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100) NOT NULL COMMENT 'It''s theirs', kind ENUM('a', 'it''s') DEFAULT 'it''s',
        seen TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, data JSON NULL, paid DECIMAL(10,2) NOT NULL DEFAULT 1.5, ok BOOLEAN NOT NULL DEFAULT TRUE,
        born DATE NULL, raw VARBINARY(16) NULL, share DOUBLE NULL, note TEXT NULL, CONSTRAINT pays CHECK (paid > 0), INDEX by_name (name, kind)) COMMENT 'People'",
    "CREATE TABLE gifts (id INT AUTO_INCREMENT PRIMARY KEY, person_id BIGINT UNSIGNED NULL, other_id BIGINT UNSIGNED NULL, UNIQUE INDEX only_once (person_id, other_id),
        CONSTRAINT of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE,
        CONSTRAINT of_other FOREIGN KEY (other_id) REFERENCES people (id) ON DELETE SET NULL, INDEX other (other_id))",
    "INSERT INTO people (name, data) VALUES ('O''Hara', '{\"a\": [1]}')",
    "INSERT INTO gifts (person_id) VALUES (1)",
    "ALTER TABLE people ADD COLUMN phone VARCHAR(30) NULL AFTER name, ADD INDEX by_phone (phone)",
    "ALTER TABLE people MODIFY COLUMN phone VARCHAR(40) DEFAULT ''",
    "ALTER TABLE people RENAME COLUMN phone TO cell",
    "ALTER TABLE people ALTER COLUMN paid SET DEFAULT 2, ALTER COLUMN kind DROP DEFAULT",
    "ALTER TABLE gifts ADD COLUMN third_id BIGINT UNSIGNED NULL, ADD CONSTRAINT of_third FOREIGN KEY (third_id) REFERENCES people (id)",
    "CREATE VIEW names AS SELECT id, name FROM people WHERE ok = TRUE",
    "CREATE OR REPLACE VIEW names AS SELECT id, name, cell FROM people",
    "DROP VIEW names",
    "ALTER TABLE gifts DROP FOREIGN KEY of_third, DROP COLUMN third_id",
    "ALTER TABLE gifts RENAME TO presents",
    "ALTER TABLE people DROP INDEX by_phone",
    "CREATE VIEW givers AS SELECT people.name FROM people JOIN presents ON presents.person_id = people.id",
];

pub async fn what_is_inspected_is_what_the_template_says(ground: &Ground) {
    let tenant = ground.made().await;
    for (number, step) in STEPS.iter().enumerate() {
        ground.apply(tenant, &format!("step {number}"), step).await.unwrap();
        assert_eq!(comparable(&ground.inspect(tenant).await), comparable(&tenant.model()), "after {step}");
    }
    // Inspected twice, it is the same to the last letter.
    assert_eq!(ground.inspect(tenant).await, ground.inspect(tenant).await);
    assert_eq!(ground.number(tenant, "SELECT COUNT(*) FROM givers").await, 1);
}

/// Names that SQL has a meaning for.
pub async fn names_can_be_words_of_sql(ground: &Ground) {
    let tenant = ground.made().await;
    let text = "
        CREATE TABLE `select` (`from` INT PRIMARY KEY, `where` VARCHAR(20) NOT NULL DEFAULT 'it''s \"; `x`' COMMENT 'so; \"it''s`', `User` INT NULL, INDEX `index` (`User`));
        CREATE TABLE `order` (`group` INT PRIMARY KEY, `table` INT NULL,
            CONSTRAINT `references` FOREIGN KEY (`table`) REFERENCES `select` (`from`), CONSTRAINT `check` CHECK (`group` > 0));
        CREATE VIEW `view` AS SELECT `group` AS `having` FROM `order`;
        INSERT INTO `select` (`from`) VALUES (1);
        INSERT INTO `order` (`group`, `table`) VALUES (2, 1);
    ";
    ground.apply(tenant, "it's; \"`", text).await.unwrap();
    assert_eq!(comparable(&ground.inspect(tenant).await), comparable(&tenant.model()));
    let more = "ALTER TABLE `order` ADD COLUMN `by` INT NULL; DROP VIEW `view`;";
    ground.apply(tenant, "more", more).await.unwrap();
    assert_eq!(comparable(&ground.inspect(tenant).await), comparable(&tenant.model()));
    let session = ground.engine.look(&tenant.name, tenant.id()).await.unwrap();
    let read = crate::reading::rows(session.read().await.unwrap(), "select").await;
    assert_eq!(read, [["1", "it's \"; `x`", "NULL"]]);
}

/// What an application has made under names that no template can have is inspected, read and copied all the same.
pub async fn an_application_may_name_its_tables_as_it_likes(ground: &Ground) {
    let tenant = ground.made().await;
    let odd = ["sel\"ect it's", "back`tick; --", "Größe %_?", "a.b", "$1 {{TENANT_ID}}"];
    for name in odd {
        let (table, column) = (ground.quoted(name), ground.quoted(&format!("{name}!")));
        ground.write(tenant, &format!("CREATE TABLE {table} ({column} INT PRIMARY KEY)")).await;
        ground.write(tenant, &format!("INSERT INTO {table} ({column}) VALUES (5)")).await;
        let view = ground.quoted(&format!("v {name}"));
        ground.write(tenant, &format!("CREATE VIEW {view} AS SELECT {column} FROM {table}")).await;
    }
    let copy = crate::ground::Tenant::new("copy", 2);
    ground.copy(tenant, &copy).await.unwrap();
    for tenant in [tenant, &copy] {
        let schema = ground.inspect(tenant).await;
        assert_eq!((schema.tables.len(), schema.views.len()), (odd.len(), odd.len()));
        for name in odd {
            assert_eq!(schema.tables[name].columns[0].name, format!("{name}!"));
            let session = ground.engine.look(&tenant.name, tenant.id()).await.unwrap();
            assert_eq!(crate::reading::rows(session.read().await.unwrap(), name).await, [["5"]]);
            let view = ground.quoted(&format!("v {name}"));
            assert_eq!(ground.number(tenant, &format!("SELECT COUNT(*) FROM {view}")).await, 1);
        }
    }
    // In the place of what is shut, too, and back.
    let file = ground.file("saved");
    ground.save(tenant, &file).await;
    let lock = tenant.later(1);
    ground.engine.shut(&tenant.name, &lock).await.unwrap();
    let origin = tenantry::engine::Origin::File(&file, tenant.id());
    ground.engine.create_from(origin, &tenant.name, &lock).await.unwrap();
    ground.engine.reopen(&tenant.name, &lock).await.unwrap();
    assert_eq!(ground.inspect(tenant).await.tables.len(), odd.len());
    assert_eq!(ground.inspect(tenant).await.views.len(), odd.len());
}
