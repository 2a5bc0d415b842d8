//! `export`: parameters for other libraries.

use std::path::PathBuf;

use anyhow::Result;
use chainrule::Real;
use chainrule_train::{Precision, RunFolder, export as write};

use crate::arguments::{Export, ParameterFormat};
use crate::print;

pub fn export(options: &Export) -> Result<()> {
    let folder = RunFolder::open(&options.dir)?;
    let bytes = match folder.config()?.dtype {
        Precision::F64 => encoded::<f64>(&folder, options)?,
        Precision::F32 => encoded::<f32>(&folder, options)?,
    };
    let path = match &options.output {
        Some(path) => path.clone(),
        None => PathBuf::from(format!("{}.{}", folder.name(), options.format.extension())),
    };
    print::write_bytes(&path, &bytes)?;
    let path = path.display();
    let line = match options.format {
        ParameterFormat::Npz => format!("numpy.load(\"{path}\")"),
        ParameterFormat::Safetensors => format!("safetensors.torch.load_file(\"{path}\")"),
    };
    let readme = folder.path().join("README.md");
    let how = match readme.is_file() {
        true => format!("a whole program: {}\n", readme.display()),
        false => String::new(),
    };
    print::text(&format!("wrote {path}; in Python: {line}\n{how}"))
}

fn encoded<T: Real>(folder: &RunFolder, options: &Export) -> Result<Vec<u8>> {
    let parameters = folder.chosen::<T>(options.of.which())?.parameters;
    Ok(match (options.format, folder.preparation()?) {
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
