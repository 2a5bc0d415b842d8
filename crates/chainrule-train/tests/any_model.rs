//! Trainings of models of any shape: several inputs, targets, losses, optimizers and objectives.

mod models;

use chainrule::nn::{Affine, Cx, Field, Init, Module, Network, Sequential, Tanh, Values};
use chainrule::optim::{Adam, AdamW};
use chainrule_explain::Language;
use chainrule_train::data::{Arrays, Dataset, Flat};
use chainrule_train::{Advance, Config, DataParts, Flow, Objective, RunFolder, Trainer};
use models::{adversaries, house, house_trainer, houses, noise};

#[test]
fn several_inputs_targets_losses_and_optimizers() {
    let config = Config { batch_size: 30, epochs: 60, ..Config::default() };
    let model = house();
    let mut trainer = house_trainer(&model, &config);
    trainer.watch("body/affine1").unwrap();
    let mut first = None;
    trainer
        .run(&mut |event, trainer| {
            if let Advance::Step { loss, losses, .. } = event {
                assert!((losses["price"] + 0.3 * losses["dear"] - loss).abs() < 1e-6);
                first.get_or_insert(*loss);
                let hidden = trainer.watched("body/affine1")?.unwrap();
                assert_eq!(hidden.gradient.shape().dims(), [30, 16]);
            }
            Ok(Flow::Continue)
        })
        .unwrap();
    let last = trainer.epochs.last().unwrap();
    assert!(last.scores["test_right"] > 0.9, "{:?}", last.scores);
    assert!(last.train_loss < 0.2 * first.unwrap());
    let sum = last.scores["train_loss_price"] + 0.3 * last.scores["train_loss_dear"];
    assert!((sum - last.train_loss).abs() < 1e-6);
    // Adam keeps a mean and a square for each parameter of the body, and a count.
    assert_eq!(trainer.states[0].iter().count(), 2 * 2 + 1);
}

#[test]
fn a_checkpoint_of_any_model_resumes_to_the_same_bits() {
    let config = Config { batch_size: 30, epochs: 3, ..Config::default() };
    let (model, temporary) = (house(), tempfile::tempdir().unwrap());
    let folder = RunFolder::create(&temporary.path().join("run"), &config, false).unwrap();
    let mut whole = house_trainer(&model, &config);
    whole.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    let mut first = house_trainer(&model, &config);
    (0..17).for_each(|_| drop(first.advance().unwrap()));
    first.epochs.iter().try_for_each(|epoch| folder.add_epoch(epoch)).unwrap();
    folder.save(&first.checkpoint()).unwrap();
    let mut second = house_trainer(&model, &config);
    second.restore(folder.load().unwrap().unwrap()).unwrap();
    second.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    assert!(second.parameters == whole.parameters && second.states == whole.states);
}

/// A recurrent network over time: outputs `[batch, time, 2]`.
struct Parity;

impl Module for Parity {
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let x = x["tokens"];
        let [batch, time] = [x.size(0), x.size(1)];
        let embedding = cx.param("embedding", [2, 8], Init::Normal { deviation: 0.5 });
        let cell = Sequential::new().with(Affine::new(16, Init::Xavier)).with(Tanh);
        let mut state = cx.graph().constant(0.0).broadcast_to([batch, 16]);
        let mut states = Vec::new();
        for at in 0..time {
            let token = embedding.gather(0, x.index(1, at as isize));
            state = cx.shared("cell").call("", &cell, state.concat(1, &[token])).one();
            states.push(state);
        }
        cx.call("head", &Affine::new(2, Init::Xavier), states[0].stack(1, &states[1..]))
    }
}

