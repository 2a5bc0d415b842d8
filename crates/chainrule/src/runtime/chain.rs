//! Running chains of pointwise operations, block by block, so that what passes between two operations
//! stays in the innermost cache.

mod settle;
mod guard;

use std::collections::HashSet;
use std::ops::Range;

use self::guard::{Watched, are_tame};
pub(super) use self::guard::{is_tame, write_finite};
use self::settle::{From, Load, Settled, Settlement, Source, settle};
use super::reuse::Extent;
use crate::graph::{MAX_OPERANDS, Scalar, op};
use crate::lowering::{Argument, Chain, Instruction, Place, Storage};
use crate::simd::prefetch_from;
use crate::tensor::{Offsets, Real};

/// Elements of one scratch block: several blocks fit into the innermost cache.
const BLOCK: usize = 512;

/// Arrays of this many bytes are not expected to be in the second-level cache.
const FAR: usize = 256 * 1024;

/// Columns of fewer elements are gathered one by one.
const SHORT: usize = 8;

/// Where chains find memory: what runs them knows.
pub(super) trait Site<T> {
    /// The first element of the plan's own memory.
    fn memory(&self) -> *mut T;

    /// The first element of a buffer or parameter.
    fn pointer(&self, storage: Storage) -> *mut T;

    /// Notes that a new value was not finite.
    fn refuse(&self);
}

/// A chain made ready to run in one precision.
#[derive(Clone, Debug)]
pub(super) struct Program<T> {
    loads: Vec<Load>,
    /// For each instruction, how it is computed.
    results: Vec<Settled>,
    /// The operands of all instructions, one after another.
    operands: Vec<Source>,
    /// Elements of a block, and the distance between blocks.
    width: usize,
    pub scratch: usize,
    /// Whether its arrays are not expected to be in the second-level cache.
    pub is_far: bool,
    /// Whether a load may have to be copied to a block.
    gathers: bool,
    /// What is looked at before new values are written over those of parameters and states.
    watched: Option<Watched>,
    /// A chain over a single element runs without blocks.
    scalar: Option<Lines<T>>,
}

/// Whether an instruction reads the product's elements.
pub(super) fn reads_leader(chain: &Chain) -> bool {
    chain.body.iter().any(|line| line.operands.contains(&Argument::Leader))
}

/// A chain over a single element: a number in each slot, first the product's, then the loads, then the
/// results.
#[derive(Clone, Debug)]
struct Lines<T> {
    lines: Vec<Line<T>>,
    /// Whether an instruction reads the product's element.
    reads_leader: bool,
}

/// A pointwise operation on single numbers, of slots.
#[derive(Clone, Copy, Debug)]
enum Line<T> {
    Unary(fn(T) -> T, u32),
    Binary(fn(T, T) -> T, [u32; 2]),
    /// As the chain's instruction has it.
    Other,
}

/// A stretch of a chain's elements, and the product's elements there, if the chain follows one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch<T> {
    pub start: usize,
    pub len: usize,
    pub leader: *const T,
}

impl<T: Real> Program<T> {
    pub fn new(chain: &Chain, buffers: &[Extent], tame: &HashSet<usize>) -> Self {
        let len = chain.shape.len();
        if len == 1 {
            let (loads, results, operands) = (Vec::new(), Vec::new(), Vec::new());
            let scratch = 1 + chain.loads.len() + chain.body.len();
            let scalar = Some(Lines::new(chain));
            let watched = None;
            return Self {
                loads,
                results,
                operands,
                width: 1,
                scratch,
                is_far: false,
                gathers: false,
                watched,
                scalar,
            };
        }
        let width = match chain.shape.dims().last().copied().unwrap_or(1) {
            0 => 1,
            row if row <= BLOCK && len > BLOCK => BLOCK / row * row,
            _ => BLOCK.min(len),
        };
        let width = width.max(1);
        let Settlement { loads, results, operands, blocks } = settle(chain, width, buffers);
        let is_far = len.saturating_mul(size_of::<T>()) >= FAR;
        let gathers = loads.iter().any(|load| matches!(load, Load::Strided(_) | Load::Row(..)));
        let (watched, scratch) = (Watched::new(chain, &loads, tame), blocks * width);
        Self { loads, results, operands, width, scratch, is_far, gathers, watched, scalar: None }
    }

