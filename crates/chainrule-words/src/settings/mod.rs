//! What people set: layers, losses, optimizers and the rest as they stand in a settings file.
//!
//! Each is an entry: a name, a line of documentation, and its settings, each with a name, a form, a
//! usual value and a line of documentation of its own. The macros [`settings!`](crate::settings!) and
//! [`kinds!`](crate::kinds!) write the type and its entry from one text, so that rustdoc, files,
//! messages and help cannot disagree. A settings file, its template, a program's `--help` and the
//! suggestion of the nearest word read the entries alone.
//!
//! ```
//! use chainrule_words::settings::{Described, Form};
//!
//! chainrule_words::kinds! {
//!     /// What pulls.
//!     pub enum Force = "force", ' ' {
//!         /// A weight.
//!         Weight = "weight",
//!         /// A spring.
//!         Spring = "spring" {
//!             /// Newtons per metre.
//!             stiffness: f64 [Form::POSITIVE] = 10.0,
//!         },
//!     }
//! }
//! let names: Vec<&str> = Force::entries().iter().map(|entry| entry.name).collect();
//! assert_eq!(names, ["weight", "spring"]);
//! let stiffness = &Force::entries()[1].settings[0];
//! assert_eq!((stiffness.name, stiffness.form.wanted()), ("stiffness", "positive and finite".into()));
//! ```

mod value;
mod fields;
mod macros;

pub use fields::Field;
#[doc(hidden)]
pub use serde;
pub use value::Value;

use crate::error::{Error, Result};

/// A setting: one key of a file, or of a layer's or an optimizer's table.
#[derive(Debug)]
pub struct Setting {
    /// Its key.
    pub name: &'static str,
    /// What it may be.
    pub form: Form,
    /// Its usual value, which may be none; without it the setting must be given.
    pub usual: Option<fn() -> Option<Value>>,
    /// A value to show where the usual one is none or tells nothing, as TOML.
    pub example: Option<&'static str>,
    /// Its documentation, by lines.
    pub doc: &'static [&'static str],
}

impl Setting {
    /// Its documentation as one line without a stop at its end.
    #[must_use]
    pub fn about(&self) -> String {
        summary(self.doc)
    }

    /// As [`Setting::about`], with all kinds that it can be.
    ///
    /// ```
    /// chainrule_words::kinds! {
    ///     /// How numbers begin.
    ///     pub enum Init = "initialiser", ':', short {
    ///         /// As 0.
    ///         Zeros = "zeros",
    ///         /// At random.
    ///         Normal = "normal" {
    ///             /// The standard deviation.
    ///             deviation: f64,
    ///         },
    ///     }
    /// }
    /// chainrule_words::settings! {
    ///     /// A layer.
    ///     pub struct Layer = "layer" {
    ///         /// How the weights begin.
    ///         init: Init = Init::Zeros,
    ///     }
    /// }
    /// let init = Layer::ENTRY.setting("layer", "init")?;
    /// assert_eq!(init.told(), "How the weights begin: zeros, normal:<deviation>");
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    #[must_use]
    pub fn told(&self) -> String {
        let about = self.about();
        let (Form::Kind(kinds) | Form::WordOrList(kinds, _)) = self.form else { return about };
        let names = kinds.words().join(", ");
        match about.split_once(';') {
            None => format!("{about}: {names}"),
            Some((what, rest)) => format!("{what}: {names};{rest}"),
        }
    }
}

/// Something with a name and settings.
#[derive(Debug)]
pub struct Entry {
    /// Its name, in lower case with hyphens.
    pub name: &'static str,
    /// Other names that the field has for it.
    pub synonyms: &'static [&'static str],
    /// Its settings, in the order in which they are written.
    pub settings: &'static [Setting],
    /// Its documentation, by lines.
    pub doc: &'static [&'static str],
}

impl Entry {
    /// Its documentation's first paragraph as one line without a stop at its end.
    ///
    /// ```
    /// chainrule_words::settings! {
    ///     /// What pulls
    ///     /// back.
    ///     pub struct Spring = "spring";
    /// }
    /// assert_eq!(Spring::ENTRY.about(), "What pulls back");
    /// ```
    #[must_use]
    pub fn about(&self) -> String {
        summary(self.doc)
    }

    /// Whether a word names it: its name or a synonym, in any case, with any or no hyphens, blanks or
    /// underscores.
    fn is_named(&self, word: &str) -> bool {
        let plain = |name: &str| -> String {
            let letters = name.chars().filter(|c| !matches!(c, '-' | '_' | ' '));
            letters.flat_map(char::to_lowercase).collect()
        };
        let word = plain(word);
        std::iter::once(&self.name).chain(self.synonyms).any(|name| plain(name) == word)
    }

