//! The file of an export: a zip with the SQL dump, the CSV of each table, a readme and a manifest. It is written as it is
//! read, so that its size says nothing about the memory that it takes.

use super::csv::{self, CsvFor};
use crate::{
    engine::{
        Reading,
        reading::{ReadError, ReadTable},
    },
    store::tenants::Tenant,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs::File,
    io::{self, BufWriter, Seek, Write},
    path::Path,
};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// What is to be in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Contents {
    /// The SQL dump.
    pub sql: bool,
    /// A CSV file for each table.
    pub csv: bool,
    /// Whether the CSV files are made safe and easy for spreadsheets, rather than exact.
    pub for_spreadsheets: bool,
}

impl Contents {
    /// What the CSV files are for.
    pub fn csv_for(self) -> CsvFor {
        if self.for_spreadsheets { CsvFor::Spreadsheets } else { CsvFor::Programs }
    }
}

/// What is exported, for the readme and the manifest.
#[derive(Debug, Clone, Serialize)]
pub struct About {
    /// The tenant's id.
    pub tenant_id: String,
    /// Its name.
    pub tenant_name: String,
    /// Its name in addresses.
    pub tenant_slug: String,
    /// The moment, RFC 3339 in UTC.
    pub exported_at: String,
    /// Its template type.
    pub template_type: String,
    /// The version that it stands at.
    pub template_version: String,
    /// The engine that it lives on.
    pub engine: String,
}

