//! IDX files, plain and compressed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = chainrule_train::data::idx::read(&chainrule_fuzz::file("images-idx3-ubyte", bytes));
});
