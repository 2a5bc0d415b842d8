//! A session runs a training whole: stepped, paused, stopped and resumed, with what it tells.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chainrule::Pool;
use chainrule_explain::Language;
use chainrule_train::data::Loaded;
use chainrule_train::{
    Action, Config, DataPart, Event, Journal, Outcome, Place, Precision, Record, Report, Run,
    RunFolder, Session, Start, Training, Until, flat_training, journal,
};

/// Seven steps an epoch, of which the last is smaller; dropout and Adam have a state of their own.
const SETTINGS: &str = "dataset = \"iris\"\nbatch_size = 16\nepochs = 4\nvalidation = 0.2\n\
    dropout = 0.3\nschedule = \"cosine\"\ngradient_flow = true\ncheckpoint_every = 3";

fn config() -> Config {
    Config::from_toml(SETTINGS).unwrap()
}

fn loaded(config: &Config) -> Loaded {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data"));
    config.source().load(&|name| Ok(data.join(name))).unwrap()
}

fn training(config: &Config) -> Box<dyn Training> {
    flat_training(config, loaded(config), &Arc::new(Pool::new(1))).unwrap()
}

fn start(config: &Config, start: &Start) -> Session {
    Session::start(training(config), start).unwrap()
}

fn new(path: &Path) -> Start {
    Start::New { path: path.into(), force: false }
}

/// Trains whole, as nobody disturbs it.
fn whole(config: &Config) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(config, &new(&folder.path().join("run")));
    assert_eq!(session.run(Until::End).unwrap(), Some(Outcome::Finished));
    session.finish().unwrap()
}

fn told(path: &Path) -> Vec<Record> {
    RunFolder::open(path).unwrap().journal().unwrap()
}

#[test]
fn a_session_can_be_sent() {
    fn is_sent<T: Send + 'static>() {}
    is_sent::<Session>();
}

#[test]
fn a_session_that_is_stepped_stopped_and_resumed_has_the_same_bits() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    assert!(session.step().unwrap());
    assert_eq!(session.training().place(), Place { epoch: 0, step: 1 });
    session.run(Until::Step(5)).unwrap();
    assert_eq!(session.training().place().step, 5);
    let report = session.finish().unwrap();
    assert_eq!((report.outcome.as_str(), report.steps), ("interrupted", 5));

    let mut session = start(&config, &Start::Resume(path.clone()));
    assert_eq!(session.training().place(), Place { epoch: 0, step: 5 });
    session.run(Until::Epoch(2)).unwrap();
    assert_eq!(session.training().place(), Place { epoch: 2, step: 0 });
    drop(session);

    let mut session = start(&config, &Start::Resume(path.clone()));
    session.run(Until::End).unwrap();
    let (report, undisturbed) = (session.finish().unwrap(), whole(&config));
    assert_eq!(report.parameters_sha256, undisturbed.parameters_sha256);
    assert_eq!((report.steps, report.result.best), (undisturbed.steps, undisturbed.result.best));

    // The journal alone tells what the metrics tell, each epoch once.
    let records = journal::told_last(told(&path));
    let metrics = RunFolder::open(&path).unwrap().all_epochs().unwrap();
    assert_eq!(journal::epochs(&records), metrics);
    let attempts: Vec<u32> = records.iter().map(|record| record.attempt).collect();
    assert!(attempts.is_sorted() && attempts.last() == Some(&3), "{attempts:?}");
    assert!(told(&path).iter().map(|record| record.sequence).eq(0..told(&path).len() as u64));
    let flows = records.iter().filter(|r| matches!(r.event, Event::GradientFlow { .. })).count();
    assert_eq!(flows, 5, "one before the first step, then one an epoch");
    assert_eq!(RunFolder::open(&path).unwrap().gradient_flow().unwrap().len(), 5);
}

