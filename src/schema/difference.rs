//! How two schemas of the same kind differ, object by object, as data: the same difference in many databases has the same
//! id, so that it can be told, grouped and decided once.

use super::{
    Column, ForeignKey, Function, Index, Other, Schema, Table, Trigger, View,
    lines::{column_text_without_comment, foreign_key_text, index_text, whole_column_text},
    plain::{oddity, plain, plain_column},
    severity::{self, Severity},
};
use crate::digest::sha256_hex;
use std::collections::BTreeMap;

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Found, but not expected.
    Added,
    /// Expected, but not found.
    Removed,
    /// Found, but not as expected.
    Changed,
}

/// What kind of object differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A whole table.
    Table,
    /// A column, but for its comment.
    Column,
    /// The order of the columns that both have.
    ColumnOrder,
    /// A table's primary key.
    PrimaryKey,
    /// An index.
    Index,
    /// A foreign key.
    ForeignKey,
    /// A check.
    Check,
    /// The comment of a table or a column.
    Comment,
    /// A view.
    View,
    /// A function or a procedure.
    Function,
    /// A trigger.
    Trigger,
    /// Something that belongs to no table; its name says what it is.
    Other,
}

impl ObjectKind {
    /// Its name in rows and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            ObjectKind::Table => "table",
            ObjectKind::Column => "column",
            ObjectKind::ColumnOrder => "column_order",
            ObjectKind::PrimaryKey => "primary_key",
            ObjectKind::Index => "index",
            ObjectKind::ForeignKey => "foreign_key",
            ObjectKind::Check => "check",
            ObjectKind::Comment => "comment",
            ObjectKind::View => "view",
            ObjectKind::Function => "function",
            ObjectKind::Trigger => "trigger",
            ObjectKind::Other => "other",
        }
    }

    /// An object of this kind, as a sentence calls it.
    pub fn called(self, object: &str) -> String {
        match self {
            ObjectKind::Other => object.to_owned(),
            kind => format!("{kind} {object}"),
        }
    }
}

/// The words before an object's name in a sentence.
impl std::fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ObjectKind::ColumnOrder => "order of columns of",
            ObjectKind::PrimaryKey => "primary key of",
            ObjectKind::ForeignKey => "foreign key",
            ObjectKind::Comment => "comment of",
            ObjectKind::Table
            | ObjectKind::Column
            | ObjectKind::Index
            | ObjectKind::Check
            | ObjectKind::View
            | ObjectKind::Function
            | ObjectKind::Trigger
            | ObjectKind::Other => self.as_str(),
        })
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Difference {
    /// The first 16 hexadecimal digits of a SHA-256 over kind, object, change, expected and found: the same difference has
    /// the same id in every database.
    pub id: String,
    /// What kind of object it is.
    pub kind: ObjectKind,
    /// The object as a person names it, such as `members.phone`.
    pub object: String,
    /// The table that the object is or belongs to; none for views and functions.
    pub table: Option<String>,
    /// The object's own name: a column's, an index's, a view's; none where the table's name says all.
    pub name: Option<String>,
    /// What happened to it.
    pub change: Change,
    /// How much it matters to what the template's application does.
    pub severity: Severity,
    /// What was expected, as text.
    pub expected: Option<String>,
    /// What was found, as text.
    pub found: Option<String>,
    /// All of it in a sentence.
    pub sentence: String,
}

/// All differences, in the order of the objects' names; none where the schemas are the same.
pub fn differences(expected: &Schema, found: &Schema) -> Vec<Difference> {
    let mut list = List(Vec::new());
    for (name, table) in &expected.tables {
        match found.tables.get(name) {
            None => list.add(
                &Place::table(ObjectKind::Table, name),
                Some(columns_of(table)),
                None,
                Severity::High,
            ),
            Some(other) => tables(&mut list, table, other),
        }
    }
    for (name, table) in found.tables.iter().filter(|(name, _)| !expected.tables.contains_key(*name)) {
        list.add(&Place::table(ObjectKind::Table, name), None, Some(columns_of(table)), Severity::Medium);
    }
    let alone = |kind| move |name: &str| Place { kind, table: None, name: Some(name.to_owned()) };
    list.maps(&expected.views, &found.views, alone(ObjectKind::View), view_text, severity::program);
    list.maps(
        &expected.functions,
        &found.functions,
        alone(ObjectKind::Function),
        function_text,
        severity::program,
    );
    let table_of = |key: &str| {
        let trigger = expected.triggers.get(key).or_else(|| found.triggers.get(key));
        trigger.map(|trigger| trigger.table.clone())
    };
    let place =
        |key: &str| Place { kind: ObjectKind::Trigger, table: table_of(key), name: Some(key.to_owned()) };
    list.maps(&expected.triggers, &found.triggers, place, trigger_text, severity::program);
    list.maps(&expected.others, &found.others, alone(ObjectKind::Other), other_text, severity::program);
    list.0
}

