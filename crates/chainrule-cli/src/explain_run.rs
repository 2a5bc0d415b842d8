//! `explain` of a training: one of its steps, or how the gradient flowed.

use std::path::Path;

use anyhow::{Result, bail};
use chainrule_train::{RunFolder, flow_svg, flow_text};

use crate::explain_arguments::{DrawnFormat, Explain, StepFormat};
use crate::run::{moved, pool};

/// The step `number` of a run, replayed: as text or JSON.
pub fn step(options: &Explain, number: u64, format: StepFormat) -> Result<String> {
    let run = moved(Path::new(&options.expression), options.run.data.as_deref())?;
    let explained = run.explain_step(number, options.lang, &pool(None)?)?;
    Ok(match format {
        StepFormat::Json => serde_json::to_string(&explained)? + "\n",
        StepFormat::Text => explained.to_text(),
    })
}

/// The gradient flow that a run recorded: as text, JSON or a picture.
pub fn flow(options: &Explain, format: DrawnFormat) -> Result<String> {
    let folder = RunFolder::open(Path::new(&options.expression))?;
    let epochs = folder.gradient_flow()?;
    if epochs.is_empty() {
        bail!("{} has no gradient_flow.jsonl: train with --gradient-flow", folder.path().display());
    }
    let language = options.lang;
    Ok(match format {
        DrawnFormat::Json => serde_json::to_string(&epochs)? + "\n",
        DrawnFormat::Svg => flow_svg(&[("", &epochs)], language)?,
        DrawnFormat::Text => flow_text(&epochs, language),
    })
}
