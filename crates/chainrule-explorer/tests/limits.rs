//! What is too long, too slow, too many or a lie is refused, and the server goes on.

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use chainrule_explorer::Handle;
use common::{Answer, connect, explain, get, head, own_page, post, raw, server};
use serde_json::json;

const EXPLAIN: &str = "/api/v1/explain";

/// The head of a request for work that announces a body in these words.
fn announced(server: &Handle, length: &str) -> String {
    head(server, "POST", EXPLAIN, &format!("{}Connection: close\r\n{length}\r\n", own_page(server)))
}

/// How long the server leaves a connection open.
fn until_closed(mut stream: TcpStream) -> Duration {
    let begin = Instant::now();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    begin.elapsed()
}

fn is_ten_seconds(waited: Duration) -> bool {
    (8.0..25.0).contains(&waited.as_secs_f64())
}

#[test]
fn a_head_that_does_not_end_is_not_waited_for() {
    let server = server();
    let slow = connect(&server);
    let mut writer = slow.try_clone().unwrap();
    // A letter now and then is no progress.
    std::thread::spawn(move || {
        for letter in b"GET / HTTP/1.1\r\nHost: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa" {
            if writer.write_all(&[*letter]).is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(700));
        }
    });
    let waited = until_closed(slow);
    assert!(is_ten_seconds(waited), "{waited:?}");
}

#[test]
fn a_connection_that_says_nothing_is_not_kept() {
    let server = server();
    let silent = connect(&server);
    // Nor one that has been answered.
    let mut idle = connect(&server);
    idle.write_all(head(&server, "GET", "/icon.svg", "").as_bytes()).unwrap();
    let waiting = std::thread::spawn(move || until_closed(silent));
    assert!(is_ten_seconds(until_closed(idle)));
    assert!(is_ten_seconds(waiting.join().unwrap()));
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = server();
    // More than comes, and more than any machine has.
    for length in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut stream = connect(&server);
        let text = announced(&server, length) + "5\r\n{\"exp\r\n";
        stream.write_all(text.as_bytes()).unwrap();
        let begin = Instant::now();
        let answer = Answer::read(&mut stream).unwrap();
        assert_eq!(answer.status, 408, "{answer:?}");
        assert!(is_ten_seconds(begin.elapsed()));
    }
    let begin = Instant::now();
    let text = announced(&server, "Content-Length: 100000000000000") + "{";
    assert_eq!(raw(&server, text.as_bytes()).status, 408);
    assert!(is_ten_seconds(begin.elapsed()));
}

#[test]
fn a_body_that_ends_early_is_no_request() {
    let server = server();
    let mut stream = connect(&server);
    stream.write_all((announced(&server, "Content-Length: 100") + "{}").as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    if let Some(answer) = Answer::read(&mut stream) {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(get(&server, "/").status, 200);
}

#[test]
fn what_follows_a_body_that_is_longer_than_it_says_is_no_request() {
    let server = server();
    let more = own_page(&server) + "Content-Length: 2\r\n";
    let mut stream = connect(&server);
    let text = head(&server, "POST", EXPLAIN, &more) + "{} and more\r\n\r\n";
    stream.write_all(text.as_bytes()).unwrap();
    let mut bytes = String::new();
    stream.read_to_string(&mut bytes).unwrap();
    assert!(bytes.starts_with("HTTP/1.1 422"), "{bytes}");
    assert!(bytes.contains("HTTP/1.1 400 Bad Request"), "{bytes}");
    for lies in [
        "Content-Length: 2\r\nContent-Length: 3",
        "Content-Length: -1",
        "Content-Length: 2, 3",
        "Content-Length: 0x2",
        "Transfer-Encoding: gzip",
    ] {
        let answer = raw(&server, (announced(&server, lies) + "{}x").as_bytes());
        assert_eq!(answer.status, 400, "{lies}: {answer:?}");
    }
}

#[test]
fn a_long_body_is_refused_and_the_refusal_arrives() {
    let server = server();
    let fits = vec![b' '; 1 << 20];
    assert_eq!(post(&server, EXPLAIN, &fits).status, 400);
    let long = vec![b' '; 3 << 20];
    assert_eq!(post(&server, EXPLAIN, &long).status, 413);
    // In pieces, whose length nobody says before.
    let mut bytes = announced(&server, "Transfer-Encoding: chunked").into_bytes();
    for _ in 0..3 {
        bytes.extend_from_slice(b"80000\r\n");
        bytes.resize(bytes.len() + (1 << 19), b' ');
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let answer = raw(&server, &bytes);
    assert_eq!(answer.status, 413);
    assert!(answer.message().contains("1048576 bytes"), "{answer:?}");
}

#[test]
fn a_long_head_is_refused() {
    let server = server();
    let lines = |count: usize| (0..count).map(|at| format!("X-{at}: y\r\n")).collect::<String>();
    let close = "Connection: close\r\n";
    assert_eq!(
        raw(&server, head(&server, "GET", "/", &(lines(90) + close)).as_bytes()).status,
        200
    );
    assert_eq!(
        raw(&server, head(&server, "GET", "/", &(lines(101) + close)).as_bytes()).status,
        431
    );
    let long = format!("X: {}\r\n{close}", "y".repeat(17 << 10));
    assert_eq!(raw(&server, head(&server, "GET", "/", &long).as_bytes()).status, 431);
    let path = format!("/{}", "y".repeat(70 << 10));
    let status = raw(&server, head(&server, "GET", &path, close).as_bytes()).status;
    assert!(status == 414 || status == 431, "{status}");
}

#[test]
fn forty_connections_are_all_answered() {
    let server = server();
    let ask = |at: usize| {
        let server = &server;
        move || {
            let request = json!({"expression": "x * 2", "at": {"x": at}});
            explain(server, &request).status
        }
    };
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..40).map(|at| scope.spawn(ask(at))).collect();
        for answer in asked {
            assert_eq!(answer.join().unwrap(), 200);
        }
    });
}

