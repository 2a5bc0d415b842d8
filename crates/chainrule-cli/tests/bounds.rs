//! What is made to fill the memory, or never ends: the program, which may have little memory here, ends in one line that
//! names the file, the place and what would be right.
#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::{TempDir, tempdir};

/// The memory that the program may have, in kilobytes: its own and that of its threads, and some tens of megabytes.
const MEMORY: u32 = 400 << 10;
/// So many bytes are more than that.
const LARGE: u64 = 1 << 30;

/// Runs a shell command in which `$chainrule` is the program, with little memory and a minute's time.
fn shell(folder: &Path, script: &str) -> Output {
    let command = "timeout 60 \"$program\" \"$@\"";
    let script = format!("ulimit -v {MEMORY}; chainrule() {{ {command}; }}; {script}");
    Command::new("bash")
        .args(["-c", &script])
        .env("program", env!("CARGO_BIN_EXE_chainrule"))
        .env_remove("RUST_BACKTRACE")
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs, and expects an error of a single line, not a long one, which has these parts.
fn refused(folder: &Path, script: &str, parts: &[&str]) {
    let output = shell(folder, script);
    let message = String::from_utf8_lossy(&output.stderr);
    let shown: String = message.chars().take(2000).collect();
    assert_eq!(output.status.code(), Some(1), "{script}: {shown}");
    let errors = message.lines().filter(|line| line.starts_with("error")).count();
    assert!(errors == 1 && message.len() < 2000, "{script}: {shown}");
    for part in parts {
        assert!(message.contains(part), "{script}: `{part}` is not in: {shown}");
    }
}

fn train(folder: &Path, data: &str, parts: &[&str]) {
    let script = format!("chainrule train {data} --epochs 1 --threads 1 --quiet --out out");
    refused(folder, &script, parts);
    assert!(!folder.join("out").exists(), "{data} left a folder");
}

/// A file with so many zeros behind `start`, which take no room on the disk.
fn sparse(path: &Path, start: &[u8], zeros: u64) {
    fs::write(path, start).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_len(start.len() as u64 + zeros).unwrap();
}

/// Deflate's code (RFC 1951) for `start` and then its last byte again, so many times and a few more.
fn deflated(start: &[u8], again: u64) -> Vec<u8> {
    let length = (start.len() as u16).to_le_bytes();
    let mut out = vec![0, length[0], length[1], !length[0], !length[1]];
    out.extend(start);
    // A block of fixed codes, each 258 bytes from one byte before on.
    let mut bits = vec![true, true, false];
    for _ in 0..again.div_ceil(258) {
        bits.extend([1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0].map(|bit| bit == 1));
    }
    bits.extend([false; 7]);
    let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, &bit| byte << 1 | u8::from(bit));
    out.extend(bits.chunks(8).map(byte));
    out
}

/// A gzip file of [`deflated`] bytes, whose sum is wrong.
fn packed(start: &[u8], again: u64) -> Vec<u8> {
    [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0], &deflated(start, again)[..], &[0; 8]].concat()
}

/// An `.npy` file's bytes up to its elements.
fn npy(kind: &str, shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes()].concat()
}

/// A ZIP archive of deflated members: their names, what the archive tells of their lengths and sums, and their code.
fn zip(members: &[(&str, u64, u32, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, length, sum, code) in members {
        let at = (out.len() as u32).to_le_bytes();
        let sizes = [*sum, code.len() as u32, *length as u32].map(u32::to_le_bytes).concat();
        let names = [name.len() as u16, 0].map(u16::to_le_bytes).concat();
        let head = [&[20, 0, 0, 0, 8, 0, 0, 0, 0, 0][..], &sizes, &names].concat();
        out.extend([b"PK\x03\x04", &head[..], name.as_bytes(), code].concat());
        let rest = [&[0; 10][..], &at, name.as_bytes()].concat();
        directory.extend([b"PK\x01\x02\x14\x00", &head[..], &rest].concat());
    }
    let count = (members.len() as u16).to_le_bytes();
    let [size, at] = [directory.len(), out.len()].map(|length| (length as u32).to_le_bytes());
    let end = [b"PK\x05\x06\0\0\0\0", &count[..], &count, &size, &at, &[0, 0]].concat();
    [out, directory, end].concat()
}

/// The sum that ends a PNG's chunks (ISO/IEC 15948, annex D).
fn sum(bytes: &[u8]) -> u32 {
    let step = |sum: u32| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
    let byte = |sum: u32, byte: &u8| (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum));
    !bytes.iter().fold(!0, byte)
}

