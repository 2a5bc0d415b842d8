#!/usr/bin/env python3
"""Test scores beside scikit-learn's: python3 bench/scores.py [--seeds 5] [--program target/release/chainrule]

Trains chainrule and scikit-learn's MLPClassifier and MLPRegressor with the same settings on the same splits of the
breast-cancer, wine, digits and diabetes data (and MNIST with --mnist), and writes scores.md beside this script. Inputs,
and the values of the regression, are standardised for both; scikit-learn's penalty alpha is 0, as chainrule has none with Adam. Each score is a mean over
the seeds of split and training.

A second table has no settings at all: chainrule as `train FILE` alone trains, beside scikit-learn's defaults on inputs as they are
and scaled, and beside linear models, on a quarter of the rows that neither side saw (breast cancer, wine, digits, iris, diabetes,
friedman1), and on Fashion-MNIST's test part where --fashion names the folder of its files (Debian's dataset-fashion-mnist)."""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import environment

HERE = pathlib.Path(__file__).resolve().parent

# Data, task, hidden layers, learning rate, batch size, epochs.
WORK = [
    ("breast_cancer", "classify", [100], 0.001, 32, 100),
    ("wine", "classify", [100], 0.001, 32, 100),
    ("digits", "classify", [100], 0.001, 64, 100),
    ("diabetes", "regress", [100], 0.001, 32, 200),
]


def split(name, seed):
    """The features and targets of the training part and of a fifth kept for the test."""
    from sklearn import datasets, model_selection

    data = getattr(datasets, f"load_{name}")()
    stratify = data.target if name != "diabetes" else None
    return model_selection.train_test_split(data.data, data.target, test_size=0.2, random_state=seed, stratify=stratify)


def theirs(parts, task, hidden, lr, batch, epochs, seed):
    import warnings

    from sklearn.compose import TransformedTargetRegressor
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler

    # The number of epochs is the same for both, whether it is enough or not.
    warnings.simplefilter("ignore", ConvergenceWarning)

    x, x_test, t, t_test = parts
    scaler = StandardScaler().fit(x)
    kind = MLPClassifier if task == "classify" else MLPRegressor
    model = kind(hidden_layer_sizes=hidden, alpha=0.0, learning_rate_init=lr, batch_size=batch, max_iter=epochs, n_iter_no_change=epochs, tol=0.0, random_state=seed)
    if task == "regress":
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    model.fit(scaler.transform(x), t)
    return model.score(scaler.transform(x_test), t_test)


def write(path, features, targets):
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([f"x{i}" for i in range(features.shape[1])] + ["target"])
        for row, target in zip(features, targets):
            rows.writerow([repr(float(v)) for v in row] + [repr(float(target)) if target % 1 else int(target)])


def ours(program, parts, task, hidden, lr, batch, epochs, seed):
    x, x_test, t, t_test = parts
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder / "train.csv", x, t)
        write(folder / "test.csv", x_test, t_test)
        command = [
            program, "train", folder / "train.csv", "--test", folder / "test.csv", "--task", task, "--out", folder / "run", "--json", "--quiet",
            "--hidden", ",".join(map(str, hidden)), "--optimizer", "adam", "--lr", lr, "--batch-size", batch, "--epochs", epochs, "--seed", seed,
        ]  # fmt: skip
        done = subprocess.run(list(map(str, command)), capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr.decode())
        final = json.loads(done.stdout)["final"]
    return final["test_accuracy" if task == "classify" else "test_r2"]


# Classes and values, with no settings.
DEFAULTS = ["breast_cancer", "wine", "digits", "iris", "diabetes", "friedman1"]
VALUES = ["diabetes", "friedman1"]


def quarter(name, seed):
    """Features and targets, of which a quarter is kept for the test."""
    from sklearn import datasets, model_selection

    if name == "friedman1":
        x, t = datasets.make_friedman1(n_samples=1000, noise=1.0, random_state=0)
    else:
        data = getattr(datasets, f"load_{name}")()
        x, t = data.data, data.target
    stratify = None if name in VALUES else t
    return model_selection.train_test_split(x, t, test_size=0.25, random_state=seed, stratify=stratify)


def by_default(program, parts, name, seed):
    """What `train FILE` comes to with no option but the seed's."""
    x, x_test, t, t_test = parts
    # Classes are named, so that they are not taken for values.
    label = repr if name in VALUES else "class {}".format
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for file, features, targets in [("train.csv", x, t), ("test.csv", x_test, t_test)]:
            with open(folder / file, "w", newline="") as out:
                rows = csv.writer(out)
                rows.writerow([f"x{i}" for i in range(features.shape[1])] + ["target"])
                rows.writerows([*map(repr, map(float, row)), label(target.item())] for row, target in zip(features, targets))
        train = [program, "train", folder / "train.csv", "--out", folder / "run", "--seed", seed, "--quiet"]
        subprocess.run(list(map(str, train)), capture_output=True, check=True)
        score = [program, "eval", folder / "run", folder / "test.csv", "--json"]
        done = subprocess.run(list(map(str, score)), capture_output=True, check=True)
        return json.loads(done.stdout)["r2" if name in VALUES else "accuracy"]


def their_defaults(parts, is_values, seed):
    """scikit-learn's network on inputs as they are, scaled, and its linear model."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, x_test, t, t_test = parts
    network, linear = (MLPRegressor, Ridge) if is_values else (MLPClassifier, LogisticRegression)
    models = [network(random_state=seed), make_pipeline(StandardScaler(), network(random_state=seed)), make_pipeline(StandardScaler(), linear())]
    return [model.fit(x, t).score(x_test, t_test) for model in models]


def fashion(folder):
    """Fashion-MNIST's parts as scikit-learn takes them, in bytes."""
    import gzip

    import numpy as np

    def read(name, skip):
        with gzip.open(folder / f"{name}.gz") as file:
            return np.frombuffer(file.read(), np.uint8, offset=skip)

    images = [read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 784) for part in ("train", "t10k")]
    labels = [read(f"{part}-labels-idx1-ubyte", 8) for part in ("train", "t10k")]
    return images[0] / 255.0, images[1] / 255.0, *labels


