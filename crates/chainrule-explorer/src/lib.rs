//! The explorer: a server on this machine whose page shows a computation, steps through it and changes
//! it.
//!
//! [`serve`] listens and answers from a thread of its own: the page's files, and below `/api/v1/` what
//! the library says of an expression, as JSON; `/api/v1/openapi.json` describes that. Nothing is
//! computed on the page. The server is the user's alone: it answers to its own name only, and works
//! only for who shows the token that stands in the address's fragment.
//!
//! A [`Network`] is that of a run, whose graph is shown on any of its examples. [`State`] is what can be looked at, also as a line that is passed on.

// From the bottom up: each uses only those above it.
mod base64;
mod token;
mod mistake;
mod values;
mod refusal;
mod limits;
mod state;
mod request;
mod hosts;
mod guard;
mod io;
mod events;
mod body;
mod work;
mod page;
mod network;
mod answers;
mod routes;
mod server;

pub use mistake::Mistake;
pub use network::{About, Network};
pub use server::{Handle, Options, serve};
pub use state::{State, Tab};
