//! What a training has come to: of which rows, beside what, and what is said of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chainrule::Pool;
use chainrule::nn::Answer;
use chainrule::optim::{Optimizer, Schedule};
use chainrule_train::data::{DataSource, Dataset, Examples, Flat, Fold, Task};
use chainrule_train::{
    Advance, Asked, Baselines, ClassRule, ClassWeights, Config, DataPart, DataParts, EarlyStopping,
    Epoch, FinalScores, Folds, Report, Run, Scores, Session, Start, Trainer, Until, Which, curves,
    flat_training,
};

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
    let far =
        trained(&Config { lr: 1000.0, epochs: 20, optimizer: Optimizer::adam().into(), ..config })
            .result
            .lines()
            .join("\n");
    assert!(far.contains("is beyond reason") && far.contains("smaller --lr"), "{far}");
    // One that is better is left alone.
    let told = trained(&Config { epochs: 60, ..Config::for_dataset("iris") }).result;
    assert_eq!(told.warnings, [""; 0]);
    assert!(told.lines()[0].ends_with("(30 rows)"), "{:?}", told.lines());
    assert!(
        told.lines()[1].starts_with("  always saying `setosa` gives 0.3333, a linear model 0.9667")
    );
}

/// Worse, within what chance gives, and better: of a share and of R².
#[test]
fn what_is_worse_is_told_from_what_chance_gives() {
    let told = |name: &str, score: f64, usual: f64| {
        let name = format!("test_{name}");
        let scores = [(name.clone(), score)].into();
        let epochs = [Epoch { epoch: 1, train_loss: 0.5, scores, seconds: 0.1 }];
        let untrained = [("test_loss".to_owned(), 0.9)].into();
        let (baseline, always) = ([(name, usual)].into(), "always saying `no`".to_owned());
        let baselines = Baselines { baseline, always, untrained, ..Baselines::default() };
        FinalScores::of(&epochs, None, &[(DataPart::Test, 100)], baselines).warnings.concat()
    };
    // Sums in another order, and 32 bits, make others of equal scores.
    for (name, score, usual) in
        [("accuracy", 0.979_999_9, 0.98), ("r2", -1e-9, 0.0), ("loss", 1.000_000_1, 1.0)]
    {
        assert!(told(name, score, usual).starts_with("no better than"), "{name}");
    }
    assert_eq!(told("accuracy", 0.999_999_9, 1.0), "");
    // Two standard errors of a share of 0.8 in 100 rows are 0.08.
    for (score, usual, begins) in
        [(0.79, 0.8, "worse than"), (0.8, 0.8, "no better than"), (0.87, 0.8, "no better")]
    {
        assert!(told("accuracy", score, usual).starts_with(begins), "{score}");
    }
    assert_eq!(told("accuracy", 0.89, 0.8), "");
    // Where no linear model shows what the inputs say, both are possible.
    assert!(told("accuracy", 0.79, 0.8).contains("trained too little, or the inputs say little"));
    // Of R² four hundredths.
    assert!(told("r2", -0.02, -0.01).starts_with("worse than always saying `no`"));
    assert!(
        told("r2", 0.02, -0.01).starts_with("no better than") && told("r2", 0.04, -0.01).is_empty()
    );
    // A linear model that does better shows that the inputs say something.
    let beside = |linear: f64| {
        let of = |score: f64| [("test_accuracy".to_owned(), score)].into();
        let epochs = [Epoch { epoch: 1, train_loss: 0.5, scores: of(0.5), seconds: 0.1 }];
        let baselines = Baselines { baseline: of(0.5), linear: of(linear), ..Baselines::default() };
        FinalScores::of(&epochs, None, &[(DataPart::Test, 100)], baselines).warnings.concat()
    };
    assert!(beside(0.9).contains("a linear model is better"), "{}", beside(0.9));
    assert!(beside(0.52).contains("may say little"), "{}", beside(0.52));
    // A loss of more than ten times what is usual says that alone.
    assert!(
        told("loss", 10.1, 1.0).contains("beyond reason")
            && told("loss", 1.1, 1.0).starts_with("worse")
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

/// Each example is held out once, each class evenly; folds differ by one row at most.
#[test]
fn folds_hold_out_every_example_once() {
    // One class of 7, one of 16.
    let rows: String =
        (0..23).map(|at| format!("{at},{}\n", if at % 10 < 3 { "u" } else { "v" })).collect();
    let (_folder, config) = table(&format!("a,y\n{rows}"));
    let mut seen = Vec::new();
    for number in 0..4 {
        let fold = Some(Fold { number, of: 4 });
        let source = DataSource { fold, raw: true, ..config.source() };
        let loaded = source.load(&shipped).unwrap();
        let held = loaded.validation.unwrap();
        assert!([5, 6].contains(&held.len()) && held.len() + loaded.train.len() == 23);
        let all: Vec<u32> = (0..held.len() as u32).collect();
        let (mut features, mut labels) = (vec![0.0; all.len()], vec![0; all.len()]);
        held.features(&all, &mut features).unwrap();
        held.labels(&all, &mut labels).unwrap();
        assert!([2, 3].contains(&labels.iter().filter(|&&label| label == 0).count()), "{labels:?}");
        seen.extend(features.iter().map(|&x| x as u32));
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..23).collect::<Vec<u32>>());
    let fold = Some(Fold { number: 0, of: 24 });
    let error = DataSource { fold, ..config.source() }.load(&shipped).unwrap_err().to_string();
    assert!(error.contains("24 folds of 23 rows"), "{error}");
}

#[test]
fn folds_tell_mean_and_spread_and_the_median_of_the_best_epochs() {
    let config = Config { folds: Some(3), epochs: 150, lr: 0.02, ..Config::for_dataset("iris") };
    let load = |source: &DataSource| source.load(&shipped);
    let mut heard = 0;
    let folds = Folds::train(&config, &load, &Arc::new(Pool::new(1)), &mut |number, _| {
        assert_eq!(number, heard);
        heard += 1;
        true
    });
    let folds = folds.unwrap().unwrap();
    let mut best: Vec<u32> = folds.folds.iter().map(|fold| fold.best.unwrap()).collect();
    best.sort_unstable();
    assert!(best[0] < best[1] && best[1] < best[2], "a median that is no other number: {best:?}");
    assert_eq!((heard, folds.epochs), (3, best[1]));
    let all: Vec<f64> = folds.folds.iter().map(|fold| fold.scores["validation_loss"]).collect();
    let mean = all.iter().sum::<f64>() / 3.0;
    let spread = (all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    assert!((folds.mean()["validation_loss"] - mean).abs() < 1e-12);
    assert!((folds.spread()["validation_loss"] - spread).abs() < 1e-12);
    // The lines are of those scores, and not of each one's own best epoch.
    for (fold, line) in folds.folds.iter().zip(folds.lines()) {
        let epochs = folds.epochs.min(fold.epochs_done);
        let loss = chainrule_explain::digits(fold.scores["validation_loss"], 4);
        assert!(line.contains(&format!("after {epochs} epochs: ")), "{line}");
        assert!(line.ends_with(&format!(", loss {loss} (40 rows)")), "{line}");
    }
    let whole = folds.whole(&config);
    assert_eq!((whole.validation, whole.epochs, whole.folds), (Some(0.0), folds.epochs, None));
    assert_eq!(whole.schedule_epochs, None);
    // Who hears of a fold may end it.
    let ended = Folds::train(&config, &load, &Arc::new(Pool::new(1)), &mut |_, _| false);
    assert_eq!(ended.unwrap(), None);
}

/// Without a part to look at, a training that is to stop early would never stop, and not say so.
#[test]
fn early_stopping_without_a_validation_part_is_refused() {
    let early_stopping = Some(EarlyStopping::default());
    let config = Config { early_stopping, ..Config::default() };
    let rows = Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2).unwrap();
    let data = DataParts::train(Flat::new(rows));
    let trainer = Trainer::<f32>::new(&config.model(1, 2).unwrap(), &config, data);
    let error = trainer.err().unwrap().to_string();
    assert!(error.contains("`DataParts::validation`"), "{error}");
}

/// Rows whose class is a coin's, of which a network learns the training part by heart: the best epoch is an
/// early one.
fn coins() -> (tempfile::TempDir, Config) {
    let row = |at: u32| {
        let mixed = at.wrapping_mul(2_654_435_761);
        format!("{},{},{}\n", mixed >> 20, (mixed >> 8) & 0xfff, ["no", "yes"][mixed as usize & 1])
    };
    let rows: String = (0..120).map(row).collect();
    let (folder, config) = table(&format!("a,b,y\n{rows}"));
    (folder, Config { epochs: 60, lr: 0.05, ..config })
}

/// The confusion matrix is of the epoch whose scores stand beside it.
#[test]
fn the_confusion_is_that_of_the_best_epoch() {
    let (folder, config) = coins();
    let pool = Arc::new(Pool::new(1));
    let training = flat_training(&config, config.load().unwrap(), &pool).unwrap();
    let path = folder.path().join("run");
    let mut session =
        Session::start(training, &Start::New { path: path.clone(), force: false }).unwrap();
    session.run(Until::End).unwrap();
    let report = session.finish().unwrap();
    let run = Run::open(&path).unwrap();
    let drawn = |which| {
        let score = run.evaluate(&Asked::HeldOut, which, &pool).unwrap();
        let Scores::Classes(scores) = score.evaluation.scores else { panic!("a classifier") };
        let names = ["no", "yes"].map(str::to_owned);
        (scores.accuracy, curves::confusion_svg(&names, &scores.confusion).unwrap())
    };
    let ((best, of_best), (_, of_last)) = (drawn(Which::Best), drawn(Which::Last));
    assert_eq!(best, report.result.scores["validation_accuracy"]);
    assert_ne!(of_best, of_last, "a best epoch that is no other than the last");
    assert_eq!(std::fs::read_to_string(path.join("confusion.svg")).unwrap(), of_best);
}

/// The model that learns from all rows takes the steps of the folds' trainings: its schedule is theirs, though
/// it ends before.
#[test]
fn the_whole_follows_the_schedule_of_the_folds() {
    let schedule = Schedule::Cosine { min: 0.0 };
    let config = Config { schedule, epochs: 40, folds: Some(3), ..Config::for_dataset("iris") };
    let whole = Folds { epochs: 10, ..Folds::default() }.whole(&config);
    assert_eq!(whole.epochs, 10);
    let loaded = whole.source().load(&shipped).unwrap();
    let mut training = flat_training(&whole, loaded, &Arc::new(Pool::new(1))).unwrap();
    let mut last = 0.0;
    loop {
        match training.advance().unwrap() {
            Advance::Step { rate, .. } => last = rate,
            Advance::Epoch { .. } => {}
            Advance::Nothing(_) => break,
        }
    }
    // 120 rows in batches of 32: the last of 40 steps, of a schedule over 160.
    let expected = config.lr * (1.0 + (std::f64::consts::PI * 39.0 / 160.0).cos()) / 2.0;
    assert!((last - expected).abs() < 1e-12, "{last} for {expected}");
    // One that is gone on with beyond them has a schedule of its own length.
    assert_eq!(Config::from_toml(&whole.to_toml().unwrap()).unwrap(), whole);
}

/// Settings that folds cannot have are refused.
#[test]
fn folds_do_not_go_with_what_needs_another_validation_part() {
    let config = Config { folds: Some(3), ..Config::for_dataset("iris") };
    let error = |config: Config| config.validate().unwrap_err().to_string();
    let with_validation = error(Config { validation: Some(0.25), ..config.clone() });
    assert!(with_validation.contains("validation is 0.25"), "{with_validation}");
    let schedule =
        Schedule::ReduceOnPlateau { factor: 0.5, patience: 1, threshold: 1e-4, min: 0.0 };
    let waiting = error(Config { schedule, ..config });
    assert!(waiting.contains("schedule is reduce-on-plateau"), "{waiting}");
}

/// A cross-validation of a table's settings, and the run that learns from all its rows.
fn folded(config: &Config, path: &Path) -> Report {
    let (load, pool) = (|source: &DataSource| source.load(&shipped), Arc::new(Pool::new(1)));
    let folds = Folds::train(config, &load, &pool, &mut |_, _| true).unwrap().unwrap();
    let whole = folds.whole(config);
    let training = flat_training(&whole, whole.load().unwrap(), &pool).unwrap();
    let start = Start::New { path: path.into(), force: false };
    let mut session = Session::start_whole(training, &start, &folds).unwrap();
    session.run(Until::End).unwrap();
    session.finish().unwrap()
}

/// Of as many rows of two classes each fold's training part has more of the other one: a constant of its own
/// would be wrong in every fold.
#[test]
fn folds_stand_beside_one_constant_of_all_rows() {
    let rows: String = (0..20).map(|at| format!("{at},{}\n", at % 2)).collect();
    let (folder, config) = table(&format!("a,y\n{rows}"));
    let task = Some(Task::Classify);
    let config = Config { folds: Some(20), epochs: 2, task, ..config };
    let result = folded(&config, &folder.path().join("run")).result;
    let baseline = &result.baselines.baseline;
    assert_eq!(baseline["validation_accuracy"], 0.5);
    assert!((baseline["validation_loss"] - 2.0_f64.ln()).abs() < 1e-6, "{baseline:?}");
    let mean = result.folds.iter().map(|fold| fold["validation_accuracy"]).sum::<f64>() / 20.0;
    assert!((result.scores["validation_accuracy"] - mean).abs() < 1e-12);
}

/// A fold whose rows were learnt from is no judge.
#[test]
fn rows_that_stand_in_several_folds_are_told() {
    let table_of = |times: usize| {
        let rows: String = (0..30).map(|at| format!("{at},{}\n", at * at % 7 % 2)).collect();
        table(&format!("a,y\n{}", rows.repeat(times)))
    };
    let warnings = |times| {
        let (folder, config) = table_of(times);
        let task = Some(Task::Classify);
        let config = Config { folds: Some(3), epochs: 2, task, ..config };
        folded(&config, &folder.path().join("run")).result.warnings.join("\n")
    };
    // Four copies seldom fall into one of three folds.
    let told = warnings(4);
    let of = "of the 120 rows held out have an equal one that was learnt from";
    let count = told.lines().find_map(|line| line.split_once(of)?.0.trim().parse().ok());
    assert!(count.is_some_and(|count: usize| count > 80), "{told}");
    assert!(!warnings(1).contains("learnt from"));
}

/// Of all rows held out enough are repeated, though they are few in some folds.
#[test]
fn rows_that_are_repeated_count_in_every_fold() {
    let rows: String = (0..200).map(|at| format!("{at},{}\n", at % 2)).collect();
    let copies = "1,1\n3,1\n5,1\n7,1\n9,1\n11,1\n";
    let (folder, config) = table(&format!("a,y\n{rows}{copies}"));
    let task = Some(Task::Classify);
    let config = Config { folds: Some(4), epochs: 1, task, ..config };
    let load = |source: &DataSource| source.load(&shipped);
    let (mut shared, mut least) = (0, usize::MAX);
    for number in 0..4 {
        let fold = Some(Fold { number, of: 4 });
        let loaded = load(&DataSource { fold, ..config.source() }).unwrap();
        let rows = |data: &dyn Examples| {
            let all: Vec<u32> = (0..data.len() as u32).collect();
            let mut features = vec![0.0; all.len()];
            data.features(&all, &mut features).unwrap();
            features
        };
        let learnt = rows(&*loaded.train);
        let held_out = rows(&*loaded.validation.unwrap());
        let own = held_out.iter().filter(|x| learnt.contains(x)).count();
        (shared, least) = (shared + own, least.min(own));
    }
    assert!(shared * 20 >= 206 && least * 20 < 51, "many of all, and few of a fold: {shared}");
    let result = folded(&config, &folder.path().join("run")).result;
    let told = format!("{shared} of the 206 rows held out have an equal one");
    assert!(result.warnings.join("\n").contains(&told), "{:?}", result.warnings);
}

/// A target that is the same in every row is said to be by the reading; the mean is right to the bit.
#[test]
fn a_constant_target_is_no_fault_of_the_model() {
    let rows: String = (0..40).map(|at| format!("{},0.1\n", at % 7)).collect();
    let (_folder, config) = table(&format!("a,y\n{rows}"));
    for raw in [false, true] {
        let task = Some(Task::Regress);
        let result = trained(&Config { epochs: 2, task, raw, ..config.clone() }).result;
        assert_eq!(result.baselines.baseline["validation_rmse"], 0.0, "raw: {raw}");
        assert!(!result.warnings.concat().contains("worse"), "{:?}", result.warnings);
    }
}

/// Beside a loss of next to nothing any loss is large: it is the model's fault only if it was smaller before.
#[test]
fn a_loss_is_beyond_reason_only_if_training_made_it_larger() {
    let rows: String = (0..60).map(|at| format!("{at},{}\n", 7.5)).collect();
    let (_folder, config) = table(&format!("a,y\n{rows}"));
    let config = Config { epochs: 3, ..config };
    let notes = config.load().unwrap().summary.notes;
    let note = "the target `y` is the same in every row: there is nothing to learn";
    assert!(notes.iter().any(|known| known == note), "{notes:?}");
    for validation in [None, Some(0.0)] {
        let result = trained(&Config { validation, ..config.clone() }).result;
        assert_eq!(result.warnings, [""; 0]);
        // Of nothing that differs no share is explained.
        let all = [&result.scores, &result.baselines.baseline, &result.baselines.linear];
        assert!(all.iter().all(|scores| !scores.contains_key("validation_r2")), "{all:?}");
        let first = &result.lines()[0];
        assert!(validation.is_some() || first.starts_with("validation rmse"), "{first}");
    }
    // One row of the other class, which is for training.
    let rows: String =
        (0..60).map(|at| format!("{at},{}\n", if at == 9 { "v" } else { "u" })).collect();
    let (_folder, config) = table(&format!("a,y\n{rows}"));
    let result = trained(&Config { epochs: 1, ..config.clone() }).result;
    assert_eq!(result.scores["validation_accuracy"], 1.0);
    assert_eq!(result.warnings, [""; 0]);
    // In folds as well, and where steps are too large it is said of them.
    let folder = tempfile::tempdir().unwrap();
    let folds = Config { folds: Some(3), epochs: 1, ..config };
    let warnings = folded(&folds, &folder.path().join("a")).result.warnings.concat();
    assert!(!warnings.contains("beyond reason"), "{warnings}");
    let wild = Config { lr: 1000.0, optimizer: Optimizer::adam().into(), ..folds };
    let warnings = folded(&wild, &folder.path().join("b")).result.warnings.concat();
    assert!(warnings.contains("beyond reason"), "{warnings}");
}

/// Where there is no time for a linear model that is said, also of one of several folds.
#[test]
fn a_linear_model_that_is_left_out_is_told() {
    let config = Config { epochs: 2, ..Config::for_dataset("iris:train") };
    let loaded = config.source().load(&shipped).unwrap();
    let mut training = flat_training(&config, loaded, &Arc::new(Pool::new(1))).unwrap();
    while !matches!(training.advance().unwrap(), Advance::Nothing(_)) {}
    let baselines = training.baselines(std::time::Duration::ZERO).unwrap();
    let left_out = "no linear model, as it takes more than a tenth of the training's time";
    assert_eq!(baselines.linear_left_out.as_deref(), Some(left_out));
    let result =
        FinalScores::of(training.epochs(), training.best(), &training.sizes(), baselines.clone());
    assert!(result.lines()[1].ends_with(left_out), "{:?}", result.lines());

    let (folder, pool) = (tempfile::tempdir().unwrap(), Arc::new(Pool::new(1)));
    let load = |source: &DataSource| source.load(&shipped);
    let config = Config { folds: Some(3), ..config };
    let mut folds = Folds::train(&config, &load, &pool, &mut |_, _| true).unwrap().unwrap();
    assert!(folds.folds[2].baselines.linear.contains_key("validation_accuracy"));
    let Baselines { linear_left_out, linear, .. } = &mut folds.folds[2].baselines;
    (*linear_left_out, *linear) = (baselines.linear_left_out, baselines.linear);
    let whole = folds.whole(&config);
    let loaded = whole.source().load(&shipped).unwrap();
    let start = Start::New { path: folder.path().join("run"), force: false };
    let training = flat_training(&whole, loaded, &pool).unwrap();
    let mut session = Session::start_whole(training, &start, &folds).unwrap();
    // A kill from here on loses no scores: the folder had them before it was a run's.
    assert_eq!(session.folder().folds().unwrap().as_ref(), Some(&folds));
    session.run(Until::End).unwrap();
    let lines = session.finish().unwrap().result.lines();
    assert!(lines[1].contains("gives 0.3333, no linear model, as"), "{lines:?}");
}

/// With weights the loss that chooses the epoch is the one that training makes small.
#[test]
fn weights_count_in_the_choice_of_the_epoch() {
    // Of 600 rows 3 % are of the class that is told apart by noise for the most part.
    let row = |at: u32| {
        let noise = f64::from(at.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24);
        let rare = at.is_multiple_of(33);
        format!("{:.4},{}\n", noise + if rare { 0.4 } else { 0.0 }, if rare { "yes" } else { "no" })
    };
    let rows: String = (0..600).map(row).collect();
    let (folder, config) = table(&format!("a,y\n{rows}"));
    let class_weights = ClassWeights::Rule(ClassRule::Balanced);
    let config = Config { class_weights, epochs: 30, ..config };
    let (pool, path) = (Arc::new(Pool::new(1)), folder.path().join("run"));
    let training = flat_training(&config, config.load().unwrap(), &pool).unwrap();
    let start = Start::New { path: path.clone(), force: false };
    let mut session = Session::start(training, &start).unwrap();
    session.run(Until::End).unwrap();
    let report = session.finish().unwrap();
    let least = |name: &str| {
        let by = |a: &&Epoch, b: &&Epoch| a.scores[name].total_cmp(&b.scores[name]);
        report.epochs.iter().min_by(by).unwrap().epoch
    };
    assert_eq!(report.result.best, Some(least("validation_weighted_loss")));
    assert_ne!(report.result.best, Some(least("validation_loss")), "as without weights");
    // Σ w·l / B by the model's own answers.
    let run = Run::open(&path).unwrap();
    let weights = run.preparation.as_ref().unwrap().balanced_weights();
    let validation = run.data().unwrap().validation.unwrap();
    let all: Vec<u32> = (0..validation.len() as u32).collect();
    let (mut features, mut labels) = (vec![0.0; all.len()], vec![0; all.len()]);
    validation.features(&all, &mut features).unwrap();
    validation.labels(&all, &mut labels).unwrap();
    let answers = run.oracle(Which::Best, &pool).unwrap().answer(&features).unwrap();
    let losses = answers.iter().zip(&labels).map(|(answer, &label)| {
        let Answer::Class { probabilities, .. } = answer else { panic!("a classifier") };
        -probabilities[label as usize].ln() * weights[label as usize]
    });
    let expected = losses.sum::<f64>() / all.len() as f64;
    let told = report.result.scores["validation_weighted_loss"];
    assert!((told - expected).abs() < 1e-5, "{told} for {expected}");
    // Accuracy is not what it was trained for.
    let warnings = report.result.warnings.concat();
    assert!(warnings.contains("trained with weights"), "{warnings}");
}

#[test]
fn folds_find_nothing_in_noise() {
    // 60 rows of which no column says anything of the class: each fold's own best epoch would be chosen by
    // its two rows, and look like knowledge.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("noise.csv");
    let number = |i: u64| f64::from((i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u32) / 1e6;
    let row = |i: u64| {
        let class = if (i * 7919) % 60 < 30 { "yes" } else { "no" };
        format!("{},{},{},{class}\n", number(3 * i + 1), number(3 * i + 2), number(3 * i + 3))
    };
    let table: String = std::iter::once("a,b,c,y\n".into()).chain((0..60).map(row)).collect();
    std::fs::write(&file, table).unwrap();
    let config = Config { folds: Some(30), ..Config::for_dataset(file.to_str().unwrap()) };
    let load = |source: &DataSource| source.load(&|name| Ok(name.into()));
    let pool = std::sync::Arc::new(chainrule::Pool::new(1));
    let folds = Folds::train(&config, &load, &pool, &mut |_, _| true).unwrap().unwrap();
    let accuracy = folds.mean()["validation_accuracy"];
    assert!((0.3..0.65).contains(&accuracy), "{accuracy} by guessing");
}

#[test]
fn a_fold_of_values_has_rows_enough_for_a_score() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("values.csv");
    let rows: String = (0..24).map(|i| format!("{i},{}\n", f64::from(i) * 1.5)).collect();
    std::fs::write(&file, format!("x,y\n{rows}")).unwrap();
    let config = Config { epochs: 2, ..Config::for_dataset(file.to_str().unwrap()) };
    let load = |source: &DataSource| source.load(&|name| Ok(name.into()));
    let pool = Arc::new(Pool::new(1));
    let folds = |folds| {
        let config = Config { folds: Some(folds), ..config.clone() };
        Folds::train(&config, &load, &pool, &mut |_, _| true)
    };
    assert_eq!(folds(4).unwrap().unwrap().folds.len(), 4);
    let error = folds(5).unwrap_err().to_string();
    assert!(error.contains("five rows, as R² of fewer says little"), "{error}");
}
