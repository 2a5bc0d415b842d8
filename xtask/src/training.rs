//! Trainings as a user runs them: what MNIST reaches, and the same bits on all threads and instructions.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::report::Report;
use super::{cargo, program, root, run};

/// Trains on MNIST as a user does, and holds the result against what other libraries reach.
pub fn mnist(_: &mut Report) -> Result<()> {
    let program = program()?;
    let out = root().join("target").join("xtask-mnist");
    run(Command::new(&program).args(["train", "mnist", "--force", "--out"]).arg(&out))?;
    let metrics = std::fs::read_to_string(Path::new(&out).join("metrics.jsonl"))?;
    let accuracy = |line: Option<&str>| -> Option<f64> {
        let rest = line?.split("\"test_accuracy\":").nth(1)?;
        rest.split(',').next()?.parse().ok()
    };
    let first = accuracy(metrics.lines().next()).context("no accuracy after one epoch")?;
    let last = accuracy(metrics.lines().last()).context("no accuracy at the end")?;
    if first < 0.90 || last < 0.968 {
        bail!("accuracy {first} after one epoch (0.90 wanted), {last} at the end (0.968 wanted)");
    }
    let check = ["gradcheck", "mnist", "--hidden", "50", "--batch-size", "3"];
    run(Command::new(program).args(check))
}

/// Trains with every layer and optimizer on every set of vector instructions and several numbers of
/// threads, and without optimisation: the parameters have the same bits.
pub fn same_bits(_: &mut Report) -> Result<()> {
    let release = program()?;
    let release = release.to_str().context("the program's path is no text")?;
    let test = ["test", "--locked", "-p", "chainrule-cli", "--test", "same_bits"];
    let arguments = [&test[..], &["--", "--ignored", "--nocapture"]].concat();
    cargo(&arguments, &[("CHAINRULE_PROGRAMS", release)])
}
