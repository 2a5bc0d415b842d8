//! Executing a plan's steps on the threads of a pool.
//!
//! Every thread walks the same list of steps, computes its share of each step's parts, and meets the
//! others before the next one. Which elements make a part was fixed by the plan from shapes alone.

use std::ops::Range;
use std::sync::Arc;

use super::Pool;
use super::memory::{Memory, Shared};
use super::pool::share;
use crate::error::{Error, Result};
use crate::graph::Kind;
use crate::ops::{Operand, Output, Values, ValuesMut};
use crate::parameters::Parameters;
use crate::plan::{Argument, Buffer, Instruction, Layout, Place, Slot, Step, Storage};
use crate::tensor::{MAX_RANK, Offsets, Real, Shape};

/// Elements of one scratch block: several blocks fit into the innermost cache.
const BLOCK: usize = 512;

/// The most operands that an operation can have.
pub(crate) const MAX_OPERANDS: usize = 8;

/// A parameter's memory during one run.
#[derive(Clone, Copy, Debug)]
struct Bound<T> {
    hint: usize,
    start: *const T,
    len: usize,
}

// SAFETY: the pointer is set and read within one `Plan::run_with`, during which the parameters are
// borrowed; between runs nobody follows it.
unsafe impl<T: Sync> Send for Bound<T> {}
// SAFETY: as above; a run only reads parameters.
unsafe impl<T: Sync> Sync for Bound<T> {}

/// The threads, their scratch memory and the parameters of the current run.
#[derive(Clone)]
pub(crate) struct Executor<T> {
    pool: Arc<Pool>,
    scratch: Memory<T>,
    scratch_per_thread: usize,
    bound: Vec<Bound<T>>,
}

/// What the threads of one run share.
pub(crate) struct Run<'a, T> {
    pub layout: &'a Layout,
    pub reals: Shared<'a, T>,
    pub indices: Shared<'a, u32>,
}

impl<T: Real> Executor<T> {
    pub(crate) fn new(layout: &Layout, pool: Arc<Pool>) -> Self {
        let blocks = layout.steps.iter().map(|step| match step {
            Step::Pointwise { loads, body, shape, .. } => {
                let scratch = body.iter().filter(|i| i.store.is_none()).map(|i| i.block + 1);
                scratch.max().unwrap_or(0).max(loads.len()) * block_length(shape.len())
            }
            _ => 0,
        });
        let scratch_per_thread = blocks.max().unwrap_or(0);
        let scratch = Memory::new(scratch_per_thread * pool.threads());
        let start = std::ptr::null();
        let bound =
            (0..layout.parameters.len()).map(|hint| Bound { hint, start, len: 0 }).collect();
        Self { pool, scratch, scratch_per_thread, bound }
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Finds each parameter's memory for the coming run.
    pub(crate) fn bind(&mut self, slots: &[Slot], parameters: &Parameters<T>) -> Result<()> {
        for (slot, bound) in slots.iter().zip(&mut self.bound) {
            let (hint, tensor) = parameters.find(&slot.name, bound.hint)?;
            if tensor.shape() != slot.ty.shape {
                return Err(Error::Mismatch(format!(
                    "parameter `{}` has shape {}, but the graph wants {}",
                    slot.name,
                    tensor.shape(),
                    slot.ty.shape
                )));
            }
            *bound = Bound { hint, start: tensor.values().as_ptr(), len: tensor.values().len() };
        }
        Ok(())
    }

    /// Runs all steps. The parameters that [`Executor::bind`] saw must still be borrowed.
    pub(crate) fn run(&mut self, run: &Run<'_, T>) {
        let (scratch, per_thread) = (self.scratch.share(), self.scratch_per_thread);
        let (pool, bound, threads) = (&*self.pool, &self.bound, self.pool.threads());
        pool.run(&|thread| {
            // SAFETY: each thread takes its own stretch of the scratch memory.
            let scratch = unsafe { scratch.write(thread * per_thread..(thread + 1) * per_thread) };
            let mut worker = Worker { run, bound, scratch };
            for step in &run.layout.steps {
                let parts = step.parts();
                for part in share(parts, thread, threads) {
                    worker.compute(step, part, parts);
                }
                if !pool.meet() {
                    return;
                }
            }
        });
    }
}

fn block_length(elements: usize) -> usize {
    elements.clamp(1, BLOCK)
}

impl Step {
    fn parts(&self) -> usize {
        match self {
            Self::Pointwise { parts, .. }
            | Self::Kernel { parts, .. }
            | Self::Copy { parts, .. } => *parts,
        }
    }
}

/// The output elements of one part; parts begin at multiples of `grain`.
fn part_range(elements: usize, grain: usize, part: usize, parts: usize) -> Range<usize> {
    let units = share(elements.div_ceil(grain), part, parts);
    (units.start * grain).min(elements)..(units.end * grain).min(elements)
}

/// One thread's hands.
struct Worker<'a, T> {
    run: &'a Run<'a, T>,
    bound: &'a [Bound<T>],
    scratch: &'a mut [T],
}

