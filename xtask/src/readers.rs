//! What a run leaves for other tools, read by the tools: TensorBoard, NumPy and PyTorch.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{cargo, root, run};

/// Writes events and parameters, installs the tools below `target`, and has them read.
pub fn check() -> Result<()> {
    let folder = root().join("target").join("xtask-readers");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let Some(written) = folder.to_str() else { anyhow::bail!("the project's path is not text") };
    let example =
        ["run", "--quiet", "--locked", "-p", "chainrule-train", "--example", "other_tools"];
    cargo(&[&example[..], &["--", written]].concat(), &[])?;
    let source = root().join("xtask").join("readers");
    let venv = root().join("target").join("venv-readers");
    if let Err(error) = install(&venv, &source.join("requirements.txt")) {
        println!("skipped: TensorBoard, NumPy and PyTorch ({error:#})");
        return Ok(());
    }
    let mut command = Command::new(venv.join("bin").join("python"));
    command.arg(source.join("read.py")).arg(&folder);
    run(command.env("PEERS", root().join("target").join("peers")))
}

fn install(venv: &Path, requirements: &Path) -> Result<()> {
    run(Command::new("python3").args(["-m", "venv"]).arg(venv))?;
    let mut pip = Command::new(venv.join("bin").join("pip"));
    pip.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--requirement",
    ]);
    run(pip.arg(requirements))
}
