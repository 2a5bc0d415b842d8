//! Executing a plan's steps on the threads of a pool.
//!
//! Every thread walks the same phases, computes its rows of each step, and meets the others at the
//! phase's end. How rows fall to threads changes no bit: an element is computed whole, by one thread.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Pool;
use super::chain::{Program, Site, Stretch, gather, is_tame, write_finite};
use super::crowd::{Crowd, SHORT};
use super::layout::{Layout, Step};
use super::memory::{Memory, Shared};
use super::pool::portion;
use super::record::{Event, Notes, Recorder};
use crate::error::{Error, Result};
use crate::graph::{Kind, MAX_OPERANDS, op};
use crate::lowering::{Chain, Outside, Place, Storage, Work};
use crate::ops::{AnyOp, Factors, Nothing, Operand, Output, Values, ValuesMut, by_matrix};
use crate::parameters::Parameters;
use crate::state::{Bindings, Owner, State};
use crate::tensor::{MAX_RANK, Real, Shape, Tensor};
use chainrule_products::{Finished, Follow, Lengths, Target, scratch_len};

/// The memory of a parameter, or of a part of an optimizer's state, during one run.
#[derive(Clone, Copy, Debug)]
struct Bound<T> {
    hint: usize,
    start: *mut T,
    len: usize,
}

// SAFETY: the pointer is set and followed within one call of the plan, during which parameters and
// state are borrowed; between runs nobody follows it.
unsafe impl<T: Sync> Send for Bound<T> {}
// SAFETY: as above; threads write disjoint elements, and only after the last read of each.
unsafe impl<T: Sync> Sync for Bound<T> {}

/// The threads, their scratch memory, and the parameters and state of the current run.
#[derive(Clone)]
pub(crate) struct Executor<T> {
    pool: Arc<Pool>,
    scratch: Scratch<T>,
    scratch_per_thread: usize,
    /// The chains of all steps, in the order of the phases.
    programs: Arc<[Option<Program<T>>]>,
    /// Whether any step is shared, so that other threads have something to do.
    is_shared: bool,
    bound: Vec<Bound<T>>,
    /// The versions of parameters and state that `bound` was found for.
    versions: Option<(u64, Option<u64>)>,
    recorder: Option<Arc<Recorder>>,
    /// Whether the plan is so short that a thread that sleeps at a meeting is a bad sign.
    is_short: bool,
    crowd: Crowd,
}

/// Memory that holds nothing between runs: what binds the first one makes it, and that of a clone its own.
struct Scratch<T>(Option<Memory<T>>);

impl<T> Clone for Scratch<T> {
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl<T: Real> Scratch<T> {
    fn reserve(&mut self, len: usize) -> Result<()> {
        if self.0.is_none() {
            let bytes = len as u128 * size_of::<T>() as u128;
            self.0 = Some(Memory::try_new(len).ok_or(Error::Memory { bytes })?);
        }
        Ok(())
    }

    fn share(&mut self) -> Shared<'_, T> {
        let Some(memory) = &mut self.0 else { unreachable!("a run is bound before") };
        memory.share()
    }
}

/// What the threads of one run share.
pub(crate) struct Run<'a, T> {
    pub layout: &'a Layout,
    pub reals: Shared<'a, T>,
    pub indices: Shared<'a, u32>,
}

impl<T: Real> Executor<T> {
    pub(crate) fn new(layout: &Layout, pool: Arc<Pool>) -> Self {
        let are_tame =
            |tensor: &Tensor<f64>| tensor.values().iter().all(|&x| is_tame(T::from_f64(x)));
        let tame = layout.constants.iter().filter(|(_, tensor)| are_tame(tensor));
        let tame: HashSet<usize> = tame.map(|(at, _)| *at).collect();
        let mut programs: Vec<Option<Program<T>>> = Vec::with_capacity(layout.units.len());
        programs.extend(layout.steps().map(|(_, work)| {
            let chain = work.chain().filter(|chain| !chain.body.is_empty());
            chain.map(|chain| Program::new(chain, &layout.buffers, &tame))
        }));
        let programs: Arc<[Option<Program<T>>]> = programs.into();
        let needs = layout.steps().zip(&*programs).map(|((_, work), program)| {
            let chain = program.as_ref().map_or(0, |program| program.scratch);
            chain.next_multiple_of(LINE) + product_scratch::<T>(work)
        });
        let scratch_per_thread = needs.max().unwrap_or(0).next_multiple_of(LINE);
        let is_shared = layout.phases.iter().any(|phase| !phase.shared.is_empty());
        let start = std::ptr::null_mut();
        let bound =
            (0..layout.parameters.len()).map(|hint| Bound { hint, start, len: 0 }).collect();
        let is_short = layout.steps().map(|(step, _)| step.cost).sum::<f64>() < SHORT;
        Self {
            pool,
            scratch: Scratch(None),
            scratch_per_thread,
            programs,
            is_shared,
            bound,
            versions: None,
            recorder: None,
            is_short,
            crowd: Crowd::default(),
        }
    }

