//! Threads take turns here, in any order, each through all steps of a phase before the next one begins: a
//! step that needs a meeting which the schedule has left out finds what was there before.

use super::*;
use crate::lowering::samples::Sample;

/// Runs a step on so many threads, which take turns in this order; returns the new parameters and the
/// kept values. What nobody has written is no number.
fn in_turns(layout: &Layout, sample: &Sample, order: &[usize]) -> (Parameters<f64>, Vec<Vec<f64>>) {
    let mut executor = Executor::<f64>::new(layout, Arc::new(Pool::new(order.len())));
    // Where nothing is shared, there is scratch memory for one thread.
    let order = if executor.is_shared { order } else { &[0] };
    let threads = order.len();
    let mut reals = Memory::try_new(layout.reals).unwrap();
    let mut indices = Memory::try_new(layout.indices).unwrap();
    reals.get_mut(0..layout.reals).fill(f64::NAN);
    indices.get_mut(0..layout.indices).fill(u32::MAX);
    let input = layout.inputs.iter().map(|slot| (slot.at, sample.input()));
    let constants = layout.constants.iter().map(|(at, tensor)| (*at, (**tensor).clone()));
    for (at, tensor) in input.chain(constants) {
        let start = layout.buffers[at].offset;
        let values = tensor.values();
        reals.get_mut(start..start + values.len()).copy_from_slice(values);
    }
    let mut parameters = sample.parameters();
    executor.bind_mut(&layout.parameters, &mut parameters, None).unwrap();
    let run = Run { layout, reals: reals.share(), indices: indices.share() };
    let per_thread = executor.scratch_per_thread;
    let refused = AtomicBool::new(false);
    let scratch = executor.scratch.share();
    let worker = |thread: usize, threads: usize| Worker {
        run: &run,
        programs: &executor.programs,
        bound: &executor.bound,
        // SAFETY: one worker lives at a time.
        scratch: unsafe { scratch.write(thread * per_thread..(thread + 1) * per_thread) },
        thread,
        threads,
        notes: Notes::new(None, thread),
        refused: &refused,
    };
    let mut first = 0;
    for phase in &layout.phases {
        let mut after = first;
        for &thread in order {
            after = first;
            worker(thread, threads).own_rows(&phase.shared, &mut after);
        }
        assert!(worker(0, 1).whole(&phase.serial, &mut after));
        first = after;
    }
    let kept = sample.outputs.iter().map(|id| {
        let place = &layout.kept[id];
        let Storage::Buffer(at) = place.storage else { panic!("node {id} is not kept") };
        let start = layout.buffers[at].offset + place.offset;
        reals.get(start..start + place.shape.len()).to_vec()
    });
    let kept = kept.collect();
    (parameters, kept)
}

#[test]
fn threads_go_through_a_phase_without_waiting() {
    let mut shared = 0;
    for seed in 0..60 {
        let sample = Sample::new(seed, 600);
        let (outputs, updates) = sample.expected();
        let loss = sample.graph.var(sample.loss);
        let lowered = sample.graph.lower::<f64>(&sample.outputs(), &sample.updates(), Some(loss));
        let layout = Layout::new(lowered.unwrap()).unwrap();
        shared += layout.phases.iter().filter(|phase| phase.shared.len() > 1).count();
        for order in [&[0][..], &[0, 1], &[1, 0], &[2, 0, 1], &[3, 2, 1, 0]] {
            let (parameters, kept) = in_turns(&layout, &sample, order);
            for (found, wanted) in kept.iter().zip(&outputs) {
                assert!(found == wanted.values(), "seed {seed}, threads in turns {order:?}");
            }
            for ((name, found), wanted) in parameters.iter().zip(&updates) {
                let same = found.values() == wanted.values();
                assert!(same, "seed {seed}, threads in turns {order:?}: {name}");
            }
        }
    }
    assert!(shared > 100, "in only {shared} phases one step follows another");
}
