//! Networks of layers: their words, and the timing of a step and of an inference.

use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Result, bail};
use chainrule::nn::{self, Cx, Init, Relu};
use chainrule::optim::{Optimizer, Rates};
use chainrule::{Error, Graph, Plan, Pool, State};

use super::{Times, measure};
use crate::Usage;

/// Looks at a plan after it has been timed, and may run it again.
pub type Look<'a> =
    dyn FnMut(&mut Plan<f32>, &mut dyn FnMut(&mut Plan<f32>) -> Result<()>) -> Result<()> + 'a;

/// The networks that have a name.
const NAMED: [(&str, &str); 4] = [
    ("book", "784-50-10:sgd:100"),
    ("medium", "784-512-512-10:adam:128"),
    ("large", "1024-2048-2048-1024:sgd:256"),
    ("huge", "4096-4096-4096-4096:sgd:512"),
];

/// The largest number of values that a layer or a batch may hold: 16 GiB of them.
const LARGEST: usize = 1 << 32;

/// A fully connected network with ReLU between its layers. One output is a number to come close to
/// (mean squared error); more are the logits of classes (softmax with loss).
#[derive(Debug, PartialEq)]
pub struct Network {
    sizes: Vec<usize>,
    optimizer: Optimizer,
    batch: usize,
}

impl FromStr for Network {
    type Err = Usage;

    fn from_str(text: &str) -> Result<Self, Usage> {
        let wrong = |what: String| Usage(format!("the network `{text}`: {what}"));
        let named = NAMED.iter().find(|(name, _)| *name == text);
        let parts: Vec<&str> = named.map_or(text, |(_, words)| words).split(':').collect();
        let [sizes, optimizer, batch] = parts[..] else {
            return Err(wrong(
                "give book, medium, large, huge, gru, scalar, or sizes, optimizer and batch such as 784-50-10:sgd:100".into(),
            ));
        };
        let number = |word: &str, what: &str| match word.parse::<usize>() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(wrong(format!("`{word}` is not {what}; give a whole number of at least 1"))),
        };
        let sizes = sizes
            .split('-')
            .map(|word| number(word, "a layer's size"))
            .collect::<Result<Vec<_>, _>>()?;
        if sizes.len() < 2 {
            return Err(wrong("give at least two sizes, inputs and outputs, as in 784-10".into()));
        }
        let optimizer: Optimizer = optimizer.parse().map_err(|e: Error| wrong(e.to_string()))?;
        let batch = number(batch, "a batch size")?;
        let layers = sizes.windows(2).map(|pair| (pair[0], pair[1]));
        let batches = sizes.iter().map(|&size| (batch, size));
        for (rows, columns) in layers.chain(batches) {
            if rows.checked_mul(columns).is_none_or(|values| values > LARGEST) {
                return Err(wrong(format!(
                    "an array of {rows} × {columns} is too large; at most {LARGEST} values fit"
                )));
            }
        }
        Ok(Self { sizes, optimizer, batch })
    }
}

impl Network {
    /// Operations of the products of a forward pass.
    pub fn forward_flops(&self) -> f64 {
        let weights: f64 = self.sizes.windows(2).map(|pair| pair[0] as f64 * pair[1] as f64).sum();
        2.0 * self.batch as f64 * weights
    }

    /// Operations of a step's products: nobody needs the gradient of the first layer's input.
    pub fn step_flops(&self) -> f64 {
        let first = self.sizes[0] as f64 * self.sizes[1] as f64;
        3.0 * self.forward_flops() - 2.0 * self.batch as f64 * first
    }

    fn model(&self) -> Result<nn::Network> {
        Ok(nn::Network::fully_connected(&self.sizes, Relu, Init::Normal { deviation: 0.01 })?)
    }

    fn inputs(&self) -> usize {
        self.sizes[0]
    }

    fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }

    /// Times training steps on one batch of random examples, fed once.
    pub fn time_step(&self, pool: &Arc<Pool>, look: &mut Look<'_>) -> Result<Times> {
        let model = self.model()?;
        let mut parameters = model.initial::<f32>(0)?;
        let mut random = Random(1);
        let g = Graph::new();
        let cx = Cx::predict(&g);
        let y = model.record(&cx, self.batch).one();
        let regression = self.outputs() == 1;
        let loss = match regression {
            true => y.mean_squared_error(g.input("t", [self.batch, 1])),
            false => y.softmax_with_loss(g.labels("t", [self.batch], self.outputs())),
        };
        let variables = cx.trained();
        let gradients = g.backward(loss, &variables);
        let rate = if self.optimizer == Optimizer::sgd() { 0.1 } else { 1e-3 };
        let mut state = State::new();
        let updates = self.optimizer.updates(&Rates::constant(&g, rate), &variables, &gradients);
        let mut plan = g.compile_step::<f32>(loss, &updates)?.with_pool(pool);
        plan.feed("x", &random.numbers(self.batch * self.inputs()))?;
        match regression {
            true => plan.feed("t", &random.numbers(self.batch))?,
            false => plan.feed_labels("t", &random.labels(self.batch, self.outputs()))?,
        }
        let mut step =
            |plan: &mut Plan<f32>| match plan.step_with(&mut parameters, &mut state)?.is_finite() {
                true => Ok(()),
                false => bail!("the loss is no longer finite, so that steps write nothing"),
            };
        let times = measure(self.step_flops(), || step(&mut plan))?;
        look(&mut plan, &mut step)?;
        Ok(times)
    }

    /// Times forward passes as a server makes them: the batch is fed and the result is read each
    /// time.
    pub fn time_inference(&self, pool: &Arc<Pool>, look: &mut Look<'_>) -> Result<Times> {
        let model = self.model()?;
        let parameters = model.initial::<f32>(0)?;
        let g = Graph::new();
        let y = model.record(&Cx::predict(&g), self.batch).one();
        let mut plan = g.compile::<f32>(&[y])?.with_pool(pool);
        let batch = Random(1).numbers(self.batch * self.inputs());
        let run = |plan: &mut Plan<f32>| {
            plan.feed("x", &batch)?;
            plan.run_with(&parameters)?;
            black_box(plan.value(y)?);
            Ok(())
        };
        let times = measure(self.forward_flops(), || run(&mut plan))?;
        look(&mut plan, &mut { run })?;
        Ok(times)
    }

    /// Times the same through [`nn::Model`], as a server asks it.
    pub fn time_serving(&self, pool: &Arc<Pool>) -> Result<Times> {
        let network = self.model()?;
        let parameters = network.initial::<f32>(0)?;
        let model = nn::Model::new(&network, parameters)?.with_pool(pool);
        let batch = Random(1).numbers(self.batch * self.inputs());
        measure(self.forward_flops(), || {
            black_box(model.predict(&batch)?);
            Ok(())
        })
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): data to be timed on need no better source.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Numbers in [0, 1).
    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| (self.next() >> 40) as f32 / (1_u32 << 24) as f32).collect()
    }

    pub fn labels(&mut self, count: usize, classes: usize) -> Vec<u32> {
        (0..count).map(|_| (self.next() % classes as u64) as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_networks() {
        let book = Network { sizes: vec![784, 50, 10], optimizer: Optimizer::sgd(), batch: 100 };
        assert_eq!("book".parse::<Network>().ok(), Some(book));
        let medium: Network = "784-512-512-10:adam:128".parse().unwrap();
        assert_eq!("medium".parse::<Network>().unwrap(), medium);
    }

    #[test]
    fn operations_are_those_of_the_products() {
        let book: Network = "book".parse().unwrap();
        let [first, second] = [784.0 * 50.0, 50.0 * 10.0];
        assert_eq!(book.forward_flops(), 200.0 * (first + second));
        // Forward, weights' gradients, and the gradient of the second layer's input.
        assert_eq!(book.step_flops(), 200.0 * (2.0 * (first + second) + second));
    }
}
