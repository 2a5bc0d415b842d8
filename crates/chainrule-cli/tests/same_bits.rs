//! Every layer and every optimizer that the settings list trains to the same bits on any number of
//! threads and with any vector instructions.

mod common;

use std::path::Path;
use std::process::Command;

use chainrule::nn::LayerSpec;
use chainrule::optim::Method;
use chainrule::settings::{Entry, Kinds, Setting};
use chainrule::simd::{Level, VARIABLE};
use chainrule_train::Precision;
use common::text;
use tempfile::{tempdir, tempdir_in};

/// The programs that are compared, in one line; where it is not set, the one that was built for the
/// tests.
const PROGRAMS: &str = "CHAINRULE_PROGRAMS";

/// A training on a number of threads with certain instructions.
type Way<'p> = (&'p str, Level, usize);

/// The levels that this processor has.
fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| *level <= Level::detected())
}

/// The text of a value that a setting may have; those that are no tables are written in TOML as in JSON.
fn value(setting: &Setting) -> Option<String> {
    let usual = || serde_json::to_string(&setting.usual?()?).ok();
    setting.example.map(str::to_owned).or_else(usual)
}

/// A kind with a value for each of its settings that can have one.
fn whole(entry: &Entry) -> String {
    let told = |s: &Setting| value(s).map(|value| format!(", {} = {value}", s.name));
    let settings: String = entry.settings.iter().filter_map(told).collect();
    format!("{{ kind = \"{}\"{settings} }}", entry.name)
}

/// The settings of a training for each kind of a list.
fn files(kinds: Kinds, settings: impl Fn(String) -> String) -> Vec<String> {
    (kinds.entries)().iter().map(|entry| settings(whole(entry))).collect()
}

/// Settings that use each layer and each optimizer, in each precision. The layers are wide enough for
/// threads to share their work.
fn trainings() -> Vec<String> {
    let layers = files(LayerSpec::KINDS, |kind| {
        // The residual layer of the list is 64 wide.
        format!("layers = [\"affine 64\", {kind}, \"affine 3\"]\noptimizer = \"adam\"\n")
    });
    let optimizers =
        files(Method::KINDS, |kind| format!("hidden = [64, 32]\noptimizer = {kind}\n"));
    let fixed = "dataset = \"iris\"\nepochs = 3\nbatch_size = 150\nlr = 0.01\nseed = 3\n";
    let all = layers.iter().chain(&optimizers);
    let precisions = (Precision::KINDS.entries)();
    all.flat_map(|settings| {
        precisions.iter().map(move |dtype| format!("{fixed}{settings}dtype = \"{}\"\n", dtype.name))
    })
    .collect()
}

/// Trains with the settings and tells the digest of the parameters, once the program says that it ran
/// as it was asked to.
fn digest(settings: &str, (program, level, threads): Way<'_>) -> String {
    // In memory where that can be: these are hundreds of runs, and nothing is to outlive a power cut.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempdir_in(memory) } else { tempdir() }.unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, settings).unwrap();
    let out = folder.path().join("run");
    let output = Command::new(program)
        .args(["train", text(&file), "--quiet", "--json", "--out", text(&out)])
        .args(["--threads", &threads.to_string()])
        .env(VARIABLE, level.name())
        .output()
        .unwrap();
    assert!(output.status.success(), "{settings}{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["instructions"], level.name());
    assert_eq!(report["threads"], threads);
    report["parameters_sha256"].as_str().unwrap().to_owned()
}

/// Trains with each of the settings in each of the ways.
fn check(trainings: &[String], ways: &[Way<'_>]) {
    for settings in trainings {
        let digests: Vec<String> = ways.iter().map(|&way| digest(settings, way)).collect();
        for (way, found) in ways.iter().zip(&digests) {
            assert_eq!(*found, digests[0], "{way:?} and {:?} differ:\n{settings}", ways[0]);
        }
    }
    println!("{} trainings, the same bits in {} ways:", trainings.len(), ways.len());
    for (program, level, threads) in ways {
        println!("  {} instructions, threads {threads}: {program}", level.name());
    }
}

#[test]
fn every_layer_and_optimizer_has_the_same_bits_on_few_threads_and_many() {
    let program = env!("CARGO_BIN_EXE_chainrule");
    check(&trainings(), &[(program, Level::detected(), 1), (program, Level::Portable, 3)]);
}

/// With the program as users build it, which the check `bits` names beside that of the tests.
#[test]
#[ignore = "takes a minute: `cargo xtask bits` runs it"]
fn every_layer_and_optimizer_has_the_same_bits_in_every_way() {
    let own = env!("CARGO_BIN_EXE_chainrule");
    let programs = std::env::var(PROGRAMS).unwrap_or_default();
    let mut ways: Vec<Way<'_>> = vec![(own, Level::detected(), 2)];
    for program in programs.lines() {
        let each = levels().flat_map(|level| [1, 2, 3, 7].map(|threads| (program, level, threads)));
        ways.extend(each);
    }
    let mnist = "dataset = \"mnist\"\nhidden = [8]\nepochs = 1\n".to_owned();
    check(&[trainings(), vec![mnist]].concat(), &ways);
}
