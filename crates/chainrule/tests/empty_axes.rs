//! Axes of length 0: every operation that allows them gives the shape and the values that mathematics
//! gives (an empty sum is 0), and so do its gradients.

use chainrule::ops::{Kind, all_pointwise};
use chainrule::{Graph, Real, Shape, Tensor, Var};

/// A function of two inputs of the given shapes.
type Build = for<'g> fn(&'g Graph, Var<'g>, Var<'g>) -> Var<'g>;

/// A function of two inputs.
trait Apply: for<'g> Fn(&'g Graph, Var<'g>, Var<'g>) -> Var<'g> + Copy {}
impl<F: for<'g> Fn(&'g Graph, Var<'g>, Var<'g>) -> Var<'g> + Copy> Apply for F {}

/// Numbers that no operation's domain excludes.
fn numbers<T: Real>(count: usize) -> Vec<T> {
    (0..count).map(|i| T::from_f64(0.25 + i as f64 / 16.0)).collect()
}

/// Runs f, Σ f and its gradients in one precision. Whatever f has of elements is `expected`; so is the
/// gradient of each element, by differences of Σ f.
fn run<T: Real>(
    name: &str,
    shapes: [&[usize]; 2],
    build: impl Apply,
    expected: (&[usize], &[f64]),
) {
    let g = Graph::new();
    let [x, y] = shapes.map(|dims| Shape::new(dims).unwrap());
    let (x, y) = (g.input("x", x), g.input("y", y));
    let f = build(&g, x, y);
    g.ok().unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(f.shape().dims(), expected.0, "{name}");
    if f.ty().kind != Kind::Real {
        let mut plan = g.compile::<T>(&[f]).unwrap();
        let _ = plan.feed("x", &numbers(x.shape().len()));
        plan.run().unwrap();
        assert!(plan.labels(f).unwrap().is_empty(), "{name}");
        return;
    }
    let loss = f.sum(&[]);
    let slopes = g.backward(loss, &[x, y]);
    // With the inputs among the outputs, each can be fed whether or not f needs it.
    let mut plan = g.compile::<T>(&[f, loss, slopes[0], slopes[1], x, y]).unwrap();
    let mut values = [numbers::<T>(x.shape().len()), numbers(y.shape().len())];
    let mut at = |values: &[Vec<T>; 2]| {
        plan.feed("x", &values[0]).unwrap();
        plan.feed("y", &values[1]).unwrap();
        plan.run().unwrap();
        [f, loss, slopes[0], slopes[1]]
            .map(|v| plan.value(v).unwrap().iter().map(|&v| Real::to_f64(v)).collect::<Vec<f64>>())
    };
    let [found, _, dx, dy] = at(&values);
    assert_eq!(found, expected.1, "{name} in {}", T::NAME);
    for (which, slope) in [dx, dy].iter().enumerate() {
        assert_eq!(slope.len(), values[which].len(), "{name}: gradient {which}");
        for i in 0..slope.len() {
            let (original, step) = (values[which][i], T::from_f64(0.125));
            values[which][i] = original + step;
            let above = at(&values)[1][0];
            values[which][i] = original - step;
            let below = at(&values)[1][0];
            values[which][i] = original;
            let difference = (above - below) / 0.25;
            assert!((difference - slope[i]).abs() < 1e-4, "{name}: gradient {which}, element {i}");
        }
    }
}

fn check(name: &str, shapes: [&[usize]; 2], build: impl Apply, expected: (&[usize], &[f64])) {
    run::<f64>(name, shapes, build, expected);
    run::<f32>(name, shapes, build, expected);
}

/// Shapes that broadcast to one without elements, in several ways.
fn check_pointwise(name: &str, build: impl Apply) {
    check(name, [&[2, 0], &[2, 0]], build, (&[2, 0], &[]));
    check(name, [&[0, 3], &[3]], build, (&[0, 3], &[]));
    check(name, [&[2, 1], &[1, 0]], build, (&[2, 0], &[]));
    check(name, [&[], &[0]], build, (&[0], &[]));
}

