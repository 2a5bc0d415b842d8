//! Formulas and labels say what is computed: each formula that is shown reads back, by the program
//! itself, to the value beside it.

use chainrule::graph::Source;
use chainrule::ops::{Acosh, AnyOp, Notation, SoftmaxWithLoss, all_pointwise};
use chainrule::{Graph, Shape, Tensor};
use chainrule_explain::{Explanation, Names, Request, Value, explain, record, values};

fn explained(expression: &str, at: &str) -> Explanation {
    let request = Request {
        expression: expression.into(),
        values: values(at).unwrap(),
        ..Request::default()
    };
    explain(&request).unwrap_or_else(|error| panic!("{expression}: {error}"))
}

/// What a formula evaluates to, repeated to a shape as the derivative of a broadcast is.
fn evaluated(formula: &str, given: &[(String, Tensor<f64>)], shape: &[usize]) -> Tensor<f64> {
    let words: Vec<&str> = formula.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let used = given.iter().filter(|(name, _)| words.contains(&name.as_str())).cloned();
    let (g, used) = (Graph::new(), used.collect());
    let v = record(&g, formula, &used, Names::Inputs)
        .unwrap_or_else(|error| panic!("{formula}: {error}"))
        .broadcast_to(Shape::new(shape).unwrap());
    let mut plan = g.compile::<f64>(&[v]).unwrap();
    for (name, tensor) in &used {
        plan.feed(name, tensor.values()).unwrap();
    }
    plan.run().unwrap();
    plan.tensor(v).unwrap()
}

#[test]
fn the_rule_of_a_loss_below_the_top_has_its_own_gradient_as_a_factor() {
    let rule = |text: &str, at: &str| {
        let explained = explained(text, at);
        let gate = explained.nodes.iter().find(|node| node.source.is::<SoftmaxWithLoss>()).unwrap();
        gate.backward.iter().filter_map(|passed| passed.rule.clone()).collect::<Vec<String>>()
    };
    assert_eq!(rule("cross_entropy(x, 1)", "x=[1,2]"), ["softmax(x) − t"]);
    assert_eq!(rule("l = cross_entropy(x, 1); 3 * l", "x=[1,2]"), ["dl · (softmax(x) − t)"]);
    let both = rule("cross_entropy(x, t)", "x=[[1,2],[3,4]],t=[[0,1],[1,0]]");
    assert_eq!(both, ["(softmax(x) − t) / 2", "(−ln softmax(x)) / 2"]);
}

#[test]
fn a_class_may_be_given_by_name_and_has_no_gradient() {
    let explained = |text: &str, at: &str| {
        let (expression, values) = (text.into(), values(at).unwrap());
        explain(&Request { expression, values, ..Request::default() })
    };
    let by_name = explained("cross_entropy(x, t)", "x=[1,2,3],t=1").unwrap();
    let by_number = explained("cross_entropy(x, 1)", "x=[1,2,3]").unwrap();
    assert_eq!(by_name.output, by_number.output);
    assert_eq!(by_name.gradients, by_number.gradients);
    let names =
        |e: &Explanation| e.what_if.iter().map(|row| row.name.clone()).collect::<Vec<String>>();
    assert_eq!(names(&by_name), ["x", "x[2]", "x[1]", "x[0]"]);
    let distribution = explained("cross_entropy(x, t)", "x=[1,2,3],t=[0,1,0]").unwrap();
    assert_eq!(distribution.output, by_number.output);
    // A class that is also a number has a gradient as such.
    assert_eq!(explained("cross_entropy(x * t, t)", "x=[1,2,3],t=1").unwrap().gradients.len(), 2);
    // Every row of a batch against one class.
    assert!(explained("cross_entropy(x, t)", "x=[[1,2,3],[0,0,1]],t=2").is_ok());
    for class in ["3", "-1", "0.5"] {
        let error = explained("cross_entropy(x, t)", &format!("x=[1,2,3],t={class}"));
        assert!(error.unwrap_err().to_string().contains("the classes 0 to 2"), "{class}");
    }
    assert!(explained("cross_entropy(x, 2 * t)", "x=[1,2,3],t=1").is_err());
    let request = Request {
        expression: "cross_entropy(x, t)".into(),
        values: values("x=[1,2,3],t=1").unwrap(),
        ..Request::default()
    };
    let asked = Request { paths: Some("t".into()), ..request };
    assert!(explain(&asked).unwrap_err().to_string().contains("has no gradient"));
}

