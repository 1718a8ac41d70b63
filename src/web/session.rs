//! Sessions of signed-in browsers: actix-session over a store of ours in the control database, so that a session can be
//! ended on the server. The cookie holds a random token; the database only its hash.

use crate::{
    app::App,
    store::sessions::{self, Session as Kept},
    usecases::accounts::{new_token, token_hash},
};
use actix_session::{
    SessionMiddleware,
    config::{CookieContentSecurity, PersistentSession, TtlExtensionPolicy},
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::cookie::{Key, SameSite, time::Duration};
use std::collections::HashMap;
use uuid::Uuid;

/// A session ends after so long without a request.
const IDLE: Duration = Duration::hours(12);
/// The name under which the person's id is kept.
pub const PERSON: &str = "person";
/// The name under which a message for the next page is kept.
pub const FLASH: &str = "flash";

/// The store behind actix-session.
#[derive(Clone)]
pub struct ControlStore(pub App);

type State = HashMap<String, String>;

impl ControlStore {
    fn ends(&self, ttl: &Duration) -> i64 {
        self.0.now_ms() + i64::try_from(ttl.whole_milliseconds()).unwrap_or(i64::MAX / 2)
    }

    /// actix-session keeps each value as JSON: the person's id is a JSON text.
    fn person(state: &State) -> Option<Uuid> {
        state.get(PERSON).and_then(|json| serde_json::from_str::<Uuid>(json).ok())
    }

    async fn keep(&self, token: &str, state: State, ttl: &Duration) -> Result<(), anyhow::Error> {
        let kept = Kept {
            token_hash: token_hash(token),
            user_id: Self::person(&state),
            state,
            expires_ms: self.ends(ttl),
        };
        let mut write = self.0.store.write().await?;
        sessions::save(&mut write, &kept, self.0.now_ms()).await?;
        Ok(write.commit().await?)
    }
}

impl SessionStore for ControlStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let load = async {
            let mut read = self.0.store.read().await?;
            Ok::<_, anyhow::Error>(
                sessions::load(&mut read, &token_hash(key.as_ref()), self.0.now_ms()).await?,
            )
        };
        load.await.map_err(LoadError::Other)
    }

    async fn save(&self, state: State, ttl: &Duration) -> Result<SessionKey, SaveError> {
        let token = new_token();
        self.keep(&token, state, ttl).await.map_err(SaveError::Other)?;
        token.try_into().map_err(|_| SaveError::Other(anyhow::anyhow!("the token is too long")))
    }

    async fn update(&self, key: SessionKey, state: State, ttl: &Duration) -> Result<SessionKey, UpdateError> {
        self.keep(key.as_ref(), state, ttl).await.map_err(UpdateError::Other)?;
        Ok(key)
    }

    async fn update_ttl(&self, key: &SessionKey, ttl: &Duration) -> Result<(), anyhow::Error> {
        // Every request comes here; a session's end is only moved, with a write, once a minute.
        let ends = self.ends(ttl);
        let kept = sessions::ends(&mut *self.0.store.read().await?, &token_hash(key.as_ref())).await?;
        if kept.is_none_or(|kept| kept > ends - 60_000) {
            return Ok(());
        }
        let mut write = self.0.store.write().await?;
        sessions::extend(&mut write, &token_hash(key.as_ref()), self.0.now_ms(), ends).await?;
        Ok(write.commit().await?)
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let mut write = self.0.store.write().await?;
        sessions::end(&mut write, &token_hash(key.as_ref())).await?;
        Ok(write.commit().await?)
    }
}

/// Whether people reach the program over https, as far as the settings say.
pub fn is_https(app: &App) -> bool {
    app.settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
}

/// The middleware. Over https the cookie is `__Host-session`; a plain address gets another name and no `Secure`.
pub fn middleware(app: &App, key: Key) -> SessionMiddleware<ControlStore> {
    let secure = is_https(app);
    SessionMiddleware::builder(ControlStore(app.clone()), key)
        .cookie_name(if secure { "__Host-session" } else { "tenantry_session" }.to_owned())
        .cookie_secure(secure)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(
            PersistentSession::default()
                .session_ttl(IDLE)
                .session_ttl_extension_policy(TtlExtensionPolicy::OnEveryRequest),
        )
        .build()
}
