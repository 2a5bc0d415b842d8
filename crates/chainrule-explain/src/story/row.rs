//! What a story is made of.

use serde::Serialize;

use crate::blanks::Key;
use crate::value::Value;

/// What happens in one step of the forward or the backward pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The place among the drawing's blocks of the one that works; `None` before the first step.
    pub block: Option<usize>,
    /// Which way it goes.
    pub direction: Direction,
    /// What there is to say, line by line; nothing where another step alone was asked for.
    pub rows: Vec<Row>,
}

/// Which way a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Nothing is computed yet.
    Start,
    /// A value is computed.
    Forward,
    /// The way back begins.
    Seed,
    /// A gradient is passed on.
    Backward,
}

/// A line of a story.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Row {
    /// A sentence.
    Words {
        /// The sentence, with the numbers in it.
        parts: Vec<Part>,
    },
    /// What is equal, from left to right.
    Equation {
        /// What stands between the signs.
        sides: Vec<Vec<Part>>,
    },
    /// What is worth knowing at the given values.
    Note {
        /// The sentence.
        text: String,
    },
    /// What the signs mean.
    Legend {
        /// The sentence.
        text: String,
    },
    /// The terms of a long sum, which open.
    Table {
        /// What they are.
        title: String,
        /// Rows of cells.
        rows: Vec<Vec<Vec<Part>>>,
        /// How many more there are, in words.
        more: Option<String>,
    },
}

/// Words, symbols, or a number.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Part {
    /// Words.
    Text {
        /// The words.
        text: String,
    },
    /// Symbols, as MathML without its outermost element.
    Math {
        /// The elements.
        math: String,
    },
    /// A number.
    Number {
        /// Which one.
        key: Key,
        /// Its value.
        value: f64,
        /// Whether it is a factor: in parentheses where it is negative.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        factor: bool,
    },
}

impl Part {
    pub(crate) fn math(math: impl Into<String>) -> Self {
        Self::Math { math: math.into() }
    }

    /// A number, or an array as symbols.
    pub(crate) fn value(key: Key, value: &Value) -> Self {
        match value {
            Value::Number(value) => Self::Number { key, value: *value, factor: false },
            Value::Array(_) => Self::math(super::math::number(value)),
        }
    }

    /// The same as a factor.
    pub(crate) fn factor(key: Key, value: &Value) -> Self {
        match Self::value(key, value) {
            Self::Number { key, value, .. } => Self::Number { key, value, factor: true },
            other => other,
        }
    }
}

impl Row {
    /// A sentence.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self::Words { parts: vec![Part::Text { text: text.into() }] }
    }

    /// What is equal; sides that say nothing are left out.
    pub(crate) fn equation(sides: impl IntoIterator<Item = Vec<Part>>) -> Self {
        Self::Equation { sides: sides.into_iter().filter(|side| !side.is_empty()).collect() }
    }
}
