//! Modules, initialisers, losses: functions that build graph nodes.

mod answer;
mod init;
mod loss;
mod field;
mod values;
mod parameter;
mod cx;
mod function;
mod activation;
mod affine;
mod dropout;
mod norm;
mod sequential;
mod residual;
mod spec;
mod network;

pub use activation::Activation::{self, Elu, Gelu, LeakyRelu, Relu, Sigmoid, Silu, Softplus, Tanh};
pub use activation::Softmax;
pub use affine::{Affine, AffineSpec, Flatten};
pub use answer::{Answer, Logits, Scale, Target, Truth};
pub use cx::{Cx, Module};
pub use dropout::Dropout;
pub use field::{Field, FieldKind};
pub use function::{FromFn, FromValues, from_fn, from_values};
pub use init::Init;
pub use loss::{Loss, Targets, class_weights};
pub use network::Network;
pub use norm::{BatchNorm, LayerNorm};
pub use parameter::{Parameter, check_memory};
pub use residual::Residual;
pub use sequential::Sequential;
pub use spec::{LayerSpec, ResidualSpec};
pub use values::Values;
