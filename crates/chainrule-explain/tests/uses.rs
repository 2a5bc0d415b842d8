//! Values with several uses, and boxes of several gates, are told whole.

use chainrule_explain::{Explanation, Request, View, explain, values};

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
    let page = e.to_html(view);
    let sum = [r#">(−2)\u003c/mn>"#, r#">(−1)\u003c/mn>"#, r#">−4\u003c/mn>"#];
    assert!(sum.iter().all(|part| page.contains(part)), "{page}");
    assert!(!explained("x * w + b", "x=1,w=2,b=3").to_svg(view).contains('Σ'));
    // Arrays too: a part is not told as the whole.
    let (arrays, at) = ("h = X @ W; sum(h * X + h)", "X=[[1,2],[0.5,1]],W=[[1,0],[0,2]]");
    let e = explained(arrays, at);
    assert!(e.to_text().contains("dX += dh · Wᵀ") && !e.to_text().contains("dX = "));
    assert!(
        e.to_svg(view).contains("Σ [[3, 10], [2, 6]]") && e.to_latex().contains(r"\mathrel{+} &= ")
    );
    assert!(e.to_html(view).contains(r"dX\u003c/mtext>\u003cmo>⟵"), "{}", e.to_html(view));
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
    let page = e.to_html(view);
    let data = page.split_once("application/json\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let story = |step: usize| data["stories"][step].as_str().unwrap().to_owned();
    // Three values forward; back through a product, a square and a difference.
    assert_eq!(story(2).matches("class=\"equation\"").count(), 3);
    assert!(story(4).contains("data-x=\"p:") && story(4).matches("⟵").count() == 3, "{}", story(4));
}
