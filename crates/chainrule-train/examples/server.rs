//! Eight threads ask one model, each for batches of another size; all get what one thread gets.

use std::thread;

use chainrule::nn::{Init, Model, Network, Relu};
use chainrule::{Result, random};

fn main() -> Result<()> {
    let network = Network::fully_connected(&[784, 50, 10], Relu, Init::He)?;
    let model = Model::<f32>::new(&network, network.initial(0)?)?;
    let rows = random::uniform(64 * 784, 0);
    let answer = |size: usize| model.predict(&rows[..size * 784]);

    let wanted = (1..=64).map(answer).collect::<Result<Vec<_>>>()?;
    let ask = |thread: usize| {
        let mut sizes = (0..80).map(|at| (8 * thread + at) % 64 + 1);
        sizes.try_for_each(|size| answer(size).map(|found| assert_eq!(found, wanted[size - 1])))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|thread| scope.spawn(move || ask(thread))).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("the same answers"))
    })?;
    println!("640 answers, all the same");
    Ok(())
}
