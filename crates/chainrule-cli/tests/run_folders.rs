//! Folders of runs: taken anew, gone on with, and kept from harm.

mod common;

use std::fs;
use std::path::Path;

use common::{chainrule, fails, json, text};
use tempfile::tempdir;

fn train(out: &Path, more: &[&str]) -> serde_json::Value {
    let common = ["train", "iris", "--epochs", "2", "--quiet", "--json", "--out", text(out)];
    json(&[&common[..], more].concat())
}

#[test]
fn what_an_overwritten_run_left_goes() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    train(&out, &["--validation", "0.2"]);
    let events = || {
        let names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().contains("tfevents")).count()
    };
    assert!(out.join("confusion.png").exists() && out.join("best.safetensors").exists());
    train(&out, &["--force", "--validation", "0", "--set", "dataset=\"iris:train\""]);
    for name in ["confusion.png", "confusion.svg", "best.safetensors"] {
        assert!(!out.join(name).exists(), "{name} is of the run of before");
    }
    assert_eq!(events(), 1);
    let readme = fs::read_to_string(out.join("README.md")).unwrap();
    assert!(!readme.contains("confusion"), "{readme}");
}

#[test]
fn force_takes_no_folder_that_is_no_run() {
    let folder = tempdir().unwrap();
    let readme = folder.path().join("README.md");
    fs::write(&readme, "mine").unwrap();
    fs::write(folder.path().join("config.toml"), "title = \"mine\"").unwrap();
    let call = ["train", "iris", "--force", "--out"];
    fails(
        &[&call[..], &[text(folder.path())]].concat(),
        1,
        &["no run's folder", "another path (--out)"],
    );
    fails(&[&call[..], &[text(&readme)]].concat(), 1, &["README.md: is a file"]);
    assert_eq!(fs::read_to_string(&readme).unwrap(), "mine");
}

#[test]
fn a_missing_half_of_a_checkpoint_is_named() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("run");
    train(&out, &[]);
    fs::remove_file(out.join("optimizer.safetensors")).unwrap();
    let resume = ["train", "--resume", text(&out), "--epochs", "3"];
    fails(&resume, 1, &["optimizer.safetensors: is missing"]);
    assert!(json(&["eval", text(&out), "--json"])["accuracy"].is_number());
}

#[test]
fn commands_that_are_told_can_be_pasted() {
    let folder = tempdir().unwrap();
    let out = folder.path().join("my run");
    let train = ["train", "iris:train", "--epochs", "1", "--quiet", "--out", text(&out)];
    let whole = [&train[..], &["--validation", "0"]].concat();
    let said = String::from_utf8(chainrule(&whole).stdout).unwrap();
    assert!(said.ends_with(&format!("saved in '{}'\n", out.display())), "{said}");
    let train = [&train[..], &["--force"]].concat();
    let said = String::from_utf8(chainrule(&train).stdout).unwrap();
    assert!(
        said.starts_with("validation accuracy ") && said.contains("\nafter 1 epoch (3 steps, "),
        "{said}"
    );
    assert!(said.contains(&format!("chainrule eval '{}'", out.display())), "{said}");
}

#[test]
fn a_run_does_not_go_on_with_data_that_has_changed() {
    let folder = tempdir().unwrap();
    let (data, out) = (folder.path().join("data.csv"), folder.path().join("run"));
    let row = |i: i32| format!("{},{}\n", i * 7 % 5, ["u", "v"][i as usize % 2]);
    let rows: String = (0..20).map(row).collect();
    fs::write(&data, format!("a,y\n{rows}")).unwrap();
    json(&["train", text(&data), "--epochs", "1", "--json", "--out", text(&out)]);
    let resume = ["train", "--resume", text(&out), "--json", "--epochs"];
    json(&[&resume[..], &["2"]].concat());
    fs::write(&data, format!("a,y\n{rows}9,u\n")).unwrap();
    let before = fs::read(out.join("data.json")).unwrap();
    fails(&[&resume[..], &["3"]].concat(), 1, &["data.csv", "has changed since the run began"]);
    assert_eq!(fs::read(out.join("data.json")).unwrap(), before);
}

#[test]
fn a_damaged_run_does_not_hide_the_others() {
    let folder = tempdir().unwrap();
    for name in ["a", "b"] {
        train(&folder.path().join("runs").join(name), &[]);
    }
    fs::write(folder.path().join("runs/a/metrics.jsonl"), "{").unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let listed = program.arg("runs").current_dir(&folder).output().unwrap();
    let (table, told) =
        [listed.stdout, listed.stderr].map(|text| String::from_utf8(text).unwrap()).into();
    assert!(listed.status.success() && table.contains("runs/b"), "{table}{told}");
    assert!(told.contains("left out: runs/a/metrics.jsonl: line 1"), "{told}");
    let named = folder.path().join("runs/a");
    fails(&["runs", text(&named)], 1, &["metrics.jsonl: line 1"]);
}
