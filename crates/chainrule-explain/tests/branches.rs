//! 2,000 random expressions with branches and corners: values, slopes and second derivatives against
//! `golden/branches.json`, which `golden/branches.py` wrote with dual numbers of 50 digits.

use chainrule::Graph;
use chainrule_explain::{Names, record, values};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    expression: String,
    x: f64,
    wanted: [f64; 3],
}

#[test]
fn branches_and_corners_have_the_derivatives_of_what_is_taken() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/branches.json")).unwrap();
    assert_eq!(cases.len(), 2000);
    let mut wrong = Vec::new();
    for Case { expression, x, wanted } in &cases {
        let g = Graph::new();
        let given = values(&format!("x={x}")).unwrap();
        let y = record(&g, expression, &given, Names::Inputs).unwrap();
        let v = g.input("x", []);
        let slope = g.backward(y, &[v])[0];
        let second = g.backward(slope, &[v])[0];
        let mut plan = g.compile::<f64>(&[y, slope, second]).unwrap();
        if plan.has_input("x") {
            plan.feed("x", &[*x]).unwrap();
        }
        plan.run().unwrap();
        let found = [y, slope, second].map(|of| plan.value(of).unwrap()[0]);
        // The cases agree with the same formulas in floats to 1e-11: what is lost to rounding here is
        // no more than an order beyond that.
        let is_close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-10 * b.abs() + 1e-12;
        if !found.iter().zip(wanted).all(is_close) {
            wrong.push(format!("{expression} at {x}: {found:?}, not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
