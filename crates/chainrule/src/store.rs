//! Tensors under keys, in order: what parameters and the state of optimizers have in common.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::tensor::{Real, Tensor};

/// Tensors under keys, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Store<K, T> {
    entries: Vec<(K, Tensor<T>)>,
    /// Where each key stands.
    places: HashMap<K, usize>,
    /// Another number whenever keys, shapes or their order may have changed, so that a plan need not
    /// look the keys up again for each run; 0 for a store that never held anything.
    version: u64,
}

/// The next version, never given twice.
static VERSION: AtomicU64 = AtomicU64::new(1);

impl<K: PartialEq, T: PartialEq> PartialEq for Store<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<K: Clone + Eq + Hash, T: Real> Store<K, T> {
    pub fn new() -> Self {
        Self { entries: Vec::new(), places: HashMap::new(), version: 0 }
    }

    /// Adds a tensor, or replaces the one of that key.
    pub fn insert(&mut self, key: K, tensor: Tensor<T>) {
        match self.places.get(&key).copied() {
            Some(at) => *self.at_mut(at) = tensor,
            None => self.push(key, tensor),
        }
    }

    /// Adds a tensor under a key that is new.
    pub fn push(&mut self, key: K, tensor: Tensor<T>) {
        self.change();
        self.places.insert(key.clone(), self.entries.len());
        self.entries.push((key, tensor));
    }

    /// Where `key` stands, looking at `hint` first.
    pub fn find<Q: ?Sized + Eq + Hash>(&self, key: &Q, hint: usize) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        match self.entries.get(hint) {
            Some((known, _)) if known.borrow() == key => Some(hint),
            _ => self.places.get(key).copied(),
        }
    }

    /// The tensor at a place that [`Store::find`] gave.
    pub fn at(&self, at: usize) -> &Tensor<T> {
        &self.entries[at].1
    }

    /// The tensor at such a place; the caller may put another one there.
    pub fn at_mut(&mut self, at: usize) -> &mut Tensor<T> {
        self.change();
        &mut self.entries[at].1
    }

    /// The values at such a place, to be changed.
    pub fn values_at_mut(&mut self, at: usize) -> &mut [T] {
        self.entries[at].1.values_mut()
    }

    /// Changes whenever keys, shapes or their order may have changed.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &Tensor<T>)> {
        self.entries.iter().map(|(key, tensor)| (key, tensor))
    }

    /// The same tensors in another precision.
    pub fn cast<U: Real>(&self) -> Store<K, U> {
        let cast = |tensor: &Tensor<T>| tensor.map(|x| U::from_f64(x.to_f64()));
        let entries = self.entries.iter().map(|(key, t)| (key.clone(), cast(t))).collect();
        let places = self.places.clone();
        Store { entries, places, version: VERSION.fetch_add(1, Ordering::Relaxed) }
    }

    /// Whether no element is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.entries.iter().all(|(_, tensor)| tensor.values().iter().all(|x| x.is_finite()))
    }

    fn change(&mut self) {
        self.version = VERSION.fetch_add(1, Ordering::Relaxed);
    }
}
