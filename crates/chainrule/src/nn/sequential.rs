//! The sequential model.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use super::{Cx, Module, Values};

/// Modules one after another. The parameters of the first affine layer are named `affine1.weight` and
/// `affine1.bias`, and so on; each module's output is tapped under its name.
///
/// ```
/// use chainrule::Graph;
/// use chainrule::nn::{Affine, Cx, Init, Relu, Sequential};
///
/// let model = Sequential::new()
///     .with(Affine::new(50, Init::He))
///     .with(Relu)
///     .with(Affine::new(10, Init::He));
///
/// let g = Graph::new();
/// let cx = Cx::predict(&g);
/// let logits = cx.call("", &model, g.input("x", [100, 784])).one();
/// assert_eq!(logits.shape().dims(), [100, 10]);
/// assert_eq!(cx.initial::<f32>(0)?.count(), 39760);
/// assert_eq!(cx.tapped("relu1")?.shape().dims(), [100, 50]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// Two to eight modules are a model as a tuple, too:
///
/// ```
/// use chainrule::nn::{Affine, Init, Sequential, Tanh};
/// let affine = |outputs| Affine::new(outputs, Init::Xavier);
/// let model = Sequential::from((affine(16), Tanh, affine(1)));
/// assert_eq!(format!("{model:?}"), "Sequential [affine1, tanh1, affine2]");
/// ```
#[derive(Clone, Default)]
pub struct Sequential {
    layers: Vec<Layer>,
    /// How many there are of each kind.
    kinds: HashMap<String, usize>,
}

/// A module, its name and where it was added.
#[derive(Clone)]
struct Layer {
    name: String,
    place: &'static Location<'static>,
    module: Arc<dyn Module>,
}

impl Sequential {
    /// A model that answers with its input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// This model with one more module, named by its kind and number. Mistakes within a layer of the
    /// library are told with this line.
    ///
    /// ```
    /// # use chainrule::nn::{Affine, Init, Sequential, Tanh};
    /// let model = Sequential::new().with(Affine::new(3, Init::Xavier)).with(Tanh);
    /// assert_eq!(format!("{model:?}"), "Sequential [affine1, tanh1]");
    /// ```
    #[track_caller]
    #[must_use]
    pub fn with(self, module: impl Module + 'static) -> Self {
        let before = self.kinds.get(module.kind()).copied().unwrap_or(0);
        let name = format!("{}{}", module.kind(), before + 1);
        self.named(&name, module)
    }

    /// This model with one more module of this name.
    ///
    /// ```
    /// # use chainrule::nn::{Affine, Init, Network, Sequential};
    /// let model = Sequential::new().named("head", Affine::new(3, Init::Xavier));
    /// assert_eq!(Network::flat(model, 2)?.trainable(), ["head.weight", "head.bias"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn named(mut self, name: &str, module: impl Module + 'static) -> Self {
        let (name, place) = (name.to_owned(), Location::caller());
        *self.kinds.entry(module.kind().to_owned()).or_default() += 1;
        self.layers.push(Layer { name, place, module: Arc::new(module) });
        self
    }
}

macro_rules! tuples_of_modules {
    ($($($module:ident)*;)*) => {$(
        impl<$($module: Module + 'static),*> From<($($module,)*)> for Sequential {
            #[track_caller]
            #[expect(non_snake_case, reason = "a module and its type are named alike")]
            fn from(($($module,)*): ($($module,)*)) -> Self {
                Self::new()$(.with($module))*
            }
        }
    )*};
}

tuples_of_modules! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}

impl Module for Sequential {
    fn kind(&self) -> &str {
        "sequential"
    }
    #[track_caller]
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        self.layers.iter().fold(x, |x, Layer { name, place, module }| {
            let y = cx.sub(name).placed(place).record(|cx| module.forward(cx, x));
            for (output, v) in y.iter() {
                let path = output.map_or(name.clone(), |output| format!("{name}/{output}"));
                cx.tap(&path, v);
            }
            y
        })
    }
}

impl fmt::Debug for Sequential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.layers.iter().map(|layer| layer.name.as_str()).collect();
        write!(f, "Sequential [{}]", names.join(", "))
    }
}