/// A PNG of one colour and as many pixels as there may be, each of eight bytes; the first third of them.
fn blank_png() -> Vec<u8> {
    let side = 16_384_u32.to_be_bytes();
    let chunk = |name: &[u8], content: &[u8]| {
        let sum = sum(&[name, content].concat()).to_be_bytes();
        [&(content.len() as u32).to_be_bytes(), name, content, &sum].concat()
    };
    let header = chunk(b"IHDR", &[&side[..], &side, &[16, 6, 0, 0, 0]].concat());
    let pixels = [&[0x78, 0x9c][..], &deflated(&[0], 16_384 * (16_384 * 8 + 1) / 3)].concat();
    [b"\x89PNG\r\n\x1a\n", &header[..], &chunk(b"IDAT", &pixels), &chunk(b"IEND", b"")].concat()
}

#[test]
fn arrays_that_are_not_what_their_headers_say() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let one = npy("<f8", "(1, 1)");
    let bomb = |header: &[u8]| {
        let length = LARGE.div_ceil(258) * 258 + header.len() as u64;
        ("x.npy", length, 0, deflated(header, LARGE))
    };
    fs::write(path("bomb.npz"), zip(&[bomb(&one)])).unwrap();
    let shape = "`x`: the header announces the shape [1, 1] of 8 bytes each, but";
    train(folder.path(), "bomb.npz", &["bomb.npz", shape]);
    fs::write(path("objects.npz"), zip(&[bomb(&npy("|O", "(1, 1)"))])).unwrap();
    train(folder.path(), "objects.npz", &["objects.npz: `x`: holds Python objects"]);
    let long = [b"\x93NUMPY\x02\x00", &0x3000_0000_u32.to_le_bytes()[..], b" "].concat();
    fs::write(path("header.npz"), zip(&[bomb(&long)])).unwrap();
    train(folder.path(), "header.npz", &["header.npz: `x`: its header has 805306368 bytes"]);
    // Of one byte each, which are eight in the table.
    let rows = LARGE.div_ceil(258) * 258;
    let wide = npy("|u1", &format!("(1, {rows})"));
    fs::write(path("wide.npz"), zip(&[bomb(&wide)])).unwrap();
    train(folder.path(), "wide.npz", &["columns, and a table may have 1048576"]);
    let long = bomb(&npy("|u1", &format!("({rows},)")));
    let targets = ("y.npy", long.1, 0, long.3.clone());
    fs::write(path("honest.npz"), zip(&[long, targets])).unwrap();
    train(folder.path(), "honest.npz", &["honest.npz: `x`: it does not fit into memory"]);

    sparse(&path("one.npy"), &one, LARGE);
    train(folder.path(), "one.npy", &["one.npy: the header announces the shape [1, 1]"]);
    sparse(&path("zeros.npz"), b"", LARGE);
    train(folder.path(), "zeros.npz", &["zeros.npz: is no NumPy archive"]);
}

