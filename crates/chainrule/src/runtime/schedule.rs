//! From units to phases: what may run side by side, and where threads must meet.
//!
//! Within a phase every step is split by rows, and a thread takes the same stretch of rows of each, in the
//! order of the units. So the layers of a network run through for some rows of a batch without a meeting.
//! What is too small to split runs at the end of a phase, on the thread that comes last to the meeting: after
//! all that the phase shares, in the order of the units. Why what a step reads is there:
//!
//! 1. A step shares a phase with one that writes what it reads only if both have equally many rows and its
//!    row r needs only row r: the same thread has written that, before. Else a meeting lies between them.
//! 2. At a phase's end, all that the phase shares is done, and units run in the order of their numbers, so
//!    after those that they read.
//! 3. What may write a parameter in place comes behind the guard: in a later phase, or at the end of the
//!    guard's own, where its number is larger.
//! 4. A phase that is too small for a meeting is put behind the end of the one before, in order: nothing
//!    that it needs has been put later.
//!
//! That nothing is overwritten too early is seen to by [`Lowered::settle_updates`] and
//! [`Lowered::lifetimes`], to which all that a phase shares happens at one time.
//!
//! Which steps a phase has depends on shapes alone. How rows fall to threads changes no bit, since an
//! element is always computed whole, by one thread, in one order.

use std::ops::Range;

use crate::lowering::{Lowered, Place, Storage, Work};
use crate::tensor::Shape;

/// Units between two meetings, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Phase {
    /// Units that all threads share.
    pub shared: Vec<usize>,
    /// Units that the last thread to arrive runs, in order.
    pub serial: Vec<usize>,
}

/// When units run, and how they are split.
#[derive(Debug)]
pub(super) struct Schedule {
    pub phases: Vec<Phase>,
    /// For each unit, the rows by which it is split; 1 where it cannot be.
    pub rows: Vec<usize>,
    /// For each unit, its estimated time on one thread, in nanoseconds.
    pub costs: Vec<f64>,
}

impl Schedule {
    /// For each unit, its place in time: units of one phase that threads share have the same.
    pub fn times(&self) -> Vec<usize> {
        let mut times = vec![0; self.rows.len()];
        let mut now = 0;
        for Phase { shared, serial } in &self.phases {
            now += 1;
            shared.iter().for_each(|&unit| times[unit] = now);
            for &unit in serial {
                now += 1;
                times[unit] = now;
            }
        }
        times
    }

    /// Puts units behind all others, to be run by one thread.
    pub fn append(&mut self, units: Range<usize>) {
        let count = self.rows.len() + units.len();
        self.rows.resize(count, 1);
        self.costs.resize(count, 0.0);
        match self.phases.last_mut() {
            Some(last) => last.serial.extend(units),
            None => unreachable!("a plan has a unit, and each unit a phase"),
        }
    }
}

/// Steps cheaper than this run serially where that saves a meeting, in nanoseconds.
const TINY: f64 = 150.0;

/// Phases cheaper than this are not worth a meeting.
const SMALL_PHASE: f64 = 1_500.0;

/// Plans cheaper than this are not worth waking another thread.
const SMALL_PLAN: f64 = 25_000.0;

/// Products over several axes are split by their first axis from so many rows on.
const FEWEST_ROWS: usize = 8;

/// When a unit runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct When {
    phase: usize,
    serial: bool,
}

