//! The lesson's network as a class: predict, loss, accuracy, gradients by name, checked numerically,
//! and a few steps of gradient descent.
//!
//! `cargo run --release --example two_layer_net -p chainrule`

use chainrule::nn::{Init, Network, Relu};
use chainrule::{Graph, Parameters, Plan, Result, Tensor, Var};

/// Labels as class numbers, or as one row per example.
#[derive(Clone, Copy)]
enum Labels<'a> {
    Classes(&'a [u32]),
    OneHot(&'a [f32]),
}

struct TwoLayerNet {
    sizes: [usize; 3],
    /// W1, b1, W2 and b2.
    params: Parameters<f32>,
}

impl TwoLayerNet {
    fn new(input: usize, hidden: usize, output: usize, seed: u64) -> Result<Self> {
        let sizes = [input, hidden, output];
        let model = Network::fully_connected(&sizes, Relu, Init::Normal { deviation: 0.01 })?;
        let initial = model.initial::<f32>(seed)?;
        let mut params = Parameters::new();
        for (name, (_, tensor)) in ["W1", "b1", "W2", "b2"].iter().zip(initial.iter()) {
            params.insert(*name, tensor.clone());
        }
        Ok(Self { sizes, params })
    }

    /// The logits of a batch as a graph.
    fn logits<'g>(&self, g: &'g Graph, batch: usize) -> Var<'g> {
        let [input, hidden, output] = self.sizes;
        let x = g.input("x", [batch, input]);
        let (w1, b1) = (g.parameter("W1", [input, hidden]), g.parameter("b1", [hidden]));
        let (w2, b2) = (g.parameter("W2", [hidden, output]), g.parameter("b2", [output]));
        (x.matmul(w1) + b1).relu().matmul(w2) + b2
    }

    fn loss_of<'g>(&self, g: &'g Graph, batch: usize, t: Labels<'_>) -> Var<'g> {
        let target = match t {
            Labels::Classes(_) => g.labels("t", [batch], self.sizes[2]),
            Labels::OneHot(_) => g.input("t", [batch, self.sizes[2]]),
        };
        self.logits(g, batch).softmax_with_loss(target)
    }

    fn feed(plan: &mut Plan<f32>, x: &[f32], t: Labels<'_>) -> Result<()> {
        plan.feed("x", x)?;
        match t {
            Labels::Classes(classes) => plan.feed_labels("t", classes),
            Labels::OneHot(rows) => plan.feed("t", rows),
        }
    }

    /// The probability of each class, one row per example.
    fn predict(&self, x: &Tensor<f32>) -> Result<Tensor<f32>> {
        let g = Graph::new();
        let y = self.logits(&g, x.shape().dims()[0]).softmax();
        let mut plan = g.compile(&[y])?;
        plan.feed("x", x.values())?;
        plan.run_with(&self.params)?;
        plan.tensor(y)
    }

    fn loss(&self, x: &Tensor<f32>, t: Labels<'_>) -> Result<f32> {
        let g = Graph::new();
        let loss = self.loss_of(&g, x.shape().dims()[0], t);
        let mut plan = g.compile(&[loss])?;
        Self::feed(&mut plan, x.values(), t)?;
        plan.run_with(&self.params)?;
        Ok(plan.value(loss)?[0])
    }

    fn accuracy(&self, x: &Tensor<f32>, t: Labels<'_>) -> Result<f64> {
        let width = self.sizes[2];
        let best = |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b]));
        let y = self.predict(x)?;
        let rows = y.values().chunks(width);
        let right = match t {
            Labels::Classes(classes) => {
                rows.zip(classes).filter(|(y, t)| best(y) == Some(**t as usize)).count()
            }
            Labels::OneHot(t) => {
                rows.zip(t.chunks(width)).filter(|(y, t)| best(y) == best(t)).count()
            }
        };
        Ok(right as f64 / x.shape().dims()[0] as f64)
    }

    /// Central differences, one parameter element at a time: slow, and independent of `gradient`.
    fn numerical_gradient(&self, x: &Tensor<f32>, t: Labels<'_>) -> Result<Parameters<f64>> {
        let g = Graph::new();
        let loss = self.loss_of(&g, x.shape().dims()[0], t);
        let mut plan = g.compile::<f64>(&[loss])?;
        let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<_>>();
        plan.feed("x", &wide(x.values()))?;
        match t {
            Labels::Classes(classes) => plan.feed_labels("t", classes)?,
            Labels::OneHot(rows) => plan.feed("t", &wide(rows))?,
        }
        let mut params = self.params.cast::<f64>();
        let mut gradients = params.clone();
        let h = 1e-5;
        for (name, tensor) in self.params.iter() {
            for i in 0..tensor.values().len() {
                let original = params.get(name)?.values()[i];
                let mut at = |value: f64| -> Result<f64> {
                    params.get_mut(name)?.values_mut()[i] = value;
                    plan.run_with(&params)?;
                    Ok(plan.value(loss)?[0])
                };
                let slope = (at(original + h)? - at(original - h)?) / (2.0 * h);
                at(original)?;
                gradients.get_mut(name)?.values_mut()[i] = slope;
            }
        }
        Ok(gradients)
    }

    /// Backpropagation: the gradient of the loss by each parameter, by name.
    fn gradient(&self, x: &Tensor<f32>, t: Labels<'_>) -> Result<Parameters<f32>> {
        let g = Graph::new();
        let loss = self.loss_of(&g, x.shape().dims()[0], t);
        let wrt: Vec<Var<'_>> =
            self.params.iter().map(|(name, tensor)| g.parameter(name, tensor.shape())).collect();
        let slopes = g.backward(loss, &wrt);
        let mut plan = g.compile(&slopes)?;
        Self::feed(&mut plan, x.values(), t)?;
        plan.run_with(&self.params)?;
        let mut gradients = Parameters::new();
        for ((name, _), &slope) in self.params.iter().zip(&slopes) {
            gradients.insert(name, plan.tensor(slope)?);
        }
        Ok(gradients)
    }
}

