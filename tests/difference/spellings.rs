//! The same template in different spellings is one schema with one fingerprint.

use crate::places::Place;
use tenantry::{engine::SqlDialect, schema::differences};

const ONE: &str = "
    CREATE TABLE a (id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, n INT(11) NULL DEFAULT NULL, big BIGINT(20), ok TINYINT(1) NOT NULL DEFAULT 1,
        price DECIMAL(10,2) NOT NULL DEFAULT 0, name VARCHAR(50) NOT NULL, data JSON, at TIMESTAMP NOT NULL DEFAULT NOW(),
        UNIQUE KEY by_name (name), KEY by_n (n)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
    CREATE TABLE b (id INT NOT NULL PRIMARY KEY, a_id BIGINT UNSIGNED, CONSTRAINT of_a FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE RESTRICT);
";
const OTHER: &str = "
    create table `b` (`id` integer, `a_id` bigint unsigned null, primary key (`id`));
    create table `a` (`id` bigint unsigned auto_increment, `n` integer, `big` bigint null, `ok` boolean not null default true,
        `price` numeric(10, 2) not null default 0, `name` varchar(50) not null, `data` json null default null,
        `at` timestamp not null default current_timestamp, primary key (`id`));
    create index by_n on a (n);
    alter table a add unique index by_name (name);
    alter table b add constraint of_a foreign key (a_id) references a (id);
";

/// What MariaDB itself would write down for it.
const MARIADB: &[&str] = &[
    "CREATE TABLE a (id bigint(20) unsigned NOT NULL AUTO_INCREMENT, n int(11) DEFAULT NULL, big bigint(20) DEFAULT NULL, ok tinyint(1) NOT NULL DEFAULT 1,
        price decimal(10,2) NOT NULL DEFAULT 0, name varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
        data longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(data)), at timestamp NOT NULL DEFAULT current_timestamp(),
        PRIMARY KEY (id), UNIQUE KEY by_name (name), KEY by_n (n)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci",
    "CREATE TABLE b (id int(11) NOT NULL, a_id bigint(20) unsigned DEFAULT NULL, PRIMARY KEY (id), KEY of_a (a_id),
        CONSTRAINT of_a FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE NO ACTION)",
];

pub async fn one_template_in_different_spellings_is_one_schema(place: &Place) {
    let mut prints = Vec::new();
    for text in [ONE, OTHER] {
        let mut base = place.scratch().await;
        base.template(text).await;
        let found = base.inspect().await;
        prints.push((found.fingerprint(), found));
        base.session.close().await;
    }
    if place.is(SqlDialect::Mysql) {
        let mut base = place.scratch().await;
        base.by_hand(MARIADB).await.unwrap();
        let found = base.inspect().await;
        prints.push((found.fingerprint(), found));
        base.session.close().await;
    }
    for (print, found) in &prints {
        let other = differences(&prints[0].1, found);
        assert!(other.is_empty(), "{other:#?}");
        assert_eq!(print, &prints[0].0);
    }
}
