//! The statements that make everything that is in a tenant's database, read from its catalog.
//!
//! The server writes most of each statement itself, and quotes what is in it. Names are given with their schema.

use super::home::{Home, OWN_TABLES};
use sqlx::{PgConnection, Row};
use std::collections::{BTreeMap, BTreeSet};

/// When a statement comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    /// Before the rows.
    Before,
    /// After the rows.
    After,
    /// After the rows, and only where other tables are there, too.
    Between,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) when: When,
    /// The table that it is about; none where it is about none, or several.
    pub(super) table: Option<String>,
    pub(super) sql: String,
    /// Whether a dump of one table has it: what tables may make use of.
    pub(super) is_common: bool,
}

/// What [`read`] leaves out, each as it is called: nobody but a person by hand makes such a thing.
const UNKNOWN: &str = "
SELECT 'the partitioned table ' || c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('p', 'f')
UNION ALL SELECT 'the inheritance of ' || inhrelid::regclass::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'f')
UNION ALL SELECT 'the aggregate ' || oid::regprocedure::text FROM pg_proc WHERE pronamespace = $1::regnamespace AND prokind = 'a'
UNION ALL SELECT 'the operator ' || oid::regoperator::text FROM pg_operator WHERE oprnamespace = $1::regnamespace
UNION ALL SELECT 'the type ' || oid::regtype::text FROM pg_type WHERE typnamespace = $1::regnamespace AND typtype IN ('b', 'r', 'm') AND typelem = 0
    AND NOT EXISTS (SELECT 1 FROM pg_range WHERE rngmultitypid = pg_type.oid)
UNION ALL SELECT 'the collation ' || collname FROM pg_collation WHERE collnamespace = $1::regnamespace AND collname <> 'tenantry_ci'
UNION ALL SELECT 'the text search object ' || cfgname FROM pg_ts_config WHERE cfgnamespace = $1::regnamespace
UNION ALL SELECT 'the large object ' || oid FROM pg_largeobject_metadata WHERE pg_has_role(lomowner, 'USAGE')";

/// Likewise, in a database of the tenant's own.
const UNKNOWN_BESIDE: &str = "
SELECT 'the extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL SELECT 'the schema ' || nspname FROM pg_namespace
    WHERE nspname NOT IN ('public', 'tenantry_own', 'information_schema') AND nspname NOT LIKE 'pg\\_%'";

const TYPES: &str = "
SELECT NULL AS on_table, made FROM (
    SELECT t.oid, format('CREATE TYPE %s.%I AS ENUM (%s)', $1::regnamespace, t.typname,
        (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)) AS made
    FROM pg_type t WHERE t.typnamespace = $1::regnamespace AND t.typtype = 'e'
    UNION ALL
    SELECT t.oid, format('CREATE DOMAIN %s.%I AS %s%s%s%s', $1::regnamespace, t.typname, format_type(t.typbasetype, t.typtypmod),
        CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation::text END,
        ' DEFAULT ' || t.typdefault,
        (SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(k.oid)), '' ORDER BY conname)
         FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c') || '')
        || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
    FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typnamespace = $1::regnamespace AND t.typtype = 'd'
    UNION ALL
    SELECT t.oid, format('CREATE TYPE %s.%I AS (%s)', $1::regnamespace, t.typname,
        (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
         FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped))
    FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c' WHERE t.typnamespace = $1::regnamespace
) AS types ORDER BY oid";

const SEQUENCES: &str = "
SELECT NULL AS on_table, format('CREATE SEQUENCE %s AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', c.oid::regclass,
    format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) AS made
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
WHERE c.relnamespace = $1::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')
ORDER BY c.oid";

const SEQUENCE_OWNERS: &str = "
SELECT t.relname::text AS on_table, format('ALTER SEQUENCE %s OWNED BY %s.%I', c.oid::regclass, t.oid::regclass, a.attname) AS made
FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND c.relnamespace = $1::regnamespace
ORDER BY c.oid";

/// Whether a function needs tables to be there is told by what it depends on.
const FUNCTIONS: &str = "
SELECT NULL AS on_table, pg_get_functiondef(p.oid) AS made, EXISTS (
    SELECT 1 FROM pg_depend d LEFT JOIN pg_type t ON d.refclassid = 'pg_type'::regclass AND t.oid = d.refobjid
    LEFT JOIN pg_type e ON e.oid = t.typelem
    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND (d.refclassid = 'pg_class'::regclass
        OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid IN (t.typrelid, e.typrelid) AND c.relkind <> 'c'))) AS is_late
