//! Layers and losses: gradients against central differences, what dropout and batch normalisation do in
//! training, and errors.

use std::sync::Arc;

use chainrule::check::{self, Settings};
use chainrule::nn::{
    Affine, AffineSpec, BatchNorm, Cx, Dropout, Elu, Gelu, Init, LayerNorm, LayerSpec, Loss,
    Module, Network, Relu, Residual, ResidualSpec, Sequential, Targets, class_weights,
};
use chainrule::optim::{Clip, Optimizer, Plateau, Rates, Schedule};
use chainrule::settings::Described;
use chainrule::{Graph, Parameters, Plan, Pool, Real, State, Tensor, Var};

const BATCH: usize = 5;
const FEATURES: usize = 4;

/// Irregular numbers between −2 and 2.
fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| (i as f64 * 2.39 + 0.7).sin() * 2.0).collect()
}

fn layers(text: &str) -> Vec<LayerSpec> {
    serde_json::from_str(text).unwrap()
}

/// Checks the gradients of a model in training, of its input too, against central differences.
fn check_model(layers: &[LayerSpec], loss: Loss, labels: bool, weighted: bool) {
    let model = Sequential::build(layers, Init::Normal { deviation: 0.7 }).unwrap();
    let model = Network::flat(model, FEATURES).unwrap();
    let mut parameters = model.initial::<f64>(3).unwrap();
    parameters.insert("x", Tensor::new([BATCH, FEATURES], numbers(BATCH * FEATURES)).unwrap());
    let g = Graph::new();
    let x = g.parameter("x", [BATCH, FEATURES]);
    let cx = Cx::train(&g, 7, g.labels("step", [], 100));
    let output = model.forward(&cx, x).one();
    let outputs = output.size(1);
    let t = g.labels("t", [BATCH], outputs.max(2));
    let values = Tensor::new(output.shape(), numbers(output.shape().len())).unwrap();
    let targets = match labels {
        true => Targets::Labels(t),
        false => Targets::Values(g.constant_tensor(values).sigmoid()),
    };
    let weights = weighted.then(|| class_weights(t, &[0.5, 2.0, 1.0, 3.0][..outputs.max(2)]));
    let loss_value = loss.record(output, targets, weights);
    let feed = |plan: &mut Plan<f64>| {
        // A plan has only the inputs that its outputs need.
        for (name, labels) in [("step", &[3][..]), ("t", &[0, 1, 1, 0, 1])] {
            if plan.has_input(name) {
                plan.feed_labels(name, labels)?;
            }
        }
        Ok(())
    };
    let report = check::gradients(&g, loss_value, &parameters, feed, &Settings::default()).unwrap();
    let checked: usize = report.parameters.iter().map(|p| p.checked).sum();
    assert!(report.passed && checked > 0, "{layers:?} under {loss:?}: {report:?}");
}

