//! A door: the web application. Handlers translate a request, call one use case, and show the result as a page; they
//! hold no logic of their own. Every address is in [`urls`] and [`routes`], every answer passes [`headers`],
//! [`csrf`], [`session`] and [`errors`].

pub mod address;
pub mod assets;
pub mod browser_words;
pub mod csrf;
pub mod download;
pub mod errors;
pub mod guard;
pub mod handlers;
pub mod headers;
pub mod health;
pub mod htmx;
pub mod pages;
pub mod picture_view;
pub mod pieces;
pub mod routes;
pub mod session;
pub mod tables;
pub mod tenant_words;
pub mod typed;
pub mod urls;
pub mod views;

use crate::{app::App, store::settings};
use actix_web::{
    App as WebApp, HttpServer,
    cookie::Key,
    dev::Server,
    middleware::from_fn,
    web::{self as actix, Data},
};
use base64::Engine;
use sha2::{Digest, Sha256};
use std::net::TcpListener;

/// The secret of this installation, from which the keys for cookies and form tokens are made; made at the first start.
pub async fn secret(app: &App) -> Result<Vec<u8>, crate::error::Error> {
    const NAME: &str = "web_secret";
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    let mut write = app.store.write().await?;
    if let Some(kept) = settings::find(&mut write, NAME).await?.and_then(|text| engine.decode(text).ok()) {
        return Ok(kept);
    }
    let bytes: [u8; 64] = rand::random();
    settings::set(&mut write, NAME, &engine.encode(bytes)).await?;
    write.commit().await?;
    Ok(bytes.to_vec())
}

/// The web server on an open listener. It does nothing before it is awaited, and reacts to no signals: its door does.
pub fn server(app: App, listener: TcpListener, secret: &[u8]) -> std::io::Result<Server> {
    let is_https = session::is_https(&app);
    let cookie_key = Key::derive_from(secret);
    let form_key = Data::new(csrf::FormKey(Sha256::digest([b"forms".as_slice(), secret].concat()).into()));
    let server = HttpServer::new(move || {
        WebApp::new()
            .app_data(Data::new(app.clone()))
            .app_data(form_key.clone())
            .app_data(actix::FormConfig::default().limit(256 * 1024))
            // Outermost last: headers see every answer, errors are rendered with the session known.
            .wrap(from_fn(typed::remember))
            .wrap(from_fn(move |request, next| csrf::protect(is_https, request, next)))
            .wrap(from_fn(errors::render))
            .wrap(session::middleware(&app, cookie_key.clone()))
            .wrap(from_fn(errors::catch_panics))
            .wrap(from_fn(move |request, next| headers::guard(is_https, request, next)))
            .configure(|config| {
                for resource in routes::resources() {
                    config.service(resource);
                }
            })
            .default_service(actix::to(errors::unknown_address))
    })
    .workers(2)
    .shutdown_timeout(20)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}
