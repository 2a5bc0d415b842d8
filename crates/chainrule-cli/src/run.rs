//! A run as commands ask about it.

use std::path::Path;
use std::sync::{Arc, Once};

use anyhow::Result;
use chainrule::Pool;
use chainrule_train::data::Examples;
use chainrule_train::{DataPart, Run};

use crate::{data, print};

/// A run, and where its data is now if that is said.
pub fn moved(dir: &Path, place: Option<&str>) -> Result<Run> {
    Ok(Run { place: place.map(data::known).transpose()?, ..Run::open(dir)? })
}

/// The examples that a run's model is asked about; see [`Run::examples`].
pub fn examples(run: &Run, name: Option<&str>) -> Result<(Option<DataPart>, Arc<dyn Examples>)> {
    let name = name.map(data::known).transpose()?;
    Ok(run.examples(name.as_deref())?)
}

/// The threads of a call.
pub fn pool(asked: Option<usize>) -> Result<Arc<Pool>> {
    Ok(pool_of(crate::arguments::threads(asked)?))
}

/// So many threads, or as many as the system gives, which is said.
pub fn pool_of(threads: usize) -> Arc<Pool> {
    let pool = Pool::new(threads);
    static TOLD: Once = Once::new();
    if pool.threads() < threads {
        let told = format!("the system gave {} of {threads} threads", pool.threads());
        TOLD.call_once(|| print::warnings([told + "; results are the same"]));
    }
    Arc::new(pool)
}
