//! Graphs of many scalars: cost grows with their number, and no depth overflows the stack.

use std::time::Instant;

use chainrule::Graph;

/// Seconds to build, differentiate, compile and run a chain of so many additions.
fn chain(count: usize) -> f64 {
    let start = Instant::now();
    let g = Graph::new();
    let x = g.input("x", []);
    let mut sum = x;
    for _ in 0..count {
        sum = sum + x;
    }
    let dx = g.backward(sum, &[x])[0];
    let mut plan = g.compile::<f64>(&[sum, dx]).unwrap();
    plan.feed("x", &[0.5]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(sum).unwrap(), [(count + 1) as f64 / 2.0]);
    assert_eq!(plan.value(dx).unwrap(), [(count + 1) as f64]);
    start.elapsed().as_secs_f64()
}

#[test]
fn a_long_chain_overflows_no_stack_and_costs_its_length() {
    let (short, long) = (chain(50_000), chain(1_000_000));
    assert!(long < 60.0 * short.max(0.02), "{short:.3} s for 50,000, {long:.3} s for 1,000,000");
}
