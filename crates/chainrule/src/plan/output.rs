//! What tells an output of a plan: the value itself, a handle, or a name.

use std::fmt;

use crate::graph::{Handle, Var};

/// What tells an output of a plan: a [`Var`] of its graph, the [`Handle`] of one, or the name that
/// [`Var::output`] gave it.
///
/// ```
/// use chainrule::graph::Handle;
/// use chainrule::{Graph, Plan, Result};
///
/// /// Owns all that it needs: it outlives its graph, and can be sent to another thread.
/// struct Doubler {
///     plan: Plan<f32>,
///     twice: Handle,
/// }
///
/// fn doubler() -> Result<Doubler> {
///     let g = Graph::new();
///     let twice = (g.input("x", [2]) * 2).output("twice");
///     Ok(Doubler { plan: g.compile(&[twice])?, twice: twice.handle() })
/// }
///
/// let mut doubler = doubler()?;
/// let answer = std::thread::spawn(move || -> Result<Vec<f32>> {
///     doubler.plan.feed("x", &[1.0, 2.0])?;
///     doubler.plan.run()?;
///     assert_eq!(doubler.plan.value("twice")?, doubler.plan.value(doubler.twice)?);
///     Ok(doubler.plan.value(doubler.twice)?.to_vec())
/// });
/// assert_eq!(answer.join().unwrap()?, [2.0, 4.0]);
/// # Ok::<(), chainrule::Error>(())
/// ```
pub trait Output: Copy + fmt::Debug + sealed::Sealed {
    /// Which of the plan's values it is.
    #[doc(hidden)]
    fn key(&self) -> Key<'_>;
}

/// An output, by the number of its node and that of its graph, or by its name.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Key<'a> {
    /// A node.
    Node(Handle),
    /// A name.
    Name(&'a str),
}

impl Output for Var<'_> {
    fn key(&self) -> Key<'_> {
        Key::Node(self.handle())
    }
}

impl Output for Handle {
    fn key(&self) -> Key<'_> {
        Key::Node(*self)
    }
}

impl Output for &str {
    fn key(&self) -> Key<'_> {
        Key::Name(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Var<'_> {}
    impl Sealed for super::Handle {}
    impl Sealed for &str {}
}