    /// Writes what stays the same from block to block to scratch memory, before the first run of a step.
    /// Whether the numbers that are watched are tame.
    ///
    /// # Safety
    /// As [`Program::run`].
    pub unsafe fn prepare(&self, chain: &Chain, site: &impl Site<T>, scratch: &mut [T]) -> bool {
        if self.scalar.is_none() {
            // SAFETY: passed on from the caller.
            unsafe { self.worker(chain, site, scratch).fill() };
        }
        // SAFETY: loads of the run.
        let number =
            |&(storage, offset): &_| is_tame(unsafe { *site.pointer(storage).add(offset) });
        self.watched.as_ref().is_none_or(|watched| watched.numbers.iter().all(number))
    }

    /// Runs the chain over stretches of its elements, after [`Program::prepare`], with its answer.
    ///
    /// # Safety
    /// The chain's loads and stores are memory of the current run that this thread may read and write
    /// there; `scratch` has `self.scratch` elements; each stretch's leader points to its elements.
    pub unsafe fn run(
        &self,
        chain: &Chain,
        site: &impl Site<T>,
        stretches: impl Iterator<Item = Stretch<T>>,
        tame: bool,
        scratch: &mut [T],
    ) {
        if let Some(lines) = &self.scalar {
            for stretch in stretches.filter(|stretch| stretch.len == 1) {
                // SAFETY: passed on from the caller.
                unsafe { self.run_scalar(chain, lines, site, stretch.leader, scratch) };
            }
            return;
        }
        let worker = self.worker(chain, site, scratch);
        for stretch in stretches {
            let mut done = 0;
            while done < stretch.len {
                // Blocks end where rows end, so that repeated rows fit.
                let start = stretch.start + done;
                let len = self.width.min(stretch.len - done);
                let (now, leader) = (start..start + len, stretch.leader.wrapping_add(done));
                // SAFETY: passed on from the caller.
                unsafe { worker.block(now, leader, tame) };
                done += len;
            }
        }
    }

    fn worker<'a, S>(
        &'a self,
        chain: &'a Chain,
        site: &'a S,
        scratch: &mut [T],
    ) -> Worker<'a, T, S> {
        assert!(scratch.len() >= self.scratch, "chain scratch too short");
        Worker { program: self, chain, site, scratch: scratch.as_mut_ptr() }
    }

    /// Asks the processor to fetch what the chain will read and write in a stretch of its elements.
    pub fn fetch_ahead(&self, chain: &Chain, site: &impl Site<T>, now: Range<usize>) {
        let loads = self.loads.iter().zip(&chain.loads);
        let plain = loads.filter(|(load, _)| matches!(load, Load::Plain));
        let reads = plain.map(|(_, place)| (place.storage, place.offset));
        let writes = chain.body.iter().filter_map(|i| Some((i.store?, 0)));
        let mut before = None;
        for (storage, offset) in reads.chain(writes) {
            // An update writes what it has read.
            if before.replace(storage) != Some(storage) {
                let start = site.pointer(storage).wrapping_add(offset + now.start);
                prefetch_from(start.cast_const().cast(), now.len() * size_of::<T>());
            }
        }
    }

    /// Runs a chain over a single element.
    unsafe fn run_scalar(
        &self,
        chain: &Chain,
        Lines { lines, reads_leader }: &Lines<T>,
        site: &impl Site<T>,
        leader: *const T,
        slots: &mut [T],
    ) {
        if leader.is_null() {
            assert!(!reads_leader, "an instruction reads a product that there is not");
        } else {
            // SAFETY: a chain that follows a product has its element there.
            slots[0] = unsafe { *leader };
        }
        for (slot, place) in slots[1..].iter_mut().zip(&chain.loads) {
            // SAFETY: a load of the run; its one element.
            *slot = unsafe { *site.pointer(place.storage).add(place.offset) };
        }
        let loads = chain.loads.len();
        let first = 1 + loads;
        for (at, line) in lines.iter().enumerate() {
            slots[first + at] = match *line {
                Line::Unary(f, a) => f(slots[a as usize]),
                Line::Binary(f, [a, b]) => f(slots[a as usize], slots[b as usize]),
                Line::Other => {
                    other(&chain.body[at], |operand| slots[slot_of(operand, loads) as usize])
                }
            };
        }
        for (instruction, &result) in chain.body.iter().zip(&slots[first..]) {
            match instruction.store {
                Some(Storage::Parameter(_)) if !result.is_finite() => site.refuse(),
                // SAFETY: a store of the run; its one element.
                Some(storage) => unsafe { *site.pointer(storage) = result },
                None => {}
            }
        }
    }
}

