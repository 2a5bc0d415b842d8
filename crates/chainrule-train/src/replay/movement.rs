//! How far parameters moved in a step, and what moved them.

use std::ops::AddAssign;

use serde::Serialize;

use chainrule::Parameters;
use chainrule::error::Result;

/// How far some parameters moved in a step, and what moved them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Movement {
    /// The parameter or the layer; `all` for all of them.
    pub name: String,
    /// The norm of this batch's gradient, before clipping.
    pub gradient_norm: f64,
    /// The norm of the parameters before the step.
    pub weight_norm: f64,
    /// The norm of the update.
    pub update_norm: f64,
    /// ‖update‖/‖parameters‖; infinite where these were all 0.
    pub ratio: f64,
    /// What the update is the sum of.
    pub parts: Vec<UpdatePart>,
}

/// A part of an update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct UpdatePart {
    /// What it comes from.
    pub kind: Cause,
    /// Its norm.
    pub norm: f64,
    /// Its share of the update, by projection: below 0 where it pulls the other way.
    pub share: f64,
}

/// What a part of an update comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The gradient of the step's batch.
    Batch,
    /// The gradients of the batches before it that the same update averages.
    EarlierBatches,
    /// What clipping took from the gradient.
    Clipping,
    /// Momentum, or the running mean of earlier gradients.
    Momentum,
    /// Weight decay.
    WeightDecay,
    /// What is left: the rounding of the training's precision.
    Rounding,
}

impl Cause {
    /// Every kind, in the order of the parts.
    pub(super) const ALL: [Self; 6] = [
        Self::Batch,
        Self::EarlierBatches,
        Self::Clipping,
        Self::Momentum,
        Self::WeightDecay,
        Self::Rounding,
    ];
}

/// What one parameter's update should be the sum of, element by element.
pub(super) struct Split {
    pub(super) name: String,
    /// What the batch's gradient is multiplied by, clipping included.
    pub(super) of_gradient: Vec<f64>,
    /// The parts in the order of [`Cause::ALL`], but for the last.
    pub(super) parts: [Vec<f64>; 5],
}

impl Split {
    /// Of a step that makes no update.
    pub(super) fn nothing(name: &str, len: usize) -> Self {
        let zeros = vec![0.0; len];
        let parts = [0; 5].map(|_| zeros.clone());
        Self { name: name.into(), of_gradient: zeros, parts }
    }
}

/// Sums of squares and products over the elements of some parameters.
#[derive(Clone, Copy, Default)]
struct Sums {
    gradient: f64,
    weight: f64,
    update: f64,
    /// Of each part the square, and the product with the update.
    parts: [(f64, f64); 6],
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.weight += other.weight;
        self.update += other.update;
        for (sum, part) in self.parts.iter_mut().zip(other.parts) {
            *sum = (sum.0 + part.0, sum.1 + part.1);
        }
    }
}

impl Sums {
    fn of(weight: &[f64], gradient: &[f64], split: &Split, moved: &[f64]) -> Self {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut rest = moved.to_vec();
        for part in &split.parts {
            rest.iter_mut().zip(part).for_each(|(rest, x)| *rest -= x);
        }
        let mut parts = [(0.0, 0.0); 6];
        let all = split.parts.iter().chain([&rest]);
        for (sums, part) in parts.iter_mut().zip(all) {
            *sums = (product(part, part), product(part, moved));
        }
        Self {
            gradient: product(gradient, gradient),
            weight: product(weight, weight),
            update: product(moved, moved),
            parts,
        }
    }

    fn movement(&self, name: &str) -> Movement {
        let parts = Cause::ALL.into_iter().zip(self.parts);
        let parts =
            parts.filter(|(_, (square, _))| *square > 0.0).map(|(kind, (square, product))| {
                UpdatePart { kind, norm: square.sqrt(), share: share(product, self.update) }
            });
        let (update_norm, weight_norm) = (self.update.sqrt(), self.weight.sqrt());
        Movement {
            name: name.into(),
            gradient_norm: self.gradient.sqrt(),
            weight_norm,
            update_norm,
            ratio: if update_norm == 0.0 { 0.0 } else { update_norm / weight_norm },
            parts: parts.collect(),
        }
    }
}

/// The movements of all parameters together, of each layer's and of each.
pub(super) fn movements(
    before: &Parameters<f64>,
    gradients: &[Vec<f64>],
    split: &[Split],
    moved: &[Vec<f64>],
) -> Result<(Movement, Vec<Movement>, Vec<Movement>)> {
    let mut all = Sums::default();
    let mut layers: Vec<(&str, Sums)> = Vec::new();
    let mut parameters = Vec::new();
    for ((split, gradient), moved) in split.iter().zip(gradients).zip(moved) {
        let name = &split.name;
        let sums = Sums::of(before.get(name)?.values(), gradient, split, moved);
        parameters.push(sums.movement(name));
        all += sums;
        let layer = name.rsplit_once('.').map_or(name.as_str(), |(layer, _)| layer);
        match layers.iter_mut().find(|(known, _)| *known == layer) {
            Some((_, known)) => *known += sums,
            None => layers.push((layer, sums)),
        }
    }
    let layers = layers.iter().map(|(name, sums)| sums.movement(name)).collect();
    Ok((all.movement("all"), layers, parameters))
}

/// A part as a share of the whole; 0 where there is nothing to share.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}
