//! Output to stdout, and to files that are written completely or not at all.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _, stdout};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::DetectError;

/// Output file, opened before it is written.
#[derive(Debug)]
pub(super) struct OutputFile {
    path: PathBuf,
    method: WriteMethod,
}

#[derive(Debug)]
enum WriteMethod {
    /// Temporary file in the same folder, renamed when complete and removed otherwise.
    Replace(NamedTempFile),
    /// Device or pipe, written directly.
    Direct(File),
}

impl OutputFile {
    /// Checks that the file can be written, without changing it.
    ///
    /// # Errors
    /// [`DetectError::Write`] if it cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, DetectError> {
        let method = write_method(path)
            .map_err(|error| DetectError::Write { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned(), method })
    }

    /// Writes the file.
    ///
    /// # Errors
    /// [`DetectError::Write`] if that fails; an existing file is unchanged then.
    pub(super) fn write(self, text: &str) -> Result<(), DetectError> {
        let Self { path, method } = self;
        write(&path, method, text).map_err(|error| DetectError::Write { path, error })
    }
}

fn write_method(path: &Path) -> io::Result<WriteMethod> {
    let present = fs::metadata(path).ok();
    if present.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(io::Error::new(ErrorKind::IsADirectory, "it is a folder: expected a file"));
    }
    if present.as_ref().is_some_and(|present| !present.is_file()) {
        return Ok(WriteMethod::Direct(OpenOptions::new().write(true).open(path)?));
    }
    if present.is_some() {
        // A file without write permission is not replaced either.
        OpenOptions::new().append(true).open(path)?;
    }
    let folder = match target(path).parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    fs::metadata(&folder)?;
    let mode = present.map_or(Permissions::from_mode(0o666), |present| present.permissions());
    let file = Builder::new().prefix(".oddity-").permissions(mode).tempfile_in(&folder);
    // The error itself names the temporary file.
    file.map(WriteMethod::Replace).map_err(|error| error.kind().into())
}

/// Resolves symbolic links.
fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn write(path: &Path, method: WriteMethod, text: &str) -> io::Result<()> {
    match method {
        WriteMethod::Replace(mut file) => {
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(target(path)).map(drop).map_err(|failed| failed.error)
        }
        WriteMethod::Direct(mut file) => file.write_all(text.as_bytes()),
    }
}

/// Prints to stdout; a closed pipe is no error.
///
/// # Errors
/// [`DetectError::Print`] for other I/O errors.
pub fn print(text: &str) -> Result<(), DetectError> {
    let mut stdout = stdout().lock();
    let printed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match printed {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(DetectError::Print(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let names = || {
            let entries = fs::read_dir(folder.path()).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let path = folder.path().join("report.md");
        fs::write(&path, "old").unwrap();
        drop(OutputFile::open(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        OutputFile::open(&path).unwrap().write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let link = folder.path().join("link.md");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        OutputFile::open(&link).unwrap().write("through the link").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "through the link");
        assert_eq!(names(), ["link.md", "report.md"]);
        OutputFile::open(Path::new("/dev/null")).unwrap().write("gone").unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_written_is_reported_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let check = |path: &Path, says: &str| {
            let error = OutputFile::open(path).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        check(folder.path(), "it is a folder: expected a file");
        check(
            &folder.path().join("none/report.md"),
            "none/report.md: No such file or directory (os error 2)",
        );
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        check(&file.join("report.md"), "not a directory");
        let full = OutputFile::open(Path::new("/dev/full")).unwrap().write("x").unwrap_err();
        assert!(full.to_string().contains("cannot write /dev/full: No space left"), "{full}");
    }
}