#[test]
fn an_array_that_nobody_asks_for_is_not_read() {
    let folder = tempdir().unwrap();
    let column = |name: &'static str, scale: f64| {
        let numbers = (0..40).flat_map(|row| (f64::from(row) * scale).to_le_bytes());
        let content: Vec<u8> = npy("<f8", "(40,)").into_iter().chain(numbers).collect();
        let length = (content.len() as u16).to_le_bytes();
        let code = [&[1, length[0], length[1], !length[0], !length[1]], &content[..]].concat();
        (name, content.len() as u64, sum(&content), code)
    };
    let bomb = ("meta.npy", LARGE, 0, deflated(&npy("<f8", "(1, 1)"), LARGE));
    let bytes = zip(&[column("x.npy", 0.5), bomb, column("y.npy", 1.5)]);
    fs::write(folder.path().join("t.npz"), bytes).unwrap();
    let output = shell(folder.path(), "chainrule train t.npz --epochs 1 --threads 1 --out out");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn lines_and_rows_that_do_not_end() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let long = "7".repeat(17 << 20);
    fs::write(path("first.csv"), &long).unwrap();
    train(folder.path(), "first.csv", &["first.csv: line 1: the row", "more than 16 MiB"]);
    fs::write(path("later.csv"), format!("a,b,y\n1,2,3\n{long}")).unwrap();
    train(folder.path(), "later.csv", &["later.csv: line 3: the row", "more than 16 MiB"]);
    let quoted = "x,y,z,ab\n".repeat(2 << 20);
    fs::write(path("quote.csv"), format!("a,b,y\n1,2,3\n4,\"{quoted}")).unwrap();
    train(folder.path(), "quote.csv", &["quote.csv: line 3: ", "is a quote not closed?"]);
    fs::write(path("bomb.csv.gz"), packed(b"a,y\n1,2\n7", LARGE)).unwrap();
    train(folder.path(), "bomb.csv.gz", &["bomb.csv.gz: line 3 has more than 16 MiB"]);
    fs::write(path("zeros.csv.gz"), packed(b"a,y\n1,2\n\0", LARGE)).unwrap();
    train(folder.path(), "zeros.csv.gz", &["zeros.csv.gz: line 3, column 1: a zero byte"]);
    fs::write(path("rows.csv.gz"), packed(b"a,y\n1,2\n\n", 2 * LARGE)).unwrap();
    train(folder.path(), "rows.csv.gz", &["rows.csv.gz: "]);
}

#[test]
fn devices_and_pipes() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for (name, device) in [("zero", "zero"), ("full", "full"), ("noise", "urandom")] {
        for ending in ["csv", "npz", "toml"] {
            let name = format!("{name}.{ending}");
            symlink(format!("/dev/{device}"), path(&name)).unwrap();
            train(folder.path(), &name, &[&name]);
        }
    }
    // Nobody writes to them.
    for name in ["pipe.npz", "pipe.csv", "pipe.toml"] {
        assert!(Command::new("mkfifo").arg(path(name)).status().unwrap().success());
        train(folder.path(), name, &[name, ": is a pipe"]);
    }
    let rows: String = (0..40).map(|row| format!("{row},{}\n", 2 * row)).collect();
    fs::write(path("t.csv"), format!("a,y\n{rows}")).unwrap();
    let more = "--epochs 1 --threads 1 --quiet --out";
    let through = format!("chainrule train <(cat t.csv) {more} a");
    assert!(shell(folder.path(), &through).status.success());
    let named = format!("mkfifo p.csv; cat t.csv > p.csv & chainrule train p.csv {more} b");
    assert!(shell(folder.path(), &named).status.success());
    let endless = "yes | tr -d '\\n' | head -c 2G | chainrule predict a -";
    refused(folder.path(), endless, &["standard input: line 1 has more than 16 MiB"]);
}

#[test]
fn pictures_that_would_fill_the_memory() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for class in ["a", "b"] {
        fs::create_dir_all(path("data").join(class)).unwrap();
    }
    sparse(&path("data/a/1.png"), b"\x89PNG\r\n\x1a\n", 2 * LARGE);
    fs::write(path("data/b/1.png"), b"").unwrap();
    train(folder.path(), "data", &["data/a/1.png: has more than 1 GiB"]);
    fs::write(path("data/a/1.png"), blank_png()).unwrap();
    train(folder.path(), "data", &["data/a/1.png: the header announces 16384×16384 pixels"]);
    fs::remove_file(path("data/a/1.png")).unwrap();
    // A bit a pixel, in black and white: three bytes each are more than there are.
    let numbers = [0, 0, 62, 40, 16_384, 16_384, 1 | 1 << 16, 0, 0, 0, 0, 2, 0, 0, 0xff_ffff_u32];
    let header = [b"BM".to_vec(), numbers.map(u32::to_le_bytes).concat()].concat();
    sparse(&path("data/a/1.bmp"), &header, 16_384 * 16_384 / 8);
    train(folder.path(), "data", &["data/a/1.bmp: it does not fit into memory"]);
    fs::remove_file(path("data/a/1.bmp")).unwrap();
    assert!(Command::new("mkfifo").arg(path("data/a/1.png")).status().unwrap().success());
    train(folder.path(), "data", &["data/a/1.png: is a pipe or a device; a file is wanted here"]);
}

