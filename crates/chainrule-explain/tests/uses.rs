//! Values with several uses, and boxes of several gates, are told whole.

use chainrule_explain::{Explanation, Part, Request, Row, View, explain, values};

fn explained(expression: &str, at: &str) -> Explanation {
    let (expression, values) = (expression.into(), values(at).unwrap());
    explain(&Request { expression, values, ..Request::default() }).unwrap()
}

#[test]
fn a_value_used_several_times_shows_its_parts_and_their_sum_everywhere() {
    let (view, reused) = (View::default(), "h = x * w; h * h - x * h");
    let e = explained(reused, "x=2,w=-0.5");
    // h passes −1 twice and −2, x passes 1 and 2.
    let (total, parts) = ("h: df/d· = -4", ["-1", "-1", "-2"]);
    let text = e.to_text();
    let from = text.find(total).unwrap_or_else(|| panic!("{text}"));
    assert!(parts.iter().all(|part| text[from..].contains(part)), "{text}");
    let picture = e.to_svg(view);
    assert!(picture.contains(">Σ −4</text>") && picture.contains(">Σ 3</text>"), "{picture}");
    let latex = e.to_latex();
    assert!(latex.contains("&= (-2) + (-1) + (-1) = -4"), "{latex}");
    let rows = e.screen(view).story.into_iter().flat_map(|step| step.rows);
    let sides = rows.filter_map(|row| match row {
        Row::Equation { sides } => Some(sides.into_iter().map(numbers).collect::<Vec<_>>()),
        _ => None,
    });
    let sum = vec![vec![], vec![(-2.0, true), (-1.0, true), (-1.0, true)], vec![(-4.0, false)]];
    assert!(sides.collect::<Vec<_>>().contains(&sum), "{:?}", e.screen(view).story);
    assert!(!explained("x * w + b", "x=1,w=2,b=3").to_svg(view).contains('Σ'));
    // Arrays too: a part is not told as the whole.
    let (arrays, at) = ("h = X @ W; sum(h * X + h)", "X=[[1,2],[0.5,1]],W=[[1,0],[0,2]]");
    let e = explained(arrays, at);
    assert!(e.to_text().contains("dX += dh · Wᵀ") && !e.to_text().contains("dX = "));
    assert!(
        e.to_svg(view).contains("Σ [[3, 10], [2, 6]]") && e.to_latex().contains(r"\mathrel{+} &= ")
    );
    let story = format!("{:?}", e.screen(view).story);
    assert!(story.contains("dX</mtext><mo>⟵"), "{story}");
}

/// The numbers of an equation's side, and whether they are factors.
fn numbers(side: Vec<Part>) -> Vec<(f64, bool)> {
    let number = |part| match part {
        Part::Number { value, factor, .. } => Some((value, factor)),
        Part::Text { .. } | Part::Math { .. } => None,
    };
    side.into_iter().filter_map(number).collect()
}

#[test]
fn a_box_tells_of_all_its_gates() {
    let request = Request {
        expression: "x * m".into(),
        values: values("x=3,m=2").unwrap(),
        target: Some(1.0),
        ..Request::default()
    };
    let e = explain(&request).unwrap();
    let view = View::default();
    let drawing = e.drawing(view);
    let inside: Vec<usize> = drawing.blocks.iter().map(|block| block.inside.len()).collect();
    assert_eq!(inside, [0, 0, 0, 3, 0]);
    let story = e.screen(view).story;
    let equations = |step: usize| {
        let rows = story[step].rows.iter();
        let sides = rows.filter_map(|row| match row {
            Row::Equation { sides } => Some(format!("{sides:?}")),
            _ => None,
        });
        sides.collect::<Vec<String>>()
    };
    // Three values forward; back through a product, a square and a difference.
    assert_eq!(equations(2).len(), 3);
    let passed = equations(4).into_iter().filter(|equation| equation.contains('⟵'));
    assert!(
        passed.clone().count() == 3 && passed.clone().all(|p| p.contains("Passed(")),
        "{story:?}"
    );
}
