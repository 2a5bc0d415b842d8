"""Runs the Python that runs' READMEs show, and compares with `predict`: python models.py PROGRAM FOLDER"""

import contextlib
import csv
import io
import json
import pathlib
import random
import subprocess
import sys

import numpy as np

PROGRAM, FOLDER = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
EVERY_LAYER = (
    'layers=["affine 8", "batch-norm", "relu", "layer-norm", {kind="residual", layers=["affine 8", "gelu", "batch-norm"]},'
    ' "affine 8", "silu", "dropout 0.1", "affine 7", "leaky-relu 0.2", "affine 7", "elu 0.5", "affine 6", "tanh",'
    ' "affine 6", "softplus", "affine 5", "sigmoid", "flatten", "affine OUTPUTS"]'
)


def chainrule(*words):
    call = subprocess.run([PROGRAM, *words], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert call.returncode == 0, f"{words}: {call.stderr}"
    return call.stdout


def table(name, rows, separator=","):
    (FOLDER / name).parent.mkdir(exist_ok=True)
    with open(FOLDER / name, "w", newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)


def houses(count, seed):
    """Numbers, categories, numbers as categories, dates, gaps in each, and a number for the target."""
    draw = random.Random(seed)
    yield ["area", "rent", "heating", "zip", "sold", "opens", "price"]
    for _ in range(count):
        area, heating, zip_code = draw.uniform(20, 200), draw.choice(["gas", "oil", "none at all"]), draw.randint(1, 4)
        rent = "" if draw.random() < 0.2 else f"${area * 12:,.2f}"
        sold = f"{draw.randint(1, 28)}/{draw.randint(1, 12)}/{draw.randint(1999, 2024)} {draw.randint(0, 23)}:30"
        opens = f"{draw.randint(0, 23)}:{draw.randint(0, 59):02}"
        price = 1e5 + 3000 * area + 2e4 * zip_code + draw.gauss(0, 9000) - 3e4 * (heating == "oil")
        cells = [f"{area:.2f}", rent, heating, f"{zip_code:05}", sold, opens]
        yield [cell if draw.random() > 0.1 else draw.choice(["NA", "?", "", "None"]) for cell in cells] + [f"{price:.1f}"]


def flowers(count, seed, kinds, head=True):
    draw = random.Random(seed)
    if head:
        yield ["a", "b", "kind"]
    for _ in range(count):
        kind = draw.randrange(kinds)
        numbers = [f"{draw.gauss(kind, 0.5):.4f}", f"{draw.gauss(-kind, 1):.3f}"]
        yield [number.replace(".", ",") if head else number for number in numbers] + ["xyz"[kind]]


def odd(count, seed):
    """Text as people leave it: comments, a title, blanks around names, two columns of one name, and currencies."""
    draw = random.Random(seed)
    yield from ["# by hand", "# with an odd \" quote", "Amounts of 2024", "size,  size ,size,grade ,ne\N{COMBINING ACUTE ACCENT} , amount,value"]
    for row in range(count):
        size, more, grade = draw.uniform(1, 9), draw.randint(1, 40), draw.choice(["1_0", "10", "10.0", "x", "unknown", "Unknown"])
        amount = draw.choice(["{:,.2f} EUR", "USD {:.1f}", "chf {:.0f}"]).format(size * 1000)
        value = 3 * size + more / 10 + 5 * (grade == "1_0") + 9 * (grade == "Unknown") + draw.random()
        yield f'{size:.3f}, {more},{draw.random():.3f},{grade}  ,{draw.choice("uv")},"{amount}",{value:.3f}'
        if row % 7 == 0:
            yield draw.choice(["# checked", ""])


def blanks(count, seed):
    yield "  a  b   kind "
    for a, b, kind in flowers(count, seed, 2, head=False):
        yield f" {a}    {b}  {kind}"


def text(name, lines):
    (FOLDER / name).parent.mkdir(exist_ok=True)
    (FOLDER / name).write_text("\n".join(lines) + "\n")


def run(name, data, *options, folder="."):
    chainrule("train", data, "--out", name, "--quiet", "--epochs", "15", "--lr", "0.02", *options)
    chainrule("export", name, "--format", "npz")
    readme = (FOLDER / name / "README.md").read_text()
    code = readme.split("```python\n")[1].split("```")[0].replace('open("', f'open("{FOLDER / folder}/')
    names = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code.replace('load("', f'load("{FOLDER}/'), name, "exec"), names)
    return names["predicted"]


