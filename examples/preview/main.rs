//! Writes every page in every state to a folder as HTML, from made-up values, together with the static files, so that
//! people and tests can look at them: `cargo run --example preview -- FOLDER`, then serve the folder on any port. The list
//! of what was written is `index.json`.
//!
//! The states of a noun's pages are in the file of that noun. A route that shows a page and has no state here fails the
//! test below.

mod dashboard;
mod doors;
mod drift;
mod errors;
mod fixtures;
mod jobs;
mod people;
mod servers;
mod styleguide;
mod template_drafts;
mod templates;
mod tenants_exports;
mod tenants_list;
mod tenants_manage;
mod tenants_new;
mod tenants_setup;
mod tenants_show;

use askama::Template;
use std::{error::Error, fs, path::Path};
use tenantry::web::assets;

/// A page in one state.
pub struct Sheet {
    /// The name of its file; those that begin with `fragment-` are parts of a page.
    pub name: &'static str,
    /// The path of the route that shows it, as the route table has it; empty for pages that every route may show.
    pub route: &'static str,
    html: String,
}

impl Sheet {
    /// A page as its HTML.
    pub fn new(name: &'static str, route: &'static str, page: &impl Template) -> Self {
        let html = page.render().unwrap_or_else(|cause| format!("the page cannot be rendered: {cause}"));
        Self { name, route, html }
    }
}

/// All of them: a line for each noun.
fn sheets() -> Vec<Sheet> {
    [
        dashboard::dashboard(),
        tenants_list::list_pages(),
        tenants_manage::manage_pages(),
        tenants_new::new_pages(),
        tenants_setup::setup_pages(),
        tenants_show::tenant_pages(),
        tenants_exports::export_pages(),
        templates::template_pages(),
        template_drafts::draft_pages(),
        jobs::jobs_pages(),
        drift::drift_pages(),
        people::people_pages(),
        servers::server_pages(),
        doors::door_pages(),
        errors::error_pages(),
        styleguide::styleguide_pages(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder to write to")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("static"))?;
    for asset in assets::all() {
        fs::write(folder.join(asset.address.trim_start_matches('/')), &asset.plain)?;
    }
    let sheets = sheets();
    for sheet in &sheets {
        fs::write(folder.join(format!("{}.html", sheet.name)), &sheet.html)?;
    }
    let names: Vec<_> = sheets.iter().map(|sheet| sheet.name).collect();
    fs::write(folder.join("index.json"), serde_json::to_string_pretty(&names)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::sheets;
    use tenantry::web::routes::table;

    /// Routes that answer with something else than a page.
    const NO_PAGE: &[&str] = &[
        "/tenants/check-name",
        "/tenants/new/{draft}",
        "/tenants/{slug}/exports/{export}",
        "/templates/{type}/{version}/files.zip",
        "/static/{file}",
        "/healthz",
        "/readyz",
    ];

    #[test]
    fn every_route_that_shows_a_page_has_a_state_here() {
        let sheets = sheets();
        let routes = table();
        for entry in routes.iter().filter(|entry| entry.method == "GET" && !NO_PAGE.contains(&entry.path)) {
            assert!(
                sheets.iter().any(|sheet| sheet.route == entry.path),
                "{} shows a page that nobody looks at: add its states to examples/preview",
                entry.path
            );
        }
        for sheet in sheets.iter().filter(|sheet| !sheet.route.is_empty()) {
            assert!(routes.iter().any(|entry| entry.path == sheet.route), "{} shows no route", sheet.name);
        }
    }

    #[test]
    fn every_page_is_rendered_and_has_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for sheet in sheets() {
            assert!(names.insert(sheet.name), "{} is there twice", sheet.name);
            assert!(sheet.html.contains('<'), "{}: {}", sheet.name, sheet.html);
        }
    }
}
