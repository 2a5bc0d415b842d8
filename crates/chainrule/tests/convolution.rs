//! Convolutions against their definition, with the gradients of all that they are made of.

use chainrule::ops::{Convolution, Pooling, Span};
use chainrule::{Graph, Pool, Shape, Tensor, Var};
use proptest::prelude::*;
use std::sync::Arc;

fn numbers(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|i| (((i + 7 * seed) * 37 + 11) % 101) as f64 / 50.0 - 1.0).collect()
}

/// A picture with kernels, and how they move over it.
#[derive(Clone, Debug)]
struct Case {
    batch: usize,
    size: [usize; 2],
    kernel: [usize; 2],
    /// Channels and kernels of each group.
    each: [usize; 2],
    how: Convolution<2>,
}

impl Case {
    fn shapes(&self) -> [Shape; 2] {
        let Self { batch, size: [h, w], kernel: [kh, kw], each: [c, k], how } = *self;
        let groups = how.groups;
        [Shape::from([batch, h, w, c * groups]), Shape::from([kh, kw, c, k * groups])]
    }

    /// The places of windows along an axis; none where no window fits.
    fn places(&self, axis: usize) -> Option<usize> {
        let (before, after) = self.how.padding[axis];
        let reach = (self.kernel[axis] - 1) * self.how.dilation[axis] + 1;
        let rest = (self.size[axis] + before + after).checked_sub(reach)?;
        Some(rest / self.how.stride[axis] + 1)
    }

    fn is_sound(&self) -> bool {
        (0..2).all(|axis| self.places(axis).is_some())
    }

    /// The definition: a sum over all elements of a window.
    fn plain(&self, x: &[f64], w: &[f64]) -> Vec<f64> {
        let Self { batch, size: [h, width], kernel: [kh, kw], each: [c, k], how } = *self;
        let (channels, kernels) = (c * how.groups, k * how.groups);
        let [rows, columns] = [0, 1].map(|axis| self.places(axis).unwrap());
        let mut y = Vec::new();
        for (b, i, j, o) in places(batch, rows, columns, kernels) {
            let mut sum = 0.0;
            for (p, q, r, _) in places(kh, kw, c, 1) {
                let place = |axis: usize, at: usize, element: usize| {
                    let to = at * how.stride[axis] + element * how.dilation[axis];
                    to.checked_sub(how.padding[axis].0)
                };
                let (Some(i), Some(j)) = (place(0, i, p), place(1, j, q)) else { continue };
                if i < h && j < width {
                    let channel = o / k * c + r;
                    sum += x[((b * h + i) * width + j) * channels + channel]
                        * w[((p * kw + q) * c + r) * kernels + o];
                }
            }
            y.push(sum);
        }
        y
    }
}

fn places(
    a: usize,
    b: usize,
    c: usize,
    d: usize,
) -> impl Iterator<Item = (usize, usize, usize, usize)> {
    (0..a * b * c * d).map(move |at| (at / (b * c * d), at / (c * d) % b, at / d % c, at % d))
}

fn cases() -> impl Strategy<Value = Case> {
    let pair = |range: std::ops::Range<usize>| [range.clone(), range];
    let padding = prop::array::uniform2((0..3_usize, 0..3_usize));
    (
        (1..3_usize, pair(1..7), pair(1..4), (1..4_usize, 1..4_usize)),
        (pair(1..4), padding, pair(1..3), 1..4_usize),
    )
        .prop_map(|((batch, size, kernel, each), (stride, padding, dilation, groups))| {
            let how = Convolution { stride, padding, dilation, groups };
            Case { batch, size, kernel, each: each.into(), how }
        })
        .prop_filter("a window fits", Case::is_sound)
}

fn assert_near(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{what}, {at}: {found}, not {expected}"
        );
    }
}

