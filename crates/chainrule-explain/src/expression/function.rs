//! A function of the expression language.

use std::sync::Arc;

use super::options::Options;
use chainrule::graph::Var;
use chainrule::ops::{AnyOp, AnyPointwise, Maximum, Minimum};

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
    /// What may be set by name, as in `sum(x, axis=0)`.
    pub keywords: &'static [&'static str],
    /// What it is, in a sentence or two that begin with the formula and go on with the derivative.
    pub doc: &'static str,
    /// A call of it.
    pub example: Example,
    pub(super) record: Record,
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

/// How a composed function is recorded.
pub(super) type Compose = for<'g> fn(&[Var<'g>], &Options) -> Var<'g>;

/// How a function is recorded.
pub(super) enum Record {
    Pointwise(Arc<dyn AnyPointwise>),
    Composed(Compose),
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
    pub(super) fn record<'g>(&self, arguments: &[Var<'g>], options: &Options) -> Var<'g> {
        match (&self.record, arguments) {
            // Two at a time, from left to right.
            (Record::Pointwise(op), [first, rest @ ..]) if self.more => {
                let join =
                    |a: Var<'g>, b: &Var<'g>| a.graph().apply_broadcast(op.clone(), &[a, *b]);
                rest.iter().fold(*first, join)
            }
            (Record::Pointwise(op), [first, ..]) => {
                first.graph().apply_broadcast(op.clone(), arguments)
            }
            (Record::Composed(record), _) => record(arguments, options),
            (Record::Pointwise(_), []) => unreachable!("`{}` takes arguments", self.name),
        }
    }

    /// The function that an operation is, by a name.
    pub(super) fn of(name: &'static str, op: Arc<dyn AnyPointwise>) -> Self {
        let (at, value) = op.example().unwrap_or_default();
        let shown: Vec<String> = at.iter().map(f64::to_string).collect();
        Self {
            name,
            arguments: match op.arity() {
                1 => &["x"],
                2 => &["a", "b"],
                _ => &["condition", "a", "b"],
            },
            more: op.arity() == 2 && [Maximum.name(), Minimum.name()].contains(&op.name()),
            keywords: &[],
            doc: op.doc().trim_end(),
            example: Example { call: format!("{name}({})", shown.join(", ")), at: "", value },
            record: Record::Pointwise(op),
        }
    }

    /// A function that is composed of operations, with an example: its call, its names' values and what
    /// it gives.
    pub(super) fn composed(
        name: &'static str,
        arguments: &'static [&'static str],
        doc: &'static str,
        (call, at, value): (&str, &'static str, f64),
        record: Compose,
    ) -> Self {
        let example = Example { call: call.into(), at, value };
        let record = Record::Composed(record);
        Self { name, arguments, more: false, keywords: &[], doc, example, record }
    }
}
