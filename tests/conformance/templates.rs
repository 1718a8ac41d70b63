//! Every template runs on every engine, and each of its migrations goes up, down and up again.

use crate::{ground::Ground, schemas::comparable};
use std::path::Path;
use tenantry::templates::{Folder, files, prove};

async fn goes_up_and_down(ground: &Ground, template: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql_templates");
    let files = files::read(&Folder::open(&folder).unwrap(), template).unwrap().template.unwrap();
    let engine = ground.engine.as_ref();
    let proof = prove::prove(engine, &files).await.unwrap();
    assert!(proof.report.is_clean(), "{}", proof.report);
    assert!(proof.choices > 3 && proof.round_trips > 7, "{proof:?}");
    // The catalog says what the files say.
    let modules: Vec<String> = files.modules.iter().map(|module| module.name.clone()).collect();
    let compiled = prove::compile(engine, &files, &modules).await.unwrap();
    assert_eq!(comparable(&compiled.expected), comparable(&proof.schema));
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
