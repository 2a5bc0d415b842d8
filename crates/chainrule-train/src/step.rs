//! A training step as one plan: forward, loss, gradients and updates.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::objective::{FEATURES, feed, targets};
use super::single::fill_f32;
use super::trainer::Trainer;
use crate::data::Examples;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::nn::Cx;
use chainrule::optim::{Method, Rates};
use chainrule::plan::{Plan, PlanInfo, Profile};
use chainrule::state::{Group, StateKey};
use chainrule::tensor::{Real, Tensor};
use chainrule::{Parameters, State};

/// The names of a step's inputs beside the batch's features and targets.
const WEIGHTS: &str = "weight";
const NUMBER: &str = "step";
const RATE: &str = "rate";
const SHARE: &str = "share";

/// Steps that a profile records.
const PROFILED: usize = 100;

/// The use in whose state sums of gradients lie.
pub(super) const ACCUMULATED: &str = "accumulated";

/// The sum of a parameter's gradients over the batches of an update.
pub(super) fn accumulated(name: &str) -> StateKey {
    let group = Group { rule: ACCUMULATED.into(), number: 0 };
    StateKey { group, slot: "sum".into(), of: Some(name.into()) }
}

/// What a step does with its gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// Adds them to those of the batches before it.
    Accumulate,
    /// Adds them, and updates the parameters.
    Update,
}

/// A training step for one batch size.
pub(super) struct Step<T> {
    pub(super) plan: Plan<T>,
    /// The loss's node.
    loss: u32,
}

impl<T: Real> Step<T> {
    fn new(
        trainer: &Trainer<T>,
        data: &dyn Examples,
        batch: usize,
        purpose: Purpose,
    ) -> Result<Self> {
        let graph = Graph::new();
        let (loss, updates) = trainer.record_step(&graph, data, batch, purpose)?;
        let plan = graph.compile_step(loss, &updates)?.with_pool(&trainer.pool);
        Ok(Self { plan, loss: loss.id() })
    }

    pub(super) fn loss(&self) -> Result<f64> {
        let values = self.plan.value_of(self.loss)?;
        Ok(values.first().map_or(f64::NAN, |&loss| Real::to_f64(loss)))
    }
}

/// The nodes of a step up to its gradients.
pub(super) struct Recorded<'g> {
    pub(super) loss: Var<'g>,
    /// What the model makes of the batch.
    pub(super) output: Var<'g>,
    pub(super) parameters: Vec<Var<'g>>,
    pub(super) gradients: Vec<Var<'g>>,
    /// What layers keep of the batch.
    pub(super) updates: Vec<(Var<'g>, Var<'g>)>,
}

