//! What is asked of people and told to them, below everything that computes: errors, each of which names
//! the place and what would be right; and settings, whose names, forms, usual values and documentation
//! stand once.
//!
//! `chainrule` hands all of this on under the same names.
//!
//! ```
//! chainrule_words::settings! {
//!     /// A spring.
//!     pub struct Spring = "spring" {
//!         /// Newtons per metre.
//!         stiffness: f64 = 10.0,
//!     }
//! }
//! let entry = Spring::ENTRY;
//! let error = entry.setting("a spring", "stifness").unwrap_err().to_string();
//! assert!(error.contains("did you mean `stiffness`?"));
//! ```

mod nearest;
pub mod error;
pub mod settings;

pub use error::{Error, Result};
pub use nearest::nearest;
