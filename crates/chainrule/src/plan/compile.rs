//! From a graph to a plan's layout.

use std::collections::{HashMap, HashSet};

use super::memory::{Buffer, lay_out};
use super::schedule::{Schedule, schedule};
use super::simplify::simplify;
use super::units::{Units, Work};
use super::{Layout, Phase, Place, Step, Storage};
use crate::error::{Error, Result};
use crate::graph::{Graph, Kind, Node, Source, Type, Var};
use crate::simd::{self, Level};
use crate::tensor::Real;

/// A parameter's number and its new value.
#[derive(Clone, Copy, Debug)]
struct Update {
    parameter: usize,
    value: u32,
}

impl Graph {
    pub(super) fn lay_out<T: Real>(
        &self,
        outputs: &[Var<'_>],
        updates: &[(Var<'_>, Var<'_>)],
        guard: Option<Var<'_>>,
    ) -> Result<Layout> {
        check_environment()?;
        self.ok()?;
        self.own(outputs.iter().chain(updates.iter().flat_map(|(p, v)| [p, v])).chain(&guard))?;
        let mut nodes = self.nodes();
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
        let first = needed(&nodes, &wanted);
        let alias = simplify::<T>(&mut nodes, &first);
        let now = |v: &Var<'_>| alias[v.id() as usize];
        let wanted: Vec<u32> = wanted.iter().map(|&id| alias[id as usize]).collect();
        let needed = needed(&nodes, &wanted);
        let mut units = Units::new(&nodes);
        for id in (0..nodes.len() as u32).filter(|&id| needed[id as usize]) {
            units.add(id)?;
            if guard.is_some_and(|guard| now(&guard) == id) {
                units.guard(id);
            }
        }
        let mut kept = HashMap::new();
        for v in outputs {
            let place = units.place(now(v));
            // A parameter changes during the run; what the caller reads is its value before.
            let place = match place.storage {
                Storage::Parameter(_) => units.copy(place),
                Storage::Buffer(_) => units.copy_if_strided(place),
            };
            kept.insert(v.id(), place);
        }
        let mut changes = Vec::new();
        for (parameter, value) in updates {
            match units.place(now(parameter)).storage {
                Storage::Parameter(at) => {
                    changes.push(Update { parameter: at, value: now(value) });
                }
                Storage::Buffer(_) => unreachable!("parameters have no place in a plan's memory"),
            }
        }
        let layout = finish(units, kept, &changes)?;
        Ok(Layout { graph: self.number(), ..layout })
    }
}

/// Checks what the environment says of plans: that `CHAINRULE_SIMD`, where it is set, is one of the words
/// that [`simd`](crate::simd) knows. [`Graph::compile`] does so as well; a program that would rather know
/// when it begins calls this at its start.
///
/// ```
/// chainrule::plan::check_environment()?;
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Another word.
pub fn check_environment() -> Result<()> {
    let wanted = "`portable`, `avx2` or `avx512`";
    let name = simd::VARIABLE.into();
    let unknown = |value| Error::Setting { name, value, wanted: wanted.into() };
    Level::allowed().map(|_| ()).map_err(unknown)
}

/// Checks that each update gives a parameter a new value of its type, no parameter two of them.
fn check_updates(updates: &[(Var<'_>, Var<'_>)], nodes: &[Node]) -> Result<()> {
    let mut seen = HashSet::new();
    for (parameter, value) in updates {
        let wrong = match &nodes[parameter.id() as usize].source {
            Source::Parameter(_) if parameter.ty() != value.ty() => {
                format!("an update of {} by {}", parameter.ty(), value.ty())
            }
            Source::Parameter(_) if seen.insert(parameter.id()) => continue,
            Source::Parameter(name) => format!("parameter `{name}` is updated twice"),
            _ => format!("an update of {parameter:?}, which is no parameter"),
        };
        return Err(Error::Mismatch(wrong));
    }
    Ok(())
}

/// For each node, whether one of `wanted` depends on it.
fn needed(nodes: &[Node], wanted: &[u32]) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    wanted.iter().for_each(|&id| needed[id as usize] = true);
    for id in (0..nodes.len()).rev() {
        if needed[id] {
            nodes[id].operands.iter().for_each(|&operand| needed[operand as usize] = true);
        }
    }
    needed
}

