//! Values against `golden/golden.json`, which `golden/make.py` wrote with Python's own math.

use chainrule::explain::{Names, record, values};
use chainrule::{Graph, Real};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    expression: String,
    values: serde_json::Map<String, serde_json::Value>,
    expected: f64,
}

/// Runs every case in one precision and compares within `ulps` units in the last place of the value,
/// or of 1 where the value is smaller and comes from a cancelling sum.
fn compare<T: Real>(epsilon: f64, ulps: f64) {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/golden.json")).unwrap();
    assert!(cases.len() > 200);
    for Case { expression, values: given, expected } in cases {
        let at: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let given = values(&at.join(",")).unwrap();
        let g = Graph::new();
        let y = record(&g, &expression, &given, Names::Inputs).unwrap();
        let mut plan = g.compile::<T>(&[y]).unwrap();
        for (name, tensor) in &given {
            let numbers: Vec<T> = tensor.values().iter().map(|&x| T::from_f64(x)).collect();
            plan.feed(name, &numbers).unwrap();
        }
        plan.run().unwrap();
        let found = Real::to_f64(plan.value(y).unwrap()[0]);
        // What the rounding of the arguments may change, and the operation's own rounding.
        let size: f64 =
            given.iter().flat_map(|(_, t)| t.values()).fold(1.0, |m: f64, x| m.max(x.abs()));
        let bound = ulps * epsilon * expected.abs().max(1.0) * size.clamp(1.0, 8.0);
        assert!(
            (found - expected).abs() <= bound,
            "{expression} at {}: {found:e} in {}, {expected:e} expected",
            at.join(", "),
            T::NAME
        );
    }
}

#[test]
fn values_in_f64() {
    compare::<f64>(f64::EPSILON, 4.0);
}

#[test]
fn values_in_f32() {
    compare::<f32>(f64::from(f32::EPSILON), 4.0);
}
