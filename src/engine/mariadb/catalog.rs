//! What is asked of the server's catalog about a database. All questions name the database in the column by which the server
//! finds its folder: other conditions make it open every table that it has.

use super::{mysql, views, words::text};
use crate::engine::inspected::Said;
use sqlx::{AssertSqlSafe, MySqlConnection, Row, mysql::MySqlRow};
use std::collections::BTreeMap;

/// A row whose columns are all texts or NULL.
pub(super) struct Texts(pub(super) MySqlRow);

impl Texts {
    pub(super) fn maybe(&self, place: usize) -> Result<Option<String>, sqlx::Error> {
        self.0.try_get(place)
    }

    pub(super) fn text(&self, place: usize) -> Result<String, sqlx::Error> {
        Ok(self.maybe(place)?.unwrap_or_default())
    }

    pub(super) fn is(&self, place: usize, word: &str) -> Result<bool, sqlx::Error> {
        Ok(self.text(place)?.eq_ignore_ascii_case(word))
    }
}

/// Kinds of things that the catalog tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Catalog {
    /// Tables and views, by name with their comment and kind.
    Tables,
    Columns,
    Indexes,
    /// What foreign keys do.
    Rules,
    /// The columns of foreign keys.
    Keys,
    Checks,
    Triggers,
    Views,
}

impl Catalog {
    /// All of them. Whether there are any views is known from the first.
    pub(super) const ALL: [Catalog; 8] = [
        Catalog::Tables,
        Catalog::Columns,
        Catalog::Indexes,
        Catalog::Rules,
        Catalog::Keys,
        Catalog::Checks,
        Catalog::Triggers,
        Catalog::Views,
    ];

    /// The columns that are asked for, and the rest of the question.
    fn parts(self, is_mariadb: bool) -> (&'static [&'static str], &'static str) {
        match self {
            Catalog::Tables => (
                &["table_name", "table_comment", "table_type", "engine", "create_options", "table_collation"],
                "FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name",
            ),
            Catalog::Columns => (
                &[
                    "table_name",
                    "column_name",
                    "column_type",
                    "is_nullable",
                    "column_default",
                    "extra",
                    "generation_expression",
                    "collation_name",
                    "column_comment",
                ],
                "FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position",
            ),
            Catalog::Indexes => (
                if is_mariadb {
                    &[
                        "table_name",
                        "index_name",
                        "non_unique",
                        "column_name",
                        "sub_part",
                        "collation",
                        "NULL",
                        "index_type",
                        "IF(ignored = 'YES', 'IGNORED', '')",
                    ]
                } else {
                    &[
                        "table_name",
                        "index_name",
                        "non_unique",
                        "column_name",
                        "sub_part",
                        "collation",
                        "expression",
                        "index_type",
                        "IF(is_visible = 'NO', 'INVISIBLE', '')",
                    ]
                },
                "FROM information_schema.statistics WHERE table_schema = ? ORDER BY table_name, index_name, seq_in_index",
            ),
            Catalog::Rules => (
                &["table_name", "constraint_name", "delete_rule", "update_rule"],
                "FROM information_schema.referential_constraints WHERE constraint_schema = ?
                 ORDER BY table_name, constraint_name",
            ),
            Catalog::Keys => (
                &[
                    "table_name",
                    "constraint_name",
                    "column_name",
                    "referenced_table_name",
                    "referenced_column_name",
                ],
                "FROM information_schema.key_column_usage WHERE table_schema = ? AND referenced_table_name IS NOT NULL
                 ORDER BY table_name, constraint_name, ordinal_position",
            ),
            Catalog::Checks if is_mariadb => (
                &["c.table_name", "c.constraint_name", "c.check_clause"],
                "FROM information_schema.check_constraints c WHERE c.constraint_schema = ?
                 ORDER BY c.table_name, c.constraint_name",
            ),
            Catalog::Checks => (
                &["t.table_name", "c.constraint_name", "c.check_clause"],
                "FROM information_schema.check_constraints c JOIN information_schema.table_constraints t
                 ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name
                 WHERE t.table_schema = ? AND t.constraint_type = 'CHECK' ORDER BY t.table_name, c.constraint_name",
            ),
            // A trigger is always in its table's schema; by its own, the server finds no folder.
            Catalog::Triggers => (
                &[
                    "trigger_name",
                    "event_object_table",
                    "action_timing",
                    "event_manipulation",
                    "action_statement",
                ],
                "FROM information_schema.triggers WHERE event_object_schema = ? ORDER BY trigger_name",
            ),
            Catalog::Views => (
                &["table_name", "view_definition", "check_option", "security_type"],
                "FROM information_schema.views WHERE table_schema = ? ORDER BY table_name",
            ),
        }
    }

    /// The question. It asks for texts, whatever the columns are there; the database is a bound value.
    fn question(self, is_mariadb: bool) -> String {
        let (columns, rest) = self.parts(is_mariadb);
        let columns: Vec<String> =
            columns.iter().map(|column| format!("CONVERT({column} USING utf8mb4)")).collect();
        format!("SELECT {} {rest}", columns.join(", "))
    }

    /// The question where it is one of many in a text.
    pub(super) fn question_about(self, is_mariadb: bool, database: &str) -> String {
        self.question(is_mariadb).replacen('?', &text(database), 1)
    }
}

