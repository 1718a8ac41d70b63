//! Who asks for something.

use super::permissions::{Permission, Reach, reach};
use crate::{
    error::{Error, Result},
    store::{Scope, events::Doer, users::Role},
};
use uuid::Uuid;

/// Who asks: a person who is signed in, or somebody at the machine's own command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person {
        /// Their id.
        id: Uuid,
        /// Their name.
        name: String,
        /// Their e-mail.
        email: String,
        /// Their role.
        role: Role,
    },
    /// Whoever can run the program on its data directory may do everything.
    CommandLine,
    /// The program itself, when it starts.
    Program,
}

impl Actor {
    /// Refuses what the actor may do nowhere; gives how far it reaches.
    pub fn must(&self, permission: Permission) -> Result<Reach> {
        match self {
            Actor::CommandLine | Actor::Program => Ok(Reach::All),
            Actor::Person { role, .. } => match reach(*role, permission) {
                Reach::None => Err(Error::refused(
                    "Your account may not do this. Ask an administrator to do it, or to change your role.",
                )),
                reach => Ok(reach),
            },
        }
    }

    /// Whose tenants a use case with this permission may see or touch: the scope of its queries.
    pub fn scope(&self, permission: Permission) -> Result<Scope> {
        Ok(match (self.must(permission)?, self) {
            (Reach::Own, Actor::Person { id, .. }) => Scope::OwnedBy(*id),
            _ => Scope::All,
        })
    }

    /// For the history.
    pub fn doer(&self) -> Doer {
        match self {
            Actor::Person { id, name, .. } => Doer { id: Some(*id), name: name.clone() },
            Actor::CommandLine => Doer { id: None, name: "Command line".into() },
            Actor::Program => Doer::program(),
        }
    }

    /// The person's id.
    pub fn id(&self) -> Option<Uuid> {
        match self {
            Actor::Person { id, .. } => Some(*id),
            Actor::CommandLine | Actor::Program => None,
        }
    }
}
