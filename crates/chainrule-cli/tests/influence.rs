//! What a network owes to the columns of its table: `explain --importance` and `explain --effect`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{chainrule, digits, fails, json, text};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

/// Rows of `a`, which counts, `b`, which does not, `sort`, which counts as a category, a date, and the
/// target; `given` in place of a column's cells.
fn rows(count: u32, given: Option<(&str, &str)>) -> String {
    let mut out = "a,b,sort,day,y\n".to_owned();
    for i in 0..count {
        let (a, b) = (f64::from(i * 37 % 101) / 10.0, i * 61 % 89);
        let sort = ["low", "mid", "high"][(i * 7 % 11 % 3) as usize];
        let extra = match sort {
            "low" => 0.0,
            "mid" => 2.0,
            _ => 6.0,
        };
        let cell = |name: &str, own: String| match given {
            Some((column, value)) if column == name => value.to_owned(),
            _ => own,
        };
        let y = 3.0 * a + extra;
        let (a, sort) = (cell("a", a.to_string()), cell("sort", sort.into()));
        out += &format!("{a},{b},{sort},2024-0{}-1{},{y:.1}\n", i % 9 + 1, i % 10);
    }
    out
}

/// A linear model of 300 rows, tested on 60.
fn run() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let [train, test, out] = ["train.csv", "test.csv", "run"].map(|name| folder.path().join(name));
    fs::write(&train, rows(300, None)).unwrap();
    fs::write(&test, rows(60, None)).unwrap();
    let data = ["train", text(&train), "--test", text(&test), "--as", "day=date"];
    let settings = ["--hidden", "", "--optimizer", "adam", "--lr", "0.01", "--epochs", "150"];
    let parts = ["--validation", "0", "--task", "regress", "--out", text(&out), "--json"];
    json(&[&data[..], &settings, &parts].concat());
    (folder, out)
}

fn asked(run: &Path, words: &[&str]) -> Value {
    json(&[&["explain", text(run), "--json"], words].concat())
}

