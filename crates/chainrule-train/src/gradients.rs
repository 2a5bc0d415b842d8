//! The gradients of a training against central differences.

use super::learner::Learner;
use chainrule::check::{self, Report, Settings};
use chainrule::error::{Error, Result};
use chainrule::graph::Graph;
use chainrule::tensor::Real;

impl<T: Real> Learner<T> {
    /// Compares the gradients of every objective with central differences, in double precision, on so many
    /// examples: the first of the epoch's order, with the model as it trains, so that its masks are those
    /// of the next step. A report for each objective that moves parameters, of these alone, by its name.
    ///
    /// It takes two runs of the loss for each element: a few examples will do, and
    /// [`Settings::elements`] leaves most elements out.
    ///
    /// ```
    /// use chainrule::check::Settings;
    /// use chainrule::nn::{Affine, Field, Init, Network, Sequential, Tanh};
    /// use chainrule_train::data::Arrays;
    /// use chainrule_train::{Config, DataParts, Trainer};
    /// let data = Arrays::new().real("x", [2], vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6])?;
    /// let layers = Sequential::new().with(Affine::new(3, Init::He)).with(Tanh);
    /// let model = Network::new(layers, [Field::real("x", [2])])?;
    /// let trainer = Trainer::<f32>::new(&model, &Config::default(), DataParts::train(data))?
    ///     .loss(|answer, batch| (answer.one().sum(&[1]) - batch["x"].sum(&[1])).square().mean(&[]));
    /// let reports = trainer.check_gradients(3, &Settings::default())?;
    /// let (objective, report) = &reports[0];
    /// assert!(objective == "loss" && report.passed && report.parameters.len() == 2);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The training has no loss, or no parameter that is trained; a setting is out of its domain, there are
    /// too few examples, or data cannot be read.
    pub fn check_gradients(
        &self,
        examples: usize,
        settings: &Settings,
    ) -> Result<Vec<(String, Report)>> {
        self.check_objectives()?;
        let order = self.order(self.progress.epoch)?;
        let least = self.model.smallest_batch();
        if !(least..=order.len()).contains(&examples) {
            return Err(Error::Setting {
                name: "the number of examples".into(),
                value: examples.to_string(),
                wanted: format!("{least} to {}, as many as the training part has", order.len())
                    .into(),
            });
        }
        let batch = self.whole(&order[..examples])?;
        let mut reports = Vec::new();
        for (at, objective) in self.objectives.iter().enumerate() {
            let trained = self.trained_by(at)?;
            let names: Vec<&str> = trained.iter().map(|(name, _)| name.as_str()).collect();
            if names.is_empty() {
                continue;
            }
            let graph = Graph::new();
            let loss = self.record_gradients(&graph, at, examples)?.loss;
            let feed = |plan: &mut _| self.feed_step(plan, at, &batch);
            let report =
                check::gradients_of(&graph, loss, &self.parameters, &names, feed, settings)?;
            reports.push((objective.name().to_owned(), report));
        }
        if reports.is_empty() {
            let message = "no parameter is trained: there is no gradient to check";
            return Err(Error::Mismatch(message.into()));
        }
        Ok(reports)
    }
}
