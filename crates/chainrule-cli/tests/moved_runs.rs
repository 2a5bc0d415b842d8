//! Runs whose folder or whose data lies elsewhere than at the training, and data that comes through pipes.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use common::{fails, json, text};
use tempfile::tempdir;

fn rows(from: u32) -> String {
    let row = |i: u32| format!("{},{},{}\n", i * 7 % 5, i % 3, i * 7 % 5 + i % 3 * 2);
    format!("a,b,y\n{}", (from..from + 60).map(row).collect::<String>())
}

fn within(folder: &Path, arguments: &[&str], input: Option<&str>) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let piped = || Stdio::piped();
    program.args(arguments).current_dir(folder).stdin(piped()).stdout(piped()).stderr(piped());
    let mut program = program.spawn().unwrap();
    let mut stdin = program.stdin.take().unwrap();
    // A program that refuses reads nothing.
    let _ = stdin.write_all(input.unwrap_or_default().as_bytes());
    drop(stdin);
    program.wait_with_output().unwrap()
}

fn succeeds(folder: &Path, arguments: &[&str]) {
    let output = within(folder, arguments, None);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const TRAIN: [&str; 6] = ["train", "y.csv", "--task", "regress", "--epochs", "2"];

#[test]
fn a_run_that_was_moved_with_its_data_is_scored_as_before() {
    let folder = tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::create_dir(&old).unwrap();
    fs::write(old.join("y.csv"), rows(0)).unwrap();
    fs::write(old.join("test.csv"), rows(30)).unwrap();
    succeeds(&old, &[&TRAIN[..], &["--test", "test.csv", "--out", "runs/r"]].concat());
    let absolute = old.join("y.csv");
    let train = [&["train", text(&absolute)], &TRAIN[2..], &["--out", "runs/s"]].concat();
    succeeds(&old, &train);
    let before =
        ["runs/r", "runs/s"].map(|run| within(&old, &["eval", run, "--json"], None).stdout);
    fs::rename(&old, &new).unwrap();
    for (run, before) in ["runs/r", "runs/s"].into_iter().zip(&before) {
        assert!(!before.is_empty());
        let eval = within(folder.path(), &["eval", text(&new.join(run)), "--json"], None);
        assert_eq!(eval.stdout, *before, "{}", String::from_utf8_lossy(&eval.stderr));
    }

    // The data of `s` alone, under another name.
    let (run, data) = (new.join("runs/s"), folder.path().join("elsewhere.csv"));
    fs::rename(new.join("y.csv"), &data).unwrap();
    let looked = new.join("runs/y.csv");
    fails(&["eval", text(&run)], 1, &["no dataset", text(&absolute), text(&looked), "--data"]);
    let found = within(&new, &["eval", text(&run), "--data", text(&data), "--json"], None);
    assert_eq!(found.stdout, before[1]);
    json(&["explain", text(&run), "--step", "2", "--data", text(&data), "--json"]);

    // Other data under the old name.
    fs::write(new.join("y.csv"), rows(1)).unwrap();
    let other = new.join("y.csv");
    fails(&["eval", text(&run)], 1, &[text(&other), "is not the data of the run", "changed"]);
    fails(&["eval", text(&run), "--data", text(&other)], 1, &["is not the data of the run"]);
    fails(&["eval", text(&run), "--data", "gone.csv"], 2, &["`gone.csv`"]);
    json(&["eval", text(&run), text(&other), "--json"]);
}

#[test]
fn relative_places_are_those_of_the_folder_where_the_run_began() {
    let folder = tempdir().unwrap();
    let (here, far) = (folder.path().join("here/data"), folder.path().join("far/away/run"));
    fs::create_dir_all(&here).unwrap();
    fs::write(here.join("y.csv"), rows(0)).unwrap();
    fs::write(here.join("te.csv"), rows(30)).unwrap();
    let here = here.parent().unwrap();
    let train = ["train", "data/y.csv", "--test", "data/te.csv", "--epochs", "1"];
    succeeds(here, &[&train[..], &["--out", text(&far)]].concat());
    let grid =
        ["sweep", "data/y.csv", "--task", "regress", "--epochs", "1", "--grid", "lr=0.1,0.2"];
    succeeds(here, &grid);
    let root = Path::new("/");
    for run in [far.clone(), here.join("runs/sweep-1/1")] {
        succeeds(root, &["eval", text(&run)]);
        let settings = fs::read_to_string(run.join("config.toml")).unwrap();
        assert!(settings.contains("\"data/y.csv\""), "{settings}");
    }
    // A sweep that was moved with its data.
    let new = folder.path().join("new");
    fs::rename(here, &new).unwrap();
    succeeds(root, &["eval", text(&new.join("runs/sweep-1/1"))]);
    // The data alone, whose test file lies beside it.
    let eval = within(root, &["eval", text(&far)], None);
    let told = String::from_utf8_lossy(&eval.stderr).into_owned();
    assert!(!eval.status.success() && told.contains("`--data PATH`"), "{told}");
    let data = new.join("data/y.csv");
    succeeds(root, &["eval", text(&far), "--data", text(&data)]);
    fs::rename(new.join("data/te.csv"), new.join("data/te-2.csv")).unwrap();
    fails(
        &["eval", text(&far), "--data", text(&data)],
        1,
        &["no test file `data/te.csv`", "--data"],
    );
}

/// At the name that the settings tell lies what is no table; the run's data lies beside it.
#[test]
fn what_cannot_be_read_at_one_place_is_looked_for_at_the_next() {
    let folder = tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    fs::create_dir(&old).unwrap();
    fs::write(old.join("y.csv"), rows(0)).unwrap();
    succeeds(&old, &[&TRAIN[..], &["--out", "runs/r"]].concat());
    fs::rename(&old, &new).unwrap();
    fs::write(folder.path().join("y.csv"), "a,b,y\n1,2\n").unwrap();
    let run = new.join("runs/r");
    succeeds(folder.path(), &["eval", text(&run)]);
    let found = within(folder.path(), &["lint", text(&run), "--json"], None);
    let findings: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert!(findings.is_array(), "{}", String::from_utf8_lossy(&found.stderr));
    // Where none can be read the first one's fault is told.
    fs::remove_file(new.join("y.csv")).unwrap();
    let eval = within(folder.path(), &["eval", text(&run)], None);
    let message = String::from_utf8_lossy(&eval.stderr);
    assert!(eval.status.code() == Some(1) && message.contains("line 2"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once_into_memory() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("y.csv"), rows(0)).unwrap();
    succeeds(folder.path(), &[&TRAIN[..], &["--out", "of-file"]].concat());
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for (name, input) in [("/dev/stdin", Some(rows(0))), ("fifo", None)] {
        let (path, text) = (fifo.clone(), rows(0));
        let writer = input.is_none().then(|| std::thread::spawn(move || fs::write(path, text)));
        let out = name.trim_start_matches("/dev/");
        let out = format!("of-{out}");
        let train = [&["train", name], &TRAIN[2..], &["--out", &out]].concat();
        let output = within(folder.path(), &train, input.as_deref());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        if let Some(writer) = writer {
            writer.join().unwrap().unwrap();
        }
        let model = |run: &str| fs::read(folder.path().join(run).join("metrics.jsonl")).unwrap();
        let losses = |run: &str| -> Vec<f64> {
            let text = String::from_utf8(model(run)).unwrap();
            let line = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
            text.lines().map(|text| line(text)["train_loss"].as_f64().unwrap()).collect()
        };
        assert_eq!(losses(&out), losses("of-file"));
        let eval = within(folder.path(), &["eval", &out], None);
        let told = String::from_utf8_lossy(&eval.stderr).into_owned();
        assert!(!eval.status.success() && told.contains("read but once"), "{told}");
        for words in [vec!["lint", &out], vec!["train", "--resume", &out, "--epochs", "3"]] {
            let output = within(folder.path(), &words, None);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && told.contains("`--data PATH`"), "{told}");
            let output = within(folder.path(), &[&words[..], &["--data", "y.csv"]].concat(), None);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!told.contains("error"), "{told}");
        }
        succeeds(folder.path(), &["eval", &out, "--data", "y.csv"]);
        let wide: String = rows(0).lines().map(|line| format!("{line},1.5\n")).collect();
        fs::write(folder.path().join("other.csv"), wide.replacen("1.5", "z", 1)).unwrap();
        let other = within(folder.path(), &["eval", &out, "--data", "other.csv"], None);
        let told = String::from_utf8_lossy(&other.stderr).into_owned();
        assert!(!other.status.success() && told.contains("`other.csv`"), "{told}");
    }
    // Its bytes tell whether it is the data of a run, however they come.
    let resume = ["train", "--resume", "of-file", "--epochs", "5", "--data", "/dev/stdin"];
    let from_pipe = ["train", "--resume", "of-stdin", "--epochs", "5", "--data", "/dev/stdin"];
    let lint = ["lint", "of-file", "--data", "/dev/stdin"];
    for words in [&resume[..], &from_pipe, &lint] {
        let other = within(folder.path(), words, Some(&rows(1)));
        let told = String::from_utf8_lossy(&other.stderr).into_owned();
        let refused = told.contains("`/dev/stdin` is not the data of the run");
        assert!(other.status.code() == Some(1) && refused, "{told}");
    }
    let longer = ["train", "--resume", "of-stdin", "--epochs", "4", "--data", "/dev/stdin"];
    for words in [&longer[..], &lint] {
        let own = within(folder.path(), words, Some(&rows(0)));
        let told = String::from_utf8_lossy(&own.stderr).into_owned();
        assert!(!told.contains("error") && !told.contains("goes on with"), "{told}");
    }
    // Two rows that changed places.
    let mut lines: Vec<String> = rows(0).lines().map(|line| format!("{line}\n")).collect();
    lines.swap(5, 6);
    fs::write(folder.path().join("swapped.csv"), lines.concat()).unwrap();
    let resume_swapped =
        ["train", "--resume", "of-stdin", "--epochs", "6", "--data", "swapped.csv"];
    let other = within(folder.path(), &resume_swapped, None);
    let told = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(
        other.status.code() == Some(1) && told.contains("is not the data of the run"),
        "{told}"
    );
    let going_on = [&resume[..], &["--data-changed"]].concat();
    let other = within(folder.path(), &going_on, Some(&rows(1)));
    let told = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(other.status.success() && told.contains("goes on with other data"), "{told}");
    let more = within(folder.path(), &["train", "fifo", "--folds", "3"], None);
    let told = String::from_utf8_lossy(&more.stderr).into_owned();
    assert!(more.status.code() == Some(2) && told.contains("save it to a file"), "{told}");
    assert!(!folder.path().join("runs").exists());
}
