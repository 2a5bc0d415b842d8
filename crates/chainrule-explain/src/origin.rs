//! Where a NaN or an infinity was born, and what to do about it.

use super::columns::short;
use super::model::{Explanation, Node, Origin};
use super::value::Value;
use super::words::Words;

/// The first node, forward and then backward, whose number is not finite though all it came from is.
pub(super) fn find(e: &Explanation) -> Option<Origin> {
    let words = Words::new(e.language);
    forward(e, &words).or_else(|| backward(e, &words))
}

fn is_finite(value: &Value) -> bool {
    value.numbers().iter().all(|x| x.is_finite())
}

fn forward(e: &Explanation, words: &Words) -> Option<Origin> {
    let node = e.nodes.iter().find(|node| !is_finite(&node.value))?;
    let operands = operands(e, node);
    let value = short(&node.value, 40);
    let values = [("op", node.op.as_str()), ("label", &node.label), ("value", &value)];
    let values = [&values[..], &[("operands", operands.as_str())]].concat();
    let story = words.say(if node.is_gate() { "origin-forward" } else { "origin-given" }, &values);
    Some(Origin { node: node.id, backward: false, story, remedy: remedy(e, node, words) })
}

fn backward(e: &Explanation, words: &Words) -> Option<Origin> {
    let bad = |node: &&Node| node.backward.iter().any(|passed| !is_finite(&passed.product));
    let node = e.nodes.iter().rev().find(bad)?;
    let operands = operands(e, node);
    let values = [("op", node.op.as_str()), ("label", &node.label), ("operands", &operands)];
    let story = words.say("origin-backward", &values);
    Some(Origin { node: node.id, backward: true, story, remedy: remedy(e, node, words) })
}

/// The operands by name, with their values.
fn operands(e: &Explanation, node: &Node) -> String {
    let shown = node.operands.iter().filter_map(|&id| e.node(id)).map(|below| {
        let value = worst(&below.value);
        match below.op == "constant" && !below.named {
            true => value,
            false => format!("{} = {value}", e.short_name(below.id)),
        }
    });
    shown.collect::<Vec<String>>().join(", ")
}

/// A number, or the smallest element of an array, which is where logarithms and roots fail.
fn worst(value: &Value) -> String {
    match value {
        Value::Number(_) => short(value, 40),
        Value::Array(_) => {
            let numbers = value.numbers();
            let (low, high) = numbers
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
            format!("{}…{}", short(&Value::Number(low), 20), short(&Value::Number(high), 20))
        }
    }
}

/// What helps against the usual causes.
fn remedy(e: &Explanation, node: &Node, words: &Words) -> Option<String> {
    let first = node.operands.first().and_then(|&id| e.node(id));
    let after = |op: &str| first.is_some_and(|below| below.op == op);
    let id = match node.op.as_str() {
        "ln" if after("softmax") => "remedy-softmax-loss",
        "ln" if after("sigmoid") => "remedy-softplus",
        "ln" => "remedy-ln",
        "sqrt" => "remedy-sqrt",
        "div" => "remedy-div",
        "pow" => "remedy-pow",
        "exp" | "sinh" | "cosh" => "remedy-exp",
        "asin" | "acos" => "remedy-asin",
        "mul" | "square" | "add" | "sub" | "sum" | "matmul" => "remedy-large",
        _ => return None,
    };
    Some(words.get(id))
}

#[cfg(test)]
mod tests {
    use super::super::{Request, explain, values};
    use super::Origin;

    fn origin(expression: &str, at: &str) -> Option<Origin> {
        let request = Request {
            expression: expression.into(),
            values: values(at).unwrap(),
            ..Request::default()
        };
        explain(&request).unwrap().not_finite
    }

    #[test]
    fn the_first_bad_node_is_named_with_its_operands_and_a_remedy() {
        let found = origin("y = x - 3; exp(x) + ln(y) * 2", "x=2").unwrap();
        assert!(!found.backward && found.story.contains("ln(y)") && found.story.contains("y = -1"));
        assert!(found.remedy.unwrap().contains("above 0"));
        let found = origin("sum(ln(softmax(x)))", "x=[0,1000]").unwrap();
        assert!(found.remedy.unwrap().contains("cross_entropy"));
    }

    #[test]
    fn a_gradient_may_be_the_first() {
        let found = origin("sqrt(x) + 1", "x=0").unwrap();
        assert!(found.backward && found.story.contains("sqrt"));
        assert_eq!(origin("x * x", "x=2"), None);
    }
}
