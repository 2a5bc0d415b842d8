//! Examples that stay on disk: a table is read chunk by chunk while training.
//!
//! An epoch's order shuffles the chunks, takes a few of them at a time and shuffles their rows
//! together, so that a batch touches few chunks; the next ones are read on another thread meanwhile.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rand::seq::SliceRandom;

use super::dataset::no_example;
use super::preparation::Columns;
use super::table::{Chunk, TableFile};
use super::{Dataset, Examples, Preparation, Scale, Target};
use chainrule::error::{Error, Result};
use chainrule::random::{Stream, generator};

/// Bytes of prepared features that a group of chunks may take.
const GROUP_BYTES: usize = 16 << 20;
/// The most chunks whose rows are shuffled together.
const GROUP: usize = 16;

/// What is needed to read a chunk.
#[derive(Debug)]
struct Reader {
    file: TableFile,
    chunks: Vec<Chunk>,
    /// The rows of the file that are examples, in their order.
    rows: Vec<u32>,
    /// For each chunk, the number of its first example.
    firsts: Vec<u32>,
    preparation: Preparation,
    columns: Columns,
}

impl Reader {
    /// The examples of a chunk.
    fn read(&self, chunk: usize) -> Result<Dataset> {
        let place = &self.chunks[chunk];
        let table = self.file.format.chunk(&self.file, place)?;
        self.file.check_same()?;
        if table.len as u32 != place.rows {
            let message = format!("has changed: {} rows in place of {}", table.len, place.rows);
            return Err(Error::file(&self.file.path, message));
        }
        let rows = self.rows[self.examples(chunk)].iter().map(|row| (row - place.first) as usize);
        self.preparation.apply(&table, &self.columns, rows)
    }

    fn examples(&self, chunk: usize) -> std::ops::Range<usize> {
        let end = self.firsts.get(chunk + 1).map_or(self.rows.len(), |&end| end as usize);
        self.firsts[chunk] as usize..end
    }
}

/// The examples of a table on disk. Its memory is bounded: some bytes for each row (its number and
/// its place in the epoch's order), and a few chunks.
pub(super) struct Streamed {
    reader: Arc<Reader>,
    target: Target,
    /// The chunks whose rows are shuffled together.
    group: usize,
    cache: Mutex<Cache>,
}

/// The chunks in memory, and the one on its way.
struct Cache {
    /// The latest comes last.
    ready: VecDeque<(usize, Arc<Dataset>)>,
    /// The order in which the epoch visits the chunks.
    visits: Vec<usize>,
    ahead: Ahead,
}

impl Cache {
    fn find(&self, chunk: usize) -> Option<Arc<Dataset>> {
        let found = self.ready.iter().find(|(number, _)| *number == chunk);
        found.map(|(_, data)| data.clone())
    }

    /// Keeps a chunk: the current group's, the next one's that are read ahead, and the last one's, of
    /// which a batch may still have rows.
    fn keep(&mut self, chunk: usize, data: Arc<Dataset>, group: usize) {
        while self.ready.len() >= 3 * group {
            self.ready.pop_front();
        }
        self.ready.push_back((chunk, data));
    }

    /// Takes what was read ahead, and waits for it if it is the `wanted` chunk. What could not be
    /// read is left to be read again, where its error is told.
    fn receive(&mut self, wanted: usize, group: usize) {
        let wait = self.ahead.asked == Some(wanted);
        if let Some((chunk, Ok(data))) = self.ahead.answer(wait) {
            self.keep(chunk, Arc::new(data), group);
        }
    }

    /// Asks for the first chunk that is missing of the group of `chunk` and the next one.
    fn ask_after(&mut self, chunk: usize, group: usize) {
        let Some(place) = self.visits.iter().position(|&visit| visit == chunk) else { return };
        let start = place / group * group;
        let mut next = self.visits.iter().skip(start).take(2 * group);
        let missing = next.find(|&&visit| self.ready.iter().all(|(number, _)| *number != visit));
        if let Some(&missing) = missing {
            self.ahead.ask(missing);
        }
    }
}

