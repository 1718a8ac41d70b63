//! Secrets that the control database keeps: encrypted with a key that is not in it.
//!
//! The key is 32 bytes: `TENANTRY_SECRET_KEY` (64 hexadecimal digits), the file that `TENANTRY_SECRET_KEY_FILE` names, or
//! `secret.key` in the data folder, which is made when the first secret is kept. What is sealed is AES-256-GCM with a random
//! nonce (NIST SP 800-38D); the row that it belongs to is authenticated with it, so that a secret cannot be carried to
//! another row.

use crate::{
    config::Secret,
    digest::{hex, sha256_hex},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::{
    fmt, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// How a sealed text begins: the way in which it was sealed.
const VERSION: &str = "v1";
/// Digits of a key's name.
const NAME_DIGITS: usize = 16;

/// Where the key is.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// It was given in the settings.
    Given(Secret),
    /// In a file that somebody else looks after.
    File(PathBuf),
    /// In a file of ours, which is made where it is not there.
    Own(PathBuf),
}

/// Why a secret cannot be kept or read: a sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct VaultError(pub String);

/// Seals and opens secrets.
pub struct Vault {
    source: KeySource,
    key: Mutex<Option<Key>>,
}

#[derive(Clone)]
struct Key {
    bytes: [u8; KEY_BYTES],
    name: String,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("source", &self.source).finish_non_exhaustive()
    }
}

impl Key {
    fn new(bytes: [u8; KEY_BYTES]) -> Key {
        let digest = sha256_hex([b"name of a key of Tenantry".as_slice(), &bytes].concat());
        Key { name: digest.get(..NAME_DIGITS).unwrap_or_default().to_owned(), bytes }
    }

    fn of_digits(text: &str) -> Option<Key> {
        let text = text.trim();
        if text.len() != KEY_BYTES * 2 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; KEY_BYTES];
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
        }
        Some(Key::new(bytes))
    }

    fn cipher(&self) -> Result<LessSafeKey, VaultError> {
        UnboundKey::new(&AES_256_GCM, &self.bytes)
            .map(LessSafeKey::new)
            .map_err(|_| VaultError("The key for secrets cannot be used.".into()))
    }
}

impl Vault {
    /// A vault with its key in this place; the key is looked at when it is needed first.
    pub fn new(source: KeySource) -> Vault {
        Vault { source, key: Mutex::new(None) }
    }

    /// The name of the key that is used now: says nothing about the key. `None` where there is none yet.
    pub fn key_name(&self) -> Result<Option<String>, VaultError> {
        Ok(self.find_key()?.map(|key| key.name))
    }

    /// Seals a secret that belongs to `owner`, such as `server 0190…`.
    pub fn seal(&self, owner: &str, secret: &str) -> Result<String, VaultError> {
        let key = self.key()?;
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut bytes = secret.as_bytes().to_vec();
        key.cipher()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(owner.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| VaultError("A secret could not be encrypted.".into()))?;
        let sealed = STANDARD.encode([nonce.as_slice(), &bytes].concat());
        Ok(format!("{VERSION}:{}:{sealed}", key.name))
    }

    /// Opens what [`Vault::seal`] made for this owner.
    pub fn open(&self, owner: &str, sealed: &str) -> Result<String, VaultError> {
        let damaged = || VaultError(format!("A secret in the control database is damaged ({owner})."));
        let mut parts = sealed.splitn(3, ':');
        let (Some(VERSION), Some(name), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(damaged());
        };
        let Some(key) = self.find_key()? else {
            return Err(VaultError(format!(
                "The key that secrets were encrypted with is not there. {}",
                self.way_out()
            )));
        };
        if key.name != name {
            return Err(VaultError(format!(
                "A secret was encrypted with another key than the one in use. {}",
                self.way_out()
            )));
        }
        let bytes = STANDARD.decode(text).map_err(|_| damaged())?;
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut rest = rest.to_vec();
        let opened = key
            .cipher()?
            .open_in_place(nonce, Aad::from(owner.as_bytes()), &mut rest)
            .map_err(|_| damaged())?;
        String::from_utf8(opened.to_vec()).map_err(|_| damaged())
    }

    /// What to do where the key in use is not the right one.
    pub fn way_out(&self) -> String {
        match &self.source {
            KeySource::Given(_) => {
                "Set TENANTRY_SECRET_KEY to the key that this installation was started with.".into()
            }
            KeySource::File(path) | KeySource::Own(path) => {
                format!("Put the right key back into {}, from a backup.", path.display())
            }
        }
    }

