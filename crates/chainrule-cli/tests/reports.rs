//! What tables for people show in the corners.

mod common;

use common::{chainrule, json};

fn shown(arguments: &[&str]) -> String {
    String::from_utf8(chainrule(arguments).stdout).unwrap()
}

#[test]
fn a_check_shows_nan_and_shows_no_number_of_nothing() {
    let table = shown(&["gradcheck", "sqrt(x) + y", "--at", "x=-1,y=1"]);
    let line = table.lines().find(|line| line.starts_with('x')).unwrap();
    assert_eq!(line.matches("NaN").count(), 3, "{table}");

    let table = shown(&["gradcheck", "relu(x) + y", "--at", "x=0,y=1"]);
    let line = table.lines().find(|line| line.starts_with('x')).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, ["x", "0", "1", "-", "-", "-"], "{table}");
}

#[test]
fn a_check_says_why_something_was_not_compared() {
    for (expression, at, why) in [
        ("sqrt(x)", "x=0", "could not be measured"),
        ("sqrt(x) + y", "x=0,y=1", "1 not compared: the difference leaves the domain"),
        ("sin(1e15*x) + y", "x=1,y=1", "1 not compared: the differences of no two steps agree"),
        ("norm(x) + y", "x=[0,0],y=1", "kinks: elements on a corner or a jump"),
        ("floor(x) + y", "x=2,y=1", "kinks: elements on a corner or a jump"),
        // tanh′(20) is 1.7e-17, not 0.
        ("tanh(x)", "x=20", "could not be measured"),
        ("1e8 + x^2", "x=1", "where max rel err is larger, rounding of the loss allows it"),
    ] {
        let table = shown(&["gradcheck", expression, "--at", at]);
        assert!(table.contains(why) && !table.contains("FAILED"), "{expression}: {table}");
    }
    // JSON has no numbers for these.
    let report = shown(&["gradcheck", "sqrt(x) + y", "--at", "x=-1,y=1", "--json"]);
    assert!(report.contains(r#""max_relative_error":"nan""#), "{report}");
}

#[test]
fn cross_entropy_takes_a_class_or_a_distribution() {
    let logits = ["W @ x", "--at", "W=[[1,2],[3,4]],x=[1,2]", "--loss", "cross-entropy"];
    for (target, expected) in [("1", [0.0, 1.0]), ("[0.2,0.8]", [0.2, 0.8])] {
        let call = |command| [&[command][..], &logits, &["--target", target, "--json"]].concat();
        let shown = json(&call("explain"));
        // The logits are 5 and 11: L = ln(e⁵ + e¹¹) − Σ t·f, and dL/dx = Wᵀ·(softmax − t).
        let loss = 11.0 + (-6f64).exp().ln_1p() - 5.0 * expected[0] - 11.0 * expected[1];
        assert!((shown["loss"].as_f64().unwrap() - loss).abs() < 1e-12);
        assert_eq!(shown["output"], serde_json::json!([5.0, 11.0]));
        assert_eq!(
            shown["target"],
            serde_json::from_str::<serde_json::Value>(target)
                .map(|t| { t.as_f64().map_or(t, serde_json::Value::from) })
                .unwrap()
        );
        let y = 1.0 / (1.0 + (-6f64).exp());
        let slope = (1.0 - y - expected[0]) + 3.0 * (y - expected[1]);
        assert!((shown["gradients"]["x"][0].as_f64().unwrap() - slope).abs() < 1e-12);
        assert!(shown["what_if"][0]["loss_change"].is_number());
        assert_eq!(json(&call("gradcheck"))["passed"], true);
    }
}
