//! A network on one example as a graph: each layer a box that opens.

use super::Recorded;
use crate::model::Explanation;
use crate::request::Request;
use crate::subject::Subject;
use crate::value::Value;
use crate::words::Language;
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Source};
use chainrule::nn::{Loss, Network, Truth};
use chainrule::tensor::{Real, Tensor};

/// Explains a network that predicts, with its loss on one example, as the graph that it is: no dropout,
/// running statistics. Everything is computed in f64. What-ifs, and questions of single inputs, are left
/// out.
///
/// ```
/// use chainrule_explain::{Language, View, network_graph};
/// use chainrule::nn::{Init, Loss, Network, Relu, Truth};
/// let model = Network::fully_connected(&[2, 4, 3], Relu, Init::He)?;
/// let parameters = model.initial::<f64>(0)?;
/// let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
/// let (features, truth) = ([0.5, -1.0], Truth::Class(2));
/// let graph = network_graph(&model, &parameters, loss, &features, &truth, Language::English)?;
/// let drawing = graph.drawing(View::default());
/// let boxes = drawing.blocks.iter().filter(|block| block.fold.is_some());
/// let names: Vec<&str> = boxes.map(|block| block.symbol.as_str()).collect();
/// assert_eq!(names, ["affine1", "affine2"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`network`](crate::network), and a network that is too large to be looked at.
pub fn network_graph<T: Real>(
    model: &Network,
    parameters: &Parameters<T>,
    loss: Loss,
    features: &[f64],
    truth: &Truth,
    language: Language,
) -> Result<Explanation> {
    let parameters = parameters.cast::<f64>();
    let g = Graph::with_exact_slopes();
    let Recorded { output, loss, target, parameters: own, .. } =
        Recorded::new(&g, model, loss, features.len(), truth)?;
    let mut values = vec![("x".to_owned(), Tensor::new([1, features.len()], features.to_vec())?)];
    for (name, _) in &own {
        values.push((name.clone(), parameters.get(name)?.clone()));
    }
    let request = Request { values, language, ..Request::default() };
    let target = g.node(target.id(), |node| match &node.source {
        Source::Constant(tensor) => Value::from(&**tensor),
        _ => Value::Array(Vec::new()),
    });
    Subject::network(&g, &request, &parameters, (output, loss), target).explain()
}
