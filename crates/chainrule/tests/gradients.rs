//! Every operation's gradient, and every smooth operation's second derivative, against central
//! differences in f64 over random shapes and values.

use std::sync::Arc;

use chainrule::ops::{AnyPointwise, CumSum, Gate, Op, Operand, Output, Real, Type, all_pointwise};
use chainrule::{Graph, Shape, Tensor, Var};
use proptest::prelude::*;

/// A function of two inputs of the given shapes, as a graph.
type Build = for<'g> fn(&'g Graph, Var<'g>, Var<'g>) -> Var<'g>;

/// The scalar Σ c·f(x, y) with fixed irregular weights c, so that no symmetry hides a mistake.
fn weighted<'g>(g: &'g Graph, f: Var<'g>) -> Var<'g> {
    let weights: Vec<f64> =
        (0..f.shape().len()).map(|i| ((i as f64 + 1.0) * 0.7).sin() + 0.3).collect();
    let weights = Tensor::new(f.shape(), weights).unwrap();
    (f * g.constant_tensor(weights)).sum(&[])
}

struct Case {
    shapes: [Shape; 2],
    values: [Vec<f64>; 2],
}

/// [`compare`] for a function of two inputs.
fn check(build: Build, case: &Case, order: usize) {
    compare(|g, x| build(g, x[0], x[1]), &case.shapes, &case.values, order);
}

/// Compares backpropagation with (L(x + h) − L(x − h)) / 2h for each element of all inputs;
/// `order` 2 does the same with the sum of the first gradients in place of the loss.
fn compare(
    build: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g>,
    shapes: &[Shape],
    values: &[Vec<f64>],
    order: usize,
) {
    let g = Graph::new();
    let names: Vec<String> = (0..shapes.len()).map(|i| format!("x{i}")).collect();
    let inputs: Vec<Var<'_>> =
        names.iter().zip(shapes).map(|(name, &shape)| g.input(name, shape)).collect();
    let mut loss = weighted(&g, build(&g, &inputs));
    if order == 2 {
        let first = g.backward(loss, &inputs).into_iter().map(|dx| weighted(&g, dx));
        loss = first.reduce(|a, b| a + b).unwrap();
    }
    let gradients = g.backward(loss, &inputs);
    let mut plan = g.compile::<f64>(&[&[loss], &gradients[..]].concat()).unwrap();
    let mut values = values.to_vec();
    let mut at = |values: &[Vec<f64>]| {
        for (name, values) in names.iter().zip(values) {
            // Of what a gradient does not depend on there is no input.
            if plan.has_input(name) {
                plan.feed(name, values).unwrap();
            }
        }
        plan.run().unwrap();
        let read = |&v| plan.value(v).unwrap().to_vec();
        (read(&loss)[0], gradients.iter().map(read).collect::<Vec<_>>())
    };
    let (_, found) = at(&values);
    for which in 0..values.len() {
        for i in 0..values[which].len() {
            let original = values[which][i];
            let h = 1e-5 * original.abs().max(1.0);
            values[which][i] = original + h;
            let above = at(&values).0;
            values[which][i] = original - h;
            let below = at(&values).0;
            values[which][i] = original;
            let expected = (above - below) / (2.0 * h);
            let actual = found[which][i];
            let scale = expected.abs().max(actual.abs()).max(above.abs() * 1e-2).max(1.0);
            assert!(
                (expected - actual).abs() <= 2e-6 * scale,
                "order {order}, input {which}, element {i}: {actual} by backpropagation, {expected} by differences, at {values:?}"
            );
        }
    }
}