    /// The threads that ever have something to do.
    fn threads(&self) -> usize {
        if self.is_shared { self.pool.threads() } else { 1 }
    }

    /// The bytes that a run needs beside the plan's values.
    pub(crate) fn bytes(&self) -> usize {
        self.scratch_per_thread * self.threads() * size_of::<T>()
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// Whether other programs want the cores, so that work between runs is better not shared either.
    pub(crate) fn is_crowded(&self) -> bool {
        self.crowd.is_avoided()
    }

    pub(crate) fn record(&mut self, on: bool) {
        self.recorder = on.then(|| Arc::new(Recorder::new()));
    }

    /// The number of recorded runs, and their events.
    pub(crate) fn recorded(&self) -> Option<(u32, Vec<Event>)> {
        self.recorder.as_ref().map(|recorder| (recorder.runs(), recorder.events()))
    }

    /// Finds the memory of what lies outside the plan, for a coming run that only reads.
    pub(crate) fn bind(&mut self, outside: &[Outside], given: Bindings<'_, T>) -> Result<()> {
        self.find(outside, given)?;
        for (Outside { owner, .. }, bound) in outside.iter().zip(&mut self.bound) {
            bound.start = given.values_at(owner, bound.hint).as_ptr().cast_mut();
        }
        Ok(())
    }

    /// Finds the memory of what lies outside the plan, for a coming run that reads and writes.
    pub(crate) fn bind_mut(
        &mut self,
        outside: &[Outside],
        parameters: &mut Parameters<T>,
        mut state: Option<&mut State<T>>,
    ) -> Result<()> {
        let given = Bindings { parameters, state: state.as_deref() };
        if let (true, Some(state)) = (self.versions != Some(given.versions()), &mut state) {
            state.begin(outside.iter().filter_map(Outside::state))?;
        }
        self.find(outside, Bindings { parameters, state: state.as_deref() })?;
        for (Outside { owner, .. }, bound) in outside.iter().zip(&mut self.bound) {
            let values = match (owner, &mut state) {
                (Owner::Parameter(_), _) => parameters.values_at_mut(bound.hint),
                (Owner::State(_), Some(state)) => state.values_at_mut(bound.hint),
                (Owner::State(key), None) => unreachable!("{key} was found in a state"),
            };
            bound.start = values.as_mut_ptr();
        }
        Ok(())
    }

    /// Finds places by name, unless they were found before.
    fn find(&mut self, outside: &[Outside], given: Bindings<'_, T>) -> Result<()> {
        self.scratch.reserve(self.scratch_per_thread * self.threads())?;
        let versions = Some(given.versions());
        if self.versions == versions {
            return Ok(());
        }
        // Until all are found: a mistake leaves some of them found for other parameters.
        self.versions = None;
        for (Outside { owner, shape }, bound) in outside.iter().zip(&mut self.bound) {
            let (hint, tensor) = given.find(owner, *shape, bound.hint)?;
            (bound.hint, bound.len) = (hint, tensor.values().len());
        }
        self.versions = versions;
        Ok(())
    }

    /// Runs all steps; `false` where a guard ended the run or a new value was refused. What was bound
    /// must still be borrowed.
    pub(crate) fn run(&mut self, run: &Run<'_, T>) -> bool {
        let per_thread = self.scratch_per_thread;
        let scratch = self.scratch.share();
        let (programs, bound) = (&*self.programs, &self.bound);
        let recorder = self.recorder.as_deref();
        if let Some(recorder) = recorder {
            recorder.count();
        }
        let [stopped, refused] = [false; 2].map(AtomicBool::new);
        let refused = &refused;
        let worker = |thread: usize, threads: usize| {
            // SAFETY: each thread takes its own stretch of the scratch memory.
            let scratch = unsafe { scratch.write(thread * per_thread..(thread + 1) * per_thread) };
            let notes = Notes::new(recorder, thread);
            Worker { run, programs, bound, scratch, thread, threads, notes, refused }
        };
        if !self.is_shared || self.pool.threads() == 1 || self.crowd.is_alone() {
            let mut worker = worker(0, 1);
            let mut number = 0;
            let done = run.layout.phases.iter().all(|phase| {
                worker.whole(&phase.shared, &mut number) && worker.whole(&phase.serial, &mut number)
            });
            return done && !refused.load(Ordering::Relaxed);
        }
        let pool = &*self.pool;
        pool.run(&|thread| {
            let mut worker = worker(thread, pool.threads());
            let mut number = 0;
            for phase in &run.layout.phases {
                worker.own_rows(&phase.shared, &mut number);
                let mut after = number;
                let going = pool.meet(|| {
                    if !worker.whole(&phase.serial, &mut after) {
                        stopped.store(true, Ordering::Relaxed);
                    }
                });
                number += phase.serial.len();
                if !going || stopped.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        if self.is_short {
            self.crowd.note(pool.take_sleeps() > 0);
        }
        !stopped.load(Ordering::Relaxed) && !refused.load(Ordering::Relaxed)
    }
}

/// Elements to which each thread's scratch memory is aligned: a cache line of the smallest type.
const LINE: usize = 16;

/// The scratch memory that a step's product needs.
fn product_scratch<T: Real>(work: &Work) -> usize {
    match work {
        Work::Product { factors, a, b, chain, .. } if !chain.shape.is_empty() => {
            scratch_len::<T>(factors.lengths(&a.shape, &b.shape))
        }
        _ => 0,
    }
}

/// One thread's hands.
struct Worker<'a, T> {
    run: &'a Run<'a, T>,
    programs: &'a [Option<Program<T>>],
    bound: &'a [Bound<T>],
    scratch: &'a mut [T],
    thread: usize,
    threads: usize,
    notes: Notes<'a>,
    /// Whether a new value was refused, on any thread.
    refused: &'a AtomicBool,
}

impl<T> Site<T> for Worker<'_, T> {
    fn memory(&self) -> *mut T {
        self.run.reals.start()
    }

    fn pointer(&self, storage: Storage) -> *mut T {
        match storage {
            Storage::Parameter(at) => self.bound[at].start,
            Storage::Buffer(at) => {
                self.run.reals.start().wrapping_add(self.run.layout.buffers[at].offset)
            }
        }
    }

    fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }
}

impl<'a, T: Real> Worker<'a, T> {
    /// Runs whole steps, of which the first has this number; `false` where a guard ends the run.
    fn whole(&mut self, steps: &[Step], number: &mut usize) -> bool {
        for step in steps {
            if let Work::Guard(loss) = &self.run.layout.units[step.unit] {
                // SAFETY: the loss is a scalar, written by an earlier step.
                let loss = unsafe { *self.pointer(loss.storage).add(loss.offset) };
                if !loss.is_finite() {
                    return false;
                }
            }
            let start = self.notes.now();
            self.compute(step, *number, 0..step.rows);
            self.notes.note(*number, start);
            *number += 1;
        }
        true
    }

