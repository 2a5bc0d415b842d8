//! A run's folder: configuration, parameters and metrics.
//!
//! Every file is written under another name and then renamed, so that a folder never holds half a
//! file. A folder that cannot be begun goes again.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use tempfile::NamedTempFile;

use super::{Config, Epoch};
use crate::error::{Error, Result};
use crate::parameters::Parameters;
use crate::tensor::{Real, Shape, Tensor};

const CONFIG: &str = "config.toml";
const PARAMETERS: &str = "parameters.safetensors";
const METRICS: &str = "metrics.jsonl";

/// The folder of one training run.
///
/// ```
/// use chainrule::train::{Config, RunFolder};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// let config = Config::default();
/// let folder = RunFolder::create(&path, &config, false)?;
/// folder.save(&config.model(784, 10)?.initial::<f32>(0)?, &[])?;
///
/// let folder = RunFolder::open(&path)?;
/// let (parameters, epochs) = folder.load::<f32>()?.unwrap();
/// assert_eq!((parameters.count(), epochs.len()), (39760, 0));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder `path` and writes the configuration.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// RunFolder::create(&path, &Config::default(), false)?;
    /// let again = RunFolder::create(&path, &Config::default(), false);
    /// assert!(again.unwrap_err().to_string().contains("exists already"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The folder exists and `force` is not set, or it cannot be written.
    pub fn create(path: &Path, config: &Config, force: bool) -> Result<Self> {
        let occupied =
            path.is_file() || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if occupied && !force {
            return Err(Error::file(
                path,
                "exists already; choose another --out, or overwrite it with --force",
            ));
        }
        let made = Made::all(path)?;
        Self::begin(path, config, made)
    }

    /// Makes the first free folder `<parent>/<name>-<number>` and writes the configuration. Of two
    /// runs that begin at once, each gets a folder of its own.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let runs = temporary.path();
    /// let first = RunFolder::create_numbered(runs, "mnist", &Config::default())?;
    /// let second = RunFolder::create_numbered(runs, "mnist", &Config::default())?;
    /// assert_eq!([first.path(), second.path()], [runs.join("mnist-1"), runs.join("mnist-2")]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A folder cannot be made or written.
    pub fn create_numbered(parent: &Path, name: &str, config: &Config) -> Result<Self> {
        let mut made = Made::all(parent)?;
        let mut numbers = 1_u64..;
        let path = loop {
            let path = parent.join(format!("{name}-{}", numbers.next().unwrap_or_default()));
            if made.one(&path).map_err(|error| Error::file(&path, error))? {
                break path;
            }
        };
        Self::begin(&path, config, made)
    }

    /// Writes the configuration, and removes what an earlier run left once there is room for it.
    fn begin(path: &Path, config: &Config, made: Made) -> Result<Self> {
        let folder = Self { path: path.into() };
        let text = toml::to_string(config).map_err(|error| Error::file(path, error))?;
        let config = folder.stage(CONFIG, text.as_bytes())?;
        for old in [PARAMETERS, METRICS] {
            let old = path.join(old);
            if old.exists() {
                fs::remove_file(&old).map_err(|error| Error::file(&old, error))?;
            }
        }
        folder.place(config, CONFIG)?;
        made.keep();
        Ok(folder)
    }

    /// An existing run's folder.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// assert!(RunFolder::open(&path).is_err());
    /// RunFolder::create(&path, &Config::default(), false)?;
    /// assert!(RunFolder::open(&path).is_ok());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The folder has no configuration.
    pub fn open(path: &Path) -> Result<Self> {
        match path.join(CONFIG).is_file() {
            true => Ok(Self { path: path.into() }),
            false => Err(Error::file(path, format!("not a run's folder: it has no {CONFIG}"))),
        }
    }

    /// The folder's path.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// assert_eq!(folder.path(), path);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's settings.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let config = Config { lr: 0.5, ..Config::default() };
    /// let folder = RunFolder::create(&path, &config, false)?;
    /// assert_eq!(folder.config()?, config);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The configuration is missing or bad.
    pub fn config(&self) -> Result<Config> {
        Config::read(&self.path.join(CONFIG))
    }

    /// Writes a checkpoint: the metrics so far, then the parameters after that many epochs.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// # use chainrule::{Parameters, Tensor};
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// let mut parameters = Parameters::new();
    /// parameters.insert("w", Tensor::scalar(0.5_f32));
    /// folder.save(&parameters, &[])?;
    /// assert!(path.join("parameters.safetensors").exists());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save<T: Real>(&self, parameters: &Parameters<T>, epochs: &[Epoch]) -> Result<()> {
        let mut lines = Vec::new();
        for epoch in epochs {
            serde_json::to_writer(&mut lines, epoch)
                .map_err(|error| Error::file(self.path.join(METRICS), error))?;
            lines.push(b'\n');
        }
        self.write(METRICS, &lines)?;
        self.write(PARAMETERS, &encode(parameters, epochs.len())?)
    }

    /// The parameters of the last checkpoint and the epochs that they have seen; `None` where there
    /// is no checkpoint yet.
    ///
    /// ```
    /// use chainrule::train::{Config, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// assert!(folder.load::<f32>()?.is_none());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file is bad.
    pub fn load<T: Real>(&self) -> Result<Option<(Parameters<T>, Vec<Epoch>)>> {
        let path = self.path.join(PARAMETERS);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = fs::read(&path).map_err(|error| Error::file(&path, error))?;
        let (parameters, seen) = decode(&bytes).map_err(|error| Error::file(&path, error))?;
        let path = self.path.join(METRICS);
        let text = fs::read_to_string(&path).map_err(|error| Error::file(&path, error))?;
        let epochs: Vec<Epoch> = text
            .lines()
            .take(seen)
            .map(|line| serde_json::from_str(line).map_err(|error| Error::file(&path, error)))
            .collect::<Result<_>>()?;
        match epochs.len() == seen {
            true => Ok(Some((parameters, epochs))),
            false => Err(Error::file(
                &path,
                format!("holds {} epochs, but the parameters have seen {seen}", epochs.len()),
            )),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.place(self.stage(name, bytes)?, name)
    }

    /// The bytes on the disk, under a passing name.
    fn stage(&self, name: &str, bytes: &[u8]) -> Result<NamedTempFile> {
        let write = || -> std::io::Result<NamedTempFile> {
            let mut file = staging_file(&self.path)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            Ok(file)
        };
        write().map_err(|error| self.unwritable(name, &error))
    }

    fn place(&self, file: NamedTempFile, name: &str) -> Result<()> {
        match file.persist(self.path.join(name)) {
            Ok(_) => Ok(()),
            Err(failed) => Err(self.unwritable(name, &failed.error)),
        }
    }

    fn unwritable(&self, name: &str, error: &std::io::Error) -> Error {
        Error::file(self.path.join(name), format!("cannot be written: {error}"))
    }
}

