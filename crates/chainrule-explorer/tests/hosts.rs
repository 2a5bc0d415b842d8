//! Who is answered: names, methods, origins and tokens, each in the forms with which servers on the own
//! machine were fooled before.

mod common;

use common::{Answer, own_page, raw, server};

const EXPLAIN: &str = "/api/v1/explain";
const BODY: &str = r#"{"expression":"1 + 1"}"#;

/// A request with these lines as its head, in which `PORT`, `OTHER` and `TOKEN` stand for the server's.
fn asked(server: &chainrule_explorer::Handle, first: &str, lines: &[&str]) -> Answer {
    let port = server.address().port();
    let body = if first.starts_with("POST") { BODY } else { "" };
    let mut text = format!("{first}\r\n");
    for line in lines {
        text += line;
        text += "\r\n";
    }
    text += &format!("Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let text = text.replace("PORT", &port.to_string());
    let text = text.replace("OTHER", &(port ^ 1).to_string()).replace("TOKEN", server.token());
    raw(server, text.as_bytes())
}

#[test]
fn names_of_every_form() {
    let server = server();
    for (status, first, hosts) in [
        (200, "GET / HTTP/1.1", &["Host: 127.0.0.1:PORT"][..]),
        (200, "GET / HTTP/1.1", &["Host: localhost:PORT"]),
        (200, "GET / HTTP/1.1", &["Host: LOCALHOST:PORT"]),
        (200, "GET / HTTP/1.1", &["Host: [::1]:PORT"]),
        (200, "HEAD /app.js HTTP/1.1", &["host: 127.0.0.1:PORT"]),
        (200, "GET / HTTP/1.0", &["Host: localhost:PORT"]),
        // None, an empty one, several: also two that are right.
        (400, "GET / HTTP/1.1", &[]),
        (400, "GET / HTTP/1.0", &[]),
        (400, "GET / HTTP/1.1", &["Host:"]),
        (400, "GET / HTTP/1.1", &["Host: localhost:PORT", "Host: localhost:PORT"]),
        (400, "GET / HTTP/1.1", &["Host: localhost:PORT", "Host: evil.example"]),
        // An empty name, no port, another port, the same in other digits.
        (403, "GET / HTTP/1.1", &["Host: :PORT"]),
        (403, "GET / HTTP/1.1", &["Host: localhost"]),
        (403, "GET / HTTP/1.1", &["Host: 127.0.0.1"]),
        (403, "GET / HTTP/1.1", &["Host: localhost:"]),
        (403, "GET / HTTP/1.1", &["Host: localhost:OTHER"]),
        (403, "GET / HTTP/1.1", &["Host: localhost:80"]),
        (403, "GET / HTTP/1.1", &["Host: localhost:0PORT"]),
        // Names that lead here, or look like it.
        (403, "GET / HTTP/1.1", &["Host: localhost.:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: 127.0.0.1.evil.example:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: evil.example:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: localhost.evil.example:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: 0.0.0.0:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: 127.1:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: evil.example@localhost:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: [::1%25lo]:PORT"]),
        (403, "GET / HTTP/1.1", &["Host: localhost:PORT, evil.example"]),
        // A target with a name of its own.
        (403, "GET http://evil.example/ HTTP/1.1", &["Host: localhost:PORT"]),
        (200, "GET http://localhost:PORT/ HTTP/1.1", &["Host: localhost:PORT"]),
        (403, "CONNECT evil.example:443 HTTP/1.1", &["Host: localhost:PORT"]),
        // Every method and path, also such as there are not.
        (403, "OPTIONS /api/v1/explain HTTP/1.1", &["Host: evil.example:PORT"]),
        (403, "DELETE /nothing HTTP/1.1", &["Host: evil.example"]),
        (403, "GET /api/v1/functions HTTP/1.1", &["Host: evil.example"]),
        (403, "HEAD /app.js HTTP/1.1", &["Host: evil.example"]),
    ] {
        let answer = asked(&server, first, hosts);
        assert_eq!(answer.status, status, "{first} {hosts:?}: {answer:?}");
    }
}

#[test]
fn work_is_for_the_own_page_and_its_token() {
    let server = server();
    let (json, token) = ("Content-Type: application/json", "Authorization: Bearer TOKEN");
    let origin = "Origin: http://localhost:PORT";
    let same = "Sec-Fetch-Site: same-origin";
    for (status, lines) in [
        (200, &[json, token, origin][..]),
        (200, &[json, token, same]),
        (200, &[json, token, origin, same]),
        (200, &[json, token, "Origin: http://127.0.0.1:PORT"]),
        (200, &[json, token, "Origin: http://[::1]:PORT"]),
        (
            200,
            &["content-type: Application/JSON; charset=utf-8", "authorization: bearer TOKEN", same],
        ),
        // A form, a text, nothing: what other pages can send without being asked.
        (415, &["Content-Type: text/plain", token, origin]),
        (415, &["Content-Type: application/x-www-form-urlencoded", token, origin]),
        (415, &["Content-Type: multipart/form-data", token, origin]),
        (415, &[token, origin]),
        (415, &[json, "Content-Type: text/plain", token, origin]),
        // Origins of elsewhere, of another port or protocol, of nowhere.
        (403, &[json, token]),
        (403, &[json, token, "Origin: http://localhost:OTHER"]),
        (403, &[json, token, "Origin: https://localhost:PORT"]),
        (403, &[json, token, "Origin: http://localhost"]),
        (403, &[json, token, "Origin: null"]),
        (403, &[json, token, "Origin:"]),
        (403, &[json, token, "Origin: http://evil.example:PORT"]),
        (403, &[json, token, "Origin: http://localhost:PORT.evil.example"]),
        (403, &[json, token, origin, "Origin: http://evil.example"]),
        (403, &[json, token, "Sec-Fetch-Site: cross-site"]),
        (403, &[json, token, "Sec-Fetch-Site: same-site"]),
        (403, &[json, token, "Sec-Fetch-Site: none"]),
        // One of both is wrong.
        (403, &[json, token, origin, "Sec-Fetch-Site: cross-site"]),
        (403, &[json, token, "Origin: http://evil.example", same]),
        // No token, another, in another place.
        (401, &[json, origin]),
        (401, &[json, origin, "Authorization: Bearer x"]),
        (401, &[json, origin, "Authorization: Bearer"]),
        (401, &[json, origin, "Authorization: Basic TOKEN"]),
        (401, &[json, origin, "Authorization: Bearer TOKEN TOKEN"]),
        (401, &[json, origin, "Authorization: Bearer TOKEN", "Authorization: Bearer TOKEN"]),
        (401, &[json, origin, "Cookie: token=TOKEN"]),
    ] {
        let host = ["Host: localhost:PORT"];
        let lines = [&host[..], lines].concat();
        let answer = asked(&server, &format!("POST {EXPLAIN} HTTP/1.1"), &lines);
        assert_eq!(answer.status, status, "{lines:?}: {answer:?}");
    }
    // Not in the address either, where logs and histories would keep it.
    let lines = ["Host: localhost:PORT", json, origin];
    let answer = asked(&server, &format!("POST {EXPLAIN}?token=TOKEN HTTP/1.1"), &lines);
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), Some("bearer"));
}

