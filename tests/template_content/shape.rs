//! Every template is whole: enough modules and migrations, everything described, every foreign key indexed.

use super::made::{Made, TEMPLATES, files};
use std::collections::BTreeSet;
use tenantry::{schema::Table, sql::migration, templates::ModuleKind};

fn is_sentence(text: &str) -> bool {
    text.chars().next().is_some_and(char::is_uppercase)
        && text.ends_with('.')
        && text.split_whitespace().count() >= 3
}

#[test]
fn every_template_has_three_optional_modules_and_four_migrations_one_of_them_breaking() {
    for template in TEMPLATES {
        let files = files(template);
        assert!(is_sentence(&files.description), "{template}: {}", files.description);
        for module in &files.modules {
            assert!(is_sentence(&module.description), "{template}.{}: {}", module.name, module.description);
        }
        assert!(files.modules.iter().filter(|module| module.kind == ModuleKind::Optional).count() >= 3);
        let heads: Vec<_> =
            files.migrations.iter().map(|file| migration::read(&file.sql.base.text).unwrap()).collect();
        assert!(heads.len() >= 4, "{template}");
        assert!(heads.iter().any(|migration| migration.head.breaking), "{template}");
        assert!(
            heads.iter().any(|migration| migration.up.text.contains("\nSELECT ")),
            "{template} moves no rows"
        );
        // Each completes a version that is higher than the one before, and asks for that one.
        let mut before = files.version.clone();
        for migration in &heads {
            let completes = migration.head.version.clone().unwrap();
            assert!(completes > before, "{template}: {completes}");
            assert_eq!(migration.head.breaking, completes.major > before.major, "{template}: {completes}");
            assert!(migration.head.min_version.as_ref().is_none_or(|least| *least == before), "{template}");
            before = completes;
        }
    }
}

fn leading(table: &Table) -> Vec<Vec<&str>> {
    let indexes =
        table.indexes.values().map(|index| index.parts.iter().map(|part| part.column.as_str()).collect());
    indexes.chain(std::iter::once(table.primary_key.iter().map(String::as_str).collect())).collect()
}

#[tokio::test]
async fn every_table_is_described_and_every_foreign_key_has_an_index() {
    for template in TEMPLATES {
        let made = Made::new(template, true).await;
        for table in made.schema.tables.values().chain(made.migrated.tables.values()) {
            assert!(table.comment.as_ref().is_some_and(|text| text.len() > 10), "{template}.{}", table.name);
            assert!(!table.primary_key.is_empty(), "{template}.{}", table.name);
            for key in table.foreign_keys.values() {
                let columns: BTreeSet<&str> = key.columns.iter().map(String::as_str).collect();
                let is_indexed = leading(table).iter().any(|parts| {
                    parts.iter().take(columns.len()).copied().collect::<BTreeSet<_>>() == columns
                });
                assert!(is_indexed, "{template}.{}: {} has no index", table.name, key.name);
            }
        }
    }
}

#[tokio::test]
async fn the_owner_may_do_everything_and_every_permission_belongs_to_somebody() {
    for template in TEMPLATES {
        for optional in [false, true] {
            let mut made = Made::new(template, optional).await;
            let missing = "SELECT name FROM permissions WHERE id NOT IN (
                SELECT role_permissions.permission_id FROM users
                JOIN user_roles ON user_roles.user_id = users.id
                JOIN role_permissions ON role_permissions.role_id = user_roles.role_id
                WHERE users.email = 'dana@example.org')";
            assert_eq!(made.texts(missing).await, [""; 0], "{template}");
            let powerless = "SELECT name FROM roles WHERE name <> 'guest' AND id NOT IN (SELECT role_id FROM role_permissions)";
            assert_eq!(made.texts(powerless).await, [""; 0], "{template}");
            assert_eq!(made.text("SELECT value FROM settings WHERE key = 'app.name'").await, "Acme");
        }
    }
}
