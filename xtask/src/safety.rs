//! What stands behind the code that is `unsafe`: models of the barrier, sanitizers, valgrind.
//!
//! The stable toolchain ships the sanitizers' runtimes, but turns them on only for who says that it
//! knows.

use std::process::Command;

use anyhow::Result;

use super::report::Report;
use super::{cargo, installed, program, root, run};

/// The sanitizers' runtimes come for few hosts.
const HOST: &str = "x86_64-unknown-linux-gnu";

/// The tests that reach the code that is `unsafe`.
const REACHING: [&str; 7] =
    ["--lib", "--test", "plan", "--test", "random_graphs", "--test", "soundness"];

/// Explores the orders in which the threads of a barrier can run.
pub fn loom(_: &mut Report) -> Result<()> {
    let test = ["test", "--locked", "-p", "chainrule", "--lib", "--release"];
    let more = ["--target-dir", "target/loom", "barrier"];
    cargo(&[&test[..], &more].concat(), &[("RUSTFLAGS", "--cfg loom")])
}

/// Runs the tests that reach `unsafe` code under the address sanitizer.
pub fn address(report: &mut Report) -> Result<()> {
    if !here() {
        return report.skip("the address sanitizer", elsewhere());
    }
    let products = ["test", "-p", "chainrule-products", "--lib"];
    let engine = [&["test", "-p", "chainrule"][..], &REACHING].concat();
    for test in [&products[..], &engine] {
        cargo(&[test, &place("target/address")].concat(), &environment("-Zsanitizer=address"))?;
    }
    Ok(())
}

/// Runs a training under the thread sanitizer.
pub fn threads(report: &mut Report) -> Result<()> {
    if !here() {
        return report.skip("the thread sanitizer", elsewhere());
    }
    // The standard library is not built for the sanitizer, which takes what happens inside it, such as
    // the test harness' channels, for races: a program with threads of our own has none of that.
    let allowed = "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer";
    let build = [&["build"][..], &place("target/thread")].concat();
    cargo(&build, &environment(allowed))?;
    let program = root().join("target/thread").join(HOST).join("debug/chainrule");
    run(Command::new(program).args(["bench", "784-50-10:adam:100", "--threads", "3"]))
}

/// Runs a training under valgrind.
pub fn valgrind(report: &mut Report) -> Result<()> {
    if !installed("valgrind", "--version") {
        return report.skip("valgrind", "it is not installed");
    }
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--error-exitcode=1"])
        .arg(program()?)
        .args(["bench", "784-50-10:adam:10", "--threads", "2"])
        // Valgrind knows no AVX-512.
        .env("CHAINRULE_SIMD", "avx2");
    run(&mut command)
}

fn place(folder: &str) -> [&str; 5] {
    ["--locked", "--target", HOST, "--target-dir", folder]
}

fn here() -> bool {
    cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))
}

fn elsewhere() -> &'static str {
    "it is run on Linux for x86-64 alone"
}

/// For what the tests ask in vain, memory is refused as it is without a sanitizer.
fn environment(flags: &str) -> [(&str, &str); 3] {
    let refuse = ("ASAN_OPTIONS", "allocator_may_return_null=1");
    [("RUSTC_BOOTSTRAP", "1"), ("RUSTFLAGS", flags), refuse]
}
