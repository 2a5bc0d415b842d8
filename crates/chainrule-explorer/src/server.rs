//! The server: a thread of its own that takes connections.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::hosts::Hosts;
use super::io::{Socket, Timer};
use super::limits;
use super::network::Network;
use super::routes::{self, Shared, Start};
use super::state::State;
use super::token::{Token, random};
use super::work::Work;

/// Where a server listens, and what it shows.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address of one of this machine's networks.
    pub address: IpAddr,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// The names by which other machines may call this one, beside those by which it calls itself.
    pub names: Vec<String>,
    /// What is shown first.
    pub state: State,
    /// The line that held it, where it came as one.
    pub line: Option<String>,
    /// A run's network, which is shown where the state has an example.
    pub network: Option<Arc<Network>>,
}

/// A server that runs until this is dropped.
pub struct Handle {
    address: SocketAddr,
    name: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts a server.
///
/// ```
/// use std::net::Ipv4Addr;
/// use chainrule_explorer::{Options, State, serve};
/// let address = Ipv4Addr::LOCALHOST.into();
/// let names = Vec::new();
/// let (state, line, network) = (State::apple(), None, None);
/// let server = serve(Options { address, port: 0, names, state, line, network })?;
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// server.stop();
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// An address or a port that is taken or not this machine's; a system without random numbers or threads.
pub fn serve(options: Options) -> io::Result<Handle> {
    let Options { address, port, names, state, line, network } = options;
    let listener = std::net::TcpListener::bind((address, port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let name = match names.first() {
        Some(name) if !address.ip().is_loopback() => format!("{name}:{}", address.port()),
        _ => address.to_string(),
    };
    let start = Start {
        version: env!("CARGO_PKG_VERSION"),
        instance: random::<12>()?,
        state: Some(state),
        line,
        network: network.as_ref().map(|network| network.about().clone()),
    };
    let mut called = names.clone();
    // Another loopback address than the usual one leads to this machine alone as well.
    if address.ip().is_loopback() {
        called.push(address.ip().to_string());
    }
    let shared = Arc::new(Shared {
        hosts: Hosts::new(&called, address.port()),
        token: Token::fresh()?,
        start,
        network,
        work: Work::new(),
        seats: Arc::new(Semaphore::new(limits::STREAMS)),
    });
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .thread_stack_size(limits::STACK_BYTES)
        .build()?;
    let (stop, stopped) = oneshot::channel();
    let of_thread = shared.clone();
    let run = move || run(runtime, listener, of_thread, stopped);
    let thread = std::thread::Builder::new().name("explorer".into()).spawn(run)?;
    Ok(Handle { address, name, shared, stop: Some(stop), thread: Some(thread) })
}

impl Handle {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a request for work shows as `Authorization: Bearer …`.
    #[must_use]
    pub fn token(&self) -> &str {
        self.shared.token.text()
    }

    /// The page's address. The token stands in the fragment, which browsers send to nobody.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/#token={}", self.name, self.token())
    }

    /// Ends the server with its connections.
    pub fn stop(self) {
        drop(self);
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(
    runtime: Runtime,
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        tokio::spawn(accept(listener, shared));
        let _ = stopped.await;
    });
    // A computation that still runs has nobody left to wait for it.
    runtime.shutdown_background();
}

/// Takes connections, no more at a time than there is room for.
async fn accept(listener: std::net::TcpListener, shared: Arc<Shared>) {
    // Where the system has no sockets left, trying again at once would only heat the machine.
    const PAUSE: Duration = Duration::from_millis(100);
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let room = Arc::new(Semaphore::new(limits::CONNECTIONS));
    while let Ok(place) = room.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, shared.clone(), place))),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Answers the requests of one connection.
async fn converse(stream: TcpStream, shared: Arc<Shared>, place: OwnedSemaphorePermit) {
    // Small answers go at once.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(routes::answer(shared, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(Timer)
        .header_read_timeout(limits::PATIENCE)
        .max_buf_size(limits::HEAD_BYTES)
        .max_headers(limits::HEADERS);
    // An error of a connection is its client's: there is nobody to tell.
    let _ = http.serve_connection(Socket::new(stream, limits::PATIENCE), answer).await;
    drop(place);
}
