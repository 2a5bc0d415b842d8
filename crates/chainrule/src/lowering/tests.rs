//! What a plan says is enough to run it: an executor as plain as can be, in the order of the units, with
//! memory of its own for every value, that knows the data and operations alone.

use std::collections::HashMap;
use std::ops::Range;

use super::samples::Sample;
use super::{Argument, Chain, Lowered, Outside, Place, Storage, Work};
use crate::graph::{Kind, op};
use crate::ops::{AnyOp, MatMul, Operand, Output, Tensordot, Values, ValuesMut};
use crate::state::Bindings;
use crate::tensor::{Offsets, Shape};

/// A run, unit after unit.
struct Run<'a> {
    lowered: &'a Lowered,
    reals: HashMap<Storage, Vec<f64>>,
    indices: HashMap<Storage, Vec<u32>>,
    /// The elements of a chain that are computed together.
    block: usize,
}

/// The elements of a place in row-major order.
fn gather<E: Copy>(all: &HashMap<Storage, Vec<E>>, place: &Place) -> Vec<E> {
    let mut walk = Offsets::new(&place.shape, &place.strides, 0);
    let from = &all[&place.storage];
    (0..place.shape.len()).map(|_| from[place.offset + walk.next_offset()]).collect()
}

impl<'a> Run<'a> {
    fn new(lowered: &'a Lowered, sample: &Sample, block: usize) -> Self {
        let (mut reals, mut indices) = (HashMap::new(), HashMap::new());
        for (at, buffer) in lowered.buffers.iter().enumerate() {
            // What nobody has written is no number.
            let (at, len) = (Storage::Buffer(at), buffer.ty.shape.len());
            if buffer.ty.kind == Kind::Real {
                reals.insert(at, vec![f64::NAN; len]);
            } else {
                indices.insert(at, vec![u32::MAX; len]);
            }
        }
        for (at, tensor) in &lowered.constants {
            reals.insert(Storage::Buffer(*at), tensor.values().to_vec());
        }
        for input in &lowered.inputs {
            reals.insert(Storage::Buffer(input.at), sample.input().values().to_vec());
        }
        let parameters = sample.parameters();
        for (at, Outside { owner, shape }) in lowered.parameters.iter().enumerate() {
            let (_, tensor) = Bindings::from(&parameters).find(owner, *shape, 0).unwrap();
            reals.insert(Storage::Parameter(at), tensor.values().to_vec());
        }
        Self { lowered, reals, indices, block }
    }

    /// Runs all units; `false` where the guard ends it.
    fn run(&mut self) -> bool {
        let lowered = self.lowered;
        lowered.units.iter().all(|unit| self.unit(unit))
    }

    fn unit(&mut self, unit: &Work) -> bool {
        match unit {
            Work::Guard(loss) => return gather(&self.reals, loss)[0].is_finite(),
            Work::Copy { from, to } if from.kind == Kind::Real => {
                self.reals.insert(to.storage, gather(&self.reals, from));
            }
            Work::Copy { from, to } => {
                self.indices.insert(to.storage, gather(&self.indices, from));
            }
            Work::Kernel { op, operands, out, .. } => {
                let range = 0..out.shape.len();
                match out.kind {
                    Kind::Real => {
                        let values = self.kernel(&**op, operands, out.shape, range);
                        self.reals.insert(out.storage, values);
                    }
                    Kind::Index { .. } => {
                        let mut labels = vec![0; range.len()];
                        let values = ValuesMut::Index(&mut labels);
                        let output = Output { shape: out.shape, range, values };
                        self.forward(&**op, operands, output);
                        self.indices.insert(out.storage, labels);
                    }
                }
            }
            Work::Product { factors, a, b, out, chain } => {
                let shape = chain.shape;
                let width = factors.lengths(&a.shape, &b.shape).n;
                let op: &dyn AnyOp = match factors.is_batch {
                    true => &MatMul,
                    false => &Tensordot { axes: factors.axes },
                };
                // What follows a row of the product runs before the next row is computed.
                for row in 0..shape.len() / width {
                    let range = row * width..(row + 1) * width;
                    let product = self.kernel(op, &[*a, *b], shape, range.clone());
                    if let Some(out) = out {
                        self.write(Storage::Buffer(*out), range.start, &product);
                    }
                    self.chain(chain, range, &product);
                }
            }
            Work::Chain(chain) => {
                let len = chain.shape.len();
                for start in (0..len).step_by(self.block) {
                    self.chain(chain, start..len.min(start + self.block), &[]);
                }
            }
        }
        true
    }

