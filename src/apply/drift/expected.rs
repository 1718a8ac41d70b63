//! What a tenant's schema should be.

use super::super::{template, work::StepError};
use crate::{
    app::App,
    engine::Engine,
    schema::{Schema, toward},
    store::{customizations, customizations::Adopted, tenants::Tenant},
    templates::compile::Compiled,
};
use std::{borrow::Cow, sync::Arc};

/// What a tenant's schema should be, and from what that is known.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The template version with the tenant's modules.
    pub compiled: Arc<Compiled>,
    /// The schema with what the tenant has of its own, where it has any, and its fingerprint.
    own: Option<(Schema, String)>,
}

impl Expected {
    /// The schema.
    pub fn schema(&self) -> &Schema {
        self.own.as_ref().map_or(&self.compiled.expected, |(schema, _)| schema)
    }

    /// Its fingerprint.
    pub fn hash(&self) -> &str {
        self.own.as_ref().map_or(&self.compiled.expected_hash, |(_, hash)| hash)
    }
}

/// What a tenant's schema should be. The template's part is made once for all tenants with the same version and modules.
pub async fn expected(app: &App, engine: &dyn Engine, tenant: &Tenant) -> Result<Expected, StepError> {
    let mut own = customizations::of_tenants(&mut *app.store.read().await?, &[tenant.id]).await?;
    let compiled = template::compiled(app, engine, tenant.template_id, &tenant.modules).await?;
    Ok(expected_with(compiled, &own.remove(&tenant.id).unwrap_or_default()))
}

/// The same from what its template makes and what the tenant has of its own.
pub fn expected_with(compiled: Arc<Compiled>, own: &[Adopted]) -> Expected {
    if own.is_empty() {
        return Expected { compiled, own: None };
    }
    let schema = own
        .iter()
        .fold(Cow::Borrowed(&compiled.expected), |schema, adopted| Cow::Owned(with_own(&schema, adopted)));
    let schema = schema.into_owned();
    let hash = schema.fingerprint();
    Expected { compiled, own: Some((schema, hash)) }
}

/// A schema with an object that a tenant has of its own: what differs in that object from where it was found is taken over,
/// and nothing else of it.
fn with_own(schema: &Schema, adopted: &Adopted) -> Schema {
    let mut found = schema.clone();
    let fragment = &adopted.fragment;
    found.tables.extend(fragment.tables.clone());
    found.views.extend(fragment.views.clone());
    found.functions.extend(fragment.functions.clone());
    toward(schema, &found, &|difference| {
        difference.kind == adopted.kind && difference.key() == adopted.object
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, ObjectKind, Table, Type};
    use std::collections::BTreeMap;

    fn table(columns: &[&str]) -> Schema {
        let columns = columns.iter().map(|name| Column {
            name: (*name).into(),
            ty: Type::Varchar(50),
            nullable: true,
            default: None,
            auto_increment: false,
            on_update_now: false,
            generated: None,
            collation: None,
            comment: None,
        });
        let table = Table {
            name: "members".into(),
            columns: columns.collect(),
            primary_key: Vec::new(),
            indexes: BTreeMap::new(),
            foreign_keys: BTreeMap::new(),
            checks: BTreeMap::new(),
            comment: None,
        };
        Schema { tables: BTreeMap::from([("members".into(), table)]), ..Schema::default() }
    }

    #[test]
    fn of_where_an_object_was_found_only_the_object_is_taken_over() {
        let template = table(&["id", "name"]);
        let found = table(&["id", "blood_group", "other"]);
        let adopted =
            Adopted { kind: ObjectKind::Column, object: "members.blood_group".into(), fragment: found };
        let names: Vec<_> =
            with_own(&template, &adopted).tables["members"].columns.iter().map(|c| c.name.clone()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names.contains(&"blood_group".to_owned()) && names.contains(&"name".to_owned()), "{names:?}");
    }

    #[test]
    fn an_object_that_the_template_has_too_by_now_is_the_templates_again_when_both_are_the_same() {
        let template = table(&["id", "blood_group"]);
        let adopted = Adopted {
            kind: ObjectKind::Column,
            object: "members.blood_group".into(),
            fragment: table(&["id", "blood_group"]),
        };
        assert_eq!(with_own(&template, &adopted), template);
    }
}