/// Operands of a pointwise operation, one per list, at which it is smooth: inside its domain, away from
/// its kinks, and not steep, all of that for a while in every direction. It hardly bends there either, as it
/// does between two sides of a pole.
fn smooth_places(op: &Arc<dyn AnyPointwise>, count: usize, seed: u64) -> Vec<Vec<f64>> {
    const REACH: f64 = 0.05;
    let g = Graph::new();
    let names: Vec<String> = (0..op.arity()).map(|i| format!("x{i}")).collect();
    let inputs: Vec<Var<'_>> = names.iter().map(|name| g.input(name, [])).collect();
    let kinks = op.kinks(&inputs);
    let mut plan = g.compile::<f64>(&[&kinks[..], &inputs].concat()).unwrap();
    let mut signs = |at: &[f64]| -> Vec<bool> {
        names.iter().zip(at).for_each(|(name, x)| plan.feed(name, &[*x]).unwrap());
        plan.run().unwrap();
        kinks.iter().map(|&kink| plan.value(kink).unwrap()[0] > 0.0).collect()
    };
    let (term, domain) = (op.term(), op.domain());
    let mut is_smooth = |at: &[f64]| {
        let (here, value) = (signs(at), term.eval(at).unwrap());
        (0..at.len()).all(|i| {
            let sides = [-REACH, REACH].map(|step| {
                let mut there = at.to_vec();
                there[i] += step;
                there
            });
            let smooth = sides.iter().all(|there| {
                let inside = domain.as_ref().is_none_or(|domain| domain.holds(there) == Some(true));
                inside && signs(there) == here
            });
            let [below, above] = sides.map(|there| term.eval(&there).unwrap());
            let bend = above - 2.0 * value + below;
            smooth && below.abs().max(above.abs()) < 20.0 && bend.abs() < 0.05
        })
    };
    let draws = distinct(200 * op.arity(), seed, -2.0, 2.0);
    let mut found = vec![Vec::new(); op.arity()];
    for at in draws.chunks(op.arity()).filter(|at| is_smooth(at)).take(count) {
        found.iter_mut().zip(at).for_each(|(operand, &x)| operand.push(x));
    }
    found
}

/// Values away from the kinks at multiples of ½, no two of them closer than several steps of a difference.
fn distinct(count: usize, seed: u64, low: f64, high: f64) -> Vec<f64> {
    let mut found: Vec<f64> = Vec::with_capacity(count);
    for i in 0..count {
        let mixed = (i as u64 + 1)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(seed.wrapping_mul(0xD1B5_4A32_D192_ED03));
        let unit = ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64
            / (1u64 << 53) as f64;
        let mut v = low + (high - low) * unit;
        while v.abs() < 1e-3 || found.iter().any(|other| (v - other).abs() < 1e-4) {
            v += 2e-4;
        }
        found.push(v);
    }
    found
}

fn case(shapes: [Shape; 2], seed: u64, low: f64, high: f64) -> Case {
    let mut x = distinct(shapes[0].len() + shapes[1].len(), seed, low, high);
    let y = x.split_off(shapes[0].len());
    Case { shapes, values: [x, y] }
}

/// A case in which one element of each input is exactly 0, at changing places: for functions that are
/// differentiable there.
fn case_with_zeros(shapes: [Shape; 2], seed: u64, low: f64, high: f64) -> Case {
    let mut case = case(shapes, seed, low, high);
    for (values, turn) in case.values.iter_mut().zip([seed, seed / 7]) {
        let count = values.len().max(1) as u64;
        if let Some(value) = values.get_mut((turn % count) as usize) {
            *value = 0.0;
        }
    }
    case
}

/// Pairs of shapes that broadcast, with axes of length 0 and 1 among them.
fn broadcastable() -> impl Strategy<Value = [Shape; 2]> {
    (prop::collection::vec(0usize..4, 0..4), any::<[bool; 4]>(), any::<[bool; 4]>(), 0usize..4)
        .prop_map(|(dims, ones_a, ones_b, drop)| {
            let squash = |ones: [bool; 4]| -> Vec<usize> {
                dims.iter().zip(ones).map(|(&d, one)| if one { 1 } else { d }).collect()
            };
            let (a, b) = (squash(ones_a), squash(ones_b));
            let b = &b[drop.min(b.len())..];
            [Shape::new(&a).unwrap(), Shape::new(b).unwrap()]
        })
}

