//! The files of a run are of one training: those of another run, of another step, or altered, are refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule::Pool;
use chainrule::optim::Schedule;
use chainrule_train::{
    Asked, ClassRule, ClassWeights, Config, DataPart, MayChange, Report, Run, RunFolder, Session,
    Start, Until, Which, flat_training, runs,
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
    let files = ["model.safetensors", "optimizer.safetensors"];
    let read = || files.map(|file| fs::read(path.join(file)).unwrap());
    let before = read();
    let mut session = session(&config(), &Start::Resume(path.clone())).unwrap();
    session.run(Until::Epoch(2)).unwrap();
    session.finish().unwrap();
    let after = read();
    let told = [
        "of epoch 1, step 0, and not epoch 2, step 0",
        "of epoch 2, step 0, and not epoch 1, step 0",
    ];
    for (((file, before), after), told) in files.iter().zip(before).zip(after).zip(told) {
        fs::write(path.join(file), before).unwrap();
        let error = resumed(&path).unwrap_err().to_string();
        assert!(error.contains(told), "{file}: {error}");
        fs::write(path.join(file), after).unwrap();
    }
    assert!(resumed(&path).is_ok());
}

#[test]
fn an_earlier_checkpoint_than_the_journal_tells_of_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 1);
    let files = ["model.safetensors", "optimizer.safetensors"].map(|file| path.join(file));
    let before = files.each_ref().map(|file| fs::read(file).unwrap());
    assert!(resumed(&path).is_ok());
    let after = files.each_ref().map(|file| fs::read(file).unwrap());
    files.iter().zip(before).for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
    let told = "is of epoch 1, step 0, but events.jsonl tells of a checkpoint of epoch 4, step 0";
    let folder = RunFolder::open(&path).unwrap();
    let last = folder.chosen::<f32>(Which::Last).unwrap_err();
    for error in [resumed(&path).unwrap_err(), last] {
        assert!(error.to_string().contains(told), "{error}");
    }
    files.iter().zip(after).for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
    assert_eq!(folder.chosen::<f32>(Which::Last).unwrap().epoch, 4);
}

#[test]
fn more_epochs_are_known_to_who_resumes_it_again() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 4);
    let longer = Config { epochs: 9, ..config() };
    let mut first = session(&longer, &Start::Resume(path.clone())).unwrap();
    first.run(Until::Epoch(6)).unwrap();
    // As if it were killed here.
    drop(first);
    assert_eq!(Run::open(&path).unwrap().config.epochs, 9);
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

/// Without it nothing would be checked, and a new one would name another run.
#[test]
fn a_run_without_its_identity_is_refused_before_anything_is_written() {
    let (_temporary, [one, other]) = two();
    let identity = fs::read(one.join("run.json")).unwrap();
    fs::remove_file(one.join("run.json")).unwrap();
    let refused = |errors: [chainrule::Error; 2], file: &str| {
        for error in errors.map(|error| error.to_string()) {
            let named = format!("{file} is of the run");
            assert!(error.contains("run.json: is missing") && error.contains(&named), "{error}");
        }
        assert!(!one.join("run.json").exists());
    };
    let both = || [Run::open(&one).unwrap_err(), resumed(&one).unwrap_err()];
    let mut taken = Vec::new();
    for file in ["events.jsonl", "data.json", "scores.json", "model.safetensors"] {
        refused(both(), file);
        taken.push((file, fs::read(one.join(file)).unwrap()));
        fs::remove_file(one.join(file)).unwrap();
    }
    fs::copy(other.join("model.safetensors"), one.join("model.safetensors")).unwrap();
    refused(both(), "model.safetensors");
    taken.iter().for_each(|(file, bytes)| fs::write(one.join(file), bytes).unwrap());
    fs::write(one.join("run.json"), identity).unwrap();
    assert!(resumed(&one).is_ok());
}

