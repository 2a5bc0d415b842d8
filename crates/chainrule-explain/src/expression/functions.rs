//! The functions and constants of the expression language.

use std::any::TypeId;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use crate::loss;
use chainrule::graph::Var;
use chainrule::ops::{
    AnyOp, AnyPointwise, Ln, LogSoftmax, Maximum, Minimum, Notation, Pow, Sigmoid, Softmax, Sum,
    Transpose, all_pointwise,
};
use chainrule::tensor::{MAX_RANK, Tensor};

/// The constants by name.
pub const CONSTANTS: &[(&str, f64)] = &[("pi", std::f64::consts::PI), ("e", std::f64::consts::E)];

/// The function that a softmax with loss is written as: its second argument may be a class.
pub(crate) const CROSS_ENTROPY: &str = "cross_entropy";

/// A function of the expression language.
///
/// ```
/// let functions = chainrule_explain::functions();
/// let root = functions.iter().find(|function| function.name == "sqrt").unwrap();
/// assert_eq!((root.call().as_str(), root.example.call.as_str()), ("sqrt(x)", "sqrt(9)"));
/// ```
#[derive(Debug)]
pub struct Function {
    /// The name by which it is called; functions of one name differ in their arguments.
    pub name: &'static str,
    /// The arguments.
    pub arguments: &'static [&'static str],
    /// Whether it takes more than these, as `max(a, b, c)`.
    pub more: bool,
    /// What it is, in a sentence or two that begin with the formula.
    pub doc: &'static str,
    /// A call of it.
    pub example: Example,
    record: Record,
}

/// A call of a function with what it gives.
#[derive(Debug)]
pub struct Example {
    /// The call.
    pub call: String,
    /// The values of the names in it.
    pub at: &'static str,
    /// The value.
    pub value: f64,
}

/// How a function is recorded.
enum Record {
    Pointwise(Arc<dyn AnyPointwise>),
    Composed(for<'g> fn(&[Var<'g>]) -> Var<'g>),
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pointwise(op) => op.fmt(f),
            Self::Composed(_) => f.write_str("Composed"),
        }
    }
}

impl Function {
    /// How it is called, such as `log(x)`.
    #[must_use]
    pub fn call(&self) -> String {
        let more = if self.more { ", …" } else { "" };
        format!("{}({}{more})", self.name, self.arguments.join(", "))
    }

    /// How many arguments it takes.
    pub(super) fn takes(&self) -> String {
        format!("{}{}", self.arguments.len(), if self.more { " and more" } else { "" })
    }

    /// Records the function of these arguments, which are as many as it takes.
    pub(super) fn record<'g>(&self, arguments: &[Var<'g>]) -> Var<'g> {
        let count = self.arguments.len();
        match (&self.record, arguments) {
            // Two at a time, from left to right.
            (Record::Pointwise(op), [..]) if arguments.len() > count => {
                let join =
                    |a: Var<'g>, b: &Var<'g>| a.graph().apply_broadcast(op.clone(), &[a, *b]);
                let rest = arguments.get(1..).unwrap_or_default();
                rest.iter().fold(arguments[0], join)
            }
            (Record::Pointwise(op), [first, ..]) => {
                first.graph().apply_broadcast(op.clone(), arguments)
            }
            (Record::Composed(record), _) => record(arguments),
            (Record::Pointwise(_), []) => unreachable!("`{}` takes arguments", self.name),
        }
    }

    /// The function that an operation is, by a name.
    fn of(name: &'static str, op: Arc<dyn AnyPointwise>) -> Self {
        let (at, value) = op.example().unwrap_or_default();
        let shown: Vec<String> = at.iter().map(f64::to_string).collect();
        Self {
            name,
            arguments: match op.arity() {
                1 => &["x"],
                2 => &["a", "b"],
                _ => &["condition", "a", "b"],
            },
            more: [Maximum.name(), Minimum.name()].contains(&op.name()) && op.arity() == 2,
            doc: op.doc().trim_end(),
            example: Example { call: format!("{name}({})", shown.join(", ")), at: "", value },
            record: Record::Pointwise(op),
        }
    }
}

