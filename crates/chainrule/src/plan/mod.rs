//! Plans: a graph compiled once, with all memory laid out, and run many times.
//!
//! Compiling drops what no output needs, turns transposes, broadcasts and slices into strides that
//! kernels read through, joins chains of pointwise operations into one pass over memory in blocks
//! that stay in cache, and lays out all buffers by their lifetimes. Running allocates nothing.

mod output;
mod stepped;
mod describe;
mod eval;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use describe::{PlanInfo, Profile, StepInfo, Trace};
use output::Key;
pub use output::Output;
pub use stepped::Stepped;

use crate::error::{Error, Result};
use crate::graph::{Graph, Kind, Type, Var};
use crate::lowering::{Outside, Place, Slot, Storage};
use crate::parameters::Parameters;
pub use crate::runtime::check_environment;
use crate::runtime::{Executor, Extent, Layout, Memory, Pool, Run};
use crate::state::{Bindings, Owner, State};
use crate::tensor::{Real, Tensor, compiled_here};

/// A compiled graph with its memory, in the precision `T`. Clones share the layout, not the memory.
#[derive(Clone)]
pub struct Plan<T> {
    layout: Arc<Layout>,
    reals: Memory<T>,
    indices: Memory<u32>,
    inputs: Fed,
    executor: Executor<T>,
    has_run: bool,
}

/// Which inputs have been fed.
#[derive(Clone)]
struct Fed {
    is_fed: Vec<bool>,
    /// How many have not: a step looks at this alone.
    missing: usize,
}

impl Fed {
    /// None yet, but those that have no elements.
    fn new(layout: &Layout) -> Self {
        let is_fed: Vec<bool> = layout.inputs.iter().map(|slot| slot.ty.shape.is_empty()).collect();
        let missing = is_fed.iter().filter(|is_fed| !**is_fed).count();
        Self { is_fed, missing }
    }

    fn note(&mut self, input: usize) {
        self.missing -= usize::from(!std::mem::replace(&mut self.is_fed[input], true));
    }

    fn check(&self, layout: &Layout) -> Result<()> {
        if self.missing == 0 {
            return Ok(());
        }
        let unfed = layout.inputs.iter().zip(&self.is_fed).filter(|(_, is_fed)| !**is_fed);
        let names: Vec<String> = unfed.map(|(slot, _)| format!("`{}`", slot.name)).collect();
        let message = match &names[..] {
            [name] => {
                format!("the input {name} was never fed: give it values before the plan runs")
            }
            names => format!(
                "the inputs {} were never fed: give them values before the plan runs",
                names.join(", ")
            ),
        };
        Err(Error::Mismatch(message))
    }
}

impl<T> std::fmt::Debug for Plan<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Layout { phases, reals, .. } = &*self.layout;
        let steps = phases.iter().map(|phase| phase.shared.len() + phase.serial.len());
        write!(f, "Plan({} steps, {reals} real numbers)", steps.sum::<usize>())
    }
}

