//! What a person or a program can do, one function each. A use case takes who asks (an [`actor::Actor`]), checks the
//! permission, and gives an outcome or an [`crate::error::Error`]; the doors hold no logic of their own.

pub mod accounts;
pub mod actor;
pub mod drift;
pub mod exports;
pub mod invitations;
pub mod jobs;
pub mod life;
pub mod limits;
pub mod overview;
pub mod password_links;
pub mod passwords;
pub mod people;
pub mod permissions;
pub mod servers;
pub mod sessions;
pub mod sign_in;
pub mod template_drafts;
pub mod template_hazards;
pub mod template_history;
pub mod template_publishing;
pub mod templates;
pub mod templates_at_start;
pub mod tenant_drafts;
mod tenant_names;
pub mod tenant_trouble;
pub mod tenants;
