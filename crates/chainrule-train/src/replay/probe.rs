//! A step's batch in double precision: losses, gradients, and what each example adds along a direction.

use super::super::learner::Learner;
use super::super::objective::{Answered, feed};
use super::super::step::{Batch, is_reached};
use crate::data::{Data, Examples, Rows};
use chainrule::Parameters;
use chainrule::error::Result;
use chainrule::graph::{Graph, Var};
use chainrule::nn::Values;
use chainrule::plan::Plan;
use chainrule::tensor::Real;

/// The input that stands in for the gradient of the loss with respect to the model's output.
const SLOPE: &str = "slope";

/// The batch of one step, with the model as it trains: its masks and its batch's statistics.
///
/// The gradient of the loss with respect to the parameters w is Σᵢ Jᵢᵀ·sᵢ over the examples, where Jᵢ is
/// the Jacobian of example i's outputs and sᵢ the gradient of the loss with respect to them. What
/// example i adds to the gradient's product with a direction u is then sᵢ·(J·u)ᵢ. J·u is the derivative
/// of u·(Jᵀ·s) with respect to s: reverse mode applied twice (Christianson, "Automatic Hessians by
/// reverse accumulation", 1992), once for all examples.
pub(super) struct Probe {
    plan: Plan<f64>,
    /// What examples with one target need.
    of_rows: Option<OfRows>,
    gradients: Vec<u32>,
    /// Whether the loss depends on each of the trained parameters.
    pub(super) reached: Vec<bool>,
    rows: usize,
}

struct OfRows {
    output: u32,
    slope: u32,
    /// J·u.
    moved: u32,
}

impl Probe {
    /// Runs the batch with `parameters`.
    pub(super) fn run<T: Real>(
        learner: &Learner<T>,
        objective: usize,
        batch: &Batch<'_>,
        parameters: &Parameters<f64>,
    ) -> Result<Self> {
        let rows = batch.examples.len();
        let graph = Graph::new();
        let recorded = learner.record_gradients(&graph, objective, rows)?;
        graph.ok()?;
        let mut outputs = recorded.gradients.clone();
        // A named answer is looked up by its name in losses, which are asked of single examples here.
        let is_row = recorded.answer.len() == 1 && recorded.answer.iter().all(|(n, _)| n.is_none());
        let scored = learner.scored_rows(&*learner.data.train);
        let of_rows = scored.filter(|_| is_row).map(|_| {
            let output = recorded.answer.one();
            let slope = graph.backward(recorded.loss, &[output])[0];
            let any = graph.input(SLOPE, output.shape());
            let pulled = graph.backward((output * any).sum(&[]), &recorded.parameters);
            let along = pulled.iter().enumerate().map(|(at, gradient)| {
                (*gradient * graph.input(&direction(at), gradient.shape())).sum(&[])
            });
            let along = along.reduce(|a, b| a + b).unwrap_or_else(|| graph.constant(0.0));
            let moved = graph.backward(along, &[any])[0];
            outputs.extend([output, slope, moved]);
            OfRows { output: output.id(), slope: slope.id(), moved: moved.id() }
        });
        let mut plan = graph.compile::<f64>(&outputs)?;
        learner.feed_step(&mut plan, objective, batch)?;
        // No direction yet: the gradients are of none.
        for name in (0..recorded.parameters.len()).map(direction) {
            if plan.has_input(&name) {
                plan.input_mut(&name)?.fill(0.0);
            }
        }
        plan.run_with(parameters)?;
        let gradients = recorded.gradients.iter().map(Var::id).collect();
        let reached = recorded.gradients.iter().map(is_reached).collect();
        Ok(Self { plan, of_rows, gradients, reached, rows })
    }

    /// Whether examples are told one by one.
    pub(super) fn is_of_rows(&self) -> bool {
        self.of_rows.is_some()
    }

    fn of_rows(&self) -> &OfRows {
        match &self.of_rows {
            Some(of_rows) => of_rows,
            None => unreachable!("only examples with one target are told of one by one"),
        }
    }

    /// The gradient of each trained parameter.
    pub(super) fn gradients(&self) -> Result<Vec<Vec<f64>>> {
        self.gradients.iter().map(|&id| Ok(self.plan.value_of(id)?.to_vec())).collect()
    }

    /// The model's outputs, a row an example.
    pub(super) fn outputs(&self) -> Result<Vec<Vec<f64>>> {
        Ok(self.by_row(self.plan.value_of(self.of_rows().output)?))
    }

    fn by_row(&self, values: &[f64]) -> Vec<Vec<f64>> {
        let width = (values.len() / self.rows.max(1)).max(1);
        values.chunks_exact(width).map(<[f64]>::to_vec).collect()
    }

    /// What each example adds to the product of the gradient with `directions`, one a parameter.
    pub(super) fn along(
        &mut self,
        directions: &[Vec<f64>],
        parameters: &Parameters<f64>,
    ) -> Result<Vec<f64>> {
        for (at, direction_of) in directions.iter().enumerate() {
            if self.plan.has_input(&direction(at)) {
                self.plan.feed(&direction(at), direction_of)?;
            }
        }
        self.plan.run_with(parameters)?;
        let OfRows { slope, moved, .. } = self.of_rows();
        let (slope, moved) = (self.plan.value_of(*slope)?, self.plan.value_of(*moved)?);
        let products: Vec<f64> = slope.iter().zip(moved).map(|(s, m)| s * m).collect();
        Ok(self.by_row(&products).iter().map(|row| row.iter().sum()).collect())
    }

    /// The loss of each example by itself, for an objective.
    pub(super) fn losses<T: Real>(
        &self,
        learner: &Learner<T>,
        objective: usize,
        data: &dyn Examples,
        examples: &[u32],
    ) -> Result<Vec<f64>> {
        let outputs = self.outputs()?;
        let width = outputs.first().map_or(0, Vec::len);
        let g = Graph::new();
        let output = g.input("the output", [1, width]);
        let fields = Rows(data).fields();
        let batch = fields
            .iter()
            .fold(Values::new(&g), |batch, field| batch.with(field.name(), field.input(&g, 1)));
        let answered = Answered { answer: output.into(), batch };
        let loss = learner.objectives[objective].record(&answered).total;
        let mut plan = g.compile::<f64>(&[loss])?;
        let each = outputs.iter().zip(examples).map(|(row, &example)| {
            plan.feed("the output", row)?;
            feed(&mut plan, data, &[example])?;
            plan.run()?;
            Ok(plan.value(loss)?.first().copied().unwrap_or(f64::NAN))
        });
        each.collect()
    }
}

/// The name of the input for the direction of a parameter.
fn direction(parameter: usize) -> String {
    format!("direction {parameter}")
}
