//! The readers take files, so every input is written to one.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use chainrule_train::data::DataSource;
use tempfile::TempDir;

/// A folder in memory where there is one.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the inputs")
});

/// Writes the input to a file of that name.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.path().join(name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("a folder for the input");
    }
    std::fs::write(&path, bytes).expect("the input is written");
    path
}

/// What of the input is text, from its beginning.
pub fn text(bytes: &[u8]) -> &str {
    let good = bytes.utf8_chunks().next();
    good.map_or("", |chunk| chunk.valid())
}

/// Loads a path as training data, and reads it again as data to predict from.
pub fn load(path: &Path, stream: bool) {
    let path = path.display().to_string();
    let source =
        DataSource { path: path.clone(), stream, validation: Some(0.3), ..DataSource::default() };
    match source.load(&|_| unreachable!("no name is shipped")) {
        Ok(loaded) => {
            let order = loaded.train.order(0, 0);
            let mut rows = vec![0.0; order.len() * loaded.train.width()];
            // A streamed table tells of some errors only now.
            if let Err(error) = loaded.train.features(&order, &mut rows) {
                assert!(stream && error.to_string().contains(&path), "{error}");
            }
            let _ = loaded.preparation.load(Path::new(&path), false);
        }
        Err(error) => assert!(error.to_string().contains(&path), "the file is not named: {error}"),
    }
}
