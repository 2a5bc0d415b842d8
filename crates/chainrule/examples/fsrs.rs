//! FSRS-6, the model by which flash cards are scheduled: 21 weights say how stability and difficulty of a
//! memory change at a review, and the chance to remember follows from the stability and the days since.
//! Trained on reviews that a learner of known weights gives, and checked against them.
//!
//! The formulas are those of the algorithm's own page: <https://github.com/open-spaced-repetition/awesome-fsrs/wiki/The-Algorithm>.
//!
//! `cargo run --release --example fsrs -p chainrule`, or with `-- time 512` for the time of one step

use std::time::Instant;

use chainrule::check::{self, Settings};
use chainrule::optim::{Optimizer, Rates};
use chainrule::random::{Stream, generator};
use chainrule::tensor::Real;
use chainrule::{Graph, Parameters, Plan, Result, State, Tensor, Var};
use rand::RngExt;

/// Reviews of a card at most; what a shorter history lacks is masked.
const REVIEWS: usize = 32;

/// The weights that FSRS-6 starts from: the learner's.
const WEIGHTS: [f64; 21] = [
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835,
    0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
];

const STABILITY: [f64; 2] = [0.001, 36_500.0];
const DIFFICULTY: [f64; 2] = [1.0, 10.0];

/// Histories of cards, a row each: the days since the review before, the rating from 1 (again) to 4
/// (easy), and 1 where a review counts: not the first one, nor a second one of a day.
#[derive(Default)]
struct Histories {
    days: Vec<f64>,
    rating: Vec<f64>,
    counts: Vec<f64>,
    /// The mean of −ln of the chances that the learner's own weights gave what came.
    least_loss: f64,
}

/// The graph of a batch's loss.
struct Model<'g> {
    weights: Var<'g>,
    loss: Var<'g>,
}

/// What a memory is between two reviews.
#[derive(Clone, Copy)]
struct Memory<V> {
    stability: V,
    difficulty: V,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next().map(|batch| batch.parse())) {
        (None, None) => train(),
        (Some("time"), Some(Ok(batch @ 1..))) => time(batch),
        _ => {
            eprintln!("usage: fsrs [time BATCH]");
            std::process::exit(2);
        }
    }
}

/// Finds the weights from reviews, and checks what was found.
fn train() -> Result<()> {
    const BATCH: usize = 256;
    const BATCHES: usize = 16;
    let histories = Histories::of_learner(BATCHES * BATCH, 1);
    let g = Graph::new();
    let model = Model::record(&g, BATCH);
    let (mut plan, mut parameters, mut state) = model.step()?;
    let mut losses = Vec::new();
    for epoch in 0..20 {
        let mut sum = 0.0;
        for batch in 0..BATCHES {
            histories.feed(&mut plan, batch * BATCH, BATCH)?;
            plan.step_with(&mut parameters, &mut state)?.finite()?;
            sum += f64::from(plan.value(model.loss)?[0]);
        }
        losses.push(sum / BATCHES as f64);
        if epoch % 5 == 0 {
            println!("epoch {epoch:>2}  loss {:.4}", losses[epoch]);
        }
    }
    let (first, last, least) = (losses[0], losses[losses.len() - 1], histories.least_loss);
    println!("loss at the end {last:.4}, by the learner's own weights {least:.4}");
    assert!(last < first - 0.005 && last - least < 0.002);
    // Some weights matter little to a learner's reviews; these do.
    let found = parameters.get("w")?.values();
    for (name, at) in [("stability after good", 2), ("growth", 8), ("spacing", 10), ("decay", 20)] {
        let (found, right) = (f64::from(found[at]), WEIGHTS[at]);
        println!("{name}: {:.3} at first, {found:.3} found, {right:.3} right", start(at));
        assert!((found / right - 1.0).abs() < 0.2);
    }
    check(&histories, &parameters)
}

/// Holds gradients, in f64 and for a few cards, against differences.
fn check(histories: &Histories, parameters: &Parameters<f32>) -> Result<()> {
    const CARDS: usize = 8;
    let g = Graph::new();
    let loss = Model::record(&g, CARDS).loss;
    let feed = |plan: &mut Plan<f64>| histories.feed(plan, 0, CARDS);
    let report = check::gradients(&g, loss, parameters, feed, &Settings::default())?;
    println!("gradients of {} weights checked", report.parameters[0].checked);
    assert!(report.passed && report.parameters[0].checked == WEIGHTS.len(), "{report:?}");
    Ok(())
}

