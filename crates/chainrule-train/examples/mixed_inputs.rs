//! A city, an area and an age in; a price and a class out: inputs of two kinds, two heads, two losses.

use chainrule_train::prelude::*;

fn main() -> Result<()> {
    let (city, numbers) = (random::labels(2000, 5, 0), random::uniform(2 * 2000, 0));
    let price = |(&city, x): (&u32, &[f32])| 0.5 * (city + 1) as f32 * (1.0 + x[0]) - 0.3 * x[1];
    let price = Vec::from_iter(city.iter().zip(numbers.chunks(2)).map(price));
    let dear = price.iter().map(|&price| u32::from(price > 2.5)).collect();
    let data = Arrays::new().labels("city", [], 5, city)?.real("numbers", [2], numbers)?;
    let data = data.real("price", [], price)?.labels("dear", [], 2, dear)?;

    let house = from_values(|cx, x| {
        let inputs = cx.embedding("city", 4, x["city"]).concat(1, &[x["numbers"]]);
        let hidden = cx.affine("body", 32, inputs).relu();
        let price = cx.affine("price", 1, hidden).squeeze(1);
        Values::named([("price", price), ("dear", cx.affine("dear", 2, hidden))])
    });
    let house = Network::new(house, [Field::labels("city", [], 5), Field::real("numbers", [2])])?;
    let config = Config { batch_size: 50, epochs: 20, ..Config::default() };
    let parts = DataParts::train(data.clone()).test(data);
    let mut trainer = Trainer::<f32>::new(&house, &config, parts)?
        .part("price", 1.0, |y, t| y["price"].mean_squared_error(t["price"]))
        .part("dear", 0.3, |y, t| y["dear"].softmax_with_loss(t["dear"]))
        .optimizer("*", Adam::default(), 0.01)
        .metric("right", |y, t| y["dear"].argmax(1).equal(t["dear"]).mean(&[]));
    trainer.train()?;

    let (rmse, right) = (trainer.score("test_loss_price")?.sqrt(), trainer.score("test_right")?);
    println!("RMSE of the price {rmse:.3}, accuracy of the class {right:.3}");
    assert!(rmse < 0.1 && right > 0.97);
    Ok(())
}
