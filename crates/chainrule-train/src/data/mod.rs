//! Examples to train on: in memory or streamed from disk, and the readers of their files.
//!
//! A [`DataSource`] says what to train on. Loading it gives the parts to train, validate and test with,
//! as [`Examples`], and the [`Preparation`] that makes any other data ready for the same model.

mod deflate;
mod task;
mod part;
mod extension;
mod examples;
mod named;
mod text;
mod number;
mod date;
mod dialect;
mod table;
mod looks;
mod dataset;
mod delimited;
pub mod idx;
mod npy;
#[cfg(feature = "parquet")]
mod parquet_pages;
mod statistics;
mod input;
#[cfg_attr(not(feature = "parquet"), path = "no_parquet.rs")]
mod parquet;
mod summary;
mod formats;
mod pixels;
mod preparation;
mod arrays;
mod streamed;
mod kept;
mod unseen;
mod notations;
mod held;
mod exif;
mod picture;
mod png;
mod jpeg;
mod webp;
mod gif;
mod bmp;
mod pictures;
mod fit;
mod ink;
mod images;
mod hints;
mod mnist;
mod locate;
mod shipped;
mod digest;
mod other;
mod split;
mod source;
mod found;
mod tabular;

pub(crate) use arrays::{ARRAYS, Source, SourceKind, TextsOrNumbers, USUAL_GAPS};
pub use dataset::Dataset;
pub use dialect::Separator;
pub(crate) use dialect::Written;
pub(crate) use digest::hex;
pub use examples::{Examples, Scale, Target, truth, truths};
pub use formats::tables;
pub(crate) use input::FeatureKind;
pub use kept::{Keep, KeptColumn};
pub(crate) use locate::is_table;
pub use locate::{did_you_mean, shipped};
pub use looks::ColumnKind;
pub(crate) use named::check_inputs;
pub use named::{Arrays, Data, FEATURES, Flat, Rows, TARGET};
pub(crate) use npy::members as npz_arrays;
pub use number::Decimal;
pub use other::NewData;
pub use part::DataPart;
pub use pictures::pictures;
pub use pixels::Retouch;
pub use preparation::Preparation;
pub(crate) use preparation::{balanced, class_counts};
pub use shipped::{is_dataset, is_shipped, located, shipped_folder};
pub use source::{DataSource, Loaded, Reading};
pub use split::{FEW, Fold, HELD_OUT, HeldOut};
use streamed::Streamed;
pub use summary::{DataReport, Summary};
pub use task::Task;
pub use text::{Encoding, is_pipe};
pub use unseen::{Unseen, UnseenColumn};
