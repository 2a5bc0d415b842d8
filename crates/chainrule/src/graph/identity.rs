//! What tells one operation from another.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};

/// What tells an operation from others of its type, for [`Op::identity`](super::Op::identity): any
/// value that can be compared and hashed.
///
/// ```
/// use chainrule::ops::Identity;
/// assert!(Identity::of(2.0_f64.to_bits()) == Identity::of(2.0_f64.to_bits()));
/// assert!(Identity::of(2_u32) != Identity::of(3_u32));
/// assert!(Identity::of(2_u32) != Identity::of(2_u64));
/// ```
pub struct Identity(Box<dyn Comparable>);

impl Identity {
    /// The identity that is this value.
    pub fn of(value: impl Eq + Hash + fmt::Debug + 'static) -> Self {
        Self(Box::new(value))
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_equal(other.0.as_any())
    }
}

impl Eq for Identity {}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.add_to(state);
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// [`Eq`] and [`Hash`] without type parameters.
trait Comparable: fmt::Debug {
    fn as_any(&self) -> &dyn Any;
    fn is_equal(&self, other: &dyn Any) -> bool;
    fn add_to(&self, hash: &mut dyn Hasher);
}

impl<T: Eq + Hash + fmt::Debug + 'static> Comparable for T {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn is_equal(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<T>() == Some(self)
    }
    fn add_to(&self, mut hash: &mut dyn Hasher) {
        self.hash(&mut hash);
    }
}
