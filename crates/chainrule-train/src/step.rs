//! A training step as one plan: forward, loss, gradients and updates.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use super::learner::Learner;
use super::objective::{Answered, Losses, Objective, RATE, WEIGHT, feed_fields, told_part};
use super::single::fill_f32;
use crate::data::Examples;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::nn::{Cx, Values};
use chainrule::optim::{Method, Rates, Rule};
use chainrule::plan::{Plan, PlanInfo, Profile};
use chainrule::state::{Group, StateKey};
use chainrule::tensor::{Real, Shape, Tensor};
use chainrule::{Parameters, State};

/// The names of a step's inputs beside the fields of its batch, which have no such names.
const NUMBER: &str = "training/step";
const SHARE: &str = "training/share";

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

/// Which step of a training: of which objective, for how many examples, and to what purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) objective: usize,
    pub(super) examples: usize,
    pub(super) purpose: Purpose,
}

/// A compiled training step.
pub(super) struct Step<T> {
    pub(super) plan: Plan<T>,
    /// The objective's loss.
    loss: u32,
    /// The losses that it adds up, by name.
    losses: Vec<(String, u32)>,
    /// The hidden values that are watched, each with its gradient.
    watched: Vec<(String, [Kept; 2])>,
}

/// A value of a plan, and its shape.
type Kept = (u32, Shape);

impl<T: Real> Step<T> {
    fn new(learner: &Learner<T>, kind: Kind) -> Result<Self> {
        let graph = Graph::new();
        let (recorded, updates) = learner.record_step(&graph, kind)?;
        let Recorded { loss, losses, watched, .. } = recorded;
        let outputs: Vec<Var<'_>> = losses
            .iter()
            .map(|&(_, v)| v)
            .chain(watched.iter().flat_map(|&(_, pair)| pair))
            .collect();
        let plan = graph.compile_step_with(loss, &updates, &outputs)?.with_pool(&learner.pool);
        let losses = losses.into_iter().map(|(name, v)| (name, v.id())).collect();
        let of = |v: Var<'_>| (v.id(), v.shape());
        let watched = watched.into_iter().map(|(path, pair)| (path, pair.map(of))).collect();
        Ok(Self { plan, loss: loss.id(), losses, watched })
    }

    pub(super) fn loss(&self) -> Result<f64> {
        self.scalar(self.loss)
    }

    fn scalar(&self, id: u32) -> Result<f64> {
        let values = self.plan.value_of(id)?;
        Ok(values.first().map_or(f64::NAN, |&loss| Real::to_f64(loss)))
    }

    /// The losses that the objective adds up, by name, if there are several.
    pub(super) fn losses(&self) -> Result<Vec<(&str, f64)>> {
        self.losses.iter().map(|(name, id)| Ok((name.as_str(), self.scalar(*id)?))).collect()
    }

    /// A hidden value after a step, and its gradient.
    pub(super) fn watched(&self, path: &str) -> Result<Option<Watched<T>>> {
        let Some((_, pair)) = self.watched.iter().find(|(known, _)| known == path) else {
            return Ok(None);
        };
        let tensor = |(id, shape): Kept| Tensor::new(shape, self.plan.value_of(id)?.to_vec());
        let [value, gradient] = *pair;
        Ok(Some(Watched { value: tensor(value)?, gradient: tensor(gradient)? }))
    }
}

/// A hidden value in a step's batch, before the update.
///
/// See [`Trainer::watch`](super::Trainer::watch).
#[derive(Clone, Debug, PartialEq)]
pub struct Watched<T> {
    /// The value.
    pub value: Tensor<T>,
    /// The gradient of the objective's loss with respect to it.
    pub gradient: Tensor<T>,
}

/// Whether the loss depends on what has this gradient.
pub(super) fn is_reached(gradient: &Var<'_>) -> bool {
    gradient.as_constant() != Some(0.0)
}