/// Where the result of a chain over a single element finds an operand, after so many loads.
fn slot_of(operand: &Argument, loads: usize) -> u32 {
    match *operand {
        Argument::Leader => 0,
        Argument::Load(load) => 1 + load as u32,
        Argument::Instruction(at) => (1 + loads + at) as u32,
    }
}

/// An operation on single numbers that is no plain function of one or two. Apart from the loop over
/// lines, which is so short that a larger stack would show.
#[cold]
#[inline(never)]
fn other<T: Real>(instruction: &Instruction, value: impl Fn(&Argument) -> T) -> T {
    let mut values = [T::zero(); MAX_OPERANDS];
    for (to, operand) in values.iter_mut().zip(&instruction.operands) {
        *to = value(operand);
    }
    op::element(&*instruction.op, &values[..instruction.operands.len()])
}

impl<T: Real> Lines<T> {
    fn new(chain: &Chain) -> Self {
        let slot = |operand: &Argument| slot_of(operand, chain.loads.len());
        let line = |Instruction { op, operands, .. }: &Instruction| match (
            op::scalar::<T>(&**op),
            operands.as_slice(),
        ) {
            (Some(Scalar::Unary(f)), [a]) => Line::Unary(f, slot(a)),
            (Some(Scalar::Binary(f)), [a, b]) => Line::Binary(f, [slot(a), slot(b)]),
            _ => Line::Other,
        };
        Self { lines: chain.body.iter().map(line).collect(), reads_leader: reads_leader(chain) }
    }
}

/// Where a load's elements are.
enum Found<T> {
    /// Here, one after another.
    Here(*const T),
    /// Not one after another: this scratch block takes a copy.
    Strided(*mut T),
}

/// One thread at a chain.
struct Worker<'a, T, S> {
    program: &'a Program<T>,
    chain: &'a Chain,
    site: &'a S,
    scratch: *mut T,
}

