//! Identical blocks in a row, such as the layers of a deep network, as one box with their number.

use super::{Fold, Role, Shape, View, Wire};
use crate::model::Explanation;
use crate::value::{Value, digits, with_minus};

/// Fewer repeats than these, or fewer gates in all of them, are drawn one by one.
const FEWEST_REPEATS: usize = 3;
const FEWEST_GATES: usize = 12;

/// The gates of the longest block that is looked for.
const LONGEST: usize = 12;

/// Gates in a row, from `start`: so many repeats of so many gates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Run {
    start: usize,
    gates: usize,
    repeats: usize,
}

/// Lets one box stand for repeats, and says which shapes are left.
pub(super) fn fold(
    e: &Explanation,
    view: View<'_>,
    shapes: &mut [Shape],
    wires: &mut Vec<Wire>,
) -> Vec<bool> {
    let mut keep = vec![true; shapes.len()];
    let rows = Rows::new(e, shapes, wires);
    let is_closed = |(chain, _): &(Vec<usize>, usize)| {
        !chain.last().is_some_and(|&gate| view.opens_ending(shapes[gate].node))
    };
    let runs = rows.chains().into_iter().filter_map(|chain| rows.repeated(&chain));
    let runs: Vec<(Vec<usize>, usize)> = runs.filter(is_closed).collect();
    let entering = rows.entering;
    for (chain, gates) in runs {
        Block { e, gates, chain: &chain, entering: &entering }.fold(shapes, wires, &mut keep);
    }
    wires.retain(|wire| keep.get(wire.from) == Some(&true) && keep.get(wire.to) == Some(&true));
    keep
}

/// The wires between shapes.
struct Rows<'a> {
    e: &'a Explanation,
    shapes: &'a [Shape],
    wires: &'a [Wire],
    /// For each shape the wires that enter it, in the operands' order, and how many leave it.
    entering: Vec<Vec<usize>>,
    leaving: Vec<usize>,
}

impl<'a> Rows<'a> {
    fn new(e: &'a Explanation, shapes: &'a [Shape], wires: &'a [Wire]) -> Self {
        let (mut entering, mut leaving) = (vec![Vec::new(); shapes.len()], vec![0; shapes.len()]);
        for (at, wire) in wires.iter().enumerate() {
            entering[wire.to].push(at);
            leaving[wire.from] += 1;
        }
        Self { e, shapes, wires, entering, leaving }
    }

    fn is_gate(&self, shape: usize) -> bool {
        matches!(self.shapes[shape].role, Role::Gate | Role::Fold)
    }

    /// Whether a wire comes from an input or a constant that has no other use.
    fn is_own(&self, wire: usize) -> bool {
        let from = self.wires[wire].from;
        matches!(self.shapes[from].role, Role::Input | Role::Constant) && self.leaving[from] == 1
    }

    /// The gate before this one in a row: the only one whose value it takes, and its only user.
    fn before(&self, shape: usize) -> Option<usize> {
        let (own, others): (Vec<usize>, Vec<usize>) =
            self.entering[shape].iter().partition(|&&wire| self.is_own(wire));
        let [wire] = others.as_slice() else { return None };
        let from = self.wires[*wire].from;
        let alone = self.is_gate(shape) && self.is_gate(from) && self.leaving[from] == 1;
        (alone && own.len() + 1 == self.entering[shape].len()).then_some(from)
    }

    /// Gates in rows, each taking the value of the one before.
    fn chains(&self) -> Vec<Vec<usize>> {
        let mut next = vec![None; self.shapes.len()];
        let mut is_first = vec![true; self.shapes.len()];
        for (shape, is_first) in is_first.iter_mut().enumerate() {
            if let Some(before) = self.before(shape) {
                next[before] = Some(shape);
                *is_first = false;
            }
        }
        let firsts = (0..self.shapes.len()).filter(|&at| is_first[at] && self.is_gate(at));
        let chain = |first| std::iter::successors(Some(first), |&at| next[at]).collect();
        firsts.map(chain).collect()
    }

    /// The part of a row that is to be drawn as repeats, and the gates of each.
    fn repeated(&self, chain: &[usize]) -> Option<(Vec<usize>, usize)> {
        let run = self.run(chain);
        let count = run.repeats * run.gates;
        let worth = run.repeats >= FEWEST_REPEATS && count >= FEWEST_GATES;
        worth.then(|| (chain[run.start..run.start + count].to_vec(), run.gates))
    }

    /// The run that covers most; a longer block must cover a repeat more than a shorter one.
    fn run(&self, chain: &[usize]) -> Run {
        let mut best = Run::default();
        for gates in 2..=LONGEST.min(chain.len() / FEWEST_REPEATS) {
            let found = self.run_of(chain, gates);
            if found.repeats * gates >= best.repeats * best.gates + gates {
                best = found;
            }
        }
        best
    }

