//! `oddity hash-password`: hashes a password that is read from standard input.

use std::io::{self, IsTerminal as _, Write as _};

use secrecy::{ExposeSecret as _, SecretString};

use crate::http::auth;

/// Maximum bytes of a password.
const MAX_BYTES: usize = 1 << 10;

/// Reason why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Standard input or output cannot be used.
    #[error("cannot read the password or write its hash: {0}")]
    Io(#[from] io::Error),
    /// A password that cannot be one.
    #[error("the password must have 1 to {MAX_BYTES} bytes: give one line of standard input")]
    Length,
    /// A failure of the hash function.
    #[error("cannot hash the password: {0}")]
    Hash(String),
}

/// Reads a line, which a terminal does not show, and writes its hash to standard output.
///
/// # Errors
/// [`HashError`].
pub fn run() -> Result<(), HashError> {
    let password = if io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ")?
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        line
    };
    let password = SecretString::from(password.trim_end_matches(['\r', '\n']));
    if !(1..=MAX_BYTES).contains(&password.expose_secret().len()) {
        return Err(HashError::Length);
    }
    let hash = auth::hash(&password).map_err(|error| HashError::Hash(error.to_string()))?;
    writeln!(io::stdout(), "{hash}")?;
    Ok(())
}
