//! What a training computes, held against what follows by hand or another way.

use chainrule::Parameters;
use chainrule_train::data::DataSource;
use chainrule_train::{Config, Trainer};

/// Rows of which the weights decide to what the model comes.
fn weighted_table() -> String {
    let rows = (0..40).map(|i| {
        let (x, kind, weight) = (i as f32 / 40.0, i % 3 / 2, [0.0, 5.0, 0.25][i % 3]);
        format!("{x},{weight},{}\n", ["no", "yes"][kind])
    });
    format!("x,weight,kind\n{}", rows.collect::<String>())
}

#[test]
fn a_streamed_table_weighs_its_examples() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, weighted_table()).unwrap();
    let trained = |stream: bool| -> (f64, Parameters<f64>) {
        let path = path.display().to_string();
        let weight = Some("weight".into());
        let source = DataSource { path, weight, stream, ..DataSource::default() };
        let loaded = source.load(&|_| unreachable!()).unwrap();
        let config = Config { hidden: vec![], batch_size: 40, epochs: 20, ..Config::default() };
        let model = config.model(1, 2).unwrap();
        let mut trainer = Trainer::new(&model, &config, loaded.parts()).unwrap();
        trainer.train().unwrap();
        (trainer.score("train_loss").unwrap(), trainer.parameters.clone())
    };
    let ((held_loss, held), (loss, streamed)) = (trained(false), trained(true));
    assert!((held_loss - loss).abs() < 1e-12, "{held_loss}, {loss}");
    let bias = held.get("affine1.bias").unwrap().values()[0];
    assert!((streamed.get("affine1.bias").unwrap().values()[0] - bias).abs() < 1e-12);
    assert!(bias > 0.1, "the weights count: {bias}");
}