/// A function of one argument that is composed of operations, or one of arrays.
fn composed(
    name: &'static str,
    doc: &'static str,
    (call, at, value): (&str, &'static str, f64),
    record: for<'g> fn(&[Var<'g>]) -> Var<'g>,
) -> Function {
    let example = Example { call: call.into(), at, value };
    let record = Record::Composed(record);
    Function { name, arguments: &["x"], more: false, doc, example, record }
}

/// Whether an operation is called by its name. A power is also written so, as many languages do.
fn is_called(op: &Arc<dyn AnyPointwise>) -> bool {
    let is_sign = matches!(op.notation(), Notation::Infix(..) | Notation::Prefix(_));
    !is_sign || (**op).as_any().is::<Pow>()
}

static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let called = all_pointwise().into_iter().filter(is_called);
    let mut all: Vec<Function> = called.map(|op| Function::of(op.name(), op)).collect();
    all.push(Function::of("log", Arc::new(Ln)));
    all.extend(of_arrays());
    all.extend(compositions());
    all
});

/// Every function of the expression language.
#[must_use]
pub fn functions() -> &'static [Function] {
    &FUNCTIONS
}

/// The sum of all elements.
const SUM: Sum = Sum { axes: [true; MAX_RANK] };

/// The operations on whole arrays, by their names.
fn of_arrays() -> [Function; 7] {
    let transpose = Transpose { order: Vec::new() };
    let two = "x=[1,2]";
    [
        composed(AnyOp::name(&SUM), "The sum of all elements.", ("sum(x)", two, 3.0), |x| {
            x[0].sum(&[])
        }),
        composed("mean", "The mean of all elements.", ("mean(x)", two, 1.5), |x| x[0].mean(&[])),
        composed(
            AnyOp::name(&Maximum),
            "The largest of all elements; those that share it share its gradient evenly.",
            ("max(x)", two, 2.0),
            |x| x[0].max(&[]),
        ),
        composed(
            AnyOp::name(&Minimum),
            "The smallest of all elements; those that share it share its gradient evenly.",
            ("min(x)", two, 1.0),
            |x| x[0].min(&[]),
        ),
        composed(
            AnyOp::name(&Softmax),
            "eˣ / Σ eˣ along the last axis: probabilities.",
            ("sum(softmax(x))", two, 1.0),
            |x| x[0].softmax(),
        ),
        composed(
            AnyOp::name(&LogSoftmax),
            "ln softmax(x), without loss of small probabilities.",
            ("max(log_softmax(x))", "x=[0,0]", -std::f64::consts::LN_2),
            |x| x[0].log_softmax(),
        ),
        composed(
            AnyOp::name(&transpose),
            "xᵀ: the last two axes exchanged.",
            ("sum(transpose(x) @ x)", "x=[[3,4]]", 49.0),
            |x| x[0].t(),
        ),
    ]
}

/// What is composed of operations.
fn compositions() -> [Function; 6] {
    let ln2 = ("log2(8)", "", 3.0);
    let cross_entropy = Function {
        arguments: &["logits", "target"],
        ..composed(
            CROSS_ENTROPY,
            "−Σ t·ln softmax(x), the mean over the rows of a batch; the target is a class or a distribution.",
            ("cross_entropy(x, 1)", "x=[0,0]", std::f64::consts::LN_2),
            |x| cross_entropy(x[0], x[1]),
        )
    };
    [
        composed("log2", "ln x / ln 2.", ln2, |x| x[0].ln() / std::f64::consts::LN_2),
        composed("log10", "ln x / ln 10.", ("log10(100)", "", 2.0), |x| {
            x[0].ln() / std::f64::consts::LN_10
        }),
        composed(
            "gelu",
            "x·Φ(x) with the normal distribution Φ (Hendrycks and Gimpel, 2016).",
            ("gelu(0)", "", 0.0),
            |x| x[0].gelu(),
        ),
        composed("silu", "x·sigmoid(x) (Elfwing et al., 2017).", ("silu(0)", "", 0.0), |x| {
            x[0].silu()
        }),
        cross_entropy,
        Function {
            arguments: &["a", "b"],
            ..composed(
                "mod",
                "a − b·⌊a/b⌋, the rest of a division as rounded, with the sign of b, also written a % b; derivatives 1 and −⌊a/b⌋.",
                ("mod(-7, 3)", "", 2.0),
                |x| mod_of(x[0], x[1]),
            )
        },
    ]
}

