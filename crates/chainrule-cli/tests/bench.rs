//! `chainrule bench` as scripts use it: its keys and its errors. No test asserts a time.

use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    command.arg("bench").args(arguments).output().unwrap()
}

/// Runs with `--json`, expects success, and reads the one document on standard output.
fn json(arguments: &[&str]) -> Value {
    let output = bench(&[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The keys that every report has, and that its times are times.
fn holds(report: &Value, network: &str, threads: u64) {
    assert_eq!(report["library"], "chainrule");
    assert_eq!(report["network"], network);
    assert_eq!(report["threads"], threads);
    let [median, min] = ["median_us", "min_us"].map(|key| report[key].as_f64().unwrap());
    assert!(0.0 < min && min <= median, "{report}");
}

#[test]
fn a_step_in_json() {
    for threads in ["1", "2"] {
        let report = json(&["6-5-4:sgd:3", "--threads", threads]);
        holds(&report, "6-5-4:sgd:3", threads.parse().unwrap());
        assert!(report["gflops"].as_f64().unwrap() >= 0.0);
    }
}

#[test]
fn a_scalar_graph_of_any_size() {
    let report = json(&["scalar:2000", "--threads", "1"]);
    holds(&report, "scalar:2000", 1);
    assert_eq!(report["nodes"], 2000);
    for size in ["scalar:", "scalar:many", "scalar:10", "scalar:99999999999"] {
        let refused = bench(&[size]);
        assert_eq!(refused.status.code(), Some(2), "{size}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("scalar:100000"), "{size}");
    }
}

#[test]
fn one_output_is_a_regression() {
    holds(&json(&["4-16-1:sgd:16", "--threads", "1"]), "4-16-1:sgd:16", 1);
}

#[test]
fn an_inference_in_json() {
    let report = json(&["6-5-4:sgd:3", "--inference", "--threads", "1"]);
    holds(&report, "6-5-4:sgd:3", 1);
}

#[test]
fn a_served_batch_in_json() {
    holds(&json(&["6-5-4:sgd:3", "--serve", "--threads", "1"]), "6-5-4:sgd:3", 1);
}

#[test]
fn a_recurrent_network_in_json() {
    let report = json(&["gru", "--threads", "1"]);
    holds(&report, "gru", 1);
    assert!(report["gflops"].as_f64().unwrap() > 0.0);
}

#[test]
fn scalar_nodes_in_json() {
    let report = json(&["scalar", "--threads", "1"]);
    holds(&report, "scalar", 1);
    // 3 inputs; 353 weights and biases; a product and a sum for each of 320 weights; 33 tanh.
    assert_eq!(report["nodes"], 3 + 353 + 2 * 320 + 33);
    assert!(report["nodes_per_second"].as_f64().unwrap() > 0.0);
}

#[test]
fn people_get_a_line() {
    let output = bench(&["6-5-4:sgd:3", "--threads", "1"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("6-5-4:sgd:3, 1 thread: median "), "{text}");
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn wrong_words_are_named() {
    for (arguments, parts) in [
        (&["bok"][..], ["`bok`", "784-50-10:sgd:100"]),
        (&["784-50-10:sgd"], ["`784-50-10:sgd`", "sizes, optimizer and batch"]),
        (&["784-x-10:sgd:1"], ["`x`", "a layer's size"]),
        (&["784-0-10:sgd:1"], ["`0`", "at least 1"]),
        (&["784:sgd:1"], ["784:sgd:1", "at least two sizes"]),
        (&["784-10:adagard:1"], ["`adagard`", "did you mean `adagrad`?"]),
        (&["784-10:sgd:-1"], ["`-1`", "a batch size"]),
        (&["999999999-999999999:sgd:1"], ["999999999 × 999999999", "too large"]),
        (&["scalar", "--inference"], ["--inference", "scalar"]),
        (&["gru", "--serve"], ["--serve", "gru"]),
        (&["book", "--threads", "0"], ["--threads", "at least 1"]),
    ] {
        let output = bench(arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        for part in parts {
            assert!(message.contains(part), "{arguments:?}: `{part}` is not in: {message}");
        }
        assert!(output.stdout.is_empty(), "{arguments:?} printed on standard output");
    }
}
