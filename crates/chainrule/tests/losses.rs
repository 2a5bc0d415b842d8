//! Losses refuse what does not fit, in words that say what would.

use chainrule::nn::{Loss, Targets, class_weights};
use chainrule::{Graph, Var};

/// Records what does not fit; the message's beginning and the types it names.
fn refused(wanted: &str, record: impl for<'g> FnOnce(&'g Graph) -> Var<'g>) {
    let g = Graph::new();
    let _ = record(&g);
    let error = g.ok().expect_err(wanted).to_string();
    assert!(error.starts_with(wanted), "{error}\nfor\n{wanted}");
    assert!(error.contains("losses.rs"), "{error}");
}

fn accepted(record: impl for<'g> FnOnce(&'g Graph) -> Var<'g>) {
    let g = Graph::new();
    assert_eq!(record(&g).shape().rank(), 0);
    g.ok().unwrap();
}

const OF_VALUES: [Loss; 5] = [
    Loss::BinaryCrossEntropy,
    Loss::MeanSquared,
    Loss::HalfSquared,
    Loss::L1,
    Loss::Huber { delta: 1.0 },
];

const SMOOTH: [Loss; 2] =
    [Loss::CrossEntropy { label_smoothing: 0.0 }, Loss::CrossEntropy { label_smoothing: 0.1 }];

/// Shapes of outputs and targets that broadcast, or nearly, but do not fit.
const UNEQUAL: [(&[usize], &[usize]); 7] = [
    (&[3, 2], &[3]),
    (&[3, 2], &[2]),
    (&[3, 2], &[3, 1]),
    (&[3, 1], &[3, 2]),
    (&[3, 1], &[1, 3]),
    (&[3, 1], &[]),
    (&[3], &[1]),
];

fn shape(dims: &[usize]) -> chainrule::Shape {
    chainrule::Shape::new(dims).unwrap()
}

#[test]
fn real_targets_have_the_outputs_shape() {
    for (f, t) in UNEQUAL.map(|(f, t)| (shape(f), shape(t))) {
        for loss in OF_VALUES {
            let name = loss.name();
            let wanted = format!("{name}: the targets must have the shape of the outputs");
            refused(&wanted, |g| {
                loss.record(g.input("f", f), Targets::Values(g.input("t", t)), None)
            });
        }
        let wanted = "mean_squared_error: the target must have the prediction's shape: reshape one";
        refused(wanted, |g| g.input("f", f).mean_squared_error(g.input("t", t)));
        let wanted = "half_squared_error: the target must have the prediction's shape: reshape one";
        refused(wanted, |g| g.input("f", f).half_squared_error(g.input("t", t)));
    }
    // One number for each example, with or without an axis of its own.
    for (f, t) in [(shape(&[3, 1]), shape(&[3])), (shape(&[3]), shape(&[3, 1]))] {
        for loss in OF_VALUES {
            accepted(|g| loss.record(g.input("f", f), Targets::Values(g.input("t", t)), None));
        }
    }
}

#[test]
fn labels_are_no_real_targets() {
    for loss in &OF_VALUES[1..] {
        for said in [true, false] {
            let name = loss.name();
            refused(&format!("{name}: takes real numbers as targets, not labels"), |g| {
                let t = g.labels("t", [3], 2);
                let targets = if said { Targets::Labels(t) } else { Targets::Values(t) };
                loss.record(g.input("f", [3, 1]), targets, None)
            });
        }
    }
    refused("mean_squared_error: takes a target of real numbers, not labels", |g| {
        g.input("f", [3]).mean_squared_error(g.labels("t", [3], 2))
    });
}

#[test]
fn labels_of_a_binary_loss_are_two() {
    let loss = Loss::BinaryCrossEntropy;
    refused("binary-cross-entropy: takes labels 0 and 1, but these go up to 9", |g| {
        loss.record(g.input("f", [3, 1]), Targets::Labels(g.labels("t", [3], 10)), None)
    });
    refused("binary-cross-entropy: the targets must have the shape of the outputs", |g| {
        loss.record(g.input("f", [3, 2]), Targets::Labels(g.labels("t", [3], 2)), None)
    });
    for dims in [&[3, 1][..], &[3]] {
        accepted(|g| {
            let f = g.input("f", shape(dims));
            loss.record(f, Targets::Labels(g.labels("t", [3], 2)), None)
        });
    }
}

/// Every way to record a cross-entropy, with the name under which it complains.
fn cross_entropies(check: impl Fn(&str, &dyn for<'g> Fn(Var<'g>, Var<'g>) -> Var<'g>)) {
    check("softmax_with_loss", &|f, t| f.softmax_with_loss(t));
    check("softmax_with_loss", &|f, t| SMOOTH[0].record(f, Targets::Labels(t), None));
    check("cross-entropy", &|f, t| SMOOTH[1].record(f, Targets::Values(t), None));
    check("cross-entropy", &|f, t| {
        let weights = f.graph().input("weights", [3]);
        SMOOTH[0].record(f, Targets::Labels(t), Some(weights))
    });
}