    /// The longest run of blocks of so many gates. Where they could begin at several, they end where
    /// values have names, as statements do, even at the cost of a repeat.
    fn run_of(&self, chain: &[usize], gates: usize) -> Run {
        let mut alike = vec![0; chain.len() + 1];
        for at in (0..chain.len() - gates).rev() {
            let same = self.alike(chain[at], chain[at + gates], at == 0);
            alike[at] = if same { alike[at + 1] + 1 } else { 0 };
        }
        let (mut best, mut most) = (Run::default(), (0, false));
        for start in 0..chain.len() - gates {
            let repeats = alike[start] / gates + 1;
            let end = self.e.node(self.shapes[chain[start + gates - 1]].node);
            let named = end.is_some_and(|node| self.e.face(node).named);
            let score = (repeats + usize::from(named), named);
            if repeats >= FEWEST_REPEATS && score > most {
                (best, most) = (Run { start, gates, repeats }, score);
            }
        }
        best
    }

    /// Whether two gates are the same operation on values of the same shapes. The first gate of a row
    /// may take any value where the others take that of the gate before.
    fn alike(&self, a: usize, b: usize, is_first: bool) -> bool {
        let (one, other) = (&self.shapes[a], &self.shapes[b]);
        let shape = |id: u32| self.e.node(id).map(|node| &node.shape);
        let wires = |at: usize| self.entering[at].iter();
        let same_wire = |(&one, &other): (&usize, &usize)| {
            let (from, to) = (&self.wires[one], &self.wires[other]);
            let (own, others) = (self.is_own(one), self.is_own(other));
            let sources = (&self.shapes[from.from], &self.shapes[to.from]);
            let leaves = own && others && sources.0.role == sources.1.role;
            let links = !others && (is_first || !own);
            shape(from.node) == shape(to.node) && (leaves || links)
        };
        (one.role, &one.symbol) == (other.role, &other.symbol)
            && shape(one.node) == shape(other.node)
            && self.entering[a].len() == self.entering[b].len()
            && wires(a).zip(wires(b)).all(same_wire)
    }
}

/// Repeats that become one box: that of the last gate.
struct Block<'a> {
    e: &'a Explanation,
    /// The gates of one repeat.
    gates: usize,
    /// The gates of all.
    chain: &'a [usize],
    entering: &'a [Vec<usize>],
}

impl Block<'_> {
    fn fold(&self, shapes: &mut [Shape], wires: &mut [Wire], keep: &mut [bool]) {
        let (Some(&first), Some(&last)) = (self.chain.first(), self.chain.last()) else { return };
        for place in 0..self.gates {
            let members: Vec<usize> =
                self.chain.iter().copied().skip(place).step_by(self.gates).collect();
            for operand in 0..self.entering[members[0]].len() {
                let column: Vec<usize> =
                    members.iter().map(|&gate| self.entering[gate][operand]).collect();
                self.operands(&column, last, shapes, wires, keep);
            }
        }
        let symbols = self.chain.iter().take(self.gates).map(|&gate| shapes[gate].symbol.as_str());
        let symbol = symbols.collect::<Vec<&str>>().join(" → ");
        for &gate in self.chain.iter().filter(|&&gate| gate != last) {
            keep[gate] = false;
        }
        let tip = format!("{} … {}", shapes[first].tip, shapes[last].tip);
        let caption = format!("× {}", self.chain.len() / self.gates);
        let inside = self.chain.iter().flat_map(|&gate| shapes[gate].gates()).collect();
        let (role, fold) = (Role::Fold, Some(Fold::Ending(shapes[last].node)));
        shapes[last] =
            Shape { role, symbol, caption, tip, value: None, inside, fold, ..shapes[last].clone() };
    }

    /// The wires of one operand, one for each repeat: links within the row go, and inputs or constants
    /// become one with the range of their values.
    fn operands(
        &self,
        column: &[usize],
        last: usize,
        shapes: &mut [Shape],
        wires: &mut [Wire],
        keep: &mut [bool],
    ) {
        let sources: Vec<usize> = column.iter().map(|&wire| wires[wire].from).collect();
        let (Some(&wire), Some(&second), Some(&end)) =
            (column.first(), sources.get(1), sources.last())
        else {
            return;
        };
        wires[wire].to = last;
        if self.chain.contains(&second) {
            return;
        }
        let nodes: Vec<u32> = column.iter().map(|&wire| wires[wire].node).collect();
        let first = wires[wire].from;
        for &source in &sources[1..] {
            keep[source] = false;
        }
        let same = shapes[first].symbol == shapes[end].symbol;
        if !same {
            shapes[first].symbol = format!("{} … {}", shapes[first].symbol, shapes[end].symbol);
        }
        let values = nodes.iter().filter_map(|&id| self.e.node(id)).map(|node| &node.value);
        let gradients = nodes.iter().filter_map(|&id| self.e.node(id)?.gradient.as_ref());
        let muted = shapes[first].role == Role::Constant;
        wires[wire].value = if muted { String::new() } else { range(values) };
        wires[wire].gradient = wires[wire].gradient.is_some().then(|| range(gradients));
        wires[wire].several = nodes;
    }
}

/// The least and the largest of numbers, or of the norms of arrays of one shape.
pub(super) fn range<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let (mut low, mut high, mut dims) = (f64::INFINITY, f64::NEG_INFINITY, String::new());
    for value in values {
        let size = value.as_number().unwrap_or_else(|| value.norm());
        (low, high, dims) = (low.min(size), high.max(size), value.dims("×"));
    }
    let [low, high] = [low, high].map(|x| with_minus(&digits(x, 3)));
    let sizes = if low == high { low } else { format!("{low}…{high}") };
    if dims.is_empty() { sizes } else { format!("{dims}  ‖{sizes}‖") }
}
