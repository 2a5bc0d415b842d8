//! What an explanation holds: one documented type behind every text, picture and document.

use serde::{Serialize, Serializer};

use super::columns::width;
use super::formula::Formula;
use super::shared::{Shared, Unshared};
use super::value::Value;
use super::words::Language;
use chainrule::graph::Source;

/// The output goes by its own name up to this length.
const LONGEST_NAME: usize = 12;

/// What a gate passes down to one operand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Passed {
    /// The operand's position.
    pub operand: usize,
    /// The gradient that arrives at the gate.
    pub upstream: Value,
    /// The derivative of the gate's value with respect to the operand, where the gate works number
    /// by number; for arrays that of each element.
    pub local: Option<Value>,
    /// The same as a formula of the inputs.
    pub local_formula: Option<Formula>,
    /// The same in terms of the gate's own value and what it takes: such as y·(1 − y) for a sigmoid.
    #[serde(skip)]
    pub(super) local_in_place: Option<Formula>,
    /// How an operation of whole arrays passes its gradient, such as `dY · Wᵀ`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The gradient passed down: upstream × local.
    pub product: Value,
}

/// What one use of a value contributes to its gradient.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The gate that uses the value.
    pub gate: u32,
    /// As which operand.
    pub operand: usize,
    /// What it contributes; the gradient is the sum of these, in this order.
    pub gradient: Value,
    /// The size of this contribution among the sizes of all, from 0 to 1.
    pub share: f64,
}

/// One node of the explained graph.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// The node's number.
    pub id: u32,
    /// Where the value comes from; serialises as `op`, the operation's name, or `input` or `constant`.
    #[serde(rename = "op", serialize_with = "as_name")]
    pub source: Source,
    /// The node's name, or the expression that it computes.
    pub label: String,
    /// Whether the label is a name that was given to it.
    pub named: bool,
    /// The layer or composite operation that the node is a part of; empty for none.
    pub scope: String,
    /// The operands' numbers.
    pub operands: Vec<u32>,
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// The value.
    pub value: Value,
    /// The gradient of the loss (of the output where there is no target), if one arrives.
    pub gradient: Option<Value>,
    /// What the gate passes down.
    pub backward: Vec<Passed>,
    /// The edge ledger: what each use of the value contributes to its gradient.
    pub ledger: Vec<Entry>,
    /// |Σ| / Σ|·| over the ledger: 1 where all contributions agree, near 0 where they cancel.
    /// `None` where nothing arrives.
    pub cancellation: Option<f64>,
    /// The definition as a formula, where it is short enough.
    #[serde(skip)]
    pub formula: Option<Formula>,
    /// What is worth knowing about this layer at this value, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The node by whose name this one's gradient goes.
    #[serde(skip)]
    pub(super) gradient_of: u32,
}

impl Node {
    /// Whether the node is computed, rather than given.
    #[must_use]
    pub fn is_gate(&self) -> bool {
        matches!(self.source, Source::Op(_))
    }

    /// What the gate passes to an operand. They stand in the operands' order.
    pub(super) fn passed(&self, operand: usize) -> Option<&Passed> {
        let at = self.backward.binary_search_by_key(&operand, |passed| passed.operand);
        at.ok().and_then(|at| self.backward.get(at))
    }

    /// Whether the node is the input of this name.
    pub(super) fn is_input(&self, name: &str) -> bool {
        match &self.source {
            Source::Input(known) | Source::Parameter(known) => **known == *name,
            _ => false,
        }
    }

    /// Whether the node is a number without a name.
    pub(super) fn is_literal(&self) -> bool {
        matches!(self.source, Source::Constant(_)) && !self.named
    }
}

/// A partial derivative of the output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Partial {
    /// The formula, which serialises as an expression that the program reads; `None` where it is too
    /// long to show.
    pub formula: Option<Formula>,
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
    /// The output then; `None` where it is an array.
    pub output: Option<f64>,
    /// The change of the output; `None` where it is an array.
    pub output_change: Option<f64>,
    /// The loss then, where there is a target.
    pub loss: Option<f64>,
    /// The change of the loss.
    pub loss_change: Option<f64>,
    /// The change that the gradient alone predicts: of the loss, else of the output.
    pub first_order: f64,
    /// The change that gradient and curvature predict.
    pub second_order: f64,
    /// How good the two predictions are, in words.
    pub verdict: String,
}

