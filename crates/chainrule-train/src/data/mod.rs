//! Examples to train on: in memory or streamed from disk, and the readers of their files.
//!
//! A [`Source`] says what to train on. Loading it gives the parts to train, validate and test with,
//! as [`Examples`], and the [`Preparation`] that makes any other data ready for the same model.

mod dataset;
mod delimited;
mod examples;
mod held;
pub mod idx;
mod images;
mod input;
mod locate;
mod mnist;
mod npy;
mod other;
#[cfg_attr(not(feature = "parquet"), path = "no_parquet.rs")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_pages;
mod preparation;
mod source;
mod statistics;
mod streamed;
mod table;

pub use dataset::Dataset;
pub use examples::{Examples, Scale, Target, wanted};
pub use locate::SHIPPED;
pub use preparation::Preparation;
pub(crate) use preparation::balanced;
pub use source::{Loaded, Source, Task};
use streamed::Streamed;
