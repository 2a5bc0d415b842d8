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
const REACHING: [&str; 5] = ["--lib", "--test", "plan", "--test", "random_graphs"];

/// Runs them under the address and the thread sanitizer, and a training under valgrind. The stable
/// toolchain ships the sanitizers' runtimes, but turns them on only for who says that it knows.
pub fn sanitize() -> Result<()> {
    let host = "x86_64-unknown-linux-gnu";
    for (sanitizer, folder) in [("address", "target/address"), ("thread", "target/thread")] {
        // The standard library is not built for the sanitizer, which it does no harm.
        let allowed = "-Cunsafe-allow-abi-mismatch=sanitizer";
        let flags = format!("-Zsanitizer={sanitizer} {allowed}");
        let test = ["test", "--locked", "-p", "chainrule"];
        let place = ["--target", host, "--target-dir", folder];
        let environment = [("RUSTC_BOOTSTRAP", "1"), ("RUSTFLAGS", flags.as_str())];
        cargo(&[&test[..], &REACHING, &place].concat(), &environment)?;
    }
    if !installed("valgrind", "--version") {
        println!("skipped: valgrind (it is not installed)");
        return Ok(());
    }
    cargo(&["build", "--locked", "--release"], &[])?;
    // Valgrind knows no AVX-512.
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--error-exitcode=1"])
        .arg(root().join("target").join("release").join("chainrule"))
        .args(["bench", "64-32-10:adam:16", "--threads", "2"])
        .env("CHAINRULE_SIMD", "avx2");
    run(&mut command)
}
