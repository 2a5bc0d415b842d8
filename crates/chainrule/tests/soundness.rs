//! Safe programs that lie: operations that break their contracts, sizes beyond all memory, parameters
//! that change between runs. Each ends in an error that says what is wrong, none in foreign memory. Run
//! under the address sanitizer by `cargo xtask sanitize`.

use std::sync::{Arc, Mutex};

use chainrule::ops::{
    AnyPointwise, Class, Gate, Identity, MatMul, Maximum, Notation, Op, Operand, Output,
    RandomMask, Real, Square, Type, Values, ValuesMut, View,
};
use chainrule::{Graph, Parameters, Pool, Result, Shape, Tensor, Var};
use proptest::prelude::*;

/// An operation that says of itself what a test wants it to say.
#[derive(Debug)]
struct Claims {
    output: Type,
    class: Class,
    view: Option<View>,
    grain: usize,
    silent: bool,
    by_rows: bool,
    /// Claims to be the pointwise operation of so many operands.
    pointwise: usize,
}

impl Claims {
    fn new(output: Type, class: Class) -> Self {
        let (silent, by_rows) = (false, false);
        Self { output, class, view: None, grain: 1, silent, by_rows, pointwise: 0 }
    }

    /// Claims to be a view.
    fn view(output: impl Into<Shape>, strides: &[usize], offset: usize) -> Self {
        let shape = output.into();
        let mut view = View { shape, offset, ..View::contiguous(Shape::scalar()) };
        view.strides[..strides.len()].copy_from_slice(strides);
        Self { view: Some(view), ..Self::new(Type::real(shape), Class::View) }
    }

    fn kernel(output: Type) -> Self {
        Self::new(output, Class::Kernel { strided: false })
    }
}

