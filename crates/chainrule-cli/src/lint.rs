//! `lint`.

use std::path::Path;

use anyhow::Result;
use chainrule::Parameters;
use chainrule_train::lint::to_text;
use chainrule_train::{Run, RunFolder, Trainer};

use crate::arguments::Lint;
use crate::run::moved;
use crate::train::base;
use crate::{data, print};

/// Looks at data, a configuration or a run; `false` where something should be done.
pub fn lint(options: &Lint) -> Result<bool> {
    let path = Path::new(&options.subject);
    let run = match (RunFolder::open(path), &options.place) {
        (Ok(_), place) => Some(moved(path, place.as_deref())?),
        (Err(_), None) => None,
        (Err(_), Some(_)) => {
            let message = "--data says where the data of a run is; other data is named itself";
            return Err(crate::Usage(message.into()).into());
        }
    };
    let config = match &run {
        Some(run) => run.config.clone(),
        None => base(&options.subject)?,
    };
    let config = options.data.over(config);
    config.validate()?;
    let (loaded, trained): (_, Option<Parameters<f64>>) = match run {
        Some(run) => {
            let trained = run.folder.load()?.map(|checkpoint| checkpoint.parameters);
            (Run { config: config.clone(), ..run }.data()?, trained)
        }
        None => (data::load(&config)?, None),
    };
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
