//! What was told of a training as it went: its journal, and the files of metrics and of the gradient flow that
//! are written beside it for other programs.

use std::fs::{self, File};
use std::io::Write;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FLOW, JOURNAL, METRICS, OPTIMIZER, RunFolder};
use crate::journal::{self, Record};
use crate::limits;
use crate::{Action, Epoch, GradientFlow, Place, Progress};
use chainrule::error::{Error, Result};

impl RunFolder {
    /// The metrics of the first `count` epochs.
    pub(super) fn epochs(&self, count: usize) -> Result<Vec<Epoch>> {
        let (epochs, name) = self.told_epochs()?;
        match epochs.len() >= count {
            true => Ok(epochs.into_iter().take(count).collect()),
            false => Err(Error::file(
                self.path.join(name),
                format!(
                    "tells of {} epochs, but the parameters have seen {count}: put the run's own back",
                    epochs.len()
                ),
            )),
        }
    }

    /// The metrics of every epoch that is written down: by the journal, which names the run and is on the disk
    /// before a checkpoint that follows it, or by the file of metrics in a run that kept no journal.
    ///
    /// # Errors
    /// The file is bad.
    pub fn all_epochs(&self) -> Result<Vec<Epoch>> {
        self.told_epochs().map(|(epochs, _)| epochs)
    }

    /// The metrics of every epoch, and the file that tells them.
    fn told_epochs(&self) -> Result<(Vec<Epoch>, &'static str)> {
        let told = self.journal()?;
        match told.is_empty() && self.may_be_nameless() {
            true => Ok((self.read_lines(METRICS)?, METRICS)),
            false => Ok((journal::epochs(&journal::told_last(told)), JOURNAL)),
        }
    }

    /// Whether files that name no run may be this run's, as those of earlier programs are.
    fn may_be_nameless(&self) -> bool {
        self.identity.as_ref().is_none_or(|own| !own.named)
    }

    /// Has the file of metrics tell of the epochs `done` and no others.
    pub(in super::super) fn begin_epochs(&self, done: &[Epoch]) -> Result<()> {
        let path = self.path.join(METRICS);
        match done {
            [] if path.exists() => {
                fs::remove_file(&path).map_err(|error| Error::file(&path, error))
            }
            [] => Ok(()),
            done => self.write_product(METRICS, &self.lines(METRICS, done)?),
        }
    }

    /// Adds the metrics of an epoch to the file of metrics. A [`Session`](crate::Session) does so with
    /// what its journal tells; nobody waits until it has reached the disk.
    ///
    /// ```
    /// use chainrule_train::{Config, Epoch, RunFolder};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let path = temporary.path().join("run");
    /// let folder = RunFolder::create(&path, &Config::default(), false)?;
    /// let epoch = Epoch { epoch: 1, train_loss: 0.5, scores: Default::default(), seconds: 0.1 };
    /// folder.add_epoch(&epoch)?;
    /// assert_eq!(folder.all_epochs()?, [epoch]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add_epoch(&self, epoch: &Epoch) -> Result<()> {
        self.add_line(METRICS, epoch)
    }

    fn add_line<L: Serialize>(&self, name: &str, line: &L) -> Result<()> {
        self.check_locked()?;
        let line = self.lines(name, std::slice::from_ref(line))?;
        let file = File::options().append(true).create(true).open(self.path.join(name));
        // One call, so that whoever follows the file sees whole lines.
        let added = file.and_then(|mut file| file.write_all(&line));
        added.map_err(|error| self.unwritable(name, &error))
    }

    /// The gradient flow that `train --gradient-flow` recorded, by epoch; nothing in other runs. The journal
    /// tells it; of what an earlier program kept without one, the file of its own does.
    ///
    /// # Errors
    /// The file is bad.
    pub fn gradient_flow(&self) -> Result<Vec<GradientFlow>> {
        let told = journal::flows(&journal::told_last(self.journal()?));
        if !self.may_be_nameless() {
            return Ok(told);
        }
        let first = told.first().map(|flow| flow.epoch);
        let mut flows: Vec<GradientFlow> = self.read_lines(FLOW)?;
        flows.retain(|flow| first.is_none_or(|first| flow.epoch < first));
        flows.extend(told);
        Ok(flows)
    }

    /// Writes the gradient flow of all epochs so far for other programs.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_gradient_flow(&self, epochs: &[GradientFlow]) -> Result<()> {
        self.write(FLOW, &self.lines(FLOW, epochs)?)
    }

    /// Adds the gradient flow of an epoch to that file; nobody waits until it has reached the disk.
    pub(in super::super) fn add_gradient_flow(&self, flow: &GradientFlow) -> Result<()> {
        self.add_line(FLOW, flow)
    }

    /// Everything that the run's journal tells, as it was written; nothing in a run of version 1, which
    /// kept none. See [`journal::told_last`].
    ///
    /// # Errors
    /// The file is bad, of a later version, or of another run.
    pub fn journal(&self) -> Result<Vec<Record>> {
        let told = journal::read(&self.path.join(JOURNAL))?;
        told.iter().try_for_each(|record| self.check_run(JOURNAL, &record.run))?;
        Ok(told)
    }

    /// What was done to the training, by the places.
    pub(in super::super) fn actions(&self) -> Result<Vec<(Place, Action)>> {
        Ok(journal::actions(&journal::told_last(self.journal()?)))
    }

    /// Checks that the journal tells what had been done to the training when a checkpoint was kept: it is done
    /// again from there. Checkpoints of earlier programs do not tell.
    pub(in super::super) fn check_actions(
        &self,
        progress: &Progress,
        told: &[(Place, Action)],
    ) -> Result<()> {
        let Some(acted) = &progress.acted else { return Ok(()) };
        let place = progress.place();
        let by_then = told.iter().filter(|(at, _)| *at <= place).cloned();
        match acted.is_of(&by_then.collect::<Vec<_>>(), place) {
            true => Ok(()),
            false => {
                let message = format!(
                    "tells of other actions than were done before the checkpoint in {}, epoch {}, step {}: put its own back",
                    self.path.join(OPTIMIZER).display(),
                    place.epoch,
                    place.step
                );
                Err(Error::file(self.path.join(JOURNAL), message))
            }
        }
    }

    /// The values of a file of JSON lines; none where it does not exist. Half a line at the end, which a crash
    /// leaves, is passed over.
    fn read_lines<R: DeserializeOwned>(&self, name: &str) -> Result<Vec<R>> {
        let path = self.path.join(name);
        if !path.exists() {
            return Ok(Vec::new());
        }
        let mut values = Vec::new();
        limits::lines(&path, &mut |number, line, whole| {
            if !whole {
                return Ok(());
            }
            let bad = |error| Error::file(&path, format!("line {number}: {error}"));
            values.push(serde_json::from_slice(line).map_err(bad)?);
            Ok(())
        })?;
        Ok(values)
    }

    /// The text of a file of JSON lines.
    fn lines<R: Serialize>(&self, name: &str, values: &[R]) -> Result<Vec<u8>> {
        let mut lines = Vec::new();
        for value in values {
            serde_json::to_writer(&mut lines, value)
                .map_err(|error| Error::file(self.path.join(name), error))?;
            lines.push(b'\n');
        }
        Ok(lines)
    }
}