impl Op for Claims {
    fn name(&self) -> &'static str {
        "claims"
    }
    fn infer(&self, _operands: &[Type]) -> std::result::Result<Type, String> {
        Ok(self.output)
    }
    fn forward<T: Real>(&self, _operands: &[Operand<'_, T>], output: Output<'_, T>) {
        match output.values {
            ValuesMut::Real(values) => values.fill(T::one()),
            ValuesMut::Index(values) => values.fill(1),
        }
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
    fn class(&self) -> Class {
        self.class
    }
    fn by_rows(&self, _operand: usize) -> bool {
        self.by_rows
    }
    fn notation(&self) -> Notation {
        if self.silent { Notation::Silent } else { Notation::Function }
    }
    fn view(&self, _operand: &View, _output: &Shape) -> Option<View> {
        self.view
    }
    fn grain(&self, _output: &Shape) -> usize {
        self.grain
    }
    /// What is no [`Pointwise`](chainrule::ops::Pointwise) has no business here, but can.
    fn pointwise(self: Arc<Self>) -> Option<Arc<dyn AnyPointwise>> {
        match self.pointwise {
            1 => Some(Arc::new(Square)),
            2 => Some(Arc::new(Maximum)),
            _ => None,
        }
    }
}

/// Compiles and runs an operation in both precisions and by the interpreter, which agree; the operands
/// are inputs x of shape [4] and y of shape [4], as many as `operands` says, then labels t of shape [4].
fn run(op: impl Fn() -> Claims, operands: usize, labels: bool) -> Result<Vec<f64>> {
    fn in_precision<T: Real>(op: Claims, operands: usize, labels: bool) -> Result<Vec<f64>> {
        let g = Graph::new();
        let given: Vec<Var<'_>> = ["x", "y"].map(|name| g.input(name, [4])).into();
        let mut given = given[..operands].to_vec();
        given.extend(labels.then(|| g.labels("t", [4], 3)));
        // Behind a sum that reads every element, as nothing else in a program would ask for them.
        let y = g.apply(op, &given);
        let sum = if y.ty() == Type::real(y.shape()) { (y * 2.0).sum(&[]) } else { y };
        let values = Tensor::new([4], [1.0, 2.0, 3.0, 4.0].map(T::from_f64).into())?;
        let inputs = [("x", values.clone()), ("y", values.clone())];
        let plain = g.interpret::<T>(&[sum], &inputs, &[("t", &[0, 1, 2, 0])], &Parameters::new());
        let plan = g.compile::<T>(&[sum]);
        if let (Err(plain), Err(plan)) = (&plain, &plan) {
            assert_eq!(plain.to_string(), plan.to_string());
        }
        let (plain, mut plan) = (plain?, plan?);
        for (name, tensor) in inputs {
            if plan.has_input(name) {
                plan.feed(name, tensor.values())?;
            }
        }
        plan.run()?;
        assert_eq!(plan.value(sum)?, plain[0].values());
        Ok(plan.value(sum)?.iter().map(|&x| Real::to_f64(x)).collect())
    }
    let single = in_precision::<f32>(op(), operands, labels)?;
    let double = in_precision::<f64>(op(), operands, labels)?;
    assert_eq!(single, double);
    Ok(double)
}

/// The message with which an operation is refused, which names it and where it was recorded.
fn refused(op: impl Fn() -> Claims, operands: usize, labels: bool) -> String {
    let message = run(op, operands, labels).expect_err("an operation that lies").to_string();
    assert!(message.starts_with("claims: ") && message.contains(file!()), "{message}");
    message
}

#[test]
fn a_view_reads_nothing_but_its_operand() {
    assert_eq!(run(|| Claims::view([2, 2], &[1, 1], 1), 1, false).unwrap(), [2.0 * 12.0]);
    assert_eq!(run(|| Claims::view([0, 7], &[9, 9], 99), 1, false).unwrap(), [0.0]);
    for (name, op) in [
        ("beyond", (|| Claims::view([2], &[1], 3)) as fn() -> Claims),
        ("far beyond", || Claims::view([2], &[1], 1 << 40)),
        ("stride", || Claims::view([2], &[4], 0)),
        ("far stride", || Claims::view([2], &[1 << 40], 0)),
        ("strides that wrap to 0", || Claims::view([5, 2], &[1 << 62, 1], 0)),
        ("offset that wraps to 0", || Claims::view([2], &[1], usize::MAX)),
        ("of nothing", || Claims::view([1], &[0], 4)),
    ] {
        let message = refused(op, 1, false);
        assert!(message.contains("the operand lies in 0..4"), "{name}: {message}");
    }
}

#[test]
fn a_view_keeps_to_a_part_of_memory() {
    // x[2..4] lies behind x[0..2], which is not the operand's.
    for (strides, offset, fits) in
        [([1], 0, false), ([1], 2, true), ([1], 3, false), ([0], 2, true)]
    {
        let g = Graph::new();
        let x = g.input("x", [2, 2]);
        let row = x.slice(0, 1, 2);
        let y = g.apply(Claims::view([2], &strides, offset), &[row]);
        assert_eq!(g.compile::<f32>(&[y]).is_ok(), fits, "{strides:?} from {offset}");
    }
}

#[test]
fn a_view_has_one_operand_and_its_kind() {
    let whole = || Claims::view([4], &[1], 0);
    assert!(refused(whole, 2, false).contains("a view of one operand, but there are 2"));
    assert!(refused(whole, 0, true).contains("a view of [4] of labels below 3"));
    assert!(refused(whole, 0, false).contains("a view of one operand, but there are 0"));
    let index = || Claims { output: Type::index([4], 9), ..Claims::view([4], &[1], 0) };
    assert!(refused(index, 1, false).contains("but its output is [4] of labels below 9"));
    let other = || Claims { output: Type::real([3]), ..Claims::view([2], &[1], 0) };
    assert!(refused(other, 1, false).contains("its view is [2], but its output [3]"));
    let none = || Claims { view: None, ..Claims::view([4], &[1], 0) };
    assert!(refused(none, 1, false).contains("is a view, but finds none"));
}

#[test]
fn a_pointwise_operation_has_one_shape() {
    let pointwise = |pointwise, shape: &[usize]| Claims {
        pointwise,
        ..Claims::kernel(Type::real(Shape::new(shape).unwrap()))
    };
    assert_eq!(run(|| pointwise(1, &[4]), 1, false).unwrap(), [2.0 * 30.0]);
    assert_eq!(run(|| pointwise(2, &[4]), 2, false).unwrap(), [2.0 * 10.0]);
    for shape in [&[4096][..], &[3], &[], &[4, 1], &[0]] {
        for operands in [1, 2] {
            let message = refused(|| pointwise(operands, shape), operands, false);
            assert!(message.contains("is pointwise, but its output is"), "{message}");
        }
    }
    let message = refused(|| pointwise(2, &[4]), 1, true);
    assert!(message.contains("and an operand [4] of labels below 3"), "{message}");
    let labels = || Claims { pointwise: 1, ..Claims::kernel(Type::index([4], 9)) };
    assert!(refused(labels, 1, false).contains("is pointwise, which gives real numbers"));
}

#[test]
fn a_pointwise_operation_has_its_number_of_operands() {
    for (takes, given) in [(1, 2), (2, 1), (1, 0), (2, 0)] {
        let op = || Claims { pointwise: takes, ..Claims::kernel(Type::real([4])) };
        let message = refused(op, given, false);
        assert!(message.contains(&format!("takes {takes} operands, not {given}")), "{message}");
    }
}

#[test]
fn a_kernel_gives_what_it_says() {
    let labels = || Claims::kernel(Type::index([4], 3));
    let g = Graph::new();
    let y = g.apply(labels(), &[g.input("x", [4])]);
    let mut plan = g.compile::<f32>(&[y]).unwrap();
    plan.feed("x", &[0.0; 4]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.labels(y).unwrap(), [1; 4]);
    let grain = |grain| move || Claims { grain, ..Claims::kernel(Type::real([2, 3])) };
    for good in [1, 2, 3, 6] {
        assert_eq!(run(grain(good), 1, false).unwrap(), [12.0]);
    }
    for bad in [0, 4, 12, usize::MAX] {
        let message = refused(grain(bad), 1, false);
        assert!(message.contains(&format!("its grain is {bad}, but it must divide")), "{message}");
    }
    let nothing = || Claims { grain: 0, ..Claims::kernel(Type::real([0, 3])) };
    assert_eq!(run(nothing, 1, false).unwrap(), [0.0]);
}

#[test]
fn a_pointwise_operation_has_at_most_eight_operands() {
    let g = Graph::new();
    let x = g.input("x", [4]);
    let nine = Claims { pointwise: 1, ..Claims::kernel(Type::real([4])) };
    let y = g.apply(nine, &[x; 9]);
    assert!(g.compile::<f32>(&[y]).unwrap_err().to_string().contains("at most 8 operands"));
    assert!(g.interpret::<f32>(&[y], &[], &[], &Parameters::new()).is_err());
}

/// The product's kernel, which anybody can call, with operands and an output of these shapes, whose
/// memory holds as many elements.
fn product(a: [usize; 2], b: [usize; 2], c: [usize; 2]) -> std::thread::Result<Vec<f64>> {
    let memory = |shape: [usize; 2]| vec![1.0; shape[0] * shape[1]];
    std::panic::catch_unwind(|| {
        let operands = [(a, memory(a)), (b, memory(b))];
        let operands: Vec<Operand<'_, f64>> = operands
            .iter()
            .map(|(shape, values)| {
                let shape = Shape::from(*shape);
                Operand { shape, strides: shape.strides(), values: Values::Real(values) }
            })
            .collect();
        let (mut found, shape) = (memory(c), Shape::from(c));
        let (range, values) = (0..found.len(), ValuesMut::Real(&mut found));
        MatMul.forward(&operands, Output { shape, range, values });
        found
    })
}

#[test]
fn a_product_called_by_hand_has_matrices_that_fit() {
    assert_eq!(product([2, 3], [3, 4], [2, 4]).unwrap(), [3.0; 8]);
    assert!(product([2, 300], [3, 4], [2, 4]).is_err());
    assert!(product([2, 3], [300, 4], [2, 4]).is_err());
    assert!(product([2, 3], [3, 4], [200, 4]).is_err());
}

#[test]
fn a_training_step_has_a_scalar_loss() {
    let g = Graph::new();
    let w = g.parameter("w", [4]);
    let losses =
        [w, w.slice(0, 4, 4), w.slice(0, 1, 2), g.labels("t", [], 3), g.labels("u", [0], 3)];
    for loss in losses {
        let message = g.compile_step::<f32>(loss, &[(w, w * 2.0)]).unwrap_err().to_string();
        assert!(message.contains("a training step wants a scalar"), "{message}");
    }
}

#[test]
fn an_update_is_one_of_a_parameter() {
    let g = Graph::new();
    let (w, x) = (g.parameter("w", [1, 4]), g.input("x", [1, 4]));
    let message = |updates: &[(Var<'_>, Var<'_>)]| {
        g.compile_step::<f32>(w.sum(&[]), updates).unwrap_err().to_string()
    };
    assert!(message(&[(x, w)]).contains("which is no parameter"));
    assert!(
        message(&[(w, w.sum(&[0]))])
            .contains("the new value of parameter `w` is [4], but must be [1, 4]")
    );
    let product = w.matmul(g.input("m", [4, 4]));
    assert!(message(&[(w, product), (w, w + x)]).contains("parameter `w` is updated twice"));
    let other = Graph::new();
    let stranger = (0..9).fold(other.constant(1.0), |sum, _| sum + 1.0);
    assert!(message(&[(w, stranger)]).contains("belongs to another graph"));
    assert!(message(&[(stranger, w)]).contains("belongs to another graph"));
}

/// Parameters that lack one stop a run half-way through finding them. What was found of them is no
/// place in the parameters of the run before.
#[test]
fn parameters_are_found_anew_after_a_mistake() {
    let g = Graph::new();
    let loss = g.parameter("w", [400]).sum(&[]) + g.parameter("v", []);
    let mut plan = g.compile::<f64>(&[loss]).unwrap();
    let parameters = |names: &[&str]| {
        let mut parameters = Parameters::new();
        for &name in names {
            let shape = if name == "w" { Shape::from([400]) } else { Shape::scalar() };
            parameters.insert(name, Tensor::full(shape, 1.0));
        }
        parameters
    };
    let (whole, lacking) = (parameters(&["w", "v"]), parameters(&["u", "w"]));
    plan.run_with(&whole).unwrap();
    assert!(plan.run_with(&lacking).is_err());
    plan.run_with(&whole).unwrap();
    assert_eq!(plan.value(loss).unwrap(), [401.0]);
}

#[test]
fn no_shape_has_more_elements_than_memory_can_hold() {
    const TOO_MANY: &str = "has more elements than any memory can hold";
    for lengths in [&[1 << 62][..], &[1 << 32, 1 << 32], &[usize::MAX; 8], &[1 << 60]] {
        let message = Shape::new(lengths).unwrap_err().to_string();
        assert!(message.contains(TOO_MANY), "{message}");
    }
    assert_eq!(Shape::new(&[1 << 62, 0, 1 << 62]).unwrap().len(), 0);
    type Build = for<'g> fn(&'g Graph) -> Var<'g>;
    let builds: &[(&str, Build)] = &[
        ("input", |g| g.input("x", [1 << 62])),
        ("wrapping input", |g| g.input("x", [1 << 32, 1 << 32])),
        ("labels", |g| g.labels("t", [1 << 62], 10)),
        ("parameter", |g| g.parameter("w", [1 << 61, 2])),
        ("broadcast", |g| g.constant(1.0).broadcast_to([1 << 61])),
        ("sum", |g| g.input("x", [0, 1 << 62]).sum(&[0])),
        ("one-hot", |g| g.labels("t", [1 << 40], 2).one_hot(1 << 40)),
        ("product", |g| g.input("x", [1 << 40, 0]).matmul(g.input("y", [0, 1 << 40]))),
        ("batches", |g| g.input("x", [1 << 40, 1, 1]).matmul(g.input("y", [1, 1 << 40]))),
        ("pad", |g| g.input("x", [0, 1 << 62]).pad(0, 1, 0)),
        ("long pad", |g| g.input("x", [0, 1 << 62]).pad(1, usize::MAX, 0)),
        ("concat", |g| {
            let x = g.input("x", [0, usize::MAX]);
            x.concat(1, &[x])
        }),
        ("one's own", |g| g.apply(Claims::kernel(Type::real([1 << 61])), &[g.constant(0.0)])),
    ];
    for (name, build) in builds {
        let g = Graph::new();
        let y = build(&g);
        // Where it would have wrapped, an input of no bytes was filled.
        let error = g.compile::<f32>(&[y]).expect_err(name);
        assert!(error.to_string().contains(file!()), "{name}: {error}");
    }
}