#[test]
fn a_cross_entropy_takes_logits_in_rows_and_a_label_or_a_distribution_for_each() {
    cross_entropies(|name, record| {
        let wanted = |message: &str| format!("{name}: {message}");
        refused(&wanted("takes logits […, classes], with a number for each class"), |g| {
            record(g.input("f", []), g.labels("t", [], 4))
        });
        refused(&wanted("labels go up to 9, but there are logits of 4 classes"), |g| {
            record(g.input("f", [3, 4]), g.labels("t", [3], 10))
        });
        for dims in [&[2][..], &[3, 1], &[]] {
            refused(&wanted("takes one label for each row of the logits: [3]"), |g| {
                record(g.input("f", [3, 4]), g.labels("t", shape(dims), 4))
            });
        }
        refused(&wanted("takes labels as class numbers, not real numbers"), |g| {
            record(g.input("f", [3, 4]), g.input("t", [3]))
        });
        for dims in [&[4][..], &[3, 1], &[1, 4], &[3, 5]] {
            refused(&wanted("takes a distribution for each row of the logits"), |g| {
                record(g.input("f", [3, 4]), g.input("t", shape(dims)))
            });
        }
        accepted(|g| record(g.input("f", [3, 4]), g.labels("t", [3], 4)));
        accepted(|g| record(g.input("f", [3, 4]), g.input("t", [3, 4])));
        accepted(|g| record(g.input("f", [3, 2, 4]), g.labels("t", [3, 2], 4)));
        accepted(|g| record(g.input("f", [3, 2, 4]), g.input("t", [3, 2, 4])));
    });
    refused("softmax_with_loss: takes at least one row and one class", |g| {
        g.input("f", [0, 4]).softmax_with_loss(g.input("t", [0, 4]))
    });
}

/// The loss and the gradient of logits of this shape, against labels or the same as distributions.
fn with_axes(
    logits: &[usize],
    soft: bool,
    record: impl for<'g> Fn(Var<'g>, Var<'g>) -> Var<'g>,
) -> Vec<f64> {
    let g = Graph::new();
    let f = g.input("f", shape(logits));
    let rows = shape(&logits[..logits.len() - 1]);
    let t = g.labels("t", rows, 5);
    let loss = record(f, if soft { t.one_hot(5) } else { t });
    let gradient = g.backward(loss, &[f])[0];
    let mut plan = g.compile::<f64>(&[loss, gradient]).unwrap();
    let numbers = chainrule::random::normal(f.shape().len(), 3);
    plan.feed("f", &numbers).unwrap();
    plan.feed_labels("t", &chainrule::random::labels(rows.len(), 5, 3)).unwrap();
    plan.run().unwrap();
    [plan.value(loss).unwrap(), plan.value(gradient).unwrap()].concat()
}

#[test]
fn axes_before_the_last_are_rows() {
    for soft in [false, true] {
        let flat = with_axes(&[12, 5], soft, |f, t| f.softmax_with_loss(t));
        for dims in [&[3, 4, 5][..], &[1, 12, 5], &[12, 1, 5], &[2, 2, 3, 5]] {
            let found = with_axes(dims, soft, |f, t| f.softmax_with_loss(t));
            assert_eq!(flat, found, "{dims:?}");
        }
        let row = with_axes(&[1, 5], soft, |f, t| f.softmax_with_loss(t));
        assert_eq!(row, with_axes(&[5], soft, |f, t| f.softmax_with_loss(t)));
    }
    // An example weighs as much as it is told, however many rows it has.
    let plain = with_axes(&[3, 4, 5], false, |f, t| f.softmax_with_loss(t));
    let found = with_axes(&[3, 4, 5], false, |f, t| {
        let weights = f.graph().constant(0.5).broadcast_to([3]);
        SMOOTH[0].record(f, Targets::Labels(t), Some(weights))
    });
    assert!(plain.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-15));
}

#[test]
fn there_is_one_weight_for_each_example() {
    for loss in OF_VALUES.into_iter().chain(SMOOTH) {
        for dims in [&[2][..], &[3, 1], &[]] {
            let name = loss.name();
            refused(&format!("{name}: takes one weight per example, [3]"), |g| {
                let (f, t) = (g.input("f", [3, 2]), Targets::Values(g.input("t", [3, 2])));
                loss.record(f, t, Some(g.input("weights", shape(dims))))
            });
        }
    }
    refused("class_weights: labels go up to 9, but there are 2 weights", |g| {
        class_weights(g.labels("t", [3], 10), &[1.0, 2.0])
    });
}
