//! A run's parameters.
#![no_main]

use std::sync::LazyLock;

use chainrule::train::{Config, RunFolder};

static FOLDER: LazyLock<RunFolder> = LazyLock::new(|| {
    let path = chainrule_fuzz::file("run/model.safetensors", b"");
    let path = path.parent().expect("a file in a folder");
    RunFolder::create(path, &Config::default(), true).expect("a run's folder")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["parameters", "model", "optimizer"] {
        chainrule_fuzz::file(&format!("run/{name}.safetensors"), bytes);
    }
    let _ = FOLDER.load::<f32>();
});
