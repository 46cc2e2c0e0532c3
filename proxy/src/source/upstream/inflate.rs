//! Decompression of answers in small steps, so that a decompression bomb cannot fill the memory.

use std::io::Write as _;

use axum::http::header::CONTENT_ENCODING;
use bytes::{Buf as _, Bytes};
use flate2::write::MultiGzDecoder;

use crate::outbound::pool::PooledResponse;

/// Compressed bytes decoded at once; they decompress to at most a thousand times as many.
const STEP: usize = 1 << 10;

/// Body of an answer, decompressed in pieces.
pub(super) struct DecodedPieces {
    exchange: PooledResponse,
    gzip: Option<Gzip>,
}

struct Gzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    compressed: Bytes,
}

/// Broken connection, or damaged compressed data.
#[derive(Debug)]
pub(super) struct DecodeError;

impl DecodedPieces {
    pub(super) fn of(exchange: PooledResponse) -> Self {
        let encoding = exchange.headers.get(CONTENT_ENCODING);
        let gzip =
            encoding.is_some_and(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"gzip"));
        let decoder = || MultiGzDecoder::new(Vec::new());
        let gzip = gzip.then(|| Gzip { decoder: decoder(), compressed: Bytes::new() });
        Self { exchange, gzip }
    }

    /// Returns the next piece, or none after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, DecodeError> {
        let Some(gzip) = &mut self.gzip else {
            return self.exchange.chunk().await.map_err(|_| DecodeError);
        };
        loop {
            if gzip.compressed.is_empty() {
                let Some(chunk) = self.exchange.chunk().await.map_err(|_| DecodeError)? else {
                    gzip.decoder.try_finish().map_err(|_| DecodeError)?;
                    return Ok(gzip.take());
                };
                gzip.compressed = chunk;
            }
            let step = gzip.compressed.len().min(STEP);
            gzip.decoder.write_all(&gzip.compressed[..step]).map_err(|_| DecodeError)?;
            gzip.compressed.advance(step);
            if let Some(piece) = gzip.take() {
                return Ok(Some(piece));
            }
        }
    }
}

impl Gzip {
    fn take(&mut self) -> Option<Bytes> {
        let out = std::mem::take(self.decoder.get_mut());
        (!out.is_empty()).then(|| out.into())
    }
}
