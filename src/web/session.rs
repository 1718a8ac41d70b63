//! Sessions of signed-in browsers: actix-session over a store of ours in the control database, so that a session can be
//! ended on the server. The cookie holds a random token; the database only its hash.

use super::address;
use crate::{
    app::App,
    store::{
        Connection,
        sessions::{self, Session as Kept},
        users,
    },
    usecases::{
        accounts::{new_token, token_hash},
        actor::Actor,
        sessions::{BROWSERS_KEPT_MS, LONGEST_MS, end_of},
    },
};
use actix_session::{
    Session, SessionExt, SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy},
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, Key, SameSite, time::Duration},
    http::header,
};
use serde::de::DeserializeOwned;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// The name under which the person's id is kept.
pub const PERSON: &str = "person";
/// The name under which a message for the next page is kept.
pub const FLASH: &str = "flash";
/// The name under which the session's own mark is kept.
const MARK: &str = "mark";
/// The names under which the browser and its address are kept, as they were at signing in.
const AGENT: &str = "agent";
const ADDRESS: &str = "address";

/// The store behind actix-session. It decides when a session ends; the cookie only has to live as long as the longest.
#[derive(Clone)]
pub struct ControlStore {
    app: App,
    /// When the end of a session was last looked at, by the hash of its token.
    looked_at: Arc<Mutex<HashMap<String, i64>>>,
}

/// Sessions in which nobody is signed in that are kept at most; each holds a form of up to 64 KB.
pub const MOST_ANONYMOUS: u32 = 500;

/// How long the end of a session is not looked at again, in milliseconds.
const LOOK_AGAIN_MS: i64 = 30_000;
/// How many sessions are remembered for that.
const MOST_REMEMBERED: usize = 10_000;

type State = HashMap<String, String>;

/// actix-session keeps each value as JSON.
fn value<T: DeserializeOwned>(state: &State, name: &str) -> Option<T> {
    state.get(name).and_then(|json| serde_json::from_str(json).ok())
}

impl ControlStore {
    /// The store of this process.
    pub fn new(app: App) -> Self {
        ControlStore { app, looked_at: Arc::default() }
    }

    /// Whether the end of a session was looked at a moment ago; if not, it is now.
    fn was_looked_at(&self, hash: &str, now: i64) -> bool {
        let mut looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if looked_at.get(hash).is_some_and(|at| (0..LOOK_AGAIN_MS).contains(&(now - at))) {
            return true;
        }
        if looked_at.len() >= MOST_REMEMBERED {
            looked_at.clear();
        }
        looked_at.insert(hash.to_owned(), now);
        false
    }

    async fn add(&self, token: &str, state: State) -> Result<(), anyhow::Error> {
        let now = self.app.now_ms();
        let mut write = self.app.store.write().await?;
        let person: Option<Uuid> = value(&state, PERSON);
        let kept = Kept {
            token_hash: token_hash(token),
            user_id: person,
            mark: value(&state, MARK),
            agent: value(&state, AGENT),
            address: value(&state, ADDRESS),
            expires_ms: end_of(role(&mut write, person).await?, now, now),
            state,
        };
        sessions::add(&mut write, &kept, now).await?;
        if person.is_none() {
            sessions::bound_anonymous(&mut write, MOST_ANONYMOUS).await?;
        }
        Ok(write.commit().await?)
    }
}

async fn role(
    connection: &mut Connection,
    person: Option<Uuid>,
) -> Result<Option<users::Role>, anyhow::Error> {
    let Some(id) = person else { return Ok(None) };
    Ok(users::by_id(connection, id).await?.map(|user| user.role))
}

impl SessionStore for ControlStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let load = async {
            let mut read = self.app.store.read().await?;
            Ok::<_, anyhow::Error>(
                sessions::load(&mut read, &token_hash(key.as_ref()), self.app.now_ms()).await?,
            )
        };
        load.await.map_err(LoadError::Other)
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let token = new_token();
        self.add(&token, state).await.map_err(SaveError::Other)?;
        token.try_into().map_err(|_| SaveError::Other(anyhow::anyhow!("the token is too long")))
    }

    async fn update(&self, key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        let update = async {
            let mut write = self.app.store.write().await?;
            sessions::update(&mut write, &token_hash(key.as_ref()), value(&state, PERSON), &state).await?;
            Ok::<_, anyhow::Error>(write.commit().await?)
        };
        update.await.map_err(UpdateError::Other)?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        // Every request comes here; a session's end is only moved, with a write, once a minute.
        let hash = token_hash(key.as_ref());
        let now = self.app.now_ms();
        if self.was_looked_at(&hash, now) {
            return Ok(());
        }
        let Some(life) = sessions::life(&mut *self.app.store.read().await?, &hash).await? else {
            return Ok(());
        };
        let ends = end_of(life.role, life.created_ms, now);
        if life.expires_ms > ends - 60_000 {
            return Ok(());
        }
        let mut write = self.app.store.write().await?;
        sessions::extend(&mut write, &hash, now, ends).await?;
        Ok(write.commit().await?)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let mut write = self.app.store.write().await?;
        sessions::end(&mut write, &token_hash(key.as_ref())).await?;
        Ok(write.commit().await?)
    }
}

/// Makes a session the person's: a new token, so that one that was planted before is worth nothing.
pub fn enter(request: &HttpRequest, app: &App, actor: &Actor) -> Result<(), anyhow::Error> {
    let session = request.get_session();
    session.renew();
    if let Some(id) = actor.id() {
        let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let agent: String = agent.unwrap_or_default().chars().take(300).collect();
        session.insert(PERSON, id)?;
        session.insert(MARK, app.new_id())?;
        session.insert(AGENT, agent)?;
        session.insert(ADDRESS, address::of(request, app))?;
    }
    Ok(())
}

/// The mark of the session of this request.
pub fn mark(session: &Session) -> Option<Uuid> {
    session.get(MARK).ok().flatten()
}

fn browser_cookie(app: &App) -> &'static str {
    if is_https(app) { "__Host-browser" } else { "tenantry_browser" }
}

/// The token by which the browser of this request is known, where it brought one.
pub fn known_browser(request: &HttpRequest, app: &App) -> Option<String> {
    request.cookie(browser_cookie(app)).map(|cookie| cookie.value().to_owned())
}

/// Gives the browser the token by which it is known from now on: signing in there is not held up by wrong passwords that
/// strangers type elsewhere. The token opens nothing.
pub fn make_known(answer: &mut HttpResponse, app: &App, token: String) -> Result<(), anyhow::Error> {
    let cookie = Cookie::build(browser_cookie(app), token)
        .path("/")
        .secure(is_https(app))
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(Duration::milliseconds(BROWSERS_KEPT_MS))
        .finish();
    Ok(answer.add_cookie(&cookie)?)
}

/// Whether people reach the program over https, as far as the settings say.
pub fn is_https(app: &App) -> bool {
    app.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

/// The middleware. Over https the cookie is `__Host-session`; a plain address gets another name and no `Secure`.
pub fn middleware(app: &App, key: Key) -> SessionMiddleware<ControlStore> {
    let secure = is_https(app);
    SessionMiddleware::builder(ControlStore::new(app.clone()), key)
        .cookie_name(if secure { "__Host-session" } else { "tenantry_session" }.to_owned())
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(
            PersistentSession::default()
                .session_ttl(Duration::milliseconds(LONGEST_MS))
                .session_ttl_extension_policy(TtlExtensionPolicy::OnEveryRequest),
        )
        .build()
}
