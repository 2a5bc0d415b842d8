//! The state of optimizers: one for each use, told apart by type and never by a name.

use chainrule::optim::{Adam, Before, Each, Optimizer, Rates, Rule, Sgd};
use chainrule::state::{Group, StateKey};
use chainrule::{Graph, Parameters, Plan, Result, State, Tensor, Var};

const RATE: f64 = 0.1;

/// Parameters of one element, all 1.
fn ones(names: &[&str]) -> Parameters<f64> {
    let mut parameters = Parameters::new();
    names.iter().for_each(|&name| parameters.insert(name, Tensor::scalar(1.0)));
    parameters
}

/// A step of `rule` on each of these, towards 3.
fn plan(rule: &dyn Rule, names: &[&str]) -> Plan<f64> {
    let g = Graph::new();
    let w: Vec<Var<'_>> = names.iter().map(|name| g.parameter(name, [])).collect();
    let loss = w.iter().fold(g.constant(0.0), |sum, w| sum + (*w - 3.0).square());
    let updates = rule.updates(&Rates::constant(&g, RATE), &w, &g.backward(loss, &w));
    g.compile_step(loss, &updates).unwrap()
}

fn value(parameters: &Parameters<f64>, name: &str) -> f64 {
    parameters.get(name).unwrap().values()[0]
}

fn message<T>(result: Result<T>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}

fn key(rule: &str, number: u32, slot: &str, of: Option<&str>) -> StateKey {
    let group = Group { rule: rule.into(), number };
    StateKey { group, slot: slot.into(), of: of.map(Into::into) }
}

/// Adam's first step has the size of the learning rate, whatever other uses have counted.
fn is_first(parameters: &Parameters<f64>, name: &str) -> bool {
    (value(parameters, name) - (1.0 + RATE)).abs() < 1e-8
}

#[test]
fn each_plan_of_two_has_first_steps() {
    let mut parameters = ones(&["generator", "discriminator"]);
    for name in ["generator", "discriminator"] {
        let (mut plan, mut state) = (plan(&Optimizer::adam(), &[name]), State::new());
        plan.step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
        assert!(is_first(&parameters, name));
        assert_eq!(state.get(&key("adam", 0, "step", None)).unwrap().values(), [1.0]);
    }
}

#[test]
fn two_uses_in_one_graph_count_apart() {
    let g = Graph::new();
    let w = ["v", "w"].map(|name| g.parameter(name, []));
    let loss = (w[0] - 3.0).square() + (w[1] - 3.0).square();
    let gradients = g.backward(loss, &w);
    let rates = Rates::constant(&g, RATE);
    let of = |at: usize| Adam::default().updates(&rates, &w[at..=at], &gradients[at..=at]);
    let (first, both) = (of(0), of(1));
    let mut alone = g.compile_step::<f64>(loss, &first).unwrap();
    let mut both = g.compile_step::<f64>(loss, &[first, both].concat()).unwrap();
    let (mut parameters, mut state) = (ones(&["v", "w"]), State::new());
    // The second use begins later, in the state where the first one lies.
    for _ in 0..5 {
        alone.step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
    }
    assert_eq!(value(&parameters, "w"), 1.0);
    both.step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
    assert!(is_first(&parameters, "w"));
    let steps = [0, 1].map(|use_| state.get(&key("adam", use_, "step", None)).unwrap().values()[0]);
    assert_eq!(steps, [6.0, 1.0]);
}

#[test]
fn a_state_of_another_training_is_refused() {
    let adam = Optimizer::adam();
    let (mut parameters, mut state) = (ones(&["v", "w"]), State::new());
    plan(&adam, &["v"]).step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
    let before = (parameters.clone(), state.clone());
    let wrong = message(plan(&adam, &["w"]).step_with(&mut parameters, &mut state));
    assert!(
        wrong.starts_with("this state belongs to another use of adam: it has no `mean` of `w`"),
        "{wrong}"
    );
    assert!((&parameters, &state) == (&before.0, &before.1), "nothing has changed");

    state.insert(key("adam", 0, "mean", Some("v")), Tensor::full([2], 0.0));
    let wrong = message(plan(&adam, &["v"]).step_with(&mut parameters, &mut state));
    assert_eq!(wrong, "`mean` of `v` in the state of adam has shape [2], but it must have []");
}

#[test]
fn fewer_parameters_go_on_with_what_is_kept_for_them() {
    let sgd = Sgd { momentum: 0.5, ..Sgd::default() };
    let (mut parameters, mut state) = (ones(&["v", "w"]), State::new());
    plan(&sgd, &["v", "w"]).step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
    let v = key("sgd", 0, "velocity", Some("v"));
    let frozen = (value(&parameters, "v"), state.get(&v).unwrap().clone());
    plan(&sgd, &["w"]).step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
    // 1 + 0.4, then along 0.5·(−4) + 2·(1.4 − 3).
    assert!((value(&parameters, "w") - 1.92).abs() < 1e-12);
    assert_eq!(frozen, (value(&parameters, "v"), state.get(&v).unwrap().clone()));
}

