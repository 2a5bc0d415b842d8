//! How parameters begin.

use crate::error::Result;
use crate::random::normal_pair;
use crate::settings::{self, Form};
use crate::tensor::{Real, Shape, Tensor, count};
use rand::rngs::ChaCha8Rng;

crate::kinds! {
    /// How a parameter's values begin.
    ///
    /// ```
    /// use chainrule::nn::Init;
    /// assert_eq!("normal:0.01".parse::<Init>()?, Init::Normal { deviation: 0.01 });
    /// assert_eq!(Init::Normal { deviation: 0.01 }.to_string(), "normal:0.01");
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub enum Init = "initialiser", ':', short {
        /// Normal with standard deviation √(2/inputs), for ReLU (He et al., 2015, equation 10). A matrix
        /// is `[inputs, outputs]`; a kernel of three axes or more is `[outputs, inputs, positions…]`, as
        /// PyTorch has it, and counts each input, and each output, once per position.
        He = "he" | "kaiming",
        /// Normal with standard deviation √(2/(inputs + outputs)) (Glorot and Bengio, 2010, equation 12),
        /// counted as for He.
        Xavier = "xavier" | "glorot",
        /// All zero.
        Zeros = "zeros",
        /// All one.
        Ones = "ones",
        /// Normal with mean 0.
        Normal = "normal" | "gaussian" {
            /// The standard deviation.
            deviation: f64 [Form::NOT_NEGATIVE] => "0.01",
        },
    }
}

impl Init {
    /// Values for a parameter of this shape.
    pub(super) fn values<T: Real>(self, shape: Shape, rng: &mut ChaCha8Rng) -> Result<Tensor<T>> {
        settings::check(&self)?;
        let [inputs, outputs] = fans(&shape).map(|fan| fan as f64);
        let deviation = match self {
            Self::Zeros => return Ok(Tensor::full(shape, T::zero())),
            Self::Ones => return Ok(Tensor::full(shape, T::one())),
            Self::Normal { deviation } => deviation,
            Self::He => (2.0 / inputs).sqrt(),
            Self::Xavier => (2.0 / (inputs + outputs)).sqrt(),
        };
        let pairs = (0..shape.len().div_ceil(2)).flat_map(|_| normal_pair(rng));
        let values = pairs.take(shape.len()).map(|z| T::from_f64(z * deviation)).collect();
        Tensor::new(shape, values)
    }
}

/// What an output is the sum of, and what an input is part of: so many products each.
fn fans(shape: &Shape) -> [usize; 2] {
    match *shape.dims() {
        [] => [1, 1],
        [inputs] => [inputs, 1],
        [inputs, outputs] => [inputs, outputs],
        [outputs, inputs, ref kernel @ ..] => [inputs, outputs].map(|n| n * count(kernel)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;
    use crate::random::{Stream, generator};

    #[test]
    fn the_normal_distribution_has_its_moments_and_its_shares() {
        const COUNT: usize = 200_001;
        let mut rng = generator(7, Stream::Parameter(0));
        let values =
            Init::Normal { deviation: 0.5 }.values::<f64>([COUNT].into(), &mut rng).unwrap();
        let z: Vec<f64> = values.values().iter().map(|x| x / 0.5).collect();
        let mean_of = |f: &dyn Fn(f64) -> f64| z.iter().map(|&z| f(z)).sum::<f64>() / COUNT as f64;
        // Four standard deviations of each mean: those of z, z², z³ and z⁴ are 1, √2, √15 and √96.
        let close = |found: f64, exact: f64, deviation: f64| {
            assert!((found - exact).abs() < 4.0 * deviation / (COUNT as f64).sqrt(), "{found}");
        };
        close(mean_of(&|z| z), 0.0, 1.0);
        close(mean_of(&|z| z.powi(2)), 1.0, 2f64.sqrt());
        close(mean_of(&|z| z.powi(3)), 0.0, 15f64.sqrt());
        close(mean_of(&|z| z.powi(4)), 3.0, 96f64.sqrt());
        // Shares below some bounds, by the distribution function ½·(1 + erf(z/√2)); neighbours, which
        // one pair of words gives, are uncorrelated.
        for bound in [-2.5, -1.0, -0.3, 0.0, 0.7, 1.9, 3.0] {
            let share = 0.5 * (1.0 + libm::erf(bound / 2f64.sqrt()));
            let found = mean_of(&|z| f64::from(u8::from(z < bound)));
            close(found, share, (share * (1.0 - share)).sqrt());
        }
        let products = z.chunks_exact(2).map(|pair| pair[0] * pair[1]);
        assert!(products.sum::<f64>().abs() < 4.0 * (COUNT as f64 / 2.0).sqrt());
    }

    #[test]
    fn the_fans_of_a_kernel_count_its_positions() {
        let deviation = |init: Init, shape: &[usize]| {
            let shape = Shape::new(shape).unwrap();
            let values =
                init.values::<f64>(shape, &mut generator(7, Stream::Parameter(0))).unwrap();
            let squares: f64 = values.values().iter().map(|x| x * x).sum();
            (squares / shape.len() as f64).sqrt()
        };
        // √(2/fan_in) and √(2/(fan_in + fan_out)), the fans as `torch.nn.init` counts them, but for
        // matrices, which are transposed there. A deviation's own is one part in √(2·4800) of it.
        for (init, shape, exact) in [
            (Init::He, &[64, 3, 5, 5][..], 2.0 / 75.0),
            (Init::Xavier, &[64, 3, 5, 5], 2.0 / (75.0 + 1600.0)),
            (Init::He, &[32, 16, 10], 2.0 / 160.0),
            (Init::He, &[75, 64], 2.0 / 75.0),
            (Init::Xavier, &[75, 64], 2.0 / 139.0),
            (Init::He, &[4800], 2.0 / 4800.0),
        ] {
            let found = deviation(init, shape);
            assert!((found / exact.sqrt() - 1.0).abs() < 0.04, "{init} of {shape:?}: {found}");
        }
    }

    #[test]
    fn a_weight_depends_on_its_place_alone() {
        let values = |length: usize| {
            let mut rng = generator(7, Stream::Parameter(3));
            Init::He.values::<f32>([10, length].into(), &mut rng).unwrap().values().to_vec()
        };
        assert_eq!(values(3), values(4)[..30]);
    }
}
