//! What `--help` says of a setting.

use chainrule::settings::{Described, Value};
use chainrule_explain::{CONSTANTS, Function, Language, Topic, wrapped};
use chainrule_train::Config;

/// The help of the option for a setting: what the table of settings says of it, how it is written, and
/// its usual value: for images, for tables and for `mnist`.
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
        let of = |dataset| usual(&Config::for_dataset(dataset));
        text += &match [of("a folder of images"), of("iris"), of("mnist")] {
            [Some(images), Some(tables), Some(lesson)] => {
                let others = [("tables", tables), ("mnist", lesson)].into_iter();
                let others = others.filter(|(_, usual)| *usual != images);
                let told = |(of, usual)| format!("; {of}: {usual}");
                format!(" [default: {images}{}]", others.map(told).collect::<String>())
            }
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

/// The help of an option for the topic of random exercises.
pub fn topic() -> String {
    let names = Topic::KINDS.names().join(", ");
    format!("Random exercises on a topic in place of an expression: {names}")
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
