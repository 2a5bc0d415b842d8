#!/usr/bin/env python3
"""Test scores beside scikit-learn's: python3 bench/scores.py [--seeds 5] [--program target/release/chainrule]

Trains chainrule and scikit-learn's MLPClassifier and MLPRegressor with the same settings on the same splits of the
breast-cancer, wine, digits and diabetes data (and MNIST with --mnist), and writes scores.md beside this script. Inputs,
and the values of the regression, are standardised for both; scikit-learn's penalty alpha is 0, as chainrule has none with Adam. Each score is a mean over
the seeds of split and training."""

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
    (HERE / "scores.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    # scikit-learn lives with the peers.
    python = environment.peers()
    if pathlib.Path(sys.prefix).resolve() != python.parent.parent.resolve():
        sys.exit(subprocess.call([python, *sys.argv]))
    main()
