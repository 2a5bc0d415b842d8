//! Steps of L-BFGS, which asks for the loss and its gradients at several places and so works outside a
//! plan of steps.

use std::collections::hash_map::Entry;

use super::Trainer;
use super::step::{Batch, Recorded, Steps};
use crate::data::Examples;
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::optim::Lbfgs;
use chainrule::plan::Plan;
use chainrule::tensor::{Real, Tensor};

/// The loss and the gradients of a batch, for an optimizer that works outside the plan.
pub(super) struct Gradients<T> {
    plan: Plan<T>,
    loss: u32,
    /// Each parameter's name with the node of its gradient.
    of: Vec<(String, u32)>,
}

impl<T: Real> Gradients<T> {
    fn new(trainer: &Trainer<T>, data: &dyn Examples, batch: usize) -> Result<Self> {
        let graph = Graph::new();
        let Recorded { loss, gradients, updates, .. } =
            trainer.record_gradients(&graph, data, batch)?;
        if !updates.is_empty() {
            return Err(Error::Setting {
                name: "the optimizer".into(),
                value: format!("`{}`", trainer.config.optimizer.name()),
                wanted: "another one for a model with batch normalisation, whose running statistics it would not keep".into(),
            });
        }
        let outputs: Vec<Var<'_>> =
            std::iter::once(loss).chain(gradients.iter().copied()).collect();
        let plan = graph.compile(&outputs)?.with_pool(&trainer.pool);
        let names = trainer.trained()?.into_iter().map(|(name, _)| name);
        let of = names.zip(&gradients).map(|(name, gradient)| (name, gradient.id())).collect();
        let loss = loss.id();
        Ok(Self { plan, loss, of })
    }

    fn at(&mut self, parameters: &Parameters<T>) -> Result<(f64, Parameters<T>)> {
        self.plan.run_with(parameters)?;
        let loss = self.plan.value_of(self.loss)?.first();
        let loss = loss.map_or(f64::NAN, |&loss| Real::to_f64(loss));
        let mut gradients = Parameters::new();
        for (name, id) in &self.of {
            let shape = parameters.get(name)?.shape();
            gradients.insert(name.as_str(), Tensor::new(shape, self.plan.value_of(*id)?.to_vec())?);
        }
        Ok((loss, gradients))
    }
}

impl<T: Real> Trainer<T> {
    /// A step of L-BFGS on a batch: the loss before it, or `None` where that is not finite.
    pub(super) fn lbfgs_step(
        &mut self,
        steps: &mut Steps<T>,
        data: &dyn Examples,
        batch: &Batch<'_>,
        lbfgs: Lbfgs,
    ) -> Result<Option<f64>> {
        let size = batch.examples.len();
        let gradients = match steps.gradients.entry(size) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(empty) => empty.insert(Gradients::new(self, data, size)?),
        };
        self.feed_step(&mut gradients.plan, data, batch)?;
        let own: Vec<String> = self.model.parameters().map(|(name, _)| name).collect();
        let trained: Vec<String> = self.trained()?.into_iter().map(|(name, _)| name).collect();
        let (mut parameters, mut state) = self.parameters.split(&own);
        let mut at = |parameters: &Parameters<T>| gradients.at(parameters);
        let loss = lbfgs.step(&mut parameters, &trained, &mut state, batch.rate, &mut at)?;
        state.iter().for_each(|(name, tensor)| parameters.insert(name, tensor.clone()));
        if loss.is_finite() {
            self.parameters = parameters;
        }
        Ok(loss.is_finite().then_some(loss))
    }
}
