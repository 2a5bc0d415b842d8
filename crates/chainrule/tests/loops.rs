//! What operations say of their loops, read by a plain generator's stand-in: it computes what they do.

use chainrule::graph::Source;
use chainrule::ops::{CumSum, Fold, Kind, Loop, Span, View};
use chainrule::{Graph, Parameters, Shape, Tensor, Var};

/// An array, whose labels are numbers too.
#[derive(Clone, Debug)]
struct Array {
    shape: Shape,
    values: Vec<f64>,
}

impl Array {
    /// An array whose elements are computed from their places.
    fn of(shape: Shape, element: impl Fn(&[usize]) -> f64) -> Self {
        let values = (0..shape.len()).map(|flat| element(&shape.index_of(flat))).collect();
        Self { shape, values }
    }

    fn at(&self, index: &[usize]) -> f64 {
        let strides = self.shape.strides();
        self.values[index.iter().zip(strides).map(|(i, stride)| i * stride).sum::<usize>()]
    }
}

/// The loop's own words, executed element by element.
fn execute(looped: Loop, operands: &[&Array], output: Shape) -> Array {
    let x = operands[0];
    let with = |index: &[usize], axis: usize, at: &[usize], skip: usize| {
        [&index[..axis], at, &index[axis + skip..]].concat()
    };
    match looped {
        Loop::Product => {
            let y = operands[1];
            Array::of(output, |index| {
                let (batch, rest) = index.split_at(index.len() - 2);
                let depth = x.shape.dims()[index.len() - 1];
                let term = |k: usize| {
                    x.at(&[batch, &[rest[0], k]].concat()) * y.at(&[batch, &[k, rest[1]]].concat())
                };
                (0..depth).map(term).sum()
            })
        }
        Loop::Reduce { fold, axes } => {
            let start = if fold == Fold::Sum { 0.0 } else { f64::NEG_INFINITY };
            let mut found = Array::of(output, |_| start);
            let strides = output.strides();
            for flat in 0..x.shape.len() {
                let index = x.shape.index_of(flat);
                let kept = (0..index.len()).filter(|&axis| !axes[axis]);
                let to: usize = kept.zip(strides).map(|(axis, stride)| index[axis] * stride).sum();
                let (old, new) = (found.values[to], x.values[flat]);
                found.values[to] = match fold {
                    Fold::Sum => old + new,
                    Fold::Max => old.max(new),
                };
            }
            found
        }
        Loop::Argmax { axis } => Array::of(output, |index| {
            let value = |at: usize| x.at(&with(index, axis, &[at], 0));
            let length = x.shape.dims()[axis];
            (1..length).fold(0, |best, at| if value(at) > value(best) { at } else { best }) as f64
        }),
        Loop::Tensordot { axes } => {
            let (x, y) = (operands[0], operands[1]);
            let own = x.shape.rank() - axes;
            let terms = Shape::new(&x.shape.dims()[own..]).unwrap();
            Array::of(output, |index| {
                let (rows, columns) = index.split_at(own);
                let term = |at: usize| {
                    let mut rest = at;
                    let mut place = vec![0; axes];
                    for axis in (0..axes).rev() {
                        place[axis] = rest % terms.dims()[axis];
                        rest /= terms.dims()[axis];
                    }
                    x.at(&[rows, &place].concat()) * y.at(&[&place, columns].concat())
                };
                (0..terms.len()).map(term).sum()
            })
        }
        Loop::Flip { axes } => Array::of(output, |index| {
            let place = |(axis, &at): (usize, &usize)| match axes[axis] {
                true => output.dims()[axis] - 1 - at,
                false => at,
            };
            operands[0].at(&index.iter().enumerate().map(place).collect::<Vec<_>>())
        }),
        Loop::Argsort { descending } => Array::of(output, |index| {
            let (&place, row) = index.split_last().unwrap();
            let length = output.dims()[row.len()];
            let value = |at: usize| x.at(&[row, &[at]].concat());
            let mut places: Vec<usize> = (0..length).collect();
            places.sort_by(|&a, &b| {
                let (a, b) = if descending { (b, a) } else { (a, b) };
                value(a).total_cmp(&value(b))
            });
            places[place] as f64
        }),
        Loop::CumSum { axis, exclusive, reverse } => Array::of(output, |index| {
            let is_added = |at: usize| {
                let (first, second) = if reverse { (index[axis], at) } else { (at, index[axis]) };
                first < second || (!exclusive && first == second)
            };
            let all = (0..output.dims()[axis]).filter(|&at| is_added(at));
            all.map(|at| x.at(&with(index, axis, &[at], 1))).sum()
        }),
        Loop::Gather { axis } => {
            let labels = operands[1];
            Array::of(output, |index| {
                let rank = labels.shape.rank();
                let label = labels.at(&index[axis..axis + rank]) as usize;
                x.at(&with(index, axis, &[label], rank))
            })
        }
        Loop::ScatterAdd { axis, length } => {
            assert_eq!(output.dims()[axis], length);
            let labels = operands[1];
            let mut found = Array::of(output, |_| 0.0);
            for flat in 0..x.shape.len() {
                let (index, rank) = (x.shape.index_of(flat), labels.shape.rank());
                let label = labels.at(&index[axis..axis + rank]) as usize;
                let to = with(&index, axis, &[label], rank);
                let strides = output.strides();
                found.values[to.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>()] +=
                    x.values[flat];
            }
            found
        }
        Loop::TakeAlong { axis } => Array::of(output, |index| {
            x.at(&with(index, axis, &[operands[1].at(index) as usize], 1))
        }),
        Loop::AddAlong { axis, length } => {
            assert_eq!(output.dims()[axis], length);
            let mut found = Array::of(output, |_| 0.0);
            for flat in 0..x.shape.len() {
                let index = x.shape.index_of(flat);
                let to = with(&index, axis, &[operands[1].at(&index) as usize], 1);
                let strides = output.strides();
                found.values[to.iter().zip(strides).map(|(i, s)| i * s).sum::<usize>()] +=
                    x.values[flat];
            }
            found
        }
        Loop::ToReal => x.clone(),
        Loop::ToLabels { bound } => {
            Array::of(output, |index| x.at(index).floor().clamp(0.0, bound as f64 - 1.0))
        }
        Loop::OneHot { classes } => Array::of(output, |index| {
            let (&class, label) = index.split_last().unwrap();
            assert!(class < classes);
            f64::from(u8::from(x.at(label) as usize == class))
        }),
        Loop::Concat { axis } => Array::of(output, |index| {
            let mut at = index.to_vec();
            for operand in operands {
                match operand.shape.dims()[axis] {
                    length if at[axis] < length => return operand.at(&at),
                    length => at[axis] -= length,
                }
            }
            panic!("beyond the last operand")
        }),
        Loop::Pad { axis, before, after } => {
            let length = x.shape.dims()[axis];
            assert_eq!(output.dims()[axis], before + length + after);
            Array::of(output, |index| match index[axis].checked_sub(before) {
                Some(at) if at < length => x.at(&with(index, axis, &[at], 1)),
                _ => 0.0,
            })
        }
        other => panic!("{other:?} has no loop of its own"),
    }
}

