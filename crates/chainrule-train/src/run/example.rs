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

/// An example of the data that a run's model is looked at on.
#[derive(Clone, Copy)]
pub struct RunExample<'a> {
    /// The data: [`Run::examples`] of the name `named`.
    pub data: &'a dyn Examples,
    /// What the data was named in place of the run's own.
    pub named: Option<&'a str>,
    /// Which one, counted from 0.
    pub index: u32,
    /// The checkpoint that is looked at.
    pub which: Which,
}

impl Run {
    /// Why the model says what it says of an example.
    ///
    /// # Errors
    /// There is no such example, or as [`Run::model`].
    pub fn explain_example(
        &self,
        example: RunExample<'_>,
        language: Language,
    ) -> Result<NetworkExplanation> {
        match self.config.dtype {
            Precision::F64 => {
                self.explained(&self.question::<f64>(example)?, example.data, language)
            }
            Precision::F32 => {
                self.explained(&self.question::<f32>(example)?, example.data, language)
            }
        }
    }

    /// The same, and the model with its loss on the example as the graph that it is.
    ///
    /// # Errors
    /// As [`Run::explain_example`].
    pub fn example_graph(
        &self,
        example: RunExample<'_>,
        language: Language,
    ) -> Result<(Explanation, NetworkExplanation)> {
        match self.config.dtype {
            Precision::F64 => self.graph::<f64>(example, language),
            Precision::F32 => self.graph::<f32>(example, language),
        }
    }

    fn graph<T: Real>(
        &self,
        example: RunExample<'_>,
        language: Language,
    ) -> Result<(Explanation, NetworkExplanation)> {
        let question = self.question::<T>(example)?;
        let Question { model, parameters, loss, features, truth } = &question;
        let graph = network_graph(model, parameters, *loss, features, truth, language)?;
        Ok((graph, self.explained(&question, example.data, language)?))
    }

    fn explained<T: Real>(
        &self,
        question: &Question<T>,
        data: &dyn Examples,
        language: Language,
    ) -> Result<NetworkExplanation> {
        let Question { model, parameters, loss, features, truth } = question;
        let told = network(model, parameters, *loss, features, truth, language)?;
        let mut told = told.in_unit(&data.scales());
        if let Some(preparation) = &self.preparation {
            told.classes = preparation.class_names().to_vec();
            // The features of images have names too, but are better seen than read.
            if !preparation.target_names().is_empty() {
                told.features = preparation.feature_names();
            }
        }
        Ok(told)
    }

    /// The model with what it is asked.
    fn question<T: Real>(
        &self,
        RunExample { data, named, index, which }: RunExample<'_>,
    ) -> Result<Question<T>> {
        let target = data.target();
        let (model, Chosen { parameters, .. }) =
            self.model::<T>((data.width(), target), named, which)?;
        let mut row = vec![0.0; data.width()];
        data.features(&[index], &mut row)?;
        let features: Vec<f64> = row.into_iter().map(f64::from).collect();
        let (truth, loss) = (truth(data, index)?, self.config.loss_for(target)?);
        Ok(Question { model, parameters, loss, features, truth })
    }
}