#[test]
fn files_that_tell_no_run_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 2);
    for file in ["data.json", "scores.json"] {
        let own = fs::read_to_string(path.join(file)).unwrap();
        let (_, rest) = own.split_once("\"sha256\":\"").unwrap();
        let (_, rest) = rest.split_once(',').unwrap();
        for head in ["{\"version\":2,", "{"] {
            fs::write(path.join(file), format!("{head}{rest}")).unwrap();
            let read = || -> chainrule::Result<()> {
                let run = Run::open(&path)?;
                run.folder.final_scores().map(|_| ())
            };
            let error = read().unwrap_err().to_string();
            let told = format!("{file}: does not tell of which run it is");
            assert!(error.contains(&told), "{error}");
        }
        fs::write(path.join(file), own).unwrap();
    }
    // A checkpoint as a folder without an identity keeps it.
    let checkpoint = RunFolder::open(&path).unwrap().load::<f32>().unwrap().unwrap();
    let nameless = temporary.path().join("nameless");
    RunFolder::create(&nameless, &config(), false).unwrap().save(&checkpoint).unwrap();
    for file in ["model.safetensors", "optimizer.safetensors"] {
        let own = fs::read(path.join(file)).unwrap();
        fs::copy(nameless.join(file), path.join(file)).unwrap();
        let error = resumed(&path).unwrap_err().to_string();
        assert!(error.contains(&format!("{file}: does not tell of which run")), "{error}");
        fs::write(path.join(file), own).unwrap();
    }
    assert!(resumed(&path).is_ok());
}

#[test]
fn the_epochs_are_those_of_the_run_whatever_the_file_of_metrics_tells() {
    let (_temporary, [one, other]) = two();
    let epochs = RunFolder::open(&one).unwrap().all_epochs().unwrap();
    assert_eq!(epochs.len(), 2);
    resumed(&other).unwrap();
    fs::copy(other.join("metrics.jsonl"), one.join("metrics.jsonl")).unwrap();
    let folder = RunFolder::open(&one).unwrap();
    assert_eq!(folder.all_epochs().unwrap(), epochs);
    assert_eq!(chainrule_train::runs::entry(&one).unwrap().epochs, epochs);
    // Nor is it what tells them where the journal is gone.
    fs::remove_file(one.join("events.jsonl")).unwrap();
    assert_eq!(RunFolder::open(&one).unwrap().all_epochs().unwrap(), []);
    let error = resumed(&one).unwrap_err().to_string();
    assert!(error.contains("events.jsonl: tells of 0 epochs"), "{error}");
}

#[test]
fn the_gradient_flow_is_that_of_the_run_whatever_its_file_tells() {
    let temporary = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| temporary.path().join(name));
    let own = Config { gradient_flow: true, ..config() };
    stopped(&one, &own, 2);
    stopped(&other, &Config { seed: 1, ..own.clone() }, 2);
    let flow = || RunFolder::open(&one).unwrap().gradient_flow().unwrap();
    let (told, file) = (flow(), one.join("gradient_flow.jsonl"));
    assert_eq!(told.len(), 3);
    let text = fs::read(&file).unwrap();
    // Another run's, half a line at its end, and none.
    let another = fs::read(other.join("gradient_flow.jsonl")).unwrap();
    for left in [Some(another), Some(text[..text.len() - 20].to_vec()), None] {
        match left {
            Some(left) => fs::write(&file, left).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        assert_eq!(flow(), told);
        drop(session(&own, &Start::Resume(one.clone())).unwrap());
        assert_eq!(fs::read(&file).unwrap(), text, "made again, for other programs");
    }
}

