//! What `--help` says of a setting.

use chainrule::settings::{Described, Value};
use chainrule_explain::{CONSTANTS, Function, Language, wrapped};
use chainrule_train::Config;

/// The help of the option for a setting: what the table of settings says of it, how it is written, and
/// its usual value, for images and for tables.
pub fn setting(key: &str, how: &str) -> String {
    let all = Config::ENTRY.settings;
    let Some(at) = all.iter().position(|setting| setting.name == key) else {
        unreachable!("there is no setting `{key}` to tell of")
    };
    let setting = &all[at];
    let mut text = setting.told();
    if !how.is_empty() {
        text += &format!("; {how}");
    }
    if setting.example.is_none() {
        let usual = |of: &Config| of.values().swap_remove(at).map(|value| word(&value));
        let (images, tables) = (Config::default(), Config::for_dataset("iris"));
        text += &match (usual(&images), usual(&tables)) {
            (Some(all), same) if same.as_ref() == Some(&all) => format!(" [default: {all}]"),
            (Some(images), Some(tables)) => format!(" [default: {images}; tables: {tables}]"),
            _ => String::new(),
        };
    }
    text
}

/// A value in one word.
fn word(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(values) => values.iter().map(word).collect::<Vec<_>>().join(","),
        Value::Table(entries) => entries.first().map(|(_, kind)| word(kind)).unwrap_or_default(),
    }
}

/// The help of an option for the language.
pub fn language() -> String {
    format!("Language of the words: {}", Language::KINDS.names().join(" or "))
}

/// The functions and constants of expressions.
pub fn functions() -> String {
    let calls: Vec<String> = chainrule_explain::functions().iter().map(Function::call).collect();
    let constants: Vec<&str> = CONSTANTS.iter().map(|(name, _)| *name).collect();
    let mut text = String::from("Functions:\n");
    wrapped(&mut text, 2, &calls.join(", "));
    text += "\nConstants:\n";
    wrapped(&mut text, 2, &constants.join(", "));
    text
}
