//! The picture of a schema as a page shows it: all of it, one module, or one table with its neighbours; as wide as the page,
//! or in its full size; every column, or only those that tie tables together. What is shown is in the address.

use super::urls::with_query;
use super::views::counted_len;
use crate::{picture, schema::Schema};
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many tables, every column is shown unless it is asked otherwise.
const FEW_TABLES: usize = 9;

/// A link that changes what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureLink {
    /// What it says.
    pub title: String,
    /// Where it goes.
    pub href: String,
    /// Whether it is what is shown now.
    pub is_current: bool,
    /// The tint of the module in the picture, from 1; 0 for none.
    pub tint: usize,
}

/// A picture with the ways to look at it.
#[derive(Debug, Clone, Default)]
pub struct PictureView {
    /// Such as "23 tables and 31 relations".
    pub summary: String,
    /// What is shown, where it is not everything: "Events and what is next to it".
    pub focus: Option<String>,
    /// The picture as SVG; made by us, all text in it is escaped.
    pub svg: String,
    /// The picture in sentences.
    pub text: Vec<String>,
    /// Everything, then a link for each module; empty where there is one module at most.
    pub modules: Vec<PictureLink>,
    /// A link for each table, to see it with its neighbours.
    pub tables: Vec<PictureLink>,
    /// Every column, or only those that tie tables together.
    pub columns: Vec<PictureLink>,
    /// As wide as the page, or in full size.
    pub sizes: Vec<PictureLink>,
    /// Whether it is as wide as the page.
    pub is_fit: bool,
}

/// What an address asks to be shown. Unknown names ask for nothing.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The title of a module.
    pub module: String,
    /// A table.
    pub table: String,
    /// `all` or `keys`; else what suits the number of tables.
    pub columns: String,
    /// `full`; else as wide as the page.
    pub size: String,
}

