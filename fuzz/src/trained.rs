//! A run that was trained, whose files the targets exchange for others.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use chainrule::Pool;
use chainrule_train::data::Keep;
use chainrule_train::{Config, Run, Session, Start, Until, Which, flat_training, runs};

/// Two classes by a number and a word.
const TABLE: &str = "a,b,y\n1,u,no\n2,v,yes\n,u,no\n4,,yes\n5,u,no\n6,v,yes\n7,u,no\n8,v,yes\n";

/// Rows that it can be asked about.
pub const ROWS: &[u8] = b"a,b\n3,u\n,w\n";

/// One thread.
pub static POOL: LazyLock<Arc<Pool>> = LazyLock::new(|| Arc::new(Pool::new(1)));

/// Its folder.
pub static RUN: LazyLock<PathBuf> = LazyLock::new(|| {
    let config = config();
    let path = Path::new(&config.dataset).with_file_name("run");
    let start = Start::New { path: path.clone(), force: true };
    let loaded = config.load().expect("a good table");
    let training = flat_training(&config, loaded, &POOL).expect("settings that fit");
    let mut session = Session::start(training, &start).expect("a session");
    session.run(Until::End).expect("a training");
    session.finish().expect("an end");
    path
});

/// One of its files as it was written.
pub fn original(name: &str) -> Vec<u8> {
    std::fs::read(RUN.join(name)).expect("a file of the run")
}

/// Puts a file in the place of one of its own.
pub fn put(name: &str, bytes: &[u8]) {
    std::fs::write(RUN.join(name), bytes).expect("the file is written");
}

/// Has the run, whose files may be bad, tell all that it can.
pub fn ask() {
    let parent = RUN.parent().expect("a folder of runs");
    for folder in runs::within(parent) {
        if let Ok(entry) = runs::entry(&folder) {
            let _ = runs::table(std::slice::from_ref(&entry), None, 80);
            let _ = runs::ranked(std::slice::from_ref(&entry), None);
        }
    }
    let Ok(run) = Run::open(&RUN) else { return };
    let _ = run.folder.gradient_flow();
    let _ = run.folder.folds();
    for which in [Which::Best, Which::Last] {
        let Ok(oracle) = run.oracle(which, &POOL) else { continue };
        let Ok(rows) = oracle.preparation().read_rows(ROWS, &Keep::All) else { continue };
        let _ = oracle.answer_all(&*rows.examples, &mut |_| Ok::<(), chainrule::Error>(()));
    }
}

/// Its settings: everything that a checkpoint can hold is there.
fn config() -> Config {
    let settings = "hidden = [3]\nepochs = 3\nbatch_size = 2\noptimizer = \"adam\"\nvalidation = 0.4\n\
                    early_stopping = { patience = 9 }\naccumulate = 2\n";
    let config = Config::from_toml(settings).expect("good settings");
    let table = crate::files::file("trained.csv", TABLE.as_bytes());
    Config { dataset: table.display().to_string(), ..config }
}
