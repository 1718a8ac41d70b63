//! The form for a new tenant.

use crate::web::views::{Crumb, Field, FormError, Shell};
use askama::Template;

/// The form. The block `form` replaces it where it could not be taken; it works without JavaScript.
#[derive(Template)]
#[template(path = "tenants/new.html", blocks = ["form"])]
pub struct NewTenantPage {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Crumb>,
    /// `request_id`: makes sending the form twice the same as sending it once.
    pub request_id: String,
    /// What was wrong with the form.
    pub errors: Vec<FormError>,
    /// `name`.
    pub name: Field,
    /// What can be said about the name.
    pub check: NameCheck,
    /// `email`.
    pub email: Field,
    /// `plan`.
    pub plans: Vec<PlanCard>,
    /// What is wrong with the plan.
    pub plan_error: Option<String>,
    /// `template`.
    pub templates: Vec<TemplateCard>,
    /// What is wrong with the template or its extras.
    pub template_error: Option<String>,
}

impl NewTenantPage {
    /// The empty form.
    pub fn new(shell: Shell, request_id: String, plans: Vec<PlanCard>, templates: Vec<TemplateCard>) -> Self {
        Self {
            shell,
            crumbs: vec![Crumb::new("Tenants", crate::web::urls::tenants())],
            request_id,
            errors: Vec::new(),
            name: Field { autocomplete: "organization", ..Field::text("name", "Name") }
                .with_hint("The name of the organisation, as people say it."),
            check: NameCheck::default(),
            email: Field { autocomplete: "off", ..Field::email("email", "Owner's e-mail") }
                .with_hint("The owner gets an invitation and chooses a password."),
            plans,
            plan_error: None,
            templates,
            template_error: None,
        }
    }
}

/// What can be said about a name before the form is sent: the answer of the live check.
#[derive(Template, Debug, Clone, Default, PartialEq, Eq)]
#[template(path = "tenants/name_check.html")]
pub struct NameCheck {
    /// The name in addresses that it will get.
    pub slug: Option<String>,
    /// Something to look at first, such as another tenant of the same name.
    pub warning: Option<String>,
    /// Why the name cannot be used.
    pub problem: Option<String>,
}

/// A plan to choose.
#[derive(Debug, Clone)]
pub struct PlanCard {
    /// What the form sends.
    pub value: String,
    /// Its name.
    pub title: String,
    /// One line.
    pub text: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// A template to choose, with its extras.
#[derive(Debug, Clone)]
pub struct TemplateCard {
    /// What the form sends, such as `ngo`.
    pub value: String,
    /// Its name.
    pub title: String,
    /// One sentence.
    pub text: String,
    /// The version that the tenant will get.
    pub version: String,
    /// An icon of the sprite.
    pub icon: &'static str,
    /// Whether it is chosen.
    pub is_chosen: bool,
    /// The titles of the modules that every tenant gets.
    pub included: Vec<String>,
    /// The modules to choose from.
    pub extras: Vec<Extra>,
}

/// An extra (an optional module) to tick.
#[derive(Debug, Clone)]
pub struct Extra {
    /// Its name in files; the form sends `module={template}:{name}`, so that each template has its own.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence.
    pub text: String,
    /// The other extras that it needs, by name; the script ticks them along, the server adds them anyway.
    pub needs: Vec<String>,
    /// The same in words, such as "Needs Events and Volunteers. They are added for you."
    pub needs_text: Option<String>,
    /// Whether it is ticked.
    pub is_ticked: bool,
}

impl Extra {
    /// The names of the extras that it needs, with spaces between them.
    pub fn needs_list(&self) -> String {
        self.needs.join(" ")
    }
}
