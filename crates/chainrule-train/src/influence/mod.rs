//! What a model's answers owe to the columns of a table.
//!
//! [`Importance`] tells how much a score falls when a column's values are dealt to other rows (Breiman,
//! "Random forests", 2001; for any model Fisher, Rudin and Dominici, 2019), and [`Effect`] what the model
//! says on average when a column has the same value in all rows (partial dependence: Friedman, 2001).

mod draw;
mod behind;
mod importance;
mod effect;

pub use effect::{Effect, Point};
pub use importance::{ColumnImportance, Importance};

use std::sync::Arc;

use rand::seq::SliceRandom;

use super::evaluation::{Evaluator, Subject, Visit};
use super::objective::{Objective, SettingsLoss};
use super::{Chosen, Run, Which};
use crate::data::{DataPart, Examples, Preparation, Rows, Source, Target};
use chainrule::error::{Error, Result};
use chainrule::nn::{Loss, Network};
use chainrule::random::{Stream, generator};
use chainrule::tensor::Real;
use chainrule::{Parameters, Pool};
use chainrule_explain::Words;

/// Of more rows than these so many are drawn.
const ROWS: usize = 5000;

/// The rows that are asked about, all in memory, with the features that are tried in place of their own.
#[derive(Clone)]
struct Tried<'d> {
    data: &'d dyn Examples,
    rows: Vec<u32>,
    width: usize,
    features: Vec<f32>,
}

impl<'d> Tried<'d> {
    fn new(data: &'d dyn Examples, seed: u64) -> Result<Self> {
        let mut rows: Vec<u32> = (0..data.len() as u32).collect();
        if rows.len() > ROWS {
            rows.shuffle(&mut generator(seed, Stream::Split));
            rows.truncate(ROWS);
        }
        let mut features = vec![0.0; rows.len() * data.width()];
        data.features(&rows, &mut features)?;
        Ok(Self { data, rows, width: data.width(), features })
    }

    /// The features of a source in the row `row`.
    fn cells(&self, row: usize, source: &Source) -> &[f32] {
        let start = row * self.width;
        self.features
            .get(start + source.features.start..start + source.features.end)
            .unwrap_or_default()
    }

    /// Puts other features of a source into the row `row`.
    fn put(&mut self, row: usize, source: &Source, cells: &[f32]) {
        let start = row * self.width;
        let own = start + source.features.start..start + source.features.end;
        if let Some(own) = self.features.get_mut(own) {
            own.copy_from_slice(cells);
        }
    }

    fn of(&self, examples: &[u32]) -> Vec<u32> {
        examples.iter().filter_map(|&at| self.rows.get(at as usize).copied()).collect()
    }
}

impl Examples for Tried<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn width(&self) -> usize {
        self.width
    }

    fn target(&self) -> Target {
        self.data.target()
    }

    fn features(&self, examples: &[u32], rows: &mut [f32]) -> Result<()> {
        let width = self.width().max(1);
        for (row, &example) in rows.chunks_exact_mut(width).zip(examples) {
            let start = example as usize * width;
            row.copy_from_slice(self.features.get(start..start + width).unwrap_or_default());
        }
        Ok(())
    }

    fn labels(&self, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        self.data.labels(&self.of(examples), labels)
    }

    fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
        self.data.values(&self.of(examples), values)
    }

    fn scales(&self) -> Vec<crate::data::Scale> {
        self.data.scales()
    }
}

/// A model that is asked over and over: its plans are compiled once.
struct Asker<'m, T> {
    subject: Subject<'m>,
    parameters: &'m Parameters<T>,
    evaluator: Evaluator<T>,
}

impl<'m, T: Real> Asker<'m, T> {
    fn new(
        model: &'m Network,
        objective: &'m Objective,
        parameters: &'m Parameters<T>,
        pool: &'m Arc<Pool>,
    ) -> Self {
        let subject = Subject { model, objective, metrics: Vec::new(), pool, weights: None };
        Self { subject, parameters, evaluator: Evaluator::new() }
    }

    /// Shows the outputs for every row to `hear`, batch by batch.
    fn ask(&mut self, rows: &Tried<'_>, hear: &mut Visit<'_>) -> Result<()> {
        self.evaluator.visit(&self.subject, self.parameters, &Rows(rows), hear).map(|_| ())
    }
}

/// What a model is asked by: the loss of its settings.
fn objective(model: &Network, loss: Loss) -> Objective {
    let loss = SettingsLoss { loss, model: model.clone() };
    Objective::new("loss").criterion("loss", 1.0, loss)
}

/// A run's examples, and what is said of them.
struct Ground {
    part: Option<DataPart>,
    data: Arc<dyn Examples>,
    sources: Vec<Source>,
}

impl Run {
    /// What a question about columns is asked of: the held-out part, or other data.
    fn ground(&self, named: Option<&str>) -> Result<Ground> {
        let (part, data) = self.examples(named)?;
        let sources = self.preparation.as_ref().map(Preparation::sources).unwrap_or_default();
        if sources.is_empty() {
            return Err(Error::Mismatch(format!(
                "{} reads images, which have no columns: `--example N` shows which pixels of one count",
                self.folder.path().display()
            )));
        }
        if data.is_empty() {
            return Err(Error::Mismatch("there are no rows to ask about".into()));
        }
        Ok(Ground { part, data, sources })
    }

    /// Has `act` ask the model.
    fn asked<T: Real, A>(
        &self,
        (ground, named): (&Ground, Option<&str>),
        which: Which,
        pool: &Arc<Pool>,
        act: impl FnOnce(&mut Asker<'_, T>) -> Result<A>,
    ) -> Result<A> {
        let target = ground.data.target();
        let (model, Chosen { parameters, .. }) =
            self.model::<T>((ground.data.width(), target), named, which)?;
        let objective = objective(&model, self.config.loss_for(target)?);
        act(&mut Asker::new(&model, &objective, &parameters, pool))
    }
}

/// What was asked about, in words.
fn asked_about(words: &Words, part: Option<DataPart>, rows: usize, of: usize) -> String {
    let data = words.get(&part.map_or("asked-data".into(), |part| format!("asked-{part}")));
    let (count, all) = (rows.to_string(), of.to_string());
    let all = words.say(if of == 1 { "asked-row" } else { "asked-rows" }, &[("count", &all)]);
    match rows == of {
        true => words.say("asked-all", &[("rows", &all), ("data", &data)]),
        false => words.say("asked-some", &[("count", &count), ("rows", &all), ("data", &data)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_explain::Language;

    #[test]
    fn one_row_is_a_row() {
        let words = Words::new(Language::English);
        let said = |part, rows, of| asked_about(&words, part, rows, of);
        assert_eq!(said(None, 1, 1), "1 row of the data");
        assert_eq!(said(None, 2, 2), "2 rows of the data");
        // Each part is called by its name.
        for part in DataPart::ALL {
            let told = format!("3 of the 9 rows of the {}", part.described());
            assert_eq!(said(Some(part), 3, 9), told);
        }
    }
}
