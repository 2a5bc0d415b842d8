//! Tables with what people's tables have, from the reading to the scores.

mod common;

use std::path::PathBuf;

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