/// Computes all nodes of a graph by what their operations say of themselves.
fn generated(g: &Graph, inputs: &[(&str, Array)], end: Var<'_>) -> Array {
    let mut found: Vec<Array> = Vec::new();
    for id in 0..=end.id() {
        let node = g.node(id, Clone::clone);
        let operands: Vec<&Array> =
            node.operands.iter().map(|&operand| &found[operand as usize]).collect();
        let shape = node.ty.shape;
        let value = match &node.source {
            Source::Input(name) => {
                inputs.iter().find(|(known, _)| **known == **name).unwrap().1.clone()
            }
            Source::Constant(tensor) => Array { shape, values: tensor.values().to_vec() },
            Source::Parameter(_) | Source::State(_) => panic!("no parameters here"),
            Source::Op(op) => match op.as_loop() {
                Loop::Pointwise => {
                    let term = op.clone().pointwise().unwrap().term();
                    Array::of(shape, |index| {
                        let at: Vec<f64> =
                            operands.iter().map(|operand| operand.at(index)).collect();
                        term.eval(&at).unwrap()
                    })
                }
                Loop::View => {
                    let view = op.view(&View::contiguous(operands[0].shape), &shape).unwrap();
                    Array::of(shape, |index| {
                        let steps = index.iter().zip(view.strides).map(|(i, stride)| i * stride);
                        operands[0].values[view.offset + steps.sum::<usize>()]
                    })
                }
                looped => execute(looped, &operands, shape),
            },
        };
        assert_eq!(value.values.len(), shape.len());
        found.push(value);
    }
    found.pop().unwrap()
}

/// A function of two inputs [3, 4] and labels below 4 of shape [2].
type Build = for<'g> fn(&'g Graph, Var<'g>, Var<'g>, Var<'g>) -> Var<'g>;