impl<T: Real> Trainer<T> {
    /// The loss of a batch, as in a training step.
    pub(super) fn record_loss<'g>(
        &self,
        g: &'g Graph,
        data: &dyn Examples,
        batch: usize,
    ) -> Result<Recorded<'g>> {
        let x = g.input(FEATURES, [batch, data.width()]);
        let number = g.labels(NUMBER, [], NUMBERS);
        let cx = Cx::train(g, self.config.seed, number);
        let output = self.model.forward(&cx, x).one();
        let weighted = self.objective.is_weighted(data)?;
        let weights = weighted.then(|| g.input(WEIGHTS, [batch]));
        let loss =
            self.objective.record(&self.model, output, targets(g, data.target(), batch), weights);
        let trained = self.trained()?;
        let parameters = trained.iter().map(|(name, shape)| g.parameter(name, *shape)).collect();
        let updates = cx.updates();
        Ok(Recorded { loss, output, parameters, gradients: Vec::new(), updates })
    }

    /// The loss of a batch and its gradients.
    pub(super) fn record_gradients<'g>(
        &self,
        g: &'g Graph,
        data: &dyn Examples,
        batch: usize,
    ) -> Result<Recorded<'g>> {
        let recorded = self.record_loss(g, data, batch)?;
        let gradients = g.backward(recorded.loss, &recorded.parameters);
        Ok(Recorded { gradients, ..recorded })
    }

    /// The loss of a step, and every parameter and part of the state with its new value.
    pub(super) fn record_step<'g>(
        &self,
        g: &'g Graph,
        data: &dyn Examples,
        batch: usize,
        purpose: Purpose,
    ) -> Result<(Var<'g>, Vec<(Var<'g>, Var<'g>)>)> {
        let recorded = self.record_gradients(g, data, batch)?;
        let Recorded { loss, parameters, gradients, mut updates, .. } = recorded;
        updates.extend(self.record_updates(g, &parameters, gradients, purpose)?);
        Ok((loss, updates))
    }

    /// What a step makes of the gradients: sums of them, or updates.
    fn record_updates<'g>(
        &self,
        g: &'g Graph,
        parameters: &[Var<'g>],
        mut gradients: Vec<Var<'g>>,
        purpose: Purpose,
    ) -> Result<Vec<(Var<'g>, Var<'g>)>> {
        let (trained, mut updates) = (self.trained()?, Vec::new());
        if self.config.accumulate > 1 {
            let share = g.input(SHARE, []);
            for (gradient, (name, shape)) in gradients.iter_mut().zip(&trained) {
                let sum = g.state(&accumulated(name), *shape);
                *gradient = sum + *gradient * share;
                let kept = match purpose {
                    Purpose::Accumulate => *gradient,
                    Purpose::Update => g.constant(0.0).broadcast_to(*shape),
                };
                updates.push((sum, kept));
            }
        }
        if purpose == Purpose::Update {
            for clip in self.config.clips() {
                gradients = clip.clip(&gradients);
            }
            let rate = match self.config.has_constant_rate() {
                true => g.constant(self.config.lr),
                false => g.input(RATE, []),
            };
            let of = trained.iter().map(|(name, _)| self.config.rate_of(name)).collect();
            let rates = Rates { rate, of };
            updates.extend(self.optimizer()?.updates(&rates, parameters, &gradients));
        }
        Ok(updates)
    }

    /// The state before the first step. L-BFGS makes its own as it goes.
    pub(super) fn initial_state(&self) -> Result<State<T>> {
        if matches!(self.config.optimizer, Method::Lbfgs(_)) {
            return Ok(State::new());
        }
        let g = Graph::new();
        let trained = self.trained()?;
        let parameters: Vec<Var<'_>> =
            trained.iter().map(|(name, shape)| g.parameter(name, *shape)).collect();
        // Any gradients will do: the state follows from the parameters.
        self.record_updates(&g, &parameters, parameters.clone(), Purpose::Update)?;
        g.ok()?;
        Ok(g.initial_state())
    }

    /// Feeds a step's plan what it needs.
    pub(super) fn feed_step<U: Real>(
        &self,
        plan: &mut Plan<U>,
        data: &dyn Examples,
        batch: &Batch<'_>,
    ) -> Result<()> {
        feed(plan, data, batch.examples)?;
        for (name, value) in [(RATE, batch.rate), (SHARE, batch.share)] {
            if plan.has_input(name) {
                plan.feed(name, &[U::from_f64(value)])?;
            }
        }
        if plan.has_input(NUMBER) {
            plan.feed_labels(NUMBER, &[(batch.number % NUMBERS as u64) as u32])?;
        }
        if plan.has_input(WEIGHTS) {
            let weights = plan.input_mut(WEIGHTS)?;
            fill_f32(weights, |weights| self.objective.weights(data, batch.examples, weights))?;
        }
        Ok(())
    }

    /// The plan of a training step.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn plan(&self, train: &dyn Examples) -> Result<PlanInfo> {
        let batch = self.batch(train)?;
        Ok(Steps::new().of(self, train, batch, Purpose::Update)?.plan.info())
    }

    /// The time of each part of a training step, over some steps of the first epoch on a copy of the
    /// parameters.
    ///
    /// # Errors
    /// As [`Trainer::run`].
    pub fn profile(&self, train: &dyn Examples) -> Result<Option<Profile>> {
        let (mut steps, batch) = (Steps::new(), self.batch(train)?);
        let (mut parameters, mut state) = (self.parameters.clone(), self.state.clone());
        let order = train.order(self.config.seed, 0);
        let step = steps.of(self, train, batch, Purpose::Update)?;
        for number in 0..2 * PROFILED {
            if number == PROFILED {
                step.plan.record(true);
            }
            let first = number * batch % (order.len() - batch + 1);
            let fed = self.next_batch(&order[first..first + batch], batch);
            self.feed_step(&mut step.plan, train, &fed)?;
            step.plan.step_with(&mut parameters, &mut state)?;
        }
        Ok(step.plan.profile())
    }

    /// What the step after the current progress is fed; `order` are the examples of its epoch.
    pub(super) fn next_batch<'o>(&self, order: &'o [u32], size: usize) -> Batch<'o> {
        let count = order.len().div_ceil(size) as u64;
        let (epoch, at) = (u64::from(self.progress.epoch), self.progress.step);
        let group = self.config.accumulate as u64;
        let is_last = (at + 1).is_multiple_of(group) || at + 1 == count;
        let total = u64::from(self.config.epochs) * count;
        let number = epoch * count + at;
        let first = at as usize * size;
        let examples = &order[first.min(order.len())..(first + size).min(order.len())];
        // The examples of all batches whose gradients are averaged.
        let of_group = order.len() - ((at / group * group) as usize * size).min(order.len());
        let of_group = of_group.min(group as usize * size);
        Batch {
            examples,
            number,
            rate: self.config.rate(number, count, total, &self.progress.plateau),
            share: examples.len() as f64 / of_group.max(1) as f64,
            purpose: if is_last { Purpose::Update } else { Purpose::Accumulate },
        }
    }
}