#[test]
fn sequences_with_a_mask() {
    let (rows, time) = (256, 6);
    let tokens: Vec<u32> = noise(rows * time, 2.1).iter().map(|x| u32::from(*x > 0.0)).collect();
    let odd = tokens.chunks(time).flat_map(|row| {
        row.iter().scan(0, |sum, token| {
            *sum += token;
            Some(*sum % 2)
        })
    });
    let odd: Vec<u32> = odd.collect();
    let mask = (0..rows * time).map(|i| f32::from(u8::from(i % time < 3 + i / time % 4)));
    let data = Arrays::new().labels("tokens", [time], 2, tokens).unwrap();
    let data = data.labels("odd", [time], 2, odd).unwrap();
    let data = data.mask("mask", [time], mask.collect()).unwrap();
    let model = Network::new(Parity, [Field::labels("tokens", [time], 2)]).unwrap();
    assert_eq!(model.outputs()[0].shape().dims(), [time, 2]);
    let config = Config { batch_size: 32, epochs: 60, lr: 0.01, ..Config::default() };
    let mut trainer =
        Trainer::<f32>::new(&model, &config, DataParts::train(data.clone()).test(data))
            .unwrap()
            .loss(|answer, batch| {
                let each =
                    -answer.one().log_softmax().take_along_axis(2, batch["odd"].unsqueeze(2));
                (each.squeeze(2) * batch["mask"]).sum(&[]) / batch["mask"].sum(&[])
            })
            .optimizer("*", Adam::default(), 0.01)
            .metric("right", |answer, batch| {
                let right = answer.one().argmax(2).equal(batch["odd"]);
                (right * batch["mask"]).sum(&[]) / batch["mask"].sum(&[])
            });
    trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    let right = trainer.epochs.last().unwrap().scores["test_right"];
    assert!(right > 0.95, "{right}");
}

#[test]
fn adversaries_take_turns_and_keep_their_own_counts() {
    let mut trainer = adversaries(40);
    let before = trainer.parameters.clone();
    let moved = |trainer: &Trainer<f32>, name: &str| {
        trainer.parameters.get(name).unwrap() != before.get(name).unwrap()
    };
    assert!(matches!(trainer.advance().unwrap(), Advance::Step { .. }));
    // The judge alone: the generator has its turn at every second step.
    assert!(moved(&trainer, "judge.affine1.weight"));
    assert!(!moved(&trainer, "generator.affine1.weight"));
    trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    let count = |objective: usize| {
        let state = &trainer.states[objective];
        state.iter().find(|(key, _)| key.of.is_none()).unwrap().1.values()[0]
    };
    assert_eq!([count(0), count(1)], [40.0, 20.0]);
    let names = |objective: usize| -> Vec<String> {
        let of = trainer.states[objective].iter().filter_map(|(key, _)| key.of.clone());
        of.map(|name| name.split('.').next().unwrap_or_default().to_owned()).collect()
    };
    assert!(names(0).iter().all(|name| name == "judge"));
    assert!(names(1).iter().all(|name| name == "generator"));
    let scores = &trainer.epochs.last().unwrap().scores;
    assert!(scores.contains_key("train_loss_judge") && scores["train_loss_generator"] > 0.0);
}

#[test]
fn two_objectives_resume_to_the_same_bits() {
    let temporary = tempfile::tempdir().unwrap();
    let mut whole = adversaries(9);
    whole.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    let mut first = adversaries(9);
    let folder = RunFolder::create(&temporary.path().join("run"), &first.config, false).unwrap();
    (0..9).for_each(|_| drop(first.advance().unwrap()));
    first.epochs.iter().try_for_each(|epoch| folder.add_epoch(epoch)).unwrap();
    folder.save(&first.checkpoint()).unwrap();
    let mut second = adversaries(9);
    second.restore(folder.load().unwrap().unwrap()).unwrap();
    second.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    assert!(second.parameters == whole.parameters && second.states == whole.states);
}

