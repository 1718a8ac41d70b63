//! The pages: structs with fields that are ready to show, each with HTML of the same name in `templates_html/`. A fragment
//! for htmx is a block of the page's own HTML. Addresses come from [`super::urls`], and pages hold no logic.

pub mod account;
pub mod dashboard;
pub mod drift;
pub mod error;
pub mod invitations;
pub mod jobs;
pub mod kept;
pub mod password;
pub mod people;
pub mod servers;
pub mod session;
pub mod setup;
pub mod styleguide;
pub mod template_drafts;
pub mod template_import;
pub mod templates;
pub mod tenants;
