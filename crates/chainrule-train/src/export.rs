//! Parameters as other tools read them in one line: `.npz` for NumPy, `.safetensors` for PyTorch.
//!
//! Names, shapes and the precision stay as they are. A weight of an affine layer has the shape
//! [in, out], for `x @ weight + bias`; `torch.nn.Linear` keeps its transpose.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, View, serialize};

use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::tensor::{Real, Tensor};

/// A `.safetensors` file's bytes: `safetensors.torch.load_file(path)` gives a dictionary of tensors.
///
/// ```
/// use chainrule::{Parameters, Tensor};
/// use chainrule_train::export;
/// let mut parameters = Parameters::new();
/// parameters.insert("affine1.weight", Tensor::new([1, 2], vec![0.5_f32, -0.5])?);
/// let bytes = export::safetensors(&parameters)?;
/// let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
/// assert_eq!(file.tensor("affine1.weight").unwrap().shape(), [1, 2]);
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// The format cannot hold the parameters.
pub fn safetensors<T: Real>(parameters: &Parameters<T>) -> Result<Vec<u8>> {
    let stored: Vec<(&str, Stored)> = parameters.iter().map(|(n, t)| (n, Stored::of(t))).collect();
    file(&stored, None).map_err(|error| Error::Mismatch(format!("safetensors: {error}")))
}

/// The bytes of a `.safetensors` file.
pub(super) fn file(
    stored: &[(&str, Stored)],
    notes: Option<HashMap<String, String>>,
) -> std::result::Result<Vec<u8>, SafeTensorError> {
    serialize(stored.iter().map(|(name, stored)| (*name, stored)), notes)
}

/// A tensor as a `.safetensors` file stores it.
pub(super) struct Stored {
    dtype: Dtype,
    dims: Vec<usize>,
    bytes: Vec<u8>,
}

impl Stored {
    pub(super) fn of<T: Real>(tensor: &Tensor<T>) -> Self {
        let dtype = if T::NAME == "f32" { Dtype::F32 } else { Dtype::F64 };
        Self { dtype, dims: tensor.shape().dims().to_vec(), bytes: elements(tensor) }
    }
}

impl View for &Stored {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.dims
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// A `.npz` file's bytes: `numpy.load(path)` gives the arrays by name. It is a ZIP archive of one
/// `.npy` file per parameter, not compressed, as `numpy.savez` writes it.
///
/// ```
/// use chainrule::{Parameters, Tensor};
/// use chainrule_train::export;
/// let mut parameters = Parameters::new();
/// parameters.insert("affine1.bias", Tensor::new([2], vec![0.5_f32, -0.5])?);
/// let bytes = export::npz(&parameters)?;
/// assert!(bytes.starts_with(b"PK"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// The archive cannot hold the parameters.
pub fn npz<T: Real>(parameters: &Parameters<T>) -> Result<Vec<u8>> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, tensor) in parameters.iter() {
        let bad = |error: rawzip::Error| Error::Mismatch(format!("npz: `{name}`: {error}"));
        let (mut entry, config) = archive.new_file(format!("{name}.npy")).start().map_err(bad)?;
        let mut file = config.wrap(&mut entry);
        file.write_all(&header(tensor))
            .and_then(|()| file.write_all(&elements(tensor)))
            .map_err(|error| bad(error.into()))?;
        let (_, sums) = file.finish().map_err(bad)?;
        entry.finish(sums).map_err(bad)?;
    }
    archive.finish().map_err(|error| Error::Mismatch(format!("npz: {error}")))
}

/// The header of a `.npy` file, version 1.0, as `numpy.lib.format` gives it: a magic word, a length,
/// and a Python dictionary that ends with a newline on a multiple of 64 bytes.
fn header<T: Real>(tensor: &Tensor<T>) -> Vec<u8> {
    const BEFORE: usize = 10;
    let bytes = size_of::<T>();
    let dims: String = tensor.shape().dims().iter().map(|size| format!("{size}, ")).collect();
    let mut text = format!(
        "{{'descr': '<f{bytes}', 'fortran_order': False, 'shape': ({}), }}",
        dims.trim_end()
    );
    let whole = (BEFORE + text.len() + 1).next_multiple_of(64);
    text.push_str(&" ".repeat(whole - BEFORE - text.len() - 1));
    text.push('\n');
    // A shape has few axes, so that the length fits into 16 bits.
    let length = (text.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes()].concat()
}

/// The elements' bytes in row-major order, least significant first.
fn elements<T: Real>(tensor: &Tensor<T>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(tensor.values()));
    tensor.values().iter().for_each(|x| x.extend_le_bytes(&mut bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_on_a_multiple_of_64_bytes() {
        for (dims, shape) in [
            (vec![], "()"),
            (vec![3], "(3,)"),
            (vec![2, 3], "(2, 3,)"),
            (vec![0, 7, 1], "(0, 7, 1,)"),
        ] {
            let shape_of = chainrule::tensor::Shape::new(&dims).unwrap();
            let header = header(&Tensor::full(shape_of, 0.5_f64));
            assert_eq!(header.len() % 64, 0);
            assert_eq!(usize::from(header[8]) + 10, header.len());
            let text = String::from_utf8_lossy(&header[10..]);
            assert!(text.contains(&format!("'shape': {shape}, ")) && text.ends_with(" \n"));
        }
    }

    #[test]
    fn no_parameters_are_an_empty_file() {
        let none = Parameters::<f32>::new();
        assert_eq!(npz(&none).unwrap().len(), 22);
        assert!(safetensors::SafeTensors::deserialize(&safetensors(&none).unwrap()).is_ok());
    }
}
