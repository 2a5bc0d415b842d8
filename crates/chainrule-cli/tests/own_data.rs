//! Training on tables and pictures of one's own, and what can be done with the run.

mod common;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use common::{chainrule, fails, json, text};
use serde_json::Value;
use tempfile::{TempDir, tempdir};

/// Forty houses: a number, a category with gaps, and a price that both make.
fn houses() -> TempDir {
    let folder = tempdir().unwrap();
    let mut rows = String::from("area,heating,price\n");
    for i in 0..40 {
        let (area, heating) = (50 + i * 3, ["gas", "oil", ""][i % 3]);
        let price = 1_000 * area + [20_000, 0, 10_000][i % 3];
        rows += &format!("{area},{heating},{price}\n");
    }
    std::fs::write(folder.path().join("houses.csv"), rows).unwrap();
    folder
}

fn output(arguments: &[&str]) -> String {
    let output = chainrule(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The program's output with rows on its standard input.
fn asked(arguments: &[&str], rows: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

fn train(data: &str, out: &Path, settings: &[&str]) -> Value {
    json(&[&["train", data, "--out", text(out), "--json", "--quiet"], settings].concat())
}

#[test]
fn a_table_of_classes_from_training_to_predictions() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("run");
    let report = train("iris", &out, &["--validation", "0.1", "--epochs", "60"]);
    let last = &report["final"];
    assert!(last["test_accuracy"].as_f64().unwrap() > 0.9, "{last}");
    assert!(last["validation_loss"].is_number() && report["best"].is_number());
    for name in [
        "config.toml",
        "data.json",
        "model.safetensors",
        "optimizer.safetensors",
        "best.safetensors",
        "metrics.jsonl",
        "curves.svg",
        "curves.png",
        "confusion.svg",
        "confusion.png",
        "README.md",
    ] {
        assert!(out.join(name).is_file(), "{name} is missing");
    }
    let score = json(&["eval", text(&out), "--json"]);
    assert_eq!(score["examples"], 30);
    assert_eq!(score["accuracy"], last["test_accuracy"]);
    assert_eq!(json(&["eval", text(&out), "iris:train", "--json"])["examples"], 120);

    let csv = asked(&["predict", text(&out), "-"], "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "row,class,setosa,versicolor,virginica");
    assert!(lines[1].starts_with("0,setosa,0.9") && lines[2].starts_with("1,virginica,"), "{csv}");
    let document = asked(&["predict", text(&out), "-", "--json"], "5.1,3.5,1.4,0.2\n");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["predictions"][0]["class"], 0);
    assert_eq!(document["predictions"][0]["name"], "setosa");
    assert_eq!(
        output(&["predict", text(&out), "iris:test", "--format", "jsonl"]).lines().count(),
        30
    );
}

#[test]
fn a_table_of_values_has_its_own_scores() {
    let (data, runs) = (houses(), tempdir().unwrap());
    let (path, out) = (data.path().join("houses.csv"), runs.path().join("run"));
    let report = train(text(&path), &out, &["--test", text(&path), "--epochs", "200"]);
    let last = &report["final"];
    assert!(last["test_r2"].as_f64().unwrap() > 0.95, "{last}");
    // In the prices' own unit: of values that are standardised it would be below 1.
    assert!(last["test_rmse"].as_f64().unwrap() > 10.0, "{last}");
    assert!(last["test_accuracy"].is_null());
    let csv = asked(&["predict", text(&out), "-"], "area,heating\n100,gas\n100,\n100,coal\n");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "row,price", "{csv}");
    let price: f64 = lines[1].strip_prefix("0,").unwrap().parse().unwrap();
    assert!((price - 120_000.0).abs() < 15_000.0, "{price}");
    let document = asked(&["predict", text(&out), "-", "--json"], "100,gas\n");
    assert!(document.starts_with("{\"predictions\":[{\"row\":0,\"value\":"), "{document}");
}

#[test]
fn a_settings_file_that_new_writes_trains() {
    let (data, runs) = (houses(), tempdir().unwrap());
    let (path, file) = (data.path().join("houses.csv"), runs.path().join("houses.toml"));
    output(&["new", text(&path), "--output", text(&file)]);
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(written.contains("# numbers: area\n# categories: heating (2)\n"), "{written}");
    assert!(written.contains("\ntarget = \"price\" ") && written.contains("\ntask = \"regress\""));
    fails(&["new", text(&path), "--output", text(&file)], 2, &["exists already", "--force"]);
    let out = runs.path().join("run");
    let report = train(text(&file), &out, &["--epochs", "2", "--set", "clip_norm=1"]);
    assert_eq!(report["epochs"].as_array().unwrap().len(), 2);
    let kept = std::fs::read_to_string(out.join("config.toml")).unwrap();
    assert!(kept.contains("clip_norm = 1.0"), "{kept}");
}

#[test]
fn a_wrong_word_is_shown_with_its_line_and_the_right_one() {
    let runs = tempdir().unwrap();
    let file = runs.path().join("settings.toml");
    let out = runs.path().join("run");
    for (settings, parts) in [
        (
            "dataset = \"iris\"\nlearning_rate = 1\n",
            ["line 2, column 1", "^^^^^^^^^^^^^"].as_slice(),
        ),
        ("dataset = \"iris\"\nbatchsize = 1\n", &["did you mean `batch_size`?"]),
        ("optimizer = \"adm\"\n", &["line 1, column 13", "did you mean `adam`?"]),
        ("optimizer = { kind = \"sgd\", momentun = 0.9 }\n", &["did you mean `momentum`?"]),
        ("layers = [\"affine 3\", \"rellu\"]\n", &["line 1, column 23", "did you mean `relu`?"]),
        ("lr = -1\n", &["line 1, column 6", "positive and finite", "^^"]),
        ("epochs = \"many\"\n", &["this is a string", "a whole number"]),
        ("lr = \n", &["line 1"]),
    ] {
        std::fs::write(&file, settings).unwrap();
        fails(
            &["train", text(&file), "--out", text(&out)],
            1,
            &[&["settings.toml"], parts].concat(),
        );
    }
    assert!(!out.exists());
}

#[test]
fn runs_are_ranked_and_drawn_together() {
    let runs = tempdir().unwrap();
    let (a, b) = (runs.path().join("a"), runs.path().join("b"));
    train("iris", &a, &["--epochs", "3", "--lr", "0.0001"]);
    train("iris", &b, &["--epochs", "40"]);
    let picture = runs.path().join("curves.svg");
    let table = output(&["runs", text(&a), text(&b), "--curves", text(&picture)]);
    let ranked: Vec<&str> = table.lines().collect();
    assert_eq!(ranked[0], "iris: test part, 30 rows");
    assert!(ranked[2].contains("/b") && ranked[3].contains("/a"), "{table}");
    assert!(ranked[1].contains("lr") && ranked.iter().all(|line| line.chars().count() <= 80));
    assert!(std::fs::read_to_string(&picture).unwrap().starts_with("<svg"));
    let document = json(&["runs", text(&a), text(&b), "--by", "train_loss", "--json"]);
    assert_eq!(document["by"], "train_loss");
    assert!(document["runs"][0]["run"].as_str().unwrap().ends_with("/b"));
}

/// The model learns from all rows; its scores are the folds', and an interrupted run that goes on keeps them.
#[test]
fn folds_are_told_and_kept() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("run");
    let report = train("iris:train", &out, &["--folds", "4", "--epochs", "12"]);
    let folds = report["folds"].as_array().unwrap();
    assert_eq!((folds.len(), &report["rows"]["validation"]), (4, &Value::from(120)));
    let losses: Vec<f64> =
        folds.iter().map(|fold| fold["validation_loss"].as_f64().unwrap()).collect();
    let mean = losses.iter().sum::<f64>() / 4.0;
    assert!((report["final"]["validation_loss"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!(report["spread"]["validation_accuracy"].is_number() && report["best"].is_null());
    assert!(report["baseline"]["validation_accuracy"].as_f64().unwrap() < 0.4);
    let done = report["epochs"].as_array().unwrap().len();
    fails(&["eval", text(&out)], 1, &["its folds gave validation accuracy", "4 folds"]);
    let more = (done + 1).to_string();
    let more = json(&["train", "--resume", text(&out), "--epochs", &more, "--json", "--quiet"]);
    // The folds' scores are not of a model that has learnt on.
    assert_eq!((&more["final"], &more["folds"]), (&serde_json::json!({}), &Value::Null));
    let warning = more["warnings"][0].as_str().unwrap();
    let left_out = format!("they are of {done} epochs, not of {}", done + 1);
    assert!(warning.starts_with("the folds' scores are left out") && warning.contains(&left_out));
    for few in ["0", "1"] {
        let told = format!("folds is {few}, but it must be at least 2");
        fails(&["train", "iris", "--folds", few], 2, &[&told]);
    }
    fails(&["train", "iris", "--folds", "3", "--validation", "0.1"], 2, &["cannot be used with"]);
    let file = runs.path().join("settings.toml");
    std::fs::write(&file, "dataset = \"iris\"\nfolds = 3\nvalidation = 0.1\n").unwrap();
    fails(&["train", text(&file)], 1, &["line 3", "validation is 0.1", "left out with `folds`"]);
}

/// Folds are no setting of the run that is kept, and yet what a sweep over them varies.
#[test]
fn a_sweep_over_folds_tells_them_apart() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("sweep");
    let sweep = ["sweep", "iris:train", "--grid", "folds=2,3", "--epochs", "2", "--quiet"];
    let table = output(&[&sweep[..], &["--out", text(&out)]].concat());
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines[0], "iris:train: validation part, 120 rows", "{table}");
    assert!(lines[1].contains("folds") && lines[3].starts_with("   2"), "{table}");
}

/// Scores of other data, or of another part, stand in a table of their own.
#[test]
fn only_what_can_be_compared_is_ranked_together() {
    let runs = tempdir().unwrap();
    let out = |name: &str| runs.path().join(name);
    let quick = ["--epochs", "2"];
    train("iris", &out("a"), &quick);
    train("wine", &out("b"), &quick);
    train("iris", &out("c"), &["--epochs", "4"]);
    train("iris", &out("d"), &["--epochs", "3", "--validation", "0.25"]);
    let all = ["a", "b", "c", "d"].map(out);
    let call: Vec<&str> = std::iter::once("runs").chain(all.iter().map(|dir| text(dir))).collect();
    let table = output(&call);
    let headings: Vec<&str> = table.lines().filter(|line| line.contains(" part, ")).collect();
    let expected = [
        "iris: test part, 30 rows",
        "wine: test part, 36 rows",
        "iris: validation part, 30 rows, seed 0",
    ];
    assert_eq!(headings, expected, "{table}");
    let document = json(&[&call[..], &["--json"]].concat());
    let groups: Vec<u64> = document["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["group"].as_u64().unwrap())
        .collect();
    assert_eq!(groups, [0, 0, 1, 2]);
    // The metrics are those of the epoch that counts.
    let scores = std::fs::read_to_string(all[3].join("scores.json")).unwrap();
    let scores: Value = serde_json::from_str(&scores).unwrap();
    let last = &document["runs"][3]["metrics"];
    assert_eq!(last["validation_loss"], scores["final"]["validation_loss"]);
    fails(&[&call[..], &["--by", "r2"]].concat(), 2, &["no metric named `r2`"]);
    let sweep = ["sweep", "iris:train", "--grid", "lr=0.1,0.01", "--epochs", "1", "--quiet"];
    let (whole, folder) = (["--validation", "0", "--out"], out("s"));
    let sweep = [&sweep[..], &whole, &[text(&folder)]].concat();
    fails(&sweep, 2, &["nothing is held out to rank", "--by train_loss"]);
}

#[test]
fn a_sweep_trains_every_choice() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("sweep");
    let common = ["sweep", "wine", "--out", text(&out), "--epochs", "5", "--quiet", "--json"];
    let grid = ["--grid", "lr=0.01,0.0001", "--grid", "hidden=[8],[4,4]"];
    let document = json(&[&common[..], &grid].concat());
    let ranked = document["runs"].as_array().unwrap();
    assert_eq!(ranked.len(), 4);
    assert!(ranked[0]["settings"]["lr"].as_f64().unwrap() > 0.001, "{document}");
    let wrong = ["sweep", "wine", "--grid", "lrr=1", "--quiet"];
    fails(&wrong, 2, &["did you mean `lr`?"]);
    let table = output(&["runs", text(&out)]);
    assert!(table.contains("/1 ") && table.contains("/4 "), "{table}");
}

#[test]
fn a_sweep_that_cannot_be_is_refused_before_it_trains() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("sweep");
    let refused = |more: &[&str], parts: &[&str]| {
        let common = ["sweep", "iris", "--epochs", "1", "--quiet", "--out", text(&out)];
        fails(&[&common[..], more].concat(), 2, parts);
        assert!(!out.join("2").exists(), "{more:?}");
    };
    refused(&[], &["something to vary", "--grid"]);
    refused(&["--grid", "lr=0.1", "--grid", "lr=0.2"], &["`lr` is varied twice"]);
    refused(&["--grid", "lr=0.1,-1"], &["lr=-1", "positive"]);
    refused(&["--grid", "lr=0.1,0.2", "--by", "acuracy"], &["acuracy", "test_accuracy"]);
    let sizes = ["--range", "batch_size=4:60", "--trials", "2", "--force", "--json"];
    let common = ["sweep", "iris", "--epochs", "1", "--quiet", "--out", text(&out)];
    assert_eq!(json(&[&common[..], &sizes].concat())["runs"].as_array().unwrap().len(), 2);
}

