//! The paths of a computation of arrays.
//!
//! What flows along a path is an array: the gradient 1 of the output, taken through each gate's own
//! backward rule. The size of the result is no product of the gates' sizes, so that no rule tells
//! which partial path ends up largest; each node follows those that are largest when they reach it.
//! While no node has more than it follows, the result is exact.

use std::collections::{HashMap, HashSet};

use super::MOST;
use crate::model::{Explanation, Node, Path, Paths};
use crate::value::Value;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::ops::Gate;
use chainrule::tensor::{Shape, Tensor};

/// Partial paths that a node follows, if their numbers are no more than these; at least `MOST`.
const FOLLOWED: usize = 64;
const NUMBERS: usize = 1 << 22;

/// A partial path: what flows along it, and the gate's partial path that it continues.
struct Partial {
    flow: Tensor<f64>,
    norm: f64,
    /// By what the last gate changed the norm.
    factor: f64,
    /// The gate and the place of its partial path; `None` at the output.
    from: Option<(u32, usize)>,
}

/// What is known of the paths from the output to a node.
#[derive(Default)]
struct Reached {
    followed: Vec<Partial>,
    count: f64,
}

impl Reached {
    /// Keeps the largest, first the largest of all.
    fn keep_largest(&mut self) {
        let numbers = self.followed.first().map_or(1, |path| path.flow.values().len().max(1));
        self.followed.sort_by(|a, b| b.norm.total_cmp(&a.norm));
        self.followed.truncate((NUMBERS / numbers).clamp(MOST, FOLLOWED));
    }
}

/// The paths from the output to the input `name`, largest first.
pub(super) fn to(g: &Graph, e: &Explanation, name: &str) -> Result<Paths> {
    let input = e.nodes.iter().find(|node| node.is_input(name));
    let (Some(input), Some(root)) = (input, e.nodes.last()) else {
        return Ok(Paths {
            name: name.into(),
            count: 0.0,
            sum: 0.0,
            sizes: None,
            largest: Vec::new(),
        });
    };
    let leads = leads_to(e, input.id);
    let mut reached: HashMap<u32, Reached> = HashMap::new();
    let start = Partial { flow: Tensor::scalar(1.0), norm: 1.0, factor: 1.0, from: None };
    reached.insert(root.id, Reached { followed: vec![start], count: 1.0 });
    for node in e.nodes.iter().rev() {
        let Some(mut here) = reached.remove(&node.id) else { continue };
        here.keep_largest();
        for passed in &node.backward {
            let Some(&to) = node.operands.get(passed.operand).filter(|to| leads.contains(to))
            else {
                continue;
            };
            let flows = pass(g, e, node, passed.operand, &here.followed)?;
            let below = reached.entry(to).or_default();
            below.count += here.count;
            let paths = here.followed.iter().zip(flows).enumerate();
            below.followed.extend(paths.map(|(place, (path, flow))| {
                let norm = norm(&flow);
                let factor = if path.norm > 0.0 { norm / path.norm } else { 0.0 };
                Partial { flow, norm, factor, from: Some((node.id, place)) }
            }));
        }
        // Passed on; from here on only the way back up is needed.
        if node.id != input.id {
            here.followed.iter_mut().for_each(|path| path.flow = Tensor::scalar(0.0));
        }
        reached.insert(node.id, here);
    }
    Ok(result(e, name, input, &reached))
}

fn result(e: &Explanation, name: &str, input: &Node, reached: &HashMap<u32, Reached>) -> Paths {
    let gradient = input.gradient.as_ref().map(Value::numbers).unwrap_or_default();
    let square: f64 = gradient.iter().map(|x| x * x).sum();
    let found = reached.get(&input.id);
    let largest = found.iter().flat_map(|found| &found.followed).take(MOST).map(|path| {
        let along: f64 = path.flow.values().iter().zip(&gradient).map(|(a, b)| a * b).sum();
        let share = if square > 0.0 { along / square } else { 0.0 };
        Path { share, ..trace(e, reached, input.id, path) }
    });
    Paths {
        name: name.into(),
        count: found.map_or(0.0, |found| found.count),
        sum: square.sqrt(),
        sizes: None,
        largest: largest.collect(),
    }
}

/// The nodes that depend on an input.
fn leads_to(e: &Explanation, input: u32) -> HashSet<u32> {
    let mut leads = HashSet::from([input]);
    for node in &e.nodes {
        if node.operands.iter().any(|operand| leads.contains(operand)) {
            leads.insert(node.id);
        }
    }
    leads
}

