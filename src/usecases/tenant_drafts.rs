//! Describing a new tenant one question at a time. The answers are kept in a draft, so that going back, another window or
//! another day lose nothing; the draft's id is what makes sending it twice the same as sending it once.

use super::{
    actor::Actor,
    permissions::Permission,
    servers,
    templates::{self, Choice, Offer},
    tenants::{self, CreateForm, Created},
};
use crate::{
    app::App,
    apply::provision,
    digest::sha256_hex,
    error::{Error, Result},
    store::{
        self,
        tenant_drafts::Draft,
        tenants::{Plan, Tenant},
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A draft that nobody went on with is forgotten after so many days.
pub const KEPT_DAYS: i64 = 14;
pub(super) const KEPT_MS: i64 = KEPT_DAYS * 86_400_000;
/// Unfinished drafts that are shown at most.
const MOST_SHOWN: u32 = 20;

/// A question, or the page with all answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Who is it for?
    Customer,
    /// Which template?
    Template,
    /// Which extras?
    Extras,
    /// Which plan?
    Plan,
    /// Where will it live?
    Place,
    /// Are the answers right?
    Check,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Step; 6] =
        [Step::Customer, Step::Template, Step::Extras, Step::Plan, Step::Place, Step::Check];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Step::Customer => "who",
            Step::Template => "template",
            Step::Extras => "extras",
            Step::Plan => "plan",
            Step::Place => "where",
            Step::Check => "check",
        }
    }
}

impl std::str::FromStr for Step {
    type Err = String;
    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Step::ALL.into_iter().find(|step| step.word() == word).ok_or(format!("unknown step {word}"))
    }
}

/// A draft with what there is to choose from.
#[derive(Debug, Clone)]
pub struct Described {
    /// The answers so far.
    pub draft: Draft,
    /// What tenants can be made from.
    pub offers: Vec<Offer>,
    /// Where its database can be; empty where there is only one place.
    pub places: Vec<servers::Choice>,
}

impl Described {
    /// The chosen template, where one is chosen that is still offered.
    pub fn offer(&self) -> Option<&Offer> {
        let chosen = self.draft.template.as_deref()?;
        self.offers.iter().find(|offer| offer.version.template_type == chosen)
    }

    /// The ticked extras of the chosen template; `None` where it has not been answered for, or no longer has them.
    pub fn extras(&self) -> Option<&[String]> {
        let offer = self.offer()?;
        let ticked = self.draft.modules.get(&offer.version.template_type)?;
        let is_there = |name: &String| offer.modules.iter().any(|module| module.name == *name);
        ticked.iter().all(is_there).then_some(ticked.as_slice())
    }

    /// The chosen place, where one is chosen that is still offered.
    pub fn place(&self) -> Option<&servers::Choice> {
        let chosen = self.draft.place.as_deref()?;
        self.places.iter().find(|place| place.value == chosen)
    }

    /// The steps of this draft. A template without extras does not ask for them, and one place is not asked for.
    pub fn steps(&self) -> Vec<Step> {
        let has_extras = self.offer().is_none_or(|offer| offer.modules.iter().any(|module| !module.is_core));
        let asks = |step: &Step| match step {
            Step::Extras => has_extras,
            Step::Place => !self.places.is_empty(),
            _ => true,
        };
        Step::ALL.into_iter().filter(asks).collect()
    }

    fn is_answered(&self, step: Step) -> bool {
        match step {
            Step::Customer => true,
            Step::Template => self.offer().is_some(),
            Step::Extras => self.extras().is_some(),
            Step::Plan => self.draft.plan.is_some(),
            Step::Place => self.place().is_some(),
            Step::Check => false,
        }
    }

    /// The first step without an answer.
    pub fn next(&self) -> Step {
        self.steps().into_iter().find(|step| !self.is_answered(*step)).unwrap_or(Step::Check)
    }

    /// Whether everything before a step is answered.
    pub fn may_be_at(&self, step: Step) -> bool {
        let steps = self.steps();
        let place = |wanted: Step| steps.iter().position(|step| *step == wanted);
        place(step).zip(place(self.next())).is_some_and(|(wanted, open)| wanted <= open)
    }
}

/// What is at a draft's address.
#[derive(Debug, Clone)]
pub enum Found {
    /// Somebody is still describing it.
    Open(Box<Described>),
    /// It has become this tenant.
    Made(Box<Tenant>),
}

/// An answer to one question, as it was typed.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Who it is for.
    Customer {
        /// The tenant's name.
        name: String,
        /// The owner's e-mail.
        email: String,
        /// What there is to say about it; may be empty.
        note: String,
    },
    /// The template type.
    Template(String),
    /// The ticked extras.
    Extras(Vec<String>),
    /// The plan.
    Plan(String),
    /// Where it is to live.
    Place(String),
}

/// What a new draft has from the start.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// A template that was chosen beforehand; empty for none.
    pub template: String,
    /// The slug of a tenant whose template, extras and plan are taken over; empty for none.
    pub like: String,
}

fn gone() -> Error {
    Error::not_found(format!(
        "This unfinished tenant is not there any more: it was thrown away, or nobody went on with it for {KEPT_DAYS} days. Create a tenant to begin anew."
    ))
}

