//! Trainings whose settings are written out whole have the same parameters to the bit in every version.
//! A change of a digest needs a commit of its own, its reason, and a line in CHANGELOG.

mod common;

use std::path::Path;

use chainrule_train::Config;
use common::{json, text};

/// Settings under `tests/golden/digests/`, and the SHA-256 of the parameters that they train.
const DIGESTS: [(&str, &str); 5] = [
    ("relu-adam", "2d9ad41756caff397f6ba08e1d5f50f6920784a278fe0093ee927a2f9ff9de46"),
    ("relu-sgd", "a7f94466d15beac5534a34c721d19f37d9899a37f380ada5ca31c459b4f477a2"),
    ("sigmoid-sgd", "9f9175b90ad1825c37147246ed280ced4d35b14f36f4331de6482e068eafb4b6"),
    ("tanh-adam", "79b4d06b5919e35f137b852cccc2d263b56fb469d829c05d29e34e8433c89fc9"),
    ("tanh-sgd-f64", "e3e24a506a37c4a6323a08490e8647c7ae578dce39f0f1fa5bdc246d6d6b00af"),
];

fn settings(name: &str) -> String {
    format!("{}/tests/golden/digests/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn trainings_have_their_digests() {
    let runs = tempfile::tempdir().unwrap();
    for (name, digest) in DIGESTS {
        for threads in ["1", "2"] {
            let out = runs.path().join(format!("{name}-{threads}"));
            let arguments = ["train", &settings(name), "--out", text(&out), "--threads", threads];
            let report = json(&[&arguments[..], &["--json"]].concat());
            assert_eq!(report["parameters_sha256"], digest, "{name} on {threads} threads");
        }
    }
}

/// What a settings file leaves out is a default, which a later version may choose anew.
#[test]
fn digests_settings_leave_nothing_to_defaults() {
    for (name, _) in DIGESTS {
        let text = std::fs::read_to_string(Path::new(&settings(name))).unwrap();
        let lines = text.lines().filter_map(|line| line.split_once(" = "));
        let written: Vec<&str> = lines.map(|(name, _)| name).collect();
        for setting in Config::ENTRY.settings {
            let has_default = setting.usual.is_some_and(|usual| usual().is_some());
            assert!(written.contains(&setting.name) || !has_default, "{name}: {}", setting.name);
        }
    }
}