#[test]
fn pointwise_operations() {
    for op in all_pointwise() {
        check_pointwise(op.name(), |g, x, y| {
            let shape = x.shape().broadcast(&y.shape()).unwrap();
            let operands = [x, y].map(|v| v.broadcast_to(shape)).into_iter().cycle();
            g.apply_shared(op.clone(), &operands.take(op.arity()).collect::<Vec<_>>())
        });
    }
    check_pointwise("powers", |_, x, y| x.pow(3.0) + y.pow(2.0) + x.pow(1.0) + y.pow(0.0));
    check_pointwise("clamp", |_, x, y| x.clamp(0.0, 1.0) * y.clamp(-1.0, 9.0));
    check_pointwise("stop_gradient", |_, x, y| x * 0.0 + (y * 0.0).stop_gradient());
    check_pointwise("random", |g, x, y| {
        let shape = x.shape();
        x * g.random_uniform(shape, 0, 0, 1) + y * g.random_normal(shape, 0, 0, 1)
    });
    check_pointwise("composed", |_, x, y| (x + 1.0).gelu() + y.silu());
}

#[test]
fn reductions() {
    check("rows", [&[2, 0], &[]], |_, x, _| x.sum(&[1]), (&[2], &[0.0; 2]));
    check("columns", [&[2, 0], &[]], |_, x, _| x.sum(&[0]), (&[0], &[]));
    check("no rows", [&[0, 3], &[]], |_, x, _| x.sum(&[0]), (&[3], &[0.0; 3]));
    check("all", [&[0, 3], &[]], |_, x, _| x.sum(&[]), (&[], &[0.0]));
    check("outer axes", [&[2, 0, 3], &[]], |_, x, _| x.sum(&[0, 1]), (&[3], &[0.0; 3]));
    check("outer and last", [&[2, 0, 3], &[]], |_, x, _| x.sum(&[0, 2]), (&[0], &[]));
    check("last axes", [&[2, 0, 3], &[]], |_, x, _| x.sum(&[1, 2]), (&[2], &[0.0; 2]));
    check("sum_keep", [&[2, 0], &[]], |_, x, _| x.sum_keep(&[-1]), (&[2, 1], &[0.0; 2]));
    check("max_keep", [&[2, 0], &[]], |_, x, _| x.max_keep(&[0]), (&[1, 0], &[]));
    check("mean", [&[2, 0], &[]], |_, x, _| x.mean(&[0]), (&[0], &[]));
    check("max", [&[2, 0], &[]], |_, x, _| x.max(&[0]) + x.min(&[0]), (&[0], &[]));
    check("logsumexp", [&[2, 0], &[]], |_, x, _| x.logsumexp(&[0]), (&[0], &[]));
    check("var", [&[2, 0], &[]], |_, x, _| x.var(&[0], 1) + x.std(&[0], 0), (&[0], &[]));
    check("argmax", [&[2, 0], &[]], |_, x, _| x.argmax(0), (&[0], &[]));
    check("squared error", [&[2, 0], &[2, 0]], |_, x, y| x.half_squared_error(y), (&[], &[0.0]));
}

#[test]
fn reductions_of_views() {
    let none: Build = |_, x, _| x.slice(1, 3, 3).sum(&[1]);
    check("rows of an empty slice", [&[2, 3], &[]], none, (&[2], &[0.0; 2]));
    let none: Build = |_, x, _| x.slice(1, 3, 3).sum(&[]);
    check("all of an empty slice", [&[2, 3], &[]], none, (&[], &[0.0]));
    let none: Build = |_, x, _| x.slice(0, 2, 2).sum(&[0]);
    check("no rows of a slice", [&[2, 3], &[]], none, (&[3], &[0.0; 3]));
    let none: Build = |_, x, _| x.slice(1, 1, 1).t().sum(&[0]);
    check("transposed slice", [&[2, 3], &[]], none, (&[2], &[0.0; 2]));
    check("transposed", [&[0, 3], &[]], |_, x, _| x.t().sum(&[1]), (&[3], &[0.0; 3]));
    let none: Build = |_, x, _| x.broadcast_to([2, 0]).sum(&[1]);
    check("broadcast", [&[2, 1], &[]], none, (&[2], &[0.0; 2]));
    let none: Build = |_, x, _| x.broadcast_to([3, 2, 0]).sum(&[1, 2]);
    check("broadcast twice", [&[3, 2, 1], &[]], none, (&[3], &[0.0; 3]));
}

