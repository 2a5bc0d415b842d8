//! Texts and pictures of known computations against files that were looked at before they were
//! accepted. `UPDATE_SNAPSHOTS=1 cargo test --test pictures` writes them anew: look at each again.

mod common;

use chainrule_explain::{Explanation, Fold, Request, Role, View, explain, values};
use common::snapshot;

/// The computations: a name, the expression, the values, the target.
const CASES: &[(&str, &str, &str, Option<f64>)] = &[
    ("apple", "x * m * t", "x=100,m=2,t=1.1", Some(219.0)),
    (
        "affine",
        "Y = X @ W + B; L = cross_entropy(Y, 1)",
        "X=[[1,2]],W=[[0.1,0.2],[0.3,0.4]],B=[0,0]",
        None,
    ),
    ("reused", "h = x * w + b; h * h - x * h + exp(x)", "x=2,w=-0.5,b=0.3", None),
    (
        "two-layers",
        "h = sigmoid(x1*w11 + x2*w21 + b1); k = sigmoid(x1*w12 + x2*w22 + b2); y = h*v1 + k*v2 + c",
        "x1=1,x2=0.5,w11=0.1,w21=0.3,b1=0.1,w12=0.2,w22=0.4,b2=0.2,v1=0.5,v2=-0.6,c=0.1",
        Some(1.0),
    ),
];

fn explained(expression: &str, at: &str, target: Option<f64>) -> Explanation {
    let request = Request {
        expression: expression.into(),
        values: values(at).unwrap(),
        target,
        ..Request::default()
    };
    explain(&request).unwrap()
}

#[test]
fn texts_are_as_accepted_and_fit_80_columns() {
    for (name, expression, at, target) in CASES {
        let text = explained(expression, at, *target).to_text();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        snapshot(&format!("{name}.txt"), &text);
    }
}

#[test]
fn pictures_are_as_accepted() {
    for (name, expression, at, target) in CASES {
        let picture = explained(expression, at, *target).to_svg(View::default());
        snapshot(&format!("{name}.svg"), &picture);
    }
}

#[test]
fn a_picture_shows_every_value_and_gradient_as_text() {
    let apple = explained("x * m * t", "x=100,m=2,t=1.1", Some(219.0));
    let picture = apple.to_svg(View::default());
    let document = roxmltree::Document::parse(&picture).unwrap();
    let texts = |class: &str| -> Vec<&str> {
        let nodes = document.descendants().filter(|node| node.attribute("class") == Some(class));
        nodes.filter_map(|node| node.text()).filter(|text| !text.contains("ward")).collect()
    };
    let sorted = |mut texts: Vec<&str>| {
        texts.sort_unstable();
        texts.join(" ")
    };
    assert_eq!(sorted(texts("value")), "0.5 1.1 100 2 200 220");
    assert_eq!(sorted(texts("gradient")), "1 1 1.1 110 2.2 200");
}

#[test]
fn steps_reveal_one_gate_at_a_time() {
    let apple = explained("x * m * t", "x=100,m=2,t=1.1", Some(219.0));
    let last = apple.steps(View::default());
    let count = |step: usize, class: &str| {
        let picture = apple.to_svg(View { step: Some(step), ..View::default() });
        picture.matches(&format!("class=\"{class}\"")).count()
    };
    // The legend has one text of each class.
    let values: Vec<usize> = (0..=last).map(|step| count(step, "value") - 1).collect();
    let gradients: Vec<usize> = (0..=last).map(|step| count(step, "gradient") - 1).collect();
    assert_eq!(values, [3, 4, 5, 6, 6, 6, 6, 6]);
    assert_eq!(gradients, [0, 0, 0, 0, 1, 2, 4, 6]);
}

#[test]
fn scopes_fold_into_one_box_and_unfold() {
    let apple = explained("x * m * t", "x=100,m=2,t=1.1", Some(219.0));
    let boxes = |unfold| {
        let picture = apple.to_svg(View { unfold, ..View::default() });
        (picture.matches("class=\"fold\"").count(), picture.matches("class=\"gate\"").count())
    };
    assert_eq!(boxes(false), (1, 2));
    assert_eq!(boxes(true), (0, 5));
}

/// Layers of one size in a row, then one of another.
fn deep(layers: usize) -> Explanation {
    let layer = |i: usize| match i {
        1 => "h1 = relu(x @ W1 + b1)".to_owned(),
        i => format!("h{i} = relu(h{} @ W{i} + b{i})", i - 1),
    };
    let given = |i: usize| format!("W{i}=[[0.5,0.{i}],[0.3,0.5]],b{i}=[0.1,0]");
    let text: Vec<String> = (1..=layers).map(layer).collect();
    let at: Vec<String> = (1..=layers).map(given).collect();
    let text = format!("{}; cross_entropy(h{layers} @ V, t)", text.join("; "));
    explained(&text, &format!("x=[[1,0.5]],{},V=[[1,0,1],[0,1,0]],t=2", at.join(",")), None)
}