/// Smooth functions with the range on which they are defined: where it spans 0, exact zeros are among
/// the values.
const SMOOTH: &[(&str, f64, f64, Build)] = &[
    ("add", -2.0, 2.0, |_, x, y| x + y),
    ("sub", -2.0, 2.0, |_, x, y| x - y),
    ("mul", -2.0, 2.0, |_, x, y| x * y),
    ("div", 0.5, 2.0, |_, x, y| x / -y),
    ("div of and by negative numbers", -2.0, -0.5, |_, x, y| x / y + y / -x),
    ("div of 0", -2.0, 2.0, |_, x, y| x / (y.square() + 1.0)),
    ("neg", -2.0, 2.0, |_, x, y| -x * y),
    ("pow", 0.5, 2.0, |_, x, y| x.powv(y)),
    ("pow to negative numbers", -2.0, -0.5, |_, x, y| x.square().powv(y)),
    ("pow of negative numbers", -2.0, -0.5, |_, x, y| x.pow(-3.0) * y.pow(-1.0)),
    ("pow3", -2.0, 2.0, |_, x, y| x.pow(3.0) + y.pow(2.0) + x.pow(1.0) + y.pow(0.0)),
    ("exp", -2.0, 2.0, |_, x, y| (x * y).exp()),
    ("ln", 0.5, 2.0, |_, x, y| (x * y).ln()),
    ("ln of negative factors", -2.0, -0.5, |_, x, y| (x * y).ln()),
    ("sqrt", 0.5, 2.0, |_, x, y| (x * y).sqrt()),
    ("sqrt of negative factors", -2.0, -0.5, |_, x, y| (x * y).sqrt()),
    ("square", -2.0, 2.0, |_, x, y| (x * y).square()),
    ("sin", -2.0, 2.0, |_, x, y| (x * y).sin()),
    ("cos", -2.0, 2.0, |_, x, y| (x * y).cos()),
    ("tan", -1.0, 1.0, |_, x, y| (x * y).tan()),
    ("asin", -0.9, 0.9, |_, x, y| (x * y).asin()),
    ("acos", -0.9, 0.9, |_, x, y| (x * y).acos()),
    ("atan", -2.0, 2.0, |_, x, y| (x * y).atan()),
    ("sinh", -2.0, 2.0, |_, x, y| (x * y).sinh()),
    ("cosh", -2.0, 2.0, |_, x, y| (x * y).cosh()),
    ("tanh", -2.0, 2.0, |_, x, y| (x * y).tanh()),
    ("erf", -1.5, 1.5, |_, x, y| (x * y).erf()),
    ("sigmoid", -3.0, 3.0, |_, x, y| (x * y).sigmoid()),
    ("softplus", -3.0, 3.0, |_, x, y| (x * y).softplus()),
    ("gelu", -2.0, 2.0, |_, x, y| (x * y).gelu()),
    ("silu", -2.0, 2.0, |_, x, y| (x * y).silu()),
    ("mean_squared_error", -2.0, 2.0, |_, x, y| {
        let shape = (x - y).shape();
        let [x, y] = [x, y].map(|v| v.broadcast_to(shape));
        if shape.is_empty() { x.sum(&[]) } else { x.mean_squared_error(y) }
    }),
    ("half_squared_error", -2.0, 2.0, |_, x, y| {
        let [x, y] = [x, y].map(|v| v.broadcast_to((x - y).shape()));
        x.half_squared_error(y)
    }),
];