#[test]
fn more_memory_than_there_is_is_an_error() {
    let g = Graph::new();
    let x = g.input("x", [1 << 50]);
    for message in [
        g.compile::<f32>(&[x.exp()]).unwrap_err().to_string(),
        g.compile::<f64>(&[x.broadcast_to([2, 1 << 50]).exp()]).unwrap_err().to_string(),
        g.compile::<f64>(&[g.constant(1.0).broadcast_to([1 << 59])]).unwrap_err().to_string(),
    ] {
        assert!(message.contains("bytes of memory, which this machine does not give"), "{message}");
    }
    // Sixteen of the largest arrays are together longer than an address.
    let g = Graph::new();
    let largest = (0..16).map(|i| g.input(&format!("x{i}"), [(1 << 60) - 1]));
    let message = g.compile::<f64>(&largest.collect::<Vec<_>>()).unwrap_err().to_string();
    assert!(message.contains("bytes of memory"), "{message}");
}

/// Operations over nothing, whose other axes are as long as a number can say.
#[test]
fn an_axis_of_nothing_makes_all_others_small() {
    const H: usize = usize::MAX;
    type Build = for<'g> fn(&'g Graph, Var<'g>) -> Var<'g>;
    let builds: &[(&str, Build)] = &[
        ("pointwise", |_, x| (x.exp() + 1.0) * x),
        ("broadcast", |g, x| x + g.input("y", [0, 1, H])),
        ("repeat", |_, x| x.slice(0, 0, 0).broadcast_to([H, 0, H, H]).exp()),
        ("transpose", |_, x| x.transpose(&[2, 0, 1]).exp()),
        ("reshape", |_, x| x.reshape([H, 0, H, H]) * 2.0),
        ("slice", |_, x| x.slice(2, 3, H).exp()),
        ("pad", |_, x| x.slice(2, 3, H).pad(2, 1, 1)),
        ("concat", |_, x| x.slice(2, 3, H).concat(2, &[x.slice(2, 0, 2)])),
        ("sum", |_, x| x.sum(&[2]).exp()),
        ("all", |_, x| x.sum(&[]).exp()),
        ("max", |_, x| x.max(&[1])),
        ("labels", |g, x| x.gather(1, g.labels("t", [0, H], H))),
        ("one-hot", |g, x| g.labels("t", [0, H], H).one_hot(H) * x.sum(&[])),
        ("product", |g, x| x.matmul(g.input("y", [0, H, H]))),
        ("outer product", |g, _| g.input("y", [0, H, 0]).matmul(g.input("z", [0, 0, H]))),
        ("inner product", |g, _| g.input("y", [H, 0]).matmul(g.input("z", [0, 0])).exp()),
    ];
    for (name, build) in builds {
        let g = Graph::new();
        let x = g.input("x", [0, H, H]);
        let y = build(&g, x);
        let loss = y.sum(&[]);
        let dx = g.backward(loss, &[x])[0];
        let mut plan = g.compile::<f64>(&[y, loss, dx]).unwrap_or_else(|e| panic!("{name}: {e}"));
        plan.run().unwrap();
        assert_eq!(plan.value(dx).unwrap(), [0.0; 0], "{name}");
        assert!(plan.value(y).unwrap().iter().all(|&y| y == 1.0), "{name}");
        assert!(plan.info().to_string().lines().count() > 1, "{name}");
        // On two threads, and node by node.
        let mut shared = plan.clone().with_pool(&Arc::new(Pool::new(2)));
        shared.run().unwrap();
        assert_eq!(shared.value(loss).unwrap(), plan.value(loss).unwrap(), "{name}");
        let inputs: Vec<(&str, Tensor<f64>)> = [
            ("x", Shape::from([0, H, H])),
            ("y", if name == &"product" { Shape::from([0, H, H]) } else { Shape::from([0, 1, H]) }),
        ]
        .map(|(name, shape)| (name, Tensor::new(shape, Vec::new()).unwrap()))
        .into();
        if !name.contains("er product") {
            let plain = g.interpret::<f64>(&[loss], &inputs, &[("t", &[])], &Parameters::new());
            assert_eq!(plain.unwrap()[0].values(), plan.value(loss).unwrap(), "{name}");
        }
    }
}