def same(name, found, input_file):
    told = json.loads(chainrule("predict", name, input_file, "--json"))["predictions"]
    if "probabilities" in told[0]:
        found = [list(answer.values()) for answer in found]
        told = [answer["probabilities"] for answer in told]
    else:
        told = [answer.get("values", [answer.get("value")]) for answer in told]
    found, told = np.array(found), np.array(told)
    assert found.shape == told.shape and len(told) > 5, f"{name}: {found.shape} is not {told.shape}"
    assert np.ptp(told, axis=0).max() > 1e-3, f"{name}: always the same answer"
    worst = np.max(np.abs(found - told) / np.maximum(1, np.abs(told)))
    assert worst < 1e-5, f"{name}: off by {worst}"
    print(f"{name}: the same within {worst:.1e}")


FOLDER.mkdir(parents=True, exist_ok=True)
table("houses.csv", houses(300, 1))
table("new.csv", houses(40, 2))
for name, *options in [
    ("value",),
    ("layers", "--set", EVERY_LAYER.replace("OUTPUTS", "1"), "--dtype", "f64"),
    ("zips", "--as", "zip=category", "--na", "none at all", "--drop", "rent"),
]:
    same(name, run(name, "houses.csv", *options, "--as", "sold=date"), "new.csv")
table("flowers.tsv", flowers(300, 3, 3), "\t")
table("new.tsv", flowers(40, 4, 3), "\t")
same("classes", run("classes", "flowers.tsv", "--decimal", ","), "new.tsv")
same("raw", run("raw", "flowers.tsv", "--decimal", ",", "--raw"), "new.tsv")
table("bare.csv", flowers(300, 7, 3, head=False), ";")
table("bare/new.csv", flowers(40, 8, 3, head=False), ";")
same("no-header", run("no-header", "bare.csv", folder="bare"), "bare/new.csv")
text("odd.csv", odd(300, 9))
text("odd/new.csv", odd(40, 10))
same("cafe\N{COMBINING ACUTE ACCENT}", run("cafe\N{COMBINING ACUTE ACCENT}", "odd.csv", "--na", "unknown", folder="odd"), "odd/new.csv")
text("blanks.csv", blanks(300, 11))
text("blanks/new.csv", blanks(40, 12))
same("apart", run("apart", "blanks.csv", folder="blanks"), "blanks/new.csv")
table("two.tsv", flowers(300, 5, 2), "\t")
same("one-logit", run("one-logit", "two.tsv", "--loss", "binary-cross-entropy", "--decimal", ","), "new.tsv")

rng, images = np.random.default_rng(6), {}
for part, count in [("train", 60), ("t10k", 20)]:
    labels = rng.integers(0, 3, count, dtype=np.uint8)
    images[part] = rng.integers(0, 100, (count, 5, 4), dtype=np.uint8) + 70 * labels[:, None, None]
    folder = FOLDER / "digits"
    folder.mkdir(exist_ok=True)
    head = b"\0\0\x08\x03" + b"".join(size.to_bytes(4, "big") for size in images[part].shape)
    (folder / f"{part}-images-idx3-ubyte").write_bytes(head + images[part].tobytes())
    (folder / f"{part}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + count.to_bytes(4, "big") + labels.tobytes())
np.save(FOLDER / "images.npy", images["t10k"])
same("images", run("images", "digits", "--init", "he"), "digits:test")
