//! The words of an explanation, one catalogue per language.
//!
//! The catalogues are Fluent files beside this one, compiled into the program. A message that a
//! language lacks is said in English.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

const ENGLISH: &str = include_str!("words/en.ftl");
const KOREAN: &str = include_str!("words/ko.ftl");

chainrule::kinds! {
    /// The language in which an explanation speaks.
    ///
    /// ```
    /// use chainrule_explain::Language;
    /// assert_eq!("ko".parse::<Language>()?, Language::Korean);
    /// assert!("xx".parse::<Language>().is_err());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy, Eq)]
    pub enum Language = "language", ' ', short {
        /// English.
        English = "en" | "english",
        /// Korean, the language of the lesson that this grew from.
        Korean = "ko" | "korean",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that writes the enum has no place for it")]
impl Default for Language {
    fn default() -> Self {
        Self::English
    }
}

impl Language {
    fn catalogue(self) -> &'static str {
        match self {
            Self::English => ENGLISH,
            Self::Korean => KOREAN,
        }
    }
}

/// One language's messages, by the names that the catalogues give them.
///
/// ```
/// use chainrule_explain::{Language, Words};
/// assert_eq!(Words::new(Language::English).get("step"), "step");
/// ```
pub struct Words {
    bundles: Vec<FluentBundle<FluentResource>>,
}

impl Words {
    /// The messages of `language`, English behind them.
    #[must_use]
    pub fn new(language: Language) -> Self {
        let mut catalogues = vec![language.catalogue()];
        if language != Language::English {
            catalogues.push(ENGLISH);
        }
        Self { bundles: catalogues.into_iter().map(bundle).collect() }
    }

    /// A message without gaps to fill.
    #[must_use]
    pub fn get(&self, id: &str) -> String {
        self.say(id, &[])
    }

    /// A message with its gaps filled.
    #[must_use]
    pub fn say(&self, id: &str, values: &[(&str, &str)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, *value);
        }
        let found = self.bundles.iter().find_map(|bundle| {
            let pattern = bundle.get_message(id)?.value()?;
            let mut errors = Vec::new();
            let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
            debug_assert!(errors.is_empty(), "{id}: {errors:?}");
            Some(text.into_owned())
        });
        debug_assert!(found.is_some(), "no message {id}");
        found.unwrap_or_else(|| id.into())
    }
}

fn bundle(catalogue: &str) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::default();
    // Terminals and pictures show the marks around a filled gap as rubbish.
    bundle.set_use_isolating(false);
    // A catalogue's mistakes are found by the test below; what can be read of it is used.
    let resource = match FluentResource::try_new(catalogue.into()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    let _ = bundle.add_resource(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages of a catalogue, with the gaps of each.
    fn messages(catalogue: &str) -> Vec<(String, Vec<String>)> {
        let lines = catalogue.lines().filter_map(|line| line.split_once(" = "));
        let gaps = |text: &str| {
            let mut gaps: Vec<String> = text
                .split("{ $")
                .skip(1)
                .map(|rest| rest.split(' ').next().unwrap_or("").into())
                .collect();
            gaps.sort();
            gaps.dedup();
            gaps
        };
        lines
            .filter(|(id, _)| !id.starts_with('#'))
            .map(|(id, text)| (id.into(), gaps(text)))
            .collect()
    }

    #[test]
    fn catalogues_have_no_mistakes_and_the_same_messages() {
        for catalogue in [ENGLISH, KOREAN] {
            assert!(FluentResource::try_new(catalogue.into()).is_ok());
        }
        let english = messages(ENGLISH);
        assert!(english.len() > 80);
        assert_eq!(english, messages(KOREAN));
    }
}
