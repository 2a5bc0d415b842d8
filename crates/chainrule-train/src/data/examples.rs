//! What the trainer asks of data.

use rand::seq::SliceRandom;

use chainrule::error::{Error, Result};
use chainrule::nn::Truth;
use chainrule::random::{Stream, generator};

pub use chainrule::nn::{Scale, Target};

/// Examples to train on or to score: in memory, streamed from disk, or a user's own type.
///
/// Examples are numbered from 0. The methods that fill a slice take one row (one label, one weight)
/// for each example asked for, in that order; the slice's length fits the number of examples.
///
/// ```
/// use chainrule_train::data::{Examples, Target};
/// use chainrule::Result;
///
/// /// A hundred points of a parabola.
/// struct Parabola;
///
/// impl Examples for Parabola {
///     fn len(&self) -> usize { 100 }
///     fn width(&self) -> usize { 1 }
///     fn target(&self) -> Target { Target::Values { width: 1 } }
///     fn features(&self, examples: &[u32], rows: &mut [f32]) -> Result<()> {
///         rows.iter_mut().zip(examples).for_each(|(x, &i)| *x = i as f32 / 100.0);
///         Ok(())
///     }
///     fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
///         values.iter_mut().zip(examples).for_each(|(y, &i)| *y = (i as f32 / 100.0).powi(2));
///         Ok(())
///     }
/// }
///
/// let mut y = [0.0; 2];
/// Parabola.values(&[0, 50], &mut y)?;
/// assert_eq!(y, [0.0, 0.25]);
/// assert!(Parabola.labels(&[0], &mut [0]).is_err());
/// assert_eq!(Parabola.order(0, 0).len(), 100);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Examples: Send + Sync {
    /// The number of examples.
    fn len(&self) -> usize;

    /// Whether there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of features of one example.
    fn width(&self) -> usize;

    /// What the target of an example is.
    fn target(&self) -> Target;

    /// Writes the features of the `examples` into `rows`, [`width`](Self::width) numbers each.
    ///
    /// # Errors
    /// An example does not exist, or its file cannot be read.
    fn features(&self, examples: &[u32], rows: &mut [f32]) -> Result<()>;

    /// Writes the labels of the `examples`.
    ///
    /// # Errors
    /// As [`features`](Self::features); or the targets are not classes.
    fn labels(&self, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        let _ = (examples, labels);
        Err(unwritten("the target is a class", "Examples::labels"))
    }

    /// Writes the target values of the `examples`.
    ///
    /// # Errors
    /// As [`features`](Self::features); or the targets are not values.
    fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
        let _ = (examples, values);
        Err(unwritten("the target is values", "Examples::values"))
    }

    /// Writes how much each of the `examples` counts; `false`, with nothing written, where every
    /// example counts once. The answer is the same whichever are asked for, and where none are.
    ///
    /// # Errors
    /// As [`features`](Self::features).
    fn weights(&self, examples: &[u32], weights: &mut [f32]) -> Result<bool> {
        let _ = (examples, weights);
        Ok(false)
    }

    /// How each column of the values was standardised, so that scores and predictions can be told in
    /// the values' own unit; nothing where the values are as they were.
    fn scales(&self) -> Vec<Scale> {
        Vec::new()
    }

    /// The order of the examples in an epoch (counted from 0): a shuffle that depends on seed and
    /// epoch alone. Cut it into chunks of the batch size; the last may be shorter. For one of your own see
    /// [`Data::order`](super::Data::order).
    fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        shuffle(self.len(), seed, epoch)
    }
}

/// The order of so many examples in an epoch.
pub(super) fn shuffle(len: usize, seed: u64, epoch: u32) -> Vec<u32> {
    let mut order: Vec<u32> = (0..len as u32).collect();
    order.shuffle(&mut generator(seed, Stream::Shuffle(epoch)));
    order
}

/// That data has no method of its own for what it says that it has.
pub(super) fn unwritten(what: &str, method: &str) -> Error {
    Error::Mismatch(format!("{what}, but the data implements no `{method}`"))
}

/// What a model should say of the `examples`, values as the model was trained on them.
///
/// ```
/// use chainrule::nn::Truth;
/// use chainrule_train::data::{Dataset, truths};
/// let data = Dataset::new(1, vec![0.0, 1.0], vec![0, 1], 2)?;
/// assert_eq!(truths(&data, &[1, 0])?, [Truth::Class(1), Truth::Class(0)]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// An example does not exist or cannot be read.
pub fn truths(data: &dyn Examples, examples: &[u32]) -> Result<Vec<Truth>> {
    Ok(match data.target() {
        Target::Class { .. } => {
            let mut labels = vec![0; examples.len()];
            data.labels(examples, &mut labels)?;
            labels.into_iter().map(Truth::Class).collect()
        }
        Target::Values { width } => {
            let mut values = vec![0.0; examples.len() * width];
            data.values(examples, &mut values)?;
            let mut values = values.into_iter().map(f64::from);
            examples.iter().map(|_| Truth::Values(values.by_ref().take(width).collect())).collect()
        }
    })
}

/// [`truths`] of one example.
///
/// ```
/// use chainrule::nn::Truth;
/// use chainrule_train::data::{Dataset, truth};
/// let data = Dataset::regression(1, vec![0.0, 1.0], vec![3.0, 5.0])?;
/// assert_eq!(truth(&data, 1)?, Truth::Values(vec![5.0]));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`truths`].
pub fn truth(data: &dyn Examples, example: u32) -> Result<Truth> {
    match truths(data, &[example])?.pop() {
        Some(truth) => Ok(truth),
        None => unreachable!("one example has one truth"),
    }
}
