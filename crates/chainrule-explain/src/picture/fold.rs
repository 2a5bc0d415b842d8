//! Which nodes are drawn as one box.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use super::View;
use crate::model::Explanation;
use crate::sums::Sums;

/// Which box of a picture. Serialises as a word: the scope's path, or `#` and the number of the gate that it
/// ends with; [`Fold::from`] reads it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fold {
    /// The gates of a scope, such as a layer or the loss, by its path.
    Scope(String),
    /// A sum of many products, or identical blocks in a row, by the last gate inside.
    Ending(u32),
}

impl From<&str> for Fold {
    fn from(word: &str) -> Self {
        let gate = word.strip_prefix('#').and_then(|number| number.parse().ok());
        gate.map_or_else(|| Self::Scope(word.into()), Self::Ending)
    }
}

impl std::fmt::Display for Fold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Scope(path) => f.write_str(path),
            Self::Ending(gate) => write!(f, "#{gate}"),
        }
    }
}

impl Serialize for Fold {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The group of each node; a node alone is its own group.
pub(super) struct Folding {
    groups: HashMap<u32, u32>,
    /// The scope of each group that is one.
    scopes: HashMap<u32, String>,
    /// The sums of products among them.
    pub(super) sums: Sums,
}

impl Folding {
    /// Every node for itself.
    pub(super) fn none(_: &Explanation) -> Self {
        Self { groups: HashMap::new(), scopes: HashMap::new(), sums: Sums::default() }
    }

    /// The gates of each outermost scope that is not opened together, and those of a sum of products,
    /// unless a path leaves a scope and comes back: then a box would depend on itself.
    pub(super) fn scopes(e: &Explanation, view: View<'_>) -> Self {
        let (mut groups, mut scopes) = (HashMap::new(), HashMap::new());
        let mut firsts: HashMap<&str, u32> = HashMap::new();
        for node in e.nodes.iter().filter(|node| node.is_gate()) {
            let Some(scope) = closed(&node.scope, view) else { continue };
            let first = *firsts.entry(scope).or_insert(node.id);
            groups.insert(node.id, first);
            scopes.insert(first, scope.to_owned());
        }
        let sums = Sums::of(e);
        for sum in sums.all().iter().filter(|sum| !view.opens_ending(sum.top)) {
            groups.extend(sum.gates.iter().map(|&gate| (gate, sum.top)));
            scopes.remove(&sum.top);
        }
        let folding = Self { groups, scopes, sums };
        if folding.has_cycle(e) { Self::none(e) } else { folding }
    }

    /// The scope that a group is.
    pub(super) fn scope(&self, group: u32) -> Option<&str> {
        self.scopes.get(&group).map(String::as_str)
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

/// The outermost scope on a path that is not opened.
fn closed<'s>(path: &'s str, view: View<'_>) -> Option<&'s str> {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    let scopes = ends.filter_map(|end| path.get(..end)).filter(|scope| !scope.is_empty());
    scopes.into_iter().find(|scope| !view.opens_scope(scope))
}
