"""Reads what examples/other_tools.rs wrote with the real tools: python read.py FOLDER

Expects what that program says in words, not what it wrote: the two are independent."""

import logging
import os
import pathlib
import sys

import numpy as np
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator as PluginAccumulator

logging.getLogger("tensorboard").setLevel(logging.ERROR)  # It tells what it forgets at a restart.
FOLDER = pathlib.Path(sys.argv[1])
SHAPES = {"affine1.weight": (4, 3), "affine1.bias": (3,), "affine2.weight": (3, 2), "affine2.bias": (2,)}
LOSS = [(1, 1.0), (2, 1 / 2), (3, 1 / 3), (4, 0.4), (5, 0.5), (6, 0.6)]
ACCURACY = [(4, 0.9), (5, 0.9), (6, 0.9)]


def same_curve(found, expected):
    found = [(step, np.float32(value)) for step, value in found]
    expected = [(step, np.float32(value)) for step, value in expected]
    assert found == expected, f"{found} is not {expected}"


def events():
    tensorboard = EventAccumulator(str(FOLDER))
    tensorboard.Reload()
    assert tensorboard.Tags()["scalars"] == ["loss/train", "accuracy/test"], tensorboard.Tags()
    for tag, expected in [("loss/train", LOSS), ("accuracy/test", ACCURACY)]:
        same_curve([(event.step, event.value) for event in tensorboard.Scalars(tag)], expected)
    # What its web page reads.
    page = PluginAccumulator(str(FOLDER))
    page.Reload()
    same_curve([(event.step, event.tensor_proto.float_val[0]) for event in page.Tensors("loss/train")], LOSS)


def same_arrays(found, dtype):
    assert set(found) == set(SHAPES), set(found)
    for name, shape in SHAPES.items():
        array = np.asarray(found[name])
        expected = np.arange(np.prod(shape), dtype=dtype).reshape(shape) / 8
        assert array.dtype == dtype and array.shape == shape and (array == expected).all(), f"{name}: {array}"


def parameters():
    for dtype in ["f32", "f64"]:
        kind = np.float32 if dtype == "f32" else np.float64
        same_arrays(np.load(FOLDER / f"{dtype}.npz"), kind)
        path = FOLDER / f"{dtype}.safetensors"
        same_arrays(load_file(path), kind)
        if torch:
            from safetensors.torch import load_file as load_tensors

            same_arrays({name: tensor.numpy() for name, tensor in load_tensors(path).items()}, kind)


torch = None
if peers := os.environ.get("PEERS"):
    sys.path.extend(str(path) for path in pathlib.Path(peers).glob("lib/python*/site-packages"))
    import torch

events()
parameters()
print("TensorBoard, NumPy and " + ("PyTorch" if torch else "safetensors") + " read what they should")