FROM pg_proc p WHERE p.pronamespace = $1::regnamespace AND p.prokind <> 'a' ORDER BY p.oid";

const TABLES: &str = "
SELECT c.relname::text AS on_table, format('CREATE %sTABLE %s (%s)%s', CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END, c.oid::regclass,
    (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
        || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END
        || CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ')'
                WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
                WHEN a.attidentity <> '' THEN (SELECT format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s)',
                    CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.seqrelid::regclass, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
                    CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)
                    FROM pg_depend p JOIN pg_sequence s ON s.seqrelid = p.objid
                    WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass AND p.refobjid = c.oid AND p.refobjsubid = a.attnum AND p.deptype = 'i')
                ELSE '' END
        || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ', ' ORDER BY a.attnum)
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    ' WITH (' || array_to_string(c.reloptions, ', ') || ')') AS made
FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' ORDER BY c.oid";

const CONSTRAINTS: &str = "
SELECT c.relname::text AS on_table, format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.oid::regclass, k.conname, pg_get_constraintdef(k.oid)) AS made,
    k.contype = 'f' AS is_late
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND k.contype IN ('p', 'u', 'x', 'c', 'f')
ORDER BY k.contype = 'f', k.contype = 'c', c.relname, k.conname";

const INDEXES: &str = "
SELECT c.relname::text AS on_table, pg_get_indexdef(x.indexrelid) AS made
FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = $1::regnamespace AND c.relkind = $2 AND x.indisvalid
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY x.indexrelid";

const VIEWS: &str = "
SELECT c.oid::bigint AS id, format('CREATE %sVIEW %s%s AS %s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END, c.oid::regclass,
    ' WITH (' || array_to_string(c.reloptions, ', ') || ')', rtrim(trim(pg_get_viewdef(c.oid)), ';'))
    || CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN ' WITH NO DATA' ELSE '' END AS made,
    ARRAY(SELECT DISTINCT d.refobjid::bigint FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
          WHERE r.ev_class = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid) AS reads
FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('v', 'm') ORDER BY c.oid";

const TRIGGERS: &str = "
SELECT on_table, made FROM (
    SELECT c.relname::text AS on_table, pg_get_triggerdef(t.oid) AS made, 1 AS place, t.oid FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal
    UNION ALL
    SELECT c.relname::text, format('ALTER TABLE %s %s TRIGGER %I', c.oid::regclass,
        CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname), 2, t.oid
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'O'
    UNION ALL
    SELECT c.relname::text, pg_get_ruledef(r.oid), 3, r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relnamespace = $1::regnamespace AND r.rulename <> '_RETURN'
    UNION ALL
    SELECT c.relname::text, pg_get_statisticsobjdef(s.oid), 4, s.oid FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid
    WHERE c.relnamespace = $1::regnamespace
    UNION ALL
    SELECT c.relname::text, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, c.oid::regclass,
        CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
        CASE WHEN p.polroles = '{0}' THEN 'PUBLIC' ELSE 'CURRENT_USER' END)
        || COALESCE(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
        || COALESCE(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''), 5, p.oid
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = $1::regnamespace
    UNION ALL
    SELECT c.relname::text, format('ALTER TABLE %s %s ROW LEVEL SECURITY', c.oid::regclass, word), 6, c.oid
    FROM pg_class c CROSS JOIN LATERAL (VALUES ('ENABLE', c.relrowsecurity), ('FORCE', c.relforcerowsecurity)) AS w(word, is_on)
    WHERE c.relnamespace = $1::regnamespace AND is_on
) AS late ORDER BY place, oid";

