//! Examples to train on: datasets in memory, and the readers of their files.

mod dataset;
mod examples;
pub mod idx;

pub use dataset::Dataset;
pub use examples::{Examples, Target};
