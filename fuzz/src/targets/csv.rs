//! Tables as text: in memory and streamed.

pub fn run(bytes: &[u8]) {
    let path = crate::files::file("table.csv", bytes);
    crate::files::load(&path, false);
    crate::files::load(&path, true);
}
