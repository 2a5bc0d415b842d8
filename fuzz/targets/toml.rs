//! Configurations.
#![no_main]

use chainrule_train::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Config::from_toml(text);
});
