//! Describing a new tenant: one question a page, then the page with all answers. Everything works without JavaScript.

use crate::web::views::{Field, FormError, Shell, TimeView};
use askama::Template;

/// Where a page of the way stands.
#[derive(Debug, Clone)]
pub struct Way {
    /// Its number, from 1.
    pub number: usize,
    /// How many pages there are.
    pub total: usize,
    /// The page before.
    pub back: String,
    /// Where its form is sent.
    pub action: String,
    /// Whether the page with all answers sent the person here, to change this one.
    pub is_change: bool,
    /// What was wrong with the answer.
    pub errors: Vec<FormError>,
}

impl Way {
    /// What the button says.
    pub fn button(&self) -> &'static str {
        if self.is_change { "Save" } else { "Continue" }
    }

    /// What stands before the title where something is wrong.
    pub fn title_mark(&self) -> &'static str {
        if self.errors.is_empty() { "" } else { "Error: " }
    }
}

/// Who is it for?
#[derive(Template)]
#[template(path = "tenants/new/who.html")]
pub struct WhoPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub way: Way,
    /// Tenants that the person has begun to describe; only on the first page of a new one.
    pub unfinished: Vec<Unfinished>,
    /// `draft`: makes sending the form twice the same as sending it once. Empty where the address says it.
    pub draft: String,
    /// `template`: a template that was chosen beforehand.
    pub template: String,
    /// `like`: name and slug of the tenant whose answers are taken over.
    pub like: Option<Like>,
    /// `name`.
    pub name: Field,
    /// What can be said about the name.
    pub check: NameCheck,
    /// `email`.
    pub email: Field,
    /// `note`.
    pub note: Field,
}

impl WhoPage {
    /// The page with nothing filled in.
    pub fn new(shell: Shell, way: Way) -> Self {
        Self {
            shell,
            way,
            unfinished: Vec::new(),
            draft: String::new(),
            template: String::new(),
            like: None,
            name: Field { autocomplete: "organization", ..Field::text("name", "Name") }
                .with_hint("The name of the organisation, as people say it."),
            check: NameCheck::default(),
            email: Field { autocomplete: "off", ..Field::email("email", "Owner's e-mail") }
                .with_hint("The owner gets an invitation and chooses a password."),
            note: Field::text("note", "Note (optional)")
                .with_hint("Anything that your colleagues should know about it. The owner does not see it."),
        }
    }
}

/// A tenant that somebody has begun to describe.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// The tenant's name.
    pub name: String,
    /// When it was last changed.
    pub at: TimeView,
    /// Its address, at the open question; the form that throws it away is sent there, too.
    pub href: String,
}

/// The tenant whose answers are taken over.
#[derive(Debug, Clone)]
pub struct Like {
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// What is taken over, such as `NGO with Events, Basic plan`.
    pub text: String,
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

/// Which template?
#[derive(Template)]
#[template(path = "tenants/new/template.html")]
pub struct TemplateStepPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub way: Way,
    /// The tenant's name.
    pub name: String,
    /// `template`.
    pub templates: Vec<TemplateCard>,
    /// What is wrong with the answer.
    pub error: Option<String>,
    /// How long making a tenant takes, such as `Usually ready in under a second.`
    pub usual: Option<String>,
}

/// A template to choose.
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
    /// The titles of the modules to choose from.
    pub extras: Vec<String>,
}

/// Which extras?
#[derive(Template)]
#[template(path = "tenants/new/extras.html")]
pub struct ExtrasPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub way: Way,
    /// The tenant's name.
    pub name: String,
    /// The template's name.
    pub template: String,
    /// What it holds in any case.
    pub included: Vec<String>,
    /// `module`.
    pub extras: Vec<Extra>,
    /// What is wrong with the answer.
    pub error: Option<String>,
}

/// An extra (an optional module) to tick.
#[derive(Debug, Clone)]
pub struct Extra {
    /// Its name in files: what the form sends.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence.
    pub text: String,
    /// The other extras that it needs, by name; the script ticks them along, the server adds them anyway.
    pub needs: Vec<String>,
    /// The same in words, such as "Helpers at events needs Events and Volunteers (added for you)."
    pub rule: Option<String>,
    /// Whether it is ticked.
    pub is_ticked: bool,
}

impl Extra {
    /// The names of the extras that it needs, with spaces between them.
    pub fn needs_list(&self) -> String {
        self.needs.join(" ")
    }
}

/// Which plan?
#[derive(Template)]
#[template(path = "tenants/new/plan.html")]
pub struct PlanPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub way: Way,
    /// The tenant's name.
    pub name: String,
    /// `plan`.
    pub plans: Vec<RadioCard>,
    /// What is wrong with the answer.
    pub error: Option<String>,
}

/// Where will it live?
#[derive(Template)]
#[template(path = "tenants/new/where.html")]
pub struct WherePage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub way: Way,
    /// The tenant's name.
    pub name: String,
    /// The places to choose from.
    pub places: Vec<RadioCard>,
    /// What is wrong with the answer.
    pub error: Option<String>,
}

/// Something to choose, with a line about it.
#[derive(Debug, Clone)]
pub struct RadioCard {
    /// What the form sends.
    pub value: String,
    /// Its name.
    pub title: String,
    /// One line.
    pub text: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// All answers, and what will happen.
#[derive(Template)]
#[template(path = "tenants/new/check.html")]
pub struct CheckPage {
    /// The frame.
    pub shell: Shell,
    /// Where this page stands.
    pub way: Way,
    /// Stands for exactly these answers.
    pub seen: String,
    /// The answers in order.
    pub answers: Vec<AnswerRow>,
    /// The address that the tenant will get.
    pub address: String,
    /// What will be done, in order.
    pub steps: Vec<String>,
    /// How long that takes.
    pub usual: Option<String>,
}

/// An answer with the way to change it.
#[derive(Debug, Clone)]
pub struct AnswerRow {
    /// What was asked.
    pub question: &'static str,
    /// What was answered, line by line.
    pub lines: Vec<String>,
    /// Where it is changed.
    pub change: String,
    /// What is changed there, for screen readers: `the owner's e-mail`.
    pub what: &'static str,
}
