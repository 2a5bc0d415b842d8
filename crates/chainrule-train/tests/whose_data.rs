//! Whose data and whose model: the digest of a training's data is of the bytes that it read, and no model is taken
//! of another step or of a copy of the run that went on otherwise.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chainrule::Pool;
use chainrule_train::data::{DataSource, Loaded};
use chainrule_train::{
    Config, Folds, MayChange, RunFolder, Session, Start, Until, Which, flat_training, runs,
};
use tempfile::tempdir;

fn source(path: &Path) -> DataSource {
    DataSource {
        path: path.display().to_string(),
        raw: true,
        validation: Some(0.0),
        task: Some(chainrule_train::data::Task::Regress),
        ..DataSource::default()
    }
}

fn load(path: &Path) -> chainrule::Result<Loaded> {
    source(path).load(&|_| unreachable!())
}

fn values(loaded: &Loaded) -> Vec<f32> {
    let all: Vec<u32> = (0..loaded.train.len() as u32).collect();
    let mut values = vec![0.0; all.len()];
    loaded.train.values(&all, &mut values).unwrap();
    values
}

#[test]
fn the_digest_is_of_the_bytes_that_were_read() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rows = |value: &str| -> String {
        let rows = (0..40_000).map(|row| format!("{},{value}\n", row % 1000));
        format!("a,y\n{}", rows.collect::<String>())
    };
    let (before, after) = (rows("0.25"), rows("0.75"));
    let known = [(0.25, &before), (0.75, &after)].map(|(value, text)| {
        let copy = path(&format!("{value}.csv"));
        fs::write(&copy, text).unwrap();
        let start = Instant::now();
        (value, load(&copy).unwrap().sha256, start.elapsed())
    });
    let file = path("t.csv");
    for twentieth in [1, 2, 3, 5, 8] {
        fs::write(&file, &before).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let loaded = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(known[0].2 * twentieth / 20);
                // In place: whoever reads has some of both.
                let mut file = File::options().write(true).open(&file).unwrap();
                after.as_bytes().chunks(4096).for_each(|part| file.write_all(part).unwrap());
            });
            load(&file)
        });
        match loaded {
            Ok(loaded) => {
                let values = values(&loaded);
                let first = values[0];
                assert!(values.iter().all(|value| *value == first), "rows of both files");
                let (_, sha256, _) = known.iter().find(|(value, ..)| *value == first).unwrap();
                assert_eq!(
                    loaded.sha256, *sha256,
                    "the digest of other rows, after {twentieth}/20"
                );
            }
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains("t.csv: has changed while it was read"), "{error}");
            }
        }
    }
}

#[test]
fn folds_of_data_that_changes_in_between_are_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let rows = |add: u32| -> String {
        let row = |row: u32| format!("{},{}\n", row % 7, (row + add) % 5);
        format!("a,y\n{}", (0..60).map(row).collect::<String>())
    };
    fs::write(&file, rows(0)).unwrap();
    let dataset = file.display().to_string();
    let task = Some(chainrule_train::data::Task::Regress);
    let config = Config {
        folds: Some(3),
        epochs: 2,
        hidden: vec![2],
        task,
        ..Config::for_dataset(&dataset)
    };
    let pool = Arc::new(Pool::new(1));
    let plain = |source: &DataSource| source.load(&|_| unreachable!());
    assert!(Folds::train(&config, &plain, &pool, &mut |_, _| true).is_ok());
    let changing = |source: &DataSource| {
        if source.fold.is_some_and(|fold| fold.number == 2) {
            fs::write(&file, rows(1)).unwrap();
        }
        plain(source)
    };
    let error = Folds::train(&config, &changing, &pool, &mut |_, _| true).unwrap_err().to_string();
    assert!(error.contains("t.csv: has changed since it was first read"), "{error}");
}

