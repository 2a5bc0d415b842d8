//! Trainings as a user runs them: what MNIST reaches, and the same bits with AVX-512, AVX2 and portable code.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::report::Report;
use super::{cargo, output_of, program, root, run};

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

/// Trains on every set of vector instructions and without optimisation: the parameters have the same
/// bits.
pub fn same_bits(_: &mut Report) -> Result<()> {
    let release = program()?;
    cargo(&["build", "--locked"], &[])?;
    let debug = root().join("target").join("debug").join("chainrule");
    let folder = root().join("target").join("xtask-bits");
    let mut digests = Vec::new();
    for (program, level) in
        [(&release, "avx512"), (&release, "avx2"), (&release, "portable"), (&debug, "avx512")]
    {
        let mut command = Command::new(program);
        command
            .args(["train", "mnist", "--hidden", "8", "--epochs", "1", "--quiet", "--json"])
            .args(["--force", "--out"])
            .arg(&folder)
            .env("CHAINRULE_SIMD", level);
        println!("CHAINRULE_SIMD={level} {}", program.display());
        let text = output_of(&mut command)?;
        let digest =
            text.split("\"parameters_sha256\":\"").nth(1).and_then(|t| t.split('"').next());
        digests.push((level, digest.context("no digest of the parameters")?.to_owned()));
    }
    if digests.iter().any(|(_, digest)| *digest != digests[0].1) {
        bail!("training gives other bits on other instructions: {digests:?}");
    }
    println!("the same bits: {}", digests[0].1);
    Ok(())
}
