//! LeNet-5 on the first 6,000 digits of MNIST, its convolutions made of slices and products.

use chainrule_train::prelude::*;

/// 5 × 5 pixels at each place beside one another, `[batch, height, width, channels]`, and a product; of
/// what ReLU leaves the largest of 2 × 2.
fn conv<'g>(cx: &Cx<'g>, name: &str, x: Var<'g>, channels: usize) -> Var<'g> {
    let (batch, size) = (x.size(0), x.size(1) - 4);
    let pixel = |at: usize| x.slice(1, at / 5, at / 5 + size).slice(2, at % 5, at % 5 + size);
    let windows = cx.graph().concat(3, &Vec::from_iter((0..25).map(pixel)));
    let y = cx.affine(name, channels, windows).relu();
    y.reshape([batch, size / 2, 2, size / 2, 2, channels]).max(&[2, 4])
}

fn main() -> Result<()> {
    let lenet = from_fn(|cx, x| {
        let y = conv(cx, "conv1", x.reshape([x.size(0), 28, 28, 1]), 6);
        let y = conv(cx, "conv2", y, 16).reshape([x.size(0), 256]);
        let y = cx.affine("affine1", 120, y).relu();
        cx.affine("affine3", 10, cx.affine("affine2", 84, y).relu())
    });
    let (train, test) = Dataset::mnist(&data::shipped_folder("mnist")?)?;
    let parts = DataParts::train(Flat::new(train.first(6000))).test(Flat::new(test));
    let config = Config { batch_size: 64, epochs: 3, ..Config::for_dataset("mnist") };
    let trainer = Trainer::<f32>::new(&Network::flat(lenet, 784)?, &config, parts)?;
    let mut trainer = trainer.optimizer("*", Adam::default(), 2e-3);
    trainer.train()?;
    let right = trainer.score("test_accuracy")?;
    println!("test accuracy {right:.4}");
    assert!(right > 0.95);
    Ok(())
}