#[test]
fn the_metrics_are_what_the_journal_tells_whatever_became_of_their_file() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    session.run(Until::Epoch(2)).unwrap();
    session.finish().unwrap();
    let file = path.join("metrics.jsonl");
    let whole = std::fs::read_to_string(&file).unwrap();
    assert_eq!(whole.lines().count(), 2);
    // As the disk may be left: without the file, with half of it, or with an epoch that was not kept.
    for left in [None, Some(&whole[..whole.len() / 2]), Some(&format!("{whole}{whole}"))] {
        match left {
            Some(text) => std::fs::write(&file, text).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        drop(start(&config, &Start::Resume(path.clone())));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), whole);
    }
    let mut session = start(&config, &Start::Resume(path.clone()));
    session.run(Until::Epoch(3)).unwrap();
    session.finish().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(&whole) && text.lines().count() == 3);
    let records = journal::told_last(told(&path));
    assert_eq!(journal::epochs(&records), RunFolder::open(&path).unwrap().all_epochs().unwrap());
}

#[test]
fn a_session_on_another_thread_is_paused_and_goes_on() {
    let (config, folder) = (Config { epochs: 1_000_000, ..config() }, tempfile::tempdir().unwrap());
    let mut session = start(&config, &new(&folder.path().join("run")));
    let seen = Arc::new(Mutex::new(Place::default()));
    let seen_by_listener = seen.clone();
    session.listen(move |place, _| {
        *seen_by_listener.lock().unwrap() = place;
        Ok(())
    });
    let at = || *seen.lock().unwrap();
    let wait = |until: &dyn Fn() -> bool| {
        while !until() {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    session.control().pause();
    let running = session.spawn().unwrap();
    running.control.step();
    wait(&|| at() == Place { epoch: 0, step: 1 });
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(at(), Place { epoch: 0, step: 1 }, "paused");
    running.control.go_on();
    wait(&|| at().epoch >= 1);
    assert!(!running.is_over());
    running.control.stop();
    let report = running.join().unwrap();
    assert_eq!(report.outcome, "interrupted");
}

#[test]
fn a_flag_stops_a_session_that_waits() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let (mut session, flag) = (start(&config, &new(&path)), Arc::new(AtomicBool::new(false)));
    session.interrupt_by(flag.clone());
    session.run(Until::Step(2)).unwrap();
    session.control().pause();
    let running = session.spawn().unwrap();
    flag.store(true, Ordering::Relaxed);
    assert_eq!(running.join().unwrap().steps, 2);
    assert_eq!(start(&config, &Start::Resume(path)).training().place().step, 2);
}

#[test]
fn what_a_callback_did_is_done_again_by_a_resumption_and_a_replay() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let acting = |session: &mut Session| {
        session.callback(|_, place, event| {
            Ok(match event {
                Event::Step { .. } if place == (Place { epoch: 0, step: 2 }) => {
                    Some(Action::Freeze { parameters: "affine1.*".into() })
                }
                Event::Epoch { metrics, .. } if metrics.epoch == 1 => {
                    Some(Action::Rate { rate: 0.05 })
                }
                _ => None,
            })
        });
    };
    let undisturbed = folder.path().join("whole");
    let mut session = start(&config, &new(&undisturbed));
    acting(&mut session);
    session.run(Until::End).unwrap();
    let wanted = session.finish().unwrap().parameters_sha256;
    assert_ne!(wanted, whole(&config).parameters_sha256);

    // Stopped after everything was done, and resumed without the callback.
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    acting(&mut session);
    session.run(Until::Epoch(1)).unwrap();
    session.step().unwrap();
    drop(session.finish().unwrap());
    let mut session = start(&config, &Start::Resume(path));
    session.run(Until::End).unwrap();
    assert_eq!(session.finish().unwrap().parameters_sha256, wanted);

    // Replayed from the beginning, the frozen layer does not move.
    let run = RunFolder::open(&undisturbed).unwrap();
    let loaded = loaded(&config);
    let model = config.model(4, 3).unwrap();
    let mut trainer =
        chainrule_train::Trainer::<f32>::new(&model, &config, loaded.parts()).unwrap();
    trainer.replay(&run, 12).unwrap();
    let step = trainer.explain_step(&[], Language::English).unwrap();
    let moved: Vec<&str> = step.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(moved, ["affine2.weight", "affine2.bias"]);
}