impl<'g> Model<'g> {
    /// The mean over the reviews that count of −ln of the chance of what came.
    fn record(g: &'g Graph, batch: usize) -> Self {
        let inputs = ["days", "rating", "counts"].map(|name| g.input(name, [batch, REVIEWS]));
        let weights = g.parameter("w", [WEIGHTS.len()]);
        let w: Vec<Var<'g>> = (0..WEIGHTS.len()).map(|i| weights.index(0, i as isize)).collect();
        let counted = inputs[2].sum(&[]);
        let mut memory = first_memory(&w, inputs[1].index(1, 0));
        let mut total = g.constant(0.0);
        for at in 1..REVIEWS {
            let [days, rating, counts] = inputs.map(|x| x.index(1, at as isize));
            let recall = recall(&w, days, memory.stability);
            let chance = rating.greater(g.constant(1.0)).select(recall, 1.0 - recall);
            total -= counts.select(chance, g.constant(1.0)).ln();
            memory = next_memory(&w, memory, recall, days, rating);
        }
        Self { weights, loss: total.sum(&[]) / counted }
    }

    /// A step of Adam, from weights that are off.
    fn step(&self) -> Result<(Plan<f32>, Parameters<f32>, State<f32>)> {
        let g = self.weights.graph();
        let gradients = g.backward(self.loss, &[self.weights]);
        let rates = Rates::constant(g, 0.02);
        let updates = Optimizer::adam().updates(&rates, &[self.weights], &gradients);
        let mut parameters = Parameters::new();
        let start = (0..WEIGHTS.len()).map(|at| start(at) as f32);
        parameters.insert("w", Tensor::new([WEIGHTS.len()], start.collect())?);
        Ok((g.compile_step(self.loss, &updates)?, parameters, State::new()))
    }
}

/// What training starts from: weights up to 30 % off.
fn start(at: usize) -> f64 {
    WEIGHTS[at] * [0.7, 1.2, 1.3][at % 3]
}

/// The chance to remember after so many days: 0.9 after as many as the stability is.
fn recall<'g>(w: &[Var<'g>], days: Var<'g>, stability: Var<'g>) -> Var<'g> {
    let factor = (-0.9_f64.ln() / w[20]).exp() - 1.0;
    (factor * days / stability + 1.0).powv(-w[20])
}

fn first_memory<'g>(w: &[Var<'g>], rating: Var<'g>) -> Memory<Var<'g>> {
    let is = |number| rating.equal(rating.graph().constant(number));
    let stability = is(1.0).select(w[0], is(2.0).select(w[1], is(3.0).select(w[2], w[3])));
    Memory { stability, difficulty: clamp(first_difficulty(w, rating), DIFFICULTY) }
}

fn first_difficulty<'g>(w: &[Var<'g>], rating: Var<'g>) -> Var<'g> {
    w[4] - (w[5] * (rating - 1.0)).exp() + 1.0
}

/// The memory after a review with this rating, before which it was recalled with this chance.
fn next_memory<'g>(
    w: &[Var<'g>],
    Memory { stability: s, difficulty: d }: Memory<Var<'g>>,
    recall: Var<'g>,
    days: Var<'g>,
    rating: Var<'g>,
) -> Memory<Var<'g>> {
    let number = |value| s.graph().constant(value);
    let is = |value| rating.equal(number(value));
    let forgotten = 1.0 - recall;
    let growth = w[8].exp() * (11.0 - d) * s.powv(-w[9]) * ((w[10] * forgotten).exp() - 1.0);
    let recalled = s
        * (growth * is(2.0).select(w[15], number(1.0)) * is(4.0).select(w[16], number(1.0)) + 1.0);
    let lapsed = w[11] * d.powv(-w[12]) * ((s + 1.0).powv(w[13]) - 1.0) * (w[14] * forgotten).exp();
    let lapsed = lapsed.minimum(s / (w[17] * w[18]).exp());
    let again = (w[17] * (rating - 3.0 + w[18])).exp() * s.powv(-w[19]);
    let same_day = s * rating.greater_equal(number(3.0)).select(again.maximum(number(1.0)), again);
    let stability = days.equal(number(0.0)).select(same_day, is(1.0).select(lapsed, recalled));

    let moved = d - w[6] * (rating - 3.0) * (10.0 - d) / 9.0;
    let easiest = first_difficulty(w, number(4.0));
    let difficulty = w[7] * easiest + (1.0 - w[7]) * moved;
    Memory { stability: clamp(stability, STABILITY), difficulty: clamp(difficulty, DIFFICULTY) }
}

fn clamp<'g>(x: Var<'g>, [least, most]: [f64; 2]) -> Var<'g> {
    x.maximum(x.graph().constant(least)).minimum(x.graph().constant(most))
}

