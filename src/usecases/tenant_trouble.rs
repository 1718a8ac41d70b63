//! What a person is told where a tenant's own database cannot be used.

use crate::{
    disk_trouble::DiskTrouble, engine::EngineError, engines::NoEngine, error::Error, store::tenants::Tenant,
};

/// The error for a page where a tenant's engine cannot be had.
pub fn no_engine(cause: &NoEngine) -> Error {
    Error::unavailable(
        "The database server of this tenant cannot be used at the moment. Nothing is lost. An administrator finds the reason on the servers' page.",
        cause,
    )
}

/// The error for a page about a tenant. The cause goes to the log, under the reference.
pub fn trouble_of(tenant: &Tenant, cause: &EngineError) -> Error {
    let Some(server) = &tenant.server_name else { return database_trouble(cause) };
    let words = match cause {
        EngineError::Missing(_) => format!(
            "The database of this tenant is not on the server {server} any more. Bring it back there from a backup, or restore a snapshot."
        ),
        EngineError::Foreign(_) => format!(
            "The database under this tenant's name on the server {server} is not marked as this tenant's. It was left as it is."
        ),
        EngineError::OutOfReach(_) if !cause.is_damage() => format!(
            "The server {server} cannot be used at the moment. Nothing is lost. Wait a moment, then look again."
        ),
        _ => return database_trouble(cause),
    };
    Error::unavailable(words, cause)
}

/// The same for a tenant that is a file of its own.
fn database_trouble(cause: &EngineError) -> Error {
    let words = match cause {
        EngineError::Missing(_) => {
            "The file of this tenant's database is gone, so the tenant cannot be used. Put the file back from a backup, or restore a snapshot. Nothing else was touched."
        }
        EngineError::Foreign(_) => {
            "What lies in the place of this tenant's database is damaged, or belongs to somebody else. It was left as it is. Put the right file back from a backup, or move it away and restore a snapshot."
        }
        EngineError::Shut(_) => {
            "This tenant is out of use, and its database is shut away. It can be seen again once the tenant is back in use."
        }
        EngineError::OutOfReach(_) if cause.is_damage() => {
            "The file of this tenant's database is damaged. It was left as it is. Put the file back from a backup, or move it away and restore a snapshot."
        }
        EngineError::OutOfReach(text) => DiskTrouble::of(text).map_or(
            "The tenant's database cannot be read at the moment. Wait a moment, then look again.",
            DiskTrouble::words,
        ),
        EngineError::Stale | EngineError::Statement { .. } | EngineError::Dangling(_) => {
            "The tenant's database cannot be read at the moment. Wait a moment, then look again."
        }
    };
    Error::unavailable(words, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_trouble_has_words_with_a_way_on_and_a_reference() {
        let says = |cause: EngineError| {
            let error = database_trouble(&cause);
            assert!(error.reference.is_some());
            error.message
        };
        let away = |text: &str| says(EngineError::OutOfReach(text.into()));
        assert!(away("schema: database disk image is malformed").contains("is damaged"));
        assert!(away("No space left on device (os error 28)").contains("Free some space"));
        assert!(away("unable to open database file").contains("Wait a moment"));
        assert!(says(EngineError::Missing("acme_1".into())).contains("Put the file back from a backup"));
    }
}
