//! First and second derivatives of the smooth functions over their whole ranges, against
//! `golden/slopes.json`, which `golden/slopes.py` wrote with 60 digits and more. `docs/accuracy.md` lists the
//! exceptions.

use std::collections::BTreeMap;

use chainrule::Graph;
use chainrule_explain::{Names, record, values};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    function: String,
    x: f64,
    /// For both orders the derivative and its largest addend, if a double holds them.
    slopes: [Option<[f64; 2]>; 2],
}

/// The distance from a number's size to the next larger double.
fn ulp(x: f64) -> f64 {
    x.abs().next_up() - x.abs()
}

/// By how much a derivative may be off.
fn allowed(function: &str, order: usize, x: f64, largest: f64) -> f64 {
    let is_beyond = |least: f64| if x.abs() > least { f64::INFINITY } else { 4.0 };
    let ulps = match (function, order) {
        ("cbrt(x)" | "cot(x)", 2) => 8.0,
        ("x^-0.3", _) => 4.0 + order as f64 * x.ln().abs(),
        ("gelu(x)", 1) => return 4.0 * ulp(largest.max(1.0)),
        ("gelu(x)", 2) => 4.0 + 2.0 * x * x,
        ("hypot(x, 1.5)", 2) => return 4.0 * ulp(1.0 / x.hypot(1.5)),
        ("asinh(x)" | "acosh(x)", 1) => is_beyond(1e154),
        ("atan(x)" | "asinh(x)" | "acosh(x)" | "atan2(1.5, x)" | "atan2(x, 1.5)", 2) => {
            is_beyond(1e75)
        }
        _ => 4.0,
    };
    ulps * ulp(largest)
}

#[test]
fn slopes_keep_their_digits() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/slopes.json")).unwrap();
    let mut by_function: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        by_function.entry(&case.function).or_default().push(case);
    }
    assert!(by_function.len() > 35 && cases.len() > 4000);
    let mut wrong = Vec::new();
    for (function, cases) in by_function {
        let g = Graph::with_exact_slopes();
        let y = record(&g, function, &values("x=1").unwrap(), Names::Inputs).unwrap();
        let x = g.input("x", []);
        let slope = g.backward(y, &[x])[0];
        let second = g.backward(slope, &[x])[0];
        let mut plan = g.compile::<f64>(&[slope, second]).unwrap();
        for case in cases {
            if plan.has_input("x") {
                plan.feed("x", &[case.x]).unwrap();
            }
            plan.run().unwrap();
            for (at, of) in [slope, second].into_iter().enumerate() {
                let (Some([wanted, largest]), order) = (case.slopes[at], at + 1) else { continue };
                let found = plan.value(of).unwrap()[0];
                let error = (found - wanted).abs();
                if error.is_nan() || error > allowed(function, order, case.x, largest) {
                    let ulps = error / ulp(largest);
                    wrong.push(format!(
                        "{function} {order} at {:e}: {found:e}, not {wanted:e}, {ulps:.1} ulp",
                        case.x
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
