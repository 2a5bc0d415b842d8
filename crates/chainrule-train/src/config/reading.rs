//! Reading a settings file so that every error shows its line, and the nearest right word.

use std::ops::Range;

use chainrule::error::Error;
use chainrule::settings::{self, Entry, Form, KIND, Kinds};
use chainrule_explain::{cut, visible, width};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong, and where in the text.
#[derive(Debug)]
pub(super) struct Fault {
    span: Range<usize>,
    message: String,
}

impl Fault {
    pub(super) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// The error with its place in the text, and carets below it.
    pub(super) fn within(self, text: &str) -> Error {
        let start = floor(text, self.span.start);
        let end = floor(text, self.span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let number = text[..start].matches('\n').count() + 1;
        let before = &text[line_start..start];
        let marked = text[start..end].lines().next().unwrap_or("");
        let rest = line.get(before.len() + marked.len()..).unwrap_or("");
        let column = before.chars().count() + 1;
        let excerpt = excerpt(number, before, marked, rest);
        Error::Text { message: self.message, line: number, column, excerpt }
    }
}

/// A line with carets under what is `marked`; of a long one, what is around that.
fn excerpt(number: usize, before: &str, marked: &str, rest: &str) -> String {
    const AROUND: usize = 36;
    // The end, for what stands before.
    let turned = |text: &str| text.chars().rev().collect::<String>();
    let before = turned(&cut(&turned(&visible(before)), AROUND));
    let [marked, rest] = [marked, rest].map(|text| cut(&visible(text), AROUND));
    let margin = " ".repeat(number.to_string().len());
    let (blank, carets) = (" ".repeat(width(&before)), "^".repeat(width(&marked).max(1)));
    format!(" {number} | {before}{marked}{rest}\n {margin} | {blank}{carets}")
}

/// The last character boundary up to `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Self {
        Self { span: error.span().unwrap_or(0..0), message: error.message().into() }
    }
}

/// A value of the file with its place.
#[derive(Clone, Copy)]
pub(super) struct Value<'t>(&'t Spanned<DeValue<'t>>);

impl<'t> Value<'t> {
    pub(super) fn span(&self) -> Range<usize> {
        self.0.span()
    }

    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault::at(self.span(), message)
    }

    fn wants<R>(&self, wanted: &str) -> Result<R, Fault> {
        let article = if self.0.get_ref().type_str().starts_with(['a', 'i']) { "an" } else { "a" };
        let found = self.0.get_ref().type_str();
        Err(self.fault(format!("this is {article} {found}, but it must be {wanted}")))
    }

    /// A real number; a whole one will do.
    pub(super) fn real(&self) -> Result<f64, Fault> {
        let text = match self.0.get_ref() {
            DeValue::Float(number) => number.as_str(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            _ => return self.wants("a number"),
        };
        text.parse().or_else(|_| self.wants("a number"))
    }

    /// A whole number of at least 0.
    pub(super) fn count<N: TryFrom<u64>>(&self) -> Result<N, Fault> {
        let DeValue::Integer(number) = self.0.get_ref() else {
            return self.wants("a whole number");
        };
        let parsed = u64::from_str_radix(number.as_str(), number.radix()).ok();
        parsed.and_then(|number| N::try_from(number).ok()).ok_or_else(|| {
            let most = u64::MAX >> (64 - 8 * size_of::<N>().min(8));
            self.fault(format!("this must be a whole number from 0 to {most}"))
        })
    }

    pub(super) fn text(&self) -> Result<&'t str, Fault> {
        match self.0.get_ref() {
            DeValue::String(text) => Ok(text.as_ref()),
            _ => self.wants("a string"),
        }
    }

    pub(super) fn flag(&self) -> Result<bool, Fault> {
        match self.0.get_ref() {
            DeValue::Boolean(flag) => Ok(*flag),
            _ => self.wants("true or false"),
        }
    }

    /// The value of a setting's form, every number in its domain; `name` is what messages call it.
    pub(super) fn read(&self, name: &str, form: &Form) -> Result<settings::Value, Fault> {
        use settings::Value;
        let value = match form {
            Form::Flag => Value::Flag(self.flag()?),
            Form::Number(_) => Value::Number(self.real()?),
            Form::Whole(_) => Value::Whole(self.count()?),
            Form::Text => Value::Text(self.text()?.into()),
            Form::List(form) => return self.list(name, form),
            Form::Table(entry) => {
                let (mut fields, what) = (self.fields()?, format!("`{name}`"));
                return Ok(Value::Table(fields.read(entry, &what, self)?));
            }
            Form::Map(form) => {
                let mut entries = Vec::new();
                for (key, value) in self.fields()?.entries() {
                    entries
                        .push((key.to_owned(), value.read(&format!("`{key}` of {name}"), form)?));
                }
                return Ok(Value::Table(entries));
            }
            Form::Kind(kinds) => return self.kind(kinds),
            Form::WordOrList(kinds, form) => match self.0.get_ref() {
                DeValue::Array(_) => return self.list(name, form),
                _ => return self.kind(kinds),
            },
        };
        form.check(name, &value).map_err(|error| self.fault(error.to_string()))?;
        Ok(value)
    }

    /// Each element of an array.
    fn list(&self, name: &str, form: &Form) -> Result<settings::Value, Fault> {
        let DeValue::Array(elements) = self.0.get_ref() else {
            return self.wants("an array, in [ and ]");
        };
        let name = format!("an element of {name}");
        let read = elements.iter().map(|element| Value(element).read(&name, form));
        Ok(settings::Value::List(read.collect::<Result<_, _>>()?))
    }

    /// The keys of a table.
    fn fields(&self) -> Result<Fields<'t>, Fault> {
        match self.0.get_ref() {
            DeValue::Table(table) => Ok(Fields::of(table)),
            _ => self.wants("a table such as { key = value }"),
        }
    }

    /// A thing of several kinds: its word, perhaps with its first setting after it (`affine 50`), or a
    /// table with the key `kind` and settings.
    fn kind(&self, kinds: &Kinds) -> Result<settings::Value, Fault> {
        let fault = |error: Error| self.fault(error.to_string());
        let (kind, settings) = match self.0.get_ref() {
            DeValue::String(text) => {
                let (entry, first) = kinds.word(text).map_err(fault)?;
                let what = format!("the {} `{}`", kinds.what, entry.name);
                if let (Some(setting), Some(value)) = (entry.settings.first(), &first) {
                    setting.form.check(setting.name, value).map_err(fault)?;
                }
                let missing = entry.settings.iter().skip(usize::from(first.is_some()));
                self.is_whole(&what, missing.filter(|setting| setting.usual.is_none()))?;
                return Ok(settings::Value::Text(text.as_ref().into()));
            }
            DeValue::Table(table) => {
                let mut fields = Fields::of(table);
                let kind = fields.get(KIND).ok_or_else(|| fault(kinds.without_kind()))?;
                let entry = kinds.entry(kind.text()?).map_err(|e| kind.fault(e.to_string()))?;
                let what = format!("the {} `{}`", kinds.what, entry.name);
                (entry.name, fields.read(entry, &what, self)?)
            }
            _ => return self.wants("a word, or a table such as { kind = \"…\" }"),
        };
        let kind = (KIND.to_owned(), settings::Value::Text(kind.into()));
        Ok(settings::Value::Table(std::iter::once(kind).chain(settings).collect()))
    }

    /// No setting is missing.
    fn is_whole(
        &self,
        what: &str,
        mut missing: impl Iterator<Item = &'static settings::Setting>,
    ) -> Result<(), Fault> {
        match missing.next() {
            None => Ok(()),
            Some(settings::Setting { name, form, .. }) => {
                let wanted = form.wanted();
                Err(self.fault(format!("{what} needs the setting `{name}`: {wanted}")))
            }
        }
    }
}