#[test]
fn products() {
    let product: Build = |_, x, y| x.matmul(y);
    check("no inner", [&[2, 0], &[0, 3]], product, (&[2, 3], &[0.0; 6]));
    check("no rows", [&[0, 2], &[2, 3]], product, (&[0, 3], &[]));
    check("no columns", [&[2, 3], &[3, 0]], product, (&[2, 0], &[]));
    check("no batch", [&[0, 2, 3], &[3, 2]], product, (&[0, 2, 2], &[]));
    check("batch of nothing", [&[2, 1, 0], &[0, 2]], product, (&[2, 1, 2], &[0.0; 4]));
    check("dot", [&[0], &[0]], product, (&[], &[0.0]));
    check("vector and matrix", [&[0], &[0, 2]], product, (&[2], &[0.0; 2]));
    check("matrix and vector", [&[2, 0], &[0]], product, (&[2], &[0.0; 2]));
    let transposed: Build = |_, x, y| x.t().matmul(y.t());
    check("transposed", [&[0, 2], &[3, 0]], transposed, (&[2, 3], &[0.0; 6]));
    let slices: Build = |_, x, y| x.slice(1, 4, 4).matmul(y.slice(0, 4, 4));
    check("empty slices", [&[2, 4], &[4, 3]], slices, (&[2, 3], &[0.0; 6]));
}

#[test]
fn movement() {
    check("reshape", [&[2, 0], &[]], |_, x, _| x.reshape([0, 7]), (&[0, 7], &[]));
    check("transpose", [&[2, 0, 3], &[]], |_, x, _| x.transpose(&[1, 2, 0]), (&[0, 3, 2], &[]));
    check("broadcast", [&[1], &[]], |_, x, _| x.broadcast_to([2, 0]), (&[2, 0], &[]));
    check("slice of nothing", [&[0, 3], &[]], |_, x, _| x.slice(1, 1, 3), (&[0, 2], &[]));
    check("slice to nothing", [&[2, 3], &[]], |_, x, _| x.slice(1, 3, 3).exp(), (&[2, 0], &[]));
    check("concat", [&[2, 0], &[2, 1]], |_, x, y| x.concat(1, &[y]), (&[2, 1], &[0.25, 0.3125]));
    check("concat of nothing", [&[0, 3], &[0, 1]], |_, x, y| x.concat(1, &[y]), (&[0, 4], &[]));
    check(
        "concat of slices",
        [&[2, 3], &[2, 1]],
        |_, x, y| x.slice(1, 3, 3).concat(1, &[y, y]),
        (&[2, 2], &[0.25, 0.25, 0.3125, 0.3125]),
    );
    check("stack", [&[2, 0], &[2, 0]], |_, x, y| x.stack(1, &[y]), (&[2, 2, 0], &[]));
    check("index", [&[2, 0], &[]], |_, x, _| x.index(0, -1), (&[0], &[]));
    check("squeeze", [&[1, 0], &[]], |_, x, _| x.squeeze(0).unsqueeze(-1), (&[0, 1], &[]));
    check("split", [&[2, 0], &[]], |_, x, _| x.split(1, &[0, 0])[1], (&[2, 0], &[]));
    check("split of all", [&[2], &[]], |_, x, _| x.split(0, &[0, 2])[0], (&[0], &[]));
    check("chunk", [&[0, 3], &[]], |_, x, _| x.chunk::<2>(0)[1], (&[0, 3], &[]));
    check("pad", [&[2, 0], &[]], |_, x, _| x.pad(1, 1, 1), (&[2, 2], &[0.0; 4]));
    check("pad beside nothing", [&[0, 3], &[]], |_, x, _| x.pad(1, 1, 0), (&[0, 4], &[]));
    check(
        "pad of a slice",
        [&[2, 3], &[]],
        |_, x, _| x.slice(1, 3, 3).pad(1, 1, 0),
        (&[2, 1], &[0.0; 2]),
    );
}

#[test]
fn along_an_axis() {
    for axis in [0, 1] {
        check("cumsum", [&[2, 0], &[]], |_, x, _| x.cumsum(axis), (&[2, 0], &[]));
        check("sort", [&[2, 0], &[]], |_, x, _| x.sort(axis), (&[2, 0], &[]));
        check("argsort", [&[0, 3], &[]], |_, x, _| x.argsort_descending(axis), (&[0, 3], &[]));
    }
    check("top none", [&[2, 3], &[]], |_, x, _| x.top_k(1, 0).0, (&[2, 0], &[]));
    check("top places", [&[0, 3], &[]], |_, x, _| x.top_k(1, 2).1, (&[0, 2], &[]));
    check("product of nothing", [&[2, 0], &[]], |_, x, _| x.prod(&[1]), (&[2], &[1.0; 2]));
    check("products of no rows", [&[0, 3], &[]], |_, x, _| x.prod_keep(&[1]), (&[0, 1], &[]));
    check("product of a scalar", [&[], &[]], |_, x, _| x.prod(&[]), (&[], &[0.25]));
    check("triangle", [&[2, 0], &[]], |_, x, _| x.tril(0) + x.triu(1), (&[2, 0], &[]));
    check("triangle of no rows", [&[0, 3], &[]], |_, x, _| x.triu(0), (&[0, 3], &[]));
}

