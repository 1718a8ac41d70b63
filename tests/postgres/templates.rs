//! The templates that come with the program: everything in them runs, and leaves what they say.

use crate::tenant::Tenant;
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
