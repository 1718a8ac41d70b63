//! Connections to a server that is far away: encrypted, and to the right server only.

use crate::{
    ground::{another, engine, statements},
    servers::{ADMIN, Postgres as Server},
};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use tenantry::{
    engine::{Engine, EngineError, Unit, postgres::Postgres},
    sql::variables::Variables,
};

fn openssl(folder: &Path, arguments: &[&str]) {
    let done = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// An authority of certificates, in a folder.
fn authority(folder: &Path, name: &str) -> PathBuf {
    let (key, file, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
    openssl(
        folder,
        &[
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", &key, "-out", &file,
            "-subj", &subject,
        ],
    );
    folder.join(file)
}

/// A server's certificate for a host, signed by an authority.
fn certificate(folder: &Path, authority: &str, host: &str) {
    fs::write(folder.join("extensions"), format!("subjectAltName={host}\nbasicConstraints=CA:FALSE\n"))
        .unwrap();
    openssl(
        folder,
        &[
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
            "-subj",
            "/CN=server",
        ],
    );
    let (file, key) = (format!("{authority}.pem"), format!("{authority}.key"));
    openssl(
        folder,
        &[
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            &file,
            "-CAkey",
            &key,
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "extensions",
            "-out",
            "server.pem",
        ],
    );
    // The server runs under an account of its own, which alone may read the key.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let key = folder.join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        assert!(Command::new("chown").arg("postgres").arg(&key).status().unwrap().success());
    }
}

fn encrypted(folder: &Path) -> Arc<Server> {
    // Nobody comes in over the network without.
    let rules = folder.join("rules");
    fs::write(&rules, "hostssl all all 127.0.0.1/32 scram-sha-256\n").unwrap();
    fs::set_permissions(&rules, fs::Permissions::from_mode(0o644)).unwrap();
    let setting = |word: &str, file: &str| format!("{word}={}", folder.join(file).display());
    let settings = [
        "ssl=on".to_owned(),
        setting("ssl_cert_file", "server.pem"),
        setting("ssl_key_file", "server.key"),
        setting("hba_file", "rules"),
    ];
    Arc::new(Server::start_with(&settings.each_ref().map(String::as_str)))
}

fn postgres(server: &Server, set: impl FnOnce(PgConnectOptions) -> PgConnectOptions) -> Postgres {
    engine(server, set(server.options()), 4)
}

/// A tenant's life; with what the server says of the tenant's own connection.
async fn life(engine: &Postgres) -> Result<String, EngineError> {
    let (name, lock) = another("acme", 1);
    engine.create(&name, &lock).await?;
    let mut session = engine.open(&name, &lock).await?;
    let question = "CREATE TABLE seen AS SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let unit = Unit { key: "one", statements: &statements(&[question]), variables: &Variables::default() };
    session.apply(unit).await?;
    let mut reading = session.read().await?;
    let table = reading.tables()[0].clone();
    let mut cipher = String::new();
    reading
        .rows(&table, &mut |row| {
            cipher = format!("{:?}", row[0]);
            if let tenantry::engine::reading::Value::Text(bytes) = row[0] {
                cipher = String::from_utf8_lossy(bytes).into_owned();
            }
            Ok(())
        })
        .await
        .unwrap();
    reading.close().await;
    engine.shut(&name, &lock).await?;
    engine.reopen(&name, &lock).await?;
    engine.remove_all(&name, lock.tenant_id).await?;
    Ok(cipher)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_encrypted_and_only_the_right_server_is_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let right = authority(folder.path(), "right");
    let wrong = authority(folder.path(), "wrong");
    certificate(folder.path(), "right", "IP:127.0.0.1");
    let server = encrypted(folder.path());
    for (mode, ca) in [
        (PgSslMode::Require, None),
        (PgSslMode::VerifyCa, Some(&right)),
        (PgSslMode::VerifyFull, Some(&right)),
    ] {
        let engine = postgres(&server, |options| match ca {
            Some(ca) => options.ssl_mode(mode).ssl_root_cert(ca),
            None => options.ssl_mode(mode),
        });
        let cipher = life(&engine).await.unwrap();
        assert!(cipher.contains("AES") || cipher.contains("CHACHA"), "{mode:?}: {cipher}");
    }
    for (mode, ca) in [
        (PgSslMode::VerifyCa, Some(&wrong)),
        (PgSslMode::VerifyFull, Some(&wrong)),
        (PgSslMode::VerifyFull, None),
    ] {
        let engine = postgres(&server, |options| match ca {
            Some(ca) => options.ssl_mode(mode).ssl_root_cert(ca),
            None => options.ssl_mode(mode),
        });
        refused(&life(&engine).await, "cannot be trusted");
        refused(&engine.examine().await, "cannot be trusted");
    }
    let open = postgres(&server, |options| options.ssl_mode(PgSslMode::Disable));
    assert!(life(&open).await.is_err());
}

fn refused<T: std::fmt::Debug>(done: &Result<T, EngineError>, word: &str) {
    let Err(EngineError::OutOfReach(sentence)) = done else { panic!("{done:?}") };
    assert!(sentence.contains(word) && !sentence.contains(ADMIN.1), "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_host_or_none_at_all_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let right = authority(folder.path(), "right");
    certificate(folder.path(), "right", "DNS:db.example");
    let server = encrypted(folder.path());
    let checked = |mode| postgres(&server, |options| options.ssl_mode(mode).ssl_root_cert(&right));
    life(&checked(PgSslMode::VerifyCa)).await.unwrap();
    refused(&life(&checked(PgSslMode::VerifyFull)).await, "cannot be trusted");
    // A server without a certificate.
    let plain = Server::shared();
    refused(
        &life(&postgres(&plain, |options| options.ssl_mode(PgSslMode::Require))).await,
        "does not support TLS",
    );
}