#[test]
fn repeated_blocks_are_drawn_once_with_their_number() {
    let deep = deep(8);
    let unfolded = View { unfold: true, ..View::default() };
    let folded = deep.to_svg(View::default());
    for picture in [
        folded.clone(),
        deep.to_dot(View::default()),
        deep.to_mermaid(View::default()),
        deep.to_html(View::default()),
    ] {
        assert!(picture.contains("@ → + → relu") && picture.contains("× 8"), "{picture}");
        assert!(picture.contains("W1 … W8") && picture.contains("b1 … b8"), "{picture}");
    }
    // What is left beside the box: the last product and the loss.
    let count = |picture: &str, class: &str| picture.matches(&format!("class=\"{class}\"")).count();
    assert_eq!((count(&folded, "fold"), count(&folded, "gate")), (1, 2));
    assert_eq!(count(&deep.to_svg(unfolded), "gate"), 3 * 8 + 2);
    assert_eq!(deep.steps(View::default()), 7);
}

#[test]
fn few_repeats_and_uses_of_one_value_are_drawn_one_by_one() {
    assert!(!deep(2).to_svg(View::default()).contains("fold\""));
    let line = |i: usize| format!("; v{i} = sin(v{} + x) * y", i - 1);
    let text = "v0 = x * y".to_owned() + &(1..9).map(line).collect::<String>();
    assert!(!explained(&text, "x=0.3,y=0.9", None).to_svg(View::default()).contains("fold\""));
}

#[test]
fn no_picture_or_text_shows_a_reshape() {
    let e =
        explained("cross_entropy(W @ x + b, t)", "W=[[1,2],[3,4]],x=[0.1,0.2],b=[0,1],t=1", None);
    let (svg, html) = (e.to_svg(View::default()), e.to_html(View::default()));
    for shown in [e.to_text(), e.to_latex(), e.to_dot(View::default()), svg, html] {
        assert!(!shown.contains("reshape"), "{shown}");
    }
    assert!(e.to_latex().contains(r"\operatorname{softmax}(u_{2}) - \begin{pmatrix}0 & 1"));
}

#[test]
fn a_screen_has_a_sweep_with_its_tangent() {
    let request = Request {
        expression: "1 / x".into(),
        values: values("x=2").unwrap(),
        sweep: Some("x=-1:4:51".parse().unwrap()),
        ..Request::default()
    };
    let screen = explain(&request).unwrap().screen(View::default());
    let sweep = screen.sweep.unwrap();
    assert_eq!((sweep.name.as_str(), sweep.at, sweep.points.len()), ("x", 2.0, 51));
    for point in sweep.points {
        assert!((point.tangent - (0.5 - (point.at - 2.0) / 4.0)).abs() < 1e-12, "{point:?}");
        assert_eq!(point.value, 1.0 / point.at);
    }
}

#[test]
fn pages_are_well_formed_and_need_no_network() {
    for (name, expression, at, target) in CASES {
        let page = explained(expression, at, *target).to_html(View::default());
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(&page, options)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let loads = ["src", "href", "data"];
        for node in document.descendants() {
            assert!(!loads.iter().any(|load| node.has_attribute(*load)), "{name}: {node:?}");
        }
        let data = document.descendants().find(|node| node.attribute("id") == Some("data"));
        let data = data.and_then(|node| node.text()).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(data).is_ok(), "{name}");
    }
}

#[test]
fn documents_give_the_chain_rule_in_symbols_and_numbers() {
    let apple = explained("x * m * t", "x=100,m=2,t=1.1", Some(219.0)).to_latex();
    for part in [
        r"u_{1} &= x \cdot m = 200",
        r"\frac{\partial L}{\partial x} &= \frac{\partial L}{\partial u_{3}}",
        r"&= 0.5 \cdot 2 \cdot 1 \cdot 1.1 \cdot 2 = 2.2",
    ] {
        assert!(apple.contains(part), "`{part}` is not in:\n{apple}");
    }
}

#[test]
fn far_uses_are_drawn_as_copies_so_that_a_picture_grows_with_its_graph() {
    let deep = |lines: usize| {
        let line = |i: usize| format!("; v{i} = sin(v{} + x) * y", i - 1);
        let text = "v0 = x * y".to_owned() + &(1..lines).map(line).collect::<String>();
        explained(&text, "x=0.3,y=0.9", None).to_svg(View::default())
    };
    let (short, long) = (deep(20), deep(40));
    assert!(long.matches("input again").count() > 60, "copies of x and y");
    assert!(long.len() < 3 * short.len());
    assert!(roxmltree::Document::parse(&long).is_ok());
}

