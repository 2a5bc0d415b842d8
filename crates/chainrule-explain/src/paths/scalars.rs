//! The paths of a computation of numbers.
//!
//! The number of paths grows exponentially with the depth of a graph, so that each node keeps only
//! its k largest partial paths from the output. A path's size is the product of its local
//! derivatives' sizes, which grows with each factor's; so the k largest paths to a node go on from
//! the k largest to one of the gates that use it (Bellman's principle), and the result is exact.

use std::collections::HashMap;

use super::MOST;
use crate::model::{Explanation, Path, Paths};
use crate::value::Value;

/// A partial path: its product, and the gate's partial path that it continues.
#[derive(Clone, Copy)]
struct Partial {
    product: f64,
    local: f64,
    /// The gate and the place of its partial path; `None` at the output.
    from: Option<(u32, usize)>,
}

/// What is known of all paths from the output to a node.
#[derive(Default)]
struct Reached {
    largest: Vec<Partial>,
    count: f64,
    sum: f64,
    sizes: f64,
}

/// The paths from the output to every node, followed once for all of them.
pub(crate) struct Followed<'e> {
    explanation: &'e Explanation,
    reached: HashMap<u32, Reached>,
}

impl<'e> Followed<'e> {
    pub(crate) fn new(explanation: &'e Explanation) -> Self {
        Self { explanation, reached: follow(explanation) }
    }

    /// The paths to the input `name`, largest first.
    pub(crate) fn to(&self, name: &str) -> Paths {
        let input = self.explanation.nodes.iter().find(|node| node.is_input(name));
        let found = input.and_then(|node| Some((node.id, self.reached.get(&node.id)?)));
        let Some((id, found)) = found else {
            let (count, sum, sizes) = (0.0, 0.0, Some(0.0));
            return Paths { name: name.into(), count, sum, sizes, largest: Vec::new() };
        };
        let share =
            |path: &Path| if found.sizes > 0.0 { path.product.abs() / found.sizes } else { 0.0 };
        let largest = found.largest.iter().map(|&last| {
            let mut path = trace(&self.reached, id, last);
            path.share = share(&path);
            path
        });
        Paths {
            name: name.into(),
            count: found.count,
            sum: found.sum,
            sizes: Some(found.sizes),
            largest: largest.collect(),
        }
    }
}

/// The partial paths that reach each node.
fn follow(explanation: &Explanation) -> HashMap<u32, Reached> {
    let root = explanation.nodes.last().map(|node| node.id);
    let mut reached: HashMap<u32, Reached> = HashMap::new();
    if let Some(root) = root {
        let start = Partial { product: 1.0, local: 1.0, from: None };
        let at = Reached { largest: vec![start], count: 1.0, sum: 1.0, sizes: 1.0 };
        reached.insert(root, at);
    }
    for node in explanation.nodes.iter().rev() {
        let Some(here) = reached.get(&node.id) else { continue };
        let (count, sum, sizes, largest) = (here.count, here.sum, here.sizes, here.largest.clone());
        for passed in &node.backward {
            let (Some(&operand), Some(local)) = (
                node.operands.get(passed.operand),
                passed.local.as_ref().and_then(Value::as_number),
            ) else {
                continue;
            };
            let below = reached.entry(operand).or_default();
            below.count += count;
            below.sum += sum * local;
            below.sizes += sizes * local.abs();
            below.largest.extend(largest.iter().enumerate().map(|(place, path)| Partial {
                product: path.product * local,
                local,
                from: Some((node.id, place)),
            }));
            below.largest.sort_by(|a, b| b.product.abs().total_cmp(&a.product.abs()));
            below.largest.truncate(MOST);
        }
    }
    reached
}

/// Follows a partial path back up to the output.
fn trace(reached: &HashMap<u32, Reached>, id: u32, last: Partial) -> Path {
    let (mut nodes, mut locals, mut at) = (vec![id], Vec::new(), last);
    while let Some((gate, place)) = at.from {
        nodes.push(gate);
        locals.push(at.local);
        let above = reached.get(&gate).and_then(|above| above.largest.get(place));
        match above {
            Some(&above) => at = above,
            None => break,
        }
    }
    nodes.reverse();
    locals.reverse();
    Path { nodes, locals, product: last.product, share: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Request, explain, values};

    #[test]
    fn two_to_the_sixtieth_paths_are_counted_and_summed() {
        // Each line doubles the paths: x + x, sixty times.
        let mut text = "a0 = x".to_owned();
        for line in 1..=60 {
            text += &format!("; a{line} = a{0} + a{0}", line - 1);
        }
        let request = Request {
            expression: text + "; a60",
            values: values("x=1").unwrap(),
            paths: Some("x".into()),
            ..Request::default()
        };
        let paths = explain(&request).unwrap().paths.unwrap();
        assert_eq!((paths.count, paths.sum), (2f64.powi(60), 2f64.powi(60)));
        assert_eq!(paths.largest.len(), super::MOST);
    }

    #[test]
    fn the_largest_paths_come_first_and_add_up() {
        let request = Request {
            expression: "x * 3 + x * -5 + x".into(),
            values: values("x=2").unwrap(),
            paths: Some("x".into()),
            ..Request::default()
        };
        let explained = explain(&request).unwrap();
        let paths = explained.paths.unwrap();
        let products: Vec<f64> = paths.largest.iter().map(|path| path.product).collect();
        assert_eq!(products, [-5.0, 3.0, 1.0]);
        assert_eq!((paths.sum, paths.sizes), (-1.0, Some(9.0)));
        assert_eq!(paths.largest[0].share, 5.0 / 9.0);
    }
}
