//! Database servers.

use super::{
    Sheet,
    fixtures::{ago, inside},
};
use tenantry::web::{
    pages::{
        people::RemovePage,
        servers::{ServerFormPage, ServerPage, ServerRow, ServersPage},
    },
    pieces::{Confirm, Fact, Usage},
    urls,
    views::{Choice, Crumb, Field, FormError, Pill, Place, Shell, Tone},
};

fn shell() -> Shell {
    inside(Place::Servers).with_people(Place::Servers).with_servers(Place::Servers)
}

fn list(is_empty: bool) -> ServersPage {
    let row = |name: &str, what: &str, region: Option<&str>, places: &str, state: Pill| ServerRow {
        name: name.into(),
        href: urls::server(name),
        what: what.into(),
        region: region.map(Into::into),
        places: places.into(),
        state,
        tried: Some(ago(4)),
    };
    let rows = vec![
        row(
            "eu-1",
            "MariaDB 10.11.6 on db-1.example.org:3306",
            Some("eu"),
            "212 of 500 places used",
            Pill::new("Takes tenants", Tone::Good),
        ),
        row(
            "eu-2",
            "MariaDB 11.4.2 on db-2.example.org:3306",
            Some("eu"),
            "500 of 500 places used",
            Pill::new("Full", Tone::Warn),
        ),
        row(
            "a-server-with-a-name-of-forty-letters-xx",
            "PostgreSQL 16.4 on a-server-with-a-very-long-name.databases.internal.example.org:5432",
            Some("a-label-that-is-longer-than-most-labels"),
            "3,912 tenants",
            Pill::new("No new tenants", Tone::Quiet),
        ),
        row(
            "us-1",
            "PostgreSQL 15.7 on 10.4.0.17:5432",
            None,
            "9 of 2,000 places used",
            Pill::new("Cannot be used", Tone::Bad),
        ),
    ];
    ServersPage { shell: shell(), rows: if is_empty { Vec::new() } else { rows } }
}

fn choices(all: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    all.iter()
        .map(|(value, text)| Choice {
            value: (*value).into(),
            text: (*text).into(),
            is_chosen: *value == chosen,
        })
        .collect()
}

fn form(problem: Option<&str>) -> ServerFormPage {
    let mut access = vec![
        Field::text("host", "Name or address").with_hint("Such as db.example.org"),
        Field::text("port", "Port (optional)").with_hint("3306 for MariaDB and MySQL, 5432 for PostgreSQL"),
        Field::text("admin_name", "Account"),
        Field::password("admin_password", "Its password", "off"),
    ];
    let mut name =
        Field::text("name", "A short name").with_hint("Small letters, digits and dashes, such as eu-1");
    let mut errors = Vec::new();
    if let Some(problem) = problem {
        name = name.filled("EU 1", Some("Use small letters, digits and dashes only, at most 40.".into()));
        for field in &mut access {
            match field.name {
                "host" => field.value = "db-1.example.org".into(),
                "admin_password" => field.hint = Some("Type it again: passwords are not sent back.".into()),
                _ => {}
            }
        }
        errors.push(FormError::new("trial", problem));
        errors.extend(FormError::of(&[&name]));
    }
    ServerFormPage {
        shell: shell(),
        crumbs: vec![Crumb::new("Servers", urls::servers())],
        heading: "Add a server".into(),
        text: "It is tried out before anything is saved. Nothing on it is changed.",
        action: urls::add_server(),
        hidden: Vec::new(),
        errors,
        products: choices(&[("mariadb", "MariaDB or MySQL"), ("postgres", "PostgreSQL")], "mariadb"),
        product_error: None,
        name: Some(name),
        access,
        room: vec![
            Field::text("region", "Label (optional)").with_hint("Such as eu. Tenants can be placed by it."),
            Field::text("capacity", "Tenants at most (optional)"),
        ],
        more: vec![
            Field::text("weight", "Share")
                .with_hint("A server with 200 takes twice the tenants of one with 100.")
                .filled("100", None),
            Field::text("connections", "Connections at most").filled("20", None),
        ],
        isolation: choices(
            &[("database", "A database each"), ("schema", "A schema each, in one database")],
            "database",
        ),
        isolation_error: None,
        tls: choices(&[("off", "Not encrypted"), ("prefer", "Encrypted where the server can")], "prefer"),
        tls_error: None,
        authority: Field {
            kind: "code",
            ..Field::text("tls_authority", "Certificates that are believed (optional)")
        },
        is_more_open: problem.is_some(),
        button: "Try it out and add it",
        cancel: urls::servers(),
    }
}

