//! An actor and a critic on one trunk learn to walk to the right end of a corridor of eight places.

use chainrule::nn::{Affine, Cx, Field, Init, Network, Values, from_values};
use chainrule::optim::Adam;
use chainrule::random::{Stream, generator};
use chainrule::{Graph, Result, State};
use rand::RngExt;

const PLACES: usize = 8;
const WALKERS: usize = 32;
const DISCOUNT: f32 = 0.9;

fn main() -> Result<()> {
    let net = from_values(|cx, x| {
        let hidden = cx
            .call("trunk", &Affine::new(32, Init::Xavier), x["place"].one_hot(PLACES))
            .one()
            .tanh();
        let head = |name, outputs| cx.call(name, &Affine::new(outputs, Init::Xavier), hidden).one();
        Values::named([("actor", head("actor", 2)), ("critic", head("critic", 1).squeeze(1))])
    });
    let net = Network::new(net, [Field::labels("place", [], PLACES)])?;
    let plan = |batch: usize| -> Result<_> {
        let g = Graph::new();
        let said = net.record(&Cx::predict(&g), batch);
        let right = said["actor"].softmax_over(1).index(1, 1).output("right");
        g.compile::<f32>(&[right, said["critic"].output("value")])
    };
    let (mut ask, mut map) = (plan(WALKERS)?, plan(PLACES)?);

    let g = Graph::new();
    let cx = Cx::predict(&g);
    let said = net.record(&cx, WALKERS);
    let advantage = g.input("target", [WALKERS]) - said["critic"];
    let action = g.labels("action", [WALKERS], 2).unsqueeze(1);
    let chosen = said["actor"].log_softmax().take_along_axis(1, action).squeeze(1);
    let loss = (advantage.square() - advantage.stop_gradient() * chosen).mean(&[]);
    let mut step = cx.minimise::<f32>(loss, &Adam::default(), 0.01)?;

    let (mut parameters, mut state) = (net.initial(0)?, State::new());
    let mut rng = generator(0, Stream::Split);
    for _ in 0..60 {
        let mut place = vec![0_u32; WALKERS];
        for _ in 0..16 {
            ask.feed_labels("place", &place)?;
            ask.run_with(&parameters)?;
            let action: Vec<u32> =
                ask.value("right")?.iter().map(|&p| u32::from(rng.random::<f32>() < p)).collect();
            let walk = |(&place, &action): (&u32, &u32)| {
                (place + 2 * action).saturating_sub(1).min(PLACES as u32 - 1)
            };
            let after: Vec<u32> = place.iter().zip(&action).map(walk).collect();
            ask.feed_labels("place", &after)?;
            ask.run_with(&parameters)?;
            let is_there = |place: u32| place == PLACES as u32 - 1;
            let worth = |(&place, value): (&u32, &f32)| {
                if is_there(place) { 1.0 } else { DISCOUNT * value }
            };
            let target: Vec<f32> = after.iter().zip(ask.value("value")?).map(worth).collect();
            step.feed_labels("place", &place)?;
            step.feed_labels("action", &action)?;
            step.feed("target", &target)?;
            step.step_with(&mut parameters, &mut state)?;
            place =
                after.into_iter().map(|place| if is_there(place) { 0 } else { place }).collect();
        }
    }

    map.feed_labels("place", &[0, 1, 2, 3, 4, 5, 6, 7])?;
    map.run_with(&parameters)?;
    let least = map.value("right")?[..7].iter().fold(1.0, |least: f32, p| least.min(*p));
    let errors = map.value("value")?[..7]
        .iter()
        .enumerate()
        .map(|(at, v)| (v - DISCOUNT.powi(6 - at as i32)).abs());
    let error = errors.fold(0.0, f32::max);
    println!("least chance to go right {least:.2}, largest error of a value {error:.2}");
    assert!(least > 0.9 && error < 0.15);
    Ok(())
}