/// The keys of a table. What nobody asked for is an error at the [end](Fields::end).
#[derive(Default)]
pub(super) struct Fields<'t> {
    entries: Vec<(&'t str, Range<usize>, Value<'t>)>,
    asked: Vec<&'static str>,
}

impl<'t> Fields<'t> {
    pub(super) fn of(table: &'t DeTable<'t>) -> Self {
        let entry = |(key, value): (&'t Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let name: &std::borrow::Cow<'t, str> = key.get_ref();
            (name.as_ref(), key.span(), Value(value))
        };
        let mut entries: Vec<_> = table.iter().map(entry).collect();
        // The file's order, so that the first stranger is told of first.
        entries.sort_unstable_by_key(|(_, span, _)| span.start);
        Self { entries, asked: Vec::new() }
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        self.entries.iter().find(|(name, ..)| *name == key).map(|(.., value)| *value)
    }

    /// The settings of an entry that are there; `of` is the whole table.
    fn read(
        &mut self,
        entry: &Entry,
        what: &str,
        of: &Value<'t>,
    ) -> Result<Vec<(String, settings::Value)>, Fault> {
        let (mut given, mut missing) = (Vec::new(), Vec::new());
        for setting in entry.settings {
            match self.get(setting.name) {
                Some(value) => {
                    given.push((setting.name.to_owned(), value.read(setting.name, &setting.form)?));
                }
                None if setting.usual.is_none() => missing.push(setting),
                None => {}
            }
        }
        self.end(&format!("setting of {what}"))?;
        of.is_whole(what, missing.into_iter())?;
        Ok(given)
    }

    /// All keys with their values, for a table whose keys are the user's.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'t str, Value<'t>)> {
        self.entries.iter().map(|(name, _, value)| (*name, *value))
    }

    /// The place of a key's value.
    pub(super) fn place(&self, key: &str) -> Option<Range<usize>> {
        self.entries.iter().find(|(name, ..)| *name == key).map(|(.., value)| value.span())
    }

    /// Every key has been asked for.
    pub(super) fn end(&self, what: &str) -> Result<(), Fault> {
        let stranger = self.entries.iter().find(|(name, ..)| !self.asked.contains(name));
        let Some((name, span, _)) = stranger else { return Ok(()) };
        let known = self.asked.iter().filter(|name| **name != KIND).copied().collect::<Vec<_>>();
        let message = match known[..] {
            [] => format!("there is no {what} named `{name}`, as it has none"),
            _ => Error::unknown(what, *name, known).to_string(),
        };
        Err(Fault::at(span.clone(), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_the_place() {
        let text = "a = 1\n\tbé = 2 # c\n";
        let at = text.find('2').unwrap();
        let shown = Fault::at(at..at + 1, "too small").within(text).to_string();
        assert_eq!(shown, "line 2, column 7: too small\n 2 | \\tbé = 2 # c\n   |        ^");
    }

    #[test]
    fn a_place_beyond_the_text_is_its_end() {
        assert!(Fault::at(90..99, "cut").within("a = ").to_string().contains("column 5"));
        assert!(Fault::at(1..2, "within a letter").within("é").to_string().contains("column 1"));
    }
}
