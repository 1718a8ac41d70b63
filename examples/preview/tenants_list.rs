//! The list of tenants.

use super::{
    Sheet,
    fixtures::{ago, choices, inside, name, slug, state},
};
use tenantry::web::{
    pages::tenants::list::{Search, SortLink, TenantRow, TenantsPage},
    urls,
    views::{Pager, Place, counted, grouped},
};

fn tenants_page(rows: usize, text: &str, is_empty: bool) -> TenantsPage {
    let sort = |now| SortLink { href: urls::with_query(&urls::tenants(), &[("sort", "name")]), now };
    TenantsPage {
        is_owner: false,
        check: Some(Vec::new()),
        shell: inside(Place::Tenants),
        search: Search {
            text: text.into(),
            states: choices(
                "All states",
                &["Waiting", "Setting up", "Ready", "Needs attention", "Paused"],
                0,
            ),
            templates: choices("All templates", &["Basic", "NGO", "Political party"], 0),
            plans: choices("All plans", &["Basic", "Premium", "Enterprise"], 0),
            sort: "created".into(),
            is_on: !text.is_empty(),
        },
        count: if rows > 20 {
            "More than 10,000 tenants".into()
        } else {
            counted(i64::try_from(rows).unwrap_or(0), "tenant", "tenants")
        },
        rows: (0..rows)
            .map(|place| TenantRow {
                name: if place < 8 {
                    name(place)
                } else {
                    format!("Tenant number {}", grouped(i64::try_from(place).unwrap_or(0)))
                },
                slug: slug(place),
                href: urls::tenant(&slug(place)),
                has_database: matches!(state(place).text.as_str(), "Ready" | "Paused"),
                template: if place % 3 == 0 { "Basic".into() } else { "NGO".into() },
                version: "1.0.0".into(),
                state: state(place),
                plan: ["Basic", "Premium", "Enterprise"].get(place % 3).unwrap_or(&"Basic").to_string(),
                owner: if place == 4 {
                    "vorstand.geschaeftsstelle@internationale-gesellschaft-zur-foerderung.example.org".into()
                } else {
                    "dana@example.org".into()
                },
                created: ago(i64::try_from(place * place * 11 + 2).unwrap_or(0)),
            })
            .collect(),
        sort_name: sort("none"),
        sort_version: sort("none"),
        sort_created: sort("descending"),
        pager: if rows > 20 {
            Pager { previous: Some(urls::tenants()), next: Some(urls::tenants()) }
        } else {
            Pager::default()
        },
        is_empty,
        may_create: true,
        unfinished: Vec::new(),
    }
}

pub fn list_pages() -> Vec<Sheet> {
    vec![
        Sheet::new("tenants-empty", "/tenants", &tenants_page(0, "", true)),
        Sheet::new("tenants-none", "/tenants", &tenants_page(0, "acmee", false)),
        Sheet::new("tenants-few", "/tenants", &tenants_page(8, "a", false)),
        Sheet::new("tenants-full", "/tenants", &tenants_page(50, "", false)),
        Sheet::new("fragment-results", "/tenants", &tenants_page(3, "a", false).as_results()),
    ]
}