/// The worst of them; none where there is none.
pub fn worst(differences: &[Difference]) -> Option<Severity> {
    differences.iter().map(|difference| difference.severity).max()
}

/// Where a difference is.
struct Place {
    kind: ObjectKind,
    table: Option<String>,
    name: Option<String>,
}

impl Place {
    fn table(kind: ObjectKind, table: &str) -> Place {
        Place { kind, table: Some(table.to_owned()), name: None }
    }

    fn within(kind: ObjectKind, table: &str, name: &str) -> Place {
        Place { kind, table: Some(table.to_owned()), name: Some(name.to_owned()) }
    }

    /// The object as a person names it.
    fn object(&self) -> String {
        object_of(self.kind, self.table.as_deref(), self.name.as_deref().map(plain))
    }

    /// The object with all of its name in the model.
    fn key(&self) -> String {
        object_of(self.kind, self.table.as_deref(), self.name.as_deref())
    }
}

fn object_of(kind: ObjectKind, table: Option<&str>, name: Option<&str>) -> String {
    match (table, name) {
        (Some(table), Some(name)) if kind != ObjectKind::Trigger => format!("{table}.{name}"),
        (_, Some(name)) => name.to_owned(),
        (Some(table), None) => table.to_owned(),
        (None, None) => String::new(),
    }
}

impl Difference {
    /// The object with all of its name in the model: two of a schema never have the same.
    pub fn key(&self) -> String {
        object_of(self.kind, self.table.as_deref(), self.name.as_deref())
    }
}

struct List(Vec<Difference>);

impl List {
    fn add(&mut self, place: &Place, expected: Option<String>, found: Option<String>, severity: Severity) {
        let (kind, object) = (place.kind, place.object());
        // Different things that read the same: a type that the engine only knows by that name, say.
        let found = match (&expected, found) {
            (Some(expected), Some(found)) if *expected == found => {
                Some(format!("{found} (written otherwise)"))
            }
            (_, found) => found,
        };
        let (change, said) = match (&expected, &found) {
            (Some(text), None) => (Change::Removed, odd(place, "lacks something that should be there", text)),
            (None, Some(text)) => (Change::Added, odd(place, "has something that should not be there", text)),
            (Some(_), Some(_)) => (Change::Changed, None),
            (None, None) => return,
        };
        // Over all of the names in the model, whatever people are shown of them.
        let id = id(kind, &place.key(), change, expected.as_deref(), found.as_deref());
        let shown = |text: String| if kind == ObjectKind::Column { plain_column(&text) } else { text };
        let (expected, found) = (expected.map(shown), found.map(shown));
        let called = kind.called(&object);
        let sentence = said.unwrap_or_else(|| match (&expected, &found) {
            (Some(expected), Some(found)) => {
                format!("The {called} should be `{expected}`, but is `{found}`.")
            }
            (Some(_), None) => format!("The {called} is missing."),
            _ => {
                let article = if called.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                format!("There is {article} {called} that should not be there.")
            }
        });
        let (table, name) = (place.table.clone(), place.name.clone());
        self.0.push(Difference {
            id,
            kind,
            object,
            table,
            name,
            change,
            severity,
            expected,
            found,
            sentence,
        });
    }

    fn maps<T: PartialEq>(
        &mut self,
        expected: &BTreeMap<String, T>,
        found: &BTreeMap<String, T>,
        place: impl Fn(&str) -> Place,
        text: impl Fn(&T) -> String,
        severity: impl Fn(Option<&T>, Option<&T>) -> Severity,
    ) {
        for (name, value) in expected {
            let other = found.get(name);
            if other != Some(value) {
                self.add(&place(name), Some(text(value)), other.map(&text), severity(Some(value), other));
            }
        }
        for (name, value) in found.iter().filter(|(name, _)| !expected.contains_key(*name)) {
            self.add(&place(name), None, Some(text(value)), severity(None, Some(value)));
        }
    }
}

fn id(kind: ObjectKind, object: &str, change: Change, expected: Option<&str>, found: Option<&str>) -> String {
    let change = match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    };
    let mut text = format!("{}\0{object}\0{change}", kind.as_str());
    for side in [expected, found] {
        // Nothing and an empty text are two things.
        text.push_str(if side.is_some() { "\0+" } else { "\0-" });
        text.push_str(side.unwrap_or_default());
    }
    let mut digest = sha256_hex(text);
    digest.truncate(16);
    digest
}

