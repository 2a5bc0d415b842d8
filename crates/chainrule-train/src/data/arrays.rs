//! A preparation as named arrays, for programs that do not know its form.

use super::Preparation;
use super::dialect::Written;
use super::input::{FeatureKind, Input, Rule};
use super::number::GAPS;
use super::preparation::{Inputs, Outcome};

/// The arrays' names. Those of inputs have an element for each feature, but `input.gaps` and
/// `input.pixels`; those of outputs for each class or value.
pub(crate) const ARRAYS: [&str; 11] = [
    "input.column",
    "input.kind",
    "input.form",
    "input.category",
    "input.mean",
    "input.deviation",
    "input.gaps",
    "input.pixels",
    "output.name",
    "output.mean",
    "output.deviation",
];

/// How many of `input.gaps` are meant in any case, before those that the user named.
pub(crate) const USUAL_GAPS: usize = 1 + GAPS.len();

/// The elements of an array with one axis.
pub(crate) enum TextsOrNumbers {
    Texts(Vec<String>),
    Numbers(Vec<f64>),
}

/// A column, and which features are made of it.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) features: std::ops::Range<usize>,
    pub(crate) kind: SourceKind,
}

/// How a column's features tell its value.
pub(crate) enum SourceKind {
    /// By one number, less the mean and divided by the deviation.
    Number { mean: f64, deviation: f64 },
    /// By a 1 in the place of a category, or in that of no value.
    Categories(Vec<Option<String>>),
    /// By its parts.
    Date,
}

impl Preparation {
    /// The columns, kinds, forms, categories, means and deviations of the features, the words for a gap; or
    /// the height, width and colours of images; and the names, means and deviations of what is predicted.
    pub(crate) fn arrays(&self) -> Vec<(&'static str, TextsOrNumbers)> {
        use TextsOrNumbers::{Numbers, Texts};
        let mut arrays = match &self.inputs {
            Inputs::Columns(columns) => {
                let rules: Vec<_> = columns
                    .iter()
                    .flat_map(|input| {
                        input.rules().into_iter().map(|rule| (input.column.clone(), rule))
                    })
                    .collect();
                let words = |of: &dyn Fn(&Rule) -> String| {
                    Texts(rules.iter().map(|(_, rule)| of(rule)).collect())
                };
                let gaps = [""].into_iter().chain(GAPS).map(str::to_owned);
                vec![
                    ("input.column", Texts(rules.iter().map(|(name, _)| name.clone()).collect())),
                    ("input.kind", words(&|rule| rule.kind.name().into())),
                    ("input.form", words(&|rule| rule.form.into())),
                    ("input.category", words(&|rule| rule.category.clone())),
                    ("input.mean", Numbers(rules.iter().map(|(_, rule)| rule.mean).collect())),
                    (
                        "input.deviation",
                        Numbers(rules.iter().map(|(_, rule)| rule.deviation).collect()),
                    ),
                    ("input.gaps", Texts(gaps.chain(self.na.iter().cloned()).collect())),
                ]
            }
            Inputs::Pixels(of) => {
                let sides = [of.height, of.width, of.colours].map(|size| size as f64);
                vec![("input.pixels", Numbers(sides.into()))]
            }
        };
        match &self.outcome {
            Outcome::Classes { names, .. } => arrays.push(("output.name", Texts(names.clone()))),
            Outcome::Values { columns, scales, .. } => {
                let of = |at: usize| scales.get(at).map_or((0.0, 1.0), |s| (s.mean, s.deviation));
                let (means, deviations) = (0..columns.len()).map(of).unzip();
                arrays.push(("output.name", Texts(columns.clone())));
                arrays.push(("output.mean", Numbers(means)));
                arrays.push(("output.deviation", Numbers(deviations)));
            }
        }
        arrays
    }

    /// The columns of a table with their features; none for images.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let Inputs::Columns(columns) = &self.inputs else { return Vec::new() };
        let mut start = 0;
        let source = |input: &Input| {
            let rules = input.rules();
            let features = start..start + rules.len();
            start = features.end;
            let kind = match rules.as_slice() {
                [Rule { kind: FeatureKind::Number, mean, deviation, .. }] => {
                    SourceKind::Number { mean: *mean, deviation: *deviation }
                }
                [Rule { kind: FeatureKind::Category | FeatureKind::Missing, .. }, ..] => {
                    let name = |rule: &Rule| {
                        (rule.kind == FeatureKind::Category).then(|| rule.category.clone())
                    };
                    SourceKind::Categories(rules.iter().map(name).collect())
                }
                _ => SourceKind::Date,
            };
            Source { name: input.column.clone(), features, kind }
        };
        columns.iter().map(source).collect()
    }

    /// Whether a feature is of such a kind.
    pub(crate) fn has_kind(&self, is: impl Fn(FeatureKind) -> bool) -> bool {
        let Inputs::Columns(columns) = &self.inputs else { return false };
        columns.iter().flat_map(Input::rules).any(|rule| is(rule.kind))
    }

    /// How text was written that it was fitted on.
    pub(crate) fn text(&self) -> Written {
        self.written.unwrap_or_default()
    }

    /// Height, width and colours of its images; `None` for tables.
    pub(crate) fn pixels(&self) -> Option<[usize; 3]> {
        match &self.inputs {
            Inputs::Columns(_) => None,
            Inputs::Pixels(pixels) => Some([pixels.height, pixels.width, pixels.colours]),
        }
    }
}
