//! Random tables, and random changes to them with rows inside.

use super::*;
use crate::{schema::model::TextSize, sql::operation::Position};
use proptest::{collection::vec, prelude::*, sample::select};

fn types() -> impl Strategy<Value = Type> {
    let digits = 0..=6_u8;
    prop_oneof![
        (select(vec![8_u8, 16, 24, 32, 64]), any::<bool>())
            .prop_map(|(bits, unsigned)| Type::Integer { bits, unsigned }),
        Just(Type::Boolean),
        (0..20_u16, 1..20_u16, any::<bool>()).prop_map(|(scale, whole, unsigned)| Type::Decimal {
            precision: scale + whole,
            scale,
            unsigned
        }),
        Just(Type::Float),
        Just(Type::Double),
        (1..300_u32).prop_map(Type::Char),
        (1..300_u32).prop_map(Type::Varchar),
        select(vec![TextSize::Tiny, TextSize::Normal, TextSize::Medium, TextSize::Long]).prop_map(Type::Text),
        (1..300_u32).prop_map(Type::Binary),
        (1..300_u32).prop_map(Type::Varbinary),
        select(vec![TextSize::Tiny, TextSize::Normal, TextSize::Medium, TextSize::Long]).prop_map(Type::Blob),
        Just(Type::Date),
        Just(Type::Year),
        Just(Type::Json),
        digits.clone().prop_map(Type::Time),
        digits.clone().prop_map(Type::Datetime),
        digits.prop_map(Type::Timestamp),
        proptest::collection::btree_set("[a-z'\\\\,() é]{1,6}", 1..4)
            .prop_map(|set| Type::Enum(set.into_iter().collect())),
    ]
}

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Zé'\"`\\[\\]*/\\\\,;(){}? -]{0,10}"
}

fn columns() -> impl Strategy<Value = Column> {
    (types(), any::<bool>(), any::<(bool, bool, u8)>(), proptest::option::of(words()), words()).prop_map(
        |(ty, nullable, (has_default, on_update, pick), comment, text)| {
            let default = match &ty {
                _ if !has_default => None,
                Type::Integer { .. } => Some(Default::Number((pick % 100).to_string())),
                Type::Boolean if pick % 2 == 0 => Some(Default::Boolean(pick % 4 == 0)),
                Type::Boolean => Some(Default::Number("1".into())),
                Type::Decimal { .. } => Some(Default::Number((pick % 10).to_string())),
                Type::Float | Type::Double => Some(Default::Number(format!("{pick}.5"))),
                Type::Char(36..) if pick % 2 == 0 => Some(Default::Uuid),
                Type::Char(10..) | Type::Varchar(10..) | Type::Text(_) => Some(Default::Text(text)),
                Type::Enum(members) => members.first().cloned().map(Default::Text),
                Type::Datetime(digits) | Type::Timestamp(digits) => Some(Default::Now(*digits)),
                Type::Date => Some(Default::Text("2024-02-29".into())),
                _ => None,
            };
            let moment = matches!(ty, Type::Datetime(_) | Type::Timestamp(_));
            let collation = match &ty {
                Type::Varchar(_) | Type::Enum(_) if pick % 3 == 0 => Some("utf8mb4_bin".to_owned()),
                Type::Varchar(_) if pick % 7 == 0 => Some("utf8mb4_general_ci".to_owned()),
                _ => None,
            };
            Column {
                nullable,
                default,
                comment,
                collation,
                on_update_now: moment && on_update,
                ..column("", ty)
            }
        },
    )
}

fn tables(name: &'static str) -> impl Strategy<Value = Table> {
    let indexes = vec((vec(any::<prop::sample::Index>(), 1..3), any::<(bool, bool, bool)>()), 0..3);
    (vec(columns(), 1..7), indexes, any::<bool>(), proptest::option::of(words())).prop_map(
        move |(mut columns, indexes, has_key, comment)| {
            for (place, column) in columns.iter_mut().enumerate() {
                column.name = format!("c{place}");
            }
            if has_key {
                columns.insert(0, key("id"));
            }
            let mut table = Table { comment, ..table(name, columns) };
            for (place, (parts, (unique, descending, prefix))) in indexes.into_iter().enumerate() {
                let mut parts: Vec<IndexPart> = parts
                    .iter()
                    .map(|at| {
                        let column = at.get(&table.columns);
                        let text = matches!(column.ty, Type::Varchar(_) | Type::Text(_));
                        IndexPart {
                            descending,
                            prefix: (text && prefix && !unique).then_some(5),
                            ..part(&column.name)
                        }
                    })
                    .collect();
                parts.dedup_by(|a, b| a.column == b.column);
                let decimal = parts.iter().any(|part| {
                    table
                        .columns
                        .iter()
                        .any(|column| column.name == part.column && matches!(column.ty, Type::Decimal { .. }))
                });
                let name = format!("i{place}");
                let index =
                    Index { name: name.clone(), parts, unique: unique && !decimal && !has_key, filter: None };
                table.indexes.insert(name, index);
            }
            table
        },
    )
}

