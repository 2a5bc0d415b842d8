//! What the server does at most, and why so much; what an explanation needs is known before it is made.

use std::time::Duration;

use chainrule::Graph;
use chainrule::graph::Type;
use chainrule_explain::{Names, Request, Values, differentiable, record};

use super::mistake::Mistake;

/// A request's head: browsers' have less than a kilobyte.
pub const HEAD_BYTES: usize = 16 << 10;
/// Lines of a head.
pub const HEADERS: usize = 100;
/// How long a head may take to arrive, a body too; and how long a client may take none of an answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// A body: the expression and values of some ten thousand numbers.
pub const BODY_BYTES: usize = 1 << 20;
/// A body that is too long is read on this far, so that whoever sends it comes to read the answer.
pub const DRAINED_BYTES: usize = 8 << 20;
/// Connections that are open at a time. Those beyond wait until one ends: a browser opens six.
pub const CONNECTIONS: usize = 32;
/// Event streams that are open at a time: a browser's tabs share one.
pub const STREAMS: usize = 4;
/// Between two signs of life of an event stream.
pub const BEAT: Duration = Duration::from_secs(15);
/// The memory of calls within a computation: that of a program's first thread.
pub const STACK_BYTES: usize = 8 << 20;

/// Characters of an expression.
pub const CHARACTERS: usize = 10_000;
/// Nodes of its graph. Pictures of more are no pictures, and what-ifs record it a dozen times.
pub const NODES: usize = 5_000;
/// The numbers of all nodes and of what gates may pass back: at some 200 bytes each, with the JSON made
/// of them, a hundred megabytes.
pub const NUMBERS: usize = 1 << 19;
/// The operations of a computation that is run for each step down and each point of a plot: seconds.
pub const OPERATIONS: usize = 1 << 28;
/// Points of a plot, and steps down.
pub const POINTS: usize = 1_000;
/// Names of a list.
pub const NAMES: usize = 100;

/// The parameters of a network: of each the graph holds the value and what is passed back, and a few hundred
/// bytes in all.
pub const PARAMETERS: usize = 500_000;

/// Looks at what a request needs, before any of it is computed.
pub fn check(request: &Request) -> Result<(), Mistake> {
    let characters = request.expression.chars().count();
    at_most("characters of the expression", characters, CHARACTERS)?;
    at_most("names of `wrt`", request.wrt.as_ref().map_or(0, Vec::len), NAMES)?;
    at_most("names of `nudge`", request.nudges.as_ref().map_or(0, Values::len), NAMES)?;
    at_most("steps down", request.descend.unwrap_or(0), POINTS)?;
    at_most("points of the sweep", request.sweep.as_ref().map_or(0, |range| range.points), POINTS)?;
    let g = Graph::with_exact_slopes();
    let output = record(&g, &request.expression, &request.values, Names::Inputs)?;
    let has_cross_entropy = request.cross_entropy.is_some();
    differentiable(&request.expression, output.shape(), has_cross_entropy)
        .map_err(Mistake::Array)?;
    at_most("nodes of the expression's graph", g.len(), NODES)?;
    at_most("numbers of the expression's values and gradients", numbers(&g), NUMBERS)?;
    let rounds =
        1 + request.descend.unwrap_or(0) + request.sweep.as_ref().map_or(0, |range| range.points);
    let operations = operations(&g).saturating_mul(rounds);
    at_most("operations for all steps down and points", operations, OPERATIONS)
}

/// Refuses more of something than the server takes.
pub fn at_most(what: &str, found: usize, limit: usize) -> Result<(), Mistake> {
    match found <= limit {
        true => Ok(()),
        false => Err(Mistake::Refused(format!(
            "{found} {what} are more than the explorer takes, which is {limit}; \
             `chainrule explain` in a terminal takes more"
        ))),
    }
}

/// How many numbers an explanation holds: each node's value and gradient, and for each operand what
/// arrives at the gate, the local derivative and their product.
fn numbers(g: &Graph) -> usize {
    let length = |id: u32| g.var(id).shape().len();
    let of_node = |id: u32| {
        let operands = g.node(id, |node| node.operands.clone());
        let passed = operands.iter().map(|&operand| 2 * length(operand) + length(id));
        passed.fold(2 * length(id), usize::saturating_add)
    };
    let nodes = u32::try_from(g.len()).unwrap_or(u32::MAX);
    (0..nodes).map(of_node).fold(0, usize::saturating_add)
}

/// How many operations it takes to compute a graph once.
fn operations(g: &Graph) -> usize {
    let of_node = |id: u32| {
        let (source, operands) = g.node(id, |node| (node.source.clone(), node.operands.clone()));
        let types: Vec<Type> = operands.iter().map(|&operand| g.node(operand, |n| n.ty)).collect();
        let each = source.op().map_or(0, |op| op.cost(&types));
        g.var(id).shape().len().saturating_mul(each)
    };
    let nodes = u32::try_from(g.len()).unwrap_or(u32::MAX);
    (0..nodes).map(of_node).fold(0, usize::saturating_add)
}
