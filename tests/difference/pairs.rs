//! Random pairs: one schema is made with rows in it, and becomes the other.

use crate::{
    generator::{self, Chance},
    places::{Base, Place},
};
use tenantry::{
    engine::{SqlDialect, Statement},
    schema::{Schema, Table, Type, differences, losses},
    sql::operation::Operation,
};

fn pairs(place: &Place) -> u64 {
    let more: u64 = std::env::var("TENANTRY_TORTURE").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let usual = match place.engine.dialect() {
        SqlDialect::Sqlite => 300,
        SqlDialect::Mysql | SqlDialect::Postgres => 40,
    };
    usual * more.max(1)
}

/// Makes a schema from its template, and puts rows in.
async fn made<'a>(place: &'a Place, schema: &Schema) -> Base<'a> {
    let mut base = place.scratch().await;
    let mut statements = Vec::new();
    let mut before = Schema::default();
    let render = |before: &mut Schema, operation: Operation, after: Schema| {
        let made = place.engine.render(before, &operation, &after).unwrap();
        *before = after;
        made
    };
    for table in schema.tables.values() {
        let mut after = before.clone();
        after.tables.insert(table.name.clone(), table.clone());
        statements.extend(render(
            &mut before,
            Operation::CreateTable { table: table.clone(), if_not_exists: false },
            after,
        ));
    }
    for view in schema.views.values() {
        let mut after = before.clone();
        after.views.insert(view.name.clone(), view.clone());
        statements.extend(render(
            &mut before,
            Operation::CreateView { view: view.clone(), or_replace: false },
            after,
        ));
    }
    for table in schema.tables.values() {
        for id in 1..=3 {
            let values: Vec<(String, String)> = table
                .columns
                .iter()
                .filter_map(|column| {
                    value(place, column.name.chars().next()?, &column.ty)
                        .map(|value| (column.name.clone(), value))
                })
                .collect();
            let mut names = vec![base.quoted("id")];
            names.extend(values.iter().map(|(name, _)| base.quoted(name)));
            let mut texts = vec![id.to_string()];
            texts.extend(values.into_iter().map(|(_, value)| value));
            let name = base.quoted(&table.name);
            let sql = format!("INSERT INTO {name} ({}) VALUES ({})", names.join(", "), texts.join(", "));
            statements.push(Statement { sql, values: Vec::new() });
        }
    }
    base.run(&statements).await.unwrap_or_else(|cause| panic!("{cause:#?}"));
    base
}

/// What a row has in a column of a letter, in every schema.
fn value(place: &Place, letter: char, ty: &Type) -> Option<String> {
    Some(match letter {
        'n' => "7".to_owned(),
        'm' if place.is(SqlDialect::Sqlite) => "'7.5'".to_owned(),
        'm' => "7.5".to_owned(),
        's' => "'one'".to_owned(),
        'b' if place.is(SqlDialect::Postgres) => "TRUE".to_owned(),
        'b' => "1".to_owned(),
        'j' => "'[1]'".to_owned(),
        'x' if place.is(SqlDialect::Postgres) => "'\\x0102'".to_owned(),
        'x' => "X'0102'".to_owned(),
        't' => "'2024-05-06'".to_owned(),
        'd' => match ty {
            Type::Datetime(digits) | Type::Timestamp(digits)
                if *digits > 0 && place.is(SqlDialect::Sqlite) =>
            {
                format!("'2024-05-06 07:08:09.{}'", "0".repeat(usize::from(*digits)))
            }
            _ => "'2024-05-06 07:08:09'".to_owned(),
        },
        _ => return None,
    })
}

/// Whether every row of a table that stayed has every value of a column that stayed.
async fn rows_are_there(place: &Place, base: &mut Base<'_>, before: &Table, after: &Table, story: &str) {
    let stayed: Vec<String> = after
        .columns
        .iter()
        .filter(|column| {
            column.generated.is_none()
                && before.columns.iter().any(|was| was.name == column.name && was.generated.is_none())
        })
        .filter_map(|column| {
            let letter = column.name.chars().next()?;
            // JSON is not compared as a text everywhere.
            let value = value(place, letter, &column.ty).filter(|_| letter != 'j')?;
            Some(format!(" AND {} = {value}", base.quoted(&column.name)))
        })
        .collect();
    let (name, id) = (base.quoted(&after.name), base.quoted("id"));
    let count = base
        .by_hand(&[&format!("UPDATE {name} SET {id} = {id} WHERE {id} > 0{}", stayed.concat())])
        .await
        .unwrap_or_else(|cause| panic!("{cause:#?}\n{story}"));
    assert_eq!(count, 3, "rows of {} are not as they were\n{story}", after.name);
}

pub async fn one_schema_becomes_another_and_rows_stay(place: &Place) {
    let seed = std::env::var("TENANTRY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        u64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis())
            .unwrap()
    });
    let mut chance = Chance(seed);
    let mut schema = generator::schema(&mut chance);
    let mut base = made(place, &schema).await;
    let mut inspected = base.inspect().await;
    for number in 0..pairs(place) {
        let after = generator::schema(&mut chance);
        let mut next = made(place, &after).await;
        let wanted = next.inspect().await;
        let story = format!(
            "TENANTRY_SEED={seed}, pair {number}: {:#?}",
            differences(&wanted, &inspected).iter().map(|d| &d.sentence).collect::<Vec<_>>()
        );
        base.change(&inspected, &wanted).await.unwrap_or_else(|cause| panic!("{cause}\n{story}"));
        let found = base.inspect().await;
        let told = (place.told(&wanted), place.told(&found));
        assert!(told.0 == told.1, "{:#?}\n{story}", differences(&told.0, &told.1));
        let more = place.engine.change(&found, &wanted).unwrap();
        assert!(more.is_empty(), "{more:#?}\n{story}");
        for (name, table) in &after.tables {
            if let Some(before) = schema.tables.get(name) {
                rows_are_there(place, &mut base, before, table, &story).await;
            }
        }
        for name in schema.tables.keys().filter(|name| !after.tables.contains_key(*name)) {
            assert!(
                losses(&inspected, &wanted).iter().any(|loss| loss.contains(&format!("table {name} "))),
                "{story}"
            );
        }
        // From nothing and to nothing.
        if number % 4 == 0 {
            base.change(&found, &Schema::default()).await.unwrap_or_else(|cause| panic!("{cause}\n{story}"));
            assert_eq!(base.inspect().await, Schema::default(), "{story}");
            base.change(&Schema::default(), &wanted).await.unwrap_or_else(|cause| panic!("{cause}\n{story}"));
            let found = base.inspect().await;
            assert!(found == wanted, "{:#?}\n{story}", differences(&wanted, &found));
        }
        std::mem::replace(&mut base, next).session.close().await;
        (schema, inspected) = (after, wanted);
    }
    base.session.close().await;
}
