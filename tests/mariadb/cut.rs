//! A way to the server that breaks after so many statements, as it does when a program is killed: the last one is still
//! carried out, and nobody hears of it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
    task::JoinHandle,
};

/// The commands that carry a statement out: COM_QUERY and COM_STMT_EXECUTE.
const STATEMENTS: [u8; 2] = [0x03, 0x17];

struct State {
    left: AtomicUsize,
    is_cut: AtomicBool,
    cut: Notify,
}

/// The way; it is closed when this is dropped.
pub struct Way {
    pub port: u16,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Way {
    /// A way to a server's port that breaks after so many statements.
    pub async fn to(server: u16, statements: usize) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            left: AtomicUsize::new(statements),
            is_cut: AtomicBool::new(false),
            cut: Notify::new(),
        });
        let of_all = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&of_all);
                tokio::spawn(async move {
                    if !state.is_cut.load(SeqCst) {
                        carry(client, server, &state).await;
                    }
                });
            }
        });
        Way { port, state, accepting }
    }

    /// Whether it broke.
    pub fn is_cut(&self) -> bool {
        self.state.is_cut.load(SeqCst)
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(client: TcpStream, server: u16, state: &State) {
    let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let cut = state.cut.notified();
    tokio::select! {
        () = cut => {}
        is_last = there(&mut from_client, &mut to_server, state) => {
            if is_last {
                // Nobody hears the answer, but there is one: the statement has been carried out.
                drop((from_client, to_client));
                let _ = from_server.read_u8().await;
            }
        }
        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
    }
}

/// Carries packets to the server. True after the last statement.
async fn there(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, state: &State) -> bool {
    loop {
        let mut packet = vec![0; 4];
        if from.read_exact(&mut packet).await.is_err() {
            return false;
        }
        let (length, number) =
            (usize::from(packet[0]) | usize::from(packet[1]) << 8 | usize::from(packet[2]) << 16, packet[3]);
        packet.resize(4 + length, 0);
        if from.read_exact(&mut packet[4..]).await.is_err() {
            return false;
        }
        let is_statement = number == 0 && packet.get(4).is_some_and(|word| STATEMENTS.contains(word));
        let is_last = is_statement && state.left.fetch_sub(1, SeqCst) == 1;
        if is_last {
            state.is_cut.store(true, SeqCst);
        }
        if to.write_all(&packet).await.is_err() {
            return false;
        }
        if is_last {
            state.cut.notify_waiters();
            return true;
        }
    }
}
