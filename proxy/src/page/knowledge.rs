//! Knowledge base of possible causes: the built-in families of metrics, and those of the operator.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Write as _;
use std::path::Path;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use oddity_analysis::knowledge::{Family, Knowledge, check};

use crate::config::ConfigError;
use crate::page::assets::{self, FileSet, PageFile};

/// Embedded data files of `shared/knowledge`, described in `docs/knowledge.md`.
#[derive(rust_embed::Embed)]
#[folder = "../shared/knowledge"]
struct BuiltinFamilies;

/// File name under which the knowledge base is served.
const NAME: &str = "knowledge.json";

/// Name of the setting for the folder, in messages.
const SETTING: &str = "knowledge (ODDITY_KNOWLEDGE)";

/// Loads the built-in families and those of the files `*.toml` in `folder`, which replace built-in ones with the same id.
///
/// # Errors
/// [`ConfigError`] with the file and line, or the family, that is invalid.
pub fn load(folder: Option<&Path>) -> Result<Knowledge, ConfigError> {
    let mut families = Vec::new();
    for name in BuiltinFamilies::iter() {
        let Some(file) = BuiltinFamilies::get(&name) else { continue };
        families.extend(read(Path::new(&*name), &String::from_utf8_lossy(&file.data))?);
    }
    for family in folder.map(own).transpose()?.unwrap_or_default() {
        families.retain(|known: &Family| known.id != family.id);
        families.push(family);
    }
    families.sort_by(|a, b| a.id.cmp(&b.id));
    let knowledge = Knowledge { families };
    // The built-in families are checked by tests.
    let faults = if folder.is_some() { check(&knowledge) } else { Vec::new() };
    if faults.is_empty() {
        return Ok(knowledge);
    }
    let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(ConfigError::Setting { setting: SETTING.to_owned(), problem: list.join("; ") })
}

fn own(folder: &Path) -> Result<Vec<Family>, ConfigError> {
    let failed = |error| ConfigError::Read { path: folder.to_owned(), error };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let paths: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut families = Vec::new();
    for path in paths.map_err(failed)? {
        if path.extension().is_some_and(|extension| extension == "toml") {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| ConfigError::Read { path: path.clone(), error })?;
            families.extend(read(&path, &text)?);
        }
    }
    Ok(families)
}

/// Reads the family of one file; `None` if it is no data file.
fn read(path: &Path, text: &str) -> Result<Option<Family>, ConfigError> {
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Ok(None);
    }
    let family: Family = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        ConfigError::Line { path: path.to_owned(), line, problem: error.message().to_owned() }
    })?;
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Some(Family { id, ..family }))
}

/// Knowledge base as it is served, encoded once.
#[derive(Clone)]
pub struct KnowledgeAnswer {
    json: &'static [u8],
    gzip: &'static [u8],
    /// Hash for the cache of the browser.
    hash: [u8; 32],
}

impl KnowledgeAnswer {
    /// Encodes the knowledge base; it stays in memory until the process ends.
    ///
    /// # Errors
    /// [`ConfigError`] if it cannot be encoded, which no data file causes.
    pub fn new(knowledge: &Knowledge) -> Result<Self, ConfigError> {
        let failed =
            |problem: String| ConfigError::Setting { setting: SETTING.to_owned(), problem };
        let json = serde_json::to_vec(knowledge).map_err(|error| failed(error.to_string()))?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let gzip = encoder.write_all(&json).and_then(|()| encoder.finish());
        let gzip = gzip.map_err(|error| failed(error.to_string()))?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&json);
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&hasher.finish().to_be_bytes());
        Ok(Self { json: json.leak(), gzip: gzip.leak(), hash })
    }
}

impl FileSet for KnowledgeAnswer {
    fn file(&self, path: &str) -> Option<PageFile> {
        let data = match path.strip_prefix(NAME)? {
            "" => self.json,
            ".gz" => self.gzip,
            _ => return None,
        };
        Some(PageFile { data: Cow::Borrowed(data), hash: self.hash })
    }
}

/// Answers `GET /api/knowledge` with a [`Knowledge`].
pub async fn show(State(answer): State<KnowledgeAnswer>, headers: HeaderMap) -> Response {
    assets::respond(&answer, NAME, &headers)
}
