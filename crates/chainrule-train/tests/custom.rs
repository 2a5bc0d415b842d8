//! Runs of models that code describes: kept in folders, gone on with, replayed, checked and explained.

use std::fs;
use std::path::{Path, PathBuf};

use chainrule::Var;
use chainrule::nn::{Affine, Cx, Dropout, Field, Init, Module, Network, Sequential, Tanh, Values};
use chainrule::optim::{Adam, AdamW, Rule, Sgd};
use chainrule_train::data::Arrays;
use chainrule_train::{
    Action, Config, CustomTraining, DataParts, Event, Objective, Place, Precision, RunFolder,
    Session, Spread, Start, Trainer, Training, Until, runs,
};

fn numbers(count: usize, step: f32) -> Vec<f32> {
    (0..count).map(|i| ((i as f32 + 1.0) * step).sin()).collect()
}

/// A generator of one number from noise, and a judge of `units` that tells real ones from made ones.
struct Adversaries {
    units: usize,
}

impl Module for Adversaries {
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let layers = |units| {
            let body = Sequential::new().with(Affine::new(units, Init::Xavier)).with(Tanh);
            body.with(Affine::new(1, Init::Xavier))
        };
        let (generator, judge) = (layers(4), layers(self.units));
        let made = cx.call("generator", &generator, x["noise"]).one();
        let judged = |v| cx.shared("judge").call("", &judge, v).one();
        Values::named([("real", judged(x["real"])), ("fake", judged(made))])
    }
}

/// Four steps an epoch, three epochs.
fn config() -> Config {
    Config { batch_size: 8, epochs: 3, checkpoint_every: 1, ..Config::default() }
}

fn adversaries(units: usize) -> Trainer<f32> {
    let data = Arrays::new().real("noise", [1], numbers(30, 1.9)).unwrap();
    let data = data.real("real", [1], numbers(30, 0.7)).unwrap();
    let inputs = [Field::real("noise", [1]), Field::real("real", [1])];
    let model = Network::new(Adversaries { units }, inputs).unwrap();
    Trainer::new(&model, &config(), DataParts::train(data))
        .unwrap()
        .objective(
            Objective::new("judge")
                .loss(|answer, _| {
                    ((-answer["real"]).softplus() + answer["fake"].softplus()).mean(&[])
                })
                .optimizer("judge.*", Adam::default(), 0.02),
        )
        .objective(
            Objective::new("generator")
                .loss(|answer, _| (-answer["fake"]).softplus().mean(&[]))
                .optimizer("generator.*", Adam::default(), 0.01),
        )
}

fn gan() -> CustomTraining<f32> {
    CustomTraining::new("gan", adversaries(5)).unwrap()
}

/// A fresh session, with a callback that changes the training's course.
fn start(path: &Path) -> Session {
    let start = Start::New { path: path.into(), force: false };
    let mut session = Session::start(Box::new(gan()), &start).unwrap();
    session.act(Action::Freeze { parameters: "generator.*".into() }).unwrap();
    session.callback(change);
    session
}

/// Changes the course of a training at some places.
fn change(_: &dyn Training, place: Place, event: &Event) -> chainrule::Result<Option<Action>> {
    Ok(match (event, place) {
        (Event::Step { .. }, Place { epoch: 0, step: 2 }) => {
            Some(Action::Unfreeze { parameters: "generator.affine1.*".into() })
        }
        (Event::Step { .. }, Place { epoch: 1, step: 1 }) => {
            Some(Action::RateOf { parameters: "judge.*".into(), times: 0.5 })
        }
        (Event::Epoch { .. }, Place { epoch: 2, .. }) => Some(Action::Rate { rate: 0.02 }),
        _ => None,
    })
}

fn paths() -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().to_owned();
    (temporary, move |name: &str| path.join(name))
}

