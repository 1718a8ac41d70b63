//! A tenant's exports.

use super::{
    Sheet,
    fixtures::{LONG, NOW, ago, inside},
    tenants_show::head,
};
use tenantry::web::{
    pages::tenants::{
        exports::{ExportRow, ExportsPage},
        show::Tab,
    },
    urls,
    views::{FormError, Pill, Place, TimeView, Tone},
};

pub fn export_pages() -> Vec<Sheet> {
    let row = |minutes: i64, state: Pill| ExportRow {
        asked: ago(minutes),
        who: "Maria Okafor".into(),
        contents: "SQL dump and tables for spreadsheets".into(),
        state,
        note: None,
        reference: None,
        size: None,
        until: None,
        download: None,
        remove: None,
    };
    let ready = |minutes: i64| ExportRow {
        size: Some("23 tables, 18,204 rows, 2.1 MB".into()),
        until: Some(TimeView::new(NOW + 7 * 86_400_000 - minutes * 60_000, NOW)),
        download: Some(urls::tenant_export("acme-bakery", "1")),
        remove: Some(urls::tenant_export_remove("acme-bakery", "1")),
        ..row(minutes, Pill::new("Ready", Tone::Good))
    };
    let page = |name: &str, exports: Vec<ExportRow>| ExportsPage {
        shell: inside(Place::Tenants),
        head: head(name, "acme-bakery", Tab::Overview, Pill::new("Ready", Tone::Good)),
        errors: Vec::new(),
        request_id: "1".into(),
        sql: true,
        csv: true,
        for_spreadsheets: true,
        kept: "7 days".into(),
        exports,
        poll: None,
    };
    let failed = ExportRow {
        note: Some(
            "The disk is full, so the file could not be written. The half of it was removed. Make room on the disk."
                .into(),
        ),
        reference: Some("7F3A-21C0".into()),
        remove: Some(urls::tenant_export_remove("acme-bakery", "1")),
        ..row(300, Pill::new("Needs attention", Tone::Bad))
    };
    let route = "/tenants/{slug}/exports";
    vec![
        Sheet::new("exports-empty", route, &page("Acme Bakery", Vec::new())),
        Sheet::new(
            "exports",
            route,
            &ExportsPage {
                poll: Some(urls::tenant_exports("acme-bakery")),
                ..page(LONG, vec![row(0, Pill::new("Running", Tone::Busy)), ready(90), failed, ready(2_000)])
            },
        ),
        Sheet::new(
            "exports-wrong",
            route,
            &ExportsPage {
                errors: vec![FormError::new(
                    "form",
                    "Choose at least one form in which the data is to be written.",
                )],
                sql: false,
                csv: false,
                ..page("上海社区志愿者协会", vec![ready(5)])
            },
        ),
    ]
}
