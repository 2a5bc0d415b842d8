//! The language of expressions: what is written, what it means, and what is said where it is wrong.

use chainrule::{Error, Graph, Tensor};
use chainrule_explain::{Names, record, values};

fn read(text: &str, at: &str) -> Result<Tensor<f64>, Error> {
    let (g, at) = (Graph::new(), values(at)?);
    let y = record(&g, text, &at, Names::Inputs)?;
    let mut plan = g.compile::<f64>(&[y])?;
    for (name, tensor) in &at {
        if plan.has_input(name) {
            plan.feed(name, tensor.values())?;
        }
    }
    plan.run()?;
    plan.tensor(y)
}

fn equal(cases: &[(&str, &str, f64)]) {
    for (text, at, expected) in cases {
        let found = read(text, at).unwrap_or_else(|error| panic!("{text} at {at}: {error}"));
        assert_eq!(found.at(&[]), Some(*expected), "{text} at {at}");
    }
}

/// An expression that is wrong, with what is said of it and the characters that it points at.
fn refused(cases: &[(&str, &str, &str, &str)]) {
    for (text, at, said, place) in cases {
        match read(text, at) {
            Err(Error::Expression { message, span }) => {
                assert!(message.contains(said), "{text}: {message}");
                let under: String = text.chars().skip(span.0).take(span.1 - span.0).collect();
                assert_eq!(under, *place, "{text}: {message}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn signs_of_other_languages_mean_what_they_mean_there() {
    equal(&[
        ("x ** 3 ** 2", "x=2", 512.0),
        ("-x ** 2", "x=3", -9.0),
        ("7 % 3 + -7 % 3 + 7 % -3", "", 1.0),
        ("5.5 % 2 * 10", "", 15.0),
        ("sum(A.T @ A)", "A=[[3,4]]", 49.0),
        ("sum(Aᵀ @ A)", "A=[[3,4]]", 49.0),
        ("max(x, 3, -y, 2) + min(x, 3, -y)", "x=1,y=4", -1.0),
        ("x # the price\n# of apples\n", "x=2", 2.0),
        ("sum(\n  x *\n  y\n)", "x=2,y=3", 6.0),
    ]);
}

#[test]
fn what_explanations_print_can_be_typed() {
    equal(&[
        ("2 · x × y ⋅ 3", "x=2,y=5", 60.0),
        ("½·(f − T)²", "f=5,T=2", 4.5),
        ("x⁻² + x¹⁰ ÷ 1024 − 1", "x=2", 0.25),
        ("√x + √(x·4) + √x²", "x=9", 18.0),
        ("σ(x − 1) + Σ(y)", "x=1,y=[1,2]", 3.5),
        ("cos(π) + cos(pi)", "", -2.0),
        ("(x ≥ 1) + (x ≤ 1) + (x ≠ 1)", "x=1", 2.0),
        ("sum(x ⊙ y)", "x=[1,2],y=[3,4]", 11.0),
    ]);
    // A raised digit is a power: no name has one.
    assert!(values("x²=1").is_err());
}

#[test]
fn conditions_are_joined() {
    equal(&[
        ("x > 0 and x < 2 or x == 5", "x=1", 1.0),
        ("x > 0 and x < 2 or x == 5", "x=3", 0.0),
        ("x > 0 and x < 2 or x == 5", "x=5", 1.0),
        ("not x > 0", "x=1", 0.0),
        ("not not x", "x=7", 1.0),
        ("not (x and y)", "x=7,y=0", 1.0),
        ("(x or y) + (y or y)", "x=-7,y=0", 1.0),
        ("select(not x < 1 and x < 3, x, 0)", "x=2", 2.0),
    ]);
    refused(&[("0 < x < 2", "x=1", "comparisons do not chain; write `0 < x and x …`", "<")]);
}

#[test]
fn a_name_goes_on_from_its_value() {
    equal(&[
        ("h = x; h += 2; h *= h; h -= 1; h /= 2; h", "x=1", 4.0),
        ("x += 1; x", "x=1", 2.0),
        ("s = 0\nfor_all = 3\ns += for_all\ns * 2", "", 6.0),
    ]);
    refused(&[
        ("h += 1", "", "`h` has no value", "h"),
        ("x = 2", "x=1", "already has a meaning", "x"),
        ("and = 2", "", "already has a meaning", "and"),
    ]);
}

#[test]
fn a_product_without_a_sign_is_named() {
    refused(&[
        ("2x", "x=1", "for a product write `2 * x`", "x"),
        ("1 + 2 sin(x) * 3", "x=1", "for a product write `2 * sin(x)`", "sin"),
        ("(a)(b)", "a=1,b=2", "for a product write `(a) * (b)`", "("),
        ("x(y + 1)", "x=1,y=2", "for a product write `x * (y + 1)`", "x"),
        ("pi(2)", "", "for a product write `pi * (2)`", "pi"),
        ("x y", "x=1,y=2", "for a product write `x * y`", "y"),
        ("2√x", "x=1", "for a product write `2 * √`", "√"),
    ]);
}

#[test]
fn what_was_meant_is_named() {
    refused(&[
        ("sine(x)", "x=1", "did you mean `sin(x)`", "sine"),
        ("arctan2(x, x)", "x=1", "did you mean `atan2`", "arctan2"),
        ("Sin(x)", "x=1", "did you mean `sin`", "Sin"),
        ("exp2(x)", "x=1", "did you mean `2 ^ x`", "exp2"),
        ("sqr(x)", "x=1", "did you mean `sqrt`", "sqr"),
        ("sin", "x=1", "`sin` is a function: write sin(…)", "sin"),
        ("price * m", "prise=1,m=1", "did you mean `prise`?", "price"),
        ("x.sum", "x=1", "write sum(…)", "sum"),
        ("x.foo", "x=1", "expected `T`", "foo"),
        ("x && y", "x=1,y=1", "write `and`", "&"),
        ("!x", "x=1", "write `not`", "!"),
        ("x ? 1 : 2", "x=1", "write where(condition, a, b)", "?"),
        ("log1p(x, 2)", "x=1", "takes 1 argument, not 2", "log1p"),
        ("max()", "", "takes 1 or 2 and more arguments, not 0", "max"),
    ]);
}
