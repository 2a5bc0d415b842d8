//! `explain` of a training: one of its steps, or how the gradient flowed.

use std::path::Path;

use anyhow::{Result, bail};
use chainrule::Real;
use chainrule_explain::Language;
use chainrule_train::{
    Config, Parts, Precision, RunFolder, StepExplanation, Trainer, flow_svg, flow_text,
};

use crate::data;
use crate::explain_arguments::{DrawnFormat, Explain, StepFormat};
use crate::run::{self, Run};

/// The step `number` of a run, replayed: as text or JSON.
pub fn step(options: &Explain, number: u64, format: StepFormat) -> Result<String> {
    let run = Run::open(Path::new(&options.expression))?;
    // A run may have been resumed to more epochs than it began with.
    let done = run.folder.all_epochs()?.len() as u32;
    let config = Config { epochs: run.config.epochs.max(done), ..run.config.clone() };
    let language = options.lang;
    let explained = match config.dtype {
        Precision::F64 => replayed::<f64>(&run, &config, number, language)?,
        Precision::F32 => replayed::<f32>(&run, &config, number, language)?,
    };
    Ok(match format {
        StepFormat::Json => serde_json::to_string(&explained)? + "\n",
        StepFormat::Text => explained.to_text(),
    })
}

fn replayed<T: Real>(
    run: &Run,
    config: &Config,
    number: u64,
    language: Language,
) -> Result<StepExplanation> {
    let loaded = data::own(run.folder.path(), config)?;
    let train = &*loaded.train;
    let model = config.model_for(train.width(), train.target())?;
    let mut trainer = Trainer::<T>::new(&model, config, train)?.with_pool(&run::pool(None)?);
    let parts = Parts { train, validation: loaded.validation.as_deref(), test: None };
    trainer.replay(&run.folder, parts, number)?;
    let preparation = run.preparation.as_ref().unwrap_or(&loaded.preparation);
    Ok(trainer.explain_step(train, preparation.class_names(), language)?)
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
