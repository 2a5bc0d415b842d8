//! Dropout.

use super::{Cx, Module, Values};
use crate::error::Result;
use crate::settings::{self, Form};

crate::settings! {
    /// A share of the elements becomes zero when the model trains.
    ///
    /// Elements fall at random, and the others are divided by the share that is kept, so that the mean
    /// stays (Srivastava et al., 2014, section 10).
    ///
    /// ```
    /// use chainrule::nn::{Cx, Dropout};
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant(1.0).broadcast_to([1000]);
    /// let cx = Cx::train(&g, 0, g.labels("step", [], 1000));
    /// let y = cx.call("dropout", &Dropout::new(0.5)?, x).one();
    /// let mut plan = g.compile::<f64>(&[y])?;
    /// plan.feed_labels("step", &[7])?;
    /// plan.run()?;
    /// assert!(plan.value(y)?.iter().all(|&y| y == 0.0 || y == 2.0));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[derive(Copy)]
    pub struct Dropout = "dropout" {
        /// The share of elements that become zero.
        rate: f64 [Form::SHARE] => "0.2",
    }
}

impl Dropout {
    /// Dropout of this share of the elements.
    ///
    /// ```
    /// use chainrule::nn::Dropout;
    /// assert!(Dropout::new(0.2).is_ok() && Dropout::new(1.0).is_err());
    /// ```
    ///
    /// # Errors
    /// A rate that is not from 0 up to, and without, 1.
    pub fn new(rate: f64) -> Result<Self> {
        let dropout = Self { rate };
        settings::check(&dropout).map(|()| dropout)
    }
}

impl Module for Dropout {
    fn kind(&self) -> &str {
        "dropout"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let _pin = cx.pin();
        if let Err(error) = settings::check(self) {
            return cx.fail("dropout", &error.to_string(), &[]);
        }
        let x = x.one();
        cx.mask(x, self.rate).map_or(x, |mask| x * mask).into()
    }
}
