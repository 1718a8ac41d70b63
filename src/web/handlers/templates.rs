//! Templates: the list, and one version.

use super::{Answer, html, shell};
use crate::{
    app::App,
    error::Error,
    store::templates::TemplateVersion,
    usecases::{
        permissions::Permission,
        templates::{self, Detail},
    },
    web::{
        guard::SignedIn,
        pages::templates::{
            MigrationView, ModuleView, TemplatePage, TemplateSummary, TemplatesPage, VersionLink,
        },
        tables,
        tenant_words::template_icon,
        urls,
        views::{Crumb, Pill, Place, TimeView, Tone, counted, counted_len},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Path},
};
use std::collections::BTreeMap;

/// The newest version of each template type.
pub async fn list(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    let all = templates::list(&app, &actor).await?;
    let mut newest: BTreeMap<&str, &TemplateVersion> = BTreeMap::new();
    let mut tenants: BTreeMap<&str, i64> = BTreeMap::new();
    for (version, count) in &all {
        newest.insert(&version.template_type, version);
        *tenants.entry(&version.template_type).or_default() += count;
    }
    let mut summaries = Vec::new();
    for (template_type, version) in newest {
        let detail = templates::show(&app, &actor, template_type, &version.version).await?;
        let core = detail.modules.iter().filter(|module| module.is_core).count();
        let extras = detail.modules.len() - core;
        summaries.push(TemplateSummary {
            name: version.name.clone(),
            template_type: template_type.to_owned(),
            description: version.description.clone(),
            version: version.version.clone(),
            href: urls::template(template_type, &version.version),
            icon: template_icon(template_type),
            modules: format!(
                "{}, {}",
                counted_len(core, "module", "modules"),
                counted_len(extras, "extra", "extras")
            ),
            tables: counted_len(detail.schema.tables.len(), "table", "tables"),
            tenants: counted(tenants.get(template_type).copied().unwrap_or_default(), "tenant", "tenants"),
        });
    }
    let folder = app
        .settings
        .templates_dir
        .as_ref()
        .map_or_else(|| "sql_templates".to_owned(), |folder| folder.display().to_string());
    html(
        StatusCode::OK,
        &TemplatesPage { shell: shell(&request, &actor, Place::Templates), templates: summaries, folder },
    )
}

/// A template version with everything in it.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
) -> Answer {
    let (template_type, version) = path.into_inner();
    let detail = templates::show(&app, &actor, &template_type, &version).await?;
    let now = app.now_ms();
    let may_create = actor.must(Permission::CreateTenants).is_ok() && detail.version.is_active;
    let used = detail.tenants;
    let page = TemplatePage {
        shell: shell(&request, &actor, Place::Templates),
        crumbs: vec![Crumb::new("Templates", urls::templates())],
        name: detail.version.name.clone(),
        template_type: template_type.clone(),
        description: detail.version.description.clone(),
        version: version.clone(),
        state: state(&detail.version),
        imported: imported(&detail.version, now)?,
        versions: detail
            .versions
            .iter()
            .rev()
            .map(|other| {
                Ok(VersionLink {
                    version: other.version.clone(),
                    href: urls::template(&template_type, &other.version),
                    is_current: other.version == version,
                    imported: imported(other, now)?,
                })
            })
            .collect::<Result<_, Error>>()?,
        modules: modules(&detail),
        tables: tables::views(&detail.schema, &module_of_tables(&detail)),
        migrations: detail
            .migrations
            .iter()
            .map(|migration| MigrationView {
                name: migration.name.clone(),
                summary: migration.summary.clone(),
                is_breaking: migration.is_breaking,
                completes: migration.completes_version.clone(),
                up: migration.up.clone(),
                down: migration.down.clone(),
            })
            .collect(),
        used_by: counted(used, "tenant", "tenants"),
        used_by_href: (used > 0).then(|| urls::with_query(&urls::tenants(), &[("template", &template_type)])),
        create_href: may_create
            .then(|| urls::with_query(&urls::new_tenant(), &[("template", &template_type)])),
    };
    html(StatusCode::OK, &page)
}

fn state(version: &TemplateVersion) -> Vec<Pill> {
    let mut pills = Vec::new();
    if version.is_active {
        pills.push(Pill::new("Published", Tone::Good));
    } else {
        pills.push(Pill::new("Withdrawn", Tone::Quiet));
    }
    if version.is_locked {
        pills.push(Pill::new("In use, cannot change", Tone::Quiet).with_icon("lock"));
    }
    pills
}

/// The plan's TIMESTAMP columns hold UTC without saying so.
fn imported(version: &TemplateVersion, now: i64) -> Result<TimeView, Error> {
    let text = format!("{}Z", version.created_at.replace(' ', "T"));
    let moment: jiff::Timestamp = text.parse().map_err(|cause: jiff::Error| Error::internal(&cause))?;
    Ok(TimeView::new(moment.as_millisecond(), now))
}

/// The modules of a template version.
pub fn modules(detail: &Detail) -> Vec<ModuleView> {
    let title = |name: &String| {
        detail
            .modules
            .iter()
            .find(|module| module.name == *name)
            .map_or_else(|| name.clone(), |module| module.title.clone())
    };
    detail
        .modules
        .iter()
        .map(|module| ModuleView {
            name: module.name.clone(),
            title: module.title.clone(),
            description: module.description.clone(),
            is_core: module.is_core,
            needs: module.dependencies.iter().map(title).collect(),
            tables: module.tables.clone(),
        })
        .collect()
}

/// The title of the module that each table comes from.
pub fn module_of_tables(detail: &Detail) -> BTreeMap<String, String> {
    let pairs = detail
        .modules
        .iter()
        .flat_map(|module| module.tables.iter().map(|table| (table.clone(), module.title.clone())));
    pairs.collect()
}