impl WhatIf {
    /// The true change of what the derivatives speak of: of the loss, else of the output.
    ///
    /// ```
    /// use chainrule_explain::{Request, explain, values};
    /// let request = Request { expression: "x ^ 2".into(), values: values("x=3")?, ..Request::default() };
    /// assert_eq!(explain(&request)?.what_if[0].change(), 3.03_f64.powi(2) - 9.0);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn change(&self) -> f64 {
        self.loss_change.or(self.output_change).unwrap_or(f64::NAN)
    }
}

/// One path from the output down to an input. Changes of shape that nobody wrote are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Path {
    /// The nodes on the way, output first.
    pub nodes: Vec<u32>,
    /// The local derivatives along the way; for arrays, the factors by which the gates on it change
    /// the norm of the gradient that flows along it.
    pub locals: Vec<f64>,
    /// Their product: what this path contributes to the gradient; for arrays, the norm of it.
    pub product: f64,
    /// The size of the product among those of all paths, from 0 to 1. For arrays, the part of the
    /// gradient g that the path's contribution p gives, p·g / g·g, which is below 0 where it works
    /// against the others; the shares of all paths add up to 1.
    pub share: f64,
}

/// A gradient that is very small or very large, and the path that gives most of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Extreme {
    /// The input.
    pub name: String,
    /// Its main path: the factors that multiply to what is so small or so large.
    pub path: Path,
}

/// The paths from the output to one input, largest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paths {
    /// The input.
    pub name: String,
    /// How many paths there are; as a float, for there may be more than any integer holds.
    pub count: f64,
    /// The sum of all paths: the gradient; for arrays, the norm of it.
    pub sum: f64,
    /// The sum of all paths' sizes; `None` for arrays, whose paths are not all followed.
    pub sizes: Option<f64>,
    /// The largest ones. For arrays these are exact until more paths meet in one node than are
    /// followed from there, which are those with the largest norms.
    pub largest: Vec<Path>,
}

/// The value of one input alone that reaches a goal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Goal {
    /// The input.
    pub name: String,
    /// The goal: of the loss, else of the output.
    pub goal: f64,
    /// The value that reaches it; `None` where the search found none.
    pub value: Option<f64>,
    /// By how much the input changes.
    pub change: Option<f64>,
    /// The output then; `None` where it is an array.
    pub output: Option<f64>,
    /// Whether it is reached because digits run out, as a sigmoid's 1 is: farther on, nothing changes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_rounding: bool,
    /// Whether nothing that was tried of it changes the value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_flat: bool,
    /// The values that were searched.
    pub searched: (f64, f64),
}

/// One point of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SweepPoint {
    /// The input's value.
    pub at: f64,
    /// The output; `None` where it is an array.
    pub output: Option<f64>,
    /// The loss, where there is a target.
    pub loss: Option<f64>,
    /// What the gradient at the explained point predicts: of the loss, else of the output.
    pub tangent: f64,
}

impl SweepPoint {
    /// What the sweep draws: the loss, else the output.
    pub(super) fn drawn(&self) -> f64 {
        self.loss.or(self.output).unwrap_or(f64::NAN)
    }
}

/// One input swept over a range, the others held.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// The input.
    pub name: String,
    /// Its explained value, where the tangent touches.
    pub at: f64,
    /// The points in order.
    pub points: Vec<SweepPoint>,
}

/// One point on the way down.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DescentPoint {
    /// The step, 0 being where the explanation stands.
    pub step: usize,
    /// The inputs' values.
    #[serde(serialize_with = "as_map")]
    pub inputs: Vec<(String, Value)>,
    /// The loss, else the output.
    pub loss: f64,
    /// The length of the gradient.
    pub gradient_norm: f64,
}

/// Gradient descent from the explained point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Descent {
    /// The learning rate.
    pub lr: f64,
    /// Whether the learning rate was chosen from the curvature along the gradient.
    pub chosen: bool,
    /// The change that the gradient predicts for the first step: −lr·|∇|².
    pub predicted: f64,
    /// The learning rate beyond which a step along this gradient overshoots the valley and climbs,
    /// by the curvature here: 2·|∇|²/(∇ᵀH∇); `None` where the curvature is not positive.
    pub limit: Option<f64>,
    /// The points, from where the explanation stands; ends early where the loss is not finite. Of more
    /// than a thousand steps, some of them at even distances.
    pub points: Vec<DescentPoint>,
}

