//! The project's own commands. `cargo xtask test` runs every check.

mod report;
mod workspace;
mod python;

mod layers;
#[cfg(test)]
mod names;

mod api;
mod budgets;
mod deny;
mod formats;
mod page;
mod readers;
mod readme;
mod safety;
mod soak;
mod training;
mod web;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use report::{Part, Report};

/// What must hold before a change goes in, the quickest to fail first.
static TEST: [Part; 26] = [
    Part { name: "format", says: "rustfmt", run: |_| cargo(&["fmt", "--all", "--check"], &[]) },
    Part { name: "clippy", says: "lints, in tests and examples too", run: |_| clippy() },
    Part { name: "doc", says: "the documentation builds, links and all", run: |_| doc() },
    Part { name: "deny", says: "licences, sources and duplicates of crates", run: deny::check },
    Part { name: "layers", says: "modules use what stands below them", run: layers::check },
    Part { name: "package", says: "every crate can be published", run: budgets::package },
    Part { name: "tests", says: "unit and integration tests", run: tests },
    Part { name: "doctests", says: "the examples of the documentation", run: |_| doctests() },
    Part { name: "parquet", says: "the tests of data, with Parquet", run: |_| parquet() },
    Part { name: "kills", says: "200 kills at any moment", run: |_| soak::kills(1) },
    Part { name: "examples", says: "every example runs", run: |_| examples() },
    Part { name: "fuzz", says: "every target of fuzz/, 5 s each", run: soak::fuzz_briefly },
    Part { name: "release", says: "the program builds as users build it", run: |_| release() },
    Part { name: "formats", says: "explain's formats in their own tools", run: formats::check },
    Part { name: "page", says: "explain's pages in Chromium and Firefox", run: page::check },
    Part { name: "web", says: "the explorer's page is what web/ builds", run: web::bundle },
    Part { name: "explorer", says: "the explorer in Chromium", run: web::explorer },
    Part { name: "api", says: "the explorer's API, by schemathesis", run: api::check },
    Part { name: "readers", says: "a run's files in other tools", run: readers::check },
    Part { name: "readme", says: "the READMEs' commands, and what they print", run: readme::check },
    Part { name: "help", says: "the help in a narrow terminal", run: readme::help },
    Part { name: "budgets", says: "numbers of crates, lines and bytes", run: budgets::check },
    Part { name: "mnist", says: "what a training on MNIST reaches", run: training::mnist },
    Part {
        name: "bits",
        says: "one digest on any threads and instructions",
        run: training::same_bits,
    },
    Part { name: "loom", says: "models of the barrier", run: safety::loom },
    Part {
        name: "sanitize",
        says: "the address sanitizer over what is unsafe",
        run: safety::address,
    },
];

/// What takes longer.
static SOAK: [Part; 7] = [
    Part { name: "ignored", says: "the tests that `cargo test` leaves out", run: soak::ignored },
    Part { name: "killed", says: "10,000 kills at any moment", run: |_| soak::kills(50) },
    Part { name: "fuzzed", says: "every target of fuzz/, 10 million times", run: soak::fuzz_long },
    Part { name: "threads", says: "the thread sanitizer", run: safety::threads },
    Part { name: "build", says: "builds from nothing in their time", run: budgets::build },
    Part { name: "packages", says: "every crate builds from its package", run: budgets::verify },
    Part { name: "valgrind", says: "valgrind over a training", run: safety::valgrind },
];

fn main() -> ExitCode {
    let (flags, words): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let parts: Option<Vec<&[Part]>> = words.iter().map(|word| named(word)).collect();
    let complete = flags == ["--complete"];
    match parts {
        Some(parts) if !parts.is_empty() && (complete || flags.is_empty()) => {
            Report::new(complete).run(parts.into_iter().flatten())
        }
        _ => {
            eprint!("{}", usage());
            ExitCode::from(2)
        }
    }
}

/// The parts that a word asks for.
fn named(word: &str) -> Option<&'static [Part]> {
    match word {
        "test" => Some(&TEST),
        "soak" => Some(&SOAK),
        name => [&TEST[..], &SOAK]
            .into_iter()
            .flat_map(<[Part]>::iter)
            .find(|part| part.name == name)
            .map(std::slice::from_ref),
    }
}

fn usage() -> String {
    let mut usage = "usage: cargo xtask test|soak|PART… [--complete]\n\n\
                     --complete makes an error of what would be skipped\n"
        .to_owned();
    for (word, parts) in [("test", &TEST[..]), ("soak", &SOAK[..])] {
        usage += &format!("\nthe parts of {word}:\n");
        for Part { name, says, .. } in parts {
            usage += &format!("  {name:<12}{says}\n");
        }
    }
    usage
}

fn clippy() -> Result<()> {
    cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"], &[])
}

fn doc() -> Result<()> {
    cargo(&["doc", "--workspace", "--no-deps", "--locked"], &[("RUSTDOCFLAGS", "-D warnings")])
}

fn tests(report: &mut Report) -> Result<()> {
    // Where tests tell what they left out, a line each: what and why.
    let skipped = root().join("target").join("skipped");
    std::fs::write(&skipped, "")?;
    let mut test = Command::new(cargo_program());
    test.args(["test", "--workspace", "--all-targets", "--locked"]);
    run(test.env("CHAINRULE_SKIPPED", &skipped))?;
    let told = std::fs::read_to_string(&skipped)?;
    let told: BTreeSet<(&str, &str)> =
        told.lines().filter_map(|line| line.split_once('\t')).collect();
    told.into_iter().try_for_each(|(what, why)| report.skip(what, why))
}

fn doctests() -> Result<()> {
    cargo(&["test", "--workspace", "--doc", "--locked"], &[])
}

fn parquet() -> Result<()> {
    let test = ["test", "--locked", "--workspace", "--features", "parquet"];
    cargo(&[&test[..], &["--test", "data", "--test", "hostile_data"]].concat(), &[])
}

fn examples() -> Result<()> {
    // That one has an argument: `readers` runs it.
    let alone = |example: &String| example != readers::EXAMPLE;
    for example in
        workspace::packages()?.into_iter().flat_map(|package| package.examples).filter(alone)
    {
        run(&mut example_program(&example)?)?;
    }
    Ok(())
}

/// Builds an example, as all of them are built for the tests.
fn example_program(name: &str) -> Result<Command> {
    cargo(&["build", "--workspace", "--locked", "--quiet", "--example", name], &[])?;
    Ok(Command::new(root().join("target").join("debug").join("examples").join(name)))
}

fn release() -> Result<()> {
    cargo(&["build", "--release", "--locked", "--quiet"], &[])
}

/// Builds the program as users do, and tells its path.
fn program() -> Result<PathBuf> {
    release()?;
    Ok(root().join("target").join("release").join("chainrule"))
}

fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    run(Command::new(cargo_program()).args(arguments).envs(environment.iter().copied()))
}

fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
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

/// What a command writes to its standard output.
fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .current_dir(root())
        .output()
        .with_context(|| format!("{} cannot be started", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed: {}", shown(command), String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} wrote no text", shown(command)))
}

/// Whether a program can be started.
fn installed(program: impl AsRef<OsStr>, version: &str) -> bool {
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
