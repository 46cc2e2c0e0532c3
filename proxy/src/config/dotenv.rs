//! File `.env` with variables of the environment.

use std::io::ErrorKind;
use std::path::Path;

use super::error::ConfigError;

/// Sets the variables of the file at `path` that are not set yet. A missing file is no error.
///
/// # Errors
/// [`ConfigError`] with the file and the number of the line, never its text, which may contain a secret.
pub fn load_dotenv(path: &Path) -> Result<(), ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(ConfigError::read(path, error)),
    };
    dotenvy::from_read_iter(text.as_bytes()).load().map_err(|error| match error {
        dotenvy::Error::LineParse(wrong, _) => ConfigError::Line {
            path: path.to_owned(),
            line: text.lines().position(|line| line.contains(wrong.trim())).unwrap_or(0) + 1,
            problem: "expected NAME=value, with quotes around a value that contains spaces"
                .to_owned(),
        },
        dotenvy::Error::Io(error) => ConfigError::read(path, error),
        other => ConfigError::read(path, std::io::Error::other(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_garbled_file_is_named_with_its_line_and_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        assert!(load_dotenv(&path).is_ok());
        std::fs::write(&path, "# comment\n\nthis is CANARY\n").unwrap();
        let message = load_dotenv(&path).unwrap_err().to_string();
        assert!(message.contains(".env, line 3: expected NAME=value"), "{message}");
        assert!(!message.contains("CANARY"), "{message}");
        std::fs::write(&path, b"A=\xff\xfe").unwrap();
        let message = load_dotenv(&path).unwrap_err().to_string();
        assert!(message.contains("cannot read") && message.contains("UTF-8"), "{message}");
    }
}