    /// The setting of that name.
    ///
    /// # Errors
    /// There is none, with the nearest name.
    pub fn setting(&self, what: &str, name: &str) -> Result<&'static Setting> {
        let found = self.settings.iter().find(|setting| setting.name == name);
        found.ok_or_else(|| match self.settings {
            [] => Error::Mismatch(format!("{what} has no settings, and so no `{name}`")),
            some => {
                let known = some.iter().map(|setting| setting.name);
                Error::unknown(format!("setting of {what}"), name, known)
            }
        })
    }
}

/// The first paragraph of a documentation as one line without a stop at its end.
fn summary(doc: &[&str]) -> String {
    let lines = doc.iter().map(|line| line.trim()).take_while(|line| !line.is_empty());
    let text = lines.collect::<Vec<_>>().join(" ");
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}

/// Numbers that a setting may be.
#[derive(Clone, Copy, Debug)]
pub struct Domain {
    /// What they are, in words that follow "must be".
    pub wanted: &'static str,
    /// Whether a number is one of them.
    pub holds: fn(f64) -> bool,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// True or false.
    Flag,
    /// A number.
    Number(Domain),
    /// A whole number of at least 0.
    Whole(Domain),
    /// Any text, such as a column's name.
    Text,
    /// One of several kinds.
    Kind(Kinds),
    /// Several of one form.
    List(&'static Form),
    /// Settings of their own.
    Table(&'static Entry),
    /// Values by names that the user chooses.
    Map(&'static Form),
    /// A word, or a list.
    WordOrList(Kinds, &'static Form),
}

impl Form {
    /// Any number.
    pub const ANY: Self = Self::Number(Domain { wanted: "a number", holds: |_| true });
    /// Any number but NaN and infinities.
    pub const FINITE: Self = Self::Number(Domain { wanted: "finite", holds: f64::is_finite });
    /// A number above 0.
    pub const POSITIVE: Self =
        Self::Number(Domain { wanted: "positive and finite", holds: |x| x > 0.0 && x.is_finite() });
    /// A number of at least 0.
    pub const NOT_NEGATIVE: Self = Self::Number(Domain {
        wanted: "at least 0 and finite",
        holds: |x| x >= 0.0 && x.is_finite(),
    });
    /// A share of which something remains.
    pub const SHARE: Self = Self::Number(Domain {
        wanted: "at least 0 and below 1",
        holds: |x| (0.0..1.0).contains(&x),
    });
    /// A share that may be none or all.
    pub const PART: Self =
        Self::Number(Domain { wanted: "from 0 to 1", holds: |x| (0.0..=1.0).contains(&x) });
    /// A share that is neither none nor all.
    pub const INNER: Self =
        Self::Number(Domain { wanted: "above 0 and below 1", holds: |x| x > 0.0 && x < 1.0 });
    /// A whole number, 0 among them.
    pub const COUNT: Self = Self::Whole(Domain { wanted: "a whole number", holds: |_| true });
    /// A whole number of at least 1.
    pub const SOME: Self = Self::Whole(Domain { wanted: "at least 1", holds: |x| x >= 1.0 });

    /// What a value must be, in words.
    #[must_use]
    pub fn wanted(&self) -> String {
        match self {
            Self::Flag => "true or false".into(),
            Self::Number(domain) | Self::Whole(domain) => domain.wanted.into(),
            Self::Text => "a text".into(),
            Self::Kind(kinds) => kinds.names().join(", "),
            Self::List(_) => "a list".into(),
            Self::Table(_) | Self::Map(_) => "a table".into(),
            Self::WordOrList(kinds, _) => format!("{}, or a list", kinds.names().join(", ")),
        }
    }

    /// Checks that every number of a value lies in its domain; `name` is what messages call it.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self, name: &str, value: &Value) -> Result<()> {
        match (self, value) {
            (Self::Number(domain) | Self::Whole(domain), value) => match value.number() {
                Some(number) => Error::check((domain.holds)(number), name, number, domain.wanted),
                None => Ok(()),
            },
            (Self::List(form) | Self::WordOrList(_, form), Value::List(values)) => {
                values.iter().try_for_each(|value| form.check(name, value))
            }
            (Self::Map(form), Value::Table(entries)) => entries
                .iter()
                .try_for_each(|(key, value)| form.check(&format!("`{key}` of {name}"), value)),
            (Self::Table(entry), Value::Table(given)) => check_all(entry, given),
            (Self::Kind(kinds), value) => match kinds.table(value) {
                Ok((entry, given)) => check_all(entry, &given),
                Err(error) => Err(error),
            },
            _ => Ok(()),
        }
    }
}

fn check_all(entry: &Entry, given: &[(String, Value)]) -> Result<()> {
    for setting in entry.settings {
        if let Some((_, value)) = given.iter().find(|(name, _)| name == setting.name) {
            setting.form.check(setting.name, value)?;
        }
    }
    Ok(())
}

/// A list of entries of which a setting is one.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    /// What they are, such as `optimizer`.
    pub what: &'static str,
    /// The entries.
    pub entries: fn() -> Vec<&'static Entry>,
    /// What stands between the name and the first setting where both are written as one word:
    /// `affine 50`, `normal:0.01`.
    pub separator: char,
    /// Whether one word is written where it says all; else a table always is.
    pub short: bool,
}

impl Kinds {
    /// The entries' names.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        (self.entries)().iter().map(|entry| entry.name).collect()
    }

    /// The entries' names, with the first setting where it must be given: `normal:<deviation>`.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let word = |entry: &&Entry| match entry.settings.first() {
            Some(Setting { name, usual: None, .. }) => {
                format!("{}{}<{name}>", entry.name, self.separator)
            }
            _ => entry.name.to_owned(),
        };
        (self.entries)().iter().map(word).collect()
    }

    /// The entry that a word names: by its name or a synonym, in any case.
    ///
    /// ```
    /// chainrule_words::kinds! {
    ///     /// What pulls.
    ///     pub enum Force = "force", ' ' {
    ///         /// A weight.
    ///         Weight = "weight" | "gravity",
    ///     }
    /// }
    /// assert_eq!(Force::KINDS.entry("weight")?.name, "weight");
    /// assert_eq!(Force::KINDS.entry("Gravity")?.name, "weight");
    /// let error = Force::KINDS.entry("wieght").unwrap_err().to_string();
    /// assert!(error.contains("did you mean `weight`?"));
    /// # Ok::<(), chainrule_words::Error>(())
    /// ```
    ///
    /// # Errors
    /// There is none, with the nearest name.
    pub fn entry(&self, name: &str) -> Result<&'static Entry> {
        let found = (self.entries)().into_iter().find(|entry| entry.is_named(name));
        found.ok_or_else(|| Error::unknown(self.what, name, self.names()))
    }

    /// The entry that a word names, and the value of its first setting where the word gives one.
    ///
    /// # Errors
    /// No entry has that name, or it has no setting to be given so.
    pub fn word(&self, word: &str) -> Result<(&'static Entry, Option<Value>)> {
        let (name, rest) = match word.trim().split_once(self.separator) {
            Some((name, rest)) => (name, Some(rest.trim())),
            None => (word, None),
        };
        let entry = self.entry(name)?;
        let Some(rest) = rest else { return Ok((entry, None)) };
        let what = self.what;
        match (entry.settings.first(), Value::of_word(rest)) {
            (Some(_), Some(value)) => Ok((entry, Some(value))),
            (None, _) => Err(Error::Mismatch(format!(
                "the {what} `{name}` has no settings, and so no `{rest}`"
            ))),
            (Some(first), None) => Err(Error::Mismatch(format!(
                "`{rest}` is no value of `{}`: beside its name a {what} has one number at most; give other settings as {{ kind = \"{name}\", … }}",
                first.name
            ))),
        }
    }

    /// A value as an entry and its settings' values: from a word, or from a table with the key `kind`.
    fn table(&self, value: &Value) -> Result<(&'static Entry, Vec<(String, Value)>)> {
        let what = self.what;
        match value {
            Value::Text(word) => {
                let (entry, first) = self.word(word)?;
                let first = entry.settings.iter().map(|s| s.name.to_owned()).zip(first);
                Ok((entry, first.collect()))
            }
            Value::Table(all) => {
                let kind = all.iter().find(|(key, _)| key == KIND).map(|(_, kind)| kind);
                let Some(Value::Text(kind)) = kind else {
                    return Err(self.without_kind());
                };
                let entry = self.entry(kind)?;
                let given: Vec<_> = all.iter().filter(|(key, _)| key != KIND).cloned().collect();
                for (key, _) in &given {
                    entry.setting(&format!("the {what} `{kind}`"), key)?;
                }
                Ok((entry, given))
            }
            other => Err(other.wants(what, "a word, or a table such as { kind = \"…\" }")),
        }
    }

    /// The error of a table that does not say its kind.
    #[must_use]
    pub fn without_kind(&self) -> Error {
        Error::Mismatch(format!("the {} needs a kind: {}", self.what, self.names().join(", ")))
    }
}

