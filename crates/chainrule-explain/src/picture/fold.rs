//! Which nodes are drawn as one box.

use std::collections::HashMap;

use crate::model::Explanation;
use crate::sums::Sums;

/// The group of each node; a node alone is its own group.
pub(super) struct Folding {
    groups: HashMap<u32, u32>,
    /// The sums of products among them.
    pub(super) sums: Sums,
}

impl Folding {
    /// Every node for itself.
    pub(super) fn none(_: &Explanation) -> Self {
        Self { groups: HashMap::new(), sums: Sums::default() }
    }

    /// The gates of each outermost scope together, and those of a sum of products, unless a path leaves
    /// a scope and comes back: then a box would depend on itself.
    pub(super) fn scopes(e: &Explanation) -> Self {
        let outermost = |scope: &str| scope.split('/').next().unwrap_or_default().to_owned();
        let mut groups = HashMap::new();
        let mut firsts: HashMap<String, u32> = HashMap::new();
        for node in e.nodes.iter().filter(|node| node.is_gate() && !node.scope.is_empty()) {
            let first = *firsts.entry(outermost(&node.scope)).or_insert(node.id);
            groups.insert(node.id, first);
        }
        let sums = Sums::of(e);
        for sum in sums.all() {
            groups.extend(sum.gates.iter().map(|&gate| (gate, sum.top)));
        }
        let folding = Self { groups, sums };
        if folding.has_cycle(e) { Self::none(e) } else { folding }
    }

    /// The number of the group that a node belongs to.
    pub(super) fn group(&self, id: u32) -> u32 {
        self.groups.get(&id).copied().unwrap_or(id)
    }

    /// Kahn's algorithm on the groups: what is left over depends on itself.
    fn has_cycle(&self, e: &Explanation) -> bool {
        let mut waits: HashMap<u32, usize> = HashMap::new();
        let mut users: HashMap<u32, Vec<u32>> = HashMap::new();
        for node in &e.nodes {
            let to = self.group(node.id);
            waits.entry(to).or_default();
            for &operand in &node.operands {
                let from = self.group(operand);
                if from != to {
                    users.entry(from).or_default().push(to);
                    *waits.entry(to).or_default() += 1;
                }
            }
        }
        let mut ready: Vec<u32> =
            waits.iter().filter(|(_, count)| **count == 0).map(|(&group, _)| group).collect();
        let mut done = 0;
        while let Some(group) = ready.pop() {
            done += 1;
            for user in users.get(&group).into_iter().flatten() {
                if let Some(count) = waits.get_mut(user) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push(*user);
                    }
                }
            }
        }
        done < waits.len()
    }
}
