//! Exercises on a sheet, and the same sheet with the answers.

use super::blanks::{Blanks, DIGITS};
use super::columns::wrapped_within;
use super::explainer::explain;
use super::model::Explanation;
use super::request::Request;
use super::text::SHEET_COLUMNS;
use super::topic::Topic;
use super::words::{Language, Words};
use chainrule::error::Result;

/// The walks through one or more expressions, in which every number that is to be found stands as a
/// blank: values forward, then local derivatives and gradients backward. Of both sheets, the one with
/// `answers` has them in the blanks, which have the same numbers.
///
/// ```
/// use chainrule_explain::{Request, Worksheet, values};
/// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
/// let sheet = |answers| Worksheet::of(&request, answers).map(|sheet| sheet.to_text());
/// assert!(sheet(false)?.contains("x * m = 3 × 2 = #1________"));
/// assert!(sheet(true)?.contains("x * m = 3 × 2 = #1 6"));
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Worksheet {
    exercises: Vec<(Explanation, Blanks)>,
    topic: Option<(Topic, u64)>,
    answers: bool,
    language: Language,
}

impl Worksheet {
    /// The walk through one expression.
    ///
    /// # Errors
    /// Those of [`explain`]; a walk too long, or arrays too large, for a sheet.
    pub fn of(request: &Request, answers: bool) -> Result<Self> {
        Self::new(std::slice::from_ref(request), None, answers, request.language)
    }

    /// So many random exercises on a topic, the same ones for the same seed.
    ///
    /// ```
    /// use chainrule_explain::{Language, Topic, Worksheet};
    /// let sheet = |answers| Worksheet::on(Topic::Matrix, 7, 3, answers, Language::English);
    /// assert!(sheet(false)?.to_text().lines().count() == sheet(true)?.to_text().lines().count());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Worksheet::of`], none of which the topics' exercises have.
    pub fn on(
        topic: Topic,
        seed: u64,
        count: usize,
        answers: bool,
        language: Language,
    ) -> Result<Self> {
        Self::new(&topic.exercises(count, seed), Some((topic, seed)), answers, language)
    }

    fn new(
        requests: &[Request],
        topic: Option<(Topic, u64)>,
        answers: bool,
        language: Language,
    ) -> Result<Self> {
        let exercises = requests.iter().map(|request| {
            let explanation = explain(&Request { language, ..request.clone() })?;
            let blanks = Blanks::of(&explanation, answers)?;
            Ok((explanation, blanks))
        });
        Ok(Self { exercises: exercises.collect::<Result<_>>()?, topic, answers, language })
    }

    /// The exercises, numbered where there are several.
    fn numbered(&self) -> impl Iterator<Item = (Option<usize>, &Explanation, &Blanks)> {
        let several = self.exercises.len() > 1;
        let numbered = self.exercises.iter().enumerate();
        numbered.map(move |(at, (e, blanks))| (several.then_some(at + 1), e, blanks))
    }

    /// What the sheet is about.
    fn title(&self) -> String {
        let words = Words::new(self.language);
        let what = words.get(if self.answers { "sheet-solution" } else { "sheet-exercise" });
        let Some((topic, seed)) = self.topic else { return what };
        let topic = words.get(match topic {
            Topic::ChainRule => "topic-chain-rule",
            Topic::Sigmoid => "topic-sigmoid",
            Topic::Softmax => "topic-softmax",
            Topic::Matrix => "topic-matrix",
        });
        let seed = words.say("sheet-seed", &[("seed", &seed.to_string())]);
        format!("{topic} – {what} ({seed})")
    }

    /// How it is filled in.
    fn legend(&self) -> Vec<String> {
        let words = Words::new(self.language);
        let rounded = self.exercises.iter().any(|(_, blanks)| blanks.rounded());
        let digits = DIGITS.to_string();
        let [blanks, id] = match self.answers {
            true => ["sheet-answers", "sheet-answers-rounded"],
            false => ["sheet-blanks", "sheet-rounded"],
        };
        let rounded = rounded.then(|| words.say(id, &[("digits", &digits)]));
        [words.get(blanks)].into_iter().chain(rounded).collect()
    }

    /// The sheet as one HTML page.
    #[must_use]
    pub fn to_html(&self) -> String {
        let exercises = self.numbered().map(|(at, e, blanks)| e.exercise_html(blanks, at));
        let exercises: String = exercises.collect();
        super::html::sheet(&Words::new(self.language), &self.title(), &self.legend(), &exercises)
    }

    /// The sheet as a LaTeX document that compiles as it is.
    #[must_use]
    pub fn to_latex(&self) -> String {
        let exercises = self.numbered().map(|(at, e, blanks)| e.exercise_latex(blanks, at));
        super::latex::sheet(&self.title(), &self.legend(), &exercises.collect::<String>())
    }

    /// The sheet as text of 60 columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        wrapped_within(&mut out, 0, &self.title(), SHEET_COLUMNS);
        for line in self.legend() {
            wrapped_within(&mut out, 0, &line, SHEET_COLUMNS);
        }
        for (at, e, blanks) in self.numbered() {
            out.push('\n');
            out += &e.exercise_text(blanks, at);
        }
        out
    }
}
