//! From a graph to what a plan computes, as plain data: units of work, the places that they read and
//! write, and how long each value lives.
//!
//! The data knows nothing of threads, of memory or of a processor. An executor brings one thing, the order
//! in which it runs the units: a time for each, where units of the same time may run side by side. From
//! that, [`Lowered::settle_updates`] finds which parameters can be overwritten in place, and
//! [`Lowered::lifetimes`] from when to when each value needs memory. One that runs a unit after the other
//! has nothing to find out: the units' numbers are such times. The CPU's are made by `runtime::schedule`.

mod place;
mod work;
mod simplify;
mod units;
mod updates;
mod lifetimes;
mod lower;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use place::{Outside, Place, Slot, Storage};
pub(crate) use work::{Argument, Chain, Instruction, Work};

use crate::graph::Type;
use crate::tensor::Tensor;

/// What a plan computes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lowered {
    /// The units of work, each after those whose results it reads.
    pub units: Vec<Work>,
    /// The values that the plan itself keeps, as [`Storage::Buffer`] names them.
    pub buffers: Vec<Buffer>,
    /// The inputs, each with its buffer.
    pub inputs: Vec<Slot>,
    /// The names of the graph's other inputs, which nothing depends on.
    pub unneeded: Vec<Arc<str>>,
    /// The parameters and the parts of optimizers' state, as [`Storage::Parameter`] names them.
    pub parameters: Vec<Outside>,
    /// The buffers of constants.
    pub constants: Vec<(usize, Arc<Tensor<f64>>)>,
    /// The values that the caller reads after a run, by their nodes.
    pub kept: HashMap<u32, Place>,
    /// The names of some of them, in alphabetical order.
    pub names: Vec<(Arc<str>, u32)>,
    /// The parameters that change.
    pub updates: Vec<Update>,
    /// The nodes that all this is for: what the caller reads, and the new values.
    pub roots: Vec<u32>,
    /// The graph that this is of.
    pub graph: u64,
}

/// A value that the plan itself keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buffer {
    pub ty: Type,
    /// The unit that writes it; none for inputs and constants.
    pub writer: Option<usize>,
}

/// A parameter's new value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub parameter: usize,
    pub value: NewValue,
}

/// Where a parameter's new value comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NewValue {
    /// This instruction of a unit after the guard, which can perhaps write it in place.
    Instruction(usize, usize),
    /// From memory, where it lies row by row at the end of a run.
    Place(Place),
}

impl Lowered {
    /// The unit that writes a place; none for sources.
    pub fn writer(&self, place: &Place) -> Option<usize> {
        match place.storage {
            Storage::Buffer(at) => self.buffers[at].writer,
            Storage::Parameter(_) => None,
        }
    }

    /// The chain of a unit that has instructions.
    fn chain_mut(&mut self, unit: usize) -> &mut Chain {
        match self.units[unit].chain_mut() {
            Some(chain) => chain,
            None => unreachable!("unit {unit} has instructions, but is no chain and no product"),
        }
    }

    /// Where the result of an instruction is kept: from now on, if it was not before.
    fn keep(&mut self, unit: usize, at: usize) -> Place {
        let next = self.buffers.len();
        let chain = self.chain_mut(unit);
        let ty = Type::real(chain.shape);
        let storage = *chain.body[at].store.get_or_insert(Storage::Buffer(next));
        self.made(storage, ty, unit)
    }

    /// Where a unit's product itself is kept: from now on, if it was not before.
    pub fn keep_product(&mut self, unit: usize) -> Place {
        let next = self.buffers.len();
        let Work::Product { out, chain, .. } = &mut self.units[unit] else {
            unreachable!("unit {unit} is no product")
        };
        let ty = Type::real(chain.shape);
        let storage = Storage::Buffer(*out.get_or_insert(next));
        self.made(storage, ty, unit)
    }

    /// What a unit keeps in `storage`, which is a buffer to be made if it is the next one.
    fn made(&mut self, storage: Storage, ty: Type, unit: usize) -> Place {
        if storage == Storage::Buffer(self.buffers.len()) {
            self.buffer(ty, Some(unit));
        }
        Place::contiguous(storage, ty)
    }

    /// Adds a unit that makes a value contiguous, or keeps what a parameter holds now.
    fn copy(&mut self, from: Place) -> Place {
        let ty = Type { kind: from.kind, shape: from.shape };
        let buffer = self.buffer(ty, Some(self.units.len()));
        let to = Place::contiguous(Storage::Buffer(buffer), ty);
        self.units.push(Work::Copy { from, to });
        to
    }

    fn buffer(&mut self, ty: Type, writer: Option<usize>) -> usize {
        self.buffers.push(Buffer { ty, writer });
        self.buffers.len() - 1
    }
}