/// The sentence about a thing that the model has no place for.
fn odd(place: &Place, has: &str, text: &str) -> Option<String> {
    let what = place.name.as_deref().and_then(oddity).filter(|_| place.kind == ObjectKind::Check)?;
    let table = place.table.as_deref()?;
    Some(format!("The table {table} {has} ({what}: `{text}`)."))
}

fn columns_of(table: &Table) -> String {
    listed(table.columns.iter().map(|column| column.name.as_str()))
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn tables(list: &mut List, expected: &Table, found: &Table) {
    if expected == found {
        return;
    }
    columns(list, expected, found);
    let name = expected.name.as_str();
    if expected.primary_key != found.primary_key {
        let key = |table: &Table| Some(table.primary_key.join(", ")).filter(|key| !key.is_empty());
        let severity = severity::primary_key(&expected.primary_key);
        list.add(&Place::table(ObjectKind::PrimaryKey, name), key(expected), key(found), severity);
    }
    let within = |kind| move |object: &str| Place::within(kind, name, object);
    let severity = |before: Option<&Index>, now: Option<&Index>| severity::index(expected, before, now);
    list.maps(&expected.indexes, &found.indexes, within(ObjectKind::Index), index_text, severity);
    let severity =
        |before: Option<&ForeignKey>, now: Option<&ForeignKey>| severity::foreign_key(expected, before, now);
    list.maps(
        &expected.foreign_keys,
        &found.foreign_keys,
        within(ObjectKind::ForeignKey),
        foreign_key_text,
        severity,
    );
    let severity =
        |before: Option<&super::Check>, now: Option<&super::Check>| severity::check(expected, before, now);
    let text = |check: &super::Check| check.expression.clone();
    list.maps(&expected.checks, &found.checks, within(ObjectKind::Check), text, severity);
    if expected.comment != found.comment {
        let place = Place::table(ObjectKind::Comment, name);
        list.add(&place, expected.comment.clone(), found.comment.clone(), Severity::Low);
    }
}

fn columns(list: &mut List, expected: &Table, found: &Table) {
    if expected.columns == found.columns {
        return;
    }
    let (wanted, is) = (by_name(expected), by_name(found));
    let place = |name: &str| Place::within(ObjectKind::Column, &expected.name, name);
    for (name, column) in &wanted {
        let Some(other) = is.get(name) else {
            list.add(&place(name), Some(whole_column_text(column)), None, Severity::High);
            continue;
        };
        if !is_same_but_for_comment(column, other) {
            let text = |column: &Column| Some(column_text_without_comment(column));
            list.add(&place(name), text(column), text(other), severity::column(column, other));
        }
        if column.comment != other.comment {
            let place = Place::within(ObjectKind::Comment, &expected.name, name);
            list.add(&place, column.comment.clone(), other.comment.clone(), Severity::Low);
        }
    }
    for (name, column) in is.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
        list.add(&place(name), None, Some(whole_column_text(column)), severity::extra_column(column));
    }
    let (before, after) = (shared(expected, &is), shared(found, &wanted));
    if before != after {
        let order = |names: Vec<&str>| Some(listed(names.into_iter()));
        let place = Place::table(ObjectKind::ColumnOrder, &expected.name);
        list.add(&place, order(before), order(after), Severity::Low);
    }
}

fn by_name(table: &Table) -> BTreeMap<&str, &Column> {
    table.columns.iter().map(|column| (column.name.as_str(), column)).collect()
}

/// The columns that the other table has, too, in their order.
fn shared<'a>(table: &'a Table, other: &BTreeMap<&str, &Column>) -> Vec<&'a str> {
    table.columns.iter().map(|column| column.name.as_str()).filter(|name| other.contains_key(name)).collect()
}

fn is_same_but_for_comment(one: &Column, other: &Column) -> bool {
    let Column {
        name,
        ty,
        nullable,
        default,
        auto_increment,
        on_update_now,
        generated,
        collation,
        comment: _,
    } = one;
    *name == other.name
        && *ty == other.ty
        && *nullable == other.nullable
        && *default == other.default
        && *auto_increment == other.auto_increment
        && *on_update_now == other.on_update_now
        && *generated == other.generated
        && *collation == other.collation
}

fn view_text(view: &View) -> String {
    if view.columns.is_empty() {
        view.query.clone()
    } else {
        format!("({}) {}", view.columns.join(", "), view.query)
    }
}

fn function_text(function: &Function) -> String {
    function.definition.clone()
}

fn trigger_text(trigger: &Trigger) -> String {
    format!("{}: {}", trigger.table, trigger.definition)
}

