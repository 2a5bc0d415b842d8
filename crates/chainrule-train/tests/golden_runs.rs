//! Runs of every version of the files are read: scored, asked, explained and gone on with.
//!
//! A run in `golden/runs` was stopped after two of its three epochs on the dataset `iris`; pictures and
//! README were left out. That of version 1 was trained by chainrule 0.1.0 before runs had a journal; the
//! ignored test below wrote that of today's version.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule::Pool;
use chainrule_explain::Language;
use chainrule_train::data::Keep;
use chainrule_train::{
    Asked, Config, Event, Run, RunExample, RunFolder, Session, Start, Until, Which, flat_training,
    journal,
};

fn pool() -> Arc<Pool> {
    Arc::new(Pool::new(1))
}

fn golden(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/runs").join(version)
}

/// A copy of a golden run, which is to stay as it is.
fn copy(version: &str) -> (tempfile::TempDir, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("run");
    fs::create_dir(&path).unwrap();
    for file in fs::read_dir(golden(version)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), path.join(file.file_name())).unwrap();
    }
    (temporary, path)
}

/// Reads a run in every way there is; functions may have got other bits since it was trained.
fn is_read(version: &str, accuracy: f64, loss: f64, step_loss: f64) {
    let (_temporary, path) = copy(version);
    let run = Run::open(&path).unwrap();
    let scored =
        serde_json::to_value(run.evaluate(&Asked::HeldOut, Which::Last, &pool()).unwrap()).unwrap();
    assert_eq!(scored["accuracy"], accuracy, "{version}");
    assert!((scored["loss"].as_f64().unwrap() - loss).abs() < 1e-5, "{version}: {scored}");
    assert!(run.evaluate(&Asked::Data("iris:train".into()), Which::Best, &pool()).is_ok());

    let (mut said, pool) = (Vec::new(), pool());
    let oracle = run.oracle(Which::Last, &pool).unwrap();
    let rows = "5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n".as_bytes();
    let rows = oracle.preparation().read_rows(rows, &Keep::None).unwrap();
    oracle
        .answer_all(&*rows.examples, &mut |answers| {
            said.extend_from_slice(answers);
            Ok::<(), chainrule::Error>(())
        })
        .unwrap();
    assert_eq!(said.len(), 2);

    let (_, data) = run.examples(None).unwrap();
    let example = RunExample { data: &*data, named: None, index: 0, which: Which::Last };
    let told = run.explain_example(example, Language::English).unwrap();
    assert_eq!(told.classes, ["setosa", "versicolor", "virginica"]);
    // The second step of the third epoch: the checkpoint leads there.
    let step = run.explain_step(8, Language::English, &pool).unwrap();
    assert_eq!((step.epoch, step.step_of_epoch), (3, 2));
    assert!((step.loss - step_loss).abs() < 1e-5, "{version}: {}", step.loss);
    assert_eq!(run.folder.gradient_flow().unwrap().len(), 3);

    let training = flat_training(&run.config, run.data().unwrap(), &pool).unwrap();
    let start = Start::Resume(path.clone());
    let mut session = Session::start(training, &start).unwrap();
    session.run(Until::End).unwrap();
    let report = session.finish().unwrap();
    assert_eq!((report.outcome.as_str(), report.epochs.len()), ("finished", 3));

    // Whatever it was, it is a run of today's version now.
    let folder = RunFolder::open(&path).unwrap();
    let identity = folder.identity().unwrap();
    assert_eq!((identity.version, identity.data.is_some()), (journal::VERSION, true));
    let records = journal::told_last(folder.journal().unwrap());
    assert_eq!(journal::epochs(&records), folder.all_epochs().unwrap());
    assert!(records.iter().all(|record| record.run == identity.id));
    assert!(matches!(records.last().unwrap().event, Event::Ended { .. }));
    assert!(folder.load::<f32>().unwrap().is_some() && path.join("README.md").exists());
}

#[test]
fn runs_of_version_1_are_read() {
    assert!(!golden("v1").join("run.json").exists());
    is_read("v1", 0.4, 1.035_257, 0.883_607);
}

