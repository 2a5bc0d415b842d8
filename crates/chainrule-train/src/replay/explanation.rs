//! Why the weights moved: one step of a training, taken apart.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::learner::Learner;
use super::super::objective::Objective;
use super::super::step::{Batch, Purpose, Stepped, Steps, accumulated};
use super::super::trainer::Trainer;
use super::movement::{Movement, Split, movements, share};
use super::probe::Probe;
use crate::data::{Examples, truths};
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::graph::{Graph, Var};
use chainrule::nn::{Answer, Scale, Truth};
use chainrule::optim::{Before, Clip};
use chainrule::state::Bindings;
use chainrule::tensor::{Real, Tensor};
use chainrule_explain::{Language, digits};

/// One step of a training: its batch, its gradients, and what moved the parameters.
///
/// The update Δw is what the step did to the parameters, in their own precision; everything that it is
/// compared with is computed in double precision from what the step began with. The share of a part p
/// of the update is its projection, ⟨p, Δw⟩/⟨Δw, Δw⟩, so that the shares of all parts add up to 1. What
/// the batch gives and clipping takes is in turn the sum of what the examples contribute.
///
/// ```
/// use chainrule::nn::Init;
/// use chainrule_train::data::{Dataset, Flat};
/// use chainrule_explain::Language;
/// use chainrule_train::{Config, Cause, DataParts, Trainer};
/// let data = Flat::new(Dataset::new(2, vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2)?);
/// let config = Config { hidden: vec![8], init: Init::He, batch_size: 4, ..Config::default() };
/// let model = config.model(2, 2)?;
/// let mut trainer = Trainer::<f64>::new(&model, &config, DataParts::train(data))?;
/// let step = trainer.explain_step(&[], Language::English)?;
/// // Plain gradient descent: everything comes from the batch.
/// assert_eq!(step.update.parts[0].kind, Cause::Batch);
/// let shares: f64 = step.examples.iter().map(|example| example.update_share).sum();
/// assert!((shares - 1.0).abs() < 1e-9);
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepExplanation {
    /// Whether the data is not what the run had, so that this step is not the one that ran.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub other_data: bool,
    /// The step, counted from 1 over all epochs.
    pub step: u64,
    /// Its epoch, counted from 1.
    pub epoch: u32,
    /// The step within that epoch, counted from 1.
    pub step_of_epoch: u64,
    /// The objective whose turn is explained, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// The learning rate of this step; of the objective's first optimizer, where there are several.
    pub learning_rate: f64,
    /// The examples of the batch.
    pub batch_size: usize,
    /// The loss of the batch, before the update.
    pub loss: f64,
    /// The examples of the batch one by one, those with the largest share of the loss first; none where they
    /// are no rows with one target that the model answers with one row.
    pub examples: Vec<StepExample>,
    /// All parameters that the training changes, together.
    pub update: Movement,
    /// Those of each layer together.
    pub layers: Vec<Movement>,
    /// Each of them.
    pub parameters: Vec<Movement>,
    /// The language of the words.
    #[serde(skip)]
    pub language: Language,
}

/// An example of a step's batch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepExample {
    /// Its number in the training part, from 0.
    pub row: u32,
    /// Its class or its values.
    pub target: String,
    /// What the model says of it, before the update.
    pub predicted: String,
    /// Its own loss.
    pub loss: f64,
    /// The share of the batch's loss, with the weight that it has there.
    pub loss_share: f64,
    /// The share of the batch's gradient, by projection.
    pub gradient_share: f64,
    /// The share of the update, by projection, with its gradient clipped as the whole is.
    pub update_share: f64,
}

impl<T: Real> Trainer<T> {
    /// Does the next step, and explains it: of several objectives the turn of the first that has one at
    /// every step. Classes are told by `class_names`, or else by their numbers.
    ///
    /// # Errors
    /// The optimizer is L-BFGS or cannot take its updates apart, the epoch has no step left, or as
    /// [`Trainer::run`]; the training then stands where it stood.
    pub fn explain_step(
        &mut self,
        class_names: &[String],
        language: Language,
    ) -> Result<StepExplanation> {
        let learner = self.learner_mut();
        learner.prepare()?;
        learner.explain(learner.main(), class_names, language)
    }

