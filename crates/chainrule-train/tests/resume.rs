//! A training that is stopped anywhere and resumed ends with the bits of one that was not.

use chainrule::nn::{Cx, Init, Module, Network, Sequential, Values};
use chainrule_train::data::{Dataset, Flat};
use chainrule_train::{Advance, Checkpoint, Config, DataParts, Flow, Outcome, RunFolder, Trainer};

/// Points in the plane, by the quadrant's parity.
fn points(count: usize) -> Flat {
    let at = |i: usize, step: f32| ((i as f32 * step).sin() * 7.0).fract();
    let rows: Vec<[f32; 2]> = (0..count).map(|i| [at(i, 1.3), at(i, 2.7)]).collect();
    let labels = rows.iter().map(|[x, y]| u32::from((*x > 0.0) != (*y > 0.0))).collect();
    Flat::new(Dataset::new(2, rows.concat(), labels, 2).unwrap())
}

/// Trains, stopping before every step that `stops` names (counted over all epochs) to go through a
/// folder; the last state.
fn train(config: &Config, stops: &[u64]) -> Checkpoint<f32> {
    let parts = DataParts::train(points(50)).validation(points(20));
    let model = config.model(2, 2).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(&temporary.path().join("run"), config, false).unwrap();
    let (mut steps, mut stops) = (0, stops.iter());
    let mut next = stops.next();
    loop {
        let mut trainer = Trainer::<f32>::new(&model, config, parts.clone()).unwrap();
        if let Some(checkpoint) = folder.load().unwrap() {
            trainer.restore(checkpoint).unwrap();
        }
        let outcome = trainer.run(&mut |event, trainer| {
            match event {
                Advance::Step { .. } => steps += 1,
                Advance::Epoch { epoch, .. } => folder.add_epoch(epoch)?,
                Advance::Nothing(_) => {}
            }
            if next.is_some_and(|&stop| steps >= stop) {
                folder.save(&trainer.checkpoint())?;
                return Ok(Flow::Stop);
            }
            Ok(Flow::Continue)
        });
        if outcome.unwrap() != Outcome::Interrupted {
            return trainer.checkpoint();
        }
        next = stops.next();
    }
}

fn same(config: &Config) {
    let whole = train(config, &[]);
    for stops in [&[1][..], &[3, 4, 5], &[8], &[10], &[2, 19, 23]] {
        let resumed = train(config, stops);
        assert_eq!(resumed.parameters, whole.parameters, "{stops:?}");
        assert_eq!(resumed.states, whole.states, "{stops:?}");
        assert_eq!(resumed.progress, whole.progress, "{stops:?}");
        let losses =
            |c: &Checkpoint<f32>| c.epochs.iter().map(|e| e.train_loss).collect::<Vec<_>>();
        assert_eq!(losses(&resumed), losses(&whole), "{stops:?}");
    }
}

/// Seven steps an epoch, of which the last has two examples.
fn config(settings: &str) -> Config {
    let common = ["hidden = [6]", "init = \"he\"", "batch_size = 8", "epochs = 4", "lr = 0.05"];
    let key = |line: &str| line.split(" = ").next().unwrap_or_default().to_owned();
    let given: Vec<String> = settings.lines().map(key).collect();
    let usual: Vec<&str> = common.into_iter().filter(|line| !given.contains(&key(line))).collect();
    Config::from_toml(&format!("{}\n{settings}", usual.join("\n"))).unwrap()
}

#[test]
fn with_plain_gradient_descent() {
    same(&config(""));
}

#[test]
fn with_dropout_momentum_and_a_cosine() {
    same(&config(
        "dropout = 0.3\noptimizer = { kind = \"sgd\", momentum = 0.9, nesterov = true }\nschedule = \"cosine\"\nwarmup = 5",
    ));
}

#[test]
fn with_batch_normalisation_and_adam() {
    same(&config(
        "layers = [\"affine 6\", \"batch-norm\", \"gelu\", \"affine 2\"]\noptimizer = \"adamw\"\nclip_norm = 0.5",
    ));
}

#[test]
fn with_accumulated_gradients() {
    same(&config("accumulate = 3\noptimizer = \"rmsprop\"\nlr = 0.001"));
}