/// What a graph of two inputs computes.
fn computed(
    case: &Case,
    build: impl for<'g> Fn(&'g Graph, Var<'g>, Var<'g>) -> Vec<Var<'g>>,
) -> Vec<Vec<f64>> {
    let g = Graph::new();
    let shapes = case.shapes();
    let inputs = [g.input("x", shapes[0]), g.input("w", shapes[1])];
    let outputs = build(&g, inputs[0], inputs[1]);
    let mut plan = g.compile::<f64>(&outputs).unwrap();
    for (at, (name, shape)) in ["x", "w"].into_iter().zip(shapes).enumerate() {
        if plan.has_input(name) {
            plan.feed(name, &numbers(shape.len(), at)).unwrap();
        }
    }
    plan.run().unwrap();
    outputs.iter().map(|&v| plan.value(v).unwrap().to_vec()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_convolution_is_its_definition(case in cases()) {
        let [x, w] = [0, 1].map(|at| numbers(case.shapes()[at].len(), at));
        let found = computed(&case, |_, x, w| vec![x.conv(w, case.how)]);
        assert_near(&found[0], &case.plain(&x, &w), "conv");
    }

    /// The convolution is linear in both: ⟨conv(x, w), c⟩ is ⟨x, its gradient⟩ and ⟨w, its gradient⟩, and what the
    /// transposed convolution makes of c is the gradient with respect to x.
    #[test]
    fn gradients_are_adjoint(case in cases()) {
        let rest = [0, 1].map(|axis| {
            let (before, after) = case.how.padding[axis];
            let reach = (case.kernel[axis] - 1) * case.how.dilation[axis] + 1;
            (case.size[axis] + before + after - reach) % case.how.stride[axis]
        });
        let found = computed(&case, |g, x, w| {
            let y = x.conv(w, case.how);
            let c = g.constant_tensor(Tensor::new(y.shape(), numbers(y.shape().len(), 5)).unwrap());
            let loss = (y * c).sum(&[]);
            let gradients = g.backward(loss, &[x, w]);
            let dots = [(gradients[0] * x).sum(&[]), (gradients[1] * w).sum(&[])];
            let transposed = c.conv_transpose(w, case.how, rest);
            vec![loss, dots[0], dots[1], gradients[0], transposed]
        });
        assert_near(&found[1], &found[0], "the gradient of x");
        assert_near(&found[2], &found[0], "the gradient of w");
        assert_near(&found[4], &found[3], "the transposed convolution");
    }
}

/// Σ c·f with irregular weights.
fn weighted<'g>(g: &'g Graph, f: Var<'g>) -> Var<'g> {
    let c = Tensor::new(f.shape(), numbers(f.shape().len(), 3)).unwrap();
    (f * g.constant_tensor(c)).sum(&[])
}

/// First and second derivatives against differences, of a function that is not linear in x.
#[test]
fn derivatives_are_those_that_differences_show() {
    let how =
        Convolution { stride: [2, 1], padding: [(1, 0), (0, 2)], dilation: [1, 2], groups: 1 };
    let plain = Case { batch: 2, size: [4, 5], kernel: [2, 2], each: [2, 3], how };
    let even = Case { how: Convolution::default().padded([1, 1]), kernel: [3, 3], ..plain.clone() };
    let grouped = Case { each: [2, 2], how: Convolution { groups: 2, ..even.how }, ..even.clone() };
    let depthwise =
        Case { each: [1, 2], how: Convolution { groups: 3, ..plain.how }, ..plain.clone() };
    for case in [plain, even, grouped, depthwise] {
        for order in [1, 2] {
            let g = Graph::new();
            let shapes = case.shapes();
            let inputs = [g.input("x", shapes[0]), g.input("w", shapes[1])];
            let mut loss = weighted(&g, inputs[0].tanh().conv(inputs[1], case.how).square());
            if order == 2 {
                let first = g.backward(loss, &inputs).into_iter().map(|dx| weighted(&g, dx));
                loss = first.reduce(|a, b| a + b).unwrap();
            }
            let gradients = g.backward(loss, &inputs);
            let mut plan = g.compile::<f64>(&[loss, gradients[0], gradients[1]]).unwrap();
            let mut values = [0, 1].map(|at| numbers(shapes[at].len(), at));
            let mut at = |values: &[Vec<f64>; 2]| {
                plan.feed("x", &values[0]).unwrap();
                plan.feed("w", &values[1]).unwrap();
                plan.run().unwrap();
                let read = |v| plan.value(v).unwrap().to_vec();
                (read(loss)[0], [read(gradients[0]), read(gradients[1])])
            };
            let (_, found) = at(&values);
            for (which, i) in [(0, 0), (0, 7), (0, 31), (1, 0), (1, 5), (1, 11)] {
                let (x, h) = (values[which][i], 1e-5);
                values[which][i] = x + h;
                let above = at(&values).0;
                values[which][i] = x - h;
                let below = at(&values).0;
                values[which][i] = x;
                let (expected, found) = ((above - below) / (2.0 * h), found[which][i]);
                let scale = expected.abs().max(above.abs() * 1e-2).max(1.0);
                assert!(
                    (expected - found).abs() < 2e-6 * scale,
                    "order {order}, input {which}, {i}: {found}, {expected} by differences, {case:?}"
                );
            }
        }
    }
}

/// Any number of threads, in one plan with what comes before and behind, gives the same bits.
#[test]
fn threads_change_no_bit() {
    let g = Graph::new();
    let x = g.input("x", [9, 12, 10, 3]);
    let (v, w) = (g.input("v", [3, 3, 3, 16]), g.input("w", [3, 3, 16, 5]));
    let how = Convolution::default().padded([1, 1]);
    let hidden = x.conv(v, how).relu();
    let y = hidden.conv(w, Convolution { stride: [2, 2], ..how });
    let loss = (y.tanh() * y).sum(&[]);
    let gradients = g.backward(loss, &[x, v, w]);
    let outputs = [&[y, loss], &gradients[..]].concat();
    let mut known: Option<Vec<Vec<u32>>> = None;
    for threads in [1, 2, 3, 8] {
        let pool = Arc::new(Pool::new(threads));
        let mut plan = g.compile::<f32>(&outputs).unwrap().with_pool(&pool);
        for (at, (name, v)) in [("x", x), ("v", v), ("w", w)].into_iter().enumerate() {
            let values: Vec<f32> = numbers(v.shape().len(), at).iter().map(|&x| x as f32).collect();
            plan.feed(name, &values).unwrap();
        }
        plan.run().unwrap();
        let bits = |&v: &Var<'_>| plan.value(v).unwrap().iter().map(|x| x.to_bits()).collect();
        let found: Vec<Vec<u32>> = outputs.iter().map(bits).collect();
        assert_eq!(known.get_or_insert_with(|| found.clone()), &found, "{threads} threads");
    }
}

/// The gradient of a picture is computed where it is wanted alone, and as a product, not as windows that are folded.
#[test]
fn a_pictures_gradient_is_a_convolution() {
    let g = Graph::new();
    let (x, w) = (g.input("x", [2, 8, 8, 4]), g.input("w", [3, 3, 4, 6]));
    let y = x.conv(w, Convolution::default().padded([1, 1]));
    let dx = g.backward(y.square().sum(&[]), &[x])[0];
    let steps = g.compile::<f32>(&[dx]).unwrap().info().steps;
    let kernels: Vec<&str> = steps.iter().map(|step| &*step.kernel).collect();
    assert!(kernels.contains(&"product 128×54×4"), "{kernels:?}");
    assert!(!kernels.iter().any(|kernel| kernel.contains("fold")), "{kernels:?}");
}

#[test]
fn what_does_not_fit_is_told() {
    let refused = |wanted: &str, record: &dyn for<'g> Fn(&'g Graph) -> Var<'g>| {
        let g = Graph::new();
        let _ = record(&g);
        let error = g.ok().expect_err(wanted).to_string();
        assert!(
            error.contains(wanted) && error.contains("convolution.rs"),
            "{error}\nfor\n{wanted}"
        );
    };
    let how = Convolution::<2>::default();
    refused("conv: takes pictures [batch, 2 axes, channels]", &|g| {
        g.input("x", [2, 8, 8]).conv(g.input("w", [3, 3, 1, 6]), how)
    });
    // As many axes each, but not as many as the settings have.
    refused("conv: takes pictures [batch, 2 axes, channels]", &|g| {
        g.input("x", [2, 8, 3]).conv(g.input("w", [3, 3, 6]), how)
    });
    let beside = Pooling { padding: [(2, 0)], counts_padding: false, ..Pooling::of([2]) };
    refused("max_pool: a window of 2 elements fits into the padding", &|g| {
        g.input("x", [2, 8, 3]).max_pool(beside)
    });
    refused("average_pool: a window of 2 elements fits into the padding", &|g| {
        g.input("x", [2, 8, 3]).average_pool(beside)
    });
    refused("resize_linear: takes pictures [batch, 2 axes, channels], not [2, 8, 3]", &|g| {
        g.input("x", [2, 8, 3]).resize_linear([4, 4])
    });
    refused("conv: 4 channels are not 1 groups of 3", &|g| {
        g.input("x", [2, 8, 8, 4]).conv(g.input("w", [3, 3, 3, 6]), how)
    });
    refused("conv: 5 kernels are not 2 groups", &|g| {
        let how = Convolution { groups: 2, ..how };
        g.input("x", [2, 8, 8, 4]).conv(g.input("w", [3, 3, 2, 5]), how)
    });
    refused("windows in `conv`: a window of 3 elements does not fit into 2 places", &|g| {
        g.input("x", [2, 2, 8, 4]).conv(g.input("w", [3, 3, 4, 6]), how)
    });
    refused(
        "windows in `conv`: a window of 3 elements 2 places apart does not fit into 4 places",
        &|g| {
            let how = Convolution { dilation: [2, 2], ..how };
            g.input("x", [2, 4, 8, 4]).conv(g.input("w", [3, 3, 4, 6]), how)
        },
    );
    refused("windows: a window's length, stride and dilation are at least 1", &|g| {
        g.input("x", [5]).windows(0, &[Span { length: 2, stride: 0, dilation: 1 }])
    });
    refused(
        "tensordot: the last axes of the left operand are [3, 4], the first of the right [3, 5]",
        &|g| g.input("x", [2, 3, 4]).tensordot(g.input("w", [3, 5]), 2),
    );
    refused("windows: there is no axis 3 in [2]", &|g| {
        g.input("x", [2]).windows(3, &[Span::new(1)])
    });
}

/// No pictures, or no channels: nothing to compute, and gradients of 0.
#[test]
fn empty_batches_and_channels_are_computed() {
    for (x, w) in [([0, 4, 4, 2], [3, 3, 2, 5]), ([2, 4, 4, 0], [3, 3, 0, 5])] {
        let g = Graph::new();
        let inputs = [g.input("x", x), g.parameter("w", w)];
        let y = inputs[0].conv(inputs[1], Convolution::default().padded([1, 1]));
        let gradients = g.backward(y.square().sum(&[]), &inputs);
        let mut plan = g.compile::<f64>(&[y, gradients[0], gradients[1]]).unwrap();
        let mut parameters = chainrule::Parameters::new();
        parameters.insert("w", Tensor::new(w, vec![0.5; w.iter().product()]).unwrap());
        plan.feed("x", &[]).unwrap();
        plan.run_with(&parameters).unwrap();
        assert!(plan.value(y).unwrap().iter().all(|&y| y == 0.0));
        assert_eq!(plan.value(y).unwrap().len(), x[0] * 16 * 5);
        assert!(plan.value(gradients[1]).unwrap().iter().all(|&dw| dw == 0.0));
    }
}
