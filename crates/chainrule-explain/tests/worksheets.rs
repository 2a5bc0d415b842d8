//! Worksheets: blanks that give nothing away, and answers that are the library's numbers.

use chainrule_explain::{
    Explanation, Language, Request, Topic, Value, Worksheet, digits, explain, values, width,
};

const TOPICS: [Topic; 4] = [Topic::ChainRule, Topic::Sigmoid, Topic::Softmax, Topic::Matrix];

/// Walks whose values and gradients are unlike what is given.
const CASES: [(&str, &str, Option<f64>); 5] = [
    ("sigmoid(w * x + b)", "w=1.37,x=2.91,b=-3.77", None),
    ("h = w * x + b; h * h - x * tanh(h) + exp(x)", "w=-0.57,x=1.83,b=0.39", Some(1.71)),
    (
        "y = W @ x + b; sum(relu(y) * y)",
        "W=[[1.37,0.59],[-2.13,0.83]],x=[1.91,2.77],b=[0.31,0.47]",
        None,
    ),
    (
        "f = cross_entropy(X @ W + b, 1)",
        "X=[[1.3,-0.7]],W=[[0.9,0.4],[0.6,-1.1]],b=[0.21,0.37]",
        None,
    ),
    ("mean(X * s) + log(s)", "X=[[1.31,2.47],[0.59,3.83]],s=1.73", None),
];

fn request(expression: &str, at: &str, target: Option<f64>) -> Request {
    let expression = expression.into();
    Request { expression, values: values(at).unwrap(), target, ..Request::default() }
}

/// The numbers of an explanation's walk that a pupil has to find.
fn found(e: &Explanation) -> Vec<f64> {
    let values = e.nodes.iter().filter(|node| node.is_gate()).map(|node| &node.value);
    let passed = e.nodes.iter().flat_map(|node| &node.backward);
    let passed = passed.flat_map(|passed| [Some(&passed.product), passed.local.as_ref()]);
    values.chain(passed.flatten()).flat_map(Value::numbers).collect()
}

/// A sheet in every format.
fn printed(request: &Request, answers: bool) -> [String; 3] {
    let sheet = Worksheet::of(request, answers).unwrap();
    // Neither styles nor commands have answers.
    let body = |page: String, start| page.split_once(start).unwrap().1.to_owned();
    [sheet.to_text(), body(sheet.to_latex(), "document}"), body(sheet.to_html(), "<body>")]
}

#[test]
fn an_exercise_gives_no_answer_away() {
    for (expression, at, target) in CASES {
        let request = request(expression, at, target);
        let e = explain(&request).unwrap();
        let given: Vec<f64> = e.inputs.iter().flat_map(|(_, value)| value.numbers()).collect();
        let mut tried = 0;
        for x in found(&e) {
            // Short ones are exponents and numbers of blanks as well.
            let (short, long) = (digits(x.abs(), 4), digits(x.abs(), 6));
            if short.len() < 4 || given.iter().any(|given| given.abs() == x.abs()) {
                continue;
            }
            let sheets = printed(&request, false).into_iter().zip(printed(&request, true));
            for (exercise, solution) in sheets {
                assert!(!exercise.contains(&short), "{short} in {exercise}");
                assert!(!exercise.contains(&long), "{long} in {exercise}");
                tried += usize::from(solution.contains(&short));
            }
        }
        assert!(tried > 4, "{expression} has too few answers to look for");
    }
}

#[test]
fn the_answers_are_the_gradients() {
    for (expression, at, target) in CASES {
        let request = request(expression, at, target);
        let e = explain(&request).unwrap();
        let text = Worksheet::of(&request, true).unwrap().to_text();
        let (_, gradients) = text.split_once("The gradients\n").unwrap();
        let words: Vec<&str> = gradients.split_whitespace().collect();
        for (name, gradient) in &e.gradients {
            let root = if target.is_some() { "L" } else { "f" };
            let start = words.iter().position(|word| *word == format!("d{root}/d{name}")).unwrap();
            let rest = words[start + 1..].join(" ");
            let shown = rest.split("df/d").next().unwrap().split("dL/d").next().unwrap();
            for x in gradient.numbers() {
                assert!(shown.contains(&digits(x, 4)), "d/d{name}: no {x} in {shown}");
            }
        }
    }
}

/// The numbers of blanks in a text below its legend, each with what stands behind it.
fn marks(text: &str) -> impl Iterator<Item = (usize, Option<char>)> {
    let marks = text.split_once("\n\n").unwrap().1.split('#').skip(1);
    marks.map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        (rest[..end].parse().unwrap(), rest[end..].chars().next())
    })
}

#[test]
fn a_solution_is_the_same_sheet() {
    for topic in TOPICS {
        for seed in 0..40 {
            for language in [Language::English, Language::Korean] {
                let sheet = |answers| Worksheet::on(topic, seed, 5, answers, language).unwrap();
                let [exercise, solution] = [false, true].map(|answers| sheet(answers).to_text());
                for line in exercise.lines().chain(solution.lines()) {
                    assert!(width(line) <= 60, "{topic}, seed {seed}: {line}");
                    assert!(
                        line.starts_with('(') || !line.contains('…'),
                        "{topic}, seed {seed}: {line}"
                    );
                }
                let asked = marks(&exercise).filter(|(_, next)| *next == Some('_'));
                let answered: Vec<usize> = marks(&solution).map(|(number, _)| number).collect();
                let asked: Vec<usize> = asked.map(|(number, _)| number).collect();
                assert_eq!(asked, answered, "{topic}, seed {seed}");
                let counts = [&exercise, &solution].map(|text| text.lines().count());
                assert_eq!(counts[0], counts[1], "{topic}, seed {seed}:\n{exercise}\n{solution}");
            }
        }
    }
}

#[test]
fn what_is_too_large_for_a_sheet_is_refused() {
    let refused = |expression: &str, at: &str| {
        Worksheet::of(&request(expression, at, None), false).err().unwrap().to_string()
    };
    let long = vec!["x"; 60].join(" * ");
    let error = refused(&long, "x=1");
    assert_eq!(error, "the expression has 59 gates, but an exercise has at most 40");
    let row = vec!["1"; 13].join(",");
    let error = refused("sum(2 * x)", &format!("x=[{row}]"));
    assert_eq!(error, "an exercise has arrays of up to 12 numbers, but one here has 13");
}