#[test]
fn a_column_that_counts_is_missed() {
    let (folder, run) = run();
    let told = asked(&run, &["--importance"]);
    assert_eq!(
        (&told["part"], &told["rows"], &told["score"]),
        (&"test".into(), &60.into(), &"r2".into())
    );
    let columns = told["columns"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|c| c["column"].as_str().unwrap()).collect();
    assert_eq!((columns.len(), &names[..2]), (4, &["a", "sort"][..]));
    let of = |name: &str, key: &str| {
        let column = columns.iter().find(|c| c["column"] == name).unwrap();
        column[key].as_f64().unwrap()
    };
    // Dealing x to other rows adds 2·w²·var(x) to the mean squared error of a linear model.
    let test: Vec<Vec<String>> = rows(60, None)
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect();
    let variance = |values: &dyn Fn(&[String]) -> f64| {
        let values: Vec<f64> = test.iter().map(|row| values(row)).collect();
        let mean = values.iter().sum::<f64>() / 60.0;
        values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 60.0
    };
    let number = |row: &[String], at: usize| row[at].parse::<f64>().unwrap();
    let (of_a, of_y) = (9.0 * variance(&|row| number(row, 0)), variance(&|row| number(row, 4)));
    let (fall, wanted) = (of("a", "drop"), 2.0 * of_a / of_y);
    assert!((fall - wanted).abs() < 0.2 * wanted, "{fall} is not {wanted}");
    let of_sort = variance(&|row| number(row, 4) - 3.0 * number(row, 0));
    let (fall, wanted) = (of("sort", "drop"), 2.0 * of_sort / of_y);
    assert!((fall - wanted).abs() < 0.2 * wanted, "{fall} is not {wanted}");
    assert!(of("b", "drop").abs() < 0.01 && of("a", "spread") > 0.0);
    assert!(of("a", "gradient") > 0.0);
    assert_eq!(asked(&run, &["--importance"]), told, "the shuffles are seeded");

    let said = chainrule(&["explain", text(&run), "--importance"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.starts_with("R² ") && said.contains("60 rows of the test part"), "{said}");
    let said = chainrule(&["explain", text(&run), "--importance", "--lang", "ko"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.starts_with("테스트 데이터의 행 60개에서 R² ") && said.contains("하락"), "{said}");
    let said = chainrule(&["explain", text(&run), "--effect", "a", "--lang", "ko"]);
    assert!(String::from_utf8(said.stdout).unwrap().starts_with("`a` 값에 따른 평균 예측값"));
    let picture = folder.path().join("importance.svg");
    let svg = ["explain", text(&run), "--importance", "--format", "svg", "-o", text(&picture)];
    assert!(chainrule(&svg).status.success());
    let picture = fs::read_to_string(&picture).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains(">sort</text>"));
}

/// By the first layer's sums, and by the whole model where that is no affine one: a normalization that has not
/// learnt anything yet changes next to nothing.
#[test]
fn a_column_is_missed_alike_however_its_fall_is_computed() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("t.csv");
    fs::write(&data, rows(300, None)).unwrap();
    let falls = |layers: &str| {
        let out = folder.path().join("run");
        let settings = folder.path().join("t.toml");
        let text_of =
            format!("dataset = {:?}\nlayers = {layers}\nlr = 1e-9\nepochs = 1\n", text(&data));
        fs::write(&settings, text_of).unwrap();
        let call = ["train", text(&settings), "--task", "regress", "--drop", "day"];
        json(&[&call[..], &["--out", text(&out), "--force", "--json"]].concat());
        let told = asked(&out, &["--importance"]);
        let columns = told["columns"].as_array().unwrap().iter();
        let name = |column: &Value| column["column"].as_str().unwrap().to_owned();
        let falls = columns.map(|c| (name(c), c["drop"].as_f64().unwrap()));
        falls.collect::<std::collections::BTreeMap<_, _>>()
    };
    let by_sums = falls(r#"["affine 8", "relu", "affine 1"]"#);
    let whole = falls(r#"[{ kind = "dropout", rate = 0.0 }, "affine 8", "relu", "affine 1"]"#);
    assert_eq!(by_sums.len(), 3);
    for (name, fall) in &by_sums {
        assert!((fall - whole[name]).abs() < 1e-4, "{name}: {fall} is not {}", whole[name]);
        assert!(fall.abs() > 1e-3, "{name}");
    }
}

#[test]
fn an_effect_is_the_mean_prediction_with_the_column_set() {
    let (folder, run) = run();
    let given = folder.path().join("given.csv");
    for column in ["a", "sort"] {
        let told = asked(&run, &["--effect", column]);
        let points = told["points"].as_array().unwrap();
        assert_eq!(points.len(), if column == "a" { 20 } else { 3 });
        for point in points.iter().step_by(points.len() / 3) {
            let value = match column {
                "a" => point["value"].as_f64().unwrap().to_string(),
                _ => point["category"].as_str().unwrap().to_owned(),
            };
            fs::write(&given, rows(60, Some((column, &value)))).unwrap();
            let said = json(&["predict", text(&run), text(&given), "--json"]);
            let said = said["predictions"].as_array().unwrap();
            let mean = said.iter().map(|row| row["value"].as_f64().unwrap()).sum::<f64>() / 60.0;
            let told = point["mean"][0].as_f64().unwrap();
            assert!((told - mean).abs() < 1e-4, "{column} = {value}: {told} is not {mean}");
        }
        for format in ["text", "svg"] {
            let words = ["explain", text(&run), "--effect", column, "--format", format];
            let output = chainrule(&words);
            let said = String::from_utf8(output.stdout).unwrap();
            assert!(output.status.success() && said.contains(column), "{said}");
        }
    }
    fails(&["explain", text(&run), "--effect", "srt"], 2, &["`srt`", "did you mean `sort`?"]);
    fails(&["explain", text(&run), "--effect", "day"], 2, &["`day` is a date"]);
}

#[test]
fn images_have_no_columns() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let run = runs.path().join("run");
    json(&["train", text(data.path()), "--epochs", "1", "--out", text(&run), "--json"]);
    for words in [&["--importance"][..], &["--effect", "a"]] {
        fails(&[&["explain", text(&run)], words].concat(), 2, &["reads images", "--example N"]);
    }
}

/// A target that is the same everywhere has no R²: the error tells what a column is worth.
#[test]
fn the_error_of_a_constant_target_rises() {
    let folder = tempdir().unwrap();
    let (data, run) = (folder.path().join("t.csv"), folder.path().join("run"));
    let table: String = (0..60).map(|i| format!("{},7.5\n", i * 7 % 13)).collect();
    fs::write(&data, format!("a,y\n{table}")).unwrap();
    let call = ["train", text(&data), "--epochs", "1", "--lr", "1e-9", "--out", text(&run)];
    json(&[&call[..], &["--json"]].concat());
    let score = json(&["eval", text(&run), "--json"]);
    assert_eq!((&score["r2"], &score["baseline"]["rmse"]), (&Value::Null, &0.0.into()));
    let said = chainrule(&["eval", text(&run)]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("no R², as the target is the same in every row"), "{said}");
    let told = asked(&run, &["--importance"]);
    assert_eq!(told["score"], "rmse");
    let said = chainrule(&["explain", text(&run), "--importance"]);
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("how far it rises when a column is shuffled"), "{said}");
}

/// A category called `missing` is not what stands for a gap.
#[test]
fn a_gap_and_a_category_called_missing_are_two_rows() {
    let folder = tempdir().unwrap();
    let (data, run) = (folder.path().join("t.csv"), folder.path().join("run"));
    let kinds = ["missing", "", "red"];
    let row = |i: usize| format!("{i},{},{}.5\n", kinds[i % 3], i % 3 + i % 7);
    let table: String = (0..60).map(row).collect();
    fs::write(&data, format!("a,sort,y\n{table}")).unwrap();
    json(&["train", text(&data), "--epochs", "1", "--out", text(&run), "--json"]);
    let told = asked(&run, &["--effect", "sort"]);
    let points: Vec<_> =
        told["points"].as_array().unwrap().iter().map(|p| (&p["category"], &p["gap"])).collect();
    let (none, gap) = (&Value::Null, &Value::Bool(true));
    assert_eq!(points, [(&"missing".into(), none), (&"red".into(), none), (none, gap)]);
    let said = chainrule(&["explain", text(&run), "--effect", "sort"]);
    let said = String::from_utf8(said.stdout).unwrap();
    for label in ["\n  missing ", "\n  without a value "] {
        assert_eq!(said.matches(label).count(), 1, "{said}");
    }
}
