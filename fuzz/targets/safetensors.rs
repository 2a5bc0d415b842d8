//! A run's parameters and its optimizer's state.
#![no_main]

use std::sync::LazyLock;

use chainrule_train::{Config, RunFolder};

static FOLDER: LazyLock<RunFolder> = LazyLock::new(|| {
    let path = chainrule_fuzz::file("beside", b"");
    let path = path.parent().expect("a file in a folder").join("run");
    RunFolder::create(&path, &Config::default(), false).expect("a run's folder")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = &*FOLDER;
    for name in ["model", "optimizer"] {
        chainrule_fuzz::file(&format!("run/{name}.safetensors"), bytes);
    }
    let _ = folder.load::<f32>();
});
