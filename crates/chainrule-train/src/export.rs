//! Parameters in files, as other tools read and write them: `.npz` for NumPy, `.safetensors` for PyTorch.
//!
//! Names, shapes and the precision stay as they are. A weight of an affine layer has the shape
//! [in, out], for `x @ weight + bias`; `torch.nn.Linear` keeps its transpose.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use rawzip::path::{EntryPath, ZipFilePath};
use safetensors::tensor::{Dtype, TensorView, View, serialize};
use safetensors::{SafeTensorError, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::data::{ARRAYS, Preparation, TextsOrNumbers, npz_arrays};
use crate::system::staging_file;
use crate::tensor_file::read_tensors;
use chainrule::Parameters;
use chainrule::error::{Error, Result};
use chainrule::tensor::{Real, Shape, Tensor};

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
    with_notes(parameters, HashMap::new())
}

/// [`safetensors()`], with how inputs are prepared: the metadata's text `chainrule.preparation` is what a run's
/// `data.json` holds.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("t.csv");
/// # std::fs::write(&path, "a,y\n1,0.5\n2,1.5\n").unwrap();
/// # let source = chainrule_train::data::DataSource {
/// #     path: path.display().to_string(),
/// #     ..Default::default()
/// # };
/// # let preparation = source.load(&|_| unreachable!())?.preparation;
/// use chainrule_train::export::prepared_safetensors;
/// let bytes = prepared_safetensors(&chainrule::Parameters::<f32>::new(), &preparation)?;
/// let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
/// let notes = header.metadata().clone().unwrap();
/// assert!(notes["chainrule.preparation"].contains("standardised"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`safetensors()`].
pub fn prepared_safetensors<T: Real>(
    parameters: &Parameters<T>,
    preparation: &Preparation,
) -> Result<Vec<u8>> {
    let text = serde_json::to_string(preparation);
    let text = text.map_err(|error| Error::Mismatch(format!("safetensors: {error}")))?;
    with_notes(parameters, HashMap::from([("chainrule.preparation".to_owned(), text)]))
}

fn with_notes<T: Real>(
    parameters: &Parameters<T>,
    mut notes: HashMap<String, String>,
) -> Result<Vec<u8>> {
    let stored: Vec<(&str, Stored)> = parameters.iter().map(|(n, t)| (n, Stored::of(t))).collect();
    let bad = |error: &dyn std::fmt::Display| Error::Mismatch(format!("safetensors: {error}"));
    let order = Order { order: parameters.iter().map(|(name, _)| name.to_owned()).collect() };
    let order = serde_json::to_string(&order).map_err(|error| bad(&error))?;
    notes.insert(KEY.to_owned(), order);
    file(&stored, Some(notes)).map_err(|error| bad(&error))
}

/// The key of a file's metadata that holds ours, as JSON.
pub(super) const KEY: &str = "chainrule";

/// The names in their order, which the format keeps otherwise; part of what a checkpoint tells.
#[derive(Serialize, Deserialize)]
struct Order {
    order: Vec<String>,
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
        Self { dtype, dims: tensor.shape().dims().to_vec(), bytes: tensor.to_le_bytes() }
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
    archive(parameters.iter().map(|(name, tensor)| (name, of_tensor(tensor))))
}

/// [`npz`], with how inputs are prepared as arrays beside the parameters: `input.mean`, `input.deviation`,
/// `input.category`, `output.name` and others, which a run's `README.md` uses.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("t.csv");
/// # std::fs::write(&path, "a,y\n1,0.5\n2,1.5\n").unwrap();
/// # let source = chainrule_train::data::DataSource {
/// #     path: path.display().to_string(),
/// #     ..Default::default()
/// # };
/// # let preparation = source.load(&|_| unreachable!())?.preparation;
/// use chainrule_train::export::prepared_npz;
/// let bytes = prepared_npz(&chainrule::Parameters::<f32>::new(), &preparation)?;
/// assert!(String::from_utf8_lossy(&bytes).contains("input.mean.npy"));
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// As [`npz`], or a parameter has the name of such an array.
pub fn prepared_npz<T: Real>(
    parameters: &Parameters<T>,
    preparation: &Preparation,
) -> Result<Vec<u8>> {
    if let Some((name, _)) = parameters.iter().find(|(name, _)| ARRAYS.contains(name)) {
        let message = format!("npz: the name `{name}` is that of an array of the preparation");
        return Err(Error::Mismatch(message));
    }
    let prepared = preparation.arrays().into_iter().map(|(name, array)| (name, of_array(&array)));
    archive(parameters.iter().map(|(name, tensor)| (name, of_tensor(tensor))).chain(prepared))
}