#[test]
fn best_parameters_that_are_gone_or_of_an_earlier_epoch_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    let config = Config { validation: Some(0.2), ..config() };
    stopped(&path, &config, 1);
    let earlier = fs::read(path.join("best.safetensors")).unwrap();
    let mut session = session(&config, &Start::Resume(path.clone())).unwrap();
    session.run(Until::End).unwrap();
    session.finish().unwrap();
    let folder = RunFolder::open(&path).unwrap();
    let chosen = |which| folder.chosen::<f32>(which);
    let own = chosen(Which::Best).unwrap();
    assert!(own.epoch > 1 && own.best_of == Some(4), "{}", own.epoch);
    let file = path.join("best.safetensors");
    let bytes = fs::read(&file).unwrap();
    for (left, told) in [(None, "is missing, but epoch"), (Some(earlier), "is of epoch 1, but")] {
        fs::remove_file(&file).unwrap();
        left.iter().for_each(|left| fs::write(&file, left).unwrap());
        let error = chosen(Which::Best).unwrap_err().to_string();
        assert!(error.contains(&format!("best.safetensors: {told}")), "{error}");
        assert!(error.contains(&own.epoch.to_string()) && error.contains("--last"), "{error}");
        assert_eq!(chosen(Which::Last).unwrap().epoch, 4);
        // Before anything is trained.
        let start = Start::Resume(path.clone());
        let longer = Config { epochs: 6, ..config.clone() };
        let begun = self::session(&longer, &start).map(|_| ());
        let error = begun.unwrap_err().to_string();
        assert!(error.contains(told) && !error.contains("--last"), "{error}");
        fs::write(&file, &bytes).unwrap();
    }
    fs::write(&file, b"{}").unwrap();
    let begun = self::session(&config, &Start::Resume(path.clone())).map(|_| ());
    let error = begun.unwrap_err().to_string();
    assert!(error.contains("best.safetensors: is no checkpoint"), "{error}");
    fs::write(&file, &bytes).unwrap();
    assert_eq!(chosen(Which::Best).unwrap(), own);
}

/// As it stands between the first file that somebody removes and the folder itself.
#[test]
fn a_folder_that_is_being_removed_gets_no_new_files() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    let mut session = session(&config(), &Start::New { path: path.clone(), force: false }).unwrap();
    session.run(Until::Epoch(1)).unwrap();
    let epoch = session.training().epochs()[0].clone();
    let folder = session.folder().clone();
    // The saver may be at its last file.
    while fs::remove_dir_all(&path).is_err() {}
    fs::create_dir(&path).unwrap();
    let product = folder.write_product("README.md", b"text");
    for error in [product.unwrap_err(), folder.add_epoch(&epoch).unwrap_err()] {
        assert!(error.to_string().contains("was removed"), "{error}");
    }
    assert!(session.finish().is_err());
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
}

/// Writes another line in place of one of the run's settings.
fn edit(path: &Path, line: &str, other: &str) {
    let file = path.join("config.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(line), "{text}");
    fs::write(file, text.replace(line, other)).unwrap();
}

#[test]
fn settings_edited_by_hand_are_refused_unless_they_change_no_step() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 2);
    for (line, other) in [
        ("activation = \"relu\"", "activation = \"tanh\""),
        ("batch_size = 32", "batch_size = 16"),
        ("lr = 0.002", "lr = 0.02"),
        ("dtype = \"f32\"", "dtype = \"f64\""),
        ("seed = 0", "seed = 1"),
    ] {
        edit(&path, line, other);
        let edited = RunFolder::open(&path).unwrap().config().unwrap();
        let resumed = session(&edited, &Start::Resume(path.clone())).err().unwrap();
        for error in [Run::open(&path).unwrap_err(), resumed].map(|error| error.to_string()) {
            assert!(error.contains("config.toml: has"), "{error}");
            assert!(error.contains(line) && error.contains(other), "{error}");
        }
        edit(&path, other, line);
    }
    edit(&path, "epochs = 4", "epochs = 3");
    edit(&path, "checkpoint_every = 2", "checkpoint_every = 1");
    let edited = Run::open(&path).unwrap().config;
    let mut session = session(&edited, &Start::Resume(path.clone())).unwrap();
    session.run(Until::End).unwrap();
    assert_eq!(session.finish().unwrap().epochs.len(), 3);
}