    /// Runs this thread's rows of each step, of which the first has this number.
    fn own_rows(&mut self, steps: &[Step], number: &mut usize) {
        for step in steps {
            let rows = portion(step.rows, self.thread, self.threads);
            if !rows.is_empty() {
                let start = self.notes.now();
                self.compute(step, *number, rows);
                self.notes.note(*number, start);
            }
            *number += 1;
        }
    }

    fn compute(&mut self, step: &Step, number: usize, rows: Range<usize>) {
        let program = self.programs[number].as_ref();
        let elements = || rows.start * step.width..rows.end * step.width;
        match &self.run.layout.units[step.unit] {
            Work::Chain(chain) => {
                let range = elements();
                let leader = std::ptr::null();
                let stretch = Stretch { start: range.start, len: range.len(), leader };
                if let Some(program) = program {
                    let scratch = self.take_scratch();
                    // SAFETY: earlier steps wrote the loads, and the plan gave the stores memory that
                    // only these rows of this step touch.
                    unsafe {
                        let tame = program.prepare(chain, self, scratch);
                        program.run(chain, self, std::iter::once(stretch), tame, scratch);
                    }
                    self.scratch = scratch;
                }
            }
            Work::Product { factors, a, b, out, chain } => {
                self.product(*factors, [*a, *b], *out, chain, program, elements());
            }
            Work::Kernel { op, operands, out, contract } => {
                let range = elements();
                if !range.is_empty() {
                    self.kernel(&**op, &contract.by_rows, operands, out, range);
                }
            }
            Work::Copy { from, to } => self.copy(from, to, elements()),
            Work::Guard(_) => {}
        }
    }

