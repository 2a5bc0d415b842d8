//! Kernels by themselves, through plans of one step: `cargo bench -p chainrule`.

use chainrule::ops::RandomMask;
use chainrule::{Graph, Plan, Shape, Var};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// What a bench computes of its two inputs.
type Build = for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>;

/// A plan of what `build` makes of two inputs, fed with irregular numbers.
fn plan(shapes: [Shape; 2], build: Build) -> Plan<f32> {
    let g = Graph::new();
    let output = build(g.input("a", shapes[0]), g.input("b", shapes[1]));
    let mut plan = g.compile::<f32>(&[output]).expect("the graph has no mistake");
    for (name, shape) in ["a", "b"].into_iter().zip(shapes) {
        let numbers: Vec<f32> = (0..shape.len()).map(|i| (i % 97 + 1) as f32 / 97.0).collect();
        // An operation of one operand has no second input.
        let _ = plan.feed(name, &numbers);
    }
    plan
}

fn run(bencher: Bencher<'_, '_>, operations: usize, shapes: [Shape; 2], build: Build) {
    let mut plan = plan(shapes, build);
    let count = ItemsCount::new(operations);
    bencher.counter(count).bench_local(|| plan.run().expect("the plan has no parameter"));
}

/// m, k, n: products of the networks in `bench/`, of one thread's rows.
const PRODUCTS: [[usize; 3]; 6] = [
    [100, 784, 50],
    [784, 100, 50],
    [64, 784, 512],
    [392, 128, 512],
    [128, 2048, 2048],
    [512, 256, 2048],
];

/// Items are floating-point operations.
#[divan::bench(args = PRODUCTS)]
fn product(bencher: Bencher<'_, '_>, [m, k, n]: [usize; 3]) {
    run(bencher, 2 * m * k * n, [[m, k].into(), [k, n].into()], |a, b| a.matmul(b));
}

#[divan::bench(args = PRODUCTS)]
fn product_of_a_turned(bencher: Bencher<'_, '_>, [m, k, n]: [usize; 3]) {
    run(bencher, 2 * m * k * n, [[k, m].into(), [k, n].into()], |a, b| a.t().matmul(b));
}

#[divan::bench(args = PRODUCTS)]
fn product_by_b_turned(bencher: Bencher<'_, '_>, [m, k, n]: [usize; 3]) {
    run(bencher, 2 * m * k * n, [[m, k].into(), [n, k].into()], |a, b| a.matmul(b.t()));
}

/// Pointwise operations; items are elements.
const POINTWISE: [(&str, Build); 14] = [
    ("add", |a, b| a + b),
    ("div", |a, b| a / b),
    ("relu", |a, _| a.relu()),
    ("exp", |a, _| a.exp()),
    ("tanh", |a, _| a.tanh()),
    ("sigmoid", |a, _| a.sigmoid()),
    ("erf", |a, _| a.erf()),
    ("sqrt", |a, _| a.sqrt()),
    ("ln", |a, _| a.ln()),
    ("sin", |a, _| a.sin()),
    ("cube", |a, _| a.pow(3.0)),
    ("power", |a, _| a.pow(2.7)),
    ("powers", |a, b| a.powv(b)),
    ("affine relu", |a, b| (a * 0.5 + b).relu()),
];

#[divan::bench(args = 0..POINTWISE.len())]
fn pointwise(bencher: Bencher<'_, '_>, which: usize) {
    const LENGTH: usize = 32 * 1024;
    run(bencher, LENGTH, [[LENGTH].into(); 2], POINTWISE[which].1);
}

#[divan::bench]
fn softmax(bencher: Bencher<'_, '_>) {
    run(bencher, 1000, [[100, 10].into(); 2], |a, _| a.softmax());
}

/// Positions below 32 in no order, a thousand of them.
fn labels<'g>(of: Var<'g>) -> Var<'g> {
    let labels: Vec<u32> = (0..1024).map(|i: u32| i.wrapping_mul(0x9E37_79B9) >> 27).collect();
    of.graph().constant_labels([1024], &labels, 32)
}

/// Items are logits.
#[divan::bench]
fn softmax_with_loss(bencher: Bencher<'_, '_>) {
    run(bencher, 1024 * 32, [[1024, 32].into(); 2], |a, _| a.softmax_with_loss(labels(a)));
}

/// Rows of a table; items are elements.
#[divan::bench]
fn gather(bencher: Bencher<'_, '_>) {
    run(bencher, 1024 * 16, [[32, 16].into(); 2], |a, _| a.gather(0, labels(a)));
}

#[divan::bench]
fn sum_of_columns(bencher: Bencher<'_, '_>) {
    run(bencher, 128 * 512, [[128, 512].into(); 2], |a, _| a.sum(&[0]));
}

#[divan::bench]
fn random_mask(bencher: Bencher<'_, '_>) {
    const SHAPE: [usize; 2] = [128, 512];
    run(bencher, 128 * 512, [[].into(); 2], |a, _| {
        let shape = SHAPE.into();
        a.graph().apply(RandomMask { seed: 1, number: 0, rate: 0.5, shape }, &[a])
    });
}
