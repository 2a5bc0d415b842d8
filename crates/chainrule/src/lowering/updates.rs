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
//! 5. The value is kept nowhere else: an instruction has one store, and what does not take a value that is
//!    not finite keeps another.
//!
//! What cannot be written in place is kept in memory and copied when all else is done.

use std::collections::HashMap;
use std::ops::Range;

use super::{Argument, Lowered, NewValue, Place, Storage, Work};

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
        let readings = self.readings();
        let mut uses = HashMap::new();
        for update in &self.updates {
            if let NewValue::Instruction(unit, at) = update.value {
                *uses.entry((unit, at)).or_insert(0) += 1;
            }
        }
        for at in 0..self.updates.len() {
            let parameter = self.updates[at].parameter;
            let from = match self.updates[at].value {
                NewValue::Place(place) => place,
                NewValue::Instruction(unit, at) => {
                    let store = &mut self.chain_mut(unit).body[at].store;
                    let is_over = |reading: &Reading| reading.is_over(times, (unit, at));
                    if store.is_none()
                        && uses[&(unit, at)] == 1
                        && readings[parameter].iter().all(is_over)
                    {
                        *store = Some(Storage::Parameter(parameter));
                        continue;
                    }
                    self.keep(unit, at)
                }
            };
            let to = Place { storage: Storage::Parameter(parameter), offset: 0, ..from };
            copies.push(Work::Copy { from, to });
        }
        let first = self.units.len();
        self.units.extend(copies);
        first..self.units.len()
    }

    /// Who reads each parameter.
    fn readings(&self) -> Vec<Vec<Reading>> {
        let mut readings: Vec<Vec<Reading>> = vec![Vec::new(); self.parameters.len()];
        let mut add = |unit: usize, place: &Place, until: Option<usize>| {
            if let Storage::Parameter(parameter) = place.storage {
                readings[parameter].push(Reading { unit, until });
            }
        };
        for (unit, work) in self.units.iter().enumerate() {
            let (loads, body) = work
                .chain()
                .map_or(Default::default(), |chain| (&chain.loads[..], &chain.body[..]));
            let operands = work.reads().count() - loads.len();
            work.reads().take(operands).for_each(|place| add(unit, place, None));
            let mut last = vec![0; loads.len()];
            for (at, instruction) in body.iter().enumerate() {
                for operand in &instruction.operands {
                    if let Argument::Load(load) = *operand {
                        last[load] = at;
                    }
                }
            }
            for (place, last) in loads.iter().zip(last) {
                add(unit, place, place.is_plain().then_some(last));
            }
        }
        readings
    }
}

/// That a unit reads a parameter.
#[derive(Clone, Copy)]
struct Reading {
    unit: usize,
    /// The last instruction that reads it, if a load of the unit's chain does, as the parameter lies.
    until: Option<usize>,
}

impl Reading {
    /// Whether an instruction of a unit comes too late to disturb it.
    fn is_over(&self, times: &[usize], (unit, at): (usize, usize)) -> bool {
        match self.unit == unit {
            true => self.until.is_some_and(|last| last <= at),
            false => times[self.unit] < times[unit],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Var};

    /// A new value of w, and what else is kept.
    type Change<'g> = (Var<'g>, Vec<Var<'g>>);

    /// Whether w [4, 4] takes a new value in place, when units run at the times that `order` makes of
    /// them and their numbers.
    fn is_in_place(
        change: impl for<'g> Fn(Var<'g>) -> Change<'g>,
        order: impl Fn(usize, &Work) -> usize,
    ) -> bool {
        let g = Graph::new();
        let w = g.parameter("w", [4, 4]);
        let loss = w.square().sum(&[]);
        let (value, kept) = change(w);
        let outputs = [&[loss], &kept[..]].concat();
        let mut lowered = g.lower::<f64>(&outputs, &[(w, value)], Some(loss)).unwrap();
        let units = lowered.units.iter().enumerate();
        let times: Vec<usize> = units.map(|(at, work)| order(at + 1, work)).collect();
        lowered.settle_updates(&times).is_empty()
    }

