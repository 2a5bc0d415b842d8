//! The picture of a computation: what SVG, DOT, Mermaid and HTML draw.
//!
//! A [`Picture`] is an explanation without what would only clutter: changes of shape are left out, a
//! scope such as a layer is one box, constants are muted. It knows at which step of the forward and
//! the backward pass each number appears.

mod totals;
mod dot;
mod fold;
mod layout;
mod mermaid;
mod repeats;
mod inputs;
pub(super) mod drawing;
mod svg;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::columns::{cut, width};
use super::model::{Explanation, Node};
use super::sums::Sum;
use super::value::{Value, digits, with_minus};
use super::words::Words;
use chainrule::graph::Source;
use chainrule::ops::{Add, AnyOp, Mul, Notation};

pub use fold::Fold;
use fold::Folding;
use serde::Serialize;
use totals::Total;

/// What a picture shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View<'a> {
    /// Only what is known after this step: 0 the inputs, then a gate at a time forward, then a gate
    /// at a time backward; everything where `None`.
    pub step: Option<usize>,
    /// Whether scopes such as the loss or a layer, and identical blocks in a row, show what they are
    /// made of.
    pub unfold: bool,
    /// Boxes that show what they are made of, by [`Block::fold`](crate::Block::fold).
    pub open: &'a [Fold],
}

impl View<'_> {
    /// Whether the box of a scope shows what it is made of.
    fn opens_scope(&self, path: &str) -> bool {
        let is_it = |fold: &Fold| matches!(fold, Fold::Scope(open) if open == path);
        self.unfold || self.open.iter().any(is_it)
    }

    /// Whether the box that ends with a gate does.
    fn opens_ending(&self, gate: u32) -> bool {
        self.unfold || self.open.contains(&Fold::Ending(gate))
    }
}

/// What a shape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A value that is given.
    Input,
    /// A number.
    Constant,
    /// An operation.
    Gate,
    /// Several gates in one box.
    Fold,
    /// A shape drawn once more, close to a use that is far away.
    Repeat,
    /// The end of the last wire.
    Result,
}

/// One shape of the picture.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) role: Role,
    /// The sign or name inside.
    pub(super) symbol: String,
    /// The name or expression below.
    pub(super) caption: String,
    /// What it is, for a tooltip.
    pub(super) tip: String,
    /// The value that the tooltip tells after it, which is that of `node`.
    pub(super) value: Option<String>,
    /// The node that a step explains; the last one inside a fold.
    pub(super) node: u32,
    /// The gates inside, where it stands for several; in order.
    pub(super) inside: Vec<u32>,
    /// How the box is opened, where it can be.
    pub(super) fold: Option<Fold>,
    /// How many wires enter it.
    pub(super) entering: usize,
    /// What its uses pass back together, where they are several.
    pub(super) total: Option<Total>,
    /// The step at which its value is computed, and at which it passes its gradient.
    pub(super) forward: usize,
    pub(super) backward: Option<usize>,
}

/// A tooltip: what it is, and its value.
fn told(tip: &str, value: Option<&String>) -> String {
    value.map_or_else(|| tip.into(), |value| format!("{tip} = {value}"))
}

impl Shape {
    /// The gates that it stands for.
    fn gates(&self) -> Vec<u32> {
        if self.inside.is_empty() { vec![self.node] } else { self.inside.clone() }
    }

    /// Whether it may move next to what uses it.
    pub(super) fn is_movable(&self) -> bool {
        matches!(self.role, Role::Input | Role::Constant | Role::Repeat)
    }
}

/// Of a picture with more shapes those nearest to the result are drawn.
const MOST_SHAPES: usize = 300;

/// Lines across more layers than this are replaced by a copy of the name.
const FARTHEST: usize = 7;

/// One use of a value.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) value: String,
    pub(super) gradient: Option<String>,
    /// The node whose value it carries.
    pub(super) node: u32,
    /// The gates that it enters, each with the operand's place.
    pub(super) uses: Vec<(u32, usize)>,
    /// The nodes of which it shows the range, where it stands for several wires.
    pub(super) several: Vec<u32>,
}