/// The second derivatives of the output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hessian {
    /// The inputs' scalars: rows and columns.
    pub names: Vec<String>,
    /// The values.
    pub values: Vec<Vec<f64>>,
    /// The formulas; `None` where one is too long to show.
    pub formulas: Vec<Vec<Option<Formula>>>,
    /// The same by rows of the upper triangle, none of them cut.
    #[serde(skip)]
    pub(super) shared: Unshared,
}

/// The first number that is not finite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Origin {
    /// The node that made it; on the way back, the gate whose derivative it is.
    pub node: u32,
    /// Whether it was made on the way back, as a gradient, rather than as a value.
    pub backward: bool,
    /// What happened, with the operands' values, in words.
    pub story: String,
    /// What would help.
    pub remedy: Option<String>,
}

/// A computation, explained.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The expression.
    pub expression: String,
    /// The inputs' values.
    #[serde(serialize_with = "as_map")]
    pub inputs: Vec<(String, Value)>,
    /// The value of the expression.
    pub output: Value,
    /// The node that computes it.
    pub output_node: u32,
    /// The target, if one was given.
    pub target: Option<Value>,
    /// The loss against the target: half the squared error, or the cross-entropy.
    pub loss: Option<f64>,
    /// The nodes, each after its operands.
    pub nodes: Vec<Node>,
    /// The gradients of the loss, or of the output where there is no target.
    #[serde(serialize_with = "as_map")]
    pub gradients: Vec<(String, Value)>,
    /// The inputs by the size of their gradient, largest first.
    pub ranking: Vec<String>,
    /// Gradient × value, summed over an array's elements: the effect of +100 % to first order, which
    /// does not depend on units.
    #[serde(serialize_with = "as_map")]
    pub elasticities: Vec<(String, f64)>,
    /// What a gate's own value and what it takes are called in [`Passed::local_in_place`].
    #[serde(skip)]
    pub(super) places: [String; 2],
    /// What the output and the loss are called.
    #[serde(skip)]
    pub(super) results: [String; 2],
    /// The formulas of the partial derivatives, none of them cut.
    #[serde(skip)]
    pub(super) shared: Unshared,
    /// The partial derivatives of the output; none where it is an array.
    #[serde(serialize_with = "as_map")]
    pub partials: Vec<(String, Partial)>,
    /// What happens when one input changes.
    pub what_if: Vec<WhatIf>,
    /// How many inputs were not changed, as others matter more.
    #[serde(skip_serializing_if = "is_none_of")]
    pub what_if_left_out: usize,
    /// Where a number that is not finite was born, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_finite: Option<Origin>,
    /// Why a gradient vanishes or explodes, where one is below 1e-3 or above 1e3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extreme: Option<Extreme>,
    /// The paths to one input, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Paths>,
    /// Which value of one input alone reaches the goal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub goals: Vec<Goal>,
    /// How many inputs were not tried for it, as others matter more.
    #[serde(skip_serializing_if = "is_none_of")]
    pub goals_left_out: usize,
    /// A step against the gradient, or several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub descent: Option<Descent>,
    /// A sweep, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sweep: Option<Sweep>,
    /// The second derivatives, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hessian: Option<Hessian>,
    /// The second derivatives of what the gradients are of, by the names of the gradients, where
    /// these are few scalars; for predictions of several changes at once.
    #[serde(skip)]
    pub curvature: Option<Vec<Vec<f64>>>,
    /// The language of the words.
    #[serde(skip)]
    pub language: Language,
}

impl Hessian {
    /// What the entries of the upper triangle are called, row by row.
    pub(super) fn entries(&self, f: &str) -> Vec<String> {
        let pairs = self.names.iter().enumerate();
        pairs
            .flat_map(|(row, a)| self.names[row..].iter().map(move |b| (a, b)))
            .map(|(a, b)| if a == b { format!("d²{f}/d{a}²") } else { format!("d²{f}/d{a}d{b}") })
            .collect()
    }
}

impl Shared {
    /// A line for each formula, then one for each part that they share.
    fn lines(&self, names: &[String]) -> String {
        let mut out = String::new();
        for (name, formula) in names.iter().zip(&self.formulas) {
            // What no expression says is no number either.
            let formula = formula.as_ref().map_or_else(|| "?".into(), ToString::to_string);
            out += &format!("{name} = {formula}\n");
        }
        for (name, part) in &self.parts {
            out += &format!("  where {name} = {part}\n");
        }
        out
    }
}

