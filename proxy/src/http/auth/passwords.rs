//! Names and passwords of users, as they are or as argon2 hashes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::{Secrets, contains, network_of};
use crate::http::lock;

/// Beginning of a hash of a password.
const HASH: &str = "$argon2";

/// Concurrent verifications of hashes; each takes 19 MiB and some 20 ms of a processor.
const MAX_VERIFYING: usize = 1;

/// Clients that wait for the verification of a hash.
const MAX_WAITING: usize = 128;

/// Clients among them at one address, so that one that tries names out does not take the turns of all others.
const MAX_AT_ADDRESS: usize = 16;

/// Bounds the verifications of hashes, which run on threads of their own.
pub(super) struct Verifier {
    /// Number of clients that wait or are verified, by address.
    admitted: Mutex<HashMap<IpAddr, usize>>,
    verifying: Arc<Semaphore>,
}

/// Too many clients that sign in at once.
#[derive(Debug)]
pub(super) struct Busy;

impl Default for Verifier {
    fn default() -> Self {
        Self { admitted: Mutex::default(), verifying: Arc::new(Semaphore::new(MAX_VERIFYING)) }
    }
}

impl Verifier {
    /// Returns whether `pair` of `name:password` is among the lines. A name that is unknown takes as long as one whose
    /// password is wrong.
    ///
    /// # Errors
    /// [`Busy`] if too many wait for a verification, at the address of `peer` or in all.
    pub(super) async fn knows(
        &self,
        lines: &Secrets,
        pair: &[u8],
        peer: IpAddr,
    ) -> Result<bool, Busy> {
        if contains(lines, pair) {
            // The text of a hash is no password.
            return Ok(!is_hashed(pair));
        }
        let Some(colon) = pair.iter().position(|byte| *byte == b':') else { return Ok(false) };
        let (user, password) = (&pair[..colon], &pair[colon + 1..]);
        let hashes = || lines.iter().filter_map(|line| hash_in(line.expose_secret()));
        let mut own: Vec<_> = hashes().filter(|(name, _)| name.as_bytes() == user).collect();
        let is_user = !own.is_empty();
        own.extend(hashes().next().filter(|_| !is_user));
        if own.is_empty() {
            return Ok(false);
        }
        let own: Vec<_> = own.into_iter().map(|(_, hash)| SecretString::from(hash)).collect();
        let password = password.to_vec();
        let _admission = self.admit(network_of(peer))?;
        let turn = self.verifying.clone().acquire_owned().await.map_err(|_| Busy)?;
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let fits = |hash: &SecretString| {
                let hash = PasswordHash::new(hash.expose_secret());
                hash.is_ok_and(|hash| Argon2::default().verify_password(&password, &hash).is_ok())
            };
            own.iter().any(fits)
        });
        Ok(work.await.unwrap_or(false) && is_user)
    }

    fn admit(&self, address: IpAddr) -> Result<Admission<'_>, Busy> {
        let mut admitted = lock(&self.admitted);
        let own = admitted.get(&address).copied().unwrap_or_default();
        if own >= MAX_AT_ADDRESS || admitted.values().sum::<usize>() >= MAX_VERIFYING + MAX_WAITING
        {
            return Err(Busy);
        }
        admitted.insert(address, own + 1);
        Ok(Admission { verifier: self, address })
    }
}

/// Client that waits or is verified, until it is dropped.
struct Admission<'a> {
    verifier: &'a Verifier,
    address: IpAddr,
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        let mut admitted = lock(&self.verifier.admitted);
        if let Some(own) = admitted.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                admitted.remove(&self.address);
            }
        }
    }
}

/// Returns whether a line holds a name and a password or a valid hash.
pub(super) fn is_pair(line: &str) -> bool {
    match hash_in(line) {
        Some((_, hash)) => PasswordHash::new(hash).is_ok(),
        None => line.split_once(':').is_some_and(|(_, password)| !password.is_empty()),
    }
}

/// Logs a warning if passwords of a file are not hashed.
pub(super) fn warn_of_plain(file: &Path, lines: &[SecretString]) {
    let plain = lines.iter().filter(|line| hash_in(line.expose_secret()).is_none()).count();
    if plain > 0 {
        tracing::warn!(
            file = %file.display(), plain,
            "passwords are not hashed: write the output of `oddity hash-password` in their place"
        );
    }
}

/// Hashes a password with a random salt.
///
/// # Errors
/// [`password_hash::Error`] if the system gives no random numbers.
pub fn hash(password: &SecretString) -> Result<String, password_hash::Error> {
    Ok(Argon2::default().hash_password(password.expose_secret().as_bytes())?.to_string())
}

fn hash_in(line: &str) -> Option<(&str, &str)> {
    line.split_once(':').filter(|(_, secret)| secret.starts_with(HASH))
}

fn is_hashed(pair: &[u8]) -> bool {
    std::str::from_utf8(pair).is_ok_and(|pair| hash_in(pair).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: usize) -> IpAddr {
        IpAddr::V4((number as u32).into())
    }

    #[tokio::test]
    async fn hashed_and_plain_passwords_are_known_by_their_name() {
        let hash = hash(&"secret".to_owned().into()).unwrap();
        let lines = [format!("ann:{hash}"), "bob:plain:text".to_owned()];
        let lines: Secrets = lines.map(SecretString::from).into();
        let verifier = Verifier::default();
        let cases = [
            ("ann:secret", true),
            ("ann:secreu", false),
            ("ann:", false),
            ("bob:plain:text", true),
            ("bob:secret", false),
            ("eve:secret", false),
            ("ann", false),
            (&format!("ann:{hash}"), false),
        ];
        for (pair, expected) in cases {
            let known = verifier.knows(&lines, pair.as_bytes(), address(1)).await.unwrap();
            assert_eq!(known, expected, "{pair}");
        }
        assert!(is_pair(&format!("ann:{hash}")) && !is_pair("ann:$argon2id$v=19$oops"));
    }

    #[tokio::test]
    async fn more_than_some_verifications_at_once_are_refused() {
        let line = format!("ann:{}", hash(&"x".to_owned().into()).unwrap());
        let lines: Secrets = [SecretString::from(line)].into();
        let verifier = Verifier::default();
        let at = |number: usize| verifier.admit(address(number));
        let own: Vec<_> = (0..MAX_AT_ADDRESS).map(|_| at(1).unwrap()).collect();
        assert!(verifier.knows(&lines, b"ann:x", address(1)).await.is_err(), "of one address");
        assert!(verifier.knows(&lines, b"ann:x", address(2)).await.is_ok_and(|known| known));
        let others = MAX_VERIFYING + MAX_WAITING - MAX_AT_ADDRESS;
        let others: Vec<_> = (0..others).map(|number| at(number + 2).unwrap()).collect();
        assert!(verifier.knows(&lines, b"ann:x", address(1_000)).await.is_err(), "in all");
        drop((own, others));
        assert!(lock(&verifier.admitted).is_empty());
        assert!(verifier.knows(&lines, b"ann:x", address(1)).await.is_ok_and(|known| known));
    }
}
