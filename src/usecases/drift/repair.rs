//! Putting back what differs: the SQL that is shown first, and the job that runs what was approved.

use super::{
    super::{
        actor::Actor,
        life::{self, Asked, Started},
        permissions::Permission,
        tenants::find,
    },
    cannot, target,
    target::Target,
};
use crate::{
    app::App,
    apply::drift::{self as apply, repair},
    error::{Error, Result},
    store::{
        drift::fleet::{Member, State},
        tenants::{Status, Tenant},
    },
    usecases::tenant_trouble::no_engine,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What putting differences back comes to, with the tenants for which it is the same.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The plan.
    pub plan: repair::Plan,
    /// Its fingerprint, which is what is approved.
    pub hash: String,
    /// The tenants.
    pub tenants: Vec<Whom>,
}

/// A tenant that a plan is for.
#[derive(Debug, Clone)]
pub struct Whom {
    /// The tenant.
    pub id: Uuid,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// States of databases whose SQL is worked out together. Tenants in others are named, and have their turn afterwards.
const STATES: usize = 25;

/// Tenants that are asked, one after the other, where the first of a state cannot be looked at.
const TRIES: usize = 3;

const NOTHING: &str =
    "There is nothing to put back any more, or nothing that can be put back by itself. Check it again.";

/// What putting differences back comes to now: one plan for all tenants with the same SQL, the largest first; and tenants for
/// which it cannot be done, with why. Changes nothing. Of tenants whose databases were found to be the same, one is looked at;
/// the others are held to its SQL when their turn comes.
pub async fn plans(
    app: &App,
    actor: &Actor,
    target: Target<'_>,
    chosen: &[String],
) -> Result<(Vec<Planned>, Vec<(String, String)>)> {
    actor.must(Permission::RepairDrift)?;
    let first = chosen.first().ok_or_else(|| {
        Error::invalid(BTreeMap::from([("differences", "Choose at least one difference.".to_owned())]))
    })?;
    let chosen: BTreeSet<String> = chosen.iter().cloned().collect();
    let mut all = Plans::default();
    match target {
        Target::Tenant(slug) => {
            let tenant = find(app, actor, slug).await?;
            let made = plan_of(app, &tenant, &chosen).await;
            all.add(made, vec![Whom { id: tenant.id, slug: tenant.slug, name: tenant.name }]);
        }
        Target::Group(only) => {
            let mut states: BTreeMap<State, Vec<Member>> = BTreeMap::new();
            for member in target::members(app, first, only, false).await? {
                if member.status == Status::Active {
                    states.entry(member.found.clone()).or_default().push(member);
                } else {
                    let why = not_open(&member.name, member.status);
                    all.refused.push((member.name, why));
                }
            }
            let mut states: Vec<Vec<Member>> = states.into_values().collect();
            states.sort_by_key(|members| std::cmp::Reverse(members.len()));
            for members in states.drain(..states.len().min(STATES)) {
                let made = plan_of_some(app, &members, &chosen).await?;
                let whom = |member: Member| Whom { id: member.id, slug: member.slug, name: member.name };
                all.add(made, members.into_iter().map(whom).collect());
            }
            all.refused.extend(states.into_iter().flatten().map(|member| {
                let later = "Its database is in a state of its own. Its SQL is shown when the ones here are done, or on its own page.";
                (member.name, later.to_owned())
            }));
        }
    }
    Ok(all.in_order())
}

#[derive(Default)]
struct Plans {
    made: BTreeMap<String, Planned>,
    refused: Vec<(String, String)>,
}

impl Plans {
    fn add(&mut self, made: Result<repair::Plan>, tenants: Vec<Whom>) {
        let why = match made {
            Ok(plan) if plan.statements.is_empty() => NOTHING.to_owned(),
            Ok(plan) => {
                let hash = plan.hash();
                let place = self.made.entry(hash.clone());
                let planned = place.or_insert_with(|| Planned { plan, hash, tenants: Vec::new() });
                return planned.tenants.extend(tenants);
            }
            Err(error) => error.message,
        };
        self.refused.extend(tenants.into_iter().map(|tenant| (tenant.name, why.clone())));
    }

    fn in_order(self) -> (Vec<Planned>, Vec<(String, String)>) {
        let mut plans: Vec<Planned> = self.made.into_values().collect();
        plans.sort_by_key(|planned| std::cmp::Reverse(planned.tenants.len()));
        (plans, self.refused)
    }
}

/// The plan of one of the tenants: that of the first that can be looked at.
async fn plan_of_some(
    app: &App,
    members: &[Member],
    chosen: &BTreeSet<String>,
) -> Result<Result<repair::Plan>> {
    let ids: Vec<Uuid> = members.iter().take(TRIES).map(|member| member.id).collect();
    let mut answer = Err(Error::conflict(NOTHING));
    for tenant in target::those(app, &ids).await? {
        answer = plan_of(app, &tenant, chosen).await;
        if answer.as_ref().is_ok_and(|plan| !plan.statements.is_empty()) {
            break;
        }
    }
    Ok(answer)
}

async fn plan_of(app: &App, tenant: &Tenant, chosen: &BTreeSet<String>) -> Result<repair::Plan> {
    if tenant.status != Status::Active {
        return Err(Error::conflict(not_open(&tenant.name, tenant.status)));
    }
    let engine = app.engines.of(tenant).await.map_err(|cause| no_engine(&cause))?;
    let expected = apply::expected(app, engine.as_ref(), tenant).await.map_err(cannot)?;
    let found = apply::look(engine.as_ref(), tenant).await.map_err(cannot)?;
    repair::plan(engine.as_ref(), &expected, &found, chosen)
        .map_err(|why| Error::conflict(format!("This cannot be put back by itself: {why}")))
}

fn not_open(name: &str, status: Status) -> String {
    format!(
        "{name} is {}. Its structure can be put right when it is in use again.",
        life::state_words(status)
    )
}

/// What is asked of a job.
pub(super) fn wish(
    actor: &Actor,
    chosen: &[String],
    (approved, with_snapshot): (&str, bool),
) -> repair::Wish {
    repair::Wish {
        differences: chosen.to_vec(),
        plan: approved.to_owned(),
        with_snapshot,
        by: actor.doer().name,
        statements: None,
    }
}

/// Puts differences of a tenant back with the SQL that was approved, as a job. Where it would be other SQL by then, nothing is
/// changed, and the job says so.
pub async fn repair(
    app: &App,
    actor: &Actor,
    slug: &str,
    chosen: &[String],
    approved: (&str, bool),
) -> Result<Started> {
    actor.must(Permission::RepairDrift)?;
    if chosen.is_empty() {
        return Err(Error::unusable("Choose what is to be put back."));
    }
    let slug = find(app, actor, slug).await?.slug;
    life::ask_for_repair(app, actor, Asked::from(&slug), &wish(actor, chosen, approved)).await
}

/// The tenants with a difference that need exactly the SQL that was approved.
pub(super) async fn approved_for(
    app: &App,
    actor: &Actor,
    target: Target<'_>,
    id: &str,
    approved: &str,
) -> Result<Vec<Uuid>> {
    let (plans, _) = plans(app, actor, target, &[id.to_owned()]).await?;
    let planned = plans.into_iter().find(|planned| planned.hash == approved).ok_or_else(|| {
        Error::conflict(
            "No tenant needs the SQL that was approved any more. Nothing was changed. Look at the SQL that is needed now.",
        )
    })?;
    Ok(planned.tenants.into_iter().map(|tenant| tenant.id).collect())
}