impl Explanation {
    /// The node of a name, or of the expression that it computes.
    ///
    /// ```
    /// use chainrule_explain::{Request, Value, explain, values};
    /// let request = Request {
    ///     expression: "z = x * m; z * t".into(),
    ///     values: values("x=100,m=2,t=1.1")?,
    ///     ..Request::default()
    /// };
    /// let apple = explain(&request)?;
    /// // The gradient of a value in the middle: one call away.
    /// assert_eq!(apple.find("z").and_then(|z| z.gradient.clone()), Some(Value::Number(1.1)));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn find(&self, label: &str) -> Option<&Node> {
        let wanted = label.trim();
        let named = self.nodes.iter().find(|node| node.named && node.label == wanted);
        named.or_else(|| self.nodes.iter().find(|node| node.label == wanted))
    }

    /// The node of a number.
    #[must_use]
    pub fn node(&self, id: u32) -> Option<&Node> {
        self.nodes.binary_search_by_key(&id, |node| node.id).ok().and_then(|at| self.nodes.get(at))
    }

    /// What the gradients are of: the loss where there is a target, else the output.
    pub(super) fn root(&self) -> &str {
        if self.target.is_some() { self.loss_name() } else { self.output_name() }
    }

    /// What the output is called: by a short name of its own, else `f` where no value has this name.
    pub(super) fn output_name(&self) -> &str {
        &self.results[0]
    }

    /// What the loss on top of it is called.
    pub(super) fn loss_name(&self) -> &str {
        &self.results[1]
    }

    /// Finds what the output and the loss are called.
    pub(super) fn name_results(&mut self) {
        let output = self.node(self.output_node).filter(|node| node.named);
        let own = output.map(|node| node.label.as_str()).filter(|name| {
            let others = self.nodes.iter().filter(|node| node.id != self.output_node);
            width(name) <= LONGEST_NAME && !self.names(others).any(|taken| taken == *name)
        });
        let output = own.unwrap_or_else(|| self.free_name(["f", "F", "out", "f_out", "f_result"]));
        let loss = self.free_name(["L", "Loss", "J", "L_out", "L_result"]);
        self.results = [output.into(), loss.into()];
    }

    /// The first of these names that no value of the expression has.
    fn free_name(&self, names: [&'static str; 5]) -> &'static str {
        let taken: Vec<&str> = self.names(self.nodes.iter()).collect();
        let [first, ..] = names;
        names.into_iter().find(|name| !taken.contains(name)).unwrap_or(first)
    }

    /// The names that were given to these nodes, and those of the inputs.
    fn names<'a>(&'a self, nodes: impl Iterator<Item = &'a Node>) -> impl Iterator<Item = &'a str> {
        let named = nodes.filter(|node| node.named).map(|node| node.label.as_str());
        named.chain(self.inputs.iter().map(|(name, _)| name.as_str()))
    }

    /// Whether every node is a scalar.
    pub(super) fn is_scalar(&self) -> bool {
        self.nodes.iter().all(|node| node.shape.is_empty())
    }

    /// The partial derivatives as lines of formulas, and the Hessian's below them where it was asked
    /// for.
    ///
    /// ```
    /// use chainrule_explain::{Request, explain, values};
    /// let request = Request { expression: "x ^ 3".into(), values: values("x=2")?, ..Request::default() };
    /// assert_eq!(explain(&request)?.symbolic(), "df/dx = 3 * x^2\n");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn symbolic(&self) -> String {
        let f = self.output_name();
        let names: Vec<String> =
            self.partials.iter().map(|(name, _)| format!("d{f}/d{name}")).collect();
        let mut out = self.shared.shared().lines(&names);
        if let Some(hessian) = &self.hessian {
            out += &hessian.shared.shared().lines(&hessian.entries(f));
        }
        out
    }
}

/// An operation or another source by its name.
fn as_name<S: Serializer>(source: &Source, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(source.name())
}

/// Pairs as a JSON object that keeps their order.
fn as_map<T: Serialize, S: Serializer>(
    pairs: &[(String, T)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// Whether there is none, and so nothing to tell.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none_of(count: &usize) -> bool {
    *count == 0
}
