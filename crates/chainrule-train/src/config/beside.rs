//! What is usual beside an optimizer: its learning rate, and how many examples a step takes.

use super::Config;
use chainrule::optim::{Method, Optimizer};

impl Config {
    /// These settings with another optimizer. Where it is of another kind, the learning rate and the batch size
    /// that were usual beside the one before give way to its own; others stay, as do those that `kept` names,
    /// whatever they are: what a file or the command line says. L-BFGS takes the whole training part for a
    /// batch, as it knows no other.
    ///
    /// ```
    /// use chainrule::optim::Optimizer;
    /// use chainrule_train::Config;
    /// let lesson = Config::default();
    /// assert_eq!(lesson.clone().with_optimizer(Optimizer::adam().into(), &[]).lr, 0.001);
    /// let chosen = Config { lr: 0.03, ..lesson.clone() };
    /// assert_eq!(chosen.with_optimizer(Optimizer::adam().into(), &[]).lr, 0.03);
    /// assert_eq!(lesson.with_optimizer(Optimizer::adam().into(), &["lr"]).lr, 0.1);
    /// ```
    #[must_use]
    pub fn with_optimizer(self, optimizer: Method, kept: &[&str]) -> Self {
        let (rate, batch) = (self.usual_rate(), self.usual_batch());
        let is_other = optimizer.name() != self.optimizer.name();
        let now = Self { optimizer, ..self };
        if !is_other {
            return now;
        }
        let is_free = |key, is_usual: bool| is_usual && !kept.contains(&key);
        let is_whole = matches!(now.optimizer, Method::Lbfgs(_));
        let lr = if is_free("lr", now.lr == rate) { now.usual_rate() } else { now.lr };
        let batch_size = match is_free("batch_size", is_whole || now.batch_size == batch) {
            true => now.usual_batch(),
            false => now.batch_size,
        };
        Self { lr, batch_size, ..now }
    }

    /// Those of the settings that a file says beside another optimizer which stay with this one. L-BFGS takes the
    /// whole training part for a batch, whatever was chosen for another.
    ///
    /// ```
    /// use chainrule::optim::{Lbfgs, Method, Optimizer};
    /// use chainrule_train::Config;
    /// let said = ["lr", "batch_size"];
    /// assert_eq!(Config::said_beside(&Optimizer::adam().into(), &said), said);
    /// assert_eq!(Config::said_beside(&Method::Lbfgs(Lbfgs::default()), &said), ["lr"]);
    /// ```
    #[must_use]
    pub fn said_beside<'s>(optimizer: &Method, said: &[&'s str]) -> Vec<&'s str> {
        let is_whole = matches!(optimizer, Method::Lbfgs(_));
        said.iter().copied().filter(|key| !(is_whole && *key == "batch_size")).collect()
    }

    /// The learning rate that is usual beside the optimizer for such data: of the one that is itself usual the
    /// data's, of another its own.
    #[must_use]
    pub fn usual_rate(&self) -> f64 {
        let begin = Self::for_dataset(&self.dataset);
        match self.optimizer {
            of if of.name() == begin.optimizer.name() => begin.lr,
            Method::Step(Optimizer::Sgd(_) | Optimizer::AdaGrad(_)) => 0.01,
            Method::Step(Optimizer::RmsProp(_) | Optimizer::Adam(_) | Optimizer::AdamW(_)) => 0.001,
            Method::Lbfgs(_) => 1.0,
        }
    }

    /// In words, that the learning rate is the usual one beside an optimizer that is not itself usual for the data.
    #[must_use]
    pub fn told_rate(&self) -> Option<String> {
        let name = self.optimizer.name();
        let is_usual = name == Self::for_dataset(&self.dataset).optimizer.name();
        (!is_usual && self.lr == self.usual_rate())
            .then(|| format!("{name}: learning rate {}, as is usual for it (--lr)", self.lr))
    }

    /// The batch size that is usual beside the optimizer.
    fn usual_batch(&self) -> usize {
        match self.optimizer {
            Method::Step(_) => Self::for_dataset(&self.dataset).batch_size,
            Method::Lbfgs(_) => u32::MAX as usize,
        }
    }
}
