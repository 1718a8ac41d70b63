//! Changes of a `template.toml` that a form makes: what the form does not know of, comments and order included, stays.

use super::ModuleKind;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

/// What a form says of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Its name for people.
    pub name: String,
    /// One sentence for people.
    pub description: String,
    /// Its version.
    pub version: String,
    /// What it says of each module, by its name.
    pub modules: Vec<ModuleDetails>,
}

/// What a form says of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleDetails {
    /// Its name in files; says which module is meant.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// One sentence for people.
    pub description: String,
    /// Whether every tenant has it.
    pub kind: ModuleKind,
    /// The modules that it needs.
    pub depends: Vec<String>,
}

/// Why a `template.toml` could not be changed by a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is not TOML, or not that of a template.
    #[error("`template.toml` cannot be read as it is; mend it in the editor first")]
    Unreadable,
    /// There is such a module already.
    #[error("there is a module of this name already")]
    Taken,
    /// There is no number left below 999.
    #[error("there are too many modules")]
    Full,
}

fn read(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|_| EditError::Unreadable)
}

/// Puts a value in the place of another, so that comments around it stay.
fn set(table: &mut Table, key: &str, text: &str) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(found) if found.as_str() == Some(text) => {}
        Some(found) => {
            let around = found.decor().clone();
            *found = text.into();
            *found.decor_mut() = around;
        }
        None => {
            table.insert(key, value(text));
        }
    }
}

fn kind_word(kind: ModuleKind) -> &'static str {
    match kind {
        ModuleKind::Core => "core",
        ModuleKind::Optional => "optional",
    }
}

fn list(names: &[String]) -> Item {
    value(names.iter().map(String::as_str).collect::<Array>())
}

/// Writes another version.
pub fn with_version(text: &str, version: &str) -> Result<String, EditError> {
    let mut document = read(text)?;
    set(document.as_table_mut(), "version", version);
    Ok(document.to_string())
}

/// Writes what a form says.
pub fn with_details(text: &str, details: &Details) -> Result<String, EditError> {
    let mut document = read(text)?;
    let top = document.as_table_mut();
    set(top, "name", &details.name);
    set(top, "description", &details.description);
    set(top, "version", &details.version);
    if let Some(tables) = modules(top)? {
        for table in tables.iter_mut() {
            let name = table.get("name").and_then(Item::as_str).unwrap_or_default().to_owned();
            let Some(module) = details.modules.iter().find(|module| module.name == name) else { continue };
            set(table, "title", &module.title);
            set(table, "description", &module.description);
            set(table, "kind", kind_word(module.kind));
            let same =
                table.get("depends").and_then(Item::as_array).map_or(module.depends.is_empty(), |found| {
                    found
                        .iter()
                        .map(toml_edit::Value::as_str)
                        .eq(module.depends.iter().map(|name| Some(name.as_str())))
                });
            if !same {
                table.insert("depends", list(&module.depends));
            }
        }
    }
    Ok(document.to_string())
}

fn modules(top: &mut Table) -> Result<Option<&mut ArrayOfTables>, EditError> {
    match top.get_mut("modules") {
        None => Ok(None),
        Some(item) => item.as_array_of_tables_mut().map(Some).ok_or(EditError::Unreadable),
    }
}