/// Schedules the units, has updates written where that is safe, and lays out the memory.
fn finish(mut units: Units<'_>, kept: HashMap<u32, Place>, updates: &[Update]) -> Result<Layout> {
    let mut late = vec![false; units.work.len()];
    let guard = units.work.iter().position(|work| matches!(work, Work::Guard(_)));
    let (mut in_place, mut places) = (Vec::new(), Vec::new());
    for update in updates {
        let found = units.instruction(update.value);
        match found.filter(|&(unit, _)| guard.is_none_or(|guard| unit > guard)) {
            Some((unit, at)) => {
                late[unit] = true;
                in_place.push((update, unit, at));
            }
            None => {
                let place = units.place(update.value);
                let place = match place.storage {
                    Storage::Parameter(_) => units.copy(place),
                    Storage::Buffer(_) => units.copy_if_strided(place),
                };
                late.resize(units.work.len(), false);
                places.push((update.parameter, place));
            }
        }
    }
    units.keep_large_products();
    let schedule = schedule(&units, &late);
    let times = schedule.times();
    for (update, unit, at) in in_place {
        // Another parameter may have taken the value in place before, where this one finds it.
        let is_free = units.instruction(update.value).is_some();
        if is_free && is_last_reader(&units, &times, update.parameter, (unit, at)) {
            units.store(unit, at, Storage::Parameter(update.parameter));
        } else {
            places.push((update.parameter, units.place(update.value)));
        }
    }
    let layout = assemble(units, &schedule, &times, kept, &places)?;
    Ok(Layout { updates: !updates.is_empty(), ..layout })
}

/// Whether a parameter can be overwritten by an instruction: everything else has read it before, and
/// the chain itself reads each element no later than it writes it.
fn is_last_reader(
    units: &Units<'_>,
    times: &[usize],
    parameter: usize,
    (unit, at): (usize, usize),
) -> bool {
    let is_it = |place: &Place| place.storage == Storage::Parameter(parameter);
    let others = units.work.iter().enumerate().filter(|&(other, _)| other != unit);
    let mut readers = others.filter(|(_, work)| work.reads().iter().any(is_it));
    if readers.any(|(other, _)| times[other] >= times[unit]) {
        return false;
    }
    let Some(chain) = units.work[unit].chain() else { return false };
    let operand = match &units.work[unit] {
        Work::Product { a, b, .. } => is_it(a) || is_it(b),
        _ => false,
    };
    let in_order = chain.loads.iter().all(|place| !is_it(place) || place.is_plain());
    let reads_it = |load: usize| is_it(&chain.loads[load]);
    let later = chain.body[at + 1..].iter().any(|instruction| instruction.reads(reads_it));
    !operand && in_order && !later
}

/// The finished layout. `places` are new values that are copied to their parameters at the end.
fn assemble(
    units: Units<'_>,
    schedule: &Schedule,
    times: &[usize],
    kept: HashMap<u32, Place>,
    places: &[(usize, Place)],
) -> Result<Layout> {
    let end = times.iter().max().map_or(1, |last| last + 1);
    let mut lives: Vec<(usize, usize)> = units
        .buffers
        .iter()
        .map(|(_, writer)| if writer.is_some() { (end, 0) } else { (0, end) })
        .collect();
    for (work, &time) in units.work.iter().zip(times) {
        let reads = work.reads();
        let touched = reads.iter().map(|place| place.storage).chain(work.writes());
        for storage in touched {
            if let Storage::Buffer(at) = storage {
                lives[at] = (lives[at].0.min(time), lives[at].1.max(time));
            }
        }
    }
    for place in kept.values().chain(places.iter().map(|(_, place)| place)) {
        if let Storage::Buffer(at) = place.storage {
            lives[at].1 = end;
        }
    }
    let mut buffers: Vec<Buffer> = units
        .buffers
        .iter()
        .map(|(ty, _)| Buffer { len: ty.shape.len(), real: ty.kind == Kind::Real, offset: 0 })
        .collect();
    let (reals, indices) = lay_out(&mut buffers, &lives)?;
    let mut work: Vec<Option<Work>> = units.work.into_iter().map(Some).collect();
    let mut steps = |units: &[usize]| -> Vec<Step> {
        let step = |&unit: &usize| {
            let (rows, cost) = (schedule.rows[unit], schedule.costs[unit]);
            let Some(work) = work[unit].take() else { unreachable!("unit {unit} runs twice") };
            (!work.is_empty()).then_some(Step { work, rows, cost })
        };
        units.iter().filter_map(step).collect()
    };
    let mut phases: Vec<Phase> = schedule
        .phases
        .iter()
        .map(|phase| Phase { shared: steps(&phase.shared), serial: steps(&phase.serial) })
        .collect();
    assert!(work.iter().all(Option::is_none), "the schedule leaves out a unit");
    let writes = places.iter().map(|&(parameter, from)| {
        let to = Place { storage: Storage::Parameter(parameter), offset: 0, ..from };
        Step { work: Work::Copy { from, to }, rows: 1, cost: 0.0 }
    });
    let writes: Vec<Step> = writes.collect();
    match phases.last_mut() {
        Some(last) => last.serial.extend(writes),
        None => phases.push(Phase { shared: Vec::new(), serial: writes }),
    }
    Ok(Layout {
        phases,
        buffers,
        reals,
        indices,
        inputs: units.inputs,
        parameters: units.parameters,
        constants: units.constants,
        kept,
        updates: false,
        graph: 0,
    })
}
