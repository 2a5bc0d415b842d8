//! Where a NaN or an infinity in training was born.
//!
//! The loss is looked at after every step, the parameters after every epoch alone, since looking
//! costs time. Steps give the same bits whenever they run, so that running an epoch again from its
//! start finds the step that went wrong; that step is run once more with every node watched.

use std::sync::Arc;

use super::config::EVALUATION_BATCH;
use super::objective::{feed, record};
use super::step::{Batch, Step, Steps};
use super::{Progress, Trainer};
use crate::data::Examples;
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Kind, Source, Var};
use chainrule::plan::Plan;
use chainrule::tensor::Real;

impl<T: Real> Trainer<T> {
    /// Runs the epoch under way again from its start, or from where it was resumed, up to the first
    /// step whose loss or new parameters are not finite. The parameters stay as they were before it.
    pub(super) fn diverged(
        &mut self,
        steps: &mut Steps<T>,
        before: (Parameters<T>, Progress),
        train: &dyn Examples,
    ) -> Result<Error> {
        let order = train.order(self.config.seed, before.1.epoch);
        let size = self.batch(train)?;
        let count = order.len().div_ceil(size) as u64;
        (self.parameters, self.progress) = before;
        while self.progress.step < count {
            let before = self.parameters.clone();
            let finite = self.step(steps, train, &order, size)?.is_some();
            if finite && self.parameters.is_finite() {
                self.progress.step += 1;
                continue;
            }
            self.parameters = before;
            let batch = self.next_batch(&order, size);
            let step = steps.of(self, train, batch.examples.len(), batch.purpose)?;
            let (loss, number) = (step.loss()?, batch.number + 1);
            return Ok(Error::Diverged {
                step: number,
                loss,
                origin: self.origin(step, train, &batch)?,
            });
        }
        let origin = "running the epoch again did not show where".into();
        Ok(Error::Diverged { step: count, loss: f64::NAN, origin })
    }

    /// The loss of the validation or the test part is not finite, though the epoch left finite
    /// parameters.
    pub(super) fn diverged_in(
        &self,
        part: &str,
        loss: f64,
        data: &dyn Examples,
        steps: u64,
    ) -> Result<Error> {
        let order: Vec<u32> = (0..data.len() as u32).collect();
        let mut origin = None;
        for examples in order.chunks(EVALUATION_BATCH) {
            let graph = Graph::new();
            record(&graph, &self.model, &self.objective, data, examples.len());
            let fill = |plan: &mut Plan<T>| feed(plan, data, examples);
            origin =
                born(&graph, &self.parameters, examples, fill, |_| None)?.map(|birth| birth.text);
            if origin.is_some() {
                break;
            }
        }
        let origin = origin.unwrap_or_else(|| "every node below it is finite".into());
        Ok(Error::Diverged { step: steps, loss, origin: format!("on the {part} part, {origin}") })
    }

    /// What in a step with the current parameters is not finite.
    fn origin(&self, step: &Step<T>, data: &dyn Examples, batch: &Batch<'_>) -> Result<String> {
        for (name, tensor) in self.parameters.iter() {
            if let Some((_, value)) = first_bad(tensor.values()) {
                return Ok(format!("the parameter `{name}` holds {value} already; {GROWN}"));
            }
        }
        let fill = |plan: &mut Plan<T>| self.feed_step(plan, data, batch);
        let gates = self.gates(data, batch.examples.len())?;
        let gate = |id| gates.iter().find(|(last, _)| *last >= id).map(|(_, gate)| gate.clone());
        let gate = |id| if id > step.loss { gate(id) } else { None };
        let Some(birth) = born(&step.graph, &self.parameters, batch.examples, fill, gate)? else {
            return Ok(format!("every node below it is finite; {GROWN}"));
        };
        Ok(match spoilt(step, birth.id) {
            Some(name) => format!("{}, on the way to the new value of `{name}`", birth.text),
            None => birth.text,
        })
    }
}

impl<T: Real> Trainer<T> {
    /// The gates of a step in the order of its reverse sweep, each with the last node that its backward
    /// rule built. A step is recorded the same way each time, so that nodes have the same numbers.
    fn gates(&self, data: &dyn Examples, examples: usize) -> Result<Vec<(u32, Gate)>> {
        let g = Graph::new();
        let recorded = self.record_loss(&g, data, examples)?;
        let sweep = g.sweep(recorded.loss, &recorded.parameters);
        let gate =
            |id| g.node(id, |node| Gate { op: node.op_name(), layer: g.scope_name(node.scope) });
        Ok(sweep.contributions.iter().map(|c| (c.gradient.id(), gate(c.gate))).collect())
    }
}

/// An operation of the forward pass.
#[derive(Clone)]
struct Gate {
    op: &'static str,
    /// Its layer or another scope; empty outside of all.
    layer: Arc<str>,
}

/// The first parameter whose new value depends on the node `bad`, where the loss does not.
fn spoilt<T>(step: &Step<T>, bad: u32) -> Option<&str> {
    let mut depends = vec![false; step.graph.len()];
    for id in bad..step.graph.len() as u32 {
        depends[id as usize] = id == bad
            || step.graph.node(id, |node| node.operands.iter().any(|&to| depends[to as usize]));
    }
    if depends[step.loss as usize] {
        return None;
    }
    let mut updates = step.updates.iter();
    updates.find(|(_, value)| depends[*value as usize]).map(|(name, _)| name.as_str())
}