#[test]
fn with_a_plateau_and_early_stopping() {
    same(&config(
        "validation = 0.1\nepochs = 9\nschedule = { kind = \"reduce-on-plateau\", patience = 0 }\nearly_stopping = { patience = 2, min_delta = 0.02 }",
    ));
}

#[test]
fn accumulated_batches_are_one_large_batch() {
    // 48 examples: whole batches alone, so that means of means are means.
    let parts = DataParts::train(points(48));
    let run = |settings: &str| {
        let config = config(settings);
        let model = config.model(2, 2).unwrap();
        let mut trainer = Trainer::<f64>::new(&model, &config, parts.clone()).unwrap();
        trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
        trainer.parameters.clone()
    };
    let (small, large) = (run("batch_size = 8\naccumulate = 2"), run("batch_size = 16"));
    for ((name, a), (_, b)) in small.iter().zip(large.iter()) {
        for (a, b) in a.values().iter().zip(b.values()) {
            assert!((a - b).abs() < 1e-13, "{name}: {a} and {b}");
        }
    }
}

#[test]
fn a_frozen_parameter_stays_and_a_rate_of_half_halves_the_first_step() {
    let parts = DataParts::train(points(8));
    let run = |settings: &str| {
        let config = config(&format!("epochs = 1\n{settings}"));
        let model = config.model(2, 2).unwrap();
        let mut trainer = Trainer::<f64>::new(&model, &config, parts.clone()).unwrap();
        let before = trainer.parameters.clone();
        trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
        let moved = |name: &str| {
            let after = trainer.parameters.get(name).unwrap().values()[0];
            after - before.get(name).unwrap().values()[0]
        };
        ["affine1.weight", "affine2.weight", "affine2.bias"].map(moved)
    };
    let plain = run("");
    let changed = run("freeze = [\"affine1.*\"]\nrates = { \"affine2.w*\" = 0.5 }");
    assert_eq!(changed[0], 0.0);
    assert!((changed[1] / plain[1] - 0.5).abs() < 1e-12 && changed[2] == plain[2]);
    let unknown = config("freeze = [\"affine3.*\"]");
    let error = Trainer::<f64>::new(&unknown.model(2, 2).unwrap(), &unknown, parts).err().unwrap();
    assert!(error.to_string().contains("`affine3.*`"), "{error}");
}

/// A layer whose parameters have the names that files give to Adam's state.
#[derive(Debug)]
struct Named;

const NAMES: [&str; 4] = ["weight", "weight.adam.mean", "weight.accumulated", "adam.step"];

impl Module for Named {
    fn kind(&self) -> &str {
        "encoder"
    }
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let parameters = NAMES.iter().map(|name| cx.param(name, [2], Init::Zeros));
        parameters.fold(x.one(), |sum, w| sum + w).into()
    }
}

#[test]
fn a_parameter_may_have_the_name_of_a_state() {
    let config = config("optimizer = \"adam\"\naccumulate = 2\nepochs = 2");
    let model = Network::flat(Sequential::new().with(Named), 2).unwrap();
    let parts = DataParts::train(points(50));
    let temporary = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(&temporary.path().join("run"), &config, false).unwrap();
    // Stops after so many steps; what has come of it is read from the folder.
    let train = |stop: u64| {
        let mut trainer = Trainer::<f32>::new(&model, &config, parts.clone()).unwrap();
        if let Some(checkpoint) = folder.load().unwrap() {
            trainer.restore(checkpoint).unwrap();
        }
        let listen = &mut |event: &Advance, trainer: &Trainer<f32>| match event {
            Advance::Step { .. } if trainer.progress.step == stop => Ok(Flow::Stop),
            Advance::Epoch { epoch, .. } => folder.add_epoch(epoch).map(|()| Flow::Continue),
            _ => Ok(Flow::Continue),
        };
        trainer.run(listen).unwrap();
        trainer.checkpoint()
    };
    let whole = train(u64::MAX);
    let first = train(3);
    folder.save(&first).unwrap();
    assert_eq!(folder.load::<f32>().unwrap().unwrap().states, first.states);
    assert_eq!(first.states[0].iter().count(), 3 * NAMES.len() + 1);
    let resumed = train(u64::MAX);
    assert!((resumed.parameters, resumed.states) == (whole.parameters.clone(), whole.states));
    // All have the same gradients, and so the same values: none was taken for a state.
    let values: Vec<_> = whole.parameters.iter().map(|(_, tensor)| tensor.values()).collect();
    assert!(values.len() == NAMES.len() && values.iter().all(|v| *v == values[0] && v[0] != 0.0));
}

