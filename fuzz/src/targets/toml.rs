//! Configurations.

use chainrule_train::Config;

pub fn run(bytes: &[u8]) {
    let text = crate::files::text(bytes);
    let _ = Config::from_toml(text);
}
