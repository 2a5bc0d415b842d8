//! What the tests of the program share: running it, and small datasets.

// Each test program uses a part of this.
#![allow(dead_code)]

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::{TempDir, tempdir};

/// Runs the program.
pub fn chainrule(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chainrule")).args(arguments).output().unwrap()
}

/// Runs, expects success, and reads the one JSON document on standard output.
pub fn json(arguments: &[&str]) -> Value {
    let output = chainrule(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs, expects the exit status and every part in the message, and nothing on standard output.
pub fn fails(arguments: &[&str], status: i32, parts: &[&str]) {
    let output = chainrule(arguments);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {message}");
    for part in parts {
        assert!(message.contains(part), "{arguments:?}: `{part}` is not in: {message}");
    }
    assert!(!message.contains("panicked") && !message.contains("backtrace"), "{message}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed on standard output");
}

/// Waits until something is so. Where the process ends before, or does not come to it, the test fails with what
/// that said.
pub fn wait_for(child: &mut Child, is_so: impl Fn() -> bool) {
    const PATIENCE: Duration = Duration::from_secs(120);
    let start = Instant::now();
    loop {
        // In this order: it may become so as the process ends.
        let status = child.try_wait().unwrap();
        if is_so() {
            return;
        }
        if status.is_some() || start.elapsed() > PATIENCE {
            let _ = child.kill();
            let mut said = Vec::new();
            child.stdout.take().map(|mut out| out.read_to_end(&mut said));
            child.stderr.take().map(|mut err| err.read_to_end(&mut said));
            panic!("waited in vain ({status:?}): {}", String::from_utf8_lossy(&said));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// An IDX file's bytes.
pub fn idx(kind: u8, dims: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, kind, dims.len() as u8];
    dims.iter().for_each(|length| file.extend(length.to_be_bytes()));
    file.extend(bytes);
    file
}

/// A picture of one pixel: PGM is no format that is read, and a bitmap has a header of 54 bytes and rows of four.
pub fn bitmap(grey: u8) -> Vec<u8> {
    let mut file = b"BM".to_vec();
    for number in [58_u32, 0, 54, 40, 1, 1, 1 | 24 << 16, 0, 4, 0, 0, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend([grey, grey, grey, 0]);
    file
}

/// A folder of a small dataset under MNIST's names: bright columns tell the class.
pub fn digits() -> TempDir {
    let folder = tempdir().unwrap();
    for (part, count) in [("train", 60_u32), ("t10k", 20)] {
        let labels: Vec<u8> = (0..count).map(|i| (i % 10) as u8).collect();
        let pixels: Vec<u8> = labels
            .iter()
            .flat_map(|&label| (0..20).map(move |i| if i % 10 == label { 255 } else { i }))
            .collect();
        let write =
            |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
        write(&format!("{part}-images-idx3-ubyte"), idx(8, &[count, 4, 5], &pixels));
        write(&format!("{part}-labels-idx1-ubyte"), idx(8, &[count], &labels));
    }
    folder
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