/// Functions with kinks, which the values avoid.
const KINKED: &[(&str, f64, f64, Build)] = &[
    ("abs", -2.0, 2.0, |_, x, y| (x * y).abs()),
    ("relu", -2.0, 2.0, |_, x, y| (x * y).relu()),
    ("maximum", -2.0, 2.0, |_, x, y| x.maximum(y + 0.01)),
    ("minimum", -2.0, 2.0, |_, x, y| x.minimum(y + 0.01)),
    ("select", -2.0, 2.0, |_, x, y| x.greater(y + 0.01).select(x * y, y * 2.0)),
    ("sign", -2.0, 2.0, |_, x, y| x.sign() * y),
    ("clamp", -2.0, 2.0, |_, x, y| x.clamp(0.0, 9.0) * y.clamp(-9.0, 0.0) + x.clamp(-9.0, 9.0)),
    ("comparisons", -2.0, 2.0, |_, x, y| {
        // Where no element is near another's kink.
        let y1 = y + 5e-5;
        (x.less(y1) + x.less_equal(y1) + x.greater_equal(y1) + x.equal(y1) + x.not_equal(y1)) * x
    }),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands on the page of pointwise operations.
    #[test]
    fn every_pointwise_operation(seed in any::<u32>()) {
        for op in all_pointwise() {
            let values = smooth_places(&op, 5, u64::from(seed));
            let count = values[0].len();
            assert!(count > 0, "{} is smooth nowhere", op.name());
            println!("{} at {values:?}", op.name());
            let shapes = vec![Shape::from([count]); op.arity()];
            for order in [1, 2] {
                compare(|g, x| g.apply_shared(op.clone(), x), &shapes, &values, order);
            }
        }
    }

    #[test]
    fn smooth_pointwise_operations(shapes in broadcastable(), seed in any::<u32>()) {
        for (name, low, high, build) in SMOOTH {
            let make = if *low < 0.0 && *high > 0.0 { case_with_zeros } else { case };
            let case = make(shapes, u64::from(seed), *low, *high);
            println!("{name} {shapes:?}");
            check(*build, &case, 1);
            check(*build, &case, 2);
        }
    }

    #[test]
    fn pointwise_operations_with_kinks(shapes in broadcastable(), seed in any::<u32>()) {
        for (name, low, high, build) in KINKED {
            println!("{name} {shapes:?}");
            check(*build, &case(shapes, u64::from(seed), *low, *high), 1);
        }
    }

    #[test]
    fn products(dims in prop::array::uniform4(0usize..4), batch in 0usize..3, seed in any::<u32>()) {
        let [b, m, k, n] = dims;
        let seed = u64::from(seed);
        let plain: Build = |_, x, y| x.matmul(y);
        let both_transposed: Build = |_, x, y| x.t().matmul(y.t());
        let shapes = |left: [usize; 2], right: [usize; 2]| match batch {
            0 => [Shape::from(left), Shape::from(right)],
            1 => [Shape::from([b, left[0], left[1]]), Shape::from(right)],
            _ => [Shape::from([b, 1, left[0], left[1]]), Shape::from([2, right[0], right[1]])],
        };
        let plain_case = case_with_zeros(shapes([m, k], [k, n]), seed, -2.0, 2.0);
        check(plain, &plain_case, 1);
        check(plain, &plain_case, 2);
        let transposed_case = case_with_zeros(shapes([k, m], [n, k]), seed, -2.0, 2.0);
        check(both_transposed, &transposed_case, 1);
    }

    #[test]
    fn vectors_in_products(m in 1usize..4, k in 1usize..4, seed in any::<u32>()) {
        let product: Build = |_, x, y| x.matmul(y);
        let seed = u64::from(seed);
        for shapes in [
            [Shape::from([k]), Shape::from([k, m])],
            [Shape::from([m, k]), Shape::from([k])],
            [Shape::from([k]), Shape::from([k])],
        ] {
            check(product, &case_with_zeros(shapes, seed, -2.0, 2.0), 1);
        }
    }

    #[test]
    fn reductions_and_movement(dims in prop::array::uniform3(1usize..4), seed in any::<u32>()) {
        let functions: &[Build] = &[
            |_, x, y| x.sum(&[0]) * y.sum(&[2, 0]).sum(&[]),
            |_, x, y| (x * y).sum(&[1]).exp(),
            |_, x, y| (x * y).mean(&[1, 2]).square(),
            |_, x, y| x.max(&[1]) * y.min(&[0, 2]).sum(&[]),
            |_, x, y| x.transpose(&[2, 0, 1]).exp().sum(&[0]) * y.max(&[]),
            |_, x, y| (x.reshape([x.shape().len()]).exp() * y.transpose(&[1, 2, 0]).reshape([x.shape().len()])).sin(),
            |_, x, y| x.concat(1, &[y, x * y]).square(),
            |_, x, y| x.square().pad(2, 1, 2) * y.sum(&[]).exp(),
            |_, x, y| x.slice(1, 0, 1).exp() * y.slice(1, x.shape().dims()[1] - 1, x.shape().dims()[1]),
            |_, x, y| (x.broadcast_to(Shape::new(&[&[2], x.shape().dims()].concat()).unwrap()) * y).tanh(),
            |_, x, y| x.softmax() * y,
            |_, x, y| x.log_softmax() * y,
            |_, x, y| x.index(0, -1).exp() * y.index(0, 0),
            |_, x, y| x.max_keep(&[-1]) * y + x.min_keep(&[0, 1]) * y.mean_keep(&[]),
            |_, x, y| x.sum_keep(&[-2]).squeeze(1).unsqueeze(-1).square() * y.sum(&[]),
            |g, x, y| g.stack(-1, &[x, y, x * y, x, y, x, y, x, y]).sin(),
            |_, x, y| {
                let length = x.shape().dims()[1];
                let parts = x.split(1, &[1, length - 1]);
                parts[1].concat(-2, &[parts[0].exp()]) * y
            },
            |_, x, y| {
                let [a, b, c] = x.concat(2, &[y, x * y]).chunk(-1);
                a * b.exp() + c
            },
            |g, x, y| {
                let labels = g.constant_labels([4], &[0, 2, 2, 1], 3);
                let rows = x.concat(0, &[y, x, y]).slice(0, 0, 4);
                rows.scatter_add(0, labels, 3).square()
            },
            |g, x, y| {
                let labels = places(g, x.shape());
                x.take_along_axis(1, labels).square() * y.scatter_add_along_axis(1, labels, 4).sum_keep(&[1])
            },
            |_, x, y| x.cumsum(1).square() * y.cumsum(-1),
            |g, x, y| {
                let [after, below] = [false, true]
                    .map(|reverse| g.apply(CumSum { axis: 1, exclusive: true, reverse }, &[x * y]));
                after.sin() * below
            },
            |_, x, y| x.prod(&[1]) * y.prod(&[0, 2]).sum(&[]) + (x * y).prod(&[]),
            |_, x, y| x.concat(1, &[y, x]).prod_keep(&[1]) * y,
            |_, x, y| x.sort(1).square() * y.sort_descending(-1) + x.sort(0).sum(&[0]).exp(),
            |_, x, y| x.top_k(1, x.size(1).min(2)).0.exp() * y.top_k(2, 1).0.sum(&[]),
            |g, x, y| x.put_along_axis(1, places(g, x.shape()), y).square() * y,
            |_, x, y| x.tril(0).exp() * y.triu(-1) + (x * y).triu(1),
            |g, x, y| g.einsum("bij,bkj->bik", &[x, y]).square(),
            |g, x, y| g.einsum("...ij,kj,...ij->k...", &[x, y.index(0, 0), y]),
            |g, x, y| g.einsum("ijk,ljk,lmk->im", &[x, y, x]),
            |g, x, y| g.einsum("ijk,ijk", &[x, y]).exp() + g.einsum("ijk->kj", &[x]).sum(&[]),
            |g, x, y| {
                let squares = x.matmul(y.t());
                g.einsum("bii,bii->bi", &[squares, squares]) * g.einsum("cii->", &[squares])
            },
            |_, x, y| x.softmax_over(0) * y,
            |_, x, y| x.log_softmax_over(1) * y,
            |_, x, y| x.logsumexp(&[1]) * y.logsumexp(&[0, 2]).sum(&[]) + (x * y).logsumexp(&[]),
            |_, x, y| x.concat(1, &[y]).var(&[1], 1) * y.var(&[0, 2], 0).sum(&[]),
            |_, x, y| (x.square() + 1.0).concat(1, &[y.square() - 9.0]).std(&[1], 1) + y.square().var(&[], 0),
        ];
        let shapes = [Shape::from(dims); 2];
        for build in functions {
            let case = case_with_zeros(shapes, u64::from(seed), -2.0, 2.0);
            check(*build, &case, 1);
            check(*build, &case, 2);
        }
    }

    #[test]
    fn softmax_with_loss_against_soft_targets(batch in 1usize..4, classes in 1usize..5, seed in any::<u32>()) {
        let loss: Build = |_, x, y| x.softmax_with_loss(y);
        let shapes = [Shape::from([batch, classes]); 2];
        let case = case_with_zeros(shapes, u64::from(seed), -2.0, 2.0);
        check(loss, &case, 1);
        check(loss, &case, 2);
    }
}