/// The score is of what was held out, by the best epoch; the training part's is given when it is asked for.
#[test]
fn a_score_says_what_it_is_of() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("run");
    let report = train("iris:train", &out, &["--epochs", "60", "--lr", "0.05"]);
    let best = report["best"].as_u64().unwrap();
    let done = report["epochs"].as_array().unwrap().len() as u64;
    assert!(best < done, "a best epoch that is no other than the last");
    let of_best = &report["epochs"][best as usize - 1];
    assert_eq!(report["final"]["validation_loss"], of_best["validation_loss"]);
    let settings = std::fs::read_to_string(out.join("config.toml")).unwrap();
    assert!(settings.contains("validation = 0.2") && settings.contains("patience"), "{settings}");

    let held_out = json(&["eval", text(&out), "--json"]);
    let told = |key: &str| held_out[key].as_u64();
    assert_eq!((held_out["part"].as_str(), told("examples")), (Some("validation"), Some(24)));
    assert_eq!((told("epoch"), told("best_of")), (Some(best), Some(done)));
    let loss = |score: &Value| score["loss"].as_f64().unwrap();
    assert!((loss(&held_out) - of_best["validation_loss"].as_f64().unwrap()).abs() < 1e-6);
    let last = json(&["eval", text(&out), "--last", "--json"]);
    assert!(loss(&last) > loss(&held_out) && last["best_of"].is_null());
    let part = json(&["eval", text(&out), "--part", "train", "--json"]);
    assert_eq!((part["part"].as_str(), part["examples"].as_u64()), (Some("train"), Some(96)));
    assert!(output(&["eval", text(&out), "--part", "train"]).contains("which it has learnt from"));
    fails(&["eval", text(&out), "--part", "test"], 1, &["no test part"]);

    let whole = runs.path().join("whole");
    train("iris:train", &whole, &["--epochs", "2", "--validation", "0"]);
    fails(&["eval", text(&whole)], 1, &["nothing was held out", "--part train"]);
}

