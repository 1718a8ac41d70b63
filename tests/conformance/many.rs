//! Many databases that are read together are read as each would be by itself.

use crate::{
    ground::{CONTENT, Ground, Tenant},
    templates::{TEMPLATES, make},
};
use tenantry::{
    engine::{DatabaseName, EngineError},
    schema::Schema,
};
use uuid::Uuid;

/// What people do by hand; not every engine takes all of it.
const BY_HAND: &[&str] = &[
    "CREATE TABLE by_hand (id INTEGER PRIMARY KEY, note VARCHAR(20) DEFAULT 'it''s', CONSTRAINT few CHECK (id < 7))",
    "CREATE INDEX by_note ON by_hand (note)",
    "ALTER TABLE gifts ADD COLUMN seen VARCHAR(9) DEFAULT 'x'",
    "CREATE VIEW both_of_them AS SELECT people.name, gifts.worth FROM people JOIN gifts ON gifts.person_id = people.id",
    "CREATE TRIGGER more AFTER INSERT ON gifts FOR EACH ROW UPDATE people SET note = 'y' WHERE id = NEW.person_id",
    "CREATE TRIGGER more AFTER INSERT ON gifts BEGIN UPDATE people SET note = 'y' WHERE id = NEW.person_id; END",
    "CREATE FUNCTION twice(n INTEGER) RETURNS INTEGER DETERMINISTIC RETURN n * 2",
    "CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$",
    "CREATE TABLE computed (id INTEGER PRIMARY KEY, double_id INTEGER GENERATED ALWAYS AS (twice(id)) STORED)",
    "CREATE TYPE mood AS ENUM ('good', 'bad')",
    "CREATE TABLE moods (feeling mood DEFAULT 'good')",
];

/// The outcome of a look, as a text where it is an error.
type Looked = Result<(Schema, String), String>;

async fn by_itself(ground: &Ground, (name, tenant): &(DatabaseName, Uuid)) -> Looked {
    let look = async {
        let mut session = ground.engine.look(name, *tenant).await?;
        let schema = session.inspect().await;
        session.close().await;
        schema
    };
    let schema: Result<Schema, EngineError> = look.await;
    let schema = schema.map_err(|cause| format!("{cause:?}"))?;
    let fingerprint = schema.fingerprint();
    Ok((schema, fingerprint))
}

async fn together(ground: &Ground, asked: &[(DatabaseName, Uuid)]) -> Vec<Looked> {
    let all = ground.engine.inspect_all(asked).await;
    all.into_iter()
        .map(|found| {
            let found = found.map_err(|cause| format!("{cause:?}"))?;
            Ok(((*found.schema).clone(), found.fingerprint.to_string()))
        })
        .collect()
}

pub async fn many_are_read_as_each_is_by_itself(ground: &Ground) {
    assert!(ground.engine.inspect_all(&[]).await.is_empty());
    let mut asked = Vec::new();
    let mut ask = |tenant: &Tenant| asked.push((tenant.name.clone(), tenant.id()));
    for template in TEMPLATES {
        for _ in 0..2 {
            let tenant = Tenant::new(&template.replace('_', "-"), 1);
            make(ground, &tenant, template).await;
            ask(&tenant);
        }
    }
    let filled = async |slug: &str| {
        let tenant = Tenant::new(slug, 1);
        ground.engine.create(&tenant.name, &tenant.lock).await.unwrap();
        ground.apply(&tenant, "content", CONTENT).await.unwrap();
        tenant
    };
    let (empty, missing, foreign) =
        (Tenant::new("empty", 1), Tenant::new("missing", 1), Tenant::new("foreign", 1));
    ground.engine.create(&empty.name, &empty.lock).await.unwrap();
    ground.place.put_foreign(&foreign.name).await;
    let plain = filled("plain").await;
    for tenant in [&missing, &empty, &foreign, &plain] {
        ask(tenant);
    }
    // Each change by hand alone, and all of them.
    let changed = filled("changed").await;
    let mut taken = 0;
    for statement in BY_HAND {
        let alone = filled("alone").await;
        for tenant in [&alone, &changed] {
            let mut application = ground.enter(tenant).await.unwrap();
            taken += usize::from(application.run(statement).await.is_ok());
            application.close().await;
        }
        ask(&alone);
    }
    assert!(taken > 10, "{taken}");
    ask(&changed);
    let (shut, unmarked, another) = (filled("shut").await, filled("unmarked").await, filled("another").await);
    ground.engine.shut(&shut.name, &shut.later(1)).await.unwrap();
    // Whose a database is may stand where its application cannot write.
    let mut application = ground.enter(&unmarked).await.unwrap();
    let _ = application.run("DROP TABLE tenantry_owner").await;
    application.close().await;
    let mut application = ground.enter(&another).await.unwrap();
    let _ = application.run(&format!("UPDATE tenantry_owner SET tenant_id = '{}'", Uuid::now_v7())).await;
    application.close().await;
    for tenant in [&shut, &unmarked, &another, &plain] {
        ask(tenant);
    }
    // What belongs to another tenant than the one who is asked for.
    asked.push((plain.name.clone(), Uuid::now_v7()));
    asked.push((shut.name.clone(), Uuid::now_v7()));

    let mut expected = Vec::new();
    for one in &asked {
        expected.push(by_itself(ground, one).await);
    }
    let count = |is: bool| expected.iter().filter(|looked| looked.is_ok() == is).count();
    assert!(count(true) > 20 && count(false) >= 4, "{} and {}", count(true), count(false));
    // A second time, it is known already what the catalogs say.
    for _ in 0..2 {
        let found = together(ground, &asked).await;
        assert_eq!(found.len(), expected.len());
        for ((one, expected), found) in asked.iter().zip(&expected).zip(&found) {
            assert_eq!(found, expected, "{one:?}");
        }
    }
    asked.reverse();
    expected.reverse();
    assert_eq!(together(ground, &asked).await, expected);
    // What is changed in between is not what was known.
    ground.write(&plain, "CREATE TABLE later (id INTEGER PRIMARY KEY)").await;
    let again = (plain.name.clone(), plain.id());
    let found = together(ground, std::slice::from_ref(&again)).await;
    assert_eq!(found, [by_itself(ground, &again).await]);
    assert!(found[0].as_ref().unwrap().0.tables.contains_key("later"));
}
