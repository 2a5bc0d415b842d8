//! A branch that was not taken sends no NaN, nor loses a taken one anything.

use chainrule::ops::Guarded;
use chainrule::{Graph, Var};

/// The value, the slope and the second derivative of `f` at `x`.
fn derivatives(x: f64, f: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> [f64; 3] {
    let g = Graph::new();
    let v = g.input("x", []);
    let y = f(v);
    let slope = g.backward(y, &[v])[0];
    let second = g.backward(slope, &[v])[0];
    let mut plan = g.compile::<f64>(&[y, slope, second]).unwrap();
    plan.feed("x", &[x]).unwrap();
    plan.run().unwrap();
    [y, slope, second].map(|of| plan.value(of).unwrap()[0])
}

/// How many nodes of a graph are guarded products.
fn guarded(g: &Graph) -> usize {
    (0..g.len() as u32).filter(|&id| g.node(id, |node| node.source.is::<Guarded>())).count()
}

#[test]
fn what_a_selection_leaves_out_has_no_say() {
    assert_eq!(derivatives(0.0, |x| x.less(1.0).select(x, x.sqrt())), [0.0, 1.0, 0.0]);
    assert_eq!(derivatives(0.0, |x| x.not_equal(0.0).select(x.sin() / x, 1.0)), [1.0, 0.0, 0.0]);
    assert_eq!(derivatives(-1.0, |x| x.greater(0.0).select(x.pow(2.5), 0.0)), [0.0; 3]);
    assert_eq!(derivatives(0.0, |x| x.greater(0.0).select(x * x.ln(), 0.0)), [0.0; 3]);
    assert_eq!(derivatives(0.0, |x| x.greater(0.0).select(1.0 / x, x)), [0.0, 1.0, 0.0]);
    assert_eq!(derivatives(2.0, |x| x.abs().less(1.0).select(x.asin(), x * 3.0)), [6.0, 3.0, 0.0]);
    assert_eq!(derivatives(-2.0, |x| x.greater(-1.0).select((x + 1.0).ln(), x)), [-2.0, 1.0, 0.0]);
    // An overflow is as infinite as a pole.
    assert_eq!(derivatives(1e3, |x| x.less(100.0).select(x.exp(), x)), [1e3, 1.0, 0.0]);
    assert_eq!(derivatives(1e3, |x| x.less(9.0).select(x.sinh() * x, x)), [1e3, 1.0, 0.0]);
    // Two poles, one below the other, and a power of the chosen.
    let twice = derivatives(0.0, |x| x.less(1.0).select(x, x.sqrt().sqrt()).square());
    assert_eq!(twice, [0.0, 0.0, 2.0]);
    assert_eq!(
        derivatives(0.5, |x| x.less(1.0).select(x, (x - 1.0).ln()).pow(3.0)),
        [0.125, 0.75, 3.0]
    );
}

#[test]
fn a_corner_or_mask_below_a_pole_lets_nothing_pass() {
    assert_eq!(derivatives(-1.0, |x| x.maximum(0.0).pow(1.0 / 2.4)), [0.0; 3]);
    assert_eq!(derivatives(-1.0, |x| x.relu().sqrt()), [0.0; 3]);
    assert_eq!(derivatives(1.0, |x| (-x).minimum(0.0).abs().sqrt()), [1.0, 0.5, -0.25]);
    assert_eq!(derivatives(-1.0, |x| (x * x.greater(0.0)).sqrt()), [0.0; 3]);
    assert_eq!(derivatives(0.0, |x| x.greater(0.0) * x.sqrt()), [0.0; 3]);
    assert_eq!(derivatives(0.0, |x| (1.0 - x.less_equal(0.0)) * x.sqrt().cos()), [0.0; 3]);
}

#[test]
fn where_x_over_y_is_asked_for_both() {
    let g = Graph::new();
    let (x, y) = (g.input("x", []), g.input("y", []));
    let z = y.not_equal(0.0).select(x / y, 0.0);
    let gradients = g.backward(z, &[x, y]);
    let mut plan = g.compile::<f32>(&gradients).unwrap();
    for (at, wanted) in [([1.0, 0.0], [0.0, 0.0]), ([1.0, 2.0], [0.5, -0.25])] {
        plan.feed("x", &at[..1]).unwrap();
        plan.feed("y", &at[1..]).unwrap();
        plan.run().unwrap();
        assert_eq!([0, 1].map(|i| plan.value(gradients[i]).unwrap()[0]), wanted);
    }
}

#[test]
fn elements_that_a_slice_or_an_index_leaves_out_are_branches_too() {
    let g = Graph::new();
    let x = g.input("x", [3]);
    let first = g.constant_labels([1], &[0], 3);
    let root = x.sqrt();
    for y in [root.slice(0, 0, 1), root.gather(0, first), root.slice(0, 0, 1) + root.slice(0, 2, 3)]
    {
        let y = y.sum(&[]);
        let dx = g.backward(y, &[x])[0];
        let mut plan = g.compile::<f64>(&[dx]).unwrap();
        plan.feed("x", &[4.0, 0.0, 16.0]).unwrap();
        plan.run().unwrap();
        assert_eq!(plan.value(dx).unwrap()[..2], [0.25, 0.0]);
    }
    let largest = root.max(&[]);
    let dx = g.backward(largest, &[x])[0];
    let mut plan = g.compile::<f64>(&[dx]).unwrap();
    plan.feed("x", &[4.0, 0.0, 16.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(dx).unwrap(), [0.0, 0.0, 0.125]);
}

#[test]
fn a_fit_that_has_arrived_keeps_its_curvature() {
    assert_eq!(derivatives(2.0, |w| distance(w.square().maximum(0.0), 4.0)), [0.0, 0.0, 16.0]);
    // Below the router, where the product is guarded; above it; and on both sides.
    assert_eq!(derivatives(4.0, |w| distance(w.pow(1.5).relu(), 8.0)), [0.0, 0.0, 9.0]);
    assert_eq!(derivatives(4.0, |w| distance(w.relu().pow(1.5), 8.0)), [0.0, 0.0, 9.0]);
    assert_eq!(
        derivatives(16.0, |w| distance(w.sqrt().relu().sqrt(), 2.0)),
        [0.0, 0.0, 1.0 / 1024.0]
    );
}

/// Half the squared distance.
fn distance(y: Var<'_>, to: f64) -> Var<'_> {
    (y - to).square() * 0.5
}

#[test]
fn an_even_power_of_a_distance_is_smooth() {
    assert_eq!(derivatives(0.0, |x| x.abs().square()), [0.0, 0.0, 2.0]);
    assert_eq!(derivatives(0.0, |x| x.abs().pow(2.0)), [0.0, 0.0, 2.0]);
    assert_eq!(derivatives(-2.0, |x| x.abs().pow(4.0)), [16.0, -32.0, 48.0]);
    assert_eq!(derivatives(-2.0, |x| x.abs().pow(3.0)), [8.0, -12.0, 12.0]);
    // Asked for itself, the distance has its own gradient.
    let g = Graph::new();
    let far = g.constant(-3.0).abs();
    assert_eq!(g.backward(far.square(), &[far])[0].eval().unwrap().values(), [6.0]);
}

#[test]
fn taken_branches_have_the_slopes_that_they_had() {
    for x in [0.3, 1.7, 25.0] {
        let plain = derivatives(x, |x| x.sqrt() / (x + 2.0) + x.ln());
        let taken = derivatives(x, |x| x.greater(0.0).select(x.sqrt() / (x + 2.0) + x.ln(), x));
        for (a, b) in plain.iter().zip(taken) {
            assert!((a - b).abs() <= 1e-14 * a.abs(), "{plain:?} {taken:?}");
        }
    }
    // An infinite slope of the branch taken is told.
    assert_eq!(derivatives(0.0, |x| x.less(1.0).select(x.sqrt(), x))[1], f64::INFINITY);
}

#[test]
fn where_nothing_can_be_infinite_nothing_is_guarded() {
    let g = Graph::new();
    let (x, w) = (g.input("x", [4, 3]), g.input("w", [3, 2]));
    let y = x.matmul(w).relu() * x.matmul(w).tanh().sigmoid();
    let loss = (y.maximum(0.1) / 3.0).square().mean(&[]);
    let dw = g.backward(loss, &[w])[0];
    g.backward(dw.square().sum(&[]), &[w]);
    assert_eq!(guarded(&g), 0);
    // Nor where there is no router.
    let g = Graph::new();
    let x = g.input("x", []);
    g.backward(x.sqrt() / x.ln(), &[x]);
    assert_eq!(guarded(&g), 0);
}

#[test]
fn rounded_to_f32_on_arrays_the_same_holds() {
    let g = Graph::new();
    let x = g.input("x", [100]);
    let y = x.greater(0.0).select(x.sqrt() * x.ln() / x, x * 2.0).sum(&[]);
    let dx = g.backward(y, &[x])[0];
    let mut plan = g.compile::<f32>(&[dx]).unwrap();
    let at: Vec<f32> = (0..100).map(|i| (i - 50) as f32).collect();
    plan.feed("x", &at).unwrap();
    plan.run().unwrap();
    for (x, slope) in at.iter().zip(plan.value(dx).unwrap()) {
        // (ln x/√x)′ = (1 − ½ ln x)/x^1.5.
        let wanted = if *x > 0.0 { (1.0 - 0.5 * x.ln()) / x.powf(1.5) } else { 2.0 };
        assert!((slope - wanted).abs() < 1e-6, "{x}: {slope} and {wanted}");
    }
}

#[test]
fn a_direction_meets_the_same_guards() {
    let g = Graph::new();
    let x = g.input("x", []);
    let y = x.maximum(0.0).pow(1.0 / 2.4);
    let moved = g.jvp(&[y], &[x], &[g.constant(1.0)])[0];
    let mut plan = g.compile::<f64>(&[moved]).unwrap();
    plan.feed("x", &[-1.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(moved).unwrap(), [0.0]);
}
