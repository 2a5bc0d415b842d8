//! Every path from the output to an input, without listing them: the chain rule as a sum over paths.

mod arrays;
mod scalars;

use super::model::{Explanation, Paths};
use chainrule::error::Result;
use chainrule::graph::Graph;

pub(super) use scalars::Followed;

/// The paths that are shown.
const MOST: usize = 8;

/// The paths from the output to the input `name`, largest first.
pub(super) fn to(g: &Graph, explanation: &Explanation, name: &str) -> Result<Paths> {
    match explanation.is_scalar() {
        true => Ok(Followed::new(explanation).to(name)),
        false => arrays::to(g, explanation, name),
    }
}
