//! The templates that come with the program: their schema, as an engine tells it, can be made from what it tells.

use crate::places::Place;
use std::path::Path;
use tenantry::{
    engine::Unit,
    schema::{Schema, differences},
    sql::variables::{KNOWN, Variables},
    templates::{Folder, compile::Compiler, files},
};

const TEMPLATES: [&str; 4] = ["basic", "corporate", "ngo", "political_party"];

pub async fn every_template_is_made_from_what_was_inspected_of_it(place: &Place) {
    let folder = Folder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sql_templates")).unwrap();
    for name in TEMPLATES {
        let files = files::read(&folder, name).unwrap().template.unwrap();
        let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
        let mut compiler = Compiler::new(place.engine.as_ref());
        let mut units = compiler.template(&files, &modules);
        let stages = [units.len(), units.len() + files.migrations.len()];
        units.extend(files.migrations.iter().map(|file| compiler.migration(file).up));
        assert!(compiler.is_clean(), "{}", compiler.into_report());
        let mut made = place.scratch().await;
        let mut schemas = vec![Schema::default()];
        let known = Variables::from(KNOWN.map(|variable| (variable, "2026-01-01 00:00:00".to_owned())));
        for (number, unit) in units.iter().enumerate() {
            let unit = Unit { key: &unit.key, statements: &unit.statements, variables: &known };
            made.session.apply(unit).await.unwrap_or_else(|cause| panic!("{name}: {cause:#?}"));
            if stages.contains(&(number + 1)) {
                schemas.push(made.inspect().await);
            }
        }
        made.session.close().await;
        // From nothing to the template, to the template after all of its migrations, back, and to nothing.
        let mut again = place.scratch().await;
        let back: Vec<Schema> = schemas.iter().rev().skip(1).cloned().collect();
        let mut found = Schema::default();
        for (number, wanted) in schemas.iter().skip(1).chain(&back).enumerate() {
            again.change(&found, wanted).await.unwrap_or_else(|cause| panic!("{name}, {number}: {cause}"));
            found = again.inspect().await;
            let told = (place.told(wanted), place.told(&found));
            assert!(told.0 == told.1, "{name}, {number}: {:#?}", differences(&told.0, &told.1));
            // Made from nothing it is the same to the last letter, with every column in its place.
            assert!(number > 0 || found.fingerprint() == wanted.fingerprint(), "{name}");
        }
        again.session.close().await;
    }
}
