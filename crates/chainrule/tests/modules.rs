//! Modules of several values, shared parameters, hidden values, and networks with named inputs.

use chainrule::check::{self, Settings};
use chainrule::nn::{
    Affine, BatchNorm, Cx, Dropout, Field, FieldKind, Init, Module, Network, Relu, Sequential,
    Tanh, Values, from_fn, from_values,
};
use chainrule::{Graph, Parameters, Var};

/// A city and an area in, a price and a class out.
fn house() -> impl Module {
    from_values(|cx, x| {
        let city = cx.param("city", [5, 3], Init::Normal { deviation: 0.5 }).gather(0, x["city"]);
        let joined = city.concat(1, &[x["area"]]);
        let hidden = cx.call("body", &Affine::new(4, Init::He), joined).one().tanh();
        let hidden = cx.tap("hidden", hidden);
        let head = |name, outputs| cx.call(name, &Affine::new(outputs, Init::He), hidden).one();
        Values::named([("price", head("price", 1)), ("class", head("class", 3))])
    })
}

fn house_fields() -> [Field; 2] {
    [Field::labels("city", [], 5), Field::real("area", [1])]
}

#[test]
fn several_inputs_and_outputs_have_names() {
    let network = Network::new(house(), house_fields()).unwrap();
    assert_eq!(network.outputs(), [Field::real("price", [1]), Field::real("class", [3])]);
    assert_eq!(network.taps(), ["hidden"]);
    let names: Vec<&str> = network.parameters().iter().map(|p| p.name.as_str()).collect();
    let wanted = ["city", "body.weight", "body.bias", "price.weight", "price.bias", "class.weight"];
    assert_eq!(names[..6], wanted);

    let g = Graph::new();
    let cx = Cx::predict(&g);
    let y = network.record(&cx, 4);
    let loss = y["price"].square().mean(&[]) + y["class"].softmax_with_loss(g.labels("t", [4], 3));
    let parameters = network.initial::<f64>(1).unwrap();
    let report = check::gradients(
        &g,
        loss,
        &parameters,
        |plan| {
            plan.feed_labels("city", &[0, 4, 2, 2])?;
            plan.feed("area", &[0.5, -1.0, 2.0, 0.1])?;
            plan.feed_labels("t", &[0, 1, 2, 1])
        },
        &Settings::default(),
    );
    let report = report.unwrap();
    assert!(report.passed && report.parameters.len() == 7, "{report:?}");
}

#[test]
fn inputs_are_taken_by_name_or_by_place() {
    let network = Network::new(house(), house_fields()).unwrap();
    let told = |record: fn(&Network, &Graph)| {
        let g = Graph::new();
        record(&network, &g);
        g.ok().err().map_or(String::new(), |error| error.to_string())
    };
    let by_name = told(|network, g| {
        let (area, city) = (g.input("a", [4, 1]), g.labels("c", [4], 5));
        let x = Values::named([("area", area), ("city", city)]);
        let _ = network.forward(&Cx::predict(g), x);
    });
    assert_eq!(by_name, "");
    let by_place = told(|network, g| {
        let _ = network.forward(&Cx::predict(g), [g.labels("c", [4], 5), g.input("a", [4, 1])]);
    });
    assert_eq!(by_place, "");
    let swapped = told(|network, g| {
        let _ = network.forward(&Cx::predict(g), [g.input("a", [4, 1]), g.labels("c", [4], 5)]);
    });
    assert!(
        swapped
            .starts_with("network: the model's input `city` [batch] of labels below 5 is [4, 1]")
    );
    let too_few = told(|network, g| {
        let _ = network.forward(&Cx::predict(g), g.labels("c", [4], 5));
    });
    assert!(too_few.starts_with("network: the model has 2 inputs, not 1, at "), "{too_few}");
    let unknown = told(|network, g| {
        let x = Values::named([("city", g.labels("c", [4], 5)), ("aera", g.input("a", [4, 1]))]);
        let _ = network.forward(&Cx::predict(g), x);
    });
    assert!(unknown.contains("there is no value named `area`; did you mean `aera`?"), "{unknown}");
}

#[test]
fn mistakes_are_found_when_the_network_is_made() {
    let error = |model: Sequential, fields: &[Field]| {
        Network::new(model, fields.to_vec()).unwrap_err().to_string()
    };
    let two = [Field::real("x", [3]), Field::real("x", [4])];
    assert_eq!(error(Sequential::new(), &two), "two inputs of the model are named `x`");
    let model = Sequential::new().with(from_fn(|_, x| x.matmul(x)));
    let found = error(model, &two[..1]);
    assert!(found.starts_with("matmul in `module1`: ") && found.contains(file!()), "{found}");
    let (model, line) = (Sequential::new().with(from_fn(|_, x| x.reshape([x.size(7)]))), line!());
    let found = error(model, &two[..1]);
    assert!(found.starts_with("size in `module1`: there is no axis 7"), "{found}");
    assert!(found.ends_with(&format!("at {}:{line}", file!())), "{found}");
    let found = Network::flat(Sequential::new(), 0).unwrap_err().to_string();
    assert_eq!(found, "the number of inputs is 0, but it must be at least 1");
    let deep = Network::new(Sequential::new(), [Field::real("x", [1; 8])]).unwrap_err().to_string();
    assert!(deep.starts_with("input: `x` has no axis left for the batch"), "{deep}");
}

