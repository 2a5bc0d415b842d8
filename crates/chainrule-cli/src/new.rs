//! `new`: a settings file for a dataset.

use std::path::PathBuf;

use anyhow::{Result, bail};
use chainrule_train::Config;
use chainrule_train::readme::shell;

use crate::arguments::New;
use crate::{data, print};

pub fn new(options: &New) -> Result<()> {
    let dataset = data::named(&options.dataset);
    let config = Config::for_dataset(&dataset);
    let loaded = data::load(&config)?;
    let few = |what: &str, names: &[String]| {
        const SHOWN: usize = 8;
        let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
        let more = if names.len() > SHOWN { ", …" } else { "" };
        (!names.is_empty()).then(|| format!("{what}: {}{more}", shown.join(", ")))
    };
    let mut about: Vec<String> = loaded.report().to_string().lines().map(str::to_owned).collect();
    about.extend(few("classes", loaded.preparation.class_names()));
    let text = config.as_read(&loaded).template(&about);
    let path = match &options.output {
        Some(path) => path.clone(),
        None => {
            let name = PathBuf::from(dataset.replace(':', "-"));
            PathBuf::from(name.file_stem().unwrap_or(name.as_os_str())).with_extension("toml")
        }
    };
    if path.as_os_str() == "-" {
        return print::data(&text);
    }
    print::spare(&path, None, &[dataset.as_ref()])?;
    if path.exists() && !options.force {
        bail!(crate::Usage(format!(
            "{} exists already; choose another --output, or overwrite it with --force",
            path.display()
        )));
    }
    print::write_file(&path, &text)?;
    let shown = path.display().to_string();
    print::text(&format!("wrote {shown}; train with: chainrule train {}\n", shell(&shown)))
}