/// A change, with places that are taken modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Add(Column, usize),
    Drop(usize),
    Rename(usize),
    Move(usize, usize),
    Default(usize),
    Index(usize),
    DropIndex,
    RenameTable,
    Comment(String),
    Nullable(usize),
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (columns(), any::<usize>()).prop_map(|(column, at)| Step::Add(column, at)),
        1 => any::<usize>().prop_map(Step::Drop),
        2 => any::<usize>().prop_map(Step::Rename),
        1 => any::<(usize, usize)>().prop_map(|(from, to)| Step::Move(from, to)),
        1 => any::<usize>().prop_map(Step::Default),
        1 => any::<usize>().prop_map(Step::Index),
        1 => Just(Step::DropIndex),
        1 => Just(Step::RenameTable),
        1 => words().prop_map(Step::Comment),
        1 => any::<usize>().prop_map(Step::Nullable),
    ]
}

fn change(table: &Table, step: Step, number: usize) -> Option<TableChange> {
    let at = |place: usize| table.columns.get(place % table.columns.len()).cloned();
    Some(match step {
        Step::Add(mut column, place) => {
            column.name = format!("n{number}");
            // A date has no value of its own for the rows that are there.
            column.nullable |= column.default.is_none();
            let position = match place % 3 {
                0 => Position::First,
                1 => Position::After(at(place)?.name),
                _ => Position::Last,
            };
            TableChange::AddColumn { column, position }
        }
        Step::Drop(place) if table.columns.len() > 2 => {
            let column = at(place)?;
            if column.auto_increment {
                return None;
            }
            TableChange::DropColumn(column.name)
        }
        Step::Drop(_) => return None,
        Step::Rename(place) => {
            TableChange::RenameColumn { before: at(place)?.name, after: format!("r\"{number}") }
        }
        Step::Move(from, to) => {
            let (from, to) = (at(from)?, at(to)?);
            let position = if from.name == to.name { Position::First } else { Position::After(to.name) };
            TableChange::ChangeColumn { before: from.name.clone(), column: from, position: Some(position) }
        }
        Step::Default(place) => {
            let column = at(place)?;
            if !column.nullable {
                return None;
            }
            TableChange::SetDefault { column: column.name, default: None }
        }
        Step::Index(place) => TableChange::AddIndex(index(&format!("x{number}"), &[&at(place)?.name], false)),
        Step::DropIndex => TableChange::DropIndex(table.indexes.keys().next()?.clone()),
        Step::RenameTable => TableChange::RenameTable(format!("t{number}")),
        Step::Comment(comment) => TableChange::SetComment(comment),
        Step::Nullable(place) => {
            let column = at(place)?;
            let column = Column { nullable: !column.auto_increment, ..column };
            TableChange::ChangeColumn { before: column.name.clone(), column, position: None }
        }
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_table_reads_back_as_the_model_it_was_made_from(table in tables("some table")) {
        block_on(async {
            let mut tenant = Tenant::new().await;
            tenant.apply(create(table)).await;
            let found = tenant.inspected().await;
            prop_assert_eq!(found, tenant.schema);
            Ok(())
        })?;
    }

    #[test]
    fn any_changes_end_in_the_model_and_keep_the_rows(table in tables("t"), steps in vec(vec(steps(), 1..4), 1..5)) {
        block_on(async {
            let mut tenant = Tenant::new().await;
            let mut table = table;
            for column in &mut table.columns {
                column.nullable |= column.default.is_none() && !column.auto_increment;
            }
            for index in table.indexes.values_mut() {
                index.unique = false;
            }
            tenant.apply(create(table)).await;
            for _ in 0..3 {
                tenant.execute("INSERT INTO t DEFAULT VALUES").await.unwrap();
            }
            let mut name = "t".to_owned();
            let mut number = 0;
            for group in steps {
                // Each clause is made for the table that the clauses before it leave.
                let mut model = tenant.schema.clone();
                let mut changes = Vec::new();
                for step in group {
                    number += 1;
                    let current = model.tables.values().next().unwrap().clone();
                    if let Some(change) = change(&current, step, number) {
                        model = evolve::applied(&model, &alter(&current.name, vec![change.clone()])).unwrap();
                        changes.push(change);
                    }
                }
                tenant.apply(alter(&name, changes)).await;
                name = model.tables.keys().next().unwrap().clone();
                prop_assert_eq!(&tenant.schema, &model);
                prop_assert_eq!(tenant.inspected().await, model);
                let count = format!("SELECT count(*) FROM \"{name}\"");
                prop_assert_eq!(tenant.rows(&count).await, vec!["3".to_owned()]);
            }
            prop_assert_eq!(tenant.rows("PRAGMA integrity_check").await, vec!["ok".to_owned()]);
            Ok(())
        })?;
    }
}
