//! The passes, one after another.

use std::collections::HashSet;

use super::simplify::Rewritten;
use super::units::Units;
use super::{Lowered, NewValue, Storage, Update};
use crate::error::{Error, Result};
use crate::graph::{Graph, Node, Source, Type, Var};
use crate::tensor::Real;

impl Graph {
    /// What a plan computes of `outputs` and `updates`, which a `guard` that is not finite prevents.
    pub(crate) fn lower<T: Real>(
        &self,
        outputs: &[Var<'_>],
        updates: &[(Var<'_>, Var<'_>)],
        guard: Option<Var<'_>>,
    ) -> Result<Lowered> {
        self.ok()?;
        self.own(outputs.iter().chain(updates.iter().flat_map(|(p, v)| [p, v])).chain(&guard))?;
        let nodes = self.nodes();
        if let Some(loss) = guard.filter(|loss| loss.ty() != Type::real([])) {
            let message = format!("the loss is {loss:?}, but a training step wants a scalar");
            return Err(Error::Mismatch(message));
        }
        check_updates(updates, &nodes)?;
        let wanted: Vec<u32> = outputs
            .iter()
            .chain(updates.iter().flat_map(|(p, v)| [p, v]))
            .chain(&guard)
            .map(Var::id)
            .collect();
        let mut graph = Rewritten::new(&nodes);
        graph.simplify::<T>(&graph.needed(&wanted));
        let now = |v: &Var<'_>| graph.now(v.id());
        let wanted: Vec<u32> = wanted.iter().map(|&id| graph.now(id)).collect();
        let needed = graph.needed(&wanted);
        let mut units = Units::new(&graph);
        let mut guarded = None;
        for id in (0..nodes.len() as u32).filter(|&id| needed[id as usize]) {
            units.add(id)?;
            if guard.is_some_and(|guard| now(&guard) == id) {
                guarded = Some(units.guard(id));
            }
        }
        for v in outputs {
            let place = units.place(now(v));
            // A parameter changes during the run; what the caller reads is its value before.
            let place = units.settled(place);
            units.lowered.kept.insert(v.id(), place);
        }
        for (parameter, value) in updates {
            let Storage::Parameter(parameter) = units.place(now(parameter)).storage else {
                unreachable!("a parameter has no place in a plan's own memory")
            };
            let value = new_value(&mut units, now(value), guarded);
            units.lowered.updates.push(Update { parameter, value });
        }
        for (node, _) in nodes.iter().zip(&needed).filter(|(_, needed)| !**needed) {
            if let Source::Input(name) = &node.source {
                units.lowered.unneeded.push(name.clone());
            }
        }
        let mut names = self.named_outputs();
        names.retain(|(_, id)| units.lowered.kept.contains_key(id));
        names.sort();
        let new = updates.iter().map(|(_, value)| value);
        let roots = outputs.iter().chain(new).map(Var::id).collect();
        Ok(Lowered { graph: self.number(), names, roots, ..units.lowered })
    }
}

/// Where a parameter's new value comes from. One that the unit of the guard or one before it computes is
/// not written in place: the guard may yet prevent it.
fn new_value(units: &mut Units<'_>, value: u32, guard: Option<usize>) -> NewValue {
    match units.instruction(value) {
        Some((unit, at)) if guard.is_none_or(|guard| unit > guard) => {
            NewValue::Instruction(unit, at)
        }
        _ => {
            let place = units.place(value);
            NewValue::Place(units.settled(place))
        }
    }
}

/// Checks that each update gives a parameter, or a part of an optimizer's state, a new value of its type,
/// and none of them two.
fn check_updates(updates: &[(Var<'_>, Var<'_>)], nodes: &[Node]) -> Result<()> {
    let mut seen = HashSet::new();
    for (at, value) in updates {
        let node = &nodes[at.id() as usize];
        let (name, changes) = match &node.source {
            Source::Parameter(name) => (format!("parameter `{name}`"), true),
            Source::State(key) => (format!("{key} of {}", key.group), true),
            Source::Input(name) => (format!("input `{name}`"), false),
            Source::Constant(_) => ("a constant".into(), false),
            Source::Op(op) => (format!("the result of `{}`", op.name()), false),
        };
        let wrong = match changes {
            false => format!("an update of {name}, which is no parameter and no optimizer's state"),
            true if at.ty() != value.ty() => {
                format!(
                    "the new value of {name} is {}, but must be {} as it is",
                    value.ty(),
                    at.ty()
                )
            }
            true if seen.insert(at.id()) => continue,
            true => format!(
                "{name} is updated twice: leave one of the updates out, or go on from the first by `Cx::keep_from`"
            ),
        };
        return Err(Error::Mismatch(wrong));
    }
    Ok(())
}
