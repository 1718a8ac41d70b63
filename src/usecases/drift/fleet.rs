//! All tenants together: how many differ, and which in the same way.

use super::super::{actor::Actor, permissions::Permission};
use crate::{
    app::App,
    error::{Error, Result},
    store::{
        self,
        drift::{
            Difference, Level,
            fleet::{Count, Filter, Group, Member},
            runs::Run,
        },
    },
};

/// Groups on one page.
const GROUPS: u32 = 50;

/// Tenants that are named on the page of a group.
const MEMBERS: u32 = 200;

/// All tenants that could not be looked at are counted; so many are named.
const TROUBLED: u32 = 50;

/// Runs of some tenants that are shown.
const AT_ONCE: u32 = 10;

/// The picture of the fleet.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// How many tenants are at which level and template version.
    pub counts: Vec<Count>,
    /// Tenants with the same difference, the worst first.
    pub groups: Vec<Group>,
    /// Whether there are more groups after these.
    pub is_cut: bool,
    /// The check of all that goes on.
    pub going_on: Option<Run>,
    /// What is done to some tenants at this moment, the newest first.
    pub of_some: Vec<Run>,
    /// The last one that has ended.
    pub last: Option<Run>,
    /// Tenants that could not be looked at, as (name, slug, why).
    pub troubled: Vec<(String, String, String)>,
}

impl Fleet {
    /// Tenants in all.
    pub fn tenants(&self) -> i64 {
        self.counts.iter().map(|count| count.tenants).sum()
    }

    /// Tenants at a level; `None` are those that were never looked at.
    pub fn at(&self, level: Option<Level>) -> i64 {
        self.counts.iter().filter(|count| count.level == level).map(|count| count.tenants).sum()
    }
}

/// The picture of the fleet, with one page of groups.
pub async fn fleet(app: &App, actor: &Actor, filter: &Filter) -> Result<Fleet> {
    actor.must(Permission::CheckDrift)?;
    let mut read = app.store.read().await?;
    let mut groups = store::drift::fleet::groups(&mut read, filter, app.now_ms(), GROUPS).await?;
    let is_cut = groups.len() > GROUPS as usize;
    groups.truncate(GROUPS as usize);
    Ok(Fleet {
        counts: store::drift::fleet::counts(&mut read).await?,
        groups,
        is_cut,
        going_on: store::drift::runs::going_on(&mut read).await?,
        of_some: store::drift::runs::of_some(&mut read, AT_ONCE).await?,
        last: store::drift::runs::last_ended(&mut read).await?,
        troubled: store::drift::fleet::troubled(&mut read, TROUBLED).await?,
    })
}

/// Tenants with the same difference.
#[derive(Debug, Clone)]
pub struct GroupPage {
    /// The difference.
    pub difference: Difference,
    /// How many tenants have it, those left out of which it is left alone.
    pub number: i64,
    /// The first of them, by name.
    pub members: Vec<Member>,
    /// Of how many tenants it is left alone.
    pub number_ignored: i64,
    /// The first of those.
    pub ignored: Vec<Member>,
}

/// Tenants with a difference.
pub async fn group(app: &App, actor: &Actor, id: &str) -> Result<GroupPage> {
    actor.must(Permission::CheckDrift)?;
    let mut read = app.store.read().await?;
    let now = app.now_ms();
    let difference = store::drift::fleet::example(&mut read, id).await?.ok_or_else(gone)?;
    let (number, number_ignored) = store::drift::fleet::numbers(&mut read, id, now).await?;
    let members = store::drift::fleet::members(&mut read, id, false, now, MEMBERS).await?;
    let ignored = store::drift::fleet::members(&mut read, id, true, now, MEMBERS).await?;
    Ok(GroupPage { difference, number, members, number_ignored, ignored })
}

/// What is said of a difference that no tenant has.
pub(super) fn gone() -> Error {
    Error::not_found("No tenant differs in this way any more. Look at the list of unexpected changes.")
}
