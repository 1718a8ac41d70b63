//! The control database under many writers; searching; a start when nothing has changed.

use crate::support::{Place, ask, tenant};
use std::collections::BTreeSet;
use tenantry::{
    app::App,
    clock::Clock,
    config::{Layer, Settings},
    faults::Faults,
    store::{
        Store, settings, sql,
        tenant_list::{Filter, Sort},
    },
    usecases::{actor::Actor, templates, templates::Fate, tenants},
};

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_keep_what_they_committed_and_nothing_of_those_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("control.db");
    let store = Store::open(&file).await.unwrap();
    tenantry::store::migrate::migrate(&store, 0).await.unwrap();
    let elsewhere = Store::open(&file).await.unwrap();
    let mut write = store.write().await.unwrap();
    settings::set(&mut write, "writer 1", "first").await.unwrap();
    write.commit().await.unwrap();
    let writers: Vec<_> = (0..60)
        .map(|number| {
            let (store, elsewhere) = (store.clone(), elsewhere.clone());
            tokio::spawn(async move {
                let name = format!("writer {number}");
                let mut write = store.write().await.unwrap();
                settings::set(&mut write, &name, "kept").await.unwrap();
                match number % 3 {
                    0 => drop(write),
                    1 => {
                        let taken = sql("INSERT INTO settings (name, value) VALUES ('writer 1', 'twice')");
                        assert!(taken.run(&mut write).await.unwrap_err().is_duplicate());
                        drop(write);
                    }
                    _ => {
                        write.commit().await.unwrap();
                        // Told "done", others see it: another process would, too.
                        let found =
                            settings::find(&mut elsewhere.read().await.unwrap(), &name).await.unwrap();
                        assert_eq!(found.as_deref(), Some("kept"));
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    for number in 0..60 {
        let found =
            settings::find(&mut store.read().await.unwrap(), &format!("writer {number}")).await.unwrap();
        let expected = match number {
            1 => Some("first"),
            _ if number % 3 == 2 => Some("kept"),
            _ => None,
        };
        assert_eq!(found.as_deref(), expected, "writer {number}");
    }
}

#[tokio::test]
async fn rows_that_are_committed_soon_are_seen_at_once_and_kept_with_those_after_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("control.db");
    let store = Store::open(&file).await.unwrap();
    tenantry::store::migrate::migrate(&store, 0).await.unwrap();
    let mut write = store.write().await.unwrap();
    settings::set(&mut write, "soon", "1").await.unwrap();
    let ticket = write.commit_soon().await.unwrap();
    let read = async |name: &str| settings::find(&mut store.read().await.unwrap(), name).await.unwrap();
    assert_eq!(read("soon").await.as_deref(), Some("1"));
    ticket.on_disk().await.unwrap();
    // The log is on the disk with both, whoever looks at the files then.
    let mut write = store.write().await.unwrap();
    settings::set(&mut write, "later", "2").await.unwrap();
    write.commit().await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    for name in ["control.db", "control.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let copied = Store::open(&copy.path().join("control.db")).await.unwrap();
    for (name, value) in [("soon", "1"), ("later", "2")] {
        let found = settings::find(&mut copied.read().await.unwrap(), name).await.unwrap();
        assert_eq!(found.as_deref(), Some(value));
    }
}

async fn found(app: &App, search: &str) -> BTreeSet<String> {
    let filter = Filter { search: Some(search.to_owned()), ..Filter::default() };
    let list = tenants::list(app, &Actor::CommandLine, &filter, Sort::Name, None, 50).await.unwrap();
    let slugs: BTreeSet<String> = list.page.tenants.into_iter().map(|tenant| tenant.slug).collect();
    assert_eq!(i64::try_from(slugs.len()).unwrap(), list.count, "{search}");
    slugs
}

#[tokio::test]
async fn tenants_are_found_by_any_part_of_their_name_address_or_owner() {
    let place = Place::new();
    let app = place.open().await;
    for name in ["Harbour Trust", "100% Relief_Fund", "Say \"Hello\" * OR NOT", "红十字会基金", "Über Äpfel"]
    {
        ask(&app, name, &[]).await;
    }
    let of = |slugs: &[&str]| slugs.iter().map(|slug| (*slug).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(found(&app, "arbour tr").await, of(&["harbour-trust"]));
    assert_eq!(found(&app, "HARBOUR").await, of(&["harbour-trust"]));
    assert_eq!(found(&app, "harbour-t").await, of(&["harbour-trust"]), "the name in addresses");
    assert_eq!(found(&app, "dana@exam").await.len(), 5, "the owner");
    assert_eq!(found(&app, "0% R").await, of(&["100-relief-fund"]));
    assert_eq!(found(&app, "f_F").await, of(&["100-relief-fund"]), "signs are just signs");
    assert_eq!(found(&app, "\"hello\" * OR").await.len(), 1);
    assert_eq!(found(&app, "十字会").await.len(), 1);
    assert_eq!(found(&app, "ber").await.len(), 1);
    assert_eq!(found(&app, "ha").await, of(&["harbour-trust"]), "two letters");
    assert_eq!(found(&app, "zzz").await, of(&[]));
    let harbour = tenant(&app, "harbour-trust").await;
    assert_eq!(found(&app, &harbour.id.to_string()).await, of(&["harbour-trust"]));

    // A new name is found, and the one before is not.
    let mut write = app.store.write().await.unwrap();
    let renamed = sql("UPDATE tenants SET name = 'Lighthouse' WHERE id = ?").bind(harbour.id);
    renamed.run(&mut write).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(found(&app, "ighthous").await, of(&["harbour-trust"]));
    assert_eq!(found(&app, "bour tr").await, of(&[]));
}

#[tokio::test]
async fn templates_that_have_not_changed_since_the_last_start_are_not_read_again() {
    let place = Place::new();
    let own = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(own.path().join("own").join(name), text).unwrap();
    std::fs::create_dir(own.path().join("own")).unwrap();
    write("template.toml", "name = \"Own\"\ndescription = \"Own.\"\nversion = \"1.0.0\"\n");
    write("schema.sql", "CREATE TABLE users (id INT AUTO_INCREMENT PRIMARY KEY);\n");
    let variables = [
        ("TENANTRY_DATA_DIR".to_owned(), place.folder.path().display().to_string()),
        ("TENANTRY_TEMPLATES_DIR".to_owned(), own.path().display().to_string()),
    ];
    let settings = Settings::gather(Layer::default(), variables.into_iter()).unwrap();
    let start = async || {
        let app = App::open(settings.clone(), Clock::System, Faults::none()).await.unwrap();
        let results = templates::import_at_start(&app).await.unwrap();
        app.store.close().await;
        results.into_iter().map(|result| (result.template, result.fate)).collect::<Vec<_>>()
    };
    let first = start().await;
    assert!(first.len() > 2 && first.iter().all(|(_, fate)| *fate == Fate::Imported), "{first:?}");
    assert_eq!(start().await, []);
    write("template.toml", "name = \"Own\"\ndescription = \"Own.\"\nversion = \"1.0.1\"\n");
    assert_eq!(start().await, [("own".to_owned(), Fate::Imported)]);
    // What is broken is told at every start.
    write("template.toml", "name = \"Own\"\ndescription = \"Own.\"\nversion = \"1.0.2\"\n");
    write("schema.sql", "CREATE NONSENSE;\n");
    assert_eq!(start().await, [("own".to_owned(), Fate::Refused)]);
    assert_eq!(start().await, [("own".to_owned(), Fate::Refused)]);
}
