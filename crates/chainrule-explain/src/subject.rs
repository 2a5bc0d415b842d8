//! What is explained, recorded and with its values.

use std::collections::{HashMap, HashSet};

use super::expression::{self, Names, differentiable};
use super::loss::cross_entropy;
use super::request::Request;
use super::value::Value;
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::finite::NotFinite;
use chainrule::graph::{Graph, Var};
use chainrule::plan::Plan;
use chainrule::tensor::{Real, Shape, Tensor};

/// What is explained: a recorded computation with the values of its inputs.
pub(super) struct Subject<'a, 'g> {
    pub(super) g: &'g Graph,
    pub(super) request: &'a Request,
    pub(super) output: Var<'g>,
    pub(super) root: Var<'g>,
    pub(super) names: Vec<String>,
    /// What the loss compares the output with.
    pub(super) target: Option<Value>,
    /// Which of the values are a network's parameters; none are of an expression.
    parameters: Option<&'a Parameters<f64>>,
    /// Where each name stands among the values.
    places: HashMap<&'a str, usize>,
}

impl<'a, 'g> Subject<'a, 'g> {
    /// Records what a request is about.
    ///
    /// # Errors
    /// A mistake in the expression, an unknown name, or an output that is not a scalar.
    pub(super) fn record(g: &'g Graph, request: &'a Request) -> Result<Self> {
        let (output, classes) =
            expression::read(g, &request.expression, &request.values, Names::Inputs)?;
        differentiable(&request.expression, output.shape(), request.cross_entropy.is_some())?;
        let names = wanted(request, &classes)?;
        let root = match (&request.cross_entropy, request.target) {
            (Some(target), _) => cross_entropy(output, target)?,
            (None, Some(target)) => output.half_squared_error(g.constant(target)),
            (None, None) => output,
        };
        let target = match &request.cross_entropy {
            Some(target) => Some(target.into()),
            None => request.target.map(Value::Number),
        };
        let places = places(request);
        Ok(Self { g, request, output, root, names, target, parameters: None, places })
    }

    /// A network with its loss, recorded before; its parameters stand among the values of the request.
    pub(super) fn network(
        g: &'g Graph,
        request: &'a Request,
        parameters: &'a Parameters<f64>,
        (output, root): (Var<'g>, Var<'g>),
        target: Value,
    ) -> Self {
        let names = request.values.iter().map(|(name, _)| name.clone()).collect();
        let (target, parameters, places) = (Some(target), Some(parameters), places(request));
        Self { g, request, output, root, names, target, parameters, places }
    }

    /// Whether it is a network.
    pub(super) fn is_network(&self) -> bool {
        self.parameters.is_some()
    }

    fn is_parameter(&self, name: &str) -> bool {
        self.parameters.is_some_and(|parameters| parameters.get(name).is_ok())
    }

    /// Where a name stands among the values.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The value of a name.
    pub(super) fn value(&self, name: &str) -> Option<&'a Tensor<f64>> {
        self.request.values.get(self.place(name)?).map(|(_, tensor)| tensor)
    }

    /// The variable of an input.
    pub(super) fn input(&self, name: &str) -> Var<'g> {
        let shape = self.value(name).map_or_else(Shape::scalar, Tensor::shape);
        match self.is_parameter(name) {
            true => self.g.parameter(name, shape),
            false => self.g.input(name, shape),
        }
    }

    /// Feeds the inputs.
    pub(super) fn feed(&self, plan: &mut Plan<f64>) -> Result<()> {
        for (name, tensor) in &self.request.values {
            if !self.is_parameter(name) {
                feed(plan, name, tensor.values())?;
            }
        }
        Ok(())
    }

    /// Feeds the inputs and runs.
    pub(super) fn run(&self, plan: &mut Plan<f64>) -> Result<()> {
        self.feed(plan)?;
        match self.parameters {
            Some(parameters) => plan.run_with(parameters),
            None => plan.run(),
        }
    }

    /// The first number that is not finite.
    pub(super) fn first_not_finite(&self, plan: &Plan<f64>) -> Result<Option<NotFinite>> {
        match self.parameters {
            Some(parameters) => self.g.first_not_finite(plan, parameters),
            None => self.g.first_not_finite(plan, &Parameters::new()),
        }
    }
}

/// Where each name stands among the values; of values with one name the first counts.
fn places(request: &Request) -> HashMap<&str, usize> {
    let places = request.values.iter().enumerate().rev();
    places.map(|(at, (name, _))| (name.as_str(), at)).collect()
}

/// The names whose gradients are wanted: where none are named, all but `classes`.
fn wanted(request: &Request, classes: &[String]) -> Result<Vec<String>> {
    let known = || request.values.iter().map(|(name, _)| name.as_str());
    let all: HashSet<&str> = known().collect();
    let classes: HashSet<&str> = classes.iter().map(String::as_str).collect();
    let nudged = request.nudges.iter().flatten().map(|(name, _)| name);
    let asked = request.wrt.iter().flatten().chain(nudged).chain(&request.paths);
    for name in asked.chain(request.sweep.iter().map(|range| &range.name)) {
        if !all.contains(name.as_str()) {
            return Err(Error::unknown("input", name, known()));
        }
        if classes.contains(name.as_str()) {
            return Err(Error::Mismatch(format!(
                "`{name}` only says which class or position is meant, so that it has no gradient and cannot change a little"
            )));
        }
    }
    let numbers = || known().filter(|name| !classes.contains(name)).map(Into::into).collect();
    let mut names: Vec<String> = request.wrt.clone().unwrap_or_else(numbers);
    // Paths are made of local derivatives, which exist on the way to wanted names only.
    names.extend(
        request.paths.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>(),
    );
    Ok(names)
}

/// Feeds one input, unless what the plan computes does not depend on it.
pub(super) fn feed<T: Real>(plan: &mut Plan<T>, name: &str, values: &[T]) -> Result<()> {
    if plan.has_input(name) { plan.feed(name, values) } else { Ok(()) }
}
