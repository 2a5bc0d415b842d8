//! One model that answers from many threads.

use std::sync::Arc;

use chainrule::nn::{Affine, Cx, Field, Init, Model, Network, Relu, Values, from_values};
use chainrule::{Graph, Pool};

fn network() -> Network {
    Network::fully_connected(&[20, 16, 4], Relu, Init::He).unwrap()
}

fn rows(count: usize) -> Vec<f32> {
    (0..count * 20).map(|i| ((i * i) as f32 * 0.37).sin()).collect()
}

/// What a plan of this size answers.
fn planned(network: &Network, count: usize) -> Vec<f32> {
    let g = Graph::new();
    let y = network.record(&Cx::predict(&g), count).one();
    let mut plan = g.compile::<f32>(&[y]).unwrap();
    plan.feed("x", &rows(count)).unwrap();
    plan.run_with(&network.initial(3).unwrap()).unwrap();
    plan.value(y).unwrap().to_vec()
}

#[test]
fn eight_threads_get_the_bits_of_a_plan() {
    let network = network();
    let model = Model::new(&network, network.initial(3).unwrap()).unwrap();
    // More sizes than are kept, asked for in turn.
    let wanted: Vec<Vec<f32>> = (1..=24).map(|count| planned(&network, count)).collect();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (model, wanted) = (&model, &wanted);
            scope.spawn(move || {
                for turn in 0..200 {
                    let count = (thread * 7 + turn * 5) % 24 + 1;
                    assert_eq!(model.predict(&rows(count)).unwrap(), wanted[count - 1]);
                }
            });
        }
    });
    let pooled = model.with_pool(&Arc::new(Pool::new(2)));
    assert_eq!(pooled.predict(&rows(24)).unwrap(), wanted[23]);
    assert!(pooled.predict(&[]).unwrap().is_empty());
}

#[test]
fn what_is_asked_wrongly_is_told_by_its_name() {
    let network = network();
    let model = Model::<f32>::new(&network, network.initial(3).unwrap()).unwrap();
    let told = |inputs: &[(&str, chainrule::nn::Given<'_, f32>)]| {
        model.run(inputs).unwrap_err().to_string()
    };
    let error = told(&[("x", (&[0.5; 30]).into())]);
    assert!(error.contains("`x` has 30 elements, no whole number of examples of 20"), "{error}");
    let error = told(&[("y", (&[0.5; 20]).into())]);
    assert!(error.contains("input of the model named `y`; there are: x"), "{error}");
    let error = told(&[("x", (&[1_u32; 20]).into())]);
    assert!(error.contains("the input `x`"), "{error}");
    let x = rows(1);
    let error = told(&[("x", (&x).into()), ("x", (&x).into())]);
    assert!(error.contains("the model's input `x` [batch, 20] is given twice"), "{error}");
    assert_eq!(told(&[]), "the model's input `x` [batch, 20] is missing");
    let answer = model.run(&[("x", (&x).into())]).unwrap();
    assert_eq!(answer.tensor("0").unwrap().shape().dims(), [1, 4]);
    let error = answer.reals("1").unwrap_err().to_string();
    assert!(error.contains("output of the model named `1`"), "{error}");
    let other = Network::fully_connected(&[20, 17, 4], Relu, Init::He).unwrap();
    assert!(Model::<f32>::new(&other, network.initial(3).unwrap()).is_err());
}

#[test]
fn labels_go_in_and_come_out() {
    let best = from_values(|cx, x| {
        let scores = cx.param("scores", [3, 5], Init::He).gather(0, x["city"]);
        let scores = cx.call("head", &Affine::new(5, Init::He), scores).one();
        Values::named([("best", scores.argmax(1)), ("scores", scores)])
    });
    let network = Network::new(best, [Field::labels("city", [], 3)]).unwrap();
    let model = Model::<f64>::new(&network, network.initial(1).unwrap()).unwrap();
    let answer = model.run(&[("city", (&[2, 0, 1, 2]).into())]).unwrap();
    let (best, scores) = (answer.labels("best").unwrap(), answer.reals("scores").unwrap());
    assert_eq!((best.len(), scores.len(), best[0]), (4, 20, best[3]));
    for (&best, scores) in best.iter().zip(scores.chunks(5)) {
        assert!(scores.iter().all(|&score| score <= scores[best as usize]));
    }
    let error = model.run(&[("city", (&[3]).into())]).unwrap_err().to_string();
    assert!(error.contains("`city`") && error.contains('3'), "{error}");
}
