//! What a training has come to: of which rows, beside what, and what is said of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule::Pool;
use chainrule_train::{Config, Report, Session, Start, Until, flat_training};

fn shipped(name: &str) -> chainrule::Result<PathBuf> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name))
}

fn trained(config: &Config) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let loaded = config.source().load(&shipped).unwrap();
    let training = flat_training(config, loaded, &Arc::new(Pool::new(1))).unwrap();
    let start = Start::New { path: folder.path().join("run"), force: false };
    let mut session = Session::start(training, &start).unwrap();
    session.run(Until::End).unwrap();
    let report = session.finish().unwrap();
    let folder = chainrule_train::RunFolder::open(Path::new(&report.run)).unwrap();
    assert_eq!(folder.final_scores().unwrap().as_ref(), Some(&report.result));
    report
}

/// A table in a file that lives as long as the folder.
fn table(rows: &str) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, rows).unwrap();
    let config = Config::for_dataset(path.to_str().unwrap());
    (folder, config)
}

#[test]
fn baselines_are_those_of_scikit_learn() {
    let text = include_str!("golden/baselines.json");
    let expected: serde_json::Value = serde_json::from_str(text).unwrap();
    for (name, target) in [("iris", None), ("wine", None), ("iris", Some("petal_width_cm"))] {
        let mut config = Config { epochs: 1, ..Config::for_dataset(name) };
        if let Some(target) = target {
            let drop = vec!["species".to_owned()];
            config = Config { target: Some(target.into()), drop, ..config };
        }
        let key = target.map_or(name.to_owned(), |target| format!("{name} {target}"));
        let baselines = trained(&config).result.baselines;
        for (which, found) in [("baseline", &baselines.baseline), ("linear", &baselines.linear)] {
            let expected = expected[&key][which].as_object().unwrap();
            assert_eq!(found.len(), expected.len(), "{key} {which}");
            for (score, value) in expected {
                let value = value.as_f64().unwrap();
                let found = found[score];
                assert!((found - value).abs() < 1e-3, "{key} {which} {score}: {found} for {value}");
            }
        }
    }
}

#[test]
fn a_model_that_is_no_better_than_saying_the_same_is_said_to_be() {
    // The target has nothing to do with the inputs.
    let row = |at: u32| format!("{},{}.5\n", at % 7, (at * 7919) % 1000);
    let rows: String = (0..300).map(row).collect();
    let (_folder, config) = table(&format!("a,y\n{rows}"));
    let told = trained(&Config { epochs: 20, ..config.clone() }).result.lines().join("\n");
    assert!(told.contains("than always saying the mean") && told.contains("warning:"), "{told}");
    let far = trained(&Config { lr: 1000.0, epochs: 20, ..config }).result.lines().join("\n");
    assert!(far.contains("is beyond reason") && far.contains("smaller --lr"), "{far}");
    // One that is better is left alone.
    let told = trained(&Config { epochs: 60, ..Config::for_dataset("iris") }).result;
    assert_eq!(told.warnings, [""; 0]);
    assert!(told.lines()[0].ends_with("(30 rows)"), "{:?}", told.lines());
    assert!(
        told.lines()[1].starts_with("  always saying `setosa` gives 0.3333, a linear model 0.9667")
    );
}

/// What chose the epoch says so; where nothing was held out, that is said.
#[test]
fn scores_tell_their_part_and_what_chose_them() {
    let config = Config { epochs: 30, ..Config::for_dataset("iris:train") };
    let report = trained(&config);
    let best = report.result.best.unwrap();
    let first = &report.result.lines()[0];
    assert!(first.starts_with("validation accuracy"), "{first}");
    assert!(
        first.contains(&format!("(24 rows, best of {} epochs)", report.epochs.len())),
        "{first}"
    );
    assert!(best <= report.epochs.len() as u32);
    let whole = Config { validation: Some(0.0), ..config };
    let lines = trained(&whole).result.lines();
    assert!(lines[0].starts_with("train loss") && lines[0].contains("nothing was held out"));
    // Without standardised values, too, the mean is known.
    let rows: String = (0..100).map(|at| format!("{at},{}\n", 3 * at)).collect();
    let (_folder, config) = table(&format!("a,y\n{rows}"));
    let raw = trained(&Config { raw: true, epochs: 2, ..config }).result;
    assert!(raw.baselines.baseline["validation_r2"] > -0.2, "{:?}", raw.baselines);
}
