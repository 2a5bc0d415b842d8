//! Which parameters are overwritten in place by the instruction that computes their new value.
//!
//! An instruction may write parameter p where p lies if nothing is lost by it:
//! 1. Its unit comes after the guard: a run that ends there has changed nothing.
//! 2. Every other unit that reads p has an earlier time, and so is done. Units of the same time may run
//!    side by side: that is too late.
//! 3. Its unit itself reads each element of p no later than it writes it. The product before the chain
//!    reads rows of its operands in an order of its own, so p is none of them. The chain goes over its
//!    elements in order, and for each reads that element of p alone: its loads of p lie as p does. (A load
//!    that has no gaps and as many elements as p, which the chain's shape says, begins where p does.) The
//!    instructions behind the writing one do not load p any more.
//! 4. Nothing else writes p: a parameter has one update.
//! 5. The value is kept nowhere else yet: an instruction has one store.
//!
//! What cannot be written in place is kept in memory and copied when all else is done.

use std::ops::Range;

use super::{Lowered, NewValue, Place, Storage, Work};

impl Lowered {
    /// For each unit, whether it must come after the guard, since it may write a parameter in place.
    pub fn late(&self) -> Vec<bool> {
        let mut late = vec![false; self.units.len()];
        for update in &self.updates {
            if let NewValue::Instruction(unit, _) = update.value {
                late[unit] = true;
            }
        }
        late
    }

    /// Decides how each new value reaches its parameter when units run at these times. Returns the
    /// numbers of the units that were added for it: they copy, in any order, when all others are done.
    pub fn settle_updates(&mut self, times: &[usize]) -> Range<usize> {
        let mut copies = Vec::new();
        for at in 0..self.updates.len() {
            let parameter = self.updates[at].parameter;
            let from = match self.updates[at].value {
                NewValue::Place(place) => place,
                NewValue::Instruction(unit, at) if self.is_free(times, parameter, (unit, at)) => {
                    self.chain_mut(unit).body[at].store = Some(Storage::Parameter(parameter));
                    continue;
                }
                NewValue::Instruction(unit, at) => self.keep(unit, at),
            };
            let to = Place { storage: Storage::Parameter(parameter), offset: 0, ..from };
            copies.push(Work::Copy { from, to });
        }
        let first = self.units.len();
        self.units.extend(copies);
        first..self.units.len()
    }

    /// Whether a parameter can be overwritten by an instruction.
    fn is_free(&self, times: &[usize], parameter: usize, (unit, at): (usize, usize)) -> bool {
        let is_it = |place: &Place| place.storage == Storage::Parameter(parameter);
        let others = self.units.iter().enumerate().filter(|&(other, _)| other != unit);
        let mut readers = others.filter(|(_, work)| work.reads().iter().any(is_it));
        if readers.any(|(other, _)| times[other] >= times[unit]) {
            return false;
        }
        let Some(chain) = self.units[unit].chain() else {
            unreachable!("unit {unit} has no instruction {at}: it is no chain and no product")
        };
        let operand = match &self.units[unit] {
            Work::Product { a, b, .. } => is_it(a) || is_it(b),
            _ => false,
        };
        let in_order = chain.loads.iter().all(|place| !is_it(place) || place.is_plain());
        let reads_it = |load: usize| is_it(&chain.loads[load]);
        let later = chain.body[at + 1..].iter().any(|instruction| instruction.reads(reads_it));
        chain.body[at].store.is_none() && !operand && in_order && !later
    }
}
