//! Templates: the list, and one version.

use super::{Answer, Values, html, shell};
use crate::{
    app::App,
    error::Error,
    store::templates::TemplateVersion,
    usecases::{
        actor::Actor,
        permissions::Permission,
        template_drafts, template_hazards, template_history,
        templates::{self, Detail},
    },
    web::{
        guard::SignedIn,
        pages::templates::{
            DraftRow, HazardView, MigrationView, ModuleView, NewsView, TemplatePage, TemplateSummary,
            TemplatesPage, VersionRow,
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
    web::{Data, Path, Query},
};
use std::collections::BTreeMap;

/// The newest version of each template type.
pub async fn list(request: HttpRequest, app: Data<App>, SignedIn(actor): SignedIn) -> Answer {
    let all = templates::list(&app, &actor).await?;
    let mut newest: BTreeMap<&str, &TemplateVersion> = BTreeMap::new();
    let mut tenants: BTreeMap<&str, i64> = BTreeMap::new();
    for (version, count) in &all {
        // A version that tenants can be made from stands for its template before one that is retired.
        let rank = |version: &TemplateVersion| (version.is_active, version.number());
        let known = newest.get(version.template_type.as_str());
        if known.is_none_or(|known| rank(known) < rank(version)) {
            newest.insert(&version.template_type, version);
        }
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
            is_retired: !version.is_active,
        });
    }
    let folder = app
        .settings
        .templates_dir
        .as_ref()
        .map_or_else(|| "sql_templates".to_owned(), |folder| folder.display().to_string());
    let page = TemplatesPage {
        shell: shell(&request, &actor, Place::Templates),
        templates: summaries,
        folder,
        import_href: actor.must(Permission::ImportTemplates).is_ok().then(urls::import_templates),
        drafts: drafts(&app, &actor, None).await?,
    };
    html(StatusCode::OK, &page)
}

/// Drafts, of one template or of all.
async fn drafts(app: &App, actor: &Actor, template_type: Option<&str>) -> Result<Vec<DraftRow>, Error> {
    let all = template_drafts::list(app, actor).await?;
    let wanted = all
        .into_iter()
        .filter(|known| template_type.is_none_or(|wanted| known.draft.template_type == wanted));
    Ok(wanted
        .map(|known| DraftRow {
            title: match known.title {
                Some((name, number)) => format!("{name} {number}"),
                None => format!("{}, without a number at the moment", known.draft.template_type),
            },
            href: urls::template_draft(&known.draft.id.to_string()),
            who: known.draft.changed_by,
            changed: TimeView::new(known.draft.changed_ms, app.now_ms()),
        })
        .collect())
}

/// A template version with everything in it.
pub async fn show(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    path: Path<(String, String)>,
    query: Query<Vec<(String, String)>>,
) -> Answer {
    let (template_type, version) = path.into_inner();
    let query = Values(query.into_inner());
    let detail = templates::show(&app, &actor, &template_type, &version).await?;
    let now = app.now_ms();
    let may_create = actor.must(Permission::CreateTenants).is_ok() && detail.version.is_active;
    let used = detail.tenants;
    let news = template_history::news(&app, &actor, &detail, Some(query.text("since"))).await?.map(|news| {
        NewsView {
            since: Crumb::new(
                news.since.version.clone(),
                urls::template(&template_type, &news.since.version),
            ),
            sentences: news.sentences,
        }
    });
    let hazards = template_hazards::of_version(&app, &actor, &detail).await?;
    let may_publish = actor.must(Permission::PublishTemplates).is_ok();
    let is_active = detail.version.is_active;
    let page = TemplatePage {
        shell: shell(&request, &actor, Place::Templates),
        crumbs: vec![Crumb::new("Templates", urls::templates())],
        name: detail.version.name.clone(),
        template_type: template_type.clone(),
        description: detail.version.description.clone(),
        version: version.clone(),
        state: state(&detail.version, used),
        published: published(&detail.version, now)?,
        published_by: detail.version.published_by.clone(),
        note: detail.version.note.clone(),
        retired: detail.version.retired.as_ref().map(|(at_ms, by)| {
            format!(
                "{by} retired this version {}. No new tenant can be made from it. {} on it, and nothing changes for them.",
                TimeView::new(*at_ms, now).ago,
                counted(used, "tenant stays", "tenants stay")
            )
        }),
        news,
        versions: versions(&detail, &version, now)?,
        drafts: drafts(&app, &actor, Some(&template_type)).await?,
        files_href: urls::template_files(&template_type, &version),
        change_href: actor
            .must(Permission::EditTemplates)
            .is_ok()
            .then(|| urls::change_template(&template_type, &version)),
        retire_href: (may_publish && is_active).then(|| urls::retire_template(&template_type, &version)),
        bring_back: (may_publish && !is_active)
            .then(|| urls::bring_template_back(&template_type, &version)),
        modules: modules(&detail),
        tables: tables::views(&detail.schema, &module_of_tables(&detail)),
        migrations: detail
            .migrations
            .iter()
            .map(|migration| {
                let found = hazards.get(&migration.name);
                MigrationView {
                name: migration.name.clone(),
                summary: migration.summary.clone(),
                hazards: found.iter().flat_map(|found| &found.hazards).map(HazardView::from).collect(),
                is_breaking: migration.is_breaking || found.is_some_and(|found| found.is_breaking),
                completes: migration.completes_version.clone(),
                up: migration.up.clone(),
                down: migration.down.clone(),
            }})
            .collect(),
        used_by: counted(used, "tenant", "tenants"),
        used_by_href: (used > 0).then(|| urls::with_query(&urls::tenants(), &[("template", &template_type)])),
        create_href: may_create
            .then(|| urls::with_query(&urls::new_tenant(), &[("template", &template_type)])),
    };
    html(StatusCode::OK, &page)
}

fn pill(version: &TemplateVersion) -> Pill {
    if version.is_active { Pill::new("Published", Tone::Good) } else { Pill::new("Retired", Tone::Quiet) }
}

fn state(version: &TemplateVersion, used: i64) -> Vec<Pill> {
    let mut pills = vec![pill(version)];
    if version.is_locked {
        let text = if used > 0 {
            format!("In use by {}", counted(used, "tenant", "tenants"))
        } else {
            "Was in use".into()
        };
        pills.push(Pill::new(text, Tone::Quiet).with_icon("lock"));
    }
    pills
}

/// All versions, the highest number first.
fn versions(detail: &Detail, current: &str, now: i64) -> Result<Vec<VersionRow>, Error> {
    let mut versions: Vec<&TemplateVersion> = detail.versions.iter().collect();
    let shown = detail.version.number();
    versions.sort_by_key(|version| std::cmp::Reverse(version.number()));
    let row = |version: &&TemplateVersion| {
        Ok(VersionRow {
            version: version.version.clone(),
            href: urls::template(&version.template_type, &version.version),
            is_current: version.version == current,
            compare_href: (version.number() < shown).then(|| {
                let page = urls::template(&version.template_type, current);
                format!("{}#news-title", urls::with_query(&page, &[("since", &version.version)]))
            }),
            state: pill(version),
            published: published(version, now)?,
            who: version.published_by.clone().unwrap_or_default(),
            note: version.note.clone().unwrap_or_default(),
            tenants: counted(detail.uses.get(&version.id).copied().unwrap_or_default(), "tenant", "tenants"),
        })
    };
    versions.iter().map(row).collect()
}

/// The plan's TIMESTAMP columns hold UTC without saying so.
fn published(version: &TemplateVersion, now: i64) -> Result<TimeView, Error> {
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
