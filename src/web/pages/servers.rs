//! Database servers.

use crate::web::{
    pieces::{Fact, Usage},
    views::{Choice, Crumb, Field, FormError, Pill, Shell, TimeView},
};
use askama::Template;

/// The list.
#[derive(Template)]
#[template(path = "servers/list.html")]
pub struct ServersPage {
    /// The frame.
    pub shell: Shell,
    /// The servers, by name.
    pub rows: Vec<ServerRow>,
}

/// A server in the list.
#[derive(Debug, Clone)]
pub struct ServerRow {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// What it runs, and where.
    pub what: String,
    /// Its label.
    pub region: Option<String>,
    /// How full it is.
    pub places: String,
    /// How it is.
    pub state: Pill,
    /// When that was found out.
    pub tried: Option<TimeView>,
}

/// The form for a server, new or known.
#[derive(Template)]
#[template(path = "servers/form.html")]
pub struct ServerFormPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// What the page is called.
    pub heading: String,
    /// A sentence about what happens.
    pub text: &'static str,
    /// Where it is sent.
    pub action: String,
    /// Values that nobody types.
    pub hidden: Vec<(&'static str, String)>,
    /// What was wrong with it.
    pub errors: Vec<FormError>,
    /// What the server runs, to choose; empty where that is known.
    pub products: Vec<Choice>,
    /// What is wrong with that.
    pub product_error: Option<String>,
    /// Its name, where it is new.
    pub name: Option<Field>,
    /// Where it is, and who Tenantry is there.
    pub access: Vec<Field>,
    /// How much it takes.
    pub room: Vec<Field>,
    /// What most leave as it is.
    pub more: Vec<Field>,
    /// How tenants are kept apart, to choose; empty where that is known.
    pub isolation: Vec<Choice>,
    /// What is wrong with that.
    pub isolation_error: Option<String>,
    /// How connections are protected.
    pub tls: Vec<Choice>,
    /// What is wrong with that.
    pub tls_error: Option<String>,
    /// Certificates, several lines.
    pub authority: Field,
    /// Whether the part with what most leave as it is stands open.
    pub is_more_open: bool,
    /// What the button says.
    pub button: &'static str,
    /// The way back.
    pub cancel: String,
}

/// The page of a server.
#[derive(Template)]
#[template(path = "servers/show.html")]
pub struct ServerPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// Its name.
    pub name: String,
    /// What it runs.
    pub product: &'static str,
    /// How it is.
    pub state: Pill,
    /// What was in the way when it was tried last, line by line.
    pub problems: Vec<String>,
    /// When it was tried last.
    pub tried: Option<TimeView>,
    /// How full it is, where it has a bound.
    pub usage: Option<Usage>,
    /// How many tenants it has, in words.
    pub places: String,
    /// Facts, label and value, in order.
    pub facts: Vec<Fact>,
    /// Whether it takes no new tenants.
    pub is_draining: bool,
    /// Where it can be removed from the list; `None` while tenants are on it.
    pub remove: Option<String>,
}
