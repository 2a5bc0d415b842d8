//! What a run leaves for other tools, read by the tools: TensorBoard, NumPy and PyTorch; and the programs
//! that its README shows, which predict what it predicts.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::report::Report;
use super::{example_program, installed, program, python, root, run, run_in};

/// The example that writes what is read.
pub const EXAMPLE: &str = "other_tools";

/// Writes events and parameters, installs the tools below `target`, and has them read.
pub fn check(report: &mut Report) -> Result<()> {
    let folder = root().join("target").join("xtask-readers");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    run(example_program(EXAMPLE)?.arg(&folder))?;
    let source = root().join("xtask").join("readers");
    let venv = root().join("target").join("venv-readers");
    if let Err(error) = python::install(&venv, &source.join("requirements.txt")) {
        return report.skip("TensorBoard, NumPy and PyTorch", &format!("{error:#}"));
    }
    let mut command = Command::new(venv.join("bin").join("python"));
    command.arg(source.join("read.py")).arg(&folder);
    if let Some(peers) = pytorch(report)? {
        command.env("PEERS", peers);
    }
    run(&mut command)?;
    let mut command = Command::new(venv.join("bin").join("python"));
    run(command.arg(source.join("models.py")).arg(program()?).arg(folder.join("models")))
}

/// The environment that has PyTorch: it is large, so that a developer has it only from the benchmark.
fn pytorch(report: &mut Report) -> Result<Option<PathBuf>> {
    let peers = root().join("target").join("peers");
    if report.complete() {
        let make = ["-c", "import environment; environment.peers()"];
        run_in(Command::new("python3").args(make), &root().join("bench"))?;
    } else if !installed(peers.join("bin").join("python"), "--version") {
        let why = "`python3 bench/side_by_side.py`, which installs it, was not run";
        report.skip("PyTorch", why)?;
        return Ok(None);
    }
    Ok(Some(peers))
}