/// To each row of x, which is by rows, its sum and the sum of all of y.
#[derive(Debug)]
struct Given {
    /// The rows of each call.
    calls: Arc<Mutex<Vec<usize>>>,
    /// Whether y is said to be by rows as well.
    all_by_rows: bool,
}

impl Op for Given {
    fn name(&self) -> &'static str {
        "given"
    }
    fn infer(&self, operands: &[Type]) -> std::result::Result<Type, String> {
        Ok(operands[0])
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let [x, y] = operands else { panic!("two operands") };
        let (rows, width) = (output.shape.dims()[0], output.shape.dims()[1]);
        assert_eq!(x.shape, output.shape);
        assert_eq!(x.real().len(), x.shape.len(), "no more of x than its rows");
        assert_eq!(output.range, 0..rows * width);
        self.calls.lock().unwrap().push(rows);
        let sum = y.real().iter().fold(T::zero(), |sum, &y| sum + y);
        let rows = x.real().chunks(width).zip(output.real().chunks_mut(width));
        for (x, to) in rows {
            to.fill(x.iter().fold(sum, |sum, &x| sum + x));
        }
    }
    fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        None
    }
    fn by_rows(&self, operand: usize) -> bool {
        operand == 0 || self.all_by_rows
    }
    fn grain(&self, output: &Shape) -> usize {
        output.dims()[1]
    }
}