fn maker(actor: &Actor) -> Result<Uuid> {
    actor.must(Permission::CreateTenants)?;
    actor.id().ok_or_else(|| Error::unusable("Only a person who is signed in has unfinished tenants."))
}

async fn find_draft(app: &App, actor: &Actor, id: Uuid) -> Result<Option<Draft>> {
    let maker = maker(actor)?;
    let mut read = app.store.read().await?;
    Ok(store::tenant_drafts::find(&mut read, id, maker, app.now_ms() - KEPT_MS).await?)
}

async fn described(app: &App, actor: &Actor, draft: Draft) -> Result<Described> {
    Ok(Described {
        draft,
        offers: templates::offers(app, actor).await?,
        places: servers::choices(app, actor).await?,
    })
}

/// How many questions a new tenant usually takes, the last page included.
pub async fn usual_steps(app: &App, actor: &Actor) -> Result<usize> {
    let asks = !servers::choices(app, actor).await?.is_empty();
    Ok(Step::ALL.len() - usize::from(!asks))
}

/// What is at a draft's address: the draft, or the tenant that it has become. Somebody else's draft is not there.
pub async fn find(app: &App, actor: &Actor, id: Uuid) -> Result<Found> {
    // The draft first: it goes in the very moment in which its tenant comes, so one of the two is always found.
    if let Some(draft) = find_draft(app, actor, id).await? {
        return Ok(Found::Open(Box::new(described(app, actor, draft).await?)));
    }
    match tenants::requested_before(app, id).await? {
        Some(made) => Ok(Found::Made(Box::new(made.tenant))),
        None => Err(gone()),
    }
}

/// The actor's unfinished drafts, the last one first.
pub async fn unfinished(app: &App, actor: &Actor) -> Result<Vec<Draft>> {
    let maker = maker(actor)?;
    let mut read = app.store.read().await?;
    Ok(store::tenant_drafts::of_maker(&mut read, maker, app.now_ms() - KEPT_MS, MOST_SHOWN).await?)
}

/// Begins a draft with its first answer. Sent twice, the second time changes the answer and nothing else.
pub async fn begin(app: &App, actor: &Actor, id: Uuid, customer: Answer, start: Start) -> Result<Found> {
    let maker = maker(actor)?;
    if find_draft(app, actor, id).await?.is_some() || tenants::requested_before(app, id).await?.is_some() {
        return put(app, actor, id, customer).await;
    }
    let mut draft = Draft {
        id,
        maker,
        name: String::new(),
        email: String::new(),
        note: None,
        template: Some(start.template).filter(|template| !template.is_empty()),
        modules: BTreeMap::new(),
        plan: None,
        place: None,
        changed_ms: 0,
    };
    if !start.like.is_empty() {
        let like = tenants::find(app, actor, &start.like).await?;
        draft.modules.insert(like.template_type.clone(), like.modules);
        draft.template = Some(like.template_type);
        draft.plan = Some(like.plan);
    }
    let mut described = described(app, actor, draft).await?;
    answer(&mut described, customer)?;
    keep(app, described).await
}

/// Takes an answer. An answer to a question that has not been reached yet is refused.
pub async fn put(app: &App, actor: &Actor, id: Uuid, given: Answer) -> Result<Found> {
    let mut described = match find(app, actor, id).await? {
        Found::Open(described) => *described,
        made @ Found::Made(_) => return Ok(made),
    };
    let step = match &given {
        Answer::Customer { .. } => Step::Customer,
        Answer::Template(_) => Step::Template,
        Answer::Extras(_) => Step::Extras,
        Answer::Plan(_) => Step::Plan,
        Answer::Place(_) => Step::Place,
    };
    if !described.may_be_at(step) {
        return Err(Error::conflict("Answer the questions before this one first."));
    }
    answer(&mut described, given)?;
    keep(app, described).await
}

fn answer(described: &mut Described, given: Answer) -> Result<()> {
    let field = |name: &'static str, text: &str| Error::invalid(BTreeMap::from([(name, text.to_owned())]));
    match given {
        Answer::Customer { name, email, note } => {
            let customer = tenants::customer(&name, &email, &note).map_err(Error::invalid)?;
            let draft = &mut described.draft;
            (draft.name, draft.email, draft.note) = (customer.name, customer.email, customer.note);
        }
        Answer::Template(template) => {
            if !described.offers.iter().any(|offer| offer.version.template_type == template) {
                return Err(field("template", "Choose a template."));
            }
            described.draft.template = Some(template);
        }
        Answer::Extras(names) => {
            let Some(offer) = described.offer() else {
                return Err(Error::conflict("Choose a template first."));
            };
            let is_there = |name: &String| offer.modules.iter().any(|module| module.name == *name);
            if !names.iter().all(is_there) {
                return Err(field("module", "Choose from the extras of this template."));
            }
            let template = offer.version.template_type.clone();
            described.draft.modules.insert(template, names);
        }
        Answer::Plan(word) => match word.parse::<Plan>() {
            Ok(plan) => described.draft.plan = Some(plan),
            Err(_) => return Err(field("plan", "Choose a plan.")),
        },
        Answer::Place(value) => {
            if !described.places.iter().any(|place| place.value == value) {
                return Err(field("place", "This place is not there any more. Choose another one."));
            }
            described.draft.place = Some(value);
        }
    }
    Ok(())
}

