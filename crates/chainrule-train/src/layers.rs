//! The layers of a model on some examples, in double precision: one plan for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use super::learner::Learner;
use super::objective::{Answered, feed_fields};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Kind, Node, Source, Var};
use chainrule::nn::{Cx, Values};
use chainrule::plan::Plan;
use chainrule::tensor::Real;
use chainrule_explain::idle;

/// A plan that keeps what every layer computes, and the gradients of an objective's loss.
///
/// The model is as it predicts: nothing dropped, running statistics in place of a batch's. A layer is a
/// path of the model, such as `encoder/affine1`; of one that is used several times, as a cell over time,
/// the last use is told.
#[derive(Debug)]
pub(super) struct LayerStatistics {
    plan: Plan<f64>,
    pub(super) examples: usize,
    layers: Vec<Watched>,
    /// Parameters, each with its gradient's node.
    parameters: Vec<(String, u32)>,
}

/// A layer with the operation that it ends in, its output's node and that of its gradient.
#[derive(Debug)]
struct Watched {
    name: String,
    source: Source,
    output: u32,
    gradient: u32,
}

/// What one layer did with the examples.
pub(super) struct LayerValues<'a> {
    pub(super) name: &'a str,
    /// Its outputs, a row an example.
    pub(super) output: &'a [f64],
    /// The gradient of the loss with respect to them.
    pub(super) gradient: &'a [f64],
    /// Outputs of a ReLU that are off.
    pub(super) off: Option<usize>,
    /// Outputs of a sigmoid or tanh where the slope is almost 0.
    pub(super) saturated: Option<usize>,
}

impl LayerStatistics {
    /// Looks at `examples`, and at the gradients of the parameters that an objective moves.
    pub(super) fn new<T: Real>(
        learner: &Learner<T>,
        objective: usize,
        examples: &[u32],
    ) -> Result<Self> {
        let (graph, data) = (Graph::new(), &*learner.data.train);
        let trained = learner.trained_by(objective)?;
        let cx = Cx::predict(&graph);
        let answered = Answered::record(&cx, &learner.model, data, examples.len());
        let loss = learner.objectives[objective].record(&answered).total;
        graph.ok()?;
        let named = paths(&graph, &answered.answer);
        let outputs: Vec<Var<'_>> = named.iter().map(|(_, v)| *v).collect();
        let own = trained.iter().map(|(name, shape)| graph.parameter(name, *shape));
        let wanted: Vec<Var<'_>> = outputs.iter().copied().chain(own).collect();
        let gradients = graph.backward(loss, &wanted);
        let mut plan = graph.compile::<f64>(&[outputs, gradients.clone()].concat())?;
        feed_fields(&mut plan, data, examples)?;
        let (of_layers, of_parameters) = gradients.split_at(named.len());
        let layers = named.into_iter().zip(of_layers).map(|((name, output), gradient)| Watched {
            name,
            source: graph.node(output.id(), |node| node.source.clone()),
            output: output.id(),
            gradient: gradient.id(),
        });
        let layers = layers.collect();
        let names = trained.iter().map(|(name, _)| name.clone());
        let parameters = names.zip(of_parameters.iter().map(Var::id)).collect();
        Ok(Self { plan, examples: examples.len(), layers, parameters })
    }

    /// Runs the examples through the layers with these parameters.
    pub(super) fn run(&mut self, parameters: &Parameters<f64>) -> Result<()> {
        self.plan.run_with(parameters)
    }

    /// The layers as they were run, input first.
    pub(super) fn layers(&self) -> impl Iterator<Item = Result<LayerValues<'_>>> {
        self.layers.iter().map(|Watched { name, source, output, gradient }| {
            let (output, gradient) = (self.plan.value_of(*output)?, self.plan.value_of(*gradient)?);
            let (off, saturated) = idle(source, output);
            Ok(LayerValues { name, output, gradient, off, saturated })
        })
    }

    /// The names of all parameters, each with its gradient.
    pub(super) fn parameters(&self) -> Result<Vec<(&str, &[f64])>> {
        let all = self.parameters.iter();
        all.map(|(name, id)| Ok((name.as_str(), self.plan.value_of(*id)?))).collect()
    }
}

/// The paths of a model that makes such an answer, each with the last value that it computes, in the
/// order of their first.
fn paths<'g>(g: &'g Graph, answer: &Values<'g>) -> Vec<(String, Var<'g>)> {
    let mut found: Vec<(String, Var<'g>)> = Vec::new();
    // Where each path stands.
    let mut known: HashMap<Arc<str>, usize> = HashMap::new();
    let end = answer.iter().map(|(_, v)| v.id() + 1).max().unwrap_or(0);
    for id in 0..end {
        let computed = |node: &Node| node.op().is_some() && node.ty.kind == Kind::Real;
        let scope = g.node(id, |node| computed(node).then_some(node.scope));
        let path = scope.map_or_else(Arc::default, |scope| g.scope_name(scope));
        if path.is_empty() {
            continue;
        }
        let at = *known.entry(path.clone()).or_insert(found.len());
        match found.get_mut(at) {
            Some((_, v)) => *v = g.var(id),
            None => found.push((path.to_string(), g.var(id))),
        }
    }
    found
}
