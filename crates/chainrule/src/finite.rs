//! The first NaN or infinity of a computation: where it was made, from what, and why.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::graph::{Graph, Kind, Source, Var};
use crate::ops::{AnyOp, Div};
use crate::plan::Plan;
use crate::state::{Bindings, Owner};
use crate::tensor::{Real, Shape};

/// A node, by what it is and where it was recorded.
#[derive(Clone, Debug)]
pub struct Site {
    /// The node's number.
    pub node: u32,
    /// Where its value comes from.
    pub source: Source,
    /// The layer or another scope; empty outside of all.
    pub scope: Arc<str>,
}

/// What a node's operand holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The operand's node.
    pub node: u32,
    /// Its shape.
    pub shape: Shape,
    /// The smallest of the elements that matter: of the one from which a pointwise operation made its
    /// element, else of all.
    pub low: f64,
    /// The largest of them.
    pub high: f64,
}

/// Why a value is not finite though nothing below it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// It was not computed, but fed, kept as a parameter or state, or recorded as a constant.
    Given,
    /// The operation has no finite value at these operands, as ln has none at 0.
    OutsideDomain,
    /// A division by 0.
    DivisionByZero,
    /// The value is larger than the precision holds.
    Overflow,
    /// Within the operation infinities met: ∞ − ∞ or 0·∞.
    Indeterminate,
}

/// The first value that is not finite, found by [`Graph::first_not_finite`].
#[derive(Clone, Debug)]
pub struct NotFinite {
    /// The node that holds it.
    pub site: Site,
    /// On the way back, the gate whose backward rule recorded the node.
    pub gate: Option<Site>,
    /// The node's shape.
    pub shape: Shape,
    /// The place of its first element that is not finite, along each axis.
    pub index: Vec<usize>,
    /// That element: NaN, ∞ or −∞.
    pub value: f64,
    /// What it was made from, of the node's operands that hold real numbers.
    pub operands: Vec<Extent>,
    /// Why.
    pub cause: Cause,
}

impl Graph {
    /// Runs a plan's computation again with every value kept, from what the plan was fed, and tells of the
    /// first node, in the order of their recording, that makes an output or a parameter's new value NaN or
    /// infinite though all that it is computed from is finite. Gradients are recorded after the values that
    /// they belong to, so that values come first. `None` where all of these are finite; an infinity that
    /// reaches none, such as one that `select` leaves aside, is not looked for.
    ///
    /// `given` is what the plan was run with: the parameters or, where optimizers keep a state,
    /// `(&parameters, &state)`, as they were before the run. A step that was not finite has left them so,
    /// but where the loss was finite and single values were refused: then a copy made before tells of that
    /// step, and what was left tells of the next one, mostly the same.
    ///
    /// ```
    /// use chainrule::finite::Cause;
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let g = Graph::new();
    /// let (x, w) = (g.input("x", [3]), g.parameter("w", []));
    /// let loss = g.scope("roots", || (x + w).sqrt()).sum(&[]);
    /// let dw = g.backward(loss, &[w])[0];
    /// let mut step = g.compile_step::<f64>(loss, &[(w, w - dw * 0.1)])?;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(1.0));
    ///
    /// step.feed("x", &[1.0, -4.0, 3.0])?;
    /// assert!(!step.step(&mut parameters)?.is_finite());
    /// let value = g.first_not_finite(&step, &parameters)?.unwrap();
    /// assert_eq!((value.cause, value.index.as_slice()), (Cause::OutsideDomain, &[1][..]));
    /// assert_eq!(
    ///     value.to_string(),
    ///     "node 4, `sqrt` in `roots`, is NaN at [1], made from -3.0000e0: it has no finite value there"
    /// );
    ///
    /// // √0 is finite, but its slope is not: it can be asked before the step is taken, too.
    /// step.feed("x", &[1.0, 4.0, -1.0])?;
    /// let gradient = g.first_not_finite(&step, &parameters)?.unwrap();
    /// assert_eq!(gradient.cause, Cause::DivisionByZero);
    /// assert!(gradient.to_string().contains("in the gradient of node 4, `sqrt` in `roots`"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The plan is of another graph, or was never fed one of its inputs; a parameter or a part of the state
    /// is missing or has another shape.
    pub fn first_not_finite<'a, T: Real>(
        &self,
        plan: &Plan<T>,
        given: impl Into<Bindings<'a, T>>,
    ) -> Result<Option<NotFinite>> {
        let given = given.into();
        let (graph, roots) = plan.roots();
        if graph != self.number() {
            return Err(Error::Foreign { node: "the plan".into() });
        }
        let outputs: Vec<Var<'_>> = roots.iter().map(|&id| self.var(id)).collect();
        let needed = self.below(&outputs);
        let computed: Vec<Var<'_>> = needed.iter().map(|&id| self.var(id)).collect();
        let computed = computed.into_iter().filter(|v| v.is_real() && !self.is_outside(v.id()));
        let mut plan = self.compile::<T>(&computed.collect::<Vec<_>>())?.fed_as(plan);
        plan.run_with(given)?;
        let run = Run { graph: self, plan: &plan, given };
        let Some(id) = run.first(&outputs)? else { return Ok(None) };
        run.told(id).map(Some)
    }

    fn is_outside(&self, id: u32) -> bool {
        self.node(id, |node| matches!(node.source, Source::Parameter(_) | Source::State(_)))
    }

    fn site(&self, node: u32) -> Site {
        let (source, scope) = self.node(node, |node| (node.source.clone(), node.scope));
        Site { node, source, scope: self.scope_name(scope) }
    }
}

