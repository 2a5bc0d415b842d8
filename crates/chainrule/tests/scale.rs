//! Graphs of many scalars: no depth overflows the stack, and no cost grows with the square of their
//! number, which would keep this test from ending.

use chainrule::Graph;

#[test]
fn a_chain_of_a_million_additions_is_built_differentiated_and_run() {
    const COUNT: usize = 1_000_000;
    let g = Graph::new();
    let x = g.input("x", []);
    let mut sum = x;
    for _ in 0..COUNT {
        sum += x;
    }
    let dx = g.backward(sum, &[x])[0];
    let mut plan = g.compile::<f64>(&[sum, dx]).unwrap();
    plan.feed("x", &[0.5]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(sum).unwrap(), [(COUNT + 1) as f64 / 2.0]);
    assert_eq!(plan.value(dx).unwrap(), [(COUNT + 1) as f64]);
}
