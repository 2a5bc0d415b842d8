//! What can be asked of the training of any model: gradient checks, explanations, flows.

mod models;

use chainrule::check::Settings;
use chainrule::nn::{Affine, Dropout, Field, Init, Network, Sequential, Sigmoid, Tanh};
use chainrule::optim::{Adam, Sgd};
use chainrule::{Error, Var};
use chainrule_explain::Language;
use chainrule_train::data::Arrays;
use chainrule_train::lint::Finding;
use chainrule_train::{
    Advance, Cause, Config, DataParts, Flow, FlowRecorder, RunFolder, StepExplanation, Trainer,
};
use models::{adversaries, house, house_trainer, houses, noise};

#[test]
fn gradients_of_every_objective_agree_with_central_differences() {
    let config = Config { batch_size: 30, ..Config::default() };
    let mut trainer = house_trainer(&house(), &config);
    (0..3).for_each(|_| drop(trainer.advance().unwrap()));
    let reports = trainer.check_gradients(5, &Settings::default()).unwrap();
    let [(name, report)] = &reports[..] else { panic!("one objective") };
    assert!(name == "loss" && report.passed, "{report:?}");
    let named = |report: &chainrule::check::Report| -> Vec<String> {
        report.parameters.iter().map(|parameter| parameter.name.clone()).collect()
    };
    assert_eq!(named(report).len(), 7);
    assert!(report.parameters.iter().any(|p| p.name == "city" && p.checked == 12));

    // A profile takes batches of its own too, wherever the training stands.
    assert!(trainer.profile().unwrap().is_some());

    let trainer = adversaries(4);
    let settings = Settings { elements: Some(3), ..Settings::default() };
    let reports = trainer.check_gradients(8, &settings).unwrap();
    let names: Vec<&str> = reports.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["judge", "generator"]);
    for (name, report) in &reports {
        assert!(report.passed && report.parameters.len() == 4, "{report:?}");
        assert!(named(report).iter().all(|parameter| parameter.starts_with(name.as_str())));
        assert!(report.parameters.iter().all(|p| p.checked <= 3 && p.worst.is_some()));
    }
    // What is frozen has no gradient to check.
    let reports = adversaries(4).freeze("judge.*").check_gradients(8, &settings).unwrap();
    assert_eq!(reports[0].0, "generator");
    let error = trainer.check_gradients(65, &settings).unwrap_err();
    assert!(matches!(error, Error::Setting { .. }) && error.to_string().contains("64"), "{error}");
}

/// A training with masks, of a loss of its own.
fn masked(loss: impl for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync + 'static) -> Trainer<f64> {
    let layers = Sequential::new().with(Affine::new(6, Init::He)).with(Tanh);
    let layers = layers.with(Dropout { rate: 0.5 }).with(Affine::new(1, Init::He));
    let model = Network::new(layers, [Field::real("x", [3])]).unwrap();
    let data = Arrays::new().real("x", [3], noise(60, 1.7)).unwrap();
    Trainer::new(&model, &Config::default(), DataParts::train(data))
        .unwrap()
        .loss(move |answer, _| loss(answer.one()).mean(&[]))
        .optimizer("affine1.*", Adam::default(), 0.01)
        .optimizer("*", Sgd::default(), 0.01)
}

#[test]
fn masks_stay_while_gradients_are_checked_and_wrong_gradients_are_found() {
    let right = masked(|y| y.square()).check_gradients(4, &Settings::default()).unwrap();
    assert!(right[0].1.passed, "{right:?}");
    // The gradient of a root at 0 is infinite.
    let wrong = masked(|y| (y - y).sqrt()).check_gradients(4, &Settings::default()).unwrap();
    assert!(!wrong[0].1.passed, "{wrong:?}");
}