    fn find_key(&self) -> Result<Option<Key>, VaultError> {
        let mut kept = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            *kept = read_key(&self.source)?;
        }
        Ok(kept.clone())
    }

    fn key(&self) -> Result<Key, VaultError> {
        if let Some(key) = self.find_key()? {
            return Ok(key);
        }
        let KeySource::Own(path) = &self.source else {
            return Err(VaultError("There is no key for secrets.".into()));
        };
        make_key(path)?;
        self.find_key()?.ok_or_else(|| VaultError("The key for secrets is gone again.".into()))
    }
}

fn read_key(source: &KeySource) -> Result<Option<Key>, VaultError> {
    let (text, place) = match source {
        KeySource::Given(secret) => (secret.0.clone(), "TENANTRY_SECRET_KEY".to_owned()),
        KeySource::File(path) | KeySource::Own(path) => {
            let place = format!("The key file {}", path.display());
            match fs::read_to_string(path) {
                Ok(text) => (text, place),
                Err(cause)
                    if cause.kind() == io::ErrorKind::NotFound && matches!(source, KeySource::Own(_)) =>
                {
                    return Ok(None);
                }
                Err(cause) => return Err(VaultError(format!("{place} cannot be read: {cause}."))),
            }
        }
    };
    match Key::of_digits(&text) {
        Some(key) => Ok(Some(key)),
        None => Err(VaultError(format!(
            "{place} holds no key. A key is 64 hexadecimal digits, such as `openssl rand -hex 32` prints."
        ))),
    }
}

/// Makes a key file that only its owner may read; where another process was faster, its key stays.
fn make_key(path: &Path) -> Result<(), VaultError> {
    let cannot =
        |cause: io::Error| VaultError(format!("The key file {} cannot be made: {cause}.", path.display()));
    let bytes: [u8; KEY_BYTES] = rand::random();
    let mut text = hex(&bytes);
    text.push('\n');
    let aside = path.with_extension(format!("{}-{:08x}", std::process::id(), rand::random::<u32>()));
    let made = write_aside(&aside, &text).and_then(|()| match fs::hard_link(&aside, path) {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let _ = fs::remove_file(&aside);
    made.map_err(cannot)?;
    // The name, too, is on the disk before anything is encrypted with the key.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)
}

fn write_aside(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A random text of letters and digits with 190 bits: fits as a password on every engine.
pub fn random_password() -> String {
    const SIGNS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const LENGTH: usize = 32;
    (0..LENGTH).map(|_| char::from(SIGNS[rand::random_range(0..SIGNS.len())])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(digit: char) -> Vault {
        Vault::new(KeySource::Given(Secret(String::from(digit).repeat(64))))
    }

    #[test]
    fn a_secret_comes_back_for_its_owner_and_for_nobody_else() {
        let vault = given('1');
        let sealed = vault.seal("server a", "pass:word ü").unwrap();
        assert!(!sealed.contains("pass"), "{sealed}");
        assert_eq!(vault.open("server a", &sealed).unwrap(), "pass:word ü");
        assert!(vault.open("server b", &sealed).unwrap_err().0.contains("damaged"));
        assert_ne!(sealed, vault.seal("server a", "pass:word ü").unwrap(), "a nonce is used once");
    }

    #[test]
    fn a_changed_sign_is_noticed_wherever_it_is() {
        let vault = given('1');
        let sealed = vault.seal("x", "secret").unwrap();
        for place in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(vault.open("x", &changed).is_err(), "{changed}");
        }
    }

    #[test]
    fn another_key_is_told_apart_from_damage() {
        let sealed = given('1').seal("x", "secret").unwrap();
        let said = given('2').open("x", &sealed).unwrap_err().0;
        assert!(said.contains("another key") && said.contains("TENANTRY_SECRET_KEY"), "{said}");
    }

    #[test]
    fn an_own_key_is_made_once_for_all_processes_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let own = || Vault::new(KeySource::Own(path.clone()));
        assert_eq!(own().key_name().unwrap(), None);
        let sealed: Vec<String> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(|| own().seal("x", "secret").unwrap())).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        for text in sealed {
            assert_eq!(own().open("x", &text).unwrap(), "secret");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(&path).unwrap();
        let said = own().open("x", "v1:0000:AAAA").unwrap_err().0;
        assert!(said.contains("not there") && said.contains("secret.key"), "{said}");
    }

    #[test]
    fn what_is_no_key_is_said_without_repeating_it() {
        let said = Vault::new(KeySource::Given(Secret("hunter2".into()))).seal("x", "y").unwrap_err().0;
        assert!(said.contains("64 hexadecimal digits") && !said.contains("hunter2"), "{said}");
    }

    #[test]
    fn passwords_are_letters_and_digits_and_differ() {
        let (one, other) = (random_password(), random_password());
        assert_ne!(one, other);
        assert!(one.len() == 32 && one.chars().all(|sign| sign.is_ascii_alphanumeric()));
    }
}
