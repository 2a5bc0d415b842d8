//! What a training computes, held against what follows by hand or another way.

use chainrule::nn::{
    Affine, BatchNorm, Dropout, Field, Init, Module, Network, Sequential, Values, from_fn,
    from_values,
};
use chainrule::optim::{Schedule, Sgd};
use chainrule::{Parameters, Var};
use chainrule_explain::Language;
use chainrule_train::data::{Arrays, DataSource, Dataset, Flat};
use chainrule_train::{Advance, ClassRule, ClassWeights, Config, DataParts, Trainer};

/// Rows of which the weights decide to what the model comes.
fn weighted_table() -> String {
    let rows = (0..40).map(|i| {
        let (x, kind, weight) = (i as f32 / 40.0, i % 3 / 2, [0.0, 5.0, 0.25][i % 3]);
        format!("{x},{weight},{}\n", ["no", "yes"][kind])
    });
    format!("x,weight,kind\n{}", rows.collect::<String>())
}

#[test]
fn a_streamed_table_weighs_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, weighted_table()).unwrap();
    let trained = |stream: bool| -> (f64, Parameters<f64>) {
        let path = path.display().to_string();
        let weight = Some("weight".into());
        let source = DataSource { path, weight, stream, ..DataSource::default() };
        let loaded = source.load(&|_| unreachable!()).unwrap();
        let config = Config { hidden: vec![], batch_size: 40, epochs: 20, ..Config::default() };
        let model = config.model(1, 2).unwrap();
        let mut trainer = Trainer::new(&model, &config, loaded.parts()).unwrap();
        trainer.train().unwrap();
        (trainer.score("train_loss").unwrap(), trainer.parameters.clone())
    };
    let ((held_loss, held), (loss, streamed)) = (trained(false), trained(true));
    assert!((held_loss - loss).abs() < 1e-12, "{held_loss}, {loss}");
    let bias = held.get("affine1.bias").unwrap().values()[0];
    assert!((streamed.get("affine1.bias").unwrap().values()[0] - bias).abs() < 1e-12);
    assert!(bias > 0.1, "the weights count: {bias}");
}

/// The weights have the mean 1 over the training part, whatever they are, and a batch is divided by its
/// size: the mean loss of an epoch in which nothing moves is that of one batch of all.
#[test]
fn weights_count_the_same_in_batches_of_any_size() {
    let rows = |factor: f32| {
        let x: Vec<f32> = (0..40).map(|i| i as f32 / 40.0).collect();
        let labels = (0..40).map(|i| u32::from(i % 10 == 0)).collect();
        let weights = (0..40).map(|i| factor * [0.5, 2.0, 0.0][i % 3]).collect();
        Dataset::new(1, x, labels, 2).unwrap().with_weights(weights).unwrap()
    };
    let loss = |batch_size: usize, factor: f32| {
        let class_weights = ClassWeights::Rule(ClassRule::Balanced);
        let still =
            Config { hidden: vec![], lr: 1e-12, epochs: 1, init: Init::He, ..Config::default() };
        let config = Config { batch_size, class_weights, ..still };
        let model = config.model(1, 2).unwrap();
        let data = DataParts::train(Flat::new(rows(factor)));
        let mut trainer = Trainer::<f64>::new(&model, &config, data).unwrap();
        trainer.train().unwrap();
        trainer.score("train_loss").unwrap()
    };
    let whole = loss(40, 1.0);
    for (batch_size, factor) in [(1, 1.0), (7, 1.0), (13, 100.0), (40, 0.01)] {
        let found = loss(batch_size, factor);
        assert!((found - whole).abs() < 1e-6 * whole, "{batch_size} {factor}: {found} for {whole}");
    }
}

#[test]
fn a_batch_of_which_no_example_counts_moves_nothing() {
    let weights = vec![0.0, 0.0, 1.0, 1.0];
    let rows = Dataset::regression(1, vec![1.0; 4], vec![2.0; 4]).unwrap();
    let data = Flat::new(rows.with_weights(weights).unwrap());
    let config = Config { hidden: vec![], batch_size: 1, epochs: 1, ..Config::default() };
    let mut trainer =
        Trainer::<f32>::new(&config.model(1, 1).unwrap(), &config, DataParts::train(data)).unwrap();
    let mut moved = Vec::new();
    let mut before = trainer.parameters.clone();
    while let Advance::Step { loss, .. } = trainer.advance().unwrap() {
        moved.push((loss > 0.0, trainer.parameters != before));
        before = trainer.parameters.clone();
    }
    moved.sort_unstable();
    assert_eq!(moved, [(false, false), (false, false), (true, true), (true, true)]);
}

