//! Who likes what: factors of users and things are learned from some of their ratings and foretell the rest.

use chainrule::prelude::*;

const USERS: usize = 60;
const THINGS: usize = 40;

/// How far foretold ratings are off, for pairs that are numbered user by user.
fn error<'g>(cx: &Cx<'g>, likes: Var<'g>, pairs: Var<'g>) -> Var<'g> {
    let user = (pairs.to_real() / THINGS).to_labels(USERS);
    let thing = (pairs.to_real() - user.to_real() * THINGS).to_labels(THINGS);
    let factors = cx.embedding("users", 3, user) * cx.embedding("things", 3, thing);
    factors.sum(&[1]).mean_squared_error(likes.reshape([USERS * THINGS]).gather(0, pairs))
}

fn main() -> Result<()> {
    let g = Graph::new();
    let cx = Cx::new(&g).shared("");
    let tastes = g.random_normal([USERS, 3], 0, 0, 0) / 3_f64.sqrt();
    let likes = tastes.matmul(g.random_normal([3, THINGS], 0, 1, 0)).to_constant()?;
    let order = random::permutation(2400, 0);
    let (known, hidden) = order.split_at(1800);

    let loss = error(&cx, likes, g.labels("pairs", [100], 2400));
    let mut descent = cx.minimise::<f32>(loss, &Adam::default(), 0.02)?;
    descent.steps_on("pairs", random::batches(known.to_vec(), 100, 0).take(100 * 18))?;

    let hidden = error(&cx, likes, g.constant_labels([600], hidden, 2400));
    let rmse = descent.item(hidden.sqrt())?;
    println!("RMSE of ratings never seen {rmse:.3}");
    assert!(rmse < 0.1);
    Ok(())
}
