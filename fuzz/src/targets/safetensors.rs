//! A run's parameters and its optimizer's state.

use std::sync::LazyLock;

use chainrule_train::{Config, RunFolder};

static FOLDER: LazyLock<RunFolder> = LazyLock::new(|| {
    let path = crate::files::file("beside", b"");
    let path = path.parent().expect("a file in a folder").join("run");
    RunFolder::create(&path, &Config::default(), false).expect("a run's folder")
});

pub fn run(bytes: &[u8]) {
    let folder = &*FOLDER;
    for name in ["model", "optimizer"] {
        crate::files::file(&format!("run/{name}.safetensors"), bytes);
    }
    let _ = folder.load::<f32>();
}