#[test]
fn a_checkpoint_of_another_optimizer_is_refused() {
    let parts = DataParts::train(points(8));
    let trainer = |settings: &str| {
        let config = config(settings);
        Trainer::<f32>::new(&config.model(2, 2).unwrap(), &config, parts.clone()).unwrap()
    };
    let checkpoint = trainer("").checkpoint();
    let error = trainer("optimizer = \"adam\"").restore(checkpoint).unwrap_err().to_string();
    assert!(error.contains("lacks `step`, the state of the optimizer `adam`"), "{error}");
}

#[test]
fn a_training_that_has_gone_on_is_put_back_in_the_middle_of_an_epoch() {
    let config = config("optimizer = \"adam\"");
    let trainer = || {
        let parts = DataParts::train(points(50));
        Trainer::<f32>::new(&config.model(2, 2).unwrap(), &config, parts).unwrap()
    };
    let steps = |trainer: &mut Trainer<f32>, count: usize| -> Vec<Advance> {
        let all = (0..count).map(|_| trainer.advance().unwrap());
        all.filter(|advance| matches!(advance, Advance::Step { .. })).collect()
    };
    let mut undisturbed = trainer();
    let mut moved = trainer();
    steps(&mut undisturbed, 3);
    steps(&mut moved, 3);
    let checkpoint = moved.checkpoint();
    // Seven steps and the scores of an epoch: into the next one, of another order.
    steps(&mut moved, 8);
    moved.restore(checkpoint).unwrap();
    assert_eq!(steps(&mut moved, 20), steps(&mut undisturbed, 20));
    assert!(moved.parameters == undisturbed.parameters && moved.states == undisturbed.states);
    assert_eq!(moved.progress, undisturbed.progress);
}

#[test]
fn a_checkpoint_of_another_optimizer_or_longer_epochs_is_refused() {
    let settings = |text: &str| Config::from_toml(&format!("batch_size = 8\n{text}")).unwrap();
    let trainer = |config: &Config, count| {
        let model = config.model(2, 2).unwrap();
        Trainer::<f32>::new(&model, config, DataParts::train(points(count))).unwrap()
    };
    let (sgd, adam) = (settings("optimizer = \"sgd\""), settings("optimizer = \"adam\""));
    let whole = |config| Config { batch_size: 50, ..config };
    let lbfgs = whole(settings("optimizer = \"lbfgs\""));
    let [sgd_whole, adam_whole] = [&sgd, &adam].map(|config| whole(config.clone()));
    let momentum = settings("optimizer = { kind = \"sgd\", momentum = 0.9 }");
    let summed = settings("optimizer = \"sgd\"\naccumulate = 2");
    for (from, to, wanted) in [
        (&adam, &sgd, "`adam`"),
        (&adam, &momentum, "`adam`"),
        (&adam_whole, &lbfgs, "`adam`"),
        (&lbfgs, &sgd_whole, "`lbfgs`"),
        (&momentum, &sgd, "`sgd`"),
        (&summed, &sgd, "accumulate"),
    ] {
        let mut first = trainer(from, 50);
        (0..3).for_each(|_| _ = first.advance().unwrap());
        let checkpoint = first.checkpoint();
        trainer(from, 50).restore(checkpoint.clone()).unwrap();
        let error = trainer(to, 50).restore(checkpoint.clone()).unwrap_err().to_string();
        assert!(error.contains("checkpoint keeps") && error.contains(wanted), "{error}");
        let frozen = Config { freeze: vec!["affine1.*".into()], ..from.clone() };
        trainer(&frozen, 50).restore(checkpoint.clone()).unwrap();
        if from.batch_size == 8 {
            let error = trainer(from, 10).restore(checkpoint).unwrap_err().to_string();
            let [after, have] = ["after step 3 of an epoch", "have 2"];
            assert!(error.contains(after) && error.contains(have), "{error}");
        }
    }
}