impl Wanted {
    /// From the parameters of an address.
    pub fn of(query: &[(String, String)]) -> Self {
        let text = |name: &str| {
            query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Self { module: text("module"), table: text("table"), columns: text("columns"), size: text("size") }
    }

    fn href(&self, base: &str) -> String {
        let pairs = [
            ("module", self.module.as_str()),
            ("table", self.table.as_str()),
            ("columns", self.columns.as_str()),
            ("size", self.size.as_str()),
        ];
        format!("{}#picture", with_query(base, &pairs))
    }
}

/// The view of a schema. `modules` has the title of the module of each table that comes from one; `base` is the page.
pub fn view(
    schema: &Schema,
    modules: &BTreeMap<String, String>,
    title: &str,
    base: &str,
    wanted: &Wanted,
) -> PictureView {
    let titles: BTreeSet<&String> = modules
        .iter()
        .filter(|(table, _)| schema.tables.contains_key(*table))
        .map(|(_, title)| title)
        .collect();
    let titles: Vec<&String> = titles.into_iter().collect();
    let is_module = titles.iter().any(|known| **known == wanted.module);
    let is_table = schema.tables.contains_key(&wanted.table);
    let (part, beside, focus) = if is_table {
        let chosen = BTreeSet::from([wanted.table.clone()]);
        let (part, beside) = picture::around(schema, &chosen);
        (part, beside, Some(format!("{} and the tables next to it", wanted.table)))
    } else if is_module {
        let of_module = |(table, title): (&String, &String)| (*title == wanted.module).then(|| table.clone());
        let (part, beside) = picture::around(schema, &modules.iter().filter_map(of_module).collect());
        (part, beside, Some(format!("{} and the tables next to it", wanted.module)))
    } else {
        (schema.clone(), BTreeSet::new(), None)
    };
    let every_column = match wanted.columns.as_str() {
        "all" => true,
        "keys" => false,
        _ => part.tables.len() <= FEW_TABLES,
    };
    let place = |title: &String| titles.iter().position(|known| *known == title).unwrap_or_default();
    let groups = modules
        .iter()
        .map(|(table, title)| (table.clone(), picture::Group { index: place(title), name: title.clone() }))
        .collect();
    let options = picture::Options {
        title: title.to_owned(),
        groups,
        beside,
        max_columns: if every_column { picture::Options::default().max_columns } else { 0 },
        ..picture::Options::default()
    };
    let drawn = picture::draw(&part, &options);
    let link = |title: String, tint: usize, is_current: bool, wanted: Wanted| PictureLink {
        title,
        href: wanted.href(base),
        is_current,
        tint,
    };
    let focused = |module: &str, table: &str| Wanted {
        module: module.to_owned(),
        table: table.to_owned(),
        columns: String::new(),
        size: wanted.size.clone(),
    };
    let mut module_links = vec![link("Everything".into(), 0, focus.is_none(), focused("", ""))];
    module_links.extend(titles.iter().enumerate().map(|(at, title)| {
        let is_current = !is_table && **title == wanted.module;
        link((*title).clone(), at % picture::TINTS + 1, is_current, focused(title, ""))
    }));
    let columns = [("All columns", "all", every_column), ("Keys only", "keys", !every_column)];
    let is_fit = wanted.size != "full";
    PictureView {
        summary: summary(&part),
        focus,
        svg: drawn.svg,
        text: drawn.text,
        modules: if titles.len() > 1 { module_links } else { Vec::new() },
        tables: schema
            .tables
            .keys()
            .map(|table| link(table.clone(), 0, is_table && *table == wanted.table, focused("", table)))
            .collect(),
        columns: columns
            .map(|(title, columns, is_current)| {
                link(title.into(), 0, is_current, Wanted { columns: columns.into(), ..wanted.clone() })
            })
            .to_vec(),
        sizes: [("Fit to the page", "", is_fit), ("Full size", "full", !is_fit)]
            .map(|(title, size, is_current)| {
                link(title.into(), 0, is_current, Wanted { size: size.into(), ..wanted.clone() })
            })
            .to_vec(),
        is_fit,
    }
}

fn summary(schema: &Schema) -> String {
    let relations: usize = schema.tables.values().map(|table| table.foreign_keys.len()).sum();
    format!(
        "{} and {}",
        counted_len(schema.tables.len(), "table", "tables"),
        counted_len(relations, "relation", "relations")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Table;

    fn schema(names: &[&str]) -> Schema {
        let table = |name: &&str| {
            let table = Table {
                name: (*name).to_owned(),
                columns: Vec::new(),
                primary_key: Vec::new(),
                indexes: BTreeMap::new(),
                foreign_keys: BTreeMap::new(),
                checks: BTreeMap::new(),
                comment: None,
            };
            ((*name).to_owned(), table)
        };
        Schema { tables: names.iter().map(table).collect(), ..Schema::default() }
    }

    fn shown(query: &[(&str, &str)]) -> PictureView {
        let query: Vec<_> =
            query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let modules = [("events", "Events"), ("grants", "Grants"), ("gone", "Not chosen")]
            .map(|(table, title)| (table.to_owned(), title.to_owned()));
        view(
            &schema(&["events", "grants", "own"]),
            &modules.into(),
            "Tables",
            "/structure",
            &Wanted::of(&query),
        )
    }

    #[test]
    fn a_module_is_shown_by_itself_and_everything_is_one_link_away() {
        let view = shown(&[("module", "Events")]);
        assert_eq!(view.summary, "1 table and 0 relations");
        assert_eq!(view.focus.as_deref(), Some("Events and the tables next to it"));
        let links: Vec<_> = view.modules.iter().map(|link| (link.title.as_str(), link.is_current)).collect();
        assert_eq!(links, [("Everything", false), ("Events", true), ("Grants", false)]);
        assert_eq!(view.modules[0].href, "/structure#picture");
        assert_eq!(view.modules[2].href, "/structure?module=Grants#picture");
    }

    #[test]
    fn an_unknown_name_shows_everything() {
        let view = shown(&[("module", "Nonsense"), ("table", "nowhere")]);
        assert_eq!((view.focus, view.summary.as_str()), (None, "3 tables and 0 relations"));
    }

    #[test]
    fn size_and_columns_change_by_themselves() {
        let view = shown(&[("table", "own"), ("size", "full")]);
        assert!(!view.is_fit);
        assert_eq!(view.columns[1].href, "/structure?table=own&columns=keys&size=full#picture");
        assert_eq!(view.sizes[0].href, "/structure?table=own#picture");
    }
}