impl About {
    /// About a tenant at a moment in milliseconds.
    pub fn new(tenant: &Tenant, at_ms: i64) -> Self {
        About {
            tenant_id: tenant.id.to_string(),
            tenant_name: tenant.name.clone(),
            tenant_slug: tenant.slug.clone(),
            exported_at: jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().to_string(),
            template_type: tenant.template_type.clone(),
            template_version: tenant.template_version.clone(),
            engine: tenant.engine.clone(),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Tables.
    pub tables: u64,
    /// Rows in all of them.
    pub rows: u64,
}

#[derive(Debug, Serialize)]
struct Manifest<'a> {
    format: &'static str,
    format_version: u32,
    #[serde(flatten)]
    about: &'a About,
    contents: Contents,
    tables: Vec<ManifestTable>,
    files: Vec<ManifestFile>,
}

#[derive(Debug, Serialize)]
struct ManifestTable {
    name: String,
    rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    csv: Option<String>,
}

#[derive(Debug, Serialize)]
struct ManifestFile {
    name: String,
    bytes: u64,
    sha256: String,
}

/// Asked before each row; an error stops the writing.
pub type Watch<'a> = dyn FnMut() -> io::Result<()> + Send + 'a;

/// Writes the whole file to `out`, and gives `out` back for the caller to make it durable.
pub async fn write<W: Write + Seek + Send>(
    reading: &mut dyn Reading,
    about: &About,
    contents: Contents,
    out: W,
    watch: &mut Watch<'_>,
) -> Result<(W, Written), ReadError> {
    let mut zip =
        ZipWriter::new(BufWriter::with_capacity(128 * 1024, Once { inner: out, has_failed: false }));
    let options = options(&about.exported_at);
    let mut files = Vec::new();
    let mut tables = reading.tables().to_vec();
    let mut entry = Entry::begin(&mut zip, "README.txt", options)?;
    entry.write_all(readme(about, contents, &tables).as_bytes())?;
    files.push(entry.end()?);
    if contents.sql {
        let mut entry = Entry::begin(&mut zip, "dump.sql", options)?;
        write_sql(reading, &heading(about), None, &mut entry, watch).await?;
        files.push(entry.end()?);
    }
    let mut listed = Vec::new();
    let mut names = BTreeSet::new();
    for table in &mut tables {
        let mut csv = None;
        if contents.csv {
            let name = format!("csv/{}.csv", file_name(&table.name, &mut names));
            let mut entry = Entry::begin(&mut zip, &name, options)?;
            table.rows = write_csv(reading, table, contents.csv_for(), &mut entry, watch).await?;
            files.push(entry.end()?);
            csv = Some(name);
        }
        listed.push(ManifestTable { name: table.name.clone(), rows: table.rows, csv });
    }
    let manifest =
        Manifest { format: "tenantry-export", format_version: 1, about, contents, tables: listed, files };
    let text = serde_json::to_string_pretty(&manifest).map_err(io::Error::other)?;
    let mut entry = Entry::begin(&mut zip, "manifest.json", options)?;
    entry.write_all(text.as_bytes())?;
    entry.write_all(b"\n")?;
    entry.end()?;
    let out =
        zip.finish().map_err(io::Error::from)?.into_inner().map_err(io::IntoInnerError::into_error)?.inner;
    let rows = tables.iter().map(|table| table.rows).sum();
    Ok((out, Written { tables: u64::try_from(tables.len()).unwrap_or_default(), rows }))
}

/// The size of a finished zip and how many files are in it, where its directory can be read to the end.
pub fn files_in(zip: &Path) -> io::Result<(u64, usize)> {
    let file = File::open(zip)?;
    let bytes = file.metadata()?.len();
    let archive = ZipArchive::new(file).map_err(io::Error::from)?;
    Ok((bytes, archive.len()))
}

/// Writes a dump of all tables, or of one; answers how many rows there were.
pub async fn write_sql(
    reading: &mut dyn Reading,
    heading: &str,
    only: Option<&ReadTable>,
    out: &mut (dyn Write + Send),
    watch: &mut Watch<'_>,
) -> Result<u64, ReadError> {
    let only_name = only.map(|table| table.name.as_str());
    out.write_all(heading.as_bytes())?;
    out.write_all(reading.opening(only_name).as_bytes())?;
    let tables = match only {
        Some(table) => vec![table.clone()],
        None => reading.tables().to_vec(),
    };
    let mut rows = 0;
    let mut line = Vec::new();
    for table in &tables {
        let insert = reading.inserter();
        rows += reading
            .rows(table, &mut |row| {
                watch()?;
                line.clear();
                insert(table, row, &mut line)?;
                out.write_all(&line)
            })
            .await?;
    }
    out.write_all(reading.closing(only_name).as_bytes())?;
    Ok(rows)
}

/// Writes a table as CSV; answers how many rows there were.
pub async fn write_csv(
    reading: &mut dyn Reading,
    table: &ReadTable,
    csv_for: CsvFor,
    out: &mut (dyn Write + Send),
    watch: &mut Watch<'_>,
) -> Result<u64, ReadError> {
    csv::write_names(table, csv_for, out)?;
    reading
        .rows(table, &mut |row| {
            watch()?;
            csv::write_row(row, csv_for, out)
        })
        .await
}

/// The comment at the beginning of a dump.
pub fn heading(about: &About) -> String {
    // A line break in a name would end the comment.
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "-- {} ({}), as it was at {}.\n-- Template {} {}. Load it into an empty {} database.\n",
        plain(&about.tenant_name),
        about.tenant_slug,
        about.exported_at,
        about.template_type,
        about.template_version,
        about.engine
    )
}

fn options(exported_at: &str) -> SimpleFileOptions {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .unix_permissions(0o600)
        // Sizes are known only at the end, so the room for large ones is kept from the beginning.
        .large_file(true);
    let moment =
        exported_at.parse::<jiff::Timestamp>().unwrap_or_default().to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let part = |number: i8| u8::try_from(number).unwrap_or_default();
    let time = DateTime::from_date_and_time(
        u16::try_from(moment.year()).unwrap_or_default(),
        part(moment.month()),
        part(moment.day()),
        part(moment.hour()),
        part(moment.minute()),
        part(moment.second()),
    );
    options.last_modified_time(time.unwrap_or_default())
}

/// Fails once and then takes everything: a zip that is dropped unfinished tries to write its end, and would print that it
/// could not.
struct Once<W> {
    inner: W,
    has_failed: bool,
}

