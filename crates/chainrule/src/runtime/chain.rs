//! Running chains of pointwise operations, block by block, so that what passes between two operations
//! stays in the innermost cache.

use std::ops::Range;

use crate::graph::{MAX_OPERANDS, Scalar, op};
use crate::lowering::{Argument, Chain, Instruction, Place, Storage};
use crate::simd::prefetch_from;
use crate::tensor::{MAX_RANK, Offsets, Real};

/// Elements of one scratch block: several blocks fit into the innermost cache.
const BLOCK: usize = 512;

/// Arrays of this many bytes are not expected to be in the second-level cache.
const FAR: usize = 256 * 1024;

/// Where chains find memory: what runs them knows.
pub(super) trait Site<T> {
    /// The first element of a buffer or parameter.
    fn pointer(&self, storage: Storage) -> *mut T;
}

/// How a load reaches the chain.
#[derive(Clone, Copy, Debug)]
enum Load {
    /// Element by element, in place.
    Plain,
    /// One number, in place: all that read it want one.
    Number,
    /// One number, repeated in a scratch block.
    Repeated(usize),
    /// A row of this length, for each of the chain's rows; where the flag is set, repeated in a scratch
    /// block.
    Row(usize, usize, bool),
    /// Copied to a scratch block.
    Strided(usize),
}

/// How an instruction is computed.
#[derive(Clone, Copy, Debug)]
struct Computed {
    to: To,
    /// How many of the last operands are handed over as one number each.
    numbers: usize,
}

/// Where an instruction's result is computed.
#[derive(Clone, Copy, Debug)]
enum To {
    /// In a scratch block, from which it is copied to its place in memory if it has one.
    Block(usize, Option<Storage>),
    /// In its place in memory.
    Memory(Storage),
    /// In its place in memory, over the first operand.
    Over(Storage),
}

/// A chain made ready to run in one precision.
#[derive(Clone, Debug)]
pub(super) struct Program<T> {
    loads: Vec<Load>,
    /// For each instruction, how it is computed.
    results: Vec<Computed>,
    /// Elements of a block, and the distance between blocks.
    width: usize,
    pub scratch: usize,
    /// Whether its arrays are not expected to be in the second-level cache.
    pub is_far: bool,
    /// A chain over a single element runs without blocks.
    scalar: Option<Lines<T>>,
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
    pub fn new(chain: &Chain) -> Self {
        let mut next = 0;
        let mut block = || {
            next += 1;
            next - 1
        };
        let len = chain.shape.len();
        if len == 1 {
            let scratch = 1 + chain.loads.len() + chain.body.len();
            let scalar = Some(Lines::new(chain));
            let (loads, results) = (Vec::new(), Vec::new());
            return Self { loads, results, width: 1, scratch, is_far: false, scalar };
        }
        let row = chain.shape.dims().last().copied().unwrap_or(1);
        let width = match row {
            0 => 1,
            row if row <= BLOCK && len > BLOCK => BLOCK / row * row,
            _ => BLOCK.min(len),
        };
        let width = width.max(1);
        let is_one = |place: &Place| place.strides == [0; MAX_RANK];
        let ones: Vec<bool> = chain.loads.iter().map(is_one).collect();
        let mut results: Vec<Computed> =
            chain.body.iter().map(|instruction| computed(chain, &ones, instruction)).collect();
        let repeated = repeated(chain, &results);
        let load = |(place, repeated): (&Place, bool)| match place {
            // Of nothing no element is read, not even one to repeat.
            place if len == 0 || place.is_plain() => Load::Plain,
            place if is_one(place) && !repeated => Load::Number,
            place if is_one(place) => Load::Repeated(block()),
            place if repeats_rows(place) => Load::Row(row, block(), width.is_multiple_of(row)),
            _ => Load::Strided(block()),
        };
        let loads: Vec<Load> = chain.loads.iter().zip(repeated).map(load).collect();
        let used = assign_blocks(chain, next, &mut results);
        let is_far = len.saturating_mul(size_of::<T>()) >= FAR;
        Self { loads, results, width, scratch: used * width, is_far, scalar: None }
    }

