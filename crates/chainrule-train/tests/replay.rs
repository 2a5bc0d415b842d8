//! A step that is replayed has the bits of the first time, and its parts add up to its update.

use chainrule::Real;
use chainrule_explain::Language;
use chainrule_train::data::{Dataset, Examples, Flat};
use chainrule_train::{
    Advance, Cause, Config, DataParts, Flow, Movement, RunFolder, StepExplanation, Trainer,
    UpdatePart,
};

/// Points in the plane, by the quadrant's parity.
fn points(count: usize) -> Dataset {
    let at = |i: usize, step: f32| ((i as f32 * step).sin() * 7.0).fract();
    let rows: Vec<[f32; 2]> = (0..count).map(|i| [at(i, 1.3), at(i, 2.7)]).collect();
    let labels = rows.iter().map(|[x, y]| u32::from((*x > 0.0) != (*y > 0.0))).collect();
    Dataset::new(2, rows.concat(), labels, 2).unwrap()
}

/// Seven steps an epoch, of which the last has two examples.
fn config(settings: &str) -> Config {
    let common = ["hidden = [6]", "init = \"he\"", "batch_size = 8", "epochs = 4", "lr = 0.05"];
    let key = |line: &str| line.split(" = ").next().unwrap_or_default().to_owned();
    let given: Vec<String> = settings.lines().map(key).collect();
    let usual: Vec<&str> = common.into_iter().filter(|line| !given.contains(&key(line))).collect();
    Config::from_toml(&format!("{}\n{settings}", usual.join("\n"))).unwrap()
}

const DROPOUT: &str =
    "dropout = 0.3\noptimizer = { kind = \"sgd\", momentum = 0.9 }\nschedule = \"cosine\"";

/// Trains, keeping a checkpoint after step `kept` and the parameters after every step.
fn train<T: Real>(config: &Config, folder: &RunFolder, kept: u64) -> Vec<chainrule::Parameters<T>> {
    let parts = DataParts::train(Flat::new(points(50))).validation(Flat::new(points(20)));
    let model = config.model(2, 2).unwrap();
    let mut trainer = Trainer::<T>::new(&model, config, parts).unwrap();
    let mut all = vec![trainer.parameters.clone()];
    trainer
        .run(&mut |event, trainer| {
            match event {
                Advance::Step { .. } => {
                    all.push(trainer.parameters.clone());
                    if all.len() as u64 == kept + 1 {
                        folder.save(&trainer.checkpoint())?;
                    }
                }
                Advance::Epoch { epoch, .. } => folder.add_epoch(epoch)?,
                Advance::Nothing(_) => {}
            }
            Ok(Flow::Continue)
        })
        .unwrap();
    all
}

/// Examples to train on.
fn flat(data: &Dataset) -> DataParts {
    DataParts::train(Flat::new(data.clone()))
}

/// Replays the step `number` and explains it; the parameters before and after.
fn replay<T: Real>(
    config: &Config,
    folder: &RunFolder,
    number: u64,
) -> (chainrule::Parameters<T>, StepExplanation, chainrule::Parameters<T>) {
    let parts = DataParts::train(Flat::new(points(50))).validation(Flat::new(points(20)));
    let model = config.model(2, 2).unwrap();
    let mut trainer = Trainer::<T>::new(&model, config, parts).unwrap();
    trainer.replay(folder, number).unwrap();
    let before = trainer.parameters.clone();
    let names = ["even".to_owned(), "odd".to_owned()];
    let explained = trainer.explain_step(&names, Language::English).unwrap();
    (before, explained, trainer.parameters.clone())
}

#[test]
fn a_replayed_step_has_the_bits_of_the_first_time() {
    for settings in [
        "",
        DROPOUT,
        "layers = [\"affine 6\", \"batch-norm\", \"gelu\", \"affine 2\"]\noptimizer = \"adamw\"\nclip_norm = 0.5",
        "accumulate = 3\noptimizer = \"rmsprop\"\nlr = 0.001",
        "schedule = { kind = \"reduce-on-plateau\", patience = 0 }",
    ] {
        let config = config(settings);
        // No checkpoint, one within the second epoch, and one at its end.
        for kept in [0, 10, 14] {
            let temporary = tempfile::tempdir().unwrap();
            let folder = RunFolder::create(&temporary.path().join("run"), &config, false).unwrap();
            let first = train::<f32>(&config, &folder, kept);
            // From the checkpoint, and from before it.
            for number in [1, 8, 11, 15, 21, 28] {
                let (before, explained, after) = replay::<f32>(&config, &folder, number);
                let at = number as usize;
                assert!(before == first[at - 1], "{settings}: before step {number}, kept {kept}");
                assert!(after == first[at], "{settings}: after step {number}, kept {kept}");
                assert_eq!((explained.step, explained.epoch), (number, (at as u32 - 1) / 7 + 1));
            }
        }
    }
}