def fashion_by_default(program, folder, seed):
    with tempfile.TemporaryDirectory() as out:
        command = [program, "train", folder, "--out", f"{out}/run", "--seed", seed, "--quiet", "--json"]
        done = subprocess.run(list(map(str, command)), capture_output=True, check=True)
        return json.loads(done.stdout)["final"]["test_accuracy"]


def defaults(program, seeds, fashion_folder, fashion_peers):
    """The lines of the table without settings."""
    import statistics

    lines = [
        "", "## With no settings at all", "",
        "`train FILE` beside scikit-learn's networks with their defaults, on inputs as they are and scaled, and beside linear models",
        "(`LogisticRegression`, `Ridge`, scaled): mean ± standard deviation over the seeds, on a quarter of the rows that neither side saw.",
        "chainrule holds a fifth of the others out to stop early; scikit-learn learns from all of them.", "",
        "| data | chainrule | network, raw | network, scaled | linear | beside scaled | beside linear |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip

    def row(name, ours, others):
        told = [f"{statistics.mean(s):.4f} ± {statistics.stdev(s):.4f}" if len(s) > 1 else f"{s[0]:.4f}" for s in [ours, *others]]
        ahead = [statistics.mean(ours) - statistics.mean(s) for s in others[1:]]
        lines.append(f"| {name} | " + " | ".join(told + [f"{d:+.4f}" for d in ahead]) + " |")
        print(lines[-1], file=sys.stderr)

    for name in DEFAULTS:
        scores = []
        for seed in range(seeds):
            parts = quarter(name, seed)
            scores.append([by_default(program, parts, name, seed), *their_defaults(parts, name in VALUES, seed)])
        ours, *others = map(list, zip(*scores))
        row(name, ours, others)
    if fashion_folder:
        ours = [fashion_by_default(program, fashion_folder, seed) for seed in range(seeds)]
        parts = fashion(fashion_folder)
        others = list(zip(*(their_defaults(parts, False, seed) for seed in range(fashion_peers))))
        row("Fashion-MNIST", ours, [list(scores) for scores in others])
        lines += ["", f"On Fashion-MNIST scikit-learn's are of {fashion_peers} seed{'s' if fashion_peers > 1 else ''}, as each takes minutes."]
    return lines


def mnist(program, seeds):
    """784-512-512-10 with dropout, Adam: chainrule alone, as scikit-learn has no dropout."""
    scores = []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            command = [
                program, "train", "mnist", "--hidden", "512,512", "--init", "he", "--dropout", "0.2", "--optimizer", "adam", "--lr", "0.001",
                "--batch-size", "128", "--epochs", "20", "--schedule", "cosine", "--seed", seed, "--out", f"{folder}/run", "--json", "--quiet",
            ]  # fmt: skip
            done = subprocess.run(list(map(str, command)), capture_output=True, check=True)
            scores.append(json.loads(done.stdout)["final"]["test_accuracy"])
    return scores


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--program", type=pathlib.Path)
    parser.add_argument("--mnist", action="store_true", help="also 784-512-512-10 on MNIST, minutes for each seed")
    parser.add_argument("--fashion", type=pathlib.Path, help="the folder of Fashion-MNIST's files")
    parser.add_argument("--fashion-peers", type=int, default=1, help="seeds of scikit-learn on Fashion-MNIST, minutes each")
    options = parser.parse_args()
    program = (options.program or environment.chainrule()).resolve()
    lines = [
        "# Test scores beside scikit-learn's", "",
        f"Written by `python3 bench/scores.py --seeds {options.seeds}`: accuracy, for diabetes R²; means over the seeds, and the least.", "",
        "| data | settings | chainrule | scikit-learn | difference |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for name, task, hidden, lr, batch, epochs in WORK:
        pairs = []
        for seed in range(options.seeds):
            parts = split(name, seed)
            settings = (task, hidden, lr, batch, epochs, seed)
            pairs.append((ours(program, parts, *settings), theirs(parts, *settings)))
            print(f"{name} seed {seed}: chainrule {pairs[-1][0]:.4f}, scikit-learn {pairs[-1][1]:.4f}", file=sys.stderr)
        a, b = ([pair[i] for pair in pairs] for i in range(2))
        mean = [sum(scores) / len(scores) for scores in (a, b)]
        lines.append(
            f"| {name} | {hidden}, Adam {lr}, batch {batch}, {epochs} epochs | {mean[0]:.4f} ({min(a):.4f}) | {mean[1]:.4f} ({min(b):.4f}) | {mean[0] - mean[1]:+.4f} |"
        )
    if options.mnist:
        scores = mnist(program, min(options.seeds, 3))
        lines += ["", f"MNIST, 784-512-512-10, dropout 0.2, Adam 0.001 with a cosine, batch 128, 20 epochs: {', '.join(f'{s:.4f}' for s in scores)} (wanted 0.983)."]
    lines += defaults(program, options.seeds, options.fashion, options.fashion_peers)
    (HERE / "scores.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    # scikit-learn lives with the peers.
    python = environment.peers()
    if pathlib.Path(sys.prefix).resolve() != python.parent.parent.resolve():
        sys.exit(subprocess.call([python, *sys.argv]))
    main()
