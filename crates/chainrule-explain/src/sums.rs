//! Sums of many products, such as a dot product written out: told as one gate Σ, which opens.

use std::collections::{HashMap, HashSet};

use super::columns::cut;
use super::model::{Explanation, Node};
use super::rules::factor;
use chainrule::ops::{Add, Mul};

/// A sum of fewer products is told gate by gate.
const FEWEST: usize = 4;

/// Terms that stand in a line before the last one.
const MOST_WRITTEN: usize = 6;

/// Names in it are cut to this length.
const LONGEST_NAME: usize = 16;

/// One sum of products of numbers.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    /// The addition whose value it is.
    pub(super) top: u32,
    /// What is added, in order.
    pub(super) terms: Vec<u32>,
    /// How many of these are products.
    pub(super) products: usize,
    /// Its additions and products, in order.
    pub(super) gates: Vec<u32>,
}

/// The sums of products of a computation. No gate is a part of two.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    sums: Vec<Sum>,
    /// The sum of each gate that is a part of one.
    of: HashMap<u32, usize>,
}

impl Sums {
    pub(super) fn of(e: &Explanation) -> Self {
        let mut uses: HashMap<u32, usize> = HashMap::new();
        for node in &e.nodes {
            node.operands.iter().for_each(|&id| *uses.entry(id).or_default() += 1);
        }
        let is_plain = |node: &Node| node.shape.is_empty() && node.scope.is_empty();
        let is_sum = |node: &Node| node.source.is::<Add>() && is_plain(node);
        // What has a name or another use is told by itself.
        let is_part = |node: &Node| !node.named && uses.get(&node.id) == Some(&1);
        let mut found = Self::default();
        let mut seen = HashSet::new();
        for top in e.nodes.iter().rev().filter(|node| is_sum(node)) {
            if seen.contains(&top.id) {
                continue;
            }
            let mut sum = Sum { top: top.id, terms: Vec::new(), products: 0, gates: Vec::new() };
            let mut stack = vec![top.id];
            while let Some(node) = stack.pop().and_then(|id| e.node(id)) {
                if node.id == top.id || is_sum(node) && is_part(node) {
                    seen.insert(node.id);
                    sum.gates.push(node.id);
                    stack.extend(node.operands.iter().rev());
                    continue;
                }
                sum.terms.push(node.id);
                if node.source.is::<Mul>() && is_plain(node) && is_part(node) {
                    sum.products += 1;
                    sum.gates.push(node.id);
                }
            }
            if sum.products >= FEWEST {
                sum.gates.sort_unstable();
                found.of.extend(sum.gates.iter().map(|&id| (id, found.sums.len())));
                found.sums.push(sum);
            }
        }
        found
    }

    /// Each sum once.
    pub(super) fn all(&self) -> &[Sum] {
        &self.sums
    }

    /// The sum of which this is the value.
    pub(super) fn at(&self, id: u32) -> Option<&Sum> {
        self.of.get(&id).and_then(|&at| self.sums.get(at)).filter(|sum| sum.top == id)
    }

    /// Whether this is a gate within a sum, other than that of its value.
    pub(super) fn is_inside(&self, id: u32) -> bool {
        self.of.contains_key(&id) && self.at(id).is_none()
    }
}

impl Sum {
    /// Its name, or the sign of a sum.
    pub(super) fn name<'e>(&self, e: &'e Explanation) -> &'e str {
        e.node(self.top).filter(|node| node.named).map_or("Σ", |node| &node.label)
    }

    /// What is added, such as `w0·x0`.
    pub(super) fn term(&self, e: &Explanation, id: u32) -> String {
        let name =
            |id: &u32| e.node(*id).map_or_else(|| "?".into(), |n| cut(&n.label, LONGEST_NAME));
        match e.node(id).map(|node| node.operands.as_slice()) {
            Some([a, b]) if self.gates.binary_search(&id).is_ok() => {
                format!("{}·{}", factor(&name(a)), factor(&name(b)))
            }
            _ => name(&id),
        }
    }

    /// All that is added, those in the middle of many left out.
    pub(super) fn written(&self, e: &Explanation) -> String {
        let of = |terms: &[u32]| terms.iter().map(|&id| self.term(e, id)).collect::<Vec<_>>();
        let terms = match self.terms.as_slice() {
            [first, second, .., last] if self.terms.len() > MOST_WRITTEN => {
                [of(&[*first, *second]), vec!["…".into()], of(&[*last])].concat()
            }
            all => of(all),
        };
        terms.join(" + ")
    }
}