#[test]
fn every_layers_gradient_is_that_of_central_differences() {
    let kinds = [
        r#"{"kind": "affine", "units": 3}"#,
        r#"{"kind": "sigmoid"}"#,
        r#"{"kind": "tanh"}"#,
        r#"{"kind": "relu"}"#,
        r#"{"kind": "leaky-relu"}"#,
        r#"{"kind": "elu", "alpha": 0.7}"#,
        r#"{"kind": "silu"}"#,
        r#"{"kind": "gelu"}"#,
        r#"{"kind": "softplus"}"#,
        r#"{"kind": "softmax"}"#,
        r#"{"kind": "dropout", "rate": 0.4}"#,
        r#"{"kind": "batch-norm"}"#,
        r#"{"kind": "layer-norm"}"#,
        r#"{"kind": "flatten"}"#,
        r#"{"kind": "residual", "layers": [{"kind": "affine", "units": 4}, {"kind": "batch-norm"}, {"kind": "silu"}]}"#,
    ];
    for kind in kinds {
        let text = format!(r#"[{kind}, {{"kind": "affine", "units": 3}}]"#);
        check_model(&layers(&text), Loss::MeanSquared, false, false);
    }
}

#[test]
fn every_losss_gradient_is_that_of_central_differences() {
    let affine = |units: usize| vec![AffineSpec { units, init: None }.into()];
    for weighted in [false, true] {
        for label_smoothing in [0.0, 0.2] {
            check_model(&affine(3), Loss::CrossEntropy { label_smoothing }, true, weighted);
            check_model(&affine(3), Loss::CrossEntropy { label_smoothing }, false, weighted);
        }
        check_model(&affine(1), Loss::BinaryCrossEntropy, true, weighted);
        check_model(&affine(2), Loss::BinaryCrossEntropy, false, weighted);
        for loss in [Loss::MeanSquared, Loss::HalfSquared, Loss::L1, Loss::Huber { delta: 0.4 }] {
            check_model(&affine(3), loss, false, weighted);
        }
    }
}

#[test]
fn plain_cross_entropy_is_softmax_with_loss() {
    let g = Graph::new();
    let (x, t) = (g.input("x", [5, 3]), g.labels("t", [5], 3));
    let loss = Loss::CrossEntropy { label_smoothing: 0.0 }.record(x, Targets::Labels(t), None);
    let nodes = g.len();
    let same = x.softmax_with_loss(t);
    assert_eq!(same.shape(), loss.shape());
    assert_eq!(g.len() - nodes, nodes - 2, "the same nodes");
}

/// Dropout of ones, at a step.
fn dropped<T: Real>(seed: u64, rate: f64, threads: usize, steps: &[u32]) -> Vec<Vec<T>> {
    let g = Graph::new();
    let layer = Dropout::new(rate).unwrap();
    let cx = Cx::train(&g, seed, g.labels("step", [], 1 << 30));
    let x = g.input("x", [300, 210]);
    let y = layer.forward(&cx, x.into()).one();
    let z = layer.forward(&cx, x.into()).one();
    let pool = Arc::new(Pool::new(threads));
    let mut plan = g.compile::<T>(&[y, z]).unwrap().with_pool(&pool);
    plan.input_mut("x").unwrap().fill(T::one());
    let at = |&step: &u32| {
        plan.feed_labels("step", &[step]).unwrap();
        plan.run().unwrap();
        let one_mask = plan.value(y).unwrap() == plan.value(z).unwrap();
        assert_eq!(one_mask, rate == 0.0, "each layer has a mask of its own");
        plan.value(y).unwrap().to_vec()
    };
    steps.iter().map(at).collect()
}

#[test]
fn dropout_depends_on_seed_step_and_place_alone() {
    let alone = dropped::<f32>(5, 0.3, 1, &[0, 1, 2, 0]);
    assert!(alone[0] == alone[3], "a replayed step");
    assert!(alone[0] != alone[1] && alone[1] != alone[2], "other steps");
    for threads in [2, 3, 5] {
        let shared = dropped::<f32>(5, 0.3, threads, &[1, 0]);
        assert!(shared[0] == alone[1] && shared[1] == alone[0], "{threads} threads");
    }
    assert!(dropped::<f32>(6, 0.3, 1, &[0])[0] != alone[0], "another seed");
    let in_f64 = &dropped::<f64>(5, 0.3, 1, &[0])[0];
    let is_kept = |x: &f64| *x != 0.0;
    assert!(in_f64.iter().map(is_kept).eq(alone[0].iter().map(|x| *x != 0.0)));
}

#[test]
fn dropout_drops_its_share_and_keeps_the_mean() {
    for rate in [0.0, 0.1, 0.5, 0.9] {
        let masks = dropped::<f64>(1, rate, 2, &[0, 1, 2, 3]);
        let all: Vec<f64> = masks.into_iter().flatten().collect();
        let count = all.len() as f64;
        let zeros = all.iter().filter(|&&x| x == 0.0).count() as f64 / count;
        let mean = all.iter().sum::<f64>() / count;
        // Five standard deviations of a share of so many.
        let far = 5.0 * (rate * (1.0 - rate) / count).sqrt();
        assert!((zeros - rate).abs() <= far, "{zeros} of {rate}");
        assert!((mean - 1.0).abs() <= far / (1.0 - rate) + 1e-12, "{mean}");
        // Neighbours in a row and in a column fall independently.
        for distance in [1, 210] {
            let both = all.windows(distance + 1).filter(|w| w[0] == 0.0 && w[distance] == 0.0);
            let share = both.count() as f64 / count;
            assert!((share - rate * rate).abs() < 0.006, "{share} at {distance} of {rate}");
        }
    }
}

#[test]
fn prediction_is_not_random() {
    let g = Graph::new();
    let x = g.input("x", [3, 4]);
    let model = Sequential::new().with(Dropout::new(0.5).unwrap()).with(Relu);
    let y = Cx::predict(&g).call("", &model, x).one();
    assert_eq!(y.id(), x.relu().id() - 1);
}

#[test]
fn running_statistics_are_no_business_of_the_optimizer() {
    let model = Sequential::new().with(BatchNorm::default()).with(LayerNorm::default());
    let model = Network::flat(model, 3).unwrap();
    assert_eq!(model.parameters().len(), 6);
    assert_eq!(model.trainable().len(), 4);
    let g = Graph::new();
    let cx = Cx::predict(&g);
    let _ = model.record(&cx, 5);
    assert_eq!(cx.trained().len(), 4);
    let parameters = model.initial::<f32>(0).unwrap();
    assert_eq!(parameters.get("batch_norm1.running_var").unwrap().values(), [1.0; 3]);
    model.check(&parameters).unwrap();
}

/// The message of what goes wrong while recording.
#[test]
fn a_shared_norm_follows_each_of_its_batches() {
    let g = Graph::new();
    let cx = Cx::train(&g, 0, g.labels("step", [], 100));
    let (a, b) = (numbers(8), numbers(12));
    let y = [("a", 4), ("b", 6)].map(|(name, batch)| {
        cx.shared("norm").call("", &BatchNorm::default(), g.input(name, [batch, 2])).one()
    });
    let loss = y[0].square().mean(&[]) + y[1].square().mean(&[]);
    let mut plan = g.compile_step::<f64>(loss, &cx.updates()).unwrap();
    plan.feed("a", &a).unwrap();
    plan.feed("b", &b).unwrap();
    let mut parameters = cx.initial(0).unwrap();
    plan.step(&mut parameters).unwrap().finite().unwrap();
    for column in 0..2 {
        // As two calls one after another do.
        let (mut mean, mut variance) = (0.0, 1.0);
        for batch in [&a, &b] {
            let x: Vec<f64> = batch.iter().skip(column).step_by(2).copied().collect();
            let of_batch = x.iter().sum::<f64>() / x.len() as f64;
            let squares: f64 = x.iter().map(|x| (x - of_batch).powi(2)).sum();
            mean = 0.9 * mean + 0.1 * of_batch;
            variance = 0.9 * variance + 0.1 * squares / (x.len() - 1) as f64;
        }
        for (name, wanted) in [("norm.running_mean", mean), ("norm.running_var", variance)] {
            let found = parameters.get(name).unwrap().values()[column];
            assert!((found - wanted).abs() < 1e-14, "{name}: {found} for {wanted}");
        }
    }
}

fn mistake(record: impl for<'g> Fn(&'g Graph) -> Var<'g>) -> String {
    let g = Graph::new();
    record(&g);
    g.ok().unwrap_err().to_string()
}

