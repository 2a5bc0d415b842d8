//! `lint`.

use std::path::Path;

use anyhow::{Result, bail};
use chainrule::Parameters;
use chainrule_train::lint::to_text;
use chainrule_train::{Config, Run, Trainer};

use crate::arguments::Lint;
use crate::{data, print};

/// Looks at a configuration or a run; `false` where something should be done.
pub fn lint(options: &Lint) -> Result<bool> {
    let path = Path::new(&options.subject);
    let (config, trained): (Config, Option<Parameters<f64>>) = if path.is_dir() {
        let run = Run::open(path)?;
        (run.config, run.folder.load()?.map(|checkpoint| checkpoint.parameters))
    } else if path.extension().is_some_and(|extension| extension == "toml") {
        (Config::read(path)?, None)
    } else {
        bail!(crate::Usage(format!(
            "`{}` is neither a run's folder nor a configuration (.toml)",
            options.subject
        )))
    };
    let loaded = data::load(&config)?;
    let model = config.model_for(loaded.train.width(), loaded.train.target())?;
    let mut trainer = Trainer::<f64>::new(&model, &config, loaded.parts())?;
    if let Some(trained) = trained {
        *trainer.parameters_mut() = trained;
    }
    let language = options.lang;
    let findings = trainer.lint(language)?;
    match options.json {
        true => print::json(&findings)?,
        false => print::text(&to_text(&findings, language))?,
    }
    Ok(findings.iter().all(|finding| !finding.warning))
}