const COMMENTS: &str = "
SELECT on_table, made FROM (
    SELECT COALESCE(t.relname, c.relname)::text AS on_table, format('COMMENT ON %s %s IS %L',
        CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX' ELSE 'TYPE' END,
        c.oid::regclass, d.description) AS made, c.relkind = 'c' AS is_other
    FROM pg_description d JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid AND d.objsubid = 0
    LEFT JOIN pg_index x ON x.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = x.indrelid
    WHERE c.relnamespace = $1::regnamespace
    UNION ALL
    SELECT c.relname::text, format('COMMENT ON COLUMN %s.%I IS %L', c.oid::regclass, a.attname, d.description), c.relkind = 'c'
    FROM pg_description d JOIN pg_class c ON d.classoid = 'pg_class'::regclass AND c.oid = d.objoid AND d.objsubid > 0
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid WHERE c.relnamespace = $1::regnamespace
    UNION ALL
    SELECT c.relname::text, format('COMMENT ON CONSTRAINT %I ON %s%s IS %L', k.conname, CASE WHEN k.conrelid = 0 THEN 'DOMAIN ' ELSE '' END,
        CASE WHEN k.conrelid = 0 THEN k.contypid::regtype::text ELSE c.oid::regclass::text END, d.description), false
    FROM pg_description d JOIN pg_constraint k ON d.classoid = 'pg_constraint'::regclass AND k.oid = d.objoid LEFT JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.connamespace = $1::regnamespace AND k.contype <> 'n'
    UNION ALL
    SELECT c.relname::text, format('COMMENT ON TRIGGER %I ON %s IS %L', t.tgname, c.oid::regclass, d.description), false
    FROM pg_description d JOIN pg_trigger t ON d.classoid = 'pg_trigger'::regclass AND t.oid = d.objoid JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = $1::regnamespace
    UNION ALL
    SELECT NULL, format('COMMENT ON ROUTINE %s IS %L', p.oid::regprocedure, d.description), true
    FROM pg_description d JOIN pg_proc p ON d.classoid = 'pg_proc'::regclass AND p.oid = d.objoid WHERE p.pronamespace = $1::regnamespace
    UNION ALL
    SELECT NULL, format('COMMENT ON %s %s IS %L', CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.oid::regtype, d.description), true
    FROM pg_description d JOIN pg_type t ON d.classoid = 'pg_type'::regclass AND t.oid = d.objoid WHERE t.typnamespace = $1::regnamespace
) AS comments ORDER BY is_other DESC, on_table NULLS FIRST, made";

/// The sequences, and the statement that sets each to where it is, with gaps for its position.
const POSITIONS: &str = "
SELECT t.relname::text AS on_table, c.oid::regclass::text AS sequence
FROM pg_class c LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = d.refobjid
WHERE c.relkind = 'S' AND c.relnamespace = $1::regnamespace ORDER BY sequence";

/// Everything, in order, as it is kept. The connection is in a transaction in which no schema is searched for names.
pub(super) async fn read(connection: &mut PgConnection, home: &Home) -> Result<Vec<Piece>, sqlx::Error> {
    let mut pieces = read_all(connection, &home.quoted()).await?;
    if home.is_schema() {
        let is_own = |table: &String| OWN_TABLES.contains(&table.as_str());
        pieces.retain(|piece| !piece.table.as_ref().is_some_and(is_own));
    }
    for piece in &mut pieces {
        piece.sql = home.kept(&piece.sql);
    }
    Ok(pieces)
}

async fn read_all(connection: &mut PgConnection, schema: &str) -> Result<Vec<Piece>, sqlx::Error> {
    let mut pieces = Vec::new();
    let (before, after) = (When::Before, When::After);
    pieces.extend(common(simple(connection, schema, TYPES, before).await?));
    pieces.extend(simple(connection, schema, SEQUENCES, before).await?);
    let functions = flagged(connection, schema, FUNCTIONS, before, after).await?;
    let (early, late): (Vec<_>, Vec<_>) = functions.into_iter().partition(|piece| piece.when == before);
    pieces.extend(common(early));
    pieces.extend(simple(connection, schema, TABLES, before).await?);
    pieces.extend(simple(connection, schema, SEQUENCE_OWNERS, before).await?);
    pieces.extend(late);
    pieces.extend(flagged(connection, schema, CONSTRAINTS, after, When::Between).await?);
    pieces.extend(indexes(connection, schema, 'r').await?);
    pieces.extend(views(connection, schema).await?);
    pieces.extend(indexes(connection, schema, 'm').await?);
    pieces.extend(simple(connection, schema, TRIGGERS, after).await?);
    pieces.extend(simple(connection, schema, COMMENTS, after).await?);
    pieces.extend(positions(connection, schema).await?);
    // Stable: what comes before the rows, and then the rest in its order.
    pieces.sort_by_key(|piece| piece.when != before);
    Ok(pieces)
}