async fn keep(app: &App, mut described: Described) -> Result<Found> {
    described.draft.changed_ms = app.now_ms();
    let mut write = app.store.write().await?;
    let is_kept = store::tenant_drafts::save(&mut write, &described.draft).await?;
    // Another window may have sent the draft since it was read: then its tenant is what there is.
    let made = store::tenants::by_request(&mut write, described.draft.id).await?;
    if let Some(tenant) = made {
        return Ok(Found::Made(Box::new(tenant)));
    }
    if !is_kept {
        return Err(gone());
    }
    write.commit().await?;
    Ok(Found::Open(Box::new(described)))
}

/// Everything that was answered, and what will come of it.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The draft.
    pub described: Described,
    /// The template version with the extras and what they need.
    pub choice: Choice,
    /// The plan.
    pub plan: Plan,
    /// The extras by title, each with whether it comes along because another one needs it.
    pub extras: Vec<(String, bool)>,
    /// The address that the tenant would get now.
    pub address: String,
    /// What will be done, in order.
    pub steps: Vec<String>,
    /// Stands for exactly these answers: what is created must be what was seen.
    pub seen: String,
}

/// The answers of a draft that is complete; of another one, the way to its open question.
pub async fn check(app: &App, described: Described) -> Result<Answers> {
    let (Some(offer), Some(plan)) = (described.offer(), described.draft.plan) else {
        return Err(Error::conflict("Answer the questions before this one first."));
    };
    let ticked = described.extras().unwrap_or_default().to_vec();
    let choice = templates::choose(app, &offer.version.template_type, &ticked).await?;
    let title = |name: &String| {
        offer
            .modules
            .iter()
            .find(|module| module.name == *name)
            .map_or_else(|| name.clone(), |module| module.title.clone())
    };
    let extras = choice.modules.iter().map(|name| (title(name), !ticked.contains(name))).collect();
    let draft = &described.draft;
    let parts =
        [&draft.name, &draft.email, draft.note.as_ref().unwrap_or(&String::new()), &choice.template_name]
            .map(String::clone)
            .into_iter()
            .chain([choice.version.clone(), plan.word().to_owned(), draft.place.clone().unwrap_or_default()])
            .chain(choice.modules.clone());
    Ok(Answers {
        seen: sha256_hex(serde_json::to_string(&parts.collect::<Vec<_>>()).unwrap_or_default()),
        address: tenants::likely_address(app, &draft.name).await?,
        steps: provision::steps(&choice.module_order).into_iter().map(|(_, title)| title).collect(),
        extras,
        choice,
        plan,
        described,
    })
}

/// What came of sending a draft.
#[derive(Debug, Clone)]
pub enum Sent {
    /// Its tenant: new, or the one that an earlier sending has made.
    Created(Box<Created>),
    /// The answers are no longer those that were seen (another window, a newer template version): look again.
    Changed(Box<Answers>),
    /// A question is open.
    Open(Box<Described>),
}

/// Asks for the draft's tenant. `seen` is [`Answers::seen`] of the page that the person looked at.
pub async fn create(app: &App, actor: &Actor, id: Uuid, seen: &str) -> Result<Sent> {
    let described = match find(app, actor, id).await? {
        Found::Open(described) => *described,
        Found::Made(_) => {
            let made = tenants::requested_before(app, id).await?.ok_or_else(gone)?;
            return Ok(Sent::Created(Box::new(made)));
        }
    };
    if described.next() != Step::Check {
        return Ok(Sent::Open(Box::new(described)));
    }
    let answers = check(app, described).await?;
    if answers.seen != seen {
        return Ok(Sent::Changed(Box::new(answers)));
    }
    let draft = answers.described.draft;
    let form = CreateForm {
        name: draft.name,
        email: draft.email,
        note: draft.note.unwrap_or_default(),
        plan: answers.plan.word().to_owned(),
        template: draft.template.unwrap_or_default(),
        modules: answers.choice.modules,
        place: draft.place.unwrap_or_default(),
        request_id: Some(id),
    };
    Ok(Sent::Created(Box::new(tenants::create(app, actor, form).await?)))
}

/// Throws a draft away; one that is not there any more is thrown away already.
pub async fn throw_away(app: &App, actor: &Actor, id: Uuid) -> Result<()> {
    let maker = maker(actor)?;
    let mut write = app.store.write().await?;
    store::tenant_drafts::remove(&mut write, id, maker).await?;
    Ok(write.commit().await?)
}

/// Forgets drafts that nobody went on with; gives their number.
pub async fn sweep(app: &App) -> Result<u64> {
    let mut write = app.store.write().await?;
    let swept = store::tenant_drafts::sweep(&mut write, app.now_ms() - KEPT_MS).await?;
    write.commit().await?;
    Ok(swept)
}
