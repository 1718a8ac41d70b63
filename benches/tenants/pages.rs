//! How fast pages are answered, over loopback with eight connections at once that never rest.

use crate::{
    Amount,
    http::{Client, percentile, told},
    program::Running,
    report::Report,
};
use std::time::Duration;

/// Connections at once.
const AT_ONCE: usize = 8;

const PAGES: [(&str, &str); 5] = [
    ("dashboard", "/"),
    ("list", "/tenants"),
    ("search", "/tenants?q=harbour+tr"),
    ("tenant", "/tenants/green-food-bank-0"),
    ("nothing", "/tenants?q=zzzzzz"),
];

/// Measures every page with so many tenants.
pub async fn measure(report: &mut Report, amount: Amount, running: &Running, tenants: usize) {
    let cookie = running.sign_in().await.cookie;
    for (name, path) in PAGES {
        let alone = requests(running, &cookie, path, amount.requests / 8, 1).await;
        let busy = requests(running, &cookie, path, amount.requests, AT_ONCE).await;
        let figures =
            [told(percentile(&alone, 50)), told(percentile(&busy, 50)), told(percentile(&busy, 99))];
        report.page(name, path, tenants, &figures);
    }
}

async fn requests(
    running: &Running,
    cookie: &str,
    path: &str,
    number: usize,
    at_once: usize,
) -> Vec<Duration> {
    let clients: Vec<_> = (0..at_once)
        .map(|_| {
            let (host, cookie, path) = (running.host.clone(), cookie.to_owned(), path.to_owned());
            tokio::spawn(async move {
                let mut client = Client::connect(&host, &cookie).await;
                let mut took = Vec::new();
                for round in 0..number / at_once + 3 {
                    let answer = client.get(&path).await;
                    assert_eq!(answer.status, 200, "{path}: {}", answer.head);
                    // The first ones warm the connection up.
                    if round >= 3 {
                        took.push(answer.took);
                    }
                }
                took
            })
        })
        .collect();
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    all.sort();
    all
}
