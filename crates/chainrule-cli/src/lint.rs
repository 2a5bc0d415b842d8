//! `lint`.

use std::path::Path;

use anyhow::Result;
use chainrule::Parameters;
use chainrule_train::lint::to_text;
use chainrule_train::{Config, Run, RunFolder, Trainer};

use crate::arguments::Lint;
use crate::train::base;
use crate::{data, print};

/// Looks at data, a configuration or a run; `false` where something should be done.
pub fn lint(options: &Lint) -> Result<bool> {
    let path = Path::new(&options.subject);
    let (config, trained): (Config, Option<Parameters<f64>>) = if RunFolder::open(path).is_ok() {
        let run = Run::open(path)?;
        (run.config, run.folder.load()?.map(|checkpoint| checkpoint.parameters))
    } else {
        (base(&options.subject)?, None)
    };
    let config = options.data.over(config);
    config.validate()?;
    let loaded = data::load(&config)?;
    let model = config.model_for(loaded.train.width(), loaded.train.target())?;
    let mut trainer = Trainer::<f64>::new(&model, &config, loaded.parts())?;
    if let Some(trained) = trained {
        *trainer.parameters_mut() = trained;
    }
    let language = options.lang;
    let findings = {
        let preparation = &loaded.preparation;
        let target = preparation.target_names().first().map(String::as_str);
        trainer.lint_columns(language, &preparation.feature_names(), target)?
    };
    match options.json {
        true => print::json(&findings)?,
        false => print::text(&to_text(&findings, language, print::table_columns()))?,
    }
    Ok(findings.iter().all(|finding| !finding.warning))
}
