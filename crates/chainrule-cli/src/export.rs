//! `export`: parameters for other libraries.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chainrule::Real;
use chainrule_train::readme::shell;
use chainrule_train::{Precision, RunFolder, export as write};

use crate::arguments::{Export, ParameterFormat};
use crate::print;

pub fn export(options: &Export) -> Result<()> {
    let folder = RunFolder::open(&options.dir)?;
    folder.check_config()?;
    let format = format(options)?;
    let path = match &options.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.{}", folder.name(), format.extension())),
    };
    print::spare(&path, Some(&folder), &[])?;
    if path.is_file() && !options.force {
        bail!(crate::Usage(format!(
            "{} exists already; choose another --output, or overwrite it with --force",
            path.display()
        )));
    }
    let bytes = match folder.config()?.dtype {
        Precision::F64 => encoded::<f64>(&folder, format, options)?,
        Precision::F32 => encoded::<f32>(&folder, format, options)?,
    };
    print::write_bytes(&path, &bytes)?;
    print::prose(&told(&folder, format, &path))
}

/// What the file is: as asked for, else as its name ends.
fn format(options: &Export) -> Result<ParameterFormat> {
    let ending = options.output.as_ref().and_then(|path| path.extension());
    let ending = ending.and_then(|ending| ParameterFormat::of(&ending.to_string_lossy()));
    match (options.format, ending) {
        (Some(asked), Some(ending)) if asked != ending => bail!(crate::Usage(format!(
            "--format {} does not go into a file that ends with .{}",
            asked.extension(),
            ending.extension()
        ))),
        (asked, ending) => Ok(asked.or(ending).unwrap_or_default()),
    }
}

/// How the file is read.
fn told(folder: &RunFolder, format: ParameterFormat, path: &Path) -> String {
    let readme = folder.path().join("README.md");
    let (path, is_told) = (path.display(), readme.is_file());
    match format {
        ParameterFormat::Npz if is_told => {
            let readme = readme.display();
            format!("wrote {path}; in Python: numpy.load(\"{path}\")\na whole program: {readme}\n")
        }
        ParameterFormat::Npz => format!("wrote {path}; in Python: numpy.load(\"{path}\")\n"),
        ParameterFormat::Safetensors => {
            let mut told = format!(
                "wrote {path}; in Python: safetensors.torch.load_file(\"{path}\")\nan affine layer's weight is [in, out]: torch.nn.Linear takes weight.T\n"
            );
            if is_told {
                let (run, readme) = (shell(&folder.path().display().to_string()), readme.display());
                told += &format!(
                    "inputs are prepared as {readme} shows, for: chainrule export {run} --format npz\n"
                );
            }
            told
        }
    }
}

fn encoded<T: Real>(
    folder: &RunFolder,
    format: ParameterFormat,
    options: &Export,
) -> Result<Vec<u8>> {
    let parameters = folder.chosen::<T>(options.of.which())?.parameters;
    Ok(match (format, folder.preparation()?) {
        (ParameterFormat::Npz, Some(preparation)) => {
            write::prepared_npz(&parameters, &preparation)?
        }
        (ParameterFormat::Safetensors, Some(preparation)) => {
            write::prepared_safetensors(&parameters, &preparation)?
        }
        (ParameterFormat::Npz, None) => write::npz(&parameters)?,
        (ParameterFormat::Safetensors, None) => write::safetensors(&parameters)?,
    })
}
