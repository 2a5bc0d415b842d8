//! Event files for TensorBoard: `tensorboard --logdir runs` draws the scalars of all runs.
//!
//! A file is a sequence of TFRecords (length, its checksum, data, its checksum, as
//! `tensorflow/core/lib/io/record_writer.h` gives them), each an `Event` in Protocol Buffers'
//! encoding. The messages are those of `tensorboard/compat/proto/event.proto` and `summary.proto`,
//! of which scalars need seven fields.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use chainrule::error::{Error, Result};

/// How the names of event files begin, by which TensorBoard knows them.
const EVENTS: &str = "events.out.tfevents.";

/// What stands between the seconds and the number in the names of those that are written here.
const OWN: &str = ".chainrule.";

/// Whether a file was written here, by its name: other programs have event files as well.
pub(super) fn is_own(name: &str) -> bool {
    let told = name.strip_prefix(EVENTS).and_then(|told| told.split_once(OWN));
    let is_number =
        |text: &str, most: usize| text.len() >= most && text.bytes().all(|b| b.is_ascii_digit());
    told.is_some_and(|(seconds, number)| is_number(seconds, 10) && is_number(number, 4))
}

/// Writes scalars into an event file of a folder.
///
/// ```
/// use chainrule_train::tensorboard::EventWriter;
/// # let temporary = tempfile::tempdir().unwrap();
/// # let folder = temporary.path();
/// let mut events = EventWriter::create(folder)?;
/// for epoch in 1..=3 {
///     events.scalar("loss/train", epoch, 1.0 / epoch as f64)?;
/// }
/// events.flush()?;
/// # Ok::<(), chainrule::Error>(())
/// ```
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: BufWriter<File>,
}

impl EventWriter {
    /// Begins a run in the folder, which exists. What earlier event files of the folder hold is no
    /// longer shown.
    ///
    /// ```
    /// use chainrule_train::tensorboard::EventWriter;
    /// # let temporary = tempfile::tempdir().unwrap();
    /// let events = EventWriter::create(temporary.path())?;
    /// assert!(events.path().exists());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(folder: &Path) -> Result<Self> {
        Self::append(folder, 0)
    }

    /// Goes on with a run from `step`: what earlier event files of the folder hold of that step and of
    /// later ones is no longer shown. A new file is begun, as the last one may end in half a record.
    ///
    /// ```
    /// use chainrule_train::tensorboard::EventWriter;
    /// # let temporary = tempfile::tempdir().unwrap();
    /// # let folder = temporary.path();
    /// EventWriter::create(folder)?.scalar("loss", 1, 0.5)?;
    /// // The checkpoint is of step 1: step 2 comes next.
    /// EventWriter::append(folder, 2)?.scalar("loss", 2, 0.25)?;
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(folder: &Path, step: u64) -> Result<Self> {
        let (path, file) = fresh(folder)?;
        let mut writer = Self { path, file: BufWriter::new(file) };
        let mut version = Message::default();
        version.bytes(FILE_VERSION, b"brain.Event:2");
        writer.event(0, &version)?;
        // A start tells readers to forget what they know of its step and of later ones.
        let mut start = Message::default();
        start.varint(STATUS, START);
        let mut event = Message::default();
        event.bytes(SESSION_LOG, &start.0);
        writer.event(step, &event)?;
        writer.flush()?;
        Ok(writer)
    }

    /// The event file's path.
    ///
    /// ```
    /// # let temporary = tempfile::tempdir().unwrap();
    /// let events = chainrule_train::tensorboard::EventWriter::create(temporary.path())?;
    /// assert!(events.path().to_string_lossy().contains("tfevents"));
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a value of the curve `tag`. A tag's part before the first `/` names the group of charts
    /// that TensorBoard shows it in; values are kept in single precision.
    ///
    /// ```
    /// # let temporary = tempfile::tempdir().unwrap();
    /// let mut events = chainrule_train::tensorboard::EventWriter::create(temporary.path())?;
    /// events.scalar("accuracy/test", 1, 0.97)?;
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn scalar(&mut self, tag: &str, step: u64, value: f64) -> Result<()> {
        let mut scalar = Message::default();
        scalar.bytes(TAG, tag.as_bytes());
        scalar.fixed(SIMPLE_VALUE, FIXED_32, &(value as f32).to_le_bytes());
        let mut summary = Message::default();
        summary.bytes(VALUE, &scalar.0);
        let mut event = Message::default();
        event.bytes(SUMMARY, &summary.0);
        self.event(step, &event)
    }

    /// Hands everything to the operating system, so that a TensorBoard that runs shows it.
    ///
    /// ```
    /// # let temporary = tempfile::tempdir().unwrap();
    /// let mut events = chainrule_train::tensorboard::EventWriter::create(temporary.path())?;
    /// events.scalar("loss", 1, 0.5)?;
    /// let before = std::fs::metadata(events.path()).unwrap().len();
    /// events.flush()?;
    /// assert!(std::fs::metadata(events.path()).unwrap().len() > before);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|error| unwritable(&self.path, &error))
    }

    /// Writes an event: the time, the step, and what happened.
    fn event(&mut self, step: u64, what: &Message) -> Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut event = Message::default();
        event.fixed(WALL_TIME, FIXED_64, &now.as_secs_f64().to_le_bytes());
        event.varint(STEP, step);
        event.0.extend_from_slice(&what.0);
        let record = record(&event.0);
        self.file.write_all(&record).map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path, format!("cannot be written: {error}"))
}

