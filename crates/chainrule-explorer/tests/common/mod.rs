//! What the tests of the server share: a server, and requests written by hand, so that no client sets
//! right what is wrong with them.

// Each test program uses a part of this.
#![allow(dead_code)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use chainrule_explorer::{Handle, Options, State, serve};
use serde_json::Value;

/// Longer than anything may take.
pub const LONG: Duration = Duration::from_secs(60);

/// A server with the apples.
pub fn server() -> Handle {
    named(&[])
}

/// One that has more names.
pub fn named(names: &[&str]) -> Handle {
    let names = names.iter().map(ToString::to_string).collect();
    let address = Ipv4Addr::LOCALHOST.into();
    let (state, line, network) = (State::apple(), None, None);
    serve(Options { address, port: 0, names, state, line, network }).unwrap()
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads one to the end of the connection; `None` where none came.
    pub fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        // Whatever arrived before a reset counts.
        let _ = stream.read_to_end(&mut bytes);
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_lowercase(), body: bytes[end + 4..].to_vec() })
    }

    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {} {text}", self.head))
    }

    /// What stands in a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines();
        lines.filter_map(|line| line.split_once(": ")).find(|(own, _)| *own == name).map(|(_, v)| v)
    }

    /// The message of an error.
    pub fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

pub fn connect(server: &Handle) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.set_write_timeout(Some(LONG)).unwrap();
    stream
}

/// Sends these bytes, and reads what comes until the server closes.
pub fn raw(server: &Handle, bytes: &[u8]) -> Answer {
    let mut stream = connect(server);
    // A server that has refused already reads no further.
    let _ = stream.write_all(bytes);
    Answer::read(&mut stream).expect("there was no answer")
}

/// The head of a request of the user's own, with more lines.
pub fn head(server: &Handle, method: &str, path: &str, more: &str) -> String {
    let (host, token) = (server.address(), server.token());
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    )
}

pub fn get(server: &Handle, path: &str) -> Answer {
    raw(server, head(server, "GET", path, "Connection: close\r\n").as_bytes())
}

/// What a page of the server's own sends beside the token.
pub fn own_page(server: &Handle) -> String {
    format!("Origin: http://{}\r\nContent-Type: application/json\r\n", server.address())
}

pub fn post(server: &Handle, path: &str, body: &[u8]) -> Answer {
    let own = own_page(server);
    let more = format!("{own}Connection: close\r\nContent-Length: {}\r\n", body.len());
    let mut bytes = head(server, "POST", path, &more).into_bytes();
    bytes.extend_from_slice(body);
    raw(server, &bytes)
}

pub fn explain(server: &Handle, request: &Value) -> Answer {
    post(server, "/api/v1/explain", request.to_string().as_bytes())
}