#[test]
fn every_expression_fits_80_columns() {
    let nested = format!("{}x{}", "sin(".repeat(40), ")".repeat(40));
    let long =
        "a_name_that_is_much_longer_than_what_anyone_would_like_to_type_on_one_line_of_text_again";
    let (sum, at) = (format!("{long} * {long} + x"), format!("{long}=1,x=2"));
    for (expression, at) in [
        ("sigmoid(w1*x+b1)*tanh(w2*x+b2)-exp(-x)", "w1=0.1,x=0.7,b1=-0.33,w2=1.7,b2=0.123456"),
        ("cross_entropy(W @ x, 1)", "W=[[1,2],[3,4]],x=[0.1,0.2]"),
        (&nested, "x=0.5"),
        (&sum, &at),
        (
            "日本語の変数 * 別の長い変数の名前 + 日本語の変数",
            "日本語の変数=1.23456,別の長い変数の名前=2.34567",
        ),
        ("x + y", "x=1,y=2"),
        ("sum(A)", "A=[[1.23456,2.34567,3.45678,4.56789],[1,2,3,4]]"),
    ] {
        let text = explained(expression, at, None).to_text();
        for line in text.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{expression}: {line}");
        }
        assert!(!text.contains("=   ="), "{text}");
        let head: String = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
        assert!(
            !expression.contains("sum(A)") || head.contains("3.45678, 4.56789], [1, 2, 3, 4]]")
        );
    }
}

#[test]
fn a_drawing_is_data_whose_wires_meet_its_blocks() {
    for (name, expression, at, target) in CASES {
        let drawing = explained(expression, at, *target).drawing(View::default());
        for wire in &drawing.wires {
            let [from, to] = [wire.from, wire.to].map(|at| &drawing.blocks[at]);
            assert!((wire.start.0 - (from.x + from.wide / 2.0)).abs() < 1e-9, "{name}: {wire:?}");
            assert!((to.x - to.wide / 2.0 - 1.0..to.x).contains(&wire.end.0), "{name}: {wire:?}");
            assert!((to.y - wire.end.1).abs() < to.tall / 2.0, "{name}: {wire:?}");
            assert!(wire.bends.windows(2).all(|pair| pair[0].to.0 <= pair[1].from.0), "{name}");
            assert!(wire.start.0 <= wire.left && wire.right <= wire.end.0, "{name}: {wire:?}");
        }
        let inside = |x: f64, half: f64, end: f64| x - half >= -1e-9 && x + half <= end + 1e-9;
        for block in &drawing.blocks {
            assert!(inside(block.x, block.wide / 2.0, drawing.wide), "{name}: {block:?}");
            assert!(inside(block.y, block.tall / 2.0, drawing.tall), "{name}: {block:?}");
        }
        let json = serde_json::to_value(&drawing).unwrap();
        assert_eq!(json["blocks"][0]["role"], "input", "{name}");
        assert_eq!(json["steps"], drawing.steps, "{name}");
    }
}

#[test]
fn boxes_open_one_by_one() {
    let symbols = |e: &Explanation, open: &[Fold]| {
        let drawing = e.drawing(View { open, ..View::default() });
        let gates = drawing.blocks.into_iter();
        let gates = gates.filter(|block| matches!(block.role, Role::Gate | Role::Fold));
        gates.map(|block| (block.symbol, block.fold)).collect::<Vec<_>>()
    };
    let apple = explained("x * m * t", "x=100,m=2,t=1.1", Some(219.0));
    let closed = symbols(&apple, &[]);
    let Some((_, Some(loss))) = closed.last() else { panic!("{closed:?}") };
    assert_eq!(loss, &Fold::Scope("half_squared_error".into()));
    assert_eq!(Fold::from(loss.to_string().as_str()), *loss);
    let opened = symbols(&apple, std::slice::from_ref(loss));
    // The difference, its square and the half of it.
    assert!(opened.len() == closed.len() + 2 && opened.iter().all(|(_, fold)| fold.is_none()));
    // A row of blocks opens as a box that ends with its last gate.
    let deep = deep(8);
    let row = |(symbol, fold): &(String, Option<Fold>)| symbol.contains('→').then(|| fold.clone());
    let row = symbols(&deep, &[]).iter().find_map(row).flatten().unwrap();
    assert!(matches!(row, Fold::Ending(_)) && Fold::from(row.to_string().as_str()) == row);
    assert_eq!(symbols(&deep, &[row]).len(), 3 * 8 + 2);
    // What is not there opens nothing.
    assert_eq!(symbols(&deep, &["#1".into(), "nothing".into()]), symbols(&deep, &[]));
}
