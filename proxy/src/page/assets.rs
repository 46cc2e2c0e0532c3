//! Files of the page, embedded in release builds and read from `dist` in others.
//!
//! A file `name` can have the variants `name.br` and `name.gz`, compressed when the page was built.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// Set of files by their path below the root of the page.
pub trait FileSet {
    /// Returns the file at `path`, if there is one.
    fn file(&self, path: &str) -> Option<PageFile>;
}

/// Content of a file.
pub struct PageFile {
    /// Bytes of the file.
    pub data: Cow<'static, [u8]>,
    /// SHA-256 of the bytes.
    pub hash: [u8; 32],
}

#[derive(rust_embed::Embed)]
#[folder = "../dist"]
#[allow_missing = true]
struct Dist;

impl FileSet for Dist {
    fn file(&self, path: &str) -> Option<PageFile> {
        let file = Self::get(path)?;
        Some(PageFile { hash: file.metadata.sha256_hash(), data: file.data })
    }
}

const INDEX: &str = "index.html";

/// Encodings in order of preference, with the suffix of their files.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// Finds a file of the page by the parts of its name before and after the hash; `None` if the page has not been built.
pub fn hashed(stem: &str, extension: &str) -> Option<PageFile> {
    let is_it = |name: &str| {
        let rest = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('-'));
        rest.and_then(|rest| rest.strip_suffix(extension)).is_some_and(is_hash)
    };
    let name = Dist::iter().find(|name| is_it(name))?;
    Dist.file(&name)
}

/// Answers all paths that are no other route.
pub async fn page(uri: Uri, headers: HeaderMap) -> Response {
    respond(&Dist, uri.path(), &headers)
}

/// Responds with the file at `path`, or with the index for a path of the page itself.
pub fn respond(files: &impl FileSet, path: &str, headers: &HeaderMap) -> Response {
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { INDEX } else { name };
    if let Some(response) = send(files, name, headers) {
        return response;
    }
    if !is_page(path) {
        return (StatusCode::NOT_FOUND, "page not found\n").into_response();
    }
    send(files, INDEX, headers).unwrap_or_else(|| {
        let message = "the page has not been built: run `make` and restart the server\n";
        (StatusCode::SERVICE_UNAVAILABLE, message).into_response()
    })
}

/// Returns whether the page may use this path for itself: plain segments without an extension, outside the API.
fn is_page(path: &str) -> bool {
    let mut segments = path.strip_prefix('/').unwrap_or_default().split('/');
    let plain = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_alphanumeric())
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let is_api = segments.clone().next().is_some_and(|first| first.eq_ignore_ascii_case("api"));
    path == "/" || (!is_api && segments.all(plain))
}

fn send(files: &impl FileSet, name: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = files.file(name)?;
    let accepted = ENCODINGS.into_iter().find_map(|(encoding, suffix)| {
        let file = accepts(headers, encoding).then(|| files.file(&format!("{name}{suffix}")))??;
        Some((file, Some(encoding)))
    });
    let (file, encoding) = accepted.unwrap_or((plain, None));
    let etag = HeaderValue::from_str(&format!("\"{}\"", hex::encode(&file.hash[..16]))).ok()?;
    let is_known = is_listed(headers, &etag);
    let body = match file.data {
        _ if is_known => Body::empty(),
        Cow::Borrowed(data) => Body::from(Bytes::from_static(data)),
        Cow::Owned(data) => Body::from(data),
    };
    let mut response = Response::new(body);
    let fields = response.headers_mut();
    fields.insert(ETAG, etag);
    fields.insert(VARY, HeaderValue::from_static("accept-encoding"));
    fields.insert(CACHE_CONTROL, HeaderValue::from_static(cache_control(name)));
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Some(response);
    }
    fields.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    if let Some(encoding) = encoding {
        fields.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

/// Returns whether `Accept-Encoding` names `encoding`, or else `*`, with a weight above zero.
/// Source: RFC 9110, section 12.5.3.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    let mut any = false;
    for item in lists.flat_map(|list| list.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight =
            parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f32>);
        let wanted = weight.is_ok_and(|weight| weight > 0.0);
        if name.eq_ignore_ascii_case(encoding) {
            return wanted;
        }
        any |= name == "*" && wanted;
    }
    any
}

/// Returns whether `If-None-Match` lists `etag`, by weak comparison.
fn is_listed(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let lists = headers.get_all(IF_NONE_MATCH).iter().filter_map(|list| list.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|tag| {
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
    })
}

/// Returns `Cache-Control`: a file with a hash of its content in its name never changes.
fn cache_control(name: &str) -> &'static str {
    if is_hashed(name) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// Returns whether trunk has put a hash into the name: `name-<hash>.ext` or `name-<hash>_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or_default().split('.').next().unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| is_hash(hash))
}

fn is_hash(text: &str) -> bool {
    (12..=64).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests;
