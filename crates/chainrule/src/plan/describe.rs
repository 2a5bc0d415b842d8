//! A plan told to people: its steps, what each took in, and where the time goes.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::Plan;
use crate::lowering::{Place, Storage, Work};
use crate::runtime::{Event, Layout, Step};
use crate::tensor::{Real, count};
use chainrule_products::Lengths;

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepInfo {
    /// The phase, counted from 1: threads meet at its end.
    pub phase: usize,
    /// Whether threads share the step by its rows; else one of them runs it.
    pub shared: bool,
    /// The kernel, such as `product 100×784×50`.
    pub kernel: String,
    /// The pointwise operations that run within the step, in order.
    pub fused: Vec<String>,
    /// The rows by which the step is split.
    pub rows: usize,
    /// Arithmetic operations: a multiply-add counts as two, any other as one.
    pub operations: u64,
    /// Bytes that the step reads from memory and writes to it.
    pub bytes: u64,
}

/// A plan's steps, printed as a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanInfo {
    /// The steps, in the order in which they run.
    pub steps: Vec<StepInfo>,
    /// The bytes of memory that the plan holds, without parameters.
    pub bytes: usize,
}

/// The time of each step in a profiled run, and every thread's part in it.
#[derive(Clone, Debug)]
pub struct Profile {
    plan: PlanInfo,
    runs: u32,
    events: Vec<Event>,
}

impl<T: Real> Plan<T> {
    /// The plan's steps, for people and programs.
    ///
    /// ```
    /// use chainrule::Graph;
    /// let g = Graph::new();
    /// let y = (g.input("x", [4, 3]).matmul(g.input("w", [3, 2])) + 1.0).relu();
    /// let info = g.compile::<f32>(&[y])?.info();
    /// assert_eq!(info.steps[0].kernel, "product 4×3×2");
    /// assert_eq!(info.steps[0].fused, ["add", "relu"]);
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    #[must_use]
    pub fn info(&self) -> PlanInfo {
        let layout = &*self.layout;
        let mut steps = Vec::new();
        for (number, phase) in layout.phases.iter().enumerate() {
            let shared = phase.shared.iter().map(|step| (step, true));
            let all = shared.chain(phase.serial.iter().map(|step| (step, false)));
            steps.extend(
                all.map(|(step, shared)| {
                    describe(layout, step, number + 1, shared, size_of::<T>())
                }),
            );
        }
        PlanInfo { steps, bytes: self.bytes() }
    }

    /// Records the time of every step from now on, or no longer. Recording costs about 50 ns a step.
    ///
    /// ```
    /// use chainrule::Graph;
    /// let g = Graph::new();
    /// let mut plan = g.compile::<f64>(&[g.constant(2.0).exp()])?;
    /// plan.record(true);
    /// plan.run()?;
    /// assert!(plan.profile().is_some());
    /// # Ok::<(), chainrule::Error>(())
    /// ```
    pub fn record(&mut self, on: bool) {
        self.executor.record(on);
    }

    /// What has been recorded since [`Plan::record`].
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        let (runs, events) = self.executor.recorded()?;
        Some(Profile { plan: self.info(), runs, events })
    }
}

fn describe(layout: &Layout, step: &Step, phase: usize, shared: bool, element: usize) -> StepInfo {
    let work = &layout.units[step.unit];
    let (kernel, own) = match work {
        Work::Chain(chain) => (format!("pointwise {}", chain.shape), 0),
        Work::Product { factors, a, b, chain, .. } => {
            let Lengths { m, k, n } = factors.lengths(&a.shape, &b.shape);
            let batch = chain.shape.len().checked_div(count(&[m, n])).unwrap_or(0);
            let times = if batch > 1 { format!(" × {batch}") } else { String::new() };
            (format!("product {m}×{k}×{n}{times}"), count(&[2, chain.shape.len(), k]))
        }
        Work::Kernel { op, operands, out, .. } => {
            let read = operands.iter().map(|place| place.shape.len()).max().unwrap_or(0);
            (format!("{} {}", op.name(), out.shape), read.max(out.shape.len()))
        }
        Work::Copy { from, .. } => (format!("copy {}", from.shape), 0),
        Work::Guard(_) => ("stop unless finite".into(), 0),
    };
    let body = work.chain().map_or(&[][..], |chain| &chain.body);
    let pointwise = work.chain().map_or(0, |chain| chain.shape.len() * chain.body.len());
    StepInfo {
        phase,
        shared,
        kernel,
        fused: body.iter().map(|instruction| instruction.op.name().to_owned()).collect(),
        rows: step.rows,
        operations: own.saturating_add(pointwise) as u64,
        bytes: bytes(layout, work, element) as u64,
    }
}

/// The memory that a step touches: each place's distinct elements, once.
fn bytes(layout: &Layout, work: &Work, element: usize) -> usize {
    let distinct = |place: &Place| {
        let strides = place.strides;
        place.shape.without(|axis| strides[axis] == 0).len()
    };
    let read = work.reads().map(distinct);
    let written = work.writes().map(|storage| match storage {
        Storage::Buffer(at) => layout.buffers[at].len,
        Storage::Parameter(at) => layout.parameters[at].shape.len(),
    });
    read.chain(written).fold(0, usize::saturating_add).saturating_mul(element)
}

