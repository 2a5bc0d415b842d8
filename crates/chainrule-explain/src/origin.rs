//! Where a NaN or an infinity was made, and what to do about it, in words.

use super::columns::short;
use super::model::{Explanation, Node, Origin};
use super::value::{Value, digits, number};
use super::words::{Language, Words};
use chainrule::finite::{Cause, Extent, NotFinite};
use chainrule::graph::{Graph, Source};
use chainrule::ops::{Acos, Asin, Cosh, Div, Exp, Expm1, Ln, Pow, Sigmoid, Sinh, Softmax, Sqrt};

impl Origin {
    /// Tells of a graph whose nodes go by their operations and layers, such as a training step's: `row`
    /// is the example that the element belongs to.
    ///
    /// ```
    /// use chainrule::{Graph, Parameters};
    /// use chainrule_explain::{Language, Origin};
    /// let g = Graph::new();
    /// let y = g.scope("own", || g.constant(0.0).ln());
    /// let plan = g.compile::<f32>(&[y])?;
    /// let found = g.first_not_finite(&plan, &Parameters::new())?.unwrap();
    /// let told = Origin::of(&g, &found, None, Language::English);
    /// assert!(told.story.starts_with("the first node with -inf is node 1, the operation `ln` in `own`"));
    /// assert!(told.remedy.is_some_and(|remedy| remedy.contains("above 0")));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn of(g: &Graph, found: &NotFinite, row: Option<u32>, language: Language) -> Self {
        let words = Words::new(language);
        let mut story = vec![first(found, &words)];
        let made: Vec<String> = found.operands.iter().map(extent).collect();
        if !made.is_empty() {
            story.push(words.say("origin-made", &[("operands", &made.join(", "))]));
        }
        if let Some(row) = row {
            story.push(words.say("origin-row", &[("row", &row.to_string())]));
        }
        let at = found.gate.as_ref().unwrap_or(&found.site);
        let source = |node| g.node(node, |node| node.source.clone());
        let (of, below) =
            g.node(at.node, |node| (node.source.clone(), node.operands.first().copied()));
        let remedy = remedy(found, &of, below.map(source).as_ref());
        let remedy = match (&found.site.source, remedy) {
            (Source::Input(_), _) => Some("remedy-data"),
            // A parameter became so in a step before.
            (Source::Parameter(_) | Source::State(_), None) => Some("remedy-large"),
            (_, remedy) => remedy,
        };
        Self {
            node: at.node,
            backward: found.gate.is_some(),
            story: story.join(", "),
            remedy: remedy.map(|id| words.say(id, &[("op", of.name())])),
        }
    }

    /// Tells of an expression, whose nodes go by their labels.
    pub(super) fn of_expression(e: &Explanation, found: &NotFinite) -> Option<Self> {
        let words = Words::new(e.language);
        let at = found.gate.as_ref().unwrap_or(&found.site);
        let node = e.node(at.node)?;
        let (operands, value) = (operands(e, node), short(&node.value, 40));
        let id = match (found.gate.is_some(), node.is_gate()) {
            (true, _) => "origin-backward",
            (false, true) => "origin-forward",
            (false, false) => "origin-given",
        };
        let values = [("op", node.source.name()), ("label", &node.label), ("value", &value)];
        let story = words.say(id, &[&values[..], &[("operands", operands.as_str())]].concat());
        let below = node.operands.first().and_then(|&id| e.node(id));
        let remedy = remedy(found, &node.source, below.map(|below| &below.source));
        Some(Self {
            node: at.node,
            backward: found.gate.is_some(),
            story,
            remedy: remedy.map(|id| words.say(id, &[("op", node.source.name())])),
        })
    }
}

/// The node, by its operation and its layer, and on the way back by the gate that it belongs to.
fn first(found: &NotFinite, words: &Words) -> String {
    let value = found.value.to_string();
    let (id, name) = match &found.site.source {
        Source::Input(name) => ("origin-input", name.to_string()),
        Source::Parameter(name) => ("origin-parameter", name.to_string()),
        Source::State(key) => ("origin-state", key.to_string()),
        Source::Constant(_) | Source::Op(_) => {
            let (op, gate) = (found.site.source.name(), found.gate.as_ref());
            let layer = &gate.unwrap_or(&found.site).scope;
            let id = match (gate.is_some(), layer.is_empty()) {
                (false, true) => "origin-of",
                (false, false) => "origin-of-in",
                (true, true) => "origin-of-gradient",
                (true, false) => "origin-of-gradient-in",
            };
            let gate = gate.map_or("", |gate| gate.source.name());
            let what = words.say(id, &[("op", op), ("layer", layer), ("gate", gate)]);
            let (node, shape) = (found.site.node.to_string(), found.shape.to_string());
            let values = [("value", &value), ("node", &node), ("what", &what), ("shape", &shape)];
            return words.say("origin-first", &values.map(|(name, value)| (name, value.as_str())));
        }
    };
    words.say(id, &[("name", &name), ("value", &value)])
}

