//! The functions and constants of the expression language.

use crate::loss;
use chainrule::graph::Var;
use chainrule::tensor::Tensor;

/// The value of a constant's name.
pub(super) fn constant(name: &str) -> Option<f64> {
    match name {
        "pi" => Some(std::f64::consts::PI),
        "e" => Some(std::f64::consts::E),
        _ => None,
    }
}

/// How a function of the expression language is recorded.
pub(super) enum Function {
    One(for<'g> fn(Var<'g>) -> Var<'g>),
    Two(for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>),
    OneOrTwo(for<'g> fn(Var<'g>) -> Var<'g>, for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>),
    Three(for<'g> fn(Var<'g>, Var<'g>, Var<'g>) -> Var<'g>),
}

/// The functions by name.
pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("exp", Function::One(|x| x.exp())),
    ("ln", Function::One(|x| x.ln())),
    ("log", Function::One(|x| x.ln())),
    ("log2", Function::One(|x| x.ln() / std::f64::consts::LN_2)),
    ("log10", Function::One(|x| x.ln() / std::f64::consts::LN_10)),
    ("sqrt", Function::One(|x| x.sqrt())),
    ("square", Function::One(|x| x.square())),
    ("abs", Function::One(|x| x.abs())),
    ("sign", Function::One(|x| x.sign())),
    ("sin", Function::One(|x| x.sin())),
    ("cos", Function::One(|x| x.cos())),
    ("tan", Function::One(|x| x.tan())),
    ("asin", Function::One(|x| x.asin())),
    ("acos", Function::One(|x| x.acos())),
    ("atan", Function::One(|x| x.atan())),
    ("sinh", Function::One(|x| x.sinh())),
    ("cosh", Function::One(|x| x.cosh())),
    ("tanh", Function::One(|x| x.tanh())),
    ("sigmoid", Function::One(|x| x.sigmoid())),
    ("relu", Function::One(|x| x.relu())),
    ("softplus", Function::One(|x| x.softplus())),
    ("gelu", Function::One(|x| x.gelu())),
    ("silu", Function::One(|x| x.silu())),
    ("erf", Function::One(|x| x.erf())),
    ("pow", Function::Two(|a, b| a.powv(b))),
    ("max", Function::OneOrTwo(|x| x.max(&[]), |a, b| a.maximum(b))),
    ("min", Function::OneOrTwo(|x| x.min(&[]), |a, b| a.minimum(b))),
    ("select", Function::Three(|c, a, b| c.select(a, b))),
    ("sum", Function::One(|x| x.sum(&[]))),
    ("mean", Function::One(|x| x.mean(&[]))),
    ("softmax", Function::One(|x| x.softmax())),
    ("log_softmax", Function::One(|x| x.log_softmax())),
    ("transpose", Function::One(|x| x.t())),
    ("cross_entropy", Function::Two(cross_entropy)),
];

/// Whether an expression can call a function of this name.
pub(crate) fn is_function(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, _)| *known == name)
}

/// Logits of one example, or of a batch, against a class number or a distribution.
fn cross_entropy<'g>(logits: Var<'g>, target: Var<'g>) -> Var<'g> {
    let (g, classes) = (logits.graph(), logits.shape().len());
    match target.as_constant().filter(|_| target.shape().rank() == 0) {
        Some(class) => match loss::cross_entropy(logits, &Tensor::scalar(class)) {
            Ok(loss) => loss,
            Err(error) => g.fail("cross_entropy", &error.to_string(), &[logits, target]),
        },
        None if target.shape().rank() > 0 && target.shape().len() != classes => {
            let message = format!(
                "the target has shape {}, but it must be a class or a distribution of shape {}",
                target.shape(),
                logits.shape()
            );
            g.fail("cross_entropy", &message, &[logits, target])
        }
        None if target.shape().rank() > 0 => {
            let rows = match logits.shape().rank() {
                1 => logits.reshape([1, classes]),
                _ => logits,
            };
            rows.softmax_with_loss(target.reshape(rows.shape()))
        }
        None => g.fail(
            "cross_entropy",
            "the target is a class, such as cross_entropy(x, 1) or a name with such a value, or a distribution",
            &[logits, target],
        ),
    }
}