    /// Writes what stays the same from block to block to scratch memory, before the first run of a step.
    ///
    /// # Safety
    /// As [`Program::run`].
    pub unsafe fn prepare(&self, chain: &Chain, site: &impl Site<T>, scratch: &mut [T]) {
        if self.scalar.is_none() {
            // SAFETY: passed on from the caller.
            unsafe { self.worker(chain, site, scratch).fill() };
        }
    }

    /// Runs the chain over stretches of its elements, after [`Program::prepare`].
    ///
    /// # Safety
    /// The chain's loads and stores are memory of the current run that this thread may read and write
    /// there; `scratch` has `self.scratch` elements; each stretch's leader points to its elements.
    pub unsafe fn run(
        &self,
        chain: &Chain,
        site: &impl Site<T>,
        stretches: impl Iterator<Item = Stretch<T>>,
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
                // SAFETY: passed on from the caller.
                unsafe { worker.block(start..start + len, stretch.leader.wrapping_add(done)) };
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
            if let Some(storage) = instruction.store {
                // SAFETY: a store of the run; its one element.
                unsafe { *site.pointer(storage) = result };
            }
        }
    }
}

/// Whether a view repeats one row along all other axes.
fn repeats_rows(place: &Place) -> bool {
    let rank = place.shape.rank();
    let outer = place.shape.dims().iter().zip(place.strides).take(rank.saturating_sub(1));
    rank > 0 && place.strides[rank - 1] == 1 && outer.clone().all(|(&n, s)| n == 1 || s == 0)
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
        let leader = |operand: &Argument| matches!(operand, Argument::Leader);
        let reads_leader = chain.body.iter().any(|line| line.operands.iter().any(leader));
        Self { lines: chain.body.iter().map(line).collect(), reads_leader }
    }
}

/// For each load, whether an instruction reads it for every element, even if it is one number.
fn repeated(chain: &Chain, results: &[Computed]) -> Vec<bool> {
    let mut repeated = vec![false; chain.loads.len()];
    for (instruction, computed) in chain.body.iter().zip(results) {
        let count = instruction.operands.len() - computed.numbers;
        for operand in &instruction.operands[..count] {
            if let Argument::Load(load) = *operand {
                repeated[load] = true;
            }
        }
    }
    repeated
}

/// How an instruction is computed, if these loads are one number each.
fn computed(chain: &Chain, ones: &[bool], instruction: &Instruction) -> Computed {
    let one_number = |operand: &Argument| match *operand {
        Argument::Load(load) => ones[load],
        Argument::Leader | Argument::Instruction(_) => false,
    };
    let numbers = instruction.op.numbers();
    let last = &instruction.operands[instruction.operands.len() - numbers..];
    let numbers = if last.iter().all(one_number) { numbers } else { 0 };
    Computed { to: target(chain, instruction), numbers }
}

/// Where a result is computed: in memory where it has a place there, unless that is a parameter which
/// the operation reads and cannot write over.
fn target(chain: &Chain, instruction: &Instruction) -> To {
    // The block's number is found later.
    let in_block = To::Block(0, instruction.store);
    let Some(storage) = instruction.store else { return in_block };
    let is_it = |operand: &Argument| match *operand {
        Argument::Load(load) => chain.loads[load].storage == storage,
        Argument::Leader | Argument::Instruction(_) => false,
    };
    match instruction.operands.as_slice() {
        operands if !operands.iter().any(is_it) => To::Memory(storage),
        [first, rest @ ..] if is_it(first) && !rest.is_empty() && !rest.iter().any(is_it) => {
            To::Over(storage)
        }
        _ => in_block,
    }
}

