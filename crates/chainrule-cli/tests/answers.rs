//! `train`, `eval`, `predict` and `explain --example` say one thing of one example, also where classes
//! are equally likely, or almost.

mod common;

use std::path::Path;

use common::{chainrule, json, text};
use serde_json::Value;
use tempfile::tempdir;

/// Trains, and has every command tell the classes of `data`; answers what `predict` says.
fn agree(data: &str, settings: &[&str]) -> Vec<Value> {
    let runs = tempdir().unwrap();
    let run = runs.path().join("run");
    let (dir, epochs) = (text(&run), ["--epochs", "1", "--quiet"]);
    let train = [&["train", data, "--out", dir], &epochs[..], settings].concat();
    assert!(chainrule(&train).status.success(), "{train:?}");

    let trained = last_line(&run.join("metrics.jsonl"));
    let scored = json(&["eval", dir, "--json"]);
    let part = if trained["test_accuracy"].is_null() { "validation" } else { "test" };
    assert_eq!(trained[format!("{part}_accuracy")], scored["accuracy"], "{settings:?}");

    let answers =
        json(&["predict", dir, data, "--json"])["predictions"].as_array().unwrap().clone();
    let classes: Vec<u64> = answers.iter().map(|said| said["class"].as_u64().unwrap()).collect();
    let confusion = json(&["eval", dir, data, "--json"])["confusion"].clone();
    for class in 0..confusion.as_array().unwrap().len() {
        let column = confusion.as_array().unwrap().iter().map(|row| row[class].as_u64().unwrap());
        let predicted = classes.iter().filter(|said| **said == class as u64).count();
        assert_eq!(column.sum::<u64>(), predicted as u64, "{settings:?}: class {class}");
    }
    for number in (0..classes.len()).step_by(7) {
        let number_text = number.to_string();
        let explain = ["explain", dir, "--data", data, "--example", &number_text, "--json"];
        let told = json(&explain);
        assert_eq!(told["predicted"], classes[number], "{settings:?}: example {number}");
        assert_eq!(told["probabilities"], answers[number]["probabilities"], "{settings:?}");
    }
    answers
}

fn last_line(path: &Path) -> Value {
    let lines = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(lines.lines().last().unwrap()).unwrap()
}

/// Of how many answers the class shares the largest probability with an earlier one.
fn hidden_by_rounding(answers: &[Value]) -> usize {
    let is_hidden = |said: &&Value| {
        let probabilities: Vec<f64> =
            said["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).collect();
        let class = said["class"].as_u64().unwrap() as usize;
        probabilities[..class].iter().any(|p| *p >= probabilities[class])
    };
    answers.iter().filter(is_hidden).count()
}

const UNIFORM: [&str; 6] = ["--init", "zeros", "--hidden", "", "--batch-size", "120"];

#[test]
fn of_equal_classes_the_first() {
    let frozen = ["--set", "freeze=[\"affine1.weight\",\"affine1.bias\"]"];
    for dtype in ["f32", "f64"] {
        let answers = agree("iris", &[&UNIFORM[..], &frozen, &["--dtype", dtype]].concat());
        assert!(answers.iter().all(|said| said["class"] == 0));
    }
}

#[test]
fn of_almost_equal_classes_the_larger_logit() {
    let mut hidden = 0;
    for dtype in ["f32", "f64"] {
        for rate in ["0.0000000000000001", "0.00000000000000001"] {
            let settings = ["--lr", rate, "--dtype", dtype];
            hidden += hidden_by_rounding(&agree("iris", &[&UNIFORM[..], &settings].concat()));
        }
    }
    assert!(hidden > 0, "no logits that probabilities cannot tell apart");
}

#[test]
fn a_single_logit_of_zero_is_the_first_class() {
    let folder = tempdir().unwrap();
    let table = folder.path().join("pairs.csv");
    let row = |number: usize| format!("{},{}\n", number % 5, ["no", "yes"][number % 2]);
    let rows: String = (0..40).map(row).collect();
    std::fs::write(&table, format!("x,answer\n{rows}")).unwrap();
    let loss = ["--loss", "binary-cross-entropy", "--validation", "0.25"];
    let single = [&loss[..], &["--hidden", "", "--init", "zeros"]].concat();
    let frozen = ["--set", "freeze=[\"affine1.weight\",\"affine1.bias\"]"];
    let answers = agree(text(&table), &[&single[..], &frozen].concat());
    assert!(answers.iter().all(|said| said["class"] == 0));
    // One step of a tiny rate tips every logit by less than a probability can show.
    let tipped = ["--lr", "0.00000000000000001", "--batch-size", "40"];
    agree(text(&table), &[&single[..], &tipped].concat());
}

#[test]
fn outputs_that_are_no_numbers_are_no_answer() {
    let folder = tempdir().unwrap();
    let (run, far) = (folder.path().join("run"), folder.path().join("far.csv"));
    let (dir, far) = (text(&run), text(&far).to_owned());
    let settings = ["--hidden", "16", "--init", "he", "--lr", "1e10", "--batch-size", "120"];
    let train = [&["train", "iris", "--out", dir, "--epochs", "1", "--quiet"][..], &settings];
    assert!(chainrule(&train.concat()).status.success());
    // Beyond what products in single precision hold: ∞ − ∞.
    let header = "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm,species\n";
    let rows = "1e37,3e37,1e37,-3e37,setosa\n5.1,3.5,1.4,0.2,setosa\n";
    std::fs::write(&far, format!("{header}{rows}")).unwrap();

    let answers = json(&["predict", dir, &far, "--json"])["predictions"].clone();
    assert!(answers[0]["class"].is_null() && answers[0]["name"].is_null(), "{answers}");
    assert!(answers[1]["class"].is_u64(), "{answers}");
    let table = chainrule(&["predict", dir, &far, "--format", "csv"]).stdout;
    let table = String::from_utf8(table).unwrap();
    assert_eq!(table.lines().nth(1), Some("0,,NaN,NaN,NaN"));
    let scored = json(&["eval", dir, &far, "--json"]);
    assert_eq!((&scored["unanswered"], &scored["examples"]), (&1.into(), &2.into()), "{scored}");
    assert_eq!(scored["per_class"][0]["support"], 2);
    let told = json(&["explain", dir, "--data", &far, "--example", "0", "--json"]);
    assert!(told["predicted"].is_null(), "{told}");
    for (language, part) in [("en", "No class"), ("ko", "클래스 없음")] {
        let told =
            chainrule(&["explain", dir, "--data", &far, "--example", "0", "--lang", language]);
        assert!(String::from_utf8(told.stdout).unwrap().starts_with(part));
    }
}
