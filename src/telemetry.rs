//! Log lines: to standard error, as text or JSON; `RUST_LOG` chooses how much.

use crate::config::LogFormat;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging. Commands that end soon say only what is worth a warning; servers say what they do.
pub fn start(format: LogFormat, is_server: bool) {
    let usual = if is_server { "info,actix_server=warn,sqlx=warn" } else { "error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start in one process (as in tests) keeps the first one's settings.
    let _ = match format {
        LogFormat::Text => lines.compact().try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