/// What a gate passes to an operand of each gradient that reaches it: its own backward rule at the
/// values that ran.
fn pass(
    g: &Graph,
    e: &Explanation,
    node: &Node,
    operand: usize,
    paths: &[Partial],
) -> Result<Vec<Tensor<f64>>> {
    let Some(op) = g.node(node.id, |node| node.op().cloned()) else { return Ok(Vec::new()) };
    let h = Graph::with_exact_slopes();
    let given = |node: &Node| {
        let tensor = Tensor::new(Shape::new(&node.shape)?, node.value.numbers())?;
        Ok::<Var<'_>, Error>(h.constant_tensor(tensor))
    };
    let below = node.operands.iter().filter_map(|&id| e.node(id));
    let operands: Vec<Var<'_>> = below.map(given).collect::<Result<_>>()?;
    let output = given(node)?;
    let rule = |path: &Partial| {
        let upstream = h.constant_tensor(path.flow.clone());
        op.backward(&Gate::new(&operands, output, upstream), operand)
    };
    let passed: Vec<Var<'_>> = paths.iter().filter_map(rule).collect();
    let mut plan = h.compile::<f64>(&passed)?;
    plan.run()?;
    passed.iter().map(|&v| plan.tensor(v)).collect()
}

fn norm(tensor: &Tensor<f64>) -> f64 {
    tensor.values().iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Follows a partial path back up to the output, past what only changes a shape.
fn trace(e: &Explanation, reached: &HashMap<u32, Reached>, id: u32, last: &Partial) -> Path {
    let (mut nodes, mut locals, mut at, mut factor) = (vec![id], Vec::new(), last, 1.0);
    while let Some((gate, place)) = at.from {
        factor *= at.factor;
        if !e.node(gate).is_some_and(Node::is_silent) {
            nodes.push(gate);
            locals.push(factor);
            factor = 1.0;
        }
        let Some(above) = reached.get(&gate).and_then(|above| above.followed.get(place)) else {
            break;
        };
        at = above;
    }
    nodes.reverse();
    locals.reverse();
    Path { nodes, locals, product: last.norm, share: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Explanation, Paths, Request, explain, values};

    fn paths(expression: &str, at: &str, name: &str) -> (Explanation, Paths) {
        let request = Request {
            expression: expression.into(),
            values: values(at).unwrap(),
            paths: Some(name.into()),
            ..Request::default()
        };
        let mut explained = explain(&request).unwrap();
        let paths = explained.paths.take().unwrap();
        (explained, paths)
    }

    #[test]
    fn each_side_of_a_residual_sum_is_a_path_whose_factors_multiply_to_its_norm() {
        let at = "x=[1,-2],W=[[2,0],[0,2]]";
        let (explained, paths) = paths("sum(W @ x + x)", at, "x");
        // Σ passes a 1 to each of two elements: √2; W doubles it, the other side leaves it.
        let norms: Vec<f64> = paths.largest.iter().map(|path| path.product).collect();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(norms[0], 8f64.sqrt()) && near(norms[1], 2f64.sqrt()) && norms.len() == 2);
        assert_eq!(paths.count, 2.0);
        assert!(near(paths.largest[0].share, 2.0 / 3.0) && near(paths.largest[1].share, 1.0 / 3.0));
        assert!(near(paths.sum, 18f64.sqrt()));
        for path in &paths.largest {
            assert!(near(path.locals.iter().product::<f64>(), path.product));
            assert_eq!(path.locals.len() + 1, path.nodes.len());
            let ops = path.nodes.iter().filter_map(|&id| explained.node(id));
            assert!(ops.clone().all(|node| !node.is_silent()));
        }
    }

    #[test]
    fn paths_that_work_against_each_other_have_shares_of_both_signs() {
        let (_, paths) = paths("sum(3 * x - tanh(x) - 2 * x)", "x=[0.1,0.2]", "x");
        let shares: Vec<f64> = paths.largest.iter().map(|path| path.share).collect();
        assert_eq!(shares.len(), 3);
        assert!(shares[0] > 0.0 && shares[1] < 0.0 && shares[2] < 0.0);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn paths_beyond_count_are_not_listed() {
        let mut text = "a0 = x * 1".to_owned();
        for line in 1..=60 {
            text += &format!("; a{line} = a{0} + a{0}", line - 1);
        }
        let (_, paths) = paths(&(text + "; sum(a60)"), "x=[1,2]", "x");
        assert_eq!((paths.count, paths.largest.len()), (2f64.powi(60), super::MOST));
    }
}