/// The value of a constant's name; π is written so too.
pub(super) fn constant(name: &str) -> Option<f64> {
    let name = if name == "π" { "pi" } else { name };
    CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The functions of this name, or of this letter in explanations.
pub(super) fn named(name: &str) -> impl Iterator<Item = &'static Function> {
    let letters =
        [(AnyOp::glyph(&Sigmoid), AnyOp::name(&Sigmoid)), (AnyOp::glyph(&SUM), AnyOp::name(&SUM))];
    let name = letters.iter().find(|(letter, _)| *letter == name).map_or(name, |(_, name)| name);
    functions().iter().filter(move |known| known.name == name)
}

/// The function of this name that takes so many arguments.
pub(super) fn function(name: &str, arguments: usize) -> Option<&'static Function> {
    let mut exact = named(name).filter(|known| known.arguments.len() == arguments);
    let more = || named(name).find(|known| known.more && known.arguments.len() < arguments);
    exact.next().or_else(more)
}

/// a − b·⌊a/b⌋, with the sign of b.
pub(super) fn mod_of<'g>(a: Var<'g>, b: Var<'g>) -> Var<'g> {
    a - b * (a / b).floor()
}

/// Whether an expression can say what this pointwise operation computes, by a sign or a function. One of
/// a user's own that has the name or the sign of another is not that other.
pub(crate) fn is_in_language(op: &dyn AnyOp) -> bool {
    static TYPES: LazyLock<HashSet<TypeId>> =
        LazyLock::new(|| all_pointwise().iter().map(|op| (**op).as_any().type_id()).collect());
    TYPES.contains(&op.as_any().type_id())
}

/// Logits of one example, or of a batch, against a class number or a distribution.
fn cross_entropy<'g>(logits: Var<'g>, target: Var<'g>) -> Var<'g> {
    let (g, classes) = (logits.graph(), logits.shape().len());
    match target.as_constant().filter(|_| target.shape().rank() == 0) {
        Some(class) => match loss::cross_entropy(logits, &Tensor::scalar(class)) {
            Ok(loss) => loss,
            Err(error) => g.fail(CROSS_ENTROPY, &error.to_string(), &[logits, target]),
        },
        None if target.shape().rank() > 0 && target.shape().len() != classes => {
            let message = format!(
                "the target has shape {}, but it must be a class or a distribution of shape {}",
                target.shape(),
                logits.shape()
            );
            g.fail(CROSS_ENTROPY, &message, &[logits, target])
        }
        None if target.shape().rank() > 0 => {
            let rows = match logits.shape().rank() {
                1 => logits.reshape([1, classes]),
                _ => logits,
            };
            rows.softmax_with_loss(target.reshape(rows.shape()))
        }
        None => g.fail(
            CROSS_ENTROPY,
            "the target is a class, such as cross_entropy(x, 1) or a name with such a value, or a distribution",
            &[logits, target],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::functions;
    use crate::{Names, record, values};
    use chainrule::Graph;

    #[test]
    fn every_function_is_told_and_its_example_holds() {
        for function in functions() {
            assert!(function.doc.ends_with(['.', ')']), "{}: {}", function.name, function.doc);
            let (example, g) = (&function.example, Graph::new());
            assert!(example.call.contains(&format!("{}(", function.name)), "{example:?}");
            let at = values(example.at).unwrap();
            let y = record(&g, &example.call, &at, Names::Inputs).unwrap();
            let mut plan = g.compile::<f64>(&[y]).unwrap();
            for (name, tensor) in &at {
                plan.feed(name, tensor.values()).unwrap();
            }
            plan.run().unwrap();
            let found = plan.value(y).unwrap()[0];
            assert!((found - example.value).abs() < 1e-15, "{example:?}: {found}");
        }
    }

    #[test]
    fn functions_of_one_name_differ_in_their_number_of_arguments() {
        let mut known: Vec<(&str, usize)> =
            functions().iter().map(|f| (f.name, f.arguments.len())).collect();
        let count = known.len();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), count);
    }
}
