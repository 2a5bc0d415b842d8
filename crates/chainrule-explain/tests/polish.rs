//! What is equal is told once, what is nothing as 0, and what is nearly all not as all.

use chainrule_explain::{Request, explain, values};

fn told(request: &Request) -> String {
    explain(request).unwrap().to_text()
}

fn request(expression: &str, at: &str) -> Request {
    let (expression, values) = (expression.into(), values(at).unwrap());
    Request { expression, values, ..Request::default() }
}

#[test]
fn equal_paths_are_listed_once_with_their_number() {
    let text =
        told(&Request { paths: Some("x".into()), ..request("x * x + x * x * y", "x=3,y=2") });
    assert_eq!(text.matches("f ← x * x ← x").count(), 1, "{text}");
    assert!(text.contains("1 × 3 = 3 (17 %), 2 times"), "{text}");
    let apart =
        told(&Request { paths: Some("x".into()), ..request("x * y + x * z", "x=3,y=2,z=2") });
    assert!(!apart.contains("times"), "{apart}");
}

#[test]
fn what_rounding_leaves_of_other_paths_is_nothing() {
    // Paths beyond those that are listed, which cancel but for rounding.
    let terms = (1..=5).map(|i| format!("0.{i}*x - 0.{i}*x")).collect::<Vec<_>>().join(" + ");
    let text = told(&Request { paths: Some("x".into()), ..request(&terms, "x=0.7") });
    assert!(!text.contains("e-1"), "{text}");
}

#[test]
fn a_way_down_that_has_arrived_is_not_told_on() {
    let down = |lr| Request { descend: Some(30), lr: Some(lr), ..request("x^2", "x=1") };
    let text = told(&down(0.5));
    assert!(text.contains("From step 1 on, these numbers stay as they are."), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("  2   ")), "{text}");
    assert!(!told(&down(0.01)).contains("stay as they are"));
}

#[test]
fn a_sweep_has_a_mark_in_every_column() {
    let sweep = |expression: &str, range: &str| {
        let sweep = Some(range.parse().unwrap());
        told(&Request { sweep, ..request(expression, "x=0.5") })
    };
    let columns = |text: &str| {
        let lines = || text.lines().filter_map(|line| line.split_once('│')).map(|(_, line)| line);
        let has = |at: usize| lines().any(|line| matches!(line.chars().nth(at), Some('*' | 'o')));
        (0..64).filter(|&at| has(at)).count()
    };
    let text = sweep("x^2", "x=-1:1:41");
    assert_eq!(columns(text.split_once("f over x").unwrap().1), 64, "{text}");
    // Nothing is drawn between the two sides of a pole.
    let text = sweep("1 / (x - 0.05)", "x=-1:1:21");
    let plot = text.split_once("f over x").unwrap().1;
    assert!(columns(plot) < 64, "{plot}");
}
