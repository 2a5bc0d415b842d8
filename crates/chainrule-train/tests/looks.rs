//! What can be asked of the training of any model: gradient checks, explanations, flows.

mod models;

use chainrule::check::Settings;
use chainrule::nn::{Affine, Dropout, Field, Init, Network, Sequential, Tanh};
use chainrule::optim::{Adam, Sgd};
use chainrule::{Error, Var};
use chainrule_train::data::Arrays;
use chainrule_train::{Config, DataParts, Trainer};
use models::{adversaries, house, house_trainer, noise};

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
    let wrong = masked(|y| (y * 0.0).sqrt()).check_gradients(4, &Settings::default()).unwrap();
    assert!(!wrong[0].1.passed, "{wrong:?}");
}
