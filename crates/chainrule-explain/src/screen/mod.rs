//! What a screen shows of an explanation: the drawing, the steps and their story, and every number in
//! few letters and in full. A server answers with it, a document that stands alone carries it.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::blanks::is_scalar_gate;
use super::columns::cut;
use super::formula::Formula;
use super::model::{Descent, DescentPoint, Explanation, Goal, Node, Passed, WhatIf};
use super::picture::drawing::Drawing;
use super::picture::{View, short};
use super::rules;
use super::story::math::text;
use super::story::{LONGEST, Step, Teller, formula};
use super::value::Value;
use super::words::{Language, Words};
use chainrule::graph::Source;

/// Larger arrays are told by their shape and in few letters: their numbers are not for reading.
const MOST_NUMBERS: usize = 64;

/// A document has the nodes of larger graphs, and more inputs, only where they are drawn or matter most.
const MOST_NODES: usize = 2000;
const MOST_INPUTS: usize = 300;

/// An explanation as a screen shows it. Formulas are MathML without its outermost element.
#[derive(Clone, Debug, Serialize)]
pub struct Screen {
    /// The language of the words: `en` or `ko`.
    pub language: String,
    /// The expression.
    pub expression: String,
    /// What the gradients are of.
    pub root: Outcome,
    /// The expression's own value.
    pub output: Outcome,
    /// The target, if one was given.
    pub target: Option<Value>,
    /// The picture.
    pub drawing: Drawing,
    /// What happens in each step; the first stands before any.
    pub story: Vec<Step>,
    /// The nodes, each after its operands; such as only change a shape are passed by.
    pub nodes: Vec<ScreenNode>,
    /// What can be changed.
    pub inputs: Vec<Input>,
    /// The inputs by the size of their gradients, largest first.
    pub ranking: Vec<String>,
    /// Gradient × value of each input.
    pub elasticities: Vec<Elasticity>,
    /// The partial derivatives of the output.
    pub partials: Vec<ScreenPartial>,
    /// What happens when one input changes.
    pub what_if: Vec<ScreenWhatIf>,
    /// How many inputs were not changed, as others matter more.
    pub what_if_left_out: usize,
    /// The second derivatives of the root, where inputs are few and all numbers.
    pub curvature: Option<Second>,
    /// One input swept over a range, where it was asked for.
    pub sweep: Option<ScreenSweep>,
    /// Whether the second derivatives of the output can be asked for: they are of a number, by few numbers.
    pub has_hessian: bool,
    /// The second derivatives of the output with their formulas, where they were asked for.
    pub hessian: Option<Second>,
    /// Steps against the gradient.
    pub descent: Option<ScreenDescent>,
    /// Which value of one input alone reaches the goal.
    pub goals: Vec<Goal>,
    /// What is worth saying of the whole.
    pub notes: Vec<String>,
}

/// What the computation comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// What it is called.
    pub name: String,
    /// The node that computes it.
    pub node: u32,
    /// Its value; `None` for a large array.
    pub value: Option<Value>,
    /// The lengths of its axes.
    pub shape: Vec<usize>,
}

/// A node of the graph.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenNode {
    /// Its number.
    pub id: u32,
    /// The operation, or `input` or `constant`.
    pub op: &'static str,
    /// Its name, or the expression that it computes.
    pub label: String,
    /// Whether the label is a name that was given to it.
    pub named: bool,
    /// The layer or composite operation that it is a part of; empty for none.
    pub scope: String,
    /// The operands' numbers.
    pub operands: Vec<u32>,
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// The value; `None` for a large array.
    pub value: Option<Value>,
    /// The value in few letters.
    pub short: String,
    /// The gradient, if one arrives; `None` for a large array as well.
    pub gradient: Option<Value>,
    /// The gradient in few letters, if one arrives.
    pub gradient_short: Option<String>,
    /// What it computes.
    pub formula: Option<String>,
    /// What is worth knowing of it at this value, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What it passes down, by operands.
    pub backward: Vec<ScreenPassed>,
}

