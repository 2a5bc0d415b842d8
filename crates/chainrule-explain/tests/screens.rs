//! What a screen shows of an explanation.

use std::collections::HashMap;

use chainrule_explain::{
    AllNumbers, Direction, Key, Language, Part, Request, Row, Screen, Value, View, explain, values,
};

fn screen(expression: &str, at: &str, target: Option<f64>) -> Screen {
    let (expression, values) = (expression.into(), values(at).unwrap());
    let request = Request { expression, values, target, ..Request::default() };
    explain(&request).unwrap().screen(View::default())
}

/// The numbers of a story with their keys.
fn numbers(screen: &Screen) -> Vec<(Key, f64)> {
    let rows = screen.story.iter().flat_map(|step| &step.rows);
    let parts = rows.flat_map(|row| match row {
        Row::Words { parts } => parts.clone(),
        Row::Equation { sides } => sides.concat(),
        Row::Table { rows, .. } => rows.concat().concat(),
        Row::Note { .. } | Row::Legend { .. } => Vec::new(),
    });
    let number = |part| match part {
        Part::Number { key, value, .. } => Some((key, value)),
        Part::Text { .. } | Part::Math { .. } => None,
    };
    parts.filter_map(number).collect()
}

#[test]
fn the_apple_is_told_step_by_step() {
    let apple = screen("x * m * t", "x=100,m=2,t=1.1", Some(219.0));
    assert!(apple.inputs.iter().all(|input| input.node.is_some()));
    let gradients: Vec<Option<f64>> =
        apple.inputs.iter().map(|input| input.gradient.as_ref()?.as_number()).collect();
    for (gradient, expected) in gradients.iter().zip([2.2, 110.0, 200.0]) {
        assert!((gradient.unwrap() - expected).abs() < 1e-9, "{gradients:?}");
    }
    let ways: Vec<Direction> = apple.story.iter().map(|step| step.direction).collect();
    use Direction::{Backward, Forward, Seed, Start};
    assert_eq!(ways, [Start, Forward, Forward, Forward, Seed, Backward, Backward, Backward]);
    for (at, step) in apple.story.iter().enumerate().skip(1) {
        let block = &apple.drawing.blocks[step.block.unwrap()];
        let is_then = [Some(block.forward), block.backward].contains(&Some(at));
        assert!(is_then && !step.rows.is_empty(), "{at}: {step:?}");
    }
    let what_if: Vec<f64> = apple.what_if.iter().map(|row| row.change).collect();
    assert_eq!(what_if.len(), 3);
    assert_eq!(apple.curvature.as_ref().map(|second| second.values.len()), Some(3));
}

#[test]
fn a_step_is_told_alone() {
    let request = Request {
        expression: "tanh(x * w) + x".into(),
        values: values("x=1,w=2").unwrap(),
        ..Request::default()
    };
    let e = explain(&request).unwrap();
    let all = e.screen(View::default());
    let last = all.drawing.steps;
    for asked in (0..=last).chain([usize::MAX]) {
        let one = e.screen(View { step: Some(asked), ..View::default() });
        assert_eq!((&one.drawing, &one.nodes), (&all.drawing, &all.nodes));
        for (at, (one, told)) in one.story.iter().zip(&all.story).enumerate() {
            assert_eq!((one.block, one.direction), (told.block, told.direction));
            let wanted: &[Row] = if at == asked.min(last) { &told.rows } else { &[] };
            assert!(!told.rows.is_empty() && one.rows == wanted, "step {asked} at {at}");
        }
    }
}

#[test]
fn every_number_of_a_story_is_what_its_key_says() {
    let long = "w1*x1 + w2*x2 + w3*x3 + w4*x4 + h * h";
    let at = "w1=1,x1=2,w2=-3,x2=0.5,w3=0.25,x3=1,w4=2,x4=-1,h=1.5";
    for (expression, at) in
        [("h = x * w + b; h * h - x * h + exp(x)", "x=2,w=-0.5,b=0.3"), (long, at)]
    {
        let screen = screen(expression, at, None);
        let number = |value: Option<&Value>| value.and_then(Value::as_number).unwrap();
        let mut known = HashMap::new();
        for node in &screen.nodes {
            known.insert(Key::Value(node.id), number(node.value.as_ref()));
            if node.gradient.is_some() {
                known.insert(Key::Gradient(node.id), number(node.gradient.as_ref()));
            }
            for passed in &node.backward {
                let place = (node.id, passed.operand);
                known.insert(Key::Local(place.0, place.1), number(passed.local.as_ref()));
                known.insert(Key::Passed(place.0, place.1), number(passed.product.as_ref()));
            }
        }
        let told = numbers(&screen);
        assert!(told.len() > 15);
        for (key, value) in told {
            assert_eq!(known.get(&key), Some(&value), "{expression}: {key}");
        }
    }
}

#[test]
fn uses_of_a_value_share_its_gradient() {
    let screen = screen("h = x * w; h * h - x * h", "x=2,w=-0.5", None);
    let mut shares: HashMap<u32, f64> = HashMap::new();
    for passed in screen.nodes.iter().flat_map(|node| &node.backward) {
        *shares.entry(passed.to).or_default() += passed.share;
    }
    assert!(shares.len() > 4 && shares.values().all(|sum| (sum - 1.0).abs() < 1e-12), "{shares:?}");
}

#[test]
fn large_arrays_are_told_in_few_letters() {
    let of = |count: usize| {
        let row = (0..count).map(|at| at.to_string()).collect::<Vec<_>>().join(",");
        screen("cross_entropy(x, t)", &format!("x=[{row}],t=3"), None)
    };
    let few = of(65);
    assert!(!few.has_hessian && screen("x * y", "x=1,y=2", None).has_hessian);
    let [x, t] = &few.inputs[..] else { panic!("{:?}", few.inputs) };
    assert_eq!((x.shape.as_slice(), &x.value, &x.gradient), (&[65][..], &None, &None));
    // A class has no gradient.
    assert_eq!((t.value.as_ref(), t.is_choice), (Some(&Value::Number(3.0)), true));
    assert!(!x.is_choice && few.nodes[0].short.contains("65"));
    // However many numbers there are: what is told of each does not grow.
    let length = |screen: &Screen| serde_json::to_string(&AllNumbers(screen)).unwrap().len();
    assert!(length(&of(4000)) < 2 * length(&few), "{} {}", length(&of(4000)), length(&few));
}

/// A long chain, whose screen must not hold all values of all nodes.
#[test]
fn a_screen_grows_with_the_nodes_alone() {
    let chain = |count: usize| {
        let line = |at: usize| format!("; h{} = sin(h{at}) * x", at + 1);
        let text = "h0 = x".to_owned() + &(0..count).map(line).collect::<String>();
        serde_json::to_string(&AllNumbers(&screen(&text, "x=1.2", None))).unwrap().len()
    };
    let (few, many) = (chain(100), chain(1000));
    assert!(many < 12 * few, "{few} {many}");
}

#[test]
fn a_screen_speaks_the_language_that_was_asked_for() {
    let request = Request {
        expression: "ln(x)".into(),
        values: values("x=0").unwrap(),
        language: Language::Korean,
        ..Request::default()
    };
    let screen = explain(&request).unwrap().screen(View::default());
    let is_korean = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
    assert!(screen.language == "ko" && screen.notes.iter().all(|note| is_korean(note)));
    assert!(!screen.notes.is_empty());
    let json = serde_json::to_value(AllNumbers(&screen)).unwrap();
    assert_eq!(json["root"]["value"], "-inf");
}