/// Irregular labels below the length of the middle axis.
fn places(g: &Graph, shape: Shape) -> Var<'_> {
    let below = shape.dims()[1];
    let labels: Vec<u32> = (0..shape.len()).map(|i| (i * i % 7 % below) as u32).collect();
    g.constant_labels(shape, &labels, below)
}

#[test]
fn products_of_several_zeros() {
    let functions: &[Build] = &[
        |_, x, _| x.prod(&[1]),
        |_, x, y| (x.prod(&[0]) + y.prod(&[1]).sum(&[])).square(),
        |_, x, y| (x * y).prod(&[]).exp(),
    ];
    // Rows of no, one, two and more zeros among five.
    let mut x = distinct(20, 3, -2.0, 2.0);
    for at in [6, 10, 13, 15, 16, 18] {
        x[at] = 0.0;
    }
    let y = x.iter().rev().map(|x| x + 1.0).collect();
    let case = Case { shapes: [Shape::from([4, 5]); 2], values: [x, y] };
    for build in functions {
        check(*build, &case, 1);
        check(*build, &case, 2);
    }
}

#[test]
fn axes_of_length_zero() {
    let functions: &[Build] = &[
        |_, x, y| (x * y).sum(&[1]),
        |_, x, y| x.concat(1, &[y]).exp(),
        |_, x, y| x.t().square().sum(&[]) + y.sum(&[]),
        |_, x, y| x.pad(1, 1, 1) + y.pad(1, 2, 0),
    ];
    for build in functions {
        for shape in [Shape::from([2, 0]), Shape::from([0, 3])] {
            if shape.dims()[1] == 0 || !std::ptr::fn_addr_eq(*build, functions[1]) {
                check(*build, &case([shape; 2], 1, -2.0, 2.0), 1);
            }
        }
    }
}