#[test]
fn beyond_thirty_two_open_connections_one_waits_until_another_ends() {
    let server = server();
    let mut open: Vec<TcpStream> = (0..32).map(|_| connect(&server)).collect();
    // Each is known to the server when it has been answered.
    for stream in &mut open {
        stream.write_all(head(&server, "HEAD", "/", "").as_bytes()).unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    let mut waits = connect(&server);
    waits.write_all(head(&server, "GET", "/", "Connection: close\r\n").as_bytes()).unwrap();
    waits.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut byte = [0];
    let error = waits.read(&mut byte).unwrap_err();
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
    drop(open.pop());
    waits.set_read_timeout(Some(common::LONG)).unwrap();
    assert_eq!(Answer::read(&mut waits).unwrap().status, 200);
}

#[test]
fn who_reads_no_answers_is_not_written_to_forever() {
    let server = server();
    let mut stream = connect(&server);
    let request = head(&server, "GET", "/api/v1/functions", "");
    let begin = Instant::now();
    // Until the answers that nobody reads fill what the system holds, and the server has had enough.
    while stream.write_all(request.as_bytes()).is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(50));
    }
    assert!(begin.elapsed() > Duration::from_secs(8), "{:?}", begin.elapsed());
    assert_eq!(get(&server, "/").status, 200);
}

#[test]
fn large_expressions_are_refused_before_they_run() {
    let server = server();
    let square = vec![vec![0; 150]; 150];
    let zeros = vec![0; 1500];
    let column: Vec<[i32; 1]> = vec![[0]; 1500];
    let names: serde_json::Map<_, _> = (0..6000).map(|at| (format!("x{at}"), json!(1))).collect();
    for (request, part) in [
        (
            json!({"expression": format!("x{}", " ".repeat(10_000)), "at": {"x": 1}}),
            "10001 characters",
        ),
        (json!({"expression": vec!["1"; 5000].join("+")}), "nodes"),
        (json!({"expression": "x0", "at": names}), "does not occur"),
        (
            json!({"expression": "sum(a + b)", "at": {"a": column, "b": zeros}}),
            "numbers of the expression's",
        ),
        (
            json!({"expression": "sum(W @ W)", "at": {"W": square}, "descend": 1000}),
            "operations for all steps",
        ),
        (json!({"expression": "(".repeat(9_000)}), "nested more than"),
        (json!({"expression": "x", "at": {"x": 1}, "descend": u64::MAX}), "steps down"),
    ] {
        let begin = Instant::now();
        let answer = explain(&server, &request);
        assert_eq!(answer.status, 422, "{part}: {:?}", answer.head);
        assert!(answer.message().contains(part), "{part}: {}", answer.message());
        assert!(begin.elapsed() < Duration::from_secs(5), "{part}");
    }
}

#[test]
fn whose_client_has_gone_is_not_computed() {
    let server = server();
    // A chain that takes a while.
    let text = format!("x{}", "*sin(x)".repeat(600));
    let long = json!({"expression": text, "at": {"x": 1}, "hessian": true});
    let begin = Instant::now();
    assert_eq!(explain(&server, &long).status, 200);
    let alone = begin.elapsed();
    let body = long.to_string();
    let more = own_page(&server) + &format!("Content-Length: {}\r\n", body.len());
    let request = head(&server, "POST", EXPLAIN, &more) + &body;
    let mut dragged: Vec<TcpStream> = (0..20).map(|_| connect(&server)).collect();
    for stream in &mut dragged {
        stream.write_all(request.as_bytes()).unwrap();
    }
    std::thread::sleep(Duration::from_millis(50));
    drop(dragged);
    let begin = Instant::now();
    assert_eq!(explain(&server, &json!({"expression": "1 + 1"})).status, 200);
    let waited = begin.elapsed();
    // The one that runs is waited for; of twenty in a row that would be the least part.
    assert!(waited < 6 * alone + Duration::from_secs(1), "{waited:?}, and alone {alone:?}");
    assert!(alone > Duration::from_millis(100), "too quick to show anything: {alone:?}");
}
