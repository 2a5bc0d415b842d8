//! Parquet tables, in memory and streamed.
#![no_main]

use std::sync::Once;

/// The crate's panics are caught by the reader; one that is not caught ends the run all the same.
static QUIET: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    let path = chainrule_fuzz::file("table.parquet", bytes);
    chainrule_fuzz::load(&path, false);
    chainrule_fuzz::load(&path, true);
});