impl Streamed {
    /// The `rows` of a file as examples.
    pub(super) fn new(
        file: &TableFile,
        chunks: &[Chunk],
        rows: Vec<u32>,
        preparation: &Preparation,
        with_targets: bool,
    ) -> Result<Self> {
        let file = file.clone();
        let columns = preparation.columns(&file.path, &file.names, with_targets)?;
        let first = |chunk: &Chunk| rows.partition_point(|&row| row < chunk.first) as u32;
        let firsts = chunks.iter().map(first).collect();
        let most = chunks.iter().map(|chunk| chunk.rows as usize).max().unwrap_or(0);
        let bytes = most.saturating_mul(preparation.width()).saturating_mul(size_of::<f32>());
        let group = (GROUP_BYTES / bytes.max(1)).clamp(1, GROUP);
        let target = match preparation.class_names().len() {
            _ if !with_targets => Target::Values { width: 0 },
            0 => Target::Values { width: preparation.target_names().len() },
            classes => Target::Class { classes },
        };
        let visits = (0..chunks.len()).collect();
        let (chunks, preparation) = (chunks.to_vec(), preparation.clone());
        let reader = Arc::new(Reader { file, chunks, rows, firsts, preparation, columns });
        let ahead = Ahead::start(&reader);
        let cache = Mutex::new(Cache { ready: VecDeque::new(), visits, ahead });
        Ok(Self { reader, target, group, cache })
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        // What is in the cache is whole, whatever happened to its last user.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The chunk of an example, and its place within.
    fn place(&self, example: u32) -> Result<(usize, u32)> {
        let reader = &self.reader;
        if example as usize >= reader.rows.len() {
            return Err(no_example(example, reader.rows.len()));
        }
        // Of chunks without examples, which begin at the same one, the last is the one after.
        let chunk = reader.firsts.partition_point(|&first| first <= example) - 1;
        Ok((chunk, example - reader.firsts[chunk]))
    }

    /// A chunk's examples, from memory or from disk. The chunks of its group and of the next one are
    /// read ahead.
    fn chunk(&self, chunk: usize) -> Result<Arc<Dataset>> {
        let mut cache = self.cache();
        cache.receive(chunk, self.group);
        let data = match cache.find(chunk) {
            Some(data) => data,
            None => {
                let data = Arc::new(self.reader.read(chunk)?);
                cache.keep(chunk, data.clone(), self.group);
                data
            }
        };
        cache.ask_after(chunk, self.group);
        Ok(data)
    }

    /// Fills a row of `width` numbers for each example by `fill`, from the dataset of its chunk.
    fn gather<T>(
        &self,
        examples: &[u32],
        width: usize,
        to: &mut [T],
        mut fill: impl FnMut(&Dataset, &[u32], &mut [T]) -> Result<()>,
    ) -> Result<()> {
        let places = examples.iter().map(|&example| self.place(example));
        let places: Vec<(usize, u32)> = places.collect::<Result<_>>()?;
        let mut held: Vec<(usize, Arc<Dataset>)> = Vec::new();
        for (&(chunk, row), to) in places.iter().zip(to.chunks_mut(width.max(1))) {
            let data = match held.iter().find(|(number, _)| *number == chunk) {
                Some((_, data)) => data.clone(),
                None => {
                    let data = self.chunk(chunk)?;
                    held.push((chunk, data.clone()));
                    data
                }
            };
            fill(&data, &[row], to)?;
        }
        Ok(())
    }
}

impl Examples for Streamed {
    fn len(&self) -> usize {
        self.reader.rows.len()
    }

    fn width(&self) -> usize {
        self.reader.preparation.width()
    }

    fn target(&self) -> Target {
        self.target
    }

    fn features(&self, examples: &[u32], rows: &mut [f32]) -> Result<()> {
        self.gather(examples, self.width(), rows, Examples::features)
    }

    fn labels(&self, examples: &[u32], labels: &mut [u32]) -> Result<()> {
        self.gather(examples, 1, labels, Examples::labels)
    }

    fn values(&self, examples: &[u32], values: &mut [f32]) -> Result<()> {
        let Target::Values { width } = self.target else {
            return Err(Error::Content { name: "the target".into(), labels: true });
        };
        self.gather(examples, width, values, Examples::values)
    }

    fn scales(&self) -> Vec<Scale> {
        self.reader.preparation.scales().to_vec()
    }

    fn weights(&self, examples: &[u32], weights: &mut [f32]) -> Result<bool> {
        if self.reader.columns.weight.is_none() {
            return Ok(false);
        }
        self.gather(examples, 1, weights, |data, row, to| data.weights(row, to).map(|_| ()))?;
        Ok(true)
    }

    fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        let mut random = generator(seed, Stream::Shuffle(epoch));
        let mut visits: Vec<usize> = (0..self.reader.chunks.len()).collect();
        visits.shuffle(&mut random);
        let mut order = Vec::with_capacity(self.len());
        for group in visits.chunks(self.group) {
            let start = order.len();
            for &chunk in group {
                order.extend(self.reader.examples(chunk).map(|example| example as u32));
            }
            order[start..].shuffle(&mut random);
        }
        self.cache().visits = visits;
        order
    }
}

/// A thread that reads chunks ahead of the training, one by one.
struct Ahead {
    asks: Option<SyncSender<usize>>,
    answers: Receiver<(usize, Result<Dataset>)>,
    /// The chunk that is on its way.
    asked: Option<usize>,
    thread: Option<JoinHandle<()>>,
}

impl Ahead {
    fn start(reader: &Arc<Reader>) -> Self {
        let (asks, questions) = sync_channel::<usize>(1);
        let (replies, answers) = sync_channel(1);
        let reader = reader.clone();
        let read = move || {
            for chunk in questions {
                if replies.send((chunk, reader.read(chunk))).is_err() {
                    return;
                }
            }
        };
        let builder = std::thread::Builder::new().name("chainrule-read".into());
        // Where the system refuses a thread nobody hears what is asked, and chunks are read when they are wanted.
        let thread = builder.spawn(read).ok();
        Self { asks: Some(asks), answers, asked: None, thread }
    }

    /// Asks for a chunk unless another is on its way.
    fn ask(&mut self, chunk: usize) {
        if self.asked.is_none()
            && let Some(asks) = &self.asks
            && asks.send(chunk).is_ok()
        {
            self.asked = Some(chunk);
        }
    }

    /// The chunk that was asked for, if it has come or is waited for.
    fn answer(&mut self, wait: bool) -> Option<(usize, Result<Dataset>)> {
        self.asked?;
        let answer = match wait {
            true => self.answers.recv().ok(),
            false => self.answers.try_recv().ok(),
        };
        if answer.is_some() {
            self.asked = None;
        }
        answer
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        // Without questions the thread ends; the one answer that may be on its way has room.
        self.asks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