#[test]
fn the_gradient_flow_of_any_model_goes_by_paths() {
    let mut trainer = house_trainer(&house(), &Config { batch_size: 30, ..Config::default() });
    let flow = FlowRecorder::new(&trainer).unwrap().record(&trainer).unwrap();
    let layers: Vec<(&str, usize)> =
        flow.layers.iter().map(|layer| (layer.name.as_str(), layer.parameters.len())).collect();
    assert_eq!(layers, [("body/affine1", 2), ("body/relu1", 0), ("price", 2), ("dear", 2)]);
    assert!(flow.layers[1].dead.is_some() && flow.layers.iter().all(|l| l.gradient.rms > 0.0));
    // The one element of this bias, by central differences on the same examples.
    let bias = flow.layers[2].parameters.iter().find(|p| p.name == "price.bias").unwrap();
    let reports = trainer.check_gradients(flow.examples, &Settings::default()).unwrap();
    let of = reports[0].1.parameters.iter().find(|p| p.name == "price.bias").unwrap();
    let difference = of.worst.as_ref().unwrap().difference.abs();
    assert!((bias.gradient.norm - difference).abs() < 1e-6 * difference, "{bias:?}, {difference}");
    trainer.advance().unwrap();

    let trainer = adversaries(4);
    let flow = FlowRecorder::new(&trainer).unwrap().record(&trainer).unwrap();
    // Those of the judge, whose turn is every step.
    let moved = |layer: &chainrule_train::LayerFlow| !layer.parameters.is_empty();
    let names: Vec<&str> =
        flow.layers.iter().filter(|layer| moved(layer)).map(|l| l.name.as_str()).collect();
    assert_eq!(names, ["judge/affine1", "judge/affine2"]);
}

fn of<'f>(findings: &'f [Finding], check: &str) -> Vec<&'f Finding> {
    findings.iter().filter(|finding| finding.check == check).collect()
}

#[test]
fn what_goes_wrong_is_found_in_any_training() {
    let config = Config { batch_size: 30, ..Config::default() };
    let findings = house_trainer(&house(), &config).lint(Language::English).unwrap();
    let [inputs] = of(&findings, "inputs")[..] else { panic!("{findings:?}") };
    assert!(!inputs.warning && inputs.message.contains("`area`"), "{inputs:?}");
    let [classes] = of(&findings, "classes")[..] else { panic!("{findings:?}") };
    assert!(classes.message.contains("`dear`"), "{classes:?}");
    // Adam's rate has no such limit; that of the rest is plain gradient descent's.
    let [rate] = of(&findings, "learning-rate")[..] else { panic!("{findings:?}") };
    assert!(!rate.warning && rate.message.starts_with("loss, `*`: "), "{rate:?}");
    for check in ["leak", "softmax", "idle-units", "gradient-flow", "no-gradient"] {
        assert!(of(&findings, check).iter().any(|finding| !finding.warning), "{check}");
    }
    assert!(adversaries(4).lint(Language::Korean).unwrap().iter().all(|f| !f.warning));

    let parts = DataParts::train(houses(300));
    let alone = Trainer::<f32>::new(&house(), &config, parts)
        .unwrap()
        .loss(|answer, batch| answer["price"].mean_squared_error(batch["price"]))
        .optimizer("*", Sgd::default(), 1e4);
    let findings = alone.lint(Language::English).unwrap();
    assert!(of(&findings, "learning-rate")[0].warning, "{findings:?}");
    let left = of(&findings, "no-gradient")[0];
    let names = "`dear.weight`, `dear.bias`";
    assert!(left.warning && left.message.contains(names), "{left:?}");
    let findings = alone.freeze("dear.*").lint(Language::English).unwrap();
    assert!(!of(&findings, "no-gradient")[0].warning, "{findings:?}");

    let layer = || Sequential::new().with(Affine::new(20, Init::He)).with(Sigmoid);
    let deep = (0..8).fold(Sequential::new(), |deep, _| deep.with(layer()));
    let model = Network::new(deep, [Field::real("x", [3])]).unwrap();
    let data = Arrays::new().real("x", [3], noise(60, 1.7)).unwrap();
    let trainer = Trainer::<f32>::new(&model, &config, DataParts::train(data))
        .unwrap()
        .loss(|answer, _| answer.one().square().mean(&[]));
    let findings = trainer.lint(Language::English).unwrap();
    assert!(of(&findings, "gradient-flow")[0].warning, "{findings:?}");
}

/// That the parts of an explained step add up to its update.
fn adds_up(step: &StepExplanation) {
    for movement in step.parameters.iter().chain(&step.layers).chain([&step.update]) {
        let all: f64 = movement.parts.iter().map(|part| part.share).sum();
        assert!((all - 1.0).abs() < 1e-9, "{movement:?}");
        let rounding = movement.parts.iter().find(|part| part.kind == Cause::Rounding);
        let rounding = rounding.map_or(0.0, |part| part.norm);
        assert!(rounding < 1e-4 * movement.update_norm, "{movement:?}");
    }
}