/// The phases of a plan.
pub(super) fn schedule(lowered: &Lowered) -> Schedule {
    let late = lowered.late();
    let mut when: Vec<When> = Vec::with_capacity(lowered.units.len());
    let rows: Vec<usize> = lowered.units.iter().map(rows_of).collect();
    let costs: Vec<f64> = lowered.units.iter().map(cost).collect();
    let mut phases: Vec<Phase> = Vec::new();
    let mut guard = When { phase: 0, serial: false };
    for (unit, work) in lowered.units.iter().enumerate() {
        // The earliest phase if the threads share the step, and if one of them runs it at the end.
        let (mut shared, mut serial) = (0, 0);
        for (place, aligned) in operands(work) {
            let Some(writer) = lowered.writer(place).filter(|&writer| writer != unit) else {
                continue;
            };
            let before = when[writer];
            let follows = !before.serial
                && rows[writer] == rows[unit]
                && (rows[unit] == 1 || aligned && is_by_rows(place, rows[unit], lowered));
            shared = shared.max(before.phase + usize::from(!follows));
            serial = serial.max(before.phase);
        }
        if late[unit] {
            shared = shared.max(guard.phase + 1);
            serial = serial.max(guard.phase);
        }
        let is_guard = matches!(work, Work::Guard(_));
        let runs_serially = is_guard || (costs[unit] < TINY && serial < shared);
        let now =
            When { phase: if runs_serially { serial } else { shared }, serial: runs_serially };
        if is_guard {
            guard = now;
        }
        when.push(now);
        if phases.len() <= now.phase {
            phases.resize_with(now.phase + 1, Phase::default);
        }
        let phase = &mut phases[now.phase];
        if now.serial { phase.serial.push(unit) } else { phase.shared.push(unit) }
    }
    Schedule { phases: merge(phases, &costs), rows, costs }
}

/// Joins phases that are too small for a meeting to the phase before.
fn merge(phases: Vec<Phase>, costs: &[f64]) -> Vec<Phase> {
    let cost = |phase: &Phase| phase.shared.iter().map(|&unit| costs[unit]).sum::<f64>();
    let small = phases.iter().map(cost).sum::<f64>() < SMALL_PLAN;
    let mut merged: Vec<Phase> = Vec::new();
    for mut phase in phases {
        if small || cost(&phase) < SMALL_PHASE {
            let serial = phase.shared.drain(..).chain(phase.serial.drain(..));
            match merged.last_mut() {
                Some(last) => last.serial.extend(serial),
                None => merged.push(Phase { shared: Vec::new(), serial: serial.collect() }),
            }
        } else {
            merged.push(phase);
        }
    }
    merged
}

/// The first axis that has rows: leading axes of length 1 are passed over.
fn row_axis(shape: &Shape) -> Option<usize> {
    shape.dims().iter().position(|&length| length != 1)
}

fn rows_of_shape(shape: &Shape) -> usize {
    row_axis(shape).map_or(1, |axis| shape.dims()[axis])
}

/// By how many rows a step can be split; none where there is nothing to compute, as long as the other
/// axes may be.
fn rows_of(work: &Work) -> usize {
    match work {
        _ if work.output().is_some_and(Shape::is_empty) => 0,
        Work::Chain(chain) => rows_of_shape(&chain.shape),
        Work::Product { factors, a, b, chain, .. } => {
            let first = rows_of_shape(&chain.shape);
            let all = chain.shape.len() / factors.lengths(&a.shape, &b.shape).n;
            // By the first axis, as what follows is, where it has enough of them.
            let is_even = !factors.is_batch && first >= FEWEST_ROWS && all.is_multiple_of(first);
            if is_even { first } else { all }
        }
        Work::Kernel { out, contract, .. } => {
            let rows = rows_of_shape(&out.shape);
            let width = out.shape.len().checked_div(rows).unwrap_or(0);
            if width.is_multiple_of(contract.grain) { rows } else { 1 }
        }
        Work::Copy { to, .. } => rows_of_shape(&to.shape),
        Work::Guard(_) => 1,
    }
}

/// What a unit reads, and whether its row r needs only row r of it.
fn operands(work: &Work) -> impl Iterator<Item = (&Place, bool)> {
    let aligned = move |at: usize, place: &Place| match work {
        Work::Product { factors, .. } if at < 2 => {
            at == 0 && (!factors.is_batch || place.shape.rank() == 2)
        }
        Work::Kernel { out, contract, .. } => out.shape.get(0) != Some(1) && contract.by_rows[at],
        Work::Guard(_) => false,
        Work::Chain(_) | Work::Product { .. } | Work::Copy { .. } => true,
    };
    work.reads().enumerate().map(move |(at, place)| (place, aligned(at, place)))
}

