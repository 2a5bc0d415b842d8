//! From when to when each value of a plan needs memory.
//!
//! A value's memory may hold another one before the first unit that writes it and after the last that
//! reads it. Units of the same time may run side by side, so two values that live at one time, be it the
//! end of the one and the start of the other, never share memory. Inputs and constants are there before a
//! run and for the next one: they live always. What the caller reads lives from its writer to the end.

use super::{Lowered, Storage};

impl Lowered {
    /// For each buffer, the first and the last of the units' `times` at which it holds its value. The
    /// times are at least 1; a time of 0 or behind all others stands for outside of a run.
    pub fn lifetimes(&self, times: &[usize]) -> Vec<(usize, usize)> {
        let end = times.iter().max().map_or(1, |last| last + 1);
        let always = |is_source: bool| if is_source { (0, end) } else { (end, 0) };
        let mut lives: Vec<(usize, usize)> =
            self.buffers.iter().map(|buffer| always(buffer.writer.is_none())).collect();
        for (unit, &time) in self.units.iter().zip(times) {
            for storage in unit.reads().map(|place| place.storage).chain(unit.writes()) {
                if let Storage::Buffer(at) = storage {
                    lives[at] = (lives[at].0.min(time), lives[at].1.max(time));
                }
            }
        }
        for place in self.kept.values() {
            if let Storage::Buffer(at) = place.storage {
                lives[at].1 = end;
            }
        }
        let is_alive = |&(first, last): &(usize, usize)| first <= last;
        assert!(lives.iter().all(is_alive), "a buffer is written by no unit, and none of its own");
        lives
    }
}

#[cfg(test)]
mod tests {
    use crate::graph::Graph;

    #[test]
    fn a_value_lives_from_its_writer_to_its_last_reader() {
        let g = Graph::new();
        let x = g.input("x", [3, 3]);
        let (a, b) = (x.max(&[0]), x.max(&[1]));
        let c = (a.softmax() + b).softmax();
        let lowered = g.lower::<f64>(&[c], &[], None).unwrap();
        let life = |times: &[usize]| -> Vec<(usize, usize)> {
            let lives = lowered.lifetimes(times);
            // x, a, b, softmax(a), their sum, c
            assert_eq!(lives.len(), 6);
            lives
        };
        // An empty chain, a, b, softmax(a), the sum, c.
        assert_eq!(lowered.units.len(), 6);
        let in_turn = life(&[1, 2, 3, 4, 5, 6]);
        assert_eq!(in_turn, [(0, 7), (2, 4), (3, 5), (4, 5), (5, 6), (6, 7)]);
        // a and b side by side, and the sum beside the last softmax.
        let in_phases = life(&[1, 1, 1, 2, 3, 3]);
        assert_eq!(in_phases, [(0, 4), (1, 2), (1, 3), (2, 3), (3, 3), (3, 4)]);
    }
}