/// What a gate passes down to one operand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenPassed {
    /// The operand's position.
    pub operand: usize,
    /// The node below that receives it; nodes that only change a shape are passed by.
    pub to: u32,
    /// The local derivative, where there is one; `None` for a large array.
    pub local: Option<Value>,
    /// The same in few letters.
    pub local_short: Option<String>,
    /// What is passed on; `None` for a large array.
    pub product: Option<Value>,
    /// The same in few letters.
    pub product_short: String,
    /// The local derivative as a formula, or how whole arrays are passed on.
    pub rule: Option<String>,
    /// The size of this contribution among the sizes of all that arrive there, from 0 to 1.
    pub share: f64,
}

/// An input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Its node; `None` where nothing depends on it.
    pub node: Option<u32>,
    /// The lengths of the axes.
    pub shape: Vec<usize>,
    /// Its value; `None` for a large array.
    pub value: Option<Value>,
    /// Its gradient; `None` for a large array, or where it has none: an input that only says which class
    /// or position is meant, or whose gradient was not asked for.
    pub gradient: Option<Value>,
    /// Whether it has no gradient.
    pub is_choice: bool,
}

/// Gradient × value, summed over an array's elements: the effect of +100 % to first order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Elasticity {
    /// The input.
    pub name: String,
    /// The effect.
    pub value: f64,
}

/// A partial derivative of the output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenPartial {
    /// The input.
    pub name: String,
    /// The formula; `None` where it is too long to show.
    pub formula: Option<String>,
    /// Its value; `None` for a large array.
    pub value: Option<Value>,
}

/// What happens when one input changes: see [`WhatIf`](crate::WhatIf).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenWhatIf {
    /// The input, or an element of it.
    pub name: String,
    /// The change of each of its elements; `None` for a large array.
    pub delta: Option<Value>,
    /// The output then; `None` where it is an array.
    pub output: Option<f64>,
    /// The change of the output; `None` where it is an array.
    pub output_change: Option<f64>,
    /// The loss then, where there is a target.
    pub loss: Option<f64>,
    /// The change of the loss.
    pub loss_change: Option<f64>,
    /// The true change of the root.
    pub change: f64,
    /// The change that the gradient alone predicts.
    pub first_order: f64,
    /// The change that gradient and curvature predict.
    pub second_order: f64,
    /// How good the two predictions are, in words.
    pub verdict: String,
}

/// Second derivatives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Second {
    /// Rows and columns.
    pub names: Vec<String>,
    /// The values.
    pub values: Vec<Vec<f64>>,
    /// The formulas, where they were asked for; `None` for one that is too long to show.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formulas: Vec<Vec<Option<String>>>,
}

/// One input swept over a range, the others held.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenSweep {
    /// The input.
    pub name: String,
    /// Its value, where the tangent touches.
    pub at: f64,
    /// The points in order.
    pub points: Vec<Point>,
}

/// One point of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The input's value.
    pub at: f64,
    /// The root's value there.
    pub value: f64,
    /// What the tangent says.
    pub tangent: f64,
}

/// Steps against the gradient: see [`Descent`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenDescent {
    /// The learning rate.
    pub lr: f64,
    /// Whether it was chosen from the curvature.
    pub chosen: bool,
    /// The change that the gradient predicts for the first step.
    pub predicted: f64,
    /// The learning rate beyond which a step climbs.
    pub limit: Option<f64>,
    /// The points, from where the explanation stands.
    pub points: Vec<ScreenStep>,
}

/// One point on the way down.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScreenStep {
    /// The step, 0 being where the explanation stands.
    pub step: usize,
    /// The values of the inputs, in their order; `None` for a large array.
    pub inputs: Vec<Option<Value>>,
    /// The root's value.
    pub loss: f64,
    /// The length of the gradient.
    pub gradient_norm: f64,
}