#[test]
fn loops_say_what_operations_compute() {
    let builds: &[(&str, Build)] = &[
        ("pointwise", |_, x, y, _| (x * 2.0 - y).tanh()),
        ("views", |_, x, y, _| {
            x.t().slice(0, 1, 3).reshape([6]).broadcast_to([2, 6]) + y.reshape([2, 6])
        }),
        ("a view of all as it lies", |_, x, y, _| x.stop_gradient() * y),
        ("product", |_, x, y, _| x.matmul(y.t())),
        ("products", |_, x, y, _| {
            x.reshape([3, 2, 2])
                .matmul(y.reshape([3, 2, 2]))
                .matmul(x.slice(0, 0, 2).slice(1, 0, 2))
        }),
        ("sums", |_, x, y, _| x.sum(&[0]) * y.sum(&[1]).sum(&[])),
        ("sum of the middle", |_, x, _, _| x.reshape([2, 3, 2]).sum(&[1])),
        ("largest", |_, x, y, _| x.max(&[1]) + y.min(&[0, 1])),
        ("gather", |_, x, _, t| x.gather(1, t)),
        ("scatter", |_, x, _, t| x.slice(1, 0, 2).scatter_add(1, t, 4)),
        ("products over axes", |_, x, y, _| {
            let windows = x.windows(1, &[Span { length: 2, stride: 2, dilation: 1 }]);
            windows.tensordot(y.slice(0, 0, 2).t().slice(0, 0, 2), 1) * x.tensordot(y, 2)
        }),
        ("flip", |_, x, y, _| x.flip(&[1]) + y.flip(&[])),
        ("take along", |_, x, y, _| x.take_along_axis(1, y.to_labels(4))),
        ("scatter along", |_, x, y, _| x.scatter_add_along_axis(0, y.to_labels(2), 5)),
        ("cumulative sums", |g, x, y, _| {
            let after = CumSum { axis: 1, exclusive: true, reverse: true };
            let before = CumSum { axis: 0, exclusive: true, reverse: false };
            x.cumsum(1) + g.apply(after, &[y]) * g.apply(before, &[x])
        }),
        ("products", |_, x, y, _| x.prod(&[0]) * y.prod(&[])),
        ("order", |_, x, y, _| {
            x.sort(1) + y.sort_descending(0) + x.argsort(0).to_real() + y.top_k(1, 1).0
        }),
        ("put", |_, x, y, _| x.put_along_axis(0, y.to_labels(3), y)),
        ("triangles", |_, x, y, _| x.tril(1) - y.triu(-1)),
        ("einsum", |g, x, y, _| g.einsum("ij,kj->ik", &[x, y])),
        ("labels", |g, x, _, t| {
            t.to_real() * x.index(1, 2).index(0, -1) + g.constant_labels([2], &[3, 1], 4).to_real()
        }),
        ("labels that move", |_, x, y, _| x.to_labels(3).t().equal(y.to_labels(3).t())),
        ("stack", |_, x, y, _| x.stack(1, &[y, x])),
        ("one-hot", |_, _, _, t| t.one_hot(4)),
        ("concat", |_, x, y, _| x.concat(1, &[y, x])),
        ("pad", |_, x, _, _| x.pad(0, 1, 2).pad(1, 0, 1)),
        ("argmax", |_, x, y, _| x.gather(0, y.argmax(0)).sum(&[1]).concat(0, &[y.sum(&[1])])),
    ];
    for (name, build) in builds {
        let g = Graph::new();
        let (x, y, t) = (g.input("x", [3, 4]), g.input("y", [3, 4]), g.labels("t", [2], 4));
        let f = build(&g, x, y, t);
        let number = |i: usize, n: usize| ((i * n + 5) % 17) as f64 / 4.0 - 2.0;
        let [x, y] = [7, 11].map(|n| (0..12).map(|i| number(i, n)).collect::<Vec<f64>>());
        let [a, b] = [&x, &y].map(|v| Tensor::new([3, 4], v.clone()).unwrap());
        let expected =
            g.interpret(&[f], &[("x", a), ("y", b)], &[("t", &[2, 0])], &Parameters::new());
        let array =
            |shape: &[usize], values: Vec<f64>| Array { shape: Shape::new(shape).unwrap(), values };
        let inputs = [
            ("x", array(&[3, 4], x)),
            ("y", array(&[3, 4], y)),
            ("t", array(&[2], vec![2.0, 0.0])),
        ];
        let found = generated(&g, &inputs, f);
        assert_eq!(f.ty().kind, Kind::Real);
        for (found, expected) in found.values.iter().zip(expected.unwrap()[0].values()) {
            assert!((found - expected).abs() < 1e-12, "{name}: {found} for {expected}");
        }
    }
}
