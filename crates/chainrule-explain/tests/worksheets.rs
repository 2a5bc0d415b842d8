//! Worksheets: blanks that give nothing away, and answers that are the library's numbers.

use std::path::Path;

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
fn every_format_has_the_same_blanks() {
    for (expression, at, target) in CASES {
        let sheet = Worksheet::of(&request(expression, at, target), false).unwrap();
        let (text, latex, html) = (sheet.to_text(), sheet.to_latex(), sheet.to_html());
        let asked = marks(&text).filter(|(_, next)| *next == Some('_'));
        let mut asked: Vec<usize> = asked.map(|(number, _)| number).collect();
        asked.sort_unstable();
        assert!(asked.iter().copied().eq(1..=asked.len()), "{expression}: {asked:?}");
        let numbers = |parts: std::str::Split<'_, &str>, end: char| {
            let number = |part: &str| part.split_once(end)?.0.parse().ok();
            let mut numbers: Vec<usize> = parts.skip(1).filter_map(number).collect();
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(numbers(latex.split(r"\blank{"), '}'), asked, "{latex}");
        assert_eq!(numbers(html.split(r#""cell"><span class="number">"#), '<'), asked, "{html}");
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        roxmltree::Document::parse_with_options(&html, options).unwrap();
    }
}

/// Random exercises never change: what a seed gave once is printed in somebody's class.
#[test]
fn exercises_by_seed_are_as_accepted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    for (name, answers, language) in [
        ("exercises-en.txt", false, Language::English),
        ("exercises-ko.txt", false, Language::Korean),
        ("solutions-en.txt", true, Language::English),
        ("solutions-ko.txt", true, Language::Korean),
    ] {
        let sheet = |topic| Worksheet::on(topic, 1, 2, answers, language).unwrap().to_text();
        let found = TOPICS.map(sheet).join("\n");
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(path.join(name), &found).unwrap();
        }
        let expected = std::fs::read_to_string(path.join(name)).unwrap_or_default();
        assert!(found == expected, "{name} differs from its snapshot\n{found}");
    }
}

#[test]
fn a_longer_sheet_begins_like_a_shorter_one() {
    let sheet = |seed, count| {
        Worksheet::on(Topic::Matrix, seed, count, false, Language::English).unwrap().to_text()
    };
    assert!(sheet(3, 9).starts_with(sheet(3, 2).trim_end()));
    assert_ne!(sheet(3, 2), sheet(4, 2).replace("seed 4", "seed 3"));
}

#[test]
fn what_is_too_large_for_a_sheet_is_refused() {
    let refused = |expression: &str, at: &str| {
        Worksheet::of(&request(expression, at, None), false).err().unwrap().to_string()
    };
    let long = vec!["x"; 60].join(" * ");
    let error = refused(&long, "x=1");
    assert_eq!(error, "the expression has 59 gates, but an exercise has at most 40");
    for (x, shape) in [("[1,2,3,4,5,6,7]", "7"), ("[[1,2,3,4,5],[1,2,3,4,5],[1,2,3,4,5]]", "3×5")]
    {
        let error = refused("sum(2 * x)", &format!("x={x}"));
        assert_eq!(
            error,
            format!(
                "an exercise has vectors and matrices of up to 6 a side and 12 numbers, but an array here has {shape}"
            )
        );
    }
}

/// A solution, its words one space apart.
fn answers(expression: &str, at: &str) -> String {
    let text = Worksheet::of(&request(expression, at, None), true).unwrap().to_text();
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

#[test]
fn small_answers_keep_their_digits() {
    for (expression, at, wanted) in [
        ("x*y", "x=1e12,y=1e-5", "df/dx = 1e-5"),
        ("sum(x)", "x=[1e20,1,2]", "df/dx = [1, 1, 1]"),
        ("exp(x)*y", "x=-50,y=3", "exp(x) = exp(-50) = #1 1.929e-22"),
        ("exp(x)*y", "x=50,y=3", "exp(x) = exp(50) = #1 5.185e21"),
        ("x*x", "x=1e-20", "x * x = 1e-20 × 1e-20 = #1 1e-40"),
        ("W @ x; sum(W @ x)", "W=[[1e20,0],[0,1e-3]],x=[1,1]", "#2 0.001]"),
        // Rounding of its own addends, and of what is made of them, is none.
        ("(x+y-z)*w", "x=0.1,y=0.2,z=0.3,w=2", "(x + y - z) * w = 0 × 2 = #3 0 "),
        ("(x+y-z)*w", "x=0.1,y=0.2,z=0.3,w=2", "df/dw = 0"),
        ("sum(x)*w", "x=[0.1,0.2,-0.3],w=1", "sum(x) = sum([0.1, 0.2, -0.3]) = #1 0 "),
        ("sum(W@x)", "W=[[0.1,0.2,-0.3]],x=[1,1,1]", "= [#1 0]"),
    ] {
        let text = answers(expression, at);
        assert!(text.contains(wanted), "{expression}: no {wanted} in\n{text}");
    }
}

#[test]
fn what_no_pencil_computes_is_refused_and_what_is_agreed_on_is_told() {
    let sheet = |expression: &str, at: &str| {
        let text = Worksheet::of(&request(expression, at, None), false)?.to_text();
        Ok::<_, chainrule::Error>(text.split_whitespace().collect::<Vec<&str>>().join(" "))
    };
    let error = sheet("w*sqrt(x)+b", "w=3,x=0,b=5").err().unwrap().to_string();
    assert!(error.starts_with("an exercise asks for finite numbers only"), "{error}");
    assert!(error.contains("[sqrt] sqrt(x)"), "{error}");
    for (expression, at, wanted) in [
        ("select(x < 1, x, sqrt(x))", "x=0", "the branch was not taken"),
        ("relu(x)", "x=0", "at 0 that of relu is 0 by convention"),
        ("sum(abs(x))", "x=[1,0]", "at 0 that of abs is 0 by convention"),
        ("max(x, y)", "x=2,y=2", "equals share the gradient evenly"),
        // That nothing comes is an answer.
        ("x < 1", "x=0", "df/dx = #2________"),
    ] {
        let text = sheet(expression, at).unwrap();
        assert!(text.contains(wanted), "{expression}: {text}");
        assert!(!sheet(expression, "x=[3,4],y=1").unwrap_or_default().contains("convention"));
    }
}

#[test]
fn no_exercise_comes_twice() {
    for topic in TOPICS {
        for seed in 0..20 {
            let drawn = topic.exercises(40, seed);
            for (at, exercise) in drawn.iter().enumerate() {
                let is_same = |old: &&Request| {
                    (&old.expression, &old.values) == (&exercise.expression, &exercise.values)
                };
                assert!(!drawn[..at].iter().any(|old| is_same(&old)), "{topic} {seed}: {at}");
            }
        }
    }
}