#[test]
fn what_is_frozen_stays_with_its_statistics_and_a_known_part_does_as_it_predicts() {
    let data = || {
        let x: Vec<f32> = (0..40).map(|i| (i as f32).sin() * 3.0 + 1.0).collect();
        DataParts::train(Arrays::new().real("x", [2], x).unwrap())
    };
    let config = Config { batch_size: 10, epochs: 2, ..Config::default() };
    let trained = |predicts: bool, frozen: &str| {
        let trunk = Sequential::new().with(BatchNorm::default()).with(Dropout::new(0.5).unwrap());
        let model = from_fn(move |cx, x| {
            let at = if predicts { cx.as_predicting() } else { cx.clone() };
            let known = at.call("trunk", &trunk, x).one();
            cx.affine("head", 1, cx.tap("known", known))
        });
        let model = Network::new(model, [Field::real("x", [2])]).unwrap();
        let trainer = Trainer::<f32>::new(&model, &config, data()).unwrap();
        let mut trainer =
            trainer.loss(|answer, _| (answer.one() - 1.0).square().mean(&[])).freeze(frozen);
        trainer.watch("known").unwrap();
        let before = trainer.parameters.clone();
        trainer.train().unwrap();
        let known = trainer.watched("known").unwrap().unwrap().value;
        let dropped = known.values().iter().filter(|&&x| x == 0.0).count();
        let pairs = before.iter().zip(trainer.parameters.iter());
        let moved = pairs.filter(|(a, b)| a != b).map(|(_, (name, _))| name.to_owned());
        (moved.collect::<Vec<_>>(), dropped > 0)
    };
    let head = ["head.weight", "head.bias"].map(String::from);
    assert_eq!(trained(false, "trunk.*"), (head.to_vec(), true));
    assert_eq!(trained(true, "trunk.*"), (head.to_vec(), false));
    let (moved, _) = trained(false, "trunk.batch_norm1.running_mean");
    assert_eq!(moved.len(), 5, "{moved:?}");
    assert!(!moved.contains(&"trunk.batch_norm1.running_mean".into()), "{moved:?}");
}

/// Two parameters whose gradients are 1, whatever the data is.
fn slopes() -> (Network, DataParts) {
    let model = from_fn(|cx, x| {
        let [a, b] = ["a", "b"].map(|name| cx.param(name, [], Init::Zeros));
        x * 0.0 + a + b
    });
    let data = Arrays::new().real("x", [1], vec![0.0; 8]).unwrap();
    (Network::new(model, [Field::real("x", [1])]).unwrap(), DataParts::train(data))
}

/// A training of these whose loss is their sum, in four steps an epoch.
fn sliding(config: &Config) -> Trainer<f64> {
    let (model, data) = slopes();
    let config = Config { batch_size: 2, epochs: 2, ..config.clone() };
    let trainer = Trainer::new(&model, &config, data).unwrap();
    trainer.loss(|answer, _| answer.one().mean(&[]))
}

/// How far a step has moved both, and the rate that it tells.
fn slid(trainer: &mut Trainer<f64>) -> ([f64; 2], f64) {
    let values = |trainer: &Trainer<f64>| {
        ["a", "b"].map(|name| trainer.parameters.get(name).unwrap().values()[0])
    };
    let before = values(trainer);
    let Advance::Step { rate, .. } = trainer.advance().unwrap() else { panic!("a step") };
    let after = values(trainer);
    ([before[0] - after[0], before[1] - after[1]], rate)
}

fn assert_close(found: ([f64; 2], f64), moved: [f64; 2], rate: f64) {
    let ([a, b], told) = found;
    let is_close = (a - moved[0]).abs() + (b - moved[1]).abs() + (told - rate).abs() < 1e-15;
    assert!(is_close, "{found:?}, but {moved:?} at {rate}");
}

