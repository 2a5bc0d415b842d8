//! What a run's folder keeps of a model that code describes.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::identity::PROGRAM;
use super::journal::VERSION;
use super::learner::Learner;
use super::objective::Objective;
use crate::data::hex;
use chainrule::error::Result;
use chainrule::graph::{Graph, Source};
use chainrule::nn::Field;
use chainrule::tensor::Real;

/// A model that code describes, and what it is trained for, as the folder of a run keeps them in
/// `model.json`: enough to tell it from another one, though not to make it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// The version of the files of a run.
    pub version: u32,
    /// The name that its user gave it.
    pub name: String,
    /// Its parameters.
    pub parameters: Vec<ParameterRecord>,
    /// What it takes for an example, such as `` `image` [batch, 28, 28, 1] ``.
    pub inputs: Vec<String>,
    /// What it answers.
    pub outputs: Vec<String>,
    /// What it is trained for, by objective.
    pub objectives: Vec<ObjectiveRecord>,
    /// What an example of its training data consists of.
    pub fields: Vec<String>,
    /// The examples that it learns from.
    pub examples: usize,
    /// Whether the schedule of the learning rate is code as well.
    pub own_schedule: bool,
    /// The program that recorded it.
    pub program: String,
}

/// A parameter of a model that code describes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterRecord {
    /// Its name with its path.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether an optimizer changes it; else its layer does.
    pub trained: bool,
}

/// What a training makes small, and by which optimizers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveRecord {
    /// Its name.
    pub name: String,
    /// The steps from one of its turns to the next.
    pub every: u64,
    /// The losses that it adds up, each with its weight.
    pub losses: Vec<(String, f64)>,
    /// Its optimizers: the pattern of their parameters' names, the rule with its settings and the learning
    /// rate; none where it has that of the settings.
    pub optimizers: Vec<(String, String, f64)>,
    /// The SHA-256 of all that is recorded for its loss of a batch: layers, losses and their settings.
    pub computes: String,
}

impl ModelRecord {
    /// What is kept of a training's model.
    ///
    /// # Errors
    /// A mistake in what the model or a loss records.
    pub(super) fn of<T: Real>(name: &str, learner: &Learner<T>) -> Result<Self> {
        let parameters = learner.model.parameters().iter().map(|parameter| ParameterRecord {
            name: parameter.name.clone(),
            shape: parameter.shape.dims().to_vec(),
            trained: parameter.trainable,
        });
        let told = |fields: &[Field]| fields.iter().map(Field::to_string).collect();
        let objectives = learner.objectives.iter().enumerate();
        let objectives =
            objectives.map(|(at, own)| Ok(ObjectiveRecord::of(own, computes(learner, at)?)));
        Ok(Self {
            version: VERSION,
            name: name.into(),
            parameters: parameters.collect(),
            inputs: told(learner.model.inputs()),
            outputs: told(learner.model.outputs()),
            objectives: objectives.collect::<Result<_>>()?,
            fields: told(&learner.data.train.fields()),
            examples: learner.data.train.len(),
            own_schedule: learner.schedule.is_some(),
            program: PROGRAM.into(),
        })
    }

    /// The first thing in which the model of a run differs from `now`, in words.
    pub(super) fn difference(&self, now: &Self) -> Option<String> {
        if self.name != now.name {
            return Some(format!("its name is `{}` there and `{}` here", self.name, now.name));
        }
        let (of_now, of_run) = (now.by_name(), self.by_name());
        for there in &self.parameters {
            match of_now.get(&*there.name) {
                Some(here) if there == *here => {}
                Some(here) => {
                    return Some(format!("`{}` is {there} there and {here} here", there.name));
                }
                None => return Some(format!("`{}`, {there}, is there alone", there.name)),
            }
        }
        if let Some(new) = now.parameters.iter().find(|new| !of_run.contains_key(&*new.name)) {
            return Some(format!("`{}`, {new}, is here alone", new.name));
        }
        let objectives =
            |of: &Self| of.objectives.iter().map(ObjectiveRecord::to_string).collect::<Vec<_>>();
        let (there, here) = (objectives(self), objectives(now));
        let lists = [
            ("inputs", &self.inputs, &now.inputs),
            ("outputs", &self.outputs, &now.outputs),
            ("fields of the data", &self.fields, &now.fields),
            ("objectives", &there, &here),
        ];
        if let Some((what, there, here)) = lists.into_iter().find(|(_, there, here)| there != here)
        {
            let (there, here) = (there.join(", "), here.join(", "));
            return Some(format!("the {what} are {there} there and {here} here"));
        }
        let (there, here) = (self.examples, now.examples);
        if there != here {
            return Some(format!("it learns from {there} examples there and {here} here"));
        }
        if self.own_schedule != now.own_schedule {
            let told = |own: bool| if own { "code" } else { "in the settings" };
            let (there, here) = (told(self.own_schedule), told(now.own_schedule));
            return Some(format!("the schedule is {there} there and {here} here"));
        }
        // Another program may record the same differently.
        let pairs = self.objectives.iter().zip(&now.objectives);
        let mut pairs = pairs.filter(|_| self.program == now.program);
        let (other, _) = pairs.find(|(there, here)| there.computes != here.computes)?;
        let what = format!("what `{}` computes for a batch is another there", other.name);
        Some(format!("{what}: a layer, a loss or a setting of theirs, as the share of a dropout"))
    }

    fn by_name(&self) -> HashMap<&str, &ParameterRecord> {
        self.parameters.iter().map(|parameter| (&*parameter.name, parameter)).collect()
    }
}

/// The digest of what is recorded for an objective's loss of a batch.
fn computes<T: Real>(learner: &Learner<T>, objective: usize) -> Result<String> {
    let g = Graph::new();
    let loss = learner.record_gradients(&g, objective, learner.batch()?)?.loss;
    g.ok()?;
    let mut digest = Sha256::new();
    for id in 0..=loss.id() {
        g.node(id, |node| {
            digest.update(format!("{:?} {:?} ", node.operands, node.ty));
            match &node.source {
                Source::Constant(tensor) => digest.update(tensor.to_le_bytes()),
                other => digest.update(format!("{other:?}")),
            }
        });
    }
    Ok(hex(&digest.finalize()))
}

impl std::fmt::Display for ParameterRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}{}", self.shape, if self.trained { "" } else { " (kept by its layer)" })
    }
}

impl ObjectiveRecord {
    fn of(objective: &Objective, computes: String) -> Self {
        let optimizers = objective.groups().iter();
        let optimizers =
            optimizers.map(|of| (of.pattern.clone(), format!("{:?}", of.rule), of.rate));
        Self {
            name: objective.name().into(),
            every: objective.period(),
            losses: objective.parts().map(|(name, weight)| (name.into(), weight)).collect(),
            optimizers: optimizers.collect(),
            computes,
        }
    }
}

impl std::fmt::Display for ObjectiveRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` (every {} steps; ", self.name, self.every)?;
        for (name, weight) in &self.losses {
            write!(f, "loss {name} × {weight}; ")?;
        }
        let optimizers = self.optimizers.iter();
        let optimizers = optimizers.map(|(of, rule, rate)| format!("{rule} for `{of}` at {rate}"));
        write!(f, "{})", optimizers.collect::<Vec<_>>().join("; "))
    }
}
