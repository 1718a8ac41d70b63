//! The questions that are asked of the server's catalog. Each is about one or about many schemas, and its first column is the
//! schema; all columns are texts or NULL.
//!
//! The server writes names with or without their schema, depending on the search path. What it writes of a schema is asked for
//! with that schema as the path, and with nothing else; the path is set for the one value only, by the statement that asks:
//! then it was read already, and no function or operator that stands in the schema can take the place of the server's own.
//!
//! What is in a schema is found by what depends on it: there is no index by which the catalog finds it otherwise, and in a database
//! with thousands of schemas looking through all of it takes a hundred times as long.
//!
//! Columns that came with a later version of the server are named where the catalog's own may stand in their place, and outside of that
//! a value of the same name is at hand: a server that has no such column takes that one.

/// A value as it is where the schema `n` is the search path.
macro_rules! at_home {
    ($value:literal) => {
        concat!(
            "CASE WHEN current_setting('search_path') = quote_ident(n.nspname)
             OR set_config('search_path', quote_ident(n.nspname), true) <> '' THEN ",
            $value,
            " END"
        )
    };
}

/// The schemas that are asked about.
macro_rules! asked {
    ($name:literal) => {
        concat!($name, " = ANY($1::text[]::name[])")
    };
}

/// That `c` is a relation of one of them.
macro_rules! of_asked {
    () => {
        of_asked!("c.oid", "pg_class")
    };
    ($oid:literal, $catalog:literal) => {
        concat!(
            $oid,
            " = ANY(ARRAY(SELECT d.objid FROM pg_depend d JOIN pg_namespace m ON m.oid = d.refobjid
             WHERE d.refclassid = 'pg_namespace'::regclass AND d.classid = '",
            $catalog,
            "'::regclass AND ",
            asked!("m.nspname"),
            ")) AND ",
            asked!("n.nspname")
        )
    };
}

/// The comment on a thing, as `e`. The server's own functions for that are run for each row anew.
macro_rules! comment_on {
    ($oid:literal, $catalog:literal, $part:literal) => {
        concat!(
            " LEFT JOIN pg_description e ON e.objoid = ",
            $oid,
            " AND e.classoid = '",
            $catalog,
            "'::regclass AND e.objsubid = ",
            $part,
            " "
        )
    };
}

