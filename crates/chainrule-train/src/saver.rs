//! Writes checkpoints beside the training, which does not wait for the disk.

use std::fs::File;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::folder::JOURNAL;
use super::{Place, RunFolder, Snapshot};
use chainrule::error::{Error, Result};

/// A thread that writes checkpoints into a run's folder. Where they come faster than the disk takes
/// them, only the latest is written, and the latest of the best. Where the system refuses a thread, the
/// training waits for the disk.
///
/// ```
/// use std::sync::Arc;
/// use chainrule_train::{Checkpoint, Config, RunFolder, Saver};
/// # let temporary = tempfile::tempdir().unwrap();
/// # let path = temporary.path().join("run");
/// let folder = RunFolder::create(&path, &Config::default(), false)?;
/// let saver = Saver::new(folder.clone(), None);
/// saver.save(Arc::new(Checkpoint::<f32>::default()), false)?;
/// saver.finish()?;
/// assert!(folder.load::<f32>()?.is_some());
/// # Ok::<(), chainrule::Error>(())
/// ```
pub struct Saver {
    desk: Arc<Desk>,
    writer: Option<JoinHandle<Result<()>>>,
}

/// Where the training leaves checkpoints for the writer.
struct Desk {
    folder: RunFolder,
    journal: Option<File>,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    last: Option<Arc<dyn Snapshot>>,
    best: Option<Arc<dyn Snapshot>>,
    /// What has been written, with whether it was the best, since somebody asked.
    written: Vec<(Place, bool)>,
    /// No more will come.
    closed: bool,
    /// The writer met an error and is gone.
    failed: bool,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Whoever panicked holding the lock left whole checkpoints.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes whatever comes, until no more will.
    fn write_all(&self) -> Result<()> {
        loop {
            let mut waiting = self.lock();
            while waiting.last.is_none() && waiting.best.is_none() {
                if waiting.closed {
                    return Ok(());
                }
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            drop(waiting);
            self.write()?;
        }
    }

    /// Writes what is there.
    fn write(&self) -> Result<()> {
        let mut waiting = self.lock();
        let (last, best) = (waiting.last.take(), waiting.best.take());
        drop(waiting);
        let folder = &self.folder;
        folder.check_there()?;
        if let Some(journal) = &self.journal {
            let synced = journal.sync_data();
            synced.map_err(|error| Error::file(folder.path().join(JOURNAL), error))?;
        }
        best.as_ref().map_or(Ok(()), |snapshot| snapshot.save_best(folder))?;
        last.as_ref().map_or(Ok(()), |snapshot| snapshot.save(folder))?;
        let of_best = best.as_ref().map(|best| best.place());
        let places = last.iter().map(|last| (last.place(), of_best == Some(last.place())));
        self.lock().written.extend(places);
        Ok(())
    }
}

impl Saver {
    /// A writer into `folder`. What the run's journal tells is on the disk before a checkpoint that
    /// follows it: `journal` is synced first.
    #[must_use]
    pub fn new(folder: RunFolder, journal: Option<File>) -> Self {
        let (waiting, changed) = (Mutex::default(), Condvar::new());
        let desk = Arc::new(Desk { folder, journal, waiting, changed });
        let own = desk.clone();
        let writer = std::thread::Builder::new().name("chainrule-save".into());
        let writer = writer.spawn(move || {
            let written = own.write_all();
            own.lock().failed = written.is_err();
            written
        });
        Self { desk, writer: writer.ok() }
    }

    /// Has a checkpoint written, and also kept as the best where it is.
    ///
    /// # Errors
    /// An earlier checkpoint could not be written, of which [`Saver::finish`] says why; or this one, where there
    /// is no thread.
    pub fn save(&self, checkpoint: Arc<dyn Snapshot>, best: bool) -> Result<()> {
        let mut waiting = self.desk.lock();
        if waiting.failed {
            return Err(Error::Mismatch("an earlier checkpoint could not be written".into()));
        }
        if best {
            waiting.best = Some(checkpoint.clone());
        }
        waiting.last = Some(checkpoint);
        drop(waiting);
        self.desk.changed.notify_one();
        if self.writer.is_some() { Ok(()) } else { self.desk.write() }
    }

    /// The places of the checkpoints that have been written since the last call, and whether each is
    /// kept as the best.
    #[must_use]
    pub fn written(&self) -> Vec<(Place, bool)> {
        std::mem::take(&mut self.desk.lock().written)
    }

    /// Waits until everything is written; what [`Saver::written`] has not told yet.
    ///
    /// # Errors
    /// A checkpoint could not be written.
    pub fn finish(mut self) -> Result<Vec<(Place, bool)>> {
        self.close().map(|()| self.written())
    }

    fn close(&mut self) -> Result<()> {
        self.desk.lock().closed = true;
        self.desk.changed.notify_one();
        let Some(writer) = self.writer.take() else { return Ok(()) };
        writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Saver {
    /// Nothing is written into a folder that another training may take from now on.
    fn drop(&mut self) {
        self.desk.lock().closed = true;
        self.desk.changed.notify_one();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
