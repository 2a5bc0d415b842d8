//! What other tools read of a run: events for TensorBoard, parameters for NumPy and PyTorch.
//!
//! `cargo run -p chainrule-train --example other_tools -- FOLDER` writes them into the folder; `cargo xtask
//! readers` has the tools read them.

use std::path::Path;

use chainrule::nn::{Init, Network, Relu};
use chainrule::{Parameters, Real, Result};
use chainrule_train::export;
use chainrule_train::tensorboard::EventWriter;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let temporary = std::env::temp_dir().join("chainrule-other-tools");
    let folder = std::env::args_os().nth(1).map_or(temporary, Into::into);
    std::fs::create_dir_all(&folder)?;
    events(&folder)?;
    let model = Network::fully_connected(&[4, 3, 2], Relu, Init::Normal { deviation: 0.1 })?;
    let (mut singles, mut doubles) = (model.initial::<f32>(0)?, model.initial::<f64>(0)?);
    count(&mut singles)?;
    count(&mut doubles)?;
    let files = [
        ("f32.safetensors", export::safetensors(&singles)?),
        ("f64.safetensors", export::safetensors(&doubles)?),
        ("f32.npz", export::npz(&singles)?),
        ("f64.npz", export::npz(&doubles)?),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes)?;
    }
    println!("written into {}", folder.display());
    Ok(())
}

/// Five steps; then, as after a crash, the run goes on from step 4.
fn events(folder: &Path) -> Result<()> {
    let mut events = EventWriter::create(folder)?;
    for step in 1..=5 {
        events.scalar("loss/train", step, 1.0 / step as f64)?;
    }
    events.flush()?;
    let mut events = EventWriter::append(folder, 4)?;
    for step in 4..=6 {
        events.scalar("loss/train", step, 0.1 * step as f64)?;
        events.scalar("accuracy/test", step, 0.9)?;
    }
    events.flush()
}

/// Makes the elements of each parameter 0, ⅛, ¼ and so on, which every precision holds.
fn count<T: Real>(parameters: &mut Parameters<T>) -> Result<()> {
    let names: Vec<String> = parameters.iter().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let values = parameters.get_mut(&name)?.values_mut().iter_mut();
        values.zip(0..).for_each(|(value, at)| *value = T::from_f64(f64::from(at) / 8.0));
    }
    Ok(())
}
