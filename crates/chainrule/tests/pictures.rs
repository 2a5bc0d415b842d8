//! Convolutions, pooling and resizing against `golden/pictures.json`, which `golden/pictures.py` wrote with PyTorch
//! in f64.

use chainrule::ops::{Convolution, Pooling};
use chainrule::{Graph, Tensor, Var};
use serde::Deserialize;

#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Case {
    operation: String,
    x: Array,
    w: Option<Array>,
    y: Array,
    dx: Array,
    dw: Option<Array>,
    #[serde(default)]
    size: Vec<usize>,
    #[serde(default)]
    stride: Vec<usize>,
    #[serde(default)]
    padding: Vec<usize>,
    #[serde(default)]
    dilation: Vec<usize>,
    #[serde(default)]
    more: Vec<usize>,
    #[serde(default)]
    groups: usize,
    #[serde(default)]
    is_ceil: bool,
    #[serde(default)]
    counts_padding: bool,
}

fn fixed<const N: usize>(list: &[usize]) -> [usize; N] {
    list.try_into().unwrap()
}

impl Case {
    fn convolution<const N: usize>(&self) -> Convolution<N> {
        let (stride, dilation) = (fixed(&self.stride), fixed(&self.dilation));
        let how = Convolution { stride, dilation, groups: self.groups, ..Convolution::default() };
        how.padded(fixed(&self.padding))
    }

    fn pooling(&self) -> Pooling<2> {
        Pooling {
            stride: fixed(&self.stride),
            padding: fixed(&self.padding).map(|zeros| (zeros, zeros)),
            dilation: fixed(&self.dilation),
            is_ceil: self.is_ceil,
            counts_padding: self.counts_padding,
            ..Pooling::of(fixed(&self.size))
        }
    }

    fn record<'g>(&self, x: Var<'g>, w: Option<Var<'g>>) -> Var<'g> {
        let axes = self.x.shape.len() - 2;
        match (&*self.operation, w) {
            ("conv", Some(w)) => match axes {
                1 => x.conv(w, self.convolution::<1>()),
                2 => x.conv(w, self.convolution::<2>()),
                _ => x.conv(w, self.convolution::<3>()),
            },
            ("conv_transpose", Some(w)) => match axes {
                1 => x.conv_transpose(w, self.convolution::<1>(), fixed(&self.more)),
                _ => x.conv_transpose(w, self.convolution::<2>(), fixed(&self.more)),
            },
            ("max_pool", _) => x.max_pool(self.pooling()),
            ("average_pool", _) => x.average_pool(self.pooling()),
            ("adaptive_average_pool", _) => x.adaptive_average_pool::<2>(fixed(&self.size)),
            ("adaptive_max_pool", _) => x.adaptive_max_pool::<2>(fixed(&self.size)),
            ("upsample_nearest", _) => x.upsample_nearest::<2>(fixed(&self.size)),
            ("resize_linear", _) => x.resize_linear::<2>(fixed(&self.size)),
            (other, _) => panic!("there is no {other}"),
        }
    }
}

/// The script's irregular numbers.
fn numbers(count: usize, seed: f64) -> Vec<f64> {
    let number = |i: usize| (12.9898 * (i as f64 + 1.0) + 78.233 * seed).sin() * 43758.5453;
    (0..count).map(|i| number(i).rem_euclid(2.0) - 1.0).collect()
}

fn assert_near(found: &[f64], expected: &Array, what: &str) {
    assert_eq!(found.len(), expected.values.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(&expected.values).enumerate() {
        assert!(
            (found - expected).abs() <= 1e-7 * expected.abs().max(1.0),
            "{what}, element {at}: {found}, {expected} in PyTorch"
        );
    }
}

#[test]
fn values_and_gradients_are_pytorchs() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/pictures.json")).unwrap();
    assert!(cases.len() > 30);
    for (at, case) in cases.iter().enumerate() {
        let what = format!("{} {at}", case.operation);
        let g = Graph::new();
        let input = |name, array: &Array| g.input(name, &*array.shape);
        let (x, w) = (input("x", &case.x), case.w.as_ref().map(|w| input("w", w)));
        let y = case.record(x, w);
        assert_eq!(y.shape().dims(), case.y.shape, "{what}");
        let upstream = Tensor::new(y.shape(), numbers(y.shape().len(), 9.0)).unwrap();
        let loss = (y * g.constant_tensor(upstream)).sum(&[]);
        let inputs: Vec<Var<'_>> = [Some(x), w].into_iter().flatten().collect();
        let gradients = g.backward(loss, &inputs);
        let mut plan = g.compile::<f64>(&[&[y], &gradients[..]].concat()).unwrap();
        // A sum and a mean need no values for their gradients.
        for (name, array) in [("x", Some(&case.x)), ("w", case.w.as_ref())] {
            let Some(array) = array else { continue };
            plan.feed(name, &array.values).unwrap();
        }
        plan.run().unwrap();
        assert_near(plan.value(y).unwrap(), &case.y, &what);
        assert_near(plan.value(gradients[0]).unwrap(), &case.dx, &format!("{what}, dx"));
        if let Some(dw) = &case.dw {
            assert_near(plan.value(gradients[1]).unwrap(), dw, &format!("{what}, dw"));
        }
    }
}
