"""Writes golden/data: small data files of every format, and data.json with what they hold.

    pip install numpy scikit-learn pillow pyarrow
    python3 crates/chainrule-train/tests/golden/make_data.py
"""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from PIL.ImageOps import exif_transpose as upright
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.class_weight import compute_class_weight

HERE = Path(__file__).parent
OUT = HERE / "data"
SHIPPED = HERE.parents[3] / "data"
golden = {}


def table(name, part):
    with open(SHIPPED / name / f"{part}.csv", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return np.array([row[:-1] for row in rows], float), [row[-1] for row in rows]


def shipped():
    for name in ["iris", "wine"]:
        (train, species), (test, _) = table(name, "train"), table(name, "test")
        scaler = StandardScaler().fit(train)
        classes = sorted(set(species))
        golden[name] = {
            "classes": classes,
            "labels": [classes.index(label) for label in species],
            "train": scaler.transform(train).tolist(),
            "test": scaler.transform(test).tolist(),
            "balanced": compute_class_weight("balanced", classes=np.array(classes), y=species).tolist(),
        }


def mixed():
    """Numbers and texts with missing values, quotes and a weight."""
    text = (
        'kg,"coat, outside",age,count,kind\n'
        "4.5,short,?,1,cat\n"
        '6,"long ""silk""",3,0.5,cat\n'
        ",short,12,2,dog\n"
        '31.25,,7,1,dog\n'
        "NA,wire,5,1,dog\n"
        '12,"two\nlines",5,1,dog\n'
    )
    (OUT / "mixed.csv").write_text(text)
    nan = np.nan
    numbers = np.array([[4.5, nan], [6, 3], [nan, 12], [31.25, 7], [nan, 5], [12, 5]])
    numbers = np.nan_to_num(StandardScaler().fit_transform(numbers), nan=0.0)
    coats = np.array([["short"], ['long "silk"'], ["short"], ["~"], ["wire"], ["two\nlines"]])
    coats = OneHotEncoder(sparse_output=False).fit_transform(coats)
    golden["mixed"] = {
        "features": np.hstack([numbers[:, :1], coats, numbers[:, 1:]]).tolist(),
        "labels": [0, 0, 1, 1, 1, 1],
        "weights": [1, 0.5, 2, 1, 1, 1],
    }


def numpy_files():
    """One archive for each type of elements, in both byte orders and both orders of axes."""
    golden["numpy"] = {}
    values = np.array([[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [90, 100, 127]]])
    for kind in ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]:
        for order in "<>":
            x = (values % 2 if kind == "b1" else values).astype(order + kind)
            fortran = order == ">"
            x = np.asfortranarray(x) if fortran else x
            save = np.savez_compressed if fortran else np.savez
            name = f"{'big' if fortran else 'little'}_{kind}.npz"
            save(OUT / name, x=x, y=np.array([0.5, -1.5], order + "f8"))
            golden["numpy"][name] = x.reshape(2, 6).astype(float).tolist()
    np.save(OUT / "x.npy", np.array([[1.5, 2.5], [3.5, -4.5]], "<f4"))
    np.savez(OUT / "two_targets.npz", x=np.eye(3), y=np.arange(6.0).reshape(3, 2))


