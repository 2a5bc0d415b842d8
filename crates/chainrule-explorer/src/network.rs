//! A run's network, shown on one of its examples.

use std::path::Path;
use std::sync::Arc;

use chainrule_explain::{Explanation, Language, NetworkExplanation};
use chainrule_train::data::{DataPart, Examples};
use chainrule_train::{Precision, Run, RunExample, Which};
use serde::Serialize;

use super::limits;
use super::mistake::Mistake;

/// A run's network with the examples that it is shown on.
pub struct Network {
    run: Run,
    /// The data that was named in place of the run's own.
    named: Option<String>,
    which: Which,
    data: Arc<dyn Examples>,
    about: About,
}

/// What there is to look at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About {
    /// The run's folder.
    pub run: String,
    /// The part of the run's data that the examples are of: `train`, `validation` or `test`; `None` of other
    /// data.
    pub part: Option<DataPart>,
    /// How many examples there are; they are counted from 0.
    pub examples: usize,
    /// The network's parameters.
    pub parameters: usize,
}

impl Network {
    /// The network of a run, on its own held-out examples or those of `data`.
    ///
    /// # Errors
    /// It is no run, its data cannot be read, or its network is too large to be looked at.
    pub fn open(folder: &Path, data: Option<&str>, which: Which) -> Result<Self, Mistake> {
        let run = Run::open(folder)?;
        let (part, examples) = run.examples(data)?;
        let shape = (examples.width(), examples.target());
        let parameters = match run.config.dtype {
            Precision::F32 => run.model::<f32>(shape, data, which)?.1.parameters.count(),
            Precision::F64 => run.model::<f64>(shape, data, which)?.1.parameters.count(),
        };
        limits::at_most("parameters of the network", parameters, limits::PARAMETERS)?;
        let about =
            About { run: folder.display().to_string(), part, examples: examples.len(), parameters };
        Ok(Self { run, named: data.map(Into::into), which, data: examples, about })
    }

    /// What there is to look at.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The graph of the network with its loss on an example, and what it makes of that.
    ///
    /// # Errors
    /// There is no such example, or the run's files are gone or changed.
    pub fn explain(
        &self,
        example: u32,
        language: Language,
    ) -> Result<(Explanation, NetworkExplanation), Mistake> {
        let count = self.about.examples;
        if example as usize >= count {
            let last = count.saturating_sub(1);
            let message =
                format!("there is no example {example}: there are those from 0 to {last}");
            return Err(Mistake::Refused(message));
        }
        let (data, named) = (&*self.data, self.named.as_deref());
        let of = RunExample { data, named, index: example, which: self.which };
        let (mut graph, told) = self.run.example_graph(of, language)?;
        graph.expression.clone_from(&self.about.run);
        Ok((graph, told))
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("about", &self.about).finish_non_exhaustive()
    }
}
