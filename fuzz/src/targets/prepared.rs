//! What a run keeps as JSON: how its data is prepared, and its scores, changed behind their digests.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use crate::edits::{Edit, edit};
use crate::trained::{self, RUN};
use chainrule_train::RunFolder;
use serde_json::{Map, Value};

const FILES: [&str; 2] = ["data.json", "scores.json"];

#[derive(Arbitrary, Debug)]
struct Input {
    file: bool,
    edits: Vec<Edit>,
}

/// The folder as it was, the files' bytes, and what they hold without what seals them.
static ORIGINALS: LazyLock<(RunFolder, [(Vec<u8>, Value); 2])> = LazyLock::new(|| {
    let folder = RunFolder::open(&RUN).expect("a good run");
    let files = FILES.map(|name| {
        let bytes = trained::original(name);
        let mut object: Map<String, Value> = serde_json::from_slice(&bytes).expect("an object");
        object.retain(|key, _| !["version", "run", "sha256"].contains(&&**key));
        (bytes, Value::Object(object))
    });
    (folder, files)
});

pub fn run(bytes: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let which = usize::from(input.file);
    let (folder, originals) = &*ORIGINALS;
    let (bytes, object) = &originals[which];
    let mut object = object.clone();
    edit(&mut object, &input.edits);
    folder.put_json(FILES[which], &object).expect("the file is written");
    trained::ask();
    trained::put(FILES[which], bytes);
}
