//! Templates in a zip: taken in from strangers with every bound checked while it is unpacked, and packed for a download.
//!
//! Nothing that a zip says of itself is believed. Sizes are counted while the files are unpacked into memory, never on a
//! disk; what a name could do to some system is refused, even where this one would not mind.

use super::{
    file_path, report::Report, shelf::LARGEST_FILE, source::Memory, template_type::MIGRATIONS_FOLDER,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read, Write},
};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The largest zip, in bytes.
pub const LARGEST_ARCHIVE: usize = 8 << 20;
/// The most that all its files may have together when unpacked, in bytes.
pub const LARGEST_UNPACKED: usize = 32 << 20;
/// The most entries, folders included.
pub const MOST_ENTRIES: usize = 2_000;
/// `top/migrations/ngo/file.sql` lies in three folders; one more for what a template does not read.
const DEEPEST: usize = 4;
/// Problems that are told at most: a hostile zip must not make a report without end.
const MOST_PROBLEMS: usize = 20;

/// The record at the end of a zip, without its comment.
const END_LENGTH: usize = 22;
const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const ZIP64_LOCATOR: &[u8] = b"PK\x06\x07";
/// What the first bytes of a zip are; empty and spanned ones included.
const SIGNATURES: [&[u8]; 3] = [b"PK\x03\x04", END_SIGNATURE, b"PK\x07\x08"];

/// Unpacks a zip into memory. `name` is what the report calls the zip itself.
pub fn open(name: &str, bytes: &[u8]) -> Result<Memory, Report> {
    let mut report = Report::default();
    let files = match checked_end(bytes) {
        Ok(entries) => unpack(name, bytes, entries, &mut report),
        Err(reason) => {
            report.problem(name, None, reason);
            BTreeMap::new()
        }
    };
    if report.is_clean() && files.is_empty() {
        report.problem(name, None, "holds no files");
    }
    if !report.is_clean() {
        report.sort();
        report.problems.truncate(MOST_PROBLEMS);
        return Err(report);
    }
    Ok(Memory::of_bytes(without_top_folder(files)))
}

/// Reads the record at the end, which must be the very end; gives the number of entries.
fn checked_end(bytes: &[u8]) -> Result<usize, String> {
    if bytes.len() > LARGEST_ARCHIVE {
        return Err(format!("is larger than {} MiB", LARGEST_ARCHIVE >> 20));
    }
    if !SIGNATURES.iter().any(|signature| bytes.starts_with(signature)) {
        return Err("is no zip".into());
    }
    let start = bytes.windows(END_SIGNATURE.len()).rposition(|window| window == END_SIGNATURE);
    let Some((start, end)) = start.and_then(|start| Some((start, bytes.get(start..)?))) else {
        return Err("is no whole zip: its end is missing".into());
    };
    let number = |at: usize| match end.get(at..at + 2) {
        Some([low, high]) => Some(usize::from(u16::from_le_bytes([*low, *high]))),
        _ => None,
    };
    let (Some(disk), Some(here), Some(entries), Some(comment)) =
        (number(4), number(8), number(10), number(20))
    else {
        return Err("is no whole zip: its end is missing".into());
    };
    if END_LENGTH + comment != end.len() {
        return Err("has something after its end".into());
    }
    let is_large = start.checked_sub(20).and_then(|at| bytes.get(at..at + 4)) == Some(ZIP64_LOCATOR);
    if is_large || entries == usize::from(u16::MAX) {
        return Err("is of the kind for very large zips (zip64), which templates never need".into());
    }
    if disk != 0 || here != entries {
        return Err("is one part of a zip in several parts".into());
    }
    if entries > MOST_ENTRIES {
        return Err(format!("holds {entries} files and folders; at most {MOST_ENTRIES} are taken"));
    }
    Ok(entries)
}

fn unpack(name: &str, bytes: &[u8], entries: usize, report: &mut Report) -> BTreeMap<String, Vec<u8>> {
    let mut archive = match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(cause) => {
            report.problem(name, None, format!("cannot be unpacked: {cause}"));
            return BTreeMap::new();
        }
    };
    if archive.offset() != 0 {
        report.problem(name, None, "has something before its beginning");
    }
    if archive.len() != entries || archive.has_duplicate_names() {
        report.problem(name, None, "holds two files of one name, or its list of files is wrong");
    }
    let mut files = BTreeMap::new();
    let mut unpacked = 0;
    for index in 0..archive.len() {
        if report.problems.len() >= MOST_PROBLEMS {
            break;
        }
        match one(&mut archive, index, &mut unpacked) {
            Ok(Entry::File(path, content)) => {
                if files.insert(path.clone(), content).is_some() {
                    report.problem(path, None, "is there twice");
                }
            }
            Ok(Entry::Nothing) => {}
            Err(Refusal::File(path, reason)) => report.problem(path, None, reason),
            Err(Refusal::Whole(reason)) => {
                report.problem(name, None, reason);
                break;
            }
        }
    }
    refuse_look_alikes(&files, report);
    files.retain(|path, _| !is_left_out(path));
    files
}

