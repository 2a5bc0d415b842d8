//! Where a NaN or an infinity in training came from.
//!
//! The loss is looked at after every step, the parameters after every epoch alone, since looking
//! costs time. Steps give the same bits whenever they run, so that running an epoch again from its
//! start finds the step that went wrong.

use super::{EVALUATION_BATCH, Step, Steps, Trainer, feed, record};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::graph::{Graph, Kind, Source, Var};
use crate::parameters::Parameters;
use crate::tensor::Real;

impl<T: Real> Trainer<'_, T> {
    /// Runs the epoch `number` again from its start, the parameters `before`, up to the first step
    /// whose loss or new parameters are not finite. The parameters stay as they were before it.
    pub(super) fn diverged(
        &mut self,
        steps: &mut Steps<T>,
        mut before: Parameters<T>,
        train: &Dataset,
        number: u32,
    ) -> Result<Error> {
        let order = train.shuffled(self.config.seed, number);
        let batch = steps.batch;
        let first = u64::from(number) * order.len().div_ceil(batch) as u64;
        let (mut at, mut loss, mut origin) = (0, f64::NAN, String::new());
        for (index, examples) in order.chunks(batch).enumerate() {
            self.parameters.clone_from(&before);
            let step = steps.of(examples.len());
            feed(&mut step.plan, train, examples)?;
            let updated = step.plan.step(&mut self.parameters)?;
            if updated && self.parameters.is_finite() {
                before.clone_from(&self.parameters);
                continue;
            }
            (at, loss) = (index as u64 + 1, step.loss()?);
            origin = in_step(step, train, examples, &before)?;
            break;
        }
        self.parameters = before;
        Ok(Error::Diverged { step: first + at, loss, origin })
    }

    /// The loss of the test part is not finite, though the epoch `number` left finite parameters.
    pub(super) fn diverged_in_test(
        &self,
        loss: f64,
        train: &Dataset,
        test: &Dataset,
        number: u32,
    ) -> Result<Error> {
        let steps = train.len().div_ceil(self.config.batch_size) as u64;
        let order: Vec<u32> = (0..test.len() as u32).collect();
        let mut origin = None;
        for examples in order.chunks(EVALUATION_BATCH) {
            let graph = Graph::new();
            record(&graph, self.model, test, examples.len());
            origin = first_bad(&graph, test, examples, &self.parameters)?.map(|(_, text)| text);
            if origin.is_some() {
                break;
            }
        }
        let origin = origin.unwrap_or_else(|| "every node below it is finite".into());
        let step = u64::from(number + 1) * steps;
        Ok(Error::Diverged { step, loss, origin: format!("on the test part, {origin}; {ADVICE}") })
    }
}

const ADVICE: &str = "a smaller learning rate may help";

/// What in a step of these parameters is not finite.
fn in_step<T: Real>(
    step: &Step<T>,
    data: &Dataset,
    examples: &[u32],
    parameters: &Parameters<T>,
) -> Result<String> {
    for (name, tensor) in parameters.iter() {
        if let Some(value) = bad(tensor.values()) {
            return Ok(format!("the parameter `{name}` holds {value} already; {ADVICE}"));
        }
    }
    let found = first_bad(&step.graph, data, examples, parameters)?;
    Ok(match found {
        None => format!("every node below it is finite; {ADVICE}"),
        Some((id, text)) => match spoilt(step, id) {
            Some(name) => format!("{text}, on the way to the new value of `{name}`; {ADVICE}"),
            None => format!("{text}; {ADVICE}"),
        },
    })
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

fn bad<T: Real>(values: &[T]) -> Option<T> {
    values.iter().find(|x| !x.is_finite()).copied()
}

/// The number of the first node that is not finite, and its description. Every value of the graph is
/// kept, which a plan for training does not do.
fn first_bad<T: Real>(
    graph: &Graph,
    data: &Dataset,
    examples: &[u32],
    parameters: &Parameters<T>,
) -> Result<Option<(u32, String)>> {
    let is_inner = |id: &u32| {
        graph.node(*id, |node| {
            node.ty.kind == Kind::Real && !matches!(node.source, Source::Parameter(_))
        })
    };
    let inner: Vec<Var<'_>> =
        (0..graph.len() as u32).filter(is_inner).map(|id| graph.var(id)).collect();
    let mut plan = graph.compile::<T>(&inner)?;
    feed(&mut plan, data, examples)?;
    plan.run_with(parameters)?;
    for v in inner {
        let Some(value) = bad(plan.value(v).unwrap_or_default()) else { continue };
        let (name, scope) = graph.node(v.id, |node| (node.op_name(), node.scope));
        let place = match graph.scope_name(scope) {
            none if none.is_empty() => String::new(),
            layer => format!(" in `{layer}`"),
        };
        return Ok(Some((
            v.id,
            format!(
                "the first node with {value} is node {}, the operation `{name}`{place} of shape {}",
                v.id,
                v.shape()
            ),
        )));
    }
    Ok(None)
}
