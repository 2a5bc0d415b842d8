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
        ("x + sum(y)", "x=−2,y=[1, −3]", -4.0),
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
        ("sum(A, 0)", "A=[1,2]", "an axis is written axis=0", "sum"),
        ("sum(A, axes=0, foo=1)", "A=[1,2]", "takes axis=, keepdims=, no `foo=`", "foo"),
        ("sin(x, axis=0)", "x=1", "`sin` takes no `axis=`", "axis"),
        ("max()", "", "takes 1 or 2 and more arguments, not 0", "max"),
    ]);
}

#[test]
fn arrays_are_written_and_taken_apart() {
    equal(&[
        ("sum([1, 2, x])", "x=3", 6.0),
        ("[1, 2, x][-1]", "x=3", 3.0),
        ("[[1, x], [3, 4],][0, 1]", "x=3", 3.0),
        ("A[0][1] + A[:, 1][1]", "A=[[1,2],[3,4]]", 6.0),
        ("sum(A[1:3]) + sum(A[-1:]) + sum(A[:9])", "A=[1,2,3]", 14.0),
        ("A[k] + A[k]", "A=[1,2],k=1", 4.0),
        ("sum(concat([A, 3]))", "A=4", 7.0),
        ("sum(concat([1, 2], [3, 4]))", "", 10.0),
        ("norm([3, 4])", "", 5.0),
    ]);
    refused(&[
        ("A[k]", "A=[1,2],k=0.5", "a position is a whole number", "k"),
        ("[]", "", "an array has elements", "["),
        ("[1, [2]]", "", "this has shape [1], but the first of the list []", "["),
        ("A[2]", "A=[1,2]", "there is no position 2", "2"),
        ("A[0, 0]", "A=[1,2]", "no axis left", "0"),
        ("A[2:1]", "A=[1,2]", "there is nothing", "2"),
        ("A[::2]", "A=[1,2]", "no step", ":"),
        ("sum(A, axis=2)", "A=[1,2]", "there is no axis 2 in [2]", "sum"),
        ("prod(A, axis=2)", "A=[1,2]", "there is no axis 2 in [2]", "prod"),
        ("softmax(A, axis=2)", "A=[1,2]", "there is no axis 2 in [2]", "softmax"),
        ("cumsum(A)", "A=[[1,2]]", "say along which axis", "cumsum"),
        ("sum(A, axis=0.5)", "A=[1,2]", "an axis is a whole number", "0.5"),
        ("trace(A)", "A=[[1,2]]", "square", "trace"),
        ("sum(reshape(A, 3))", "A=[1,2]", "reshape", "reshape"),
        ("cross_entropy(A, [0, 5])", "A=[[1,2,3],[1,2,3]]", "the classes 0 to 2", "cross_entropy"),
        ("clip(x, 2, 1)", "x=1", "there is no number", "clip"),
    ]);
}

