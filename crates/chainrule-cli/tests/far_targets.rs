//! Targets far from zero: what training tells of them agrees with what is predicted.

mod common;

use common::{json, text};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

/// Rows of two inputs and a target that lies around an offset; `from` makes others of them.
fn table(offset: f64, from: u32) -> (String, Vec<f64>) {
    let row = |at: u32| {
        let (a, b) = (f64::from(at % 13), f64::from(at * at % 17));
        let target = offset + 3.0 * a - 2.0 * b + f64::from(at % 5) / 4.0;
        (format!("{a},{b},{target}\n"), target)
    };
    let (rows, targets): (Vec<String>, Vec<f64>) = (from..from + 80).map(row).unzip();
    (format!("a,b,y\n{}", rows.concat()), targets)
}

struct Case {
    folder: TempDir,
    train: Vec<f64>,
    test: Vec<f64>,
}

impl Case {
    fn new(offset: f64) -> Self {
        let folder = tempdir().unwrap();
        let [train, test] = [("train.csv", 0), ("test.csv", 100)].map(|(name, from)| {
            let (rows, targets) = table(offset, from);
            std::fs::write(folder.path().join(name), rows).unwrap();
            targets
        });
        Self { folder, train, test }
    }

    fn path(&self, name: &str) -> String {
        text(&self.folder.path().join(name)).to_owned()
    }

    fn train(&self, more: &[&str]) -> Value {
        let (data, run) = (self.path("train.csv"), self.path("run"));
        let call =
            ["train", &data, "--out", &run, "--force", "--epochs", "60", "--quiet", "--json"];
        json(&[&call[..], more].concat())
    }

    /// What the run predicts of a file.
    fn predicted(&self, name: &str) -> Vec<f64> {
        let said = json(&["predict", &self.path("run"), &self.path(name), "--json"]);
        let said = said["predictions"].as_array().unwrap().iter();
        said.map(|row| row["value"].as_f64().unwrap()).collect()
    }

    fn eval(&self, more: &[&str]) -> Value {
        json(&[&["eval", &self.path("run"), "--json"][..], more].concat())
    }
}

fn rmse(predicted: &[f64], wanted: &[f64]) -> f64 {
    assert_eq!(predicted.len(), wanted.len());
    let squares = predicted.iter().zip(wanted).map(|(p, w)| (p - w).powi(2));
    (squares.sum::<f64>() / wanted.len() as f64).sqrt()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Whether a score is what was computed from the file and the predictions.
fn is(told: &Value, wanted: f64) {
    let told = told.as_f64().unwrap();
    assert!((told - wanted).abs() < 1e-5 * wanted, "{told} is told, and {wanted} right");
}

/// The scores of training and `eval` against predictions and the file.
#[test]
fn scores_agree_with_what_is_predicted() {
    for offset in [0.0, 1e7, -1e9, 1e12] {
        let case = Case::new(offset);
        let test = case.path("test.csv");
        for more in [&["--dtype", "f64"][..], &["--stream"], &[]] {
            let report = case.train(&[&["--test", &test][..], more].concat());
            let right = rmse(&case.predicted("test.csv"), &case.test);
            assert!(right < 3.0, "{offset}: it has learnt what differs, {right}");
            is(&report["final"]["test_rmse"], right);
            is(&case.eval(&[])["rmse"], right);
            is(&case.eval(&[&test])["rmse"], right);
            let own = rmse(&case.predicted("train.csv"), &case.train);
            is(&case.eval(&["--part", "train"])["rmse"], own);
            let usual = rmse(&vec![mean(&case.train); case.test.len()], &case.test);
            is(&report["baseline"]["test_rmse"], usual);
            is(&case.eval(&[])["baseline"]["rmse"], usual);
        }
    }
}

/// The same of folds, of which each has a mean of its own.
#[test]
fn folds_of_targets_far_from_zero_are_scored_as_those_near_it() {
    let of = |offset: f64| case_of_folds(&Case::new(offset));
    let (near, far) = (of(0.0), of(1e9));
    is(&far["baseline"]["validation_rmse"], near["baseline"]["validation_rmse"].as_f64().unwrap());
    for key in ["validation_rmse", "validation_r2"] {
        let [near, far] = [&near, &far].map(|report| report["final"][key].as_f64().unwrap());
        assert!((near - far).abs() < 0.01 * near.abs(), "{key}: {near} and {far}");
    }
}

fn case_of_folds(case: &Case) -> Value {
    case.train(&["--folds", "4"])
}

/// What is predicted as text has the digits that tell rows apart.
#[test]
fn predictions_far_from_zero_have_their_digits() {
    let case = Case::new(1e9);
    case.train(&["--validation", "0"]);
    let said = common::chainrule(&["predict", &case.path("run"), &case.path("test.csv")]);
    let said = String::from_utf8(said.stdout).unwrap();
    let values = said.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap());
    let values: Vec<f64> = values.collect();
    let exact = case.predicted("test.csv");
    assert!(values.iter().zip(&exact).all(|(told, exact)| (told - exact).abs() < 1e-4), "{said}");
}

/// Of raw data, which stands in 32 bits as it is, what is lost is said.
#[test]
fn raw_targets_that_lose_their_digits_are_told() {
    let told = |offset: f64| {
        let case = Case::new(offset);
        let report = case.train(&["--raw", "--lr", "1e-9"]);
        report["data"]["notes"].as_array().unwrap().iter().map(ToString::to_string).collect()
    };
    let (near, far): (String, String) = (told(1000.0), told(1e9));
    assert!(far.contains("`y` is rounded by up to 3") && far.contains("`--raw`"), "{far}");
    assert!(!near.contains("is rounded"), "{near}");
}
