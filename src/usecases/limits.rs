//! How guessing passwords is slowed down, without a stranger being able to lock a person out.
//!
//! A try is counted before its password is looked at, so that many at once do not count as one. There are four counts:
//! - **e-mail and address**: after a few wrong passwords each next one waits longer, up to a minute;
//! - **address**: about 20 wrong passwords a minute, whatever the e-mails;
//! - **e-mail**: at most 100 looks at passwords in any hour from browsers that are not known (OWASP ASVS 6.3.1);
//! - **a known browser** (one in which this very person signed in before) has a count of its own instead of the other
//!   three, so that no stranger can use it up (OWASP, "device cookies").

use crate::{
    digest::sha256_hex,
    store::{
        Connection, StoreError,
        sign_in_tries::{self, Tries},
    },
};

/// Wrong passwords that cost nothing.
const FREE_TRIES: i64 = 5;
/// The longest wait between two tries.
const LONGEST_WAIT_MS: i64 = 60_000;

/// How one count limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    /// Waits that double, from the first try after the free ones on.
    BackOff,
    /// A bucket: `burst` tries at once, and one more every `every_ms`.
    Bucket { every_ms: i64, burst: i64 },
}

/// At most 20 at once and 20 more a minute.
const OF_ADDRESS: Limit = Limit::Bucket { every_ms: 3_000, burst: 20 };
/// At most 50 at once and 50 more an hour: never more than 100 in any hour.
const OF_EMAIL: Limit = Limit::Bucket { every_ms: 72_000, burst: 50 };

/// One count that a try is charged to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    key: String,
    limit: Limit,
}

impl Count {
    fn new(what: &str, limit: Limit) -> Self {
        Count { key: sha256_hex(what), limit }
    }

    /// The person of a session who types the current password again.
    pub fn of_person(id: uuid::Uuid) -> Vec<Count> {
        vec![Count::new(&format!("person {id}"), Limit::BackOff)]
    }

    /// A browser in which the person of this e-mail signed in before.
    pub fn of_known_browser(token_hash: &str, email: &str) -> Vec<Count> {
        vec![Count::new(&format!("browser {token_hash} {email}"), Limit::BackOff)]
    }

    /// Any other browser.
    pub fn of_stranger(email: &str, address: &str) -> Vec<Count> {
        vec![
            Count::new(&format!("sign-in {email} {address}"), Limit::BackOff),
            Count::new(&format!("e-mail {email}"), OF_EMAIL),
            Count::new(&format!("address {address}"), OF_ADDRESS),
        ]
    }
}

/// Milliseconds that the next try has to wait after so many wrong passwords: 1, 2, 4 … 60 seconds.
fn back_off(failed: i64) -> i64 {
    match failed - FREE_TRIES {
        ..0 => 0,
        over => (1000_i64 << over.min(6)).min(LONGEST_WAIT_MS),
    }
}

/// How long a try has to wait now, and the count after it was taken.
fn charge(limit: Limit, before: Tries, now_ms: i64) -> (i64, Tries) {
    let failed = before.failed + 1;
    match limit {
        Limit::BackOff => {
            ((before.next_ms - now_ms).max(0), Tries { failed, next_ms: now_ms + back_off(failed) })
        }
        // The generic cell rate algorithm: `next_ms` is when the bucket would be empty.
        Limit::Bucket { every_ms, burst } => {
            let next_ms = before.next_ms.max(now_ms) + every_ms;
            ((next_ms - now_ms - every_ms * burst).max(0), Tries { failed, next_ms })
        }
    }
}

/// Charges a try to its counts. `Some` is how many milliseconds it has to wait; nothing was charged then.
pub async fn take(
    connection: &mut Connection,
    counts: &[Count],
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    let mut charged = Vec::new();
    let mut longest = 0;
    for count in counts {
        let before = sign_in_tries::find(connection, &count.key).await?;
        let (wait, after) = charge(count.limit, before, now_ms);
        longest = longest.max(wait);
        charged.push((count, after));
    }
    if longest > 0 {
        return Ok(Some(longest));
    }
    for (count, after) in charged {
        sign_in_tries::set(connection, &count.key, after, now_ms).await?;
    }
    Ok(None)
}

/// The password was right: waits start again, and buckets get back what the try took.
pub async fn give_back(connection: &mut Connection, counts: &[Count], now_ms: i64) -> Result<(), StoreError> {
    for count in counts {
        match count.limit {
            Limit::BackOff => sign_in_tries::clear(connection, &count.key).await?,
            Limit::Bucket { every_ms, .. } => {
                let tries = sign_in_tries::find(connection, &count.key).await?;
                let after = Tries { failed: tries.failed - 1, next_ms: tries.next_ms - every_ms };
                sign_in_tries::set(connection, &count.key, after, now_ms).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_passwords_cost_more_and_more_time_but_never_lock_for_ever() {
        let waits: Vec<i64> = (0..20).map(back_off).collect();
        assert_eq!(waits.get(..9).unwrap(), [0, 0, 0, 0, 0, 1000, 2000, 4000, 8000]);
        assert_eq!(back_off(1_000_000), 60_000);
    }

    fn taken_in_an_hour(limit: Limit, every_ms: i64) -> i64 {
        let mut tries = Tries::default();
        let mut taken = 0;
        for now in (0..3_600_000).step_by(usize::try_from(every_ms).unwrap()) {
            let (wait, after) = charge(limit, tries, now);
            if wait == 0 {
                taken += 1;
                tries = after;
            }
        }
        taken
    }

    #[test]
    fn at_most_a_hundred_passwords_for_one_e_mail_are_looked_at_in_an_hour() {
        assert_eq!(taken_in_an_hour(OF_EMAIL, 1_000), 99);
        assert_eq!(taken_in_an_hour(OF_EMAIL, 100_000), 36, "who is slow is not held up");
    }

    #[test]
    fn an_address_has_twenty_tries_a_minute() {
        let mut tries = Tries::default();
        for _ in 0..20 {
            let (wait, after) = charge(OF_ADDRESS, tries, 0);
            assert_eq!(wait, 0);
            tries = after;
        }
        assert_eq!(charge(OF_ADDRESS, tries, 0).0, 3_000);
        assert_eq!(charge(OF_ADDRESS, tries, 3_000).0, 0);
    }
}
