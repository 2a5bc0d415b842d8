//! Reading a settings file so that every error shows its line, and the nearest right word.

use std::ops::Range;

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

    /// The message with the line that it speaks of, and carets below the place.
    pub(super) fn show(&self, text: &str) -> String {
        let start = floor(text, self.span.start);
        let end = floor(text, self.span.end).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let number = text[..start].matches('\n').count() + 1;
        let before = &text[line_start..start];
        let column = before.chars().count() + 1;
        // Tabs stay tabs, so that the carets stand below their place.
        let blank: String = before.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
        let marked = text[start..end].lines().next().unwrap_or("");
        let carets = "^".repeat(marked.chars().count().max(1));
        let margin = " ".repeat(number.to_string().len());
        format!(
            "line {number}, column {column}: {}\n {number} | {line}\n {margin} | {blank}{carets}",
            self.message
        )
    }
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

/// The known word nearest to `word`, where one is near.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |to: &str| strsim::damerau_levenshtein(&word.to_lowercase(), to);
    let near = known.iter().copied().min_by_key(|to| distance(to))?;
    // A short word may differ by a third of its letters, a long one by three.
    (distance(near) <= (near.len().max(word.len()) / 3).clamp(1, 3)).then_some(near)
}

/// `there is no … `word``, with a suggestion.
pub(super) fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("there is no {what} `{word}`; did you mean `{near}`?"),
        None => format!("there is no {what} `{word}`; there are: {}", known.join(", ")),
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

    /// Each element of an array, read by `read`.
    pub(super) fn list<R>(
        &self,
        read: impl Fn(&Value<'t>) -> Result<R, Fault>,
    ) -> Result<Vec<R>, Fault> {
        match self.0.get_ref() {
            DeValue::Array(elements) => {
                elements.iter().map(|element| read(&Value(element))).collect()
            }
            _ => self.wants("an array, in [ and ]"),
        }
    }

    /// The value without its place: a number, a word or a flag.
    pub(super) fn plain(&self) -> Result<toml::Value, Fault> {
        match self.0.get_ref() {
            DeValue::Float(_) => self.real().map(Into::into),
            DeValue::Integer(_) => self.count::<i64>().map(Into::into),
            DeValue::Boolean(flag) => Ok((*flag).into()),
            DeValue::String(text) => Ok(text.as_ref().into()),
            _ => self.wants("a number, a word, or true or false"),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        self.0.get_ref().is_str()
    }

    /// The keys of a table.
    pub(super) fn fields(&self) -> Result<Fields<'t>, Fault> {
        match self.0.get_ref() {
            DeValue::Table(table) => Ok(Fields::of(table)),
            _ => self.wants("a table such as { key = value }"),
        }
    }

    /// A thing of several kinds: its word alone, or a table with the key `kind` and settings.
    pub(super) fn kind(
        &self,
        what: &'static str,
        known: &[&'static str],
    ) -> Result<(&'static str, Fields<'t>), Fault> {
        let (value, fields) = match self.0.get_ref() {
            DeValue::String(_) => (*self, Fields::default()),
            DeValue::Table(table) => {
                let mut fields = Fields::of(table);
                let Some(kind) = fields.get("kind") else {
                    return Err(
                        self.fault(format!("the {what} needs a kind: {}", known.join(", ")))
                    );
                };
                (kind, fields)
            }
            _ => return self.wants("a word, or a table such as { kind = \"…\" }"),
        };
        Ok((value.word(what, known)?, fields))
    }

    /// One of the known words.
    pub(super) fn word(&self, what: &str, known: &[&'static str]) -> Result<&'static str, Fault> {
        let text = self.text()?;
        let found = known.iter().copied().find(|&known| known == text);
        found.ok_or_else(|| self.fault(unknown(what, text, known)))
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
        entries.sort_by_key(|(_, span, _)| span.start);
        Self { entries, asked: Vec::new() }
    }

    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        self.entries.iter().find(|(name, ..)| *name == key).map(|(.., value)| *value)
    }

    /// Replaces a setting by the key's value, where the key is there.
    pub(super) fn read<R>(
        &mut self,
        key: &'static str,
        setting: &mut R,
        read: impl FnOnce(&Value<'t>) -> Result<R, Fault>,
    ) -> Result<(), Fault> {
        if let Some(value) = self.get(key) {
            *setting = read(&value)?;
        }
        Ok(())
    }

    /// Replaces an optional setting.
    pub(super) fn read_some<R>(
        &mut self,
        key: &'static str,
        setting: &mut Option<R>,
        read: impl FnOnce(&Value<'t>) -> Result<R, Fault>,
    ) -> Result<(), Fault> {
        self.read(key, setting, |value| read(value).map(Some))
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
    pub(super) fn end(self, what: &str) -> Result<(), Fault> {
        let stranger = self.entries.iter().find(|(name, ..)| !self.asked.contains(name));
        match stranger {
            None => Ok(()),
            Some((name, span, _)) => Err(Fault::at(span.clone(), unknown(what, name, &self.asked))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_the_place() {
        let text = "a = 1\n\tbé = 2 # c\n";
        let at = text.find('2').unwrap();
        let shown = Fault::at(at..at + 1, "too small").show(text);
        assert_eq!(shown, "line 2, column 7: too small\n 2 | \tbé = 2 # c\n   | \t     ^");
    }

    #[test]
    fn a_place_beyond_the_text_is_its_end() {
        assert!(Fault::at(90..99, "cut").show("a = ").contains("column 5"));
        assert!(Fault::at(1..2, "within a letter").show("é").contains("column 1"));
    }

    #[test]
    fn near_words_are_suggested_and_far_ones_are_not() {
        assert_eq!(nearest("batchsize", &["batch_size", "lr"]), Some("batch_size"));
        assert_eq!(nearest("Adam", &["sgd", "adam"]), Some("adam"));
        assert_eq!(nearest("momentum", &["lr", "epochs"]), None);
    }
}
