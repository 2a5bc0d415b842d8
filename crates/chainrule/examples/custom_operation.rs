//! An operation of one's own: the cube root, with its shape rule, kernel and backward rule.
//!
//! `cargo run --example custom_operation -p chainrule`

use chainrule::check::{Settings, gradients};
use chainrule::ops::{Class, Gate, Op, Operand, Output, Real, Type, pointwise};
use chainrule::{Graph, Parameters, Result, Tensor, Var};

/// ∛x; derivative 1/(3·∛x²).
#[derive(Debug)]
struct CubeRoot;

impl Op for CubeRoot {
    fn name(&self) -> &'static str {
        "cbrt"
    }
    fn infer(&self, operands: &[Type]) -> std::result::Result<Type, String> {
        pointwise(operands, 1)
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        for (y, &x) in output.real().iter_mut().zip(operands[0].real()) {
            *y = x.cbrt();
        }
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.upstream / (gate.output.square() * 3.0))
    }
    /// Lets the plan fuse it with its neighbours.
    fn class(&self) -> Class {
        Class::Pointwise
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
    Ok(())
}
