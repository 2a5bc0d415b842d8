//! What runs along axes: cumulative sums, products, order, elements put where labels say, triangles and
//! Einstein's notation, beside plain loops, and of the same bits on any number of threads.

use std::sync::Arc;

use chainrule::ops::CumSum;
use chainrule::{Graph, Pool, Real, Shape, Tensor, Var};
use proptest::prelude::*;

/// Irregular numbers, many of them more than once and some 0.
fn numbers<T: Real>(shape: Shape) -> Tensor<T> {
    let number = |i: usize| T::from_f64((i * 7919 % 211) as f64 / 64.0 - 1.5);
    Tensor::new(shape, (0..shape.len()).map(number).collect()).unwrap()
}

/// The value of an operation of one operand, in f64.
fn value(shape: &[usize], x: Vec<f64>, f: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> Vec<f64> {
    let g = Graph::new();
    let x = g.constant_tensor(Tensor::new(Shape::new(shape).unwrap(), x).unwrap());
    f(x).eval().unwrap().values().to_vec()
}

type Build = for<'g> fn(&'g Graph, Var<'g>) -> Var<'g>;

/// One block of a sum and many, few columns and more than a tile, axes in the middle and last.
const BUILDS: [(&[usize], Build); 15] = [
    (&[256, 5], |_, x| x.cumsum(0)),
    (&[3, 1025], |_, x| x.cumsum(1)),
    (&[700, 130], |_, x| x.cumsum(0)),
    (&[5, 600, 70], |_, x| x.cumsum(1)),
    (&[5, 600, 7], |g, x| g.apply(CumSum { axis: 1, exclusive: true, reverse: true }, &[x])),
    (&[30, 40, 9], |_, x| x.prod(&[0, 2])),
    (&[7, 700], |_, x| x.prod_keep(&[-1])),
    (&[90, 101], |_, x| x.sort(1)),
    (&[90, 101], |_, x| x.sort_descending(0)),
    (&[8, 33, 20], |_, x| x.top_k(1, 5).0 * x.top_k(1, 5).1.to_real()),
    (&[40, 60], |_, x| x.put_along_axis(1, (x * 9.0).to_labels(60), x.square())),
    (&[4, 50, 60], |_, x| x.tril(-3) + x.triu(2)),
    (&[6, 50, 40], |g, x| g.einsum("bij,bkj->bki", &[x, x])),
    (&[40, 50, 3], |g, x| g.einsum("ijk,ijl->lk", &[x, x])),
    (&[30, 30, 30], |g, x| g.einsum("iij,jki->kj", &[x, x])),
];

fn on_all_threads<T: Real>() {
    for (dims, build) in BUILDS {
        let g = Graph::new();
        let shape = Shape::new(dims).unwrap();
        let input = g.input("x", shape);
        let y = build(&g, input);
        let gradient = g.backward(y.tanh().sum(&[]), &[input])[0];
        let x = numbers::<T>(shape);
        let outputs = [y, gradient];
        let expected =
            g.interpret(&outputs, &[("x", x.clone())], &[], &Default::default()).unwrap();
        for threads in [1, 2, 3] {
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
fn the_bits_are_the_interpreters_on_any_number_of_threads() {
    on_all_threads::<f32>();
    on_all_threads::<f64>();
}

#[test]
fn a_cumulative_sum_of_a_million_keeps_its_digits() {
    const COUNT: usize = 1_000_003;
    let g = Graph::new();
    let x = g.input("x", [COUNT]);
    let y = x.cumsum(0);
    let values: Vec<f32> = (0..COUNT).map(|i| 0.1 + (i % 7) as f32 * 1e-3).collect();
    let mut plan = g.compile::<f32>(&[y]).unwrap();
    plan.feed("x", &values).unwrap();
    plan.run().unwrap();
    let (mut exact, mut chain, mut worst) = (0.0, 0.0, [0.0_f64; 2]);
    for (&x, &found) in values.iter().zip(plan.value(y).unwrap()) {
        exact += f64::from(x);
        chain += x;
        let error = |sum: f32| (f64::from(sum) - exact).abs() / exact;
        worst = [worst[0].max(error(found)), worst[1].max(error(chain))];
    }
    assert!(worst[0] < 2e-5, "{worst:?}");
    assert!(worst[1] > 1e-4, "a chain is no worse: the test shows nothing, {worst:?}");
}

#[test]
fn a_product_of_any_length_has_all_factors() {
    for length in 0..40 {
        let x: Vec<f64> = (0..length).map(|i| [2.0, -0.5, 3.0][i % 3]).collect();
        let expected = x.iter().product::<f64>();
        assert_eq!(value(&[length], x, |x| x.prod(&[0])), [expected], "{length}");
    }
}

#[test]
fn a_cumulative_sum_leaves_out_what_is_not_finite_after_it() {
    let x = vec![1.0, f64::NAN, 2.0];
    let found = value(&[3], x.clone(), |x| x.cumsum(0));
    assert!(found[0] == 1.0 && found[1].is_nan() && found[2].is_nan());
    let found = value(&[3], x, |x| {
        x.graph().apply(CumSum { axis: 0, exclusive: true, reverse: false }, &[x])
    });
    assert!(found[..2] == [0.0, 1.0] && found[2].is_nan());
}

#[test]
fn order_is_stable_and_nan_is_the_largest() {
    let x = vec![2.0, f64::NAN, -0.0, 0.0, f64::INFINITY, 2.0, f64::NEG_INFINITY, f64::NAN];
    let places = |f: fn(Var<'_>) -> Var<'_>| value(&[8], x.clone(), |x| f(x).to_real());
    assert_eq!(places(|x| x.argsort(0)), [6.0, 2.0, 3.0, 0.0, 5.0, 4.0, 1.0, 7.0]);
    assert_eq!(places(|x| x.argsort_descending(0)), [1.0, 7.0, 4.0, 0.0, 5.0, 2.0, 3.0, 6.0]);
    assert_eq!(places(|x| x.top_k(0, 4).1), [1.0, 7.0, 4.0, 0.0]);
}

#[test]
fn ties_send_their_gradients_to_the_first() {
    let g = Graph::new();
    let x = g.input("x", [4]);
    let dx = g.backward(x.top_k(-1, 2).0.square().sum(&[]), &[x])[0];
    let mut plan = g.compile::<f64>(&[dx]).unwrap();
    plan.feed("x", &[1.0, 3.0, 3.0, 3.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(dx).unwrap(), [0.0, 6.0, 6.0, 0.0]);
}

#[test]
fn values_and_places_are_ordered_once() {
    let g = Graph::new();
    let x = g.input("x", [3, 50]);
    let steps = |outputs: &[Var<'_>]| g.compile::<f32>(outputs).unwrap().info().steps.len();
    assert_eq!(steps(&[x.sort(1), x.argsort(1)]), steps(&[x.sort(1)]));
}

#[test]
fn a_difference_across_a_change_of_order_is_a_kink() {
    let g = Graph::new();
    let x = g.parameter("x", [3]);
    let weights = g.arange(3).to_real();
    let loss = (x.sort(0) * weights).sum(&[]);
    let check = |values: Vec<f64>| {
        let mut parameters = chainrule::Parameters::new();
        parameters.insert("x", Tensor::new([3], values).unwrap());
        let settings = chainrule::check::Settings::default();
        chainrule::check::gradients(&g, loss, &parameters, |_| Ok(()), &settings).unwrap()
    };
    let [apart, tie] = [vec![3.0, 1.0, 2.0], vec![3.0, 1.0, 1.0]].map(check);
    assert!(apart.passed && apart.parameters[0].kinks == 0, "{apart:?}");
    assert!(tie.passed && tie.parameters[0].kinks == 2, "{tie:?}");
}

#[test]
fn of_values_put_at_one_position_the_last_stands_and_is_differentiated() {
    let g = Graph::new();
    let (x, v) = (g.input("x", [2, 4]), g.input("v", [2, 3]));
    let labels = g.constant_labels([2, 3], &[1, 1, 3, 0, 2, 0], 4);
    let y = x.put_along_axis(1, labels, v);
    let [dx, dv] = g.backward((y * y).sum(&[]), &[x, v])[..] else { panic!() };
    let mut plan = g.compile::<f64>(&[y, dx, dv]).unwrap();
    plan.feed("x", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]).unwrap();
    plan.feed("v", &[f64::INFINITY, 10.0, 20.0, f64::NAN, 30.0, 40.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(y).unwrap(), [1.0, 10.0, 3.0, 20.0, 40.0, 6.0, 30.0, 8.0]);
    assert_eq!(plan.value(dx).unwrap(), [2.0, 0.0, 6.0, 0.0, 0.0, 12.0, 0.0, 16.0]);
    assert_eq!(plan.value(dv).unwrap(), [0.0, 20.0, 40.0, 0.0, 60.0, 80.0]);
}

#[test]
fn the_other_triangle_sends_no_nan() {
    let g = Graph::new();
    let x = g.input("x", [2, 2]);
    let y = x.sqrt().tril(0).sum(&[]);
    let dx = g.backward(y, &[x])[0];
    let mut plan = g.compile::<f64>(&[y, dx]).unwrap();
    plan.feed("x", &[1.0, -1.0, 4.0, 16.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(y).unwrap(), [7.0]);
    assert_eq!(plan.value(dx).unwrap(), [0.5, 0.0, 0.25, 0.125]);
    plan.feed("x", &[1.0, 0.0, 4.0, 16.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(dx).unwrap(), [0.5, 0.0, 0.25, 0.125]);
}

/// A value of the letters that its axes have, of which those of `ones` have length 1.
#[derive(Clone, Debug)]
struct Factor {
    letters: Vec<usize>,
    ones: [bool; 4],
}

impl Factor {
    fn length(&self, letter: usize, lengths: [usize; 4]) -> usize {
        if self.ones[letter] { 1 } else { lengths[letter] }
    }

    fn shape(&self, lengths: [usize; 4]) -> Shape {
        let dims = self.letters.iter().map(|&letter| self.length(letter, lengths));
        Shape::from(dims.collect::<Vec<_>>())
    }
}

fn text(letters: &[usize]) -> String {
    letters.iter().map(|&letter| ['q', 'b', 'Z', 'a'][letter]).collect()
}

/// Σ over all letters of the products of what stands at their places.
fn summed(factors: &[Factor], values: &[Tensor<f64>], output: &[usize], to: Shape) -> Vec<f64> {
    let mut found = vec![0.0; to.len()];
    let longest = |letter: usize| {
        let all = factors.iter().zip(values).flat_map(|(factor, value)| {
            let at = factor.letters.iter().position(|&other| other == letter);
            at.map(|at| value.shape().dims()[at])
        });
        all.fold(1, |known, length| if length == 1 { known } else { length })
    };
    let everything = Shape::from([0, 1, 2, 3].map(longest));
    for flat in 0..everything.len() {
        let places = everything.index_of(flat);
        let at = |letters: &[usize], shape: Shape| -> usize {
            let steps = letters.iter().zip(shape.dims()).zip(shape.strides());
            steps.map(|((&of, &n), stride)| if n == 1 { 0 } else { places[of] * stride }).sum()
        };
        let terms = factors.iter().zip(values);
        let product: f64 =
            terms.map(|(factor, v)| v.values()[at(&factor.letters, v.shape())]).product();
        found[at(output, to)] += product;
    }
    found
}

fn factor() -> impl Strategy<Value = Factor> {
    let letters = prop::collection::vec(0usize..4, 0..4);
    let ones = prop::array::uniform4(prop::bool::weighted(0.15));
    (letters, ones).prop_map(|(letters, ones)| Factor { letters, ones })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn einsum_is_the_sum_that_it_says(
        factors in prop::collection::vec(factor(), 1..4),
        lengths in prop::array::uniform4(prop::sample::select(vec![0usize, 1, 2, 3])),
        order in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
        kept in 0usize..5,
        is_implicit in prop::bool::weighted(0.2),
    ) {
        let count = |letter: usize| {
            factors.iter().flat_map(|factor| &factor.letters).filter(|&&other| other == letter).count()
        };
        // In alphabetical order, capitals first.
        let output: Vec<usize> = match is_implicit {
            true => [2, 3, 1, 0].into_iter().filter(|&letter| count(letter) == 1).collect(),
            false => order.into_iter().filter(|&letter| count(letter) > 0).take(kept).collect(),
        };
        let inputs: Vec<String> = factors.iter().map(|factor| text(&factor.letters)).collect();
        let inputs = inputs.join(", ");
        let text = if is_implicit { inputs } else { format!("{inputs} -> {}", text(&output)) };
        let g = Graph::new();
        let values: Vec<Tensor<f64>> =
            factors.iter().map(|factor| numbers(factor.shape(lengths))).collect();
        let operands: Vec<Var<'_>> =
            values.iter().map(|value| g.constant_tensor(value.clone())).collect();
        let y = g.einsum(&text, &operands);
        let found = y.eval().unwrap();
        let expected = summed(&factors, &values, &output, y.shape());
        prop_assert_eq!(y.shape().rank(), output.len());
        for (found, expected) in found.values().iter().zip(&expected) {
            let is_close = (found - expected).abs() <= 1e-9 * expected.abs().max(1.0);
            prop_assert!(is_close, "{} of {:?}: {} for {}", text, values, found, expected);
        }
    }
}

#[test]
fn einsum_multiplies_matrices_where_they_lie() {
    let g = Graph::new();
    let (q, k) = (g.input("q", [2, 4, 7, 16]), g.input("k", [2, 4, 9, 16]));
    let (x, w) = (g.input("x", [32, 10, 20]), g.input("w", [20, 30]));
    let steps = |v: Var<'_>| g.compile::<f32>(&[v]).unwrap().info().steps.len();
    assert_eq!(steps(g.einsum("bhqd,bhkd->bhqk", &[q, k])), 1);
    assert_eq!(steps(g.einsum("btc,cd->btd", &[x, w])), 1);
    assert_eq!(steps(g.einsum("...c,cd->...d", &[x, w])), 1);
}
