//! What engines on servers share: passwords of tenants' accounts, and what a server says when it is tried out.

use super::EngineError;
use async_trait::async_trait;
use std::fmt;
use uuid::Uuid;

/// Where the passwords of tenants' accounts come from.
#[async_trait]
pub trait Secrets: Send + Sync + fmt::Debug {
    /// The password of a tenant's account: letters and digits only.
    async fn of(&self, tenant: Uuid) -> Result<String, EngineError>;
}

/// What a server said when it was tried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// The product and its version, such as `MariaDB 10.11.6`.
    pub product: String,
    /// What is in the way of tenants on this server, each in a sentence that says what to do, such as the statement that
    /// gives a right that is missing. Empty where tenants can be placed here.
    pub problems: Vec<String>,
}
