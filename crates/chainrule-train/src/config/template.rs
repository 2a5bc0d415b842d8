//! The settings file that `chainrule new` writes: the settings to begin with, and what else could be
//! set.

use std::fmt::Write as _;

use super::Config;
use chainrule::settings::{Described, Entry, Form, Setting, Value};
use chainrule_explain::{steers, visible};

/// What stands above some settings.
const HEADINGS: [(&str, &str); 4] = [
    (
        "hidden",
        "The network: hidden layers of these sizes with an activation after each, or `layers` below",
    ),
    ("batch_size", "The training"),
    ("loss", "The loss, the optimizer and the schedule, with all that each can be"),
    ("early_stopping", "Rarely needed"),
];

/// Where the comments on settings begin.
const COMMENTS: usize = 32;

impl Config {
    /// A file of these settings, with a comment on every setting; `about` are lines on the data itself,
    /// such as its columns.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// let config = Config { drop: vec!["an id".into()], ..Config::for_dataset("iris") };
    /// let text = config.template(&["150 examples of 3 classes".into()]);
    /// assert!(text.starts_with("# Settings of a training run"));
    /// assert_eq!(Config::from_toml(&text)?, config);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn template(&self, about: &[String]) -> String {
        let mut out = String::from(
            "# Settings of a training run: chainrule train FILE.toml\n\
             # Options of `chainrule train` override them. A line that begins with # is off.\n\n",
        );
        for line in about {
            let _ = writeln!(out, "# {}", visible(line));
        }
        let (usual, own) = (Self::for_dataset(&self.dataset).values(), self.values());
        for ((setting, value), usual) in Self::ENTRY.settings.iter().zip(own).zip(usual) {
            if let Some((_, heading)) = HEADINGS.iter().find(|(first, _)| *first == setting.name) {
                let _ = writeln!(out, "\n# {heading}:");
            }
            let is_usual = value == usual;
            let shown = match (setting.example, value) {
                (None, Some(value)) if is_usual => {
                    format!("{} = {}", setting.name, toml(&short(&setting.form, &value)))
                }
                (_, Some(value)) if !is_usual => format!("{} = {}", setting.name, toml(&value)),
                (example, _) => format!("# {} = {}", setting.name, example.unwrap_or("…")),
            };
            let _ = writeln!(out, "{shown:COMMENTS$} # {}", setting.told());
            kinds(&mut out, setting);
        }
        out
    }
}

/// A line for everything with settings of its own that a setting can be; for layers, what they are.
fn kinds(out: &mut String, setting: &Setting) {
    let (list, kinds) = match setting.form {
        Form::Kind(kinds) if !kinds.short => (false, kinds),
        Form::List(Form::Kind(kinds)) => (true, *kinds),
        _ => return,
    };
    for entry in (kinds.entries)() {
        if entry.settings.is_empty() && !list {
            continue;
        }
        let whole = whole(entry);
        let _ = match list {
            true => writeln!(out, "#   {whole:COMMENTS$} {}", entry.about()),
            false => writeln!(out, "# {} = {whole}", setting.name),
        };
    }
}

/// An entry with all its settings: a word, or a table.
fn whole(entry: &Entry) -> String {
    let settings = entry.settings.iter().map(|setting| {
        let usual = || setting.usual.and_then(|usual| usual()).map(|value| toml(&value));
        let shown = setting.example.map(str::to_owned).or_else(usual).unwrap_or_else(|| "…".into());
        format!(", {} = {shown}", setting.name)
    });
    match entry.settings {
        [] => format!("\"{}\"", entry.name),
        _ => format!("{{ kind = \"{}\"{} }}", entry.name, settings.collect::<String>()),
    }
}

/// A value of a kind with those of its settings alone that are not as usual: where all are, its word.
fn short(form: &Form, value: &Value) -> Value {
    let (Form::Kind(kinds), Value::Table(entries)) = (form, value) else { return value.clone() };
    let Some((kind, settings)) = entries.split_first() else { return value.clone() };
    let all = (kinds.entries)();
    let entry = all.iter().find(|entry| matches!(&kind.1, Value::Text(name) if name == entry.name));
    let usual = |name: &str| {
        let setting = entry?.settings.iter().find(|setting| setting.name == name)?;
        setting.usual.and_then(|usual| usual())
    };
    let own = settings.iter().filter(|(name, value)| usual(name).as_ref() != Some(value));
    let own: Vec<_> = own.cloned().collect();
    match own.is_empty() {
        true => kind.1.clone(),
        false => Value::Table(std::iter::once(kind.clone()).chain(own).collect()),
    }
}

fn toml(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Number(number) => format!("{number:?}"),
        // What ends lines would make a text of several.
        Value::Text(text) if text.contains(steers) => quoted(text),
        Value::Text(text) => toml::Value::from(text.as_str()).to_string(),
        Value::List(values) => {
            format!("[{}]", values.iter().map(toml).collect::<Vec<_>>().join(", "))
        }
        Value::Table(entries) => {
            let entries =
                entries.iter().map(|(name, value)| format!("{} = {}", key(name), toml(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A key, in quotes where it is no plain word.
fn key(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    match !name.is_empty() && name.chars().all(is_plain) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A text in quotes on one line: the escapes of JSON are TOML's too.
fn quoted(text: &str) -> String {
    let shown = |letter: char| match steers(letter) {
        true => format!("\\u{:04x}", letter as u32),
        false => letter.into(),
    };
    serde_json::Value::from(text).to_string().chars().map(shown).collect()
}