/// Gives results that need it their scratch blocks, and frees blocks after their last use. Returns how
/// many there are, with the `first` ones, which belong to loads.
fn assign_blocks(chain: &Chain, first: usize, results: &mut [Computed]) -> usize {
    let body = &chain.body;
    let sources = |at: usize| {
        body[at].operands.iter().filter_map(|operand| match *operand {
            Argument::Instruction(source) => Some(source),
            Argument::Leader | Argument::Load(_) => None,
        })
    };
    let mut last_use = vec![0; body.len()];
    for at in 0..body.len() {
        sources(at).for_each(|source| last_use[source] = at);
    }
    let (mut free, mut next) = (Vec::new(), first);
    for at in 0..body.len() {
        if let To::Block(block, _) = &mut results[at].to {
            *block = free.pop().unwrap_or_else(|| {
                next += 1;
                next - 1
            });
        }
        for source in sources(at) {
            if let To::Block(block, _) = results[source].to
                && last_use[source] == at
            {
                free.push(block);
                // Once, even if it is both operands.
                last_use[source] = usize::MAX;
            }
        }
    }
    next
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

    /// Runs the chain over the elements `now`, at most as many as a block has.
    ///
    /// # Safety
    /// As [`Program::run`].
    unsafe fn block(&self, now: Range<usize>, leader: *const T) {
        let len = now.len();
        for (at, load) in self.program.loads.iter().enumerate() {
            if matches!(load, Load::Strided(_) | Load::Row(..))
                && let Found::Strided(block) = self.find(at, &now)
            {
                let place = &self.chain.loads[at];
                let from = self.site.pointer(place.storage).cast_const();
                // SAFETY: a block of this thread's scratch memory that belongs to this load alone.
                let block = unsafe { std::slice::from_raw_parts_mut(block, len) };
                // SAFETY: the load's elements.
                unsafe { gather(block, from, place, now.start) };
            }
        }
        for (at, instruction) in self.chain.body.iter().enumerate() {
            let mut operands: [&[T]; MAX_OPERANDS] = [&[]; MAX_OPERANDS];
            let Computed { to, numbers } = self.program.results[at];
            let count = instruction.operands.len();
            // An operand that is written over is no slice of its own.
            let first = usize::from(matches!(to, To::Over(_)));
            let slices = operands.iter_mut().zip(&instruction.operands).enumerate();
            for (at, (operand, argument)) in slices.skip(first) {
                let start = match *argument {
                    Argument::Leader => leader,
                    Argument::Load(load) => match self.find(load, &now) {
                        Found::Here(start) => start,
                        Found::Strided(block) => block.cast_const(),
                    },
                    Argument::Instruction(at) => self.result(at, now.start),
                };
                let len = if at < count - numbers { len } else { 1 };
                // SAFETY: `len` elements of the product, a load or an earlier result.
                *operand = unsafe { std::slice::from_raw_parts(start, len) };
            }
            let operands = &operands[..count];
            let start = self.result(at, now.start);
            // SAFETY: the block or stretch of memory that belongs to this result alone; a parameter is
            // read no more once it is written.
            let output = unsafe { std::slice::from_raw_parts_mut(start, len) };
            match to {
                To::Over(_) => op::over(&*instruction.op, operands, output),
                To::Memory(_) | To::Block(_, None) => {
                    op::stretch(&*instruction.op, operands, output);
                }
                To::Block(_, Some(storage)) => {
                    op::stretch(&*instruction.op, operands, output);
                    let place = self.site.pointer(storage).wrapping_add(now.start);
                    // SAFETY: as above, and no slice of the parameter lives.
                    unsafe { std::ptr::copy_nonoverlapping(output.as_ptr(), place, len) };
                }
            }
        }
    }

    /// Where the result of an instruction is.
    fn result(&self, at: usize, start: usize) -> *mut T {
        match self.program.results[at].to {
            To::Memory(storage) | To::Over(storage) => {
                self.site.pointer(storage).wrapping_add(start)
            }
            To::Block(block, _) => self.scratch_block(block),
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
    let rank = place.shape.rank();
    let inner = place.shape.get(rank.wrapping_sub(1)).unwrap_or(1);
    if rank == 0 || place.strides[rank - 1] > 1 {
        let mut walk = Offsets::new(&place.shape, &place.strides, start);
        // SAFETY: the place's elements exist.
        target.iter_mut().for_each(|to| *to = unsafe { *values.add(walk.next_offset()) });
        return;
    }
    // Along the innermost axis elements are neighbours, or one is repeated: whole runs at once.
    let mut done = 0;
    while done < target.len() {
        let at = start + done;
        let count = (inner - at % inner).min(target.len() - done);
        let from = Offsets::new(&place.shape, &place.strides, at).next_offset();
        let run = &mut target[done..done + count];
        // SAFETY: the place's elements exist.
        unsafe {
            if place.strides[rank - 1] == 1 {
                std::ptr::copy_nonoverlapping(values.add(from), run.as_mut_ptr(), count);
            } else {
                run.fill(*values.add(from));
            }
        }
        done += count;
    }
}
