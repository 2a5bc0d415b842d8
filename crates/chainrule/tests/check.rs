//! The gradient check itself: what it must refuse, what it must accept, and the numbers it reports.

use chainrule::check::{Report, Settings, Verdict, gradients};
use chainrule::number::Number;
use chainrule::ops::{Gate, Pointwise};
use chainrule::{Graph, Parameters, Result, Tensor, Var};

/// Checks `f` of one parameter x at these values, with the inputs that `feed` gives.
fn check(
    values: &[f64],
    settings: &Settings,
    f: impl for<'g> Fn(&'g Graph, Var<'g>) -> Var<'g>,
) -> Result<Report> {
    let g = Graph::new();
    let x = g.parameter("x", [values.len()]);
    let loss = f(&g, x).sum(&[]);
    let mut parameters = Parameters::new();
    parameters.insert("x", Tensor::new([values.len()], values.to_vec()).unwrap());
    gradients(&g, loss, &parameters, |_| Ok(()), settings)
}

#[test]
fn an_infinite_gradient_does_not_pass() {
    for (name, report) in [
        ("1/x", check(&[0.0], &Settings::default(), |_, x| 1.0 / x).unwrap()),
        ("sqrt", check(&[-1.0], &Settings::default(), |_, x| x.sqrt()).unwrap()),
        ("ln", check(&[-1.0], &Settings::default(), |_, x| x.ln()).unwrap()),
    ] {
        assert!(!report.passed, "{name} passed: {report:?}");
        assert_eq!(report.parameters[0].failed, 1, "{name}");
    }
}

#[test]
fn nothing_checked_is_an_error_and_no_pass() {
    let none = Settings { elements: Some(0), ..Settings::default() };
    let error = check(&[1.0], &none, |_, x| x).unwrap_err().to_string();
    assert!(error.contains("elements to check is 0") && error.contains("at least 1"), "{error}");
    let error = check(&[], &Settings::default(), |_, x| x).unwrap_err().to_string();
    assert!(error.contains("parameter elements is 0"), "{error}");
    for tolerance in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        let settings = Settings { tolerance, ..Settings::default() };
        let error = check(&[1.0], &settings, |_, x| x).unwrap_err().to_string();
        assert!(error.contains("tolerance is") && error.contains("positive and finite"), "{error}");
    }
}

#[test]
fn a_gradient_that_uses_no_input_can_be_checked() {
    let g = Graph::new();
    let (w, x) = (g.parameter("w", [2]), g.input("x", [2]));
    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::full([2], 1.0));
    let feed = |plan: &mut chainrule::Plan<f64>| plan.feed("x", &[1.0, 2.0]);
    let report = gradients(&g, (w + x).sum(&[]), &parameters, feed, &Settings::default()).unwrap();
    assert!(report.passed);
}

#[test]
fn what_gradients_do_not_pass_is_held_for_the_differences() {
    let settings = Settings::default();
    let held = check(&[0.3, 1.7], &settings, |_, x| x.stop_gradient() * x.square()).unwrap();
    assert!(held.passed && held.parameters[0].checked == 2, "{held:?}");
    fn nested(x: Var<'_>) -> Var<'_> {
        (x * x.stop_gradient()).exp().stop_gradient()
    }
    assert!(check(&[0.3, 1.7], &settings, |_, x| x * (nested(x) + x)).unwrap().passed);
    // A branch that only a constant takes is no kink: all of these share the largest.
    let report = check(&[0.5; 3], &settings, |_, x| x.logsumexp(&[])).unwrap();
    assert!(report.passed && report.parameters[0].kinks == 0, "{report:?}");
    // A rule that is wrong beside it still fails.
    let wrong = check(&[0.0], &settings, |_, x| x.stop_gradient() + x.sqrt()).unwrap();
    assert!(!wrong.passed);
}

#[test]
fn inputs_of_what_is_held_are_fed_as_ever() {
    let g = Graph::new();
    let (w, x) = (g.parameter("w", [2]), g.input("x", [2]));
    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::new([2], vec![0.5, 0.7]).unwrap());
    let feed = |plan: &mut chainrule::Plan<f64>| plan.feed("x", &[1.0, 2.0]);
    let loss = ((x * w).stop_gradient() * w).sum(&[]);
    let report = gradients(&g, loss, &parameters, feed, &Settings::default()).unwrap();
    assert!(report.passed);
    assert_eq!(
        report.parameters[0].worst.as_ref().map(|worst| worst.backpropagation > 0.4),
        Some(true)
    );
}