/// Has threads compute a product, and an operation on its rows in the same phase.
fn threads_share(threads: usize, rows: usize, all_by_rows: bool) -> (Vec<usize>, Vec<f64>) {
    let (calls, g) = (Arc::default(), Graph::new());
    let op = Given { calls: Arc::clone(&calls), all_by_rows };
    let x = g.input("x", [rows, 64]).matmul(g.input("w", [64, 64]));
    let y = g.apply(op, &[x, g.input("y", [rows, 3])]);
    let mut plan = g.compile::<f64>(&[y]).unwrap().with_pool(&Arc::new(Pool::new(threads)));
    let number = |i: usize| (i * 37 % 101) as f64;
    for (name, len) in [("x", rows * 64), ("w", 64 * 64), ("y", rows * 3)] {
        plan.feed(name, &(0..len).map(number).collect::<Vec<f64>>()).unwrap();
    }
    let steps = plan.info().steps;
    assert!(steps.iter().all(|step| step.phase == 1 && step.shared), "{steps:?}");
    plan.run().unwrap();
    let calls = calls.lock().unwrap().clone();
    (calls, plan.value(y).unwrap().to_vec())
}

/// While threads write the rows of a product, each sees no other rows than its own.
#[test]
fn a_kernel_by_rows_is_given_its_rows_alone() {
    let (calls, whole) = threads_share(1, 700, false);
    assert_eq!(calls, [700]);
    for threads in [2, 3] {
        let (calls, found) = threads_share(threads, 700, false);
        assert_eq!((calls.len(), calls.iter().sum::<usize>()), (threads, 700));
        assert_eq!(found, whole);
    }
}