/// A run of version 1 keeps it in a file alone, and goes on with a journal.
#[test]
fn the_gradient_flow_of_version_1_is_kept_where_it_goes_on() {
    let (_temporary, path) = copy("v1");
    let file = path.join("gradient_flow.jsonl");
    let flow = || RunFolder::open(&path).unwrap().gradient_flow().unwrap();
    let own = flow();
    // Half a line at its end bars nothing.
    let text = fs::read(&file).unwrap();
    fs::write(&file, &text[..text.len() - 20]).unwrap();
    assert_eq!(flow(), own[..2]);
    fs::write(&file, text).unwrap();
    let run = Run::open(&path).unwrap();
    let training = flat_training(&run.config, run.data().unwrap(), &pool()).unwrap();
    let mut session = Session::start(training, &Start::Resume(path.clone())).unwrap();
    session.run(Until::End).unwrap();
    session.finish().unwrap();
    let whole = flow();
    assert_eq!((&whole[..3], whole.len()), (&own[..], 4));
}

#[test]
fn runs_of_version_2_are_read() {
    let identity = RunFolder::open(&golden("v2")).unwrap().identity().cloned().unwrap();
    assert_eq!(identity.version, 2);
    is_read("v2", 0.4, 1.035_257, 0.883_607);
    // The same data gives the same digest, wherever it lies.
    assert_eq!(Config::for_dataset("iris").load().unwrap().sha256, identity.data);
}

#[test]
fn runs_of_a_later_version_are_refused() {
    let (_temporary, path) = copy("v2");
    for (file, message) in [
        ("run.json", "run.json: is of version 3"),
        ("data.json", "data.json: is of version 3"),
        ("events.jsonl", "events.jsonl: is of version 3"),
    ] {
        let text = fs::read_to_string(path.join(file)).unwrap();
        fs::write(path.join(file), text.replace("\"version\":2", "\"version\":3")).unwrap();
        let read = || -> chainrule::Result<()> {
            let run = Run::open(&path)?;
            run.folder.journal().map(|_| ())
        };
        let error = read().unwrap_err().to_string();
        assert!(error.contains(message) && error.contains("later chainrule"), "{error}");
        fs::write(path.join(file), text).unwrap();
    }
}

/// The files whose version `run.json` tells, and what is never read back.
const TOLD_BY_RUN: [&str; 3] = ["config.toml", "metrics.jsonl", "gradient_flow.jsonl"];
const NEVER_READ: [&str; 6] =
    ["README.md", "curves.svg", "curves.png", "confusion.svg", "confusion.png", "run.lock"];

#[test]
fn every_file_of_a_run_has_its_version_told() {
    let (_temporary, path) = copy("v2");
    let config = Config::read(&path.join("config.toml")).unwrap();
    let training = flat_training(&config, config.load().unwrap(), &pool()).unwrap();
    let mut session = Session::start(training, &Start::Resume(path.clone())).unwrap();
    session.run(Until::End).unwrap();
    session.finish().unwrap();
    let [version, later] = [0, 1].map(|more| format!("\"version\":{}", journal::VERSION + more));
    let mut by_run = 0;
    for file in fs::read_dir(&path).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().to_string_lossy().into_owned();
        if TOLD_BY_RUN.contains(&&*name) {
            by_run += 1;
        } else if !NEVER_READ.contains(&&*name) && !name.starts_with("events.out.tfevents.") {
            let text = String::from_utf8_lossy(&fs::read(file.path()).unwrap()).replace('\\', "");
            assert!(text.contains(&version), "{name} tells no version");
        }
    }
    assert_eq!(by_run, TOLD_BY_RUN.len());
    // A later version is known before any of them is read, whatever it has made of them.
    for name in TOLD_BY_RUN {
        fs::write(path.join(name), "of another format").unwrap();
    }
    let text = fs::read_to_string(path.join("run.json")).unwrap();
    fs::write(path.join("run.json"), text.replace(&version, &later)).unwrap();
    let error = Run::open(&path).unwrap_err().to_string();
    assert!(
        error.contains(&format!("run.json: is of version {}", journal::VERSION + 1)),
        "{error}"
    );
}

#[test]
#[ignore = "writes the golden run of today's version"]
fn the_golden_run_of_today() {
    let path = golden(&format!("v{}", journal::VERSION));
    let config = Config::read(&golden("v1").join("config.toml")).unwrap();
    let training = flat_training(&config, config.load().unwrap(), &pool()).unwrap();
    let start = Start::New { path: path.clone(), force: true };
    let mut session = Session::start(training, &start).unwrap();
    session.run(Until::Epoch(2)).unwrap();
    session.finish().unwrap();
    for product in NEVER_READ {
        fs::remove_file(path.join(product)).unwrap();
    }
}
