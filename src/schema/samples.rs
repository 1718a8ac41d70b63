//! A schema with something of everything, for tests.

use super::{
    Check, Column, Default, ForeignKey, Function, Index, IndexPart, ReferentialAction, Schema, Table,
    Trigger, Type, View,
};
use std::collections::BTreeMap;

pub(super) fn column(name: &str, ty: Type) -> Column {
    Column {
        name: name.to_owned(),
        ty,
        nullable: true,
        default: None,
        auto_increment: false,
        on_update_now: false,
        generated: None,
        collation: None,
        comment: None,
    }
}

pub(super) fn table(name: &str, columns: Vec<Column>) -> Table {
    Table {
        name: name.to_owned(),
        columns,
        primary_key: Vec::new(),
        indexes: BTreeMap::new(),
        foreign_keys: BTreeMap::new(),
        checks: BTreeMap::new(),
        comment: None,
    }
}

pub(super) fn index(name: &str, unique: bool, columns: &[&str]) -> Index {
    let part = |column: &&str| IndexPart {
        column: (*column).to_owned(),
        is_expression: false,
        prefix: None,
        descending: false,
    };
    Index { name: name.to_owned(), parts: columns.iter().map(part).collect(), unique, filter: None }
}

/// A key over one column that refers to the other table's `id`.
pub(super) fn foreign_key(name: &str, column: &str, table: &str) -> ForeignKey {
    ForeignKey {
        name: name.to_owned(),
        columns: vec![column.to_owned()],
        foreign_table: table.to_owned(),
        foreign_columns: vec!["id".to_owned()],
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::NoAction,
    }
}

pub(super) fn table_mut<'a>(schema: &'a mut Schema, name: &str) -> &'a mut Table {
    schema.tables.get_mut(name).unwrap()
}

pub(super) fn column_mut<'a>(schema: &'a mut Schema, table: &str, name: &str) -> &'a mut Column {
    table_mut(schema, table).columns.iter_mut().find(|column| column.name == name).unwrap()
}

/// Two tables, of which one refers to the other, a view, a function and a trigger.
pub(super) fn schema() -> Schema {
    let number = Type::Integer { bits: 64, unsigned: false };
    let required = |column: Column| Column { nullable: false, ..column };
    let mut people = table(
        "people",
        vec![
            Column { auto_increment: true, ..required(column("id", number.clone())) },
            required(column("name", Type::Varchar(100))),
            column("age", number.clone()),
        ],
    );
    people.primary_key = vec!["id".into()];
    people.columns.insert(2, column("mail", Type::Varchar(100)));
    people.indexes.insert("by_name".into(), index("by_name", false, &["name"]));
    people.indexes.insert("by_mail".into(), index("by_mail", true, &["mail"]));
    people.checks.insert("grown".into(), Check { name: "grown".into(), expression: "age > 0".into() });
    let worth = Default::Number("1".into());
    let mut gifts = table(
        "gifts",
        vec![
            required(column("id", number.clone())),
            required(column("person_id", number.clone())),
            Column { default: Some(worth), ..required(column("worth", number)) },
        ],
    );
    gifts.primary_key = vec!["id".into()];
    gifts.foreign_keys.insert("of_person".into(), foreign_key("of_person", "person_id", "people"));
    let mut schema = Schema::default();
    for table in [people, gifts] {
        schema.tables.insert(table.name.clone(), table);
    }
    let view = View { name: "names".into(), columns: Vec::new(), query: "SELECT name FROM people".into() };
    schema.views.insert("names".into(), view);
    let function = Function { name: "twice".into(), definition: "CREATE FUNCTION twice …".into() };
    schema.functions.insert("twice".into(), function);
    let trigger =
        Trigger { name: "log".into(), table: "people".into(), definition: "AFTER INSERT …".into() };
    schema.triggers.insert("log".into(), trigger);
    schema
}
