//! The layers of a model on some examples, in double precision: one plan for all of them.

use super::objective::{Answered, Objective, feed};
use crate::data::{Examples, Rows};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Source, Var};
use chainrule::nn::{Cx, Network};
use chainrule::plan::Plan;
use chainrule::tensor::Shape;
use chainrule_explain::{idle, layer_outputs};

/// A plan that keeps what every layer computes, and the gradients of the mean loss.
///
/// The model is as it predicts: nothing dropped, running statistics in place of a batch's.
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
    /// Looks at `examples`, and at the gradients of the parameters `trained`.
    pub(super) fn new(
        model: &Network,
        objective: &Objective,
        trained: &[(String, Shape)],
        data: &dyn Examples,
        examples: &[u32],
    ) -> Result<Self> {
        let graph = Graph::new();
        let cx = Cx::predict(&graph);
        let answered = Answered::record(&cx, model, &Rows(data), examples.len());
        let (output, loss) = (answered.answer.one(), objective.record(&answered).total);
        graph.ok()?;
        let named = layer_outputs(&graph, output);
        let outputs: Vec<Var<'_>> = named.iter().map(|(_, v)| *v).collect();
        let own = trained.iter().map(|(name, shape)| graph.parameter(name, *shape));
        let wanted: Vec<Var<'_>> = outputs.iter().copied().chain(own).collect();
        let gradients = graph.backward(loss, &wanted);
        let mut plan = graph.compile::<f64>(&[outputs, gradients.clone()].concat())?;
        feed(&mut plan, data, examples)?;
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

    /// The names of a layer's parameters, each with its gradient.
    pub(super) fn parameters(&self, layer: &str) -> Result<Vec<(&str, &[f64])>> {
        let own = self
            .parameters
            .iter()
            .filter(|(name, _)| name.strip_prefix(layer).is_some_and(|rest| rest.starts_with('.')));
        own.map(|(name, id)| Ok((name.as_str(), self.plan.value_of(*id)?))).collect()
    }
}