/// Shapes and wires, every shape after those it depends on.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) shapes: Vec<Shape>,
    pub(super) wires: Vec<Wire>,
    /// What the gradients are of.
    pub(super) root: String,
    /// The number of the last step.
    pub(super) steps: usize,
}

impl Explanation {
    /// The number of the last step of the picture, for [`View::step`].
    ///
    /// ```
    /// use chainrule_explain::{Request, View, explain, values};
    /// let request = Request { expression: "x * m * t".into(), values: values("x=1,m=2,t=3")?, ..Request::default() };
    /// // Two gates forward, the gradient of the result, two gates backward.
    /// assert_eq!(explain(&request)?.steps(View::default()), 5);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn steps(&self, view: View<'_>) -> usize {
        self.picture(view).steps
    }

    pub(super) fn picture(&self, view: View<'_>) -> Picture {
        let folding = if view.unfold { Folding::none(self) } else { Folding::scopes(self, view) };
        let (shapes, wires, repeats) = (Vec::new(), Vec::new(), Vec::new());
        let builder = Builder { e: self, folding, shapes, wires, at: HashMap::new(), repeats };
        builder.build(view)
    }
}

struct Builder<'a> {
    e: &'a Explanation,
    folding: Folding,
    shapes: Vec<Shape>,
    wires: Vec<Wire>,
    /// The shape of each group of nodes.
    at: HashMap<u32, usize>,
    /// Copies of shapes, each with what it repeats.
    repeats: Vec<(usize, usize)>,
}