/// The nodes of a step up to its gradients.
pub(super) struct Recorded<'g> {
    /// What the objective makes small.
    pub(super) loss: Var<'g>,
    /// The losses that it adds up, by name.
    pub(super) losses: Vec<(String, Var<'g>)>,
    /// What the model answers to the batch.
    pub(super) answer: Values<'g>,
    /// The parameters that the objective changes.
    pub(super) parameters: Vec<Var<'g>>,
    pub(super) gradients: Vec<Var<'g>>,
    /// What layers keep of the batch.
    pub(super) updates: Vec<(Var<'g>, Var<'g>)>,
    /// The hidden values that are watched, each with its gradient.
    pub(super) watched: Vec<(String, [Var<'g>; 2])>,
}

impl<T: Real> Learner<T> {
    /// The loss of a batch, as in a training step, and its gradients.
    pub(super) fn record_gradients<'g>(
        &self,
        g: &'g Graph,
        objective: usize,
        examples: usize,
    ) -> Result<Recorded<'g>> {
        self.check_objectives()?;
        let number = g.labels(NUMBER, [], NUMBERS);
        let cx = Cx::train(g, self.config.seed, number);
        let mut answered = Answered::record(&cx, &self.model, &*self.data.train, examples);
        if self.is_weighted()? {
            answered.batch = answered.batch.with(WEIGHT, g.input(WEIGHT, [examples]));
        }
        let recorded = self.objectives.get(objective).map(|own| own.record(&answered));
        let Some(Losses { total: mut loss, each: losses }) = recorded else {
            unreachable!("a step is of one of the objectives, which have been checked");
        };
        let trained = self.trained_by(objective)?;
        let parameters: Vec<Var<'g>> =
            trained.iter().map(|(name, shape)| g.parameter(name, *shape)).collect();
        if self.penalty > 0.0 {
            let weights = parameters.iter().filter(|w| w.shape().dims().len() > 1);
            loss = weights.fold(loss, |loss, w| loss + w.square().sum(&[]) * self.penalty);
        }
        let mut hidden = Vec::new();
        for path in &self.watched {
            hidden.push(cx.tapped(path)?);
        }
        let mut gradients = g.backward(loss, &[parameters.as_slice(), &hidden].concat());
        let of_hidden = gradients.split_off(parameters.len());
        let pairs = hidden.into_iter().zip(of_hidden).map(|(value, gradient)| [value, gradient]);
        let watched = self.watched.iter().cloned().zip(pairs).collect();
        // Objectives take turns on one batch: what layers keep of it is kept once.
        let mut updates = if objective == self.main() { cx.updates() } else { Vec::new() };
        let frozen = self.model.parameters().iter().filter(|of| self.config.is_frozen(&of.name));
        let frozen: HashSet<u32> = frozen.map(|of| g.parameter(&of.name, of.shape).id()).collect();
        updates.retain(|(kept, _)| !frozen.contains(&kept.id()));
        let answer = answered.answer;
        Ok(Recorded { loss, losses, answer, parameters, gradients, updates, watched })
    }

    /// A step up to its gradients, and every parameter and part of the state with its new value.
    pub(super) fn record_step<'g>(
        &self,
        g: &'g Graph,
        kind: Kind,
    ) -> Result<(Recorded<'g>, Vec<(Var<'g>, Var<'g>)>)> {
        let recorded = self.record_gradients(g, kind.objective, kind.examples)?;
        let Recorded { parameters, gradients, .. } = &recorded;
        let mut updates = recorded.updates.clone();
        updates.extend(self.record_updates(g, kind, parameters, gradients.clone())?);
        Ok((recorded, updates))
    }

    /// What a step makes of the gradients: sums of them, or updates.
    fn record_updates<'g>(
        &self,
        g: &'g Graph,
        kind: Kind,
        parameters: &[Var<'g>],
        mut gradients: Vec<Var<'g>>,
    ) -> Result<Vec<(Var<'g>, Var<'g>)>> {
        let (trained, mut updates) = (self.trained_by(kind.objective)?, Vec::new());
        let reached: Vec<bool> = gradients.iter().map(is_reached).collect();
        if !reached.is_empty() && !reached.contains(&true) {
            let of = match self.objectives.as_slice() {
                [_, _, ..] => format!(" of `{}`", self.objectives[kind.objective].name()),
                _ => String::new(),
            };
            let message = format!(
                "the loss{of} depends on none of the parameters to train, so that a step would train nothing"
            );
            return Err(Error::Mismatch(message));
        }
        if self.config.accumulate > 1 {
            let share = g.input(SHARE, []);
            let all = gradients.iter_mut().zip(&trained).zip(&reached);
            for ((gradient, (name, shape)), _) in all.filter(|(_, reached)| **reached) {
                let sum = g.state(&accumulated(name), *shape);
                *gradient = sum + *gradient * share;
                let kept = match kind.purpose {
                    Purpose::Accumulate => *gradient,
                    Purpose::Update => g.constant(0.0).broadcast_to(*shape),
                };
                updates.push((sum, kept));
            }
        }
        if kind.purpose == Purpose::Update {
            for clip in self.config.clips() {
                gradients = clip.clip(&gradients);
            }
            let names = trained.iter().map(|(name, _)| name.as_str());
            let all = names.zip(parameters.iter().zip(&gradients)).zip(reached);
            // As in PyTorch, what the loss does not reach is not decayed either.
            let of: Vec<(&str, [Var<'g>; 2])> = all
                .filter_map(|((name, (&w, &dw)), reached)| reached.then_some((name, [w, dw])))
                .collect();
            updates.extend(self.grouped(g, kind.objective, &of)?);
        }
        Ok(updates)
    }

    /// The updates of parameters with their gradients, each by the optimizer of its group. A group of
    /// which every parameter is frozen has its turn too: groups are known by their number.
    fn grouped<'g>(
        &self,
        g: &'g Graph,
        objective: usize,
        all: &[(&str, [Var<'g>; 2])],
    ) -> Result<Vec<(Var<'g>, Var<'g>)>> {
        let Some(own) = self.objectives.get(objective) else { return Ok(Vec::new()) };
        let mut updates = Vec::new();
        for (at, (input, base)) in self.rates(objective).enumerate() {
            let group = own.groups().get(at);
            let of_group = |name: &str| own.group_of(name) == Ok(group.map(|_| at));
            let all: Vec<_> = all.iter().filter(|(name, _)| of_group(name)).collect();
            let rate = match self.has_constant_rate() {
                true => g.constant(base),
                false => g.input(input, []),
            };
            let of = all.iter().map(|(name, _)| self.config.rate_of(name)).collect();
            let parameters: Vec<Var<'g>> = all.iter().map(|(_, [w, _])| *w).collect();
            let gradients: Vec<Var<'g>> = all.iter().map(|(_, [_, dw])| *dw).collect();
            let rates = Rates { rate, of };
            let _pin = group.map(|group| g.pin_at(group.place));
            updates.extend(match group {
                Some(group) => group.rule.updates(&rates, &parameters, &gradients),
                None => self.settings_optimizer()?.updates(&rates, &parameters, &gradients),
            });
        }
        Ok(updates)
    }

    /// The inputs of an objective's learning rates, one for each of its optimizers or that of the
    /// settings, with the rates on which the schedule builds.
    fn rates(&self, objective: usize) -> impl Iterator<Item = (&str, f64)> {
        let groups = self.objectives.get(objective).map(Objective::groups).unwrap_or_default();
        let settings = groups.is_empty().then_some((RATE, self.config.lr));
        let own = groups.iter().map(|group| (group.input.as_str(), self.base_rate(group)));
        settings.into_iter().chain(own)
    }

    /// The learning rate of an optimizer on which the schedule builds: who changes that of the settings
    /// changes all of them in proportion.
    fn base_rate(&self, group: &super::objective::Group) -> f64 {
        group.rate * (self.config.lr / self.settled_rate)
    }

    /// The learning rate that the schedule makes of `base` at the step `number`, counted from 0.
    pub(super) fn rate_at(&self, base: f64, number: u64) -> Result<f64> {
        if self.has_constant_rate() {
            return Ok(base);
        }
        let count = self.steps_of_epoch()?;
        let total = u64::from(self.config.schedule_length()) * count;
        let rate = match &self.schedule {
            Some(own) => own.rate(base, number, total),
            None => self.config.rate(base, number, count, total, &self.progress.plateau),
        };
        if rate >= 0.0 && rate.is_finite() {
            return Ok(rate);
        }
        Err(Error::Mismatch(format!(
            "the schedule gives the learning rate {rate} at step {}, but it must be finite and not \
             negative",
            number + 1
        )))
    }

    /// The learning rate that is told of an objective's turn: that of its first optimizer.
    pub(super) fn rate(&self, objective: usize, number: u64) -> Result<f64> {
        let base = self.rates(objective).next().map_or(self.config.lr, |(_, base)| base);
        self.rate_at(base, number)
    }

    /// The optimizer that moves a parameter for an objective, its use, and the learning rate on which its
    /// schedule builds.
    pub(super) fn rule_of(
        &self,
        objective: usize,
        parameter: &str,
    ) -> Result<(&dyn Rule, Group, f64)> {
        let objective = self.objectives.get(objective);
        let groups = objective.map(Objective::groups).unwrap_or_default();
        let own = objective.and_then(|own| own.group_of(parameter).ok().flatten());
        let of = |rule: &str, number: usize| Group { rule: rule.into(), number: number as u32 };
        let Some((at, group)) = own.and_then(|at| Some((at, groups.get(at)?))) else {
            let rule = self.settings_optimizer()?;
            return Ok((rule, of(Rule::name(rule), 0), self.config.lr));
        };
        let name = group.rule.name();
        let number = groups[..at].iter().filter(|before| before.rule.name() == name).count();
        Ok((&*group.rule, of(name, number), self.base_rate(group)))
    }

    /// The state of an objective before the first step. L-BFGS makes its own as it goes.
    pub(super) fn initial_state(&self, objective: usize) -> Result<State<T>> {
        let is_settings = self.objectives.get(objective).is_none_or(|o| o.groups().is_empty());
        if is_settings && matches!(self.config.optimizer, Method::Lbfgs(_)) {
            return Ok(State::new());
        }
        let g = Graph::new();
        let trained = self.trained_by(objective)?;
        let parameters: Vec<Var<'_>> =
            trained.iter().map(|(name, shape)| g.parameter(name, *shape)).collect();
        // Any gradients will do: the state follows from the parameters.
        let kind = Kind { objective, examples: 1, purpose: Purpose::Update };
        self.record_updates(&g, kind, &parameters, parameters.clone())?;
        g.ok()?;
        Ok(g.initial_state())
    }

    /// Whether examples weigh differently in a training step.
    pub(super) fn is_weighted(&self) -> Result<bool> {
        match self.data.train.flat() {
            Some(rows) => Ok(!self.class_weights.is_empty() || rows.weights(&[], &mut [])?),
            None => Ok(false),
        }
    }

    /// What each example of a batch weighs: its own weight, times that of its class; 1 on average.
    pub(super) fn weights(
        &self,
        rows: &dyn Examples,
        batch: &[u32],
        weights: &mut [f32],
    ) -> Result<()> {
        weights.fill(1.0);
        rows.weights(batch, weights)?;
        weights.iter_mut().for_each(|weight| *weight *= self.weight_scale as f32);
        if self.class_weights.is_empty() {
            return Ok(());
        }
        let mut labels = vec![0; batch.len()];
        rows.labels(batch, &mut labels)?;
        for (weight, label) in weights.iter_mut().zip(labels) {
            *weight *= self.class_weights.get(label as usize).copied().unwrap_or(1.0) as f32;
        }
        Ok(())
    }

    /// Feeds the plan of an objective's turn in a step what it needs.
    pub(super) fn feed_step<U: Real>(
        &self,
        plan: &mut Plan<U>,
        objective: usize,
        batch: &Batch<'_>,
    ) -> Result<()> {
        let data = &*self.data.train;
        feed_fields(plan, data, batch.examples)?;
        for (input, base) in self.rates(objective) {
            if plan.has_input(input) {
                plan.feed(input, &[U::from_f64(self.rate_at(base, batch.number)?)])?;
            }
        }
        if plan.has_input(SHARE) {
            plan.feed(SHARE, &[U::from_f64(batch.share)])?;
        }
        if plan.has_input(NUMBER) {
            plan.feed_labels(NUMBER, &[(batch.number % NUMBERS as u64) as u32])?;
        }
        if let Some(rows) = data.flat().filter(|_| plan.has_input(WEIGHT)) {
            let weights = plan.input_mut(WEIGHT)?;
            fill_f32(weights, |weights| self.weights(rows, batch.examples, weights))?;
        }
        Ok(())
    }

    /// The plan of a training step, that of the main objective.
    ///
    /// # Errors
    /// As [`Trainer::run`](super::Trainer::run).
    pub fn plan(&self) -> Result<PlanInfo> {
        let (objective, examples) = (self.main(), self.batch()?);
        let kind = Kind { objective, examples, purpose: Purpose::Update };
        Ok(Steps::new().of(self, kind)?.plan.info())
    }

    /// The time of each part of a training step of the main objective, over some steps of the first
    /// epoch on a copy of the parameters.
    ///
    /// # Errors
    /// As [`Trainer::run`](super::Trainer::run).
    pub fn profile(&self) -> Result<Option<Profile>> {
        let (mut steps, batch) = (Steps::new(), self.batch()?);
        let mut parameters = self.parameters.clone();
        let mut state = self.states.get(self.main()).cloned().unwrap_or_default();
        let order = self.order(0)?;
        let kind = Kind { objective: self.main(), examples: batch, purpose: Purpose::Update };
        let step = steps.of(self, kind)?;
        for number in 0..2 * PROFILED {
            if number == PROFILED {
                step.plan.record(true);
            }
            let first = number * batch % (order.len() - batch + 1);
            let batch = self.whole(&order[first..first + batch])?;
            self.feed_step(&mut step.plan, kind.objective, &batch)?;
            // It is timed alone: what became of it does not matter.
            let _ = step.plan.step_with(&mut parameters, &mut state)?;
        }
        Ok(step.plan.profile())
    }

    /// The next step of the epoch under way, each objective's in turn: `None` where a loss is not finite.
    pub(super) fn step(
        &mut self,
        steps: &mut Steps<T>,
        order: &[u32],
        batch: usize,
    ) -> Result<Option<Stepped>> {
        let batch = self.next_batch(order, batch);
        if let Method::Lbfgs(lbfgs) = self.config.optimizer
            && self.is_of_settings()
        {
            let loss = self.lbfgs_step(steps, &batch, lbfgs, &mut None)?;
            return Ok(loss.map(|loss| Stepped { loss, losses: BTreeMap::new() }));
        }
        let mut stepped = Stepped { loss: f64::NAN, losses: BTreeMap::new() };
        let all = 0..self.objectives.len();
        Ok(self.turns(steps, &batch, all, &mut stepped)?.then_some(stepped))
    }

    /// The turns of some objectives in a step, of those whose turn it is: `false` where a loss is not finite.
    pub(super) fn turns(
        &mut self,
        steps: &mut Steps<T>,
        batch: &Batch<'_>,
        objectives: Range<usize>,
        stepped: &mut Stepped,
    ) -> Result<bool> {
        let (main, several) = (self.main(), self.objectives.len() > 1);
        for at in objectives {
            if !self.objectives[at].is_due(batch.number) {
                continue;
            }
            let kind =
                Kind { objective: at, examples: batch.examples.len(), purpose: batch.purpose };
            let step = steps.of(self, kind)?;
            self.feed_step(&mut step.plan, at, batch)?;
            if !step.plan.step_with(&mut self.parameters, &mut self.states[at])?.is_finite() {
                return Ok(false);
            }
            let (loss, name) = (step.loss()?, self.objectives[at].name());
            if at == main {
                stepped.loss = loss;
            }
            if several {
                stepped.losses.insert(name.to_owned(), loss);
            }
            for (part, loss) in step.losses()? {
                stepped.losses.insert(told_part(name, part, several), loss);
            }
        }
        Ok(true)
    }

    /// What the step after the current progress would be fed if these were its examples, of an update of
    /// their own.
    pub(super) fn whole<'o>(&self, examples: &'o [u32]) -> Result<Batch<'o>> {
        let number = u64::from(self.progress.epoch) * self.steps_of_epoch()? + self.progress.step;
        Ok(Batch { examples, number, share: 1.0, purpose: Purpose::Update })
    }

    /// What the step after the current progress is fed; `order` are the examples of its epoch.
    pub(super) fn next_batch<'o>(&self, order: &'o [u32], size: usize) -> Batch<'o> {
        let count = order.len().div_ceil(size) as u64;
        let (epoch, at) = (u64::from(self.progress.epoch), self.progress.step);
        let group = self.config.accumulate as u64;
        let is_last = (at + 1).is_multiple_of(group) || at + 1 == count;
        let number = epoch * count + at;
        let first = at as usize * size;
        let examples = &order[first.min(order.len())..(first + size).min(order.len())];
        // The examples of all batches whose gradients are averaged.
        let of_group = order.len() - ((at / group * group) as usize * size).min(order.len());
        let of_group = of_group.min(group as usize * size);
        Batch {
            examples,
            number,
            share: examples.len() as f64 / of_group.max(1) as f64,
            purpose: if is_last { Purpose::Update } else { Purpose::Accumulate },
        }
    }
}

