//! Configurations.
#![no_main]

use chainrule::train::Config;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Config::from_toml(text);
});
