//! The real program as a process of its own: how long it takes to start, how much memory it takes, how fast it answers.

use crate::{
    Amount, fill,
    http::{Client, percentile, told},
    making::median,
    pages, place,
    report::Report,
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tenantry::store::{Scope, Store, tenants, tenants::Status};

const EMAIL: &str = "admin@example.org";
const PASSWORD: &str = "measuring twice, cutting once";

/// The program, running.
pub struct Running {
    child: Child,
    /// Where it listens.
    pub host: String,
    /// From its start until it listened.
    pub took: Duration,
}

impl Running {
    /// Starts it on a folder and waits until it listens.
    pub fn start(folder: &Path) -> Running {
        let start = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_tenantry"))
            .arg("serve")
            .env("TENANTRY_DATA_DIR", folder)
            .env("TENANTRY_LISTEN", "127.0.0.1:0")
            .env("TENANTRY_ADMIN_EMAIL", EMAIL)
            .env("TENANTRY_ADMIN_PASSWORD", PASSWORD)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let host = loop {
            let line = lines.next().expect("it ended before it listened").unwrap();
            if let Some(host) = line.strip_prefix("Listening on http://") {
                break host.to_owned();
            }
        };
        let took = start.elapsed();
        std::thread::spawn(move || for _ in lines {});
        Running { child, host, took }
    }

    /// Resident memory in MB, where the system tells.
    pub fn memory(&self) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let kilobytes = status.lines().find_map(|line| {
            line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()
        });
        kilobytes.map_or("not told".into(), |kilobytes| format!("{:.0} MB", kilobytes / 1024.0))
    }

    /// A connection of somebody who has signed in.
    pub async fn sign_in(&self) -> Client {
        let mut client = Client::connect(&self.host, "").await;
        let answer = client.post("/login", &[("email", EMAIL), ("password", PASSWORD)]).await;
        assert!((300..400).contains(&answer.status), "{}", answer.head);
        let cookies: Vec<&str> = answer
            .head
            .lines()
            .filter_map(|line| {
                let (key, value) = line.split_once(':')?;
                let value = value.trim().split(';').next()?;
                key.eq_ignore_ascii_case("set-cookie").then_some(value)
            })
            .collect();
        client.cookie = cookies.join("; ");
        client
    }

    /// Asks it to end, and waits for that.
    pub fn stop(mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// Measures all of it.
pub async fn measure(report: &mut Report, amount: Amount) {
    let folder = place::folder();
    let first = Running::start(folder.path());
    report.line("first", "first start, with everything to be made and imported", &[told(first.took)]);
    first.stop();
    let app = place::open(folder.path(), 1).await;
    let offer = place::offer(&app).await;
    let modules = place::modules(&offer);
    let store = app.store.clone();

    let starts = (0..amount.starts).map(|_| start_again(folder.path())).collect::<Vec<_>>();
    report.line("start", "start when nothing has changed, median", &[starting(starts)]);
    let running = Running::start(folder.path());
    tokio::time::sleep(Duration::from_secs(1)).await;
    report.line("rest", "resident memory a second after the start", &[running.memory()]);
    submit(report, amount, &running, &store, &modules).await;
    let mut have = 0;
    for &size in amount.fleets {
        fill::tenants(&store, &offer.version, &offer.modules, have..size).await;
        have = size;
        pages::measure(report, amount, &running, size).await;
    }
    report.line(
        "memory",
        &format!("resident memory with {have} tenants, after all these requests"),
        &[running.memory()],
    );
    running.stop();
    let starts = (0..amount.starts).map(|_| start_again(folder.path())).collect::<Vec<_>>();
    report.line("startmany", &format!("start with {have} tenants, median"), &[starting(starts)]);
    let running = Running::start(folder.path());
    tokio::time::sleep(Duration::from_secs(1)).await;
    report.line(
        "restmany",
        &format!("resident memory with {have} tenants, a second after the start"),
        &[running.memory()],
    );
    running.stop();
    app.store.close().await;
}

fn start_again(folder: &Path) -> f64 {
    let running = Running::start(folder);
    let took = running.took.as_secs_f64();
    running.stop();
    took
}

fn starting(mut starts: Vec<f64>) -> String {
    told(Duration::from_secs_f64(median(&mut starts)))
}

/// From sending the form to `active` in the control database, which is looked at once a millisecond.
async fn submit(report: &mut Report, amount: Amount, running: &Running, store: &Store, modules: &[String]) {
    let mut client = running.sign_in().await;
    let mut answers = Vec::new();
    let mut active = Vec::new();
    for number in 0..=amount.tenants / 3 {
        // The wizard's questions, and then the button at its end: that press is measured.
        let form = place::form(number, modules);
        let draft = client.get(&format!("/tenants/new?template={}", form.template)).await.hidden("draft");
        let who = [
            ("draft", draft.as_str()),
            ("template", &form.template),
            ("name", &form.name),
            ("email", &form.email),
        ];
        let extras = client.post("/tenants/new", &who).await.leads_to();
        let chosen: Vec<(&str, &str)> = modules.iter().map(|module| ("module", module.as_str())).collect();
        let plan = client.post(&extras, &chosen).await.leads_to();
        let check = client.post(&plan, &[("plan", form.plan.as_str())]).await.leads_to();
        let seen = client.get(&check).await.hidden("seen");
        let start = Instant::now();
        let answer = client.post(&check, &[("seen", &seen)]).await;
        let slug = answer.leads_to().split('/').nth(2).unwrap().to_owned();
        let mut read = store.read().await.unwrap();
        while tenants::by_slug(&mut read, Scope::All, &slug).await.unwrap().unwrap().status != Status::Active
        {
            assert!(start.elapsed() < Duration::from_mins(1), "{slug} does not become active");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The first one compiles the template for this process.
        if number == 0 {
            report.line(
                "cold",
                "the first tenant after a start, from sending the form to active",
                &[told(start.elapsed())],
            );
        } else {
            answers.push(answer.took);
            active.push(start.elapsed());
        }
    }
    answers.sort();
    active.sort();
    let both = |sorted: &[Duration]| [told(percentile(sorted, 50)), told(percentile(sorted, 99))];
    report.line("answer", "sending the form to its answer (p50, p99)", &both(&answers));
    report.line("submit", "sending the form to active (p50, p99)", &both(&active));
}
