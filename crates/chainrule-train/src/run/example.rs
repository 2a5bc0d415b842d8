//! What a run's model makes of one example.

use super::Run;
use crate::data::{Examples, truth};
use crate::{Chosen, Precision, Which};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::nn::{Loss, Network, Truth};
use chainrule::tensor::Real;
use chainrule_explain::{Explanation, Language, NetworkExplanation, network, network_graph};

/// A model with what it is asked.
struct Question<T> {
    model: Network,
    parameters: Parameters<T>,
    loss: Loss,
    features: Vec<f64>,
    truth: Truth,
}

impl Run {
    /// Why the model says what it says of an example of `data`, which are [`Run::examples`] of the
    /// name `named`.
    ///
    /// # Errors
    /// There is no such example, or as [`Run::model`].
    pub fn explain_example(
        &self,
        data: &dyn Examples,
        named: Option<&str>,
        example: u32,
        which: Which,
        language: Language,
    ) -> Result<NetworkExplanation> {
        let mut explained = match self.config.dtype {
            Precision::F64 => self.explained::<f64>(data, named, example, which, language)?,
            Precision::F32 => self.explained::<f32>(data, named, example, which, language)?,
        };
        if let Some(preparation) = &self.preparation {
            explained.classes = preparation.class_names().to_vec();
            // The features of images have names too, but are better seen than read.
            if !preparation.target_names().is_empty() {
                explained.features = preparation.feature_names();
            }
        }
        Ok(explained)
    }

    fn explained<T: Real>(
        &self,
        data: &dyn Examples,
        named: Option<&str>,
        example: u32,
        which: Which,
        language: Language,
    ) -> Result<NetworkExplanation> {
        let Question { model, parameters, loss, features, truth } =
            self.question::<T>(data, named, example, which)?;
        let told = network(&model, &parameters, loss, &features, &truth, language)?;
        Ok(told.in_unit(&data.scales()))
    }

    /// The model and its loss on an example of `data` as the graph that it is, of [`Run::examples`] of the
    /// name `named`.
    ///
    /// # Errors
    /// There is no such example, or as [`Run::model`].
    pub fn example_graph(
        &self,
        data: &dyn Examples,
        named: Option<&str>,
        example: u32,
        which: Which,
        language: Language,
    ) -> Result<Explanation> {
        match self.config.dtype {
            Precision::F64 => self.graph::<f64>(data, named, example, which, language),
            Precision::F32 => self.graph::<f32>(data, named, example, which, language),
        }
    }

    fn graph<T: Real>(
        &self,
        data: &dyn Examples,
        named: Option<&str>,
        example: u32,
        which: Which,
        language: Language,
    ) -> Result<Explanation> {
        let Question { model, parameters, loss, features, truth } =
            self.question::<T>(data, named, example, which)?;
        network_graph(&model, &parameters, loss, &features, &truth, language)
    }

    /// The model with what it is asked.
    fn question<T: Real>(
        &self,
        data: &dyn Examples,
        named: Option<&str>,
        example: u32,
        which: Which,
    ) -> Result<Question<T>> {
        let target = data.target();
        let (model, Chosen { parameters, .. }) =
            self.model::<T>((data.width(), target), named, which)?;
        let mut row = vec![0.0; data.width()];
        data.features(&[example], &mut row)?;
        let features: Vec<f64> = row.into_iter().map(f64::from).collect();
        let (truth, loss) = (truth(data, example)?, self.config.loss_for(target)?);
        Ok(Question { model, parameters, loss, features, truth })
    }
}