/// The key of a table that names the kind.
pub const KIND: &str = "kind";

/// A setting's name with what is wrong about it.
pub type Wrong = (&'static str, Error);

/// A type that is one of some entries: written by [`settings!`](crate::settings!) and
/// [`kinds!`](crate::kinds!).
pub trait Described: Sized {
    /// The entries, in the order in which they are listed.
    fn entries() -> Vec<&'static Entry>;

    /// The entry that this is.
    fn entry(&self) -> &'static Entry;

    /// The values of the entry's settings, in their order; none where there is nothing to write.
    fn values(&self) -> Vec<Option<Value>>;

    /// What the entry `name` is with the given values, and the usual ones in place of others; none
    /// where no entry has that name.
    ///
    /// # Errors
    /// A setting that must be given is missing, or a value has another form.
    fn build(name: &str, given: &[(String, Value)]) -> Result<Option<Self>, Wrong>;
}

/// The entry of a name that a variant has.
#[must_use]
pub fn entry_of<K: Described>(name: &str) -> &'static Entry {
    let entry = K::entries().into_iter().find(|entry| entry.name == name);
    entry.unwrap_or_else(|| unreachable!("every variant has an entry"))
}

/// Checks that every setting lies in its domain.
///
/// ```
/// use chainrule_words::settings::{self, Form};
///
/// chainrule_words::settings! {
///     /// A spring.
///     pub struct Spring = "spring" {
///         /// Newtons per metre.
///         stiffness: f64 [Form::POSITIVE] = 10.0,
///     }
/// }
/// let error = settings::check(&Spring { stiffness: 0.0 }).unwrap_err();
/// assert_eq!(error.to_string(), "stiffness is 0, but it must be positive and finite");
/// ```
///
/// # Errors
/// The first setting that does not.
pub fn check<K: Described>(kind: &K) -> Result<()> {
    check_each(kind).map_err(|(_, error)| error)
}

