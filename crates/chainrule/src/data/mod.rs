//! Examples to train on: datasets in memory, and the readers of their files.

mod dataset;
mod examples;
pub mod idx;
mod source;
pub use source::{Loaded, Preparation, Source, Task};

pub use dataset::Dataset;
pub use examples::{Examples, Target};
