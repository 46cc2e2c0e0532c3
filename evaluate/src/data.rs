//! Recordings: CSV files with the columns `timestamp`, `value` and perhaps `label`, row by row.

use std::path::{Path, PathBuf};

use oddity_detect::series::Grid;
use oddity_detect::time::{Span, Step, TimeError, Timestamp};

/// One file.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Path below the folder, with `/` between its parts.
    pub name: String,
    /// Time of each row, as the file writes it.
    pub written: Vec<String>,
    /// Time of each row.
    pub times: Vec<Timestamp>,
    /// Value of each row; NaN where the file has none.
    pub values: Vec<f64>,
    /// Whether each row is anomalous; `None` without a column `label`.
    pub labels: Option<Vec<bool>>,
}

/// Why data cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file or folder.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not CSV.
    #[error("{path}: {source}")]
    Csv {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("{path} has no column \"{column}\": name it in the first row")]
    Column {
        /// Which file.
        path: PathBuf,
        /// Which column.
        column: &'static str,
    },
    /// A cell.
    #[error("{path}, row {row}: {message}")]
    Cell {
        /// Which file.
        path: PathBuf,
        /// Row, the first after the header is 1.
        row: usize,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// `windows.json`.
    #[error("{path} does not map files to windows of two times: {message}")]
    Windows {
        /// Which file.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// No labels.
    #[error("no CSV file in {0} has a column \"label\"")]
    Unlabelled(PathBuf),
    /// No CSV file at all.
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

    /// The rows as a sequence of samples: from the first time on, at the median distance of neighbours.
    /// One minute where there are no neighbours.
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

    /// First part of the name: the folder that it lies in.
    pub fn category(&self) -> &str {
        self.name.split_once('/').map_or("", |(category, _)| category)
    }
}

/// The numbers of one named column; empty cells are NaN.
///
/// # Errors
/// [`DataError`] for a file that cannot be read, has no such column, or a cell that is no number.
pub fn column(path: &Path, name: &'static str) -> Result<Vec<f64>, DataError> {
    let table = Table::read(path)?;
    table.numbers(table.column(name)?)
}

/// The names of all CSV files below a folder that have the columns `timestamp` and `value`, sorted.
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
