//! A trained run: its folder with everything that scoring and predicting need.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use chainrule::nn::Sequential;
use chainrule::{Parameters, Pool, Real};
use chainrule_train::data::{Examples, Preparation, Target};
use chainrule_train::{Config, RunFolder};

use crate::data;

/// An opened run.
pub struct Run {
    pub folder: RunFolder,
    pub config: Config,
    pub preparation: Option<Preparation>,
}

impl Run {
    pub fn open(dir: &Path) -> Result<Self> {
        let folder = RunFolder::open(dir)?;
        let config = folder.config()?;
        let preparation = folder.preparation()?;
        Ok(Self { folder, config, preparation })
    }

    /// The examples to score on; see [`data::part`].
    pub fn examples(&self, name: Option<&str>) -> Result<Box<dyn Examples>> {
        data::part(self.folder.path(), &self.config, self.preparation.as_ref(), name)
    }

    /// The model for examples of such width and target, of the dataset `data`, and its parameters: the
    /// last or the best ones.
    pub fn model<T: Real>(
        &self,
        (width, target): (usize, Target),
        data: Option<&str>,
        best: bool,
    ) -> Result<(Sequential, Parameters<T>)> {
        let data = data.unwrap_or(&self.config.dataset);
        let model = self.config.model_for(width, target)?;
        let parameters = if best { self.folder.best()? } else { self.folder.parameters()? };
        model.check(&parameters).map_err(|error| data::of_file(&error)).with_context(|| {
            format!(
                "the parameters in {} do not fit its configuration and the dataset `{data}`",
                self.folder.path().display()
            )
        })?;
        Ok((model, parameters))
    }
}

/// The threads of a call.
pub fn pool(asked: Option<usize>) -> Result<Arc<Pool>> {
    Ok(Arc::new(Pool::new(crate::arguments::threads(asked)?)))
}
