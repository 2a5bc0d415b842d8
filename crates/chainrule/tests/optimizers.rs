//! Optimizers: clipping, state, settings, and what a plan makes of their updates.

use chainrule::nn::{Cx, Init};
use chainrule::optim::{Clip, Lbfgs, Method, Optimizer, Plateau, Rates, Schedule, Sgd, Warmup};
use chainrule::state::{Group, StateKey};
use chainrule::{Graph, Parameters, Result, State, Tensor, Var};

/// Per tensor, [3, 4] would be clipped to length 1 and [0.5] left alone.
#[test]
fn the_norm_is_that_of_all_gradients_together() {
    let g = Graph::new();
    let constant =
        |values: &[f64]| g.constant_tensor(Tensor::new([values.len()], values.to_vec()).unwrap());
    let gradients = [constant(&[3.0, 4.0]), constant(&[12.0]), constant(&[0.0; 5])];
    let values = |v: &Var<'_>| v.eval().unwrap().values().to_vec();
    let clipped: Vec<f64> = Clip::Norm(1.3).clip(&gradients).iter().flat_map(values).collect();
    let expected = [0.3, 0.4, 1.2, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert!(clipped.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{clipped:?}");
    // Shorter ones stay as they are, bit by bit.
    let clipped: Vec<f64> = Clip::Norm(13.1).clip(&gradients).iter().flat_map(values).collect();
    assert_eq!(clipped, [3.0, 4.0, 12.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn names_have_the_settings_of_a_bare_kind() {
    for name in Method::KINDS.names() {
        let bare: Method = serde_json::from_str(&format!(r#"{{"kind": "{name}"}}"#)).unwrap();
        assert_eq!(name.parse::<Method>().unwrap(), bare);
        assert_eq!(bare.name(), name);
        bare.check().unwrap();
        let text = toml::to_string(&bare).unwrap();
        assert_eq!(toml::from_str::<Method>(&text).unwrap(), bare, "{text}");
    }
    let error = "adadelta".parse::<Method>().unwrap_err().to_string();
    assert!(error.contains("adamw"), "{error}");
    let wrong = serde_json::from_str::<Method>(r#"{"kind": "lbfgs", "histroy": 3}"#);
    assert!(wrong.is_err());
}

#[test]
fn settings_out_of_their_domain_are_told() {
    let check = |text: &str| {
        let method: Method = serde_json::from_str(text).unwrap();
        method.check().unwrap_err().to_string()
    };
    for (text, wanted) in [
        (r#"{"kind": "sgd", "momentum": 1}"#, "momentum is 1"),
        (r#"{"kind": "sgd", "nesterov": true}"#, "above 0 for Nesterov's"),
        (r#"{"kind": "adagrad", "epsilon": 0}"#, "epsilon is 0"),
        (r#"{"kind": "rmsprop", "decay": 1.5}"#, "decay is 1.5"),
        (r#"{"kind": "adam", "beta2": -0.1}"#, "beta2 is -0.1"),
        (r#"{"kind": "adamw", "weight_decay": -1}"#, "weight_decay is -1"),
        (r#"{"kind": "lbfgs", "history": 0}"#, "history is 0"),
    ] {
        assert!(check(text).contains(wanted), "{text}: {}", check(text));
    }
}

/// No setting of an optimizer or a schedule may be negative, NaN or infinite.
#[test]
fn every_number_has_a_domain() {
    fn refuses<K>(bare: &K, check: impl Fn(&K) -> Result<()>)
    where
        K: serde::Serialize + serde::de::DeserializeOwned,
    {
        let text = toml::to_string(bare).unwrap();
        let numbers = text.lines().filter_map(|line| line.split_once(" = "));
        for (name, old) in numbers.filter(|(_, value)| value.parse::<f64>().is_ok()) {
            for bad in ["-1.0", "nan", "inf", "-inf"] {
                let line = format!("{name} = {old}");
                let wrong = toml::from_str::<K>(&text.replace(&line, &format!("{name} = {bad}")));
                assert!(wrong.is_err() || check(&wrong.unwrap()).is_err(), "{text}{name}: {bad}");
            }
        }
    }
    for name in Method::KINDS.names() {
        refuses(&name.parse().unwrap(), Method::check);
    }
    for name in Schedule::KINDS.names() {
        refuses(&name.parse().unwrap(), Schedule::check);
    }
    let (mut parameters, mut state, names) = start::<f64>();
    for (tolerance_grad, rate, wanted) in
        [(-1.0, 1.0, "tolerance_grad is -1"), (0.0, -1.0, "rate is -1")]
    {
        let lbfgs = Lbfgs { tolerance_grad, ..Lbfgs::default() };
        let error = lbfgs.step(&mut parameters, &names, &mut state, rate, &mut valley).unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

/// AdamW and momentum join the product that makes the gradient, as plain Adam does.
#[test]
fn updates_run_within_the_product() {
    for (optimizer, last) in [("adamw", "adam_step"), ("sgd", "sgd_step"), ("rmsprop", "sgd_step")]
    {
        let optimizer: Optimizer = match optimizer {
            "sgd" => Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 }.into(),
            name => name.parse().unwrap(),
        };
        let g = Graph::new();
        let x = g.input("x", [64, 784]);
        let w = g.parameter("w", [784, 50]);
        let loss = x.matmul(w).softmax_with_loss(g.labels("t", [64], 50));
        let dw = g.backward(loss, &[w]);
        let rates = Rates { rate: g.input("rate", []), of: Vec::new() };
        let updates = optimizer.updates(&rates, &[w], &dw);
        let info = g.compile_step::<f32>(loss, &updates).unwrap().info();
        let product = info.steps.iter().find(|step| step.kernel == "product 784×64×50").unwrap();
        assert_eq!(product.fused.last().map(AsRef::as_ref), Some(last), "{info}");
    }
}

/// (w₀ − 1)² + 100·(w₁ − w₀²)², Rosenbrock's valley.
fn valley<T: chainrule::Real>(at: &Parameters<T>) -> Result<(f64, Parameters<T>)> {
    let [x, y] = [0, 1].map(|i| chainrule::Real::to_f64(at.get("w").unwrap().values()[i]));
    let gradient = [2.0 * (x - 1.0) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)];
    let mut gradients = Parameters::new();
    gradients.insert("w", Tensor::new([2], gradient.map(T::from_f64).to_vec())?);
    Ok(((x - 1.0).powi(2) + 100.0 * (y - x * x).powi(2), gradients))
}

fn start<T: chainrule::Real>() -> (Parameters<T>, State<T>, Vec<String>) {
    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::new([2], [-1.2, 1.0].map(T::from_f64).to_vec()).unwrap());
    (parameters, State::new(), vec!["w".into()])
}

#[test]
fn lbfgs_walks_down_the_valley() {
    let (mut parameters, mut state, names) = start::<f64>();
    let lbfgs = Lbfgs::default();
    let mut last = f64::INFINITY;
    for _ in 0..5 {
        let before = lbfgs.step(&mut parameters, &names, &mut state, 1.0, &mut valley).unwrap();
        assert!(before <= last);
        last = before;
    }
    // Changes of the loss below 10⁻⁹ end the walk, where PyTorch's ends.
    let found = parameters.get("w").unwrap().values();
    let expected = [0.9999814210791366, 0.9999619651810989];
    assert!(found.iter().zip(expected).all(|(w, e)| (w - e).abs() < 1e-9), "{found:?}");
}

#[test]
fn lbfgs_does_not_follow_a_gradient_without_a_value() {
    for iterations in 1..4 {
        let lbfgs = Lbfgs { iterations, line_search: false, ..Lbfgs::default() };
        let (mut parameters, mut state, names) = start::<f64>();
        let mut calls = 0;
        let mut broken = |parameters: &Parameters<f64>| {
            calls += 1;
            let (loss, mut gradients) = valley(parameters)?;
            if calls == iterations {
                gradients.insert("w", Tensor::full([2], f64::NAN));
            }
            Ok((loss, gradients))
        };
        let loss = lbfgs.step(&mut parameters, &names, &mut state, 1.0, &mut broken);
        assert!(!loss.unwrap().is_finite(), "{iterations} iterations");
        assert!(parameters.is_finite(), "{iterations} iterations");
    }
}

#[test]
fn lbfgs_goes_on_from_its_state_with_the_same_bits() {
    let lbfgs = Lbfgs { history: 3, iterations: 3, ..Lbfgs::default() };
    let (mut parameters, mut state, names) = start::<f32>();
    for _ in 0..6 {
        lbfgs.step(&mut parameters, &names, &mut state, 1.0, &mut valley).unwrap();
    }
    let expected = parameters.sha256();
    let (mut parameters, mut state, names) = start::<f32>();
    for _ in 0..6 {
        lbfgs.step(&mut parameters, &names, &mut state, 1.0, &mut valley).unwrap();
        // As a checkpoint does, which keeps tensors in the precision of the run.
        let mut copy = State::new();
        state.iter().for_each(|(key, tensor)| copy.insert(key.clone(), tensor.clone()));
        state = copy;
    }
    assert_eq!(parameters.sha256(), expected);
}

#[test]
fn lbfgs_does_not_write_what_is_not_finite() {
    for line_search in [false, true] {
        let (mut parameters, mut state, names) = start::<f64>();
        let lbfgs = Lbfgs { line_search, ..Lbfgs::default() };
        // A loss that ends at w₀ = −1.
        let mut cliff = |at: &Parameters<f64>| {
            let (loss, gradient) = valley(at)?;
            Ok((if at.get("w")?.values()[0] > -1.0 { f64::NAN } else { loss }, gradient))
        };
        for _ in 0..3 {
            lbfgs.step(&mut parameters, &names, &mut state, 1.0, &mut cliff).unwrap();
            assert!(cliff(&parameters).unwrap().0.is_finite());
        }
    }
}

#[test]
fn lbfgs_names_a_state_that_does_not_fit() {
    let (mut parameters, mut state, names) = start::<f64>();
    let group = Group { rule: "lbfgs".into(), number: 0 };
    let key = StateKey { group, slot: "gradient".into(), of: None };
    state.insert(key, Tensor::full([3], 0.0));
    let error = Lbfgs::default().step(&mut parameters, &names, &mut state, 1.0, &mut valley);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("3 columns of `gradient` in the state of lbfgs, but there must be 2")
    );
}

#[test]
fn lbfgs_stays_where_the_slope_is_tiny() {
    // (w − 1)²/2, so close to 1 that the slope is larger than 10⁻⁷ and its square below 10⁻⁹.
    let mut bowl = |at: &Parameters<f64>| {
        let d = at.get("w")?.values()[0] - 1.0;
        let mut gradient = Parameters::new();
        gradient.insert("w", Tensor::scalar(d));
        Ok((d * d / 2.0, gradient))
    };
    let (mut parameters, mut state) = (Parameters::new(), State::new());
    parameters.insert("w", Tensor::scalar(1.0 + 1e-5));
    for _ in 0..2 {
        let names = ["w".into()];
        Lbfgs::default().step(&mut parameters, &names, &mut state, 1.0, &mut bowl).unwrap();
        assert_eq!(parameters.get("w").unwrap().values(), [1.0 + 1e-5]);
    }
}

#[test]
fn schedules_are_finite_whatever_the_time() {
    let schedules = [
        Schedule::Constant,
        Schedule::Step { every: 0, gamma: 0.5 },
        Schedule::Exponential { gamma: 0.5 },
        Schedule::Cosine { min: 0.01 },
        Schedule::OneCycle { rise: 0.3, start: 25.0, end: 1e4 },
        Schedule::ReduceOnPlateau { factor: 0.1, patience: 0, threshold: 0.0, min: 0.0 },
    ];
    for (schedule, name) in schedules.into_iter().zip(Schedule::KINDS.names()) {
        let text = serde_json::to_string(&schedule).unwrap();
        assert!(text.contains(&format!(r#""kind":"{name}""#)), "{text}");
        for total in [0, 1, 2, 3, 100] {
            for at in 0..=2 * total + 2 {
                for length in [0, 1, 5, 1000] {
                    let warmup = Warmup { length, ..Warmup::default() };
                    let rate = warmup.rate(&schedule, 0.1, at, total, &Plateau::default());
                    assert!(
                        (0.0..=0.1 + 1e-12).contains(&rate),
                        "{schedule:?} {at} {total}: {rate}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_descent_ends_where_its_loss_is_no_number() {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let w = cx.param("w", [], Init::Ones);
    // ln w falls by 0.3/w a step: 1, 0.7, 0.27, then below 0.
    let mut descent = cx.minimise::<f64>(w.ln(), &Sgd::default(), 0.3).unwrap();
    assert_eq!(descent.step().unwrap(), 0.0);
    assert_eq!(descent.item(w).unwrap(), 0.7);
    let error = descent.steps(1000).unwrap_err().to_string();
    assert!(error.contains("the loss or a gradient of the step is NaN or infinite"), "{error}");
    let stayed = descent.item(w).unwrap();
    assert!(stayed < 0.0 && descent.step().is_err());
    assert_eq!(descent.item(w).unwrap(), stayed);
    let error = descent.item(w.broadcast_to([2])).unwrap_err().to_string();
    assert_eq!(error, "a tensor [2] is not one number");
    assert!(descent.steps(0).unwrap().is_nan());

    // A loss of 0 whose slope is infinite.
    let w = cx.sub("other").param("w", [], Init::Zeros);
    let mut descent = cx.sub("other").minimise::<f64>(w.sqrt(), &Sgd::default(), 0.3).unwrap();
    assert!(descent.step().is_err());
    assert_eq!(descent.item(w).unwrap(), 0.0);
}

#[test]
fn a_step_is_counted_once_however_often_it_is_asked_for() {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let steps = [cx.step(), cx.sub("inside").step()];
    assert_eq!(steps[0].id(), steps[1].id());
    let w = cx.param("w", [], Init::Zeros);
    let mut descent = cx.minimise::<f32>((w - steps[1]).square(), &Sgd::default(), 0.5).unwrap();
    descent.steps(3).unwrap();
    assert_eq!((descent.item(steps[0]).unwrap(), descent.item(w).unwrap()), (3.0, 2.0));

    let given = g.labels("number", [], 100);
    assert_eq!(Cx::train(&g, 0, given).step().id(), given.id());
}

#[test]
fn a_part_is_minimised_by_its_own_parameters() {
    let g = Graph::new();
    let cx = Cx::new(&g);
    let paths = ["a", "ab", "a/c"];
    let [a, ab, ac] = paths.map(|path| cx.sub(path).param("w", [], Init::Ones));
    let loss = (a + ab + ac).square();
    for (path, wanted) in
        [("", [true; 3]), ("a", [true, false, true]), ("a/c", [false, false, true])]
    {
        let part = cx.sub(path);
        let mut descent = part.minimise::<f64>(loss, &Sgd::default(), 0.1).unwrap();
        assert_eq!(descent.step().unwrap(), 9.0);
        assert_eq!([a, ab, ac].map(|w| descent.item(w).unwrap() < 1.0), wanted, "{path}");
    }
}

#[test]
fn tolerances_say_how_far_lbfgs_goes() {
    // 10⁻⁸·((a − 3)² + 10·(b + 1)²): PyTorch's usual tolerances take the beginning for a minimum.
    let mut small = |parameters: &Parameters<f64>| {
        let w = parameters.get("w")?.values().to_vec();
        let (a, b) = (w[0] - 3.0, w[1] + 1.0);
        let slope = Tensor::new([2], vec![2e-8 * a, 2e-7 * b])?;
        Ok((1e-8 * (a * a + 10.0 * b * b), Parameters::from_iter([("w", slope)])))
    };
    let mut far = |lbfgs: Lbfgs| {
        let begin = Tensor::new([2], vec![0.0, -1.2]).unwrap();
        let mut parameters = Parameters::from_iter([("w", begin)]);
        let mut state = State::new();
        for _ in 0..5 {
            lbfgs.step(&mut parameters, &["w".into()], &mut state, 1.0, &mut small).unwrap();
        }
        let w = parameters.get("w").unwrap().values().to_vec();
        (w[0] - 3.0).hypot(w[1] + 1.0)
    };
    let usual = Lbfgs::default();
    assert!(far(usual) > 1.0);
    assert!(far(Lbfgs { tolerance_grad: 0.0, tolerance_change: 0.0, ..usual }) < 1e-3);
}

#[test]
fn a_plateau_is_one_below_zero_too_and_nan_is_no_best() {
    let schedule = Schedule::ReduceOnPlateau { factor: 0.5, patience: 1, threshold: 0.1, min: 0.0 };
    let mut plateau = Plateau::default();
    for metric in [f64::NAN, -5.0, -5.0, -5.4] {
        schedule.observe(metric, &mut plateau);
    }
    assert_eq!((plateau.best, plateau.factor), (Some(-5.0), 0.5));
    schedule.observe(-5.6, &mut plateau);
    assert_eq!(plateau.best, Some(-5.6));
}
