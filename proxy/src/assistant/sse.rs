//! Parser of server-sent events, which reads each byte once, as it arrives.
//!
//! Source: HTML Standard, "9.2.6 Interpreting an event stream".

/// Parser of an event stream that arrives in pieces of any size. Cost: O(bytes), and never more memory than the limit.
#[derive(Debug)]
pub struct EventStreamParser {
    /// Bytes of the line that has begun.
    line: Vec<u8>,
    /// Data of the event that has begun.
    data: Vec<u8>,
    /// Whether the event has a line of data, which may be empty.
    has_data: bool,
    /// Whether the last byte was a carriage return: a line feed after it ends no other line.
    after_return: bool,
    /// Whether no line has ended yet.
    is_first_line: bool,
    /// Maximum number of bytes of an event.
    max_bytes: usize,
}

/// An event with more bytes than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventTooLongError;

impl EventStreamParser {
    /// Creates a parser of events with at most `max_bytes` bytes.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            after_return: false,
            is_first_line: true,
            max_bytes,
        }
    }

    /// Calls `take` with the data of each event that `bytes` complete, until it returns `false`.
    ///
    /// # Errors
    /// [`EventTooLongError`]; nothing can be read after it.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), EventTooLongError> {
        let mut rest = bytes;
        if std::mem::take(&mut self.after_return) && rest.first() == Some(&b'\n') {
            rest = &rest[1..];
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            self.keep(&rest[..end])?;
            let next = rest.get(end + 1);
            let pair = rest[end] == b'\r' && next == Some(&b'\n');
            self.after_return = rest[end] == b'\r' && next.is_none();
            rest = &rest[end + 1 + usize::from(pair)..];
            if !self.end_line(&mut take) {
                return Ok(());
            }
        }
        self.keep(rest)
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), EventTooLongError> {
        if self.line.len() + self.data.len() + part.len() > self.max_bytes {
            return Err(EventTooLongError);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    /// Ends the line that has begun; returns whether more events are wanted.
    fn end_line(&mut self, take: &mut impl FnMut(&[u8]) -> bool) -> bool {
        let mut line = self.line.as_slice();
        if std::mem::take(&mut self.is_first_line) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        let mut more = true;
        if line.is_empty() {
            if std::mem::take(&mut self.has_data) {
                more = take(&self.data);
            }
            self.data.clear();
        } else {
            let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let value = line.get(colon + 1..).unwrap_or_default();
            let value = value.strip_prefix(b" ").unwrap_or(value);
            // Early servers of llama.cpp tell of errors in a field of that name.
            if matches!(&line[..colon], b"data" | b"error") {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
        }
        self.line.clear();
        more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pieces: &[&[u8]], max_bytes: usize) -> Result<Vec<String>, EventTooLongError> {
        let (mut events, mut all) = (EventStreamParser::new(max_bytes), Vec::new());
        for piece in pieces {
            events.feed(piece, |data| {
                all.push(String::from_utf8_lossy(data).into_owned());
                true
            })?;
        }
        Ok(all)
    }

    #[test]
    fn events_of_the_standard() {
        let cases: [(&str, &[&str]); 12] = [
            ("data: a\n\n", &["a"]),
            ("data:a\r\n\r\ndata:  b\r\rdata: c\n\n", &["a", " b", "c"]),
            ("data: a\ndata: b\n\n", &["a\nb"]),
            ("data\n\ndata\ndata\n\n", &["", "\n"]),
            (": a comment\n\nid: 1\nevent: x\nretry: 3\ndata: a\n\n", &["a"]),
            ("\u{feff}data: a\n\n", &["a"]),
            ("error: {}\n\n", &["{}"]),
            ("data: never ended", &[]),
            ("data: never ended\n", &[]),
            ("\n\n\n", &[]),
            ("datax: a\n\n data: b\n\n", &[]),
            ("data: zwölf 🔥\n\n", &["zwölf 🔥"]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&[text.as_bytes()], 1_000).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn an_event_without_an_end_is_cut_off_early() {
        assert_eq!(read(&[b"data: 123456\n\n"], 12), Ok(vec!["123456".to_owned()]));
        assert_eq!(read(&[b"data: 1234567\n\n"], 12), Err(EventTooLongError));
        assert_eq!(read(&[b"data: 123\ndata: 456\ndata: 789\n\n"], 12), Err(EventTooLongError));
        let (mut events, piece, mut fed) =
            (EventStreamParser::new(256 << 10), vec![b'x'; 1 << 16], 0);
        while events.feed(&piece, |_| true).is_ok() {
            fed += piece.len();
        }
        assert!(fed <= 256 << 10 && events.line.capacity() <= 1 << 20, "{fed}");
    }

    /// 64 MB without an event: each byte is looked at once, and nothing is kept.
    #[test]
    fn lines_that_never_become_an_event_take_no_room() {
        let mut events = EventStreamParser::new(1 << 10);
        let piece = b": keep alive\n".repeat(5_000);
        for _ in 0..1_000 {
            events.feed(&piece, |_| panic!("no event")).unwrap();
        }
        assert!(events.line.capacity() + events.data.capacity() < 4 << 10);
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_are_the_same(
            text in r"(data: ?|error: |: |\r|\n|\r\n|[a-c]|ü|\u{feff}){0,40}",
            sizes in proptest::collection::vec(1..5_usize, 1..20),
        ) {
            let bytes = text.as_bytes();
            let (mut pieces, mut at) = (Vec::new(), 0);
            for size in sizes.iter().cycle() {
                let end = (at + size).min(bytes.len());
                pieces.push(&bytes[at..end]);
                at = end;
                if at == bytes.len() {
                    break;
                }
            }
            prop_assert_eq!(read(&pieces, 1_000), read(&[bytes], 1_000));
        }
    }
}