#[test]
fn batches_too_small_for_their_layers_are_refused_before_they_come() {
    let runs = tempdir().unwrap();
    let layers =
        "layers=[\"affine 8\", {kind=\"residual\", layers=[\"batch-norm\"]}, \"affine 3\"]";
    let out = runs.path().join("run");
    let call = ["train", "iris", "--set", layers, "--out", text(&out), "--batch-size", "7"];
    fails(&call, 2, &["batch size is 7 for 120 examples", "a single example"]);
    assert!(!out.exists());
}

#[test]
fn a_wrong_setting_of_the_call_is_a_wrong_word() {
    for (set, part) in [
        ("lr=-1", "positive and finite"),
        ("hidden=50", "an array, in [ and ]"),
        ("optimizer=adm", "did you mean `adam`?"),
        ("optimizer=3", "{ kind = "),
        ("early_stopping=3", "{ key = value }"),
    ] {
        fails(&["train", "iris", "--set", set], 2, &["--set", set, part]);
    }
    fails(&["train", "iris", "--schedule", "cosin"], 2, &["--schedule", "did you mean `cosine`?"]);
}

#[test]
fn parameters_go_to_other_libraries() {
    let runs = tempdir().unwrap();
    let (run, file) = (runs.path().join("run"), runs.path().join("parameters.npz"));
    train("iris", &run, &["--epochs", "1"]);
    let said = output(&["export", text(&run), "--format", "npz", "--output", text(&file)]);
    assert!(said.contains("numpy.load(") && std::fs::read(&file).unwrap().starts_with(b"PK"));
    fails(&["export", text(&run), "--best", "--last"], 2, &["cannot be used with"]);
}

