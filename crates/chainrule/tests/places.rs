//! Errors name the caller's file and line, however deep in the library the mistake shows.

use chainrule::nn::{
    Affine, BatchNorm, Cx, Field, Init, Module, Network, Residual, Sequential, Values, from_fn,
};
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
fn layers_name_the_line_that_added_or_called_them() {
    placed("a layer by itself", |g| {
        (Affine::new(2, Init::He).forward(&Cx::predict(g), g.input("x", [5]).into()).one(), line!())
    });
    placed("a call", |g| {
        (Cx::predict(g).call("head", &Affine::new(2, Init::He), g.input("x", [5])).one(), line!())
    });
    placed("a parameter of another shape", |g| {
        g.parameter("weight", [7]);
        let layer = Affine::new(2, Init::He);
        (layer.forward(&Cx::predict(g), g.input("x", [5, 3]).into()).one(), line!())
    });
    placed("a sequential model", |g| {
        let (model, line) = (Sequential::new().with(BatchNorm::default()), line!());
        (Cx::predict(g).call("", &model, g.input("x", [5, 3, 1])).one(), line)
    });
}

/// A module with a mistake of its own.
struct Crooked;

const CROOKED: u32 = line!() + 5;

impl Module for Crooked {
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let h = cx.call("hidden", &Affine::new(4, Init::He), x.one()).one();
        (h + cx.graph().constant(0.0).broadcast_to([5])).into()
    }
}

#[test]
fn modules_of_ones_own_name_their_own_lines() {
    let here = |name: &str, error: String, line: u32| {
        assert!(error.ends_with(&format!("{}:{line}", file!())), "{name}, line {line}: {error}");
    };
    let fields = || [Field::real("x", [3])];
    let of = |error: chainrule::Result<Network>| error.unwrap_err().to_string();
    here("a struct", of(Network::new(Crooked, fields())), CROOKED);
    here("in a sequence", of(Network::new(Sequential::new().with(Crooked), fields())), CROOKED);
    here("in a residual", of(Network::new(Residual::new(Crooked), fields())), CROOKED);
    let boxed: Box<dyn Module> = Box::new(Crooked);
    here("in a box", of(Network::new(boxed, fields())), CROOKED);
    placed("called", |g| (Cx::predict(g).call("m", &Crooked, g.input("x", [2, 3])).one(), CROOKED));
    placed("a closure", |g| {
        let (closure, line) = (from_fn(|cx, x| x + cx.param("w", [5], Init::Ones)), line!());
        (closure.forward(&Cx::predict(g), g.input("x", [2, 3]).into()).one(), line)
    });
    placed("a closure of one value", |g| {
        let closure = from_fn(|_, x| x);
        let two = Values::from([g.constant(1.0), g.constant(2.0)]);
        (closure.forward(&Cx::predict(g), two).one(), line!())
    });
    placed("a boxed layer by itself", |g| {
        let layer: Box<dyn Module> = Box::new(Residual::new(Affine::new(7, Init::He)));
        (layer.forward(&Cx::predict(g), g.input("x", [5, 3]).into()).one(), line!())
    });
    placed("a parameter twice", |g| {
        let cx = Cx::predict(g);
        cx.param("w", [2], Init::Ones);
        (cx.param("w", [3], Init::Ones), line!())
    });
}

#[test]
fn errors_name_the_layers_path() {
    let inner = Sequential::new().with(Affine::new(3, Init::He)).with(BatchNorm::default());
    let (model, line) = (Sequential::new().named("encoder", inner), line!() - 1);
    let g = Graph::new();
    let cx = Cx::predict(&g);
    let _ = cx.call("", &model, g.input("x", [5, 2, 2]));
    let error = g.ok().unwrap_err().to_string();
    let wanted = "batch_norm in `encoder/batch_norm1`: takes a batch [batch, features]; a flatten layer \
                  makes one (operands [5, 2, 3])";
    assert_eq!(error, format!("{wanted}, at {}:{line}", file!()));
}

#[test]
fn a_network_names_the_line_that_made_it() {
    let (network, line) = (Network::flat(Affine::new(2, Init::He), 3).unwrap(), line!());
    let g = Graph::new();
    g.parameter("weight", [7]);
    let _ = network.record(&Cx::predict(&g), 5);
    let error = g.ok().unwrap_err().to_string();
    assert!(error.ends_with(&format!("{}:{line}", file!())), "line {line}: {error}");
}

#[test]
fn a_model_twice_names_both_places() {
    let network = Network::flat(Affine::new(2, Init::He), 3).unwrap();
    let g = Graph::new();
    let (_, first) = (network.record(&Cx::predict(&g), 5), line!());
    g.ok().unwrap();
    let (_, second) = (network.record(&Cx::predict(&g), 5), line!());
    let error = g.ok().unwrap_err().to_string();
    let places = [first, second].map(|line| format!("at {}:{line}", file!()));
    assert!(
        error.contains(&format!("`weight` is made twice, {} and {}", places[0], places[1])),
        "{error}"
    );

    let g = Graph::new();
    let cx = Cx::predict(&g);
    let values = ["generator", "judge"].map(|name| network.record(&cx.sub(name), 5).one());
    g.ok().unwrap();
    assert_eq!(cx.trained().len(), 4);
    assert_ne!(values[0].id(), values[1].id());
    let again = network.record(&cx.shared("judge"), 5);
    g.ok().unwrap();
    assert_eq!((cx.trained().len(), again.len()), (4, 1));
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