#[test]
fn einsums() {
    let product: Build = |g, x, y| g.einsum("ij,jk->ki", &[x, y]);
    check("inner length 0", [&[2, 0], &[0, 3]], product, (&[3, 2], &[0.0; 6]));
    check("no rows", [&[0, 2], &[2, 3]], product, (&[3, 0], &[]));
    check("a length of 1 repeated 0 times", [&[2, 1], &[0, 3]], product, (&[3, 2], &[0.0; 6]));
    check("a diagonal", [&[0, 0], &[]], |g, x, _| g.einsum("ii->i", &[x]), (&[0], &[]));
    check("a trace", [&[2, 0, 0], &[]], |g, x, _| g.einsum("...ii", &[x]), (&[2], &[0.0; 2]));
    check("outer", [&[0], &[2]], |g, x, y| g.einsum("i,j->ji", &[x, y]), (&[2, 0], &[]));
    check("scalars", [&[], &[]], |g, x, y| g.einsum(",->", &[x, y]), (&[], &[0.0625]));
}

#[test]
fn positions() {
    check(
        "gather nothing",
        [&[2, 3], &[]],
        |g, x, _| x.gather(1, g.labels("t", [0], 3)),
        (&[2, 0], &[]),
    );
    check(
        "gather rows of nothing",
        [&[3, 0], &[]],
        |g, x, _| x.gather(0, g.labels("t", [0], 3)),
        (&[0, 0], &[]),
    );
    check("one-hot", [&[], &[]], |g, x, _| g.labels("t", [0], 3).one_hot(3) * x, (&[0, 3], &[]));
    let scatter: Build = |g, x, _| x.scatter_add(1, g.labels("t", [0], 3), 3);
    check("scatter nothing", [&[2, 0], &[]], scatter, (&[2, 3], &[0.0; 6]));
    let take: Build = |g, x, _| x.take_along_axis(1, g.labels("t", [2, 0], 3));
    check("take nothing", [&[2, 3], &[]], take, (&[2, 0], &[]));
    let take: Build = |g, x, _| x.take_along_axis(1, g.labels("t", [0, 2], 3));
    check("take of nothing", [&[0, 3], &[]], take, (&[0, 2], &[]));
    let scatter: Build = |g, x, _| x.scatter_add_along_axis(1, g.labels("t", [2, 0], 3), 3);
    check("scatter along nothing", [&[2, 0], &[]], scatter, (&[2, 3], &[0.0; 6]));
    let scatter: Build = |g, x, _| x.scatter_add_along_axis(0, g.labels("t", [2, 0], 3), 3);
    check("scatter along rows of nothing", [&[2, 0], &[]], scatter, (&[3, 0], &[]));
    let put: Build = |g, x, y| x.put_along_axis(1, g.labels("t", y.shape(), x.size(1)), y);
    check("put nothing", [&[2, 1], &[2, 0]], put, (&[2, 1], &[0.25, 0.3125]));
    check("put beside nothing", [&[0, 3], &[0, 0]], put, (&[0, 3], &[]));
    check("to labels", [&[2, 0], &[]], |_, x, _| x.to_labels(3).to_real(), (&[2, 0], &[]));
    check("arange", [&[], &[]], |g, x, _| g.arange(0).to_real() * x, (&[0], &[]));
    check("no labels", [&[], &[]], |g, _, _| g.constant_labels([0], &[], 0), (&[0], &[]));
}

#[test]
fn what_has_no_value_of_nothing_is_refused() {
    type Reduce = for<'g> fn(Var<'g>) -> Var<'g>;
    let refused: &[(&str, Reduce)] = &[
        ("max", |x| x.max(&[1])),
        ("min", |x| x.min(&[1])),
        ("argmax", |x| x.argmax(1)),
        ("softmax", |x| x.softmax()),
        ("log_softmax", |x| x.log_softmax()),
        ("softmax_with_loss", |x| x.softmax_with_loss(x)),
    ];
    for (name, f) in refused {
        let g = Graph::new();
        f(g.constant_tensor(Tensor::new([2, 0], vec![]).unwrap()));
        assert!(g.ok().is_err(), "{name} of nothing");
    }
}