impl<'a, T: Real> Worker<'a, T> {
    fn compute(&mut self, step: &Step, part: usize, parts: usize) {
        match step {
            Step::Pointwise { shape, loads, body, .. } => {
                let range = part_range(shape.len(), 64, part, parts);
                self.pointwise(loads, body, range);
            }
            Step::Kernel { op, operands, out, .. } => {
                let range = part_range(out.shape.len(), op.grain(&out.shape).max(1), part, parts);
                let empty = Operand {
                    shape: Shape::scalar(),
                    strides: [0; MAX_RANK],
                    values: Values::Index(&[]),
                };
                let mut views = [empty; MAX_OPERANDS];
                for (view, place) in views.iter_mut().zip(operands) {
                    *view = self.operand(place);
                }
                // SAFETY: the plan gave the output memory that no operand of this step shares, and
                // the parts of a step are disjoint.
                let values = unsafe { self.target(out, range.clone()) };
                let output = Output { shape: out.shape, range, values };
                T::forward(&**op, &views[..operands.len()], output);
            }
            Step::Copy { from, to, .. } => {
                let range = part_range(to.shape.len(), 1, part, parts);
                // SAFETY: as for a kernel.
                let target = unsafe { self.target(to, range.clone()) };
                match (target, self.operand(from).values) {
                    (ValuesMut::Real(target), Values::Real(values)) => {
                        copy(target, values, from, range.start);
                    }
                    (ValuesMut::Index(target), Values::Index(values)) => {
                        copy(target, values, from, range.start);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Runs a chain of pointwise operations over `range`, block by block.
    fn pointwise(&mut self, loads: &[Place], body: &[Instruction], range: Range<usize>) {
        let width = block_length(range.len()).max(1);
        let scratch: *mut T = self.scratch.as_mut_ptr();
        // SAFETY: a scratch block lies within this thread's stretch, whose length the executor took
        // from the plan; the plan gives a block to one live value at a time, and an instruction
        // writes another block than those it reads.
        let block = |number: usize, length: usize| unsafe {
            std::slice::from_raw_parts_mut(scratch.add(number * width), length)
        };
        let mut start = range.start;
        while start < range.end {
            let now = start..(start + width).min(range.end);
            for (number, place) in loads.iter().enumerate() {
                if !place.is_plain() {
                    let Values::Real(values) = self.operand(place).values else { continue };
                    copy(block(number, now.len()), values, place, now.start);
                }
            }
            for instruction in body {
                let shape = Shape::from([now.len()]);
                let strides = shape.strides();
                let empty = Operand { shape, strides, values: Values::Index(&[]) };
                let mut operands = [empty; MAX_OPERANDS];
                for (operand, argument) in operands.iter_mut().zip(&instruction.operands) {
                    let values: &[T] = match *argument {
                        Argument::Load(number) if loads[number].is_plain() => {
                            match self.operand(&loads[number]).values {
                                Values::Real(values) => &values[now.clone()],
                                Values::Index(_) => &[],
                            }
                        }
                        Argument::Load(number) => block(number, now.len()),
                        Argument::Instruction(at) => match body[at].store {
                            // SAFETY: this thread wrote these elements earlier in this block.
                            Some(buffer) => unsafe {
                                self.run.reals.read(self.stretch(buffer, &now))
                            },
                            None => block(body[at].block, now.len()),
                        },
                    };
                    operand.values = Values::Real(values);
                }
                let target: &mut [T] = match instruction.store {
                    // SAFETY: the buffer belongs to this instruction, the range to this part.
                    Some(buffer) => unsafe { self.run.reals.write(self.stretch(buffer, &now)) },
                    None => block(instruction.block, now.len()),
                };
                let values = ValuesMut::Real(target);
                let output = Output { shape, range: 0..now.len(), values };
                T::forward(&*instruction.op, &operands[..instruction.operands.len()], output);
            }
            start = now.end;
        }
    }

    /// The elements `range` of a buffer, within the plan's memory.
    fn stretch(&self, buffer: usize, range: &Range<usize>) -> Range<usize> {
        let Buffer { offset, .. } = self.run.layout.buffers[buffer];
        offset + range.start..offset + range.end
    }

    fn operand(&self, place: &Place) -> Operand<'a, T> {
        let Place { shape, strides, .. } = *place;
        let (from, to) = (place.offset, place.end());
        let values = match (place.storage, place.kind) {
            (Storage::Parameter(at), _) => {
                let Bound { start, len, .. } = self.bound[at];
                // SAFETY: `bind` took pointer and length from parameters that stay borrowed for the
                // run, and a run only reads them.
                let all = unsafe { std::slice::from_raw_parts(start, len) };
                Values::Real(&all[from..to])
            }
            (Storage::Buffer(buffer), Kind::Real) => {
                let range = self.stretch(buffer, &(from..to));
                // SAFETY: earlier steps wrote the buffer, and no part of this step writes it.
                Values::Real(unsafe { self.run.reals.read(range) })
            }
            (Storage::Buffer(buffer), Kind::Index { .. }) => {
                let range = self.stretch(buffer, &(from..to));
                // SAFETY: as above.
                Values::Index(unsafe { self.run.indices.read(range) })
            }
        };
        Operand { shape, strides, values }
    }

    /// The memory of the elements `range` of a step's output.
    ///
    /// # Safety
    /// No other slice of these elements lives, on any thread.
    unsafe fn target(&self, place: &Place, range: Range<usize>) -> ValuesMut<'a, T> {
        let Storage::Buffer(buffer) = place.storage else { return ValuesMut::Real(&mut []) };
        let range = self.stretch(buffer, &range);
        // SAFETY: passed on to the caller.
        unsafe {
            match place.kind {
                Kind::Real => ValuesMut::Real(self.run.reals.write(range)),
                Kind::Index { .. } => ValuesMut::Index(self.run.indices.write(range)),
            }
        }
    }
}

impl Place {
    /// Whether the elements lie in row-major order without gaps, so that blocks can be read in place.
    fn is_plain(&self) -> bool {
        self.strides == self.shape.strides()
    }
}

/// Copies the elements of a strided value, in row-major order from number `start` on.
fn copy<E: Copy>(target: &mut [E], values: &[E], place: &Place, start: usize) {
    let rank = place.shape.rank();
    if place.strides == [0; MAX_RANK] {
        return target.iter_mut().for_each(|to| *to = values[0]);
    }
    let inner = place.shape.get(rank.wrapping_sub(1)).unwrap_or(1);
    if rank == 0 || place.strides[rank - 1] > 1 {
        let mut walk = Offsets::new(&place.shape, &place.strides, start);
        return target.iter_mut().for_each(|to| *to = values[walk.next_offset()]);
    }
    // Along the innermost axis elements are neighbours, or one is repeated: whole runs at once.
    let mut done = 0;
    while done < target.len() {
        let at = start + done;
        let count = (inner - at % inner).min(target.len() - done);
        let from = Offsets::new(&place.shape, &place.strides, at).next_offset();
        let run = &mut target[done..done + count];
        if place.strides[rank - 1] == 1 {
            run.copy_from_slice(&values[from..from + count]);
        } else {
            run.fill(values[from]);
        }
        done += count;
    }
}