/// The first element that is not finite, with its place.
fn first_bad<T: Real>(values: &[T]) -> Option<(usize, T)> {
    values.iter().copied().enumerate().find(|(_, x)| !x.is_finite())
}

/// The first node that is not finite.
struct Birth {
    id: u32,
    text: String,
}

/// Runs the graph with every value kept, which a plan for training does not do, and tells of the
/// first node that is not finite: its operation with the operands' values, its layer, the row of the
/// data and what may help. `gate` tells whose backward rule built a node.
fn born<T: Real>(
    graph: &Graph,
    parameters: &Parameters<T>,
    examples: &[u32],
    fill: impl Fn(&mut Plan<T>) -> Result<()>,
    gate: impl Fn(u32) -> Option<Gate>,
) -> Result<Option<Birth>> {
    let is_inner = |id: &u32| {
        graph.node(*id, |node| {
            node.ty.kind == Kind::Real && !matches!(node.source, Source::Parameter(_))
        })
    };
    let inner: Vec<Var<'_>> =
        (0..graph.len() as u32).filter(is_inner).map(|id| graph.var(id)).collect();
    let mut plan = graph.compile::<T>(&inner)?;
    fill(&mut plan)?;
    plan.run_with(parameters)?;
    for v in inner {
        let Some((at, value)) = plan.value(v).ok().and_then(first_bad) else { continue };
        let dims = v.shape();
        let row = match dims.get(0) {
            Some(batch) if batch == examples.len() && batch > 0 => {
                examples.get(at / (dims.len() / batch).max(1))
            }
            _ => None,
        };
        let row = row.map_or(String::new(), |row| format!("; row {row} of the data (from 0)"));
        let (name, scope, source) =
            graph.node(v.id(), |node| (node.op_name(), node.scope, node.source.clone()));
        if let Source::Input(input) = source {
            let text = format!("the input `{input}` holds {value} already{row}: mend the data");
            return Ok(Some(Birth { id: v.id(), text }));
        }
        let within = |layer: &str| match layer {
            "" => String::new(),
            layer => format!(" in `{layer}`"),
        };
        let gate = gate(v.id());
        let place = match &gate {
            Some(Gate { op, layer }) => format!(" in the gradient of `{op}`{}", within(layer)),
            None => within(&graph.scope_name(scope)),
        };
        let (operands, values) = operands(graph, &plan, parameters, v, at);
        let advice = remedy(name, &values, gate.map(|gate| gate.op));
        let text = format!(
            "the first node with {value} is node {}, the operation `{name}`{place} of shape {dims}{operands}{row}; {advice}",
            v.id()
        );
        return Ok(Some(Birth { id: v.id(), text }));
    }
    Ok(None)
}

/// The operands of the node `v` at its element `at`, or their ranges where its elements come from
/// many: as text, and the single values.
fn operands<T: Real>(
    graph: &Graph,
    plan: &Plan<T>,
    parameters: &Parameters<T>,
    v: Var<'_>,
    at: usize,
) -> (String, Vec<f64>) {
    let ids = graph.node(v.id(), |node| node.operands.clone());
    let mut single = Vec::new();
    let mut texts = Vec::new();
    for &id in &ids {
        let operand = graph.var(id);
        let values: &[T] = match graph.node(id, |node| node.source.clone()) {
            Source::Parameter(name) => parameters.get(&name).map_or(&[], |tensor| tensor.values()),
            _ => plan.value(operand).unwrap_or_default(),
        };
        if operand.shape() == v.shape() {
            let value = values.get(at).map_or(f64::NAN, |&x| Real::to_f64(x));
            single.push(value);
            texts.push(format!("{value:.4e}"));
        } else if !values.is_empty() {
            let numbers = || values.iter().map(|&x| Real::to_f64(x));
            let low = numbers().fold(f64::INFINITY, f64::min);
            let high = numbers().fold(f64::NEG_INFINITY, f64::max);
            texts.push(format!("{} from {low:.4e} to {high:.4e}", operand.shape()));
        }
    }
    match texts.is_empty() {
        true => (String::new(), single),
        false => (format!(", of {}", texts.join(" and ")), single),
    }
}

/// What helps where numbers have become too large.
const GROWN: &str = "a smaller learning rate, clip_norm or smaller inputs may help";

/// What may help where an operation of such values made a NaN or an infinity.
fn remedy(op: &str, operands: &[f64], backward_of: Option<&str>) -> String {
    let last = operands.last().copied().unwrap_or(f64::NAN);
    if let Some(gate @ ("sqrt" | "ln" | "log2" | "log10" | "pow")) = backward_of {
        return format!(
            "the slope of `{gate}` grows without bound near 0: add a small number to its operand"
        );
    }
    match op {
        "ln" | "log2" | "log10" if operands.first().is_some_and(|&x| x <= 0.0) => {
            "a logarithm needs a positive number: let the loss be cross-entropy of logits in place of the logarithm of a softmax, or add a small number first".into()
        }
        "sqrt" if operands.first().is_some_and(|&x| x < 0.0) => {
            "a square root needs a number of at least 0".into()
        }
        "div" | "recip" if last == 0.0 => "this divides by 0: add a small number to the divisor".into(),
        "exp" if operands.first().is_some_and(|&x| x > 80.0) => {
            format!("the exponential overflows: subtract the largest exponent first, as softmax does; {GROWN}")
        }
        _ => GROWN.into(),
    }
}
