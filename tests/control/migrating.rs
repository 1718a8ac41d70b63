//! A control database from nothing, again, from a newer version, and where there is something else.

use crate::support::{
    Place,
    control::{Database, Host, On},
};
use tenantry::{
    app::App,
    config::{Layer, Settings},
    faults::Faults,
    store::{migrate, sql, sql_of},
};

async fn empty(on: On) -> Place {
    let database = match Host::shared(on).await {
        Some(host) => Some(host.empty().await),
        None => None,
    };
    Place::with(database)
}

async fn open(place: &Place) -> Result<App, String> {
    App::open(place.settings(), place.clock.clone(), Faults::none()).await.map_err(|cause| cause.to_string())
}

#[tokio::test]
async fn a_control_database_is_made_from_nothing_once() {
    for on in On::ALL {
        let place = empty(on).await;
        let app = open(&place).await.unwrap();
        assert!(migrate::migrate(&app.store, 0).await.unwrap().is_empty(), "{on:?}");
        let mut read = app.store.read().await.unwrap();
        let row = sql("SELECT COUNT(*) AS n, SUM(version) AS sum FROM control_migrations")
            .one(&mut read)
            .await
            .unwrap();
        let (versions, sum) = (row.int("n").unwrap(), row.int("sum").unwrap());
        assert_eq!(sum, versions * (versions + 1) / 2, "{on:?}");
        drop(read);
        app.store.close().await;
        open(&place).await.unwrap().store.close().await;
    }
}

#[tokio::test]
async fn two_programs_that_start_at_once_make_it_once() {
    for on in On::ALL {
        let place = empty(on).await;
        let (first, second) = tokio::join!(open(&place), open(&place));
        for app in [first.unwrap(), second.unwrap()] {
            assert!(migrate::migrate(&app.store, 0).await.unwrap().is_empty(), "{on:?}");
            app.store.close().await;
        }
    }
}

#[tokio::test]
async fn a_newer_control_database_is_left_as_it_is() {
    for on in On::ALL {
        let place = empty(on).await;
        let app = open(&place).await.unwrap();
        let mut write = app.store.write().await.unwrap();
        sql("INSERT INTO control_migrations (version, name, digest, applied_at) VALUES (999, 'later', '', '')")
            .run(&mut write)
            .await
            .unwrap();
        write.commit().await.unwrap();
        app.store.close().await;
        let refused = open(&place).await.unwrap_err();
        assert!(refused.contains("version 999") && refused.contains("newer version"), "{on:?}: {refused}");
    }
}

#[tokio::test]
async fn a_database_with_something_else_in_it_is_refused_and_left_as_it_is() {
    for on in On::SERVERS {
        let host = Host::shared(on).await.unwrap();
        let database = host.empty().await;
        put_something_in(&database).await;
        let refused = open(&Place::with(Some(database))).await.unwrap_err();
        assert!(refused.contains("somebodys") && refused.contains("Name an empty one"), "{on:?}: {refused}");
    }
}

async fn put_something_in(database: &Database) {
    use sqlx::Executor;
    match &database.host {
        Host::MariaDb(_) => {
            database.mariadb().await.execute("CREATE TABLE somebodys (id INT)").await.unwrap();
        }
        Host::Postgres(_) => {
            database.postgres().await.execute("CREATE TABLE somebodys (id INT)").await.unwrap();
        }
        Host::Elsewhere(_) => unreachable!("it is on a server that tests share"),
    }
}

#[tokio::test]
async fn what_is_in_the_way_of_a_server_is_one_sentence_without_the_password() {
    for on in On::SERVERS {
        let host = Host::shared(on).await.unwrap();
        let there = host.empty().await.url();
        let secret = "of-the-test-only";
        let port = there.split(['/', ':']).nth_back(1).unwrap().to_owned();
        let wrong = [
            there.replace(secret, "wrong-secret"),
            there.replace(&port, "1"),
            there.replace("control_", "no_control_"),
            format!("{there}?ssl-mode=hidden-secret&sslmode=hidden-secret"),
        ];
        for url in wrong {
            let folder = tempfile::tempdir().unwrap();
            let variables = [
                ("TENANTRY_DATA_DIR".to_owned(), folder.path().display().to_string()),
                ("TENANTRY_DATABASE_URL".to_owned(), url),
            ];
            let settings = Settings::gather(Layer::default(), variables.into_iter()).unwrap();
            let place = Place::on(On::File);
            let said =
                App::open(settings, place.clock.clone(), Faults::none()).await.unwrap_err().to_string();
            assert!(said.contains("TENANTRY_DATABASE_URL"), "{on:?}: {said}");
            assert!(!said.contains("secret") && !said.contains(secret), "{on:?}: {said}");
        }
    }
}

/// Everything that a killed start can have left on a server that commits each change of the structure by itself.
#[tokio::test]
async fn a_migration_that_was_cut_off_goes_on_where_it_stopped() {
    let place = empty(On::MariaDb).await;
    let app = open(&place).await.unwrap();
    // As if the program had been killed before the last migration's last statement was noted, and then before another.
    for undone in [0, 1] {
        let mut write = app.store.write().await.unwrap();
        for statement in [
            "DELETE FROM control_migrations WHERE version = 12".to_owned(),
            format!("UPDATE control_progress SET done = done - 1 - {undone} WHERE version = 12"),
        ] {
            sql_of(statement).run(&mut write).await.unwrap();
        }
        if undone == 1 {
            sql("DROP TABLE drift_refusals").run(&mut write).await.unwrap();
        }
        write.commit().await.unwrap();
        assert_eq!(migrate::migrate(&app.store, 0).await.unwrap(), ["drift_decisions"]);
    }
    let mut read = app.store.read().await.unwrap();
    sql("SELECT COUNT(*) AS n FROM drift_refusals").one(&mut read).await.unwrap();
}