fn server() -> ServerPage {
    ServerPage {
        shell: shell(),
        crumbs: vec![Crumb::new("Servers", urls::servers())],
        name: "eu-1".into(),
        product: "MariaDB or MySQL",
        state: Pill::new("Takes tenants", Tone::Good),
        problems: Vec::new(),
        tried: Some(ago(4)),
        usage: Some(Usage {
            label: "Places".into(),
            text: "212 of 500 places used".into(),
            used: 212,
            most: 500,
        }),
        places: "There are 212".into(),
        facts: vec![
            Fact::code("Address", "db-1.example.org:3306"),
            Fact::code("Account", "tenantry"),
            Fact::text("Tenants", "212 of 500 places used"),
            Fact::text("Runs", "MariaDB 10.11.6"),
            Fact::text("Label", "eu"),
            Fact::text("Share", "100"),
            Fact::text("Connections at most", "20"),
            Fact::text("Encryption", "Encrypted where the server can"),
            Fact::text("Scratch databases", "none when it was tried last"),
            Fact::time("Tried last", ago(4)),
            Fact::time("Added", ago(60_000)),
        ],
        is_draining: false,
        remove: None,
    }
}

pub fn server_pages() -> Vec<Sheet> {
    let troubled = ServerPage {
        state: Pill::new("Cannot be used", Tone::Bad),
        problems: vec![
            "The database server cannot be reached: Connection refused (os error 111)".into(),
            "The account may not create accounts. Run: GRANT CREATE USER ON *.* TO 'tenantry'@'%' WITH GRANT OPTION"
                .into(),
        ],
        ..server()
    };
    let unused = ServerPage {
        state: Pill::new("No new tenants", Tone::Quiet),
        is_draining: true,
        usage: None,
        places: "There are 0".into(),
        remove: Some(urls::server_remove("eu-1")),
        ..server()
    };
    let mut change = form(None);
    change.heading = "Change eu-1".into();
    (change.products, change.name) = (Vec::new(), None);
    let remove = RemovePage {
        shell: shell(),
        crumbs: vec![Crumb::new("Servers", urls::servers()), Crumb::new("eu-1", urls::server("eu-1"))],
        heading: "Remove eu-1 from the list".into(),
        ask: Confirm {
            action: urls::server_remove("eu-1"),
            errors: Vec::new(),
            sentence: "Tenantry forgets the server and its password. No tenant is on it.".into(),
            goes: vec!["The server in this list, with the password of its account".into()],
            stays: vec!["The server itself, and everything on it".into(), "The history".into()],
            typed: None,
            button: "Remove it from the list".into(),
            is_danger: true,
            cancel: Crumb::new("Do nothing", urls::server("eu-1")),
        },
    };
    let problem = "The server cannot be used like this. The database server cannot be reached: Connection refused (os error 111)";
    vec![
        Sheet::new("servers", "/servers", &list(false)),
        Sheet::new("servers-none", "/servers", &list(true)),
        Sheet::new("server-add", "/servers/add", &form(None)),
        Sheet::new("server-add-wrong", "/servers/add", &form(Some(problem))),
        Sheet::new("server", "/servers/{server}", &server()),
        Sheet::new("server-trouble", "/servers/{server}", &troubled),
        Sheet::new("server-unused", "/servers/{server}", &unused),
        Sheet::new("server-change", "/servers/{server}/change", &change),
        Sheet::new("server-remove", "/servers/{server}/remove", &remove),
    ]
}
