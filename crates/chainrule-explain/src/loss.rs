//! The cross-entropy of an expression against a target that was given beside it.

use chainrule::error::{Error, Result};
use chainrule::graph::Var;
use chainrule::tensor::{Shape, Tensor};

/// The mean cross-entropy of logits, `[classes]` or `[batch, classes]`, against a class (a whole
/// number), a class for each row or distributions.
///
/// ```
/// use chainrule_explain::cross_entropy;
/// use chainrule::{Graph, Tensor};
/// let g = Graph::new();
/// let logits = g.constant_tensor(Tensor::new([2], vec![0.0, 0.0])?);
/// let loss = cross_entropy(logits, &Tensor::scalar(1.0))?;
/// assert_eq!(loss.eval()?.values(), [2f64.ln()]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// A class that does not exist, or a distribution of another shape.
pub fn cross_entropy<'g>(logits: Var<'g>, target: &Tensor<f64>) -> Result<Var<'g>> {
    let (g, shape) = (logits.graph(), logits.shape());
    let (rows, classes) = match *shape.dims() {
        [classes] if classes > 0 => (1, classes),
        [rows, classes] if rows * classes > 0 => (rows, classes),
        _ => {
            return Err(Error::Mismatch(format!(
                "the cross-entropy takes one number per class, such as `W @ x`, but the expression has shape {shape}"
            )));
        }
    };
    let target = match (target.at(&[]), shape.rank()) {
        (Some(class), _) => one_hot(&vec![class; rows], classes)?,
        (None, _) if target.shape() == shape => target.values().to_vec(),
        (None, 2) if target.shape().dims() == [rows] => one_hot(target.values(), classes)?,
        (None, _) => {
            return Err(Error::Mismatch(format!(
                "the target has shape {}, but it must be a class from 0 to {} or a distribution of shape {shape}",
                target.shape(),
                classes - 1
            )));
        }
    };
    let with_rows = Shape::new(&[rows, classes])?;
    let target = g.constant_tensor(Tensor::new(with_rows, target)?);
    Ok(logits.reshape(with_rows).softmax_with_loss(target))
}

/// A row of zeros and a 1 for each class.
fn one_hot(labels: &[f64], classes: usize) -> Result<Vec<f64>> {
    let wrong = labels
        .iter()
        .find(|class| **class < 0.0 || class.fract() != 0.0 || **class >= classes as f64);
    if let Some(class) = wrong {
        return Err(Error::Mismatch(format!(
            "the target is {class}, but the expression has the classes 0 to {}",
            classes - 1
        )));
    }
    let row = |class: &f64| (0..classes).map(|at| f64::from(at as f64 == *class)).collect();
    Ok(labels.iter().map(row).collect::<Vec<Vec<f64>>>().concat())
}
