//! Derivatives along directions, and of single examples: compositions of the reverse sweep.

use std::collections::HashSet;

use crate::graph::{Graph, Var};
use crate::ops::StopGradient;

impl Graph {
    /// The products of a Jacobian with a vector: how `outputs` change as `wrt` moves `along` these
    /// directions, each in the shape of its value. Nodes like any other: for a column of the Jacobian take a
    /// direction that is 1 at one place.
    ///
    /// Reverse mode applied twice: Jᵀ·u is linear in u, so that its derivative with respect to u along t is
    /// J·t whatever u is (Christianson, "Automatic Hessians by reverse accumulation", 1992).
    ///
    /// ```
    /// use chainrule::Graph;
    /// let g = Graph::new();
    /// let (r, angle) = (g.input("r", []), g.input("angle", []));
    /// let point = [r * angle.cos(), r * angle.sin()];
    /// // Outward: the radius grows, the angle stays.
    /// let moved = g.jvp(&point, &[r, angle], &[g.constant(1.0), g.constant(0.0)]);
    /// let mut plan = g.compile::<f64>(&moved)?;
    /// plan.feed("r", &[2.0])?;
    /// plan.feed("angle", &[0.5])?;
    /// plan.run()?;
    /// assert!((plan.value(moved[0])?[0] - 0.5_f64.cos()).abs() < 1e-15);
    /// assert!((plan.value(moved[1])?[0] - 0.5_f64.sin()).abs() < 1e-15);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn jvp<'g>(
        &'g self,
        outputs: &[Var<'g>],
        wrt: &[Var<'g>],
        along: &[Var<'g>],
    ) -> Vec<Var<'g>> {
        let _place = self.pin();
        if !self.are_directions("jvp", wrt, along) {
            return vec![Var::poison(self); outputs.len()];
        }
        let any: Vec<Var<'g>> = outputs.iter().map(|y| y.like(1.0)).collect();
        let Some(product) = self.inner(outputs, &any) else { return Vec::new() };
        let pulled = self.backward(product, wrt);
        match self.inner(&pulled, along) {
            Some(moved) => self.backward(moved, &any),
            None => outputs.iter().map(|y| y.like(0.0)).collect(),
        }
    }

    /// The products of the Hessian of `loss` with a vector: how its gradient changes as `wrt` moves `along`
    /// these directions (Pearlmutter, "Fast exact multiplication by the Hessian", 1994). About twice the
    /// work of a gradient.
    ///
    /// ```
    /// use chainrule::Graph;
    /// let g = Graph::new();
    /// let x = g.input("x", [2]);
    /// let [a, b] = [x.index(0, 0), x.index(0, 1)];
    /// let loss = a * a * b;
    /// let v = g.input("v", [2]);
    /// let product = g.hvp(loss, &[x], &[v])[0];
    /// let mut plan = g.compile::<f64>(&[product])?;
    /// plan.feed("x", &[3.0, 5.0])?;
    /// plan.feed("v", &[1.0, 0.0])?;
    /// plan.run()?;
    /// // The first column of [[2b, 2a], [2a, 0]].
    /// assert_eq!(plan.value(product)?, [10.0, 6.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn hvp<'g>(&'g self, loss: Var<'g>, wrt: &[Var<'g>], along: &[Var<'g>]) -> Vec<Var<'g>> {
        let _place = self.pin();
        if !self.are_directions("hvp", wrt, along) {
            return vec![Var::poison(self); wrt.len()];
        }
        let gradients = self.backward(loss, wrt);
        if self.depend(along, wrt) {
            // The sweep below would differentiate the directions as well.
            return self.jvp(&gradients, wrt, along);
        }
        match self.inner(&gradients, along) {
            Some(along) => self.backward(along, wrt),
            None => Vec::new(),
        }
    }