/// What is by rows only in what it says gives another value, from its own rows.
#[test]
fn an_operation_that_is_wrongly_by_rows_harms_nobody() {
    let (_, whole) = threads_share(1, 700, true);
    let (calls, found) = threads_share(2, 700, true);
    assert_eq!(calls.iter().sum::<usize>(), 700);
    assert_ne!(found, whole);
}

/// x·factor, whose `Debug` does not tell the factor.
#[derive(Clone, Copy)]
struct Hidden {
    factor: f64,
    identity: Option<u8>,
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hidden")
    }
}

impl Op for Hidden {
    fn name(&self) -> &'static str {
        "hidden"
    }
    fn infer(&self, operands: &[Type]) -> std::result::Result<Type, String> {
        // By an identity that leaves it out, another number of elements.
        Ok(Type::real([operands[0].shape.len() * self.factor as usize]))
    }
    fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
        let x = operands[0].real()[0];
        output.real().fill(x * T::from_f64(self.factor));
    }
    fn backward<'g>(&self, gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
        Some(gate.upstream.sum(&[]).reshape([1]) * self.factor)
    }
    fn identity(&self) -> Option<Identity> {
        self.identity.map(Identity::of)
    }
}

#[test]
fn operations_are_equal_only_where_they_say_so() {
    let run = |first: Hidden, second: Hidden| {
        let g = Graph::new();
        let x = g.input("x", [1]);
        let sum = g.apply(first, &[x]).sum(&[]) + g.apply(second, &[x]).sum(&[]);
        let dx = g.backward(sum, &[x])[0];
        let mut plan = g.compile::<f64>(&[sum, dx]).unwrap();
        plan.feed("x", &[10.0]).unwrap();
        plan.run().unwrap();
        let inputs = [("x", Tensor::full([1], 10.0))];
        let plain = g.interpret::<f64>(&[sum, dx], &inputs, &[], &Parameters::new()).unwrap();
        assert_eq!(plan.value(sum).unwrap(), plain[0].values());
        assert_eq!(plan.value(dx).unwrap(), plain[1].values());
        let kernels =
            plan.info().steps.iter().filter(|step| step.kernel.starts_with("hidden")).count();
        (kernels, plan.value(dx).unwrap()[0])
    };
    let hidden = |factor, identity| Hidden { factor, identity };
    assert_eq!(run(hidden(2.0, None), hidden(3.0, None)), (2, 13.0));
    assert_eq!(run(hidden(2.0, None), hidden(2.0, None)), (2, 8.0));
    assert_eq!(run(hidden(2.0, Some(1)), hidden(2.0, Some(1))), (1, 8.0));
    // A lie, but one of another type.
    assert_eq!(run(hidden(2.0, Some(1)), hidden(3.0, Some(1))), (2, 13.0));
}

#[test]
fn the_librarys_operations_are_known_by_their_fields() {
    let steps = |rates: [f64; 2]| {
        let g = Graph::new();
        let masks = rates.map(|rate| {
            let mask = RandomMask { seed: 1, number: 1, rate, shape: Shape::from([4]) };
            g.apply(mask, &[g.input("step", [])])
        });
        g.compile::<f64>(&masks).unwrap().info().steps.len()
    };
    assert_eq!([steps([0.5, 0.5]), steps([0.5, 0.25])], [1, 2]);
    // Of many slices of one value, each is looked up once.
    let g = Graph::new();
    let x = g.input("x", [100_000]);
    let slices = (0..100_000).map(|i| x.slice(0, i, i + 1));
    let sum = slices.fold(g.constant(0.0), |sum, slice| sum + slice.reshape([]));
    assert!(g.compile::<f64>(&[sum]).is_ok());
}