#[test]
fn gather_and_scatter() {
    let g = Graph::new();
    let x = g.input("x", [2, 3, 2]);
    let labels = g.labels("i", [4], 3);
    let taken = x.gather(1, labels);
    assert_eq!(taken.shape(), Shape::from([2, 4, 2]));
    let loss = weighted(&g, taken.square());
    let dx = g.backward(loss, &[x])[0];
    let mut plan = g.compile::<f64>(&[loss, dx]).unwrap();
    let mut values = distinct(12, 5, -2.0, 2.0);
    plan.feed_labels("i", &[2, 0, 2, 1]).unwrap();
    let mut at = |values: &[f64]| {
        plan.feed("x", values).unwrap();
        plan.run().unwrap();
        (plan.value(loss).unwrap()[0], plan.value(dx).unwrap().to_vec())
    };
    let (_, found) = at(&values);
    for i in 0..12 {
        let original = values[i];
        values[i] = original + 1e-5;
        let above = at(&values).0;
        values[i] = original - 1e-5;
        let below = at(&values).0;
        values[i] = original;
        let expected = (above - below) / 2e-5;
        assert!((expected - found[i]).abs() < 1e-8, "{i}: {expected} {}", found[i]);
    }
}

#[test]
fn the_documented_convention_at_kinks() {
    let g = Graph::new();
    let x = g.input("x", []);
    let slopes: Vec<Var<'_>> = [
        x.relu(),
        x.abs(),
        x.maximum(g.constant(0.0)),
        x.clamp(0.0, 1.0),
        x.clamp(-1.0, 0.0),
        x.broadcast_to([3]).std(&[], 1),
        x.broadcast_to([4]).concat(0, &[g.constant(-1.0).broadcast_to([1])]).max(&[]),
    ]
    .into_iter()
    .map(|f| g.backward(f, &[x])[0])
    .collect();
    let mut plan = g.compile::<f64>(&slopes).unwrap();
    plan.feed("x", &[0.0]).unwrap();
    plan.run().unwrap();
    let found: Vec<f64> = slopes.iter().map(|&s| plan.value(s).unwrap()[0]).collect();
    assert_eq!(found, [0.0, 0.0, 0.5, 1.0, 1.0, 0.0, 1.0]);
}

