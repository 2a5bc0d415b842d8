//! What an explanation says is right for the case at hand: its branches, corners, remedies and names.

use chainrule_explain::{AllNumbers, Explanation, Request, explain, values};

fn explained(expression: &str, at: &str) -> Explanation {
    let request = Request {
        expression: expression.into(),
        values: values(at).unwrap(),
        ..Request::default()
    };
    explain(&request).unwrap()
}

/// The text with its lines joined, so that no break is in the way.
fn told(expression: &str, at: &str) -> String {
    explained(expression, at).to_text().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_branch_that_was_not_taken_is_said_to_pass_nothing() {
    let text = told("select(x < 1, x, sqrt(x))", "x=0");
    assert!(text.contains("No gradient arrives here: the branch was not taken"), "{text}");
    assert!(!text.contains("NaN"), "{text}");
    assert_eq!(explained("select(x < 1, x, sqrt(x))", "x=0").gradients[0].1.as_number(), Some(1.0));
    let text = told("max(y, 0)^(1/2.4)", "y=-1");
    assert!(text.contains("nothing passes, though what arrives is not finite"), "{text}");
    assert_eq!(explained("max(y, 0)^(1/2.4)", "y=-1").gradients[0].1.as_number(), Some(0.0));
    // A branch that was taken and a unit that is off have words of their own.
    for (expression, at) in [("select(x < 1, x, sqrt(x))", "x=2"), ("relu(x) * 2", "x=-1")] {
        assert!(!told(expression, at).contains("not taken"), "{expression}");
    }
}

#[test]
fn corners_jumps_and_flat_places_are_told_as_such() {
    for (expression, at, said) in [
        ("abs(x)", "x=0", "a corner: any slope from -1 to 1 fits here; 0 is taken"),
        ("relu(x)", "x=0", "a corner: any slope from 0 to 1 fits here; 0 is taken"),
        ("max(x, 0)", "x=0", "a corner: any slope from 0 to 1 fits here; 0.5 is taken"),
        ("abs(3 * x - 3)", "x=1", "any slope from -3 to 3"),
        ("sign(x)", "x=0", "x +0.01: a jump: the value changes at once"),
        ("x^y", "x=0,y=0", "y +0.01: a jump"),
        ("select(x < 1, x, 3 * x)", "x=0.995", "at x +0.005 the value jumps"),
        ("max(x, 2)^2", "x=1.99", "at x +0.01 stands a corner"),
        ("sum(abs(X))", "X=[0,1]", "a corner: several slopes fit here"),
        ("x^3", "x=0", "slope and curvature are 0 here"),
        ("sqrt(x)", "x=0", "the slope is infinite here"),
        ("1e16 + x", "x=1", "rounding of the result drowns so small a change"),
        ("exp(30 * x)", "x=1", "off by 14 %; with curvature by 1.4 %"),
    ] {
        let text = told(expression, at);
        assert!(text.contains(said), "{expression}: {text}");
        assert!(!text.contains("too large for either"), "{expression}: {text}");
    }
    // A smooth function is not said to have a corner, however bent.
    for (expression, at) in
        [("x^2", "x=0"), ("sin(100 * x)", "x=0"), ("x^2.5", "x=1e-6"), ("tanh(50 * x)", "x=0")]
    {
        let text = told(expression, at);
        assert!(!text.contains("corner") && !text.contains("jump"), "{expression}: {text}");
    }
}

#[test]
fn a_remedy_fits_the_operands() {
    for (expression, at, said, not) in [
        ("sqrt(x)", "x=-1", "takes no numbers below 0", "1e-12"),
        ("sqrt(x)", "x=0", "sqrt(x + 1e-12)", "sign right"),
        ("ln(x)", "x=-1", "is its sign right?", "1e-12"),
        ("ln(x)", "x=0", "ln(max(x, 1e-12))", "sign right"),
        ("b^0.5", "b=0", "infinite at 0: add a little to the base", "abs"),
        ("b^0.5", "b=-1", "only whole powers", "1e-12"),
        ("b^(-1)", "b=0", "0 has no negative power", "abs"),
        ("x^400", "x=10", "too large for a number", "abs"),
        ("asin(x)", "x=1", "infinite at -1 and 1", "alone"),
        ("asin(x)", "x=2", "from -1 to 1 alone", "infinite"),
        ("x / y", "x=1,y=0", "select(y != 0, x / y, 0)", "abs"),
    ] {
        let remedy = explained(expression, at).not_finite.and_then(|origin| origin.remedy).unwrap();
        assert!(remedy.contains(said) && !remedy.contains(not), "{expression} at {at}: {remedy}");
    }
}

#[test]
fn uses_that_pass_nothing_are_no_agreement() {
    assert!(told("select(x < 1, x, sqrt(x)) + 0 * x", "x=0").contains("Only one of them"));
    for (expression, at) in [("x * ln(x)", "x=0"), ("0 * x + 0 * x", "x=1")] {
        assert!(!told(expression, at).contains("pull the same way"), "{expression}");
    }
    assert!(told("x * x", "x=3").contains("All pull the same way"));
}

#[test]
fn the_rule_of_a_cross_entropy_is_that_of_its_targets() {
    let text = told("cross_entropy(a, T)", "a=[1,2],T=[0.5,1]");
    assert!(
        text.contains("da = Σt · softmax(a) − t") && text.contains("do not sum to 1"),
        "{text}"
    );
    let text = told("cross_entropy(a, T)", "a=[1,2],T=[0,1]");
    assert!(text.contains("da = softmax(a) − t") && !text.contains("do not sum"), "{text}");
    let text = told("cross_entropy(a, T)", "a=[[1,2],[3,4]],T=[[0,1],[0,1]]");
    assert!(text.contains("(softmax(a) − t) / 2") && text.contains("mean of 2 rows"), "{text}");
}

#[test]
fn names_of_the_user_are_not_ours_too() {
    let product = explained("f * x", "f=2,x=3");
    assert_eq!(product.symbolic(), "dF/df = x\ndF/dx = f\n");
    assert!(product.to_text().starts_with("F = f * x\n"));
    let sum = explained("f = x * 2; f + 1", "x=3");
    assert_eq!(sum.symbolic(), "dF/dx = 2\n");
    assert!(sum.to_text().contains("f = x * 2\nF = f + 1\n"));
    // The result may have the name itself.
    assert!(explained("f = x * 2", "x=3").to_text().starts_with("f = x * 2\n"));
    let request = Request {
        expression: "L * x".into(),
        values: values("L=2,x=3").unwrap(),
        target: Some(1.0),
        ..Request::default()
    };
    assert!(explain(&request).unwrap().to_text().contains("loss Loss = ½·(f − target)²"));
}

#[test]
fn json_tells_infinities_and_nan_apart_from_nothing() {
    let json = |expression: &str, at: &str| -> serde_json::Value {
        serde_json::to_value(AllNumbers(&explained(expression, at))).unwrap()
    };
    let root = json("sqrt(x)", "x=0");
    assert_eq!(root["gradients"]["x"], "inf");
    assert_eq!(root["what_if"][0]["first_order"], "inf");
    assert_eq!(root["what_if"][0]["loss"], serde_json::Value::Null);
    assert_eq!(json("ln(x)", "x=0")["output"], "-inf");
    assert_eq!(json("x * ln(x)", "x=0")["output"], "nan");
}

#[test]
fn of_many_inputs_the_most_important_are_changed_and_the_others_counted() {
    let names: Vec<String> = (0..400).map(|i| format!("x{i}")).collect();
    let at: Vec<String> = names.iter().enumerate().map(|(i, name)| format!("{name}={i}")).collect();
    let many = explained(&names.join(" + "), &at.join(","));
    let changed: Vec<&str> = many.what_if.iter().map(|row| row.name.as_str()).collect();
    let wanted: Vec<&str> = names[388..].iter().map(String::as_str).collect();
    assert_eq!((changed, many.what_if_left_out), (wanted, 388));
    assert!(many.to_text().contains("388 others matter less"));
    // Of arrays elements, each by itself.
    let rows = explained("sum(X * Y)", "X=[[1,2],[3,-4]],Y=[[1,0],[0,5]]").what_if;
    let rows: Vec<(&str, f64)> = rows.iter().map(|row| (row.name.as_str(), row.change())).collect();
    assert_eq!(
        rows.iter().map(|row| row.0).collect::<Vec<_>>()[..4],
        ["X", "Y", "X[1,1]", "Y[1,1]"]
    );
    assert!((rows[2].1 + 0.2).abs() < 1e-12, "{rows:?}");
}

#[test]
fn a_long_way_down_thins_out_and_says_so() {
    let down = |steps| {
        let request = Request {
            expression: "x^2".into(),
            values: values("x=1").unwrap(),
            descend: Some(steps),
            lr: Some(1e-3),
            ..Request::default()
        };
        explain(&request)
    };
    let few = down(40).unwrap();
    assert_eq!(few.descent.as_ref().unwrap().points.len(), 41);
    assert!(!few.to_text().contains("step is shown"));
    let many = down(100_000).unwrap();
    let points = &many.descent.as_ref().unwrap().points;
    assert!(points.len() < 1100 && points.last().unwrap().step == 100_000, "{}", points.len());
    let text = many.to_text();
    assert!(text.contains("Every 5000th step is shown") && text.len() < 6000, "{text}");
    let error = down(4_000_000_000).unwrap_err().to_string();
    assert!(error.contains("the number of steps is 4000000000"), "{error}");
}

#[test]
fn formulas_are_never_cut() {
    let unit = told("sigmoid(w0*x0+w1*x1+b)", "w0=2,x0=-1,w1=-3,x1=-2,b=-3");
    assert!(unit.contains("local: y * (1 - y)") && unit.contains("(y is the gate's own value)"));
    assert!(unit.contains("df/dw0 = x0 * s * (1 - s) = -0.196612"), "{unit}");
    assert!(unit.contains("where s = sigmoid(w0 * x0 + w1 * x1 + b)"), "{unit}");
    // Names of the user are not the places' too.
    assert!(told("s = y * u; sigmoid(s + 1) * s", "y=1,u=2").contains("local: y' * (1 - y')"));
    let steep = Request {
        expression: "sigmoid(softplus(z)^z)".into(),
        values: values("z=0.5").unwrap(),
        hessian: true,
        ..Request::default()
    };
    let symbolic = explain(&steep).unwrap().symbolic();
    assert!(!symbolic.contains('…') && !symbolic.contains('?'), "{symbolic}");
    assert!(symbolic.lines().all(|line| line.len() < 120), "{symbolic}");
    // Read back part by part, it is the value.
    let second = symbolic.split_once("d²f/dz² = ").unwrap().1;
    let (formula, parts) = second.split_once('\n').unwrap();
    let parts = parts.lines().map(|line| line.trim().trim_start_matches("where "));
    let program = parts.chain([formula]).collect::<Vec<_>>().join("; ");
    let again = explained(&program, "z=0.5").output.as_number().unwrap();
    let wanted = explain(&steep).unwrap().hessian.unwrap().values[0][0];
    assert!((again - wanted).abs() < 1e-12 * wanted.abs(), "{again} {wanted}");
}

#[test]
fn well_known_numbers_are_written_as_such() {
    let of = |expression: &str| explained(expression, "x=0.5").symbolic();
    assert_eq!(of("erf(x)"), "df/dx = 2 / sqrt(pi) * exp(-x^2)\n");
    assert_eq!(of("2^x"), "df/dx = 2^x * ln(2)\n");
    assert_eq!(of("log2(x)"), "df/dx = 1 / ln(2) / x\n");
    assert_eq!(of("2*x/3"), "df/dx = 2 / 3\n");
    assert_eq!(of("sin(pi*x/4)"), "df/dx = pi / 4 * cos(pi / 4 * x)\n");
    assert_eq!(of("0.125*x^2"), "df/dx = 0.25 * x\n");
}

#[test]
fn values_are_computed_in_equations_before_gradients_go_back() {
    let text = told("x * m * t - 219", "x=100,m=2,t=1.1");
    for equation in ["x * m = 100 × 2 = 200", "x * m * t = 200 × 1.1 = 220", "= 220 − 219 = 1"]
    {
        assert!(text.contains(equation), "{equation}: {text}");
    }
    assert!(text.find("Forward, gate by gate") < text.find("Backward, gate by gate"));
    assert!(told("x * -y + sqrt(z)^2", "x=2,y=3,z=4").contains("sqrt(z) = sqrt(4) = 2"));
    assert!(told("x - y", "x=2,y=-3").contains("x - y = 2 − (-3) = 5"));
    let array = told("sum(A @ B)", "A=[[1,2],[3,4]],B=[[1,0],[0,1]]");
    assert!(array.contains("A @ B = [[1, 2], [3, 4]] @ [[1, 0], [0, 1]] = [[1, 2], [3, 4]]"));
}

#[test]
fn a_gradient_that_vanishes_or_explodes_is_explained_by_its_factors() {
    let small = told("sigmoid(sigmoid(sigmoid(sigmoid(4*x))))", "x=3");
    assert!(small.contains("Why is df/dx so small?"), "{small}");
    assert!(small.contains("0.224 × 0.219 × 0.197 × 6.14e-6 × 4"), "{small}");
    assert!(small.contains("4 of 5 factors are below 1"), "{small}");
    assert!(small.contains("is 6.14e-6, at [sigmoid] sigmoid(4 * x)"), "{small}");
    let large = told("exp(exp(exp(x)))", "x=1.2");
    assert!(
        large.contains("Why is df/dx so large?") && large.contains("3 of 3 factors are above 1")
    );
    for (expression, at) in [("x * m * t", "x=100,m=2,t=1.1"), ("1e-5 * x", "x=1")] {
        assert!(!told(expression, at).contains("Why is"), "{expression}");
    }
}

#[test]
fn a_result_goes_by_the_name_that_it_has() {
    let loss = explained("Y = X @ W; L = cross_entropy(Y, 1)", "X=[[1,2]],W=[[1,0],[0,1]]");
    assert!(loss.symbolic().starts_with("dL/dX = "));
    assert!(loss.to_latex().contains(r"\frac{\partial L}{\partial W} &= "));
    for shown in [loss.to_latex(), loss.to_text()] {
        assert!(!shown.contains(r"\partial f") && !shown.contains("df/d"), "{shown}");
    }
    let screen = explained("L = x * m", "x=3,m=2").screen(chainrule_explain::View::default());
    let story = format!("{:?}", screen.story);
    assert!(screen.root.name == "L" && story.contains("<mi>∂</mi><mi>L</mi>"), "{story}");
    assert!(!story.contains("<mi>f</mi>"), "{story}");
    // Names that are long, or another value's too, are not taken for it.
    let long = explained("the_loss_of_all = x * 2", "x=3").symbolic();
    assert_eq!(long, "df/dx = 2\n");
    assert_eq!(explained("h = x * 2; h += x", "x=3").symbolic(), "df/dx = 3\n");
    let target = Request {
        expression: "L = x * 2".into(),
        values: values("x=3").unwrap(),
        target: Some(1.0),
        ..Request::default()
    };
    assert!(explain(&target).unwrap().to_text().contains("loss Loss = ½·(L − target)²"));
}

#[test]
fn a_document_tells_slopes_by_the_names_of_its_values() {
    let unit = explained("sigmoid(w0*x0+w1*x1+b) * 2", "w0=2,x0=-1,w1=-3,x1=-2,b=-3").to_latex();
    let slope = r"\frac{\partial u_{5}}{\partial u_{4}} &= u_{5}\,\left(1 - u_{5}\right)";
    assert!(unit.contains(slope), "{unit}");
    let square = explained("tanh(x)^2", "x=2").to_latex();
    assert!(square.contains(r"\frac{\partial f}{\partial u_{1}} &= 2\,\tanh"), "{square}");
    let square = explained("(a * b + c * d * e)^2", "a=1,b=2,c=3,d=4,e=5").to_latex();
    assert!(square.contains(r"\frac{\partial f}{\partial u_{4}} &= 2\,u_{4}"), "{square}");
    // Numbers that the user gave names are not ours too.
    let own = explained("u1 * x + sin(x) * cos(x)", "u1=1,x=2").to_latex();
    assert!(own.contains("v_{1}") && !own.contains("u_{"), "{own}");
}

/// Where the textbook's forms lose all digits, explanations have those of 50-digit arithmetic, and print the
/// textbook's formula.
#[test]
fn slopes_far_out_have_their_digits() {
    for (expression, x, slope, formula) in [
        ("tanh(x)", 15.0, 3.743_049_187_535_369e-13, "1 - tanh(x)^2"),
        ("tanh(x)", 20.0, 1.699_341_702_116_635_6e-17, "1 - tanh(x)^2"),
        ("sigmoid(x)", 40.0, 4.248_354_255_291_589e-18, "sigmoid(x) * (1 - sigmoid(x))"),
        ("asin(x)", 1.0 - 1e-14, 7_073_895.380_882_617, "1 / sqrt(1 - x^2)"),
    ] {
        let e = explained(expression, &format!("x={x}"));
        let found = e.gradients[0].1.as_number().unwrap();
        assert!((found / slope - 1.0).abs() < 1e-15, "{expression} at {x}: {found:e}");
        let shown = e.partials[0].1.formula.as_ref().unwrap().to_string();
        assert_eq!(shown, formula);
    }
    let text = told("tanh(x)", "x=20");
    assert!(text.contains("to x: 1 × 1.69934e-17 = 1.69934e-17 local: 1 - y^2"), "{text}");
}

#[test]
fn a_goal_that_only_rounding_reaches_is_told_as_such() {
    let goal = |expression: &str, at: &str, target| {
        let request = Request {
            expression: expression.into(),
            values: values(at).unwrap(),
            target: Some(target),
            ..Request::default()
        };
        let e = explain(&request).unwrap();
        (e.goals[0].by_rounding, e.to_text())
    };
    let (by_rounding, text) = goal("sigmoid(x)", "x=-1", 1.0);
    assert!(by_rounding && text.contains("f → 1\n") && text.contains("never gets there"), "{text}");
    for (expression, at, target) in [
        ("relu(x)", "x=3", 0.0),
        ("relu(x)^8", "x=1", 0.0),
        ("sigmoid(x)", "x=-1", 0.75),
        ("(x - 1)^3", "x=3", 0.0),
    ] {
        let (by_rounding, text) = goal(expression, at, target);
        assert!(!by_rounding && !text.contains("never gets there"), "{expression}: {text}");
    }
}

#[test]
fn goals_that_are_touched_or_far_are_found() {
    let goal = |expression: &str, at: &str, goal, target| {
        let request = Request {
            expression: expression.into(),
            values: values(at).unwrap(),
            wrt: Some(vec![at.split('=').next().unwrap().into()]),
            goal,
            target,
            ..Request::default()
        };
        explain(&request).unwrap().goals.remove(0).value
    };
    for (expression, at, to, target, wanted) in [
        ("(2*x-3)^2", "x=1", Some(0.0), None, 1.5),
        ("mse(w*x,t)", "w=0.5,x=[1,2],t=[2,4]", Some(0.0), None, 2.0),
        ("abs(x-2)", "x=4", Some(0.0), None, 2.0),
        ("sqrt(x)", "x=4", Some(0.0), None, 0.0),
        ("cos(x)", "x=0.5", None, Some(1.0), 0.0),
        ("cosh(x)", "x=1", Some(1.0), None, 0.0),
        ("x^2 - 2*x + 1", "x=4", Some(0.0), None, 1.0),
        ("exp(x)", "x=1", Some(1e300), None, 690.775_527_898_213_7),
        ("w*x", "w=1e-9,x=3", None, Some(1e9), 1e9 / 3.0),
        ("w*x", "x=3,w=1e-9", None, Some(1e9), 1e18),
    ] {
        let found = goal(expression, at, to, target);
        let is_near = found.is_some_and(|x| (x - wanted).abs() <= 1e-9 * wanted.abs());
        assert!(is_near, "{expression}: {found:?} for {wanted}");
    }
    assert_eq!(goal("(2*x-3)^2 + 1e-9", "x=1", Some(0.0), None), None);
    assert_eq!(goal("cos(x)", "x=0.5", None, Some(1.001)), None);
}

#[test]
fn a_goal_tells_what_changes_nothing_and_tries_what_matters() {
    let targeted = |expression: &str, at: &str| {
        let request = Request {
            expression: expression.into(),
            values: values(at).unwrap(),
            target: Some(5.0),
            ..Request::default()
        };
        explain(&request).unwrap()
    };
    let text = targeted("w*x+b", "w=1,x=0,b=2").to_text();
    assert!(text.contains("w: changes nothing here") && text.contains("b = 5"), "{text}");
    let terms: Vec<String> = (0..30).map(|at| format!("w{at}")).collect();
    let at: Vec<String> = (0..30).map(|at| format!("w{at}={}", (at * 7) % 30)).collect();
    let e = targeted(&terms.join(" + "), &at.join(","));
    assert_eq!((e.goals.len(), e.goals_left_out), (12, 18));
    assert!(e.goals.iter().any(|goal| goal.name == "w17"));
    assert!(e.to_text().contains("18 others matter less"), "{}", e.to_text());
}

#[test]
fn parts_of_long_formulas_go_by_the_users_names_and_are_numbered_in_order() {
    let chain =
        "h1 = sigmoid(w1 * x); h2 = sigmoid(w2 * h1); h3 = sigmoid(w3 * h2); sigmoid(w4 * h3)";
    let text = explained(chain, "x=3,w1=2,w2=4,w3=4,w4=4").symbolic();
    let slope = "w1 * w2 * w3 * w4 * s * (1 - s) * h3 * (1 - h3) * h2 * (1 - h2) * h1 * (1 - h1)";
    assert!(text.contains(slope), "{text}");
    assert!(text.contains("where h1 = sigmoid(x * w1)"), "{text}");
    let unnamed = "sigmoid(w3 * sigmoid(w2 * sigmoid(w1 * x)))";
    let text = explained(unnamed, "x=3,w1=2,w2=4,w3=4").symbolic();
    let wheres: Vec<&str> = text.lines().filter(|line| line.contains("where")).collect();
    let names = wheres.iter().map(|line| line.split_whitespace().nth(1).unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["s1", "s2", "s3"], "{text}");
    // Of a name that two values had nobody can tell which is meant.
    let twice = "h = sigmoid(w * x); h += x; sigmoid(w * h) * sigmoid(h * w * w) * sigmoid(x * h)";
    assert!(!explained(twice, "x=1,w=2").symbolic().contains("where h ="));
}

#[test]
fn a_zero_that_no_router_sends_is_not_told_as_a_branch() {
    for expression in ["0 * sqrt(x)", "sqrt(x) * 0", "relu(sqrt(x) - 1)"] {
        let text = told(expression, "x=0");
        assert!(text.contains("does not depend on this value here"), "{expression}: {text}");
        assert!(!text.contains("branch was not taken"), "{expression}: {text}");
    }
    let text = told("select(x < 1, x, 2 * sqrt(x) + 1)", "x=0");
    assert!(text.contains("the branch was not taken"), "{text}");
    assert!(told("x^x", "x=0").contains("slope by the exponent is taken as 0"));
    assert!(!told("x^y", "x=2,y=0").contains("slope by the exponent"));
}

#[test]
fn what_if_says_exact_only_where_that_can_be_seen() {
    let hidden = told("tanh(x)", "x=15");
    assert!(
        hidden.contains("rounding of the result hides") && !hidden.contains("exact"),
        "{hidden}"
    );
    assert!(told("1e10 + x^3", "x=0.1").contains("as far as can be told"));
    assert!(told("x * m * t", "x=100,m=2,t=1.1").contains("the gradient alone is exact"));
    for (expression, at) in [("exp(x)", "x=800"), ("ln(x) * 0", "x=0")] {
        let text = told(expression, at);
        assert!(text.contains("a number here is not finite"), "{expression}: {text}");
    }
}

#[test]
fn a_descent_that_cannot_move_says_so() {
    let request = Request {
        expression: "x^2".into(),
        values: values("x=0").unwrap(),
        target: Some(4.0),
        descend: Some(3),
        ..Request::default()
    };
    let text = explain(&request).unwrap().to_text();
    assert!(text.contains("The gradient is 0 here: no step moves."), "{text}");
    assert!(!text.contains("the gradient predicts"), "{text}");
}

#[test]
fn a_descent_that_jumps_to_and_fro_is_not_said_to_stay() {
    let descent = |lr, descend| {
        let request = Request {
            expression: "x^2".into(),
            values: values("x=1").unwrap(),
            lr: Some(lr),
            descend: Some(descend),
            ..Request::default()
        };
        explain(&request).unwrap().to_text()
    };
    let jumps = descent(1.0, 1000);
    assert!(!jumps.contains("stay as they are"), "{jumps}");
    let arrived = descent(0.5, 5);
    assert!(arrived.contains("From step 1 on, these numbers stay as they are."), "{arrived}");
}

#[test]
fn statements_are_told_as_they_were_written() {
    let heading = |expression: &str| {
        let text = explained(expression, "x=3").to_text();
        text.lines()
            .take_while(|line| !line.starts_with("at "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(heading("x * 2 # a; b"), ["f = x * 2"]);
    assert_eq!(heading("h = x * 2\nh + 1\n# done"), ["h = x * 2", "f = h + 1"]);
    assert_eq!(heading("sum([1,\n2] * x)"), ["f = sum([1, 2] * x)"]);
    assert_eq!(heading("h = x * 2; h += x"), ["h = x * 2", "h += x", "f = h"]);
    assert_eq!(heading("h = x * x; h"), ["h = x * x"]);
}

#[test]
fn a_sweep_shows_points_beside_what_is_not_finite() {
    let sweep = |expression: &str, range: (f64, f64, usize)| {
        let request = Request {
            expression: expression.into(),
            values: values("x=0.5").unwrap(),
            sweep: Some(chainrule_explain::Range {
                name: "x".into(),
                from: range.0,
                to: range.1,
                points: range.2,
            }),
            ..Request::default()
        };
        let text = explain(&request).unwrap().to_text();
        let plot = text.lines().filter(|line| line.contains('│') && !line.contains('['));
        plot.map(|line| line.matches('*').count()).sum::<usize>()
    };
    assert!(sweep("sqrt(x)", (-1.0, 0.0, 3)) > 0 && sweep("1/x", (0.0, 1.0, 2)) > 0);
}

#[test]
fn the_rule_of_a_softmax_does_not_take_the_users_y() {
    let text = told("y = 2 * z; softmax(y)[0]", "z=[1,2]");
    assert!(
        text.contains("dy = y' ⊙ (") && text.contains("(y' is the gate's own value)"),
        "{text}"
    );
    assert!(told("softmax(2 * z)[0]", "z=[1,2]").contains("(y is the gate's own value)"));
}
