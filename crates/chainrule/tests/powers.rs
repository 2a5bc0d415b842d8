//! Powers at the corners of their domain.

use chainrule::Graph;

/// ∂²(aᵇ)/∂a∂b = aᵇ⁻¹·(1 + b·ln a), which is 1/a at b = 0.
#[test]
fn the_mixed_second_derivative_holds_at_exponent_zero() {
    let g = Graph::new();
    let (a, b) = (g.input("a", []), g.input("b", []));
    let da = g.backward(a.powv(b), &[a])[0];
    let mixed = g.backward(da, &[b])[0];
    let mut plan = g.compile::<f64>(&[da, mixed]).unwrap();
    for base in [0.5, 1.0, 3.0] {
        plan.feed("a", &[base]).unwrap();
        plan.feed("b", &[0.0]).unwrap();
        plan.run().unwrap();
        assert_eq!(plan.value(da).unwrap()[0], 0.0);
        assert_eq!(plan.value(mixed).unwrap()[0], 1.0 / base, "at a = {base}");
    }
}