#[test]
fn the_report_hides_no_number() {
    let report = check(&[0.3, 1.7], &Settings::default(), |_, x| x.sin()).unwrap();
    let relative = report.parameters[0].max_relative_error;
    assert!(relative > 0.0 && relative < 1e-8, "{relative:e} is not the error of a difference");

    let report = check(&[1.0, -1.0], &Settings::default(), |_, x| x.sqrt()).unwrap();
    let parameter = &report.parameters[0];
    assert!(parameter.max_abs_difference.is_nan() && parameter.max_relative_error.is_nan());
    assert!(parameter.mean_abs_difference.is_nan());
    assert_eq!(parameter.worst.as_ref().unwrap().index, [1]);

    let report = check(&[0.0], &Settings::default(), |_, x| x.relu()).unwrap();
    let parameter = &report.parameters[0];
    assert_eq!((parameter.checked, parameter.kinks), (0, 1));
    assert!(parameter.mean_abs_difference.is_sign_positive(), "-0 of nothing");
}

#[test]
fn a_gradient_that_is_no_number_fails_at_a_kink_too() {
    // √|x| at 0: 0 · ∞.
    let report = check(&[0.0], &Settings::default(), |_, x| x.abs().sqrt()).unwrap();
    let parameter = &report.parameters[0];
    assert!(!report.passed && parameter.failed == 1 && parameter.kinks == 0, "{parameter:?}");
    assert!(parameter.worst.as_ref().unwrap().backpropagation.is_nan());
}

#[test]
fn small_elements_get_steps_of_their_own_scale() {
    type Function = for<'g> fn(&'g Graph, Var<'g>) -> Var<'g>;
    let cases: [(&str, f64, Function); 5] = [
        ("ln", 1e-12, |_, x| x.ln()),
        ("sqrt", 1e-20, |_, x| x.sqrt()),
        ("sin(1/x)", 1e-5, |_, x| (1.0 / x).sin()),
        ("1/x", -1e-9, |_, x| 1.0 / x),
        ("relu next to its kink", 1e-9, |_, x| x.relu() * 3.0),
    ];
    for (name, at, f) in cases {
        let report = check(&[at], &Settings::default(), f).unwrap();
        assert!(report.passed, "{name} at {at:e}: {report:?}");
        assert_eq!(report.parameters[0].checked, 1, "{name}");
    }
}

/// The custom slope of a wrong operation must fail at every scale.
#[test]
fn a_wrong_gradient_fails_at_every_scale() {
    for at in [1e-12, 1e-5, 0.3, 1.0, 250.0, 1e9] {
        let report = check(&[at], &Settings::default(), |g, x| {
            // x³ whose backward rule forgets the 3.
            g.apply(Forgetful, &[x])
        });
        assert!(!report.unwrap().passed, "at {at:e}");
    }
}

#[derive(Debug)]
struct Forgetful;

impl chainrule::ops::Op for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }
    fn infer(&self, operands: &[chainrule::ops::Type]) -> Result<chainrule::ops::Type, String> {
        chainrule::ops::pointwise(operands, 1)
    }
    fn forward<T: chainrule::Real>(
        &self,
        operands: &[chainrule::ops::Operand<'_, T>],
        output: chainrule::ops::Output<'_, T>,
    ) {
        for (y, &x) in output.real().iter_mut().zip(operands[0].real()) {
            *y = x * x * x;
        }
    }
    fn backward<'g>(
        &self,
        gate: &chainrule::ops::Gate<'_, 'g>,
        _operand: usize,
    ) -> Option<Var<'g>> {
        Some(gate.upstream * gate.operands[0].square())
    }
}

