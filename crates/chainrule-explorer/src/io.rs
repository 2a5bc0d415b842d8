//! tokio's sockets and timers as hyper takes them.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is read at a time.
const BYTES: usize = 8 << 10;

/// A connection. Whoever takes nothing of an answer for too long loses it.
pub struct Socket {
    stream: TcpStream,
    patience: Duration,
    /// Since when nothing could be written, as the time at which that is too long.
    stalled: Option<Wait>,
}

impl Socket {
    /// A connection with so much patience.
    pub fn new(stream: TcpStream, patience: Duration) -> Self {
        Self { stream, patience, stalled: None }
    }

    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.stalled = None;
            return done;
        }
        let patience = self.patience;
        let wait = self.stalled.get_or_insert_with(|| Wait::new(patience));
        ready!(Pin::new(wait).poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl Read for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; BYTES];
        let most = into.remaining().min(BYTES);
        let (room, _) = bytes.split_at_mut(most);
        let mut buffer = ReadBuf::new(room);
        ready!(Pin::new(&mut self.get_mut().stream).poll_read(cx, &mut buffer))?;
        into.put_slice(buffer.filled());
        Poll::Ready(Ok(()))
    }
}

impl Write for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let done = Pin::new(&mut socket.stream).poll_write(cx, bytes);
        socket.written(cx, done)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Some time.
pub struct Wait(Pin<Box<tokio::time::Sleep>>);

impl Wait {
    /// So long from now on.
    pub fn new(long: Duration) -> Self {
        Self(Box::pin(tokio::time::sleep(long)))
    }
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.get_mut().0.as_mut().poll(cx)
    }
}

impl hyper::rt::Sleep for Wait {}

/// What hyper asks for time.
#[derive(Clone)]
pub struct Timer;

impl hyper::rt::Timer for Timer {
    fn sleep(&self, long: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Wait::new(long))
    }

    fn sleep_until(&self, until: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(Wait(Box::pin(tokio::time::sleep_until(until.into()))))
    }
}
