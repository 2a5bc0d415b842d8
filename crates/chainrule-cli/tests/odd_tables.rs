//! Tables with what people's tables have, from the reading to the scores.

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{chainrule, fails, json, text};
use tempfile::{TempDir, tempdir};

/// A folder with a table of such text.
fn table(name: &str, rows: &str) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, rows).unwrap();
    (folder, path)
}

/// Standard output and standard error of a call that succeeds.
fn told(arguments: &[&str]) -> (String, String) {
    let output = chainrule(arguments);
    let [out, err] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{arguments:?}: {err}");
    (out, err)
}

/// A name that would end a comment, a line and a row of a table.
#[test]
fn names_stay_on_their_lines() {
    let row = |at: usize| {
        format!("{at},{}\n", ["\"line\nepochs = 1\"", "\"\u{1b}[31mred\u{7f}\""][at % 2])
    };
    let rows: String = (0..40).map(row).collect();
    let (folder, path) = table("t.csv", &format!("x,\"y\nlr = 7\"\n{rows}"));
    let (settings, _) = told(&["new", text(&path), "--output", "-"]);
    let breaks = |line: &&str| line.starts_with("epochs = 1 ") || line.starts_with("lr = 7");
    assert_eq!(settings.lines().find(breaks), None, "{settings}");
    assert!(settings.contains(r"# classes: \u{1b}[31mred\u{7f}, line\nepochs = 1"), "{settings}");
    let file = folder.path().join("t.toml");
    std::fs::write(&file, settings).unwrap();
    let out = folder.path().join("run");
    let (_, err) = told(&["train", text(&file), "--out", text(&out), "--epochs", "2"]);
    assert!(err.contains(r"predicts y\nlr = 7") && !err.contains("\u{1b}[31mred"), "{err}");
    let (scores, _) = told(&["eval", text(&out)]);
    assert!(scores.contains(r"line\nepochs = 1:") && !scores.contains('\u{1b}'), "{scores}");
    let (why, _) = told(&["explain", text(&out), "--example", "0"]);
    assert!(!why.contains(['\u{1b}', '\u{7f}']), "{why}");
    let (effect, _) = told(&["explain", text(&out), "--effect", "x"]);
    assert!(!effect.contains(['\u{1b}', '\u{7f}']), "{effect}");
}

/// A letter that a terminal obeys, in the name of a column and of a run.
#[test]
fn what_lints_and_tells_of_a_run_shows_letters_that_are_none() {
    let rows: String = (0..40).map(|at| format!("{at},{}\n", at % 2)).collect();
    let (folder, path) = table("a\u{7}.csv", &format!("x\u{7}e000000,y\u{7}\n{rows}"));
    let (found, _) = told(&["lint", text(&path)]);
    assert!(found.contains(r"x\u{7}") && !found.contains('\u{7}'), "{found}");
    let out = folder.path().join("r\u{7}n");
    let (said, err) = told(&["train", text(&path), "--out", text(&out), "--epochs", "1"]);
    assert!(!said.contains('\u{7}') && !err.contains('\u{7}'), "{said}{err}");
    let page = std::fs::read_to_string(out.join("README.md")).unwrap();
    let about = page.split("```").next().unwrap();
    assert!(about.starts_with(r"# r\\u{7}n"), "{about}");
    assert!(about.contains(r"a\u{7}.csv`") && !about.contains('\u{7}'), "{about}");
}

#[test]
fn a_name_with_a_comma_stands_in_quotes() {
    let rows: String = (0..40).map(|at| format!("{},{},c{}\n", at % 7, at % 3, at % 2)).collect();
    let (folder, path) = table("t.csv", &format!("a,\"x,y\",z\n{rows}"));
    let out = folder.path().join("run");
    let train = |option: &[&str]| {
        let call =
            ["train", text(&path), "--out", text(&out), "--force", "--epochs", "1", "--json"];
        json(&[&call, option].concat())["data"].clone()
    };
    assert_eq!(train(&["--drop", "\"x,y\""])["numbers"], serde_json::json!(["a"]));
    assert_eq!(train(&["--columns", "\"x,y\""])["numbers"], serde_json::json!(["x,y"]));
    let kinds = train(&["--as", "\"x,y\"=category,a=category"]);
    assert_eq!(kinds["categories"], serde_json::json!([["a", 7], ["x,y", 3]]));
    let (kept, _) = told(&["predict", text(&out), text(&path), "--keep", "\"x,y\",z"]);
    assert!(kept.starts_with("row,\"x,y\",z,"), "{kept}");
    let quoted = "a name with a comma stands in quotes: '\"x,y\"'";
    fails(&["train", text(&path), "--drop", "x,y"], 1, &["no column `x`", quoted]);
    let quoted =
        "`x` is no COLUMN=KIND, such as zip=category; a name with a comma stands in quotes";
    fails(&["train", text(&path), "--as", "x,y=category"], 2, &[quoted]);
}

/// A file that holds what a model has learnt from.
#[test]
fn a_score_of_rows_that_were_learnt_from_says_so() {
    let row = |at: usize| format!("{}.5,{},{}\n", at * at, at * 3 % 17, ["u", "v"][at * 5 % 7 % 2]);
    let rows =
        |range: std::ops::Range<usize>| format!("a,b,y\n{}", range.map(row).collect::<String>());
    let (folder, path) = table("t.csv", &rows(0..100));
    let out = folder.path().join("run");
    json(&["train", text(&path), "--out", text(&out), "--epochs", "2", "--json", "--quiet"]);
    let copy = folder.path().join("copy.csv");
    std::fs::copy(&path, &copy).unwrap();
    for data in [&path, &copy] {
        let (scores, warned) = told(&["eval", text(&out), text(data)]);
        assert!(scores.contains("100 examples"), "{scores}");
        assert!(warned.contains("80 of these 100 rows are in the training part"), "{warned}");
        // The part by its name is that of the run.
        let score = json(&["eval", text(&out), &format!("{}:train", text(data)), "--json"]);
        assert_eq!(score["part"], "train");
        assert_eq!(score["examples"], 80);
    }
    let new = folder.path().join("new.csv");
    std::fs::write(&new, rows(100..150)).unwrap();
    assert_eq!(told(&["eval", text(&out), text(&new)]).1, "");
}

