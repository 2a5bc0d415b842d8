//! What a run meets around it: full disks, closed pipes, folders of others, file modes.
#![cfg(target_os = "linux")]

mod common;

use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use common::{digits, text};
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
    let full = "trap '' XFSZ; ulimit -f 0; ";
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

/// What is written under a passing name is told by the file's own.
#[test]
fn a_file_that_has_no_room_is_told_by_its_own_name() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let train = format!("\"$chainrule\" train '{}' --epochs 1 --out run", text(data.path()));
    assert!(shell(runs.path(), &train).status.success());
    let export = "\"$chainrule\" export run --output all.safetensors";
    let output = shell(runs.path(), &format!("trap '' XFSZ; ulimit -f 0; {export}"));
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("all.safetensors: File too large"), "{told}");
    assert!(!told.contains(".tmp") && !runs.path().join("all.safetensors").exists(), "{told}");
}
