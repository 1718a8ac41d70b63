//! Draws a schema as an entity-relationship diagram: plain text in, plain SVG out.
//!
//! `cards` decides what a table's box says, `layout` where boxes and lines go (layers, then order, then heights, then
//! lines; each step is a file), `svg` writes it down, `words` says the same in sentences. Nothing here knows a page, a
//! connection or a style: colours and fonts are the rules of `static/picture.css`, because the pages' security policy
//! allows no style inside markup. The same schema always gives the same bytes.

mod cards;
mod focus;
mod grid;
mod layers;
mod layout;
mod order;
mod pack;
mod place;
mod route;
mod svg;
mod text;
mod words;

pub use focus::around;

use crate::schema::Schema;
use std::collections::{BTreeMap, BTreeSet};

/// How many different tints `static/picture.css` has for groups.
pub const TINTS: usize = 12;

/// A finished diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The `<svg>` element, ready to stand in a page as it is: all text in it is escaped.
    pub svg: String,
    /// The same content as sentences, one for each table and then one for each relation, for people who cannot see
    /// the picture. Not escaped.
    pub text: Vec<String>,
}

/// What a table is shown to belong to, usually a template's module.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Place among the groups; it chooses the tint and the order in the legend.
    pub index: usize,
    /// The name that people read.
    pub name: String,
}

/// What the caller may decide about a diagram.
#[derive(Debug, Clone)]
pub struct Options {
    /// The page that lists the tables, for the link on each box: the link is `{base}#table-{name}`. Empty for the same page.
    pub base: String,
    /// The diagram's name, read out by screen readers.
    pub title: String,
    /// Start of the element ids in the SVG; two diagrams on one page need different ones.
    pub id: String,
    /// The group of each table, by table name. Tables that are not named have none.
    pub groups: BTreeMap<String, Group>,
    /// Tables that are the tenant's own and not the template's.
    pub own_tables: BTreeSet<String>,
    /// Tables that stand beside what is looked at, and are drawn more quietly.
    pub beside: BTreeSet<String>,
    /// Columns that are the tenant's own, as (table, column).
    pub own_columns: BTreeSet<(String, String)>,
    /// A table with more columns shows its keys, its links, its own columns, the first others, and a count of the rest; with
    /// 0 no others, which is the view at a glance.
    pub max_columns: usize,
    /// Whether the signs and group colours are explained below the diagram.
    pub legend: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base: String::new(),
            title: "Tables and their relations".to_owned(),
            id: "er".to_owned(),
            groups: BTreeMap::new(),
            own_tables: BTreeSet::new(),
            beside: BTreeSet::new(),
            own_columns: BTreeSet::new(),
            max_columns: 20,
            legend: true,
        }
    }
}

/// Draws the tables of a schema and their foreign keys. Views and triggers are not drawn.
pub fn draw(schema: &Schema, options: &Options) -> Picture {
    let (cards, links) = cards::make(schema, options);
    let layout = layout::arrange(&cards, &links);
    Picture { svg: svg::write(&cards, &links, &layout, options), text: words::sentences(schema, options) }
}

/// The element id that the page listing the tables gives to one of them, so that the boxes' links find it.
pub fn anchor(table: &str) -> String {
    format!("table-{table}")
}

#[cfg(test)]
mod tests;
