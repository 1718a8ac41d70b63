//! Every template runs on every engine, and each of its migrations goes up, down and up again.

use crate::{
    ground::{Ground, Tenant},
    schemas::comparable,
};
use std::path::Path;
use tenantry::{
    engine::{Applied, Unit},
    sql::variables::Variables,
    templates::{
        Folder, TemplateFiles,
        compile::{CompiledUnit, Compiler},
        files, prove,
    },
};

/// The templates that come with the program.
pub const TEMPLATES: [&str; 4] = ["basic", "corporate", "ngo", "political_party"];

/// A template that comes with the program.
pub fn template(name: &str) -> TemplateFiles {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql_templates");
    files::read(&Folder::open(&folder).unwrap(), name).unwrap().template.unwrap()
}

/// Runs a template and its migrations in a tenant's own database: each goes up, down and up again, and then all down.
async fn goes_up_and_down(ground: &Ground, name: &str) {
    let (files, tenant) = (template(name), ground.made().await);
    let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
    let mut compiler = Compiler::new(ground.engine.as_ref());
    let units = compiler.template(&files, &modules);
    for unit in &units {
        apply(ground, tenant, unit, &unit.key).await;
    }
    assert_eq!(comparable(&ground.inspect(tenant).await), comparable(compiler.schema()));
    let mut undo = Vec::new();
    for file in &files.migrations {
        let before = comparable(&ground.inspect(tenant).await);
        let migration = compiler.migration(file);
        let after = comparable(compiler.schema());
        apply(ground, tenant, &migration.up, &migration.up.key).await;
        assert_eq!(comparable(&ground.inspect(tenant).await), after, "{} up", file.name);
        apply(ground, tenant, &migration.down, &migration.down.key).await;
        assert_eq!(comparable(&ground.inspect(tenant).await), before, "{} down", file.name);
        apply(ground, tenant, &migration.up, &format!("{} again", migration.up.key)).await;
        assert_eq!(comparable(&ground.inspect(tenant).await), after, "{} up again", file.name);
        undo.push((before, migration));
    }
    assert!(undo.len() > 2 && compiler.schema().tables.len() > 5);
    assert!(compiler.is_clean(), "{}", compiler.into_report());
    for (before, migration) in undo.iter().rev() {
        apply(ground, tenant, &migration.down, &format!("{} again", migration.down.key)).await;
        assert_eq!(comparable(&ground.inspect(tenant).await), *before, "{} down again", migration.name);
    }
}

/// Values for all variables that templates have.
pub fn variables(tenant: &Tenant) -> Variables {
    let odd = || "O'Hara".to_owned();
    Variables::from([
        ("TENANT_ID", tenant.id().to_string()),
        ("CURRENT_TIMESTAMP", "2026-01-01 00:00:00".to_owned()),
        ("TENANT_SLUG", odd()),
        ("TENANT_NAME", odd()),
        ("OWNER_EMAIL", odd()),
        ("SET_ON_APP", odd()),
        ("TEMPLATE_NAME", odd()),
        ("TEMPLATE_VERSION", odd()),
    ])
}

/// Makes a tenant's database from a template with all of its modules.
pub async fn make(ground: &Ground, tenant: &Tenant, name: &str) {
    ground.engine.create(&tenant.name, &tenant.lock).await.unwrap();
    let files = template(name);
    let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
    let mut compiler = Compiler::new(ground.engine.as_ref());
    for unit in &compiler.template(&files, &modules) {
        apply(ground, tenant, unit, &unit.key).await;
    }
}

async fn apply(ground: &Ground, tenant: &Tenant, unit: &CompiledUnit, key: &str) {
    let unit = Unit { key, statements: &unit.statements, variables: &variables(tenant) };
    let mut session = ground.engine.open(&tenant.name, &tenant.lock).await.unwrap();
    let applied = session.apply(unit).await.unwrap_or_else(|cause| panic!("{key}: {cause}"));
    assert!(matches!(applied, Applied::Now { .. }), "{key}");
    session.close().await;
}

/// The product's own proof.
pub async fn every_template_is_proven(ground: &Ground) {
    for name in TEMPLATES {
        let proof = prove::prove(ground.engine.as_ref(), &template(name)).await.unwrap();
        assert!(proof.report.is_clean(), "{}", proof.report);
        assert!(proof.choices > 3 && proof.round_trips > 7, "{proof:?}");
    }
}

pub async fn basic_goes_up_and_down(ground: &Ground) {
    goes_up_and_down(ground, "basic").await;
}

pub async fn corporate_goes_up_and_down(ground: &Ground) {
    goes_up_and_down(ground, "corporate").await;
}

pub async fn ngo_goes_up_and_down(ground: &Ground) {
    goes_up_and_down(ground, "ngo").await;
}

pub async fn political_party_goes_up_and_down(ground: &Ground) {
    goes_up_and_down(ground, "political_party").await;
}
