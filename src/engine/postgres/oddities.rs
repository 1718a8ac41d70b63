//! What a person can do to a table that the model has no place for: each is shown as a check under a name that no template can
//! write (`crate::schema::plain`), and can be taken back by itself.

use super::{
    Refusal,
    catalog::Texts,
    names::{self, identifier, text},
    tables,
};
use crate::{
    engine::statement::Words,
    schema::{
        Check, Index, Schema, Table,
        plain::{POSTGRES, cannot_be_written, oddity, owner, plain},
    },
};

/// Adds what the catalog tells of (`Catalog::Oddities`) to its table.
pub(super) fn read(row: &Texts, table: &mut Table) -> Result<(), sqlx::Error> {
    let (what, live, said) = (row.text(2)?, row.text(3)?, row.text(4)?);
    let object = if what.ends_with("index") {
        plain(&names::index_name_in_model(&table.name, &live)).to_owned()
    } else {
        live
    };
    let name = format!("{POSTGRES} {what} {object}").trim_end().to_owned();
    table.checks.insert(name.clone(), Check { name, expression: said });
    Ok(())
}

/// Adds how a part of an index is ordered and compared, where that is not as usual.
pub(super) fn read_index_part(
    row: &Texts,
    table: &mut Table,
    index: &str,
    part: &str,
) -> Result<(), sqlx::Error> {
    let (how, index) = (row.text(9)?, plain(index));
    if !how.is_empty() {
        let name = format!("{POSTGRES} details of index {index}");
        let said = format!("{part} {how}");
        let check = table.checks.entry(name.clone());
        check
            .and_modify(|check| check.expression = format!("{}, {said}", check.expression))
            .or_insert(Check { name, expression: said.clone() });
    }
    if row.is_true(10)? {
        let name = format!("{POSTGRES} nulls of index {index}");
        table.checks.insert(name.clone(), Check { name, expression: "NULLS NOT DISTINCT".to_owned() });
    }
    Ok(())
}

/// Refuses a change of what belongs to another account, before anything is done.
pub(super) fn refuse_anothers(found: &Schema, wanted: &Schema) -> Result<(), Refusal> {
    for table in found.tables.values().filter(|table| wanted.tables.get(&table.name) != Some(*table)) {
        if let Some((owner, _)) = owner(table) {
            let name = identifier(&table.name);
            return Err(Refusal::new(format!(
                "The table {} belongs to the account {owner}, so Tenantry can neither change nor drop it. In the tenant's database the server's administrator gives it to the tenant's account with ALTER TABLE {name} OWNER TO …, or drops it with DROP TABLE {name}.",
                table.name
            )));
        }
    }
    Ok(())
}

/// Refuses what cannot be written again.
pub(super) fn refuse(table: &Table, check: &Check) -> Result<(), Refusal> {
    cannot_be_written(&table.name, check).map_or(Ok(()), |why| Err(Refusal::new(why)))
}

/// The statements that take back what a table has and shall not have. They come when everything else of the table is as it
/// shall be.
pub(super) fn mend(old: &Table, wanted: &Schema, new: &Table) -> Result<Vec<String>, Refusal> {
    let mut all = Vec::new();
    for check in old.checks.values().filter(|check| !new.checks.contains_key(&check.name)) {
        let Some(what) = oddity(&check.name) else { continue };
        let mended = Mend { old, wanted, new }.of(what)?;
        let statements = mended.ok_or_else(|| {
            Refusal::new(format!(
                "The table {} has something that Tenantry cannot take back ({what}: {}); do it by hand, or restore a snapshot of the tenant.",
                new.name, check.expression
            ))
        })?;
        // Two oddities of one index or key are mended by the same statements.
        all.extend(statements.into_iter().filter(|statement| !all.contains(statement)).collect::<Vec<_>>());
    }
    Ok(all)
}

/// Begins the names of what is mended by making an index anew.
const OF_INDEXES: [&str; 5] =
    ["kind of index ", "unused index ", "excluding index ", "details of index ", "nulls of index "];
/// Likewise, a rule.
const OF_RULES: [&str; 3] = ["kind of foreign key ", "unenforced foreign key ", "unenforced check "];

struct Mend<'a> {
    old: &'a Table,
    wanted: &'a Schema,
    new: &'a Table,
}