#[test]
fn a_callback_that_answers_every_event_is_not_told_what_it_did() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    let heard = Arc::new(Mutex::new(0));
    let count = heard.clone();
    session.listen(move |_, event| {
        *count.lock().unwrap() += u32::from(matches!(event, Event::Acted { .. }));
        Ok(())
    });
    session.callback(|_, place, _| {
        Ok((place.step == 2).then_some(Action::RateOf { parameters: "*".into(), times: 0.5 }))
    });
    session.callback(|_, place, _| Ok((place.epoch >= 1).then_some(Action::Stop)));
    assert_eq!(session.run(Until::End).unwrap(), Some(Outcome::Interrupted));
    assert_eq!(session.training().place(), Place { epoch: 1, step: 0 });
    session.finish().unwrap();
    let acted = told(&path).into_iter().filter(|told| matches!(told.event, Event::Acted { .. }));
    let acted: Vec<Place> = acted.map(|told| told.place).collect();
    assert_eq!(acted.len(), *heard.lock().unwrap() as usize, "listeners hear of it");
    assert_eq!(acted.iter().filter(|place| place.step == 2).count(), 1);
}

#[test]
fn what_was_done_before_the_first_checkpoint_is_done_again() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let freeze = || Action::Freeze { parameters: "affine1.*".into() };
    let whole = folder.path().join("whole");
    let mut session = start(&config, &new(&whole));
    session.act(freeze()).unwrap();
    session.run(Until::End).unwrap();
    let wanted = session.finish().unwrap().parameters_sha256;

    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    session.act(freeze()).unwrap();
    session.run(Until::Step(2)).unwrap();
    drop(session);
    assert!(!path.join("model.safetensors").exists(), "there is no checkpoint yet");
    let mut session = start(&config, &Start::Resume(path));
    session.run(Until::End).unwrap();
    assert_eq!(session.finish().unwrap().parameters_sha256, wanted);
}

#[test]
fn a_run_goes_on_with_its_own_settings_and_perhaps_more_epochs() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    session.run(Until::Epoch(1)).unwrap();
    session.finish().unwrap();
    let resume = Start::Resume(path);
    let other = Config { lr: 0.5, ..config.clone() };
    let error = Session::start(training(&other), &resume).err().unwrap().to_string();
    assert!(error.contains("cannot go on with `lr = 0.5`"), "{error}");
    let longer = Config { epochs: 5, ..config };
    assert_eq!(start(&longer, &resume).run(Until::End).unwrap(), Some(Outcome::Finished));
}

#[test]
fn a_run_that_ended_while_its_last_checkpoint_took_its_place_has_it_after_a_resumption() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    session.run(Until::End).unwrap();
    let wanted = session.finish().unwrap().parameters_sha256;
    let (model, passing) = (path.join("model.safetensors"), path.join("model.safetensors.next"));
    std::fs::rename(&model, &passing).unwrap();
    let mut session = start(&config, &Start::Resume(path.clone()));
    session.run(Until::End).unwrap();
    assert_eq!(session.finish().unwrap().parameters_sha256, wanted);
    assert!(model.exists() && !passing.exists());
    assert_eq!(RunFolder::open(&path).unwrap().parameters::<f32>().unwrap().sha256(), wanted);
}

#[test]
fn a_snapshot_holds_what_had_been_done() {
    let config = config();
    let mut training = training(&config);
    training.advance().unwrap();
    let (free, moves) = (training.snapshot(), training.parameters_sha256());
    training.act(&Action::Freeze { parameters: "*".into() }).unwrap();
    let frozen = training.snapshot();
    let mut next = |snapshot: &dyn chainrule_train::Snapshot| {
        training.restore(snapshot).unwrap();
        training.advance().unwrap();
        training.parameters_sha256() != moves
    };
    assert!(next(&*free), "taken before, at the same place");
    assert!(!next(&*frozen), "taken after");
    assert!(next(&*free));
}

