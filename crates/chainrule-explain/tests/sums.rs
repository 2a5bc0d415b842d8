//! Sums of many products are told as one gate that opens.

use chainrule_explain::{
    AllNumbers, Explanation, Language, Request, Role, Row, View, explain, values,
};

const NEURON: &str = "z = w0*x0 + w1*x1 + w2*x2 + w3*x3 + b; tanh(z)";
const AT: &str = "w0=0.1,x0=2,w1=-0.3,x1=1,w2=0.5,x2=-2,w3=1.5,x3=0.5,b=0.25";

fn explained(expression: &str, at: &str) -> Explanation {
    let (expression, values) = (expression.into(), values(at).unwrap());
    explain(&Request { expression, values, ..Request::default() }).unwrap()
}

/// The text with its spaces made single.
fn told(expression: &str, at: &str) -> String {
    explained(expression, at).to_text().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_dot_product_is_one_line_forward_and_one_table_backward() {
    let text = told(NEURON, AT);
    assert!(text.contains("z = Σ: w0·x0 + w1·x1 + w2·x2 + w3·x3 + b = -0.1 tanh(z)"), "{text}");
    // tanh′(−0.1) = 1 − tanh²(−0.1) = 0.990066.
    assert!(text.contains("[Σ] z = -0.1 Each term receives df/dz = 0.990066 as it is"), "{text}");
    for row in [
        "w0·x0 = 0.2 w0: 1.98013 x0: 0.0990066",
        "w1·x1 = -0.3 w1: 0.990066 x1: -0.29702",
        "w3·x3 = 0.75 w3: 0.495033 x3: 1.4851",
        "b = 0.25 b: 0.990066",
    ] {
        assert!(text.contains(row), "{row}: {text}");
    }
    let backward = text.split_once("Backward, gate").unwrap().1.split_once("Partial").unwrap().0;
    assert!(!backward.contains("[mul]") && !backward.contains("[add]"), "{backward}");
}

#[test]
fn long_sums_are_thinned_out_and_fit_the_page() {
    let names = |of: fn(usize) -> String| (0..100).map(of).collect::<Vec<_>>();
    let sum = names(|i| format!("w{i}*x{i}")).join(" + ");
    let at = names(|i| format!("w{i}={i},x{i}=0.01")).join(",");
    let text = explained(&sum, &at).to_text();
    assert!(text.contains("Σ: w0·x0 + w1·x1 + … + w99·x99 = 49.5"), "{text}");
    assert!(text.contains("… and 84 more"));
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn few_products_named_parts_and_arrays_are_told_gate_by_gate() {
    for (expression, at) in [
        ("a*x + b*x + c*x", "a=1,b=2,c=3,x=4"),
        ("p = a*x; q = b*x; p + q + c*x + d*x + p", "a=1,b=2,c=3,d=4,x=4"),
        ("s = a*x + b*x; s + c*x + d*x + s", "a=1,b=2,c=3,d=4,x=4"),
        ("sum(A*A + A*A + A*A + A*A)", "A=[1,2]"),
    ] {
        let text = told(expression, at);
        assert!(!text.contains('Σ'), "{expression}: {text}");
    }
}

#[test]
fn the_picture_has_one_box_that_unfolds_and_the_page_one_that_opens() {
    let e = explained(NEURON, AT);
    let boxes = |unfold| {
        let drawing = e.drawing(View { unfold, ..View::default() });
        drawing.blocks.into_iter().filter(|block| block.role == Role::Fold).collect::<Vec<_>>()
    };
    let [one] = &boxes(false)[..] else { panic!("{:?}", boxes(false)) };
    assert_eq!((one.symbol.as_str(), one.caption.as_str(), one.inside.len()), ("Σ", "z", 8));
    assert!(boxes(true).is_empty());
    let rows = e.screen(View::default()).story.into_iter().flat_map(|step| step.rows);
    let tables = rows.filter_map(|row| match row {
        Row::Table { title, rows, .. } => Some((title, rows.len())),
        _ => None,
    });
    let four = ("4 products".to_owned(), 5);
    assert_eq!(tables.collect::<Vec<_>>(), [four.clone(), four]);
}

#[test]
fn the_graph_and_its_json_stay() {
    let json = serde_json::to_value(AllNumbers(&explained(NEURON, AT))).unwrap();
    let ops = json["nodes"].as_array().unwrap().iter().map(|node| node["op"].as_str().unwrap());
    let count = |name: &str| ops.clone().filter(|op| *op == name).count();
    assert_eq!((count("mul"), count("add"), count("tanh")), (4, 4, 1));
}

#[test]
fn korean_has_its_own_words_for_them() {
    let request = Request {
        expression: NEURON.into(),
        values: values(AT).unwrap(),
        language: Language::Korean,
        ..Request::default()
    };
    let e = explain(&request).unwrap();
    assert!(e.to_text().contains("항마다") && e.to_html(View::default()).contains("곱 4개"));
}

#[test]
fn a_long_sum_has_a_small_picture() {
    let names = |of: fn(usize) -> String| (0..1000).map(of).collect::<Vec<_>>();
    let sum = names(|i| format!("w{i}*x{i}")).join(" + ");
    let e = explained(&sum, &names(|i| format!("w{i}={i},x{i}=0.01")).join(","));
    let drawing = e.drawing(View::default());
    let symbols: Vec<&str> = drawing.blocks.iter().map(|block| block.symbol.as_str()).collect();
    assert_eq!(symbols, ["w0 … w999", "x0 … x999", "Σ", "f"]);
    let told: Vec<_> =
        drawing.wires.iter().map(|w| (&w.value[..], w.gradient.as_deref())).collect();
    let range = ("0…999", Some("0.01"));
    assert_eq!(told, [range, ("0.01", Some("0…999")), ("4995", Some("1"))]);
    let sum = names(|i| format!("w{i}*x{i}*y")).join(" + ");
    let at = names(|i| format!("w{i}={i},x{i}=0.01")).join(",") + ",y=2";
    let picture = explained(&sum, &at).to_svg(View::default());
    assert!(picture.len() < 400_000, "{}", picture.len());
}