/// A ZIP archive of files `<name>.npy`.
fn archive<'a>(arrays: impl Iterator<Item = (&'a str, Vec<u8>)>) -> Result<Vec<u8>> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in arrays {
        let bad = |error: rawzip::Error| Error::Mismatch(format!("npz: `{name}`: {error}"));
        let file = format!("{name}.npy");
        // Other names are kept as they are only where no path is written otherwise.
        let path = match name.is_ascii() {
            true => EntryPath::verbatim(file.into_bytes()),
            false if ZipFilePath::from_str(&file).as_str() != file => {
                let message = format!("npz: an archive cannot keep the name `{name}`");
                return Err(Error::Mismatch(format!("{message}: leave out `..`, `//` and `\\`")));
            }
            false => EntryPath::conformant(file),
        };
        let (mut entry, config) = archive.new_file(path).start().map_err(bad)?;
        let mut file = config.wrap(&mut entry);
        file.write_all(&bytes).map_err(|error| bad(error.into()))?;
        let (_, sums) = file.finish().map_err(bad)?;
        entry.finish(sums).map_err(bad)?;
    }
    archive.finish().map_err(|error| Error::Mismatch(format!("npz: {error}")))
}

/// A `.npy` file of a tensor.
fn of_tensor<T: Real>(tensor: &Tensor<T>) -> Vec<u8> {
    let mut file = header(&format!("<f{}", size_of::<T>()), tensor.shape().dims());
    file.extend(tensor.to_le_bytes());
    file
}

/// A `.npy` file of numbers, or of texts as NumPy keeps them: of one length, in UTF-32.
fn of_array(array: &TextsOrNumbers) -> Vec<u8> {
    match array {
        TextsOrNumbers::Numbers(numbers) => {
            let mut file = header("<f8", &[numbers.len()]);
            file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            file
        }
        TextsOrNumbers::Texts(texts) => {
            let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
            let mut file = header(&format!("<U{longest}"), &[texts.len()]);
            for text in texts {
                let letters = text.chars().map(u32::from).chain(std::iter::repeat(0));
                file.extend(letters.take(longest).flat_map(u32::to_le_bytes));
            }
            file
        }
    }
}

/// The header of a `.npy` file, version 1.0, as `numpy.lib.format` gives it: a magic word, a length,
/// and a Python dictionary that ends with a newline on a multiple of 64 bytes.
fn header(elements: &str, dims: &[usize]) -> Vec<u8> {
    const BEFORE: usize = 10;
    let dims: String = dims.iter().map(|size| format!("{size}, ")).collect();
    let mut text = format!(
        "{{'descr': '{elements}', 'fortran_order': False, 'shape': ({}), }}",
        dims.trim_end()
    );
    let whole = (BEFORE + text.len() + 1).next_multiple_of(64);
    text.push_str(&" ".repeat(whole - BEFORE - text.len() - 1));
    text.push('\n');
    // A shape has few axes, so that the length fits into 16 bits.
    let length = (text.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes()].concat()
}

/// Writes parameters to a file, as its ending says: `.safetensors` or `.npz`. The file is renamed into its
/// place when it is whole.
///
/// ```
/// use chainrule::{Parameters, Tensor};
/// use chainrule_train::export::{load, save};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let folder = temporary.path();
/// let mut parameters = Parameters::new();
/// parameters.insert("affine1.weight", Tensor::new([1, 2], vec![0.5_f32, -0.5])?);
/// parameters.insert("affine1.bias", Tensor::new([2], vec![0.0, 1.0])?);
/// for name in ["model.safetensors", "model.npz"] {
///     save(&parameters, &folder.join(name))?;
///     assert_eq!(load::<f32>(&folder.join(name))?, parameters);
/// }
/// # Ok::<(), chainrule::Error>(())
/// ```
///
/// # Errors
/// Another ending, or the file cannot be written.
pub fn save<T: Real>(parameters: &Parameters<T>, path: &Path) -> Result<()> {
    let bytes = match Format::of(path)? {
        Format::Safetensors => safetensors(parameters)?,
        Format::Npz => npz(parameters)?,
    };
    let failed = |error: &dyn std::fmt::Display| Error::file(path, error.to_string());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let file = staging_file(folder, ".writing-").map_err(|error| failed(&error))?;
    file.as_file().write_all(&bytes).map_err(|error| failed(&error))?;
    file.persist(path).map_err(|failure| failed(&failure.error))?;
    Ok(())
}