#[test]
fn a_change_that_is_asked_for_is_told_and_bounds_the_replay() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    let whole = stopped(&temporary.path().join("whole"), &config(), 4);
    stopped(&path, &config(), 2);
    let changed = Config { lr: 0.02, ..RunFolder::open(&path).unwrap().config().unwrap() };
    let change = Start::Change { path: path.clone(), what: MayChange::Settings };
    let mut training = session(&changed, &change).unwrap();
    training.run(Until::Epoch(3)).unwrap();
    training.finish().unwrap();
    let run = Run::open(&path).unwrap();
    assert_eq!(run.config.lr, 0.02);
    let changes = &run.folder.identity().unwrap().changes;
    let [change] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(change.what, ["`lr = 0.02` in place of `lr = 0.002`"]);
    assert_eq!((change.place.epoch, change.place.step), (2, 0));
    // It goes on by itself from here, to other bits than those of the run without the change.
    let mut training = session(&run.config, &Start::Resume(path.clone())).unwrap();
    training.run(Until::End).unwrap();
    assert_ne!(training.finish().unwrap().parameters_sha256, whole.parameters_sha256);
    let pool = Arc::new(Pool::new(1));
    let explained = run.explain_step(1, chainrule_explain::Language::English, &pool);
    let error = explained.unwrap_err().to_string();
    assert!(error.contains("went on with `lr = 0.02`") && error.contains("after step"), "{error}");
}

/// The training of a run that was stopped, with other settings from here on.
fn changed(path: &Path, config: &Config) -> Session {
    let start = Start::Change { path: path.into(), what: MayChange::Settings };
    session(config, &start).unwrap()
}

#[test]
fn rows_that_another_split_holds_out_may_have_been_learnt_from() {
    let temporary = tempfile::tempdir().unwrap();
    let paths = ["clean", "mixed"].map(|name| temporary.path().join(name));
    let own = Config { validation: Some(0.2), ..config() };
    paths.iter().for_each(|path| _ = stopped(path, &own, 2));
    let [clean, mixed] = &paths;
    assert!(mixed.join("best.safetensors").exists());
    let best = fs::read(mixed.join("best.safetensors")).unwrap();

    let mut training = changed(mixed, &Config { seed: 7, ..own.clone() });
    let identity = training.folder().identity().unwrap();
    assert_eq!(identity.learnt(), [DataPart::Validation]);
    assert!(identity.changes[0].best_anew);
    // What was best was so on other rows.
    assert!(!mixed.join("best.safetensors").exists());
    assert_eq!(training.training().best(), None);
    training.run(Until::End).unwrap();
    let report = training.finish().unwrap();
    let told = DataPart::Validation.told_learnt();
    assert!(report.result.warnings.contains(&told), "{:?}", report.result.warnings);
    assert!(report.result.best > Some(2), "{:?}", report.result.best);
    let lines = report.result.lines().concat();
    assert!(lines.contains("best of 2 epochs"), "{lines}");
    let readme = fs::read_to_string(mixed.join("README.md")).unwrap();
    assert!(readme.contains(&told), "{readme}");

    let pool = Arc::new(Pool::new(1));
    let score = |path: &Path, part| {
        Run::open(path).unwrap().evaluate(&Asked::Part(part), Which::Best, &pool).unwrap()
    };
    let scored = score(mixed, DataPart::Validation);
    assert_eq!((scored.notes.as_slice(), scored.best_of), ([told].as_slice(), Some(2)));
    assert_eq!(scored.epoch, report.result.best.unwrap());
    assert!(score(mixed, DataPart::Test).notes.is_empty());
    assert!(score(clean, DataPart::Validation).notes.is_empty());

    // One split by the same seed from the beginning is not ranked beside it.
    let fair = temporary.path().join("fair");
    stopped(&fair, &Config { seed: 7, ..own }, 4);
    let entries = [mixed, &fair].map(|path| runs::entry(path).unwrap());
    let groups = runs::groups(&entries, None).unwrap();
    assert_eq!(groups.iter().map(|group| group.learnt).collect::<Vec<_>>(), [true, false]);
    assert!(groups[0].heading().contains("learnt from"), "{}", groups[0].heading());

    // The best from before the change is not taken for that from after it.
    fs::write(mixed.join("best.safetensors"), best).unwrap();
    let asked = Asked::Part(DataPart::Validation);
    let error = Run::open(mixed).unwrap().evaluate(&asked, Which::Best, &pool).unwrap_err();
    assert!(error.to_string().contains("best.safetensors"), "{error}");
}

