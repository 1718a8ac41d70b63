//! Which server a new tenant is placed on: by what was asked for, then by how much of its share each server has already.

use crate::{
    engine::server::Product,
    store::{self, Connection, StoreError, servers::Server},
};
use std::{cmp::Ordering, fmt, str::FromStr};
use uuid::Uuid;

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Wish {
    /// Nothing in particular: a server, where there is any, and the engine inside the program where there is none.
    #[default]
    Anywhere,
    /// The engine inside the program.
    Own,
    /// A server, by its name.
    Server(String),
    /// Any server of this product and with this label, where they are said.
    Among {
        /// What it runs.
        product: Option<Product>,
        /// Its label.
        region: Option<String>,
    },
}

impl Wish {
    /// Whether another server does as well, where the first cannot be reached.
    pub fn is_open(&self) -> bool {
        matches!(self, Wish::Anywhere | Wish::Among { .. })
    }

    fn allows(&self, server: &Server) -> bool {
        match self {
            Wish::Anywhere => true,
            Wish::Own => false,
            Wish::Server(name) => server.name == *name,
            Wish::Among { product, region } => {
                product.is_none_or(|product| server.product == product)
                    && region.as_ref().is_none_or(|region| server.room.region.as_ref() == Some(region))
            }
        }
    }
}

/// As a form and a job have it: ``, `own`, `server:eu-1`, `among:postgres:eu`.
impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wish::Anywhere => Ok(()),
            Wish::Own => f.write_str("own"),
            Wish::Server(name) => write!(f, "server:{name}"),
            Wish::Among { product, region } => write!(
                f,
                "among:{}:{}",
                product.map(Product::word).unwrap_or_default(),
                region.as_deref().unwrap_or_default()
            ),
        }
    }
}

impl FromStr for Wish {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("unknown place {text}");
        if text.is_empty() {
            return Ok(Wish::Anywhere);
        }
        if text == "own" {
            return Ok(Wish::Own);
        }
        if let Some(name) = text.strip_prefix("server:") {
            return Ok(Wish::Server(name.to_owned()));
        }
        let (product, region) =
            text.strip_prefix("among:").and_then(|rest| rest.split_once(':')).ok_or_else(unknown)?;
        Ok(Wish::Among {
            product: if product.is_empty() { None } else { Some(product.parse()?) },
            region: Some(region.to_owned()).filter(|region| !region.is_empty()),
        })
    }
}

/// Where a tenant goes.
#[derive(Debug, Clone)]
pub enum Place {
    /// On the engine inside the program.
    Own,
    /// On a server.
    On(Box<Server>),
}

impl Place {
    /// The server's id.
    pub fn server_id(&self) -> Option<Uuid> {
        match self {
            Place::Own => None,
            Place::On(server) => Some(server.id),
        }
    }
}

/// Why there is no place: a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoPlace(pub String);

/// The place for a wish among servers; `without` cannot be reached.
pub fn choose(wish: &Wish, servers: &[Server], without: Option<Uuid>) -> Result<Place, NoPlace> {
    if *wish == Wish::Own || (*wish == Wish::Anywhere && servers.is_empty()) {
        return Ok(Place::Own);
    }
    let allowed: Vec<&Server> = servers.iter().filter(|server| wish.allows(server)).collect();
    let mut takes: Vec<&&Server> = allowed
        .iter()
        .filter(|server| !server.is_draining && !server.is_full() && Some(server.id) != without)
        .collect();
    takes.sort_by(|one, other| by_load(one, other));
    match takes.first() {
        Some(server) => Ok(Place::On(Box::new((**server).clone()))),
        None => Err(NoPlace(why_none(wish, &allowed, without))),
    }
}

/// Those that work first, then those with the smallest part of their share.
fn by_load(one: &Server, other: &Server) -> Ordering {
    let load = |of: &Server, by: &Server| u64::from(of.tenants) * u64::from(by.room.weight.max(1));
    one.is_in_trouble()
        .cmp(&other.is_in_trouble())
        .then(load(one, other).cmp(&load(other, one)))
        .then(one.name.cmp(&other.name))
}

fn why_none(wish: &Wish, allowed: &[&Server], without: Option<Uuid>) -> String {
    match (wish, allowed) {
        (Wish::Server(name), []) => {
            format!("There is no server {name}. Choose one of the list.")
        }
        (Wish::Server(name), [server, ..]) if server.is_draining => {
            format!("The server {name} takes no new tenants. Choose another one.")
        }
        (Wish::Server(name), [server, ..]) if server.is_full() => format!(
            "The server {name} is full: {} of {} places are used. Choose another one, or ask an administrator to raise its capacity.",
            server.tenants,
            server.room.capacity.unwrap_or_default()
        ),
        (_, []) => "There is no server of this kind. Choose another one.".into(),
        _ if without.is_some() => "No other server has a place.".into(),
        _ => "Every server of this kind is full, or takes no new tenants. Choose another place, or ask an administrator to add a server."
            .into(),
    }
}

