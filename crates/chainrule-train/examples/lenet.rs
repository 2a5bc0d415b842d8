//! LeNet-5 on the first 6,000 digits of MNIST, its convolutions made of slices and products.

use chainrule::nn::{Affine, Cx, Field, Init, Module, Network, Relu, Sequential, Values, from_fn};
use chainrule::optim::Adam;
use chainrule::{Result, Var};
use chainrule_train::data::{Dataset, Examples, Flat, shipped_folder};
use chainrule_train::{Config, DataParts, Flow, Trainer};

/// 5 × 5 pixels at each place beside one another, `[batch, height, width, channels]`, and a product.
struct Conv(usize);

impl Module for Conv {
    fn kind(&self) -> &str {
        "conv"
    }
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let x = x.one();
        let size = x.size(1) - 4;
        let pixel = |at: usize| x.slice(1, at / 5, at / 5 + size).slice(2, at % 5, at % 5 + size);
        let windows: Vec<Var<'g>> = (0..25).map(pixel).collect();
        cx.call("product", &Affine::new(self.0, Init::He), cx.graph().concat(3, &windows))
    }
}

/// The largest of 2 × 2 pixels.
fn pool<'g>(_: &Cx<'g>, x: Var<'g>) -> Var<'g> {
    let [batch, size, channels] = [x.size(0), x.size(1) / 2, x.size(3)];
    x.reshape([batch, size, 2, size, 2, channels]).max(&[2, 4])
}

fn main() -> Result<()> {
    let affine = |outputs| Affine::new(outputs, Init::He);
    let layers = Sequential::new()
        .with(from_fn(|_, x| x.reshape([x.size(0), 28, 28, 1])))
        .with(Conv(6))
        .with(Relu)
        .with(from_fn(pool))
        .with(Conv(16))
        .with(Relu)
        .with(from_fn(pool))
        .with(from_fn(|_, x| x.reshape([x.size(0), 256])))
        .with(affine(120))
        .with(Relu)
        .with(affine(84))
        .with(Relu)
        .with(affine(10));
    let net = Network::new(layers, [Field::real("x", [784])])?;

    let (train, test) = Dataset::mnist(&shipped_folder("mnist")?)?;
    let first: Vec<u32> = (0..6000).collect();
    let mut pixels = vec![0.0; 6000 * 784];
    train.features(&first, &mut pixels)?;
    let first = Flat::new(Dataset::new(784, pixels, train.labels()[..6000].to_vec(), 10)?);
    let parts = DataParts::train(first).test(Flat::new(test));
    let config = Config { batch_size: 64, epochs: 3, ..Config::for_dataset("mnist") };
    let mut trainer =
        Trainer::<f32>::new(&net, &config, parts)?.optimizer("*", Adam::default(), 2e-3);
    trainer.run(&mut |_, _| Ok(Flow::Continue))?;
    let right = trainer.epochs[2].scores["test_accuracy"];
    println!("test accuracy {right:.4}");
    assert!(right > 0.95);
    Ok(())
}