#[test]
fn outputs_know_whether_they_follow_the_batch() {
    let model = from_values(|_, x| {
        let x = x.one();
        Values::from(x.argmax(1)).and(x.mean(&[0])).with("mean", x.mean(&[]))
    });
    let network = Network::flat(model, 3).unwrap();
    let [best, means, mean] = network.outputs() else { panic!("three outputs") };
    assert_eq!(best, &Field::labels("0", [], 3));
    assert_eq!((means.name(), means.shape().dims(), means.is_batched()), ("1", &[3][..], false));
    assert_eq!((mean.name(), mean.kind(), mean.is_batched()), ("mean", FieldKind::Real, false));
}

/// A recurrent network: one cell over time, with its gradient against central differences.
#[test]
fn a_cell_is_shared_over_time() {
    const TIME: usize = 6;
    let cell = Affine::new(3, Init::Xavier);
    let model = from_fn(move |cx, x| {
        let mut state = x.graph().constant(0.0).broadcast_to([x.size(0), 3]);
        for time in 0..TIME {
            let now = x.index(1, time as isize);
            state = cx.shared("cell").call("", &cell, now.concat(1, &[state])).one().tanh();
            cx.shared("cell").tap("state", state);
        }
        state
    });
    let network = Network::new(model, [Field::real("x", [TIME, 2])]).unwrap();
    assert_eq!(network.trainable(), ["cell.weight", "cell.bias"]);
    assert_eq!(network.taps()[..2], ["cell/state", "cell/state@2"]);
    assert_eq!(network.taps().len(), TIME);

    let g = Graph::new();
    let loss = network.record(&Cx::predict(&g), 2).one().square().sum(&[]);
    let parameters = network.initial::<f64>(3).unwrap();
    let x: Vec<f64> = (0..2 * TIME * 2).map(|i| (i as f64 * 2.39).sin()).collect();
    let settings = Settings::default();
    let report = check::gradients(&g, loss, &parameters, |plan| plan.feed("x", &x), &settings);
    assert!(report.unwrap().passed);
}

#[test]
fn parameters_of_shared_and_named_parts() {
    let g = Graph::new();
    let cx = Cx::train(&g, 0, g.labels("step", [], 9));
    let model = Sequential::new()
        .named("in", Affine::new(4, Init::He))
        .with(BatchNorm::default())
        .with(Relu)
        .with(Dropout::new(0.5).unwrap());
    let x = g.input("x", [6, 2]);
    let _ = cx.call("left", &model, x);
    let _ = cx.shared("right").call("", &model, x);
    let _ = cx.shared("right").call("", &model, x);
    g.ok().unwrap();
    assert_eq!((cx.parameters().len(), cx.trained().len(), cx.updates().len()), (12, 8, 4));
    assert_eq!(cx.smallest_batch(), 2);
    assert!(cx.tapped("right/relu1").is_ok());
    let unknown = cx.tapped("left/rleu1").unwrap_err().to_string();
    assert_eq!(unknown, "there is no hidden value named `left/rleu1`; did you mean `left/relu1`?");
    // Another shape at a shared path.
    let _ = cx.shared("right").call("", &Affine::new(1, Init::He), g.input("z", [6, 3]));
    let _ = cx.shared("right/in").param("weight", [3, 3], Init::He);
    let error = g.ok().unwrap_err().to_string();
    assert!(error.contains("`right.in.weight` is already [2, 4], not [3, 3]"), "{error}");
}

/// Modules behind pointers and references are the modules themselves.
#[test]
fn pointers_are_modules() {
    let (boxed, shared) = (Box::new(Tanh), std::sync::Arc::new(Affine::new(2, Init::He)));
    let model = Sequential::new().with(boxed as Box<dyn Module>).with(shared.clone()).with(shared);
    let network = Network::flat(model, 2).unwrap();
    assert_eq!(network.taps(), ["tanh1", "affine1", "affine2"]);
    let clone = std::thread::spawn({
        let network = network.clone();
        move || network.initial::<f32>(5).unwrap()
    });
    assert_eq!(clone.join().unwrap(), network.initial(5).unwrap());
}

/// A user's own values of a network's parameters.
#[test]
fn a_network_computes_what_its_parts_do() {
    let model = Sequential::new().with(Affine::new(2, Init::He)).with(Tanh);
    let network = Network::new(model, [Field::real("x", [3, 4])]).unwrap();
    let parameters: Parameters<f64> = network.initial(9).unwrap();
    let g = Graph::new();
    let y = network.record(&Cx::predict(&g), 2).one();
    let x = g.input("x", [2, 3, 4]);
    let [w, b] = [("affine1.weight", vec![4, 2]), ("affine1.bias", vec![2])]
        .map(|(name, shape)| g.parameter(name, chainrule::Shape::new(&shape).unwrap()));
    let slice = |at: isize| (x.index(1, at).matmul(w) + b).tanh();
    let rows: Vec<Var<'_>> = [0, 1, 2].map(slice).to_vec();
    let whole = [&[y][..], &rows].concat();
    let mut plan = g.compile::<f64>(&whole).unwrap();
    plan.feed("x", &(0..24).map(|i| f64::from(i).sin()).collect::<Vec<_>>()).unwrap();
    plan.run_with(&parameters).unwrap();
    let y = plan.value(y).unwrap();
    for (at, row) in rows.iter().enumerate() {
        let row = plan.value(*row).unwrap();
        assert_eq!((&y[2 * at..2 * at + 2], &y[6 + 2 * at..8 + 2 * at]), (&row[..2], &row[2..]));
    }
}
