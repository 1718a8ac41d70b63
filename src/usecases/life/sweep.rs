//! What the program does by itself when a time is over: deleted tenants are removed for good, old snapshots go.

use super::{Asked, Wish, add, must_be_free};
use crate::{
    app::App,
    apply::{delete as deletion, snapshot},
    error::Result,
    store::{self, Scope, events::Doer, tenants::Status},
    usecases::actor::Actor,
};

/// At most so many of each in one sweep, so that none takes long.
const MOST: u32 = 200;

/// What a sweep found to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Tenants whose removal was asked for.
    pub tenants: usize,
    /// Snapshots that were removed.
    pub snapshots: usize,
}

/// Asks for the removal of tenants whose time is over, and removes snapshots that are too old.
pub async fn sweep(app: &App) -> Result<Swept> {
    let mut swept = Swept::default();
    let now = app.now_ms();
    let due = store::tenants::due_for_removal(&mut *app.store.read().await?, now, MOST).await?;
    for id in due {
        let mut write = app.store.write().await?;
        let Some(tenant) = store::tenants::by_id(&mut write, Scope::All, id).await? else { continue };
        let after = store::tenants::delete_after(&mut write, id).await?;
        // Somebody may have kept it a moment ago.
        if tenant.status != Status::Deleting
            || after.is_none_or(|after| after > now)
            || must_be_free(&mut write, &tenant, now).await.is_err()
        {
            continue;
        }
        let wish = Wish {
            kind: deletion::REMOVE,
            steps: deletion::remove_steps(),
            params: serde_json::Value::Null,
            from: &[Status::Deleting],
            what: "be removed",
            action: "tenant_change_asked",
            sentence: "The time in which the tenant could be kept is over.".to_owned(),
        };
        add(app, &Actor::Program, &mut write, Asked::from(tenant.slug.as_str()), &tenant, wish).await?;
        write.commit().await?;
        swept.tenants += 1;
    }
    if swept.tenants > 0 {
        app.wake.notify_one();
    }
    let expired = store::snapshots::expired(&mut *app.store.read().await?, now, MOST).await?;
    for old in expired {
        if let Err(cause) = snapshot::remove_file(&snapshot::file_of(app, &old)) {
            tracing::warn!(snapshot = %old.id, ?cause, "A snapshot whose time is over could not be removed");
            continue;
        }
        let mut write = app.store.write().await?;
        store::snapshots::remove(&mut write, old.id).await?;
        let sentence = "Removed a snapshot whose time was over.";
        let doer = Doer::program();
        store::events::record(&mut write, Some(old.tenant_id), now, &doer, "snapshot_removed", sentence)
            .await?;
        write.commit().await?;
        swept.snapshots += 1;
    }
    Ok(swept)
}
