//! What a run's model says of new examples.

use std::sync::Arc;

use super::Run;
use crate::data::{Examples, Keep, NewData, Preparation, located};
use crate::{Chosen, Precision, Which, predict};
use chainrule::Pool;
use chainrule::error::{Error, Result};
use chainrule::nn::{Answer, Target};
use chainrule::tensor::Real;

/// Examples predicted at once.
const CHUNK: usize = 500;

/// Says what the model makes of rows of features.
type Say<'r> = dyn Fn(&[f32]) -> Result<Vec<Answer>> + 'r;

/// A trained model that answers for new examples.
pub struct Oracle<'r> {
    preparation: &'r Preparation,
    say: Box<Say<'r>>,
}

impl Oracle<'_> {
    /// How its inputs are prepared.
    #[must_use]
    pub fn preparation(&self) -> &Preparation {
        self.preparation
    }

    /// The answers for rows of prepared features.
    ///
    /// # Errors
    /// The features are no whole number of rows.
    pub fn answer(&self, features: &[f32]) -> Result<Vec<Answer>> {
        (self.say)(features)
    }

    /// New examples from a file or a shipped dataset, with the columns to keep.
    ///
    /// # Errors
    /// As [`Preparation::read`].
    pub fn read(&self, name: &str, keep: &Keep) -> Result<NewData> {
        self.preparation.read(&located(name)?, false, keep)
    }

    /// The answers for examples, some at once.
    ///
    /// # Errors
    /// Examples that cannot be read, or an error of `hear`.
    pub fn answer_all<E: From<Error>>(
        &self,
        examples: &dyn Examples,
        hear: &mut dyn FnMut(&[Answer]) -> Result<(), E>,
    ) -> Result<(), E> {
        let all: Vec<u32> = (0..examples.len() as u32).collect();
        for chunk in all.chunks(CHUNK) {
            let mut features = vec![0.0; chunk.len() * examples.width()];
            examples.features(chunk, &mut features)?;
            hear(&self.answer(&features)?)?;
        }
        Ok(())
    }
}

impl Run {
    /// What answers for new examples with such parameters.
    ///
    /// # Errors
    /// As [`Run::model`], or the run does not tell how inputs are prepared.
    pub fn oracle(&self, which: Which, pool: &Arc<Pool>) -> Result<Oracle<'_>> {
        let preparation = self.prepared()?;
        let target = match preparation.class_names() {
            [] => Target::Values { width: preparation.target_names().len() },
            names => Target::Class { classes: names.len() },
        };
        let measures = (preparation.width(), target);
        let say = match self.config.dtype {
            Precision::F64 => self.answers::<f64>(measures, which, pool)?,
            Precision::F32 => self.answers::<f32>(measures, which, pool)?,
        };
        Ok(Oracle { preparation, say })
    }

    fn answers<T: Real>(
        &self,
        measures: (usize, Target),
        which: Which,
        pool: &Arc<Pool>,
    ) -> Result<Box<Say<'_>>> {
        let (model, Chosen { parameters, .. }) = self.model::<T>(measures, None, which)?;
        let (scales, pool) = (self.prepared()?.scales(), pool.clone());
        Ok(Box::new(move |features| {
            predict(&model, measures.1, scales, &parameters, features, &pool)
        }))
    }
}