#[test]
fn what_rounding_or_a_corner_hides_is_neither_right_nor_wrong() {
    type Function = for<'g> fn(&'g Graph, Var<'g>) -> Var<'g>;
    use Verdict::{Agrees, Differs, Unmeasured};
    let cases: [(&str, f64, Function, Verdict); 11] = [
        ("x^3", 0.0, |_, x| x.pow(3.0), Agrees),
        ("sin(x)^3", 0.0, |_, x| x.sin().pow(3.0), Agrees),
        ("a constant", 1.0, |_, x| (x * 0.0) + 1e16, Agrees),
        ("1e16 + x", 1.0, |_, x| x + 1e16, Unmeasured),
        ("1e16 + x^3", 0.1, |_, x| x.pow(3.0) + 1e16, Unmeasured),
        ("relu", 0.0, |_, x| x.relu(), Unmeasured),
        ("1e8 + x", 1.0, |_, x| x + 1e8, Agrees),
        ("a lost gradient", 2.0, |_, x| x.stop_gradient() + wrong(x), Differs),
        ("a gradient of 0 for x^2", 0.1, |_, x| wrong(x).square(), Differs),
        ("and for x^3 near 0", 1e-3, |_, x| wrong(x).pow(3.0), Differs),
        ("sigmoid far out", 40.0, |_, x| x.sigmoid(), Unmeasured),
    ];
    for (name, at, f, verdict) in cases {
        let report = check(&[at], &Settings::default(), f).unwrap();
        assert_eq!(report.verdict, verdict, "{name}: {report:?}");
        assert_eq!(report.passed, verdict == Agrees, "{name}");
        let p = &report.parameters[0];
        let drowned = usize::from(verdict == Unmeasured && name != "relu");
        assert_eq!((p.drowned, p.checked + p.kinks + p.drowned), (drowned, 1), "{name}");
    }
    // Beside large gradients a small one is compared to their precision.
    let report = check(&[40.0, 0.5], &Settings::default(), |_, x| x.sigmoid()).unwrap();
    assert_eq!((report.verdict, report.parameters[0].checked), (Agrees, 2));
}

#[test]
fn what_no_difference_measures_is_no_failure() {
    type Function = for<'g> fn(&'g Graph, Var<'g>) -> Var<'g>;
    let tips: [Function; 4] = [
        |_, x| x.hypot(0.0),
        |_, x| x.hypot(x),
        |g, x| g.constant(3.0) * x.hypot(x * -2.0),
        |_, x| x.square().sum(&[0]).hypot(x.sum(&[0])),
    ];
    for (at, tip) in tips.into_iter().enumerate() {
        let report = check(&[0.0], &Settings::default(), tip).unwrap();
        assert_eq!((report.parameters[0].kinks, report.parameters[0].checked), (1, 0), "tip {at}");
        assert!(check(&[0.5], &Settings::default(), tip).unwrap().passed, "tip {at}");
    }
    let equal = check(&[1.0, 1.0], &Settings::default(), |_, x| x.std(&[], 0)).unwrap();
    assert_eq!((equal.verdict, equal.parameters[0].kinks), (Verdict::Unmeasured, 2), "{equal:?}");

    let outside: [(f64, Function); 4] = [
        (0.0, |_, x| x.sqrt()),
        (1.0, |_, x| x.asin()),
        (1.0, |_, x| x.acosh()),
        // A slope was chosen there.
        (0.0, |_, x| x.powv(x)),
    ];
    for (at, f) in outside {
        let report = check(&[at], &Settings::default(), f).unwrap();
        assert_eq!(report.verdict, Verdict::Unmeasured, "{report:?}");
        assert_eq!((report.parameters[0].outside, report.parameters[0].failed), (1, 0));
    }
    let one = check(&[1.0, 0.0, 4.0], &Settings::default(), |_, x| x.sqrt()).unwrap();
    assert_eq!((one.verdict, one.parameters[0].outside), (Verdict::Agrees, 1), "{one:?}");

    let unsettled: [(f64, Function); 2] = [(1.0, |_, x| (x * 1e15).sin()), (0.0, |_, x| x.cbrt())];
    for (at, f) in unsettled {
        let report = check(&[at], &Settings::default(), f).unwrap();
        assert_eq!(report.verdict, Verdict::Unmeasured, "{report:?}");
        assert_eq!(report.parameters[0].unsettled, 1, "{report:?}");
    }
    // Differences that come nearer to each other judge.
    for at in [0.0, 1e-9, 1e-3] {
        let report = check(&[at], &Settings::default(), |g, x| x.pow(3.0) + g.apply(Tilted, &[x]));
        assert_eq!(report.unwrap().verdict, Verdict::Differs, "at {at:e}");
    }
}

/// 0 whose backward rule tells a slope of 1.
#[derive(Debug)]
struct Tilted;

impl Pointwise for Tilted {
    type Operands<T: Copy> = [T; 1];
    fn name(&self) -> &'static str {
        "tilted"
    }
    fn value<T: Number>(&self, [x]: [T; 1]) -> T {
        x.like(0.0)
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.upstream)
    }
}

/// x with a backward rule that passes nothing.
fn wrong(x: Var<'_>) -> Var<'_> {
    x.graph().apply(Silent, &[x])
}

#[derive(Debug)]
struct Silent;

impl Pointwise for Silent {
    type Operands<T: Copy> = [T; 1];
    fn name(&self) -> &'static str {
        "silent"
    }
    fn value<T: Number>(&self, [x]: [T; 1]) -> T {
        x
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
}