#[test]
fn what_is_folded_or_left_out_is_checked_first() {
    let op = |output, pointwise| Claims { pointwise, ..Claims::kernel(output) };
    for (op, shape, ok) in [
        (op(Type::real([4]), 1), Shape::from([4]), true),
        (op(Type::real([4]), 1), Shape::from([]), false),
        (op(Type::index([4], 9), 1), Shape::from([4]), false),
        (op(Type::real([4]), 2), Shape::from([4]), false),
        (Claims::view([2], &[0], 0), Shape::from([4]), true),
        (Claims::view([2], &[1], 3), Shape::from([4]), false),
    ] {
        let g = Graph::new();
        let y = g.apply(op, &[g.constant(2.0).broadcast_to(shape)]);
        let plain = g.interpret::<f64>(&[y], &[], &[], &Parameters::new());
        assert_eq!((g.compile::<f64>(&[y]).is_ok(), plain.is_ok()), (ok, ok), "{y:?}");
    }
    // A view may call itself silent and yet move elements.
    let g = Graph::new();
    let x = g.input("x", [2, 2]);
    let turned = g.apply(Claims { silent: true, ..Claims::view([2, 2], &[1, 2], 0) }, &[x]);
    let mut plan = g.compile::<f64>(&[turned]).unwrap();
    plan.feed("x", &[1.0, 2.0, 3.0, 4.0]).unwrap();
    plan.run().unwrap();
    assert_eq!(plan.value(turned).unwrap(), [1.0, 3.0, 2.0, 4.0]);
}

#[test]
fn a_constant_is_no_more_than_its_views() {
    let g = Graph::new();
    let [two, four] = [Shape::scalar(), Shape::from([4])].map(|s| g.constant(2.0).broadcast_to(s));
    let silent = |op| Claims { silent: true, ..op };
    assert_eq!(g.apply(silent(Claims::view([4], &[1], 0)), &[four]).as_constant(), Some(2.0));
    // One's own, which fills its output with 1.
    assert_eq!(g.apply(silent(Claims::kernel(Type::real([]))), &[two]).as_constant(), None);
}

/// Two parameters with one new value, which one of them takes in place.
#[test]
fn parameters_may_share_a_new_value() {
    for threads in [1, 2] {
        let g = Graph::new();
        let [u, w] = ["u", "w"].map(|name| g.parameter(name, [40, 40]));
        let loss = g.parameter("v", []).square();
        let new = u * 0.5 + w;
        let mut plan = g.compile_step::<f64>(loss, &[(u, new), (w, new)]).unwrap();
        plan = plan.with_pool(&Arc::new(Pool::new(threads)));
        let mut parameters = Parameters::new();
        for (name, scale) in [("u", 0.5), ("w", 0.25)] {
            let values = (0..1600).map(|i| scale * f64::from(i % 7)).collect();
            parameters.insert(name, Tensor::new([40, 40], values).unwrap());
        }
        parameters.insert("v", Tensor::scalar(1.0));
        let expected = g.interpret::<f64>(&[new], &[], &[], &parameters).unwrap();
        assert!(plan.step(&mut parameters).unwrap().is_finite());
        assert_eq!(parameters.get("u").unwrap().values(), expected[0].values());
        assert_eq!(parameters.get("w").unwrap().values(), expected[0].values());
    }
}

/// A kernel that takes other elements than its shape rule stops with a word, on whichever thread it
/// runs; the plan can run again.
#[test]
fn a_kernel_that_disagrees_with_its_shape_rule_stops() {
    #[derive(Debug)]
    struct Confused;
    impl Op for Confused {
        fn name(&self) -> &'static str {
            "confused"
        }
        fn infer(&self, operands: &[Type]) -> std::result::Result<Type, String> {
            Ok(Type::real(operands[0].shape))
        }
        fn forward<T: Real>(&self, operands: &[Operand<'_, T>], output: Output<'_, T>) {
            let x = operands[0].real();
            output.real().copy_from_slice(x);
        }
        fn backward<'g>(&self, _gate: &Gate<'_, 'g>, _operand: usize) -> Option<Var<'g>> {
            None
        }
    }
    let g = Graph::new();
    let y = g.apply(Confused, &[g.labels("t", [70_000], 3)]);
    for threads in [1, 2] {
        let pool = Arc::new(Pool::new(threads));
        let mut plan = g.compile::<f64>(&[y]).unwrap().with_pool(&pool);
        plan.feed_labels("t", &[0; 70_000]).unwrap();
        let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| plan.run()));
        let message = *stopped.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("kernel and shape rule disagree"), "{message}");
        let mut plan = g.compile::<f64>(&[g.constant(2.0).exp()]).unwrap().with_pool(&pool);
        assert!(plan.run().is_ok());
    }
}

