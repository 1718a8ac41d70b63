//! Where the files of templates come from: a folder on disk, the program itself, or a map in memory (an unpacked zip).
//!
//! Paths are relative to the folder that holds the templates and their `migrations`, with forward slashes.

use super::template_type::MIGRATIONS_FOLDER;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// More files than this are no folder of templates, but somebody's whole disk.
const MOST_FILES: usize = 5_000;
/// `migrations/<type>/<file>` and `<type>/modules/<file>` are two folders deep; one more to name what lies too deep.
const DEEPEST: usize = 3;

/// A place that holds template files. Reading may wait for a disk, so call it off the async threads.
pub trait Source {
    /// Every file's path, sorted. Hidden files are left out.
    fn files(&self) -> Result<Vec<String>, SourceError>;

    /// The first `limit` bytes of a file, or all of it where it is shorter.
    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, SourceError>;
}

/// Why a source could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The disk said no.
    #[error("{path}: cannot be read: {cause}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// Far too much in it.
    #[error(
        "{path}: holds more than {MOST_FILES} files; give the folder that holds the templates, or one template's folder"
    )]
    TooManyFiles {
        /// The folder.
        path: String,
    },
    /// There is nothing to read in it.
    #[error("there is no template here: a template is a folder with a file `template.toml`")]
    NoTemplates,
}

/// A folder on disk: one that holds templates, or one template's own folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    only: Option<String>,
}

impl Folder {
    /// Opens a folder. Where it has a `template.toml` itself it is one template, whose migrations lie in
    /// `../migrations/<its name>`; otherwise it holds templates.
    pub fn open(path: &Path) -> Result<Self, SourceError> {
        let root = path.canonicalize().map_err(|cause| unreadable(path, cause))?;
        if !root.join("template.toml").is_file() {
            fs::read_dir(&root).map_err(|cause| unreadable(path, cause))?;
            return Ok(Self { root, only: None });
        }
        match (root.parent(), root.file_name()) {
            (Some(parent), Some(name)) => {
                Ok(Self { root: parent.to_owned(), only: Some(name.to_string_lossy().into_owned()) })
            }
            _ => Err(SourceError::NoTemplates),
        }
    }

    fn walk(&self, folder: &str, depth: usize, found: &mut Vec<String>) -> Result<(), SourceError> {
        let path = self.root.join(folder);
        for entry in fs::read_dir(&path).map_err(|cause| unreadable(&path, cause))? {
            let entry = entry.map_err(|cause| unreadable(&path, cause))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let relative = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            // Links are followed, because mounted configuration is often made of them; the depth ends their circles.
            let is_folder = fs::metadata(entry.path()).is_ok_and(|found| found.is_dir());
            if is_folder && depth < DEEPEST {
                self.walk(&relative, depth + 1, found)?;
            } else if !is_folder {
                found.push(relative);
            }
            if found.len() > MOST_FILES {
                return Err(SourceError::TooManyFiles { path: self.root.display().to_string() });
            }
        }
        Ok(())
    }
}

impl Source for Folder {
    fn files(&self) -> Result<Vec<String>, SourceError> {
        let mut found = Vec::new();
        if let Some(only) = &self.only {
            self.walk(only, 1, &mut found)?;
            let migrations = format!("{MIGRATIONS_FOLDER}/{only}");
            if self.root.join(&migrations).is_dir() {
                self.walk(&migrations, 2, &mut found)?;
            }
        } else {
            self.walk("", 0, &mut found)?;
        }
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, SourceError> {
        let place = self.root.join(path);
        let mut bytes = Vec::new();
        fs::File::open(&place)
            .and_then(|file| file.take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes))
            .map_err(|cause| unreadable(&place, cause))?;
        Ok(bytes)
    }
}

#[derive(rust_embed::Embed)]
#[folder = "sql_templates/"]
struct Files;

/// The templates that the program brings along.
#[derive(Debug, Clone, Copy, Default)]
pub struct Embedded;

impl Source for Embedded {
    fn files(&self) -> Result<Vec<String>, SourceError> {
        let hidden = |path: &str| path.split('/').any(|part| part.starts_with('.'));
        let mut found: Vec<String> =
            Files::iter().map(|path| path.to_string()).filter(|path| !hidden(path)).collect();
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, SourceError> {
        let file = Files::get(path).ok_or_else(|| not_there(path))?;
        Ok(file.data.iter().copied().take(limit).collect())
    }
}

/// Files in memory: what was read once stays the same however often it is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory(BTreeMap<String, Vec<u8>>);

impl Memory {
    /// Reads everything of another source, each file up to `limit` bytes.
    pub fn copy(source: &dyn Source, limit: usize) -> Result<Self, SourceError> {
        let paths = source.files()?;
        let read = |path: String| source.read(&path, limit).map(|bytes| (path, bytes));
        paths.into_iter().map(read).collect::<Result<_, _>>().map(Memory)
    }