fn share(parts: &[UpdatePart], kind: Cause) -> f64 {
    parts.iter().find(|part| part.kind == kind).map_or(0.0, |part| part.share)
}

#[test]
fn parts_and_examples_add_up_to_the_update() {
    let sgd = |more: &str| format!("optimizer = {{ kind = \"sgd\"{more} }}");
    for (settings, kinds) in [
        (String::new(), &[][..]),
        (sgd(", momentum = 0.9"), &[Cause::Momentum]),
        (sgd(", momentum = 0.9, nesterov = true"), &[Cause::Momentum]),
        (sgd(", weight_decay = 0.1"), &[Cause::WeightDecay]),
        ("clip_norm = 0.1".into(), &[Cause::Clipping]),
        ("clip_value = 0.01\nclip_norm = 0.02".into(), &[Cause::Clipping]),
        ("optimizer = \"adam\"\nlr = 0.01".into(), &[Cause::Momentum]),
        (
            "optimizer = \"adamw\"\nclip_norm = 0.1".into(),
            &[Cause::Clipping, Cause::Momentum, Cause::WeightDecay],
        ),
        (
            "optimizer = { kind = \"rmsprop\", momentum = 0.5 }\nlr = 0.01".into(),
            &[Cause::Momentum],
        ),
        ("optimizer = \"adagrad\"".into(), &[]),
        ("accumulate = 2".into(), &[Cause::EarlierBatches]),
        (DROPOUT.into(), &[Cause::Momentum]),
        ("layers = [\"affine 6\", \"batch-norm\", \"tanh\", \"affine 2\"]".into(), &[]),
        ("class_weights = [1.0, 3.0]".into(), &[]),
        ("freeze = [\"affine1.*\"]\nrates = { \"affine2.bias\" = 0.5 }".into(), &[]),
    ] {
        let config = config(&settings);
        let temporary = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(&temporary.path().join("run"), &config, false).unwrap();
        let (_, explained, _) = replay::<f64>(&config, &folder, 13);
        let update = &explained.update;
        for movement in explained.parameters.iter().chain(&explained.layers).chain([update]) {
            let Movement { name, parts, update_norm, .. } = movement;
            let all: f64 = parts.iter().map(|part| part.share).sum();
            assert!((all - 1.0).abs() < 1e-12, "{settings}: {name}: {parts:?}");
            let rounding = parts.iter().find(|part| part.kind == Cause::Rounding);
            let rounding = rounding.map_or(0.0, |part| part.norm);
            assert!(rounding < 1e-12 * update_norm, "{settings}: {name}: {parts:?}");
            for kind in kinds {
                assert!(
                    parts.iter().any(|part| part.kind == *kind),
                    "{settings}: {name}: {kind:?}"
                );
            }
            assert!(parts.len() <= kinds.len() + 2, "{settings}: {name}: {parts:?}");
        }
        let sum = |of: fn(&chainrule_train::StepExample) -> f64| {
            explained.examples.iter().map(of).sum::<f64>()
        };
        assert!((sum(|e| e.loss_share) - 1.0).abs() < 1e-12, "{settings}");
        assert!((sum(|e| e.gradient_share) - 1.0).abs() < 1e-12, "{settings}");
        let of_batch = share(&update.parts, Cause::Batch) + share(&update.parts, Cause::Clipping);
        assert!((sum(|e| e.update_share) - of_batch).abs() < 1e-12, "{settings}");
    }
}

