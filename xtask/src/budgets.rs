//! What the project may cost: crates, lines, bytes and seconds; and that it can be published.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::layers::House;
use super::report::Report;
use super::workspace::{Package, packages};
use super::{cargo, cargo_program, installed, output_of, program, root};

/// The crate that an engineer embeds, and the program.
const ENGINE: &str = "chainrule";
const PROGRAM: &str = "chainrule-cli";

/// Hosts of registries: an address on a mirror or of a day has no place in a file that is kept. In two
/// halves, so that this file does not name them.
const HOSTS: [(&str, &str); 5] = [
    ("crates", ".io"),
    ("npmjs", ".org"),
    ("pypi", ".org"),
    ("pythonhosted", ".org"),
    ("deb.debian", ".org"),
];

/// Counts what the program and the engine are made of.
pub fn check(_: &mut Report) -> Result<()> {
    let packages = packages()?;
    let size = usize::try_from(program()?.metadata()?.len())?;
    let lines = lines(&packages, ENGINE)?;
    let mut over = Vec::new();
    for (what, found, limit) in [
        ("crates of the program", crates(PROGRAM)?, 125),
        ("bytes of the program", size, 13_000_000),
        ("crates of the engine", crates(ENGINE)?, 25),
        ("lines of the engine's code", lines, 14_000),
    ] {
        println!("{what}: {found} of {limit}");
        if found > limit {
            over.push(format!("{what}: {found}, and {limit} are allowed"));
        }
    }
    if !over.is_empty() {
        bail!("{}", over.join("; "));
    }
    Ok(())
}

/// Packages all crates for a registry, and looks for registries' hosts in the files.
pub fn package(report: &mut Report) -> Result<()> {
    packaged(&["--no-verify"])?;
    if !installed("git", "--version") || !root().join(".git").exists() {
        return report.skip("the search for registries' hosts", "this is no checkout of git");
    }
    let mut search = Command::new("git");
    search.args(["grep", "-nIi", "--fixed-strings"]);
    for (first, second) in HOSTS {
        search.args(["-e", &format!("{first}{second}")]);
    }
    search.args(["--", ":!Cargo.lock", ":!fuzz/Cargo.lock"]).current_dir(root());
    let output = search.output()?;
    // Its status is 1 where nothing is found.
    match output.status.code() {
        Some(1) => Ok(()),
        Some(0) => bail!("hosts of registries:\n{}", String::from_utf8_lossy(&output.stdout)),
        _ => bail!("git grep: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Builds every crate from its package alone.
pub fn verify(_: &mut Report) -> Result<()> {
    packaged(&[])
}

/// Times the builds of the program and of the engine from nothing but their sources. The limits hold
/// for a machine of two cores that does nothing else.
pub fn build(_: &mut Report) -> Result<()> {
    let folder = root().join("target").join("xtask-build");
    let place = folder.to_str().context("the project's path is not text")?;
    cargo(&["fetch", "--quiet", "--locked"], &[])?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let mut over = Vec::new();
    for (package, limit) in [(PROGRAM, 90.0), (ENGINE, 30.0)] {
        let start = Instant::now();
        let build = ["build", "--release", "--locked", "--quiet", "--target-dir", place];
        cargo(&[&build[..], &["-p", package]].concat(), &[])?;
        let seconds = start.elapsed().as_secs_f64();
        std::fs::remove_dir_all(&folder)?;
        println!("{package}: built in {seconds:.0} s of {limit} s");
        if seconds > limit {
            over.push(format!(
                "{package} takes {seconds:.0} s to build, and {limit} s are allowed"
            ));
        }
    }
    if !over.is_empty() {
        bail!("{}", over.join("; "));
    }
    Ok(())
}

fn packaged(flags: &[&str]) -> Result<()> {
    let all = ["package", "--workspace", "--exclude", "xtask", "--allow-dirty", "--locked"];
    cargo(&[&all[..], &["--quiet"], flags].concat(), &[])
}

/// How many crates a crate is built from, itself among them.
fn crates(package: &str) -> Result<usize> {
    let mut tree = Command::new(cargo_program());
    tree.args(["tree", "--locked", "-p", package, "-e", "normal,build", "--prefix", "none"]);
    Ok(distinct(&output_of(&mut tree)?))
}

/// How many lines differ in their first two words: name and version.
fn distinct(tree: &str) -> usize {
    let crates = tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>());
    crates.filter(|words| words.len() == 2).collect::<BTreeSet<_>>().len()
}

/// How many lines of code a crate has, without blanks, comments and tests.
fn lines(packages: &[Package], name: &str) -> Result<usize> {
    let package = packages.iter().find(|package| package.name == name);
    let roots = &package.with_context(|| format!("there is no crate {name}"))?.roots;
    roots.iter().map(|root| Ok(House::read(root)?.code_lines)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_by_version() {
        let tree =
            "a v0.1.0 (/somewhere)\nb v1.0.0\nb v1.0.0 (*)\nb v2.0.0 (proc-macro)\n\nc v1.0.0\n";
        assert_eq!(distinct(tree), 4);
    }
}
