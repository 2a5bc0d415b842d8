//! A recurrent network (GRU) that learns a text letter by letter, and writes it again.

use chainrule::nn::{Affine, Cx, Field, Init, Module, Network, Values};
use chainrule::optim::Adam;
use chainrule::{Graph, Result, State, Var};

const HIDDEN: usize = 64;
const TEXT: &str = "a long chain of small factors, each of them simple: here is our whole rule. ";

/// A cell with gates z and r (Cho et al., 2014): h' = z·h + (1 − z)·tanh(W·[x, r·h]).
fn cell<'g>(cx: &Cx<'g>, x: Var<'g>, h: Var<'g>) -> Var<'g> {
    let affine = |name: &str, outputs, v: Var<'g>| {
        cx.call(name, &Affine::new(outputs, Init::Xavier), v).one()
    };
    let [z, r] = affine("gates", 2 * HIDDEN, x.concat(1, &[h])).sigmoid().chunk(1);
    z * h + (1 - z) * affine("new", HIDDEN, x.concat(1, &[r * h])).tanh()
}

struct Writer(usize);

impl Module for Writer {
    fn forward<'g>(&self, cx: &Cx<'g>, x: Values<'g>) -> Values<'g> {
        let (x, mut h) = (x["letters"], x["state"]);
        let embed = cx.param("embed", [self.0, 16], Init::Normal { deviation: 1.0 });
        let states = (0..x.size(1) as isize).map(|t| {
            h = cell(&cx.shared("cell"), embed.gather(0, x.index(1, t)), h);
            h
        });
        let states = cx.graph().stack(1, &states.collect::<Vec<_>>());
        let logits = cx.call("head", &Affine::new(self.0, Init::Xavier), states).one();
        Values::named([("logits", logits), ("state", h)])
    }
}

fn main() -> Result<()> {
    let text: Vec<u8> = TEXT.repeat(2).into_bytes();
    let mut letters = text.clone();
    letters.sort_unstable();
    letters.dedup();
    let n = letters.len();
    let codes: Vec<u32> =
        text.iter().map(|c| letters.iter().position(|l| l == c).unwrap_or(0) as u32).collect();
    let net = |time| {
        Network::new(
            Writer(n),
            [Field::labels("letters", [time], n), Field::real("state", [HIDDEN])],
        )
    };

    let windows: Vec<&[u32]> = codes.windows(33).step_by(3).collect();
    let (g, batch) = (Graph::new(), windows.len());
    let cx = Cx::predict(&g);
    let logits = net(32)?.record(&cx, batch)["logits"];
    let next = g.labels("next", [batch * 32], n);
    let loss = logits.reshape([batch * 32, n]).softmax_with_loss(next);
    let mut step = cx.minimise::<f32>(loss, &Adam::default(), 5e-3)?;
    step.feed_labels(
        "letters",
        &windows.iter().flat_map(|w| &w[..32]).copied().collect::<Vec<_>>(),
    )?;
    step.feed_labels("next", &windows.iter().flat_map(|w| &w[1..]).copied().collect::<Vec<_>>())?;
    step.feed("state", &vec![0.0; batch * HIDDEN])?;
    let (mut parameters, mut state) = (cx.initial(0)?, State::new());
    for _ in 0..300 {
        step.step_with(&mut parameters, &mut state)?;
    }

    let g = Graph::new();
    let answer = net(1)?.record(&Cx::predict(&g), 1);
    let (best, h) = (answer["logits"].argmax(2), answer["state"]);
    let mut writer = g.compile::<f32>(&[best, h])?;
    writer.feed("state", &[0.0; HIDDEN])?;
    let mut written = Vec::new();
    let mut letter = codes[0];
    // The first letters are given; the others are its own.
    for given in codes[1..66].iter().enumerate().map(|(at, &code)| (at < 15).then_some(code)) {
        writer.feed_labels("letters", &[letter])?;
        writer.run_with(&parameters)?;
        let state = writer.value(h)?.to_vec();
        writer.feed("state", &state)?;
        letter = given.unwrap_or(writer.labels(best)?[0]);
        written.push(letters[letter as usize]);
    }
    let (written, loss) = (String::from_utf8_lossy(&written).into_owned(), step.value(loss)?[0]);
    println!("loss {loss:.3}: {}", &written[15..]);
    assert!(loss < 0.2 && written.as_bytes() == &text[1..66]);
    Ok(())
}
