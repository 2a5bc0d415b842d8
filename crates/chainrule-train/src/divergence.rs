//! Where a NaN or an infinity in training was born.
//!
//! The loss is looked at after every step, the parameters after every epoch alone, since looking
//! costs time. Steps give the same bits whenever they run, so that running an epoch again from its
//! start finds the step that went wrong; that step is run once more with every node watched.

use super::Trainer;
use super::config::EVALUATION_BATCH;
use super::course::Standing;
use super::objective::{feed, record};
use super::step::{Batch, Steps};
use crate::data::Examples;
use chainrule::error::{Error, Result};
use chainrule::finite::NotFinite;
use chainrule::graph::{Graph, Source, Var};
use chainrule::optim::Method;
use chainrule::plan::Plan;
use chainrule::tensor::Real;
use chainrule_explain::{Language, Origin};

impl<T: Real> Trainer<T> {
    /// Runs the epoch under way again from its start, or from where it was resumed, up to the first
    /// step whose loss or new parameters are not finite. The parameters stay as they were before it.
    pub(super) fn diverged(
        &mut self,
        steps: &mut Steps<T>,
        before: Standing<T>,
        train: &dyn Examples,
    ) -> Result<Error> {
        self.stand(before);
        let order = train.order(self.config.seed, self.progress.epoch);
        let size = self.batch(train)?;
        let count = order.len().div_ceil(size) as u64;
        while self.progress.step < count {
            let before = self.standing();
            let finite = self.step(steps, train, &order, size)?.is_some();
            if finite && self.is_finite() {
                self.progress.step += 1;
                continue;
            }
            self.stand(before);
            let batch = self.next_batch(&order, size);
            let (loss, origin) = self.origin(train, &batch)?;
            return Ok(Error::Diverged { step: batch.number + 1, loss, origin });
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
        let mut origin = UNSEEN.to_owned();
        for examples in order.chunks(EVALUATION_BATCH) {
            let graph = Graph::new();
            let (_, loss) = record(&graph, &self.model, &self.objective, data, examples.len());
            let fill = |plan: &mut Plan<T>| feed(plan, data, examples);
            if let Some(found) = graph.first_not_finite(&[loss], &self.parameters, fill)? {
                origin = told(&graph, &found, examples, None);
                break;
            }
        }
        Ok(Error::Diverged { step: steps, loss, origin: format!("on the {part} part, {origin}") })
    }

    /// The loss of a step with the current parameters, and what in the step is not finite.
    fn origin(&self, data: &dyn Examples, batch: &Batch<'_>) -> Result<(f64, String)> {
        let (graph, examples) = (Graph::new(), batch.examples);
        let (loss, updates) = match self.config.optimizer {
            // It asks for gradients, and makes no update within the graph.
            Method::Lbfgs(_) => {
                let recorded = self.record_gradients(&graph, data, examples.len())?;
                let pairs = recorded.parameters.into_iter().zip(recorded.gradients);
                (recorded.loss, pairs.collect())
            }
            _ => self.record_step(&graph, data, examples.len(), batch.purpose)?,
        };
        let mut plan = graph.compile::<T>(&[loss])?;
        self.feed_step(&mut plan, data, batch)?;
        plan.run_with(&self.parameters)?;
        let value = plan.value(loss)?.first().map_or(f64::NAN, |&loss| Real::to_f64(loss));
        let outputs: Vec<Var<'_>> =
            [loss].into_iter().chain(updates.iter().map(|(_, value)| *value)).collect();
        let fill = |plan: &mut Plan<T>| self.feed_step(plan, data, batch);
        let found = graph.first_not_finite(&outputs, (&self.parameters, &self.state), fill)?;
        let origin = found.map(|found| {
            let name = spoilt(&graph, loss, &updates, found.site.node);
            told(&graph, &found, examples, name.as_deref())
        });
        Ok((value, origin.unwrap_or_else(|| UNSEEN.into())))
    }
}

/// What is said where a second run shows nothing.
const UNSEEN: &str = "every node below it is finite";

/// The first node that is not finite, in words: with the row of the data, and the parameter that it
/// spoils.
fn told(graph: &Graph, found: &NotFinite, examples: &[u32], spoilt: Option<&str>) -> String {
    let by_rows = found.shape.get(0) == Some(examples.len());
    let row = found.index.first().filter(|_| by_rows).and_then(|&row| examples.get(row));
    let Origin { mut story, remedy, .. } =
        Origin::of(graph, found, row.copied(), Language::English);
    if let Some(name) = spoilt {
        story += &format!(", on the way to the new value of {name}");
    }
    match remedy {
        Some(remedy) => format!("{story}. {remedy}"),
        None => story,
    }
}

/// The first parameter whose new value depends on the node `bad`, where the loss does not.
fn spoilt(
    graph: &Graph,
    loss: Var<'_>,
    updates: &[(Var<'_>, Var<'_>)],
    bad: u32,
) -> Option<String> {
    let mut depends = vec![false; graph.len()];
    for id in bad..graph.len() as u32 {
        depends[id as usize] = id == bad
            || graph.node(id, |node| node.operands.iter().any(|&to| depends[to as usize]));
    }
    if depends[loss.id() as usize] {
        return None;
    }
    let (parameter, _) = updates.iter().find(|(_, value)| depends[value.id() as usize])?;
    graph.node(parameter.id(), |node| match &node.source {
        Source::Parameter(name) => Some(format!("`{name}`")),
        Source::State(key) => Some(key.to_string()),
        _ => None,
    })
}