    /// SHA-256 of all names and all bytes.
    pub fn digest(&self) -> String {
        let mut all = Vec::new();
        for (path, bytes) in &self.0 {
            all.extend_from_slice(format!("{} {path} {} ", path.len(), bytes.len()).as_bytes());
            all.extend_from_slice(bytes);
        }
        crate::digest::sha256_hex(all)
    }

    /// Files that were unpacked.
    pub fn of_bytes(files: BTreeMap<String, Vec<u8>>) -> Self {
        Memory(files)
    }

    /// Files that were stored as texts.
    pub fn of_texts(texts: BTreeMap<String, String>) -> Self {
        Memory(texts.into_iter().map(|(path, text)| (path, text.into_bytes())).collect())
    }

    /// The files of one template as texts, to be stored. Those of a template that was read without problems are texts.
    pub fn texts(&self, folder: &str) -> BTreeMap<String, String> {
        let belongs = |path: &str| {
            let path =
                path.strip_prefix(MIGRATIONS_FOLDER).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
            path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        let mine = self.0.iter().filter(|(path, _)| belongs(path));
        mine.map(|(path, bytes)| (path.clone(), String::from_utf8_lossy(bytes).into_owned())).collect()
    }
}

impl Source for Memory {
    fn files(&self) -> Result<Vec<String>, SourceError> {
        self.0.files()
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, SourceError> {
        self.0.read(path, limit)
    }
}

impl Source for BTreeMap<String, Vec<u8>> {
    fn files(&self) -> Result<Vec<String>, SourceError> {
        Ok(self.keys().cloned().collect())
    }

    fn read(&self, path: &str, limit: usize) -> Result<Vec<u8>, SourceError> {
        let bytes = self.get(path).ok_or_else(|| not_there(path))?;
        Ok(bytes.iter().copied().take(limit).collect())
    }
}

fn unreadable(path: &Path, cause: io::Error) -> SourceError {
    SourceError::Unreadable { path: path.display().to_string(), cause }
}

fn not_there(path: &str) -> SourceError {
    SourceError::Unreadable { path: path.to_owned(), cause: io::ErrorKind::NotFound.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        dir
    }

    #[test]
    fn a_folder_of_templates_lists_all_their_files_but_hidden_ones() {
        let dir = folder_with(&[
            "ngo/template.toml",
            "ngo/modules/001_core.sql",
            "migrations/ngo/2025_01_01_a.sql",
            "README.md",
            ".git/config",
            "ngo/.DS_Store",
        ]);
        let folder = Folder::open(dir.path()).unwrap();
        assert_eq!(
            folder.files().unwrap(),
            ["README.md", "migrations/ngo/2025_01_01_a.sql", "ngo/modules/001_core.sql", "ngo/template.toml"]
        );
        assert_eq!(folder.read("ngo/template.toml", 5).unwrap(), b"ngo/t");
    }

    #[test]
    fn one_templates_folder_brings_its_own_migrations_and_nothing_else() {
        let dir = folder_with(&[
            "ngo/template.toml",
            "basic/template.toml",
            "migrations/ngo/2025_01_01_a.sql",
            "migrations/basic/2025_01_01_b.sql",
        ]);
        let folder = Folder::open(&dir.path().join("ngo")).unwrap();
        assert_eq!(folder.files().unwrap(), ["migrations/ngo/2025_01_01_a.sql", "ngo/template.toml"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error = Folder::open(&dir.path().join("nowhere")).unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }

    #[test]
    fn a_folder_with_far_too_many_files_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..=MOST_FILES {
            fs::write(dir.path().join(format!("{number}.txt")), "").unwrap();
        }
        let error = Folder::open(dir.path()).unwrap().files().unwrap_err();
        assert!(matches!(error, SourceError::TooManyFiles { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_back_to_its_own_folder_ends() {
        let dir = folder_with(&["ngo/template.toml"]);
        std::os::unix::fs::symlink(dir.path(), dir.path().join("ngo/again")).unwrap();
        let files = Folder::open(dir.path()).unwrap().files().unwrap();
        assert!(files.contains(&"ngo/template.toml".to_owned()));
        assert!(files.iter().all(|path| path.matches('/').count() <= DEEPEST), "{files:?}");
    }

    #[test]
    fn the_program_brings_basic_and_ngo() {
        let files = Embedded.files().unwrap();
        for path in [
            "basic/template.toml",
            "ngo/template.toml",
            "migrations/ngo/2025_01_01_add_phone_country_code.sql",
        ] {
            assert!(files.contains(&path.to_owned()), "{path}");
        }
        assert_eq!(Embedded.read("ngo/template.toml", 4).unwrap(), b"name");
        assert!(Embedded.read("ngo/nothing.sql", 4).is_err());
    }
}
