//! An encoder that was trained on one question is loaded under another name, frozen, and given a new head.

use chainrule_train::prelude::*;

/// Training of an encoder of this name, and of a head, on the class of points by their radius.
fn trainer(name: &str, classes: usize, class: fn(f32) -> u32) -> Result<Trainer<f32>> {
    let points = Vec::from_iter(random::uniform::<f32>(2000, 0).iter().map(|x| 2.0 * x - 1.0));
    let labels = points.chunks(2).map(|x| class(x[0].hypot(x[1]))).collect();
    let data = Flat::new(Dataset::new(2, points, labels, classes)?);

    let affine = |outputs| Affine::new(outputs, Init::Xavier);
    let encoder = Sequential::from((affine(32), Tanh, affine(16), Tanh));
    let model = Sequential::new().named(name, encoder).named("head", affine(classes));
    let config = Config { batch_size: 50, epochs: 40, ..Config::default() };
    let parts = DataParts::train(data.clone()).test(data);
    let trainer = Trainer::new(&Network::flat(model, 2)?, &config, parts)?;
    Ok(trainer.optimizer("*", Adam::default(), 0.01))
}

fn main() -> Result<()> {
    let mut first = trainer("encoder", 3, |radius| (radius * 3.0).min(2.0) as u32)?;
    first.train()?;
    println!("first question: {:.3}", first.score("test_accuracy")?);
    let path = std::env::temp_dir().join("chainrule-first.safetensors");
    export::save(&first.parameters, &path)?;

    let mut second = trainer("body", 2, |radius| u32::from(radius > 0.5))?.freeze("body.*");
    let encoder = export::load(&path)?.within("encoder");
    second.parameters_mut().assign(&encoder.prefixed("body"))?;
    second.train()?;
    let right = second.score("test_accuracy")?;
    println!("second question, head alone: {right:.3}");
    assert!(right > 0.9 && second.parameters.within("body").compare(&encoder).is_equal());
    Ok(())
}
