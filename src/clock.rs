//! The time: the machine's, or a test's own.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A test's own: milliseconds since 1970, moved by hand.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// Milliseconds since 1970, UTC.
    pub fn now_ms(&self) -> i64 {
        match self {
            Clock::System => jiff::Timestamp::now().as_millisecond(),
            Clock::Manual(moment) => moment.load(Ordering::SeqCst),
        }
    }

    /// Moves a test's clock; the machine's clock stays as it is.
    pub fn advance(&self, milliseconds: i64) {
        if let Clock::Manual(moment) = self {
            moment.fetch_add(milliseconds, Ordering::SeqCst);
        }
    }
}

/// A moment as the plan's TIMESTAMP columns hold it: `2026-11-23 10:00:00`, UTC.
pub fn timestamp(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .unwrap_or_default()
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}