#[test]
fn every_formula_that_is_shown_reads_back_to_its_value() {
    let at = "A=[[1,2],[3,4]],B=[[0.5,-1],[2,1]],b=[10,20],x=[0.3,-0.7],s=3,T=[[2,1,5],[4,0,3]]";
    let given = values(at).unwrap();
    let mut shown = 0;
    for expression in [
        "sum(A*b)",
        "sum(A+s)",
        "sum(A@x)",
        "mean(A*b + s)",
        "sum((A@x - b)^2)",
        "sum((A@B)^2) + s",
        "sum(s*A@B)",
        "x@b * s",
        "x@A@b",
        "sum(x@A)",
        "sum(softmax(A)*B)",
        "sum(log_softmax(A + b)*B)",
        "max(A*s) + min(B)",
        "sum(transpose(T)@A)",
        "sum(transpose(A + s)*B)",
        "sum(A*0 + s)",
        "sum(A*s/s)",
        "sum(A - A + b)",
        "mean(A)*sum(b)",
        "sum(exp(s)*b)",
        "sum(select(A > b, A, b*s))",
        "sum(max(A, b))",
        "sum(sigmoid(A@x + s))",
        "cross_entropy(A@x, 1)",
        "sum(b)^s",
        "sum(A^2 @ x)",
        "sum(b * [0.1, 1e-7]) * s",
        "sum(norm(A * s, axis=1) * b)",
        "sum(max(A, axis=0) * sum(A, axis=-1, keepdims=1) * b)",
    ] {
        let words: Vec<&str> = expression.split(|c: char| !c.is_alphanumeric()).collect();
        let used = given.iter().filter(|(name, _)| words.contains(&name.as_str())).cloned();
        let request =
            Request { expression: expression.into(), values: used.collect(), ..Request::default() };
        for (name, partial) in explain(&request).unwrap().partials {
            let Some(formula) = &partial.formula else { continue };
            shown += 1;
            let formula = formula.to_string();
            let found = evaluated(&formula, &request.values, &partial.value.shape());
            for (found, expected) in found.values().iter().zip(partial.value.numbers()) {
                assert!(
                    (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
                    "d/d{name} of {expression}: {formula} is {found}, not {expected}"
                );
            }
        }
    }
    assert!(shown >= 24, "only {shown} formulas are shown");
}

#[test]
fn every_pointwise_operation_is_written_and_read_back() {
    for op in &all_pointwise() {
        let names = &["x", "y", "z"][..op.arity()];
        let expression = match op.notation() {
            Notation::Infix(sign, _) => format!("x {sign} y"),
            Notation::Prefix(sign) => format!("{sign}x"),
            _ => format!("{}({})", op.name(), names.join(", ")),
        };
        for numbers in [[0.3, 0.7, -0.2], [0.9, 0.4, 0.0]] {
            // Of no number below 1 is there an arcosh.
            let shift = if op.name() == AnyOp::name(&Acosh) { 1.0 } else { 0.0 };
            let at = names.iter().zip(numbers).map(|(name, x)| format!("{name}={}", x + shift));
            let at = at.collect::<Vec<String>>().join(",");
            let explained = explained(&expression, &at);
            let (root, given) = (explained.nodes.last().unwrap(), values(&at).unwrap());
            assert_eq!(root.source.name(), op.name(), "{expression}");
            assert_eq!(
                Value::from(&evaluated(&root.label, &given, &[])),
                root.value,
                "{expression}"
            );
            for (name, partial) in &explained.partials {
                let formula = partial.formula.as_ref().expect(&expression).to_string();
                let found = evaluated(&formula, &given, &[]).values()[0];
                let expected = partial.value.as_number().unwrap();
                let same = (found - expected).abs() <= 1e-14 * expected.abs().max(1.0);
                assert!(same, "d/d{name} of {expression}: {formula} is {found}, not {expected}");
            }
        }
    }
}

#[test]
fn formulas_of_arrays_that_can_be_said_are_shown() {
    let formula = |expression: &str, at: &str, which: usize| {
        let (_, partial) = explained(expression, at).partials.remove(which);
        partial.formula.map(|formula| formula.to_string())
    };
    let at = "A=[[1,2],[3,4]],b=[10,20]";
    assert_eq!(formula("sum(A*b)", at, 0).as_deref(), Some("b"));
    assert_eq!(formula("sum(A*b)", at, 1).as_deref(), Some("sum(A, axis=0)"));
    assert_eq!(formula("sum([3, 0.5]*b)", "b=[1,2]", 0).as_deref(), Some("[3, 0.5]"));
    assert_eq!(formula("sum(A+s)", "A=[[1,2],[3,4]],s=1", 1).as_deref(), Some("4"));
    assert_eq!(formula("sum(A@x)", "A=[[1,2],[3,4]],x=[1,2]", 1), None);
    assert_eq!(
        formula("s*sum(A@x)", "A=[[1,2],[3,4]],x=[1,2],s=2", 2).as_deref(),
        Some("sum(A @ x)")
    );
}

#[test]
fn only_the_guard_of_a_power_is_left_out() {
    let chosen = explained("select(x == 0, 5*y, x*y)", "x=0,y=3");
    let by_y = &chosen.partials[1].1;
    let formula = by_y.formula.as_ref().unwrap().to_string();
    let given = values("x=0,y=3").unwrap();
    assert_eq!(evaluated(&formula, &given, &[]).values(), [5.0]);
    assert_eq!(by_y.value, Value::Number(5.0));
    assert_eq!(chosen.nodes.last().unwrap().label, "select(x == 0, 5 * y, x * y)");
    let kept = explained("y * select(x == 0, 1, x)", "x=0,y=3");
    assert_eq!(kept.partials[1].1.formula.as_ref().unwrap().to_string(), "select(x == 0, 1, x)");
    let power = explained("x^y", "x=2,y=3");
    let formulas: Vec<String> =
        power.partials.iter().map(|(_, p)| p.formula.as_ref().unwrap().to_string()).collect();
    assert_eq!(formulas, ["y * x^(y - 1)", "x^y * ln(x)"]);
}

#[test]
fn labels_are_what_was_written() {
    for (expression, at, label) in [
        ("x/(y/z)", "x=1,y=2,z=4", "x / (y / z)"),
        ("x/y/z", "x=1,y=2,z=4", "x / y / z"),
        ("x/x", "x=2", "x / x"),
        ("sqrt(x)^4", "x=2", "sqrt(x)^4"),
        ("2*pi*x + e^x", "x=2", "2 * pi * x + e^x"),
        ("((t*m)*x)", "x=1,m=2,t=4", "t * m * x"),
        ("x - (y - z) + (-x)*y", "x=1,y=2,z=4", "x - (y - z) + (-x * y)"),
        ("-(x*y)^2", "x=1,y=2", "-(x * y)^2"),
        ("(-x)^2 * -y", "x=1,y=2", "(-x)^2 * (-y)"),
        ("x^-2 * (-3)", "x=2", "x^-2 * (-3)"),
        ("sum(A@(b + b))", "A=[[1,2]],b=[1,2]", "sum(A @ (b + b))"),
        ("y = x; y*y", "x=3", "x * x"),
        ("z = x*2; w = z; w*w", "x=3", "z * z"),
    ] {
        let explained = explained(expression, at);
        let node = explained.nodes.last().unwrap();
        assert_eq!(node.label, label, "{expression}");
        let inputs = explained.nodes.iter().filter(|node| matches!(node.source, Source::Input(_)));
        assert!(inputs.clone().all(|node| at.contains(&format!("{}=", node.label))));
        // A label without names of its own reads back to the node's value.
        if !expression.contains(';') {
            let found = evaluated(label, &values(at).unwrap(), &[]);
            assert_eq!(Value::from(&found), node.value, "{label}");
        }
    }
}

#[test]
fn what_is_left_of_one_is_not_taken_from_one_again() {
    let slope = |text: &str, at: &str| {
        let partials = explained(text, at).partials;
        partials[0].1.formula.as_ref().unwrap().to_string()
    };
    assert_eq!(slope("x * (1 - (1 - y))", "x=2,y=3"), "y");
    assert_eq!(slope("x * (2 - 3 * (y - 4))", "x=2,y=3"), "14 - 3 * y");
    // Without a number beside it, a difference stays as it was written.
    assert_eq!(slope("x * (z - 3 * (y - 4))", "x=2,y=3,z=1"), "z - 3 * (y - 4)");
    let second = Request {
        expression: "sigmoid(x) * (1 - sigmoid(x))".into(),
        values: values("x=0.3").unwrap(),
        ..Request::default()
    };
    let text = explain(&second).unwrap().symbolic();
    assert!(!text.contains("1 - (1 -"), "{text}");
}
