//! Writes checkpoints beside the training, which does not wait for the disk.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::{Checkpoint, RunFolder};
use chainrule::error::{Error, Result};
use chainrule::tensor::Real;

/// A thread that writes checkpoints into a run's folder. Where they come faster than the disk takes
/// them, only the latest is written, and the latest of the best.
///
/// ```
/// use chainrule_train::{Checkpoint, Config, RunFolder, Saver};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// let folder = RunFolder::create(&path, &Config::default(), false)?;
/// let saver = Saver::<f32>::new(folder.clone());
/// saver.save(Checkpoint::default(), false)?;
/// saver.finish()?;
/// assert!(folder.load::<f32>()?.is_some());
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Saver<T> {
    desk: Arc<Desk<T>>,
    writer: JoinHandle<Result<()>>,
}

/// Where the training leaves checkpoints for the writer.
struct Desk<T> {
    waiting: Mutex<Waiting<T>>,
    changed: Condvar,
}

struct Waiting<T> {
    last: Option<Checkpoint<T>>,
    best: Option<Checkpoint<T>>,
    /// No more will come.
    closed: bool,
    /// The writer met an error and is gone.
    failed: bool,
}

impl<T> Desk<T> {
    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        // Whoever panicked holding the lock left whole checkpoints.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Real> Saver<T> {
    /// A writer into `folder`.
    #[must_use]
    pub fn new(folder: RunFolder) -> Self {
        let waiting = Waiting { last: None, best: None, closed: false, failed: false };
        let desk = Arc::new(Desk { waiting: Mutex::new(waiting), changed: Condvar::new() });
        let own = desk.clone();
        let writer = std::thread::spawn(move || {
            let written = write_all(&own, &folder);
            own.lock().failed = written.is_err();
            written
        });
        Self { desk, writer }
    }

    /// Has a checkpoint written, and also kept as the best where it is.
    ///
    /// # Errors
    /// An earlier checkpoint could not be written; [`Saver::finish`] says why.
    pub fn save(&self, checkpoint: Checkpoint<T>, best: bool) -> Result<()> {
        let mut waiting = self.desk.lock();
        if waiting.failed {
            return Err(Error::Mismatch("an earlier checkpoint could not be written".into()));
        }
        if best {
            waiting.best = Some(checkpoint.clone());
        }
        waiting.last = Some(checkpoint);
        self.desk.changed.notify_one();
        Ok(())
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// A checkpoint could not be written.
    pub fn finish(self) -> Result<()> {
        self.desk.lock().closed = true;
        self.desk.changed.notify_one();
        self.writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn write_all<T: Real>(desk: &Desk<T>, folder: &RunFolder) -> Result<()> {
    loop {
        let mut waiting = desk.lock();
        while waiting.last.is_none() && waiting.best.is_none() && !waiting.closed {
            waiting = desk.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let (last, best) = (waiting.last.take(), waiting.best.take());
        drop(waiting);
        if last.is_none() && best.is_none() {
            return Ok(());
        }
        best.map_or(Ok(()), |checkpoint| folder.save_best(&checkpoint))?;
        last.map_or(Ok(()), |checkpoint| folder.save(&checkpoint))?;
    }
}