/// The parameters in a file, as its ending says: `.safetensors`, of PyTorch or other libraries as well as
/// our own, or `.npz`; rounded to this precision where they have another. They come in the order in which they were
/// saved, those of another library's safetensors file as they lie there. For their names and forms see [`Parameters::renamed`].
///
/// # Errors
/// Another ending; the file cannot be read or is bad; an array is not of real numbers in 32 or 64 bits (or,
/// in safetensors, in 16).
pub fn load<T: Real>(path: &Path) -> Result<Parameters<T>> {
    let format = Format::of(path)?;
    match format {
        Format::Safetensors => {
            of_safetensors(&read_tensors(path)?).map_err(|error| Error::file(path, error))
        }
        Format::Npz => of_npz(path),
    }
}

fn of_npz<T: Real>(path: &Path) -> Result<Parameters<T>> {
    let mut parameters = Parameters::new();
    for (name, shape, numbers) in npz_arrays(path, |name| !ARRAYS.contains(&name))? {
        let tensor = Shape::new(&shape).and_then(|shape| Tensor::new(shape, numbers));
        let tensor = tensor.map_err(|error| Error::file(path, format!("`{name}`: {error}")))?;
        if parameters.get(&name).is_ok() {
            let message = format!("there are two arrays named `{name}`");
            return Err(Error::file(path, message));
        }
        parameters.insert(name, cast(&tensor));
    }
    Ok(parameters)
}

/// How parameters lie in a file.
enum Format {
    Safetensors,
    Npz,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("safetensors") => Ok(Self::Safetensors),
            Some("npz") => Ok(Self::Npz),
            _ => Err(Error::file(path, "give a path that ends with .safetensors or .npz")),
        }
    }
}

fn of_safetensors<T: Real>(bytes: &[u8]) -> Result<Parameters<T>, String> {
    let file = read_safetensors(bytes)?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let told = header.metadata().as_ref().and_then(|notes| notes.get(KEY));
    let told = told.and_then(|told| serde_json::from_str::<Order>(told).ok());
    let order = told.map_or(Vec::new(), |told| told.order);
    let place: HashMap<&str, usize> =
        order.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut tensors = file.tensors();
    // Else by their places in the file; the format tells them by name.
    let place = |name: &str| place.get(name).copied().unwrap_or(usize::MAX);
    tensors.sort_by_key(|(name, view)| (place(name), view.data().as_ptr() as usize));
    let mut parameters = Parameters::new();
    for (name, view) in tensors {
        parameters.insert(&*name, of_view(&name, &view)?);
    }
    Ok(parameters)
}

/// The tensors in a `.safetensors` file's bytes.
pub(super) fn read_safetensors(bytes: &[u8]) -> Result<SafeTensors<'_>, String> {
    SafeTensors::deserialize(bytes)
        .map_err(|error| format!("is cut short, or no safetensors file: {error}"))
}

/// A tensor as a `.safetensors` file stores it.
pub(super) fn of_view<T: Real>(name: &str, view: &TensorView<'_>) -> Result<Tensor<T>, String> {
    let shape = Shape::new(view.shape()).map_err(|error| error.to_string())?;
    let half = |number: fn([u8; 2]) -> f32| {
        let (chunks, _) = view.data().as_chunks::<2>();
        let values = chunks.iter().map(|&bytes| T::from_f64(f64::from(number(bytes)))).collect();
        Tensor::new(shape, values)
    };
    let tensor = match view.dtype() {
        Dtype::F32 => Tensor::<f32>::from_le_bytes(shape, view.data()).map(|x| cast(&x)),
        Dtype::F64 => Tensor::<f64>::from_le_bytes(shape, view.data()).map(|x| cast(&x)),
        Dtype::BF16 => half(|bytes| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)),
        Dtype::F16 => half(|bytes| of_half(u16::from_le_bytes(bytes))),
        other => return Err(format!("`{name}` has elements of type {other:?}")),
    };
    tensor.map_err(|error| format!("`{name}`: {error}"))
}

