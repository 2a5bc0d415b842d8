//! What a run meets around it: full disks, closed pipes, folders of others, file modes.
#![cfg(target_os = "linux")]

mod common;
#[path = "../../chainrule/tests/skipped/mod.rs"]
mod skipped;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use common::{bitmap, digits, text};
use skipped::skip;
use tempfile::tempdir;

/// Runs a shell command in which `$chainrule` is the program.
fn shell(folder: &Path, script: &str) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .env("chainrule", env!("CARGO_BIN_EXE_chainrule"))
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn training_goes_on_where_its_progress_cannot_be_written() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_chainrule"))
        .args(["train", text(data.path()), "--epochs", "2", "--json", "--out", "run"])
        .current_dir(runs.path())
        .stderr(full)
        .output()
        .unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert!(runs.path().join("run/model.safetensors").exists());

    let script = format!(
        "\"$chainrule\" train '{}' --epochs 40 --out piped 2>&1 | head -n 1",
        text(data.path())
    );
    shell(runs.path(), &script);
    let metrics = fs::read_to_string(runs.path().join("piped/metrics.jsonl")).unwrap();
    assert_eq!(metrics.lines().count(), 40);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_files_of_a_run_have_the_mode_of_the_users_umask() {
    let (data, runs) = (digits(), tempdir().unwrap());
    for (umask, expected) in [("022", 0o644), ("027", 0o640), ("000", 0o666)] {
        let train = format!("train '{}' --epochs 1 --quiet --out {umask}", text(data.path()));
        let output = shell(runs.path(), &format!("umask {umask}; \"$chainrule\" {train}"));
        assert!(output.status.success());
        for name in ["config.toml", "model.safetensors", "metrics.jsonl"] {
            assert_eq!(mode(&runs.path().join(umask).join(name)), expected, "{name}");
        }
    }
}

#[test]
fn runs_that_begin_at_once_get_folders_of_their_own() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let begin = || {
        Command::new(env!("CARGO_BIN_EXE_chainrule"))
            .args(["train", text(data.path()), "--epochs", "1", "--threads", "1", "--quiet"])
            .current_dir(runs.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut started: Vec<_> = (0..12).map(|_| begin()).collect();
    assert!(started.iter_mut().all(|run| run.wait().unwrap().success()));
    let folders: Vec<_> = fs::read_dir(runs.path().join("runs")).unwrap().collect();
    assert_eq!(folders.len(), 12);
}

#[test]
fn no_room_for_the_configuration_leaves_no_folder_and_no_old_run_harmed() {
    let (data, runs) = (digits(), tempdir().unwrap());
    // No file may grow at all, as on a full disk.
    let full = "ulimit -f 0; ";
    let train = |more: &str| {
        format!("\"$chainrule\" train '{}' --epochs 1 --quiet {more}", text(data.path()))
    };
    for (out, top) in [("--out a/b/c", "a"), ("", "runs")] {
        let output = shell(runs.path(), &format!("{full}{}", train(out)));
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains("config.toml: cannot be written"), "{message}");
        assert!(!runs.path().join(top).exists(), "{out} left a folder");
    }
    assert!(shell(runs.path(), &train("--out old")).status.success());
    let before = fs::read(runs.path().join("old/model.safetensors")).unwrap();
    assert!(!shell(runs.path(), &format!("{full}{}", train("--out old --force"))).status.success());
    assert_eq!(fs::read(runs.path().join("old/model.safetensors")).unwrap(), before);
}

/// What is in a folder under a passing name.
fn passing(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|n| n.starts_with('.')).collect()
}

