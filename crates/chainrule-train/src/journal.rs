//! The journal of a run: `events.jsonl`, a line an event, which grows and never changes.
//!
//! A training that is resumed writes on in the same file as another attempt. What an earlier attempt
//! told of places beyond the one where a later attempt took up is void: that part of the training is
//! told again. Steps are samples, so that a journal grows by some kilobytes a second at most. A number
//! that is NaN or infinite is `null`, and is read as NaN.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Action, Epoch, Event, GradientFlow, Place};
use crate::limits::{self, ROW};
use chainrule::error::{Error, Result};

/// The version of the files of a run that this library writes. Version 1 had neither a journal nor an
/// identity.
pub const VERSION: u32 = 2;

/// The time between two steps of the journal, at least.
const BETWEEN_SAMPLES: Duration = Duration::from_millis(50);

/// A line of the journal.
///
/// ```
/// use chainrule_train::{Event, Place, Record};
/// let line = r#"{"version": 2, "run": "ab12", "attempt": 1, "sequence": 7, "time": 1.5,
///     "epoch": 0, "step": 3, "event": "step", "examples": 100, "loss": 2.3, "rate": 0.1}"#;
/// let record: Record = serde_json::from_str(line).unwrap();
/// assert_eq!(record.place, Place { epoch: 0, step: 3 });
/// assert_eq!(record.event, Event::Step {
///     examples: 100, loss: 2.3, losses: Default::default(), rate: 0.1,
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the format.
    pub version: u32,
    /// The run's id.
    pub run: String,
    /// How often the training was begun or resumed, this time included.
    pub attempt: u32,
    /// The line's number over all attempts, from 0.
    pub sequence: u64,
    /// When it was told, in seconds since 1970.
    pub time: f64,
    /// Where the training was.
    #[serde(flatten)]
    pub place: Place,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Writes a run's journal.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Where half a line begins that could not be cut off.
    torn: Option<u64>,
    run: String,
    attempt: u32,
    sequence: u64,
    sampled: Option<Instant>,
}

impl Journal {
    /// Goes on with the journal at `path`, or begins one, as another attempt of the run with this id.
    /// Half a line, which a crash left at its end, goes.
    ///
    /// ```
    /// use chainrule_train::{Action, Event, Journal, Place};
    /// # let temporary = tempfile::tempdir().unwrap();
    /// let path = temporary.path().join("events.jsonl");
    /// let mut journal = Journal::open(&path, "ab12")?;
    /// journal.tell(Place { epoch: 0, step: 1 }, &Event::Acted { action: Action::Stop })?;
    /// let told = chainrule_train::journal::read(&path)?;
    /// assert_eq!((told.len(), told[0].attempt, told[0].place.step), (1, 1, 1));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The file is bad or cannot be written.
    pub fn open(path: &Path, run: &str) -> Result<Self> {
        let told = read(path)?;
        let last = told.last();
        let mut options = OpenOptions::new();
        let file = options.read(true).append(true).create(true).open(path);
        let mut file = file.map_err(|error| unwritable(path, &error))?;
        cut_torn_line(&mut file).map_err(|error| unwritable(path, &error))?;
        let attempts = told.iter().map(|record| record.attempt).max().unwrap_or(0);
        Ok(Self {
            path: path.into(),
            file,
            torn: None,
            run: run.into(),
            attempt: attempts.saturating_add(1),
            sequence: last.map_or(0, |record| record.sequence.saturating_add(1)),
            sampled: None,
        })
    }

    /// Writes an event down; of steps at most twenty a second. Of one that does not fit on the disk nothing
    /// stays, so that what is told next is a line of its own.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn tell(&mut self, place: Place, event: &Event) -> Result<()> {
        if let Event::Step { .. } = event {
            let now = Instant::now();
            if self.sampled.is_some_and(|last| now - last < BETWEEN_SAMPLES) {
                return Ok(());
            }
            self.sampled = Some(now);
        }
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = Record {
            version: VERSION,
            run: self.run.clone(),
            attempt: self.attempt,
            sequence: self.sequence,
            time: time.as_millis() as f64 / 1e3,
            place,
            event: event.clone(),
        };
        let mut line =
            serde_json::to_vec(&record).map_err(|error| Error::file(&self.path, error))?;
        line.push(b'\n');
        self.add(&line).map_err(|error| unwritable(&self.path, &error))?;
        self.sequence = self.sequence.saturating_add(1);
        Ok(())
    }

    /// Adds a line, or nothing.
    fn add(&mut self, line: &[u8]) -> std::io::Result<()> {
        if let Some(whole) = self.torn {
            self.file.set_len(whole)?;
            self.torn = None;
        }
        let whole = self.file.metadata()?.len();
        // One call a line, so that whoever follows the file sees whole lines.
        let added = self.file.write_all(line);
        if added.is_err() {
            self.torn = self.file.set_len(whole).is_err().then_some(whole);
        }
        added
    }

    /// Another handle on the file, which is synced before a checkpoint takes its place.
    pub(super) fn handle(&self) -> Result<File> {
        self.file.try_clone().map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path, format!("cannot be written: {error}"))
}

