//! Explaining a computation: its graph, values, gradients, formulas and what-ifs.
//!
//! Everything is read off the graph that ran, in f64: values and gradients from one plan with all
//! nodes kept, local derivatives by an operation's own backward rule with an upstream gradient of 1,
//! formulas from the nodes of the gradients.

mod expression;
mod formula;
mod text;

use serde::{Serialize, Serializer};

pub use expression::{Names, Values, record, values};
use formula::{Formula, Formulas};

use crate::backward::Contribution;
use crate::error::{Error, Result};
use crate::graph::{Graph, Var};
use crate::ops::{Gate, Notation};
use crate::plan::Plan;
use crate::tensor::Tensor;

/// A number or nested arrays of numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A scalar.
    Number(f64),
    /// The slices along the first axis.
    Array(Vec<Value>),
}

impl From<&Tensor<f64>> for Value {
    fn from(tensor: &Tensor<f64>) -> Self {
        fn nested(dims: &[usize], values: &[f64]) -> Value {
            match dims {
                [] => Value::Number(values.first().copied().unwrap_or(f64::NAN)),
                [length, rest @ ..] => {
                    let step = rest.iter().product::<usize>();
                    let slices = (0..*length).map(|i| &values[i * step..(i + 1) * step]);
                    Value::Array(slices.map(|slice| nested(rest, slice)).collect())
                }
            }
        }
        nested(tensor.shape().dims(), tensor.values())
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => f.write_str(&number(*value)),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
        }
    }
}

/// A number as people read it: six significant digits.
fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".into() } else { value.to_string() };
    }
    let trim = |text: String| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    };
    if (1e-4..1e7).contains(&size) {
        let decimals = (5 - size.log10().floor() as i32).max(0) as usize;
        return trim(format!("{value:.decimals$}"));
    }
    let text = format!("{value:.5e}");
    match text.split_once('e') {
        Some((digits, exponent)) => format!("{}e{exponent}", trim(digits.to_owned())),
        None => text,
    }
}

/// What a gate passes down to one operand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Passed {
    /// The operand's position.
    pub operand: usize,
    /// The gradient that arrives at the gate.
    pub upstream: Value,
    /// The derivative of the gate's value with respect to the operand, for scalar gates.
    pub local: Option<Value>,
    /// The same as a formula.
    pub local_formula: Option<String>,
    /// The gradient passed down: upstream × local.
    pub product: Value,
}

/// One node of the explained graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// The node's number.
    pub id: u32,
    /// The operation, or `input` or `constant`.
    pub op: String,
    /// The node's name, or the expression that it computes.
    pub label: String,
    /// The operands' numbers.
    pub operands: Vec<u32>,
    /// The value.
    pub value: Value,
    /// The gradient of the loss (of the output where there is no target), if one arrives.
    pub gradient: Option<Value>,
    /// What the gate passes down.
    pub backward: Vec<Passed>,
}

/// A partial derivative of the output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Partial {
    /// The formula, as an expression that the program reads.
    pub formula: Option<String>,
    /// The formula as LaTeX.
    pub latex: Option<String>,
    /// Its value.
    pub value: Value,
}

/// What happens when one input changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WhatIf {
    /// The input.
    pub name: String,
    /// The change of each of its elements.
    pub delta: Value,
    /// The output then.
    pub output: f64,
    /// The change of the output.
    pub output_change: f64,
    /// The loss then, where there is a target.
    pub loss: Option<f64>,
    /// The change of the loss.
    pub loss_change: Option<f64>,
    /// The change that the gradient alone predicts: of the loss, else of the output.
    pub first_order: f64,
    /// The change that gradient and curvature predict.
    pub second_order: f64,
}

