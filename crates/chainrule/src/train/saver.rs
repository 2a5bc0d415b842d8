//! Writes checkpoints beside the training, which need not wait for the disk.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::{Checkpoint, RunFolder};
use crate::error::{Error, Result};
use crate::tensor::Real;

/// A thread that writes checkpoints into a run's folder, one after another.
///
/// ```
/// use chainrule::train::{Checkpoint, Config, RunFolder, Saver};
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
    queue: SyncSender<(Checkpoint<T>, bool)>,
    writer: JoinHandle<Result<()>>,
}

impl<T: Real> Saver<T> {
    /// A writer into `folder`.
    #[must_use]
    pub fn new(folder: RunFolder) -> Self {
        // One may wait while another is written; the next one holds the training up.
        let (queue, asked) = sync_channel::<(Checkpoint<T>, bool)>(1);
        let writer = std::thread::spawn(move || {
            for (checkpoint, best) in asked {
                folder.save(&checkpoint)?;
                if best {
                    folder.save_best(&checkpoint)?;
                }
            }
            Ok(())
        });
        Self { queue, writer }
    }

    /// Has a checkpoint written, and also kept as the best where it is.
    ///
    /// # Errors
    /// An earlier checkpoint could not be written; [`Saver::finish`] says why.
    pub fn save(&self, checkpoint: Checkpoint<T>, best: bool) -> Result<()> {
        let gone = |_| Error::Mismatch("the last checkpoint could not be written".into());
        self.queue.send((checkpoint, best)).map_err(gone)
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// A checkpoint could not be written.
    pub fn finish(self) -> Result<()> {
        drop(self.queue);
        self.writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
