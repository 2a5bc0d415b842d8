//! Where a NaN or an infinity in training was born.
//!
//! A plan tells of a loss and of gradients that are not finite at their step; all parameters are looked at
//! after every epoch alone, since looking costs time. Steps give the same bits whenever they run, so that
//! running an epoch again from its start finds the step that went wrong; that step is run once more with
//! every node watched.

use super::config::EVALUATION_BATCH;
use super::learner::{Learner, Standing};
use super::objective::{Answered, feed_fields};
use super::step::{Batch, Kind, Stepped, Steps};
use crate::data::Data;
use chainrule::error::{Error, Result};
use chainrule::finite::NotFinite;
use chainrule::graph::{Graph, Source, Var};
use chainrule::nn::Cx;
use chainrule::optim::{Lbfgs, Method};
use chainrule::tensor::Real;
use chainrule_explain::{Language, Origin};

impl<T: Real> Learner<T> {
    /// Runs the epoch under way again from its start, or from where it was resumed, up to the first
    /// step whose loss or new parameters are not finite. The parameters stay as they were before it.
    pub(super) fn diverged(&mut self, steps: &mut Steps<T>, before: Standing<T>) -> Result<Error> {
        self.stand(before);
        let order = self.order(self.progress.epoch)?;
        let size = self.batch()?;
        let count = order.len().div_ceil(size) as u64;
        while self.progress.step < count {
            let before = self.standing();
            let examples = self.next_batch(&order, size).examples.len();
            let stepped = self.step(steps, &order, size)?;
            if let Some(Stepped { loss, losses }) = stepped.filter(|_| self.is_finite()) {
                self.progress.add(examples, loss, &losses);
                continue;
            }
            self.stand(before);
            let batch = self.next_batch(&order, size);
            let (loss, origin) = match self.config.optimizer {
                Method::Lbfgs(lbfgs) if self.is_of_settings() => {
                    self.astray(steps, &batch, lbfgs)?
                }
                _ => self.origin(&batch)?,
            };
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
        data: &dyn Data,
        steps: u64,
    ) -> Result<Error> {
        let order: Vec<u32> = (0..data.len() as u32).collect();
        let mut origin = UNSEEN.to_owned();
        for examples in order.chunks(EVALUATION_BATCH) {
            let graph = Graph::new();
            let answered =
                Answered::record(&Cx::predict(&graph), &self.model, data, examples.len());
            let Some(main) = self.objectives.get(self.main()) else { break };
            let loss = main.record(&answered).total;
            let mut plan = graph.compile::<T>(&[loss])?;
            feed_fields(&mut plan, data, examples)?;
            if let Some(found) = graph.first_not_finite(&plan, &self.parameters)? {
                origin = told(&graph, &found, examples, None);
                break;
            }
        }
        Ok(Error::Diverged { step: steps, loss, origin: format!("on the {part} part, {origin}") })
    }

    /// As [`Learner::origin`] where a step of L-BFGS has gone: it asks for the loss at several places.
    fn astray(
        &mut self,
        steps: &mut Steps<T>,
        batch: &Batch<'_>,
        lbfgs: Lbfgs,
    ) -> Result<(f64, String)> {
        let (before, mut astray) = (self.standing(), None);
        self.lbfgs_step(steps, batch, lbfgs, &mut astray)?;
        if let Some(place) = astray {
            self.parameters = place;
        }
        let origin = self.origin(batch);
        self.stand(before);
        origin
    }

    /// The loss of a step with the current parameters, and what in the step is not finite: of the first
    /// objective where something is.
    fn origin(&self, batch: &Batch<'_>) -> Result<(f64, String)> {
        let mut first = None;
        for objective in 0..self.objectives.len() {
            let (value, found) = self.origin_in(objective, batch)?;
            match found {
                Some(origin) => return Ok((value, origin)),
                None => _ = first.get_or_insert(value),
            }
        }
        Ok((first.unwrap_or(f64::NAN), UNSEEN.into()))
    }

    fn origin_in(&self, objective: usize, batch: &Batch<'_>) -> Result<(f64, Option<String>)> {
        let (graph, examples) = (Graph::new(), batch.examples);
        let kind = Kind { objective, examples: examples.len(), purpose: batch.purpose };
        let (loss, updates) = match self.config.optimizer {
            // It asks for gradients, and makes no update within the graph.
            Method::Lbfgs(_) if self.is_of_settings() => {
                let recorded = self.record_gradients(&graph, objective, examples.len())?;
                let pairs = recorded.parameters.into_iter().zip(recorded.gradients);
                (recorded.loss, pairs.collect())
            }
            _ => {
                let (recorded, updates) = self.record_step(&graph, kind)?;
                (recorded.loss, updates)
            }
        };
        let outputs: Vec<Var<'_>> =
            [loss].into_iter().chain(updates.iter().map(|(_, value)| *value)).collect();
        let mut plan = graph.compile::<T>(&outputs)?.with_pool(&self.pool);
        self.feed_step(&mut plan, objective, batch)?;
        let kept = (&self.parameters, &self.states[objective]);
        plan.run_with(kept)?;
        let value = plan.value(loss)?.first().map_or(f64::NAN, |&loss| Real::to_f64(loss));
        let found = graph.first_not_finite(&plan, kept)?;
        let origin = found.map(|found| {
            let name = spoilt(&graph, loss, &updates, found.site.node);
            told(&graph, &found, examples, name.as_deref())
        });
        Ok((value, origin))
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
