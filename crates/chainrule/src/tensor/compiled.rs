//! Functions over any precision, compiled in this crate.

/// Writes a function over any [`Real`] that calls another, which is compiled in this crate for both
/// precisions and not once more in every crate that uses it. For what is large: the call goes through a
/// pointer.
macro_rules! compiled_here {
    ($(
        $(#[$doc:meta])*
        $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) -> $answer:ty = $function:path;
    )*) => {$(
        $(#[$doc])*
        $visibility fn $name<T: $crate::tensor::Real>($($argument: $type),*) -> $answer {
            struct Choice;
            impl $crate::tensor::ByPrecision for Choice {
                type Answer<T: $crate::tensor::Real> = fn($($type),*) -> $answer;
                // A copy of these in another crate would have the function compiled there.
                #[inline(never)]
                fn single(self) -> Self::Answer<f32> {
                    $function
                }
                #[inline(never)]
                fn double(self) -> Self::Answer<f64> {
                    $function
                }
            }
            <T as $crate::tensor::Real>::by_precision(Choice)($($argument),*)
        }
    )*};
}
pub(crate) use compiled_here;
