//! Where the files of exports are: written aside, and given their name when they are whole and on the disk.

use crate::config::Settings;
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// The folder of exports.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The folder in the data folder of an installation.
    pub fn new(settings: &Settings) -> Self {
        Files { folder: settings.data_dir.join("exports") }
    }

    fn making(&self) -> PathBuf {
        self.folder.join(".making")
    }

    /// The name of an export's file; each claim of its job has another, so that a worker which was away too long
    /// touches nothing of the next one.
    pub fn name(id: Uuid, fence: i64) -> String {
        format!("{id}-{fence}.zip")
    }

    /// The finished file of a name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Begins a file aside.
    pub fn begin(&self, name: &str) -> io::Result<File> {
        fs::create_dir_all(self.making())?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(self.making().join(name))
    }

    /// Gives a written file its name, durably; answers its size.
    pub fn finish(&self, name: &str) -> io::Result<u64> {
        let finished = self.path(name);
        fs::rename(self.making().join(name), &finished)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(fs::metadata(finished)?.len())
    }

    /// Removes everything of an export, whatever claim it is from.
    pub fn remove(&self, id: Uuid) -> io::Result<()> {
        let beginning = id.to_string();
        for path in self.all()? {
            if file_name(&path).starts_with(&beginning) {
                remove_if_there(&path)?;
            }
        }
        Ok(())
    }

    /// Removes the files that `keep` does not want, given the export, the file's name, and whether it is finished.
    pub fn sweep(&self, keep: impl Fn(Uuid, &str, bool) -> bool) -> io::Result<u64> {
        let mut removed = 0;
        for path in self.all()? {
            let name = file_name(&path);
            let is_finished = path.parent() == Some(self.folder.as_path());
            // What is not ours by its name stays.
            let Some(Ok(id)) = name.get(..36).map(str::parse::<Uuid>) else { continue };
            if !keep(id, &name, is_finished) {
                remove_if_there(&path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The exports that have files, finished or not.
    pub fn ids(&self) -> io::Result<Vec<Uuid>> {
        let mut ids: Vec<Uuid> =
            self.all()?.iter().filter_map(|path| file_name(path).get(..36)?.parse().ok()).collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }

    fn all(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for folder in [&self.folder, &self.making()] {
            let entries = match fs::read_dir(folder) {
                Err(cause)
                    if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
                {
                    continue;
                }
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                if !entry.file_type()?.is_dir() {
                    found.push(entry.path());
                }
            }
        }
        Ok(found)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}