/// Folders made for a run, outermost first. They go again unless the run keeps them.
struct Made(Vec<PathBuf>);

impl Made {
    /// Makes `path` and the folders above it, as far as they are missing.
    fn all(path: &Path) -> Result<Self> {
        let mut made = Self(Vec::new());
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.is_dir();
        let missing: Vec<&Path> = path.ancestors().take_while(missing).collect();
        for folder in missing.into_iter().rev() {
            made.one(folder).map_err(|error| Error::file(path, error))?;
        }
        Ok(made)
    }

    /// Makes one folder; `false` where something has that name already.
    fn one(&mut self, path: &Path) -> std::io::Result<bool> {
        match fs::create_dir(path) {
            Ok(()) => self.0.push(path.into()),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // What is not empty has become somebody's.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A file to be renamed, with the mode that the user's umask leaves to a new file: a temporary file's
/// own mode would keep the run from everybody else.
fn staging_file(folder: &Path) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// The layers' order and the epochs seen, beside the tensors, which the format keeps unordered.
const ORDER: &str = "order";
const EPOCHS: &str = "epochs";

fn encode<T: Real>(parameters: &Parameters<T>, epochs: usize) -> Result<Vec<u8>> {
    let dtype = if T::NAME == "f32" { Dtype::F32 } else { Dtype::F64 };
    let bytes: Vec<Vec<u8>> = parameters
        .iter()
        .map(|(_, tensor)| {
            let mut bytes = Vec::with_capacity(size_of_val(tensor.values()));
            tensor.values().iter().for_each(|x| x.extend_le_bytes(&mut bytes));
            bytes
        })
        .collect();
    let bad = |error: safetensors::SafeTensorError| Error::Mismatch(error.to_string());
    let mut views = Vec::new();
    for ((name, tensor), bytes) in parameters.iter().zip(&bytes) {
        let dims = tensor.shape().dims().to_vec();
        views.push((name, TensorView::new(dtype, dims, bytes).map_err(bad)?));
    }
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name).collect();
    let notes = HashMap::from([
        (ORDER.to_owned(), names.join(",")),
        (EPOCHS.to_owned(), epochs.to_string()),
    ]);
    serialize(views, Some(notes)).map_err(bad)
}

fn decode<T: Real>(bytes: &[u8]) -> Result<(Parameters<T>, usize), String> {
    let text = |error: safetensors::SafeTensorError| error.to_string();
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(text)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(text)?;
    let notes = header.metadata().as_ref().ok_or("the file has no metadata")?;
    let order = notes.get(ORDER).ok_or("the metadata does not give the layers' order")?;
    let epochs = notes.get(EPOCHS).and_then(|text| text.parse().ok());
    let mut parameters = Parameters::new();
    for name in order.split(',').filter(|name| !name.is_empty()) {
        let view = tensors.tensor(name).map_err(text)?;
        let shape = Shape::new(view.shape()).map_err(|error| error.to_string())?;
        let values: Vec<T> = match view.dtype() {
            Dtype::F32 => read(view.data(), |b: [u8; 4]| f64::from(f32::from_le_bytes(b))),
            Dtype::F64 => read(view.data(), f64::from_le_bytes),
            other => return Err(format!("`{name}` has elements of type {other:?}")),
        };
        let tensor = Tensor::new(shape, values).map_err(|error| error.to_string())?;
        parameters.insert(name, tensor);
    }
    Ok((parameters, epochs.ok_or("the metadata does not give the epochs seen")?))
}

fn read<T: Real, const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f64) -> Vec<T> {
    let (chunks, _) = bytes.as_chunks::<N>();
    chunks.iter().map(|&chunk| T::from_f64(value(chunk))).collect()
}