impl Graph {
    /// Compiles the computation of `outputs`.
    ///
    /// # Errors
    /// The first mistake made while recording the graph, an operation that breaks its contract, more
    /// memory than there is, or an unknown word in `CHAINRULE_SIMD`.
    pub fn compile<T: Real>(&self, outputs: &[Var<'_>]) -> Result<Plan<T>> {
        compiled(self, outputs, &[], None)
    }

    /// Compiles a training step: the computation of `loss`, and of a new value for each parameter in
    /// `updates`, which [`Plan::step`] writes back.
    ///
    /// ```
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let g = Graph::new();
    /// let w = g.parameter("w", []);
    /// let loss = (w - 3.0).square();
    /// let dw = g.backward(loss, &[w])[0];
    /// let mut plan = g.compile_step::<f64>(loss, &[(w, w - dw * 0.25)])?;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(1.0));
    /// assert!(plan.step(&mut parameters)?.is_finite());
    /// assert_eq!(parameters.get("w")?.values(), [2.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording the graph, a loss that is no scalar, an update of
    /// something else than a parameter, of another shape, or a second one of a parameter, no update at
    /// all, or more memory than there is.
    pub fn compile_step<T: Real>(
        &self,
        loss: Var<'_>,
        updates: &[(Var<'_>, Var<'_>)],
    ) -> Result<Plan<T>> {
        self.ok()?;
        if updates.is_empty() {
            let message =
                "the step updates nothing: `Cx::trained` gives what has been made by then";
            return Err(Error::Mismatch(message.into()));
        }
        self.compile_step_with(loss, updates, &[])
    }

    /// [`Graph::compile_step`] of a step after which the values of `outputs` can be read too, such as
    /// further losses or the gradient of a hidden value. It may update nothing.
    ///
    /// ```
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let g = Graph::new();
    /// let w = g.parameter("w", []);
    /// let loss = (w - 3.0).square();
    /// let dw = g.backward(loss, &[w])[0];
    /// let mut plan = g.compile_step_with::<f64>(loss, &[(w, w - dw * 0.25)], &[dw])?;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(1.0));
    /// plan.step(&mut parameters)?.finite()?;
    /// assert_eq!(plan.value(dw)?, [-4.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Graph::compile_step`].
    pub fn compile_step_with<T: Real>(
        &self,
        loss: Var<'_>,
        updates: &[(Var<'_>, Var<'_>)],
        outputs: &[Var<'_>],
    ) -> Result<Plan<T>> {
        compiled(self, &[&[loss], outputs].concat(), updates, Some(loss))
    }
}

compiled_here! {
    fn compiled(
        graph: &Graph,
        outputs: &[Var<'_>],
        updates: &[(Var<'_>, Var<'_>)],
        guard: Option<Var<'_>>
    ) -> Result<Plan<T>> = Plan::compiled;

    fn executor(layout: &Layout, pool: Arc<Pool>) -> Executor<T> = Executor::new;

    fn run(executor: &mut Executor<T>, run: &Run<'_, T>) -> bool = Executor::run;
}

impl<T: Real> Plan<T> {
    fn compiled(
        graph: &Graph,
        outputs: &[Var<'_>],
        updates: &[(Var<'_>, Var<'_>)],
        guard: Option<Var<'_>>,
    ) -> Result<Self> {
        check_environment()?;
        Self::new(Layout::new(graph.lower::<T>(outputs, updates, guard)?)?)
    }

    fn new(layout: Layout) -> Result<Self> {
        let needed = layout.reals as u128 * size_of::<T>() as u128
            + layout.indices as u128 * size_of::<u32>() as u128;
        let too_much = || Error::Memory { bytes: needed };
        let mut reals = Memory::try_new(layout.reals).ok_or_else(too_much)?;
        let mut indices = Memory::try_new(layout.indices).ok_or_else(too_much)?;
        for (buffer, tensor) in &layout.constants {
            let Extent { offset, len, real } = layout.buffers[*buffer];
            let range = offset..offset + len;
            if real {
                let target = reals.get_mut(range).iter_mut().zip(tensor.values());
                target.for_each(|(to, from)| *to = T::from_f64(*from));
            } else {
                let target = indices.get_mut(range).iter_mut().zip(tensor.values());
                target.for_each(|(to, from)| *to = *from as u32);
            }
        }
        let executor = executor(&layout, Arc::new(Pool::new(1)));
        let inputs = Fed::new(&layout);
        Ok(Self { layout: Arc::new(layout), reals, indices, inputs, executor, has_run: false })
    }

    /// This plan on the threads of `pool`. Results do not depend on their number.
    #[must_use]
    pub fn with_pool(mut self, pool: &Arc<Pool>) -> Self {
        self.executor = executor(&self.layout, pool.clone());
        self
    }

    /// Whether something in the plan depends on the input `name`.
    #[must_use]
    pub fn has_input(&self, name: &str) -> bool {
        self.layout.input(name).is_some()
    }

    /// Copies `values` to the input `name`, in row-major order.
    ///
    /// # Errors
    /// No such input, or another number of elements.
    pub fn feed(&mut self, name: &str, values: &[T]) -> Result<()> {
        let (at, ty, memory) = self.input(name, true)?;
        ty.check_count(name, values.len())?;
        self.fed(at, memory).copy_from_slice(values);
        Ok(())
    }

    /// Copies `labels` to the input `name`.
    ///
    /// # Errors
    /// No such input, another number of labels, or one that is out of range.
    pub fn feed_labels(&mut self, name: &str, labels: &[u32]) -> Result<()> {
        let (at, ty, Extent { offset, len, .. }) = self.input(name, false)?;
        ty.check_labels(name, labels)?;
        self.inputs.note(at);
        self.indices.get_mut(offset..offset + len).copy_from_slice(labels);
        Ok(())
    }

    /// The memory of the input `name`, to be filled in place.
    ///
    /// # Errors
    /// No such input of real numbers.
    pub fn input_mut(&mut self, name: &str) -> Result<&mut [T]> {
        let (at, _, memory) = self.input(name, true)?;
        Ok(self.fed(at, memory))
    }

    /// Fills the rows of the input `name`, one per entry of its first axis, on all threads:
    /// `fill(first, rows)` gets a stretch of rows and the number of its first one.
    ///
    /// # Errors
    /// No such input of real numbers.
    pub fn fill_rows(&mut self, name: &str, fill: impl Fn(usize, &mut [T]) + Sync) -> Result<()> {
        let (at, ty, memory) = self.input(name, true)?;
        let rows = ty.shape.get(0).unwrap_or(1).max(1);
        let (pool, crowded) = (self.executor.pool().clone(), self.executor.is_crowded());
        let target = self.fed(at, memory);
        if crowded {
            fill(0, target);
            return Ok(());
        }
        let width = target.len() / rows;
        pool.for_rows(target, width, fill);
        Ok(())
    }

    /// Runs a plan without parameters.
    ///
    /// # Errors
    /// The plan has a parameter, or an input that was never fed.
    pub fn run(&mut self) -> Result<()> {
        self.inputs.check(&self.layout)?;
        let first = self.layout.parameters.first().filter(|_| !self.layout.updates);
        if let Some(Outside { owner: Owner::Parameter(name), .. }) = first {
            let message = format!(
                "the plan reads the parameter `{name}`: run it with `run_with(&parameters)`"
            );
            return Err(Error::Mismatch(message));
        }
        self.run_with(&Parameters::new())
    }

    /// Runs the plan; no parameter changes. What reads the state of optimizers, such as the new values of
    /// a training step, is given `(&parameters, &state)`.
    ///
    /// # Errors
    /// A parameter is missing or has another shape, an input was never fed, or the plan is a training step,
    /// which changes
    /// parameters: see [`Plan::step`].
    pub fn run_with<'a>(&mut self, given: impl Into<Bindings<'a, T>>) -> Result<()> {
        if self.layout.updates {
            let message = "this plan changes parameters: run it with `step` or `step_with`";
            return Err(Error::Mismatch(message.into()));
        }
        self.inputs.check(&self.layout)?;
        self.executor.bind(&self.layout.parameters, given.into())?;
        self.execute();
        Ok(())
    }

    /// Runs a training step whose optimizers keep no state and writes the updates. The answer is not finite
    /// - where the loss is NaN or infinite: then nothing has changed;
    /// - where the loss is finite, but a gradient or a rate, or its square, is not: then elements whose new
    ///   value would not be finite keep their old one, and all others make their step.
    ///
    /// So no gradient makes a parameter NaN. After such an answer, stop, or go on from a copy;
    /// [`Graph::first_not_finite`] tells where the value was born.
    ///
    /// ```
    /// use chainrule::{Graph, Parameters, Tensor};
    /// let g = Graph::new();
    /// let w = g.parameter("w", [2]);
    /// let loss = w.sqrt().sum(&[]);
    /// let dw = g.backward(loss, &[w])[0];
    /// let mut plan = g.compile_step::<f64>(loss, &[(w, w - dw)])?;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::new([2], vec![0.0, 4.0])?);
    /// assert!(!plan.step(&mut parameters)?.is_finite(), "the slope of √0 is infinite");
    /// assert_eq!(parameters.get("w")?.values(), [0.0, 3.75]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A parameter is missing or has another shape, an input was never fed, or the plan keeps
    /// state: see [`Plan::step_with`].
    pub fn step(&mut self, parameters: &mut Parameters<T>) -> Result<Stepped> {
        self.inputs.check(&self.layout)?;
        self.executor.bind_mut(&self.layout.parameters, parameters, None)?;
        Ok(Stepped { is_finite: self.execute() })
    }

    /// [`Plan::step`] with the state of the step's optimizers, which is changed as the parameters are, and
    /// keeps its old elements as they do.
    ///
    /// ```
    /// use chainrule::optim::{Optimizer, Rates};
    /// use chainrule::{Graph, Parameters, State, Tensor};
    /// let g = Graph::new();
    /// let w = g.parameter("w", []);
    /// let loss = (w - 3.0).square();
    /// let gradients = g.backward(loss, &[w]);
    /// let updates = Optimizer::adam().updates(&Rates::constant(&g, 0.1), &[w], &gradients);
    /// let mut plan = g.compile_step::<f64>(loss, &updates)?;
    /// let (mut parameters, mut state) = (Parameters::new(), State::new());
    /// parameters.insert("w", Tensor::scalar(1.0));
    /// assert!(plan.step(&mut parameters).unwrap_err().to_string().contains("step_with"));
    /// assert!(plan.step_with(&mut parameters, &mut state)?.is_finite());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A parameter is missing or has another shape, an input was never fed, or the state belongs to another
    /// training: it has
    /// something of an optimizer, but not all that this plan keeps.
    pub fn step_with(
        &mut self,
        parameters: &mut Parameters<T>,
        state: &mut State<T>,
    ) -> Result<Stepped> {
        self.inputs.check(&self.layout)?;
        self.executor.bind_mut(&self.layout.parameters, parameters, Some(state))?;
        Ok(Stepped { is_finite: self.execute() })
    }

    /// Runs all steps; `false` where the loss was not finite or a new value was refused. The executor is
    /// bound to parameters and state that stay borrowed, exclusively if there are updates.
    fn execute(&mut self) -> bool {
        self.has_run = true;
        let (reals, indices) = (self.reals.share(), self.indices.share());
        run(&mut self.executor, &Run { layout: &self.layout, reals, indices })
    }

    /// The value of an output after a run, in row-major order.
    ///
    /// # Errors
    /// The plan was not compiled for this output or has not run yet, or the output holds labels.
    pub fn value(&self, output: impl Output) -> Result<&[T]> {
        self.value_of(self.node(&output)?)
    }

    /// [`Plan::value`] by the node's number.
    pub fn value_of(&self, id: u32) -> Result<&[T]> {
        let place = self.made(id)?;
        match (place.kind, place.storage) {
            (Kind::Real, Storage::Buffer(_)) => Ok(self.values(place)),
            _ => Err(Error::Content { name: self.called(id), labels: true }),
        }
    }

    /// The value of an output after a run.
    ///
    /// # Errors
    /// As [`Plan::value`].
    pub fn tensor(&self, output: impl Output) -> Result<Tensor<T>> {
        let id = self.node(&output)?;
        Tensor::new(self.kept(id)?.shape, self.value_of(id)?.to_vec())
    }

    /// The labels that an output such as `argmax` holds after a run.
    ///
    /// # Errors
    /// The plan was not compiled for this output or has not run yet, or the output holds real numbers.
    pub fn labels(&self, output: impl Output) -> Result<&[u32]> {
        let id = self.node(&output)?;
        let place = self.made(id)?;
        match (place.kind, place.storage) {
            (Kind::Index { .. }, Storage::Buffer(buffer)) => {
                let start = self.layout.buffers[buffer].offset + place.offset;
                Ok(self.indices.get(start..start + place.shape.len()))
            }
            _ => Err(Error::Content { name: self.called(id), labels: false }),
        }
    }

    /// The type of an output.
    ///
    /// # Errors
    /// The plan was not compiled for this output.
    pub fn output_type(&self, output: impl Output) -> Result<Type> {
        let place = self.kept(self.node(&output)?)?;
        Ok(Type { kind: place.kind, shape: place.shape })
    }

    /// The bytes of memory that runs need: the plan's values and constants, and the scratch memory of its
    /// threads, which the first run makes. A clone copies the values alone, and shares what describes
    /// the computation.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let values = self.layout.reals * size_of::<T>() + self.layout.indices * size_of::<u32>();
        values + self.executor.bytes()
    }

    /// A contiguous value in the plan's own memory.
    fn values(&self, place: &Place) -> &[T] {
        let Storage::Buffer(buffer) = place.storage else {
            unreachable!("an output that is a parameter is copied to the plan's own memory")
        };
        let start = self.layout.buffers[buffer].offset + place.offset;
        self.reals.get(start..start + place.shape.len())
    }

    /// The number of the output's node.
    fn node(&self, output: &impl Output) -> Result<u32> {
        match output.key() {
            Key::Node(handle) if handle.graph == self.layout.graph => Ok(handle.node),
            Key::Node(_) => Err(Error::Foreign { node: format!("{output:?}") }),
            Key::Name(name) => {
                let names = &self.layout.names;
                let found = names.binary_search_by(|(known, _)| (**known).cmp(name));
                found.map(|at| names[at].1).map_err(|_| {
                    Error::unknown("output", name, names.iter().map(|(name, _)| &**name))
                })
            }
        }
    }

    /// An output as messages call it.
    fn called(&self, id: u32) -> String {
        let named = self.layout.names.iter().find(|&&(_, known)| known == id);
        named.map_or_else(|| format!("node {id}"), |(name, _)| format!("the output `{name}`"))
    }

    /// Where a run has left an output.
    fn made(&self, id: u32) -> Result<&Place> {
        let place = self.kept(id)?;
        match self.has_run {
            true => Ok(place),
            false => Err(Error::Mismatch(format!(
                "{} has no value yet: run the plan before you read it",
                self.called(id)
            ))),
        }
    }

    fn kept(&self, id: u32) -> Result<&Place> {
        let missing = || {
            Error::Mismatch(format!(
                "node {id} is not an output of this plan: name it among the outputs when you compile"
            ))
        };
        self.layout.kept.get(&id).ok_or_else(missing)
    }

    /// The number of an input of real numbers, or of labels, its type and its memory.
    fn input(&self, name: &str, real: bool) -> Result<(usize, Type, Extent)> {
        let Layout { inputs, unneeded, buffers, .. } = &*self.layout;
        let Some(at) = self.layout.input(name) else {
            if unneeded.iter().any(|known| &**known == name) {
                return Err(Error::Mismatch(format!(
                    "no output of the plan needs the input `{name}`: leave it out"
                )));
            }
            let is_it =
                |owner: &Owner| matches!(owner, Owner::Parameter(known) if **known == *name);
            if self.layout.parameters.iter().any(|outside| is_it(&outside.owner)) {
                return Err(Error::Mismatch(format!(
                    "`{name}` is a parameter, no input: give its value to the run, `run_with(&parameters)`"
                )));
            }
            let known = inputs.iter().map(|slot| &slot.name).chain(unneeded);
            return Err(Error::unknown("input", name, known.map(|known| &**known)));
        };
        let Slot { ty, at: buffer, .. } = inputs[at];
        if (ty.kind == Kind::Real) != real {
            return Err(Error::Content { name: format!("the input `{name}`"), labels: real });
        }
        Ok((at, ty, buffers[buffer]))
    }

    /// The number of the graph that was compiled, and the nodes that the plan is for: what the caller
    /// reads, and parameters' new values.
    pub(crate) fn roots(&self) -> (u64, &[u32]) {
        (self.layout.graph, &self.layout.roots)
    }

    /// Takes over the threads of another plan of the graph, and what that has been fed.
    pub(crate) fn fed_as(self, other: &Self) -> Self {
        let mut plan = self.with_pool(other.executor.pool());
        let (layout, there) = (plan.layout.clone(), &other.layout);
        for (at, slot) in layout.inputs.iter().enumerate() {
            let known = there.input(&slot.name).filter(|&known| other.inputs.is_fed[known]);
            let Some(from) = known else { continue };
            let from = there.buffers[there.inputs[from].at];
            let range = |Extent { offset, len, .. }| offset..offset + len;
            let to = layout.buffers[slot.at];
            match to.real {
                true => {
                    plan.reals.get_mut(range(to)).copy_from_slice(other.reals.get(range(from)));
                }
                false => {
                    plan.indices.get_mut(range(to)).copy_from_slice(other.indices.get(range(from)));
                }
            }
            plan.inputs.note(at);
        }
        plan
    }

    /// The memory of an input that is fed.
    fn fed(&mut self, input: usize, Extent { offset, len, .. }: Extent) -> &mut [T] {
        self.inputs.note(input);
        self.reals.get_mut(offset..offset + len)
    }
}
