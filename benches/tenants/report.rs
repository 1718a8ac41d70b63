//! The table: printed, and written into `docs/performance.md` between its two marks.

use std::{collections::BTreeMap, fmt::Write, process::Command};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
const BEGIN: &str = "<!-- what follows is written by `cargo bench --bench tenants -- --write` -->";
const END: &str = "<!-- end of what the benchmark writes -->";

/// Everything that was measured.
pub struct Report {
    is_quick: bool,
    lines: Vec<(String, String, Vec<String>)>,
    notes: Vec<String>,
    /// By page and number of tenants.
    pages: BTreeMap<(String, String, usize), Vec<String>>,
}

impl Report {
    /// Nothing yet.
    pub fn new(is_quick: bool) -> Report {
        Report { is_quick, lines: Vec::new(), notes: Vec::new(), pages: BTreeMap::new() }
    }

    /// Adds a figure, or several; said at once, because the rest takes a while.
    pub fn line(&mut self, key: &str, title: &str, figures: &[String]) {
        eprintln!("{title}: {}", figures.join("  "));
        self.lines.push((key.to_owned(), title.to_owned(), figures.to_vec()));
    }

    /// Adds the figures of a page.
    pub fn page(&mut self, name: &str, path: &str, tenants: usize, figures: &[String]) {
        eprintln!("{name} with {tenants} tenants: {}", figures.join("  "));
        self.pages.insert((name.to_owned(), path.to_owned(), tenants), figures.to_vec());
    }

    /// Adds a sentence.
    pub fn note(&mut self, sentence: String) {
        eprintln!("{sentence}");
        self.notes.push(sentence);
    }

    fn table(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{}\n", conditions(self.is_quick));
        for note in &self.notes {
            let _ = writeln!(text, "{note}\n");
        }
        let keys = |text: &mut String, head: &str, keys: &[&str]| {
            let lines: Vec<_> = self.lines.iter().filter(|(key, ..)| keys.contains(&key.as_str())).collect();
            if lines.is_empty() {
                return;
            }
            let _ = writeln!(text, "{head}");
            for (_, title, figures) in lines {
                let _ = writeln!(text, "| {title} | {} |", figures.join(" | "));
            }
            let _ = writeln!(text);
        };
        keys(
            &mut text,
            "| tenants per second | 1 at once | 2 at once | 8 at once |\n|---|---:|---:|---:|",
            &["copy", "ddl", "made", "times"],
        );
        keys(&mut text, "| a form sent by a browser | p50 | p99 |\n|---|---:|---:|", &["answer", "submit"]);
        keys(
            &mut text,
            "| starting, memory | |\n|---|---:|",
            &["cold", "first", "import", "start", "startmany", "rest", "restmany", "memory"],
        );
        if !self.pages.is_empty() {
            let _ = writeln!(
                text,
                "| page | tenants | one connection, p50 | eight connections, p50 | eight connections, p99 |\n|---|---:|---:|---:|---:|"
            );
            for ((name, path, tenants), figures) in &self.pages {
                let _ = writeln!(text, "| {name} `{path}` | {tenants} | {} |", figures.join(" | "));
            }
        }
        text
    }

    /// Prints everything.
    pub fn print(&self) {
        println!("\n{}", self.table());
    }

    /// Writes everything into the document.
    pub fn write(&self) {
        let text = std::fs::read_to_string(FILE).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("the document has no mark for the beginning");
        let (_, after) = rest.split_once(END).expect("the document has no mark for the end");
        std::fs::write(FILE, format!("{before}{BEGIN}\n\n{}\n{END}{after}", self.table())).unwrap();
        println!("Written to docs/performance.md.");
    }
}

/// Machine, date and versions.
fn conditions(is_quick: bool) -> String {
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let model = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| {
            line.strip_prefix("model name")?.split_once(':').map(|(_, model)| model.trim().to_owned())
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let load = read("/proc/loadavg").split(' ').next().unwrap_or("?").to_owned();
    let kernel = read("/proc/sys/kernel/osrelease").trim().to_owned();
    let compiler = Command::new("rustc").arg("--version").output();
    let compiler = compiler.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    format!(
        "{now}, Tenantry {}, {}, {} {kernel}, {processors} processors ({model}); load before: {load}{}.",
        env!("CARGO_PKG_VERSION"),
        compiler.unwrap_or_default(),
        std::env::consts::OS,
        if is_quick { "; a quick run" } else { "" },
    )
}
