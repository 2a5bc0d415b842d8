//! Training that is interrupted: by Ctrl-C, or killed at any moment. It resumes to the same bits.

#![cfg(unix)]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{chainrule, digits, fails, json, text, wait_for};
use tempfile::tempdir;

/// Settings under which everything that a checkpoint holds matters.
const SETTINGS: [&str; 13] = [
    "--quiet",
    "--epochs",
    "60",
    "--batch-size",
    "7",
    "--optimizer",
    "adam",
    "--lr",
    "0.002",
    "--dropout",
    "0.2",
    "--checkpoint-every",
    "1",
];

fn start(arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status();
    assert!(sent.unwrap().success());
}

fn sha(report: &serde_json::Value) -> String {
    report["parameters_sha256"].as_str().unwrap().to_owned()
}

/// Kills a run so many times, each after another while, and resumes it every time; returns how many
/// of them met a run that was under way.
fn kills(count: u64) -> usize {
    let (data, runs) = (digits(), tempdir().unwrap());
    let (whole, out) = (runs.path().join("whole"), runs.path().join("run"));
    let train = |out: &Path| {
        let fixed = ["train", text(data.path()), "--out", text(out), "--json"].map(str::to_owned);
        fixed.into_iter().chain(SETTINGS.map(str::to_owned)).collect::<Vec<String>>()
    };
    let words = |arguments: &[String]| arguments.iter().map(String::clone).collect::<Vec<_>>();
    let first = words(&train(&out));
    let all: Vec<String> = words(&train(&whole));
    let wanted = sha(&json(&all.iter().map(String::as_str).collect::<Vec<_>>()));

    let mut under_way = 0;
    for number in 0..count {
        let resume = ["train", "--resume", text(&out), "--json", "--quiet"];
        let begun = out.join("config.toml").exists();
        let arguments: Vec<&str> =
            if begun { resume.to_vec() } else { first.iter().map(String::as_str).collect() };
        let mut child = start(&arguments);
        // From a few milliseconds to some steps; the same every time the test runs.
        std::thread::sleep(Duration::from_micros(2_000 + number * 7_919 % 23_000));
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            None => under_way += 1,
            Some(0) => {}
            Some(_) => panic!("kill {number}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
    let resumed = json(&["train", "--resume", text(&out), "--json", "--quiet"]);
    assert_eq!(sha(&resumed), wanted, "after {count} kills");
    let names: Vec<String> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        names.iter().all(|name| !name.starts_with('.') && !name.ends_with(".next")),
        "left behind: {names:?}"
    );
    under_way
}

#[test]
fn a_run_that_is_killed_resumes_to_the_same_bits() {
    assert!(kills(20) > 5);
}

/// Takes half a minute: `cargo xtask test` runs it.
#[test]
#[ignore = "takes half a minute"]
fn two_hundred_kills_leave_nothing_that_cannot_be_resumed() {
    let under_way = kills(200);
    assert!(under_way > 50, "only {under_way} of 200 kills met a training");
}

/// As a terminal that goes, `kill` and Ctrl-C have it; with two signals at once nothing need be kept, and what is
/// kept is whole.
#[cfg(target_os = "linux")]
#[test]
fn every_signal_that_ends_a_training_leaves_one_that_goes_on() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let train = |out: &Path, epochs: &str| {
        let start = ["train", text(data.path()), "--out", text(out), "--optimizer", "adam"];
        let more = ["--epochs", epochs, "--threads", "1", "--json", "--quiet"];
        [&start[..], &more].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let resume = |out: &Path, epochs: u64| {
        let epochs = epochs.to_string();
        json(&["train", "--resume", text(out), "--epochs", &epochs, "--json", "--quiet"])
    };
    for signals in [&["INT"][..], &["TERM"], &["HUP"], &["HUP", "HUP"]] {
        let out = runs.path().join(signals.concat());
        // Under `nohup` these tests would hand on that the signal is ignored.
        let mut child = Command::new("env");
        child.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_chainrule")]);
        child.args(train(&out, "4000000")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        wait_for(&mut child, || out.join("model.safetensors").exists());
        signals.iter().for_each(|name| signal(&child, name));
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{signals:?}: {told}");
        if let ["HUP"] = signals {
            let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(report["outcome"], "interrupted");
        }
        let done = std::fs::read_to_string(out.join("metrics.jsonl")).unwrap().lines().count();
        let epochs = done as u64 + 2;
        let whole = runs.path().join(format!("whole-{}", signals.concat()));
        let words = train(&whole, &epochs.to_string());
        let wanted = sha(&json(&words.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(sha(&resume(&out, epochs)), wanted, "{signals:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_training_under_nohup_goes_on_when_the_terminal_goes() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    let script = "trap '' HUP; exec \"$0\" \"$@\"";
    let train = ["train", text(data.path()), "--out", text(&out), "--epochs", "4000000"];
    let mut child = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_chainrule")])
        .args(train)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let epochs = || {
        let told = std::fs::read_to_string(out.join("metrics.jsonl")).unwrap_or_default();
        told.lines().count()
    };
    wait_for(&mut child, || epochs() > 0);
    signal(&child, "HUP");
    let more = epochs() + 20;
    wait_for(&mut child, || epochs() >= more);
    assert!(child.try_wait().unwrap().is_none(), "it went with the terminal");
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn ctrl_c_finishes_the_step_and_says_how_to_go_on() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    let call = ["train", text(data.path()), "--out", text(&out), "--epochs", "4000000"];
    let mut child = start(&call);
    wait_for(&mut child, || out.join("metrics.jsonl").exists());
    for second in [&["--resume", text(&out)][..], &["iris", "--force", "--out", text(&out)]] {
        let second = [&["train"][..], second].concat();
        fails(&second, 1, &[text(&out), "another training is under way"]);
    }
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    let resume = format!("chainrule train --resume {}", out.display());
    assert!(said.contains(&resume), "{said}");
    assert!(chainrule(&["eval", text(&out)]).status.success());
}