enum Entry {
    File(String, Vec<u8>),
    /// A folder.
    Nothing,
}

enum Refusal {
    File(String, String),
    Whole(String),
}

/// Checks one entry by what the zip says of it, then unpacks it as far as the bounds allow.
fn one(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    index: usize,
    unpacked: &mut usize,
) -> Result<Entry, Refusal> {
    const REGULAR: u32 = 0o100_000;
    const FOLDER: u32 = 0o040_000;
    let broken = |cause: zip::result::ZipError| Refusal::Whole(format!("cannot be unpacked: {cause}"));
    let entry = archive.by_index_data(index).map_err(broken)?;
    let raw = entry.name_raw();
    let Ok(path) = std::str::from_utf8(raw).map(str::to_owned) else {
        let name = String::from_utf8_lossy(raw).into_owned();
        return Err(Refusal::File(name, "has a name that is not UTF-8".into()));
    };
    let refuse = |reason: &str| Err(Refusal::File(path.clone(), reason.to_owned()));
    let is_folder = path.ends_with('/');
    let kind = entry.unix_mode().unwrap_or_default() & 0o170_000;
    file_path::check(path.strip_suffix('/').unwrap_or(&path), DEEPEST)
        .map_err(|reason| Refusal::File(path.clone(), reason))?;
    if entry.is_symlink() {
        return refuse("is a link to another file; put the file itself into the zip");
    }
    if kind != 0 && kind != if is_folder { FOLDER } else { REGULAR } {
        return refuse("is neither a file nor a folder");
    }
    if entry.encrypted() {
        return refuse("is encrypted; make the zip without a password");
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return refuse(
            "is packed in an unusual way; make the zip with the ordinary kind of compression (deflate)",
        );
    }
    let mut file = archive.by_index(index).map_err(broken)?;
    let mut content = Vec::new();
    let limit = u64::try_from(LARGEST_FILE + 1).unwrap_or(u64::MAX);
    if file.by_ref().take(limit).read_to_end(&mut content).is_err() {
        return refuse("is damaged, or not what the zip says it is");
    }
    *unpacked += content.len();
    if content.len() > LARGEST_FILE {
        return refuse("is larger than 1 MiB when unpacked");
    }
    if *unpacked > LARGEST_UNPACKED {
        return Err(Refusal::Whole(format!("is larger than {} MiB when unpacked", LARGEST_UNPACKED >> 20)));
    }
    if is_folder {
        return if content.is_empty() { Ok(Entry::Nothing) } else { refuse("is a folder with a content") };
    }
    if SIGNATURES.iter().any(|signature| content.starts_with(signature)) {
        return refuse("is a zip itself; a zip in a zip is not unpacked");
    }
    Ok(Entry::File(path, content))
}

/// Names that differ in case only, and a name that is a file here and a folder there: on some disks they are one.
fn refuse_look_alikes(files: &BTreeMap<String, Vec<u8>>, report: &mut Report) {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    for path in files.keys() {
        if let Some(other) = seen.insert(path.to_lowercase(), path) {
            report.problem(path, None, format!("differs from `{other}` in large and small letters only"));
        }
    }
    for path in files.keys() {
        let folded = path.to_lowercase();
        let mut folders = folded.match_indices('/').filter_map(|(at, _)| folded.get(..at));
        if let Some(file) = folders.find_map(|folder| seen.get(folder)) {
            report.problem(path, None, format!("lies in `{file}`, which is a file"));
        }
    }
}

/// What systems put beside the files on their own account.
fn is_left_out(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}

/// Without the folder that holds everything, where it only holds templates.
fn without_top_folder(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let tops: BTreeSet<&str> = files.keys().filter_map(|path| path.split('/').next()).collect();
    let Some(top) = tops.first().filter(|top| tops.len() == 1 && **top != MIGRATIONS_FOLDER) else {
        return files;
    };
    let is_top = files
        .keys()
        .any(|path| matches!(path.split('/').collect::<Vec<_>>().as_slice(), [_, _, "template.toml"]));
    if !is_top {
        return files;
    }
    let prefix = format!("{top}/");
    files
        .into_iter()
        .filter_map(|(path, content)| path.strip_prefix(&prefix).map(|rest| (rest.to_owned(), content)))
        .collect()
}

/// Packs files into a zip: the same files give the same bytes.
pub fn pack(files: &BTreeMap<String, String>) -> std::io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in files {
        zip.start_file(path.as_str(), options)?;
        zip.write_all(text.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;