    fn take_scratch(&mut self) -> &'a mut [T] {
        std::mem::take(&mut self.scratch)
    }

    /// Computes the elements of some rows of a product, and the chain that follows it on each row block.
    fn product(
        &mut self,
        factors: Factors,
        operands: [Place; 2],
        out: Option<usize>,
        chain: &Chain,
        program: Option<&Program<T>>,
        elements: Range<usize>,
    ) {
        let Lengths { m, n, .. } = factors.lengths(&operands[0].shape, &operands[1].shape);
        let operands = operands.map(|place| {
            let start = self.pointer(place.storage).cast_const();
            (start, place.view())
        });
        let taken = self.take_scratch();
        let for_chain = program.map_or(0, |program| program.scratch).next_multiple_of(LINE);
        let (chain_scratch, product_scratch) = taken.split_at_mut(for_chain);
        // SAFETY: earlier steps wrote the chain's loads.
        let tame =
            program.is_none_or(|program| unsafe { program.prepare(chain, self, chain_scratch) });
        let rows = elements.start / n.max(1)..elements.end / n.max(1);
        for (which, rows, _) in by_matrix(rows, m) {
            let before = which * m * n;
            let target = match out {
                Some(buffer) => {
                    Target::Whole(self.pointer(Storage::Buffer(buffer)).wrapping_add(before))
                }
                None => Target::Scratch,
            };
            let target = (target, which);
            // SAFETY: earlier steps wrote the operands; the plan gave the output memory that only
            // these rows of this step touch; the executor made scratch memory for these lengths.
            unsafe {
                match program {
                    Some(program) => {
                        let scratch = &mut *chain_scratch;
                        let mut after =
                            After { worker: self, chain, program, tame, scratch, before, n };
                        factors.compute(operands, target, rows, product_scratch, &mut after);
                    }
                    None => {
                        factors.compute(operands, target, rows, product_scratch, &mut Nothing);
                    }
                }
            }
        }
        self.scratch = taken;
    }

    /// Calls an operation's kernel. Where an operand is by rows, the call is one for the rows alone that
    /// `range` touches: other threads may be writing the others, of which no slice may be made then.
    fn kernel(
        &self,
        op: &dyn AnyOp,
        by_rows: &[bool],
        operands: &[Place],
        out: &Place,
        range: Range<usize>,
    ) {
        let rows = by_rows.contains(&true).then(|| {
            let width = out.shape.len() / out.shape.dims()[0];
            (range.start / width..range.end.div_ceil(width), width)
        });
        let view = |at: usize| match &rows {
            Some((rows, _)) if by_rows[at] => self.operand(&operands[at].rows(rows)),
            _ => self.operand(&operands[at]),
        };
        // SAFETY: the plan gave the output memory that no operand of this step shares, and the rows of
        // a step are disjoint.
        let values = unsafe { self.target(out, range.clone()) };
        let output = match &rows {
            Some((rows, width)) => {
                let before = rows.start * width;
                let shape = out.shape.with(0, rows.len());
                Output { shape, range: range.start - before..range.end - before, values }
            }
            None => Output { shape: out.shape, range, values },
        };
        // Few are kept on the stack, as a step allocates nothing; of them two at most as a rule, since the
        // memory of more shows in small steps.
        match operands.len() {
            1 => op::forward(op, &[view(0)], output),
            2 => op::forward(op, &[0, 1].map(view), output),
            count @ ..=MAX_OPERANDS => {
                let (shape, strides) = (Shape::scalar(), [0; MAX_RANK]);
                let mut views =
                    [Operand { shape, strides, values: Values::Index(&[]) }; MAX_OPERANDS];
                views[..count].iter_mut().enumerate().for_each(|(at, to)| *to = view(at));
                op::forward(op, &views[..count], output);
            }
            count => op::forward(op, &(0..count).map(view).collect::<Vec<_>>(), output),
        }
    }

    fn copy(&self, from: &Place, to: &Place, range: Range<usize>) {
        let start = range.start;
        // SAFETY: as for a kernel; the source lies within its buffer, a new value row by row.
        unsafe {
            match self.target(to, range) {
                ValuesMut::Real(target) if matches!(to.storage, Storage::Parameter(_)) => {
                    let from = self.pointer(from.storage).add(from.offset + start);
                    let new = std::slice::from_raw_parts(from.cast_const(), target.len());
                    if !write_finite(new, target) {
                        self.refuse();
                    }
                }
                ValuesMut::Real(target) => {
                    gather(target, self.pointer(from.storage), from, start);
                }
                ValuesMut::Index(target) => {
                    let values = self.run.indices.start().wrapping_add(self.offset(from.storage));
                    gather(target, values, from, start);
                }
            }
        }
    }

