//! What stands behind the code that is `unsafe`: models of the barrier, sanitizers, valgrind.

use std::process::Command;

use anyhow::Result;

use super::{cargo, installed, root, run};

/// Explores the orders in which the threads of a barrier can run.
pub fn loom() -> Result<()> {
    let test = ["test", "--locked", "-p", "chainrule", "--lib", "--release"];
    let more = ["--target-dir", "target/loom", "barrier"];
    cargo(&[&test[..], &more].concat(), &[("RUSTFLAGS", "--cfg loom")])
}

/// The tests that reach the code that is `unsafe`.
const REACHING: [&str; 7] =
    ["--lib", "--test", "plan", "--test", "random_graphs", "--test", "soundness"];

/// Runs them under the address sanitizer, and trainings under the thread sanitizer and valgrind. The
/// stable toolchain ships the sanitizers' runtimes, but turns them on only for who says that it knows.
pub fn sanitize() -> Result<()> {
    const HOST: &str = "x86_64-unknown-linux-gnu";
    let place = |folder| ["--locked", "--target", HOST, "--target-dir", folder];
    let test = [&["test", "-p", "chainrule"][..], &REACHING, &place("target/address")].concat();
    cargo(&test, &environment("-Zsanitizer=address"))?;

    // The standard library is not built for the sanitizer, which takes what happens inside it, such as
    // the test harness' channels, for races: a program with threads of our own has none of that.
    let allowed = "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer";
    let build = [&["build"][..], &place("target/thread")].concat();
    cargo(&build, &environment(allowed))?;
    let program = root().join("target/thread").join(HOST).join("debug/chainrule");
    run(Command::new(program).args(["bench", "784-50-10:adam:100", "--threads", "3"]))?;

    if !installed("valgrind", "--version") {
        println!("skipped: valgrind (it is not installed)");
        return Ok(());
    }
    cargo(&["build", "--locked", "--release"], &[])?;
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--error-exitcode=1"])
        .arg(root().join("target/release/chainrule"))
        .args(["bench", "784-50-10:adam:10", "--threads", "2"])
        // Valgrind knows no AVX-512.
        .env("CHAINRULE_SIMD", "avx2");
    run(&mut command)
}

/// For what the tests ask in vain, memory is refused as it is without a sanitizer.
fn environment(flags: &str) -> [(&str, &str); 3] {
    let refuse = ("ASAN_OPTIONS", "allocator_may_return_null=1");
    [("RUSTC_BOOTSTRAP", "1"), ("RUSTFLAGS", flags), refuse]
}