/// A computation that was run with every value kept.
struct Run<'a, T> {
    graph: &'a Graph,
    plan: &'a Plan<T>,
    given: Bindings<'a, T>,
}

impl<T: Real> Run<'_, T> {
    fn values(&self, id: u32) -> Result<&[T]> {
        let (source, shape) = self.graph.node(id, |node| (node.source.clone(), node.ty.shape));
        let owner = match source {
            Source::Parameter(name) => Owner::Parameter(name),
            Source::State(key) => Owner::State(key),
            _ => return self.plan.value_of(id),
        };
        Ok(self.given.find(&owner, shape, 0)?.1.values())
    }

    fn is_finite(&self, id: u32) -> Result<bool> {
        let is_real = self.graph.node(id, |node| node.ty.kind == Kind::Real);
        Ok(!is_real || self.values(id)?.iter().all(|x| x.is_finite()))
    }

    /// The first node that is not finite of those that outputs have it from: the operands of such a one
    /// that are not finite are such ones too, and come before it.
    fn first(&self, outputs: &[Var<'_>]) -> Result<Option<u32>> {
        let mut seen = vec![false; self.graph.len()];
        let mut open: Vec<u32> = outputs.iter().map(Var::id).collect();
        let mut first = None;
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id as usize], true) || self.is_finite(id)? {
                continue;
            }
            first = Some(first.map_or(id, |first: u32| first.min(id)));
            self.graph.node(id, |node| open.extend(&node.operands));
        }
        Ok(first)
    }

    /// What there is to tell of a node that is not finite.
    fn told(&self, id: u32) -> Result<NotFinite> {
        let (ty, gate) = self.graph.node(id, |node| (node.ty, node.gate));
        let values = self.values(id)?;
        let Some((at, &value)) = values.iter().enumerate().find(|(_, x)| !x.is_finite()) else {
            unreachable!("the node was found for an element that is not finite");
        };
        let (site, value) = (self.graph.site(id), value.to_f64());
        let operands = self.operands(id, at)?;
        let cause = match &site.source {
            Source::Op(op) => cause(op, &operands, value),
            // The precision of the plan is less than that in which constants are kept.
            Source::Constant(tensor) if tensor.values().get(at).is_some_and(|x| x.is_finite()) => {
                Cause::Overflow
            }
            _ => Cause::Given,
        };
        Ok(NotFinite {
            site,
            gate: gate.map(|gate| self.graph.site(gate)),
            shape: ty.shape,
            index: ty.shape.index_of(at),
            value,
            operands,
            cause,
        })
    }

    fn operands(&self, id: u32, at: usize) -> Result<Vec<Extent>> {
        let (ids, op) = self.graph.node(id, |node| (node.operands.clone(), node.op().cloned()));
        let pointwise = op.is_some_and(|op| op.is_pointwise());
        let mut found = Vec::new();
        for &node in &ids {
            let v = self.graph.var(node);
            if !v.is_real() {
                continue;
            }
            let values = self.values(node)?;
            let values = if pointwise { values.get(at..=at).unwrap_or(values) } else { values };
            let ends = (f64::INFINITY, f64::NEG_INFINITY);
            let numbers = values.iter().map(|x| x.to_f64());
            let (low, high) = numbers.fold(ends, |(low, high), x| (low.min(x), high.max(x)));
            if !values.is_empty() {
                found.push(Extent { node, shape: v.shape(), low, high });
            }
        }
        Ok(found)
    }
}