/// Whether row r of a view lies within row r of the buffer that it reads, of which there are `rows`.
fn is_by_rows(place: &Place, rows: usize, lowered: &Lowered) -> bool {
    let (Storage::Buffer(buffer), Some(axis)) = (place.storage, row_axis(&place.shape)) else {
        return false;
    };
    let len = lowered.buffers[buffer].ty.shape.len();
    let width = len / rows.max(1);
    let inner = place.shape.dims().iter().zip(place.strides).skip(axis + 1);
    let reach = inner.map(|(&n, stride)| n.saturating_sub(1).saturating_mul(stride));
    let end = reach.fold(place.offset, usize::saturating_add);
    place.shape.dims()[axis] == rows
        && width * rows == len
        && place.strides[axis] == width
        && end < width
}

/// The estimated time of a step on one thread, in nanoseconds.
fn cost(work: &Work) -> f64 {
    let own = match work {
        Work::Chain(_) | Work::Guard(_) => 0.0,
        Work::Product { factors, a, b, chain, .. } => {
            let k = factors.lengths(&a.shape, &b.shape).k;
            50.0 + chain.shape.len() as f64 * k as f64 / 50.0
        }
        Work::Kernel { out, contract, .. } => {
            20.0 + out.shape.len() as f64 * contract.cost as f64 / 4.0
        }
        Work::Copy { to, .. } => 20.0 + to.shape.len() as f64 / 2.0,
    };
    let chain = work.chain().filter(|chain| !chain.body.is_empty());
    own + chain.map_or(0.0, |chain| {
        10.0 + chain.body.len() as f64 * (2.0 + chain.shape.len() as f64 / 10.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Type, Var};
    use crate::lowering::samples::Sample;
    use crate::lowering::{Buffer, NewValue};

    /// A place of a buffer of 4 rows of 6 numbers.
    fn place<const N: usize>(dims: [usize; N], strides: [usize; N], offset: usize) -> Place {
        let shape = Shape::from(dims);
        let mut all = shape.strides();
        all[..N].copy_from_slice(&strides);
        let whole = Place::contiguous(Storage::Buffer(0), Type::real(shape));
        Place { strides: all, offset, ..whole }
    }

    #[test]
    fn a_view_is_by_rows_if_each_row_lies_within_that_of_the_buffer() {
        let buffer = Buffer { ty: Type::real([4, 6]), writer: Some(0) };
        let lowered = Lowered { buffers: vec![buffer], ..Lowered::default() };
        let by_rows = |place: &Place, rows| is_by_rows(place, rows, &lowered);
        assert!(by_rows(&place([4, 6], [6, 1], 0), 4));
        assert!(by_rows(&place([4, 2, 3], [6, 3, 1], 0), 4), "rows of another shape");
        assert!(by_rows(&place([1, 4, 6], [24, 6, 1], 0), 4), "an axis of length 1 before them");
        assert!(by_rows(&place([4, 3], [6, 1], 2), 4), "some columns");
        assert!(by_rows(&place([4, 9], [6, 0], 5), 4), "one column repeated");
        assert!(!by_rows(&place([4, 6], [6, 1], 1), 4), "the last column is of the next row");
        assert!(!by_rows(&place([3, 6], [6, 1], 6), 3), "rows from the second on");
        assert!(!by_rows(&place([4, 6], [0, 1], 0), 4), "one row repeated");
        assert!(!by_rows(&place([6, 4], [1, 6], 0), 6), "columns");
        assert!(!by_rows(&place([4, 4], [1, 6], 0), 4), "a square of columns");
        assert!(!by_rows(&place([8, 3], [3, 1], 0), 4), "half rows");
    }

    /// The phases of a plan for these outputs: names of kernels, and the first axis of what each computes.
    fn phases(outputs: &[Var<'_>]) -> Vec<(Vec<String>, Vec<String>)> {
        let lowered = outputs[0].graph().lower::<f64>(outputs, &[], None).unwrap();
        let word = |&unit: &usize| match &lowered.units[unit] {
            Work::Chain(chain) if chain.body.is_empty() => None,
            Work::Chain(_) => Some("chain".to_owned()),
            Work::Product { .. } => Some("product".to_owned()),
            Work::Kernel { op, .. } => Some(op.name().to_owned()),
            Work::Copy { .. } => Some("copy".to_owned()),
            Work::Guard(_) => Some("guard".to_owned()),
        };
        let words = |units: &[usize]| units.iter().filter_map(word).collect::<Vec<_>>();
        let phases = schedule(&lowered).phases;
        phases.iter().map(|phase| (words(&phase.shared), words(&phase.serial))).collect()
    }

    #[test]
    fn layers_share_a_phase_and_sums_over_the_batch_do_not() {
        let g = Graph::new();
        let x = g.input("x", [200, 80]);
        let [v, w] = ["v", "w"].map(|name| g.parameter(name, [80, 80]));
        let y = x.matmul(v).relu().matmul(w).tanh();
        let both = ["product", "product"].map(String::from).to_vec();
        assert_eq!(phases(&[y]), [(both.clone(), vec![])]);
        assert_eq!(phases(&[y.softmax().sum(&[1])])[0].0.len(), 4);
        // A sum over the batch, and a product over it, need all rows.
        let found = phases(&[y.max(&[0])]);
        assert_eq!(found[0].0, both);
        assert!(found.len() == 2 || found[0].1 == ["max"], "{found:?}");
        let found = phases(&[x.t().matmul(y)]);
        assert_eq!(found, [(both, vec![]), (vec!["product".into()], vec![])]);
        // A product's right operand is needed whole by each row, even one of equally many.
        let q = g.input("q", [150, 150]);
        let alone = (vec!["product".to_owned()], vec![]);
        assert_eq!(phases(&[q.matmul(q.matmul(q))]), [alone.clone(), alone]);
    }

    #[test]
    fn a_small_plan_has_no_meeting() {
        let g = Graph::new();
        let x = g.input("x", [8, 8]);
        let y = x.matmul(x).matmul(x.t()).max(&[0]).exp();
        let found = phases(&[y]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0.len(), 0);
    }

    #[test]
    fn what_a_unit_reads_is_there_and_the_guard_is_passed() {
        for seed in 0..100 {
            for rows in [6, 600] {
                let sample = Sample::new(seed, rows);
                let loss = sample.graph.var(sample.loss);
                let (outputs, updates) = (sample.outputs(), sample.updates());
                let lowered = sample.graph.lower::<f64>(&outputs, &updates, Some(loss)).unwrap();
                let schedule = schedule(&lowered);
                let times = schedule.times();
                let mut seen = vec![0; times.len()];
                for phase in &schedule.phases {
                    assert!(phase.shared.is_sorted());
                    phase.shared.iter().chain(&phase.serial).for_each(|&unit| seen[unit] += 1);
                }
                assert_eq!(seen, vec![1; times.len()], "each unit runs once");
                for (unit, work) in lowered.units.iter().enumerate() {
                    for place in work.reads() {
                        let Some(writer) = lowered.writer(place) else { continue };
                        let beside = times[writer] == times[unit]
                            && writer < unit
                            && schedule.rows[writer] == schedule.rows[unit];
                        assert!(times[writer] < times[unit] || beside, "seed {seed}, unit {unit}");
                    }
                }
                let is_guard = |work: &Work| matches!(work, Work::Guard(_));
                let guard = lowered.units.iter().position(is_guard).unwrap();
                for update in &lowered.updates {
                    if let NewValue::Instruction(unit, _) = update.value {
                        assert!(times[unit] > times[guard], "seed {seed}, unit {unit}");
                    }
                }
            }
        }
    }
}