impl<T: Real, S: Site<T>> Worker<'_, T, S> {
    fn scratch_block(&self, number: usize) -> *mut T {
        self.scratch.wrapping_add(number * self.program.width)
    }

    fn load(&self, place: &Place) -> *const T {
        self.site.pointer(place.storage).wrapping_add(place.offset)
    }

    /// Fills the blocks that stay the same from block to block.
    ///
    /// # Safety
    /// As [`Program::run`].
    unsafe fn fill(&self) {
        let width = self.program.width;
        for (load, place) in self.program.loads.iter().zip(&self.chain.loads) {
            let (block, row) = match *load {
                Load::Repeated(block) => (block, 1),
                Load::Row(row, block, true) => (block, row),
                _ => continue,
            };
            // SAFETY: a row of the load, and a block of this thread's scratch memory.
            let (row, target) = unsafe {
                let target = std::slice::from_raw_parts_mut(self.scratch_block(block), width);
                (std::slice::from_raw_parts(self.load(place), row), target)
            };
            match row {
                [number] => target.fill(*number),
                row => target.chunks_exact_mut(row.len()).for_each(|to| to.copy_from_slice(row)),
            }
        }
    }

    /// Copies the elements `now` of loads that are not one after another to their blocks.
    ///
    /// # Safety
    /// As [`Program::run`].
    unsafe fn gather(&self, now: &Range<usize>) {
        for (at, load) in self.program.loads.iter().enumerate() {
            if matches!(load, Load::Strided(_) | Load::Row(..))
                && let Found::Strided(block) = self.find(at, now)
            {
                let place = &self.chain.loads[at];
                let from = self.site.pointer(place.storage).cast_const();
                // SAFETY: a block of this thread's scratch memory that belongs to this load alone.
                let block = unsafe { std::slice::from_raw_parts_mut(block, now.len()) };
                // SAFETY: the load's elements.
                unsafe { gather(block, from, place, now.start) };
            }
        }
    }

    /// Runs the chain over the elements `now`, at most as many as a block has.
    ///
    /// # Safety
    /// As [`Program::run`].
    unsafe fn block(&self, now: Range<usize>, leader: *const T, tame: bool) {
        let len = now.len();
        if self.program.gathers {
            // SAFETY: as here.
            unsafe { self.gather(&now) };
        }
        if let Some(watched) = &self.program.watched
            // SAFETY: as here.
            && !(tame && unsafe { self.is_tame(watched, &now, leader) })
        {
            // SAFETY: as here.
            return unsafe { self.one_by_one(watched, now, leader) };
        }
        let bases = [self.scratch, self.site.memory(), leader.cast_mut()];
        let start = |source: &Source| match source.from {
            From::Base { base, offset, moves } => {
                let before = if moves { now.start } else { 0 };
                bases[base as usize].wrapping_add(offset + before)
            }
            From::Parameter { at, offset, moves } => {
                let before = if moves { now.start } else { 0 };
                self.site.pointer(Storage::Parameter(at)).wrapping_add(offset + before)
            }
            From::Rows(load) => match self.find(load, &now) {
                Found::Here(start) => start.cast_mut(),
                Found::Strided(block) => block,
            },
        };
        let mut sources = self.program.operands.iter();
        let mut operands: [&[T]; MAX_OPERANDS] = [&[]; MAX_OPERANDS];
        for (instruction, settled) in self.chain.body.iter().zip(&self.program.results) {
            let operands = &mut operands[..instruction.operands.len()];
            for (operand, source) in operands.iter_mut().zip(&mut sources) {
                // SAFETY: as many elements of the product, a load or an earlier result, which nothing
                // writes while they are read; nobody looks at operands of earlier instructions.
                *operand = unsafe {
                    std::slice::from_raw_parts(start(source).cast_const(), len.min(source.most))
                };
            }
            // SAFETY: the block or stretch of memory that belongs to this result alone; a parameter is
            // read no more once it is written.
            let output = unsafe { std::slice::from_raw_parts_mut(start(&settled.output), len) };
            if settled.over {
                op::over(&*instruction.op, operands, output);
                continue;
            }
            op::stretch(&*instruction.op, operands, output);
            if let Some(storage) = settled.copy {
                let place = self.site.pointer(storage).wrapping_add(now.start);
                // SAFETY: as above, and no slice of the parameter is looked at.
                unsafe { std::ptr::copy_nonoverlapping(output.as_ptr(), place, len) };
            }
        }
    }

    /// Whether what is watched is tame in all elements `now`.
    ///
    /// # Safety
    /// As [`Program::run`]; strided loads are in their blocks.
    unsafe fn is_tame(&self, watched: &Watched, now: &Range<usize>, leader: *const T) -> bool {
        // SAFETY: the product's elements.
        let leader = || are_tame(unsafe { std::slice::from_raw_parts(leader, now.len()) });
        let load = |&at: &usize| {
            let place = &self.chain.loads[at];
            let start = match self.program.loads[at] {
                Load::Plain => self.load(place).wrapping_add(now.start),
                _ => match self.find(at, now) {
                    Found::Here(start) => start,
                    Found::Strided(block) => block.cast_const(),
                },
            };
            // SAFETY: the load's elements, or the block that holds them.
            are_tame(unsafe { std::slice::from_raw_parts(start, now.len()) })
        };
        (!watched.leader || leader()) && watched.loads.iter().all(load)
    }

    /// Runs the chain over the elements `now`, each by itself: where something watched is not tame, a new
    /// value that is not finite leaves the old one. An element, since how elements fall to blocks depends
    /// on the number of threads.
    ///
    /// # Safety
    /// As [`Program::run`].
    #[cold]
    #[inline(never)]
    unsafe fn one_by_one(&self, watched: &Watched, now: Range<usize>, leader: *const T) {
        let Chain { loads, body, .. } = self.chain;
        let mut slots = vec![T::zero(); 1 + loads.len() + body.len()];
        for i in now.clone() {
            if watched.leader {
                // SAFETY: the product's element.
                slots[0] = unsafe { *leader.add(i - now.start) };
            }
            for (slot, place) in slots[1..].iter_mut().zip(loads) {
                let offset = Offsets::new(&place.shape, &place.strides, i).next_offset();
                // SAFETY: the load's element.
                *slot = unsafe { *self.load(place).add(offset) };
            }
            for at in 0..body.len() {
                let value = |operand: &Argument| slots[slot_of(operand, loads.len()) as usize];
                slots[1 + loads.len() + at] = other(&body[at], value);
            }
            let (before, results) = slots.split_at(1 + loads.len());
            let is_made = |(at, _): &(usize, _)| match at {
                0 => true,
                at => matches!(loads[at - 1].storage, Storage::Buffer(_)),
            };
            let tame = before.iter().enumerate().filter(is_made).all(|(_, &x)| is_tame(x));
            for (instruction, &new) in body.iter().zip(results) {
                match instruction.store {
                    Some(Storage::Parameter(_)) if !tame && !new.is_finite() => self.site.refuse(),
                    // SAFETY: the store's element.
                    Some(storage) => unsafe { *self.site.pointer(storage).add(i) = new },
                    None => {}
                }
            }
        }
    }

    /// Where the elements `now` of a load are.
    fn find(&self, at: usize, now: &Range<usize>) -> Found<T> {
        let place = &self.chain.loads[at];
        let block = |block| self.scratch_block(block);
        match self.program.loads[at] {
            Load::Plain => Found::Here(self.load(place).wrapping_add(now.start)),
            Load::Number => Found::Here(self.load(place)),
            Load::Repeated(number) => Found::Here(block(number)),
            Load::Row(row, number, repeats) => {
                // The division shows in chains of a few rows.
                let column = if now.start < row { now.start } else { now.start % row };
                if column + now.len() <= row {
                    Found::Here(self.load(place).wrapping_add(column))
                } else if column == 0 && repeats {
                    Found::Here(block(number))
                } else {
                    Found::Strided(block(number))
                }
            }
            Load::Strided(number) => Found::Strided(block(number)),
        }
    }
}

