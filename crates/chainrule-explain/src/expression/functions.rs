//! The functions and constants of the expression language, by name.

use std::any::TypeId;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use super::function::Function;
use super::library::{of_arrays, of_numbers};
use chainrule::ops::{AnyOp, AnyPointwise, Ln, Notation, Pow, Select, Sigmoid, Sum, all_pointwise};
use chainrule::tensor::MAX_RANK;

/// The constants by name.
pub const CONSTANTS: &[(&str, f64)] = &[("pi", std::f64::consts::PI), ("e", std::f64::consts::E)];

/// Whether an operation is called by its name. A power is also written so, as many languages do.
fn is_called(op: &Arc<dyn AnyPointwise>) -> bool {
    let is_sign = matches!(op.notation(), Notation::Infix(..) | Notation::Prefix(_));
    !is_sign || (**op).as_any().is::<Pow>()
}

static FUNCTIONS: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let called = all_pointwise().into_iter().filter(is_called);
    let mut all: Vec<Function> = called.map(|op| Function::of(op.name(), op)).collect();
    all.push(Function::of("log", Arc::new(Ln)));
    all.extend(["where", "if"].map(|name| Function::of(name, Arc::new(Select))));
    all.extend(of_numbers());
    all.extend(of_arrays());
    all
});

/// Every function of the expression language.
#[must_use]
pub fn functions() -> &'static [Function] {
    &FUNCTIONS
}

/// The value of a constant's name; π is written so too.
pub(super) fn constant(name: &str) -> Option<f64> {
    let name = if name == "π" { "pi" } else { name };
    CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// The functions of this name, or of this letter in explanations.
pub(super) fn named(name: &str) -> impl Iterator<Item = &'static Function> {
    let sum = Sum { axes: [true; MAX_RANK] };
    let letters =
        [(AnyOp::glyph(&Sigmoid), AnyOp::name(&Sigmoid)), (AnyOp::glyph(&sum), AnyOp::name(&sum))];
    let name = letters.iter().find(|(letter, _)| *letter == name).map_or(name, |(_, name)| name);
    functions().iter().filter(move |known| known.name == name)
}

/// The function of this name that takes so many arguments.
pub(super) fn function(name: &str, arguments: usize) -> Option<&'static Function> {
    let mut exact = named(name).filter(|known| known.arguments.len() == arguments);
    let more = || named(name).find(|known| known.more && known.arguments.len() < arguments);
    exact.next().or_else(more)
}

/// Whether an expression can say what this pointwise operation computes, by a sign or a function. One of
/// a user's own that has the name or the sign of another is not that other.
pub(crate) fn is_in_language(op: &dyn AnyOp) -> bool {
    static TYPES: LazyLock<HashSet<TypeId>> =
        LazyLock::new(|| all_pointwise().iter().map(|op| (**op).as_any().type_id()).collect());
    TYPES.contains(&op.as_any().type_id())
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