#[test]
fn what_does_not_fit_is_told() {
    let train = |dims: &[usize]| {
        let dims = chainrule::Shape::new(dims).unwrap();
        mistake(move |g| {
            let cx = Cx::train(g, 0, g.labels("s", [], 9));
            BatchNorm::default().forward(&cx, g.input("x", dims).into()).one()
        })
    };
    assert!(train(&[1, 3]).contains("at least two examples"));
    assert!(train(&[5, 2, 3]).contains("a flatten layer makes one"));
    let error = Network::flat(Residual::new(Affine::new(1, Init::He)), 3).unwrap_err();
    assert!(error.to_string().contains("keep the shape"));

    let loss = |loss: Loss, labels: bool| {
        mistake(move |g| {
            let targets = match labels {
                true => Targets::Labels(g.labels("t", [5], 2)),
                false => Targets::Values(g.input("t", [5])),
            };
            loss.record(g.input("f", [5, 2]), targets, None)
        })
    };
    assert!(loss(Loss::L1, false).contains("the shape of the outputs"));
    assert!(loss(Loss::L1, true).contains("not labels"));
    let weights = mistake(|g| {
        let f = g.input("f", [5, 2]);
        Loss::L1.record(f, Targets::Values(f), Some(g.input("w", [5, 2])))
    });
    assert!(weights.contains("one weight per example"));
}

