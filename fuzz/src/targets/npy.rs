//! NumPy's arrays, alone and in archives.

pub fn run(bytes: &[u8]) {
    crate::files::load(&crate::files::file("x.npz", bytes), false);
}
