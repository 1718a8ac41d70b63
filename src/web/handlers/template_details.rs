//! The description of a draft and its modules, as a form.

use super::{
    Answer, Values, html, leave_flash, shell,
    template_drafts::{Tab, head, id_of},
};
use crate::{
    app::App,
    error::{Error, Kind},
    templates::{
        ModuleKind,
        manifest_edit::{Details, ModuleDetails},
    },
    usecases::{
        actor::Actor,
        template_drafts::{self, DraftDetail, Saved},
    },
    web::{
        guard::SignedIn,
        htmx,
        pages::template_drafts::{DraftDetailsPage, ModuleForm},
        urls,
        views::{Field, FormError, Place},
    },
};
use actix_web::{
    HttpRequest,
    http::StatusCode,
    web::{Data, Form, Path},
};

fn page(request: &HttpRequest, app: &App, actor: &Actor, shown: &DraftDetail) -> DraftDetailsPage {
    let id = shown.draft.id.to_string();
    let manifest = shown.manifest.as_ref();
    let text = |text: Option<String>| text.unwrap_or_default();
    let modules = manifest.map(|found| found.modules.as_slice()).unwrap_or_default();
    DraftDetailsPage {
        shell: shell(request, actor, Place::Templates),
        head: head(app, actor, shown, Tab::Details),
        errors: Vec::new(),
        action: manifest.map(|_| urls::template_draft_part(&id, "details")),
        manifest_href: urls::template_draft_file(&id, "template.toml"),
        edition: shown.files.get(&shown.manifest_path()).map_or(0, |file| file.edition),
        clash: None,
        name: Field::text("name", "Name").filled(text(manifest.map(|found| found.name.clone())), None),
        description: Field::text("description", "Description")
            .with_hint("A sentence for those who choose a template.")
            .filled(text(manifest.map(|found| found.description.clone())), None),
        version: Field::text("version", "Version")
            .with_hint("Three numbers, such as 1.1.0.")
            .filled(text(manifest.map(|found| found.version.to_string())), None),
        modules: modules
            .iter()
            .enumerate()
            .map(|(place, module)| ModuleForm {
                place,
                name: module.name.clone(),
                title: module.title.clone(),
                description: module.description.clone(),
                is_core: module.kind == ModuleKind::Core,
                depends: module.depends.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
            })
            .collect(),
        modules_action: urls::template_draft_part(&id, "modules"),
        add: (
            Field::text("module", "Short name")
                .with_hint("Small letters, digits and underscores, such as membership_cards."),
            Field::text("title", "Name for people"),
        ),
    }
}

/// The form.
pub async fn details(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
) -> Answer {
    let shown = template_drafts::show(&app, &actor, id_of(&draft)?).await?;
    html(StatusCode::OK, &page(&request, &app, &actor, &shown))
}

fn kind(word: &str) -> ModuleKind {
    if word == "core" { ModuleKind::Core } else { ModuleKind::Optional }
}

fn typed(form: &Values) -> Details {
    let all = |name: &'static str| form.all(name).map(str::trim);
    let modules = all("module").zip(all("title")).zip(all("text")).zip(all("kind")).zip(all("depends")).map(
        |((((name, title), text), word), depends)| ModuleDetails {
            name: name.into(),
            title: title.into(),
            description: text.into(),
            kind: kind(word),
            depends: depends
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(Into::into)
                .collect(),
        },
    );
    Details {
        name: form.text("name").trim().into(),
        description: form.text("description").trim().into(),
        version: form.text("version").trim().into(),
        modules: modules.collect(),
    }
}

/// Puts what was typed into the form.
fn fill(page: &mut DraftDetailsPage, typed: &Details) {
    page.name = page.name.clone().filled(&typed.name, None);
    page.description = page.description.clone().filled(&typed.description, None);
    page.version = page.version.clone().filled(&typed.version, None);
    for module in &mut page.modules {
        if let Some(typed) = typed.modules.iter().find(|typed| typed.name == module.name) {
            module.title.clone_from(&typed.title);
            module.description.clone_from(&typed.description);
            module.is_core = typed.kind == ModuleKind::Core;
            module.depends = typed.depends.join(", ");
        }
    }
}

/// Saves the description.
pub async fn save(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let id = id_of(&draft)?;
    let form = Values(form.into_inner());
    let typed = typed(&form);
    let edition = form.text("edition").parse().unwrap_or(-1);
    match template_drafts::save_details(&app, &actor, id, &typed, edition).await {
        Ok(Saved::Kept) => {
            leave_flash(&request, "Saved.")?;
            Ok(htmx::redirect(&request, &urls::template_draft_part(&draft, "details")))
        }
        Ok(Saved::Clash(theirs)) => {
            let shown = template_drafts::show(&app, &actor, id).await?;
            let mut page = page(&request, &app, &actor, &shown);
            let who = theirs.map_or_else(|| "Somebody".into(), |file| file.changed_by);
            let before = in_a_line(&page);
            fill(&mut page, &typed);
            page.clash = Some(format!(
                "{who} saved the description after you opened it. Yours is below and is not saved yet; theirs says: {before} Save again to put yours in its place."
            ));
            html(StatusCode::CONFLICT, &page)
        }
        Err(error) if error.kind == Kind::Invalid => {
            let shown = template_drafts::show(&app, &actor, id).await?;
            let mut page = page(&request, &app, &actor, &shown);
            page.edition = edition;
            fill(&mut page, &typed);
            page.errors = vec![FormError::new("name", error.message)];
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the form says in a line, so that nothing of it is lost where another takes its place.
fn in_a_line(page: &DraftDetailsPage) -> String {
    let modules = page
        .modules
        .iter()
        .map(|module| format!(" {}: {}, {}", module.name, module.title, module.description));
    format!(
        "{}, {}: {}{}",
        page.name.value,
        page.version.value,
        page.description.value,
        modules.collect::<Vec<_>>().join(";")
    )
}

/// Adds a module, or takes one out.
pub async fn modules(
    request: HttpRequest,
    app: Data<App>,
    SignedIn(actor): SignedIn,
    draft: Path<String>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let id = id_of(&draft)?;
    let form = Values(form.into_inner());
    let name = form.text("module").trim();
    let done: Result<String, Error> = if form.text("act") == "remove" {
        let removed = template_drafts::remove_module(&app, &actor, id, name).await;
        removed.map(|()| urls::template_draft_part(&draft, "details"))
    } else {
        let title = form.text("title").trim();
        let module = ModuleDetails {
            name: name.into(),
            title: title.into(),
            description: format!("{title}."),
            kind: ModuleKind::Optional,
            depends: Vec::new(),
        };
        let added = template_drafts::add_module(&app, &actor, id, &module).await;
        added.map(|path| urls::template_draft_file(&draft, &path))
    };
    match done {
        Ok(address) => Ok(htmx::redirect(&request, &address)),
        Err(error) if error.kind == Kind::Invalid => {
            let shown = template_drafts::show(&app, &actor, id).await?;
            let mut page = page(&request, &app, &actor, &shown);
            page.add.0 = page.add.0.filled(name, Some(error.message));
            page.add.1 = page.add.1.filled(form.text("title"), None);
            page.errors = FormError::of(&[&page.add.0]);
            html(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => Err(error.into()),
    }
}
