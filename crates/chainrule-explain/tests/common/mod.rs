//! Files that were looked at before they were accepted.

use std::path::Path;

/// Compares a text with its file in `tests/snapshots`; `UPDATE_SNAPSHOTS=1` writes it anew: look at it again.
pub fn snapshot(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let place = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    assert!(
        expected == found,
        "{name} differs from its snapshot, first in line {place:?}; if that is right, run with \
         UPDATE_SNAPSHOTS=1 and look at it\n{found}"
    );
}