impl Builder<'_> {
    fn build(mut self, view: View<'_>) -> Picture {
        let e = self.e;
        let mut members: HashMap<u32, Vec<&Node>> = HashMap::new();
        for node in e.nodes.iter().filter(|node| !node.is_silent()) {
            members.entry(self.folding.group(node.id)).or_default().push(node);
        }
        // A group stands where its last node does: after all that it depends on.
        let mut groups: Vec<(u32, Vec<&Node>)> = members.into_iter().collect();
        groups.sort_unstable_by_key(|(_, nodes)| nodes.last().map(|node| node.id));
        for (group, nodes) in &groups {
            self.shape(*group, nodes);
        }
        for (_, nodes) in &groups {
            self.wires_of(nodes);
        }
        self.result();
        self.drop_unused();
        if !view.unfold {
            let keep = repeats::fold(self.e, view, &mut self.shapes, &mut self.wires);
            self.retain(&keep);
            let keep = inputs::fold(self.e, &mut self.shapes, &mut self.wires);
            self.retain(&keep);
        }
        self.cut();
        self.repeat_far();
        self.wires.iter().for_each(|wire| self.shapes[wire.to].entering += 1);
        let steps = self.number_steps();
        totals::tell(e, &mut self.shapes, &self.wires, &self.repeats);
        Picture { shapes: self.shapes, wires: self.wires, root: e.root().into(), steps }
    }

    fn shape(&mut self, group: u32, nodes: &[&Node]) {
        let Some(last) = nodes.last() else { return };
        let gates: Vec<u32> = nodes.iter().filter(|n| n.is_gate()).map(|n| n.id).collect();
        let folded = gates.len() > 1;
        let scope = self.folding.scope(group).filter(|_| folded);
        let (role, symbol, caption) = match (&last.source, scope) {
            (_, Some(scope)) => {
                (Role::Fold, fold_symbol(self.e, scope), fold_caption(self.e, last, scope))
            }
            _ if folded => {
                let sum = self.folding.sums.at(last.id);
                let caption = sum.map_or_else(String::new, |sum| sum_caption(self.e, last, sum));
                (Role::Fold, "Σ".into(), caption)
            }
            (Source::Input(_) | Source::Parameter(_) | Source::State(_), _) => {
                (Role::Input, last.label.clone(), String::new())
            }
            (Source::Constant(_), _) => (Role::Constant, constant(last), String::new()),
            (Source::Op(op), _) => {
                (Role::Gate, op.glyph().into(), gate_caption(op, self.e.face(last)))
            }
        };
        let fold = match scope {
            Some(scope) => Some(Fold::Scope(scope.into())),
            None => folded.then_some(Fold::Ending(last.id)),
        };
        let face = self.e.face(last);
        self.at.insert(group, self.shapes.len());
        self.shapes.push(Shape {
            role,
            symbol,
            caption: cut(&caption, 18),
            tip: cut(&face.label, 200),
            value: Some(with_minus(&cut(&face.value.to_string(), 60))),
            node: last.id,
            inside: if folded { gates } else { Vec::new() },
            fold,
            entering: 0,
            total: None,
            forward: 0,
            backward: None,
        });
    }

    fn wires_of(&mut self, nodes: &[&Node]) {
        let e = self.e;
        let Some(&to) = nodes.last().and_then(|n| self.at.get(&self.folding.group(n.id))) else {
            return;
        };
        let inside: HashSet<u32> = nodes.iter().map(|node| node.id).collect();
        let folded = nodes.len() > 1;
        let first = self.wires.len();
        let mut known: HashMap<u32, usize> = HashMap::new();
        for node in nodes {
            for (operand, &id) in node.operands.iter().enumerate() {
                let source = e.behind(id);
                if inside.contains(&source) {
                    continue;
                }
                let Some(&from) = self.at.get(&self.folding.group(source)) else { continue };
                let passed = node.passed(operand);
                let gradient = passed.map(|passed| e.received(node, passed).1);
                if let Some(wire) = known.get(&source).filter(|_| folded) {
                    // Uses inside one box are one wire, with the sum of what they pass back.
                    self.wires[*wire].uses.push((node.id, operand));
                    continue;
                }
                known.insert(source, self.wires.len());
                let muted = self.shapes.get(from).is_some_and(|s| s.role == Role::Constant);
                self.wires.push(Wire {
                    from,
                    to,
                    // A constant shows its value itself.
                    value: e
                        .node(source)
                        .filter(|_| !muted)
                        .map_or_else(String::new, |node| short(&e.face(node).value)),
                    gradient: gradient.map(short),
                    node: source,
                    uses: vec![(node.id, operand)],
                    several: Vec::new(),
                });
            }
        }
        for wire in self.wires[first..].iter_mut().filter(|wire| wire.uses.len() > 1) {
            wire.gradient = sum(e, &wire.uses).as_ref().map(short);
        }
    }

    /// The wire that leaves the last gate, with the gradient 1 that enters there.
    fn result(&mut self) {
        let Some(last) = self.e.nodes.last() else { return };
        let Some(&from) = self.at.get(&self.folding.group(last.id)) else { return };
        let to = self.shapes.len();
        let name = self.e.root();
        self.shapes.push(Shape {
            role: Role::Result,
            symbol: name.into(),
            caption: String::new(),
            tip: name.into(),
            value: Some(with_minus(&cut(&last.value.to_string(), 60))),
            node: last.id,
            inside: Vec::new(),
            fold: None,
            entering: 0,
            total: None,
            forward: 0,
            backward: None,
        });
        self.wires.push(Wire {
            from,
            to,
            value: short(&last.value),
            gradient: last.gradient.as_ref().map(short),
            node: last.id,
            uses: Vec::new(),
            several: Vec::new(),
        });
    }

    /// Constants that only a fold uses are a part of it.
    fn drop_unused(&mut self) {
        let folded = |wire: &Wire, shapes: &[Shape]| {
            shapes.get(wire.to).is_some_and(|s| s.role == Role::Fold)
        };
        let mut keep: Vec<bool> = self.shapes.iter().map(|s| s.role != Role::Constant).collect();
        for wire in &self.wires {
            keep[wire.from] |= !folded(wire, &self.shapes);
        }
        self.retain(&keep);
    }

    /// Keeps some shapes, with the wires that leave them.
    fn retain(&mut self, keep: &[bool]) {
        let mut places = Vec::new();
        let mut next = 0;
        for &kept in keep {
            places.push(next);
            next += usize::from(kept);
        }
        self.wires.retain(|wire| keep[wire.from]);
        for wire in &mut self.wires {
            (wire.from, wire.to) = (places[wire.from], places[wire.to]);
        }
        let mut at = keep.iter();
        self.shapes.retain(|_| at.next().copied().unwrap_or(true));
    }

    /// Of a picture that nobody could take in, what is nearest to the result; one box stands for the rest.
    fn cut(&mut self) {
        if self.shapes.len() <= MOST_SHAPES {
            return;
        }
        let mut entering: Vec<Vec<usize>> = vec![Vec::new(); self.shapes.len()];
        for wire in &self.wires {
            entering[wire.to].push(wire.from);
        }
        let mut near = vec![false; self.shapes.len()];
        let mut found: VecDeque<usize> = self.shapes.len().checked_sub(1).into_iter().collect();
        let mut left = MOST_SHAPES;
        while let Some(shape) = found.pop_front().filter(|_| left > 0) {
            if !std::mem::replace(&mut near[shape], true) {
                left -= 1;
                found.extend(&entering[shape]);
            }
        }
        let is_gate = |at: &usize| matches!(self.shapes[*at].role, Role::Gate | Role::Fold);
        let others: Vec<&Shape> = (0..near.len())
            .filter(|at| !near[*at] && is_gate(at))
            .map(|at| &self.shapes[at])
            .collect();
        let inside = others.iter().flat_map(|shape| shape.gates()).collect();
        let others = others.len();
        let rest = self.shapes.len();
        let last = (0..rest).rfind(|at| !near[*at]).map_or(0, |at| self.shapes[at].node);
        let words = Words::new(self.e.language);
        self.shapes.push(Shape {
            role: Role::Fold,
            symbol: words.say("picture-others", &[("count", &others.to_string())]),
            caption: String::new(),
            tip: words.get("picture-others-tip"),
            value: None,
            node: last,
            inside,
            fold: None,
            entering: 0,
            total: None,
            forward: 0,
            backward: None,
        });
        self.wires.retain(|wire| near[wire.to]);
        // Of those that go from there to one place one is left.
        let mut to: HashMap<usize, (usize, Vec<u32>)> = HashMap::new();
        let mut keep = vec![true; self.wires.len()];
        for (at, wire) in self.wires.iter_mut().enumerate().filter(|(_, w)| !near[w.from]) {
            wire.from = rest;
            let (first, nodes) = to.entry(wire.to).or_insert((at, Vec::new()));
            nodes.push(wire.node);
            keep[at] = *first == at;
        }
        for (_, (first, nodes)) in to.into_iter().filter(|(_, (_, nodes))| nodes.len() > 1) {
            inputs::several(self.e, &mut self.wires[first], nodes);
        }
        let mut kept = keep.iter();
        self.wires.retain(|_| kept.next().copied().unwrap_or(true));
        near.push(true);
        // The box stands before all that it leads to.
        self.retain(&near);
        self.shapes.rotate_right(1);
        let count = self.shapes.len();
        for wire in &mut self.wires {
            (wire.from, wire.to) = ((wire.from + 1) % count, (wire.to + 1) % count);
        }
    }

    /// A line across many layers is hard to follow, and many of them are most of a picture: such a
    /// use gets a copy of the name instead.
    fn repeat_far(&mut self) {
        let movable: Vec<bool> = self.shapes.iter().map(Shape::is_movable).collect();
        let ends = self.wires.iter().map(|wire| (wire.from, wire.to)).collect();
        let layer = layout::layers(&movable, ends);
        for at in 0..self.wires.len() {
            let (from, to) = (self.wires[at].from, self.wires[at].to);
            if layer[to] - layer[from] <= FARTHEST {
                continue;
            }
            let name = match (&self.shapes[from].role, self.shapes[from].caption.as_str()) {
                (Role::Gate | Role::Fold, "") => format!("#{}", self.wires[at].node),
                (Role::Gate | Role::Fold, caption) => caption.into(),
                _ => self.shapes[from].symbol.clone(),
            };
            if matches!(self.shapes[from].role, Role::Gate | Role::Fold) {
                self.shapes[from].caption.clone_from(&name);
            }
            self.wires[at].from = self.shapes.len();
            let copy = Shape {
                role: Role::Repeat,
                symbol: name,
                caption: String::new(),
                backward: None,
                ..self.shapes[from].clone()
            };
            self.repeats.push((self.shapes.len(), from));
            self.shapes.push(copy);
        }
    }

    /// Step 0 knows the inputs; each step computes one gate; then the result gets its gradient, and
    /// each step sends one gate's gradient back.
    fn number_steps(&mut self) -> usize {
        let mut step = 0;
        let gate = |shape: &Shape| matches!(shape.role, Role::Gate | Role::Fold);
        for shape in self.shapes.iter_mut().filter(|shape| gate(shape)) {
            step += 1;
            shape.forward = step;
        }
        for &(copy, of) in &self.repeats {
            self.shapes[copy].forward = self.shapes[of].forward;
        }
        let passes: HashSet<usize> =
            self.wires.iter().filter(|w| w.gradient.is_some()).map(|w| w.to).collect();
        let backwards = self.shapes.iter_mut().enumerate().rev();
        for (_, shape) in backwards.filter(|(at, _)| passes.contains(at)) {
            step += 1;
            shape.backward = Some(step);
        }
        step
    }
}