impl Explanation {
    /// The explanation as a screen shows it. Of a view with a step the story tells that step alone, which is
    /// quickly done of a large graph; all else is the same.
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m".into(), values: values("x=3,m=2")?, ..Request::default() };
    /// let screen = explain(&request)?.screen(View::default());
    /// assert_eq!(screen.inputs[0].name, "x");
    /// assert_eq!(screen.story.len(), screen.drawing.steps + 1);
    /// // The gate passes m to x.
    /// assert_eq!(screen.nodes[2].backward[0].product_short, "2");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn screen(&self, view: View<'_>) -> Screen {
        let words = Words::new(self.language);
        let shares = self.nodes.iter().flat_map(|node| &node.ledger);
        let shares = shares.map(|entry| ((entry.gate, entry.operand), entry.share)).collect();
        let nodes = Nodes { e: self, words: &words, shares };
        let root = self.nodes.last();
        Screen {
            language: match self.language {
                Language::English => "en".into(),
                Language::Korean => "ko".into(),
            },
            expression: self.expression.clone(),
            root: self.result(self.root(), root),
            output: self.result(self.output_name(), self.node(self.output_node)),
            target: self.target.as_ref().and_then(small),
            drawing: self.drawing(view),
            story: Teller::new(self).steps(view),
            nodes: (self.nodes.iter().filter(|node| !node.is_silent()))
                .map(|node| nodes.node(node))
                .collect(),
            inputs: self.screen_inputs(),
            ranking: self.ranking.clone(),
            elasticities: (self.elasticities.iter())
                .map(|(name, value)| Elasticity { name: name.clone(), value: *value })
                .collect(),
            partials: (self.partials.iter())
                .map(|(name, partial)| ScreenPartial {
                    name: name.clone(),
                    formula: partial.formula.as_ref().map(Formula::mathml),
                    value: small(&partial.value),
                })
                .collect(),
            what_if: self.what_if.iter().map(what_if).collect(),
            what_if_left_out: self.what_if_left_out,
            curvature: self.curvature.as_ref().map(|values| Second {
                names: self.gradients.iter().map(|(name, _)| name.clone()).collect(),
                values: values.clone(),
                formulas: Vec::new(),
            }),
            sweep: self.screen_sweep(),
            has_hessian: self.has_second(),
            hessian: self.hessian.as_ref().map(|hessian| Second {
                names: hessian.names.clone(),
                values: hessian.values.clone(),
                formulas: (hessian.formulas.iter())
                    .map(|row| row.iter().map(|f| f.as_ref().map(Formula::mathml)).collect())
                    .collect(),
            }),
            descent: self.descent.as_ref().map(descent),
            goals: self.goals.clone(),
            notes: self.notes(&words),
        }
    }

    fn result(&self, name: &str, node: Option<&Node>) -> Outcome {
        Outcome {
            name: name.into(),
            node: node.map_or(0, |node| node.id),
            value: node.and_then(|node| small(&node.value)),
            shape: node.map_or_else(Vec::new, |node| node.shape.clone()),
        }
    }

    fn screen_inputs(&self) -> Vec<Input> {
        let name = |node: &'_ Node| match &node.source {
            Source::Input(name) | Source::Parameter(name) => Some(name.to_string()),
            _ => None,
        };
        let nodes = self.nodes.iter().filter_map(|node| Some((name(node)?, node.id)));
        let nodes: HashMap<String, u32> = nodes.collect();
        let gradients = self.gradients.iter().map(|(name, value)| (name.as_str(), value));
        let gradients: HashMap<&str, &Value> = gradients.collect();
        let input = |(name, value): &(String, Value)| {
            let gradient = gradients.get(name.as_str());
            Input {
                name: name.clone(),
                node: nodes.get(name).copied(),
                shape: value.shape(),
                value: small(value),
                gradient: gradient.and_then(|gradient| small(gradient)),
                is_choice: gradient.is_none(),
            }
        };
        self.inputs.iter().map(input).collect()
    }

    fn screen_sweep(&self) -> Option<ScreenSweep> {
        let sweep = self.sweep.as_ref()?;
        let points = sweep.points.iter();
        let points = points.map(|p| Point { at: p.at, value: p.drawn(), tangent: p.tangent });
        Some(ScreenSweep { name: sweep.name.clone(), at: sweep.at, points: points.collect() })
    }

    /// What is worth saying of the whole: a number that is not finite, a gradient that vanishes.
    fn notes(&self, words: &Words) -> Vec<String> {
        let origin = self.not_finite.iter();
        let origin = origin.flat_map(|origin| [Some(&origin.story), origin.remedy.as_ref()]);
        let gate = |id| {
            let node = self.node(id)?;
            Some(format!("[{}] {}", node.source.name(), cut(&self.face(node).label, 40)))
        };
        let extreme = self.extreme.iter().flat_map(|e| super::text::extreme(&e.path, words, gate));
        origin.flatten().cloned().chain(extreme).collect()
    }
}