    fn kernel(
        &self,
        op: &dyn AnyOp,
        operands: &[Place],
        shape: Shape,
        range: Range<usize>,
    ) -> Vec<f64> {
        let mut values = vec![f64::NAN; range.len()];
        self.forward(op, operands, Output { shape, range, values: ValuesMut::Real(&mut values) });
        values
    }

    fn forward(&self, op: &dyn AnyOp, operands: &[Place], output: Output<'_, f64>) {
        let is_real = |place: &Place| place.kind == Kind::Real;
        let reals = |place| if is_real(place) { gather(&self.reals, place) } else { Vec::new() };
        let labels = |place| if is_real(place) { Vec::new() } else { gather(&self.indices, place) };
        let reals: Vec<Vec<f64>> = operands.iter().map(reals).collect();
        let labels: Vec<Vec<u32>> = operands.iter().map(labels).collect();
        let operands: Vec<Operand<'_, f64>> = operands
            .iter()
            .enumerate()
            .map(|(at, place)| Operand {
                shape: place.shape,
                strides: place.shape.strides(),
                values: match place.kind {
                    Kind::Real => Values::Real(&reals[at]),
                    Kind::Index { .. } => Values::Index(&labels[at]),
                },
            })
            .collect();
        op::forward(op, &operands, output);
    }

    /// Runs all instructions of a chain over some elements, at which the product is `leader`.
    fn chain(&mut self, chain: &Chain, range: Range<usize>, leader: &[f64]) {
        let mut results: Vec<Vec<f64>> = Vec::new();
        for instruction in &chain.body {
            let operands: Vec<Vec<f64>> = instruction
                .operands
                .iter()
                .map(|operand| match *operand {
                    Argument::Leader => leader.to_vec(),
                    Argument::Instruction(at) => results[at].clone(),
                    Argument::Load(load) => {
                        gather(&self.reals, &chain.loads[load])[range.clone()].to_vec()
                    }
                })
                .collect();
            let element = |i: usize| {
                let operands: Vec<f64> = operands.iter().map(|operand| operand[i]).collect();
                op::element(&*instruction.op, &operands)
            };
            let result: Vec<f64> = (0..range.len()).map(element).collect();
            if let Some(storage) = instruction.store {
                self.write(storage, range.start, &result);
            }
            results.push(result);
        }
    }

    fn write(&mut self, storage: Storage, start: usize, values: &[f64]) {
        let target = self.reals.get_mut(&storage).unwrap();
        target[start..start + values.len()].copy_from_slice(values);
    }
}

#[test]
fn units_in_their_order_compute_what_the_graph_says() {
    let mut in_place = 0;
    for seed in 0..150 {
        let sample = Sample::new(seed, 6);
        let (outputs, updates) = sample.expected();
        let loss = sample.graph.var(sample.loss);
        let mut lowered =
            sample.graph.lower::<f64>(&sample.outputs(), &sample.updates(), Some(loss)).unwrap();
        let times: Vec<usize> = (1..=lowered.units.len()).collect();
        let copies = lowered.settle_updates(&times);
        in_place += sample.updates.len() - copies.len();
        for block in [1, 5, usize::MAX] {
            let mut run = Run::new(&lowered, &sample, block);
            assert!(run.run(), "seed {seed}");
            for (id, wanted) in sample.outputs.iter().zip(&outputs) {
                let found = gather(&run.reals, &lowered.kept[id]);
                assert_eq!(found, wanted.values(), "seed {seed}, blocks of {block}, node {id}");
            }
            for (update, wanted) in lowered.updates.iter().zip(&updates) {
                let found = &run.reals[&Storage::Parameter(update.parameter)];
                assert_eq!(found, wanted.values(), "seed {seed}, blocks of {block}, {update:?}");
            }
        }
    }
    assert!(in_place > 200, "few updates are written in place: {in_place} of {}", 150 * 5);
}

#[test]
fn a_guard_that_ends_a_run_has_changed_nothing() {
    for seed in 0..50 {
        let sample = Sample::new(seed, 6);
        let loss = sample.graph.var(sample.loss);
        let mut lowered =
            sample.graph.lower::<f64>(&[loss], &sample.updates(), Some(loss)).unwrap();
        lowered.settle_updates(&(1..=lowered.units.len()).collect::<Vec<_>>());
        let mut run = Run::new(&lowered, &sample, 5);
        run.reals.get_mut(&Storage::Buffer(lowered.inputs[0].at)).unwrap().fill(f64::NAN);
        assert!(!run.run(), "seed {seed}");
        let before = Run::new(&lowered, &sample, 5);
        for at in (0..lowered.parameters.len()).map(Storage::Parameter) {
            assert_eq!(run.reals[&at], before.reals[&at], "seed {seed}");
        }
    }
}