    /// [`Trainer::explain_step`] of another objective's turn in the step: what moved its parameters, with
    /// those of others as the turns before have left them.
    ///
    /// ```
    /// use chainrule::nn::{Affine, Field, Init, Network};
    /// use chainrule::optim::{Adam, Sgd};
    /// use chainrule_explain::Language;
    /// use chainrule_train::data::Arrays;
    /// use chainrule_train::{Cause, Config, DataParts, Objective, Trainer};
    /// let data = Arrays::new().real("x", [1], vec![0.0, 1.0, 2.0])?;
    /// let model = Network::new(Affine::new(1, Init::He), [Field::real("x", [1])])?;
    /// let to = |name: &str, target: f64| {
    ///     Objective::new(name).loss(move |answer, _| (answer.one() - target).square().mean(&[]))
    /// };
    /// let mut trainer = Trainer::<f64>::new(&model, &Config::default(), DataParts::train(data))?
    ///     .objective(to("up", 1.0).optimizer("weight", Sgd::default(), 0.1))
    ///     .objective(to("down", -1.0).optimizer("bias", Adam::default(), 0.1));
    /// let step = trainer.explain_objective("down", &[], Language::English)?;
    /// assert_eq!((step.parameters[0].name.as_str(), step.parameters.len()), ("bias", 1));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Trainer::explain_step`], or there is no such objective, or it has no turn in this step.
    pub fn explain_objective(
        &mut self,
        objective: &str,
        class_names: &[String],
        language: Language,
    ) -> Result<StepExplanation> {
        let learner = self.learner_mut();
        learner.prepare()?;
        let known = learner.objectives.iter().map(Objective::name);
        let Some(at) = known.clone().position(|name| name == objective) else {
            return Err(Error::unknown("objective", objective, known));
        };
        learner.explain(at, class_names, language)
    }
}

impl<T: Real> Learner<T> {
    /// Does the next step and explains an objective's turn in it, or leaves the training as it is.
    fn explain(
        &mut self,
        objective: usize,
        class_names: &[String],
        language: Language,
    ) -> Result<StepExplanation> {
        let place = self.standing();
        let explained = self.explained(objective, class_names, language);
        if explained.is_err() {
            self.stand(place);
        }
        explained
    }

