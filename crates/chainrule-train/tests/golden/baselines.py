"""Writes baselines.json: what scikit-learn's simplest models score on the tables that the project carries.

    python3 crates/chainrule-train/tests/golden/baselines.py > crates/chainrule-train/tests/golden/baselines.json

Needs NumPy and scikit-learn 1.9. Inputs, and the values of a regression, are standardised on the training part.
"""

import csv
import json
from pathlib import Path

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

DATA = Path(__file__).resolve().parents[4] / "data"


def read(name, part):
    with open(DATA / name / f"{part}.csv") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([row[:-1] for row in rows], float), np.array([row[-1] for row in rows])


def standard(train, *others):
    mean, deviation = train.mean(0), train.std(0)
    return [(part - mean) / deviation for part in (train, *others)]


def classes(name):
    (x, y), (tx, ty) = read(name, "train"), read(name, "test")
    x, tx = standard(x, tx)
    found = {}
    for key, model in [
        ("baseline", DummyClassifier(strategy="prior")),
        ("linear", LogisticRegression(tol=1e-10, max_iter=10_000)),
    ]:
        model.fit(x, y)
        found[key] = {
            "test_accuracy": accuracy_score(ty, model.predict(tx)),
            "test_loss": log_loss(ty, model.predict_proba(tx)),
        }
    return found


def values(name):
    """The last column of numbers from the others."""
    (x, _), (tx, _) = read(name, "train"), read(name, "test")
    train, test = standard(x, tx)
    mean, deviation = x[:, -1].mean(), x[:, -1].std()
    found = {}
    for key, model in [("baseline", DummyRegressor()), ("linear", Ridge())]:
        model.fit(train[:, :-1], train[:, -1])
        said = model.predict(test[:, :-1])
        found[key] = {
            "test_rmse": mean_squared_error(tx[:, -1], said * deviation + mean) ** 0.5,
            "test_r2": r2_score(test[:, -1], said),
            "test_loss": mean_squared_error(test[:, -1], said),
        }
    return found


print(
    json.dumps(
        {
            "iris": classes("iris"),
            "wine": classes("wine"),
            "iris petal_width_cm": values("iris"),
        },
        indent=1,
    )
)