impl Screen {
    /// Without what nobody reads of a large computation: of nodes only those in the picture, and of inputs
    /// those that matter most.
    pub(crate) fn trimmed(mut self, words: &Words) -> Self {
        let (nodes, inputs) = (self.nodes.len(), self.inputs.len());
        if self.nodes.len() > MOST_NODES {
            let blocks = self.drawing.blocks.iter().map(|block| block.node);
            let wires = self.drawing.wires.iter().map(|wire| wire.node);
            let drawn: HashSet<u32> = blocks.chain(wires).collect();
            self.nodes.retain(|node| drawn.contains(&node.id));
        }
        self.ranking.truncate(MOST_INPUTS);
        let first: HashSet<&String> = self.ranking.iter().collect();
        if self.inputs.len() > MOST_INPUTS {
            self.inputs.retain(|input| first.contains(&input.name));
        }
        self.elasticities.retain(|row| first.contains(&row.name));
        self.partials.retain(|row| first.contains(&row.name));
        let left_out = [nodes - self.nodes.len(), inputs - self.inputs.len()];
        if left_out != [0, 0] {
            let [nodes, inputs] = left_out.map(|count| count.to_string());
            self.notes.push(words.say("page-left-out", &[("nodes", &nodes), ("inputs", &inputs)]));
        }
        self
    }
}

/// The nodes of a screen.
struct Nodes<'a> {
    e: &'a Explanation,
    words: &'a Words,
    /// The share of each use, by gate and operand.
    shares: HashMap<(u32, usize), f64>,
}

impl Nodes<'_> {
    fn node(&self, node: &Node) -> ScreenNode {
        ScreenNode {
            id: node.id,
            op: node.source.name(),
            label: cut(&node.label, LONGEST),
            named: node.named,
            scope: node.scope.clone(),
            operands: node.operands.iter().map(|&id| self.e.behind(id)).collect(),
            shape: node.shape.clone(),
            value: small(&node.value),
            short: short(&node.value),
            gradient: node.gradient.as_ref().and_then(small),
            gradient_short: node.gradient.as_ref().map(short),
            formula: formula(node),
            notes: node.notes.clone(),
            backward: node.backward.iter().map(|passed| self.passed(node, passed)).collect(),
        }
    }

    fn passed(&self, node: &Node, passed: &Passed) -> ScreenPassed {
        let e = self.e;
        let (to, by, last) = e.last_passed(node, passed);
        let rule = match is_scalar_gate(node) {
            true => passed
                .local_in_place
                .as_ref()
                .or(passed.local_formula.as_ref())
                .map(Formula::mathml),
            false => Some(text(&rules::along(e, node, passed, self.words))),
        };
        ScreenPassed {
            operand: passed.operand,
            to,
            local: passed.local.as_ref().and_then(small),
            local_short: passed.local.as_ref().map(short),
            product: small(&last.product),
            product_short: short(&last.product),
            rule,
            share: self.shares.get(&(by, last.operand)).copied().unwrap_or(0.0),
        }
    }
}

fn what_if(told: &WhatIf) -> ScreenWhatIf {
    ScreenWhatIf {
        name: told.name.clone(),
        delta: small(&told.delta),
        output: told.output,
        output_change: told.output_change,
        loss: told.loss,
        loss_change: told.loss_change,
        change: told.change(),
        first_order: told.first_order,
        second_order: told.second_order,
        verdict: told.verdict.clone(),
    }
}

fn descent(told: &Descent) -> ScreenDescent {
    let step = |point: &DescentPoint| ScreenStep {
        step: point.step,
        inputs: point.inputs.iter().map(|(_, value)| small(value)).collect(),
        loss: point.loss,
        gradient_norm: point.gradient_norm,
    };
    ScreenDescent {
        lr: told.lr,
        chosen: told.chosen,
        predicted: told.predicted,
        limit: told.limit,
        points: told.points.iter().map(step).collect(),
    }
}

/// A value that a screen shows whole.
fn small(value: &Value) -> Option<Value> {
    let count: usize = value.shape().iter().product();
    (count <= MOST_NUMBERS).then(|| value.clone())
}
