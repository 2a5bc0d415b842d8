//! What takes longer than a developer waits: every argument, thousands of kills, long fuzzing; of the last two as much as
//! each test can have.

use std::process::Command;

use anyhow::Result;

use super::report::Report;
use super::{cargo, installed, root, run};

/// Runs the tests that are marked as slow, the functions of one f32 argument for all 2³² of them among
/// these.
pub fn ignored(_: &mut Report) -> Result<()> {
    // What writes golden files is no check.
    let skip = ["--skip", "the_golden_run_of_today"];
    let test = ["test", "--release", "--locked", "--workspace", "--", "--ignored"];
    cargo(&[&test[..], &skip].concat(), &[])
}

/// Kills trainings at any moment, so many times two hundred, and has them resumed to the same bits.
pub fn kills(rounds: usize) -> Result<()> {
    let test = ["test", "--locked", "--workspace", "--test", "interruption"];
    for _ in 0..rounds {
        cargo(&[&test[..], &["--", "--ignored"]].concat(), &[])?;
    }
    Ok(())
}

const NO_COMPILER: &str = "libFuzzer needs a C++ compiler, and `c++` is not installed";

/// Fuzzes every target for some seconds, which begins with the inputs that are kept.
pub fn fuzz_briefly(report: &mut Report) -> Result<()> {
    fuzz(report, "-max_total_time=5")
}

/// Fuzzes every target for long.
pub fn fuzz_long(report: &mut Report) -> Result<()> {
    fuzz(report, "-runs=10000000")
}

/// Fuzzes every reader of files and texts, for so long as an option of libFuzzer says.
fn fuzz(report: &mut Report, long: &str) -> Result<()> {
    if !installed("c++", "--version") {
        return report.skip("fuzzing", NO_COMPILER);
    }
    let folder = root().join("fuzz");
    let mut targets = Vec::new();
    for file in std::fs::read_dir(folder.join("src").join("targets"))? {
        targets.extend(file?.path().file_stem().map(std::ffi::OsStr::to_owned));
    }
    targets.sort();
    for target in targets {
        run(Command::new(folder.join("fuzz.sh")).arg(target).arg(long))?;
    }
    Ok(())
}
