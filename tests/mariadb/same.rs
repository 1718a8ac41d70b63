//! One structure has one model, whichever server of the family it is on: tenants on one server are compared with what was proven on
//! another.

use crate::{engine, server::Server};
use std::path::Path;
use tenantry::{
    engine::{Engine, Statement, Unit},
    schema::{Default, Schema, Table, Type, text},
    sql::variables::Variables,
    templates::{Folder, compile::Compiler, files},
};

const TEMPLATES: [&str; 4] = ["basic", "corporate", "ngo", "political_party"];

/// An expression of the templates' files as the servers of the family are read: names in quotes, words in small letters.
fn as_read(table: &Table, expression: &str) -> String {
    let is_between = |sign: char| !sign.is_alphanumeric() && sign != '_';
    let words = expression.split_inclusive(is_between).map(|word| {
        let name = word.trim_end_matches(is_between);
        let rest = &word[name.len()..];
        if table.columns.iter().any(|column| column.name == name) {
            format!("`{name}`{rest}")
        } else {
            format!("{}{rest}", name.to_lowercase())
        }
    });
    words.collect()
}

/// The model of the files with expressions and numbers as the servers keep them.
fn kept(mut schema: Schema) -> Schema {
    for table in schema.tables.values_mut() {
        let names = table.clone();
        for check in table.checks.values_mut() {
            check.expression = as_read(&names, &check.expression);
        }
        for column in &mut table.columns {
            if let Some(generated) = &mut column.generated {
                generated.expression = as_read(&names, &generated.expression);
            }
            if let (Type::Decimal { scale, .. }, Some(Default::Number(number))) =
                (&column.ty, &mut column.default)
            {
                let digits = usize::from(*scale);
                *number = format!("{:.digits$}", number.parse::<f64>().unwrap());
            }
        }
    }
    schema
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_of_each_template_is_read_as_the_templates_files_say() {
    let server = Server::shared().await;
    let engine = engine(&server, 4);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql_templates");
    for name in TEMPLATES {
        let files = files::read(&Folder::open(&folder).unwrap(), name).unwrap().template.unwrap();
        let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
        let mut compiler = Compiler::new(&engine);
        let mut session = engine.scratch().await.unwrap();
        for unit in &compiler.template(&files, &modules) {
            let unit =
                Unit { key: &unit.key, statements: &unit.statements, variables: &Variables::default() };
            session.apply(unit).await.unwrap();
        }
        let (found, expected) = (session.inspect().await.unwrap(), kept(compiler.schema().clone()));
        session.close().await;
        assert_eq!(text::describe(&found), text::describe(&expected), "{name}");
        assert_eq!(found.fingerprint(), expected.fingerprint(), "{name}");
    }
}

/// What is in `same.sql` is read as `same.txt` says, which is MariaDB 10.11's own text.
#[tokio::test(flavor = "multi_thread")]
async fn expressions_defaults_and_views_are_read_alike() {
    let server = Server::shared().await;
    let engine = engine(&server, 4);
    let mut session = engine.scratch().await.unwrap();
    let statements: Vec<Statement> = include_str!("same.sql")
        .split(";\n")
        .filter(|statement| !statement.trim().is_empty())
        .map(|statement| Statement { sql: statement.to_owned(), values: Vec::new() })
        .collect();
    let unit = Unit { key: "same", statements: &statements, variables: &Variables::default() };
    session.apply(unit).await.unwrap();
    let found = text::describe(&session.inspect().await.unwrap());
    session.close().await;
    assert_eq!(found, include_str!("same.txt").trim_end(), "{found}");
}