/// What a step tells.
pub(super) struct Stepped {
    /// The loss of the main objective.
    pub(super) loss: f64,
    /// The losses of which there are several, by name.
    pub(super) losses: BTreeMap<String, f64>,
}

/// The examples of a step, and what else it is fed.
pub(super) struct Batch<'o> {
    pub(super) examples: &'o [u32],
    /// The step's number over all epochs, from 0.
    pub(super) number: u64,
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
    fn new(learner: &Learner<T>, examples: usize) -> Result<Self> {
        let graph = Graph::new();
        let Recorded { loss, gradients, updates, .. } =
            learner.record_gradients(&graph, 0, examples)?;
        if !updates.is_empty() {
            return Err(Error::Setting {
                name: "the optimizer".into(),
                value: format!("`{}`", learner.config.optimizer.name()),
                wanted: "another one for a model with batch normalisation, whose running statistics it would not keep".into(),
            });
        }
        let outputs: Vec<Var<'_>> =
            std::iter::once(loss).chain(gradients.iter().copied()).collect();
        let plan = graph.compile(&outputs)?.with_pool(&learner.pool);
        let names = learner.trained_by(0)?.into_iter().map(|(name, _)| name);
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
    compiled: HashMap<Kind, Step<T>>,
    gradients: HashMap<usize, Gradients<T>>,
}

impl<T: Real> Steps<T> {
    pub(super) fn new() -> Self {
        Self { compiled: HashMap::new(), gradients: HashMap::new() }
    }

    /// The step of this kind.
    pub(super) fn of(&mut self, learner: &Learner<T>, kind: Kind) -> Result<&mut Step<T>> {
        Ok(match self.compiled.entry(kind) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(empty) => empty.insert(Step::new(learner, kind)?),
        })
    }

    /// The step of this kind, if there has been one.
    pub(super) fn known(&self, kind: Kind) -> Option<&Step<T>> {
        self.compiled.get(&kind)
    }

    /// The loss and the gradients of so many examples.
    pub(super) fn gradients_of(
        &mut self,
        learner: &Learner<T>,
        examples: usize,
    ) -> Result<&mut Gradients<T>> {
        Ok(match self.gradients.entry(examples) {
            Entry::Occupied(ready) => ready.into_mut(),
            Entry::Vacant(empty) => empty.insert(Gradients::new(learner, examples)?),
        })
    }
}