/// What there is that [`read`] leaves out.
pub(super) async fn unknown(connection: &mut PgConnection, home: &Home) -> Result<Vec<String>, sqlx::Error> {
    let unknown = sqlx::query(UNKNOWN).persistent(false).bind(home.quoted());
    let mut rows = unknown.fetch_all(&mut *connection).await?;
    if !home.is_schema() {
        rows.extend(sqlx::query(UNKNOWN_BESIDE).persistent(false).fetch_all(connection).await?);
    }
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn common(pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.into_iter().map(|piece| Piece { is_common: true, ..piece }).collect()
}

async fn simple(
    connection: &mut PgConnection,
    schema: &str,
    query: &'static str,
    when: When,
) -> Result<Vec<Piece>, sqlx::Error> {
    let rows = sqlx::query(query).persistent(false).bind(schema).fetch_all(connection).await?;
    rows.iter().map(|row| piece(row, when)).collect()
}

fn piece(row: &sqlx::postgres::PgRow, when: When) -> Result<Piece, sqlx::Error> {
    let sql: String = row.try_get("made")?;
    let table = row.try_get("on_table")?;
    Ok(Piece { when, table, sql: sql.trim().trim_end_matches(';').to_owned(), is_common: false })
}

/// Statements of which some come later than others.
async fn flagged(
    connection: &mut PgConnection,
    schema: &str,
    query: &'static str,
    early: When,
    late: When,
) -> Result<Vec<Piece>, sqlx::Error> {
    let rows = sqlx::query(query).persistent(false).bind(schema).fetch_all(connection).await?;
    rows.iter().map(|row| piece(row, if row.try_get("is_late")? { late } else { early })).collect()
}

async fn indexes(connection: &mut PgConnection, schema: &str, kind: char) -> Result<Vec<Piece>, sqlx::Error> {
    let indexes = sqlx::query(INDEXES).persistent(false).bind(schema).bind(kind.to_string());
    let rows = indexes.fetch_all(connection).await?;
    rows.iter().map(|row| piece(row, When::After)).collect()
}

/// Views, those first that others read.
async fn views(connection: &mut PgConnection, schema: &str) -> Result<Vec<Piece>, sqlx::Error> {
    let rows = sqlx::query(VIEWS).persistent(false).bind(schema).fetch_all(connection).await?;
    let mut left = BTreeMap::new();
    for row in &rows {
        let sql: String = row.try_get("made")?;
        let reads: Vec<i64> = row.try_get("reads")?;
        left.insert(row.try_get::<i64, _>("id")?, (sql, reads));
    }
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let names: BTreeSet<i64> = left.keys().copied().collect();
        let ready = left.iter().find(|(_, (_, reads))| !reads.iter().any(|read| names.contains(read)));
        // Views cannot read each other in a circle.
        let Some(next) = ready.or(left.iter().next()).map(|(id, _)| *id) else { break };
        if let Some((sql, _)) = left.remove(&next) {
            ordered.push(Piece { when: When::Between, table: None, sql, is_common: false });
        }
    }
    Ok(ordered)
}

/// Where sequences are. They are no part of a transaction: each is as far as it is now, which is never behind the rows.
async fn positions(connection: &mut PgConnection, schema: &str) -> Result<Vec<Piece>, sqlx::Error> {
    let rows = sqlx::query(POSITIONS).persistent(false).bind(schema).fetch_all(&mut *connection).await?;
    let mut pieces = Vec::new();
    for row in &rows {
        let sequence: String = row.try_get("sequence")?;
        // The server has quoted the name.
        let question = format!("SELECT last_value, is_called FROM {sequence}");
        let found = sqlx::query(sqlx::AssertSqlSafe(question)).persistent(false).fetch_one(&mut *connection);
        let found = found.await?;
        let (last, is_called): (i64, bool) = (found.try_get(0)?, found.try_get(1)?);
        let sql = format!("SELECT pg_catalog.setval({}, {last}, {is_called})", super::names::text(&sequence));
        pieces.push(Piece { when: When::After, table: row.try_get("on_table")?, sql, is_common: false });
    }
    Ok(pieces)
}