#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_has_the_digest_of_a_file() {
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let text = "a,größe\n1,0.5\n2,1.5\n3,2.5\n";
    let wide = text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let blanks = text.replace(',', "   ").into_bytes();
    for (number, bytes) in [text.as_bytes().to_vec(), wide, blanks].into_iter().enumerate() {
        let (file, fifo) = (path(&format!("{number}.csv")), path(&format!("fifo-{number}")));
        fs::write(&file, &bytes).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let piped = |source: DataSource| {
            std::thread::scope(|scope| {
                scope.spawn(|| fs::write(&fifo, &bytes).unwrap());
                source.load(&|_| unreachable!()).unwrap().sha256
            })
        };
        let wanted = load(&file).unwrap().sha256;
        assert!(wanted.is_some());
        assert_eq!(piped(source(&fifo)), wanted, "{number}");
        let with_test =
            |train: &Path, test: &Path| DataSource { test: Some(test.into()), ..source(train) };
        let wanted = with_test(&file, &file).load(&|_| unreachable!()).unwrap().sha256;
        assert_eq!(piped(with_test(&fifo, &file)), wanted, "{number}");
        assert_eq!(piped(with_test(&file, &fifo)), wanted, "{number}");
    }
}

fn config(dataset: &str) -> Config {
    Config { hidden: vec![4], epochs: 4, ..Config::for_dataset(dataset) }
}

/// Trains up to an epoch.
fn train(config: &Config, start: &Start, epoch: u32) {
    let training = flat_training(config, config.load().unwrap(), &Arc::new(Pool::new(1))).unwrap();
    let mut session = Session::start(training, start).unwrap();
    session.run(Until::Epoch(epoch)).unwrap();
    session.finish().unwrap();
}

fn new(path: &Path) -> Start {
    Start::New { path: path.into(), force: false }
}

#[test]
fn a_model_of_another_step_is_not_taken_for_the_last() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("run");
    let file = |name: &str| path.join(name);
    train(&config("iris"), &new(&path), 1);
    let earlier = fs::read(file("model.safetensors")).unwrap();
    train(&config("iris"), &Start::Resume(path.clone()), 4);
    let own = fs::read(file("model.safetensors")).unwrap();
    let run = RunFolder::open(&path).unwrap();
    let chosen = |which| run.chosen::<f32>(which);
    let last = chosen(Which::Last).unwrap();
    assert_eq!((last.epoch, run.parameters::<f32>().unwrap()), (4, last.parameters.clone()));

    fs::write(file("model.safetensors"), &earlier).unwrap();
    for error in [
        chosen(Which::Best).unwrap_err(),
        chosen(Which::Last).unwrap_err(),
        run.parameters::<f32>().unwrap_err(),
        run.load::<f32>().unwrap_err(),
    ] {
        let error = error.to_string();
        let told = "of epoch 1, step 0, and not epoch 4, step 0";
        assert!(
            error.contains("model.safetensors: is of another") && error.contains(told),
            "{error}"
        );
    }
    // As a kill leaves it before the last file takes its name.
    fs::write(file("model.safetensors.next"), &own).unwrap();
    assert_eq!(chosen(Which::Last).unwrap(), last);
    assert_eq!(run.load::<f32>().unwrap().unwrap().parameters, last.parameters);
    fs::remove_file(file("model.safetensors.next")).unwrap();
    // Without an optimizer there is a model and no word of another.
    fs::remove_file(file("optimizer.safetensors")).unwrap();
    assert_eq!(chosen(Which::Last).unwrap().epoch, 1);
}

#[test]
fn the_best_and_the_last_model_of_an_earlier_epoch_are_not_taken_together() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("run");
    let config = Config { validation: Some(0.2), ..config("iris") };
    train(&config, &new(&path), 1);
    let names = ["model.safetensors", "best.safetensors"];
    let earlier = names.map(|name| fs::read(path.join(name)).unwrap());
    train(&config, &Start::Resume(path.clone()), 4);
    let run = RunFolder::open(&path).unwrap();
    assert!(run.chosen::<f32>(Which::Best).unwrap().epoch > 1);
    names.iter().zip(earlier).for_each(|(name, bytes)| fs::write(path.join(name), bytes).unwrap());
    let error = run.chosen::<f32>(Which::Best).unwrap_err().to_string();
    assert!(error.contains("best.safetensors: is of epoch 1, but epoch"), "{error}");
}

