//! Training that diverges: it stops with the step and the operation, and saves nothing of it.

mod common;

use common::{digits, fails, text};
use tempfile::tempdir;

/// Trains on 60 examples and expects to diverge.
fn diverges(settings: &[&str], parts: &[&str]) {
    let (data, runs) = (digits(), tempdir().unwrap());
    let out = runs.path().join("run");
    let common = ["train", text(data.path()), "--out", text(&out), "--quiet"];
    let lesson = ["--hidden", "50", "--dropout", "0", "--optimizer", "sgd"];
    let init: &[&str] = if settings.contains(&"--init") { &[] } else { &["--init", "he"] };
    fails(&[&common[..], &lesson, init, settings].concat(), 1, parts);
    assert!(!out.join("model.safetensors").exists(), "{settings:?} saved parameters");
    assert!(!out.join("metrics.jsonl").exists(), "{settings:?} saved metrics");
}

#[test]
fn an_infinity_of_the_last_step_is_found() {
    // With this rate and such large weights no step gives finite parameters, and one epoch of one step no
    // loss.
    for size in ["60", "30"] {
        diverges(
            &["--lr", "3e38", "--init", "normal:1000", "--epochs", "1", "--batch-size", size],
            &["diverged at step 1", "first node with", "`sgd_step`", "value of `affine1.weight`"],
        );
    }
}

#[test]
fn an_infinity_in_the_test_part_alone_is_found() {
    // One step with this rate leaves finite parameters whose products overflow.
    diverges(
        &["--lr", "1e38", "--epochs", "1", "--batch-size", "60"],
        &["diverged at step 1", "on the test part", "operation `matmul` in `affine2`"],
    );
}

#[test]
fn a_later_step_is_counted_over_all_epochs() {
    let settings = ["--lr", "1e150", "--epochs", "9", "--batch-size", "30", "--dtype", "f64"];
    diverges(&settings, &["diverged at step 2", "first node with", "operation `"]);
}
