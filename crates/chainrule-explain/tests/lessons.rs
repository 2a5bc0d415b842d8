//! The texts of ten examples for a class, in both languages, which were read aloud before they were accepted.

mod common;

use chainrule_explain::{Explanation, Language, Request, explain, values};
use common::snapshot;

/// A name, the expression, the values, the target.
const LESSONS: [(&str, &str, &str, Option<f64>); 10] = [
    (
        "apples-and-oranges",
        "fruit = 100 * apples + 150 * oranges; fruit * tax",
        "apples=2,oranges=3,tax=1.1",
        None,
    ),
    ("neuron", "z = w * x + b; y = sigmoid(z)", "w=2,x=-1,b=0.5", Some(1.0)),
    ("fork", "h = x * w + b; h * h - x * h", "x=2,w=-0.5,b=0.3", None),
    ("relu-at-its-corner", "relu(x) * y", "x=0,y=3", None),
    ("branch-not-taken", "select(x < 1, x, sqrt(x))", "x=0", None),
    (
        "vanishing",
        "h1 = sigmoid(w1 * x); h2 = sigmoid(w2 * h1); h3 = sigmoid(w3 * h2); h4 = sigmoid(w4 * h3)",
        "x=3,w1=2,w2=4,w3=4,w4=4",
        None,
    ),
    (
        "dot-product",
        "z = w0*x0 + w1*x1 + w2*x2 + w3*x3 + b; tanh(z)",
        "w0=0.1,x0=2,w1=-0.3,x1=1,w2=0.5,x2=-2,w3=1.5,x3=0.5,b=0.25",
        None,
    ),
    (
        "affine-layer",
        "Y = X @ W + B; sum(Y * Y)",
        "X=[[1,2],[3,4]],W=[[0.5,-1],[0.25,2]],B=[0.1,-0.1]",
        None,
    ),
    (
        "softmax-with-loss",
        "Y = X @ W + B; L = cross_entropy(Y, [1, 0])",
        "X=[[1,2],[0.5,-1]],W=[[0.1,0.4],[0.3,0.2]],B=[0.5,-0.5]",
        None,
    ),
    ("not-a-number", "x / y + ln(z)", "x=1,y=0,z=-1", None),
];

fn explained(lesson: &(&str, &str, &str, Option<f64>), language: Language) -> Explanation {
    let &(_, expression, at, target) = lesson;
    let (expression, values) = (expression.into(), values(at).unwrap());
    explain(&Request { expression, values, target, language, ..Request::default() }).unwrap()
}

#[test]
fn lessons_read_as_they_were_accepted() {
    for lesson in &LESSONS {
        for (language, code) in [(Language::English, "en"), (Language::Korean, "ko")] {
            snapshot(
                &format!("lessons/{}-{code}.txt", lesson.0),
                &explained(lesson, language).to_text(),
            );
        }
    }
}
