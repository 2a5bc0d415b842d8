//! A run's checkpoints, changed behind their digests: they are loaded, asked and gone on with.

use std::sync::{LazyLock, Mutex};

use arbitrary::{Arbitrary, Unstructured};
use crate::edits::{Edit, edit};
use crate::trained::{self, RUN};
use chainrule_train::{Run, RunFolder, Trainer};
use serde_json::Value;

const FILES: [&str; 3] = ["model.safetensors", "optimizer.safetensors", "best.safetensors"];

#[derive(Arbitrary, Debug)]
struct Input {
    file: u8,
    /// Changes of the header, which is a list of its own part and what the run says of itself there.
    edits: Vec<Edit>,
    /// How much is cut off.
    cut: Option<u8>,
}

static ORIGINALS: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| FILES.map(trained::original));

static TRAINER: LazyLock<Mutex<Trainer<f32>>> = LazyLock::new(|| {
    let run = Run::open(&RUN).expect("a good run");
    let loaded = run.data().expect("its data");
    let model = run.config.model_for(loaded.train.width(), loaded.train.target());
    let trainer = Trainer::new(&model.expect("its model"), &run.config, loaded.parts());
    Mutex::new(trainer.expect("its training"))
});

/// The file with the changes made in its header.
fn changed(bytes: &[u8], edits: &[Edit]) -> Option<Vec<u8>> {
    const NOTES: &str = "/__metadata__/chainrule";
    let (length, rest) = bytes.split_first_chunk()?;
    let (header, data) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let header: Value = serde_json::from_slice(header).ok()?;
    let notes: Value = serde_json::from_str(header.pointer(NOTES)?.as_str()?).ok()?;
    let mut both = Value::Array(vec![header, notes]);
    edit(&mut both, edits);
    let (mut header, notes) = (both.get(0)?.clone(), both.get(1)?.to_string());
    if let Some(place) = header.pointer_mut(NOTES) {
        *place = notes.into();
    }
    let header = header.to_string();
    Some([&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat())
}

pub fn run(bytes: &[u8]) {
    let Ok(input) = Input::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let which = usize::from(input.file) % FILES.len();
    let (name, original) = (FILES[which], &ORIGINALS[which]);
    let mut bytes = changed(original, &input.edits).unwrap_or_else(|| original.clone());
    bytes.truncate(bytes.len().saturating_sub(input.cut.unwrap_or(0).into()));
    let bytes = RunFolder::resealed(name, &bytes).unwrap_or(bytes);
    let mut trainer = TRAINER.lock().expect("no panic before");
    trained::put(name, &bytes);
    if let Ok(Some(checkpoint)) = RunFolder::open(&RUN).and_then(|folder| folder.load::<f32>())
        && trainer.restore(checkpoint).is_ok()
    {
        let _ = trainer.advance();
    }
    trained::ask();
    trained::put(name, original);
}