impl<W: Write> Write for Once<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_failed {
            return Ok(bytes.len());
        }
        let written = self.inner.write(bytes);
        self.has_failed = written.as_ref().is_err_and(|cause| cause.kind() != io::ErrorKind::Interrupted);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed { Ok(()) } else { self.inner.flush() }
    }
}

impl<W: Seek> Seek for Once<W> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        if self.has_failed { Ok(0) } else { self.inner.seek(to) }
    }
}

/// One file in the zip, with its digest.
struct Entry<'a, W: Write + Seek> {
    name: String,
    out: BufWriter<Counted<'a, W>>,
}

struct Counted<'a, W: Write + Seek> {
    zip: &'a mut ZipWriter<W>,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write + Seek> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.zip.write(bytes)?;
        self.digest.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a, W: Write + Seek> Entry<'a, W> {
    fn begin(zip: &'a mut ZipWriter<W>, name: &str, options: SimpleFileOptions) -> io::Result<Self> {
        zip.start_file(name, options).map_err(io::Error::from)?;
        let counted = Counted { zip, digest: Sha256::new(), bytes: 0 };
        Ok(Entry { name: name.to_owned(), out: BufWriter::with_capacity(64 * 1024, counted) })
    }

    fn end(self) -> io::Result<ManifestFile> {
        let Counted { digest, bytes, .. } = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut sha256 = String::with_capacity(64);
        for byte in digest.finalize() {
            let _ = write!(sha256, "{byte:02x}");
        }
        Ok(ManifestFile { name: self.name, bytes, sha256 })
    }
}

impl<W: Write + Seek> Write for Entry<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A table's name as the name of a file that every system takes; each only once, whatever a system thinks of capitals.
fn file_name(table: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = table
        .chars()
        .take(60)
        .map(|letter| if letter.is_alphanumeric() || matches!(letter, '_' | '-') { letter } else { '_' })
        .collect();
    let plain = if plain.is_empty() { "table".to_owned() } else { plain };
    let mut name = plain.clone();
    let mut number = 2;
    while !taken.insert(name.to_lowercase()) {
        name = format!("{plain}-{number}");
        number += 1;
    }
    name
}

fn readme(about: &About, contents: Contents, tables: &[ReadTable]) -> String {
    let mut text = format!(
        "The data of {}\n\nEverything in the database of {} as it was at {} (UTC), all of it at the same moment.\n\
         It has {} tables. Keep this file as carefully as the data itself.\n\nWhat is in here\n",
        about.tenant_name,
        about.tenant_name,
        about.exported_at,
        tables.len()
    );
    if contents.sql {
        text.push_str(
            "- dump.sql: the whole database for a database program. It makes the tables and fills them again:\n\
             \x20 sqlite3 new.db < dump.sql\n",
        );
    }
    if contents.csv {
        text.push_str(
            "- csv: a file for each table, one line for each row, with the names of the columns first.\n",
        );
        text.push_str(if contents.for_spreadsheets {
            "\x20 They open in a spreadsheet by a double click. A text that a spreadsheet would take for a formula has an\n\
             \x20 apostrophe (') before it. To get the exact text back, take one apostrophe away where the first sign after\n\
             \x20 all apostrophes is one of = + - @, a tab or a line break. An empty cell is \"nothing was filled in\"; an\n\
             \x20 empty text is written as two quotation marks.\n"
        } else {
            "\x20 They hold each value exactly. \\N without quotation marks means \"nothing was filled in\"; an empty text is\n\
             \x20 written as two quotation marks. Do not open them in a spreadsheet: a text in them may be a formula.\n"
        });
        text.push_str("\x20 Bytes, such as pictures, are written as \\x and hexadecimal digits.\n");
    }
    text.push_str(
        "- manifest.json: what was exported, how many rows each table has, and the SHA-256 of each file, for programs.\n",
    );
    text.replace('\n', "\r\n")
}
