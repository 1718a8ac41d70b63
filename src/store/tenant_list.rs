//! The list of tenants: its filters, its orders, and its pages, which go on after the last row of the page before.

use super::{
    Scope,
    db::{Backend, Connection, Result, Value, sql, sql_of},
    tenants::{COLUMNS, Plan, Status, Tenant, tenant},
};
use uuid::Uuid;

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, std::default::Default)]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// By name.
    Name,
    /// By name, backwards.
    NameDescending,
    /// By template version, as they were imported.
    Template,
    /// By template version, backwards.
    TemplateDescending,
}

impl Sort {
    /// All of them.
    pub const ALL: [Sort; 6] = [
        Sort::Newest,
        Sort::Oldest,
        Sort::Name,
        Sort::NameDescending,
        Sort::Template,
        Sort::TemplateDescending,
    ];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Sort::Newest => "newest",
            Sort::Oldest => "oldest",
            Sort::Name => "name",
            Sort::NameDescending => "name-desc",
            Sort::Template => "template",
            Sort::TemplateDescending => "template-desc",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Sort::Newest | Sort::Oldest => "created_ms",
            Sort::Name | Sort::NameDescending => "name",
            Sort::Template | Sort::TemplateDescending => "template_id",
        }
    }

    fn is_descending(self) -> bool {
        matches!(self, Sort::Newest | Sort::NameDescending | Sort::TemplateDescending)
    }
}

impl std::str::FromStr for Sort {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Sort::ALL.into_iter().find(|sort| sort.word() == word).ok_or(format!("unknown order {word}"))
    }
}

/// The last (or first) row of a page, from which the next one goes on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cursor {
    /// The order that it belongs to.
    pub sort: String,
    /// The row's value in that order.
    pub value: String,
    /// The row's id.
    pub id: Uuid,
    /// Whether the page before it is wanted, not the one after.
    pub backwards: bool,
}

/// Which tenants to list.
#[derive(Debug, Clone, PartialEq, Eq, std::default::Default)]
pub struct Filter {
    /// Part of the name, slug or owner's e-mail, or the whole id.
    pub search: Option<String>,
    /// In this state.
    pub status: Option<Status>,
    /// Of this template type.
    pub template_type: Option<String>,
    /// On this plan.
    pub plan: Option<Plan>,
}

/// One page of the list.
#[derive(Debug, Clone)]
pub struct TenantPage {
    /// Its tenants, in order.
    pub tenants: Vec<Tenant>,
    /// Where the page before starts.
    pub previous: Option<Cursor>,
    /// Where the page after starts.
    pub next: Option<Cursor>,
}

fn conditions(backend: Backend, scope: Scope, filter: &Filter) -> (String, Vec<Value>) {
    let mut text = String::from("t.status <> 'deleted'");
    let mut values = Vec::new();
    if let Some(status) = filter.status {
        text = "t.status = ?".into();
        values.push(status.word().into());
    }
    if let Some(template_type) = &filter.template_type {
        text.push_str(" AND t.template_id IN (SELECT id FROM tenant_templates WHERE template_type = ?)");
        values.push(template_type.into());
    }
    if let Some(plan) = filter.plan {
        text.push_str(" AND t.plan = ?");
        values.push(plan.word().into());
    }
    if let Some(search) = &filter.search {
        let (condition, bound) = super::search::condition(backend, search);
        text.push_str(" AND ");
        text.push_str(condition);
        values.extend(bound);
    }
    let (within, owner) = scope.and("t.id");
    text.push_str(&within);
    values.extend(owner);
    (text, values)
}

