//! The fuzzer of every target: one program, so that all are compiled in the time of one. `FUZZ_TARGET` names the target.
#![no_main]

mod edits;
mod files;
mod trained;

use std::sync::LazyLock;

/// Declares the targets, each a module with the function `run` of an input's bytes.
macro_rules! targets {
    ($($name:ident),*) => {
        mod targets {
            $(pub mod $name;)*
        }
        const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), targets::$name::run)),*];
    };
}
targets!(
    checkpoint,
    csv,
    expression,
    idx,
    image,
    journal,
    npy,
    parquet,
    prepared,
    rows,
    safetensors,
    settings,
    toml
);

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let asked = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(name, _)| *name == asked);
    let Some((_, target)) = found else {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        eprintln!("FUZZ_TARGET is `{asked}`, but it must be one of {}", names.join(", "));
        std::process::exit(2);
    };
    *target
});

libfuzzer_sys::fuzz_target!(init: { LazyLock::force(&TARGET); }, |bytes: &[u8]| TARGET(bytes));
