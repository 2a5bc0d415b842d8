"""Writes metrics.json: outputs of classifiers and regressions with their metrics by scikit-learn.

    python3 crates/chainrule-train/tests/golden/metrics.py > crates/chainrule-train/tests/golden/metrics.json

Needs NumPy and scikit-learn 1.9. Some scores are rounded, so that many tie; all numbers have few digits, so
that every reader of JSON gets them exactly.
"""

import json
import warnings

import numpy as np
from sklearn import metrics

warnings.simplefilter("ignore")
random = np.random.default_rng(5)


def classifier(rows, classes, decimals, only=None):
    """Only the classes below `only` occur as labels."""
    labels = random.integers(0, only or classes, rows)
    logits = random.normal(size=(rows, classes)).round(decimals)
    logits[np.arange(rows), labels] += 0.75
    scores = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).round(9)
    predicted = scores.argmax(axis=1)
    all_classes = np.arange(classes)
    several = metrics.precision_recall_fscore_support(labels, predicted, average="macro", zero_division=0)
    each = metrics.precision_recall_fscore_support(labels, predicted, labels=all_classes, zero_division=0)
    if classes == 2:
        area = metrics.roc_auc_score(labels, scores[:, 1])
    else:
        present = [c for c in all_classes if (labels == c).any()]
        area = np.mean([metrics.roc_auc_score(labels == c, scores[:, c]) for c in present])
        if len(present) == classes:
            sums = scores / scores.sum(axis=1, keepdims=True)
            assert np.isclose(area, metrics.roc_auc_score(labels, sums, multi_class="ovr"))
    return {
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "top": 2,
        "accuracy": metrics.accuracy_score(labels, predicted),
        "top_k": metrics.top_k_accuracy_score(labels, scores, k=2, labels=all_classes) if classes > 2 else 1.0,
        "macro": [float(value) for value in several[:3]],
        "per_class": [[float(value) for value in column] for column in zip(*each)],
        "roc_auc": float(area),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=all_classes).tolist(),
    }


def regression(wanted, predicted):
    wanted, predicted = np.round(wanted, 6), np.round(predicted, 6)
    return {
        "wanted": wanted.tolist(),
        "predicted": predicted.tolist(),
        "mse": metrics.mean_squared_error(wanted, predicted),
        "mae": metrics.mean_absolute_error(wanted, predicted),
        "r2": metrics.r2_score(wanted, predicted),
    }


one = random.normal(size=(30, 1)) * 40 + 1e6
several = random.normal(size=(20, 3)) * [1, 100, 1e-3]
constant = np.full((4, 1), 2.5)
print(json.dumps({
    "classifiers": [
        classifier(40, 2, 1), classifier(60, 4, 9), classifier(50, 5, 9, only=3), classifier(30, 10, 9),
    ],
    "regressions": [
        regression(one, one + random.normal(size=one.shape) * 15),
        regression(several, several * 1.1 + random.normal(size=several.shape) * 0.1),
        regression(constant, constant),
        regression(constant, constant + [[1], [0], [-1], [2]]),
    ],
}))
