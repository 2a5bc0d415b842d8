//! What was meant, where a name or a sign is wrong.

use super::function::Function;
use super::functions::{functions, named};
use chainrule::nearest;

/// Longer factors are not repeated in a message.
const LONGEST: usize = 24;

/// Names from elsewhere with what they are here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("sine", "sin(x)"),
    ("cosine", "cos(x)"),
    ("tangent", "tan(x)"),
    ("arcsin", "asin(x)"),
    ("arccos", "acos(x)"),
    ("arctan", "atan(x)"),
    ("absolute", "abs(x)"),
    ("average", "mean(x)"),
    ("power", "a ^ b"),
    ("exp2", "2 ^ x"),
    ("exp10", "10 ^ x"),
    ("matmul", "a @ b"),
    ("mm", "a @ b"),
    ("ln1p", "log1p(x)"),
    ("fabs", "abs(x)"),
    ("swish", "silu(x)"),
    ("logit", "ln(x / (1 - x))"),
    ("logsigmoid", "-softplus(-x)"),
    ("heaviside", "x > 0"),
    ("step", "x > 0"),
];

/// A product as it must be written, or the sign alone where its factors are long.
pub(super) fn product(left: &str, right: &str) -> String {
    match [left, right].iter().all(|side| side.chars().count() <= LONGEST && !side.contains('\n')) {
        true => format!("`{left} * {right}`"),
        false => "`*` between the factors".into(),
    }
}

/// Whether a function has this name.
pub(super) fn is_function(name: &str) -> bool {
    named(name).next().is_some()
}

/// Why a name means no value.
pub(super) fn no_name<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    if is_function(name) {
        return format!("`{name}` is a function: write {name}(…)");
    }
    let near = nearest(name, known);
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    format!("`{name}` has no value; give it one with --at {name}=…{near}")
}

/// Why there is no function of this name that takes so many arguments.
pub(super) fn no_function(name: &str, arguments: usize) -> String {
    let mut takes: Vec<String> = named(name).map(Function::takes).collect();
    if takes.is_empty() {
        let lower = name.to_lowercase();
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == lower);
        let meant = match elsewhere {
            Some((_, here)) => Some((*here).to_owned()),
            None => nearest(name, functions().iter().map(|known| known.name)).map(Into::into),
        };
        return match meant {
            Some(meant) => format!("there is no function `{name}`; did you mean `{meant}`?"),
            None => {
                format!("there is no function `{name}`; chainrule explain --functions lists them")
            }
        };
    }
    takes.sort_unstable();
    let axis = match named(name).any(|known| known.keywords.contains(&"axis")) {
        true => "; an axis is written axis=0",
        false => "",
    };
    let noun = if takes == ["1"] { "argument" } else { "arguments" };
    format!("`{name}` takes {} {noun}, not {arguments}", takes.join(" or ")) + axis
}

/// Why a function takes no such keyword.
pub(super) fn no_keyword(function: &Function, word: &str) -> String {
    let (name, known) = (function.name, function.keywords);
    match known {
        [] => format!("`{name}` takes no `{word}=`"),
        _ => format!("`{name}` takes {}=, no `{word}=`", known.join("=, ")),
    }
}
