//! Steps of L-BFGS, which asks for the loss and its gradients at several places and so works outside a
//! plan of steps.

use super::step::{Batch, Steps};
use super::trainer::Trainer;
use crate::data::Examples;
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::optim::Lbfgs;
use chainrule::tensor::Real;

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
        let gradients = steps.gradients_of(self, data, size)?;
        self.feed_step(&mut gradients.plan, data, batch)?;
        let trained: Vec<String> = self.trained()?.into_iter().map(|(name, _)| name).collect();
        let (mut parameters, mut state) = (self.parameters.clone(), self.state.clone());
        let mut at = |parameters: &Parameters<T>| gradients.at(parameters);
        let loss = lbfgs.step(&mut parameters, &trained, &mut state, batch.rate, &mut at)?;
        if loss.is_finite() {
            (self.parameters, self.state) = (parameters, state);
        }
        Ok(loss.is_finite().then_some(loss))
    }
}
