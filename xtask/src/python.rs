//! Programs of Python's, in an environment of their own below `target`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::run;

/// Installs what a file of requirements names, pinned by hashes.
pub fn install(venv: &Path, requirements: &Path) -> Result<()> {
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
