//! A network on one example as a graph.

use chainrule::nn::{Init, Loss, Network, Relu, Truth};
use chainrule_explain::{AllNumbers, Fold, Language, Screen, Value, View, network, network_graph};

const LOSS: Loss = Loss::CrossEntropy { label_smoothing: 0.0 };

fn screen(open: &[Fold]) -> Screen {
    let model = Network::fully_connected(&[3, 4, 2], Relu, Init::He).unwrap();
    let parameters = model.initial::<f64>(1).unwrap();
    let features = [0.5, -1.0, 2.0];
    let graph =
        network_graph(&model, &parameters, LOSS, &features, &Truth::Class(1), Language::English);
    graph.unwrap().screen(View { open, ..View::default() })
}

fn symbols(screen: &Screen) -> Vec<&str> {
    screen.drawing.blocks.iter().map(|block| block.symbol.as_str()).collect()
}

#[test]
fn layers_are_boxes_that_open_into_operations() {
    let closed = screen(&[]);
    let names = symbols(&closed);
    assert!(names.contains(&"affine1") && names.contains(&"affine2"), "{names:?}");
    let opened = screen(&[Fold::Scope("affine1".into())]);
    let names = symbols(&opened);
    assert!(!names.contains(&"affine1") && names.contains(&"@"), "{names:?}");
    assert!(names.contains(&"affine2") && names.len() > symbols(&closed).len());
    assert_eq!(opened.story.len(), opened.drawing.steps + 1);
}

#[test]
fn a_network_s_graph_has_the_numbers_of_its_explanation() {
    let model = Network::fully_connected(&[3, 4, 2], Relu, Init::He).unwrap();
    let parameters = model.initial::<f64>(1).unwrap();
    let (features, truth) = ([0.5, -1.0, 2.0], Truth::Class(1));
    let told = network(&model, &parameters, LOSS, &features, &truth, Language::English).unwrap();
    let graph = screen(&[]);
    assert_eq!(graph.root.value, Some(Value::Number(told.loss)));
    let input = |name: &str| graph.inputs.iter().find(|input| input.name == name).unwrap();
    let numbers = |value: &Option<Value>| value.as_ref().unwrap().numbers();
    assert_eq!(numbers(&input("x").gradient), told.saliency);
    assert_eq!(numbers(&input("affine2.weight").value).len(), 8);
    for weight in &told.weights {
        let of = input(&weight.parameter);
        let at = match weight.index[..] {
            [row, column] => row * of.shape[1] + column,
            ref index => index[0],
        };
        assert_eq!(numbers(&of.value)[at], weight.value, "{weight:?}");
        let gradient = numbers(&of.gradient)[at];
        assert!((gradient - weight.gradient).abs() < 1e-12, "{weight:?} {gradient}");
    }
}

/// Pixels and weights by the thousand are not sent to a screen.
#[test]
fn a_large_network_is_told_in_few_letters() {
    let model = Network::fully_connected(&[784, 50, 10], Relu, Init::He).unwrap();
    let parameters = model.initial::<f32>(1).unwrap();
    let features = vec![0.5; 784];
    let graph =
        network_graph(&model, &parameters, LOSS, &features, &Truth::Class(1), Language::Korean);
    let screen = graph.unwrap().screen(View::default());
    let json = serde_json::to_string(&AllNumbers(&screen)).unwrap();
    assert!(json.len() < 40_000, "{} {}", json.len(), &json[..4000]);
}
