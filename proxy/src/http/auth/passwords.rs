//! Names and passwords of users, as they are or as argon2 hashes.

use std::path::Path;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use super::{Secrets, contains};

/// Beginning of a hash of a password.
const HASH: &str = "$argon2";

/// Concurrent verifications of hashes; each takes 19 MiB and some 20 ms of a processor.
const MAX_VERIFYING: usize = 1;

/// Clients that wait for the verification of a hash.
const MAX_WAITING: usize = 32;

/// Bounds the verifications of hashes, which run on threads of their own.
pub(super) struct Verifier {
    admitted: Semaphore,
    verifying: Arc<Semaphore>,
}

/// Too many clients that sign in at once.
#[derive(Debug)]
pub(super) struct Busy;

impl Default for Verifier {
    fn default() -> Self {
        Self {
            admitted: Semaphore::new(MAX_VERIFYING + MAX_WAITING),
            verifying: Arc::new(Semaphore::new(MAX_VERIFYING)),
        }
    }
}

impl Verifier {
    /// Returns whether `pair` of `name:password` is among the lines. A name that is unknown takes as long as one whose
    /// password is wrong.
    ///
    /// # Errors
    /// [`Busy`] if too many wait for a verification.
    pub(super) async fn knows(&self, lines: &Secrets, pair: &[u8]) -> Result<bool, Busy> {
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
        let _admitted = self.admitted.try_acquire().map_err(|_| Busy)?;
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
            let known = verifier.knows(&lines, pair.as_bytes()).await.unwrap();
            assert_eq!(known, expected, "{pair}");
        }
        assert!(is_pair(&format!("ann:{hash}")) && !is_pair("ann:$argon2id$v=19$oops"));
    }

    #[tokio::test]
    async fn more_than_some_verifications_at_once_are_refused() {
        let lines: Secrets =
            [SecretString::from(format!("ann:{}", hash(&"x".to_owned().into()).unwrap()))].into();
        let verifier = Verifier::default();
        let _all = verifier.admitted.acquire_many((MAX_VERIFYING + MAX_WAITING) as u32).await;
        assert!(verifier.knows(&lines, b"ann:x").await.is_err());
    }
}
