//! Sums over long axes: exact, and of one order on any number of threads.

use std::sync::Arc;

use chainrule::{Graph, Pool, Real, Shape, Tensor, Var};

/// Irregular positive numbers.
fn numbers<T: Real>(shape: Shape) -> Tensor<T> {
    let number = |i: usize| T::from_f64((i * 7919 % 10_007) as f64 / 10_007.0 + 0.5);
    Tensor::new(shape, (0..shape.len()).map(number).collect()).unwrap()
}

#[test]
fn a_sum_of_a_million_rows_is_exact_to_a_few_ulps() {
    const SHAPE: [usize; 2] = [1_000_003, 3];
    let g = Graph::new();
    let x = g.input("x", SHAPE);
    let sum = x.sum(&[0]);
    // Nearly equal numbers, whose roundings in a chain do not make up for each other.
    let number = |i: usize| 0.1 + (i % 7) as f32 * 1e-3;
    let values = Tensor::new(SHAPE, (0..3 * SHAPE[0]).map(number).collect()).unwrap();
    let mut plan = g.compile::<f32>(&[sum]).unwrap();
    plan.feed("x", values.values()).unwrap();
    plan.run().unwrap();
    for (column, &found) in plan.value(sum).unwrap().iter().enumerate() {
        let column = values.values().iter().skip(column).step_by(3);
        let exact: f64 = column.clone().map(|&x| f64::from(x)).sum();
        let chain: f32 = column.sum();
        let ulps = |x: f32| (f64::from(x) - exact).abs() / exact / f64::from(f32::EPSILON);
        assert!(ulps(found) < 4.0, "{found} is {} ulps from {exact}", ulps(found));
        assert!(ulps(chain) > 40.0, "a chain is no worse: the test shows nothing");
    }
}

type Build = for<'g> fn(Var<'g>) -> Var<'g>;

/// Shapes and sums of them: one leaf and many, few columns and more than a tile, axes in the middle,
/// operands read through strides.
const SUMS: [(&[usize], Build); 12] = [
    (&[256, 5], |x| x.sum(&[0])),
    (&[257, 64], |x| x.sum(&[0])),
    (&[1500, 130], |x| x.sum(&[0])),
    (&[5000, 3], |x| x.sum(&[0])),
    (&[4096, 1], |x| x.sum(&[0])),
    (&[70_001], |x| x.sum(&[])),
    (&[700, 9, 4], |x| x.sum(&[0, 1])),
    (&[3, 600, 70], |x| x.sum(&[1])),
    (&[600, 4, 5], |x| x.sum(&[0, 2])),
    (&[4, 3000], |x| x.t().sum(&[0])),
    (&[5000, 1], |x| x.broadcast_to([5000, 7]).sum(&[0])),
    (&[6000, 4], |x| (x - x.mean(&[0])).square().mean(&[0]).sqrt()),
];

fn on_all_threads<T: Real>() {
    for (dims, build) in SUMS {
        let g = Graph::new();
        let shape = Shape::new(dims).unwrap();
        let input = g.input("x", shape);
        let sum = build(input);
        let gradient = g.backward(sum.square().sum(&[]), &[input])[0];
        let x = numbers::<T>(shape);
        let outputs = [sum, gradient];
        let expected =
            g.interpret(&outputs, &[("x", x.clone())], &[], &Default::default()).unwrap();
        for threads in [1, 2, 3, 5] {
            let pool = Arc::new(Pool::new(threads));
            let mut plan = g.compile::<T>(&outputs).unwrap().with_pool(&pool);
            plan.feed("x", x.values()).unwrap();
            plan.run().unwrap();
            for (output, expected) in outputs.iter().zip(&expected) {
                let found = plan.value(*output).unwrap();
                assert!(found == expected.values(), "{dims:?} on {threads} threads");
            }
        }
    }
}

#[test]
fn sums_have_the_interpreters_bits_on_any_number_of_threads() {
    on_all_threads::<f32>();
    on_all_threads::<f64>();
}
