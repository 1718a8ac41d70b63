//! The web application through its door, and people who use it.

use super::{Place, tenant};
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use std::net::TcpListener;
use tenantry::{
    app::App,
    store::{
        self,
        users::{Role, User},
    },
    usecases::passwords::hash_password,
    web,
};
use uuid::Uuid;

/// The password of everybody whom [`Site::add`] adds.
pub const PASSWORD: &str = "seven-lazy-llamas";

/// The web application on a free port, with a data folder of its own.
pub struct Site {
    pub place: Place,
    pub app: App,
    pub base: String,
}

impl Site {
    pub async fn start() -> Site {
        Site::start_in(Place::new()).await
    }

    /// The same in a data folder that is there already.
    pub async fn start_in(place: Place) -> Site {
        let app = place.open().await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let secret = web::secret(&app).await.unwrap();
        let for_server = app.clone();
        std::thread::spawn(move || {
            actix_web::rt::System::new()
                .block_on(async move { web::server(for_server, listener, &secret).unwrap().await })
                .unwrap();
        });
        Site { place, app, base }
    }

    /// Adds a person who signs in with [`PASSWORD`].
    pub async fn add(&self, email: &str, role: Role) -> Uuid {
        let user = User {
            id: self.app.new_id(),
            email: email.into(),
            name: email.into(),
            role,
            password_hash: hash_password(&self.app, PASSWORD).await.unwrap(),
            is_active: true,
        };
        let mut write = self.app.store.write().await.unwrap();
        store::users::add(&mut write, &user, self.app.now_ms()).await.unwrap();
        write.commit().await.unwrap();
        user.id
    }

    /// Makes a person an owner of a tenant.
    pub async fn own(&self, person: Uuid, slug: &str) {
        let id = tenant(&self.app, slug).await.id;
        let mut write = self.app.store.write().await.unwrap();
        store::owners::add(&mut write, person, id, self.app.now_ms()).await.unwrap();
        write.commit().await.unwrap();
    }

    /// The id of a person whom nothing else in a test is about.
    pub async fn somebody(&self) -> String {
        let id = self.app.new_id();
        let user = User {
            id,
            email: format!("{id}@example.org"),
            name: "Somebody".into(),
            role: Role::Staff,
            password_hash: String::new(),
            is_active: true,
        };
        let mut write = self.app.store.write().await.unwrap();
        store::users::add(&mut write, &user, self.app.now_ms()).await.unwrap();
        write.commit().await.unwrap();
        id.to_string()
    }

    pub async fn signed_in(&self, email: &str) -> Visitor<'_> {
        let visitor = self.visitor();
        let answer = visitor.post("/login", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{email} cannot sign in");
        visitor
    }

    pub fn visitor(&self) -> Visitor<'_> {
        let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
        Visitor { site: self, client }
    }
}

/// A browser with cookies of its own that follows no redirect.
pub struct Visitor<'a> {
    pub site: &'a Site,
    pub client: Client,
}

impl Visitor<'_> {
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.site.base)).send().await.unwrap()
    }

    pub async fn text(&self, path: &str) -> String {
        self.get(path).await.text().await.unwrap()
    }

    /// A form as a browser sends it.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request =
            self.client.post(format!("{}{path}", self.site.base)).header("Sec-Fetch-Site", "same-origin");
        request.form(fields).send().await.unwrap()
    }
}