#[test]
fn what_is_missing_is_told_by_its_name() {
    let (model, config) = (house(), Config::default());
    let new = |data: Arrays| Trainer::<f32>::new(&model, &config, DataParts::train(data));
    let told = |trainer: chainrule::Result<Trainer<f32>>| match trainer {
        Ok(mut trainer) => trainer.advance().unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    let area = || Arrays::new().real("area", [2], noise(8, 1.0)).unwrap();
    let error = told(new(area().labels("town", [], 3, vec![0; 4]).unwrap()));
    assert!(error.contains("`city`") && error.contains("area, town"), "{error}");
    let error = told(new(area().labels("city", [], 3, vec![0; 4]).unwrap()));
    assert!(
        error.contains("the model takes `area` [batch, 1], but the data has `area` [batch, 2]")
    );
    let error = told(new(houses(8)));
    assert!(error.contains("the training has no loss"), "{error}");
    let loss = |trainer: Trainer<f32>| trainer.loss(|answer, _| answer["price"].mean(&[]));
    let error = told(new(houses(8)).map(|t| loss(t).optimizer("bodi.*", Adam::default(), 0.1)));
    assert!(error.contains("`bodi.*`"), "{error}");
    let error = told(new(houses(8)).map(|t| loss(t).optimizer("body.*", Adam::default(), 0.1)));
    assert!(error.contains("no optimizer moves `city`"), "{error}");
    let error = told(new(houses(8)).map(|t| t.loss(|answer, _| answer["prise"].mean(&[]))));
    assert!(error.contains("`prise`; did you mean `price`?"), "{error}");
    assert!(error.contains("any_model.rs"), "{error}");
}

#[test]
fn a_loss_that_is_added_later_counts_from_then_on() {
    let config = Config { batch_size: 30, ..Config::default() };
    let parts = DataParts::train(houses(300));
    let mut trainer = Trainer::<f32>::new(&house(), &config, parts)
        .unwrap()
        .loss(|answer, batch| answer["price"].mean_squared_error(batch["price"]));
    let loss = |trainer: &mut Trainer<f32>| match trainer.advance().unwrap() {
        Advance::Step { loss, .. } => loss,
        other => panic!("{other:?}"),
    };
    let price = loss(&mut trainer);
    let mut trainer = trainer.part("far", 1.0, |answer, _| answer["price"].mean(&[]) * 0.0 + 100.0);
    let both = loss(&mut trainer);
    assert!(price < 50.0 && both > 100.0, "{price}, {both}");
    let before = trainer.parameters.get("city").unwrap().clone();
    let mut trainer = trainer.freeze("city");
    loss(&mut trainer);
    assert_eq!(trainer.parameters.get("city").unwrap(), &before);
    let mut trainer = trainer.freeze("citi");
    let error = trainer.advance().unwrap_err().to_string();
    assert!(error.contains("citi") && error.contains("did you mean `city`?"), "{error}");
}

#[test]
fn what_no_loss_reaches_is_left_as_it_is() {
    for accumulate in [1, 3] {
        let config = Config { batch_size: 30, accumulate, ..Config::default() };
        let parts = DataParts::train(houses(300));
        let mut trainer = Trainer::<f32>::new(&house(), &config, parts)
            .unwrap()
            .loss(|answer, batch| answer["price"].mean_squared_error(batch["price"]))
            .optimizer("*", AdamW::default(), 0.01);
        let fresh = trainer.parameters.clone();
        let moved = |trainer: &Trainer<f32>| -> Vec<String> {
            let is_other =
                |name: &&str| trainer.parameters.get(name).unwrap() != fresh.get(name).unwrap();
            fresh.iter().map(|(name, _)| name).filter(is_other).map(String::from).collect()
        };
        (0..5).for_each(|_| drop(trainer.advance().unwrap()));
        let step = trainer.explain_step(&[], Language::English).unwrap();
        let dear = step.parameters.iter().find(|movement| movement.name == "dear.weight").unwrap();
        assert!(dear.parts.is_empty() && dear.update_norm == 0.0, "{dear:?}");
        let names = moved(&trainer);
        assert!(names.iter().any(|name| name == "price.weight"), "{names:?}");
        assert!(!names.iter().any(|name| name.starts_with("dear")), "{names:?}");
        // Once a loss reaches it, it is trained, from the state of the beginning.
        let mut trainer = trainer.loss(|answer, _| answer["dear"].square().mean(&[]));
        (0..3).for_each(|_| drop(trainer.advance().unwrap()));
        assert!(moved(&trainer).iter().any(|name| name == "dear.weight"));
        let mut resumed = trainer.checkpoint();
        resumed.epochs.clear();
        trainer.restore(resumed).unwrap();
    }
}

#[test]
fn a_training_goes_on_in_another_thread() {
    let rows = Dataset::new(1, vec![0.0, 1.0, 2.0], vec![0, 1, 1], 2).unwrap();
    let config = Config { epochs: 2, ..Config::default() };
    let parts = DataParts::train(Flat::new(rows));
    let mut trainer = Trainer::<f32>::new(&config.model(1, 2).unwrap(), &config, parts).unwrap();
    trainer.advance().unwrap();
    let there = std::thread::spawn(move || {
        trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
        trainer.epochs.len()
    });
    assert_eq!(there.join().unwrap(), 2);
}

#[test]
fn what_is_asked_before_there_is_a_loss_is_an_error() {
    let (model, config) = (house(), Config::default());
    let new = || Trainer::<f32>::new(&model, &config, DataParts::train(houses(8))).unwrap();
    for trainer in [new(), new().objective(Objective::new("none"))] {
        for error in [trainer.plan().unwrap_err(), trainer.profile().unwrap_err()] {
            assert!(error.to_string().contains("has no loss"), "{error}");
        }
    }
}