/// What several uses of one value pass back to it together.
fn sum(e: &Explanation, uses: &[(u32, usize)]) -> Option<Value> {
    let passed = uses.iter().filter_map(|&(gate, operand)| {
        let gate = e.node(gate)?;
        let passed = gate.passed(operand)?;
        Some(e.received(gate, passed).1.clone())
    });
    passed.reduce(|sum, more| sum.plus(&more))
}

/// A number, or an array where it is short, else its shape and norm.
pub(super) fn short(value: &Value) -> String {
    if let Some(number) = value.as_number() {
        return with_minus(&digits(number, 5));
    }
    let whole = value.to_string();
    match width(&whole) <= 18 {
        true => with_minus(&whole),
        false => format!("{}  ‖{}‖", value.dims("×"), digits(value.norm(), 3)),
    }
}

fn constant(node: &Node) -> String {
    let value = short(&node.value);
    if node.named { format!("{} = {value}", node.label) } else { value }
}

/// A given name, or for an operation whose operands are not alike the expression.
fn gate_caption(op: &Arc<dyn AnyOp>, face: &Node) -> String {
    let alike = op.is::<Add>() || op.is::<Mul>();
    let ordered = matches!(op.notation(), Notation::Infix(..)) && !alike;
    let ordered = ordered && face.label.chars().count() <= 16;
    match (face.named, ordered) {
        (true, _) | (false, true) => face.label.clone(),
        _ => String::new(),
    }
}

/// The scope of the loss that is put on an output where there is a target.
const LOSS: &str = "half_squared_error";

/// The scope's own name, without the scopes around it.
fn fold_symbol(e: &Explanation, scope: &str) -> String {
    match scope.rsplit('/').next().unwrap_or_default() {
        LOSS => Words::new(e.language).say("picture-loss", &[("output", e.output_name())]),
        name => name.into(),
    }
}

fn sum_caption(e: &Explanation, last: &Node, sum: &Sum) -> String {
    let count = sum.products.to_string();
    match last.named {
        true => last.label.clone(),
        false => Words::new(e.language).say("sum-products", &[("count", &count)]),
    }
}

fn fold_caption(e: &Explanation, last: &Node, scope: &str) -> String {
    match (scope, e.target.as_ref().and_then(Value::as_number)) {
        (LOSS, Some(target)) => {
            let target = with_minus(&digits(target, 6));
            Words::new(e.language).say("picture-target", &[("target", &target)])
        }
        _ if last.named => last.label.clone(),
        _ => String::new(),
    }
}