/// The place for a wish, as the servers are at this moment.
pub async fn find(
    connection: &mut Connection,
    wish: &Wish,
    without: Option<Uuid>,
) -> Result<Result<Place, NoPlace>, StoreError> {
    if *wish == Wish::Own {
        return Ok(Ok(Place::Own));
    }
    Ok(choose(wish, &store::servers::all(connection).await?, without))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::server::{Isolation, TlsMode},
        store::servers::{Access, Room, Tried},
    };

    fn server(name: &str, tenants: u32) -> Server {
        Server {
            id: Uuid::new_v4(),
            name: name.to_owned(),
            product: Product::MariaDb,
            access: Access {
                host: "db".into(),
                port: 3306,
                admin_name: "admin".into(),
                admin_password: String::new(),
                admin_database: None,
                tls_mode: TlsMode::Prefer,
                tls_authority: None,
            },
            room: Room { region: None, capacity: None, weight: 100, connections: 20 },
            isolation: Isolation::Database,
            is_draining: false,
            tried: None,
            changed_ms: 0,
            created_ms: 0,
            tenants,
        }
    }

    fn chosen(wish: &Wish, servers: &[Server], without: Option<Uuid>) -> String {
        match choose(wish, servers, without) {
            Ok(Place::Own) => "own".into(),
            Ok(Place::On(server)) => server.name,
            Err(NoPlace(reason)) => reason,
        }
    }

    #[test]
    fn the_server_with_the_smallest_part_of_its_share_is_next() {
        let anywhere = Wish::Anywhere;
        assert_eq!(chosen(&anywhere, &[], None), "own");
        let mut servers = [server("a", 10), server("b", 9)];
        assert_eq!(chosen(&anywhere, &servers, None), "b");
        servers[0].room.weight = 200;
        assert_eq!(chosen(&anywhere, &servers, None), "a");
        servers[0].room.capacity = Some(10);
        assert_eq!(chosen(&anywhere, &servers, None), "b", "a is full");
        let without = Some(servers[1].id);
        assert_eq!(chosen(&anywhere, &servers, without), "No other server has a place.");
        servers[1].is_draining = true;
        assert!(chosen(&anywhere, &servers, None).contains("Every server"));
    }

    #[test]
    fn a_server_in_trouble_comes_last() {
        let mut servers = [server("a", 0), server("b", 100)];
        servers[0].tried =
            Some(Tried { tried_ms: 1, product: None, problem: Some("down".into()), scratch: None });
        assert_eq!(chosen(&Wish::Anywhere, &servers, None), "b");
        servers[1].is_draining = true;
        assert_eq!(chosen(&Wish::Anywhere, &servers, None), "a");
    }

    #[test]
    fn a_wish_is_met_or_told_why_not() {
        let mut servers = [server("eu-1", 3), server("us-1", 0)];
        servers[0].room.region = Some("eu".into());
        servers[1].product = Product::Postgres;
        let eu = Wish::Among { product: None, region: Some("eu".into()) };
        assert_eq!(chosen(&eu, &servers, None), "eu-1");
        let postgres = Wish::Among { product: Some(Product::Postgres), region: None };
        assert_eq!(chosen(&postgres, &servers, None), "us-1");
        assert!(chosen(&Wish::Server("nowhere".into()), &servers, None).contains("no server nowhere"));
        servers[0].room.capacity = Some(3);
        assert!(chosen(&Wish::Server("eu-1".into()), &servers, None).contains("3 of 3 places"));
        servers[0].is_draining = true;
        assert!(chosen(&Wish::Server("eu-1".into()), &servers, None).contains("takes no new tenants"));
        assert!(
            chosen(&Wish::Among { product: None, region: Some("mars".into()) }, &servers, None)
                .contains("no server of this kind")
        );
    }

    #[test]
    fn a_wish_survives_its_text() {
        for wish in [
            Wish::Anywhere,
            Wish::Own,
            Wish::Server("eu-1".into()),
            Wish::Among { product: Some(Product::Postgres), region: None },
            Wish::Among { product: None, region: Some("eu:west".into()) },
        ] {
            assert_eq!(wish.to_string().parse(), Ok(wish));
        }
        assert!("elsewhere".parse::<Wish>().is_err());
    }
}
