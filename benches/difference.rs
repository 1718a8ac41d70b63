//! How long it takes to compare two schemas of 500 tables, and to say what one of them would be with all of it set right.
#![allow(clippy::indexing_slicing, reason = "a bench ends where something is not as it should be")]

use std::{collections::BTreeMap, hint::black_box, time::Instant};
use tenantry::schema::{
    Check, Column, ForeignKey, Index, IndexPart, ReferentialAction, Schema, Table, Type, differences, toward,
};

const TABLES: usize = 500;
const COLUMNS: usize = 20;
const RUNS: usize = 50;

fn column(number: usize) -> Column {
    Column {
        name: format!("column_{number}"),
        ty: Type::Varchar(100),
        nullable: number > 0,
        default: None,
        auto_increment: false,
        on_update_now: false,
        generated: None,
        collation: None,
        comment: Some(format!("What column {number} is for")),
    }
}

fn table(number: usize) -> Table {
    let name = format!("table_{number}");
    let part = |column: usize| IndexPart {
        column: format!("column_{column}"),
        is_expression: false,
        prefix: None,
        descending: false,
    };
    let indexes = (1..4).map(|place| {
        let name = format!("index_{place}");
        (
            name.clone(),
            Index { name, parts: vec![part(place), part(place + 1)], unique: place == 1, filter: None },
        )
    });
    let key = ForeignKey {
        name: format!("fk_{name}"),
        columns: vec!["column_5".to_owned()],
        foreign_table: format!("table_{}", number / 2),
        foreign_columns: vec!["column_0".to_owned()],
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::NoAction,
    };
    let check = Check { name: format!("chk_{name}"), expression: "column_3 <> column_4".to_owned() };
    Table {
        columns: (0..COLUMNS).map(column).collect(),
        primary_key: vec!["column_0".to_owned()],
        indexes: indexes.collect(),
        foreign_keys: BTreeMap::from([(key.name.clone(), key)]),
        checks: BTreeMap::from([(check.name.clone(), check)]),
        comment: None,
        name,
    }
}

fn schema() -> Schema {
    let tables = (0..TABLES).map(table).map(|table| (table.name.clone(), table));
    Schema { tables: tables.collect(), ..Schema::default() }
}

/// Every table with the share of changes that `every` says.
fn changed(every: usize) -> Schema {
    let mut schema = schema();
    for (number, table) in schema.tables.values_mut().enumerate().filter(|(number, _)| number % every == 0) {
        table.columns[1].ty = Type::Varchar(50);
        table.columns.swap(2, 3);
        table.columns.remove(10);
        table.indexes.remove("index_2");
        table.comment = Some(format!("Changed {number}"));
    }
    schema
}

/// The middle of several runs, in milliseconds.
fn middle(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn main() {
    let expected = schema();
    println!("Two schemas of {TABLES} tables with {COLUMNS} columns each; the middle of {RUNS} runs.\n");
    println!("| changed tables | differences | comparing | setting all right | fingerprint |");
    println!("|---|---|---|---|---|");
    for (name, found) in [("none", expected.clone()), ("every tenth", changed(10)), ("all", changed(1))] {
        let count = differences(&expected, &found).len();
        let comparing = middle(|| drop(black_box(differences(black_box(&expected), black_box(&found)))));
        let setting = middle(|| drop(black_box(toward(black_box(&found), black_box(&expected), &|_| true))));
        let fingerprint = middle(|| drop(black_box(black_box(&found).fingerprint())));
        println!("| {name} | {count} | {comparing:.2} ms | {setting:.2} ms | {fingerprint:.2} ms |");
    }
}
