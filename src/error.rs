//! The one error of the use cases. A door renders it as a page, a fragment, JSON or terminal text; the cause goes to
//! the log under a reference that the reader is shown.

use std::{collections::BTreeMap, fmt};

/// What kind of trouble it is; a door turns this into a status or an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input is not usable; [`Error::fields`] says where.
    Invalid,
    /// There is no such thing, or the person may not know of it.
    NotFound,
    /// Somebody else was first, or the thing is in another state.
    Conflict,
    /// Not signed in.
    SignedOut,
    /// Signed in, but not allowed.
    Refused,
    /// Too many tries; wait.
    Busy,
    /// Something that we need is away (a disk, a server).
    Unavailable,
    /// A defect of ours.
    Internal,
}

/// An error that a person reads.
#[derive(Debug)]
pub struct Error {
    /// Its kind.
    pub kind: Kind,
    /// What happened and what to do, in plain words.
    pub message: String,
    /// A message at each field of a form, by the field's name.
    pub fields: BTreeMap<&'static str, String>,
    /// Finds the log line, where there is one.
    pub reference: Option<String>,
}

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), fields: BTreeMap::new(), reference: None }
    }

    /// The input is not usable; `fields` has a message for each field.
    pub fn invalid(fields: BTreeMap<&'static str, String>) -> Self {
        let message = fields.values().cloned().collect::<Vec<_>>().join(" ");
        Error { kind: Kind::Invalid, message, fields, reference: None }
    }

    /// The input is not usable, and one sentence says why.
    pub fn unusable(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// Somebody else was first, or the thing is in another state.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// Nobody is signed in.
    pub fn signed_out() -> Self {
        Self::new(Kind::SignedOut, "Sign in to go on.")
    }

    /// The person may not do this.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// Too many tries.
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(Kind::Busy, message)
    }

    /// Something that we need is away. The cause is logged under the reference.
    pub fn unavailable(message: impl Into<String>, cause: &dyn fmt::Display) -> Self {
        let reference = new_reference();
        let message = message.into();
        tracing::warn!(reference, cause = %cause, "{message}");
        Error { kind: Kind::Unavailable, message, fields: BTreeMap::new(), reference: Some(reference) }
    }

    /// A defect of ours. The cause is logged under the reference, and never shown.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        let reference = new_reference();
        tracing::error!(reference, cause = %cause, "Something went wrong");
        Error {
            kind: Kind::Internal,
            message:
                "Something went wrong on our side. Look at the page again before you repeat what you did."
                    .into(),
            fields: BTreeMap::new(),
            reference: Some(reference),
        }
    }
}

/// A reference such as `7F3A-21C0`: short enough to read out over the telephone.
pub fn new_reference() -> String {
    let bytes: [u8; 4] = rand::random();
    let [a, b, c, d] = bytes;
    format!("{a:02X}{b:02X}-{c:02X}{d:02X}")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        match &self.reference {
            Some(reference) => write!(f, " (reference {reference})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
