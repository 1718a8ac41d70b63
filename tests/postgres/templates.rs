//! The templates that come with the program: everything in them runs, and leaves what they say.

use crate::{ground::Ground, servers::Postgres, tenant::Tenant};
use tenantry::{
    sql::migration,
    templates::{Embedded, ModuleKind, prove, read},
};

async fn runs_whole(template: &str) {
    let files = read(&Embedded, template).unwrap().template.unwrap();
    let chosen: Vec<String> = files
        .modules
        .iter()
        .filter(|module| module.kind == ModuleKind::Optional)
        .map(|module| module.name.clone())
        .collect();
    let modules = prove::resolve(&files.module_order().unwrap(), &chosen).unwrap();
    let modules: Vec<_> = modules
        .iter()
        .map(|name| files.modules.iter().find(|module| module.name == *name).unwrap())
        .collect();
    let mut tenant = Tenant::new().await;
    tenant.apply(&files.schema_sql.base.text).await;
    for module in &modules {
        tenant.apply(&module.schema_sql.base.text).await;
    }
    let seeds = files.seed_sql.iter().chain(modules.iter().filter_map(|module| module.seed_sql.as_ref()));
    for seed in seeds {
        tenant.apply(&seed.base.text).await;
    }
    tenant.assert_as_modelled().await;
    assert!(tenant.schema.tables.len() > 5);
    for file in &files.migrations {
        let parts = migration::read(&file.sql.base.text).unwrap();
        let before = tenant.schema.clone();
        tenant.apply(&parts.up.text).await;
        tenant.assert_as_modelled().await;
        tenant.apply(&parts.down.text).await;
        tenant.assert_as_modelled().await;
        assert_eq!(tenant.schema, before, "{}", file.name);
        tenant.apply(&parts.up.text).await;
        tenant.assert_as_modelled().await;
    }
    assert_eq!(
        tenant.rows("SELECT \"value\" FROM settings WHERE \"key\" = 'APP.NAME'").await,
        ["O'Hara; DROP TABLE users"]
    );
}

#[tokio::test]
async fn everything_of_the_basic_template_runs() {
    runs_whole("basic").await;
}

#[tokio::test]
async fn everything_of_the_corporate_template_runs() {
    runs_whole("corporate").await;
}

#[tokio::test]
async fn everything_of_the_ngo_template_runs() {
    runs_whole("ngo").await;
}

#[tokio::test]
async fn everything_of_the_political_party_template_runs() {
    runs_whole("political_party").await;
}

/// What the templates' tenants are read as, with all modules. It is the same on every version of PostgreSQL: where a template
/// has changed, its digest here is that of a new one, and where nothing has, a version of the server says something in other words.
const STRUCTURES: [(&str, &str); 4] = [
    ("basic", "360dbc0421d1c212bd95f9f81eada2b2acb8ff6e9779033777766aa015ef86d8"),
    ("corporate", "191e53390af66e28c62e8d6202d359d99e02488f77e36af737392448d54a5dd7"),
    ("ngo", "451bbf4c23a6b5d7fe9059e75d8f5ff2c6e4ded1fba2dbbe91d8c03d4caa6f65"),
    ("political_party", "7c8fadb7423a8f74a60e6589d9fc6e76dec981f7537eee7e8ff4b81f724986eb"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_structure_reads_the_same_on_every_version() {
    let ground = Ground::on(Postgres::shared(), 8);
    let mut found = Vec::new();
    for (name, _) in STRUCTURES {
        let files = read(&Embedded, name).unwrap().template.unwrap();
        let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
        let compiled = prove::compile(&ground.engine, &files, &modules).await.unwrap();
        found.push((name, compiled.expected_hash));
    }
    let found: Vec<_> = found.iter().map(|(name, digest)| (*name, digest.as_str())).collect();
    assert_eq!(found, STRUCTURES);
}
