//! What the server tells by itself, as server-sent events: that it lives, and which start of it this is.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Interval, interval_at};

use super::limits;

/// The events for one browser.
pub struct Events {
    /// What was not told yet.
    first: Option<Bytes>,
    beat: Interval,
    _seat: OwnedSemaphorePermit,
}

impl Events {
    /// A stream that greets with the name of this start of the server.
    pub fn new(instance: &str, seat: OwnedSemaphorePermit) -> Self {
        // A client that lost the connection comes again after a second.
        let hello = format!(
            "retry: 1000\nid: 0\nevent: hello\ndata: {}\n\n",
            serde_json::json!({ "instance": instance })
        );
        let beat = interval_at(Instant::now() + limits::BEAT, limits::BEAT);
        Self { first: Some(hello.into()), beat, _seat: seat }
    }

    /// The next part: a greeting, then a comment now and then, by which both sides see that the other lives.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(first);
        }
        Pin::new(&mut self.beat).poll_tick(cx).map(|_| Bytes::from_static(b":\n\n"))
    }
}
