"""Writes training.json: what PyTorch makes of layers, losses, optimizers and schedules, in f64.

    python3 crates/chainrule/tests/golden/training.py > crates/chainrule/tests/golden/training.json

Made with PyTorch 2.15. The descriptions of layers, losses, optimizers and schedules are those of
chainrule's own configuration; this script says what they mean in PyTorch.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def numbers(*shape, seed=1, scale=1.0):
    """Irregular numbers that do not depend on a generator."""
    count = math.prod(shape)
    values = [math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453 % 2 - 1 for i in range(count)]
    return torch.tensor(values).reshape(shape) * scale


def array(tensor):
    return {"shape": list(tensor.shape), "values": tensor.detach().reshape(-1).tolist()}


# Layers and losses.


def forward(layers, x, parameters, training, prefix=""):
    """The output of a list of layers; running statistics are changed in place."""
    counts = {}
    for layer in layers:
        kind = layer["kind"].replace("-", "_")
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{prefix}{kind}{counts[kind]}"

        def own(what):
            return parameters[f"{name}.{what}"]

        if kind == "affine":
            x = x @ own("weight") + own("bias")
        elif kind == "batch_norm":
            x = F.batch_norm(x, own("running_mean"), own("running_var"), own("weight"), own("bias"),
                             training, layer["momentum"], layer["epsilon"])
        elif kind == "layer_norm":
            x = F.layer_norm(x, x.shape[-1:], own("weight"), own("bias"), layer["epsilon"])
        elif kind == "leaky_relu":
            x = F.leaky_relu(x, layer["slope"])
        elif kind == "elu":
            x = F.elu(x, layer["alpha"])
        elif kind == "softmax":
            x = F.softmax(x, -1)
        elif kind == "flatten":
            x = torch.flatten(x, 1)
        elif kind == "residual":
            x = x + forward(layer["layers"], x, parameters, training, name + ".")
        else:
            x = getattr(F, kind)(x)
    return x


def names(layers, features, prefix=""):
    """The parameters of a list of layers with their shapes, and the features of its output."""
    counts, found = {}, {}
    for layer in layers:
        kind = layer["kind"].replace("-", "_")
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{prefix}{kind}{counts[kind]}"
        if kind == "affine":
            found[f"{name}.weight"] = [features, layer["units"]]
            features = layer["units"]
            found[f"{name}.bias"] = [features]
        elif kind in ("batch_norm", "layer_norm"):
            found[f"{name}.weight"], found[f"{name}.bias"] = [features], [features]
            if kind == "batch_norm":
                found[f"{name}.running_mean"], found[f"{name}.running_var"] = [features], [features]
        elif kind == "residual":
            found.update(names(layer["layers"], features, name + ".")[0])
    return found, features


def measured(loss, output, targets, weights):
    """The loss of a batch; with weights, one per example, their weighted mean."""
    kind = loss["kind"]
    if kind == "cross-entropy":
        each = F.cross_entropy(output, targets, reduction="none", label_smoothing=loss["label_smoothing"])
    else:
        if not targets.is_floating_point():
            targets = targets.double()[:, None]
        targets = targets.reshape(output.shape)
        each = {
            "binary-cross-entropy": lambda: F.binary_cross_entropy_with_logits(output, targets, reduction="none").mean(1),
            "mean-squared": lambda: F.mse_loss(output, targets, reduction="none").mean(1),
            "half-squared": lambda: F.mse_loss(output, targets, reduction="none").sum(1) / 2,
            "l1": lambda: F.l1_loss(output, targets, reduction="none").mean(1),
            "huber": lambda: F.huber_loss(output, targets, reduction="none", delta=loss["delta"]).mean(1),
        }[kind]()
    return each.mean() if weights is None else (each * weights).sum() / weights.sum()


def model(layers, loss, x, targets, weights=None, training=False):
    features = math.prod(x.shape[1:]) if layers and layers[0]["kind"] == "flatten" else x.shape[-1]
    shapes, _ = names(layers, features)
    parameters = {name: numbers(*shape, seed=i + 2) for i, (name, shape) in enumerate(shapes.items())}
    for name, tensor in parameters.items():
        if name.endswith("running_var"):
            tensor += 1.5
    before = {name: array(tensor) for name, tensor in parameters.items()}
    trainable = [name for name in parameters if "running" not in name]
    wanted = [x.requires_grad_()] + [parameters[name].requires_grad_() for name in trainable]
    output = forward(layers, x, parameters, training)
    value = measured(loss, output, targets, weights)
    gradients = torch.autograd.grad(value, wanted)
    return {
        "layers": layers, "loss": loss, "training": training, "x": array(x), "parameters": before,
        "labels": None if targets.is_floating_point() else targets.tolist(),
        "targets": array(targets) if targets.is_floating_point() else None,
        "weights": None if weights is None else weights.tolist(),
        "output": array(output), "value": value.item(),
        "gradients": dict(zip(["x", *trainable], map(array, gradients))),
        "kept": {name: array(parameters[name]) for name in parameters if name not in trainable},
    }


AFFINE = {"kind": "affine", "units": 3}
NORM = {"kind": "batch-norm", "momentum": 0.1, "epsilon": 1e-5}
LAYER_NORM = {"kind": "layer-norm", "epsilon": 1e-5}
MEAN = {"kind": "mean-squared"}
CROSS = {"kind": "cross-entropy", "label_smoothing": 0.0}
models = []
x, values, labels = numbers(5, 4, scale=2.0), numbers(5, 3, seed=9), torch.tensor([2, 0, 1, 1, 2])
example_weights = torch.tensor([1.0, 0.5, 2.0, 0.25, 3.0])
activations = ["sigmoid", "tanh", "relu", "silu", "gelu", "softplus", "softmax"]
settings = [{"kind": kind} for kind in activations]
settings += [{"kind": "leaky-relu", "slope": 0.2}, {"kind": "elu", "alpha": 0.7}]
for activation in settings:
    models.append(model([activation], MEAN, numbers(5, 3, scale=3.0), values))
# Where a piecewise activation changes its branch, and far out.
far = torch.tensor([[0.0, -40.0, 40.0], [1e-3, -1e-3, 700.0], [-700.0, 5.0, 0.0]])
for activation in settings:
    models.append(model([activation], {"kind": "l1"}, far.clone(), numbers(3, 3, seed=4)))
for training in [False, True]:
    models.append(model([AFFINE, NORM, {"kind": "relu"}], MEAN, x.clone(), values, training=training))
    odd = {"kind": "batch-norm", "momentum": 0.3, "epsilon": 1e-2}
    models.append(model([odd, AFFINE], CROSS, x.clone(), labels, training=training))
models.append(model([LAYER_NORM, AFFINE, LAYER_NORM], CROSS, x.clone(), labels))
models.append(model([{"kind": "flatten"}, AFFINE], MEAN, numbers(5, 2, 3), values))
inner = [{"kind": "affine", "units": 4}, NORM, {"kind": "tanh"}]
models.append(model([{"kind": "residual", "layers": inner}, AFFINE], CROSS, x.clone(), labels, training=True))
for weights in [None, example_weights]:
    for smoothing in [0.0, 0.1]:
        loss = {"kind": "cross-entropy", "label_smoothing": smoothing}
        models.append(model([AFFINE], loss, x.clone(), labels, weights))
    models.append(model([AFFINE], CROSS, x.clone(), F.softmax(values, 1).detach(), weights))
    for loss in [MEAN, {"kind": "half-squared"}, {"kind": "l1"}, {"kind": "huber", "delta": 0.6}]:
        models.append(model([AFFINE], loss, x.clone(), values, weights))
        models.append(model([{"kind": "affine", "units": 1}], loss, x.clone(), values[:, 0], weights))
    loss = {"kind": "binary-cross-entropy"}
    models.append(model([AFFINE], loss, x.clone(), torch.sigmoid(values), weights))
    models.append(model([{"kind": "affine", "units": 1}], loss, x.clone(), labels % 2, weights))
logits = torch.tensor([[0.0], [40.0], [-40.0], [700.0], [-700.0], [0.0]])
models.append(model([], {"kind": "binary-cross-entropy"}, logits, torch.tensor([1, 1, 0, 0, 1, 0])))


# Optimizers: 100 steps of a small network's parameters.

X, T = numbers(8, 4, seed=21, scale=2.0), numbers(8, 2, seed=22)
START = {"w": (4, 3, 31), "b": (3, 32), "v": (3, 2, 33)}


def network(p):
    return ((torch.tanh(X @ p["w"] + p["b"]) @ p["v"] - T) ** 2).mean()


def optimizer(description, rate, rates=None, clip=None):
    p = {name: numbers(*shape, seed=seed).requires_grad_() for name, (*shape, seed) in START.items()}
    settings = {key: value for key, value in description.items() if key != "kind"}
    decay = settings.pop("weight_decay", 0.0)
    groups = [{"params": [tensor], "lr": rate * (rates or {}).get(name, 1.0)} for name, tensor in p.items()]
    kind = description["kind"]
    if "beta1" in settings:
        settings["betas"] = (settings.pop("beta1"), settings.pop("beta2"))
    if "epsilon" in settings:
        settings["eps"] = settings.pop("epsilon")
    if "decay" in settings:
        settings["alpha"] = settings.pop("decay")
    if kind == "adamw":
        settings["weight_decay"], decay = decay, 0.0
    classes = {"sgd": torch.optim.SGD, "adagrad": torch.optim.Adagrad, "rmsprop": torch.optim.RMSprop,
               "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    stepper = classes[kind](groups, lr=rate, **settings)
    expected = []
    for step in range(1, 101):
        stepper.zero_grad()
        loss = network(p)
        loss.backward()
        if clip and "norm" in clip:
            torch.nn.utils.clip_grad_norm_(p.values(), clip["norm"])
        elif clip:
            torch.nn.utils.clip_grad_value_(p.values(), clip["value"])
        with torch.no_grad():
            # Decoupled weight decay, as AdamW has it.
            for group in groups:
                group["params"][0].mul_(1 - group["lr"] * decay)
        stepper.step()
        if step in (1, 2, 10, 50, 100):
            found = {name: array(tensor) for name, tensor in p.items()}
            expected.append({"step": step, "loss": loss.item(), "parameters": found})
    return {"optimizer": description, "rate": rate, "rates": [(rates or {}).get(name, 1.0) for name in p],
            "clip": clip, "expected": expected}


def sgd(momentum=0.0, nesterov=False, weight_decay=0.0):
    return {"kind": "sgd", "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay}


def adam(kind="adam", beta1=0.9, beta2=0.999, epsilon=1e-8, **more):
    return {"kind": kind, "beta1": beta1, "beta2": beta2, "epsilon": epsilon, **more}


def rmsprop(momentum=0.0, weight_decay=0.0, decay=0.99):
    return {"kind": "rmsprop", "decay": decay, "epsilon": 1e-8, "momentum": momentum, "weight_decay": weight_decay}


adagrad = {"kind": "adagrad", "epsilon": 1e-10, "weight_decay": 0.0}
optimizers = [
    optimizer(sgd(), 0.1),
    optimizer(sgd(weight_decay=0.05), 0.1),
    optimizer(sgd(momentum=0.9), 0.1),
    optimizer(sgd(momentum=0.8, nesterov=True, weight_decay=0.02), 0.1),
    optimizer(adagrad, 0.1),
    optimizer({**adagrad, "weight_decay": 0.03}, 0.1),
    optimizer(rmsprop(), 0.01),
    optimizer(rmsprop(momentum=0.9, weight_decay=0.02, decay=0.95), 0.003),
    optimizer(adam(), 0.01),
    optimizer(adam(beta1=0.8, beta2=0.99, epsilon=1e-3), 0.03),
    optimizer(adam("adamw", weight_decay=0.01), 0.01),
    optimizer(adam("adamw", beta1=0.7, weight_decay=0.3), 0.02),
    optimizer(adam(), 0.01, rates={"w": 0.1, "v": 3.0}),
    optimizer(sgd(momentum=0.9), 0.1, rates={"b": 0.0, "v": 0.5}),
    optimizer(sgd(), 0.1, clip={"norm": 0.2}),
    optimizer(sgd(), 0.1, clip={"value": 0.05}),
    optimizer(adam(), 0.01, clip={"norm": 0.2}),
]


def lbfgs(description, rate, steps):
    p = {name: numbers(*shape, seed=seed).requires_grad_() for name, (*shape, seed) in START.items()}
    stepper = torch.optim.LBFGS(p.values(), lr=rate, max_iter=description["iterations"],
                                history_size=description["history"],
                                line_search_fn="strong_wolfe" if description["line_search"] else None)
    expected = []
    for step in range(1, steps + 1):
        def closure():
            stepper.zero_grad()
            loss = network(p)
            loss.backward()
            return loss
        loss = stepper.step(closure)
        found = {name: array(tensor) for name, tensor in p.items()}
        expected.append({"step": step, "loss": loss.item(), "parameters": found})
    return {"optimizer": {"kind": "lbfgs", **description}, "rate": rate, "rates": [1.0] * 3, "clip": None,
            "expected": expected}


lbfgs_runs = [
    lbfgs({"history": 100, "iterations": 20, "line_search": False}, 0.3, 2),
    lbfgs({"history": 5, "iterations": 4, "line_search": False}, 0.5, 6),
    lbfgs({"history": 100, "iterations": 20, "line_search": True}, 1.0, 2),
    lbfgs({"history": 4, "iterations": 7, "line_search": True}, 1.0, 4),
]


# Schedules: the rates of 100 steps.


def schedule(description, make, base=0.3, total=100, warmup=None, metrics=None):
    stepper = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    scheduler = make(stepper)
    rates = []
    for at in range(total):
        rates.append(stepper.param_groups[0]["lr"])
        stepper.step()
        if metrics:
            scheduler.step(metrics[at])
        elif at < total - 1 or not isinstance(scheduler, torch.optim.lr_scheduler.OneCycleLR):
            scheduler.step()
    return {"schedule": description, "base": base, "total": total, "warmup": warmup, "metrics": metrics,
            "rates": rates}


S = torch.optim.lr_scheduler
# Falls for a while, stands still, falls a little, rises.
METRICS = [1 / (1 + min(at, 20)) + (0.2 if at > 60 else 0) - (1e-6 * at if at > 40 else 0) for at in range(100)]
cycle = {"kind": "one-cycle", "rise": 0.3, "start": 25.0, "end": 1e4}
odd_cycle = {"kind": "one-cycle", "rise": 0.45, "start": 10.0, "end": 50.0}
plateau = {"kind": "reduce-on-plateau", "factor": 0.5, "patience": 7, "threshold": 1e-4, "min": 1e-3}


def warmed(after, length, total=100):
    def make(stepper):
        warm = S.LinearLR(stepper, start_factor=0.25, total_iters=length)
        return S.SequentialLR(stepper, [warm, after(stepper, total - length)], [length])
    return make


schedules = [
    schedule({"kind": "constant"}, lambda o: S.ConstantLR(o, factor=1.0)),
    schedule({"kind": "step", "every": 30, "gamma": 0.1}, lambda o: S.StepLR(o, 30)),
    schedule({"kind": "exponential", "gamma": 0.97}, lambda o: S.ExponentialLR(o, 0.97)),
    schedule({"kind": "cosine", "min": 0.0}, lambda o: S.CosineAnnealingLR(o, 100)),
    schedule({"kind": "cosine", "min": 0.01}, lambda o: S.CosineAnnealingLR(o, 100, eta_min=0.01)),
    schedule(cycle, lambda o: S.OneCycleLR(o, 0.3, total_steps=100)),
    schedule(odd_cycle, lambda o: S.OneCycleLR(o, 0.3, total_steps=100, pct_start=0.45, div_factor=10,
                                               final_div_factor=50)),
    schedule(plateau, lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=7, min_lr=1e-3), metrics=METRICS),
    schedule({"kind": "cosine", "min": 0.0}, warmed(lambda o, rest: S.CosineAnnealingLR(o, rest), 12),
             warmup={"length": 12, "from": 0.25}),
    schedule({"kind": "exponential", "gamma": 0.9}, warmed(lambda o, rest: S.ExponentialLR(o, 0.9), 5),
             warmup={"length": 5, "from": 0.25}),
]


def lines(cases):
    return "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]"


parts = {"models": models, "optimizers": optimizers + lbfgs_runs, "schedules": schedules}
start = {name: array(numbers(*shape, seed=seed)) for name, (*shape, seed) in START.items()}
network_of_optimizers = json.dumps({"x": array(X), "t": array(T), "start": start})
listed = [f'"{name}": {lines(cases)}' for name, cases in parts.items()]
print("{" + ", ".join([f'"network": {network_of_optimizers}', *listed]) + "}")