/// In plain gradient descent an example's share is what a step on that example alone would do, along
/// the whole step.
#[test]
fn an_examples_share_is_that_of_its_own_gradient() {
    let config = config("batch_size = 5");
    let data = points(5);
    let model = config.model(2, 2).unwrap();
    let mut trainer = Trainer::<f64>::new(&model, &config, flat(&data)).unwrap();
    let explained = trainer.explain_step(&[], Language::English).unwrap();
    let moved = |data: &Dataset| -> Vec<f64> {
        let mut trainer = Trainer::<f64>::new(&model, &config, flat(data)).unwrap();
        let before = trainer.parameters.clone();
        trainer.explain_step(&[], Language::English).unwrap();
        let pairs = trainer.parameters.iter().zip(before.iter());
        let changes = pairs.map(|((_, new), (_, old))| {
            new.values().iter().zip(old.values()).map(|(a, b)| a - b).collect::<Vec<f64>>()
        });
        changes.flatten().collect()
    };
    let whole = moved(&data);
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for example in &explained.examples {
        let (mut row, mut label) = (vec![0.0; 2], vec![0]);
        data.features(&[example.row], &mut row).unwrap();
        Examples::labels(&data, &[example.row], &mut label).unwrap();
        let alone = moved(&Dataset::new(2, row, label, 2).unwrap());
        let expected = product(&alone, &whole) / 5.0 / product(&whole, &whole);
        assert!((example.update_share - expected).abs() < 1e-12, "{example:?}: {expected}");
        assert!((example.gradient_share - expected).abs() < 1e-12, "{example:?}: {expected}");
    }
}

#[test]
fn a_step_of_a_regression_is_told_in_values() {
    let data = Dataset::regression(1, vec![0.0, 1.0, 2.0, 3.0], vec![1.0, 3.0, 5.0, 7.0]).unwrap();
    let config = Config { batch_size: 2, ..config("hidden = []") };
    let model = config.model(1, 1).unwrap();
    let mut trainer = Trainer::<f32>::new(&model, &config, flat(&data)).unwrap();
    let explained = trainer.explain_step(&[], Language::English).unwrap();
    let row = explained.examples[0].row;
    assert_eq!(explained.examples[0].target, (2 * row + 1).to_string());
}

#[test]
fn what_no_step_can_answer_is_refused_with_the_reason() {
    let plain = config("");
    let temporary = tempfile::tempdir().unwrap();
    let folder = RunFolder::create(&temporary.path().join("run"), &plain, false).unwrap();
    let data = points(50);
    let refused = |config: &Config, number| {
        let model = config.model(2, 2).unwrap();
        let mut trainer = Trainer::<f32>::new(&model, config, flat(&data)).unwrap();
        let error = match trainer.replay(&folder, number) {
            Ok(()) => trainer.explain_step(&[], Language::English).unwrap_err(),
            Err(error) => error,
        };
        error.to_string()
    };
    for number in [0, 29] {
        assert!(refused(&plain, number).contains("from 1 to 28"));
    }
    assert!(refused(&config("optimizer = \"lbfgs\"\nbatch_size = 50"), 1).contains("L-BFGS"));
    let stops = config("validation = 0.1\nearly_stopping = { patience = 1, min_delta = 10.0 }");
    let model = stops.model(2, 2).unwrap();
    let parts = flat(&data).validation(Flat::new(data.clone()));
    let mut trainer = Trainer::<f32>::new(&model, &stops, parts).unwrap();
    let error = trainer.replay(&folder, 20).unwrap_err().to_string();
    assert!(error.contains("early stopping ends the training after step 14"), "{error}");
    std::fs::write(
        temporary.path().join("run/metrics.jsonl"),
        "{\"epoch\": 1, \"train_loss\": 0.5, \"seconds\": 0.1}\n",
    )
    .unwrap();
    assert!(refused(&plain, 9).contains("epoch 1 has the training loss"));
}

#[test]
fn texts_fit_80_columns_in_both_languages() {
    let config = config("optimizer = \"adamw\"\nclip_norm = 0.1\nbatch_size = 20");
    let data = points(50);
    let model = config.model(2, 2).unwrap();
    for (language, parts) in [
        (Language::English, ["10 others", "weight decay", "odd", "affine1.weight"]),
        (Language::Korean, ["나머지 10개", "가중치 감쇠", "odd", "affine1.weight"]),
    ] {
        let mut trainer = Trainer::<f32>::new(&model, &config, flat(&data)).unwrap();
        let names = ["even".to_owned(), "odd".to_owned()];
        let text = trainer.explain_step(&names, language).unwrap().to_text();
        assert!(text.lines().all(|line| chainrule_explain::width(line) <= 80), "{text}");
        for part in parts {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