    fn explained(
        &mut self,
        at: usize,
        class_names: &[String],
        language: Language,
    ) -> Result<StepExplanation> {
        let data = self.data.train.clone();
        let order = self.order(self.progress.epoch)?;
        let batch = self.next_batch(&order, self.batch()?);
        if batch.examples.is_empty() {
            let message = "the epoch has no step left to explain: its scores come next";
            return Err(Error::Mismatch(message.into()));
        }
        let objective = &self.objectives[at];
        if !objective.is_due(batch.number) {
            return Err(Error::Mismatch(format!(
                "the objective `{}` has no turn in step {}: it takes one at every {} steps",
                objective.name(),
                batch.number + 1,
                objective.period()
            )));
        }
        let (name, count) = (objective.name().to_owned(), self.objectives.len());
        let (place, mut steps) = (self.standing(), Steps::new());
        let mut stepped = Stepped { loss: f64::NAN, losses: BTreeMap::new() };
        let mut finite = self.turns(&mut steps, &batch, 0..at, &mut stepped)?;
        let (before, state) = (self.parameters.cast::<f64>(), self.states[at].cast::<f64>());
        let mut probe = Probe::run(self, at, &batch, &before)?;
        let gradients = probe.gradients()?;
        let known = (&before, &state).into();
        let split = self.split(at, &batch, known, &gradients, &probe.reached)?;
        finite = finite && self.turns(&mut steps, &batch, at..at + 1, &mut stepped)?;
        let moved = self.moved(at, &before)?;
        finite = finite && self.turns(&mut steps, &batch, at + 1..count, &mut stepped)?;
        if !finite || !self.is_finite() {
            return Err(self.diverged(&mut steps, place)?);
        }
        let Stepped { loss, losses } = stepped;
        self.progress.add(batch.examples.len(), loss, &losses);

        let square = moved.iter().flatten().map(|x| x * x).sum::<f64>();
        let total = gradients.iter().flatten().map(|x| x * x).sum::<f64>();
        let mut examples = Vec::new();
        if let Some(rows) = data.flat().filter(|_| probe.is_of_rows()) {
            let toward_update: Vec<Vec<f64>> = (split.iter().zip(&moved))
                .map(|(s, d)| {
                    s.of_gradient.iter().zip(d).map(|(k, d)| share(k * d, square)).collect()
                })
                .collect();
            let toward_gradient: Vec<Vec<f64>> =
                gradients.iter().map(|g| g.iter().map(|x| share(*x, total)).collect()).collect();
            let of_update = probe.along(&toward_update, &before)?;
            let of_gradient = probe.along(&toward_gradient, &before)?;
            examples = self.examples(at, &probe, rows, &batch, class_names)?;
            for ((example, update), gradient) in examples.iter_mut().zip(of_update).zip(of_gradient)
            {
                (example.update_share, example.gradient_share) = (update, gradient);
            }
            examples.sort_by(|a, b| b.loss_share.total_cmp(&a.loss_share));
        }

        let (update, layers, parameters) = movements(&before, &gradients, &split, &moved)?;
        Ok(StepExplanation {
            other_data: false,
            step: batch.number + 1,
            epoch: self.progress.epoch + 1,
            step_of_epoch: self.progress.step,
            learning_rate: self.rate(at, batch.number)?,
            batch_size: batch.examples.len(),
            loss: if count > 1 { losses.get(&name).copied().unwrap_or(loss) } else { loss },
            objective: Some(name).filter(|_| count > 1),
            examples,
            update,
            layers,
            parameters,
            language,
        })
    }

    /// What each trained parameter's update should be the sum of.
    fn split(
        &self,
        objective: usize,
        batch: &Batch<'_>,
        before: Bindings<'_, f64>,
        gradients: &[Vec<f64>],
        reached: &[bool],
    ) -> Result<Vec<Split>> {
        let trained = self.trained_by(objective)?;
        let accumulates = self.config.accumulate > 1;
        let share = if accumulates { batch.share } else { 1.0 };
        let mut earlier = Vec::new();
        for ((name, _), gradient) in trained.iter().zip(gradients) {
            earlier.push(match accumulates {
                true => before.kept(&accumulated(name))?.values().to_vec(),
                false => vec![0.0; gradient.len()],
            });
        }
        let whole: Vec<Vec<f64>> = (gradients.iter().zip(&earlier))
            .map(|(g, e)| g.iter().zip(e).map(|(g, e)| e + g * share).collect())
            .collect();
        let clipped = clipped(&self.config.clips(), &whole)?;
        let mut split = Vec::new();
        for (at, (name, _)) in trained.iter().enumerate() {
            if batch.purpose == Purpose::Accumulate || !reached[at] {
                split.push(Split::nothing(name, gradients[at].len()));
                continue;
            }
            let (rule, group, base) = self.rule_of(objective, name)?;
            let rate = self.rate_at(base, batch.number)? * self.config.rate_of(name);
            let parts = rule.parts(&Before::of(name, group, before)?, &clipped[at], rate)?;
            let scaled = |values: &[f64]| -> Vec<f64> {
                parts.scale.iter().zip(values).map(|(k, x)| -k * x).collect()
            };
            let taken: Vec<f64> = clipped[at].iter().zip(&whole[at]).map(|(c, g)| c - g).collect();
            let of_batch: Vec<f64> = gradients[at].iter().map(|g| g * share).collect();
            let values = [
                scaled(&of_batch),
                scaled(&earlier[at]),
                scaled(&taken),
                parts.running,
                parts.decay,
            ];
            let kept = clipped[at].iter().zip(&whole[at]).map(|(c, g)| match *g {
                0.0 => 1.0,
                g => c / g,
            });
            let of_gradient = parts.scale.iter().zip(kept).map(|(k, kept)| -k * kept * share);
            let of_gradient = of_gradient.collect();
            split.push(Split { name: name.clone(), of_gradient, parts: values });
        }
        Ok(split)
    }

