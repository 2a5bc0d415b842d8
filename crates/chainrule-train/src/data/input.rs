//! A column of a table, and the features that become of it.

use serde::{Deserialize, Serialize};

use super::statistics::{MOST_WORDS, Statistics};
use super::table::Cell;

/// A column and what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Input {
    pub(super) column: String,
    #[serde(flatten)]
    encoding: Encoding,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
enum Encoding {
    /// The number itself.
    Raw,
    Standardised {
        mean: f64,
        deviation: f64,
    },
    OneHot {
        categories: Vec<String>,
        missing: bool,
    },
}

impl Input {
    /// Decides by the training part's values what becomes of a column.
    pub(super) fn fit(name: &str, values: &Statistics, raw: bool) -> Result<Self, String> {
        let encoding = match values.first_text() {
            Some(text) if raw => {
                return Err(format!("{text}; raw inputs (--raw) are numbers"));
            }
            None if raw => Encoding::Raw,
            None if values.numbers == 0 => {
                return Err(format!(
                    "column `{name}` has no value in the training part; leave it out of the table"
                ));
            }
            None => Encoding::Standardised { mean: values.mean, deviation: values.deviation() },
            Some(_) => {
                if let Some(slip) = values.slip() {
                    return Err(format!(
                        "{slip}, as almost all others of the column are; mend it, or leave it empty for a missing value"
                    ));
                }
                let Some(categories) = values.words() else {
                    return Err(format!(
                        "column `{name}` holds more than {MOST_WORDS} different texts, too many for categories; leave it out of the table"
                    ));
                };
                Encoding::OneHot { categories, missing: values.missing > 0 }
            }
        };
        Ok(Self { column: name.into(), encoding })
    }

    pub(super) fn width(&self) -> usize {
        match &self.encoding {
            Encoding::OneHot { categories, missing } => categories.len() + usize::from(*missing),
            Encoding::Raw | Encoding::Standardised { .. } => 1,
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let column = &self.column;
        match &self.encoding {
            Encoding::Raw | Encoding::Standardised { .. } => vec![column.clone()],
            Encoding::OneHot { categories, missing } => {
                let named = categories.iter().map(|category| format!("{column}={category}"));
                named.chain(missing.then(|| format!("{column} missing"))).collect()
            }
        }
    }

    /// Appends the features of a cell.
    pub(super) fn encode(&self, cell: Cell<'_>, features: &mut Vec<f32>) -> Result<(), String> {
        match &self.encoding {
            Encoding::Raw => {
                let number = number(cell)?.ok_or("the number is missing, which raw inputs need")?;
                features.push(single(number)?);
            }
            Encoding::Standardised { mean, deviation } => {
                let number = number(cell)?.unwrap_or(*mean);
                let standardised = single((number - mean) / deviation);
                features.push(standardised.map_err(|_| too_large(number))?);
            }
            Encoding::OneHot { categories, missing } => {
                let word = cell.word();
                let is = |category: &String| word.as_deref() == Some(category.as_str());
                features
                    .extend(categories.iter().map(|category| f32::from(u8::from(is(category)))));
                features.extend(missing.then(|| f32::from(u8::from(word.is_none()))));
            }
        }
        Ok(())
    }
}

/// The number of a cell; `None` if it is missing.
pub(super) fn number(cell: Cell<'_>) -> Result<Option<f64>, String> {
    match (cell, cell.number()) {
        (_, Some(number)) if number.is_finite() => Ok(Some(number)),
        (_, Some(number)) => Err(format!("{number} is not a finite number")),
        (Cell::Text(text), None) => Err(format!("`{text}` is not a number")),
        (Cell::Missing | Cell::Number(_), None) => Ok(None),
    }
}

/// The number in 32 bits.
pub(super) fn single(number: f64) -> Result<f32, String> {
    let single = number as f32;
    if single.is_finite() { Ok(single) } else { Err(too_large(number)) }
}

fn too_large(number: f64) -> String {
    format!("{number:e} is too large for 32 bits")
}