#[test]
fn a_step_on_named_data_is_replayed_to_the_bit_and_explained() {
    let config = Config { batch_size: 70, epochs: 3, ..Config::default() };
    let (model, temporary) = (house(), tempfile::tempdir().unwrap());
    let folder = RunFolder::create(&temporary.path().join("run"), &config, false).unwrap();
    let mut first = house_trainer(&model, &config);
    let mut all = vec![first.parameters.clone()];
    first
        .run(&mut |event, trainer| {
            match event {
                Advance::Step { .. } => all.push(trainer.parameters.clone()),
                Advance::Epoch { epoch, .. } => folder.add_epoch(epoch)?,
                Advance::Nothing(_) => {}
            }
            Ok(Flow::Continue)
        })
        .unwrap();
    // Five steps an epoch, the last of twenty examples.
    for number in [1, 7, 10] {
        let mut again = house_trainer(&model, &config);
        again.replay(&folder, number as u64).unwrap();
        assert!(again.parameters == all[number - 1]);
        let step = again.explain_step(&[], Language::English).unwrap();
        assert!(again.parameters == all[number]);
        adds_up(&step);
        let size = if number == 10 { 20 } else { 70 };
        assert_eq!((step.step, step.batch_size, step.examples.len()), (number as u64, size, 0));
        let text = step.to_text();
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("the {size} examples of its batch")), "{text}");
        assert!(!text.contains("shares of the loss") && text.contains("body.affine1.weight"));
        let momentum = |name: &str| {
            let of = step.parameters.iter().find(|movement| movement.name == name).unwrap();
            of.parts.iter().any(|part| part.kind == Cause::Momentum)
        };
        // The body's Adam has a running mean after its first step; the rest is plain descent.
        assert_eq!([momentum("body.affine1.weight"), momentum("city")], [number > 1, false]);
    }
}

#[test]
fn a_turn_of_one_of_several_objectives_is_explained() {
    let mut undisturbed = adversaries(9);
    undisturbed.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    let mut trainer = adversaries(9);
    let before = trainer.parameters.clone();
    let error = trainer.explain_objective("generator", &[], Language::English).unwrap_err();
    assert!(error.to_string().contains("no turn in step 1: it takes one at every 2 steps"));
    let error = trainer.explain_objective("juge", &[], Language::English).unwrap_err();
    assert!(error.to_string().contains("did you mean `judge`?"), "{error}");
    assert!(trainer.parameters == before && trainer.progress.step == 0);
    let judged = trainer.explain_step(&[], Language::English).unwrap();
    adds_up(&judged);
    assert_eq!(judged.objective.as_deref(), Some("judge"));
    assert!(judged.parameters.iter().all(|movement| movement.name.starts_with("judge.")));
    let error = trainer.explain_step(&[], Language::English).unwrap_err().to_string();
    assert!(error.contains("the epoch has no step left"), "{error}");
    trainer.advance().unwrap();

    let before = trainer.parameters.clone();
    let made = trainer.explain_objective("generator", &[], Language::Korean).unwrap();
    adds_up(&made);
    assert_eq!((made.step, made.parameters.len()), (2, 4));
    assert!(made.to_text().contains("`generator`"));
    let Advance::Epoch { epoch, .. } = trainer.advance().unwrap() else { panic!("an epoch's end") };
    assert_eq!(epoch.scores["train_loss_generator"], made.loss);
    // The generator moves in its own turn alone.
    let weight = "generator.affine1.weight";
    let pair = [&before, &trainer.parameters].map(|p| p.get(weight).unwrap().values().to_vec());
    let moved = pair[0].iter().zip(&pair[1]).map(|(old, new)| f64::from(new - old).powi(2));
    let norm = made.parameters.iter().find(|p| p.name == weight).unwrap().update_norm;
    assert!((moved.sum::<f64>().sqrt() - norm).abs() < 1e-6 * norm);
    trainer.run(&mut |_, _| Ok(Flow::Continue)).unwrap();
    assert!(trainer.parameters == undisturbed.parameters && trainer.states == undisturbed.states);
    assert_eq!(trainer.epochs[1].scores, undisturbed.epochs[1].scores);
}
