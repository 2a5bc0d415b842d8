//! How the columns of a table become features and targets; kept with the model.

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::dialect::{Like, Written};
use super::input::{Input, Notation, is_point};
use super::number::{LITTLE, single};
use super::pixels::{Pixels, Retouch, Seen};
use super::table::{Cell, Names, Table, number};
use super::{Dataset, Scale};
use chainrule::error::{Error, Result};
use chainrule::number::Number;
use chainrule_explain::visible;

/// What was learnt from the training part about its columns, to be applied to any other data: the
/// means and deviations of numbers, the categories of texts, the names of the classes.
///
/// A number becomes `(number − mean) / deviation`, and a missing one the mean, that is 0. A text
/// becomes one feature for each category, 1 for its own and 0 for the others; a missing one is a
/// category of its own if the training part had any. A category that the training part did not have
/// is 0 everywhere. Pixels go from 0 to 1 and are left as they are.
///
/// It is plain data for serde: a run keeps it as JSON.
///
/// ```
/// use chainrule_train::data::{Preparation, DataSource};
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("pets.csv");
/// std::fs::write(&path, "kg,coat,pet\n4,short,cat\n6,long,cat\n10,short,dog\n20,?,dog\n").unwrap();
/// let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
/// let preparation = source.load(&|_| unreachable!())?.preparation;
/// assert_eq!(preparation.class_names(), ["cat", "dog"]);
/// assert_eq!(preparation.feature_names(), ["kg", "coat=long", "coat=short", "coat missing"]);
///
/// let json = serde_json::to_string(&preparation).unwrap();
/// assert_eq!(serde_json::from_str::<Preparation>(&json).unwrap(), preparation);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    pub(super) inputs: Inputs,
    pub(super) outcome: Outcome,
    /// The column of sample weights.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) weight: Option<String>,
    /// How its numbers are written.
    #[serde(skip_serializing_if = "is_point", default)]
    pub(super) weight_decimal: Notation,
    /// Words for a missing value beside the usual ones.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub(super) na: Vec<String>,
    /// How the text of the training data is written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) written: Option<Written>,
    /// What is done to pictures first; it is not kept.
    #[serde(skip)]
    pub(super) retouch: Retouch,
    /// What images were like; runs from before it was kept stretched them to their size.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) seen: Option<Seen>,
}

/// Where features come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Inputs {
    Columns(Vec<Input>),
    Pixels(Pixels),
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The column's name (none for images), the classes, and how often each stands in the training
    /// part.
    Classes { column: Option<String>, names: Vec<String>, counts: Vec<u64> },
    /// The columns' names, and how they are standardised.
    Values {
        columns: Vec<String>,
        scales: Vec<Scale>,
        /// How the columns' numbers are written.
        #[serde(default)]
        decimals: Vec<Notation>,
        /// The means of the columns that are not standardised.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        means: Vec<f64>,
    },
}

/// What the training part's targets are, inputs aside.
pub(crate) enum UsualAnswer {
    /// How often each class occurs, and the name of the most frequent one.
    Classes(Vec<u64>, String),
    /// The means, as a model is to give them.
    Means(Vec<f64>),
}

impl UsualAnswer {
    /// The answer in words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::Classes(_, name) => format!("always saying `{}`", visible(name)),
            Self::Means(_) => "always saying the mean".into(),
        }
    }

    /// The outputs of a model that always gives it, of which there are `count`: of classes the logarithms
    /// of the frequencies, or of two that one output tells apart that of their ratio.
    pub(crate) fn outputs(&self, count: usize) -> Vec<f64> {
        // A class that never occurs is given half an example, so that its loss is a number.
        let log = |&count: &u64| Number::ln((count as f64).max(0.5));
        match self {
            Self::Classes(counts, _) => match counts.as_slice() {
                [first, second] if count == 1 => vec![log(second) - log(first)],
                all => all.iter().map(log).collect(),
            },
            Self::Means(means) => means.clone(),
        }
    }
}

/// How often each class stands among the labels.
///
/// # Errors
/// A label out of range.
pub(crate) fn class_counts(labels: &[u32], classes: usize) -> Result<Vec<u64>> {
    let mut counts = vec![0; classes];
    for &label in labels {
        let Some(count) = counts.get_mut(label as usize) else {
            return Err(Error::Label { place: "the data".into(), label: label as usize, classes });
        };
        *count += 1;
    }
    Ok(counts)
}

