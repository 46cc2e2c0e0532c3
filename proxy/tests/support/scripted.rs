//! An upstream that records what it is sent and answers what it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::wait::until;

/// What happens after the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Then {
    Close,
    Hang,
    Reset,
}

/// A listener on loopback; it ends with the test's runtime.
pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    requests: Vec<String>,
    dropped: usize,
}

/// A reply with status 200 and a body of JSON.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    reply("200 OK", "content-type: application/json\r\n", body)
}

/// A whole reply.
pub(crate) fn reply(status: &str, fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{fields}content-length: {}\r\n\r\n{body}", body.len()).into()
}

impl Scripted {
    /// Answers every request with `answer`.
    pub(crate) async fn start(answer: Vec<u8>, then: Then) -> Self {
        Self::in_turn(vec![answer], then).await
    }

    /// Answers each connection with the next of `answers`, and all after them with the last one.
    pub(crate) async fn in_turn(answers: Vec<Vec<u8>>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Seen>>::default();
        let answers: Vec<_> = answers.into_iter().map(Arc::new).collect();
        let log = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut seen = log.lock().unwrap();
                let answer = answers[seen.connections.min(answers.len() - 1)].clone();
                seen.connections += 1;
                drop(seen);
                tokio::spawn(converse(stream, answer, then, log.clone()));
            }
        });
        Self { address, seen }
    }

    /// How often it was connected to so far.
    pub(crate) fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    /// The requests so far, as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().requests.clone()
    }

    /// Waits until `count` connections were closed by the other side.
    pub(crate) async fn wait_for_drops(&self, count: usize) {
        let what = format_args!("{count} connections to the upstream are closed");
        until(what, async || self.seen.lock().unwrap().dropped >= count).await;
    }

    /// Waits until `count` requests have come.
    pub(crate) async fn wait_for_requests(&self, count: usize) {
        let what = format_args!("{count} requests reach the upstream");
        until(what, async || self.requests().len() >= count).await;
    }
}

async fn converse(mut stream: TcpStream, answer: Arc<Vec<u8>>, then: Then, seen: Arc<Mutex<Seen>>) {
    let request = read_request(&mut stream).await;
    seen.lock().unwrap().requests.push(request);
    let mut rest = [0; 1024];
    let written = stream.write_all(&answer).await;
    match then {
        Then::Close => {}
        Then::Reset => stream.set_zero_linger().unwrap(),
        Then::Hang => {
            while written.is_ok() && !matches!(stream.read(&mut rest).await, Ok(0) | Err(_)) {}
            seen.lock().unwrap().dropped += 1;
        }
    }
}

/// Head and, by its Content-Length, body.
async fn read_request(stream: &mut TcpStream) -> String {
    let (mut request, mut piece) = (String::new(), [0; 4096]);
    loop {
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if length.is_none_or(|length| body.len() >= length.parse().unwrap()) {
                return request;
            }
        }
        match stream.read(&mut piece).await {
            Ok(count) if count > 0 => request.push_str(&String::from_utf8_lossy(&piece[..count])),
            _ => return request,
        }
    }
}