    /// What the step did to each parameter that an objective changes.
    fn moved(&self, objective: usize, before: &Parameters<f64>) -> Result<Vec<Vec<f64>>> {
        let mut moved = Vec::new();
        for (name, _) in self.trained_by(objective)? {
            let (new, old) = (self.parameters.get(&name)?, before.get(&name)?);
            let pairs = new.values().iter().zip(old.values());
            moved.push(pairs.map(|(new, old)| Real::to_f64(*new) - old).collect());
        }
        Ok(moved)
    }

    /// The batch's examples in its order, their shares of gradient and update still unknown.
    fn examples(
        &self,
        objective: usize,
        probe: &Probe,
        train: &dyn Examples,
        batch: &Batch<'_>,
        class_names: &[String],
    ) -> Result<Vec<StepExample>> {
        let mut weights = vec![1.0; batch.examples.len()];
        if self.is_weighted()? {
            self.weights(train, batch.examples, &mut weights)?;
        }
        let losses = probe.losses(self, objective, train, batch.examples)?;
        let total: f64 = losses.iter().zip(&weights).map(|(l, &w)| l * f64::from(w)).sum();
        let (truths, scales) = (truths(train, batch.examples)?, train.scales());
        let name = |class: u32| {
            class_names.get(class as usize).cloned().unwrap_or_else(|| class.to_string())
        };
        let values = |values: &[f64]| -> String {
            values.iter().map(|x| digits(*x, 4)).collect::<Vec<_>>().join(" ")
        };
        let rows = probe.outputs()?;
        let mut examples = Vec::new();
        let told = batch.examples.iter().zip(&truths).zip(&rows).enumerate();
        for (at, ((&row, truth), outputs)) in told {
            let target = match truth {
                Truth::Class(label) => name(*label),
                Truth::Values(wanted) => values(&Scale::row(&scales, wanted)),
            };
            let predicted = match Answer::of(train.target(), &scales, outputs)? {
                Answer::Class { class: Some(class), .. } => name(class),
                Answer::Class { class: None, .. } => values(&[f64::NAN]),
                Answer::Values(said) => values(&said),
            };
            let loss_share = share(losses[at] * f64::from(weights[at]), total);
            let (gradient_share, update_share) = (0.0, 0.0);
            let loss = losses[at];
            examples.push(StepExample {
                row,
                target,
                predicted,
                loss,
                loss_share,
                gradient_share,
                update_share,
            });
        }
        Ok(examples)
    }
}

/// Gradients after clipping.
fn clipped(clips: &[Clip], gradients: &[Vec<f64>]) -> Result<Vec<Vec<f64>>> {
    if clips.is_empty() {
        return Ok(gradients.to_vec());
    }
    let g = Graph::new();
    let vector = |x: &Vec<f64>| Ok(g.constant_tensor(Tensor::new([x.len()], x.clone())?));
    let whole: Vec<Var<'_>> = gradients.iter().map(vector).collect::<Result<_>>()?;
    let clipped = clips.iter().fold(whole, |gradients, clip| clip.clip(&gradients));
    let mut plan = g.compile::<f64>(&clipped)?;
    plan.run()?;
    clipped.iter().map(|&v| plan.value(v).map(<[f64]>::to_vec)).collect()
}
