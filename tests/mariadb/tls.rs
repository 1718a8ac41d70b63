//! Connections to a server that is far away: encrypted, and to the right server only.

use crate::{OfTheTest, Server, server::product};
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use tenantry::{
    engine::{DatabaseName, Engine, EngineError, Statement, TenantLock, Unit, mariadb::MariaDb},
    sql::variables::Variables,
};
use uuid::Uuid;

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
    // The server runs under an account of its own.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o644)).unwrap();
}

async fn encrypted(folder: &Path) -> Server {
    let setting = |word: &str, file: &str| format!("--ssl-{word}={}", folder.join(file).display());
    let settings = [
        setting("ca", "right.pem"),
        setting("cert", "server.pem"),
        setting("key", "server.key"),
        // What says how a connection is encrypted.
        "--performance-schema=ON".to_owned(),
        // Nobody comes in over the network without.
        "--require-secure-transport=ON".to_owned(),
    ];
    Server::start_with(&settings.each_ref().map(String::as_str)).await
}

fn engine(server: &Server, set: impl FnOnce(MySqlConnectOptions) -> MySqlConnectOptions) -> MariaDb {
    MariaDb::new(set(server.options()), 4, Arc::new(OfTheTest), server.folder().join("copies"))
}

/// A tenant's life; with what the server says of the tenant's own connection.
async fn life(engine: &MariaDb) -> Result<String, EngineError> {
    let tenant_id = Uuid::now_v7();
    let name = DatabaseName::derive("acme", tenant_id);
    let lock = TenantLock { tenant_id, job_id: Uuid::now_v7(), fence: 1 };
    engine.create(&name, &lock).await?;
    let mut session = engine.open(&name, &lock).await?;
    let catalog = if product().is_mariadb { "information_schema" } else { "performance_schema" };
    let question = format!(
        "CREATE TABLE seen AS SELECT variable_value AS cipher FROM {catalog}.session_status
        WHERE variable_name = 'Ssl_cipher'"
    );
    let statements = [Statement { sql: question, values: Vec::new() }];
    session.apply(Unit { key: "one", statements: &statements, variables: &Variables::default() }).await?;
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
    engine.remove_all(&name, tenant_id).await?;
    Ok(cipher)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_encrypted_and_only_the_right_server_is_spoken_to() {
    let folder = tempfile::tempdir().unwrap();
    let right = authority(folder.path(), "right");
    let wrong = authority(folder.path(), "wrong");
    certificate(folder.path(), "right", "IP:127.0.0.1");
    let server = encrypted(folder.path()).await;
    for (mode, ca) in [
        (MySqlSslMode::Required, None),
        (MySqlSslMode::VerifyCa, Some(&right)),
        (MySqlSslMode::VerifyIdentity, Some(&right)),
    ] {
        let engine = engine(&server, |options| match ca {
            Some(ca) => options.ssl_mode(mode).ssl_ca(ca),
            None => options.ssl_mode(mode),
        });
        let cipher = life(&engine).await.unwrap();
        assert!(cipher.contains("AES") || cipher.contains("CHACHA"), "{mode:?}: {cipher}");
    }
    for (mode, ca) in [
        (MySqlSslMode::VerifyCa, Some(&wrong)),
        (MySqlSslMode::VerifyIdentity, Some(&wrong)),
        (MySqlSslMode::VerifyIdentity, None),
    ] {
        let engine = engine(&server, |options| match ca {
            Some(ca) => options.ssl_mode(mode).ssl_ca(ca),
            None => options.ssl_mode(mode),
        });
        refused(&life(&engine).await, "cannot be trusted");
        refused(&engine.examine().await, "cannot be trusted");
    }
    let open = engine(&server, |options| options.ssl_mode(MySqlSslMode::Disabled));
    assert!(life(&open).await.is_err());
}

fn refused<T: std::fmt::Debug>(done: &Result<T, EngineError>, word: &str) {
    let Err(EngineError::OutOfReach(sentence)) = done else { panic!("{done:?}") };
    assert!(sentence.contains(word) && !sentence.contains(crate::server::ADMIN.1), "{sentence}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_host_or_none_at_all_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let right = authority(folder.path(), "right");
    certificate(folder.path(), "right", "DNS:db.example");
    let server = encrypted(folder.path()).await;
    let checked = |mode| engine(&server, |options| options.ssl_mode(mode).ssl_ca(&right));
    life(&checked(MySqlSslMode::VerifyCa)).await.unwrap();
    refused(&life(&checked(MySqlSslMode::VerifyIdentity)).await, "cannot be trusted");
    // A server without a certificate.
    let plain = Server::shared().await;
    refused(
        &life(&engine(&plain, |options| options.ssl_mode(MySqlSslMode::Required))).await,
        "does not support TLS",
    );
}