/// All that the catalog says of one database.
pub(super) struct Answers {
    pub(super) is_mariadb: bool,
    rows: BTreeMap<Catalog, Vec<Texts>>,
    /// What stands in views before each table: the database, another in each.
    qualifier: String,
}

impl Answers {
    pub(super) fn new(is_mariadb: bool, database: &str) -> Self {
        let qualifier = format!("`{}`.", database.replace('`', "``"));
        Self { is_mariadb, rows: BTreeMap::new(), qualifier }
    }

    /// Asks everything about a database.
    pub(super) async fn ask(connection: &mut MySqlConnection, database: &str) -> Result<Self, sqlx::Error> {
        let mut answers = Self::new(is_mariadb(connection).await?, database);
        for catalog in Catalog::ALL {
            let question = AssertSqlSafe(catalog.question(answers.is_mariadb));
            let rows = sqlx::query(question).bind(database).fetch_all(&mut *connection).await?;
            answers.rows.insert(catalog, rows.into_iter().map(Texts).collect());
        }
        Ok(answers)
    }

    pub(super) fn add(&mut self, catalog: Catalog, row: MySqlRow) {
        self.rows.entry(catalog).or_default().push(Texts(row));
    }

    pub(super) fn of(&self, catalog: Catalog) -> &[Texts] {
        self.rows.get(&catalog).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether there is something other than plain tables among what the database has.
    pub(super) fn has_views(&self) -> Result<bool, sqlx::Error> {
        for row in self.of(Catalog::Tables) {
            if !row.is(2, "BASE TABLE")? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An expression as MariaDB writes it, whichever server it comes from.
    pub(super) fn expression(&self, written: String) -> String {
        if self.is_mariadb { written } else { mysql::expression(&written) }
    }

    /// The same of a default.
    pub(super) fn default(&self, written: String) -> String {
        if self.is_mariadb { written } else { mysql::default(&written) }
    }

    /// A view's query as it is in every copy of the database, with what it checks and whose rights it has.
    pub(super) fn view(&self, row: &Texts) -> Result<String, sqlx::Error> {
        let query = row.text(1)?.replace(&self.qualifier, "");
        let query = if self.is_mariadb { query } else { mysql::query(&query) };
        Ok(views::with_options(query, &row.text(2)?, &row.text(3)?))
    }

    /// A digest of everything that was said.
    pub(super) fn said(&self) -> Result<[u8; 32], sqlx::Error> {
        let mut said = Said::default();
        said.number(usize::from(self.is_mariadb));
        for catalog in Catalog::ALL {
            let rows = self.of(catalog);
            said.number(rows.len());
            for row in rows {
                if catalog == Catalog::Views {
                    said.value(Some(row.text(0)?.as_bytes()));
                    said.value(Some(self.view(row)?.as_bytes()));
                    continue;
                }
                for place in 0..row.0.len() {
                    said.value(row.0.try_get::<Option<&str>, _>(place)?.map(str::as_bytes));
                }
            }
        }
        Ok(said.end())
    }
}

/// Which of the two products a server is.
pub(super) async fn is_mariadb(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    let version: String = sqlx::query("SELECT VERSION()").fetch_one(connection).await?.try_get(0)?;
    Ok(version.to_ascii_lowercase().contains("mariadb"))
}