#[test]
fn a_best_epoch_outlives_changes_of_steps_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let own = Config { validation: Some(0.2), ..config() };
    for (name, change, stays) in [
        ("rate", Config { lr: 0.001, ..own.clone() }, true),
        (
            "weights",
            Config { class_weights: ClassWeights::Rule(ClassRule::Balanced), ..own.clone() },
            false,
        ),
        ("activation", Config { activation: chainrule::nn::Tanh, ..own.clone() }, false),
    ] {
        let path = temporary.path().join(name);
        stopped(&path, &own, 2);
        let training = changed(&path, &change);
        assert_eq!(training.training().best().is_some(), stays, "{name}");
        assert_eq!(path.join("best.safetensors").exists(), stays, "{name}");
        assert!(training.folder().identity().unwrap().learnt().is_empty(), "{name}");
    }
}

#[test]
fn steps_before_a_change_are_counted_as_they_were() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    // Of 120 rows: 4 steps an epoch, then 8 of two kinds.
    stopped(&path, &config(), 1);
    let mut training = changed(&path, &Config { batch_size: 16, ..config() });
    training.run(Until::Step(4 + 8 + 3)).unwrap();
    assert_eq!(training.training().place().step, 3);
    assert_eq!(training.finish().unwrap().steps, 4 + 8 + 3);
    let pool = Arc::new(Pool::new(1));
    let explained = |step| {
        Run::open(&path).unwrap().explain_step(step, chainrule_explain::Language::English, &pool)
    };
    assert_eq!(explained(4 + 8 + 4).unwrap().step, 4 + 8 + 4);
    assert!(explained(4 + 3 * 8 + 1).unwrap_err().to_string().contains("28"));
    let mut training = changed(&path, &Config { batch_size: 15, ..config() });
    training.run(Until::End).unwrap();
    assert_eq!(training.finish().unwrap().steps, 4 + 3 * 8);
    let folder = RunFolder::open(&path).unwrap();
    let steps: Vec<u64> =
        folder.identity().unwrap().changes.iter().map(|change| change.steps).collect();
    assert_eq!(steps, [4, 4 + 8 + 3]);
}

#[test]
fn epochs_change_steps_where_a_schedule_runs_over_them() {
    let temporary = tempfile::tempdir().unwrap();
    for (schedule, schedule_epochs, changes) in [
        (Schedule::Constant, None, 0),
        (Schedule::Cosine { min: 0.0 }, None, 1),
        (Schedule::Cosine { min: 0.0 }, Some(9), 0),
    ] {
        let path = temporary.path().join(format!("{schedule_epochs:?}{changes}"));
        let own = Config { schedule, schedule_epochs, ..config() };
        stopped(&path, &own, 2);
        let training = session(&Config { epochs: 6, ..own }, &Start::Resume(path)).unwrap();
        let identity = training.folder().identity().unwrap();
        assert_eq!(identity.changes.len(), changes, "{identity:?}");
        assert_eq!(training.change(), identity.changes.last());
    }
}

#[test]
fn a_change_before_the_first_step_bars_no_replay() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 0);
    let mut training = changed(&path, &Config { lr: 0.02, ..config() });
    training.run(Until::Epoch(2)).unwrap();
    training.finish().unwrap();
    let pool = Arc::new(Pool::new(1));
    let run = Run::open(&path).unwrap();
    let explained = run.explain_step(3, chainrule_explain::Language::English, &pool).unwrap();
    assert_eq!((explained.step, explained.learning_rate), (3, 0.02));
}

#[test]
fn changed_settings_that_change_no_step_are_kept_too() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    stopped(&path, &config(), 1);
    let training = changed(&path, &Config { top_k: 2, checkpoint_every: 5, ..config() });
    assert!(training.change().is_none());
    let kept = training.folder().config().unwrap();
    assert_eq!((kept.top_k, kept.checkpoint_every), (2, 5));
}
