//! The bodies of requests and answers.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::StatusCode;
use hyper::body::{Body as _, Bytes, Frame, Incoming, SizeHint};

use super::events::Events;
use super::limits::{BODY_BYTES, DRAINED_BYTES, PATIENCE};
use super::refusal::Refusal;

/// The body of an answer.
pub enum Body {
    /// All of it; then nothing.
    Whole(Bytes),
    /// Parts without an end.
    Events(Box<Events>),
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Events(events) => events.poll(cx).map(|bytes| Some(Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Events(_) => SizeHint::default(),
        }
    }
}

/// Reads a request's body, of a bounded length and in bounded time.
pub async fn read(body: Incoming) -> Result<Vec<u8>, Refusal> {
    let late = |_| {
        let seconds = PATIENCE.as_secs();
        let message = format!("the body did not arrive within {seconds} s");
        Refusal::new(StatusCode::REQUEST_TIMEOUT, message)
    };
    tokio::time::timeout(PATIENCE, all_of(body)).await.map_err(late)?
}

async fn all_of(mut body: Incoming) -> Result<Vec<u8>, Refusal> {
    let (mut bytes, mut length) = (Vec::new(), 0);
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(|error| {
            Refusal::new(StatusCode::BAD_REQUEST, format!("the body ends early: {error}"))
        })?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= BODY_BYTES {
            bytes.extend_from_slice(&data);
        } else if length > DRAINED_BYTES {
            break;
        }
    }
    match length <= BODY_BYTES {
        true => Ok(bytes),
        false => {
            let message = format!("the body is longer than {BODY_BYTES} bytes");
            Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
    }
}