    /// A product behind the guard, whose chain joins what follows.
    fn product(w: Var<'_>) -> Var<'_> {
        w.graph().input("x", [4, 3]).matmul(w.graph().input("y", [3, 4]))
    }

    fn in_turn(unit: usize, _: &Work) -> usize {
        unit
    }

    #[test]
    fn what_nothing_else_needs_is_overwritten() {
        assert!(is_in_place(|w| (w - product(w) * 0.1, vec![]), in_turn));
    }

    #[test]
    fn what_the_guard_may_prevent_comes_after_it() {
        let g = Graph::new();
        let w = g.parameter("w", [4, 4]);
        let value = w * g.input("x", [4, 4]);
        let loss = value.sum(&[]);
        let mut lowered = g.lower::<f64>(&[loss], &[(w, value)], Some(loss)).unwrap();
        assert!(matches!(lowered.updates[0].value, NewValue::Place(_)));
        let units = lowered.units.len();
        let times: Vec<usize> = (1..=units).collect();
        assert_eq!(lowered.settle_updates(&times), units..units + 1);
    }

    #[test]
    fn others_have_read_the_parameter_before() {
        fn earlier(w: Var<'_>) -> Change<'_> {
            let sums = w.max(&[0]);
            (w - product(w) * 0.1, vec![sums])
        }
        fn later(w: Var<'_>) -> Change<'_> {
            let value = w - product(w) * 0.1;
            (value, vec![w.max(&[0])])
        }
        assert!(is_in_place(earlier, in_turn));
        assert!(!is_in_place(earlier, |_, _| 1), "at one time, both may run side by side");
        assert!(!is_in_place(later, in_turn));
        let is_max = |work: &Work| matches!(work, Work::Kernel { op, .. } if op.name() == "max");
        let max_first = |unit, work: &Work| if is_max(work) { 1 } else { unit };
        assert!(is_in_place(later, max_first), "in this order it has been read");
    }

    #[test]
    fn the_product_before_the_chain_does_not_read_the_parameter() {
        assert!(!is_in_place(|w| (w.matmul(product(w)) * 0.1, vec![]), in_turn));
        assert!(!is_in_place(|w| (product(w).matmul(w) * 0.1, vec![]), in_turn));
    }

    #[test]
    fn each_element_is_read_where_it_is_written() {
        assert!(!is_in_place(|w| (product(w) + w.t(), vec![]), in_turn));
        assert!(!is_in_place(|w| (product(w) + w.slice(0, 0, 1), vec![]), in_turn));
    }

    #[test]
    fn no_later_instruction_reads_what_was_there() {
        fn joined(w: Var<'_>) -> Change<'_> {
            let value = product(w) - w;
            (value, vec![value * w])
        }
        fn alone(w: Var<'_>) -> Change<'_> {
            let value = product(w) - w;
            (value, vec![value * 2.0])
        }
        assert!(!is_in_place(joined, in_turn));
        assert!(is_in_place(alone, in_turn));
    }

    #[test]
    fn one_value_of_two_parameters_is_copied_to_both() {
        let g = Graph::new();
        let [v, w] = ["v", "w"].map(|name| g.parameter(name, [4, 4]));
        let loss = (v * w).sum(&[]);
        let value = product(v) - w;
        let mut lowered = g.lower::<f64>(&[loss], &[(v, value), (w, value)], Some(loss)).unwrap();
        let times: Vec<usize> = (1..=lowered.units.len()).collect();
        let copies = lowered.settle_updates(&times);
        assert_eq!(copies.len(), 2);
        for (copy, update) in lowered.units[copies].iter().zip(&lowered.updates) {
            let Work::Copy { from, to } = copy else { panic!("{copy:?} is no copy") };
            assert_eq!(to.storage, Storage::Parameter(update.parameter));
            assert!(matches!(from.storage, Storage::Buffer(_)), "else w took v's old element");
        }
    }
}
