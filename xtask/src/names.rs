//! Every operation's name stands in one place: whatever else knows an operation asks it.

use std::collections::BTreeSet;

use chainrule::Shape;
use chainrule::ops::{
    AddAlong, AnyOp, Argmax, Argsort, Broadcast, Concat, CumSum, Distribution, Flip, FoldWindows,
    Gather, LogSoftmax, MatMul, OneHot, Pad, Random, RandomMask, Reshape, ScatterAdd, Slice,
    Softmax, SoftmaxWithLoss, StopGradient, Sum, TakeAlong, Tensordot, ToLabels, ToReal, Transpose,
    Windows, all_pointwise,
};
use chainrule::optim::all_updates;

use super::layers::House;
use super::root;
use super::workspace::packages;

/// The same words with another meaning: name, file, and what it means there.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("relu", "crates/chainrule/src/nn/activation.rs", "the activation in settings"),
    ("sigmoid", "crates/chainrule/src/nn/activation.rs", "the activation in settings"),
    ("tanh", "crates/chainrule/src/nn/activation.rs", "the activation in settings"),
    ("softplus", "crates/chainrule/src/nn/activation.rs", "the activation in settings"),
    ("softmax", "crates/chainrule/src/nn/activation.rs", "the layer in settings"),
    ("running_mean", "crates/chainrule/src/nn/norm.rs", "a parameter"),
    ("running_mean", "crates/chainrule-train/src/numpy.rs", "a parameter"),
    ("square", "crates/chainrule/src/optim/adagrad.rs", "a part of the state"),
    ("square", "crates/chainrule/src/optim/adam.rs", "a part of the state"),
    ("square", "crates/chainrule/src/optim/rmsprop.rs", "a part of the state"),
    ("sum", "crates/chainrule-train/src/step.rs", "a part of the state"),
    ("softmax", "crates/chainrule-train/src/lint/mod.rs", "a check"),
    ("sigmoid", "crates/chainrule-explain/src/topic.rs", "a topic of exercises"),
    ("softmax", "crates/chainrule-explain/src/topic.rs", "a topic of exercises"),
    ("sum", "crates/chainrule-explain/src/text/answers.rs", "a gap of a message"),
    ("sum", "crates/chainrule-explain/src/text/sum.rs", "a gap of a message"),
    ("sum", "crates/chainrule-explain/src/story/sum.rs", "a gap of a message"),
    ("matmul", "crates/chainrule-explain/src/expression/hints.rs", "NumPy's word"),
];

/// The names of all operations.
fn names() -> BTreeSet<&'static str> {
    let (axis, shape) = (0, Shape::scalar());
    let of_arrays: [&dyn AnyOp; 30] = [
        &Sum { axes: [false; 8] },
        &Argmax { axis },
        &Argsort { descending: false },
        &CumSum { axis, exclusive: false, reverse: false },
        &MatMul,
        &Tensordot { axes: 0 },
        &Windows { axis, spans: Vec::new() },
        &FoldWindows { axis, spans: Vec::new(), lengths: Vec::new() },
        &Flip { axes: [false; 8] },
        &Reshape(shape),
        &Transpose { order: Vec::new() },
        &Broadcast(shape),
        &Slice { axis, start: 0, end: 0 },
        &Concat { axis },
        &Pad { axis, before: 0, after: 0 },
        &Gather { axis },
        &ScatterAdd { axis, length: 0 },
        &TakeAlong { axis },
        &AddAlong { axis, length: 0 },
        &ToReal,
        &ToLabels { bound: 0 },
        &OneHot { classes: 0 },
        &RandomMask { seed: 0, number: 0, rate: 0.0, shape },
        &Random { distribution: Distribution::Uniform, seed: 0, number: 0, shape },
        &Random { distribution: Distribution::Normal, seed: 0, number: 0, shape },
        &StopGradient,
        &Softmax,
        &LogSoftmax,
        &SoftmaxWithLoss,
        &chainrule::ops::Maximum,
    ];
    let pointwise = all_pointwise().into_iter().chain(all_updates()).map(|op| op.name());
    of_arrays.iter().map(|op| op.name()).chain(pointwise).collect()
}

#[test]
fn every_operations_name_stands_in_one_file() {
    let names = names();
    let mut places: Vec<(&str, String)> = Vec::new();
    for file in packages().unwrap().iter().flat_map(|package| &package.roots) {
        if file.starts_with(root().join("xtask")) {
            continue;
        }
        for (file, literals) in House::read(file).unwrap().literals {
            let file = file.strip_prefix(root()).unwrap().display().to_string();
            let here = names.iter().filter(|name| literals.contains(&format!("{name:?}")));
            places.extend(here.map(|name| (*name, file.clone())));
        }
    }
    for (name, file, meaning) in EXCEPTIONS {
        let at = places.iter().position(|(n, f)| n == name && f == file);
        let at = at.unwrap_or_else(|| panic!("`{name}` is no longer {meaning} in {file}"));
        places.swap_remove(at);
    }
    for name in &names {
        let files: Vec<&String> =
            places.iter().filter(|(known, _)| known == name).map(|(_, file)| file).collect();
        // Where the name is that of a method, it is no literal at all.
        assert!(files.len() <= 1, "`{name}` stands in {files:?}");
    }
    assert!(names.len() > 50 && places.len() > 25, "{} of {} names", places.len(), names.len());
}