#[test]
fn a_plan_with_state_asks_for_it() {
    let mut plan = plan(&Optimizer::adam(), &["w"]);
    let wrong = message(plan.step(&mut ones(&["w"])));
    assert!(
        wrong.contains("state of the optimizer adam")
            && wrong.contains("`step_with(&mut parameters, &mut state)`"),
        "{wrong}"
    );
    // What has been found for a step with a state is not used without one.
    plan.step_with(&mut ones(&["w"]), &mut State::new()).unwrap().finite().unwrap();
    assert!(plan.step(&mut ones(&["w"])).is_err());
    // A plan without state takes one and leaves it as it is.
    let mut state = State::new();
    let mut plan = self::plan(&Optimizer::sgd(), &["w"]);
    assert!(plan.step_with(&mut ones(&["w"]), &mut state).unwrap().is_finite());
    assert!(plan.step(&mut ones(&["w"])).unwrap().is_finite());
    assert_eq!(state, State::new());
}

#[test]
fn a_parameter_may_have_any_name() {
    let names = ["w", "w.adam.mean", "w.mean", "adam.step", "step", "encoder.adam.weight"];
    let (mut parameters, mut state) = (ones(&names), State::new());
    let mut plan = plan(&Optimizer::adam(), &names);
    for _ in 0..2 {
        plan.step_with(&mut parameters, &mut state).unwrap().finite().unwrap();
    }
    let w = value(&parameters, "w");
    assert!(names.iter().all(|name| value(&parameters, name) == w) && w > 1.15, "{w}");
    assert_eq!((parameters.iter().count(), state.iter().count()), (6, 13));
}

#[test]
fn new_values_are_read_with_parameters_and_state() {
    let g = Graph::new();
    let w = g.parameter("w", []);
    let updates = Optimizer::adam().updates(&Rates::constant(&g, RATE), &[w], &[w * 2.0]);
    let new = updates.iter().find(|(at, _)| at.id() == w.id()).unwrap().1;
    let (parameters, state) = (ones(&["w"]), g.initial_state());
    let mut plan = g.compile::<f64>(&[new]).unwrap();
    plan.run_with((&parameters, &state)).unwrap();
    let plain = g.interpret(&[new], &[], &[], (&parameters, &state)).unwrap();
    assert_eq!(plan.value(new).unwrap(), plain[0].values());
    let asks = |wrong: String| assert!(wrong.contains("`(&parameters, &state)`"), "{wrong}");
    asks(message(plan.run_with(&parameters)));
    asks(message(g.interpret(&[new], &[], &[], &parameters)));
    asks(message(g.first_not_finite(&plan, &parameters)));
    assert!(g.first_not_finite(&plan, (&parameters, &state)).unwrap().is_none());
    let mut state = state;
    state.get_mut(&key("adam", 0, "mean", Some("w"))).unwrap().values_mut()[0] = f64::NAN;
    let found = g.first_not_finite(&plan, (&parameters, &state)).unwrap().unwrap();
    assert!(found.to_string().contains("the optimizer's `mean` of `w`, is NaN"), "{found}");
}

/// An optimizer that only names what is right.
#[derive(Debug)]
struct Plain;

impl Rule for Plain {
    fn name(&self) -> &str {
        "plain"
    }
    fn steps<'g>(&self, all: &[Each<'g>]) -> Vec<(Var<'g>, Var<'g>)> {
        all.iter().map(|each| (each.w, each.w - each.dw * each.rate)).collect()
    }
}

#[test]
fn an_optimizer_that_does_not_say_how_is_not_taken_apart() {
    let (parameters, group) = (ones(&["w"]), Group { rule: "plain".into(), number: 0 });
    let before = Before::of("w", group, &parameters).unwrap();
    let wrong = message(Plain.parts(&before, &[1.0], RATE));
    assert!(wrong.starts_with("the optimizer `plain` cannot take its updates apart"), "{wrong}");
}

#[test]
fn gradients_fit_their_parameters() {
    let wrong = |parameters: usize, gradients: &[usize]| {
        let g = Graph::new();
        let w: Vec<Var<'_>> =
            ["v", "w"][..parameters].iter().map(|name| g.parameter(name, [2, 3])).collect();
        let dw: Vec<Var<'_>> =
            gradients.iter().map(|&n| g.constant(1.0).broadcast_to([n, 3])).collect();
        let updates = Plain.updates(&Rates::constant(&g, RATE), &w, &dw);
        message(g.compile_step::<f64>(g.constant(0.0), &updates))
    };
    let one = wrong(2, &[2]);
    assert!(one.starts_with("plain: takes a gradient for each parameter: 2, not 1"), "{one}");
    assert!(one.contains("tests/state.rs"), "{one}");
    assert!(wrong(1, &[2, 2]).contains("for each parameter: 1, not 2"));
    let shape = wrong(2, &[2, 1]);
    assert!(shape.contains("the gradient of `w` is [1, 3], but must be [2, 3]"), "{shape}");
}

#[test]
fn an_update_names_what_it_cannot_change() {
    let g = Graph::new();
    let (w, x, sum) = (g.parameter("w", [2]), g.input("x", [2]), g.input("x", [2]) + 1.0);
    let wrong =
        |updates: &[(Var<'_>, Var<'_>)]| message(g.compile_step::<f64>(g.constant(0.0), updates));
    let end = "which is no parameter and no optimizer's state";
    assert_eq!(wrong(&[(x, w)]), format!("an update of input `x`, {end}"));
    assert_eq!(wrong(&[(sum, w)]), format!("an update of the result of `add`, {end}"));
    let short = wrong(&[(w, w.sum(&[]))]);
    assert_eq!(short, "the new value of parameter `w` is [], but must be [2] as it is");
    let rates = Rates::constant(&g, RATE);
    let twice = [Plain.updates(&rates, &[w], &[x]), Plain.updates(&rates, &[w], &[x])].concat();
    assert!(wrong(&twice).starts_with("parameter `w` is updated twice"));
}
