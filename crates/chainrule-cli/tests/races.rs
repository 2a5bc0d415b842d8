//! Trainings that are begun at once in one folder: none ends with one's settings and another's model.

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use chainrule_train::{RunFolder, journal};
use common::text;
use serde_json::Value;
use tempfile::tempdir;

/// Begins a training whose hidden layer has so many units.
fn begin(out: &Path, units: usize, force: bool) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_chainrule"));
    program.args(["train", "iris", "--epochs", "4", "--quiet", "--json", "--threads", "1"]);
    program.args(["--hidden", &units.to_string(), "--out", text(out)]);
    program.args(force.then_some("--force"));
    program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The digests of those that trained whole, by their units; the others were refused.
fn ended(trainings: Vec<(usize, Child)>) -> Vec<(usize, String)> {
    let mut done = Vec::new();
    for (units, training) in trainings {
        let output = training.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            done.push((units, report["parameters_sha256"].as_str().unwrap().to_owned()));
        } else {
            let is_refused = told.contains("under way") || told.contains("exists already");
            assert!(output.status.code() == Some(1) && is_refused, "{told}");
        }
    }
    done
}

/// The folder is that of one of those that trained whole, in all its files.
fn is_one_of(out: &Path, done: &[(usize, String)]) {
    let folder = RunFolder::open(out).unwrap();
    let units = folder.config().unwrap().hidden[0];
    let model = folder.parameters::<f32>().unwrap().sha256();
    assert!(done.contains(&(units, model)), "{units} units: not the model of {done:?}");
    let checkpoint = folder.load::<f32>().unwrap().unwrap();
    assert_eq!(checkpoint.progress.epoch, 4);
    assert_eq!(checkpoint.parameters.sha256(), folder.parameters::<f32>().unwrap().sha256());
    // What is read back names the run, or it would be refused.
    assert_eq!(folder.final_scores().unwrap().unwrap().epochs_done, 4);
    assert!(folder.preparation().unwrap().is_some());
    let id = &folder.identity().unwrap().id;
    let told = journal::read(&out.join("events.jsonl")).unwrap();
    assert!(!told.is_empty() && told.iter().all(|record| record.run == *id && record.attempt == 1));
    let left: Vec<_> =
        std::fs::read_dir(out).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}

/// So many trials of each kind: two and four trainings, without and with `--force`, in a new folder and then
/// over the run that is there.
fn races(trials: usize) {
    let folder = tempdir().unwrap();
    for trial in 0..trials {
        for (count, force) in [(2, false), (2, true), (4, false), (4, true)] {
            let out = folder.path().join(format!("{trial}-{count}-{force}"));
            let at_once = |force| {
                let begun = |units| (units, begin(&out, units, force));
                ended((3..3 + count).map(begun).collect())
            };
            let done = at_once(force);
            let most = if force { count } else { 1 };
            assert!((1..=most).contains(&done.len()), "{done:?}");
            is_one_of(&out, &done);
            let again = at_once(true);
            assert!((1..=count).contains(&again.len()), "{again:?}");
            is_one_of(&out, &again);
        }
    }
}

#[test]
fn of_trainings_begun_at_once_in_one_folder_each_is_whole_or_refused() {
    races(5);
}

#[test]
#[ignore = "takes minutes"]
fn two_hundred_races_mix_nothing() {
    races(50);
}
