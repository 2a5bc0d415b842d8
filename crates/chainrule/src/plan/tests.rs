use super::*;
use crate::lowering::samples::Sample;
use crate::optim::{Optimizer, Rates};

/// Steps of random graphs with one number planted in a gradient, and what they leave, in bits.
fn planted(threads: usize) -> Vec<u64> {
    let pool = Arc::new(Pool::new(threads));
    let mut bits = Vec::new();
    for (seed, bad) in (0..40).zip([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].iter().cycle()) {
        let sample = Sample::new(seed, if seed % 2 == 0 { 600 } else { 6 });
        let (g, mut updates) = (&sample.graph, sample.updates());
        let at = seed as usize % updates.len();
        let (parameter, value) = updates[at];
        updates[at].1 = value + g.input("planted", parameter.shape());
        let loss = g.var(sample.loss);
        let mut number = vec![0.0; parameter.shape().len()];
        let len = number.len();
        number[seed as usize * 7 % len] = *bad;
        let mut plan = g.compile_step::<f64>(loss, &updates).unwrap().with_pool(&pool);
        plan.feed("x", sample.input().values()).unwrap();
        plan.feed("planted", &number).unwrap();
        let mut parameters = sample.parameters();
        assert!(!plan.step(&mut parameters).unwrap().is_finite(), "seed {seed}");
        assert!(parameters.is_finite(), "seed {seed}");
        // Node by node: an element that is not finite is the old one.
        let number = Tensor::new(parameter.shape(), number).unwrap();
        let inputs = [("x", sample.input()), ("planted", number)];
        let values: Vec<Var<'_>> = updates.iter().map(|&(_, value)| value).collect();
        let new = g.interpret(&values, &inputs, &[], &sample.parameters()).unwrap();
        let (old, now) = (sample.parameters(), &parameters);
        for (((_, old), (name, now)), new) in old.iter().zip(now.iter()).zip(&new) {
            let elements = old.values().iter().zip(new.values());
            let wanted = elements.map(|(old, new)| if new.is_finite() { *new } else { *old });
            assert_eq!(now.values(), wanted.collect::<Vec<_>>(), "seed {seed}, {name}");
            bits.extend(now.values().iter().map(|x| x.to_bits()));
        }
    }
    bits
}

#[test]
fn one_number_that_is_not_finite_reaches_no_parameter() {
    const LEVEL: &str = "CHAINRULE_SIMD";
    let bits = planted(1);
    for threads in 2..=3 {
        assert!(planted(threads) == bits, "{threads} threads");
    }
    let digest = bits.iter().fold(0_u64, |sum, bits| sum.rotate_left(5) ^ bits);
    println!("left {digest:x};");
    if std::env::var(LEVEL).is_err() {
        for level in ["portable", "avx2"] {
            let name = "plan::tests::one_number_that_is_not_finite_reaches_no_parameter";
            let mut program = std::process::Command::new(std::env::current_exe().unwrap());
            let output =
                program.args(["--exact", name, "--nocapture"]).env(LEVEL, level).output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.contains(&format!("left {digest:x};")), "{level}: {said}");
        }
    }
}

#[test]
fn an_optimizers_state_stays_finite_too() {
    // The square of 1e30 is more than f32 holds, though the gradient and the step are finite.
    for (bad, threads) in [f32::NAN, f32::NEG_INFINITY, 1e30].into_iter().zip(1..) {
        let g = Graph::new();
        let w = g.parameter("w", [300, 7]);
        let loss = g.input("x", [5, 300]).matmul(w).mean(&[]);
        let gradient = g.backward(loss, &[w])[0] + g.input("planted", [300, 7]);
        let updates = Optimizer::adam().updates(&Rates::constant(&g, 0.1), &[w], &[gradient]);
        let pool = Arc::new(Pool::new(threads));
        let mut plan = g.compile_step::<f32>(loss, &updates).unwrap().with_pool(&pool);
        let (mut parameters, mut state) = (Parameters::new(), State::new());
        parameters.insert("w", Tensor::full([300, 7], 1.0));
        plan.input_mut("x").unwrap().fill(1.0);
        plan.input_mut("planted").unwrap().fill(1.0);
        assert!(plan.step_with(&mut parameters, &mut state).unwrap().is_finite());
        let before = parameters.get("w").unwrap().values()[1234];
        plan.input_mut("planted").unwrap()[1234] = bad;
        assert!(!plan.step_with(&mut parameters, &mut state).unwrap().is_finite(), "{bad}");
        assert!(parameters.is_finite() && state.is_finite(), "{bad}");
        assert_eq!(parameters.get("w").unwrap().values()[1234], before, "{bad}");
    }
}

#[test]
fn a_gradient_without_a_value_reaches_no_parameter_though_the_loss_is_finite() {
    let g = Graph::new();
    let w = g.parameter("w", []);
    let loss = w.abs().sqrt();
    let dw = g.backward(loss, &[w])[0];
    let mut plan = g.compile_step::<f64>(loss, &[(w, w - dw * 0.1)]).unwrap();
    let mut parameters = Parameters::new();
    parameters.insert("w", Tensor::scalar(0.0));
    assert!(!plan.step(&mut parameters).unwrap().is_finite());
    assert_eq!(parameters.get("w").unwrap().values(), [0.0]);
    assert_eq!(plan.value(loss).unwrap(), [0.0]);
}
