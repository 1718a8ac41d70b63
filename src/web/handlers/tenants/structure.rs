//! A tenant's tables: as a picture, in plain words, as SQL.

use super::show::head;
use crate::{
    app::App,
    error::Kind,
    schema::{Schema, text::describe},
    usecases::{actor::Actor, templates, tenants},
    web::{
        guard::SignedIn,
        handlers::{
            Answer, html, shell,
            templates::{module_of_tables, modules as modules_of},
        },
        pages::tenants::show::{StructurePage, Tab},
        picture_view::{self, Wanted},
        tables, urls,
        views::Place,
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path, Query},
};

/// The tables of a tenant; the address says what of the picture is shown.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    slug: Path<String>,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let (tenant, found) = match tenants::schema(&app, &actor, &slug).await {
        Ok((tenant, schema)) => (tenant, Ok(schema)),
        Err(error) if matches!(error.kind, Kind::Conflict | Kind::Unavailable) => {
            (tenants::find(&app, &actor, &slug).await?, Err(error))
        }
        Err(error) => return Err(error.into()),
    };
    let detail =
        templates::show(&app, &Actor::CommandLine, &tenant.template_type, &tenant.template_version).await?;
    let modules = module_of_tables(&detail);
    let (schema, missing) = match found {
        Ok(schema) => (schema, None),
        Err(error) => (Schema::default(), Some(error.to_string())),
    };
    let title = format!("The tables of {}", tenant.name);
    let page = urls::tenant_structure(&tenant.slug);
    let page = StructurePage {
        shell: shell(&request, &actor, Place::Tenants),
        head: head(&actor, &tenant, Tab::Structure),
        picture: picture_view::view(&schema, &modules, &title, &page, &Wanted::of(&query)),
        modules: modules_of(&detail)
            .into_iter()
            .filter(|module| module.tables.iter().any(|table| schema.tables.contains_key(table)))
            .collect(),
        tables: tables::views(&schema, &modules),
        ddl: describe(&schema),
        missing,
    };
    html(StatusCode::OK, &page)
}
