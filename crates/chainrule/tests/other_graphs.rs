//! A value of another graph is an error, not the node that has its number here.

use chainrule::{Graph, Parameters, Tensor, Var, check};

/// Two graphs: what is done in the first with a value of the second must be an error of the first.
fn refused(name: &str, other: impl for<'h> Fn(&'h Graph) -> Var<'h>) {
    let is_refused = |what: &str, g: &Graph, outputs: &[Var<'_>]| {
        let error = g.compile::<f64>(outputs).unwrap_err().to_string();
        assert!(error.contains("graph"), "{what} with {name}: {error}");
        assert!(error.contains(file!()), "{what} with {name}: {error}");
    };
    type Use = for<'g> fn(&'g Graph, Var<'g>, Var<'g>) -> Vec<Var<'g>>;
    let uses: [(&str, Use); 8] = [
        ("sum", |_, own, foreign| vec![own + foreign]),
        ("product", |_, own, foreign| vec![own.broadcast_to([2, 2]).matmul(foreign)]),
        ("concat", |_, own, foreign| vec![own.broadcast_to([1]).concat(0, &[foreign])]),
        ("einsum", |g, _, foreign| vec![g.einsum("->", &[foreign])]),
        ("put", |g, own, foreign| {
            vec![own.broadcast_to([1]).put_along_axis(0, g.labels("t", [1], 1), foreign)]
        }),
        ("loss", |g, own, foreign| g.backward(foreign, &[own])),
        ("wrt", |g, own, foreign| g.backward(own, &[foreign])),
        ("squared error", |_, own, foreign| vec![own.half_squared_error(foreign)]),
    ];
    for (what, apply) in uses {
        let (g, h) = (Graph::new(), Graph::new());
        let outputs = apply(&g, g.input("x", []), other(&h));
        is_refused(what, &g, &outputs);
    }
}

#[test]
fn values_of_another_graph_are_refused() {
    refused("a scalar", |h| h.constant(1.0));
    refused("a number beyond this graph's nodes", |h| {
        (0..9).fold(h.constant(1.0), |sum, _| sum + 1.0)
    });
    refused("a mistake", |h| h.input("a", [2]) + h.input("b", [3]));
}

#[test]
fn nothing_is_put_where_labels_of_another_graph_say() {
    let (g, h) = (Graph::new(), Graph::new());
    let _ = g.zeros([2]).put_along_axis(0, h.labels("t", [2], 2), 1.0);
    let error = g.ok().unwrap_err().to_string();
    assert!(
        error.starts_with("put_along_axis: the operands belong to different graphs"),
        "{error}"
    );
}

#[test]
fn a_loss_of_another_graph_is_not_checked() {
    let (g, h) = (Graph::new(), Graph::new());
    let _ = g.parameter("x", []).square();
    let loss = h.parameter("x", []).exp();
    let mut parameters = Parameters::<f64>::new();
    parameters.insert("x", Tensor::scalar(1.0));
    let settings = check::Settings::default();
    let error = check::gradients(&g, loss, &parameters, |_| Ok(()), &settings).unwrap_err();
    assert!(error.to_string().contains("another graph"), "{error}");
}
