//! `explain` of a training: one of its steps, how the gradient flowed, and what counts for the network.

use std::path::Path;

use anyhow::{Result, bail};
use chainrule_train::{Effect, Importance, Run, RunFolder, Which, flow_svg, flow_text};

use crate::explain_arguments::{DrawnFormat, Explain, StepFormat};
use crate::run::{moved, pool};
use crate::{data, print};

/// The step `number` of a run, replayed: as text or JSON.
pub fn step(options: &Explain, number: u64, format: StepFormat) -> Result<String> {
    let run = moved(Path::new(&options.expression), options.run.data.as_deref())?;
    let run = Run { data_changed: options.run.data_changed, ..run };
    let explained = run.explain_step(number, options.lang, &pool(None)?)?;
    Ok(match format {
        StepFormat::Json => serde_json::to_string(&explained)? + "\n",
        StepFormat::Text => explained.to_text_within(columns(options)),
    })
}

/// The gradient flow that a run recorded: as text, JSON or a picture.
pub fn flow(options: &Explain, format: DrawnFormat) -> Result<String> {
    let folder = RunFolder::open(Path::new(&options.expression))?;
    let epochs = folder.gradient_flow()?;
    if epochs.is_empty() {
        bail!("{} tells no gradient flow: train with --gradient-flow", folder.path().display());
    }
    let language = options.lang;
    Ok(match format {
        DrawnFormat::Json => serde_json::to_string(&epochs)? + "\n",
        DrawnFormat::Svg => flow_svg(&[("", &epochs)], language)?,
        DrawnFormat::Text => flow_text(&epochs, language),
    })
}

/// How much a run's network needs each column: as text, JSON or a picture.
pub fn importance(options: &Explain, format: DrawnFormat) -> Result<String> {
    let (run, data, which) = asked(options)?;
    let importance = run.importance(data.as_deref(), which, &pool(None)?)?;
    let importance = Importance { language: options.lang, ..importance };
    Ok(match format {
        DrawnFormat::Json => serde_json::to_string(&importance)? + "\n",
        DrawnFormat::Svg => importance.to_svg(),
        DrawnFormat::Text => importance.to_text_within(columns(options)),
    })
}

/// What a run's network says by the value of a column: as text, JSON or a picture.
pub fn effect(options: &Explain, column: &str, format: DrawnFormat) -> Result<String> {
    let (run, data, which) = asked(options)?;
    let effect = run.effect(column, data.as_deref(), which, &pool(None)?)?;
    let effect = Effect { language: options.lang, ..effect };
    Ok(match format {
        DrawnFormat::Json => serde_json::to_string(&effect)? + "\n",
        DrawnFormat::Svg => effect.to_svg()?,
        DrawnFormat::Text => effect.to_text_within(columns(options)),
    })
}

/// The width of a text: that of the terminal, and of a page in a file.
pub fn columns(options: &Explain) -> usize {
    const PAGE: usize = 80;
    if options.output.is_some() { PAGE } else { print::table_columns() }
}

/// The run, the other data and the parameters that a call asks about.
fn asked(options: &Explain) -> Result<(Run, Option<String>, Which)> {
    let data = options.run.data.as_deref().map(data::known).transpose()?;
    let which = if options.run.last { Which::Last } else { Which::Best };
    Ok((Run::open(Path::new(&options.expression))?, data, which))
}
