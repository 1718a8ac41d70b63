//! What holds for the differences of any two schemas, whatever bytes they are made of. The fuzzer runs it, and so does an
//! ordinary test.

use std::collections::{BTreeMap, BTreeSet};
use tenantry::schema::{
    Check, Column, Default, Difference, ForeignKey, Function, Index, IndexPart, ReferentialAction, Schema,
    Table, Trigger, Type, View, differences, losses, toward,
};

/// Reads numbers from bytes; zeros when they are at their end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn below(&mut self, most: u8) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first % most
    }

    fn is(&mut self) -> bool {
        self.below(2) == 1
    }

    fn text(&mut self) -> String {
        ["one", "it's", "c1", "", "\0+", "a, b", "日本"][usize::from(self.below(7))].to_owned()
    }

    fn ty(&mut self) -> Type {
        match self.below(7) {
            0 => Type::Integer { bits: [8, 16, 24, 32, 64][usize::from(self.below(5))], unsigned: self.is() },
            1 => Type::Varchar(u32::from(self.below(4))),
            2 => Type::Enum(vec![self.text(), self.text()]),
            3 => {
                Type::Other(["VARCHAR(1)", "INT", "TINYINT UNSIGNED"][usize::from(self.below(3))].to_owned())
            }
            4 => Type::Decimal {
                precision: u16::from(self.below(5)),
                scale: u16::from(self.below(3)),
                unsigned: self.is(),
            },
            5 => Type::Datetime(self.below(3)),
            _ => Type::Json,
        }
    }

    fn column(&mut self, name: String) -> Column {
        let default = match self.below(5) {
            0 => Some(Default::Text(self.text())),
            1 => Some(Default::Number(self.below(3).to_string())),
            2 => Some(Default::Expression(self.text())),
            _ => None,
        };
        let comment = if self.is() { Some(self.text()) } else { None };
        Column {
            name,
            ty: self.ty(),
            nullable: self.is(),
            default,
            auto_increment: self.is(),
            on_update_now: self.is(),
            generated: None,
            collation: None,
            comment,
        }
    }

    fn table(&mut self, name: &str) -> Table {
        let mut columns: Vec<Column> = Vec::new();
        for _ in 0..self.below(5) {
            let name = format!("c{}", self.below(6));
            if !columns.iter().any(|column| column.name == name) {
                columns.push(self.column(name));
            }
        }
        let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
        let mut table = Table {
            name: name.to_owned(),
            columns,
            primary_key: Vec::new(),
            indexes: BTreeMap::new(),
            foreign_keys: BTreeMap::new(),
            checks: BTreeMap::new(),
            comment: if self.is() { Some(self.text()) } else { None },
        };
        let Some(first) = names.first() else { return table };
        if self.is() {
            table.primary_key.push(first.clone());
        }
        for _ in 0..self.below(3) {
            let column = names[usize::from(self.below(6)) % names.len()].clone();
            let part = IndexPart { column, is_expression: false, prefix: None, descending: self.is() };
            let filter = if self.is() { Some(format!("{first} > 1")) } else { None };
            let name = format!("i{}", self.below(3));
            table.indexes.insert(name.clone(), Index { name, parts: vec![part], unique: self.is(), filter });
        }
        if self.is() {
            let name = format!("k{}", self.below(2));
            let expression = format!("{} > {}", first, self.below(3));
            table.checks.insert(name.clone(), Check { name, expression });
        }
        table
    }

    fn schema(&mut self) -> Schema {
        let mut schema = Schema::default();
        for number in 0..4 {
            if self.is() {
                let name = format!("t{number}");
                schema.tables.insert(name.clone(), self.table(&name));
            }
        }
        let keys: Vec<(String, Vec<String>)> =
            schema.tables.iter().map(|(name, table)| (name.clone(), table.primary_key.clone())).collect();
        for table in schema.tables.values_mut() {
            let (parent, key) = &keys[usize::from(self.below(4)) % keys.len()];
            let own = table.columns.last().map(|column| column.name.clone());
            if let (Some(own), [only]) = (own, key.as_slice()) {
                let key = ForeignKey {
                    name: format!("f{}", self.below(2)),
                    columns: vec![own],
                    foreign_table: parent.clone(),
                    foreign_columns: vec![only.clone()],
                    on_delete: if self.is() {
                        ReferentialAction::Cascade
                    } else {
                        ReferentialAction::NoAction
                    },
                    on_update: ReferentialAction::NoAction,
                };
                table.foreign_keys.insert(key.name.clone(), key);
            }
        }
        let name = "program".to_owned();
        if self.is() {
            let columns = if self.is() { vec![self.text()] } else { Vec::new() };
            schema.views.insert(name.clone(), View { name: name.clone(), columns, query: self.text() });
        }
        if self.is() {
            schema.functions.insert(name.clone(), Function { name: name.clone(), definition: self.text() });
        }
        if let Some(table) = schema.tables.keys().next().cloned().filter(|_| self.is()) {
            schema.triggers.insert(name.clone(), Trigger { name, table, definition: self.text() });
        }
        schema
    }
}

fn ids(differences: &[Difference]) -> BTreeSet<&str> {
    differences.iter().map(|difference| difference.id.as_str()).collect()
}

/// Panics where something does not hold.
pub fn holds(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let (expected, found) = (bytes.schema(), bytes.schema());
    let all = differences(&expected, &found);
    assert_eq!(all.is_empty(), expected == found);
    assert_eq!(all.is_empty(), expected.fingerprint() == found.fingerprint());
    assert!(differences(&found, &found).is_empty());
    assert_eq!(ids(&all).len(), all.len(), "two differences have one id: {all:#?}");
    for one in &all {
        assert!(one.expected != one.found && one.id.len() == 16, "{one:#?}");
        let json = serde_json::to_string(one).expect("a difference is JSON");
        assert_eq!(&serde_json::from_str::<Difference>(&json).expect("and comes back"), one);
    }
    assert_eq!(toward(&found, &expected, &|_| false), found);
    assert_eq!(toward(&found, &expected, &|_| true), expected);
    assert!(losses(&found, &found).is_empty());
    let before = ids(&all);
    for chosen in &all {
        let result = toward(&found, &expected, &|one| one.id == chosen.id);
        let left = differences(&expected, &result);
        // Set right, or left out for want of ground, in which case nothing has changed about it.
        assert!(
            !ids(&left).contains(chosen.id.as_str()) || differences(&found, &result).is_empty(),
            "{chosen:#?}"
        );
        // Going on with all the rest leads to what is expected.
        assert_eq!(toward(&result, &expected, &|_| true), expected);
        assert!(left.len() <= before.len() + 4);
    }
}