#[test]
fn a_run_goes_on_to_the_same_bits_with_what_was_done_to_it() {
    let (_kept, path) = paths();
    let mut whole = start(&path("whole"));
    whole.run(Until::End).unwrap();
    let whole = whole.finish().unwrap();
    // Among them places where something was done.
    for steps in [0, 1, 2, 3, 4, 5, 8, 9, 11] {
        let at = path(&format!("run{steps}"));
        let mut first = start(&at);
        first.run(Until::Step(steps)).unwrap();
        first.finish().unwrap();
        let mut second = Session::open(&at, gan()).unwrap();
        second.callback(change);
        second.run(Until::End).unwrap();
        let second = second.finish().unwrap();
        assert_eq!(second.parameters_sha256, whole.parameters_sha256, "{steps}");
    }
}

#[test]
fn what_was_done_is_seen_in_the_parameters() {
    let (_kept, path) = paths();
    let mut session = start(&path("run"));
    let folder = RunFolder::open(&path("run")).unwrap();
    let fresh = adversaries(5).parameters.clone();
    session.run(Until::Step(3)).unwrap();
    session.run(Until::End).unwrap();
    session.finish().unwrap();
    let last = folder.parameters::<f32>().unwrap();
    let moved = |name: &str| last.get(name).unwrap() != fresh.get(name).unwrap();
    assert!(moved("judge.affine1.weight") && moved("generator.affine1.weight"));
    assert!(!moved("generator.affine2.weight"), "it stays frozen");
}

#[test]
fn a_parameter_that_moves_again_begins_with_zeros_or_what_was_kept() {
    let mut training = gan();
    let act = |training: &mut CustomTraining<f32>, action| training.act(&action).unwrap();
    act(&mut training, Action::Freeze { parameters: "*".into() });
    training.advance().unwrap();
    let before = training.snapshot();
    act(&mut training, Action::Unfreeze { parameters: "judge.*".into() });
    training.advance().unwrap();
    let digest = training.parameters_sha256();
    training.restore(&*before).unwrap();
    act(&mut training, Action::Unfreeze { parameters: "judge.*".into() });
    training.advance().unwrap();
    assert_eq!(training.parameters_sha256(), digest);
    let error = training.act(&Action::Unfreeze { parameters: "jugde.*".into() }).unwrap_err();
    assert!(error.to_string().contains("`jugde.*`"), "{error}");
    let action = Action::RateOf { parameters: "judge.*".into(), times: -1.0 };
    assert!(training.act(&action).unwrap_err().to_string().contains("-1"));
}

#[test]
fn another_model_is_refused_before_anything_is_written() {
    let (_kept, path) = paths();
    let run = path("run");
    let mut session = start(&run);
    session.run(Until::Step(2)).unwrap();
    session.finish().unwrap();
    let files = || {
        let files = fs::read_dir(&run).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> = files.map(|path| (fs::read(&path).unwrap(), path)).collect();
        files.sort_by(|(_, a), (_, b)| a.cmp(b));
        files
    };
    let before = files();
    let told =
        |training: CustomTraining<f32>| Session::open(&run, training).err().unwrap().to_string();
    let error = told(CustomTraining::new("gan", adversaries(6)).unwrap());
    assert!(error.contains("`judge.affine1.weight` is [1, 5] there and [1, 6] here"), "{error}");
    let error = told(CustomTraining::new("other", adversaries(5)).unwrap());
    assert!(error.contains("its name is `gan` there and `other` here"), "{error}");
    let slower = adversaries(5).objective(
        Objective::new("more").loss(|answer, _| answer["real"].square().mean(&[])).optimizer(
            "judge.*",
            Sgd::default(),
            0.5,
        ),
    );
    let error = told(CustomTraining::new("gan", slower).unwrap());
    assert!(
        error.contains("the objectives are") && error.contains("for `judge.*` at 0.5"),
        "{error}"
    );
    assert!(files() == before);
}

