//! Where a new tenant can be placed, as a form asks.

use super::places;
use crate::{
    app::App,
    error::Result,
    store,
    usecases::{actor::Actor, permissions::Permission},
};

/// A place that a new tenant can be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What stands in a form.
    pub value: String,
    /// Its words.
    pub title: String,
    /// How full it is.
    pub hint: String,
}

/// The places that somebody who creates tenants can choose from; empty where there is only one.
pub async fn choices(app: &App, actor: &Actor) -> Result<Vec<Choice>> {
    actor.must(Permission::CreateTenants)?;
    let servers = store::servers::all(&mut *app.store.read().await?).await?;
    if servers.is_empty() {
        return Ok(Vec::new());
    }
    let mut choices = vec![Choice {
        value: String::new(),
        title: "Choose for me".into(),
        hint: "On the server that has the most room.".into(),
    }];
    let mut regions: Vec<&String> = servers.iter().filter_map(|server| server.room.region.as_ref()).collect();
    regions.sort();
    regions.dedup();
    if regions.len() > 1 {
        choices.extend(regions.into_iter().map(|region| Choice {
            value: format!("among::{region}"),
            title: format!("Somewhere in {region}"),
            hint: format!("On the server with the label {region} that has the most room."),
        }));
    }
    choices.extend(servers.iter().filter(|server| !server.is_draining && !server.is_full()).map(|server| {
        Choice {
            value: format!("server:{}", server.name),
            title: format!("Server {}", server.name),
            hint: places(server),
        }
    }));
    choices.push(Choice {
        value: "own".into(),
        title: "Beside Tenantry itself".into(),
        hint: "In a file of its own, on the machine that this program runs on.".into(),
    });
    Ok(choices)
}
