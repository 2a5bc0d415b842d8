//! Errors name the caller's file and line, however deep in the library the mistake shows.

use chainrule::nn::{Affine, Init, Layer, Pass, Sequential};
use chainrule::{Graph, Var};

/// Records something that does not fit and checks that the error names this file and that line.
fn placed(name: &str, record: impl for<'g> Fn(&'g Graph) -> (Var<'g>, u32)) {
    let g = Graph::new();
    let (_, line) = record(&g);
    let error = g.ok().unwrap_err().to_string();
    assert!(error.ends_with(&format!("{}:{line}", file!())), "{name}, line {line}: {error}");
}

#[test]
fn losses_name_the_callers_line() {
    placed("mse", |g| (g.input("a", [2]).mean_squared_error(g.input("b", [3])), line!()));
    placed("hse", |g| (g.input("a", [2]).half_squared_error(g.input("b", [3])), line!()));
    placed("swl", |g| (g.input("a", [2]).softmax_with_loss(g.labels("t", [3], 4)), line!()));
}

#[test]
fn squared_errors_want_a_target_of_the_predictions_shape() {
    for half in [false, true] {
        let g = Graph::new();
        let (y, t) = (g.input("y", [3, 1]), g.input("t", [3]));
        let _ = if half { y.half_squared_error(t) } else { y.mean_squared_error(t) };
        let error = g.ok().unwrap_err().to_string();
        assert!(error.contains("the target must have the prediction's shape"), "{error}");
        assert!(error.contains("[3, 1]") && error.contains("[3]"), "{error}");
    }
}

#[test]
fn reductions_name_themselves() {
    placed("sum", |g| (g.input("a", [2]).sum(&[5]), line!()));
    placed("mean", |g| (g.input("a", [2]).mean(&[5]), line!()));
    let g = Graph::new();
    let _ = g.input("a", [2]).mean(&[5]);
    assert!(g.ok().unwrap_err().to_string().starts_with("mean: there is no axis 5"));
}

#[test]
fn models_and_layers_name_the_callers_line() {
    let model = Sequential::new().with(Affine::new(3, 2, Init::He));
    placed("forward", |g| (model.forward(g.input("x", [5, 4])), line!()));
    placed("a parameter of another shape", |g| {
        g.parameter("affine1.weight", [7]);
        (model.forward(g.input("x", [5, 3])), line!())
    });
    placed("variables", |g| {
        let x = g.parameter("affine1.bias", [7]);
        (model.variables(x)[0], line!())
    });
    placed("a layer by itself", |g| {
        let (w, b) = (g.parameter("w", [3, 2]), g.parameter("b", [2]));
        let (layer, pass) = (Affine::new(3, 2, Init::He), Pass::predict());
        (layer.forward(g.input("x", [5, 4]), &[w, b], &pass), line!())
    });
}

#[test]
fn the_place_holds_for_the_call_alone() {
    placed("after a loss", |g| {
        let _ = g.input("a", [2]).mean_squared_error(g.input("c", [2]));
        (g.input("a", [2]) + g.input("b", [3]), line!())
    });
    placed("in a scope of the user's own", |g| {
        g.scope("mine", || (g.input("a", [2]) + g.input("b", [3]), line!()))
    });
}

#[test]
fn operators_and_sums_name_the_callers_line() {
    placed("references", |g| {
        let (a, b) = (&g.input("a", [2]), &g.input("b", [3]));
        (a * b, line!())
    });
    placed("in place", |g| {
        let mut a = g.input("a", [2]);
        a += g.input("b", [3]);
        (a, line!() - 1)
    });
    placed("a number beside labels", |g| (2 * g.labels("t", [2], 4), line!()));
    // The term's own line: the sum's is one of the standard library.
    placed("sum", |g| {
        let (a, b) = (g.input("a", [2]), g.input("b", [3]).exp());
        ([a, b].iter().sum(), line!() - 1)
    });
}
