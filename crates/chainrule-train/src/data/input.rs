//! A column of a table, and the features that become of it.

use serde::{Deserialize, Serialize};

use super::date::{DatePart, Order};
use super::list::item;
use super::looks::Kind;
use super::number::{Decimal, single, too_large};
use super::statistics::{MOST_WORDS, Moments, Statistics};
use super::table::{Cell, moment, number};

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
    Raw {
        #[serde(default, skip_serializing_if = "is_point")]
        decimal: Notation,
    },
    Standardised {
        #[serde(flatten)]
        scale: Scale,
        #[serde(default, skip_serializing_if = "is_point")]
        decimal: Notation,
        #[serde(default = "unknown", skip_serializing_if = "is_known")]
        gaps: bool,
    },
    OneHot {
        categories: Vec<String>,
        missing: bool,
    },
    /// Parts of a date, each standardised.
    Date {
        order: Order,
        parts: Vec<(DatePart, Scale)>,
        #[serde(default = "unknown", skip_serializing_if = "is_known")]
        gaps: bool,
    },
}

/// How a cell differs from all of the training part's column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Surprise {
    None,
    Gap,
    Value,
}

/// Whether the training part's column has gaps, where nobody wrote it down.
fn unknown() -> bool {
    true
}

fn is_known(gaps: &bool) -> bool {
    *gaps
}

/// What a feature tells of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FeatureKind {
    Number,
    Category,
    /// Whether there is no value.
    Missing,
    Date(DatePart),
}

impl FeatureKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Category => "category",
            Self::Missing => "missing",
            Self::Date(part) => part.name(),
        }
    }
}

/// How a feature is made of a cell, in words and numbers for other programs.
pub(super) struct Rule {
    pub(super) kind: FeatureKind,
    /// The decimal separator, or the order of a date's parts.
    pub(super) form: &'static str,
    pub(super) category: String,
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

/// What is said of a column.
pub(super) enum Told {
    Number,
    Categories(usize),
    /// In this order, and what is taken of them.
    Date(Order, Vec<&'static str>),
}

/// How a number becomes a feature: less the mean, divided by the deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Scale {
    mean: f64,
    deviation: f64,
}

impl Scale {
    fn of(moments: &Moments) -> Self {
        Self { mean: moments.mean, deviation: moments.deviation() }
    }

    /// The feature of a number; a missing one is the mean.
    fn feature(self, number: Option<f64>) -> Result<f32, String> {
        let number = number.unwrap_or(self.mean);
        single((number - self.mean) / self.deviation).map_err(|_| too_large(number))
    }
}

/// A decimal separator as it is kept with a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Notation {
    #[default]
    #[serde(rename = ".")]
    Point,
    #[serde(rename = ",")]
    Comma,
}

pub(super) fn is_point(notation: &Notation) -> bool {
    *notation == Notation::Point
}

impl Notation {
    fn sign(self) -> &'static str {
        match self {
            Self::Point => ".",
            Self::Comma => ",",
        }
    }

    pub(super) fn decimal(self) -> Decimal {
        match self {
            Self::Point => Decimal::Point,
            Self::Comma => Decimal::Comma,
        }
    }
}

impl Notation {
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Point => "decimal point",
            Self::Comma => "decimal comma",
        }
    }
}

impl From<Decimal> for Notation {
    fn from(decimal: Decimal) -> Self {
        match decimal {
            Decimal::Point => Self::Point,
            Decimal::Comma => Self::Comma,
        }
    }
}

impl Input {
    /// What becomes of a column, by the training part's values; nothing where they tell
    /// nothing apart.
    ///
    /// # Errors
    /// Too many categories, or texts where raw numbers are wanted.
    pub(super) fn fit(name: &str, values: &Statistics, raw: bool) -> Result<Option<Self>, String> {
        let gaps = values.missing > 0;
        let encoding = match values.kind {
            Kind::Number(decimal) if raw => Encoding::Raw { decimal: decimal.into() },
            _ if raw => {
                return Err(format!(
                    "column `{name}` holds no numbers, which raw inputs (--raw) are"
                ));
            }
            Kind::Number(decimal) => {
                let scale = Scale::of(&values.numbers);
                Encoding::Standardised { scale, decimal: decimal.into(), gaps }
            }
            Kind::Date(order) => {
                let parts = DatePart::ALL.into_iter().zip(&values.dates);
                let [days, .., hour] = &values.dates;
                // Within a day, the hour tells all that the days do.
                let in_a_day = hour.varies() && days.deviation() < 0.5;
                let parts = parts.filter(|(part, moments)| {
                    moments.varies() && !(in_a_day && *part == DatePart::Days)
                });
                let parts = parts.map(|(part, moments)| (part, Scale::of(moments))).collect();
                Encoding::Date { order, parts, gaps }
            }
            Kind::Category => {
                let Some(categories) = values.words() else {
                    return Err(format!(
                        "column `{name}` holds more than {MOST_WORDS} different texts, too many for categories; leave it out by `--drop {}`",
                        item(name)
                    ));
                };
                Encoding::OneHot { categories, missing: gaps }
            }
        };
        let input = Self { column: name.into(), encoding };
        Ok((input.width() > 0).then_some(input))
    }