fn cast<T: Real, U: Real>(tensor: &Tensor<T>) -> Tensor<U> {
    tensor.map(|x| U::from_f64(x.to_f64()))
}

/// The number with these bits in IEEE 754's binary16.
fn of_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2_f32.powi(-14),
        0x1f if fraction == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        _ => (1.0 + fraction) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_16_bits_are_read() {
        // Of NumPy: np.array([1, -2, 0.1, 6e-8, 65504, np.inf], "f2").view("u2").
        let bits = [0x3c00, 0xc000, 0x2e66, 0x0001, 0x7bff, 0x7c00];
        let numbers = [1.0, -2.0, 0.099_975_586, 5.960_464_5e-8, 65504.0, f32::INFINITY];
        assert_eq!(bits.map(of_half), numbers);
        assert!(of_half(0x7e00).is_nan());
        let bytes: Vec<u8> = [0x3f80_u16, 0xc049].iter().flat_map(|x| x.to_le_bytes()).collect();
        let view = TensorView::new(Dtype::BF16, vec![2], &bytes).unwrap();
        assert_eq!(of_view::<f64>("w", &view).unwrap().values(), [1.0, -3.140_625]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let told = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let error = load::<f32>(&path).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
            error
        };
        assert!(told("model.bin", b"").contains(".safetensors or .npz"));
        assert!(told("model.npz", b"PK").contains("is no NumPy archive"));
        let whole = safetensors(&Parameters::<f32>::new()).unwrap();
        for bytes in [&whole[..whole.len() - 1], b"", b"PK\x03\x04 an archive"] {
            assert!(told("model.safetensors", bytes).contains("is cut short"), "{bytes:?}");
        }
        let missing = load::<f32>(&folder.path().join("none.npz")).unwrap_err().to_string();
        assert!(missing.contains("none.npz"), "{missing}");
    }

    #[test]
    fn parameters_come_back_in_their_order_and_under_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let mut parameters = Parameters::<f32>::new();
        for name in ["z", "../b", "b", "x/../b", "a\\b", "größe.w", "a"] {
            parameters.insert(name, Tensor::scalar(name.len() as f32));
        }
        for file in ["all.npz", "all.safetensors"] {
            let path = folder.path().join(file);
            save(&parameters, &path).unwrap();
            assert_eq!(load::<f32>(&path).unwrap().sha256(), parameters.sha256(), "{file}");
        }
        parameters.insert("größe/../w", Tensor::scalar(0.0));
        assert!(npz(&parameters).unwrap_err().to_string().contains("`größe/../w`"));
    }

    #[test]
    fn what_is_said_of_inputs_is_no_parameter() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("t.csv");
        std::fs::write(&table, "größe,sort,y\n1,a,0.5\n3,b,1.5\n5,,2.5\n").unwrap();
        let path = table.display().to_string();
        let source = crate::data::DataSource { path, ..Default::default() };
        let preparation = source.load(&|_| unreachable!()).unwrap().preparation;
        let mut parameters = Parameters::<f32>::new();
        parameters.insert("w", Tensor::scalar(0.5));
        let path = folder.path().join("all.npz");
        std::fs::write(&path, prepared_npz(&parameters, &preparation).unwrap()).unwrap();
        assert_eq!(load::<f32>(&path).unwrap(), parameters);
        let path = folder.path().join("all.safetensors");
        std::fs::write(&path, prepared_safetensors(&parameters, &preparation).unwrap()).unwrap();
        assert_eq!(load::<f32>(&path).unwrap(), parameters);
        parameters.insert("input.mean", Tensor::scalar(0.5));
        let error = prepared_npz(&parameters, &preparation).unwrap_err().to_string();
        assert!(error.contains("`input.mean`"), "{error}");
    }

    #[test]
    fn a_header_ends_on_a_multiple_of_64_bytes() {
        for (dims, shape) in
            [(&[][..], "()"), (&[3], "(3,)"), (&[2, 3], "(2, 3,)"), (&[0, 7, 1], "(0, 7, 1,)")]
        {
            let header = header("<f8", dims);
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
