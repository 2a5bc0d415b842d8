//! The server's memory over many requests and reconnections. A test program of its own, as the memory
//! is that of the process.

mod common;

use std::io::{Read, Write};

use chainrule_explorer::Handle;
use common::{connect, explain, head, server};
use serde_json::json;

/// What the process has in memory, in kilobytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A slider that is dragged.
fn requests(server: &Handle, count: usize) {
    for at in 0..count {
        let request = json!({
            "expression": "h = sigmoid(w * x + b); sum(h * h)",
            "at": {"x": [1, 2, 3], "w": at as f64 / 100.0, "b": 0.5}, "unfold": true,
        });
        assert_eq!(explain(server, &request).status, 200);
    }
}

/// Event streams that are opened, greeted and lost.
fn reconnections(server: &Handle, count: usize) {
    for _ in 0..count {
        let mut status = [0; 12];
        while status != *b"HTTP/1.1 200" {
            // The seats of those before are free as soon as the server has seen that they are gone.
            let mut stream = connect(server);
            stream.write_all(head(server, "GET", "/api/v1/events", "").as_bytes()).unwrap();
            stream.read_exact(&mut status).unwrap();
        }
    }
}

fn stays_bounded(rounds: usize, room: u64) {
    let server = server();
    requests(&server, 200);
    reconnections(&server, 20);
    let before = resident();
    requests(&server, rounds);
    reconnections(&server, rounds / 10);
    let after = resident();
    assert!(after < before + room, "{before} kB before, {after} kB after {rounds} requests");
}

#[test]
fn memory_is_bounded_over_a_thousand_requests() {
    if cfg!(target_os = "linux") {
        stays_bounded(1_000, 16 << 10);
    }
}

#[test]
#[ignore = "takes minutes"]
fn memory_is_bounded_over_ten_thousand_requests() {
    if cfg!(target_os = "linux") {
        stays_bounded(10_000, 16 << 10);
    }
}