/// Forty rows of two classes.
fn small() -> (TempDir, PathBuf) {
    let row = |at: usize| format!("{}.5,{}\n", at * at % 31, ["u", "v"][at % 2]);
    table("t.csv", &format!("a,y\n{}", (0..40).map(row).collect::<String>()))
}

#[test]
fn the_baselines_stand_beside_every_score() {
    let (folder, path) = small();
    let out = folder.path().join("run");
    let train = |more: &[&str]| {
        let call = ["train", text(&path), "--out", text(&out), "--force", "--epochs", "2"];
        told(&[&call, more].concat())
    };
    train(&[]);
    let score = json(&["eval", text(&out), "--json"]);
    assert!(score["linear"]["accuracy"].is_number(), "{score}");
    let (scores, _) = told(&["eval", text(&out)]);
    assert!(scores.contains(" gives 0.5 and a linear model 0."), "{scores}");
    // It is the part's, whatever the epoch of the network.
    let (last, _) = told(&["eval", text(&out), "--last"]);
    assert!(last.contains(" gives 0.5 and a linear model 0."), "{last}");
    // Where there is none, a word says why.
    let (learnt, _) = told(&["eval", text(&out), "--part", "train"]);
    assert!(learnt.contains("gives 0.5; no linear model of the training part; loss"), "{learnt}");
    let own = format!("{}:validation", text(&path));
    for part in ["validation", &own] {
        fails(&["eval", text(&out), part], 2, &[part, "`--part validation` scores"]);
    }
    let (other, _) = told(&["eval", text(&out), text(&path)]);
    assert!(other.contains("gives 0.5; no linear model of other data; loss"), "{other}");
    let why = "no linear model, as the rows stay on disk";
    assert!(train(&["--stream"]).0.contains(why));
    assert!(told(&["eval", text(&out)]).0.contains(why));
    assert_eq!(json(&["eval", text(&out), "--json"])["linear_left_out"], why);
    let (all, _) = train(&["--validation", "0"]);
    let why = "no linear model without a held-out part";
    assert!(all.contains(&format!("out)\n  always saying `u` gives 0.6931, {why}\n")), "{all}");
}

/// The mean that follows is of these scores.
#[test]
fn folds_tell_the_scores_of_their_validation_parts() {
    let (folder, path) = small();
    let out = folder.path().join("run");
    let call = ["train", text(&path), "--test", text(&path), "--folds", "5", "--epochs", "1"];
    let (_, err) = told(&[&call[..], &["--out", text(&out)]].concat());
    let folds: Vec<&str> = err.lines().filter(|line| line.starts_with("fold ")).collect();
    assert_eq!(folds.len(), 5, "{err}");
    assert!(folds.iter().all(|line| line.contains(": validation accuracy")), "{folds:?}");
}

#[test]
fn what_is_said_of_a_reading_takes_the_terminals_width() {
    let (folder, path) = small();
    let out = folder.path().join("run");
    let said = |columns: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
        command.args(["train", text(&path), "--out", text(&out), "--force", "--epochs", "1"]);
        let told = columns.map(|columns| ("COLUMNS", columns));
        let output = command.env_remove("COLUMNS").envs(told).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let whole = "20 % held out to validate and to stop early; `--validation 0` trains on all\n";
    assert!(said(Some("200")).contains(whole));
    assert!(!said(None).contains(whole) && !said(Some("60")).contains(whole));
}

#[test]
fn a_closed_pipe_ends_the_program_silently() {
    let (folder, path) = small();
    let out = folder.path().join("run");
    told(&["train", text(&path), "--out", text(&out), "--epochs", "1"]);
    for call in
        [vec!["runs", text(&out), "--json"], vec!["runs", text(&out)], vec!["eval", text(&out)]]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
        command.args(&call).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{call:?}");
        assert!(output.status.success(), "{call:?}");
    }
}

#[test]
fn small_words_are_right() {
    let (folder, path) = small();
    let out = folder.path().join("run");
    told(&["train", text(&path), "--out", text(&out), "--epochs", "1"]);
    let (scores, _) = told(&["eval", text(&out)]);
    assert!(scores.contains("examples, after epoch 1\n"), "{scores}");
    let gone = folder.path().join("gone.csv");
    fails(&["train", text(&gone)], 2, &["there is no file `", "gone.csv`"]);
    // A line of blanks is none; one of a single field is told.
    let rows = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, rows.replacen("\n", "\n   \n", 1)).unwrap();
    told(&["train", text(&path), "--out", text(&out), "--force", "--epochs", "1"]);
    std::fs::write(&path, format!("{rows}7\n")).unwrap();
    fails(&["train", text(&path)], 1, &["line 42 has 1 field, but the header names 2"]);
    // A few rows are scored by folds.
    std::fs::write(&path, rows.lines().take(11).collect::<Vec<_>>().join("\n")).unwrap();
    let (_, err) = told(&["train", text(&path), "--out", text(&out), "--force", "--epochs", "1"]);
    assert!(err.replace("\n ", "").contains("10 rows are too few"), "{err}");
    assert!(err.replace("\n ", "").contains("`--folds 5` gives one"), "{err}");
}