#[test]
fn gradients_do_not_pass_a_stop() {
    let g = Graph::new();
    let x = g.input("x", []);
    let y = (x.square().stop_gradient() * x).exp();
    let dy = g.backward(y, &[x])[0];
    let d2y = g.backward(dy, &[x])[0];
    let none = g.backward(x.exp().stop_gradient(), &[x])[0];
    let mut plan = g.compile::<f64>(&[dy, d2y, none]).unwrap();
    plan.feed("x", &[0.5]).unwrap();
    plan.run().unwrap();
    // With x² = ¼ as a number, y′ = ¼·y and y″ = ¼·y′.
    let y = 0.125f64.exp();
    let found = [dy, d2y, none].map(|v| plan.value(v).unwrap()[0]);
    assert_eq!(found, [0.25 * y, 0.25 * (0.25 * y), 0.0]);
}

#[test]
fn softmax_with_loss_of_labels_has_the_textbook_gradient_exactly() {
    let g = Graph::new();
    let x = g.input("x", [2, 3]);
    let t = g.labels("t", [2], 3);
    let loss = x.softmax_with_loss(t);
    let dx = g.backward(loss, &[x])[0];
    let textbook = (x.softmax() - t.one_hot(3)) * (1.0 / 2.0);
    let mut plan = g.compile::<f64>(&[dx, textbook]).unwrap();
    plan.feed("x", &[1.0, -2.0, 0.5, 1e4, -1e4, 0.0]).unwrap();
    plan.feed_labels("t", &[1, 0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(dx).unwrap(), plan.value(textbook).unwrap());
}

/// Twice its operand, under the name of the operation whose rows are distributions.
#[derive(Debug)]
struct Doubled;

impl Op for Doubled {
    fn name(&self) -> &'static str {
        "one_hot"
    }
    fn infer(&self, operands: &[Type]) -> Result<Type, String> {
        operands.first().copied().ok_or_else(|| "takes one operand".into())
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let (x, range) = (operands[0].real(), output.range.clone());
        output.real().iter_mut().zip(range).for_each(|(y, at)| *y = x[at] + x[at]);
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.upstream * 2.0)
    }
}

#[test]
fn no_operation_is_taken_for_another_of_its_name() {
    let shapes = [[3, 4], [3, 4]].map(Shape::from);
    let values = [distinct(12, 1, -2.0, 2.0), distinct(12, 2, 0.1, 1.0)];
    compare(|g, x| x[0].softmax_with_loss(g.apply(Doubled, &[x[1]])), &shapes, &values, 1);
}