#[test]
fn unknown_data_is_refused_by_name() {
    fails(&["train", "irsi"], 2, &["there is no dataset `irsi`", "`iris`"]);
    fails(&["train", "iris:tset"], 2, &["`iris:test`", "no `tset`"]);
    let (data, runs) = (houses(), tempdir().unwrap());
    let (path, out) = (data.path().join("houses.csv"), runs.path().join("run"));
    let wrong = ["train", text(&path), "--target", "prise", "--out", text(&out)];
    fails(&wrong, 1, &["prise", "price"]);
    assert!(!out.exists());
}

#[test]
fn columns_stand_beside_predictions_and_what_is_new_is_warned_of() {
    let (data, runs) = (houses(), tempdir().unwrap());
    let (path, out) = (data.path().join("houses.csv"), runs.path().join("run"));
    train(text(&path), &out, &["--epochs", "2"]);
    let new = data.path().join("new.csv");
    std::fs::write(&new, "id,heating,area,price\n007,coal,100,1.50\n8,gas,,2\n").unwrap();
    let said = chainrule(&["predict", text(&out), text(&new), "--keep", "price,id"]);
    let (table, warnings) = (String::from_utf8(said.stdout), String::from_utf8(said.stderr));
    let (table, warnings) = (table.unwrap(), warnings.unwrap());
    assert!(table.starts_with("row,input_price,id,price\n0,1.50,007,"), "{table}");
    for warning in [
        "warning: `area`: 1 gap, where training had none, taken as the mean",
        "warning: `heating`: 1 value not seen in training (`coal`), taken as none of its categories",
        "warning: the column `price` is written as `input_price`",
    ] {
        assert!(warnings.contains(warning), "{warnings}");
    }
    let all = json(&["predict", text(&out), text(&new), "--keep", "all", "--json"]);
    let first = &all["predictions"][0];
    assert_eq!(
        (&first["row"], &first["id"], &first["price"]),
        (&0.into(), &"007".into(), &1.5.into())
    );
    assert!(first["value"].is_number() && all["predictions"][1]["area"].is_null(), "{all}");
    let lines = output(&["predict", text(&out), text(&new), "--keep", "id", "--format", "jsonl"]);
    assert!(lines.lines().nth(1).unwrap().contains("\"id\":\"8\""), "{lines}");
    fails(&["predict", text(&out), text(&new), "--keep", "idd"], 1, &["did you mean `id`?"]);
    let mnist = ["train", "mnist:test", "--epochs", "1", "--quiet", "--out", text(&out), "--force"];
    assert!(chainrule(&mnist).status.success());
    fails(&["predict", text(&out), "mnist:test", "--keep", "id"], 1, &["no columns to keep"]);
}

