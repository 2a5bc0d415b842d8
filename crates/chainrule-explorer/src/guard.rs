//! Whose requests are answered, in this order: the name that was called, for every request; then, of
//! what makes the server work or tells what its user looks at, the kind of body, whose page asks, and
//! the token.

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN};
use hyper::http::request::Parts;

use super::hosts::Hosts;
use super::refusal::Refusal;
use super::token::Token;

/// Where a browser says whether the page that asks is of the server's own origin.
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether this server was called, and not another name that leads here.
pub fn host(hosts: &Hosts, head: &Parts) -> Result<(), Refusal> {
    let host = match single(&head.headers, &HOST) {
        Single::One(host) if !host.is_empty() => host,
        _ => {
            let message = "a request names the server that it calls in one `Host` header";
            return Err(Refusal::new(StatusCode::BAD_REQUEST, message));
        }
    };
    // A target with a name of its own counts before the header.
    let target = head.uri.authority().map(hyper::http::uri::Authority::as_str);
    match hosts.has(host) && target.is_none_or(|target| hosts.has(target)) {
        true => Ok(()),
        false => Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "this server is called by another name than its own; open the address that \
             `chainrule explore` printed, or name this one with --allow-host",
        )),
    }
}

/// Whether a request for work comes from this server's page, or from a program of its user.
pub fn work(hosts: &Hosts, token: &Token, head: &Parts) -> Result<(), Refusal> {
    let kind = match single(&head.headers, &CONTENT_TYPE) {
        Single::One(kind) => kind.split(';').next().unwrap_or_default().trim(),
        _ => "",
    };
    if !kind.eq_ignore_ascii_case("application/json") {
        let message = "the body must be JSON: `Content-Type: application/json`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let of_origin = match single(&head.headers, &ORIGIN) {
        Single::None => None,
        Single::One(origin) => Some(hosts.has_origin(origin)),
        Single::Unclear => Some(false),
    };
    let of_site = match single(&head.headers, &SITE) {
        Single::None => None,
        Single::One(site) => Some(site == "same-origin"),
        Single::Unclear => Some(false),
    };
    // Who says both must be right in both.
    if !matches!((of_origin, of_site), (Some(true), None | Some(true)) | (None, Some(true))) {
        let message = "this is asked by this server's own page alone: say so with \
                       `Origin`, the address of this server, or `Sec-Fetch-Site: same-origin`";
        return Err(Refusal::new(StatusCode::FORBIDDEN, message));
    }
    self::token(token, head)
}

/// Whether a request shows the token.
pub fn token(token: &Token, head: &Parts) -> Result<(), Refusal> {
    let told = match single(&head.headers, &AUTHORIZATION) {
        Single::One(told) => told.split_once(' ').unwrap_or_default(),
        _ => ("", ""),
    };
    match told.0.eq_ignore_ascii_case("bearer") && token.is(told.1.as_bytes()) {
        true => Ok(()),
        false => Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "the token is missing or of an earlier start: it stands behind `#token=` in the address \
             that `chainrule explore` printed, and is sent as `Authorization: Bearer …`",
        )),
    }
}

/// What stands in a header that there may be one of.
enum Single<'a> {
    None,
    One(&'a str),
    /// Several, or no text.
    Unclear,
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Single<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Single::None,
        (Some(value), None) => value.to_str().map_or(Single::Unclear, Single::One),
        _ => Single::Unclear,
    }
}
