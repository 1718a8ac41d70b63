//! Being sure that something is on the disk. A sync takes milliseconds on most disks, whoever asks for it and however
//! little there is to write; so one sync serves everybody who asked before it began.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::{mpsc, oneshot};

/// Why something may not be on the disk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOnDisk {
    /// The disk refused. What it took and what it lost cannot be known, so nothing is asked of it again.
    #[error(
        "{what} could not be written to the disk, and is not used before the program is started again: {cause}"
    )]
    Refused {
        /// What was to be written.
        what: &'static str,
        /// What the system said.
        cause: String,
    },
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
}

type Waiting = oneshot::Sender<Result<(), NotOnDisk>>;

/// Syncs one thing, for all who ask.
#[derive(Clone)]
pub struct Disk {
    asked: mpsc::UnboundedSender<Waiting>,
    refused: Arc<AtomicBool>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("refused", &self.has_refused()).finish_non_exhaustive()
    }
}

/// The promise that what was written before is on the disk.
#[derive(Debug)]
#[must_use = "nothing is known to be on the disk before this was waited for"]
pub struct Ticket(oneshot::Receiver<Result<(), NotOnDisk>>);

impl Ticket {
    /// Waits until it is on the disk.
    pub async fn on_disk(self) -> Result<(), NotOnDisk> {
        self.0.await.unwrap_or(Err(NotOnDisk::Ending))
    }
}

impl Disk {
    /// Syncs `what` by calling `sync`, on a thread that may wait. Must be called within the runtime.
    pub fn new(what: &'static str, sync: impl Fn() -> io::Result<()> + Send + Sync + 'static) -> Disk {
        let (asked, mut asking) = mpsc::unbounded_channel::<Waiting>();
        let refused = Arc::new(AtomicBool::new(false));
        let (sync, broken) = (Arc::new(sync), Arc::clone(&refused));
        tokio::spawn(async move {
            let mut state = Ok(());
            while let Some(first) = asking.recv().await {
                let mut waiting = vec![first];
                while let Ok(next) = asking.try_recv() {
                    waiting.push(next);
                }
                if state.is_ok() {
                    let sync = Arc::clone(&sync);
                    state = match tokio::task::spawn_blocking(move || sync()).await {
                        Ok(Ok(())) => Ok(()),
                        // After a failed sync the system may forget what it could not write and say yes the next time.
                        Ok(Err(cause)) => Err(NotOnDisk::Refused { what, cause: cause.to_string() }),
                        Err(cause) => Err(NotOnDisk::Refused { what, cause: cause.to_string() }),
                    };
                    if let Err(cause) = &state {
                        tracing::error!(%cause, "The disk has refused");
                        broken.store(true, Ordering::SeqCst);
                    }
                }
                for one in waiting {
                    // Whoever does not wait any more need not know.
                    let _ = one.send(state.clone());
                }
            }
        });
        Disk { asked, refused }
    }

    /// Asks for a sync that begins after this call.
    pub fn sync(&self) -> Ticket {
        let (sender, receiver) = oneshot::channel();
        // A syncer that has ended drops the sender, and the ticket says so.
        let _ = self.asked.send(sender);
        Ticket(receiver)
    }

    /// Whether the disk has refused before.
    pub fn has_refused(&self) -> bool {
        self.refused.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, atomic::AtomicUsize};

    #[tokio::test]
    async fn one_sync_serves_everybody_who_asked_before_it_began() {
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let gate = Mutex::new(gate);
        let syncs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&syncs);
        let (began, mut beginning) = mpsc::unbounded_channel();
        let disk = Disk::new("the test", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = began.send(());
            gate.lock().map_err(|_| io::Error::other("poisoned"))?.recv().map_err(io::Error::other)
        });
        let first = disk.sync();
        beginning.recv().await.unwrap();
        // While the first sync is under way, many ask; none of them may be told that the first one was theirs.
        let others: Vec<_> = (0..50).map(|_| disk.sync()).collect();
        go.send(()).unwrap();
        assert_eq!(first.on_disk().await, Ok(()));
        beginning.recv().await.unwrap();
        assert_eq!(syncs.load(Ordering::SeqCst), 2);
        go.send(()).unwrap();
        for other in others {
            assert_eq!(other.on_disk().await, Ok(()));
        }
        assert_eq!(syncs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_disk_that_has_refused_once_is_not_believed_again() {
        let times = AtomicUsize::new(0);
        let disk = Disk::new("the test", move || match times.fetch_add(1, Ordering::SeqCst) {
            0 => Err(io::Error::other("gone")),
            _ => Ok(()),
        });
        assert!(disk.sync().on_disk().await.unwrap_err().to_string().contains("gone"));
        assert!(disk.has_refused());
        assert!(disk.sync().on_disk().await.is_err());
    }
}