fn main() -> Result<()> {
    // Eight points in the plane, labelled by quadrant.
    let points = [1., 2., 2., 1., -1., 2., -2., 1., -1., -2., -2., -1., 1., -2., 2., -1.];
    let x = Tensor::new([8, 2], points.to_vec())?;
    let classes = [0, 0, 1, 1, 2, 2, 3, 3];
    let one_hot: Vec<f32> =
        classes.iter().flat_map(|&c| (0..4).map(move |k| f32::from(k == c))).collect();
    let t = Labels::Classes(&classes);

    let mut network = TwoLayerNet::new(2, 16, 4, 0)?;
    println!("loss {:.6} by class numbers", network.loss(&x, t)?);
    println!("loss {:.6} by one-hot rows", network.loss(&x, Labels::OneHot(&one_hot))?);

    let (backprop, numerical) = (network.gradient(&x, t)?, network.numerical_gradient(&x, t)?);
    for (name, tensor) in backprop.iter() {
        let pairs = tensor.values().iter().zip(numerical.get(name)?.values());
        let total: f64 = pairs.map(|(a, b)| (f64::from(*a) - b).abs()).sum();
        println!("{name}: mean difference {:.1e}", total / tensor.values().len() as f64);
    }
    for _ in 0..2000 {
        let gradients = network.gradient(&x, t)?;
        for (name, slope) in gradients.iter() {
            let weights = network.params.get_mut(name)?.values_mut();
            weights.iter_mut().zip(slope.values()).for_each(|(w, dw)| *w -= 0.5 * dw);
        }
    }
    println!(
        "after 2000 steps: loss {:.6}, accuracy {}",
        network.loss(&x, t)?,
        network.accuracy(&x, t)?
    );
    assert_eq!(network.accuracy(&x, t)?, 1.0);
    Ok(())
}
