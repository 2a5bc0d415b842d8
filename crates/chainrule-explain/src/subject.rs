//! What is explained, recorded and with its values.

use super::request::Request;
use chainrule::error::Result;
use chainrule::graph::{Graph, Var};
use chainrule::plan::Plan;
use chainrule::tensor::{Real, Shape};

/// What is explained: a recorded computation with the values of its inputs.
pub(super) struct Subject<'a, 'g> {
    pub(super) g: &'g Graph,
    pub(super) request: &'a Request,
    pub(super) output: Var<'g>,
    pub(super) root: Var<'g>,
    pub(super) names: Vec<String>,
}

impl<'g> Subject<'_, 'g> {
    /// The variable of an input.
    pub(super) fn input(&self, name: &str) -> Var<'g> {
        let found = self.request.values.iter().find(|(known, _)| known == name);
        let shape = found.map_or_else(Shape::scalar, |(_, tensor)| tensor.shape());
        self.g.input(name, shape)
    }

    /// Feeds the inputs.
    pub(super) fn feed(&self, plan: &mut Plan<f64>) -> Result<()> {
        for (name, tensor) in &self.request.values {
            feed(plan, name, tensor.values())?;
        }
        Ok(())
    }
}

/// Feeds one input, unless what the plan computes does not depend on it.
pub(super) fn feed<T: Real>(plan: &mut Plan<T>, name: &str, values: &[T]) -> Result<()> {
    if plan.has_input(name) { plan.feed(name, values) } else { Ok(()) }
}
