//! NumPy's arrays, alone and in archives.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    chainrule_fuzz::load(&chainrule_fuzz::file("x.npz", bytes), false);
});