/// More values from memory than there are blocks for: each block finds all of them.
#[test]
fn a_chain_reads_any_number_of_values() {
    let g = Graph::new();
    let shape = [40, 30];
    let inputs: Vec<Var<'_>> = (0..50).map(|i| g.input(&format!("x{i}"), [30, 40])).collect();
    let sum = inputs.iter().fold(g.constant(0.0).broadcast_to(shape), |sum, x| sum * 0.5 + x.t());
    let rows = inputs.iter().fold(sum, |sum, x| sum + x.slice(0, 0, 1).reshape([40, 1]));
    let columns = inputs.iter().fold(rows, |sum, x| sum - x.slice(1, 0, 1).reshape([30]));
    let mut plan = g.compile::<f32>(&[columns]).unwrap();
    let values = |i: usize| (0..1200).map(|j| ((i * 31 + j * 17) % 23) as f32 - 11.0).collect();
    let given: Vec<(String, Tensor<f32>)> =
        (0..50).map(|i| (format!("x{i}"), Tensor::new([30, 40], values(i)).unwrap())).collect();
    for (name, tensor) in &given {
        plan.feed(name, tensor.values()).unwrap();
    }
    plan.run().unwrap();
    let given: Vec<(&str, Tensor<f32>)> =
        given.iter().map(|(name, tensor)| (name.as_str(), tensor.clone())).collect();
    let plain = g.interpret(&[columns], &given, &[], &Parameters::new()).unwrap();
    assert_eq!(plan.value(columns).unwrap(), plain[0].values());
}

/// In a process of its own, with a word of its own in the environment.
#[test]
fn an_unknown_level_of_vectors_is_an_error() {
    const NAME: &str = "CHAINRULE_SIMD";
    let asked = std::env::var(NAME).unwrap_or_default();
    if asked == "wide" || asked == "narrow" {
        let g = Graph::new();
        let y = g.constant(2.0).exp();
        let message = g.compile::<f64>(&[y]).unwrap_err().to_string();
        assert!(message.contains(&format!("{NAME} is {asked}, but it must be `portable`")));
        let plain = g.interpret::<f64>(&[y], &[], &[], &Parameters::new());
        assert_eq!(plain.unwrap_err().to_string(), message);
        return;
    }
    for word in ["wide", "narrow", "avx2", "portable", "avx512"] {
        let test = ["--exact", "an_unknown_level_of_vectors_is_an_error"];
        let this = match word {
            "wide" | "narrow" => test,
            _ => ["--exact", "a_kernel_gives_what_it_says"],
        };
        let mut program = std::process::Command::new(std::env::current_exe().unwrap());
        let output = program.args(this).env(NAME, word).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.contains("1 passed"), "{word}: {said}");
    }
}

/// Numbers that are small, wrap, or overflow.
fn extreme() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0..5_usize,
        1 => prop::sample::select(vec![60, 400, 1 << 40, 1 << 61, 1 << 62, 1 << 63, usize::MAX]),
    ]
}

fn types() -> impl Strategy<Value = Type> {
    let lengths = prop::collection::vec(0..5_usize, 0..4);
    (lengths, any::<bool>()).prop_map(|(lengths, real)| {
        let shape = Shape::new(&lengths).unwrap();
        if real { Type::real(shape) } else { Type::index(shape, 3) }
    })
}

prop_compose! {
    fn claims()(
        output in types(),
        other in types(),
        class in 0..3,
        strides in prop::collection::vec(extreme(), 8),
        offset in extreme(),
        grain in extreme(),
        pointwise in 0..4_usize,
        (silent, by_rows, same) in any::<(bool, bool, bool)>(),
    ) -> Claims {
        let class = match class {
            0 => Class::View,
            strided => Class::Kernel { strided: strided == 1 },
        };
        let shape = if same { output.shape } else { other.shape };
        let view = Some(View { strides: strides.try_into().unwrap(), shape, offset });
        Claims { view, grain, pointwise, silent, by_rows, ..Claims::new(output, class) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever two operations say of themselves, one reading the other, a plan is an error or runs.
    #[test]
    fn operations_may_say_anything(first in claims(), second in claims(), operands in 0..32_u8) {
        let g = Graph::new();
        let x = g.input("x", [4, 4]);
        let all = [x, x.t(), x.slice(1, 1, 3), g.labels("t", [4, 4], 3), g.constant(2.0).broadcast_to([4, 4])];
        let chosen = |bits: u8| (0..5).filter(move |i| bits >> i & 1 == 1).map(|i| all[i]);
        let y = g.apply(first, &chosen(operands).collect::<Vec<_>>());
        let z = g.apply(second, &[&[y][..], &chosen(operands / 4).collect::<Vec<_>>()].concat());
        // A neighbour in memory that nobody else may read or write.
        let near = x.exp();
        let Ok(mut plan) = g.compile::<f32>(&[y, z, near]) else { return Ok(()) };
        for threads in [1, 2] {
            plan = plan.with_pool(&Arc::new(Pool::new(threads)));
            plan.feed("x", &[0.0; 16]).unwrap();
            if plan.has_input("t") {
                plan.feed_labels("t", &[2; 16]).unwrap();
            }
            plan.run().unwrap();
            prop_assert_eq!(plan.value(near).unwrap(), [1.0; 16]);
        }
    }
}