/// As [`check`], telling the setting's key.
///
/// # Errors
/// The first setting that does not lie in its domain, with its key.
pub fn check_each<K: Described>(kind: &K) -> Result<(), Wrong> {
    for (setting, value) in kind.entry().settings.iter().zip(kind.values()) {
        if let Some(value) = value {
            let checked = setting.form.check(setting.name, &value);
            checked.map_err(|error| (setting.name, error))?;
        }
    }
    Ok(())
}

/// Reads one of several kinds.
pub fn read_kind<K: Described>(kinds: &Kinds, value: &Value) -> Result<K> {
    let (entry, given) = kinds.table(value)?;
    let built = K::build(entry.name, &given).map_err(|(_, error)| error)?;
    built.ok_or_else(|| Error::unknown(kinds.what, entry.name, kinds.names()))
}

/// Writes one of several kinds: as one word where that says all and is wanted, else as a table.
pub fn write_kind<K: Described>(kinds: &Kinds, kind: &K) -> Value {
    let (entry, values) = (kind.entry(), kind.values());
    let given = || entry.settings.iter().zip(&values).filter_map(|(s, v)| Some((s, v.as_ref()?)));
    if kinds.short {
        let usual = |(setting, value): &(&Setting, &Value)| {
            setting.usual.is_some_and(|usual| usual().as_ref() == Some(*value))
        };
        let told: Vec<_> = given().filter(|pair| !usual(pair)).collect();
        match told[..] {
            [] => return Value::Text(entry.name.into()),
            [(setting, value)] if std::ptr::eq(setting, &raw const entry.settings[0]) => {
                if let Some(number) = value.number() {
                    return Value::Text(format!("{}{}{number}", entry.name, kinds.separator));
                }
            }
            _ => {}
        }
    }
    let kind = (KIND.to_owned(), Value::Text(entry.name.into()));
    let rest = given().map(|(setting, value)| (setting.name.to_owned(), value.clone()));
    Value::Table(std::iter::once(kind).chain(rest).collect())
}

/// Reads settings that stand in a table of their own.
pub fn read_table<K: Described>(entry: &Entry, value: &Value) -> Result<K> {
    let Value::Table(given) = value else { return Err(value.wants(entry.name, "a table")) };
    for (key, _) in given {
        entry.setting(&format!("`{}`", entry.name), key)?;
    }
    let built = K::build(entry.name, given).map_err(|(_, error)| error)?;
    built.ok_or_else(|| Error::unknown("table", entry.name, [entry.name]))
}

/// Writes settings as a table.
pub fn write_table<K: Described>(kind: &K) -> Value {
    let named = kind.entry().settings.iter().map(|setting| setting.name.to_owned());
    let given = named.zip(kind.values()).filter_map(|(name, value)| Some((name, value?)));
    Value::Table(given.collect())
}

/// The value that is given for a field, read; the `usual` one where none is given.
///
/// # Errors
/// The value has another form, or there is none and no usual one.
pub fn field<F: Field>(
    of: &str,
    name: &'static str,
    given: &[(String, Value)],
    usual: Option<F>,
) -> Result<F, Wrong> {
    match (given.iter().find(|(key, _)| key == name), usual) {
        (Some((_, value)), _) => F::read(name, value).map_err(|error| (name, error)),
        (None, Some(usual)) => Ok(usual),
        (None, None) => {
            let error = format!("`{of}` needs the setting `{name}`: {}", F::FORM.wanted());
            Err((name, Error::Mismatch(error)))
        }
    }
}