/// A new event file. TensorBoard reads a folder's files in the order of their names.
fn fresh(folder: &Path) -> Result<(PathBuf, File)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut numbers = 0_u32..;
    loop {
        let (seconds, number) = (now.as_secs(), numbers.next().unwrap_or_default());
        let path = folder.join(format!("{EVENTS}{seconds:010}{OWN}{number:04}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unwritable(&path, &error)),
        }
    }
}

// Fields of `Event`.
const WALL_TIME: u8 = 1;
const STEP: u8 = 2;
const FILE_VERSION: u8 = 3;
const SUMMARY: u8 = 5;
const SESSION_LOG: u8 = 7;
// Of `SessionLog`.
const STATUS: u8 = 1;
const START: u64 = 1;
// Of `Summary`.
const VALUE: u8 = 1;
// Of `Summary.Value`.
const TAG: u8 = 1;
const SIMPLE_VALUE: u8 = 2;

/// Protocol Buffers' wire types.
const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const LENGTH: u8 = 2;
const FIXED_32: u8 = 5;

/// A message in Protocol Buffers' encoding.
#[derive(Debug, Default)]
struct Message(Vec<u8>);

impl Message {
    /// A field's number, below 16, and wire type.
    fn key(&mut self, field: u8, wire: u8) {
        self.0.push(field << 3 | wire);
    }

    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn varint(&mut self, field: u8, number: u64) {
        self.key(field, VARINT);
        self.number(number);
    }

    fn fixed(&mut self, field: u8, wire: u8, bytes: &[u8]) {
        self.key(field, wire);
        self.0.extend_from_slice(bytes);
    }

    fn bytes(&mut self, field: u8, bytes: &[u8]) {
        self.key(field, LENGTH);
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// TFRecord's checksum: a checksum of data that hold a checksum would be weak, so it is turned.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// CRC-32C (RFC 3720, appendix B.4), bit by bit: records are short and few.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let step = |crc: u32, _| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_rfc_3720() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&rising), 0x46dd_794e);
    }

    #[test]
    fn numbers_take_seven_bits_a_byte() {
        let encoded = |number| {
            let mut message = Message::default();
            message.number(number);
            message.0
        };
        assert_eq!(encoded(127), [127]);
        assert_eq!(encoded(300), [0xac, 0x02]);
        assert_eq!(encoded(u64::MAX).len(), 10);
    }

    #[test]
    fn every_record_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = EventWriter::create(folder.path()).unwrap();
        let tag = "a tag of more than 127 bytes ".repeat(10);
        events.scalar(&tag, 1 << 40, -0.5).unwrap();
        events.flush().unwrap();
        let bytes = std::fs::read(events.path()).unwrap();
        let (mut rest, mut records) = (&bytes[..], 0);
        while let Some((length, after)) = rest.split_first_chunk::<8>() {
            let (data, after) = after[4..].split_at(u64::from_le_bytes(*length) as usize);
            assert_eq!(after[..4], masked(data));
            (rest, records) = (&after[4..], records + 1);
        }
        assert_eq!((rest.len(), records), (0, 3));
    }

    #[test]
    fn writers_of_one_second_get_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let writers = [1, 2, 3].map(|step| EventWriter::append(folder.path(), step).unwrap());
        let mut paths: Vec<&Path> = writers.iter().map(EventWriter::path).collect();
        assert!(paths.is_sorted());
        paths.dedup();
        assert_eq!(paths.len(), 3);
    }

    #[test]
    fn own_files_are_told_from_those_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let events = EventWriter::create(folder.path()).unwrap();
        assert!(is_own(&events.path().file_name().unwrap().to_string_lossy()));
        for name in [
            "events.out.tfevents.1795714922.host.1234.0",
            "events.out.tfevents.1795714922.chainrule.mine",
            "events.out.tfevents..chainrule.0000",
            "events.out.tfevents.",
        ] {
            assert!(!is_own(name), "{name}");
        }
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = EventWriter::create(Path::new("no/such")).unwrap_err().to_string();
        assert!(error.contains("no/such/events.out") && error.contains("cannot be written"));
    }
}