/// Copies the elements of a strided value, in row-major order from number `start` on.
///
/// # Safety
/// `values` points to the buffer in which the place lies.
pub(super) unsafe fn gather<E: Copy>(
    target: &mut [E],
    values: *const E,
    place: &Place,
    start: usize,
) {
    let values = values.wrapping_add(place.offset);
    let axis = place.shape.dims().iter().rposition(|&length| length != 1);
    let (inner, stride) =
        axis.map_or((1, 0), |axis| (place.shape.dims()[axis], place.strides[axis]));
    if stride > 1 && inner < SHORT {
        let mut walk = Offsets::new(&place.shape, &place.strides, start);
        // SAFETY: the place's elements exist.
        target.iter_mut().for_each(|to| *to = unsafe { *values.add(walk.next_offset()) });
        return;
    }
    // Whole runs at once, along the innermost axis of more than one element.
    let mut done = 0;
    while done < target.len() {
        let at = start + done;
        let count = (inner - at % inner).min(target.len() - done);
        let from = Offsets::new(&place.shape, &place.strides, at).next_offset();
        let run = &mut target[done..done + count];
        // SAFETY: the place's elements exist.
        unsafe {
            match stride {
                0 => run.fill(*values.add(from)),
                1 => std::ptr::copy_nonoverlapping(values.add(from), run.as_mut_ptr(), count),
                _ => {
                    let column = run.iter_mut().enumerate();
                    column.for_each(|(i, to)| *to = *values.add(from + i * stride));
                }
            }
        }
        done += count;
    }
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Var};

    #[test]
    fn views_are_gathered_by_columns_and_one_by_one() {
        // Rows of x, columns of x; what is viewed, and the element of x at each place of the view.
        type Case = (usize, usize, fn(Var<'_>) -> Var<'_>, fn(usize, usize, usize) -> usize);
        let cases: [Case; 4] = [
            (40, 30, |x| x.t(), |i, rows, columns| i % rows * columns + i / rows),
            (5, 300, |x| x.t(), |i, rows, columns| i % rows * columns + i / rows),
            (600, 3, |x| x.slice(1, 1, 2), |i, _, columns| i * columns + 1),
            (40, 30, |x| x.slice(1, 2, 9), |i, _, columns| i / 7 * columns + i % 7 + 2),
        ];
        for (rows, columns, view, place) in cases {
            let g = Graph::new();
            let y = view(g.input("x", [rows, columns])) * 2.0;
            let mut plan = g.compile::<f64>(&[y]).unwrap();
            let x: Vec<f64> = (0..rows * columns).map(|i| i as f64).collect();
            plan.feed("x", &x).unwrap();
            plan.run().unwrap();
            for (i, &found) in plan.value(y).unwrap().iter().enumerate() {
                assert_eq!(found, 2.0 * place(i, rows, columns) as f64, "{i} of {rows}×{columns}");
            }
        }
    }
}