/// Cuts off what stands after the last end of a line.
fn cut_torn_line(file: &mut File) -> std::io::Result<()> {
    let whole = file.seek(SeekFrom::End(0))?;
    let start = whole.saturating_sub(ROW);
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::new();
    file.take(ROW).read_to_end(&mut end)?;
    let torn = end.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
    match torn {
        0 => Ok(()),
        torn => file.set_len(whole.saturating_sub(torn)),
    }
}

/// The lines of a journal as they were written; none where there is no file. Half a line at the end,
/// which a crash leaves, is passed over.
///
/// # Errors
/// The file cannot be read, a line is bad, or a later version wrote it.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut records = Vec::new();
    limits::lines(path, &mut |number, line, whole| {
        if !whole {
            return Ok(());
        }
        let bad = |error| Error::file(path, format!("line {number}: {error}"));
        // A later version may tell of what this one does not know.
        let Told { version } = serde_json::from_slice(line).map_err(bad)?;
        known_version(version).map_err(|message| Error::file(path, message))?;
        records.push(serde_json::from_slice(line).map_err(bad)?);
        Ok(())
    })?;
    Ok(records)
}

/// What every file of a run tells of itself, before anything else is read from it.
#[derive(Deserialize)]
pub(super) struct Told {
    #[serde(default = "first_version")]
    pub(super) version: u32,
}

/// The version of files that tell none.
pub(super) fn first_version() -> u32 {
    1
}

/// Refuses what a later version wrote.
pub(super) fn known_version(version: u32) -> Result<(), String> {
    match version <= VERSION {
        true => Ok(()),
        false => Err(format!(
            "is of version {version} of the files of a run, which a later chainrule wrote; this one reads versions 1 to {VERSION}"
        )),
    }
}

/// The events that count, in the order of the training: what a later attempt told again counts as it
/// told it.
///
/// ```
/// use chainrule_train::{Event, Journal, Place, Size, journal};
/// # let temporary = tempfile::tempdir().unwrap();
/// let path = temporary.path().join("events.jsonl");
/// let place = |step| Place { epoch: 0, step };
/// let told = |loss| Event::Step {
///     examples: 4, loss, losses: Default::default(), rate: 0.1,
/// };
/// let mut first = Journal::open(&path, "ab12")?;
/// first.tell(place(0), &Event::Began(Size::default()))?;
/// first.tell(place(2), &told(0.5))?;
/// let mut second = Journal::open(&path, "ab12")?;
/// second.tell(place(1), &Event::Resumed(Size::default()))?;
/// second.tell(place(2), &told(0.25))?;
/// let counts = journal::told_last(journal::read(&path)?);
/// assert_eq!(counts.iter().map(|record| record.place.step).collect::<Vec<_>>(), [0, 1, 2]);
/// assert_eq!(counts[2].event, told(0.25));
/// # Ok::<(), chainrule::Error>(())
/// ```
#[must_use]
pub fn told_last(records: Vec<Record>) -> Vec<Record> {
    let mut counts: Vec<Record> = Vec::new();
    for record in records {
        if let Event::Resumed(_) = record.event {
            counts.retain(|earlier| earlier.place <= record.place);
        }
        counts.push(record);
    }
    counts
}

/// The metrics of the epochs that records tell of.
pub fn epochs(records: &[Record]) -> Vec<Epoch> {
    let metrics = records.iter().filter_map(|record| match &record.event {
        Event::Epoch { metrics, .. } => Some(metrics.clone()),
        _ => None,
    });
    metrics.collect()
}

/// The gradient flow that records tell of.
pub fn flows(records: &[Record]) -> Vec<GradientFlow> {
    let flows = records.iter().filter_map(|record| match &record.event {
        Event::GradientFlow { flow } => Some(flow.clone()),
        _ => None,
    });
    flows.collect()
}

/// What was done to the training, by the places.
pub fn actions(records: &[Record]) -> Vec<(Place, Action)> {
    let actions = records.iter().filter_map(|record| match &record.event {
        Event::Acted { action } => Some((record.place, action.clone())),
        _ => None,
    });
    actions.collect()
}
