//! Recordings: CSV files with the columns `timestamp`, `value` and optionally `label`.

use std::path::{Path, PathBuf};

use oddity_detect::series::Grid;
use oddity_detect::time::{Span, Step, TimeError, Timestamp};

/// A recording: one CSV file.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Path below the folder, with `/` between its parts.
    pub name: String,
    /// Time of each row as text of the file.
    pub written: Vec<String>,
    /// Time of each row.
    pub times: Vec<Timestamp>,
    /// Value of each row; NaN where the file has none.
    pub values: Vec<f64>,
    /// Whether each row is anomalous; `None` without a column `label`.
    pub labels: Option<Vec<bool>>,
}

/// The reason why data cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the system.
        source: std::io::Error,
    },
    /// A file is not CSV.
    #[error("{path}: {source}")]
    Csv {
        /// Path of the file.
        path: PathBuf,
        /// Error of the CSV reader.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("{path} has no column \"{column}\": name it in the first row")]
    Column {
        /// Path of the file.
        path: PathBuf,
        /// Name of the column.
        column: &'static str,
    },
    /// A cell cannot be read.
    #[error("{path}, row {row}: {message}")]
    Cell {
        /// Path of the file.
        path: PathBuf,
        /// Row number; the first row after the header is 1.
        row: usize,
        /// Problem, and the text to write instead.
        message: String,
    },
    /// The file `windows.json` cannot be read.
    #[error("{path} does not map files to windows of two times: {message}")]
    Windows {
        /// Path of the file.
        path: PathBuf,
        /// Problem, in words.
        message: String,
    },
    /// No file has labels.
    #[error("no CSV file in {0} has a column \"label\"")]
    Unlabelled(PathBuf),
    /// The folder has no CSV file.
    #[error("{0} holds no CSV file with the columns timestamp and value")]
    Empty(PathBuf),
}

impl Recording {
    /// Reads `folder/name`.
    ///
    /// # Errors
    /// [`DataError`] for a file that cannot be read, has not the columns `timestamp` and `value`, or a cell
    /// that is neither empty nor of its kind.
    pub fn read(folder: &Path, name: &str) -> Result<Self, DataError> {
        let path = folder.join(name);
        let table = Table::read(&path)?;
        let at = table.column("timestamp")?;
        let cells = |at: usize| table.rows.iter().map(move |row| row.get(at).unwrap_or_default());
        let times = cells(at).map(str::parse::<Timestamp>).enumerate();
        let times = times
            .map(|(row, time)| time.map_err(|error: TimeError| table.cell(row, error.to_string())))
            .collect::<Result<_, _>>()?;
        let values = table.numbers(table.column("value")?)?;
        let labels = match table.column("label") {
            Ok(at) => Some(
                cells(at)
                    .enumerate()
                    .map(|(row, cell)| match cell.trim() {
                        "" | "0" | "0.0" => Ok(false),
                        "1" | "1.0" => Ok(true),
                        other => {
                            Err(table.cell(row, format!("\"{other}\" is no label: write 0 or 1")))
                        }
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Err(_) => None,
        };
        let written = cells(at).map(str::to_owned).collect();
        Ok(Self { name: name.to_owned(), written, times, values, labels })
    }

    /// Returns the grid of the rows: from the first time on, at the median distance of neighbours, or one minute if there are
    /// none.
    pub fn grid(&self) -> Grid {
        let mut distances: Vec<Span> =
            self.times.windows(2).map(|pair| pair[1].since(pair[0])).collect();
        distances.sort_unstable();
        let median = distances.get(distances.len() / 2).copied();
        let step = median.and_then(|span| Step::new(span).ok());
        Grid {
            start: self.times.first().copied().unwrap_or_default(),
            step: step.unwrap_or(Step::from_seconds(60)),
            len: self.times.len(),
        }
    }

    /// Returns the category of the recording: the folder that contains it.
    pub fn category(&self) -> &str {
        self.name.split_once('/').map_or("", |(category, _)| category)
    }
}

/// Reads the numbers of a column; empty cells are NaN.
///
/// # Errors
/// [`DataError`] for a file that cannot be read, has no such column, or a cell that is no number.
pub fn column(path: &Path, name: &'static str) -> Result<Vec<f64>, DataError> {
    let table = Table::read(path)?;
    table.numbers(table.column(name)?)
}

/// Returns the sorted names of all CSV files below a folder with the columns `timestamp` and `value`.
///
/// # Errors
/// [`DataError::Io`] for a folder that cannot be read, [`DataError::Empty`] where there is none.
pub fn files(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut names = Vec::new();
    walk(folder, "", &mut names)?;
    names.retain(|name| {
        let header =
            csv::Reader::from_path(folder.join(name)).and_then(|mut r| r.headers().cloned());
        header.is_ok_and(|h| ["timestamp", "value"].iter().all(|name| h.iter().any(|c| c == *name)))
    });
    names.sort_unstable();
    if names.is_empty() { Err(DataError::Empty(folder.to_owned())) } else { Ok(names) }
}

fn walk(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), DataError> {
    let failed = |source| DataError::Io { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(failed)?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), names)?;
        } else if name.ends_with(".csv") {
            names.push(name);
        }
    }
    Ok(())
}

struct Table<'a> {
    path: &'a Path,
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl<'a> Table<'a> {
    fn read(path: &'a Path) -> Result<Self, DataError> {
        let failed = |source| DataError::Csv { path: path.to_owned(), source };
        let mut reader = csv::Reader::from_path(path).map_err(failed)?;
        let header = reader.headers().map_err(failed)?.clone();
        let rows = reader.records().collect::<Result<_, _>>().map_err(failed)?;
        Ok(Self { path, header, rows })
    }

    fn column(&self, column: &'static str) -> Result<usize, DataError> {
        let missing = || DataError::Column { path: self.path.to_owned(), column };
        self.header.iter().position(|name| name.trim() == column).ok_or_else(missing)
    }

    fn numbers(&self, at: usize) -> Result<Vec<f64>, DataError> {
        let number = |(row, record): (usize, &csv::StringRecord)| match record
            .get(at)
            .unwrap_or_default()
            .trim()
        {
            "" => Ok(f64::NAN),
            cell => cell
                .parse()
                .map_err(|_| self.cell(row, format!("\"{cell}\" is no number: leave it empty"))),
        };
        self.rows.iter().enumerate().map(number).collect()
    }

    fn cell(&self, index: usize, message: String) -> DataError {
        DataError::Cell { path: self.path.to_owned(), row: index + 1, message }
    }
}
