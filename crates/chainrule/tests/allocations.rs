//! Running a plan allocates nothing, and a clone little more than the values of the plan. The counter sees the whole program, so that this test is alone in
//! it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chainrule::nn::{Cx, Init, Network, Relu};
use chainrule::optim::{Optimizer, Rates};
use chainrule::{Graph, Parameters, Plan, Pool, State, Tensor};

/// Counts allocations of this whole program.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A training step of a two-layer network with its parameters.
fn step(pool: &Arc<Pool>, batch: usize) -> (Plan<f32>, Parameters<f32>) {
    let model = Network::fully_connected(&[784, 50, 10], Relu, Init::He).unwrap();
    let parameters = model.initial(7).unwrap();
    let g = Graph::new();
    let cx = Cx::predict(&g);
    let loss = model.record(&cx, batch).one().softmax_with_loss(g.labels("t", [batch], 10));
    let variables = cx.trained();
    let gradients = g.backward(loss, &variables);
    let adam = Optimizer::adam();
    let updates = adam.updates(&Rates::constant(&g, 0.001), &variables, &gradients);
    let mut plan = g.compile_step(loss, &updates).unwrap().with_pool(pool);
    let pixels: Vec<f32> = (0..batch * 784).map(|i| (i % 97) as f32 / 97.0).collect();
    plan.feed("x", &pixels).unwrap();
    plan.feed_labels("t", &(0..batch as u32).map(|i| i % 10).collect::<Vec<_>>()).unwrap();
    (plan, parameters)
}

#[test]
fn running_a_plan_allocates_nothing() {
    // The fewest of some tries: the thread that waits for this test allocates now and then as well.
    let allocations = |run: &mut dyn FnMut()| {
        run();
        let tries = (0..5).map(|_| {
            let before = ALLOCATIONS.load(Ordering::Relaxed);
            (0..20).for_each(|_| run());
            ALLOCATIONS.load(Ordering::Relaxed) - before
        });
        tries.min().unwrap()
    };
    for threads in [1, 2] {
        let pool = Arc::new(Pool::new(threads));
        // Every kind of step.
        let g = Graph::new();
        let w = g.parameter("w", [300, 200]);
        let x = g.input("x", [300, 200]);
        let y = (x * w).t().softmax().concat(1, &[w.tanh().t()]).pad(0, 1, 2);
        let labels = y.argmax(1);
        let loss = y.gather(1, labels).sum(&[]) + y.max(&[0]).square().mean(&[]);
        let dw = g.backward(loss, &[w])[0];
        let mut plan = g.compile_step::<f32>(loss, &[(w, w - dw)]).unwrap().with_pool(&pool);
        plan.input_mut("x").unwrap().fill(0.5);
        let mut parameters = Parameters::new();
        parameters.insert("w", Tensor::full([300, 200], 0.5));
        let count = allocations(&mut || assert!(plan.step(&mut parameters).unwrap().is_finite()));
        assert_eq!(count, 0, "{count} allocations in 20 runs on {threads} threads");

        // And a whole training step.
        let (mut plan, mut parameters) = step(&pool, 100);
        let mut state = State::new();
        let count = allocations(&mut || {
            assert!(plan.step_with(&mut parameters, &mut state).unwrap().is_finite());
        });
        assert_eq!(count, 0, "{count} allocations in 20 steps on {threads} threads");
    }

    // What a plan holds, before and after its first run, and what a clone of it takes.
    let bytes = |work: &mut dyn FnMut()| {
        let before = BYTES.load(Ordering::Relaxed);
        work();
        BYTES.load(Ordering::Relaxed) - before
    };
    let g = Graph::new();
    let (x, w) = (g.input("x", [1, 784]), g.parameter("w", [784, 50]));
    let mut plan = g.compile::<f32>(&[x.matmul(w).relu()]).unwrap();
    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::full([784, 50], 0.5));
    plan.input_mut("x").unwrap().fill(1.0);
    let scratch = bytes(&mut || plan.run_with(&parameters).unwrap());
    let values = plan.bytes() - scratch;
    assert!(
        (4 * 834..4 * 1000).contains(&values),
        "{values} bytes of values, {scratch} of scratch"
    );
    let mut clones = Vec::with_capacity(1);
    let taken = bytes(&mut || clones.push(plan.clone()));
    assert!(taken < values + 1000, "a clone of {values} bytes takes {taken}");
}
