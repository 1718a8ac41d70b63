//! A small client: one connection that is kept, requests one after the other, and how long each took.

use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What the server said.
pub struct Answer {
    /// Such as 200.
    pub status: u16,
    /// The head, as it came.
    pub head: String,
    /// The body.
    pub body: String,
    /// From the first byte sent to the last one read.
    pub took: Duration,
}

impl Answer {
    /// What a hidden field of the page holds.
    pub fn hidden(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\" value=\"");
        let (_, rest) =
            self.body.split_once(&mark).unwrap_or_else(|| panic!("no field {name} in {}", self.body));
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Where the answer leads.
    pub fn leads_to(&self) -> String {
        assert_eq!(self.status, 303, "{}\n{}", self.head, self.body);
        self.header("location").unwrap().to_owned()
    }

    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A connection that is kept.
pub struct Client {
    stream: TcpStream,
    host: String,
    /// The session's cookie.
    pub cookie: String,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects to `host:port`.
    pub async fn connect(host: &str, cookie: &str) -> Client {
        let stream = TcpStream::connect(host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, host: host.to_owned(), cookie: cookie.to_owned(), buffer: vec![0; 64 * 1024] }
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(form).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
            body.len()
        );
        self.send(&head, &body).await
    }

    async fn send(&mut self, head: &str, body: &str) -> Answer {
        let text = format!(
            "{head}Host: {host}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://{host}\r\n\r\n{body}",
            host = self.host,
            cookie = self.cookie
        );
        let start = Instant::now();
        self.stream.write_all(text.as_bytes()).await.unwrap();
        let mut have = 0;
        let end = loop {
            let read = self.stream.read(&mut self.buffer[have..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            have += read;
            if let Some(end) = self.buffer[..have].windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap();
        let mut answer = Answer { status, head, body: String::new(), took: Duration::ZERO };
        let length: usize = answer.header("content-length").map_or(0, |text| text.parse().unwrap());
        while have < end + length {
            if have == self.buffer.len() {
                self.buffer.resize(have * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[have..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            have += read;
        }
        answer.took = start.elapsed();
        answer.body = String::from_utf8_lossy(&self.buffer[end..end + length]).into_owned();
        answer
    }
}

/// The value that so many per cent of the values do not pass.
pub fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// A duration for the table.
pub fn told(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}