#[test]
fn configurations_are_checked() {
    let build = |text: &str| {
        let model = Sequential::build(&layers(text), Init::He);
        model.and_then(|model| Network::flat(model, 4)).unwrap_err().to_string()
    };
    for (text, wanted) in [
        (r#"[{"kind": "affine", "units": 0}]"#, "units is 0"),
        (r#"[{"kind": "dropout", "rate": 1.0}]"#, "rate is 1"),
        (r#"[{"kind": "dropout", "rate": -0.1}]"#, "at least 0"),
        (r#"[{"kind": "batch-norm", "momentum": 2}]"#, "momentum is 2"),
        (r#"[{"kind": "layer-norm", "epsilon": 0}]"#, "epsilon is 0"),
        (
            r#"[{"kind": "residual", "layers": [{"kind": "affine", "units": 3}]}]"#,
            "residual in `residual1`: the inner layers must keep the shape",
        ),
    ] {
        assert!(build(text).contains(wanted), "{text}: {}", build(text));
    }
    let unknown = serde_json::from_str::<LayerSpec>(r#"{"kind": "elu", "slope": 1}"#);
    assert!(unknown.is_err());
}

#[test]
fn configurations_survive_toml() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct File {
        layers: Vec<LayerSpec>,
        loss: Loss,
    }
    let init = Some(Init::Normal { deviation: 0.01 });
    let inner = vec![AffineSpec { units: 4, init }.into(), Gelu.into()];
    let file = File {
        layers: vec![
            AffineSpec { units: 4, init: None }.into(),
            Elu { alpha: 0.5 }.into(),
            BatchNorm { momentum: 0.1, epsilon: 1e-5 }.into(),
            ResidualSpec { layers: inner }.into(),
        ],
        loss: Loss::CrossEntropy { label_smoothing: 0.1 },
    };
    let text = toml::to_string(&file).unwrap();
    assert_eq!(toml::from_str::<File>(&text).unwrap(), file, "{text}");
}

#[test]
fn names_have_the_settings_of_a_bare_kind() {
    for name in Loss::KINDS.names() {
        let bare: Loss = serde_json::from_str(&format!(r#"{{"kind": "{name}"}}"#)).unwrap();
        assert_eq!(name.parse::<Loss>().unwrap(), bare);
        assert_eq!(bare.name(), name);
        bare.check().unwrap();
    }
    for entry in LayerSpec::entries() {
        let needed = entry.settings.iter().filter(|setting| setting.usual.is_none());
        let needed =
            needed.map(|setting| format!(", \"{}\": {}", setting.name, setting.example.unwrap()));
        let name = entry.name;
        layers(&format!(r#"[{{"kind": "{name}"{}}}]"#, needed.collect::<String>()));
    }
    assert_eq!("MSE".parse::<Loss>().unwrap(), Loss::MeanSquared);
    let error = "mean-sqared".parse::<Loss>().unwrap_err().to_string();
    assert!(error.contains("did you mean `mean-squared`?"), "{error}");
}

/// A batch norm's step: with all examples alike but one feature, nothing becomes infinite.
#[test]
fn a_feature_that_does_not_vary_stays_finite() {
    let model = Network::flat(Sequential::new().with(BatchNorm::default()), 2).unwrap();
    let g = Graph::new();
    let cx = Cx::train(&g, 0, g.labels("step", [], 2));
    let loss = model.record(&cx, 3).one().square().mean(&[]);
    let updates = cx.updates();
    let mut plan = g.compile_step::<f32>(loss, &updates).unwrap();
    plan.feed("x", &[1.0, 5.0, 1.0, 6.0, 1.0, 7.0]).unwrap();
    let mut parameters: Parameters<f32> = model.initial(0).unwrap();
    assert!(plan.step(&mut parameters).unwrap().is_finite());
    let found = parameters.get("batch_norm1.running_mean").unwrap().values();
    assert!((found[0] - 0.1).abs() < 1e-7 && (found[1] - 0.6).abs() < 1e-7, "{found:?}");
    let found = parameters.get("batch_norm1.running_var").unwrap().values();
    assert!((found[0] - 0.9).abs() < 1e-7 && (found[1] - 1.0).abs() < 1e-7, "{found:?}");
}

/// Steps of a network with everything that is random or kept, on so many threads; the answer is the
/// digest of the parameters after the last step.
fn train(
    parameters: &mut Parameters<f32>,
    state: &mut State<f32>,
    threads: usize,
    steps: std::ops::Range<u32>,
) -> String {
    let model = network();
    let pool = Arc::new(Pool::new(threads));
    let g = Graph::new();
    let t = g.labels("t", [130], 3);
    let cx = Cx::train(&g, 9, g.labels("step", [], 1 << 20));
    let loss = Loss::CrossEntropy { label_smoothing: 0.1 };
    let loss = loss.record(model.record(&cx, 130).one(), Targets::Labels(t), None);
    let variables = cx.trained();
    let gradients = Clip::Norm(0.5).clip(&g.backward(loss, &variables));
    let rates = Rates { rate: g.input("rate", []), of: Vec::new() };
    let optimizer: Optimizer = "adamw".parse().unwrap();
    let mut updates = optimizer.updates(&rates, &variables, &gradients);
    updates.extend(cx.updates());
    let mut plan = g.compile_step::<f32>(loss, &updates).unwrap().with_pool(&pool);
    let pixels: Vec<f32> = numbers(130 * 40).into_iter().map(|x| x as f32).collect();
    plan.feed("x", &pixels).unwrap();
    plan.feed_labels("t", &(0..130).map(|i| i % 3).collect::<Vec<_>>()).unwrap();
    for step in steps {
        let rate = Schedule::Cosine { min: 0.0 }.rate(0.01, step.into(), 20, &Plateau::default());
        plan.feed("rate", &[rate as f32]).unwrap();
        plan.feed_labels("step", &[step]).unwrap();
        assert!(plan.step_with(parameters, state).unwrap().is_finite());
    }
    parameters.sha256()
}

fn network() -> Network {
    let text = r#"[
        {"kind": "affine", "units": 50}, {"kind": "batch-norm"}, {"kind": "gelu"}, {"kind": "dropout", "rate": 0.3},
        {"kind": "residual", "layers": [{"kind": "layer-norm"}, {"kind": "affine", "units": 50}, {"kind": "dropout", "rate": 0.1}]},
        {"kind": "affine", "units": 3}
    ]"#;
    Network::flat(Sequential::build(&layers(text), Init::He).unwrap(), 40).unwrap()
}

#[test]
fn training_has_the_same_bits_on_any_threads_and_when_it_goes_on() {
    let after = |threads: usize, cut: u32| {
        let mut parameters = network().initial(1).unwrap();
        let mut state = State::new();
        train(&mut parameters, &mut state, threads, 0..cut);
        train(&mut parameters, &mut state, threads, cut..20)
    };
    let alone = after(1, 0);
    for (threads, cut) in [(1, 7), (2, 0), (3, 13), (5, 1)] {
        assert_eq!(after(threads, cut), alone, "{threads} threads, cut at {cut}");
    }
}