#[test]
fn optimizers_have_their_own_rates_on_which_schedules_build() {
    // The settings' rate is 0.1: no optimizer here has it.
    let usual = Config::default();
    let rates = |config: &Config| {
        sliding(config).optimizer("a", Sgd::default(), 0.01).optimizer("b", Sgd::default(), 0.02)
    };
    let mut constant = rates(&usual);
    assert_close(slid(&mut constant), [0.01, 0.02], 0.01);
    let mut absolute =
        rates(&usual).schedule(|_: f64, step: u64, _: u64| [0.5, 0.25][step as usize]);
    assert_close(slid(&mut absolute), [0.5, 0.5], 0.5);
    assert_close(slid(&mut absolute), [0.25, 0.25], 0.25);
    let mut shares = rates(&usual).schedule(|base: f64, _: u64, steps: u64| base / steps as f64);
    assert_close(slid(&mut shares), [0.01 / 8.0, 0.02 / 8.0], 0.01 / 8.0);
    // Half of the way down to a rate that is the same for both.
    let cosine = Config { schedule: Schedule::Cosine { min: 0.004 }, ..usual.clone() };
    let mut cosine = rates(&cosine);
    assert_close(slid(&mut cosine), [0.01, 0.02], 0.01);
    (1..4).for_each(|_| _ = slid(&mut cosine));
    assert!(matches!(cosine.advance().unwrap(), Advance::Epoch { .. }));
    assert_close(slid(&mut cosine), [0.007, 0.012], 0.007);
}

#[test]
fn a_schedule_that_gives_no_rate_says_so_at_its_step() {
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        let schedule = move |base: f64, step: u64, _: u64| if step == 2 { bad } else { base };
        let mut trainer = sliding(&Config::default()).schedule(schedule);
        let before = [0, 1].map(|_| slid(&mut trainer));
        let error = trainer.advance().unwrap_err().to_string();
        let wanted =
            format!("the schedule gives the learning rate {bad} at step 3, but it must be");
        assert!(error.starts_with(&wanted), "{error}");
        assert_eq!((before.len(), trainer.progress.step), (2, 2));
    }
}

/// Rows of two features with three classes, trained and tested on.
fn rows() -> DataParts {
    let features = (0..24).map(|i| (i as f32 * 0.7).sin()).collect();
    let rows = Dataset::new(2, features, (0..12).map(|i| i % 3).collect(), 3).unwrap();
    DataParts::train(Flat::new(rows.clone())).test(Flat::new(rows))
}

/// The scores of an epoch with such a loss, and how many examples an explained step tells of.
fn scores(
    model: impl Module + 'static,
    own: impl for<'g> Fn(&Values<'g>, &Values<'g>) -> Var<'g> + Send + Sync + 'static,
) -> (Vec<String>, usize) {
    let config = Config { epochs: 1, batch_size: 4, ..Config::default() };
    let model = Network::flat(model, 2).unwrap();
    let mut trainer = Trainer::<f32>::new(&model, &config, rows()).unwrap().loss(own);
    let step = trainer.explain_step(&[], Language::English).unwrap();
    trainer.train().unwrap();
    (trainer.epochs[0].scores.keys().cloned().collect(), step.examples.len())
}

#[test]
fn rows_are_scored_where_the_model_answers_what_their_targets_ask_for() {
    // Any loss of three logits leaves an accuracy.
    let classifier = scores(Affine::new(3, Init::He), |answer, batch| {
        answer.one().softmax_with_loss(batch["t"]) * 2.0
    });
    assert_eq!(classifier, (vec!["test_accuracy".into(), "test_loss".into()], 4));
    let autoencoder = scores(Affine::new(2, Init::He), |answer, batch| {
        answer.one().mean_squared_error(batch["x"])
    });
    assert_eq!(autoencoder, (vec!["test_loss".into()], 0));
    let pair = from_values(|cx, x| {
        let [a, b] = ["a", "b"].map(|name| cx.affine(name, 1, x.one()));
        Values::named([("a", a), ("b", b)])
    });
    let pair = scores(pair, |answer, _| (answer["a"] - answer["b"]).square().mean(&[]));
    assert_eq!(pair, (vec!["test_loss".into()], 0));
}