/// One page of the tenants of the scope.
pub async fn list(
    connection: &mut Connection,
    scope: Scope,
    filter: &Filter,
    sort: Sort,
    cursor: Option<&Cursor>,
    limit: u32,
) -> Result<TenantPage> {
    let (mut condition, mut values) = conditions(connection.backend(), scope, filter);
    let backwards = cursor.is_some_and(|cursor| cursor.backwards);
    let column = sort.column();
    let descending = sort.is_descending() != backwards;
    if let Some(cursor) = cursor {
        let compare = if descending { "<" } else { ">" };
        condition = format!("{condition} AND (t.{column}, t.id) {compare} (?, ?)");
        values.push(match sort {
            Sort::Newest | Sort::Oldest | Sort::Template | Sort::TemplateDescending => {
                Value::Int(cursor.value.parse().unwrap_or_default())
            }
            Sort::Name | Sort::NameDescending => cursor.value.as_str().into(),
        });
        values.push(cursor.id.into());
    }
    let direction = if descending { "DESC" } else { "ASC" };
    // The page's ids come from the index alone; the wide rows are fetched for that one page.
    let mut query = sql_of(format!(
        "SELECT {COLUMNS} FROM tenants t JOIN tenant_templates v ON v.id = t.template_id
         WHERE {condition} ORDER BY t.{column} {direction}, t.id {direction} LIMIT ?"
    ));
    for value in values {
        query = query.bind_value(value);
    }
    let rows = query.bind(limit + 1).all(connection).await?;
    let mut tenants = rows.iter().map(tenant).collect::<Result<Vec<_>>>()?;
    let has_more = tenants.len() > limit as usize;
    tenants.truncate(limit as usize);
    if backwards {
        tenants.reverse();
    }
    let at = |tenant: &Tenant, backwards: bool| Cursor {
        sort: sort.word().into(),
        value: match sort {
            Sort::Newest | Sort::Oldest => tenant.created_ms.to_string(),
            Sort::Name | Sort::NameDescending => tenant.name.clone(),
            Sort::Template | Sort::TemplateDescending => tenant.template_id.to_string(),
        },
        id: tenant.id,
        backwards,
    };
    let before = if backwards { has_more } else { cursor.is_some() };
    let after = if backwards { true } else { has_more };
    let previous = tenants.first().filter(|_| before).map(|tenant| at(tenant, true));
    let next = tenants.last().filter(|_| after).map(|tenant| at(tenant, false));
    Ok(TenantPage { tenants, previous, next })
}

/// How many tenants of the scope match, counted up to `limit`.
pub async fn count(connection: &mut Connection, scope: Scope, filter: &Filter, limit: u32) -> Result<i64> {
    if *filter == Filter::default() && scope == Scope::All {
        // All of them, less those that are gone: the engine counts a whole index without looking at its rows.
        let row = sql("SELECT (SELECT COUNT(*) FROM tenants)
                            - (SELECT COUNT(*) FROM tenants WHERE status = 'deleted') AS n");
        return Ok(row.one(connection).await?.int("n")?.min(limit.into()));
    }
    let (condition, values) = conditions(connection.backend(), scope, filter);
    let mut query = sql_of(format!(
        "SELECT COUNT(*) AS n FROM (SELECT 1 FROM tenants t WHERE {condition} LIMIT ?) AS counted"
    ));
    for value in values {
        query = query.bind_value(value);
    }
    query.bind(limit).one(connection).await?.int("n")
}

/// The ids of all tenants of the scope that match and are in one of these states, in their own order.
pub async fn ids(
    connection: &mut Connection,
    scope: Scope,
    filter: &Filter,
    states: &[Status],
) -> Result<Vec<Uuid>> {
    let (condition, values) = conditions(connection.backend(), scope, filter);
    let marks = vec!["?"; states.len()].join(", ");
    let mut query = sql_of(format!(
        "SELECT t.id FROM tenants t WHERE {condition} AND t.status IN ({marks}) ORDER BY t.id"
    ));
    for value in values.into_iter().chain(states.iter().map(|state| state.word().into())) {
        query = query.bind_value(value);
    }
    query.all(connection).await?.iter().map(|row| row.parse("id")).collect()
}
