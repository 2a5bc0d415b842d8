//! The model and the loss that settings describe.

use super::{Config, EVALUATION_BATCH, Precision};
use crate::data::Target;
use chainrule::Graph;
use chainrule::error::{Error, Result};
use chainrule::nn::{
    AffineSpec, Dropout, LayerSpec, Loss, Network, ResidualSpec, Sequential, check_memory,
};
use chainrule::optim::{Method, Optimizer, Rates};

impl Config {
    /// The loss against such targets: as given, else cross-entropy for classes and the mean squared
    /// error for values.
    ///
    /// # Errors
    /// The loss cannot take such targets.
    pub fn loss_for(&self, target: Target) -> Result<Loss> {
        let usual = match target {
            Target::Class { .. } => Loss::CrossEntropy { label_smoothing: 0.0 },
            Target::Values { .. } => Loss::MeanSquared,
        };
        let loss = self.loss.unwrap_or(usual);
        let fits = match target {
            Target::Class { classes: 2 } => loss.takes_labels(),
            Target::Class { .. } => matches!(loss, Loss::CrossEntropy { .. }),
            Target::Values { .. } => !matches!(loss, Loss::CrossEntropy { .. }),
        };
        let wanted = match target {
            Target::Class { .. } => {
                "`cross-entropy`, or for two classes `binary-cross-entropy`, as the target is a class (`task = \"regress\"` makes it a number)"
            }
            Target::Values { .. } => {
                "one of `mean-squared`, `half-squared`, `l1`, `huber` and `binary-cross-entropy`, as the target is a number (`task = \"classify\"` makes it a class)"
            }
        };
        Error::check(fits, "the loss", format!("`{}`", loss.name()), wanted)?;
        Ok(loss)
    }

    /// The model for examples of `inputs` features and `outputs` classes or values.
    ///
    /// ```
    /// let model = chainrule_train::Config::default().model(784, 10)?;
    /// assert_eq!(model.initial::<f32>(0)?.count(), 39760);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A setting out of its domain, or a model whose training does not fit into memory.
    #[track_caller]
    pub fn model(&self, inputs: usize, outputs: usize) -> Result<Network> {
        let layers = self.layer_specs(outputs);
        self.check_memory(&layers, inputs)?;
        let model = Network::flat(Sequential::build(&layers, self.init)?, inputs)?;
        let wanted = "the number of classes or values that the data asks for: mend the last layer";
        let found = model.outputs().first().map_or(0, |output| output.shape().len());
        if found != outputs {
            return Err(Error::Setting {
                name: "the number of the last layer's outputs".into(),
                value: format!("{found} in place of {outputs}"),
                wanted: wanted.into(),
            });
        }
        Ok(model)
    }

    /// Checks that a training of affine layers of such sizes fits into memory: parameters, their
    /// gradients, the optimizer's state and the copy at an epoch's start; and each layer's values and
    /// gradients for the examples that are evaluated at once.
    fn check_memory(&self, layers: &[LayerSpec], inputs: usize) -> Result<()> {
        let state = match &self.optimizer {
            Method::Step(optimizer) => kept(optimizer).max(1) as u128,
            Method::Lbfgs(lbfgs) => 2 * lbfgs.history as u128,
        };
        let mut sizes = vec![inputs];
        sizes.extend(widths(layers));
        let sum = |of: &mut dyn Iterator<Item = u128>| of.fold(0, u128::saturating_add);
        let width = sum(&mut sizes.iter().map(|&size| size as u128));
        let weights = |pair: &[usize]| (pair[0] as u128 + 1).saturating_mul(pair[1] as u128);
        let elements = sum(&mut sizes.windows(2).map(weights)).saturating_mul(3 + state);
        // An activation after each.
        let elements = elements.saturating_add(width.saturating_mul(4 * EVALUATION_BATCH as u128));
        let bytes = match self.dtype {
            Precision::F32 => size_of::<f32>(),
            Precision::F64 => size_of::<f64>(),
        };
        check_memory(&format!("the memory for layers of sizes {sizes:?}"), elements, bytes)
    }

    /// The model for examples of `inputs` features with such targets.
    ///
    /// ```
    /// use chainrule_train::{Config, data::Target};
    /// let model = Config::default().model_for(784, Target::Class { classes: 10 })?;
    /// assert_eq!(model.inputs()[0].shape().dims(), [784]);
    /// assert_eq!(model.outputs()[0].shape().dims(), [10]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Config::loss_for`] and [`Config::model`].
    #[track_caller]
    pub fn model_for(&self, inputs: usize, target: Target) -> Result<Network> {
        self.model(inputs, self.outputs(target)?)
    }

    /// The outputs that the model needs for such targets: one a class or value, and one alone for the
    /// binary cross-entropy of two classes.
    ///
    /// # Errors
    /// As [`Config::loss_for`].
    fn outputs(&self, target: Target) -> Result<usize> {
        Ok(match (target, self.loss_for(target)?) {
            (Target::Class { .. }, Loss::BinaryCrossEntropy) => 1,
            (Target::Class { classes }, _) => classes,
            (Target::Values { width }, _) => width,
        })
    }

    /// The layers: those of `layers`, or affine layers of the hidden sizes with the activation and one
    /// for the outputs.
    ///
    /// ```
    /// use chainrule_train::Config;
    /// let layers = Config::default().layer_specs(10);
    /// let names: Vec<&str> = layers.iter().map(|layer| layer.name()).collect();
    /// assert_eq!(names, ["affine", "relu", "affine"]);
    /// ```
    #[must_use]
    pub fn layer_specs(&self, outputs: usize) -> Vec<LayerSpec> {
        if !self.layers.is_empty() {
            return self.layers.clone();
        }
        let affine = |units| AffineSpec { units, init: None }.into();
        let mut layers = Vec::new();
        for &units in &self.hidden {
            layers.push(affine(units));
            layers.push(self.activation.into());
            if self.dropout > 0.0 {
                layers.push(Dropout { rate: self.dropout }.into());
            }
        }
        layers.push(affine(outputs));
        layers
    }
}

/// How many numbers an optimizer keeps for each element of a parameter.
fn kept(optimizer: &Optimizer) -> usize {
    let g = Graph::new();
    let w = g.parameter("w", []);
    let _ = optimizer.updates(&Rates::constant(&g, 1.0), &[w], &[w]);
    g.initial_state::<f32>().iter().filter(|(key, _)| key.of.is_some()).count()
}

/// The outputs of every layer that sets their number, those of inner layers among them.
fn widths(layers: &[LayerSpec]) -> Vec<usize> {
    let of = |layer: &LayerSpec| match layer {
        LayerSpec::Affine(AffineSpec { units, .. }) => vec![*units],
        LayerSpec::Residual(ResidualSpec { layers }) => widths(layers),
        _ => Vec::new(),
    };
    layers.iter().flat_map(of).collect()
}