#[test]
fn whoever_reads_while_a_training_writes_finds_a_checkpoint() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("run");
    let config = Config { validation: Some(0.2), epochs: 400, ..config("iris") };
    train(&config, &new(&path), 1);
    std::thread::scope(|scope| {
        let training = scope.spawn(|| train(&config, &Start::Resume(path.clone()), 400));
        let mut readings = 0;
        while !training.is_finished() {
            let run = RunFolder::open(&path).unwrap();
            for which in [Which::Best, Which::Last] {
                run.chosen::<f32>(which).unwrap();
            }
            run.load::<f32>().unwrap().unwrap();
            readings += 1;
        }
        assert!(readings > 10, "{readings} readings");
    });
}

/// A copy of a run's folder.
fn copied(from: &Path, to: PathBuf) -> PathBuf {
    fs::create_dir(&to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    to
}

#[test]
fn a_checkpoint_of_a_copy_that_went_on_otherwise_is_refused() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("t.csv");
    let write = |add: u32| {
        let row = |row: u32| format!("{},{}\n", row % 7, (row % 7 + add) % 5);
        fs::write(&file, format!("a,y\n{}", (0..60).map(row).collect::<String>())).unwrap();
    };
    let task = Some(chainrule_train::data::Task::Classify);
    let own = Config { task, ..config(&file.display().to_string()) };
    write(0);
    let path = folder.path().join("own");
    train(&own, &new(&path), 2);
    let names = ["model.safetensors", "optimizer.safetensors"];
    let before = names.map(|name| fs::read(path.join(name)).unwrap());
    let told = fs::read(path.join("events.jsonl")).unwrap();
    let [first, second, slower] =
        ["first", "second", "slower"].map(|name| copied(&path, folder.path().join(name)));
    let change = |path: &Path, what: MayChange| Start::Change { path: path.into(), what };
    train(&Config { lr: 0.5, ..own.clone() }, &change(&slower, MayChange::Settings), 4);
    write(1);
    train(&own, &change(&first, MayChange::Data), 4);
    write(2);
    train(&own, &change(&second, MayChange::Data), 4);

    let refused = |from: &Path, to: &Path, why: &str| {
        names.iter().for_each(|name| _ = fs::copy(from.join(name), to.join(name)).unwrap());
        let run = RunFolder::open(to).unwrap();
        let model = run.chosen::<f32>(Which::Last).unwrap_err().to_string();
        for error in [model, run.load::<f32>().unwrap_err().to_string()] {
            let told = format!("safetensors: was trained {why} than run.json tells");
            assert!(error.contains(&told), "{error}");
        }
    };
    refused(&first, &path, "after other changes");
    refused(&slower, &path, "after other changes");
    refused(&second, &first, "on other data");
    refused(&slower, &second, "after other changes");
    // One from before the change is of the training, as a kill may leave it with a journal that tells no later one.
    names.iter().zip(&before).for_each(|(name, bytes)| fs::write(first.join(name), bytes).unwrap());
    fs::write(first.join("events.jsonl"), told).unwrap();
    assert_eq!(RunFolder::open(&first).unwrap().load::<f32>().unwrap().unwrap().progress.epoch, 2);
}

#[test]
fn a_run_whose_settings_were_edited_is_not_compared() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("run");
    train(&config("iris"), &new(&path), 1);
    assert!(runs::entry(&path).is_ok());
    let file = path.join("config.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("dtype = \"f32\"", "dtype = \"f64\"")).unwrap();
    let error = runs::entry(&path).err().unwrap().to_string();
    assert!(error.contains("config.toml: has `dtype = \"f64\"`"), "{error}");
}
