//! Operations in JavaScript: the numbers of the library.

use std::fmt::Write;
use std::process::{Command, Stdio};

use chainrule::ops::{all_pointwise, derivative};
use chainrule_explain::term::{JAVASCRIPT_PRELUDE, Language};
use skipped::skip;

#[path = "../../chainrule/tests/skipped/mod.rs"]
mod skipped;

/// Numbers of all sizes, zeros, infinities and NaN among them, as many for each operand as `count`.
fn arguments(operands: usize, count: usize) -> Vec<Vec<f64>> {
    let special =
        [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let number = |i: usize| match i % 7 {
        0 => special[i / 7 % special.len()],
        1 => (i as f64 * 0.618).fract() * 2e-30 - 1e-30,
        2 => (i as f64 * 0.618).fract() * 2e6 - 1e6,
        _ => (i as f64 * 0.618).fract() * 8.0 - 4.0,
    };
    (0..operands).map(|at| (0..count).map(|i| number(i * (2 * at + 3) + at)).collect()).collect()
}

/// NaN is NaN, whichever.
fn bits(x: f64) -> u64 {
    if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
}

/// JavaScript that prints every operation's values and derivatives at its arguments.
fn script(count: usize) -> String {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let number = |x: &f64| match x {
        x if x.is_nan() => "NaN".to_owned(),
        x if x.is_infinite() => format!("{}Infinity", if *x < 0.0 { "-" } else { "" }),
        x => format!("{x:e}"),
    };
    let mut script = format!("{JAVASCRIPT_PRELUDE}const found = [];\n");
    for op in all_pointwise() {
        let given = arguments(op.arity(), count);
        let names = &NAMES[..=op.arity()];
        let mut functions = vec![Language::JavaScript.body(&op.term(), names)];
        let slopes = (0..op.arity()).filter_map(|operand| derivative(&op, operand));
        functions.extend(slopes.map(|slope| Language::JavaScript.body(&slope, names)));
        let functions: Vec<String> =
            functions.iter().map(|body| format!("({}) => {body}", names.join(", "))).collect();
        writeln!(script, "{{ const functions = [{}];", functions.join(", ")).unwrap();
        for i in 0..count {
            let at: Vec<String> = given.iter().map(|numbers| number(&numbers[i])).collect();
            let at = at.join(", ");
            writeln!(script, "{{ const y = functions[0]({at}); found.push(y, ...functions.slice(1).map((f) => f({at}, y))); }}").unwrap();
        }
        script += "}\n";
    }
    script + "console.log(found.map(String).join(\"\\n\"));\n"
}

/// The program is asked for once, by a name that says what is missing where it is not there.
#[test]
fn javascript_computes_the_same_numbers() {
    let count = 300;
    let node = Command::new("node").arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut node) = node else {
        skip("formulas of JavaScript", "the program `node` is not installed");
        return;
    };
    std::io::Write::write_all(&mut node.stdin.take().unwrap(), script(count).as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let mut found = text.lines().map(|line| match line {
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        line => line.parse().unwrap(),
    });
    for op in all_pointwise() {
        let given = arguments(op.arity(), count);
        for i in 0..count {
            let mut at: Vec<f64> = given.iter().map(|numbers| numbers[i]).collect();
            let value = op.term().eval(&at).unwrap();
            at.push(value);
            let slopes = (0..op.arity()).filter_map(|operand| derivative(&op, operand));
            let expected = slopes.map(|slope| slope.eval(&at).unwrap());
            for expected in std::iter::once(value).chain(expected) {
                let found = found.next().unwrap();
                // Its functions are those of another library: a few units in the last place, which a
                // derivative such as 1 − y² near 1 makes more of.
                let same = bits(found) == bits(expected)
                    || (found - expected).abs() <= 1e-14 * expected.abs().max(1.0);
                assert!(same, "{} at {at:?}: {found:e} by node, {expected:e}", op.name());
            }
        }
    }
}
