//! The lines that a training writes: its journal, and its metrics where there is no journal.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use crate::edits::{Edit, edit};
use crate::trained::{self, RUN};
use chainrule_train::{Journal, RunFolder};
use serde_json::Value;

const FILES: [&str; 2] = ["events.jsonl", "metrics.jsonl"];

#[derive(Arbitrary, Debug)]
struct Input {
    metrics: bool,
    /// Changes of the list of all lines.
    edits: Vec<Edit>,
    /// What stands after them.
    tail: Vec<u8>,
}

static ORIGINALS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| FILES.map(trained::original));

/// The lines with the changes made.
fn changed(bytes: &[u8], input: &Input) -> Vec<u8> {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(|line| serde_json::from_slice(line).expect("a line of JSON"));
    let mut lines = Value::Array(lines.collect());
    edit(&mut lines, &input.edits);
    let lines = lines.as_array().cloned().unwrap_or_default();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    [text.as_bytes(), &input.tail].concat()
}

pub fn run(bytes: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let which = usize::from(input.metrics);
    let bytes = changed(&ORIGINALS[which], &input);
    trained::put(FILES[which], &bytes);
    if input.metrics {
        std::fs::remove_file(RUN.join(FILES[0])).expect("the journal goes");
    } else {
        // A training that goes on cuts off what a crash left.
        let copy = crate::files::file("journal.jsonl", &bytes);
        let _ = Journal::open(&copy, "another");
    }
    if let Ok(folder) = RunFolder::open(&RUN) {
        let _ = folder.all_epochs();
        let _ = folder.load::<f32>();
    }
    trained::ask();
    for (name, original) in FILES.iter().zip(&*ORIGINALS) {
        trained::put(name, original);
    }
}