/// The names of a key's columns as an array of JSON. Most keys have one column.
macro_rules! names_of {
    ($key:literal, $relation:literal) => {
        concat!(
            "(CASE WHEN cardinality(",
            $key,
            ") = 1
              THEN (SELECT to_json(ARRAY[a.attname::text]) FROM pg_attribute a
                    WHERE a.attrelid = ",
            $relation,
            " AND a.attnum = (",
            $key,
            ")[1])
              ELSE (SELECT json_agg(a.attname::text ORDER BY u.place) FROM unnest(",
            $key,
            ") WITH ORDINALITY AS u(number, place)
                    JOIN pg_attribute a ON a.attrelid = ",
            $relation,
            " AND a.attnum = u.number) END)::text"
        )
    };
}

/// Tables and views. What an extension brings is the extension's.
pub(super) const RELATIONS: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, e.description,
            CASE WHEN c.relkind IN ('v', 'm') THEN ",
    at_home!("pg_get_viewdef(c.oid, true)"),
    " END, CASE WHEN c.relkind IN ('v', 'm') THEN array_to_string(c.reloptions, ', ') END, c.relkind::text,
            CASE WHEN c.relkind = 'm' THEN (SELECT json_agg(",
    at_home!("pg_get_indexdef(x.indexrelid, 0, true)"),
    " ORDER BY x.indexrelid) FROM pg_index x WHERE x.indrelid = c.oid)::text END
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace ",
    comment_on!("c.oid", "pg_class", "0"),
    "WHERE ",
    of_asked!(),
    " AND c.relkind IN ('r', 'p', 'v', 'm') AND NOT starts_with(c.relname::text, 'tenantry_')
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY n.nspname, c.relname"
);

pub(super) const COLUMNS: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, a.attname::text, ",
    at_home!("format_type(a.atttypid, a.atttypmod)"),
    ", a.attnotnull::text, (a.attidentity <> '')::text, a.attgenerated::text,
       CASE WHEN d.adbin IS NOT NULL THEN ",
    at_home!("pg_get_expr(d.adbin, d.adrelid)"),
    " END, e.description, CASE WHEN a.attcollation <> t.typcollation THEN o.collname::text END
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     LEFT JOIN pg_collation o ON o.oid = a.attcollation ",
    comment_on!("c.oid", "pg_class", "a.attnum"),
    "WHERE ",
    of_asked!(),
    " AND c.relkind IN ('r', 'p')
     ORDER BY n.nspname, c.relname, a.attnum"
);

pub(super) const CONSTRAINTS: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, k.conname::text, k.contype::text,
            e.description, ",
    names_of!("k.conkey", "k.conrelid"),
    ", f.relname::text, ",
    names_of!("k.confkey", "k.confrelid"),
    ", k.confdeltype::text, k.confupdtype::text,
            CASE WHEN k.conbin IS NOT NULL THEN ",
    at_home!("pg_get_expr(k.conbin, k.conrelid)"),
    " END
     FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_class f ON f.oid = k.confrelid ",
    comment_on!("k.oid", "pg_constraint", "0"),
    "WHERE ",
    of_asked!(),
    " AND k.contype IN ('p', 'f', 'c') AND k.conparentid = 0
     ORDER BY n.nspname, c.relname, k.conname"
);

pub(super) const INDEXES: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, i.relname::text, x.indisunique::text,
            CASE WHEN x.indpred IS NOT NULL THEN ",
    at_home!("pg_get_expr(x.indpred, x.indrelid)"),
    " END, e.description, a.attname::text,
            CASE WHEN a.attname IS NULL THEN ",
    at_home!("pg_get_indexdef(x.indexrelid, k.place, true)"),
    " END, ((x.indoption[k.place - 1] & 1) = 1)::text,
            concat_ws(' ', CASE WHEN a.attcollation <> x.indcollation[k.place - 1]
                THEN 'COLLATE ' || (SELECT l.collname FROM pg_collation l WHERE l.oid = x.indcollation[k.place - 1]) END,
              CASE WHEN NOT p.opcdefault THEN p.opcname END,
              CASE x.indoption[k.place - 1] & 3 WHEN 1 THEN 'NULLS LAST' WHEN 2 THEN 'NULLS FIRST' END),
            x.is_null_one::text
     FROM (VALUES (false)) AS later(indnullsnotdistinct)
     CROSS JOIN LATERAL (SELECT y.*, indnullsnotdistinct AS is_null_one FROM pg_index y) AS x
     JOIN pg_class c ON c.oid = x.indrelid
     JOIN pg_class i ON i.oid = x.indexrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL generate_series(1, x.indnkeyatts::integer) AS k(place)
     JOIN pg_opclass p ON p.oid = x.indclass[k.place - 1]
     LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[k.place - 1] AND a.attnum > 0 ",
    comment_on!("i.oid", "pg_class", "0"),
    "WHERE ",
    of_asked!(),
    " AND NOT x.indisprimary
     ORDER BY n.nspname, c.relname, i.relname, k.place"
);

pub(super) const TRIGGERS: &str = concat!(
    "SELECT n.nspname::text, c.relname::text, t.tgname::text, ",
    at_home!("pg_get_triggerdef(t.oid, true)"),
    ", p.proname::text, p.prosrc, t.tgenabled::text
     FROM pg_trigger t
     JOIN pg_class c ON c.oid = t.tgrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_proc p ON p.oid = t.tgfoid
     WHERE ",
    of_asked!(),
    " AND NOT t.tgisinternal
     ORDER BY n.nspname, c.relname, t.tgname"
);

/// Partitions, policies and the like, as `oddities.rs` reads them: the table, what, the name of what it is about, and how it is.
/// Then sequences, types and the like, as `others.rs` reads them: no table, what, its name, what makes it, and the account that it
/// belongs to, where that is not the marker's. Together, because each question is a trip of its own.
///
/// Tables, rules, what is in the schema and the markers' owners are looked up once, as `n`, `k`, `b` and `w`; asked for table by
/// table it takes ten times as long.
pub(super) const ODDITIES: &str = concat!(
    "WITH n AS MATERIALIZED (
       SELECT n.nspname, c.oid, c.relname::text AS tab, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relpersistence,
         c.relowner
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE ",
    of_asked!(),
    " AND c.relkind IN ('r', 'p') AND NOT starts_with(c.relname::text, 'tenantry_')),
     k AS MATERIALIZED (
       SELECT own.* FROM (VALUES (true, NULL::int2[], false)) AS later(conenforced, confdelsetcols, conperiod)
       CROSS JOIN LATERAL (
         SELECT n.nspname, n.tab, k.oid, k.conname::text AS name, k.contype, k.convalidated, k.condeferrable, k.condeferred,
           k.confmatchtype, k.conrelid, k.conkey, conenforced AS is_enforced, confdelsetcols AS emptied, conperiod AS has_period
         FROM pg_constraint k JOIN n ON n.oid = k.conrelid) AS own),
     b AS MATERIALIZED (
       SELECT n.nspname, d.classid, d.objid
       FROM pg_namespace n JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid
       WHERE ",
    asked!("n.nspname"),
    " AND d.classid IN ('pg_class'::regclass, 'pg_type'::regclass, 'pg_proc'::regclass, 'pg_collation'::regclass)
         AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.objsubid = 0
           AND (e.deptype IN ('e', 'i') OR e.deptype = 'a' AND e.refclassid = 'pg_class'::regclass))),
     w AS MATERIALIZED (
       SELECT n.nspname, c.relowner AS tenant
       FROM pg_namespace n JOIN pg_class c ON c.relname = 'tenantry_owner'
         AND c.relnamespace = CASE n.nspname WHEN 'public' THEN to_regnamespace('tenantry_own')::oid ELSE n.oid END
       WHERE ",
    asked!("n.nspname"),
    ")
     SELECT o.nspname::text, o.tab, o.what, o.name, o.said, NULL::text FROM (
       SELECT n.nspname, n.tab, 'row level security' AS what, '' AS name,
         CASE WHEN n.relforcerowsecurity THEN 'on, for the owner too' ELSE 'on' END AS said
       FROM n WHERE n.relrowsecurity OR n.relforcerowsecurity
       UNION ALL SELECT n.nspname, n.tab, 'storage', '', 'not logged' FROM n WHERE n.relpersistence = 'u'
       UNION ALL SELECT n.nspname, n.tab, 'partitions', '', ",
    at_home!("pg_get_partkeydef(n.oid)"),
    " FROM n WHERE n.relkind = 'p'
       UNION ALL SELECT n.nspname, n.tab, 'part of a table', '', p.relname::text
       FROM pg_inherits h JOIN n ON n.oid = h.inhrelid JOIN pg_class p ON p.oid = h.inhparent
       UNION ALL SELECT n.nspname, n.tab, 'policy', p.polname::text, concat_ws(' ', p.polcmd::text, ",
    at_home!("pg_get_expr(p.polqual, p.polrelid)"),
    ", ",
    at_home!("pg_get_expr(p.polwithcheck, p.polrelid)"),
    ") FROM pg_policy p JOIN n ON n.oid = p.polrelid
       UNION ALL SELECT n.nspname, n.tab, 'rewriting rule', r.rulename::text, ",
    at_home!("pg_get_ruledef(r.oid, true)"),
    " FROM pg_rewrite r JOIN n ON n.oid = r.ev_class
       UNION ALL SELECT k.nspname, k.tab, 'unproven rule', k.name, 'rows from before may break it'
       FROM k WHERE NOT k.convalidated AND k.is_enforced AND k.contype <> 'n'
       UNION ALL SELECT k.nspname, k.tab, 'unproven NOT NULL of', a.attname::text, 'rows from before may break it'
       FROM k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] WHERE NOT k.convalidated AND k.contype = 'n'
       UNION ALL SELECT k.nspname, k.tab, CASE k.contype WHEN 'f' THEN 'unenforced foreign key' ELSE 'unenforced check' END, k.name,
         'NOT ENFORCED'
       FROM k WHERE NOT k.is_enforced
       UNION ALL SELECT k.nspname, k.tab, 'deferred rule', k.name,
         CASE WHEN k.condeferred THEN 'INITIALLY DEFERRED' ELSE 'DEFERRABLE' END
       FROM k WHERE k.condeferrable AND k.contype = 'f'
       UNION ALL SELECT k.nspname, k.tab, 'kind of foreign key', k.name,
         concat_ws(', ', CASE WHEN k.confmatchtype = 'f' THEN 'MATCH FULL' END, CASE WHEN k.has_period THEN 'PERIOD' END,
           'empties ' || (SELECT string_agg(a.attname, ' and ' ORDER BY a.attnum) FROM pg_attribute a
             WHERE a.attrelid = k.conrelid AND a.attnum = ANY(k.emptied)) || ' only')
       FROM k WHERE k.contype = 'f' AND (k.confmatchtype = 'f' OR k.has_period OR k.emptied IS NOT NULL)
       UNION ALL SELECT n.nspname, n.tab, 'excluding index', n.name, ",
    at_home!("pg_get_constraintdef(n.oid)"),
    " FROM k AS n WHERE n.contype = 'x'
       UNION ALL SELECT n.nspname, n.tab, 'numbers of', a.attname::text,
         concat_ws(', ', CASE WHEN a.attidentity = 'a' THEN 'ALWAYS' END,
           CASE WHEN s.seqincrement <> 1 THEN 'INCREMENT BY ' || s.seqincrement END,
           CASE WHEN s.seqmin <> 1 THEN 'MINVALUE ' || s.seqmin END, CASE WHEN s.seqcycle THEN 'CYCLE' END)
       FROM n
       JOIN pg_attribute a ON a.attrelid = n.oid AND a.attidentity <> ''
       JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = n.oid AND d.refobjsubid = a.attnum
         AND d.classid = 'pg_class'::regclass AND d.deptype = 'i'
       JOIN pg_sequence s ON s.seqrelid = d.objid
       WHERE a.attidentity = 'a' OR s.seqincrement <> 1 OR s.seqmin <> 1 OR s.seqcycle
       UNION ALL SELECT n.nspname, n.tab, CASE WHEN x.indisprimary THEN 'kind of key' ELSE 'kind of index' END,
         CASE WHEN x.indisprimary THEN '' ELSE i.relname::text END,
         concat_ws(', ', CASE WHEN m.amname <> 'btree' THEN m.amname::text END,
           CASE WHEN x.indisunique AND x.indisexclusion THEN 'WITHOUT OVERLAPS' END,
           CASE WHEN x.indnatts <> x.indnkeyatts THEN 'INCLUDE' END, CASE WHEN NOT x.indimmediate THEN 'DEFERRABLE' END)
       FROM pg_index x
       JOIN n ON n.oid = x.indrelid
       JOIN pg_class i ON i.oid = x.indexrelid
       JOIN pg_am m ON m.oid = i.relam
       WHERE (m.amname <> 'btree' OR x.indnatts <> x.indnkeyatts OR NOT x.indimmediate) AND (x.indisunique OR NOT x.indisexclusion)
       UNION ALL SELECT n.nspname, n.tab, 'unused index', i.relname::text, 'not valid'
       FROM pg_index x JOIN n ON n.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
       WHERE NOT (x.indisvalid AND x.indisready)
       UNION ALL SELECT n.nspname, n.tab, 'owner', '',
         pg_get_userbyid(n.relowner) || CASE WHEN has_table_privilege(w.tenant, n.oid, 'SELECT') THEN '' ELSE ', for itself alone' END
       FROM n JOIN w ON w.nspname = n.nspname WHERE n.relowner <> w.tenant AND NOT pg_has_role(w.tenant, n.relowner, 'USAGE')
     ) AS o
     UNION ALL SELECT o.nspname::text, NULL, o.what, o.name, o.said,
       CASE WHEN o.owner <> w.tenant AND NOT pg_has_role(w.tenant, o.owner, 'USAGE') THEN pg_get_userbyid(o.owner)::text END
     FROM (
       SELECT n.nspname, 'sequence' AS what, c.relname::text AS name,
         format('CREATE SEQUENCE %I AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %sCYCLE', c.relname,
           format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
           CASE WHEN s.seqcycle THEN '' ELSE 'NO ' END) AS said, c.relowner AS owner
       FROM b AS n JOIN pg_class c ON n.classid = 'pg_class'::regclass AND c.oid = n.objid JOIN pg_sequence s ON s.seqrelid = c.oid
       UNION ALL SELECT n.nspname, 'foreign table', c.relname::text,
         format('CREATE FOREIGN TABLE %I SERVER %I', c.relname, s.srvname), c.relowner
       FROM b AS n JOIN pg_class c ON n.classid = 'pg_class'::regclass AND c.oid = n.objid
       JOIN pg_foreign_table f ON f.ftrelid = c.oid JOIN pg_foreign_server s ON s.oid = f.ftserver
       UNION ALL SELECT n.nspname, CASE t.typtype WHEN 'd' THEN 'domain' ELSE 'type' END, t.typname::text,
         CASE t.typtype
           WHEN 'e' THEN format('CREATE TYPE %I AS ENUM (%s)', t.typname,
             (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
           WHEN 'd' THEN format('CREATE DOMAIN %I AS %s%s%s%s%s', t.typname, ",
    at_home!("format_type(t.typbasetype, t.typtypmod)"),
    ", (SELECT format(' COLLATE %I', l.collname) FROM pg_collation l JOIN pg_type u ON u.oid = t.typbasetype
                WHERE l.oid = t.typcollation AND u.typcollation <> t.typcollation),
             ' DEFAULT ' || t.typdefault, CASE WHEN t.typnotnull THEN ' NOT NULL' END,
             (SELECT string_agg(format(' CONSTRAINT %I %s', d.conname, ",
    at_home!("pg_get_constraintdef(d.oid)"),
    "), '' ORDER BY d.conname) FROM pg_constraint d WHERE d.contypid = t.oid AND d.contype = 'c'))
           WHEN 'c' THEN format('CREATE TYPE %I AS (%s)', t.typname,
             (SELECT string_agg(format('%I %s', a.attname, ",
    at_home!("format_type(a.atttypid, a.atttypmod)"),
    "), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
           WHEN 'r' THEN format('CREATE TYPE %I AS RANGE (SUBTYPE = %s)', t.typname, ",
    at_home!("(SELECT format_type(r.rngsubtype, NULL) FROM pg_range r WHERE r.rngtypid = t.oid)"),
    ") ELSE format('CREATE TYPE %I', t.typname) END, t.typowner
       FROM b AS n JOIN pg_type t ON n.classid = 'pg_type'::regclass AND t.oid = n.objid WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b')
       UNION ALL SELECT n.nspname, 'aggregate', p.proname::text || '(' || ",
    at_home!("pg_get_function_identity_arguments(p.oid)"),
    " || ')', 'CREATE AGGREGATE ' || quote_ident(p.proname), p.proowner
       FROM b AS n JOIN pg_proc p ON n.classid = 'pg_proc'::regclass AND p.oid = n.objid WHERE p.prokind = 'a'
       UNION ALL SELECT n.nspname, 'collation', l.collname::text, 'CREATE COLLATION ' || quote_ident(l.collname), l.collowner
       FROM b AS n JOIN pg_collation l ON n.classid = 'pg_collation'::regclass AND l.oid = n.objid
       WHERE NOT starts_with(l.collname::text, 'tenantry_')
       UNION ALL SELECT n.nspname, 'extension', x.extname::text, 'CREATE EXTENSION ' || quote_ident(x.extname), x.extowner
       FROM pg_namespace n JOIN pg_extension x ON x.extname <> 'plpgsql' AND (n.nspname = 'public' OR x.extnamespace = n.oid)
       WHERE ",
    asked!("n.nspname"),
    " UNION ALL SELECT n.nspname, 'schema', m.nspname::text, 'CREATE SCHEMA ' || quote_ident(m.nspname), m.nspowner
       FROM pg_namespace n JOIN pg_namespace m ON m.nspname NOT IN ('public', 'tenantry_own', 'information_schema')
         AND NOT starts_with(m.nspname::text, 'pg_')
       WHERE n.nspname = 'public' AND ",
    asked!("n.nspname"),
    ") AS o LEFT JOIN w ON w.nspname = o.nspname ORDER BY 1, 2, 3, 4"
);

/// Functions and procedures. What an extension or a type brings is theirs.
pub(super) const FUNCTIONS: &str = concat!(
    "SELECT n.nspname::text, p.proname::text || '(' || ",
    at_home!("pg_get_function_identity_arguments(p.oid)"),
    " || ')', ",
    at_home!("pg_get_functiondef(p.oid)"),
    ", quote_ident(n.nspname)
     FROM pg_proc p
     JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE ",
    of_asked!("p.oid", "pg_proc"),
    " AND p.prokind IN ('f', 'p', 'w') AND NOT starts_with(p.proname::text, 'tenantry_')
       AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
     ORDER BY n.nspname, 2"
);