#[test]
fn sizes_are_checked_before_memory_is_asked_for() {
    let row = format!("A=[[{}]]", vec!["1"; 20_000].join(","));
    for (text, said) in [
        ("sum(transpose(A) @ A)", "an array of shape [20000, 20000], 400000000 numbers"),
        ("sum(A.T + A)", "an array of shape [20000, 20000], 400000000 numbers"),
    ] {
        let error = read(text, &row).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    let many = format!("s = A + 1; {}sum(s)", "s += 1; ".repeat(1000));
    let error = read(&many, &row).unwrap_err().to_string();
    assert!(error.contains("with this array of shape [1, 20000] there are"), "{error}");
    let nested = "[".repeat(300) + "1" + &"]".repeat(300);
    assert!(read(&nested, "").unwrap_err().to_string().contains("nested"));
    let deep = "[".repeat(9) + "1" + &"]".repeat(9);
    assert!(read(&deep, "").unwrap_err().to_string().contains("at most 8 axes"));
    let long = "x".repeat(1 << 23);
    assert!(read(&long, "").unwrap_err().to_string().contains("too many to read"));
}

/// The gradient by every number of every input, against central differences.
fn gradients_hold(text: &str, at: &str) {
    let (g, mut at) = (Graph::new(), values(at).unwrap());
    let y = record(&g, text, &at, Names::Inputs).unwrap_or_else(|error| panic!("{text}: {error}"));
    let inputs: Vec<_> = at.iter().map(|(name, value)| g.input(name, value.shape())).collect();
    let gradients = g.backward(y, &inputs);
    let mut plan = g.compile::<f64>(&[&[y], &gradients[..]].concat()).unwrap();
    let mut run = |at: &[(String, Tensor<f64>)]| {
        for (name, tensor) in at {
            plan.feed(name, tensor.values()).unwrap();
        }
        plan.run().unwrap();
        let of = |v| plan.value(v).unwrap().to_vec();
        (of(y)[0], gradients.iter().map(|&v| of(v)).collect::<Vec<_>>())
    };
    let (_, found) = run(&at);
    for input in 0..at.len() {
        for element in 0..at[input].1.values().len() {
            let mut moved = |by: f64| {
                let before = at[input].1.clone();
                let mut numbers = before.values().to_vec();
                numbers[element] += by;
                at[input].1 = Tensor::new(before.shape(), numbers).unwrap();
                let value = run(&at).0;
                at[input].1 = before;
                value
            };
            let step = 1e-5;
            let expected = (moved(step) - moved(-step)) / (2.0 * step);
            let gradient = found[input][element];
            let bound = 1e-7 * expected.abs().max(1.0);
            let place = format!("{text} by element {element} of {}", at[input].0);
            assert!(
                (gradient - expected).abs() < bound,
                "{place}: {gradient}, {expected} expected"
            );
        }
    }
}

#[test]
fn gradients_agree_with_central_differences() {
    let arrays = "M=[[1.5,-2,0.25],[3,0.125,-1]],w=[0.5,-1,2]";
    for call in [
        "sum(M, axis=0)",
        "mean(M, axis=-2)",
        "max(M, axis=0)",
        "min(M, axis=0)",
        "prod(M, axis=0)",
        "var(M, axis=0)",
        "std(M, axis=0, correction=1)",
        "norm(M, axis=0)",
        "logsumexp(M, axis=0)",
        "prod(M)",
        "norm(M)",
        "std(M)",
        "max(M, 0.3)",
        "softmax(M, axis=0)",
        "log_softmax(M, axis=-1)",
        "cumsum(M, axis=0)",
        "cumsum(M, axis=1)",
        "concat(M, [w])",
        "stack([M[1], w])",
        "[w, M[0], w * w]",
        "M[:, 1:]",
        "M[-1]",
        "M[1, 0:2]",
        "reshape(M, -1, 2)",
        "where(M > 0, M, w)",
        "clip(M, -1.5, w[2])",
        "leaky_relu(M, w[0])",
        "elu(M, w[0])",
        "sec(M / 4)",
        "csc(M / 4 + 1.5)",
        "cot(M / 4 + 1.5)",
        "M % 0.7",
        "mod(M, w + 0.03)",
        "atan2(M, w)",
        "hypot(M, w)",
        "asinh(M)",
        "expm1(M)",
        "cbrt(M)",
        "log1p(M + 3)",
        "acosh(M + 4)",
        "atanh(M / 4)",
        "floor(M + 0.3) * w[0]",
        "round(M + 0.3) * w[0]",
    ] {
        // Weights of all sizes, so that no place is taken for another.
        let call = format!("h = {call}; sum(h * cos(h)) + sum(w * M)");
        gradients_hold(&call, arrays);
    }
    for call in ["dot(w, M[0])", "trace(M @ M.T)", "mse(M, w[0])", "cross_entropy(M, [2, 0])"] {
        gradients_hold(&format!("{call} + sum(w * M)"), arrays);
    }
    // At 0: a product has the slopes of its other factors, and a length has none.
    gradients_hold("prod(x) + x[0]", "x=[0,2,3]");
    gradients_hold("prod(x)", "x=[0,0,3,4,5]");
    let (g, at) = (Graph::new(), values("x=[0,0]").unwrap());
    let y = record(&g, "norm(x) + hypot(x[0], x[1])", &at, Names::Inputs).unwrap();
    let slopes = g.backward(y, &[g.input("x", [2])])[0];
    let mut plan = g.compile::<f64>(&[slopes]).unwrap();
    plan.feed("x", &[0.0, 0.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(slopes).unwrap(), [0.0, 0.0]);
}
