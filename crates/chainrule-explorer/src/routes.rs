//! Which path answers what.

use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::body::{self, Body};
use super::events::Events;
use super::hosts::Hosts;
use super::network::{About, Network};
use super::page::{self, File};
use super::refusal::Refusal;
use super::state::State;
use super::token::Token;
use super::work::Work;
use super::{answers, guard, limits};

/// The description of the API.
const DESCRIPTION: &str = include_str!("openapi.json");

/// What all requests share.
pub struct Shared {
    /// The names of this server.
    pub hosts: Hosts,
    /// The token of this start.
    pub token: Token,
    /// What the program was started with.
    pub start: Start,
    /// The run's network, where one is shown.
    pub network: Option<Arc<Network>>,
    /// Whose turn it is to compute.
    pub work: Work,
    /// The seats of event streams.
    pub seats: Arc<Semaphore>,
}

/// What the program was started with.
#[derive(Serialize)]
pub struct Start {
    /// The program's version.
    pub version: &'static str,
    /// A name of this start, by which a page sees that the server is another one.
    pub instance: String,
    /// What is shown first.
    pub state: Option<State>,
    /// The line that held it.
    pub line: Option<String>,
    /// The run's network, where the program was started with a run.
    pub network: Option<About>,
}

/// A path and what it answers.
struct Route {
    path: &'static str,
    answer: Answer,
}

/// What a path answers.
enum Answer {
    File(&'static File),
    Description,
    Functions,
    Start,
    Events,
    Explain,
    Example,
    Export,
}

static ROUTES: [Route; 12] = [
    Route { path: "/", answer: Answer::File(&page::INDEX) },
    Route { path: "/index.html", answer: Answer::File(&page::INDEX) },
    Route { path: "/app.js", answer: Answer::File(&page::SCRIPT) },
    Route { path: "/app.css", answer: Answer::File(&page::STYLE) },
    Route { path: "/icon.svg", answer: Answer::File(&page::ICON) },
    Route { path: "/api/v1/openapi.json", answer: Answer::Description },
    Route { path: "/api/v1/functions", answer: Answer::Functions },
    Route { path: "/api/v1/start", answer: Answer::Start },
    Route { path: "/api/v1/events", answer: Answer::Events },
    Route { path: "/api/v1/explain", answer: Answer::Explain },
    Route { path: "/api/v1/example", answer: Answer::Example },
    Route { path: "/api/v1/export", answer: Answer::Export },
];

impl Answer {
    /// The methods by which it is asked for.
    fn methods(&self) -> &'static str {
        match self {
            Self::Explain | Self::Example | Self::Export => "POST",
            _ => "GET, HEAD",
        }
    }
}

/// Answers a request, whatever it is.
pub async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    let answered = asked(&shared, request).await;
    let mut response = answered.unwrap_or_else(|refusal| refused(&refusal));
    response.headers_mut().extend(safe_headers());
    response
}

async fn asked(shared: &Shared, request: Request<Incoming>) -> Result<Response<Body>, Refusal> {
    let (head, body) = request.into_parts();
    guard::host(&shared.hosts, &head)?;
    let path = head.uri.path();
    let route = ROUTES.iter().find(|route| route.path == path);
    let route = route.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "there is nothing here; /api/v1/openapi.json tells what there is",
        )
    })?;
    let methods = route.answer.methods();
    if !methods.split(", ").any(|method| head.method == method) {
        let message = format!("this path answers to {methods}");
        let mut refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message);
        refusal.allow = Some(methods);
        return Err(refusal);
    }
    match &route.answer {
        Answer::File(file) => Ok(respond(file.media, "no-cache", file.text)),
        Answer::Description => Ok(json(DESCRIPTION)),
        Answer::Functions => answers::functions().map(json),
        Answer::Start => {
            guard::token(&shared.token, &head)?;
            Ok(json(serde_json::to_vec(&chainrule_explain::AllNumbers(&shared.start))?))
        }
        Answer::Events => {
            guard::token(&shared.token, &head)?;
            events(shared, &head.method)
        }
        Answer::Explain => {
            guard::work(&shared.hosts, &shared.token, &head)?;
            let body = body::read(body).await?;
            shared.work.run(move || answers::explained(&body)).await.map(json)
        }
        Answer::Example => {
            guard::work(&shared.hosts, &shared.token, &head)?;
            let network = shared.network.clone().ok_or_else(Refusal::without_run)?;
            let body = body::read(body).await?;
            shared.work.run(move || answers::example(&network, &body)).await.map(json)
        }
        Answer::Export => {
            guard::work(&shared.hosts, &shared.token, &head)?;
            let body = body::read(body).await?;
            let network = shared.network.clone();
            shared.work.run(move || answers::exported(network.as_deref(), &body)).await.map(json)
        }
    }
}

fn events(shared: &Shared, method: &Method) -> Result<Response<Body>, Refusal> {
    let seat = shared.seats.clone().try_acquire_owned().map_err(|_| {
        let message = format!(
            "{} event streams are open already: a browser's tabs share one; close another",
            limits::STREAMS
        );
        Refusal::new(StatusCode::TOO_MANY_REQUESTS, message)
    })?;
    let body = match *method {
        Method::HEAD => Body::Whole(Bytes::new()),
        _ => Body::Events(Box::new(Events::new(&shared.start.instance, seat))),
    };
    Ok(with("text/event-stream", "no-store", body))
}

fn json(text: impl Into<Bytes>) -> Response<Body> {
    respond("application/json", "no-store", text)
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let mut response = json(refusal.document());
    *response.status_mut() = refusal.status;
    let headers = response.headers_mut();
    if let Some(methods) = refusal.allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    }
    if refusal.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn respond(media: &'static str, cache: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    with(media, cache, Body::Whole(text.into()))
}

fn with(media: &'static str, cache: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// What every answer forbids: other origins to read it, to frame it, to be sent to; scripts and styles
/// from elsewhere or within the page; guesses about what a file is.
fn safe_headers() -> impl Iterator<Item = (HeaderName, HeaderValue)> {
    const CROSS_ORIGIN_OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    const CROSS_ORIGIN_RESOURCE: HeaderName =
        HeaderName::from_static("cross-origin-resource-policy");
    [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
             connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (CROSS_ORIGIN_OPENER, "same-origin"),
        (CROSS_ORIGIN_RESOURCE, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ]
    .map(|(name, value)| (name, HeaderValue::from_static(value)))
    .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_the_api_is_described() {
        let description: serde_json::Value = serde_json::from_str(DESCRIPTION).unwrap();
        let described = description["paths"].as_object().unwrap();
        let api: Vec<&Route> =
            ROUTES.iter().filter(|route| route.path.starts_with("/api/")).collect();
        assert_eq!(api.len(), described.len());
        for route in api {
            let methods: Vec<&String> = described[route.path].as_object().unwrap().keys().collect();
            let own = route.answer.methods().to_lowercase();
            // HEAD goes with GET.
            assert_eq!(methods, [own.trim_end_matches(", head")], "{}", route.path);
        }
    }
}