/// The examples of a step, and what else it is fed.
pub(super) struct Batch<'o> {
    pub(super) examples: &'o [u32],
    /// The step's number over all epochs, from 0.
    pub(super) number: u64,
    pub(super) rate: f64,
    /// What this batch weighs among those of its update.
    pub(super) share: f64,
    pub(super) purpose: Purpose,
}

/// Numbers of steps; what is random begins again after so many.
const NUMBERS: usize = u32::MAX as usize;

/// The loss and the gradients of a batch, for an optimizer that works outside the plan.
pub(super) struct Gradients<T> {
    pub(super) plan: Plan<T>,
    loss: u32,
    /// Each parameter's name with the node of its gradient.
    of: Vec<(String, u32)>,
}

impl<T: Real> Gradients<T> {
    fn new(trainer: &Trainer<T>, data: &dyn Examples, batch: usize) -> Result<Self> {
        let graph = Graph::new();
        let Recorded { loss, gradients, updates, .. } =
            trainer.record_gradients(&graph, data, batch)?;
        if !updates.is_empty() {
            return Err(Error::Setting {
                name: "the optimizer".into(),
                value: format!("`{}`", trainer.config.optimizer.name()),
                wanted: "another one for a model with batch normalisation, whose running statistics it would not keep".into(),
            });
        }
        let outputs: Vec<Var<'_>> =
            std::iter::once(loss).chain(gradients.iter().copied()).collect();
        let plan = graph.compile(&outputs)?.with_pool(&trainer.pool);
        let names = trainer.trained()?.into_iter().map(|(name, _)| name);
        let of = names.zip(&gradients).map(|(name, gradient)| (name, gradient.id())).collect();
        let loss = loss.id();
        Ok(Self { plan, loss, of })
    }

    /// The loss and the gradients at these parameters.
    pub(super) fn at(&mut self, parameters: &Parameters<T>) -> Result<(f64, Parameters<T>)> {
        self.plan.run_with(parameters)?;
        let loss = self.plan.value_of(self.loss)?.first();
        let loss = loss.map_or(f64::NAN, |&loss| Real::to_f64(loss));
        let mut gradients = Parameters::new();
        for (name, id) in &self.of {
            let shape = parameters.get(name)?.shape();
            gradients.insert(name.as_str(), Tensor::new(shape, self.plan.value_of(*id)?.to_vec())?);
        }
        Ok((loss, gradients))
    }
}

/// The plans of a training's steps, compiled when they are first needed: all batches have one size,
/// except perhaps an epoch's last.
pub(super) struct Steps<T> {
    compiled: HashMap<(usize, Purpose), Step<T>>,
    gradients: HashMap<usize, Gradients<T>>,
}

impl<T: Real> Steps<T> {
    pub(super) fn new() -> Self {
        Self { compiled: HashMap::new(), gradients: HashMap::new() }
    }

    /// The step for so many examples.
    pub(super) fn of(
        &mut self,
        trainer: &Trainer<T>,
        data: &dyn Examples,
        batch: usize,
        purpose: Purpose,
    ) -> Result<&mut Step<T>> {
        Ok(match self.compiled.entry((batch, purpose)) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(empty) => empty.insert(Step::new(trainer, data, batch, purpose)?),
        })
    }

    /// The loss and the gradients of so many examples.
    pub(super) fn gradients_of(
        &mut self,
        trainer: &Trainer<T>,
        data: &dyn Examples,
        batch: usize,
    ) -> Result<&mut Gradients<T>> {
        Ok(match self.gradients.entry(batch) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(empty) => empty.insert(Gradients::new(trainer, data, batch)?),
        })
    }
}
