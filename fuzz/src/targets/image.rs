//! Images of every format: the first bytes tell which.

use std::sync::LazyLock;

use chainrule_train::data::{Preparation, DataSource};

/// Made for grey images of 12 × 9 pixels.
static PREPARATION: LazyLock<Preparation> = LazyLock::new(|| {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/chainrule-train/tests/golden/data/grey");
    let source = DataSource { path: path.into(), ..DataSource::default() };
    source.load(&|_| unreachable!()).expect("good images").preparation
});

pub fn run(bytes: &[u8]) {
    let path = crate::files::file("image.png", bytes);
    let _ = PREPARATION.load(&path, false);
}