impl Mend<'_> {
    /// The statements; none where what was odd goes or is made anew anyway, `None` where nothing helps.
    fn of(&self, what: &str) -> Result<Option<Vec<String>>, Refusal> {
        let table = self.new;
        let begins =
            |words: &[&str]| words.iter().find_map(|word| what.strip_prefix(word)).map(str::to_owned);
        if let Some(index) = begins(&OF_INDEXES) {
            return self.index(&index).map(Some);
        }
        if let Some(live) = begins(&OF_RULES) {
            return self.rule(&live).map(Some);
        }
        let clause = if let Some(live) = what.strip_prefix("unproven rule ") {
            self.has_rule(live).then(|| format!("VALIDATE CONSTRAINT {}", identifier(live)))
        } else if let Some(column) = what.strip_prefix("unproven NOT NULL of ") {
            let stays = tables::find(table, column).is_some_and(|column| !column.nullable);
            // One that is there unproven is proven by that.
            stays.then(|| format!("ALTER COLUMN {} SET NOT NULL", identifier(column)))
        } else if let Some(live) = what.strip_prefix("deferred rule ") {
            self.has_rule(live).then(|| format!("ALTER CONSTRAINT {} NOT DEFERRABLE", identifier(live)))
        } else if let Some(column) = what.strip_prefix("numbers of ") {
            let stays = tables::find(table, column).is_some_and(|column| column.auto_increment);
            stays.then(|| {
                format!(
                    "ALTER COLUMN {} SET GENERATED BY DEFAULT SET INCREMENT BY 1 SET MINVALUE 1 SET NO CYCLE",
                    identifier(column)
                )
            })
        } else if what == "storage" {
            Some("SET LOGGED".to_owned())
        } else {
            return Ok(self.of_all_rows(what));
        };
        Ok(Some(clause.map(|clause| self.alter(&clause)).into_iter().collect()))
    }

    fn alter(&self, clause: &str) -> String {
        format!("ALTER TABLE {} {clause}", identifier(&self.new.name))
    }

    /// What stands between the table and whoever reads or writes it.
    fn of_all_rows(&self, what: &str) -> Option<Vec<String>> {
        let table = identifier(&self.new.name);
        if what == "row level security" {
            let clauses = ["DISABLE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"];
            return Some(clauses.map(|clause| self.alter(clause)).to_vec());
        }
        if let Some(policy) = what.strip_prefix("policy ") {
            return Some(vec![format!("DROP POLICY {} ON {table}", identifier(policy))]);
        }
        if let Some(rule) = what.strip_prefix("rewriting rule ") {
            return Some(vec![format!("DROP RULE {} ON {table}", identifier(rule))]);
        }
        if what == "kind of key" {
            let stays = self.old.primary_key == self.new.primary_key;
            let key = tables::primary_key(self.new).filter(|_| stays);
            let anew = key
                .map(|clause| vec![drop_primary_key(&self.new.name), self.alter(&format!("ADD {clause}"))]);
            return Some(anew.unwrap_or_default());
        }
        None
    }

    fn has_rule(&self, live: &str) -> bool {
        let is_it = |name: &String| names::cut(name) == live;
        self.new.checks.keys().any(is_it) || self.new.foreign_keys.keys().any(is_it)
    }

    fn index(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let table = self.new;
        let same =
            |index: &&Index| plain(&index.name) == name && self.old.indexes.get(&index.name) == Some(*index);
        let Some(index) = table.indexes.values().find(same) else {
            return Ok(Vec::new());
        };
        let live = identifier(&names::index_name(&table.name, &index.name));
        let mut statements = vec![
            self.alter(&format!("DROP CONSTRAINT IF EXISTS {live}")),
            format!("DROP INDEX IF EXISTS {live}"),
        ];
        statements.extend(tables::create_index(self.wanted, table, index, Words::Own)?);
        Ok(statements)
    }

    /// Makes a rule anew that reads the same as it shall.
    fn rule(&self, live: &str) -> Result<Vec<String>, Refusal> {
        let (old, new) = (self.old, self.new);
        let is_it = |name: &&String| names::cut(name) == live;
        let (name, clause) = if let Some(name) = new.foreign_keys.keys().find(is_it) {
            let key = new.foreign_keys.get(name).filter(|key| old.foreign_keys.get(name) == Some(*key));
            (name, key.map(tables::foreign_key))
        } else if let Some(name) = new.checks.keys().find(is_it) {
            let check = new.checks.get(name).filter(|check| old.checks.get(name) == Some(*check));
            let clause = check.map(|check| tables::check_clause(self.wanted, new, check, Words::Own));
            (name, clause.transpose()?)
        } else {
            return Ok(Vec::new());
        };
        let Some(clause) = clause else { return Ok(Vec::new()) };
        let mut statements = vec![
            self.alter(&format!("DROP CONSTRAINT {}", identifier(live))),
            self.alter(&format!("ADD {clause}")),
        ];
        statements.extend(tables::constraint_comment(&new.name, name));
        Ok(statements)
    }
}

/// Only our own primary keys have names that are known here.
pub(super) fn drop_primary_key(table: &str) -> String {
    let place = text(&identifier(table));
    let body = format!(
        "BEGIN EXECUTE (SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) \
         FROM pg_constraint WHERE conrelid = {place}::regclass AND contype = 'p'); END"
    );
    format!("DO {}", text(&body))
}
