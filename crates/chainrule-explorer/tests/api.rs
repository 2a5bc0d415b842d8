//! What the API answers.

mod common;

use std::io::{BufRead, BufReader, Write};

use chainrule_explorer::{Handle, Options, State, serve};
use common::{Answer, connect, explain, get, head, post, raw, server};
use serde_json::{Value, json};

fn apple() -> Value {
    json!({"expression": "x * m * t", "at": {"x": 100, "m": 2, "t": 1.1}, "target": 219})
}

#[test]
fn the_apples() {
    let server = server();
    let answer = explain(&server, &apple());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let page = answer.json();
    let inputs = page["inputs"].as_array().unwrap();
    let gradient = |name: &str| {
        let input = inputs.iter().find(|input| input["name"] == name).unwrap();
        input["gradient"].as_f64().unwrap()
    };
    for (name, wanted) in [("x", 2.2), ("m", 110.0), ("t", 200.0)] {
        assert!((gradient(name) - wanted).abs() < 1e-9, "{name}: {}", gradient(name));
    }
    assert_eq!(page["drawing"]["blocks"][6]["symbol"], "L");
}

#[test]
fn a_step_is_told_alone_and_a_picture_drawn_as_it_stands_then() {
    let server = server();
    let mut request = apple();
    request["step"] = json!(2);
    let page = explain(&server, &request).json();
    let rows = page["story"].as_array().unwrap().iter().map(|step| step["rows"] == json!([]));
    assert_eq!(rows.collect::<Vec<_>>(), [true, true, false, true, true, true, true, true]);
    let body = json!({"request": request, "format": "svg"}).to_string();
    let answer = post(&server, "/api/v1/export", body.as_bytes());
    let picture = answer.json()["text"].as_str().unwrap().to_owned();
    assert!(picture.contains(">220<") && !picture.contains(">0.5<"), "{picture}");
}

#[test]
fn a_document_is_of_one_thing() {
    let server = server();
    let ask = |body: serde_json::Value| {
        let answer = post(&server, "/api/v1/export", body.to_string().as_bytes());
        (answer.status, answer.message())
    };
    let example = json!({"example": 0});
    let (status, message) = ask(json!({"example": example, "format": "svg"}));
    assert!(status == 404 && message.contains("chainrule explore DIR"), "{message}");
    for both in
        [json!({"request": apple(), "example": example, "format": "svg"}), json!({"format": "svg"})]
    {
        let (status, message) = ask(both);
        assert!(status == 422 && message.contains("give one of them"), "{message}");
    }
}

