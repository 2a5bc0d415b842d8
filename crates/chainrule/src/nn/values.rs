//! What goes into a module and what comes out of it.

use std::ops::Index;
use std::sync::Arc;

use crate::error::Error;
use crate::graph::{Graph, Var};

/// One value or several, by position and, where they have one, by name.
///
/// `x[0]` and `x["city"]` are the values themselves. Where there is no such value, the graph remembers
/// an error that lists those that there are.
///
/// ```
/// use chainrule::Graph;
/// use chainrule::nn::Values;
/// let g = Graph::new();
/// let (area, rooms) = (g.input("area", [5, 1]), g.input("rooms", [5, 2]));
/// let x = Values::named([("area", area), ("rooms", rooms)]);
/// assert_eq!(x["rooms"].shape().dims(), [5, 2]);
/// assert_eq!(x[0].id(), area.id());
///
/// let _ = x["room"];
/// let error = g.error().unwrap().to_string();
/// assert!(error.contains("there is no value named `room`; did you mean `rooms`?"), "{error}");
/// ```
#[derive(Clone, Debug)]
pub struct Values<'g> {
    entries: Vec<(Option<Arc<str>>, Var<'g>)>,
    /// What stands for a value that there is not.
    missing: Var<'g>,
}

impl<'g> Values<'g> {
    /// No values yet; [`Values::and`] and [`Values::with`] add some.
    ///
    /// ```
    /// # let g = chainrule::Graph::new();
    /// let x = chainrule::nn::Values::new(&g).and(g.constant(1.0)).with("y", g.constant(2.0));
    /// assert_eq!(x.len(), 2);
    /// ```
    #[must_use]
    pub fn new(graph: &'g Graph) -> Self {
        Self { entries: Vec::new(), missing: Var::poison(graph) }
    }

    /// Values by name.
    ///
    /// ```
    /// use chainrule::nn::Values;
    /// # let g = chainrule::Graph::new();
    /// let y = Values::named([("price", g.constant(1.0)), ("class", g.constant(2.0))]);
    /// assert_eq!(y.iter().next().unwrap().0, Some("price"));
    /// ```
    #[must_use]
    pub fn named<const N: usize>(values: [(&str, Var<'g>); N]) -> Self {
        const { assert!(N > 0, "there must be at least one value") };
        values.into_iter().fold(Self::new(values[0].1.graph()), |all, (name, v)| all.with(name, v))
    }

    /// These values and one more without a name.
    #[must_use]
    pub fn and(mut self, value: Var<'g>) -> Self {
        self.entries.push((None, value));
        self
    }

    /// These values and one more with a name; a name that is taken is a mistake that the graph
    /// remembers.
    #[track_caller]
    #[must_use]
    pub fn with(mut self, name: &str, value: Var<'g>) -> Self {
        if self.names().any(|known| known == name) {
            self.fail(&format!("there are two values named `{name}`"));
        }
        self.entries.push((Some(name.into()), value));
        self
    }

    /// The only value.
    ///
    /// ```
    /// use chainrule::nn::Values;
    /// # let g = chainrule::Graph::new();
    /// let x = g.constant(1.0);
    /// assert_eq!(Values::from(x).one().id(), x.id());
    /// Values::from([x, x]).one();
    /// assert!(g.error().unwrap().to_string().contains("takes one value, but there are 2"));
    /// ```
    #[track_caller]
    #[must_use]
    pub fn one(&self) -> Var<'g> {
        match self.entries[..] {
            [(_, value)] => value,
            _ => self.fail(&format!("takes one value, but there are {}", self.told())),
        }
    }

    /// The value of this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Var<'g>> {
        let mut named = self.entries.iter().filter(|(known, _)| known.as_deref() == Some(name));
        named.next().map(|&(_, value)| value)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, Var<'g>)> {
        self.entries.iter().map(|(name, value)| (name.as_deref(), *value))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|(name, _)| name.as_deref())
    }

    /// How many values there are and what they are called.
    fn told(&self) -> String {
        let names: Vec<&str> = self.names().collect();
        if names.is_empty() {
            return self.len().to_string();
        }
        format!("{}: {}", self.len(), names.join(", "))
    }

    #[track_caller]
    fn fail(&self, message: &str) -> Var<'g> {
        self.missing.graph().fail("values", message, &[])
    }
}

impl<'g> From<Var<'g>> for Values<'g> {
    fn from(value: Var<'g>) -> Self {
        Self::new(value.graph()).and(value)
    }
}

impl<'g, const N: usize> From<[Var<'g>; N]> for Values<'g> {
    fn from(values: [Var<'g>; N]) -> Self {
        const { assert!(N > 0, "there must be at least one value") };
        values.into_iter().fold(Self::new(values[0].graph()), Self::and)
    }
}

impl<'g> Index<usize> for Values<'g> {
    type Output = Var<'g>;

    #[track_caller]
    fn index(&self, at: usize) -> &Var<'g> {
        match self.entries.get(at) {
            Some((_, value)) => value,
            None => {
                self.fail(&format!("there is no value {at}, counted from 0, of {}", self.told()));
                &self.missing
            }
        }
    }
}

impl<'g> Index<&str> for Values<'g> {
    type Output = Var<'g>;

    #[track_caller]
    fn index(&self, name: &str) -> &Var<'g> {
        match self.entries.iter().find(|(known, _)| known.as_deref() == Some(name)) {
            Some((_, value)) => value,
            None => {
                let error = match self.names().next() {
                    None => format!("there is no value named `{name}`: they have no names"),
                    Some(_) => Error::unknown("value", name, self.names()).to_string(),
                };
                self.fail(&error);
                &self.missing
            }
        }
    }
}
