//! Trainings that code describes, killed between steps and within them: they go on to the same bits.

#![cfg(unix)]

mod models;

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chainrule::Result;
use chainrule::nn::{Field, Network};
use chainrule::optim::{Adam, Sgd};
use chainrule_train::data::{Arrays, Data};
use chainrule_train::{
    Action, Checkpoint, Config, CustomTraining, DataParts, Event, Objective, Place, RunFolder,
    Session, Start, Trainer, Training, Until,
};
use models::{Adversaries, noise};

/// Where the process that is killed keeps its run, and after how many events or fills of a field it is.
const RUN: &str = "CHAINRULE_KILLED_RUN";
const EVENTS: &str = "CHAINRULE_KILLED_EVENTS";
const FILLS: &str = "CHAINRULE_KILLED_FILLS";

/// Counts, and kills this very process when its number is reached: at once, so that a checkpoint may be half
/// written, or once it has had the time to be.
struct Killer {
    at: Option<u64>,
    count: AtomicU64,
}

impl Killer {
    fn from(name: &str) -> Self {
        let at = std::env::var(name).ok().map(|at| at.parse().unwrap());
        Self { at, count: AtomicU64::new(0) }
    }

    fn count(&self) {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        if Some(count) == self.at {
            std::thread::sleep(Duration::from_millis(if count.is_multiple_of(2) { 50 } else { 0 }));
            let me = std::process::id().to_string();
            Command::new("kill").args(["-KILL", &me]).status().unwrap();
            std::thread::sleep(Duration::from_secs(60));
        }
    }
}

/// Examples that are counted as they are read: twice in a judge's turn, once in a generator's.
struct Counted {
    arrays: Arrays,
    killer: Killer,
}

impl Data for Counted {
    fn len(&self) -> usize {
        self.arrays.len()
    }
    fn fields(&self) -> Vec<Field> {
        self.arrays.fields()
    }
    fn reals(&self, field: &str, examples: &[u32], values: &mut [f32]) -> Result<()> {
        self.killer.count();
        self.arrays.reals(field, examples, values)
    }
}

/// Ten steps an epoch, the last of a single example.
fn config() -> Config {
    Config { batch_size: 7, epochs: 5, checkpoint_every: 1, ..Config::default() }
}

fn training() -> CustomTraining<f32> {
    let arrays = Arrays::new().real("noise", [1], noise(64, 1.9)).unwrap();
    let arrays = arrays.real("real", [1], noise(64, 0.7)).unwrap();
    let data = Counted { arrays, killer: Killer::from(FILLS) };
    let inputs = [Field::real("noise", [1]), Field::real("real", [1])];
    let model = Network::new(Adversaries, inputs).unwrap();
    let judge = Objective::new("judge")
        .loss(|answer, _| ((-answer["real"]).softplus() + answer["fake"].softplus()).mean(&[]))
        .optimizer("judge.*", Adam::default(), 0.02);
    let generator = Objective::new("generator")
        .loss(|answer, _| (-answer["fake"]).softplus().mean(&[]))
        .optimizer("generator.*", Sgd { momentum: 0.9, ..Sgd::default() }, 0.02)
        .every(2);
    let trainer = Trainer::new(&model, &config(), DataParts::train(data)).unwrap();
    let trainer = trainer.objective(judge).objective(generator);
    CustomTraining::new("adversaries", trainer).unwrap()
}

/// Changes the course of a training at some places.
fn change(_: &dyn Training, place: Place, event: &Event) -> Result<Option<Action>> {
    Ok(match (event, place) {
        (Event::Step { .. }, Place { epoch: 0, step: 3 }) => {
            Some(Action::RateOf { parameters: "generator.*".into(), times: 0.5 })
        }
        (Event::Epoch { .. }, Place { epoch: 1, .. }) => {
            Some(Action::Freeze { parameters: "judge.affine1.bias".into() })
        }
        (Event::Step { .. }, Place { epoch: 2, step: 4 }) => {
            Some(Action::Unfreeze { parameters: "judge.*".into() })
        }
        _ => None,
    })
}

/// A session that begins, or goes on with what has begun.
fn session(path: &Path) -> Session {
    let mut session = match path.join("config.toml").exists() {
        true => Session::open(path, training()).unwrap(),
        false => {
            let start = Start::New { path: path.into(), force: false };
            Session::start(Box::new(training()), &start).unwrap()
        }
    };
    session.callback(change);
    session
}

/// The digest of the parameters at the end, and the last checkpoint.
fn end(path: &Path) -> (String, Checkpoint<f32>) {
    let mut session = session(path);
    session.run(Until::End).unwrap();
    let digest = session.finish().unwrap().parameters_sha256;
    (digest, RunFolder::open(path).unwrap().load().unwrap().unwrap())
}

/// The process that is killed: this test by itself, told where and when.
#[test]
fn the_training_that_is_killed() {
    let Ok(path) = std::env::var(RUN) else { return };
    let mut session = session(Path::new(&path));
    let killer = Killer::from(EVENTS);
    session.listen(move |_, _| {
        killer.count();
        Ok(())
    });
    session.run(Until::End).unwrap();
    session.finish().unwrap();
}

/// Goes on with the run in a process of its own, which kills itself at such a number.
fn killed(path: &Path, by: &str, at: u64) -> ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_training_that_is_killed"]).stdout(Stdio::null());
    command.env(RUN, path).env(by, at.to_string()).status().unwrap()
}

#[test]
fn killed_between_steps_and_within_them_it_goes_on_to_the_same_bits() {
    let temporary = tempfile::tempdir().unwrap();
    let (digest, last) = end(&temporary.path().join("whole"));
    // Ten steps make about 20 fills of the judge's fields and 5 of the generator's, and 20 events.
    for (by, most) in [(FILLS, 14), (EVENTS, 12)] {
        let path = temporary.path().join(by);
        for at in 1..=most {
            assert_eq!(killed(&path, by, at).signal(), Some(9), "{by} {at}");
        }
        let reached = Session::open(&path, training()).unwrap().training().place();
        assert!(reached > Place { epoch: 0, step: 0 }, "{by}: no checkpoint was gone on with");
        let (again, checkpoint) = end(&path);
        assert_eq!(again, digest, "{by}");
        assert!(checkpoint.states == last.states && checkpoint.progress == last.progress, "{by}");
    }
}