impl Histories {
    /// Reviews of a learner whose memory is the model with [`WEIGHTS`]: the same formulas on numbers.
    fn of_learner(cards: usize, seed: u64) -> Self {
        let w = WEIGHTS;
        let mut rng = generator(seed, Stream::Split);
        let mut histories = Self::default();
        let mut chances = 0.0;
        let first_difficulty = |rating: f64| w[4] - (w[5] * (rating - 1.0)).exp() + 1.0;
        for _ in 0..cards {
            let reviews = rng.random_range(8..=REVIEWS);
            let mut memory: Option<Memory<f64>> = None;
            for at in 0..REVIEWS {
                let passed = [2.0, 3.0, 3.0, 3.0, 3.0, 4.0][rng.random_range(0..6)];
                let luck: f64 = rng.random();
                let Some(Memory { stability: s, difficulty: d }) = memory else {
                    let rating = if luck < 0.3 { 1.0 } else { passed };
                    histories.push(0.0, rating, false);
                    let difficulty = first_difficulty(rating).clamp(DIFFICULTY[0], DIFFICULTY[1]);
                    memory = Some(Memory { stability: w[rating as usize - 1], difficulty });
                    continue;
                };
                // A card comes early or late, and at times again on its day.
                let due = s * rng.random_range(0.3..3.0);
                let days =
                    if rng.random::<f64>() < 0.1 { 0.0 } else { due.clamp(1.0, 3650.0).round() };
                let factor = 0.9_f64.powf(-1.0 / w[20]) - 1.0;
                let recall = (1.0 + factor * days / s).powf(-w[20]);
                let rating = if luck < recall { passed } else { 1.0 };
                let counts = days > 0.0 && at < reviews;
                histories.push(days, rating, counts);
                if counts {
                    chances -= if rating > 1.0 { recall.ln() } else { (1.0 - recall).ln() };
                }
                let stability = if days == 0.0 {
                    let again = (w[17] * (rating - 3.0 + w[18])).exp() * s.powf(-w[19]);
                    s * if rating >= 3.0 { again.max(1.0) } else { again }
                } else if rating == 1.0 {
                    let lapsed = w[11]
                        * d.powf(-w[12])
                        * ((s + 1.0).powf(w[13]) - 1.0)
                        * (w[14] * (1.0 - recall)).exp();
                    lapsed.min(s / (w[17] * w[18]).exp())
                } else {
                    let bonus = [w[15], 1.0, w[16]][rating as usize - 2];
                    let growth = w[8].exp() * (11.0 - d) * s.powf(-w[9]);
                    s * (1.0 + growth * ((w[10] * (1.0 - recall)).exp() - 1.0) * bonus)
                };
                let moved = d - w[6] * (rating - 3.0) * (10.0 - d) / 9.0;
                let difficulty = w[7] * first_difficulty(4.0) + (1.0 - w[7]) * moved;
                memory = Some(Memory {
                    stability: stability.clamp(STABILITY[0], STABILITY[1]),
                    difficulty: difficulty.clamp(DIFFICULTY[0], DIFFICULTY[1]),
                });
            }
        }
        let counted: f64 = histories.counts.iter().sum();
        Self { least_loss: chances / counted, ..histories }
    }

    fn push(&mut self, days: f64, rating: f64, counts: bool) {
        self.days.push(days);
        self.rating.push(rating);
        self.counts.push(if counts { 1.0 } else { 0.0 });
    }

    /// Feeds so many cards from this one on.
    fn feed<T: Real>(&self, plan: &mut Plan<T>, first: usize, cards: usize) -> Result<()> {
        let rows = first * REVIEWS..(first + cards) * REVIEWS;
        for (name, values) in
            [("days", &self.days), ("rating", &self.rating), ("counts", &self.counts)]
        {
            let values: Vec<T> = values[rows.clone()].iter().map(|&x| T::from_f64(x)).collect();
            plan.feed(name, &values)?;
        }
        Ok(())
    }
}

/// Times a step on one thread as `chainrule bench` does, and prints it as JSON.
fn time(batch: usize) -> Result<()> {
    const SAMPLES: usize = 7;
    let g = Graph::new();
    let model = Model::record(&g, batch);
    let (mut plan, mut parameters, mut state) = model.step()?;
    Histories::of_learner(batch, 1).feed(&mut plan, 0, batch)?;
    let mut samples = Vec::new();
    // The first one warms up.
    for _ in 0..=SAMPLES {
        const STEPS: u32 = 500;
        let start = Instant::now();
        for _ in 0..STEPS {
            plan.step_with(&mut parameters, &mut state)?.finite()?;
        }
        samples.push(start.elapsed().as_secs_f64() * 1e6 / f64::from(STEPS));
    }
    samples[1..].sort_unstable_by(f64::total_cmp);
    let (median, least) = (samples[1 + SAMPLES / 2], samples[1]);
    println!(
        r#"{{"library": "chainrule", "threads": 1, "median_us": {median:.2}, "min_us": {least:.2}}}"#
    );
    Ok(())
}
