//! The files of a run are of one training: those of another run, of another step, or altered, are refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule::Pool;
use chainrule_train::{
    Config, Report, Run, RunFolder, Session, Start, Until, Which, flat_training,
};
use tempfile::TempDir;

fn config() -> Config {
    Config { hidden: vec![4], epochs: 4, checkpoint_every: 2, ..Config::for_dataset("iris") }
}

fn session(config: &Config, start: &Start) -> chainrule::Result<Session> {
    let training = flat_training(config, config.load().unwrap(), &Arc::new(Pool::new(1)))?;
    Session::start(training, start)
}

/// A run that was stopped after so many epochs.
fn stopped(path: &Path, config: &Config, epochs: u32) -> Report {
    let start = Start::New { path: path.into(), force: false };
    let mut session = session(config, &start).unwrap();
    session.run(Until::Epoch(epochs)).unwrap();
    session.finish().unwrap()
}

fn resumed(path: &Path) -> chainrule::Result<Report> {
    let mut session = session(&config(), &Start::Resume(path.into()))?;
    session.run(Until::End)?;
    session.finish()
}

/// Two runs of the same settings, stopped at the same place.
fn two() -> (TempDir, [PathBuf; 2]) {
    let temporary = tempfile::tempdir().unwrap();
    let paths = ["one", "other"].map(|name| temporary.path().join(name));
    paths.iter().for_each(|path| _ = stopped(path, &config(), 2));
    (temporary, paths)
}

#[test]
fn files_of_another_run_are_refused() {
    let (_temporary, [one, other]) = two();
    let ids = [&one, &other].map(|path| {
        let folder = RunFolder::open(path).unwrap();
        folder.identity().unwrap().id[..8].to_owned()
    });
    for file in ["model.safetensors", "optimizer.safetensors", "events.jsonl", "data.json"] {
        let own = fs::read(one.join(file)).unwrap();
        fs::copy(other.join(file), one.join(file)).unwrap();
        let error = resumed(&one).unwrap_err().to_string();
        assert!(error.contains(file) && ids.iter().all(|id| error.contains(id)), "{error}");
        fs::write(one.join(file), own).unwrap();
    }
    for file in ["model.safetensors", "data.json", "scores.json", "run.json"] {
        let own = fs::read(one.join(file)).unwrap();
        fs::copy(other.join(file), one.join(file)).unwrap();
        let read = || -> chainrule::Result<()> {
            let run = Run::open(&one)?;
            run.folder.final_scores()?;
            run.folder.chosen::<f32>(Which::Best).map(|_| ())
        };
        let error = read().unwrap_err().to_string();
        assert!(ids.iter().all(|id| error.contains(id)), "{file}: {error}");
        fs::write(one.join(file), own).unwrap();
    }
    assert_eq!(resumed(&one).unwrap().outcome, "finished");
}

#[test]
fn files_of_another_step_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 1);
    let before = fs::read(path.join("optimizer.safetensors")).unwrap();
    let mut session = session(&config(), &Start::Resume(path.clone())).unwrap();
    session.run(Until::Epoch(2)).unwrap();
    session.finish().unwrap();
    let after = fs::read(path.join("optimizer.safetensors")).unwrap();
    fs::write(path.join("optimizer.safetensors"), before).unwrap();
    let error = resumed(&path).unwrap_err().to_string();
    assert!(error.contains("of epoch 2, step 0, and not epoch 1, step 0"), "{error}");
    fs::write(path.join("optimizer.safetensors"), after).unwrap();
    assert!(resumed(&path).is_ok());
}

#[test]
fn a_model_that_its_optimizer_is_not_of_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 2);
    // The same run and step, but another model.
    let folder = RunFolder::open(&path).unwrap();
    let mut checkpoint = folder.load::<f32>().unwrap().unwrap();
    let own = fs::read(path.join("optimizer.safetensors")).unwrap();
    let name = checkpoint.parameters.iter().next().unwrap().0.to_owned();
    let half = checkpoint.parameters.get(&name).unwrap().map(|x| x * 0.5);
    checkpoint.parameters.insert(&name, half);
    folder.save(&checkpoint).unwrap();
    fs::write(path.join("optimizer.safetensors"), own).unwrap();
    let error = resumed(&path).unwrap_err().to_string();
    assert!(error.contains("model.safetensors: is not the model"), "{error}");
}

#[test]
fn a_preparation_that_is_altered_or_gone_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 2);
    let file = path.join("data.json");
    let text = fs::read_to_string(&file).unwrap();
    let at = text.find("\"mean\":5").unwrap() + 7;
    fs::write(&file, format!("{}6{}", &text[..at], &text[at + 1..])).unwrap();
    let errors = [Run::open(&path).unwrap_err(), resumed(&path).unwrap_err()];
    for error in errors.map(|error| error.to_string()) {
        assert!(error.contains("data.json: the digest does not fit"), "{error}");
    }
    fs::remove_file(&file).unwrap();
    let error = resumed(&path).unwrap_err().to_string();
    assert!(error.contains("data.json: is missing"), "{error}");
    fs::write(&file, text).unwrap();
    assert!(resumed(&path).is_ok());
}
