//! `explain` of a training: its steps, and how the gradient flowed.

mod common;

use common::{chainrule, digits, fails, json, text};
use tempfile::tempdir;

#[test]
fn a_step_is_told_with_its_parts() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    let trained = [
        "train",
        text(data.path()),
        "--out",
        text(&out),
        "--quiet",
        "--epochs",
        "3",
        "--batch-size",
        "20",
        "--init",
        "he",
        "--dropout",
        "0.2",
        "--set",
        "optimizer={kind=\"sgd\",momentum=0.9,weight_decay=0.01}",
    ];
    assert!(chainrule(&trained).status.success());
    let step = json(&["explain", text(&out), "--step", "5", "--json"]);
    assert_eq!(
        (&step["step"], &step["epoch"], &step["step_of_epoch"]),
        (&5.into(), &2.into(), &2.into())
    );
    assert_eq!(step["examples"].as_array().unwrap().len(), 20);
    let kinds: Vec<&str> = step["update"]["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["batch", "momentum", "weight-decay", "rounding"]);
    let output = chainrule(&["explain", text(&out), "--step", "5", "--lang", "ko"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("모멘텀"));
    fails(&["explain", text(&out), "--step", "10"], 2, &["no step 10", "from 1 to 9"]);
    fails(&["explain", text(&out), "--step", "1", "--format", "svg"], 2, &["text, json"]);
    fails(&["explain", text(&out)], 2, &["is a folder", "--step N"]);
    fails(&["explain", text(&out), "--gradient-flow"], 1, &["train with --gradient-flow"]);
}

#[test]
fn gradient_flow_is_recorded_by_epoch_and_survives_a_resumption() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let (whole, resumed) = (runs.path().join("whole"), runs.path().join("resumed"));
    let train = |out: &std::path::Path, epochs: &str| {
        let arguments = [
            "train",
            text(data.path()),
            "--out",
            text(out),
            "--quiet",
            "--epochs",
            epochs,
            "--init",
            "he",
            "--gradient-flow",
        ];
        assert!(chainrule(&arguments).status.success());
    };
    train(&whole, "4");
    train(&resumed, "2");
    // What a training that was killed had written beyond its checkpoint.
    let read =
        |out: &std::path::Path| std::fs::read_to_string(out.join("gradient_flow.jsonl")).unwrap();
    let lines = read(&whole);
    assert_eq!(lines.lines().count(), 5);
    let ahead: Vec<&str> = lines.lines().take(4).collect();
    std::fs::write(resumed.join("gradient_flow.jsonl"), ahead.join("\n") + "\n").unwrap();
    assert!(
        chainrule(&["train", "--resume", text(&resumed), "--epochs", "4", "--quiet"])
            .status
            .success()
    );
    assert_eq!(read(&resumed), lines);

    let flow = json(&["explain", text(&whole), "--gradient-flow", "--json"]);
    let epochs: Vec<i64> =
        flow.as_array().unwrap().iter().map(|e| e["epoch"].as_i64().unwrap()).collect();
    assert_eq!(epochs, [0, 1, 2, 3, 4]);
    let picture = chainrule(&["explain", text(&whole), "--gradient-flow", "--format", "svg"]);
    assert!(String::from_utf8_lossy(&picture.stdout).starts_with("<svg"));
    let told = chainrule(&["explain", text(&whole), "--gradient-flow"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("affine2"));
    fails(
        &["explain", text(&whole), "--gradient-flow", "--format", "dot"],
        2,
        &["text, json, svg"],
    );
}

#[test]
fn an_example_of_a_table_is_told_by_names_and_values() {
    let runs = tempdir().unwrap();
    let table = runs.path().join("houses.csv");
    let rows = (0..40).map(|i| format!("{},{},{}\n", i, ["hill", "lake"][i % 2], 3 * i + i % 2));
    let rows: String = rows.collect();
    std::fs::write(&table, format!("area,place,price\n{rows}")).unwrap();
    let out = runs.path().join("run");
    let trained = [
        "train",
        text(&table),
        "--out",
        text(&out),
        "--quiet",
        "--epochs",
        "3",
        "--validation",
        "0",
    ];
    assert!(chainrule(&trained).status.success());
    let told = json(&["explain", text(&out), "--example", "4", "--json"]);
    assert!((told["wanted"][0].as_f64().unwrap() - 12.0).abs() < 1e-4, "{told}");
    assert_eq!(told["features"], serde_json::json!(["area", "place=hill", "place=lake"]));
    let shown = chainrule(&["explain", text(&out), "--example", "4"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("where 12 is right") && shown.contains("place=lake"), "{shown}");
    let step = json(&["explain", text(&out), "--step", "2", "--json"]);
    assert_eq!(
        step["examples"][0]["target"].as_str().map(|t| t.parse::<f64>().is_ok()),
        Some(true)
    );

    // Two classes with one output.
    let out = runs.path().join("places");
    let trained = [
        "train",
        text(&table),
        "--target",
        "place",
        "--loss",
        "binary-cross-entropy",
        "--out",
        text(&out),
        "--quiet",
        "--epochs",
        "3",
    ];
    assert!(chainrule(&trained).status.success());
    let told = json(&["explain", text(&out), "--example", "5", "--json"]);
    assert_eq!(told["probabilities"].as_array().map(Vec::len), Some(2));
    let shown = chainrule(&["explain", text(&out), "--example", "5"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("lake"));
}