    /// What is said of the column.
    pub(super) fn told(&self) -> Told {
        match &self.encoding {
            Encoding::Raw { .. } | Encoding::Standardised { .. } => Told::Number,
            Encoding::OneHot { categories, .. } => Told::Categories(categories.len()),
            Encoding::Date { order, parts, .. } => {
                Told::Date(*order, parts.iter().map(|(part, _)| part.name()).collect())
            }
        }
    }

    /// The categories; none where it has none.
    pub(super) fn categories(&self) -> &[String] {
        match &self.encoding {
            Encoding::OneHot { categories, .. } => categories,
            Encoding::Raw { .. } | Encoding::Standardised { .. } | Encoding::Date { .. } => &[],
        }
    }

    pub(super) fn width(&self) -> usize {
        match &self.encoding {
            Encoding::OneHot { categories, missing } => categories.len() + usize::from(*missing),
            Encoding::Raw { .. } | Encoding::Standardised { .. } => 1,
            Encoding::Date { parts, .. } => parts.len(),
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        let column = &self.column;
        match &self.encoding {
            Encoding::Raw { .. } | Encoding::Standardised { .. } => vec![column.clone()],
            Encoding::Date { parts, .. } => {
                parts.iter().map(|(part, _)| format!("{column} {}", part.name())).collect()
            }
            Encoding::OneHot { categories, missing } => {
                let named = categories.iter().map(|category| format!("{column}={category}"));
                named.chain(missing.then(|| format!("{column} missing"))).collect()
            }
        }
    }

    /// How a cell differs from what the training part had.
    pub(super) fn surprise(&self, cell: Cell<'_>) -> Surprise {
        match (&self.encoding, cell) {
            (
                Encoding::Standardised { gaps: false, .. }
                | Encoding::Date { gaps: false, .. }
                | Encoding::OneHot { missing: false, .. },
                Cell::Missing,
            ) => Surprise::Gap,
            (Encoding::OneHot { categories, .. }, Cell::Number(_) | Cell::Text(_)) => {
                let word = cell.word();
                let is_known = categories.iter().any(|known| word.as_deref() == Some(known));
                if is_known { Surprise::None } else { Surprise::Value }
            }
            _ => Surprise::None,
        }
    }

    /// How its numbers are written, if it has numbers.
    pub(super) fn notation(&mut self) -> Option<&mut Notation> {
        match &mut self.encoding {
            Encoding::Raw { decimal } | Encoding::Standardised { decimal, .. } => Some(decimal),
            Encoding::OneHot { .. } | Encoding::Date { .. } => None,
        }
    }

    /// Leaves open whether the training part had gaps, where they make no feature.
    pub(super) fn forget_gaps(&mut self) {
        if let Encoding::Standardised { gaps, .. } | Encoding::Date { gaps, .. } =
            &mut self.encoding
        {
            *gaps = unknown();
        }
    }

    /// What such a cell is taken as.
    pub(super) fn unseen_is(&self) -> &'static str {
        match &self.encoding {
            Encoding::OneHot { .. } => "none of its categories",
            _ => "the mean",
        }
    }

    /// How each of its features is made of a cell.
    pub(super) fn rules(&self) -> Vec<Rule> {
        let rule = |kind: FeatureKind, form: &'static str, scale: Scale| Rule {
            kind,
            form,
            category: String::new(),
            mean: scale.mean,
            deviation: scale.deviation,
        };
        let as_it_is = Scale { mean: 0.0, deviation: 1.0 };
        match &self.encoding {
            Encoding::Raw { decimal } => vec![rule(FeatureKind::Number, decimal.sign(), as_it_is)],
            Encoding::Standardised { scale, decimal, .. } => {
                vec![rule(FeatureKind::Number, decimal.sign(), *scale)]
            }
            Encoding::Date { order, parts, .. } => {
                let part = |(part, scale): &(DatePart, Scale)| {
                    rule(FeatureKind::Date(*part), order.letters(), *scale)
                };
                parts.iter().map(part).collect()
            }
            Encoding::OneHot { categories, missing } => {
                let named = |category: &String| Rule {
                    category: category.clone(),
                    ..rule(FeatureKind::Category, "", as_it_is)
                };
                let gap = missing.then(|| rule(FeatureKind::Missing, "", as_it_is));
                categories.iter().map(named).chain(gap).collect()
            }
        }
    }

    /// Appends the features of a cell.
    pub(super) fn encode(&self, cell: Cell<'_>, features: &mut Vec<f32>) -> Result<(), String> {
        match &self.encoding {
            Encoding::Raw { decimal } => {
                let number = number(cell, decimal.decimal())?;
                features
                    .push(single(number.ok_or("the number is missing, which raw inputs need")?)?);
            }
            Encoding::Standardised { scale, decimal, .. } => {
                features.push(scale.feature(number(cell, decimal.decimal())?)?);
            }
            Encoding::Date { order, parts, .. } => {
                let moment = moment(cell, *order)?;
                for (part, scale) in parts {
                    features.push(scale.feature(moment.map(|moment| part.of(&moment)))?);
                }
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
