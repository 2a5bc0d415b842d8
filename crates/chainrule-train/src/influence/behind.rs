//! A model cut behind its first layer.

use super::Tried;
use crate::Config;
use crate::data::Source;
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::nn::{LayerSpec, Network, Sequential};
use chainrule::tensor::Real;

/// What follows a first layer that is affine, and what that layer says of each row. What a column changes in it
/// is the column's own share alone, so that a table of many columns is asked about one after another without
/// a product as wide as all of them each time.
pub(super) struct Behind<T> {
    pub(super) rest: Network,
    pub(super) parameters: Parameters<T>,
    units: usize,
    /// The layer's weights, a row for each feature.
    weight: Vec<f64>,
    /// What the layer says, a row for each example.
    said: Vec<f64>,
}

impl<T: Real> Behind<T> {
    /// `None` where the first layer is another one.
    pub(super) fn of(
        config: &Config,
        model: &Network,
        parameters: &Parameters<T>,
        tried: &Tried<'_>,
    ) -> Result<Option<Self>> {
        let layers = config.layer_specs(model.outputs().first().map_or(0, |y| y.shape().len()));
        let ([LayerSpec::Affine(first), rest @ ..], [weight, bias, others @ ..]) =
            (&*layers, model.parameters())
        else {
            return Ok(None);
        };
        let rest = Network::flat(Sequential::build(rest, config.init)?, first.units)?;
        let mut own = Parameters::new();
        // The same layers in the same order, but numbered from the second on.
        for (own_name, known) in rest.parameters().iter().zip(others) {
            own.insert(own_name.name.as_str(), parameters.get(&known.name)?.clone());
        }
        let numbers = |name: &str| -> Result<Vec<f64>> {
            Ok(parameters.get(name)?.values().iter().map(|&x| Real::to_f64(x)).collect())
        };
        let (weight, bias) = (numbers(&weight.name)?, numbers(&bias.name)?);
        let mut said = Vec::with_capacity(tried.rows.len() * first.units);
        for row in tried.features.chunks_exact(tried.width.max(1)) {
            let mut sums = bias.clone();
            let features = row.iter().zip(weight.chunks_exact(first.units.max(1)));
            features.for_each(|(&x, weights)| add(&mut sums, f64::from(x), weights));
            said.extend(sums);
        }
        Ok(Some(Self { rest, parameters: own, units: first.units, weight, said }))
    }

    /// The rows as what follows the first layer sees them.
    pub(super) fn rows<'d>(&self, tried: &Tried<'d>) -> Tried<'d> {
        let features = self.said.iter().map(|&x| x as f32).collect();
        Tried { data: tried.data, rows: tried.rows.clone(), width: self.units, features }
    }

    /// Puts other cells of a source in place of a row's `own`: into `rows`, which are [`Behind::rows`].
    pub(super) fn put(
        &self,
        rows: &mut Tried<'_>,
        row: usize,
        source: &Source,
        (own, other): (&[f32], &[f32]),
    ) {
        let range = row * self.units..(row + 1) * self.units;
        let (Some(said), Some(place)) =
            (self.said.get(range.clone()), rows.features.get_mut(range))
        else {
            unreachable!("what the first layer says is known of each row")
        };
        let mut sums = said.to_vec();
        let weights = self.weight.chunks_exact(self.units.max(1)).skip(source.features.start);
        for ((own, other), weights) in own.iter().zip(other).zip(weights) {
            if own != other {
                add(&mut sums, f64::from(*other) - f64::from(*own), weights);
            }
        }
        place.iter_mut().zip(sums).for_each(|(place, sum)| *place = sum as f32);
    }
}

fn add(sums: &mut [f64], factor: f64, weights: &[f64]) {
    sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += factor * weight);
}
