//! Axes, positions and labels: what is counted from the end, what is copied, and what mistakes are told.

use chainrule::{Graph, Shape, Tensor, Var};

/// What a plan does to compute a value.
fn steps(v: Var<'_>) -> usize {
    v.graph().compile::<f32>(&[v]).unwrap().info().steps.len()
}

#[test]
fn negative_axes_count_from_the_end() {
    let g = Graph::new();
    let x = g.input("x", [2, 3, 4]);
    let pairs: [[Var<'_>; 2]; 8] = [
        [x.sum(&[-1, 0]), x.sum(&[2, 0])],
        [x.transpose(&[-1, 0, -2]), x.transpose(&[2, 0, 1])],
        [x.slice(-2, 0, 2), x.slice(1, 0, 2)],
        [x.pad(-1, 1, 0), x.pad(2, 1, 0)],
        [x.concat(-3, &[x]), x.concat(0, &[x])],
        [x.gather(-1, g.arange(4)), x.gather(2, g.arange(4))],
        [x.index(-2, -3), x.index(1, 0)],
        [x.max_keep(&[-3]), x.max_keep(&[0])],
    ];
    g.ok().unwrap();
    for [a, b] in pairs {
        let mut plan = g.compile::<f64>(&[a, b]).unwrap();
        plan.feed("x", &(0..24).map(|i| f64::from(i * 7 % 24)).collect::<Vec<_>>()).unwrap();
        plan.run().unwrap();
        assert_eq!((a.shape(), plan.value(a).unwrap()), (b.shape(), plan.value(b).unwrap()));
    }
}

#[test]
fn axes_of_length_1_come_and_go_without_a_copy() {
    let g = Graph::new();
    let x = g.input("x", [4, 3, 5]);
    let column = x.index(1, 2);
    // One sum, of what lies where it lay.
    assert_eq!(steps(column.sum(&[])), 1);
    assert_eq!(steps(x.t().unsqueeze(1).unsqueeze(-1).sum(&[])), 1);
    assert_eq!(steps(x.slice(2, 1, 2).squeeze(-1).sum(&[0])), 1);
    // The two long axes are one in the result, and no longer lie evenly.
    assert_eq!(steps(x.t().reshape([4, 15]).sum(&[])), 2);
}

#[test]
fn any_number_of_parts_is_copied_once() {
    let g = Graph::new();
    let parts: Vec<Var<'_>> = (0..100).map(|i| g.input(&format!("x{i}"), [2, i % 3])).collect();
    let joined = g.concat(1, &parts);
    assert_eq!(steps(joined), 1);
    let gradients = g.backward((joined * joined).sum(&[]), &parts);
    let outputs = [&gradients[..], &[joined]].concat();
    let mut plan = g.compile::<f64>(&outputs).unwrap();
    for i in 0..100 {
        let values = vec![i as f64; 2 * (i % 3)];
        plan.feed(&format!("x{i}"), &values).unwrap();
    }
    plan.run().unwrap();
    let row: Vec<f64> = (0..100).flat_map(|i| vec![i as f64; i % 3]).collect();
    assert_eq!(plan.value(joined).unwrap(), [&row[..], &row].concat());
    for (i, v) in gradients.iter().enumerate() {
        assert_eq!(plan.value(*v).unwrap(), vec![2.0 * i as f64; 2 * (i % 3)]);
    }
}

#[test]
fn labels_are_moved_compared_and_taken_as_numbers() {
    let g = Graph::new();
    let words = g.labels("words", [2, 3], 50);
    let first = words.index(1, 0);
    let more = g.concat(1, &[words, g.constant_labels([2, 1], &[9, 60], 61)]);
    assert_eq!(more.ty(), chainrule::ops::Type::index([2, 4], 61));
    let same = words.equal(first.unsqueeze(1));
    let turned = words.t();
    let mut plan = g.compile::<f32>(&[first, more, same, turned]).unwrap();
    plan.feed_labels("words", &[1, 2, 1, 49, 49, 0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.labels(first).unwrap(), [1, 49]);
    assert_eq!(plan.labels(turned).unwrap(), [1, 49, 2, 49, 1, 0]);
    assert_eq!(plan.labels(more).unwrap(), [1, 2, 1, 9, 49, 49, 0, 60]);
    assert_eq!(plan.value(same).unwrap(), [1.0, 0.0, 1.0, 1.0, 1.0, 0.0]);
}

#[test]
fn a_repeated_constant_takes_the_memory_of_one() {
    let g = Graph::new();
    let x = g.input("x", [1000]);
    let bytes = |y| g.compile::<f32>(&[y]).unwrap().bytes();
    // Beside the scratch memory of a block.
    let numbers = g.constant_tensor(Tensor::new([1000], vec![2.0; 1000]).unwrap());
    assert!(bytes(g.constant(2.0).broadcast_to([1000]) * x) + 3000 < bytes(numbers.exp() * x));
}

#[test]
fn shapes_come_from_what_holds_lengths() {
    let shape = Shape::from([2, 3]);
    let lengths = vec![2, 3];
    for other in
        [(2, 3).into(), (&lengths).into(), lengths[..].into(), lengths.into(), (&[2, 3]).into()]
    {
        assert_eq!(shape, other);
    }
    assert_eq!(
        [Shape::from((5,)), Shape::from((1, 2, 3, 4, 5, 6, 7, 8))].map(|s| s.rank()),
        [1, 8]
    );
    assert_eq!(Shape::from(&[][..]), Shape::scalar());
    type Refused = fn(&Graph) -> Option<String>;
    let told = |g: &Graph| g.ok().err().map(|error| error.to_string());
    let refused: [(&str, Refused); 3] = [
        ("input", |g| g.input("x", vec![1; 9]).graph().error().map(|e| e.to_string())),
        ("reshape", |g| {
            g.input("x", [1]).reshape(vec![1; 9]).graph().error().map(|e| e.to_string())
        }),
        ("broadcast", |g| {
            g.input("x", []).broadcast_to(vec![1; 9]).graph().error().map(|e| e.to_string())
        }),
    ];
    for (name, build) in refused {
        let g = Graph::new();
        let message = build(&g).unwrap();
        assert_eq!(Some(&message), told(&g).as_ref());
        assert!(message.contains(name) && message.contains("at most 8 axes"), "{message}");
    }
    assert!(Tensor::new(vec![1; 9], vec![0.0]).is_err());
}

#[test]
fn mistakes_name_the_axis_as_it_was_written_and_the_place() {
    type Mistake = for<'g> fn(&'g Graph, Var<'g>) -> Var<'g>;
    let mistakes: &[(&str, Mistake)] = &[
        ("sum: there is no axis -3 in [2, 3]", |_, x| x.sum(&[-3])),
        ("max: there is no axis 2 in [2, 3]", |_, x| x.max_keep(&[2])),
        ("slice: there is no axis -4 in [2, 3]", |_, x| x.slice(-4, 0, 1)),
        ("slice: 1..4 along axis 1 does not lie within [2, 3]", |_, x| x.slice(-1, 1, 4)),
        ("pad: there is no axis 5 in [2, 3]", |_, x| x.pad(5, 0, 1)),
        ("transpose: [-3, 0] is not an order of 2 axes", |_, x| x.transpose(&[-3, 0])),
        ("argmax: there is no axis -3 in [2, 3]", |_, x| x.argmax(-3)),
        ("index: there is no position -3 along axis 0 of [2, 3]", |_, x| x.index(0, -3)),
        ("index: there is no position 3 along axis 1 of [2, 3]", |_, x| x.index(-1, 3)),
        ("squeeze: axis 1 of [2, 3] has length 3, not 1", |_, x| x.squeeze(-1)),
        ("unsqueeze: [2, 3] with one more axis has none of number 3", |_, x| x.unsqueeze(3)),
        ("split: parts of lengths [1, 1] are not axis 1 of [2, 3]", |_, x| x.split(1, &[1, 1])[0]),
        ("chunk: the 3 positions of axis 1 are not 2 equal parts", |_, x| x.chunk::<2>(1)[1]),
        ("concat: there is no axis 2 in [2, 3]", |_, x| x.concat(2, &[x])),
        ("concat: takes at least one operand", |g, _| g.concat(0, &[])),
        ("concat: takes real numbers or labels, not both", |_, x| x.concat(0, &[x.to_labels(4)])),
        ("stack: takes values of one shape", |_, x| x.stack(0, &[x.t()])),
        ("to_real: takes labels", |_, x| x.to_real()),
        ("to_labels: there are no labels below 0", |_, x| x.to_labels(0)),
        ("equal: takes real numbers, not labels", |_, x| x.equal(x.to_labels(3))),
        ("add: takes real numbers, not labels", |_, x| x.to_labels(3) + x.to_labels(3)),
        (
            "take_along_axis: the labels have shape [2]: beside axis 1, they must have the lengths of [2, 3]",
            |g, x| x.take_along_axis(1, g.labels("t", [2], 3)),
        ),
        ("take_along_axis: labels go up to 3, but there are 3 places", |g, x| {
            x.take_along_axis(1, g.labels("t", [2, 1], 4))
        }),
        ("scatter_add_along_axis: takes a label for each element of [2, 3]", |g, x| {
            x.scatter_add_along_axis(1, g.labels("t", [2, 1], 4), 4)
        }),
        ("scatter_add: there is no axis -3 in [2, 3]", |g, x| {
            x.scatter_add(-3, g.labels("t", [2], 4), 4)
        }),
        ("cumsum: there is no axis -3 in [2, 3]", |_, x| x.cumsum(-3)),
        ("cumsum: takes real numbers, not labels", |_, x| x.to_labels(4).cumsum(0)),
        ("prod: there is no axis 2 in [2, 3]", |_, x| x.prod_keep(&[2])),
        ("prod: names the axis 1 twice: [1, -1]", |_, x| x.prod(&[1, -1])),
        ("prod: takes real numbers, not labels", |_, x| x.to_labels(4).prod(&[])),
        ("argsort in `sort`: there is no axis 2 in [2, 3]", |_, x| x.sort(2)),
        ("argsort: there is no axis 0 in []", |_, x| x.sum(&[]).argsort(0)),
        ("argsort in `top_k`: there is no axis -3 in [2, 3]", |_, x| x.top_k(-3, 1).0),
        ("slice in `top_k`: 0..4 along axis 1 does not lie within [2, 3]", |_, x| x.top_k(-1, 4).1),
        (
            "scatter_add_along_axis in `put_along_axis`: takes a label for each element of [2, 3]",
            |g, x| x.put_along_axis(1, g.labels("t", [2, 1], 3), x),
        ),
        ("put_along_axis: labels go up to 3, but there are 3 places", |g, x| {
            x.put_along_axis(1, g.labels("t", [2, 3], 4), x)
        }),
        ("put_along_axis: there is no axis 2 in [2, 3]", |g, x| {
            x.put_along_axis(2, g.labels("t", [2, 3], 2), x)
        }),
        ("tril: takes matrices: at least two axes", |_, x| x.index(0, 0).tril(0)),
        ("triu: takes matrices: at least two axes", |_, x| x.index(0, 0).triu(0)),
        ("einsum: takes as many operands as `ij,jk->ik` has parts: 2, not 1", |g, x| {
            g.einsum("ij, jk -> ik", &[x])
        }),
        ("einsum: takes as many operands as `ij->` has parts: 1, not 0", |g, _| {
            g.einsum("ij->", &[])
        }),
        ("einsum: `ijk` has 3 letters for the axes of [2, 3]", |g, x| g.einsum("ijk->k", &[x])),
        ("einsum: `...ijk` has 3 letters for the axes of [2, 3]", |g, x| g.einsum("...ijk", &[x])),
        ("einsum: `1` stands where a letter should", |g, x| g.einsum("i1", &[x])),
        ("einsum: `é` stands where a letter should", |g, x| g.einsum("ié", &[x])),
        ("einsum: `.` stands where a letter should", |g, x| g.einsum("i......", &[x])),
        ("einsum: `-` stands where a letter should", |g, x| g.einsum("ij->i->j", &[x])),
        ("einsum: `,` stands where a letter should", |g, x| g.einsum("ij->i,j", &[x])),
        ("einsum: `i` must stand once after `->`, and before it too", |g, x| {
            g.einsum("ij->ii", &[x])
        }),
        ("einsum: `k` must stand once after `->`, and before it too", |g, x| {
            g.einsum("ij->ik", &[x])
        }),
        ("einsum: `...` must stand after `->` too", |g, x| g.einsum("...j->j", &[x])),
        ("einsum: `j` has lengths 3 and 2", |g, x| g.einsum("ij,jk", &[x, x])),
        ("einsum: `i` has lengths 2 and 3", |g, x| g.einsum("ii", &[x])),
        ("einsum: takes real numbers, not labels", |g, x| g.einsum("ij->ji", &[x.to_labels(3)])),
        ("reshape in `einsum`: a tensor has at most 8 axes", |g, x| {
            let x = x.reshape([1, 2, 1, 1, 3]);
            g.einsum("abcde,fghij,fghij->abcde", &[x, x, x])
        }),
        ("constant labels: label 3 is not below 3", |g, _| g.constant_labels([2], &[2, 3], 3)),
        ("constant labels: [2] has 2 places, but there are 1 labels", |g, _| {
            g.constant_labels([2], &[2], 3)
        }),
    ];
    for (message, build) in mistakes {
        let g = Graph::new();
        let _ = build(&g, g.input("x", [2, 3])) + 1.0;
        let found = g.ok().expect_err(message).to_string();
        assert!(found.starts_with(message), "{found}\nfor {message}");
        assert!(found.contains("tests/arrays.rs"), "{found}");
    }
}
