//! Random schemas in the template's words, from a seed. Tables and columns of all schemas have the same few names, and the
//! letter of a column says what kind of values it has, so that two schemas share much of their names and little else.

use std::collections::BTreeMap;
use tenantry::schema::{
    Check, Column, Default, ForeignKey, Generated, Index, IndexPart, ReferentialAction, Schema, Table, Type,
    View, model::TextSize,
};

/// Numbers from a seed (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    pub fn often(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }
}

const TABLES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "order"];

/// The kinds of columns: their letters, and how many there are of each.
const COLUMNS: [(char, u64); 9] =
    [('n', 3), ('m', 2), ('s', 3), ('d', 2), ('b', 1), ('j', 1), ('x', 1), ('u', 1), ('t', 1)];

pub const MEMBERS: [&str; 4] = ["one", "two", "it's", "b, c"];

pub fn integer(bits: u8, unsigned: bool) -> Type {
    Type::Integer { bits, unsigned }
}

fn column(name: &str, ty: Type) -> Column {
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

fn some_column(chance: &mut Chance, letter: char, number: u64) -> Column {
    let name = format!("{letter}{number}");
    let mut made = match letter {
        'n' => {
            let bits = chance.of(&[8, 16, 24, 32, 64]);
            let unsigned = chance.often(40);
            let mut made = column(&name, integer(bits, unsigned));
            if chance.often(50) {
                made.default = Some(Default::Number(chance.of(&["0", "5", "7"]).to_owned()));
            } else if chance.often(20) {
                made.default = Some(Default::Expression("1 + 2".to_owned()));
            }
            made
        }
        'm' => {
            let (precision, scale) = chance.of(&[(10, 2), (12, 2), (12, 4), (9, 1)]);
            let mut made = column(&name, Type::Decimal { precision, scale, unsigned: chance.often(30) });
            if chance.often(50) {
                made.default = Some(Default::Number("1.5".to_owned()));
            }
            made
        }
        's' => {
            let types = [
                Type::Varchar(20),
                Type::Varchar(200),
                Type::Char(20),
                Type::Text(TextSize::Normal),
                Type::Text(TextSize::Medium),
                Type::Enum(MEMBERS.map(str::to_owned).to_vec()),
                Type::Enum(vec!["one".to_owned(), "two".to_owned()]),
            ];
            let mut made = column(&name, chance.of(&types));
            if !matches!(made.ty, Type::Text(_)) && chance.often(50) {
                made.default = Some(Default::Text(chance.of(&["one", "two"]).to_owned()));
            }
            if !matches!(made.ty, Type::Enum(_)) && chance.often(20) {
                made.collation = Some("utf8mb4_bin".to_owned());
            }
            made
        }
        'd' => {
            let digits = chance.of(&[0, 0, 3, 6]);
            let is_moment = chance.often(50);
            let mut made =
                column(&name, if is_moment { Type::Timestamp(digits) } else { Type::Datetime(digits) });
            if chance.often(60) {
                made.default = Some(Default::Now(digits));
                made.on_update_now = chance.often(40);
            }
            made
        }
        'b' => Column {
            default: chance.often(50).then_some(Default::Boolean(true)),
            ..column(&name, Type::Boolean)
        },
        'j' => column(&name, Type::Json),
        'x' => column(
            &name,
            chance.of(&[Type::Varbinary(30), Type::Blob(TextSize::Normal), Type::Blob(TextSize::Long)]),
        ),
        'u' => Column { default: chance.often(50).then_some(Default::Uuid), ..column(&name, Type::Char(36)) },
        _ => column(&name, chance.of(&[Type::Date, Type::Date])),
    };
    // A moment has no first value for the rows that are there, and JSON, bytes and ids have none that every engine takes.
    let can_be_required = match letter {
        'n' | 'm' | 's' | 'b' => true,
        'd' => made.default.is_some(),
        _ => false,
    };
    made.nullable = !(can_be_required && chance.often(50));
    if chance.often(15) {
        made.comment = Some(chance.of(&["It's a \"comment\"", "back\\slash", "日本; -- x */"]).to_owned());
    }
    made
}

fn some_table(chance: &mut Chance, name: &str) -> Table {
    let mut id = Column { nullable: false, ..column("id", integer(64, false)) };
    id.auto_increment = chance.often(60);
    let mut columns = vec![id];
    for (letter, most) in COLUMNS {
        for number in 0..most {
            if chance.often(55) {
                columns.push(some_column(chance, letter, number));
            }
        }
    }
    let mut table = Table {
        name: name.to_owned(),
        columns,
        primary_key: vec!["id".to_owned()],
        indexes: BTreeMap::new(),
        foreign_keys: BTreeMap::new(),
        checks: BTreeMap::new(),
        comment: chance.often(20).then(|| chance.of(&["One", "It's two"]).to_owned()),
    };
    if table.columns.iter().any(|column| column.name == "n0") && chance.often(40) {
        let stored = chance.often(50);
        let expression = chance.of(&["n0 + 1", "n0 + 2"]).to_owned();
        let generated = Some(Generated { expression, stored });
        table.columns.push(Column { generated, ..column("g0", integer(64, false)) });
    }
    for place in (2..table.columns.len()).rev() {
        if chance.often(30) {
            let other = usize::try_from(chance.below(place as u64 - 1)).unwrap() + 1;
            table.columns.swap(place, other);
        }
    }
    keys(chance, &mut table);
    table
}

fn part(column: &str) -> IndexPart {
    IndexPart { column: column.to_owned(), is_expression: false, prefix: None, descending: false }
}

fn keys(chance: &mut Chance, table: &mut Table) {
    let usable: Vec<Column> = table
        .columns
        .iter()
        .filter(|column| matches!(column.name.chars().next(), Some('n' | 's' | 'd' | 'b' | 't' | 'g')))
        .cloned()
        .collect();
    for number in 0..3 {
        if usable.is_empty() || !chance.often(50) {
            continue;
        }
        let first = chance.of(&usable);
        let mut parts = vec![part(&first.name)];
        if matches!(first.ty, Type::Text(_)) {
            parts[0].prefix = Some(10);
        }
        let second = chance.of(&usable);
        if second.name != first.name && !matches!(second.ty, Type::Text(_)) && chance.often(40) {
            parts.push(IndexPart { descending: chance.often(30), ..part(&second.name) });
        }
        // Rows have the same values but for their id.
        let unique = chance.often(40) && parts.iter().all(|part| part.prefix.is_none());
        if unique {
            parts.push(part("id"));
        }
        let name = format!("i{number}");
        table.indexes.insert(name.clone(), Index { name, parts, unique, filter: None });
    }
    let has = |name: &str| table.columns.iter().any(|column| column.name == name);
    let conditions = [("n0", "n0 >= 0 OR n0 < -1000"), ("n1", "n1 < 120 AND n1 >= 0"), ("s0", "s0 <> 'zzz'")];
    for (number, (column, condition)) in conditions.iter().enumerate() {
        if has(column) && chance.often(35) {
            let name = format!("chk_{}_{number}", table.name);
            table.checks.insert(name.clone(), Check { name, expression: (*condition).to_owned() });
        }
    }
}

/// A whole schema.
pub fn schema(chance: &mut Chance) -> Schema {
    let mut schema = Schema::default();
    for name in TABLES {
        if chance.often(60) {
            schema.tables.insert(name.to_owned(), some_table(chance, name));
        }
    }
    let names: Vec<String> = schema.tables.keys().cloned().collect();
    // A table refers to one before it or to itself: engines that make table after table find it there.
    for (place, name) in names.iter().enumerate() {
        if !chance.often(60) {
            continue;
        }
        let parent = names[usize::try_from(chance.below(place as u64 + 1)).unwrap()].clone();
        let table = schema.tables.get_mut(name).unwrap();
        table.columns.push(column("r0", integer(64, false)));
        let on_delete =
            chance.of(&[ReferentialAction::NoAction, ReferentialAction::Cascade, ReferentialAction::SetNull]);
        let key = ForeignKey {
            name: format!("fk_{name}_{}", chance.below(2)),
            columns: vec!["r0".to_owned()],
            foreign_table: parent,
            foreign_columns: vec!["id".to_owned()],
            on_delete,
            on_update: ReferentialAction::NoAction,
        };
        if chance.often(40) {
            table.indexes.insert(
                "ir".to_owned(),
                Index { name: "ir".to_owned(), parts: vec![part("r0")], unique: false, filter: None },
            );
        }
        table.foreign_keys.insert(key.name.clone(), key);
    }
    for number in 0..2 {
        if names.is_empty() || !chance.often(50) {
            continue;
        }
        let table = &schema.tables[&chance.of(&names)];
        let columns: Vec<String> =
            table.columns.iter().take(3).map(|column| format!("`{}`", column.name)).collect();
        let mut query = format!("SELECT {} FROM `{}`", columns.join(", "), table.name);
        if chance.often(50) {
            query.push_str(" WHERE id > 0");
        }
        if number == 1 && schema.views.contains_key("v0") && chance.often(60) {
            "SELECT id FROM v0 WHERE id < 100".clone_into(&mut query);
        }
        let name = format!("v{number}");
        schema.views.insert(name.clone(), View { name, columns: Vec::new(), query });
    }
    schema
}