/// Weights for classes of so many examples that let each class count the same in all.
pub(crate) fn balanced(counts: &[u64]) -> Vec<f64> {
    let all = counts.iter().sum::<u64>() as f64;
    let weight = |&count: &u64| all / (counts.len() as f64 * count.max(1) as f64);
    counts.iter().map(weight).collect()
}

/// Which columns of a table a preparation reads.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) inputs: Vec<usize>,
    pub(super) targets: Vec<usize>,
    pub(super) weight: Option<usize>,
}

impl Preparation {
    /// The number of features of an example.
    ///
    /// ```
    /// # use chainrule_train::data::DataSource;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,b,y\n1,2,0.5\n2,3,1.5\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// # let preparation = source.load(&|_| unreachable!())?.preparation;
    /// assert_eq!(preparation.width(), 2); // the columns a and b
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn width(&self) -> usize {
        match &self.inputs {
            Inputs::Columns(columns) => columns.iter().map(Input::width).sum(),
            Inputs::Pixels(pixels) => pixels.count(),
        }
    }

    /// The names of the features: a column's, `column=category`, or `pixel row,column`.
    ///
    /// ```
    /// # use chainrule_train::data::DataSource;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,b,y\n1,u,0.5\n2,v,1.5\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// # let preparation = source.load(&|_| unreachable!())?.preparation;
    /// assert_eq!(preparation.feature_names(), ["a", "b=u", "b=v"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn feature_names(&self) -> Vec<String> {
        match &self.inputs {
            Inputs::Columns(columns) => columns.iter().flat_map(Input::names).collect(),
            Inputs::Pixels(pixels) => {
                let name = |index: usize| {
                    let (at, colour) = (index / pixels.colours, index % pixels.colours);
                    let colour = if pixels.colours == 1 {
                        ""
                    } else {
                        [" red", " green", " blue"][colour % 3]
                    };
                    format!("pixel {},{}{colour}", at / pixels.width, at % pixels.width)
                };
                (0..pixels.count()).map(name).collect()
            }
        }
    }

    /// The names of the classes in the order of their labels; none for regression.
    ///
    /// ```
    /// # use chainrule_train::data::DataSource;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,y\n1,no\n2,yes\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// # let preparation = source.load(&|_| unreachable!())?.preparation;
    /// assert_eq!(preparation.class_names(), ["no", "yes"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        match &self.outcome {
            Outcome::Classes { names, .. } => names,
            Outcome::Values { .. } => &[],
        }
    }

    /// The columns that are predicted; none where images are classified.
    ///
    /// ```
    /// # use chainrule_train::data::DataSource;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,y\n1,no\n2,yes\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// # let preparation = source.load(&|_| unreachable!())?.preparation;
    /// assert_eq!(preparation.target_names(), ["y"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn target_names(&self) -> &[String] {
        match &self.outcome {
            Outcome::Classes { column, .. } => column.as_slice(),
            Outcome::Values { columns, .. } => columns,
        }
    }

    /// How each target's values are standardised; nothing for classes, and for raw data.
    ///
    /// ```
    /// # use chainrule_train::data::DataSource;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,y\n1,10.5\n2,20.5\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// # let preparation = source.load(&|_| unreachable!())?.preparation;
    /// assert_eq!(preparation.scales()[0].mean, 15.5);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn scales(&self) -> &[Scale] {
        match &self.outcome {
            Outcome::Classes { .. } => &[],
            Outcome::Values { scales, .. } => scales,
        }
    }

    /// Whether inputs are columns of a table, and not pixels.
    pub(crate) fn is_of_table(&self) -> bool {
        matches!(self.inputs, Inputs::Columns(_))
    }

    /// What needs no inputs; `None` where an earlier version left it out.
    pub(crate) fn usual_answer(&self) -> Option<UsualAnswer> {
        match &self.outcome {
            Outcome::Classes { names, counts, .. } => {
                // Of equally frequent classes the first, as of equal outputs.
                let most = counts.iter().max()?;
                let class = counts.iter().position(|count| count == most)?;
                Some(UsualAnswer::Classes(counts.clone(), names.get(class)?.clone()))
            }
            Outcome::Values { scales, means, .. } => match (scales.len(), means.len()) {
                (0, 0) => None,
                (0, _) => {
                    // As the targets are held.
                    let held = means.iter().map(|&mean| f64::from(mean as f32));
                    Some(UsualAnswer::Means(held.collect()))
                }
                (count, _) => Some(UsualAnswer::Means(vec![0.0; count])),
            },
        }
    }

    /// Weights for the classes that let each count the same in all: the number of the training
    /// part's examples, divided by the number of classes and by that of the class's own examples,
    /// as scikit-learn's `class_weight="balanced"`. Empty for regression.
    ///
    /// ```
    /// # use chainrule_train::data::DataSource;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("t.csv");
    /// # std::fs::write(&path, "a,y\n1,no\n2,yes\n3,no\n4,no\n").unwrap();
    /// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
    /// # let preparation = source.load(&|_| unreachable!())?.preparation;
    /// // Three of `no`, one of `yes`: 4/(2·3) and 4/(2·1).
    /// assert_eq!(preparation.balanced_weights(), [2.0 / 3.0, 2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn balanced_weights(&self) -> Vec<f64> {
        let Outcome::Classes { counts, .. } = &self.outcome else { return Vec::new() };
        balanced(counts)
    }

    /// Finds the columns in a table that has them under the same names, in any order.
    pub(super) fn columns(
        &self,
        path: &Path,
        names: &[String],
        with_targets: bool,
    ) -> Result<Columns> {
        let Inputs::Columns(inputs) = &self.inputs else {
            return Err(Error::file(path, format!("is a table, but {}", self.wanted())));
        };
        let names = Names::new(path, names);
        let find = |name: &String| names.find(name);
        let targets: &[String] = if with_targets { self.target_names() } else { &[] };
        let weight = self.weight.as_ref().filter(|_| with_targets);
        Ok(Columns {
            inputs: inputs.iter().map(|input| find(&input.column)).collect::<Result<_>>()?,
            targets: targets.iter().map(find).collect::<Result<_>>()?,
            weight: weight.and_then(|name| find(name).ok()),
        })
    }

    /// The columns of numbers that are read, and how each is written.
    pub(super) fn notations(&mut self, columns: &Columns) -> Vec<(usize, &mut Notation)> {
        let mut found = Vec::new();
        if let Inputs::Columns(inputs) = &mut self.inputs {
            let inputs = columns.inputs.iter().zip(inputs);
            found.extend(inputs.filter_map(|(&column, input)| Some((column, input.notation()?))));
        }
        if let Outcome::Values { decimals, .. } = &mut self.outcome {
            decimals.resize(columns.targets.len(), Notation::default());
            found.extend(columns.targets.iter().copied().zip(decimals));
        }
        found.extend(columns.weight.map(|column| (column, &mut self.weight_decimal)));
        found
    }

    /// Whether examples become the same by either. What runs of before do not tell decides nothing
    /// of that: how text was written, and which columns had gaps.
    pub(crate) fn prepares_as(&self, other: &Self) -> bool {
        let decisive = |own: &Self| {
            let mut own = Self { written: None, ..own.clone() };
            if let Inputs::Columns(inputs) = &mut own.inputs {
                inputs.iter_mut().for_each(Input::forget_gaps);
            }
            own
        };
        decisive(self) == decisive(other)
    }

    /// What is known of the training data, to read other data alike.
    pub(super) fn like(&self, are_rows: bool) -> Like {
        let inputs = match &self.inputs {
            Inputs::Columns(columns) => columns.iter().map(|input| input.column.clone()).collect(),
            Inputs::Pixels(_) => self.feature_names(),
        };
        Like { written: self.written, inputs, targets: Vec::new(), are_rows }
    }

    /// The same for pictures that are retouched before they are read.
    ///
    /// # Errors
    /// The model reads no pictures.
    pub fn retouched(mut self, retouch: Retouch) -> Result<Self> {
        match &self.inputs {
            Inputs::Columns(_) if retouch != Retouch::default() => Err(Error::Mismatch(format!(
                "only pictures are inverted or centred, but {}",
                self.wanted()
            ))),
            _ => {
                self.retouch = retouch;
                Ok(self)
            }
        }
    }

    /// Whether images are stretched to their size, as those of runs were from before that is told.
    pub(crate) fn stretches(&self) -> bool {
        matches!(self.inputs, Inputs::Pixels(_)) && self.seen.is_none()
    }

    /// What the model reads, for messages.
    pub(super) fn wanted(&self) -> String {
        match &self.inputs {
            Inputs::Columns(columns) => {
                format!("the model reads tables with {} columns", columns.len())
            }
            Inputs::Pixels(pixels) => format!("the model reads images of {pixels}"),
        }
    }

    /// The examples of the `rows` of a table.
    pub(super) fn apply(
        &self,
        table: &Table,
        columns: &Columns,
        rows: impl ExactSizeIterator<Item = usize>,
    ) -> Result<Dataset> {
        let (width, len) = (self.width(), rows.len());
        let mut features = Vec::new();
        if features.try_reserve_exact(width.saturating_mul(len)).is_err() {
            let message = format!("{len} rows of {width} features do not fit into memory");
            return Err(Error::file(&table.path, message));
        }
        let (mut labels, mut values, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let classes: HashMap<&str, u32> =
            self.class_names().iter().map(String::as_str).zip(0..).collect();
        let Inputs::Columns(inputs) = &self.inputs else {
            return Err(Error::file(&table.path, format!("is a table, but {}", self.wanted())));
        };
        for row in rows {
            for (input, &column) in inputs.iter().zip(&columns.inputs) {
                let encoded = input.encode(table.cell(row, column), &mut features);
                encoded.map_err(|message| table.fail(row, column, message))?;
            }
            for (at, &column) in columns.targets.iter().enumerate() {
                let cell = table.target(row, column);
                let fail = |message: String| table.fail(row, column, message);
                match &self.outcome {
                    Outcome::Classes { .. } => {
                        labels.push(self.label(&classes, cell).map_err(fail)?);
                    }
                    Outcome::Values { decimals, .. } => {
                        let decimal = decimals.get(at).copied().unwrap_or_default().decimal();
                        let number = number(cell, decimal)
                            .and_then(|value| value.ok_or(TARGET_MISSING.into()));
                        let scale = self.scales().get(at);
                        values.push(number.and_then(|x| target(x, scale)).map_err(fail)?);
                    }
                }
            }
            if let Some(column) = columns.weight {
                let cell = table.cell(row, column);
                let weight = number(cell, self.weight_decimal.decimal()).ok().flatten();
                let weight = weight.filter(|&weight| weight >= 0.0);
                let fail = || table.fail(row, column, WEIGHT);
                weights.push(
                    single(weight.ok_or_else(fail)?)
                        .map_err(|message| table.fail(row, column, message))?,
                );
            }
        }
        let data = match &self.outcome {
            _ if columns.targets.is_empty() => Dataset::unlabelled(width, len, features),
            Outcome::Classes { names, .. } => Dataset::new(width, features, labels, names.len())?
                .with_class_names(names.clone())?,
            Outcome::Values { scales, .. } => {
                Dataset::regression(width, features, values)?.scaled(scales)
            }
        };
        if columns.weight.is_some() { data.with_weights(weights) } else { Ok(data) }
    }

    fn label(&self, classes: &HashMap<&str, u32>, cell: Cell<'_>) -> Result<u32, String> {
        let word = cell.word().ok_or(TARGET_MISSING)?;
        classes.get(word.as_ref()).copied().ok_or_else(|| {
            format!("the model has no class `{word}`; it has `{}`", self.shown_classes())
        })
    }

    /// The classes, for messages.
    pub(super) fn shown_classes(&self) -> String {
        let shown: Vec<&str> = self.class_names().iter().take(20).map(String::as_str).collect();
        shown.join("`, `")
    }
}

/// A target in 32 bits, standardised where there is a scale. The number itself is rounded to them before, on
/// which the bits of trainings stand, unless that takes much of what differs: far from zero 32 bits have no
/// digits left for it.
fn target(number: f64, scale: Option<&Scale>) -> Result<f32, String> {
    let rounded = single(number)?;
    let Some(&Scale { mean, deviation }) = scale else { return Ok(rounded) };
    let rounded = f64::from(rounded);
    // Of equal numbers, which are their own mean, 1 stands for the deviation.
    let is_near = deviation != 1.0 && (number - rounded).abs() <= LITTLE * deviation;
    single(((if is_near { rounded } else { number }) - mean) / deviation)
}

pub(super) const WEIGHT: &str = "a weight must be a number that is not negative";

pub(super) const TARGET_MISSING: &str =
    "the target is missing; delete such rows from the file, as they teach nothing";
