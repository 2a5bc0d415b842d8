//! Steps of L-BFGS, which asks for the loss and its gradients at several places and so works outside a
//! plan of steps.

use super::learner::Learner;
use super::step::{Batch, Steps};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::optim::Lbfgs;
use chainrule::tensor::Real;

impl<T: Real> Learner<T> {
    /// A step of L-BFGS on a batch: the loss before it, or `None` where that, or one on its way, is not finite.
    /// `astray` becomes the last place on its way where that was so.
    pub(super) fn lbfgs_step(
        &mut self,
        steps: &mut Steps<T>,
        batch: &Batch<'_>,
        lbfgs: Lbfgs,
        astray: &mut Option<Parameters<T>>,
    ) -> Result<Option<f64>> {
        let size = batch.examples.len();
        let gradients = steps.gradients_of(self, size)?;
        self.feed_step(&mut gradients.plan, 0, batch)?;
        let trained: Vec<String> = self.trained()?.into_iter().map(|(name, _)| name).collect();
        let (mut parameters, mut states) = (self.parameters.clone(), self.states.clone());
        let Some(state) = states.first_mut() else { return Ok(None) };
        let rate = self.rate(0, batch.number)?;
        let mut at = |parameters: &Parameters<T>| {
            let (loss, slopes) = gradients.at(parameters)?;
            if !(loss.is_finite() && slopes.is_finite()) {
                *astray = Some(parameters.clone());
            }
            Ok((loss, slopes))
        };
        let loss = lbfgs.step(&mut parameters, &trained, state, rate, &mut at)?;
        if loss.is_finite() {
            (self.parameters, self.states) = (parameters, states);
        }
        Ok(loss.is_finite().then_some(loss))
    }
}
