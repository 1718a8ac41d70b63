//! A door between the program and a server at which either is killed: after so many messages, before or after the server
//! has got the last one.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Where in a message's way it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The server does not get the message.
    Before,
    /// The server has answered it, and the program does not get the answer.
    After,
}

type Blow = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct State {
    blow: Option<(usize, When, Blow)>,
}

/// The door.
#[derive(Clone)]
pub struct Proxy {
    /// Its port.
    pub port: u16,
    passed: Arc<AtomicUsize>,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// Opens a door to a port of this machine.
    pub fn to(port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy {
            port: listener.local_addr().unwrap().port(),
            passed: Arc::default(),
            state: Arc::default(),
        };
        let door = proxy.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                let (there, back) = (door.clone(), door.clone());
                thread::spawn(move || there.carry(near, far));
                thread::spawn(move || back.carry_back(far_too, near_too));
            }
        });
        proxy
    }

    /// Counts anew, and does this at a message.
    pub fn arm(&self, at: usize, when: When, blow: impl FnOnce() + Send + 'static) {
        self.passed.store(0, Ordering::SeqCst);
        self.state.lock().unwrap().blow = Some((at, when, Box::new(blow)));
    }

    /// Nothing happens any more; false where it has happened.
    pub fn disarm(&self) -> bool {
        self.state.lock().unwrap().blow.take().is_some()
    }

    /// Takes the blow if this message is the one.
    fn blow_at(&self, number: usize, when: When) -> Option<Blow> {
        let mut state = self.state.lock().unwrap();
        match &state.blow {
            // Others may have sent the next messages before the answer comes.
            Some((at, armed, _)) if *at <= number && *armed == when => {
                state.blow.take().map(|(_, _, blow)| blow)
            }
            _ => None,
        }
    }

    fn carry(&self, mut near: TcpStream, mut far: TcpStream) {
        let mut piece = vec![0; 1 << 16];
        while let Ok(length @ 1..) = near.read(&mut piece) {
            let number = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
            if let Some(blow) = self.blow_at(number, When::Before) {
                blow();
                let _ = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
                return;
            }
            if far.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        let _ = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
    }

    fn carry_back(&self, mut far: TcpStream, mut near: TcpStream) {
        let mut piece = vec![0; 1 << 16];
        while let Ok(length @ 1..) = far.read(&mut piece) {
            let number = self.passed.load(Ordering::SeqCst);
            if let Some(blow) = self.blow_at(number, When::After) {
                blow();
                break;
            }
            if near.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        let _ = (near.shutdown(Shutdown::Both), far.shutdown(Shutdown::Both));
    }
}
