//! An operation of one's own: the cube root, one entry with its value and its backward rule.
//!
//! `cargo run --example custom_operation -p chainrule`

use chainrule::check::{Settings, gradients};
use chainrule::ops::{AnyPointwise, Gate, Number, Pointwise};
use chainrule::{Graph, Parameters, Result, Tensor, Var};

/// ∛x; derivative 1/(3·∛x²).
#[derive(Debug)]
struct CubeRoot;

impl Pointwise for CubeRoot {
    type Operands<T: Copy> = [T; 1];

    fn name(&self) -> &'static str {
        "cbrt"
    }
    fn value<T: Number>(&self, [x]: [T; 1]) -> T {
        x.cbrt()
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.upstream / (gate.output.square() * 3.0))
    }
}

fn main() -> Result<()> {
    let g = Graph::new();
    let x = g.parameter("x", [4]);
    let loss = g.apply(CubeRoot, &[x]).sum(&[]);
    let mut parameters = Parameters::new();
    parameters.insert("x", Tensor::new([4], vec![8.0, -27.0, 0.001, 1.0])?);

    let report = gradients(&g, loss, &parameters, |_| Ok(()), &Settings::default())?;
    println!("{report:#?}");
    assert!(report.passed);

    // What it computes, as data from which other languages are written.
    println!("{:?}", CubeRoot.term().parts());
    Ok(())
}
