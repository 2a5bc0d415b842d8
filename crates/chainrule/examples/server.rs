//! Eight threads ask one model, each for batches of another size; all get what one thread gets.

use chainrule::prelude::*;

fn main() -> Result<()> {
    let network = Network::fully_connected(&[784, 50, 10], Relu, Init::He)?;
    let model = Model::<f32>::new(&network, network.initial(0)?)?;
    let rows = random::uniform(64 * 784, 0);
    let answer = |size: usize| model.predict(&rows[..size * 784]);
    let wanted = (1..=64).map(answer).collect::<Result<Vec<_>>>()?;
    let ask = |size: usize| assert!(answer(size).is_ok_and(|found| found == wanted[size - 1]));
    std::thread::scope(|scope| {
        for first in 0..8 {
            scope.spawn(move || (0..80).for_each(|at| ask((8 * first + at) % 64 + 1)));
        }
    });
    println!("640 answers, all the same");
    Ok(())
}