/// Adds a module with the next free number; gives the text and the name of the module's file.
pub fn with_module(text: &str, module: &ModuleDetails) -> Result<(String, String), EditError> {
    let mut document = read(text)?;
    let top = document.as_table_mut();
    if !top.contains_key("modules") {
        top.insert("modules", Item::ArrayOfTables(ArrayOfTables::new()));
    }
    let tables = modules(top)?.ok_or(EditError::Unreadable)?;
    let word =
        |table: &Table, key: &str| table.get(key).and_then(Item::as_str).unwrap_or_default().to_owned();
    if tables.iter().any(|table| word(table, "name") == module.name) {
        return Err(EditError::Taken);
    }
    let numbers = tables.iter().filter_map(|table| word(table, "file").get(..3)?.parse::<u16>().ok());
    let number = numbers.max().unwrap_or_default() + 1;
    if number > 999 {
        return Err(EditError::Full);
    }
    let file = format!("{number:03}_{}.sql", module.name);
    let mut table = Table::new();
    for (key, text) in [
        ("name", module.name.as_str()),
        ("title", &module.title),
        ("description", &module.description),
        ("kind", kind_word(module.kind)),
        ("file", &file),
    ] {
        table.insert(key, value(text));
    }
    table.insert("depends", list(&module.depends));
    tables.push(table);
    Ok((document.to_string(), file))
}

/// Takes a module out of the list; gives the text and the module's file, where there was such a module.
pub fn without_module(text: &str, name: &str) -> Result<(String, Option<String>), EditError> {
    let mut document = read(text)?;
    let mut file = None;
    if let Some(tables) = modules(document.as_table_mut())? {
        let place = tables.iter().position(|table| table.get("name").and_then(Item::as_str) == Some(name));
        if let Some(place) = place {
            file = tables
                .get(place)
                .and_then(|table| table.get("file"))
                .and_then(Item::as_str)
                .map(str::to_owned);
            tables.remove(place);
        }
    }
    Ok((document.to_string(), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Ours.\nname = \"Club\" # short\ndescription = \"A club.\"\nversion = \"1.0.0\"\n\n# Everybody has it.\n[[modules]]\nname = \"core\"\ntitle = \"Core\"\ndescription = \"The core.\"\nkind = \"core\"\nfile = \"001_core.sql\"\n";

    fn core() -> ModuleDetails {
        ModuleDetails {
            name: "core".into(),
            title: "Core".into(),
            description: "The core.".into(),
            kind: ModuleKind::Core,
            depends: Vec::new(),
        }
    }

    fn details() -> Details {
        Details {
            name: "Club".into(),
            description: "A club.".into(),
            version: "1.0.0".into(),
            modules: vec![core()],
        }
    }

    #[test]
    fn a_form_that_changes_nothing_changes_no_byte() {
        assert_eq!(with_details(TEXT, &details()).unwrap(), TEXT);
    }

    #[test]
    fn what_changes_is_written_and_comments_stay() {
        let mut wanted = details();
        wanted.name = "Chess \"club\"".into();
        wanted.modules[0].depends = vec!["games".into()];
        let text = with_details(TEXT, &wanted).unwrap();
        assert!(text.contains("# Ours.") && text.contains("# short") && text.contains("# Everybody has it."));
        assert!(text.contains("depends = [\"games\"]"), "{text}");
        let document = read(&text).unwrap();
        assert_eq!(document["name"].as_str(), Some("Chess \"club\""));
        assert!(with_version(TEXT, "1.1.0").unwrap().contains("version = \"1.1.0\""));
    }

    #[test]
    fn a_module_is_added_with_the_next_number_and_taken_away_again() {
        let games = ModuleDetails { name: "games".into(), kind: ModuleKind::Optional, ..core() };
        let (text, file) = with_module(TEXT, &games).unwrap();
        assert_eq!(file, "002_games.sql");
        assert_eq!(with_module(&text, &games), Err(EditError::Taken));
        let (text, gone) = without_module(&text, "games").unwrap();
        assert_eq!(gone.as_deref(), Some("002_games.sql"));
        assert_eq!(text.trim_end(), TEXT.trim_end());
        assert_eq!(without_module(&text, "games").unwrap().1, None);
    }

    #[test]
    fn a_text_that_is_no_toml_is_left_alone() {
        assert_eq!(with_version("name = ", "1.0.0"), Err(EditError::Unreadable));
        assert_eq!(with_details("modules = 3", &details()), Err(EditError::Unreadable));
    }
}