    /// The gradients of each of the `losses` `[batch]` by itself, `[batch, …]` for each value of `wrt`. Their
    /// mean over the batch is the gradient of the mean loss.
    ///
    /// It takes a reverse sweep over the batch for each example: nodes and work grow with the square of the
    /// batch. For more than some tens, run a plan for one example after the other.
    ///
    /// ```
    /// use chainrule::Graph;
    /// let g = Graph::new();
    /// let (x, w) = (g.input("x", [3, 2]), g.input("w", [2]));
    /// let losses = x.matmul(w).square();
    /// let each = g.per_example_gradients(losses, &[w])[0];
    /// let mut plan = g.compile::<f64>(&[each])?;
    /// plan.feed("x", &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0])?;
    /// plan.feed("w", &[2.0, 3.0])?;
    /// plan.run()?;
    /// assert_eq!(plan.value(each)?, [4.0, 0.0, 0.0, 6.0, 10.0, 10.0]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    pub fn per_example_gradients<'g>(&'g self, losses: Var<'g>, wrt: &[Var<'g>]) -> Vec<Var<'g>> {
        let _place = self.pin();
        let shape = losses.shape();
        let batch = if shape.rank() == 1 { shape.len() } else { 0 };
        if batch == 0 {
            let message = "takes a loss for each example, [batch]";
            return vec![self.fail("per_example_gradients", message, &[losses]); wrt.len()];
        }
        // All before the first sweep: what a sweep records would lie below the losses of the next ones.
        let losses: Vec<Var<'g>> = (0..batch as isize).map(|at| losses.index(0, at)).collect();
        let each: Vec<Vec<Var<'g>>> = losses.iter().map(|loss| self.backward(*loss, wrt)).collect();
        let of = |value: usize| each.iter().map(|gradients| gradients[value]).collect::<Vec<_>>();
        (0..wrt.len()).map(|value| self.stack(0, &of(value))).collect()
    }

    /// Whether there is a direction for each value, in its shape; else the mistake is kept.
    #[track_caller]
    fn are_directions(&self, op: &str, wrt: &[Var<'_>], along: &[Var<'_>]) -> bool {
        if wrt.len() != along.len() {
            let message =
                format!("takes a direction for each value: {}, not {}", wrt.len(), along.len());
            self.fail(op, &message, &[]);
            return false;
        }
        if wrt.iter().chain(along).any(|v| !v.belongs_to(self) || v.is_poison()) {
            // What is wrong with them is told where they are used.
            return true;
        }
        let wrong = wrt.iter().zip(along).find(|(v, t)| v.shape() != t.shape() || !t.is_real());
        if let Some((v, t)) = wrong {
            let message = format!("a direction is {}, but its value {}", t.ty(), v.ty());
            self.fail(op, &message, &[]);
        }
        wrong.is_none()
    }

    /// Whether a gradient of `values` reaches one of `on`.
    fn depend(&self, values: &[Var<'_>], on: &[Var<'_>]) -> bool {
        let mut open: Vec<u32> = values.iter().map(Var::id).collect();
        let on: HashSet<u32> = on.iter().map(Var::id).collect();
        let mut seen = HashSet::new();
        while let Some(id) = open.pop() {
            if on.contains(&id) {
                return true;
            }
            if seen.insert(id) {
                self.node(id, |node| {
                    if !node.source.is::<StopGradient>() {
                        open.extend(node.operands.iter());
                    }
                });
            }
        }
        false
    }

    /// The sum of the elements' products of all pairs.
    fn inner<'g>(&'g self, a: &[Var<'g>], b: &[Var<'g>]) -> Option<Var<'g>> {
        let products = a.iter().zip(b).map(|(&a, &b)| (a * b).sum(&[]));
        products.reduce(|sum, product| sum + product)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Graph, Plan, Var};

    /// A function of three numbers with three outputs, of which one is a scalar.
    fn outputs<'g>(x: Var<'g>) -> [Var<'g>; 2] {
        let [a, b, c] = [0, 1, 2].map(|at| x.index(0, at));
        [(x.sin() * b).exp(), a * b.tanh() / (c * c + 1)]
    }

    fn at(plan: &mut Plan<f64>, x: [f64; 3], outputs: &[Var<'_>]) -> Vec<f64> {
        plan.feed("x", &x).unwrap();
        plan.run().unwrap();
        outputs.iter().flat_map(|&y| plan.value(y).unwrap().to_vec()).collect()
    }

    #[test]
    fn products_with_the_jacobian_are_central_differences() {
        let g = Graph::new();
        let x = g.input("x", [3]);
        let (y, t) = (outputs(x), [0.3, -1.0, 0.7]);
        let along = g.constant_tensor(crate::Tensor::new([3], t.to_vec()).unwrap());
        let moved = g.jvp(&y, &[x], &[along]);
        let (mut values, mut products) = (g.compile(&y).unwrap(), g.compile(&moved).unwrap());
        let (place, h) = ([0.4, 0.9, -1.3], 1e-6);
        let shifted = |by: f64| [0, 1, 2].map(|i| place[i] + by * t[i]);
        let (up, down) = (at(&mut values, shifted(h), &y), at(&mut values, shifted(-h), &y));
        for ((up, down), product) in up.iter().zip(down).zip(at(&mut products, place, &moved)) {
            assert!(((up - down) / (2.0 * h) - product).abs() < 1e-8, "{product}");
        }
    }

    #[test]
    fn products_with_the_hessian_are_differences_of_gradients() {
        let g = Graph::new();
        let x = g.input("x", [3]);
        let [y, z] = outputs(x);
        let loss = y.sum(&[]) * z;
        let (gradient, t) = (g.backward(loss, &[x]), [1.0, 0.5, -2.0]);
        let along = g.constant_tensor(crate::Tensor::new([3], t.to_vec()).unwrap());
        let product = g.hvp(loss, &[x], &[along]);
        let (mut slopes, mut products) =
            (g.compile(&gradient).unwrap(), g.compile(&product).unwrap());
        let (place, h) = ([0.4, 0.9, -1.3], 1e-6);
        let shifted = |by: f64| [0, 1, 2].map(|i| place[i] + by * t[i]);
        let up = at(&mut slopes, shifted(h), &gradient);
        let down = at(&mut slopes, shifted(-h), &gradient);
        for ((up, down), product) in up.iter().zip(down).zip(at(&mut products, place, &product)) {
            assert!(((up - down) / (2.0 * h) - product).abs() < 1e-7, "{product}");
        }
    }

    #[test]
    fn a_direction_that_depends_on_the_place_is_a_direction() {
        let g = Graph::new();
        let x = g.input("x", [3]);
        let [y, z] = outputs(x);
        let loss = y.sum(&[]) * z;
        let along = g.backward(loss, &[x])[0];
        let products = [along, along.stop_gradient()].map(|along| g.hvp(loss, &[x], &[along])[0]);
        let mut plan = g.compile(&products).unwrap();
        let found = at(&mut plan, [0.4, 0.9, -1.3], &products);
        for (moving, fixed) in found[..3].iter().zip(&found[3..]) {
            assert!((moving - fixed).abs() < 1e-12 * fixed.abs(), "{moving} for {fixed}");
        }
    }

    #[test]
    fn the_mean_of_each_examples_gradient_is_that_of_the_mean_loss() {
        let g = Graph::new();
        let (x, w) = (g.input("x", [4, 3]), g.input("w", [3, 2]));
        let losses = x.matmul(w).tanh().square().sum(&[1]);
        let each = g.per_example_gradients(losses, &[w])[0];
        let furthest = (each.mean(&[0]) - g.backward(losses.mean(&[]), &[w])[0]).abs().max(&[]);
        let mut plan = g.compile::<f64>(&[furthest]).unwrap();
        let numbers = |count: usize| (0..count).map(|i| (i as f64 * 0.7).sin()).collect::<Vec<_>>();
        plan.feed("x", &numbers(12)).unwrap();
        plan.feed("w", &numbers(6)).unwrap();
        plan.run().unwrap();
        assert!(plan.value(furthest).unwrap()[0] < 1e-15);
    }

    #[test]
    fn directions_fit_their_values() {
        let g = Graph::new();
        let x = g.input("x", [3]);
        g.hvp(x.sum(&[]), &[x], &[g.constant(1.0)]);
        let error = g.ok().unwrap_err().to_string();
        assert!(error.starts_with("hvp: a direction is [], but its value [3]"), "{error}");
    }
}