#[test]
fn a_file_that_may_grow_no_further_is_an_error_and_the_run_goes_on() {
    let (folder, table) = (tempdir().unwrap(), "t.csv");
    let row = |i: u32| format!("{},{},{}\n", i * 37 % 101, i * 61 % 89, i * 7 % 3);
    let rows: String = (0..250).map(row).collect();
    fs::write(folder.path().join(table), format!("a,b,y\n{rows}")).unwrap();
    let train = |out: &str| {
        let settings = "--hidden 30 --epochs 60 --optimizer adam --threads 1 --quiet --json";
        format!("\"$chainrule\" train {table} --out {out} {settings}")
    };
    let sha = |script: &str| {
        let output = shell(folder.path(), script);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&told);
        report["parameters_sha256"].clone()
    };
    let wanted = sha(&train("whole"));
    let mut files = std::collections::BTreeSet::new();
    // In blocks of 512 or of 1024 bytes: before the first checkpoint, and at one of the later.
    for blocks in 1..12 {
        let out = format!("run-{blocks}");
        let output = shell(folder.path(), &format!("ulimit -f {blocks}; {}", train(&out)));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{blocks} blocks: {told}");
        assert!(told.contains("cannot be written: File too large (os error 27)\n"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        files.insert(told.split(": ").nth(1).unwrap().split('/').nth(1).unwrap().to_owned());
        assert_eq!(passing(&folder.path().join(&out)), [""; 0]);
        let go_on = format!("\"$chainrule\" train --resume {out} --quiet --json");
        assert_eq!(sha(&go_on), wanted, "{blocks} blocks");
    }
    assert!(files.contains("events.jsonl") && files.len() > 1, "{files:?}");
    for call in [
        "predict whole t.csv -o old",
        "export whole --force -o old",
        "explain whole --importance --format svg -o old",
    ] {
        fs::write(folder.path().join("old"), "old").unwrap();
        let output = shell(folder.path(), &format!("ulimit -f 1; \"$chainrule\" {call}"));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{call}: {told}");
        assert!(told.contains("old: File too large (os error 27)\n"), "{call}: {told}");
        assert_eq!(fs::read(folder.path().join("old")).unwrap(), b"old", "{call}");
        assert_eq!(passing(folder.path()), [""; 0], "{call}");
    }
}

/// Runs the program in a folder as somebody who may have no second thread; `None` where no such user can be
/// had, which is told.
fn alone(folder: &Path, arguments: &[&str]) -> Option<Output> {
    // Root may have any number.
    let script =
        "if [ $(id -u) = 0 ]; then as='setpriv --reuid=54321 --regid=54321 --clear-groups'; fi
        $as test -x \"$chainrule\" && $as prlimit --nproc=1 true || exit 99
        exec $as prlimit --nproc=1 \"$chainrule\" \"$@\"";
    // Where that user finds it, whatever folders the project is in.
    let program = folder.join("chainrule");
    if !program.exists() {
        fs::copy(env!("CARGO_BIN_EXE_chainrule"), &program).unwrap();
    }
    let output = Command::new("sh")
        .args(["-c", script, "sh"])
        .args(arguments)
        .env("chainrule", &program)
        .current_dir(folder)
        .output()
        .unwrap();
    if output.status.code() == Some(99) {
        skip("training without a second thread", "no user can be had who may have none");
        return None;
    }
    Some(output)
}

#[test]
fn where_no_thread_can_be_had_all_is_done_on_one() {
    let folder = tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (images, digits) = (at("images"), digits());
    for (class, grey) in [("dark", 0_u8), ("light", 200)] {
        fs::create_dir_all(images.join(class)).unwrap();
        for i in 0..10 {
            fs::write(images.join(class).join(format!("{i}.bmp")), bitmap(grey + i)).unwrap();
        }
    }
    let row = |i: u32| format!("{},{},{}\n", i * 37 % 101, i * 61 % 89, i * 7 % 3);
    fs::write(at("t.csv"), format!("a,b,y\n{}", (0..250).map(row).collect::<String>())).unwrap();
    for path in [folder.path(), digits.path()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
    let told = |output: &Output| {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && !told.contains("panicked"), "{told}");
        told
    };
    let stream = ["t.csv", "--set", "stream=true"];
    let data: [&[&str]; 4] = [&["t.csv"], &[text(digits.path())], &["images"], &stream];
    for (at, data) in data.into_iter().enumerate() {
        let out = format!("alone-{at}");
        let train = [&["train"], data, &["--epochs", "3", "--threads", "4", "--json"]].concat();
        let Some(output) = alone(folder.path(), &[&train[..], &["--out", &out]].concat()) else {
            return;
        };
        let notices = told(&output);
        assert!(notices.contains("the system gave 1 of 4 threads"), "{notices}");
        let sha = |output: &Output| {
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            report["parameters_sha256"].clone()
        };
        let words = train.join(" ");
        let whole = shell(folder.path(), &format!("\"$chainrule\" {words} --out whole-{at}"));
        assert_eq!(sha(&output), sha(&whole), "{data:?}");
    }
    for call in [
        &["predict", "alone-2", "images", "--threads", "2"][..],
        &["eval", "alone-0", "--threads", "2"],
        &["gradcheck", "t.csv", "--threads", "2"],
    ] {
        told(&alone(folder.path(), call).unwrap());
    }
}