fn other_text(other: &Other) -> String {
    match &other.owner {
        Some(owner) => format!("{} (of the account {owner})", other.definition),
        None => other.definition.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Type, samples};

    fn pair() -> (Schema, Schema) {
        let expected = samples::schema();
        (expected.clone(), expected)
    }

    #[test]
    fn the_same_difference_has_the_same_id_wherever_it_is() {
        let (expected, mut found) = pair();
        samples::column_mut(&mut found, "people", "name").ty = Type::Varchar(50);
        let alone = differences(&expected, &found);
        samples::table_mut(&mut found, "gifts").comment = Some("Other things".into());
        found.tables.insert("extra".into(), samples::table("extra", vec![samples::column("id", Type::Date)]));
        let among_others = differences(&expected, &found);
        assert_eq!(alone.len(), 1);
        assert_eq!(among_others.len(), 3);
        let one = among_others.iter().find(|one| one.kind == ObjectKind::Column).unwrap();
        assert_eq!(one, alone.first().unwrap());
        assert_eq!(one.id.len(), 16);
        samples::column_mut(&mut found, "people", "name").ty = Type::Varchar(51);
        assert!(differences(&expected, &found).iter().all(|other| other.id != one.id));
    }

    #[test]
    fn a_difference_is_said_in_json_and_in_a_sentence() {
        let (expected, mut found) = pair();
        samples::column_mut(&mut found, "people", "name").nullable = true;
        let one = differences(&expected, &found).remove(0);
        assert_eq!(
            one.sentence,
            "The column people.name should be `VARCHAR(100) NOT NULL`, but is `VARCHAR(100)`."
        );
        let json = serde_json::to_value(&one).unwrap();
        assert_eq!(json["kind"], "column");
        assert_eq!(json["change"], "changed");
        assert_eq!(json["object"], "people.name");
        assert_eq!(json["expected"], "VARCHAR(100) NOT NULL");
        assert_eq!(json["found"], "VARCHAR(100)");
        assert_eq!(json["id"], one.id.as_str());
        assert_eq!(serde_json::from_value::<Difference>(json).unwrap(), one);
    }

    #[test]
    fn what_belongs_to_no_table_is_called_what_it_is() {
        let (expected, mut found) = pair();
        let owner = Some("admin".to_owned());
        let other =
            Other { name: "extension hstore".into(), definition: "CREATE EXTENSION hstore".into(), owner };
        found.others.insert(other.name.clone(), other);
        let one = differences(&expected, &found).remove(0);
        assert_eq!(one.sentence, "There is an extension hstore that should not be there.");
        assert_eq!(one.found.as_deref(), Some("CREATE EXTENSION hstore (of the account admin)"));
        let gone = differences(&found, &expected).remove(0);
        assert_eq!(gone.sentence, "The extension hstore is missing.");
    }

    #[test]
    fn whatever_changes_in_a_schema_is_a_difference() {
        type ByHand = fn(&mut Schema);
        let changes: Vec<(&str, ByHand)> = vec![
            ("a type that only the engine knows by that name", |schema| {
                samples::column_mut(schema, "people", "name").ty = Type::Other("VARCHAR(100)".into());
            }),
            ("a column's comment", |schema| {
                samples::column_mut(schema, "people", "name").comment = Some("x".into());
            }),
            ("the order", |schema| samples::table_mut(schema, "people").columns.swap(1, 2)),
            ("a condition of an index", |schema| {
                let index = samples::table_mut(schema, "people").indexes.get_mut("by_name").unwrap();
                index.filter = Some("age > 5".into());
            }),
            ("columns of a view", |schema| schema.views.get_mut("names").unwrap().columns = vec!["a".into()]),
            ("the table of a trigger", |schema| {
                schema.triggers.get_mut("log").unwrap().table = "gifts".into();
            }),
            ("a function", |schema| schema.functions.get_mut("twice").unwrap().definition.push(' ')),
            ("something that belongs to no table", |schema| {
                let name = "sequence numbers".to_owned();
                let other = Other { name: name.clone(), definition: "x".into(), owner: None };
                schema.others.insert(name, other);
            }),
            ("an empty comment", |schema| samples::table_mut(schema, "gifts").comment = Some(String::new())),
            ("the primary key", |schema| samples::table_mut(schema, "gifts").primary_key.clear()),
        ];
        for (what, change) in changes {
            let (expected, mut found) = pair();
            change(&mut found);
            for (one, other) in [(&expected, &found), (&found, &expected)] {
                let all = differences(one, other);
                assert_eq!(all.len(), 1, "{what}: {all:#?}");
                assert!(all.iter().all(|one| one.expected != one.found), "{what}: {all:#?}");
            }
        }
        let (expected, found) = pair();
        assert!(differences(&expected, &found).is_empty());
    }
}
