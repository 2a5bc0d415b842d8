//! What the CPU runs: a plan's units in phases, and the memory of its values.

use std::collections::HashMap;
use std::sync::Arc;

use super::reuse::{Extent, lay_out};
use super::schedule::{self, Schedule, schedule};
use crate::error::Result;
use crate::graph::Kind;
use crate::lowering::{Lowered, Outside, Place, Slot, Work};
use crate::mixing::Mixing;
use crate::tensor::{Shape, Tensor};
use chainrule_products::fits_scratch;

/// A unit of work with what the threads need to split it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The unit, of [`Layout::units`].
    pub unit: usize,
    /// The rows by which the step is split; 1 where it cannot be.
    pub rows: usize,
    /// The elements of such a row.
    pub width: usize,
    /// The estimated time on one thread, in nanoseconds.
    pub cost: f64,
}

/// Steps between two meetings.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// Steps that all threads share, each by its rows.
    pub shared: Vec<Step>,
    /// Steps that the last thread to arrive runs, in order.
    pub serial: Vec<Step>,
}

/// What a plan does, apart from its memory.
#[derive(Debug)]
pub(crate) struct Layout {
    /// What steps compute.
    pub units: Vec<Work>,
    pub phases: Vec<Phase>,
    /// Where buffers lie in memory.
    pub buffers: Vec<Extent>,
    /// Elements of memory for real numbers.
    pub reals: usize,
    /// Elements of memory for whole numbers.
    pub indices: usize,
    pub inputs: Vec<Slot>,
    /// Which of the inputs has a name, for [`Layout::input`].
    by_name: HashMap<Arc<str>, usize, Mixing>,
    /// The names of the graph's inputs that nothing in the plan depends on.
    pub unneeded: Vec<Arc<str>>,
    pub parameters: Vec<Outside>,
    pub constants: Vec<(usize, Arc<Tensor<f64>>)>,
    /// The values that the caller reads.
    pub kept: HashMap<u32, Place>,
    /// The names of some of them, in alphabetical order.
    pub names: Vec<(Arc<str>, u32)>,
    /// Whether a run writes parameters.
    pub updates: bool,
    /// The nodes that the plan is for: what the caller reads, and parameters' new values.
    pub roots: Vec<u32>,
    /// The graph that was compiled.
    pub graph: u64,
}

impl Layout {
    /// Gives the units of a plan their phases and its values their memory.
    ///
    /// # Errors
    /// More memory than there are numbers to count it.
    pub fn new(mut lowered: Lowered) -> Result<Self> {
        keep_large_products(&mut lowered);
        let mut schedule = schedule(&lowered);
        let copies = lowered.settle_updates(&schedule.times());
        schedule.append(copies);
        let lives = lowered.lifetimes(&schedule.times());
        let mut buffers: Vec<Extent> = lowered
            .buffers
            .iter()
            .map(|value| Extent {
                len: value.ty.shape.len(),
                real: value.ty.kind == Kind::Real,
                offset: 0,
            })
            .collect();
        let (reals, indices) = lay_out(&mut buffers, &lives)?;
        let names = lowered.inputs.iter().map(|slot| slot.name.clone());
        Ok(Self {
            phases: phases(&lowered.units, &schedule),
            units: lowered.units,
            buffers,
            reals,
            indices,
            by_name: names.zip(0..).collect(),
            inputs: lowered.inputs,
            unneeded: lowered.unneeded,
            parameters: lowered.parameters,
            constants: lowered.constants,
            kept: lowered.kept,
            names: lowered.names,
            updates: !lowered.updates.is_empty(),
            roots: lowered.roots,
            graph: lowered.graph,
        })
    }

    /// The number of the input `name`.
    pub fn input(&self, name: &str) -> Option<usize> {
        // Comparing with a few names is faster than a hash, and most plans have no more.
        const FEW: usize = 4;
        let found = self.inputs.iter().take(FEW).position(|slot| *slot.name == *name);
        found.or_else(|| self.by_name.get(name).copied())
    }

    /// All steps, in the order of the phases.
    pub fn steps(&self) -> impl Iterator<Item = (&Step, &Work)> {
        let steps = self.phases.iter().flat_map(|phase| phase.shared.iter().chain(&phase.serial));
        steps.map(|step| (step, &self.units[step.unit]))
    }
}

/// Gives memory to products whose sums take more than one pass.
fn keep_large_products(lowered: &mut Lowered) {
    for unit in 0..lowered.units.len() {
        if let Work::Product { factors, a, b, .. } = &lowered.units[unit] {
            let lengths = factors.lengths(&a.shape, &b.shape);
            let right = factors.right_matrix::<()>(std::ptr::null(), &b.view());
            if !fits_scratch(lengths, &right) {
                lowered.keep_product(unit);
            }
        }
    }
}

/// The units by their phases, without those that compute nothing.
fn phases(units: &[Work], schedule: &Schedule) -> Vec<Phase> {
    let all = schedule.phases.iter().map(|phase| phase.shared.len() + phase.serial.len());
    assert_eq!(all.sum::<usize>(), units.len(), "the schedule leaves out a unit");
    let steps = |numbers: &[usize]| -> Vec<Step> {
        let some = numbers.iter().filter(|&&unit| !units[unit].is_empty());
        let step = |&unit: &usize| {
            let (rows, cost) = (schedule.rows[unit], schedule.costs[unit]);
            let len = units[unit].output().map_or(0, Shape::len);
            Step { unit, rows, width: len / rows.max(1), cost }
        };
        some.map(step).collect()
    };
    let in_phase = |phase: &schedule::Phase| Phase {
        shared: steps(&phase.shared),
        serial: steps(&phase.serial),
    };
    schedule.phases.iter().map(in_phase).collect()
}
