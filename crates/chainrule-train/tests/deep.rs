//! A training of a network of twice as many layers takes twice the work, with the files that it leaves and
//! what is asked of it later. Work is counted in allocated bytes of the test's own thread, which no load of
//! the machine changes.

#[path = "../../chainrule/tests/counted/mod.rs"]
mod counted;

use std::sync::Arc;

use chainrule::Pool;
use chainrule_explain::Language;
use chainrule_train::{Config, Run, RunExample, Session, Start, Until, Which, flat_training};
use counted::counted;

/// The bytes of each part of a short training of so many hidden layers.
fn work(layers: usize) -> Vec<(&'static str, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let table = folder.path().join("table.csv");
    let rows: Vec<String> = (0..20).map(|i| format!("{i},{},{}", i * i % 7, 3 * i)).collect();
    std::fs::write(&table, format!("a,b,y\n{}\n", rows.join("\n"))).unwrap();
    let (config, settings) = counted(|| {
        let hidden = vec!["4"; layers].join(", ");
        let text = format!(
            "dataset = {table:?}\nhidden = [{hidden}]\ndropout = 0.1\nbatch_size = 16\nepochs = 1\n\
             validation = 0.2\noptimizer = \"adam\"\ngradient_flow = true"
        );
        Config::from_toml(&text).unwrap()
    });
    let loaded = config.source().load(&|name| Ok(name.into())).unwrap();
    let (training, make) =
        counted(|| flat_training(&config, loaded, &Arc::new(Pool::new(1))).unwrap());
    let (mut session, start) = counted(|| {
        Session::start(training, &Start::New { path: dir.clone(), force: false }).unwrap()
    });
    let (_, train) = counted(|| session.run(Until::End).unwrap());
    let (_, finish) = counted(|| session.finish().unwrap());
    let (run, open) = counted(|| Run::open(&dir).unwrap());
    let (_, examples) = run.examples(None).unwrap();
    let example = RunExample { data: &*examples, named: None, index: 0, which: Which::Last };
    let explain = || run.explain_example(example, Language::English);
    let (_, explain) = counted(|| explain().unwrap().to_text());
    vec![
        ("settings", settings),
        ("making", make),
        ("starting", start),
        ("training", train),
        ("finishing", finish),
        ("opening", open),
        ("explaining", explain),
    ]
}

#[test]
fn a_training_of_twice_as_many_layers_takes_twice_the_work() {
    // Vectors grow by doubling, and the data is the same.
    for ((part, half), (_, whole)) in work(80).into_iter().zip(work(160)) {
        assert!(whole * 10 <= half * 23, "{part}: {half} bytes, of twice as many layers {whole}");
    }
}
