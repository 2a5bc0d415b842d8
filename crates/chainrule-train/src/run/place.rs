//! Where the data of a run is, which may have been moved.

use std::path::{Path, PathBuf};

use super::Run;
use crate::Config;
use crate::data::{
    DataSource, DatasetName, Loaded, Preparation, is_dataset, is_pipe, is_shipped, shipped_folder,
};
use chainrule::error::{Error, Result};

impl Config {
    /// Reads the data that these settings name; see [`shipped_folder`].
    ///
    /// # Errors
    /// As [`DataSource::load`](crate::data::DataSource::load).
    pub fn load(&self) -> Result<Loaded> {
        self.source().load(&shipped_folder)
    }
}

impl Run {
    /// The data that it was trained on: where [`Run::place`] says, else where the settings name it, else
    /// beside the run's folder, with which it may have been moved.
    ///
    /// # Errors
    /// The data cannot be read, has changed since the run began, comes through a pipe, so that nobody can tell,
    /// or is at no such place: the error speaks of the settings, which name it.
    pub fn data(&self) -> Result<Loaded> {
        let (file, named) = (self.folder.path().join("config.toml"), &self.config.dataset);
        let places = match &self.place {
            Some(place) => vec![place.clone()],
            None => self.places(named),
        };
        // Standard input may be anything by now.
        let is_pipe = |place: &String| place.starts_with("/dev/fd/") || is_pipe(Path::new(place));
        if self.place.is_none() && places.iter().any(is_pipe) {
            let message = format!(
                "the data of the run came through `{named}`, which is read but once; `--data PATH` says where it is"
            );
            return Err(Error::file(file, message));
        }
        // What lies at a place may be another's, which need not even be readable as the run's.
        let (mut other, mut fault) = (None, None);
        let began = self.folder.identity().and_then(|identity| identity.data.as_ref());
        for place in places.iter().filter(|place| is_dataset(place)) {
            match self.at(place) {
                Ok(loaded) => match (began, &loaded.sha256) {
                    (Some(began), now) if Some(began) != now.as_ref() => {
                        other = other.or(Some((place, loaded)));
                    }
                    _ => return Ok(loaded),
                },
                Err(error) => fault = fault.or(Some(error)),
            }
        }
        let (run, looked) = (self.folder.path().display(), places.join("`, `"));
        let message = match (other, fault) {
            (Some((_, loaded)), _) if self.data_changed => return Ok(loaded),
            (Some((place, _)), _) if self.config.test.is_some() => format!(
                "`{place}` and its test file are not the data of the run: one of them has changed since the run began; `--data-changed` resumes or replays the run on them"
            ),
            (Some((place, _)), _) => format!(
                "`{place}` is not the data of the run: it has changed since the run began; `chainrule eval {run} {place}` scores the model on all of it, and `--data-changed` resumes or replays the run on it"
            ),
            (None, Some(fault)) => return Err(Error::file(file, fault)),
            (None, None) => format!(
                "there is no dataset `{named}` here; looked for `{looked}`; `--data PATH` says where it is"
            ),
        };
        Err(Error::file(file, message))
    }

    /// Where the files that it was trained on and tested by may be.
    #[must_use]
    pub fn data_places(&self) -> Vec<PathBuf> {
        let test = self.config.test.as_ref().map(|test| test.to_string_lossy().into_owned());
        let named = [Some(self.config.dataset.clone()), test, self.place.clone()];
        named.into_iter().flatten().flat_map(|name| self.places(&name)).map(Into::into).collect()
    }

    /// What lies at a place, read by the run's settings.
    fn at(&self, place: &str) -> Result<Loaded> {
        let mut config = Config { dataset: place.to_owned(), ..self.config.clone() };
        if let Some(test) = &mut config.test {
            let mut places = self.places(&test.to_string_lossy());
            // Data that was moved may have its test file beside it.
            if let (Some(place), Some(name)) = (&self.place, test.file_name()) {
                let beside = Path::new(place).with_file_name(name).display().to_string();
                places.retain(|place| *place != beside);
                places.insert(0, beside);
            }
            let Some(found) = places.iter().find(|place| is_dataset(place)) else {
                return Err(Error::Mismatch(format!(
                    "there is no test file `{}` here; looked for `{}`; it may lie beside what `--data PATH` names",
                    test.display(),
                    places.join("`, `")
                )));
            };
            *test = found.into();
        }
        // A run goes on with images as they were prepared when it began.
        let stretch = self.preparation.as_ref().is_some_and(Preparation::stretches);
        DataSource { stretch, ..config.source() }.load(&shipped_folder)
    }

    /// Where a file of such a name may be: there, or as it lay beside the run's folder.
    fn places(&self, named: &str) -> Vec<String> {
        let name = DatasetName::of(named);
        let mut places = vec![named.to_owned()];
        if is_shipped(name.stem) {
            return places;
        }
        let begun = self.folder.identity().and_then(|identity| identity.from.as_deref());
        if let Some(from) = begun {
            let place = name.at(Path::new(from).join(name.stem).display());
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let run = std::path::absolute(self.folder.path());
        let run = run.unwrap_or_else(|_| self.folder.path().into());
        let path = Path::new(name.stem);
        // Runs lie in `runs/`, those of a sweep in a folder there, and data often beside that.
        for folder in run.ancestors().take(4) {
            for file in [Some(path), path.file_name().map(Path::new)].into_iter().flatten() {
                let place = name.at(folder.join(file).display());
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }
}
