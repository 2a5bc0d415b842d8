//! Who likes what: factors of users and things are learned from some of their ratings and foretell the rest.

use chainrule::nn::{Cx, Field, Init, Network, from_values};
use chainrule::optim::Adam;
use chainrule::random::{Stream, generator};
use chainrule::{Graph, Result, State};
use rand::seq::SliceRandom;

const USERS: usize = 60;
const THINGS: usize = 40;
const FACTORS: usize = 3;
const BATCH: usize = 100;

fn main() -> Result<()> {
    let data = Graph::new();
    let tastes = data.random_normal([USERS, FACTORS], 0, 0, 0);
    let likes = tastes.matmul(data.random_normal([FACTORS, THINGS], 0, 1, 0)) / 3_f64.sqrt();
    let likes: Vec<f32> = likes.eval()?.values().iter().map(|&x| x as f32).collect();

    let net = from_values(|cx, x| {
        let normal = Init::Normal { deviation: 1.0 };
        let user = cx.param("users", [USERS, FACTORS], normal).gather(0, x["user"]);
        let thing = cx.param("things", [THINGS, FACTORS], normal).gather(0, x["thing"]);
        (user * thing).sum(&[1]).into()
    });
    let net =
        Network::new(net, [Field::labels("user", [], USERS), Field::labels("thing", [], THINGS)])?;
    let g = Graph::new();
    let cx = Cx::predict(&g);
    let error = (net.record(&cx, BATCH).one() - g.input("likes", [BATCH])).square().mean(&[]);
    let mut step = cx.minimise::<f32>(error, &Adam::default(), 0.02)?;
    let mut score = g.compile::<f32>(&[error])?;

    let mut order: Vec<usize> = (0..USERS * THINGS).collect();
    let mut rng = generator(0, Stream::Shuffle(0));
    order.shuffle(&mut rng);
    let (known, hidden) = order.split_at_mut(1800);
    let feed = |plan: &mut chainrule::Plan<f32>, pairs: &[usize]| {
        let labels =
            |of: &dyn Fn(usize) -> usize| pairs.iter().map(|&i| of(i) as u32).collect::<Vec<_>>();
        plan.feed_labels("user", &labels(&|i| i / THINGS))?;
        plan.feed_labels("thing", &labels(&|i| i % THINGS))?;
        plan.feed("likes", &pairs.iter().map(|&i| likes[i]).collect::<Vec<_>>())
    };
    let (mut parameters, mut state) = (net.initial(0)?, State::new());
    for _ in 0..100 {
        known.shuffle(&mut rng);
        for pairs in known.chunks(BATCH) {
            feed(&mut step, pairs)?;
            step.step_with(&mut parameters, &mut state)?;
        }
    }

    let mut squares = Vec::new();
    for pairs in hidden.chunks(BATCH) {
        feed(&mut score, pairs)?;
        score.run_with(&parameters)?;
        squares.push(score.value(error)?[0]);
    }
    let rmse = (squares.iter().sum::<f32>() / squares.len() as f32).sqrt();
    println!("RMSE of ratings never seen {rmse:.3}");
    assert!(rmse < 0.1);
    Ok(())
}
