//! What a chain's instructions read and write, settled before it runs.

use crate::lowering::{Argument, Chain, Instruction, Place, Storage};
use crate::runtime::reuse::Extent;
use crate::tensor::MAX_RANK;

/// How a load reaches the chain.
#[derive(Clone, Copy, Debug)]
pub(super) enum Load {
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

/// How an instruction is computed, with what it reads and writes settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    /// Whether the result is computed over the first operand.
    pub over: bool,
    pub output: Source,
    /// Where the result is copied to.
    pub copy: Option<Storage>,
}

/// A stretch of elements that an instruction reads or writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub from: From,
    /// How many elements it has at most.
    pub most: usize,
}

/// Where a stretch of elements starts. There is one for every operand: finding it takes as long as an
/// operation on some ten numbers, so that as little as possible is left for the run.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    /// So far from a base, the same for all blocks, or at each block's own elements from there.
    Base { base: Base, offset: usize, moves: bool },
    /// The same of a parameter.
    Parameter { at: usize, offset: usize, moves: bool },
    /// A load whose place differs from block to block.
    Rows(usize),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Base {
    Scratch,
    Memory,
    /// The product's elements.
    Leader,
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

/// What a chain's loads are, and what its instructions read and write.
pub(super) struct Settlement {
    pub loads: Vec<Load>,
    pub results: Vec<Settled>,
    pub operands: Vec<Source>,
    /// How many scratch blocks there are.
    pub blocks: usize,
}

/// Settles a chain that runs in blocks of `width` elements.
pub(super) fn settle(chain: &Chain, width: usize, buffers: &[Extent]) -> Settlement {
    let mut next = 0;
    let mut block = || {
        next += 1;
        next - 1
    };
    let is_empty = chain.shape.is_empty();
    let row = chain.shape.dims().last().copied().unwrap_or(1);
    let is_one = |place: &Place| place.strides == [0; MAX_RANK];
    let ones: Vec<bool> = chain.loads.iter().map(is_one).collect();
    let mut results: Vec<Computed> =
        chain.body.iter().map(|instruction| computed(chain, &ones, instruction)).collect();
    let repeated = repeated(chain, &results);
    let load = |(place, repeated): (&Place, bool)| match place {
        // Of nothing no element is read, not even one to repeat.
        place if is_empty || place.is_plain() => Load::Plain,
        place if is_one(place) && !repeated => Load::Number,
        place if is_one(place) => Load::Repeated(block()),
        place if repeats_rows(place) => Load::Row(row, block(), width.is_multiple_of(row)),
        _ => Load::Strided(block()),
    };
    let loads: Vec<Load> = chain.loads.iter().zip(repeated).map(load).collect();
    let blocks = assign_blocks(chain, next, &mut results);
    let settling = Settling { chain, loads: &loads, results: &results, width, buffers };
    let operands = (0..results.len()).flat_map(|at| settling.operands(at)).collect();
    let results = results.iter().map(|computed| settling.result(computed)).collect();
    Settlement { loads, results, operands, blocks }
}

/// What is known of a chain's memory before it runs.
struct Settling<'a> {
    chain: &'a Chain,
    loads: &'a [Load],
    results: &'a [Computed],
    width: usize,
    buffers: &'a [Extent],
}

impl Settling<'_> {
    fn memory(&self, storage: Storage, offset: usize, moves: bool) -> From {
        match storage {
            Storage::Parameter(at) => From::Parameter { at, offset, moves },
            Storage::Buffer(at) => {
                let offset = self.buffers[at].offset + offset;
                From::Base { base: Base::Memory, offset, moves }
            }
        }
    }

    fn block(&self, number: usize) -> From {
        From::Base { base: Base::Scratch, offset: number * self.width, moves: false }
    }

    fn result_of(&self, to: To) -> From {
        match to {
            To::Memory(storage) | To::Over(storage) => self.memory(storage, 0, true),
            To::Block(block, _) => self.block(block),
        }
    }

    fn result(&self, &Computed { to, .. }: &Computed) -> Settled {
        let copy = if let To::Block(_, storage) = to { storage } else { None };
        let output = Source { from: self.result_of(to), most: self.width };
        Settled { over: matches!(to, To::Over(_)), output, copy }
    }

    /// What instruction `at` reads.
    fn operands(&self, at: usize) -> impl Iterator<Item = Source> {
        let Computed { to, numbers } = self.results[at];
        let operands = &self.chain.body[at].operands;
        operands.iter().enumerate().map(move |(number, operand)| {
            let from = match *operand {
                Argument::Leader => From::Base { base: Base::Leader, offset: 0, moves: false },
                Argument::Load(load) => {
                    let Place { storage, offset, .. } = self.chain.loads[load];
                    match self.loads[load] {
                        Load::Plain => self.memory(storage, offset, true),
                        Load::Number => self.memory(storage, offset, false),
                        Load::Repeated(block) | Load::Strided(block) => self.block(block),
                        Load::Row(..) => From::Rows(load),
                    }
                }
                Argument::Instruction(at) => self.result_of(self.results[at].to),
            };
            let most = match to {
                // An operand that is written over is no slice of its own.
                To::Over(_) if number == 0 => 0,
                _ if number >= operands.len() - numbers => 1,
                _ => self.width,
            };
            Source { from, most }
        })
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

/// Whether a view repeats one row along all other axes.
fn repeats_rows(place: &Place) -> bool {
    let rank = place.shape.rank();
    let outer = place.shape.dims().iter().zip(place.strides).take(rank.saturating_sub(1));
    rank > 0 && place.strides[rank - 1] == 1 && outer.clone().all(|(&n, s)| n == 1 || s == 0)
}