    /// Where a buffer begins in the plan's memory.
    fn offset(&self, storage: Storage) -> usize {
        match storage {
            Storage::Buffer(at) => self.run.layout.buffers[at].offset,
            Storage::Parameter(_) => 0,
        }
    }

    fn operand(&self, place: &Place) -> Operand<'a, T> {
        let Place { shape, strides, .. } = *place;
        let base = self.offset(place.storage);
        let range = base + place.offset..base + place.view().end();
        let values = match (place.storage, place.kind) {
            (Storage::Parameter(at), _) => {
                let Bound { start, len, .. } = self.bound[at];
                // SAFETY: pointer and length are those of parameters or state that stay borrowed for the
                // run, and no step writes such a one before its last reader is done.
                let all = unsafe { std::slice::from_raw_parts(start, len) };
                Values::Real(&all[range])
            }
            // SAFETY: nobody writes these elements meanwhile. Either a phase that is over wrote them, or
            // they are rows that this thread wrote in this one: the schedule puts a kernel into the phase
            // that writes an operand only if that is by rows, and then the place is cut to them.
            (_, Kind::Real) => Values::Real(unsafe { self.run.reals.read(range) }),
            // SAFETY: as above.
            (_, Kind::Index { .. }) => Values::Index(unsafe { self.run.indices.read(range) }),
        };
        Operand { shape, strides, values }
    }

    /// The memory of the elements `range` of a step's output.
    ///
    /// # Safety
    /// No other slice of these elements lives, on any thread.
    unsafe fn target(&self, place: &Place, range: Range<usize>) -> ValuesMut<'a, T> {
        let base = self.offset(place.storage);
        let range = base + range.start..base + range.end;
        // SAFETY: passed on to the caller.
        unsafe {
            match (place.storage, place.kind) {
                (Storage::Parameter(at), _) => {
                    let Bound { start, len, .. } = self.bound[at];
                    assert!(range.end <= len, "parameter too short");
                    let start = start.add(range.start);
                    ValuesMut::Real(std::slice::from_raw_parts_mut(start, range.len()))
                }
                (_, Kind::Real) => ValuesMut::Real(self.run.reals.write(range)),
                (_, Kind::Index { .. }) => ValuesMut::Index(self.run.indices.write(range)),
            }
        }
    }
}

/// The chain that follows a product.
struct After<'a, 'w, T> {
    worker: &'a Worker<'w, T>,
    chain: &'a Chain,
    program: &'a Program<T>,
    /// What preparing the program answered.
    tame: bool,
    scratch: &'a mut [T],
    /// Elements before the product's matrix, where it is one of several.
    before: usize,
    n: usize,
}

impl<T: Real> Follow<T> for After<'_, '_, T> {
    fn finish(&mut self, done: Finished<T>) {
        let stretches = stretches(&done, self.before, self.n);
        // SAFETY: the product runs as part of a step whose chain this is: earlier steps wrote its
        // loads, and the plan gave its stores memory that only these rows touch. The finished elements
        // stand behind the stretches' pointers.
        unsafe { self.program.run(self.chain, self.worker, stretches, self.tame, self.scratch) };
    }

    fn ahead(&mut self, rows: &Range<usize>, columns: &Range<usize>, part: usize, parts: usize) {
        if !self.program.is_far {
            return;
        }
        for row in rows.clone().skip(part).step_by(parts) {
            let start = self.before + row * self.n + columns.start;
            self.program.fetch_ahead(self.chain, self.worker, start..start + columns.len());
        }
    }
}

/// The stretches of neighbouring elements of a finished block; `before` elements precede its matrix,
/// whose rows have `n`.
fn stretches<T>(
    done: &Finished<T>,
    before: usize,
    n: usize,
) -> impl Iterator<Item = Stretch<T>> + use<T> {
    let Finished { rows, columns, start, row } = done;
    let whole = columns.len() == n && *row == n;
    // Whole rows without gaps make one stretch.
    let (count, len) = if whole { (1, rows.len() * n) } else { (rows.len(), columns.len()) };
    let (first, start, row) = (before + rows.start * n + columns.start, *start, *row);
    (0..count).map(move |i| Stretch {
        start: first + i * n,
        len,
        leader: start.wrapping_add(i * row),
    })
}

#[cfg(test)]
mod tests;
