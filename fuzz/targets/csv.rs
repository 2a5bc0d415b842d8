//! Tables as text: in memory and streamed.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let path = chainrule_fuzz::file("table.csv", bytes);
    chainrule_fuzz::load(&path, false);
    chainrule_fuzz::load(&path, true);
});