/// The steps as a table for so many columns; `time` adds a column. What is fused goes onto lines of its own
/// where it does not fit, and a narrow table has no rows, and beside times no bytes.
fn table(plan: &PlanInfo, columns: usize, time: impl Fn(usize) -> String) -> String {
    const INDENT: usize = 9;
    let wide = 67 + time(usize::MAX).chars().count();
    let (rows, bytes) = (columns >= wide, columns >= wide || time(usize::MAX).is_empty());
    let line = |phase: &str, kernel: &str, numbers: [String; 3], time: String, fused: &str| {
        let [of_rows, operations, of_bytes] = numbers;
        let mut line = format!("{phase:>5}  {kernel:<26}");
        if rows {
            line += &format!(" {of_rows:>7}");
        }
        line += &format!(" {operations:>11}");
        if bytes {
            line += &format!(" {of_bytes:>11}");
        }
        line = format!("{line}  {time}");
        let fits = line.chars().count() + fused.chars().count() <= columns;
        if fits {
            return format!("{line}{fused}\n");
        }
        line.truncate(line.trim_end().len());
        let (mut out, mut at) = (line, usize::MAX);
        for word in fused.split(' ') {
            let width = word.chars().count();
            if at.saturating_add(1 + width) > columns {
                out += &format!("\n{:INDENT$}{word}", "");
                at = INDENT + width;
            } else {
                out += &format!(" {word}");
                at += 1 + width;
            }
        }
        out + "\n"
    };
    let head = ["rows", "operations", "bytes"].map(str::to_owned);
    let mut out = line("phase", "kernel", head, time(usize::MAX), "fused");
    for (at, step) in plan.steps.iter().enumerate() {
        let kernel = if step.shared { step.kernel.clone() } else { format!("· {}", step.kernel) };
        let numbers = [step.rows.to_string(), step.operations.to_string(), step.bytes.to_string()];
        out += &line(&step.phase.to_string(), &kernel, numbers, time(at), &runs_of(&step.fused));
    }
    let mark = "· marks what one thread runs at a phase's end";
    let between = if columns < 80 { "\n" } else { "; " };
    out + &format!("{mark}{between}{} bytes of memory\n", plan.bytes)
}

/// Names joined, repeated ones counted, long lists cut.
fn runs_of(names: &[String]) -> String {
    const MOST: usize = 12;
    let shown: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
    let more = names.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" … {more} more") } else { String::new() };
    shown.join(" ") + &more
}

impl fmt::Display for PlanInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text_within(usize::MAX))
    }
}

impl PlanInfo {
    /// The table for a page of so many columns.
    #[must_use]
    pub fn to_text_within(&self, columns: usize) -> String {
        table(self, columns, |_| String::new())
    }
}

impl Profile {
    /// The mean time of each step over the recorded runs: of the thread that took longest.
    #[must_use]
    pub fn times(&self) -> Vec<Duration> {
        let threads = self.events.iter().map(|event| event.thread + 1).max().unwrap_or(1);
        let mut totals = vec![vec![Duration::ZERO; threads]; self.plan.steps.len()];
        for event in &self.events {
            totals[event.step][event.thread] += event.end - event.start;
        }
        let longest = totals.iter().map(|by_thread| by_thread.iter().max().copied());
        longest.map(|time| time.unwrap_or_default() / self.runs.max(1)).collect()
    }

    /// The recorded runs in the Trace Event Format, which Chrome's `about:tracing` and Perfetto open
    /// once it is written as JSON.
    #[must_use]
    pub fn trace(&self) -> Trace<'_> {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let event = |event: &Event| {
            let StepInfo { kernel, phase, fused, rows, .. } = &self.plan.steps[event.step];
            TraceEvent {
                name: kernel,
                ph: "X",
                pid: 1,
                tid: event.thread,
                ts: micros(event.start),
                dur: micros(event.end - event.start),
                args: TraceArguments { phase: *phase, fused, rows: *rows },
            }
        };
        let trace_events = self.events.iter().map(event).collect();
        Trace { trace_events, display_time_unit: "ns" }
    }
}

/// A profile in the Trace Event Format, to be written as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace<'a> {
    trace_events: Vec<TraceEvent<'a>>,
    display_time_unit: &'static str,
}

/// One thread's part in one step, under the names that the format gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct TraceEvent<'a> {
    name: &'a str,
    ph: &'static str,
    pid: u32,
    tid: usize,
    ts: f64,
    dur: f64,
    args: TraceArguments<'a>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct TraceArguments<'a> {
    phase: usize,
    fused: &'a [String],
    rows: usize,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text_within(usize::MAX))
    }
}

impl Profile {
    /// The table for a page of so many columns.
    #[must_use]
    pub fn to_text_within(&self, columns: usize) -> String {
        let times = self.times();
        let total: Duration = times.iter().sum();
        let table = table(&self.plan, columns, |at| match times.get(at) {
            Some(time) => format!("{:>9.2}  ", time.as_secs_f64() * 1e6),
            None => "  time/µs  ".into(),
        });
        let total = total.as_secs_f64() * 1e6;
        format!("{table}{total:.2} µs in steps, mean of {} runs\n", self.runs)
    }
}
