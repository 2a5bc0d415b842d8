//! IDX files, plain and compressed.

pub fn run(bytes: &[u8]) {
    let _ = chainrule_train::data::idx::read(&crate::files::file("images-idx3-ubyte", bytes));
}