def images():
    """Pictures of every mode, as they are and resized by Pillow's triangle filter."""
    rng = np.random.default_rng(0)
    smooth = np.add.outer(np.arange(9) * 20, np.arange(12) * 5)
    grey = Image.fromarray((smooth + rng.integers(0, 20, (9, 12))).astype(np.uint8))
    colour = Image.fromarray(
        np.stack([smooth, 255 - smooth, rng.integers(0, 255, (9, 12))], -1).astype(np.uint8))
    files = {
        "grey/a/grey.png": grey,
        "grey/a/bits.png": grey.convert("1"),
        "grey/b/grey_alpha.png": grey.convert("LA"),
        "colour/a/colour.png": colour,
        "colour/a/palette.png": colour.quantize(16),
        "colour/b/alpha.png": colour.convert("RGBA"),
        "colour/b/grey.png": grey,
    }
    golden["images"] = {}
    for name, image in files.items():
        (OUT / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(OUT / name)
        plain = image.convert("L" if name.startswith("grey") else "RGB")
        golden["images"][name] = {
            "pixels": np.asarray(plain).ravel().tolist(),
            "5x4": np.asarray(plain.resize((5, 4), Image.Resampling.BILINEAR)).ravel().tolist(),
            "20x17": np.asarray(plain.resize((20, 17), Image.Resampling.BILINEAR)).ravel().tolist(),
        }
    (OUT / "jpeg/a").mkdir(parents=True, exist_ok=True)
    (OUT / "jpeg/b").mkdir(parents=True, exist_ok=True)
    big = colour.resize((24, 16), Image.Resampling.BICUBIC)
    jpegs = {"jpeg/a/baseline.jpg": {}, "jpeg/a/progressive.jpg": {"progressive": True},
             "jpeg/b/grey.jpeg": {}}
    for name, options in jpegs.items():
        image = big.convert("L") if "grey" in name else big
        image.save(OUT / name, quality=90, subsampling=0, **options)
        golden["images"][name] = {
            "pixels": np.asarray(Image.open(OUT / name).convert("RGB")).ravel().tolist()}


def on_white(image):
    """The picture as it looks on white paper."""
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")


def other_pictures():
    """Pictures of the formats beside PNG and JPEG, each as Pillow reads it again."""
    rng = np.random.default_rng(1)
    smooth = np.add.outer(np.arange(9) * 20, np.arange(13) * 5)
    colour = Image.fromarray(
        np.stack([smooth, 255 - smooth, rng.integers(0, 255, (9, 13))], -1).astype(np.uint8))
    grey = colour.convert("L")
    clear, held = colour.copy(), Image.Exif()
    clear.putalpha(grey)
    held[274] = 6
    films = {"save_all": True, "append_images": [grey.convert("P"), grey.convert("P")]}
    files = {
        "other/a/24.bmp": (colour, {}),
        "other/a/32.bmp": (clear, {}),
        "other/a/palette.bmp": (colour.quantize(200), {}),
        "other/a/grey.bmp": (grey, {}),
        "other/a/bits.bmp": (grey.convert("1"), {}),
        "other/b/plain.gif": (colour.quantize(100), {"interlace": 0}),
        "other/b/interlaced.gif": (colour.quantize(16), {"interlace": 1}),
        "other/b/film.gif": (colour.quantize(50), films),
        "other/b/lossless.webp": (colour, {"lossless": True}),
        "other/b/alpha.webp": (clear, {"lossless": True, "exact": True}),
        "other/b/held.webp": (colour, {"lossless": True, "exif": held}),
        "other/b/lossy.webp": (colour, {"quality": 90}),
    }
    for name, (image, options) in files.items():
        (OUT / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(OUT / name, **options)
        golden["images"][name] = {
            "pixels": np.asarray(on_white(upright(Image.open(OUT / name)))).ravel().tolist()}


def parquet():
    """Nulls, texts, booleans and several groups of rows, in each compression."""
    columns = {
        "height": pa.array([1.5, None, 3.5, 2.5, 4.0]),
        "count": pa.array([1, 2, None, 4, 3], pa.int32()),
        "colour": pa.array(["red", "blue", "red", None, "red"]),
        "flag": pa.array([True, False, True, True, False]),
        "target": pa.array([10.25, 20.5, 30.75, 40.0, 50.5], pa.float32()),
    }
    for compression in ["none", "snappy", "zstd", "gzip"]:
        pq.write_table(pa.table(columns), OUT / f"{compression}.parquet",
                       compression=compression, row_group_size=2)
    numbers = StandardScaler().fit_transform(
        np.array([[1.5, 1], [np.nan, 2], [3.5, np.nan], [2.5, 4], [4.0, 3]]))
    numbers = np.nan_to_num(numbers)
    # blue, red, missing; false, true
    words = np.array([[0, 1, 0, 0, 1], [1, 0, 0, 1, 0], [0, 1, 0, 0, 1], [0, 0, 1, 0, 1],
                      [0, 1, 0, 1, 0]], float)
    golden["parquet"] = np.hstack([numbers, words]).tolist()


OUT.mkdir(exist_ok=True)
shipped()
mixed()
numpy_files()
images()
other_pictures()
parquet()
(OUT / "data.json").write_text(json.dumps(golden) + "\n")