#[test]
fn what_tells_of_the_users_work_needs_the_token() {
    let server = server();
    let host = "Host: 127.0.0.1:PORT";
    for (path, alone) in [
        ("/", 200),
        ("/index.html", 200),
        ("/app.js", 200),
        ("/app.css", 200),
        ("/icon.svg", 200),
        ("/api/v1/openapi.json", 200),
        ("/api/v1/functions", 200),
        ("/api/v1/start", 401),
    ] {
        let first = format!("GET {path} HTTP/1.1");
        assert_eq!(asked(&server, &first, &[host]).status, alone, "{path}");
        let with = asked(&server, &first, &[host, "Authorization: Bearer TOKEN"]);
        assert_eq!(with.status, 200, "{path}");
    }
    let first = "HEAD /api/v1/events HTTP/1.1";
    assert_eq!(asked(&server, first, &[host]).status, 401);
    assert_eq!(asked(&server, first, &[host, "Authorization: Bearer TOKEN"]).status, 200);
    // Of another start the token is another.
    let other = common::server();
    let stale = format!("Authorization: Bearer {}", other.token());
    assert_eq!(asked(&server, "GET /api/v1/start HTTP/1.1", &[host, &stale]).status, 401);
}

#[test]
fn every_answer_forbids_what_others_would_do_with_it() {
    let server = server();
    let own = own_page(&server);
    let own: Vec<&str> = own.lines().collect();
    let host = "Host: 127.0.0.1:PORT";
    let page = asked(&server, "GET / HTTP/1.1", &[host]);
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
                  connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    for answer in [
        &page,
        &asked(&server, "GET / HTTP/1.1", &["Host: evil.example"]),
        &asked(&server, "GET /nothing HTTP/1.1", &[host]),
        &asked(&server, "PUT / HTTP/1.1", &[host]),
        &asked(&server, "POST /api/v1/explain HTTP/1.1", &[&own[..], &[host]].concat()),
        &asked(&server, "OPTIONS /api/v1/explain HTTP/1.1", &[host, "Origin: http://evil.example"]),
    ] {
        assert_eq!(answer.header("content-security-policy"), Some(policy), "{answer:?}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(!answer.head.contains("access-control"), "{answer:?}");
        assert!(!answer.head.contains("set-cookie"), "{answer:?}");
    }
    // No script or style within the page, which the policy would forbid.
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains(r#"<script type="module" src="/app.js"></script>"#), "{page}");
    let icon = asked(&server, "GET /icon.svg HTTP/1.1", &[host]);
    for text in [page, String::from_utf8(icon.body).unwrap()] {
        assert!(!["style=", "<style", "onload"].iter().any(|word| text.contains(word)), "{text}");
    }
}

#[test]
fn a_name_that_was_allowed_is_answered_with_the_own_port() {
    let server = common::named(&["pi.local"]);
    for (status, host) in [
        (200, "Host: pi.local:PORT"),
        (200, "Host: PI.LOCAL:PORT"),
        (200, "Host: localhost:PORT"),
        (403, "Host: pi.local"),
        (403, "Host: other.local:PORT"),
    ] {
        assert_eq!(asked(&server, "GET / HTTP/1.1", &[host]).status, status, "{host}");
    }
    let lines =
        ["Host: pi.local:PORT", "Origin: http://pi.local:PORT", "Content-Type: application/json"];
    let with = [&lines[..], &["Authorization: Bearer TOKEN"]].concat();
    assert_eq!(asked(&server, "POST /api/v1/explain HTTP/1.1", &with).status, 200);
    assert_eq!(asked(&server, "POST /api/v1/explain HTTP/1.1", &lines).status, 401);
}

#[cfg(target_os = "linux")]
#[test]
fn another_loopback_address_is_an_own_name() {
    let options = chainrule_explorer::Options {
        address: std::net::Ipv4Addr::new(127, 0, 0, 2).into(),
        port: 0,
        names: Vec::new(),
        state: chainrule_explorer::State::apple(),
        line: None,
        network: None,
    };
    let server = chainrule_explorer::serve(options).unwrap();
    assert!(server.url().starts_with("http://127.0.0.2:"), "{}", server.url());
    for (status, host) in [
        (200, "Host: 127.0.0.2:PORT"),
        (200, "Host: 127.0.0.1:PORT"),
        (403, "Host: 127.0.0.3:PORT"),
    ] {
        assert_eq!(asked(&server, "GET / HTTP/1.1", &[host]).status, status, "{host}");
    }
}