#[test]
fn a_run_of_settings_and_one_of_code_are_told_apart() {
    let (_kept, path) = paths();
    let start = Start::New { path: path("run"), force: false };
    let config = Config { epochs: 1, ..Config::for_dataset("iris") };
    let pool = std::sync::Arc::new(chainrule::Pool::new(1));
    let flat = || chainrule_train::flat_training(&config, config.load().unwrap(), &pool).unwrap();
    Session::start(flat(), &start).unwrap().finish().unwrap();
    let error = Session::open(&path("run"), gan()).err().unwrap().to_string();
    assert!(error.contains("a run of a model that settings describe"), "{error}");
    drop(self::start(&path("gan")));
    let resume = Start::Resume(path("gan"));
    let error = Session::start(flat(), &resume).err().unwrap().to_string();
    assert!(error.contains("holds the model `gan`, which is code and not settings"), "{error}");
}

/// A line through three points, with a score that is NaN and one that is infinite.
fn unscored() -> CustomTraining<f64> {
    let data = || Arrays::new().real("x", [1], vec![0.0, 1.0, 2.0]).unwrap();
    let model = Network::new(Affine::new(1, Init::He), [Field::real("x", [1])]).unwrap();
    let config = Config { dtype: Precision::F64, gradient_flow: true, ..config() };
    let trainer = Trainer::new(&model, &config, DataParts::train(data()).test(data())).unwrap();
    let trainer = trainer.loss(|answer, batch| (answer.one() - batch["x"]).square().mean(&[]));
    let trainer = trainer.metric("log", |_, batch| (-batch["x"] - 1.0).ln().mean(&[]));
    let trainer = trainer.metric("inverse", |_, batch| (1.0 / batch["x"]).sum(&[]));
    CustomTraining::new("line", trainer).unwrap()
}

#[test]
fn scores_that_are_no_numbers_are_kept_and_read_again() {
    let (_kept, path) = paths();
    let start = Start::New { path: path("run"), force: false };
    let mut session = Session::start(Box::new(unscored()), &start).unwrap();
    session.control().act(Action::Rate { rate: f64::NAN });
    session.run(Until::Epoch(2)).unwrap();
    let report = session.finish().unwrap();
    assert!(
        report.result.scores["test_log"].is_nan()
            && report.result.scores["test_inverse"].is_infinite()
    );
    let mut session = Session::open(&path("run"), unscored()).unwrap();
    session.run(Until::End).unwrap();
    let report = session.finish().unwrap();
    assert!(report.epochs.len() == 3 && report.epochs[0].scores["test_log"].is_nan());
    let (folder, trained) = (RunFolder::open(&path("run")).unwrap(), Spread::of(&[f64::INFINITY]));
    assert_eq!(folder.all_epochs().unwrap().len(), 3);
    let entry = runs::entry(&path("run")).unwrap();
    assert!(runs::table(&[entry], Some("test_log"), 80).unwrap().contains("NaN"));
    let text = serde_json::to_string(&trained).unwrap();
    assert!(serde_json::from_str::<Spread>(&text).unwrap().mean.is_nan(), "{text}");
}

#[test]
fn the_settings_of_a_run_are_those_of_its_training_that_say_something_of_it() {
    let (_kept, path) = paths();
    let training = || {
        let trainer = adversaries(5).freeze("*.bias");
        CustomTraining::new("gan", trainer).unwrap()
    };
    let start = Start::New { path: path("run"), force: false };
    let mut session = Session::start(Box::new(training()), &start).unwrap();
    session.run(Until::Step(1)).unwrap();
    session.finish().unwrap();
    let text = fs::read_to_string(path("run").join("config.toml")).unwrap();
    assert!(text.contains("freeze = [\"*.bias\"]") && text.contains("batch_size = 8"), "{text}");
    let of_model = ["hidden", "activation", "init", "optimizer", "top_k", "loss"];
    for idle in of_model.into_iter().chain(["dataset", "na = ", "drop", "columns"]) {
        assert!(!text.contains(idle), "{idle}: {text}");
    }
    let told = runs::entry(&path("run")).unwrap().settings;
    assert!(told.contains_key("model") && !told.contains_key("hidden"), "{told:?}");
    Session::open(&path("run"), training()).unwrap().run(Until::End).unwrap();
    let error = Session::open(&path("run"), gan()).err().unwrap().to_string();
    assert!(error.contains("freeze = [\"*.bias\"]"), "{error}");
}