#[test]
fn all_that_can_be_asked_is_answered() {
    let server = server();
    let mut request = apple();
    for (key, value) in [
        ("wrt", json!(["x", "t"])),
        ("nudge", json!({"x": 1, "t": 0.01})),
        ("sweep", json!({"name": "x", "from": 80, "to": 120, "points": 5})),
        ("lr", json!(1e-6)),
        ("descend", json!(3)),
        ("hessian", json!(true)),
        ("goal", json!(0)),
        ("language", json!("ko")),
        ("unfold", json!(true)),
    ] {
        request[key] = value;
    }
    let page = explain(&server, &request).json();
    let asked = page["inputs"].as_array().unwrap().iter();
    assert_eq!(asked.filter(|input| input["gradient"].is_number()).count(), 2, "{page}");
    assert_eq!((&page["language"], &page["ranking"]), (&json!("ko"), &json!(["t", "x"])));
    assert_eq!(page["hessian"]["names"], json!(["x", "t"]));
    assert!(page["goals"].as_array().is_some_and(|goals| !goals.is_empty()));
    assert_eq!(page["what_if"].as_array().unwrap().len(), 2);
    assert_eq!(page["sweep"]["points"].as_array().unwrap().len(), 5);
    assert_eq!(page["descent"]["points"].as_array().unwrap().len(), 4);
    // The names stand in the order in which they were given, not in that of the alphabet.
    let ordered = br#"{"expression": "x * m * t", "at": {"x": 100, "m": 2, "t": 1.1}}"#;
    let page = post(&server, "/api/v1/explain", ordered).json();
    let names = page["inputs"].as_array().unwrap().iter().map(|input| input["name"].clone());
    assert_eq!(names.collect::<Vec<Value>>(), ["x", "m", "t"]);
    let opened =
        json!({"expression": "x", "at": {"x": 3}, "target": 1, "open": ["half_squared_error"]});
    let symbols = |page: &Value| {
        let blocks = page["drawing"]["blocks"].as_array().unwrap();
        blocks.iter().map(|block| block["symbol"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let opened = symbols(&explain(&server, &opened).json());
    assert!(opened.contains(&"−".to_owned()), "{opened:?}");

    let class = json!({"expression": "x", "at": {"x": [1, 2, 3]}, "cross_entropy": 2});
    assert_eq!(explain(&server, &class).status, 200);
    let infinite = json!({"expression": "1 / x", "at": {"x": 0}});
    let text = String::from_utf8(explain(&server, &infinite).body).unwrap();
    assert!(text.contains(r#""value":"inf""#), "{text}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    let server = server();
    for (status, request, part) in [
        (422, json!({"expression": "x * (", "at": {"x": 1}}), "expected a number"),
        (422, json!({"expression": "x * y", "at": {"x": 1}}), "y"),
        (422, json!({"expression": "x", "at": {"x": 1, "y": 2}}), "does not occur"),
        (422, json!({"expression": "x", "at": {"x": [1, 2]}}), "only a scalar has gradients"),
        (422, json!({"expression": "x", "at": {"x": "inf"}}), "arrays hold numbers"),
        (422, json!({"expression": "x", "at": {"x": [[1], [1, 2]]}}), "differ in length"),
        (422, json!({"expression": "x", "at": {"x = 1, y": 1}}), "is not a name"),
        (422, json!({"expression": "x", "at": [1]}), "an object of names"),
        (422, json!({"at": {"x": 1}}), "missing field `expression`"),
        (422, json!({"expression": "1", "what": 1}), "unknown field `what`"),
        (422, json!({"expression": "1", "language": "tlh"}), "language"),
        (422, json!({"expression": "1", "target": 1, "cross_entropy": 1}), "two losses"),
        (
            422,
            json!({"expression": "x", "at": {"x": 1}, "wrt": ["y"]}),
            "there is no input named `y`",
        ),
        (
            422,
            json!({"expression": "x", "at": {"x": 1}, "sweep": {"name": "x", "from": 2, "to": 1}}),
            "rising",
        ),
        (422, json!({"expression": "x", "at": {"x": 1}, "descend": 1001}), "1001 steps down"),
        (
            422,
            json!({"expression": "x", "at": {"x": 1}, "sweep": {"name": "x", "from": 1, "to": 2, "points": 1001}}),
            "1001 points",
        ),
        (422, json!({"expression": "x", "at": {"x": 1}, "wrt": vec!["x"; 101]}), "101 names"),
        (422, json!("x * y"), "invalid type"),
    ] {
        let answer = explain(&server, &request);
        assert_eq!(answer.status, status, "{request}: {answer:?}");
        assert!(answer.message().contains(part), "{request}: {}", answer.message());
    }
    let answer = explain(&server, &json!({"expression": "x * yy", "at": {"x": 1}}));
    assert_eq!(answer.json()["error"]["span"], json!([4, 6]));
    for malformed in [&b""[..], b"{", b"\xff", b"{\"expression\": \"x\", "] {
        let answer = post(&server, "/api/v1/explain", malformed);
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.message().starts_with("the body is not JSON"), "{answer:?}");
    }
    let twice = br#"{"expression": "x", "at": {"x": 1, "x": 2}}"#;
    assert!(post(&server, "/api/v1/explain", twice).message().contains("given twice"));
}

#[test]
fn an_expression_that_is_being_written_takes_the_values_that_fit() {
    let server = server();
    let values = |answer: &Answer| {
        let inputs = answer.json()["inputs"].as_array().unwrap().clone();
        let value =
            |input: &Value| (input["name"].as_str().unwrap().to_owned(), input["value"].as_f64());
        inputs.iter().map(value).collect::<Vec<_>>()
    };
    // x is followed by a power, y is in a comment, h is given by the expression, w is new.
    let request = json!({
        "expression": "h = x² * w; h + m # y", "at": {"x": 3, "y": 2, "h": 5, "m": 4}, "fit": true,
        "nudge": {"x": 1, "y": 1}, "sweep": {"name": "y", "from": 0, "to": 1},
    });
    let answer = explain(&server, &request);
    let expected = [("m", 4.0), ("x", 3.0), ("w", 1.0)].map(|(name, x)| (name.to_owned(), Some(x)));
    assert_eq!(values(&answer), expected, "{answer:?}");
    assert_eq!(answer.json()["root"]["value"], 13.0);
    assert_eq!(answer.json()["sweep"], Value::Null);
    // Without that word, what does not fit is a mistake.
    let strict = json!({"expression": "x", "at": {"x": 3, "y": 2}, "fit": false});
    assert_eq!(explain(&server, &strict).status, 422);

    // No change that fits is no change of one's own, and what an array or a class cannot have is not asked for.
    let other = json!({"expression": "a + b", "fit": true, "nudge": {"x": 7}, "at": {"a": 2}});
    assert_eq!(explain(&server, &other).json()["what_if"].as_array().unwrap().len(), 2);
    for request in [
        json!({"expression": "x * m", "at": {"x": [1, 2], "m": 1}, "cross_entropy": 0, "hessian": true, "fit": true}),
        json!({"expression": "cross_entropy([1, 2, 3] * m, x)", "at": {"x": 1, "m": 1}, "fit": true,
            "sweep": {"name": "x", "from": 0, "to": 2}, "nudge": {"x": 1}}),
    ] {
        let answer = explain(&server, &request);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            (&answer.json()["hessian"], &answer.json()["sweep"]),
            (&Value::Null, &Value::Null)
        );
    }

    // What cannot be computed yet tells which values it took, so that a page can offer others.
    let array = json!({"expression": "x * y", "at": {"x": [1, 2], "z": 1}, "fit": true});
    let error = &explain(&server, &array).json()["error"];
    assert_eq!(error["kind"], "array");
    assert_eq!(error["span"], json!([0, 5]));
    assert_eq!(error["at"], json!({"x": [1.0, 2.0], "y": 1.0}));
    let unreadable = json!({"expression": "x $", "at": {"x": 1}, "fit": true});
    let error = &explain(&server, &unreadable).json()["error"];
    assert_eq!((&error["kind"], &error["at"]), (&Value::Null, &Value::Null));
}

#[test]
fn every_format_is_exported() {
    let server = server();
    for (format, begin, name) in [
        ("svg", "<svg", "explanation.svg"),
        ("latex", "\\documentclass", "explanation.tex"),
        ("html", "<!DOCTYPE html>", "explanation.html"),
        ("json", "{\"expression\"", "explanation.json"),
        ("dot", "digraph", "explanation.dot"),
        ("mermaid", "flowchart", "explanation.mmd"),
    ] {
        let request = json!({"request": apple(), "format": format}).to_string();
        let document = post(&server, "/api/v1/export", request.as_bytes()).json();
        let text = document["text"].as_str().unwrap();
        assert!(text.trim_start().starts_with(begin), "{format}: {text:.80}");
        assert!(!text.is_empty());
        assert_eq!(document["name"], name);
    }
    let state = json!({"e": "x * m * t", "lesson": "apple", "quiz": true});
    let request = json!({"request": apple(), "format": "html", "state": state}).to_string();
    let page = post(&server, "/api/v1/export", request.as_bytes()).json();
    let opens = r#"<script id="state" type="application/json">{"e":"x * m * t","quiz":true,"lesson":"apple"}<"#;
    assert!(page["text"].as_str().unwrap().contains(opens));
    let other = json!({"request": apple(), "format": "html", "state": {"e": "x"}}).to_string();
    let refused = post(&server, "/api/v1/export", other.as_bytes());
    assert!(refused.status == 422 && refused.message().contains("another expression"));
    let request = json!({"request": apple(), "format": "png"}).to_string();
    let answer = post(&server, "/api/v1/export", request.as_bytes());
    assert_eq!(answer.status, 422);
    assert!(answer.message().contains("unknown variant `png`"), "{answer:?}");
}

#[test]
fn functions_and_what_was_started_are_told() {
    let server = server();
    let functions = get(&server, "/api/v1/functions").json();
    let sigmoid = functions.as_array().unwrap().iter().find(|f| f["name"] == "sigmoid").unwrap();
    for key in ["name", "arguments", "formula", "derivative", "example"] {
        assert!(sigmoid[key].is_string(), "{sigmoid}");
    }
    assert_eq!(sigmoid["arguments"], "x");
    let start = get(&server, "/api/v1/start").json();
    assert_eq!(start["state"]["e"], "x * m * t");
    assert_eq!(start["line"], Value::Null);
    assert_eq!(start["version"], env!("CARGO_PKG_VERSION"));
    let again = common::server();
    assert_ne!(get(&again, "/api/v1/start").json()["instance"], start["instance"]);
}

#[test]
fn a_line_is_handed_on_as_it_came() {
    let state = State { quiz: true, ..State::apple() };
    let line = state.line().unwrap();
    let address = std::net::Ipv4Addr::LOCALHOST.into();
    let line = Some(line);
    let (names, network) = (Vec::new(), None);
    let options = Options { address, port: 0, names, state, line: line.clone(), network };
    let start = get(&serve(options).unwrap(), "/api/v1/start").json();
    assert_eq!(start["line"].as_str(), line.as_deref());
    assert_eq!(start["state"]["quiz"], true);
}

#[test]
fn what_there_is_not_is_told_in_the_same_shape() {
    let server = server();
    for (status, first, allow) in [
        (404, "GET /api/v1/nothing", None),
        (404, "GET /api/v2/explain", None),
        (404, "GET /../Cargo.toml", None),
        (404, "GET /app.js/", None),
        (404, "GET //", None),
        (405, "GET /api/v1/explain", Some("post")),
        (405, "HEAD /api/v1/export", Some("post")),
        (405, "POST /api/v1/start", Some("get, head")),
        (405, "DELETE /", Some("get, head")),
        (405, "OPTIONS /api/v1/explain", Some("post")),
        (405, "BREW /api/v1/events", Some("get, head")),
    ] {
        let (method, path) = first.split_once(' ').unwrap();
        let answer = raw(&server, head(&server, method, path, "Connection: close\r\n").as_bytes());
        assert_eq!(answer.status, status, "{first}: {answer:?}");
        assert_eq!(answer.header("allow"), allow, "{first}");
        if method != "HEAD" {
            assert!(!answer.message().is_empty(), "{first}: {answer:?}");
        }
    }
    // Queries are no part of a path.
    assert_eq!(get(&server, "/api/v1/functions?a=b").status, 200);
}

#[test]
fn head_is_get_without_the_body() {
    let server = server();
    for path in ["/", "/app.css", "/api/v1/functions", "/api/v1/start", "/api/v1/openapi.json"] {
        let whole = get(&server, path);
        let close = "Connection: close\r\n";
        let only = raw(&server, head(&server, "HEAD", path, close).as_bytes());
        assert_eq!((only.status, only.body.len()), (200, 0), "{path}");
        assert_eq!(only.header("content-length"), whole.header("content-length"), "{path}");
        assert_eq!(whole.header("content-length"), Some(&*whole.body.len().to_string()), "{path}");
    }
}

/// Opens an event stream and reads its first event.
fn stream(server: &Handle) -> (BufReader<std::net::TcpStream>, Vec<String>) {
    let mut socket = connect(server);
    let request = head(server, "GET", "/api/v1/events", "Last-Event-ID: 7\r\n");
    socket.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(socket);
    let (mut lines, mut line) = (Vec::new(), String::new());
    while !line.starts_with("data:") && reader.read_line(&mut line).unwrap() > 0 {
        if !line.starts_with("data:") {
            lines.push(std::mem::take(&mut line));
        }
    }
    lines.push(line);
    (reader, lines)
}

#[test]
fn events_greet_with_the_name_of_the_start_and_have_four_seats() {
    let server = server();
    let instance = get(&server, "/api/v1/start").json()["instance"].as_str().unwrap().to_owned();
    let mut open: Vec<_> = (0..4).map(|_| stream(&server)).collect();
    for (_, lines) in &open {
        let text = lines.concat();
        assert!(text.contains("content-type: text/event-stream"), "{text}");
        assert!(text.contains("event: hello") && text.contains("id: 0"), "{text}");
        assert!(text.ends_with(&format!("data: {{\"instance\":\"{instance}\"}}\n")), "{text}");
    }
    // A stream that were opened would be read without an end.
    assert_eq!(get_head(&server).status, 429);
    let fifth = get(&server, "/api/v1/events");
    assert_eq!(fifth.status, 429);
    assert!(fifth.message().contains("4 event streams"), "{fifth:?}");
    // Whoever goes away leaves a seat, if not at once.
    drop(open.pop());
    let begin = std::time::Instant::now();
    while get_head(&server).status == 429 {
        assert!(begin.elapsed() < common::LONG);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn get_head(server: &Handle) -> Answer {
    raw(server, head(server, "HEAD", "/api/v1/events", "Connection: close\r\n").as_bytes())
}

#[test]
fn an_event_stream_shows_that_it_lives() {
    let server = server();
    let (mut reader, _) = stream(&server);
    let begin = std::time::Instant::now();
    let mut line = String::new();
    while line.trim() != ":" {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the stream ended");
    }
    let waited = begin.elapsed().as_secs_f64();
    assert!((10.0..30.0).contains(&waited), "{waited} s");
}

#[test]
fn the_description_has_every_path_and_each_answers() {
    let server = server();
    let description = get(&server, "/api/v1/openapi.json").json();
    assert_eq!(description["openapi"], "3.1.0");
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let close = "Connection: close\r\n";
            let answer = match (method.as_str(), path.ends_with("/events")) {
                ("post", _) => post(&server, path, b"{}"),
                (_, true) => raw(&server, head(&server, "HEAD", path, close).as_bytes()),
                _ => get(&server, path),
            };
            let status = answer.status.to_string();
            assert!(operation["responses"][&status].is_object(), "{method} {path}: {status}");
            let is_unknown = answer.status == 404 && answer.message().contains("nothing here");
            assert!(!is_unknown && answer.status != 405, "{method} {path}");
        }
    }
}