fn extent(of: &Extent) -> String {
    match of.low == of.high {
        true => number(of.low),
        false => format!("{} {}…{}", of.shape, digits(of.low, 4), digits(of.high, 4)),
    }
}

/// The message that tells what helps; `of` is the operation, or on the way back the gate, and `below`
/// what computes its first operand.
fn remedy(found: &NotFinite, of: &Source, below: Option<&Source>) -> Option<&'static str> {
    let outside = matches!(found.cause, Cause::OutsideDomain | Cause::DivisionByZero);
    let of_slope = found.gate.is_some();
    // What the operation takes first, and the least of it: of a slope it is the gate's value that counts.
    let is_below_0 = !of_slope && found.operands.first().is_some_and(|first| first.low < 0.0);
    Some(match () {
        () if found.cause == Cause::Given => return None,
        () if of.is::<Ln>() => match below {
            Some(below) if below.is::<Softmax>() => "remedy-softmax-loss",
            Some(below) if below.is::<Sigmoid>() => "remedy-softplus",
            _ if is_below_0 => "remedy-ln-negative",
            _ => "remedy-ln",
        },
        () if of.is::<Sqrt>() && is_below_0 => "remedy-sqrt-negative",
        () if of.is::<Sqrt>() => "remedy-sqrt",
        () if of.is::<Div>() => "remedy-div",
        () if (of.is::<Asin>() || of.is::<Acos>()) && of_slope => "remedy-asin-slope",
        () if of.is::<Asin>() || of.is::<Acos>() => "remedy-asin",
        () if of.is::<Pow>() && of_slope => "remedy-pow-slope",
        () if of.is::<Pow>() && outside && is_below_0 => "remedy-pow-negative",
        () if of.is::<Pow>() && outside => "remedy-pow-zero",
        () if of.is::<Pow>() => "remedy-pow-large",
        () if of.is::<Exp>() || of.is::<Expm1>() || of.is::<Sinh>() || of.is::<Cosh>() => {
            "remedy-exp"
        }
        () if outside => "remedy-domain",
        () => "remedy-large",
    })
}

/// The operands by name, with their values.
fn operands(e: &Explanation, node: &Node) -> String {
    let shown = node.operands.iter().filter_map(|&id| e.node(id)).map(|below| {
        let value = worst(&below.value);
        match below.is_literal() {
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

#[cfg(test)]
mod tests {
    use super::super::{Language, Request, explain, values};
    use super::Origin;
    use chainrule::{Graph, Parameters};

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
    fn a_graph_is_told_by_operation_layer_gate_and_row_in_each_language() {
        let g = Graph::new();
        let x = g.input("x", [2]);
        let loss = g.scope("own", || x.sqrt()).sum(&[]);
        let dx = g.backward(loss, &[x])[0];
        let mut plan = g.compile::<f64>(&[loss, dx]).unwrap();
        let mut told = |x: [f64; 2], language| {
            plan.feed("x", &x).unwrap();
            let found = g.first_not_finite(&plan, &Parameters::new());
            Origin::of(&g, &found.unwrap().unwrap(), Some(7), language)
        };
        for (language, of, slope) in [
            (Language::English, "the operation `sqrt` in `own`", "the gradient of `sqrt` in `own`"),
            (Language::Korean, "`own` 안의 연산 `sqrt`", "`own` 안의 게이트 `sqrt`의 기울기"),
        ] {
            let value = told([1.0, -4.0], language);
            for part in ["NaN", of, "[2]", "-4", "7"] {
                assert!(value.story.contains(part), "{part}: {}", value.story);
            }
            let gradient = told([0.0, 1.0], language);
            assert!(gradient.backward && gradient.story.contains(slope), "{}", gradient.story);
            assert!(gradient.remedy.is_some_and(|remedy| remedy.contains("sqrt(x + 1e-12)")));
            let given = told([1.0, f64::INFINITY], language);
            assert!(given.story.contains("`x`") && given.story.contains("inf"), "{}", given.story);
        }
    }

    #[test]
    fn a_gradient_may_be_the_first() {
        let found = origin("sqrt(x) + 1", "x=0").unwrap();
        assert!(found.backward && found.story.contains("sqrt"));
        assert_eq!(origin("x * x", "x=2"), None);
    }
}