/// Why an operation made such a value from finite operands.
fn cause(op: &Arc<dyn AnyOp>, operands: &[Extent], value: f64) -> Cause {
    let is_zero = |operand: &Extent| operand.low == 0.0 && operand.high == 0.0;
    let Some(pointwise) = op.clone().pointwise() else {
        return if value.is_nan() { Cause::Indeterminate } else { Cause::Overflow };
    };
    let at: Vec<f64> = operands.iter().map(|operand| operand.low).collect();
    match pointwise.domain().and_then(|domain| domain.holds(&at)) {
        Some(false) if op.is::<Div>() => Cause::DivisionByZero,
        Some(false) => Cause::OutsideDomain,
        // Where no domain is told: finite numbers reach an infinity by growing, 0 by a pole.
        None if value.is_nan() || operands.iter().any(is_zero) => Cause::OutsideDomain,
        _ if value.is_nan() => Cause::Indeterminate,
        _ => Cause::Overflow,
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {}, ", self.node)?;
        match &self.source {
            Source::Input(name) => write!(f, "the input `{name}`")?,
            Source::Parameter(name) => write!(f, "the parameter `{name}`")?,
            Source::State(key) => write!(f, "the optimizer's {key}")?,
            Source::Constant(_) => write!(f, "a constant")?,
            Source::Op(op) => write!(f, "`{}`", op.name())?,
        }
        match &*self.scope {
            "" => Ok(()),
            scope => write!(f, " in `{scope}`"),
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shape, low, high, .. } = self;
        match low == high {
            true => write!(f, "{low:.4e}"),
            false => write!(f, "{shape} from {low:.4e} to {high:.4e}"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Given => "it was given so",
            Self::OutsideDomain => "it has no finite value there",
            Self::DivisionByZero => "it divides by 0",
            Self::Overflow => "it is larger than the precision holds",
            Self::Indeterminate => "infinities met within it: ∞ − ∞ or 0·∞",
        })
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, is {}", self.site, self.value)?;
        if !self.index.is_empty() {
            write!(f, " at {:?}", self.index)?;
        }
        if let Some(gate) = &self.gate {
            write!(f, ", in the gradient of {gate}")?;
        }
        for (at, operand) in self.operands.iter().enumerate() {
            write!(f, "{} {operand}", if at == 0 { ", made from" } else { " and" })?;
        }
        write!(f, ": {}", self.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::{Optimizer, Rates};
    use crate::{Parameters, Tensor};

    fn found(outputs: &[Var<'_>]) -> NotFinite {
        first(outputs).unwrap()
    }

    fn first(outputs: &[Var<'_>]) -> Option<NotFinite> {
        let g = outputs[0].graph();
        let plan = g.compile::<f32>(outputs).unwrap();
        g.first_not_finite(&plan, &Parameters::new()).unwrap()
    }

    #[test]
    fn causes_are_told_from_what_the_operation_met() {
        let g = Graph::new();
        let at = |x: f64| g.constant(x);
        for (v, cause) in [
            (at(0.0).ln(), Cause::OutsideDomain),
            (at(-1.0).sqrt(), Cause::OutsideDomain),
            (at(-8.0).pow(0.5), Cause::OutsideDomain),
            (at(0.0).pow(-1.0), Cause::OutsideDomain),
            (at(2.0).asin(), Cause::OutsideDomain),
            (at(1.0) / at(0.0), Cause::DivisionByZero),
            (at(0.0) / at(0.0), Cause::DivisionByZero),
            (at(1e30) / at(1e-30), Cause::Overflow),
            (at(100.0).exp(), Cause::Overflow),
            (at(3e38) + at(3e38), Cause::Overflow),
            (at(1e39), Cause::Overflow),
            (at(f64::NAN) * 0.0, Cause::Given),
        ] {
            assert_eq!(found(&[v]).cause, cause, "{}", found(&[v]));
        }
        let row =
            |values: Vec<f64>| g.constant_tensor(Tensor::new([1, values.len()], values).unwrap());
        assert_eq!(found(&[row(vec![3e38, 3e38, 0.0]).sum(&[])]).cause, Cause::Overflow);
        // A product adds blocks of 256 terms: one is ∞, the other −∞.
        let signs = [[2.0; 256], [-2.0; 256]].concat();
        let both = row(vec![2e38; 512]).matmul(row(signs).t());
        assert_eq!(found(&[both]).cause, Cause::Indeterminate);
    }

    #[test]
    fn what_reaches_no_output_is_not_told() {
        let g = Graph::new();
        let x = g.constant_tensor(Tensor::new([2], vec![0.0, 4.0]).unwrap());
        let safe = x.greater(x.like(0.0)).select(x.ln(), x);
        assert!(first(&[safe]).is_none());
        // A later infinity is told though an earlier one was set aside.
        let root = (safe - 10.0).sqrt();
        assert_eq!(found(&[safe, root]).site.node, root.id());
    }

    #[test]
    fn places_operands_and_the_gate_of_a_gradient() {
        let g = Graph::new();
        let x = g.input("x", [2, 3]);
        let w = g.parameter("w", [3, 1]);
        let y = g.scope("affine1", || x.matmul(w));
        let loss = g.scope("own", || y.abs().sqrt()).mean(&[]);
        let dw = g.backward(loss, &[w])[0];
        let mut parameters = Parameters::new();
        parameters.insert("w", Tensor::new([3, 1], vec![1.0, 2.0, 3.0]).unwrap());
        let mut plan = g.compile::<f64>(&[loss, dw]).unwrap();
        let mut at = |rows: [f64; 6], parameters: &Parameters<f64>| {
            plan.feed("x", &rows).unwrap();
            g.first_not_finite(&plan, parameters).unwrap()
        };
        let zero = at([1.0, 1.0, 1.0, 0.0, 0.0, 0.0], &parameters).unwrap();
        let gate = zero.gate.clone().unwrap();
        assert!(matches!(&gate.source, Source::Op(op) if op.name() == "sqrt"), "{zero}");
        assert_eq!((&*gate.scope, zero.index.as_slice()), ("own", &[1, 0][..]), "{zero}");
        let large = at([1e308, 1e308, 1e308, 0.0, 0.0, 0.0], &parameters).unwrap();
        assert_eq!((large.site.node, large.cause), (y.id(), Cause::Overflow), "{large}");
        let extents: Vec<(f64, f64)> = large.operands.iter().map(|o| (o.low, o.high)).collect();
        assert_eq!(extents, [(0.0, 1e308), (1.0, 3.0)]);
        // A parameter and an input that were bad before.
        parameters.insert("w", Tensor::new([3, 1], vec![1.0, f64::NAN, 3.0]).unwrap());
        let bad = at([1.0; 6], &parameters).unwrap();
        assert_eq!((bad.site.node, bad.cause, bad.gate.is_none()), (w.id(), Cause::Given, true));
        let both = at([1.0, f64::INFINITY, 0.0, 0.0, 0.0, 0.0], &parameters).unwrap();
        assert_eq!(both.to_string(), "node 0, the input `x`, is inf at [0, 1]: it was given so");
    }

    #[test]
    fn a_step_is_told_from_its_own_inputs_where_its_loss_is_finite() {
        let g = Graph::new();
        let w = g.parameter("w", [2, 3]);
        let rows = w.gather(0, g.labels("t", [2], 2));
        let loss = g.scope("roots", || rows.sqrt()).sum(&[]) * g.input("scale", []);
        let dw = g.backward(loss, &[w]);
        let updates = Optimizer::adam().updates(&Rates::constant(&g, 0.1), &[w], &dw);
        let mut plan = g.compile_step::<f64>(loss, &updates).unwrap();
        let mut parameters = Parameters::new();
        let zero = vec![1.0, 1.0, 1.0, 4.0, 0.0, 4.0];
        parameters.insert("w", Tensor::new([2, 3], zero).unwrap());
        let state = g.initial_state();

        plan.feed("scale", &[1.0]).unwrap();
        let message = g.first_not_finite(&plan, (&parameters, &state)).unwrap_err().to_string();
        assert!(message.contains("`t` was never fed"), "{message}");
        plan.feed_labels("t", &[0, 0]).unwrap();
        assert!(g.first_not_finite(&plan, (&parameters, &state)).unwrap().is_none());
        // The row with a root of 0, whose slope is infinite.
        plan.feed_labels("t", &[0, 1]).unwrap();
        let found = g.first_not_finite(&plan, (&parameters, &state)).unwrap().unwrap();
        assert_eq!((found.cause, found.index.as_slice()), (Cause::DivisionByZero, &[1, 1][..]));
        assert!(found.gate.as_ref().is_some_and(|gate| &*gate.scope == "roots"), "{found}");
        // The step refuses that value, and writes others: what it leaves has the same place.
        let (mut left, mut kept) = (parameters.clone(), state.clone());
        assert!(!plan.step_with(&mut left, &mut kept).unwrap().is_finite() && left != parameters);
        assert!(plan.value(loss).unwrap()[0].is_finite());
        let again = g.first_not_finite(&plan, (&left, &kept)).unwrap().unwrap();
        assert_eq!((again.site.node, again.index), (found.site.node, found.index));
        // What was fed counts, and not what the plan's values have become.
        plan.feed_labels("t", &[0, 0]).unwrap();
        plan.feed("scale", &[f64::INFINITY]).unwrap();
        let fed = g.first_not_finite(&plan, (&parameters, &state)).unwrap().unwrap();
        assert!(fed.to_string().contains("the input `scale`, is inf: it was given so"), "{fed}");

        let other = Graph::new();
        let message = other.first_not_finite(&plan, &parameters).unwrap_err().to_string();
        assert!(message.contains("the plan belongs to another graph"), "{message}");
    }
}
