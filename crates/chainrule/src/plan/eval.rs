//! Values without a plan of one's own.

use crate::error::{Error, Result};
use crate::graph::Var;
use crate::parameters::Parameters;
use crate::tensor::{Real, Tensor};

impl Var<'_> {
    /// This value in double precision, for graphs without inputs and parameters; compiles and runs
    /// a plan.
    ///
    /// # Errors
    /// The first mistake made while recording, or an input or parameter below this value.
    pub fn eval(&self) -> Result<Tensor<f64>> {
        self.eval_with(&Parameters::new())
    }

    /// This value with these parameters, for graphs without inputs; compiles and runs a plan.
    ///
    /// ```
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let g = Graph::new();
    /// let y = g.parameter("w", []) * 2;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(1.5_f32));
    /// assert_eq!(y.eval_with(&parameters)?.item()?, 3.0);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording, an input below this value, or a parameter that is missing.
    pub fn eval_with<T: Real>(&self, parameters: &Parameters<T>) -> Result<Tensor<T>> {
        self.eval_or(parameters, "compile a plan and feed it")
    }

    /// [`Var::eval_with`], where an input is told what to do `instead`.
    pub(crate) fn eval_or<T: Real>(
        &self,
        parameters: &Parameters<T>,
        instead: &str,
    ) -> Result<Tensor<T>> {
        let mut plan = self.graph().compile::<T>(&[*self])?;
        if let Some(slot) = plan.layout.inputs.first() {
            let message = format!("`{}` needs a value: {instead}", slot.name);
            return Err(Error::Mismatch(message));
        }
        plan.run_with(parameters)?;
        plan.tensor(*self)
    }

    /// What [`Var::eval`] gives now, as a constant of the graph: data that is made once and not by
    /// every run.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let data = g.random_normal([1000], 0, 0, 0).exp().to_constant()?;
    /// assert_eq!(data.shape().dims(), [1000]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Var::eval`].
    pub fn to_constant(self) -> Result<Self> {
        Ok(self.graph().constant_tensor(self.eval()?))
    }
}