/// A line through some points, with dropout before it.
fn line(
    examples: usize,
    dropout: f64,
    loss: impl for<'g> Fn(Var<'g>) -> Var<'g> + Send + Sync + 'static,
    rule: impl Rule + 'static,
) -> Trainer<f32> {
    let data = Arrays::new().real("x", [2], numbers(2 * examples, 0.7)).unwrap();
    let model =
        Sequential::new().with(Dropout::new(dropout).unwrap()).with(Affine::new(1, Init::He));
    let model = Network::new(model, [Field::real("x", [2])]).unwrap();
    Trainer::<f32>::new(&model, &config(), DataParts::train(data))
        .unwrap()
        .part("fit", 1.0, move |answer, batch| loss(answer.one() - batch["x"].sum_keep(&[1])))
        .optimizer("*", rule, 0.1)
}

fn squared(error: Var<'_>) -> Var<'_> {
    error.square().mean(&[])
}

#[test]
fn another_data_layer_loss_or_optimizer_is_refused_in_a_sentence() {
    let (_kept, path) = paths();
    let (run, custom) = (path("run"), |trainer| CustomTraining::new("line", trainer).unwrap());
    let usual = Adam::default();
    let start = Start::New { path: run.clone(), force: false };
    let mut session =
        Session::start(Box::new(custom(line(30, 0.2, squared, usual))), &start).unwrap();
    session.act(Action::Freeze { parameters: "*.bias".into() }).unwrap();
    session.run(Until::Epoch(1)).unwrap();
    session.finish().unwrap();
    let slow = Adam { beta1: 0.5, ..usual };
    let decays = AdamW { weight_decay: 0.5, ..AdamW::default() };
    let scheduled = |_: f64, _: u64, _: u64| 0.1;
    for (trainer, wanted) in [
        (line(31, 0.2, squared, usual), "30 examples there and 31 here"),
        (line(30, 0.5, squared, usual), "what `loss` computes for a batch is another"),
        (line(30, 0.2, |error| error.abs().mean(&[]), usual), "what `loss` computes for a batch"),
        (line(30, 0.2, squared, slow), "beta1: 0.9"),
        (
            line(30, 0.2, squared, usual).schedule(scheduled),
            "the schedule is in the settings there",
        ),
        (line(30, 0.2, squared, decays), "weight_decay: 0.5"),
    ] {
        let told = CustomTraining::new("line", trainer)
            .and_then(|training| Session::open(&run, training))
            .err()
            .map(|error| error.to_string());
        assert!(told.as_ref().is_some_and(|told| told.contains(wanted)), "{wanted}: {told:?}");
    }
    Session::open(&run, custom(line(30, 0.2, squared, usual))).unwrap();
}

#[test]
fn another_seed_or_size_of_batch_is_told_by_its_name() {
    let (_kept, path) = paths();
    let run = path("run");
    let training = |seed, batch_size| {
        let config = Config { seed, batch_size, ..config() };
        let data = Arrays::new().real("x", [1], vec![0.0, 1.0, 2.0]).unwrap();
        let model = Network::new(Affine::new(1, Init::He), [Field::real("x", [1])]).unwrap();
        let trainer = Trainer::<f32>::new(&model, &config, DataParts::train(data)).unwrap();
        CustomTraining::new("line", trainer.loss(|answer, _| squared(answer.one()))).unwrap()
    };
    let start = Start::New { path: run.clone(), force: false };
    Session::start(Box::new(training(0, 2)), &start).unwrap().finish().unwrap();
    let told = |seed, batch_size| {
        let error = Session::open(&run, training(seed, batch_size)).err().unwrap();
        error.to_string().split_once(" has ").unwrap().1.to_owned()
    };
    let both = |name: &str, there: u64, here: u64| {
        format!("`{name} = {there}`, and cannot go on with `{name} = {here}`: begin a new run")
    };
    assert_eq!(told(1, 2), both("seed", 0, 1));
    assert_eq!(told(0, 3), both("batch_size", 2, 3));
}