#[test]
fn a_wish_that_cannot_be_granted_is_told_and_ends_nothing() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    session.control().act(Action::Freeze { parameters: "afine1.*".into() });
    session.run(Until::End).unwrap();
    assert_eq!(session.finish().unwrap().parameters_sha256, whole(&config).parameters_sha256);
    let refused = told(&path).into_iter().find_map(|record| match record.event {
        Event::Refused { message, .. } => Some(message),
        _ => None,
    });
    assert!(refused.unwrap().contains("afine1.*"));
}

#[test]
fn a_training_goes_back_to_a_snapshot() {
    let config = config();
    let mut training = training(&config);
    let go = |training: &mut Box<dyn Training>, until: u64| {
        while training.place() < (Place { epoch: 1, step: until }) {
            training.advance().unwrap();
        }
        training.parameters_sha256()
    };
    let there = go(&mut training, 1);
    let snapshot = training.snapshot();
    let beyond = go(&mut training, 4);
    training.act(&Action::Freeze { parameters: "*".into() }).unwrap();
    assert_eq!(go(&mut training, 5), beyond, "all is frozen");
    training.restore(&*snapshot).unwrap();
    assert_eq!(training.parameters_sha256(), there);
    assert_eq!(go(&mut training, 4), beyond, "nothing is frozen yet");
    let step = training.explain_step(Language::English).unwrap();
    assert_eq!((step.epoch, step.step_of_epoch), (2, 5));
    assert!(training.evaluate(DataPart::Test).unwrap().is_some());
    assert!(training.act(&Action::Freeze { parameters: "none".into() }).is_err());
    assert!(training.act(&Action::Rate { rate: -1.0 }).is_err());
    let other = flat_training(
        &Config { dtype: Precision::F64, ..config.clone() },
        loaded(&config),
        &Arc::new(Pool::new(1)),
    );
    assert!(other.unwrap().restore(&*snapshot).is_err());
}

#[test]
fn a_training_that_diverges_says_so_in_its_journal() {
    let config = Config { lr: 1e30, ..config() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    let error = session.run(Until::End).unwrap_err().to_string();
    let records = told(&path);
    let Event::Failed { diverged: Some(_), message } = &records.last().unwrap().event else {
        panic!("{records:?}")
    };
    assert_eq!(*message, error);
    assert!(session.step().is_err() && session.finish().is_err(), "it is over");
}

#[test]
fn a_listener_that_fails_ends_the_session() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let mut session = start(&config, &new(&folder.path().join("run")));
    session.listen(|_, _| Err(chainrule::Error::Mismatch("no more".into())));
    assert_eq!(session.run(Until::End).unwrap_err().to_string(), "no more");
}

#[test]
fn half_a_line_is_passed_over_and_a_later_version_is_refused() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    session.run(Until::Epoch(1)).unwrap();
    drop(session.finish().unwrap());
    let (file, run) = (path.join("events.jsonl"), path.join("run.json"));
    let (before, whole) = (told(&path), std::fs::read_to_string(&file).unwrap());
    let torn = &whole[..whole.len() - 20];
    std::fs::write(&file, torn).unwrap();
    assert_eq!(told(&path), before[..before.len() - 1]);
    drop(start(&config, &Start::Resume(path.clone())));
    let after = told(&path);
    assert_eq!(after[..before.len() - 1], before[..before.len() - 1]);
    assert!(matches!(after[before.len() - 1].event, Event::Resumed(_)));

    std::fs::write(&file, whole.replace("\"version\":2", "\"version\":3")).unwrap();
    let refused = RunFolder::open(&path).unwrap().journal().unwrap_err().to_string();
    assert!(refused.contains("events.jsonl: is of version 3"), "{refused}");
    let text = std::fs::read_to_string(&run).unwrap();
    std::fs::write(&run, text.replace("\"version\":2", "\"version\":3")).unwrap();
    let refused = RunFolder::open(&path).unwrap_err().to_string();
    assert!(refused.contains("run.json: is of version 3"), "{refused}");
}

/// Where the process that the test below begins, which is the test itself, writes a journal.
#[cfg(target_os = "linux")]
const SHORT: &str = "CHAINRULE_SHORT_JOURNAL";

