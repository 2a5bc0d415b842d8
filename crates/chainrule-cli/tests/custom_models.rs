//! Runs of models that code describes, as the program sees them.

mod common;

use std::path::Path;

use chainrule::nn::{Affine, Field, Init, Network};
use chainrule::optim::Adam;
use chainrule_train::data::Arrays;
use chainrule_train::{Config, CustomTraining, DataParts, Session, Start, Trainer, Until};
use common::{chainrule, fails, json, text};

/// Keeps a run of the model `line` at `path`.
fn train(path: &Path) {
    let config = Config { batch_size: 2, epochs: 2, ..Config::default() };
    let data = Arrays::new().real("x", [1], vec![0.0, 1.0, 2.0, 3.0]).unwrap();
    let data = data.real("y", [1], vec![1.0, 3.0, 5.0, 7.0]).unwrap();
    let model = Network::new(Affine::new(1, Init::He), [Field::real("x", [1])]).unwrap();
    let parts = DataParts::train(data.clone()).test(data);
    let trainer = Trainer::<f32>::new(&model, &config, parts)
        .unwrap()
        .loss(|answer, batch| (answer.one() - batch["y"]).square().mean(&[]))
        .optimizer("*", Adam::default(), 0.1);
    let training = CustomTraining::new("line", trainer).unwrap();
    let start = Start::New { path: path.into(), force: false };
    let mut session = Session::start(Box::new(training), &start).unwrap();
    session.run(Until::End).unwrap();
    session.finish().unwrap();
}

#[test]
fn are_shown_compared_and_exported_and_not_asked() {
    let temporary = tempfile::tempdir().unwrap();
    let run = temporary.path().join("line-1");
    train(&run);
    let run = text(&run);
    let told = json(&["runs", run, "--json"]);
    let told = &told["runs"][0];
    assert_eq!(
        (&told["settings"]["model"], &told["metrics"]["epochs_done"]),
        (&"line".into(), &2.0.into())
    );
    assert!(told["metrics"]["test_loss"].is_number() && told["settings"]["dataset"].is_null());
    let curves = temporary.path().join("curves.svg");
    chainrule(&["runs", run, "--curves", text(&curves)]);
    let exported = temporary.path().join("line.npz");
    chainrule(&["export", run, "--format", "npz", "--output", text(&exported)]);
    assert!(curves.exists() && exported.exists());
    let sentence =
        "holds the model `line`, which is code and not settings: load it with `Session::open`";
    for call in [
        &["predict", run, "new.csv"][..],
        &["eval", run],
        &["explain", run, "--example", "0"],
        &["explain", run, "--step", "1"],
        &["lint", run],
        &["train", "--resume", run],
    ] {
        fails(call, 1, &[sentence]);
    }
}
