//! `bench`: times one training step, one inference or a graph of scalar nodes inside the process.
//!
//! `bench/peers` times other libraries by the same rules, so that the numbers can stand side by side.

mod network;
mod gru;
mod scalar;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use chainrule::Plan;
use serde::Serialize;

use crate::arguments::Bench;
use crate::print;
use crate::run::pool;
use network::Network;

/// Runs before the first sample: memory is touched, threads are awake, clocks are up.
const WARM_UP: usize = 5;

/// Samples, of which the median and the minimum are told.
const SAMPLES: usize = 7;

/// Floating-point operations of a sample, within the bounds of its count.
const OPERATIONS: f64 = 2e10;

/// A sample of a tiny network is at least this long, however many runs that takes.
const SHORTEST: Duration = Duration::from_millis(20);

/// Runs of a profile.
const PROFILED: usize = 50;

#[derive(Serialize)]
struct Report<'a> {
    library: &'static str,
    network: &'a str,
    threads: usize,
    median_us: f64,
    min_us: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gflops: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nodes_per_second: Option<f64>,
}

/// The seconds of one run.
struct Times {
    median: f64,
    min: f64,
}

pub fn bench(options: &Bench) -> Result<()> {
    let pool = pool(options.threads)?;
    let report = |times: &Times| Report {
        library: "chainrule",
        network: &options.network,
        threads: pool.threads(),
        median_us: rounded(times.median * 1e6),
        min_us: rounded(times.min * 1e6),
        gflops: None,
        nodes: None,
        nodes_per_second: None,
    };
    let report = if let Some(nodes) = options.network.strip_prefix("scalar:") {
        let nodes = scalar_nodes(nodes)?;
        let times = scalar::time_whole(&pool, nodes)?;
        let per_second = (nodes as f64 / times.median).round();
        Report { nodes: Some(nodes), nodes_per_second: Some(per_second), ..report(&times) }
    } else if options.network == "scalar" {
        only_steps(options)?;
        let (times, nodes) = scalar::time(&pool)?;
        let per_second = (nodes as f64 / times.median).round();
        Report { nodes: Some(nodes), nodes_per_second: Some(per_second), ..report(&times) }
    } else {
        let mut shown = String::new();
        let mut look = |plan: &mut Plan<f32>, run: &mut dyn FnMut(&mut Plan<f32>) -> Result<()>| {
            shown = look_at(options, plan, run)?;
            Ok(())
        };
        let (times, flops) = if options.network == "gru" {
            only_steps(options)?;
            (gru::time_step(&pool, &mut look)?, gru::flops())
        } else {
            let network: Network = options.network.parse()?;
            match (options.serve, options.inference) {
                (true, _) => (network.time_serving(&pool)?, network.forward_flops()),
                (_, true) => (network.time_inference(&pool, &mut look)?, network.forward_flops()),
                _ => (network.time_step(&pool, &mut look)?, network.step_flops()),
            }
        };
        if !shown.is_empty() {
            print::progress(&shown);
        }
        Report { gflops: Some(rounded(flops / times.median / 1e9)), ..report(&times) }
    };
    match options.json {
        true => print::json(&report),
        false => print::prose(&line(&report)),
    }
}

/// Refuses `--inference` and `--serve` where forward and backward are timed.
fn only_steps(options: &Bench) -> Result<()> {
    let network = &options.network;
    let option = match (options.inference, options.serve) {
        (true, _) => "--inference",
        (_, true) => "--serve",
        _ => return Ok(()),
    };
    bail!(crate::Usage(format!(
        "{option} belongs to a network of layers; {network} times forward and backward"
    )));
}

/// Graphs from what every graph of this kind has to what a small machine's memory holds.
fn scalar_nodes(text: &str) -> Result<usize> {
    let nodes = text.parse().ok().filter(|nodes| (1_000..=10_000_000).contains(nodes));
    nodes.ok_or_else(|| {
        let wanted = "a number of nodes from 1000 to 10000000, such as scalar:100000";
        crate::Usage(format!("`{text}` is no size of a scalar graph; give {wanted}")).into()
    })
}

/// The plan's steps, or with `--profile` the time of each, whose trace is written to the file.
fn look_at(
    options: &Bench,
    plan: &mut Plan<f32>,
    run: &mut dyn FnMut(&mut Plan<f32>) -> Result<()>,
) -> Result<String> {
    let Some(path) = &options.profile else {
        return Ok(if options.show_plan {
            plan.info().to_text_within(print::prose_columns())
        } else {
            String::new()
        });
    };
    plan.record(true);
    for _ in 0..PROFILED {
        run(plan)?;
    }
    let Some(profile) = plan.profile() else { return Ok(String::new()) };
    print::write_file(path, &serde_json::to_string(&profile.trace())?)?;
    Ok(profile.to_text_within(print::prose_columns()))
}

/// Times `once`, whose products take `flops` operations.
fn measure(flops: f64, mut once: impl FnMut() -> Result<()>) -> Result<Times> {
    let mut run = |count: usize| -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..count {
            once()?;
        }
        Ok(start.elapsed())
    };
    run(WARM_UP)?;
    let mut count = (OPERATIONS / flops).clamp(3.0, 500.0) as usize;
    let mut last = run(1)? * count as u32;
    while last < SHORTEST {
        // One run can be too short for the clock: see whether the believed number is enough.
        let missing = SHORTEST.as_secs_f64() / last.as_secs_f64().max(1e-9);
        count = (count + 1).max((1.1 * missing * count as f64) as usize);
        last = run(count)?;
    }
    let mut samples = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        samples.push(run(count)?.as_secs_f64() / count as f64);
    }
    samples.sort_unstable_by(f64::total_cmp);
    Ok(Times { median: samples[SAMPLES / 2], min: samples[0] })
}

/// Two decimals: below a hundredth of a microsecond there is only noise.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn line(report: &Report<'_>) -> String {
    let Report { network, threads, median_us, min_us, .. } = report;
    let rate = match (report.gflops, report.nodes_per_second) {
        (Some(gflops), _) => format!(", {gflops} GFLOP/s"),
        (_, Some(nodes)) => format!(", {:.2} million nodes/s", nodes / 1e6),
        _ => String::new(),
    };
    let s = if *threads == 1 { "" } else { "s" };
    format!("{network}, {threads} thread{s}: median {median_us} µs, minimum {min_us} µs{rate}\n")
}