#[test]
fn classes_called_as_a_predictions_own_columns_are_told_apart() {
    let folder = tempdir().unwrap();
    let (data, out) = (folder.path().join("t.csv"), folder.path().join("run"));
    let row = |i: usize| format!("{i},{}\n", ["row", "class", "probability_row"][i % 3]);
    let table: String = (0..30).map(row).collect();
    std::fs::write(&data, format!("a,y\n{table}")).unwrap();
    train(text(&data), &out, &["--epochs", "1"]);
    let said = chainrule(&["predict", text(&out), text(&data), "--keep", "y"]);
    let (table, warnings) = (String::from_utf8(said.stdout), String::from_utf8(said.stderr));
    let right = "row,y,class,probability_class,probability_row,probability_probability_row\n";
    let table = table.unwrap();
    assert!(table.starts_with(right), "{table}");
    assert!(warnings.unwrap().contains("the column `class` is written as `probability_class`"));
}

/// What `new` writes of how it read a table reads it in the same way.
#[test]
fn settings_that_new_writes_train_to_the_same_bits() {
    let runs = tempdir().unwrap();
    let path = |name: &str| runs.path().join(name);
    let cities = ["Köln", "Ulm", "Bonn"];
    let row = |at: usize| {
        let (day, city, comma) = (1 + at % 27, cities[at % 3], at * 7 % 10);
        format!("{at};{day}.2.2024;{city};{},{comma};Frau {at};{}\n", at % 7, at % 2)
    };
    let rows: String = (0..40).map(row).collect();
    let table = format!("Nr;Tag der Ankunft;Stadt;Maß;Name;Ja\n{rows}");
    let latin: Vec<u8> = table.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
    std::fs::write(path("t.csv"), latin).unwrap();
    output(&["new", text(&path("t.csv")), "--output", text(&path("t.toml"))]);
    let written = std::fs::read_to_string(path("t.toml")).unwrap();
    for line in [
        "# columns stand apart by semicolons",
        "\nseparator = \";\" ",
        "\nencoding = \"windows-1252\" ",
        "\ndecimal = \",\" ",
        "\ndrop = [\"Nr\", \"Name\"] ",
        "\ntypes = { Stadt = \"category\", \"Tag der Ankunft\" = \"day-month\" }",
        "\ntask = \"classify\" ",
    ] {
        assert!(written.contains(line), "{line}: {written}");
    }
    let digest = |data: &str, run: &str| {
        let report = train(text(&path(data)), &path(run), &["--epochs", "3"]);
        report["parameters_sha256"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest("t.toml", "a"), digest("t.csv", "b"));
}

#[test]
fn classes_that_training_had_not_are_left_out_of_scores_with_a_warning() {
    let runs = tempdir().unwrap();
    let path = |name: &str| runs.path().join(name);
    let row = |at: usize| format!("{},{}\n", at % 5, ["u", "v"][at % 2]);
    let rows: String = (0..40).map(row).collect();
    std::fs::write(path("t.csv"), format!("a,y\n{rows}")).unwrap();
    std::fs::write(path("o.csv"), "a;y\n1;u\n2;w\n3;x\n;v\n").unwrap();
    let test = ["--epochs", "1", "--test", text(&path("o.csv"))].map(str::to_owned);
    train(text(&path("t.csv")), &path("a"), &[&test[0], &test[1], &test[2], &test[3]]);
    train(text(&path("t.csv")), &path("b"), &["--epochs", "1"]);
    let lines = [
        "`a`: 1 gap, where training had none, taken as the mean",
        "`y`: 2 values not seen in training (`w`, `x`), left out, as no score can be given",
    ];
    for call in [&["eval", text(&path("a"))][..], &["eval", text(&path("b")), text(&path("o.csv"))]]
    {
        let said = chainrule(call);
        let warnings = String::from_utf8(said.stderr).unwrap();
        assert!(said.status.success(), "{warnings}");
        assert!(
            lines.iter().all(|line| warnings.contains(&format!("warning: {line}"))),
            "{warnings}"
        );
        let score = json(&[call, &["--json"]].concat());
        assert_eq!((&score["examples"], &score["unseen"][1]["values"]), (&2.into(), &2.into()));
    }
    let said = chainrule(&["eval", text(&path("b")), text(&path("o.csv"))]).stderr;
    let told = "warning: columns stand apart by semicolons, unlike the training data";
    assert!(String::from_utf8(said).unwrap().contains(told));
}
