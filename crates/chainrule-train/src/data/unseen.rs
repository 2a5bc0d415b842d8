//! What new data holds that the training part had not.

use std::collections::HashMap;

use serde::Serialize;

use super::Preparation;
use super::input::Surprise;
use super::preparation::{Columns, Inputs};
use super::table::Table;
use crate::readme::counted;

/// What new data holds that the training part had not, by column: values that are no category of
/// the model, gaps where there were none, and classes that it cannot predict.
///
/// Written for people, it is a line for each.
///
/// ```
/// use chainrule_train::data::{DataSource, Keep};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("t.csv");
/// # std::fs::write(&path, "city,y\nBonn,0.5\nKiel,1.5\nBonn,2.5\n").unwrap();
/// # let source = DataSource { path: path.display().to_string(), ..DataSource::default() };
/// let preparation = source.load(&|_| unreachable!())?.preparation;
/// let unseen = preparation.read_rows("Ulm\nBonn\nUlm\n".as_bytes(), &Keep::None)?.unseen;
/// assert_eq!((unseen.columns[0].column.as_str(), unseen.columns[0].values), ("city", 2));
/// let line = "`city`: 2 values not seen in training (`Ulm`), taken as none of its categories";
/// assert_eq!(unseen.to_string(), line);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Unseen {
    /// The columns that have such cells.
    pub columns: Vec<UnseenColumn>,
}

/// A column with cells such as the training part had none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UnseenColumn {
    /// Its name.
    pub column: String,
    /// The rows whose text is no category, or no class, of the model.
    pub values: u64,
    /// Some of these texts.
    pub examples: Vec<String>,
    /// The rows without a value, where the training part has one in each.
    pub gaps: u64,
    /// What is made of such cells, in words.
    pub taken_as: String,
}

impl UnseenColumn {
    fn value(&mut self, text: &str) {
        // One more than is shown tells that there are more.
        const TOLD: usize = SHOWN + 1;
        self.values += 1;
        if self.examples.len() < TOLD && self.examples.iter().all(|known| known != text) {
            self.examples.push(text.to_owned());
        }
    }
}

/// The most texts that a line shows.
const SHOWN: usize = 3;

impl std::fmt::Display for Unseen {
    /// Lines, without an end after the last.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl Unseen {
    /// Whether there is nothing new.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// What is new in words, a line for each column's values and gaps.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for UnseenColumn { column, values, examples, gaps, taken_as } in &self.columns {
            if *values > 0 {
                let shown: Vec<&str> = examples.iter().take(SHOWN).map(String::as_str).collect();
                let more = if examples.len() > SHOWN { ", …" } else { "" };
                let (values, shown) = (counted(*values as usize, "value"), shown.join("`, `"));
                let told = format!("{values} not seen in training (`{shown}`{more})");
                lines.push(format!("`{column}`: {told}, {taken_as}"));
            }
            if *gaps > 0 {
                let gaps = counted(*gaps as usize, "gap");
                lines.push(format!("`{column}`: {gaps}, where training had none, {taken_as}"));
            }
        }
        lines
    }
}

/// Looks for what the training part had not.
pub(super) struct Watch<'p> {
    preparation: &'p Preparation,
    columns: &'p Columns,
    classes: HashMap<&'p str, u32>,
    /// Of each input, and of the target.
    seen: Vec<UnseenColumn>,
    target: UnseenColumn,
}

impl<'p> Watch<'p> {
    pub(super) fn new(preparation: &'p Preparation, columns: &'p Columns) -> Self {
        let Inputs::Columns(inputs) = &preparation.inputs else {
            unreachable!("columns are found for a model that reads tables")
        };
        let classes = preparation.class_names().iter().map(String::as_str).zip(0..).collect();
        let seen = inputs.iter().map(|input| UnseenColumn {
            column: input.column.clone(),
            taken_as: format!("taken as {}", input.unseen_is()),
            ..UnseenColumn::default()
        });
        let target = UnseenColumn {
            column: preparation.target_names().first().cloned().unwrap_or_default(),
            taken_as: "left out, as no score can be given".into(),
            ..UnseenColumn::default()
        };
        Self { preparation, columns, classes, seen: seen.collect(), target }
    }

    /// Takes in a row, and tells whether the model knows its class.
    pub(super) fn add(&mut self, table: &Table, row: usize) -> bool {
        let Inputs::Columns(inputs) = &self.preparation.inputs else { return true };
        let places = self.columns.inputs.iter();
        for ((input, &place), seen) in inputs.iter().zip(places).zip(&mut self.seen) {
            let cell = table.cell(row, place);
            match input.surprise(cell) {
                Surprise::None => {}
                Surprise::Gap => seen.gaps += 1,
                Surprise::Value => seen.value(&cell.word().unwrap_or_default()),
            }
        }
        let target = self.columns.targets.first().filter(|_| !self.classes.is_empty());
        let word = target.and_then(|&place| table.target(row, place).word());
        match word {
            Some(word) if !self.classes.contains_key(word.as_ref()) => {
                self.target.value(&word);
                false
            }
            _ => true,
        }
    }

    pub(super) fn unseen(self) -> Unseen {
        let has = |column: &UnseenColumn| column.values + column.gaps > 0;
        Unseen { columns: self.seen.into_iter().chain([self.target]).filter(has).collect() }
    }
}
