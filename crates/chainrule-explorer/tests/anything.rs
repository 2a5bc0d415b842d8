//! Whatever is sent is answered, and never as a mistake of the server's.

mod common;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use chainrule_explorer::{Handle, State};
use common::{head, own_page, post, raw};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

fn server() -> &'static Handle {
    static SERVER: OnceLock<Handle> = OnceLock::new();
    SERVER.get_or_init(common::server)
}

/// Any JSON, with the words of requests among its keys and texts.
fn any_json() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("x".to_owned()),
        Just("en".to_owned()),
        Just("svg".to_owned()),
        any_expression(),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..4_i32).prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any_key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    const KEYS: [&str; 28] = [
        "expression",
        "at",
        "target",
        "cross_entropy",
        "wrt",
        "nudge",
        "sweep",
        "lr",
        "descend",
        "hessian",
        "goal",
        "language",
        "unfold",
        "fit",
        "step",
        "open",
        "request",
        "example",
        "state",
        "e",
        "format",
        "name",
        "from",
        "to",
        "points",
        "x",
        "y",
        "W",
    ];
    prop_oneof![9 => prop::sample::select(&KEYS[..]).prop_map(str::to_owned), 1 => ".{0,6}"]
}

fn any_expression() -> impl Strategy<Value = String> {
    const PARTS: [&str; 34] = [
        "x", "y", "W", "z", "1", "0", "2.5", "1e308", "+", "-", "*", "/", "^", "@", "%", "(", ")",
        "[", "]", ",", ";", "=", " ", "exp(", "ln(", "sqrt(", "softmax(", "max(", "sum(", "mean(",
        "relu(", "W.T", "[0]", "axis=0",
    ];
    let parts = prop::collection::vec(prop::sample::select(&PARTS[..]), 1..12);
    // Half of them have a good chance to be expressions.
    let sound = prop::collection::vec(
        (
            prop::sample::select(
                &["x", "y", "sum(W)", "exp(x)", "ln(y)", "sqrt(x)", "2", "x / y"][..],
            ),
            prop::sample::select(&["+", "-", "*", "/", "^"][..]),
        ),
        1..8,
    );
    let sound = sound.prop_map(|pairs| {
        pairs.iter().map(|(a, sign)| format!("{a} {sign} ")).collect::<String>() + "x"
    });
    prop_oneof![parts.prop_map(|parts| parts.concat()), sound]
}

/// Requests that can be read, with values at which much goes wrong.
fn any_request() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        Just(0.0),
        Just(-1.0),
        Just(1.0),
        Just(1e300),
        Just(-1e-300),
        Just(1e17),
        -5.0..5.0
    ];
    let some = |strategy: BoxedStrategy<Value>| prop::option::of(strategy);
    let numbers = || number.clone().prop_map(Value::from).boxed();
    (
        (any_expression(), numbers(), numbers(), some(numbers()), some(numbers())),
        (some(numbers()), prop::option::weighted(0.1, any_json())),
        (any::<bool>(), any::<bool>(), any::<bool>()),
        (
            some((0..20).prop_map(Value::from).boxed()),
            some((-1.0..2.0).prop_map(Value::from).boxed()),
        ),
    )
        .prop_map(
            |((expression, x, y, target, goal), (nudge, more), (hessian, unfold, fit), (steps, lr))| {
                let mut request =
                    json!({"expression": expression, "hessian": hessian, "unfold": unfold, "fit": fit});
                for (name, value) in [("x", x), ("y", y), ("W", json!([[1, -2], [3, 0.5]]))] {
                    // A value without a name is a mistake of its own, which hides others.
                    if fit || expression.contains(name) {
                        request["at"][name] = value;
                    }
                }
                let sweep = nudge.clone().map(|from| json!({"name": "x", "from": from, "to": 7}));
                let nudge = nudge.map(|by| json!({"x": by}));
                for (key, value) in [
                    ("target", target),
                    ("goal", goal),
                    ("nudge", nudge),
                    ("sweep", sweep),
                    ("descend", steps),
                    ("lr", lr),
                    ("cross_entropy", more),
                ] {
                    if let Some(value) = value {
                        request[key] = value;
                    }
                }
                request
            },
        )
}

fn is_answered(path: &str, body: &[u8]) -> Result<u16, TestCaseError> {
    let begin = Instant::now();
    let answer = post(server(), path, body);
    prop_assert!(answer.status < 500, "{answer:?}");
    prop_assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    if answer.status != 200 {
        prop_assert!(!answer.message().is_empty(), "{answer:?}");
    }
    Ok(answer.status)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..200)) {
        is_answered("/api/v1/explain", &body)?;
    }

    #[test]
    fn any_document(body in any_json()) {
        is_answered("/api/v1/explain", body.to_string().as_bytes())?;
        is_answered("/api/v1/export", body.to_string().as_bytes())?;
    }

    #[test]
    fn any_export(
        body in any_request(),
        format in prop::sample::select(&["svg", "latex", "html", "json", "dot", "mermaid"][..]),
        (step, open) in (prop::option::of(prop_oneof![9 => 0..9_u64, 1 => any::<u64>()]), prop::option::of("[a-z_0-9.]{0,12}")),
        (state, example) in (prop::option::of(any_json()), prop::option::weighted(0.1, any_json())),
    ) {
        let state = state.map(|state| match state {
            // Otherwise it is refused at once: it is of another expression.
            Value::Object(_) => json!({"e": body["expression"], "step": step, "tab": "curve", "sweep": state["x"]}),
            other => other,
        });
        let mut body = json!({"request": body, "format": format, "state": state, "example": example});
        body["request"]["step"] = json!(step.unwrap_or_default());
        body["request"]["open"] = json!(open.as_slice());
        is_answered("/api/v1/export", body.to_string().as_bytes())?;
    }

    #[test]
    fn any_line(text in "(c1\\.)?[A-Za-z0-9_-]{0,60}|.{0,40}") {
        let _ = State::from_line(&text);
    }

    #[test]
    fn any_line_with_a_letter_changed(at in 3..60_usize, letter in "[A-Za-z0-9_-]") {
        let mut line = State::apple().line().unwrap();
        let at = at.min(line.len() - 1);
        line.replace_range(at..=at, &letter);
        // Whatever it holds now can be written and read again.
        if let Ok(state) = State::from_line(&line) {
            prop_assert_eq!(State::from_line(&state.line().unwrap()).unwrap(), state);
        }
    }

    #[test]
    fn any_path_and_method(
        method in "(GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|[A-Z]{1,9})",
        path in "(/(api|v1|v2|explain|start|functions|app\\.js|\\.\\.|%2e|[!-~]{0,8})){0,5}",
        page in any::<bool>(),
    ) {
        let own = if page { own_page(server()) } else { String::new() };
        let more = own + "Connection: close\r\nContent-Length: 2\r\n";
        let mut request = head(server(), &method, &path, &more).into_bytes();
        request.extend_from_slice(b"{}");
        let answer = raw(server(), &request);
        prop_assert!(answer.status < 500, "{answer:?}");
    }
}

#[test]
fn any_request_that_can_be_read() {
    let config = ProptestConfig { cases: 300, ..ProptestConfig::default() };
    let explained = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&any_request(), |body| {
            let status = is_answered("/api/v1/explain", body.to_string().as_bytes())?;
            explained.set(explained.get() + u32::from(status == 200));
            Ok(())
        })
        .unwrap();
    // Else nothing but the first checks was tried.
    assert!(explained.get() > 60, "{} of 300 were explained", explained.get());
}
