//! Calls whose words are wrong: each ends in one clear error that says what would be right.

mod common;

use common::{chainrule, digits, fails, json, text};
use tempfile::tempdir;

#[test]
fn a_check_of_nothing_is_refused() {
    fails(&["gradcheck", "1 + 2"], 2, &["parameter elements is 0"]);
    let element = ["gradcheck", "x", "--at", "x=1", "--elements", "0"];
    fails(&element, 2, &["elements to check is 0", "at least 1"]);
    fails(&["gradcheck", text(digits().path()), "--elements", "0"], 2, &["elements to check is 0"]);
}

#[test]
fn a_network_beyond_memory_is_refused() {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    for hidden in ["99999999999", "18446744073709551615", "999999999,999999999", "50,99999999999"] {
        let sizes = ["--hidden", hidden, "--threads", "1"];
        let train = [&["train", text(data.path()), "--out", text(&out)][..], &sizes].concat();
        fails(&train, 2, &["layers of sizes [20, ", "GB", "smaller layers"]);
        assert!(!out.exists(), "--hidden {hidden} left a folder");
        let check = [&["gradcheck", text(data.path())][..], &sizes].concat();
        fails(&check, 2, &["layers of sizes [20, "]);
    }
}

#[test]
fn negative_numbers_are_told_what_would_be_right() {
    let whole = "a whole number from 1 to";
    for (option, value, part) in [
        ("--hidden", "-5", "`-5` is not a size; give whole numbers"),
        ("--hidden", "-5,30", "`-5` is not a size; give whole numbers"),
        ("--threads", "-1", whole),
        ("--threads", "many", whole),
        ("--seed", "-1", "a whole number from 0 to 18446744073709551615"),
        ("--batch-size", "-1", whole),
        ("--batch-size", "1.5", whole),
        ("--epochs", "-1", "a whole number from 1 to 4294967295"),
    ] {
        fails(&["train", "mnist", option, value], 2, &[part]);
    }
    for (option, value, part) in [
        ("--elements", "-1", whole),
        ("--batch-size", "-1", whole),
        ("--tolerance", "-1", "tolerance is -1, but it must be positive and finite"),
        ("--tolerance", "inf", "tolerance is inf, but it must be positive and finite"),
    ] {
        fails(&["gradcheck", "mnist", option, value], 2, &[part]);
    }
    fails(&["eval", "run", "--threads", "-1"], 2, &[whole]);
}

#[test]
fn options_that_do_nothing_are_refused() {
    for option in ["--hidden", "--batch-size", "--seed"] {
        let check = ["gradcheck", "x * x", "--at", "x=1", option, "3"];
        fails(&check, 2, &[option, "network", "`x * x`", "expression"]);
    }
    fails(&["train", "mnist", "--threads", "5000"], 2, &["--threads is 5000", "at most 1024"]);
}

#[test]
fn changes_of_another_shape_are_words() {
    let explain = ["explain", "sum(x)", "--at", "x=[1,2]", "--nudge", "x=[1,2,3]"];
    fails(&explain, 2, &["x"]);
}

#[test]
fn a_target_that_does_not_fit_the_loss_is_refused() {
    let logits = ["W @ x", "--at", "W=[[1,2],[3,4]],x=[1,2]", "--loss", "cross-entropy"];
    for command in ["explain", "gradcheck"] {
        for (target, part) in [
            ("2", "the target is 2, but the expression has the classes 0 to 1"),
            ("0.5", "classes 0 to 1"),
            ("-1", "classes 0 to 1"),
            ("[0.1,0.2,0.7]", "shape [3], but it must be a class from 0 to 1"),
            ("cat", "neither a number nor an array"),
        ] {
            let call = [&[command][..], &logits, &["--target", target]].concat();
            fails(&call, 2, &[part]);
        }
        fails(&[&[command][..], &logits].concat(), 2, &["--target"]);
        fails(&[command, "x", "--at", "x=1", "--target", "[1,2]"], 2, &["--loss cross-entropy"]);
        let scalar = [command, "x", "--at", "x=1", "--loss", "cross-entropy", "--target", "0"];
        fails(&scalar, 2, &["one number per class"]);
    }
}

#[test]
fn carets_stand_under_the_place() {
    let caret = |call: &[&str]| {
        let message = String::from_utf8(chainrule(call).stderr).unwrap();
        let lines: Vec<&str> = message.lines().collect();
        lines[lines.len() - 2..].join("\n")
    };
    let found = caret(&["explain", "x*1e999", "--at", "x=1"]);
    assert_eq!(found, "  x*1e999\n    ^^^^^");
    // Wide characters take two columns each.
    let found = caret(&["explain", "日本 * (x ", "--at", "日本=2,x=1"]);
    assert_eq!(found, format!("  日本 * (x \n{}^", " ".repeat(12)));
    let found = caret(&["explain", "x * 2", "--at", "x=1, unused=3"]);
    assert_eq!(found, "  x=1, unused=3\n       ^^^^^^");
    fails(&["explain", "x*1e999", "--at", "x=1"], 2, &["too large a number"]);
    let class = ["explain", "cross_entropy(x, 2 * t)", "--at", "x=[1,2],t=1"];
    fails(&class, 2, &["the target is a class, such as cross_entropy(x, 1)"]);
    let class = ["explain", "cross_entropy(x, t)", "--at", "x=[1,2],t=2"];
    fails(&class, 2, &["the target is 2", "the classes 0 to 1"]);
}

#[test]
fn an_unknown_level_of_vectors_is_refused_before_anything_runs() {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_chainrule"));
    let output = program.args(["explain", "1 + 1"]).env("CHAINRULE_SIMD", "avx1024").output();
    let output = output.unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("CHAINRULE_SIMD is avx1024, but it must be `portable`"), "{message}");
}

#[test]
fn a_learning_rate_beyond_single_precision_is_said() {
    let runs = tempdir().unwrap();
    let out = runs.path().join("run");
    let train = ["train", "iris", "--epochs", "1", "--out", text(&out), "--json", "--lr"];
    for rate in ["1e-60", "1e39"] {
        let call = [&train[..], &[rate]].concat();
        fails(&call, 2, &[&format!("lr is {rate}"), "from 1.2e-38 to 3.4e38", "dtype"]);
    }
    assert!(!out.exists());
    json(&[&train[..], &["1e-60", "--set", "dtype=f64"]].concat());
}