/// Tells a journal until its file may grow no further, and then, as it may again, that this failed.
#[cfg(target_os = "linux")]
fn fail_and_tell(path: &Path) {
    let place = Place { epoch: 0, step: 1 };
    let act = Event::Acted { action: Action::Freeze { parameters: "affine1.*".into() } };
    let mut journal = Journal::open(path, "ab12").unwrap();
    let error = (0..100).find_map(|_| journal.tell(place, &act).err()).unwrap().to_string();
    assert!(error.contains("cannot be written: File too large"), "{error}");
    let me = std::process::id().to_string();
    let mut grow = std::process::Command::new("prlimit");
    assert!(grow.args(["--fsize=unlimited", "--pid", &me]).status().unwrap().success());
    journal.tell(place, &Event::Failed { diverged: None, message: error }).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_of_a_line_that_does_not_fit() {
    if let Some(path) = std::env::var_os(SHORT) {
        return fail_and_tell(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    // A block may end within a line; without the signal the write fails.
    let script = "trap '' XFSZ; ulimit -S -f 1; exec \"$0\" --exact \"$@\"";
    let output = std::process::Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg("nothing_stays_of_a_line_that_does_not_fit")
        .env(SHORT, &path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let told = journal::read(&path).unwrap();
    assert!(told.len() > 2 && matches!(told.last().unwrap().event, Event::Failed { .. }));
    let mut again = Journal::open(&path, "ab12").unwrap();
    again.tell(Place::default(), &Event::Ended { outcome: Outcome::Interrupted }).unwrap();
    let told = journal::read(&path).unwrap();
    assert!(told.iter().map(|record| record.sequence).eq(0..told.len() as u64), "{told:?}");
}

#[test]
fn actions_that_were_not_done_are_refused() {
    let (config, folder) = (config(), tempfile::tempdir().unwrap());
    let path = folder.path().join("run");
    let mut session = start(&config, &new(&path));
    session.run(Until::Step(2)).unwrap();
    for times in [0.5, 0.25] {
        session.act(Action::RateOf { parameters: "affine1.*".into(), times }).unwrap();
    }
    session.run(Until::Epoch(1)).unwrap();
    session.finish().unwrap();
    let resume = Start::Resume(path.clone());
    let file = path.join("events.jsonl");
    let own = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = own.lines().collect();
    let is_acted = |line: &&&str| line.contains("\"acted\"");
    assert_eq!(lines.iter().filter(is_acted).count(), 2);
    let (first, last) =
        (lines.iter().find(is_acted).unwrap(), lines.iter().rfind(is_acted).unwrap());
    // Another factor, one action less, one more, and the two in another order.
    let swapped = own.replace("0.5}", "0.75}").replace("0.25}", "0.5}").replace("0.75}", "0.25}");
    for altered in [
        own.replace("\"times\":0.5", "\"times\":5.0"),
        own.replace(&format!("{first}\n"), ""),
        own.replace(&format!("{last}\n"), ""),
        own.replace(last, &format!("{last}\n{last}")),
        swapped,
    ] {
        assert_ne!(altered, own);
        std::fs::write(&file, altered).unwrap();
        let resumed = Session::start(training(&config), &resume).err().unwrap();
        let run = Run::open(&path).unwrap();
        let replayed = run.explain_step(2, Language::English, &Arc::new(Pool::new(1)));
        for error in [resumed, replayed.unwrap_err()].map(|error| error.to_string()) {
            let named = error.contains("events.jsonl: tells of other actions")
                && error.contains("optimizer.safetensors, epoch 1, step 0");
            assert!(named, "{error}");
        }
    }
    std::fs::write(&file, &own).unwrap();
    // One that was done since the checkpoint, before the process was killed.
    let mut session = start(&config, &resume);
    session.act(Action::Freeze { parameters: "affine2.*".into() }).unwrap();
    drop(session);
    let mut session = start(&config, &resume);
    session.run(Until::End).unwrap();
    session.finish().unwrap();
    let acted = told(&path).into_iter().filter(|told| matches!(told.event, Event::Acted { .. }));
    assert_eq!(acted.count(), 3);
    start(&config, &resume);
}