#[test]
fn settings_that_are_too_long_or_have_long_lines() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    sparse(&path("long.toml"), b"lr = 0.1\n#", LARGE);
    train(folder.path(), "long.toml", &["long.toml: has more than 16 MiB"]);
    let sizes = "5, ".repeat(70_000);
    fs::write(path("line.toml"), format!("lr = 0.1\nhidden = [{sizes}\"x\"]\n")).unwrap();
    train(folder.path(), "line.toml", &["line.toml: line 2, column 210011: this is a string"]);
    let word = "l".repeat(200_000);
    fs::write(path("key.toml"), format!("{word} = 1\n")).unwrap();
    let output = shell(folder.path(), "chainrule train key.toml");
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains("key.toml: line 1, column 1: there is no setting"));
    assert!(message.len() < 20_000, "{} bytes", message.len());
}

/// A run that was trained for two epochs.
fn run() -> TempDir {
    let folder = tempdir().unwrap();
    let rows: String = (0..60).map(|row| format!("{row},{}\n", 2 * row % 7)).collect();
    fs::write(folder.path().join("t.csv"), format!("a,y\n{rows}")).unwrap();
    let train = "chainrule train t.csv --task regress --epochs 2 --threads 1 --quiet --out run";
    let output = shell(folder.path(), train);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn files_of_a_run_that_are_others_now() {
    let folder = run();
    let resume = "chainrule train --resume run --epochs 3 --threads 1 --quiet";
    for name in [
        "config.toml",
        "run.json",
        "data.json",
        "events.jsonl",
        "model.safetensors",
        "optimizer.safetensors",
    ] {
        let path = folder.path().join("run").join(name);
        let own = fs::read(&path).unwrap();
        let changes: [&dyn Fn(); 4] = [
            &|| sparse(&path, b"", 5 * LARGE),
            &|| sparse(&path, &99_000_000_u64.to_le_bytes(), 5 * LARGE),
            &|| symlink("/dev/zero", &path).unwrap(),
            &|| assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
        ];
        for change in changes {
            fs::remove_file(&path).unwrap();
            change();
            refused(folder.path(), resume, &[name]);
        }
        fs::remove_file(&path).unwrap();
        fs::write(&path, own).unwrap();
    }
    assert!(shell(folder.path(), resume).status.success());
}

#[test]
fn a_descent_of_a_million_steps_is_a_few_lines_and_one_of_a_thousand_million_refused() {
    let folder = tempdir().unwrap();
    let steps = "chainrule explain 'x^2' --at x=3 --lr 0.1 --descend";
    let most = "the number of steps is 1000000000, but it must be at most 10,000,000";
    let output = shell(folder.path(), &format!("{steps} 1000000000"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && told.contains(most), "{told}");
    let output = shell(folder.path(), &format!("{steps} 1000000"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.lines().count() < 100, "{text}");
}

#[test]
fn an_abort_has_the_status_of_an_error() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("p.csv");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut child = Command::new(env!("CARGO_BIN_EXE_chainrule"))
        .args(["train", "p.csv"])
        .current_dir(folder.path())
        .spawn()
        .unwrap();
    // It is opened once the program reads it, which waits for rows.
    let rows = File::options().write(true).open(&path).unwrap();
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-ABRT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    drop(rows);
}
