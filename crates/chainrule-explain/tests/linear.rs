//! A computation of twice as many named values takes twice the work to explain. Work is counted in allocated
//! bytes of the test's own thread, which no load of the machine changes.

#[path = "../../chainrule/tests/counted/mod.rs"]
mod counted;

use chainrule_explain::{AllNumbers, Explanation, Request, View, explain, values};
use counted::counted;

/// A chain of so many named values, each from the one before.
fn chain(step: fn(&str) -> String, length: usize) -> Explanation {
    let first = "h0 = x".to_owned();
    let others = (1..length).map(|at| format!("h{at} = {}", step(&format!("h{}", at - 1))));
    let last = format!("h{} + w", length - 1);
    let statements: Vec<String> = [first].into_iter().chain(others).chain([last]).collect();
    let request = Request {
        expression: statements.join("; "),
        values: values("x=0.1,w=0.01").unwrap(),
        ..Request::default()
    };
    explain(&request).unwrap()
}

const STEPS: [fn(&str) -> String; 3] =
    [|h| format!("sin({h})"), |h| format!("{h} * {h} + w"), |h| format!("{h} * 0.5 + w")];

type Format = (&'static str, fn(&Explanation) -> String);

const FORMATS: [Format; 7] = [
    ("symbolic", Explanation::symbolic),
    ("text", Explanation::to_text),
    ("json", |e| serde_json::to_string(&AllNumbers(e)).unwrap()),
    ("csv", Explanation::to_csv),
    ("svg", |e| e.to_svg(View::default())),
    ("latex", Explanation::to_latex),
    ("html", |e| e.to_html(View::default())),
];

/// What each part of an explanation allocates.
fn work(step: fn(&str) -> String, length: usize) -> Vec<(&'static str, usize)> {
    let (explanation, explained) = counted(|| chain(step, length));
    let written = FORMATS.map(|(name, format)| (name, counted(|| format(&explanation)).1));
    [("explain", explained)].into_iter().chain(written).collect()
}

#[test]
fn twice_as_many_named_values_take_twice_the_work() {
    for (at, step) in STEPS.into_iter().enumerate() {
        for ((part, once), (_, twice)) in work(step, 500).into_iter().zip(work(step, 1000)) {
            let is_linear = twice <= once * 5 / 2;
            assert!(is_linear, "{part} of chain {at}: {once} bytes, of twice the length {twice}");
        }
    }
}

/// The sum of so many products of two inputs each.
fn products(count: usize) -> Explanation {
    let each = |write: fn(usize) -> String| (0..count).map(write).collect::<Vec<String>>();
    let request = Request {
        expression: each(|at| format!("x{at} * w{at}")).join(" + "),
        values: values(&each(|at| format!("x{at}=1,w{at}=0.5")).join(",")).unwrap(),
        ..Request::default()
    };
    explain(&request).unwrap()
}

#[test]
fn a_document_follows_the_paths_of_all_inputs_at_once() {
    let explanation = products(1000);
    let (_, bytes) = counted(|| explanation.to_latex());
    assert!(bytes < 20_000_000, "{bytes}");
}

/// A page holds what is read of it, however many inputs there are.
#[test]
fn a_page_of_many_inputs_is_bounded() {
    let explanation = products(4000);
    let own = chainrule_explain::PAGE_SCRIPT.len() + chainrule_explain::PAGE_STYLE.len();
    let page = explanation.to_html(View::default());
    let data = page.len() - own;
    assert!(data < 600_000 + 2 * explanation.expression.len(), "{data}");
    assert!(page.contains("nodes that are not drawn, and 7700 inputs that matter less"));
}

/// What grows with the square of what was written is refused before it is made.
#[test]
fn what_would_fill_the_memory_is_refused() {
    let sines = vec!["sin(x)"; 6000].join(", ");
    let parts = (0..6000).map(|at| format!("v[{at}]")).collect::<Vec<_>>().join(" + ");
    let ones = vec!["1"; 6000].join(",");
    for (expression, at) in
        [(format!("sum([{sines}])"), "x=1".to_owned()), (parts, format!("v=[{ones}]"))]
    {
        let request = Request { expression, values: values(&at).unwrap(), ..Request::default() };
        let (error, bytes) = counted(|| explain(&request).unwrap_err().to_string());
        assert!(error.contains("an explanation holds 33554432: put together"), "{error}");
        assert!(bytes < 100_000_000, "{bytes}");
    }
}

/// A question that goes through all values is asked of so many inputs at once.
#[test]
fn too_many_questions_of_a_large_computation_are_refused() {
    let each = |write: fn(usize) -> String, sign| -> String {
        (0..2000).map(write).collect::<Vec<_>>().join(sign)
    };
    let request = Request {
        expression: each(|at| format!("a{at}"), " + "),
        values: values(&each(|at| format!("a{at}=1"), ",")).unwrap(),
        nudges: Some(values(&each(|at| format!("a{at}=1"), ",")).unwrap()),
        ..Request::default()
    };
    let error = explain(&request).unwrap_err().to_string();
    let wanted = "2000 changes are too many for a computation of 3999 values";
    assert_eq!(error, format!("{wanted}: choose at most 524 with --nudge"));
    let names = request.values.iter().map(|(name, _)| name.clone()).collect();
    let nudges = Some(values("a0=1").unwrap());
    let request = Request { nudges, wrt: Some(names), goal: Some(0.0), ..request };
    let error = explain(&request).unwrap_err().to_string();
    assert!(error.starts_with("2000 inputs to reach the goal by are too many"), "{error}");
}

/// The points of a descent hold so many numbers in all, of however large arrays.
#[test]
fn the_points_of_a_descent_are_bounded() {
    let ones = vec!["1"; 10_000].join(",");
    let request = Request {
        expression: "sum(v^2)".into(),
        values: values(&format!("v=[{ones}]")).unwrap(),
        lr: Some(1e-3),
        descend: Some(1000),
        ..Request::default()
    };
    let points = explain(&request).unwrap().descent.unwrap().points;
    assert_eq!((points.len(), points.last().unwrap().step), (202, 1000));
}