/// A computation, explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The expression.
    pub expression: String,
    /// The inputs' values.
    #[serde(serialize_with = "as_map")]
    pub inputs: Vec<(String, Value)>,
    /// The value of the expression.
    pub output: Value,
    /// The target, if one was given.
    pub target: Option<f64>,
    /// The half squared error against the target.
    pub loss: Option<f64>,
    /// The nodes, each after its operands.
    pub nodes: Vec<Node>,
    /// The gradients of the loss, or of the output where there is no target.
    #[serde(serialize_with = "as_map")]
    pub gradients: Vec<(String, Value)>,
    /// The inputs by the size of their gradient, largest first.
    pub ranking: Vec<String>,
    /// The partial derivatives of the output.
    #[serde(serialize_with = "as_map")]
    pub partials: Vec<(String, Partial)>,
    /// What happens when one input changes.
    pub what_if: Vec<WhatIf>,
}

/// Pairs as a JSON object that keeps their order.
fn as_map<T: Serialize, S: Serializer>(
    pairs: &[(String, T)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// What to explain.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The expression.
    pub expression: String,
    /// Its names' values.
    pub values: Values,
    /// The target, which puts the half squared error on top.
    pub target: Option<f64>,
    /// The names whose gradients are wanted; all where `None`.
    pub wrt: Option<Vec<String>>,
    /// What-if changes; 1 % of each value where `None`.
    pub nudges: Option<Values>,
}

/// Explains an expression.
///
/// ```
/// use chainrule::explain::{Request, explain, values};
/// let apple = explain(&Request {
///     expression: "x * m * t".into(),
///     values: values("x=100,m=2,t=1.1")?,
///     target: Some(219.0),
///     ..Request::default()
/// })?;
/// assert_eq!(apple.partials[0].1.formula.as_deref(), Some("m * t"));
/// assert_eq!(apple.ranking, ["t", "m", "x"]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// A mistake in the expression, an unknown name, or an output that is not a scalar.
pub fn explain(request: &Request) -> Result<Explanation> {
    let g = Graph::new();
    let output = record(&g, &request.expression, &request.values, Names::Inputs)?;
    if output.shape().rank() != 0 {
        return Err(Error::Expression {
            message: format!(
                "the expression has shape {}, but only a scalar has gradients: reduce it with sum(…) or mean(…)",
                output.shape()
            ),
            span: (0, request.expression.chars().count()),
        });
    }
    let names = wanted(request)?;
    let root = match request.target {
        Some(target) => output.half_squared_error(g.constant(target)),
        None => output,
    };
    Explainer { g: &g, request, output, root, names }.explain()
}

/// The names whose gradients are wanted.
fn wanted(request: &Request) -> Result<Vec<String>> {
    let known: Vec<&str> = request.values.iter().map(|(name, _)| name.as_str()).collect();
    let nudged = request.nudges.iter().flatten().map(|(name, _)| name);
    for name in request.wrt.iter().flatten().chain(nudged) {
        if !known.contains(&name.as_str()) {
            let known = known.join(", ");
            return Err(Error::Unknown { what: "input", name: name.clone(), known });
        }
    }
    Ok(request.wrt.clone().unwrap_or_else(|| known.iter().map(ToString::to_string).collect()))
}

struct Explainer<'a, 'g> {
    g: &'g Graph,
    request: &'a Request,
    output: Var<'g>,
    root: Var<'g>,
    names: Vec<String>,
}

impl<'g> Explainer<'_, 'g> {
    fn explain(&self) -> Result<Explanation> {
        let inputs: Vec<Var<'g>> = self.names.iter().map(|name| self.input(name)).collect();
        let forward = self.root.id;
        let sweep = self.g.sweep(self.root, &inputs);
        let gradients = self.g.backward(self.root, &inputs);
        let partials = self.g.backward(self.output, &inputs);
        let locals: Vec<Option<Var<'g>>> =
            sweep.contributions.iter().map(|c| self.local(c)).collect();

        let needed = self.needed(forward);
        let kept: Vec<Var<'g>> = needed.iter().map(|&id| self.g.var(id)).collect();
        let arrived = kept.iter().filter_map(|v| sweep.gradients[v.id as usize]);
        let passed = sweep.contributions.iter().map(|c| c.gradient);
        let all: Vec<Var<'g>> = kept
            .iter()
            .copied()
            .chain(arrived)
            .chain(passed)
            .chain(locals.iter().copied().flatten())
            .chain(gradients.iter().copied())
            .chain(partials.iter().copied())
            .collect();
        let mut plan = self.g.compile::<f64>(&all)?;
        self.feed(&mut plan, None)?;
        plan.run()?;

        let value = |v: Var<'g>| plan.tensor(v).map(|tensor| Value::from(&tensor));
        let mut labels = Formulas::new(self.g, true);
        let mut nodes = Vec::new();
        for v in kept {
            let mut backward = Vec::new();
            for (c, local) in
                sweep.contributions.iter().zip(&locals).filter(|(c, _)| c.gate == v.id)
            {
                let Some(upstream) = sweep.gradients[c.gate as usize] else { continue };
                let local_formula = local.and_then(|local| labels.of(local.id)).map(|f| f.text());
                backward.push(Passed {
                    operand: c.operand,
                    upstream: value(upstream)?,
                    local: local.map(value).transpose()?,
                    local_formula,
                    product: value(c.gradient)?,
                });
            }
            backward.sort_by_key(|passed| passed.operand);
            let (op, operands) = self.g.node(v.id, |node| (node.op_name(), node.operands.clone()));
            let named = self.g.label(v.id).map(|name| name.to_string());
            let label = named.or_else(|| labels.definition(v.id).map(|f| f.text()));
            nodes.push(Node {
                id: v.id,
                op: op.into(),
                label: label.unwrap_or_else(|| "…".into()),
                operands: operands.into(),
                value: value(v)?,
                gradient: sweep.gradients[v.id as usize].map(value).transpose()?,
                backward,
            });
        }
        let mut formulas = Formulas::new(self.g, false);
        let mut partial = |v: Var<'g>| -> Result<Partial> {
            let formula = formulas.of(v.id);
            let (text, latex) = (formula.as_ref().map(Formula::text), formula.map(|f| f.latex()));
            Ok(Partial { formula: text, latex, value: value(v)? })
        };
        let named = |values: Vec<Value>| self.names.iter().cloned().zip(values).collect();
        let sizes = gradients.iter().map(|&v| {
            plan.value(v).map(|values| values.iter().fold(0.0, |top: f64, x| top.max(x.abs())))
        });
        let sizes: Vec<f64> = sizes.collect::<Result<_>>()?;
        let mut ranking: Vec<usize> = (0..self.names.len()).collect();
        ranking.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]));
        Ok(Explanation {
            expression: self.request.expression.clone(),
            inputs: self.request.values.iter().map(|(n, t)| (n.clone(), t.into())).collect(),
            output: value(self.output)?,
            target: self.request.target,
            loss: match self.request.target {
                Some(_) => plan.value(self.root)?.first().copied(),
                None => None,
            },
            nodes,
            gradients: named(gradients.iter().map(|&v| value(v)).collect::<Result<_>>()?),
            ranking: ranking.into_iter().map(|at| self.names[at].clone()).collect(),
            partials: self
                .names
                .iter()
                .zip(&partials)
                .map(|(name, &v)| Ok((name.clone(), partial(v)?)))
                .collect::<Result<_>>()?,
            what_if: self.what_ifs()?,
        })
    }

    fn input(&self, name: &str) -> Var<'g> {
        let found = self.request.values.iter().find(|(known, _)| known == name);
        let shape = found.map_or_else(crate::Shape::scalar, |(_, tensor)| tensor.shape());
        self.g.input(name, shape)
    }

    /// The nodes that the root depends on, in order.
    fn needed(&self, root: u32) -> Vec<u32> {
        let mut needed = vec![false; root as usize + 1];
        needed[root as usize] = true;
        for id in (0..=root).rev() {
            if needed[id as usize] {
                self.g.node(id, |node| {
                    node.operands.iter().for_each(|&operand| needed[operand as usize] = true);
                });
            }
        }
        (0..=root).filter(|&id| needed[id as usize]).collect()
    }

    /// The derivative of a scalar gate with respect to a scalar operand: its backward rule with an
    /// upstream gradient of 1.
    fn local(&self, c: &Contribution<'g>) -> Option<Var<'g>> {
        let gate = self.g.var(c.gate);
        let (op, ids) = self.g.node(c.gate, |node| (node.op().cloned(), node.operands.clone()));
        let operands: Vec<Var<'g>> = ids.iter().map(|&id| self.g.var(id)).collect();
        let op = op.filter(|op| op.notation() != Notation::Silent)?;
        let scalar = gate.shape().rank() == 0 && operands[c.operand].shape().rank() == 0;
        let upstream = self.g.constant(1.0);
        scalar.then(|| {
            op.backward(&Gate { operands: &operands, output: gate, upstream }, c.operand)
        })?
    }

    /// Feeds the inputs, with a change added to one of them.
    fn feed(&self, plan: &mut Plan<f64>, change: Option<(&str, &[f64])>) -> Result<()> {
        for (name, tensor) in &self.request.values {
            let mut values = tensor.values().to_vec();
            if let Some((_, delta)) = change.filter(|(changed, _)| changed == name) {
                values.iter_mut().zip(delta).for_each(|(value, delta)| *value += delta);
            }
            match plan.feed(name, &values) {
                // An output may not depend on every name.
                Ok(()) | Err(Error::Unknown { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Each change with its direction: one number per element of the input.
    fn changes(&self) -> Result<Vec<(String, Tensor<f64>)>> {
        let Some(nudges) = &self.request.nudges else {
            let one_percent = |x: f64| if x == 0.0 { 0.01 } else { x / 100.0 };
            let values = self.request.values.iter().filter(|(name, _)| self.names.contains(name));
            return Ok(values.map(|(name, t)| (name.clone(), t.map(one_percent))).collect());
        };
        let mut changes = Vec::new();
        for (name, nudge) in nudges {
            let shape = self.input(name).shape();
            let tensor = match nudge.at(&[]) {
                Some(step) => Tensor::full(shape, step),
                None if nudge.shape() == shape => nudge.clone(),
                None => {
                    let message = format!(
                        "the change of `{name}` has shape {}, its value {shape}",
                        nudge.shape()
                    );
                    return Err(Error::Mismatch(message));
                }
            };
            changes.push((name.clone(), tensor));
        }
        Ok(changes)
    }

    fn what_ifs(&self) -> Result<Vec<WhatIf>> {
        let mut base = self.g.compile::<f64>(&[self.output, self.root])?;
        let mut at = |change: Option<(&str, &[f64])>| -> Result<(f64, f64)> {
            self.feed(&mut base, change)?;
            base.run()?;
            Ok((base.value(self.output)?[0], base.value(self.root)?[0]))
        };
        let (output, loss) = at(None)?;
        let mut rows = Vec::new();
        for (name, delta) in self.changes()? {
            let (new_output, new_loss) = at(Some((&name, delta.values())))?;
            let (slope, curvature) = self.along(&name, &delta)?;
            let has_target = self.request.target.is_some();
            rows.push(WhatIf {
                name,
                delta: Value::from(&delta),
                output: new_output,
                output_change: new_output - output,
                loss: has_target.then_some(new_loss),
                loss_change: has_target.then_some(new_loss - loss),
                first_order: slope,
                second_order: slope + curvature / 2.0,
            });
        }
        Ok(rows)
    }

    /// The first and second derivative of the root along a direction: d·∇L and dᵀ·H·d.
    fn along(&self, name: &str, direction: &Tensor<f64>) -> Result<(f64, f64)> {
        let (x, d) = (self.input(name), self.g.constant_tensor(direction.clone()));
        let dot = |v: Var<'g>| if v.shape().rank() == 0 { v * d } else { (v * d).sum(&[]) };
        let slope = dot(self.g.backward(self.root, &[x])[0]);
        let curvature = dot(self.g.backward(slope, &[x])[0]);
        let mut plan = self.g.compile::<f64>(&[slope, curvature])?;
        self.feed(&mut plan, None)?;
        plan.run()?;
        Ok((plan.value(slope)?[0], plan.value(curvature)?[0]))
    }
}
