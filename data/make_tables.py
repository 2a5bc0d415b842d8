"""Writes iris/ and wine/ from the tables in scikit-learn's package, split 80 to 20, stratified.

Run: python3 make_tables.py (needs scikit-learn).
"""

import csv
from pathlib import Path

import sklearn.datasets
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent
SOURCES = Path(sklearn.datasets.__file__).parent / "data"
TABLES = {
    "iris": ("iris.csv", "species", ["setosa", "versicolor", "virginica"],
             ["sepal_length_cm", "sepal_width_cm", "petal_length_cm", "petal_width_cm"]),
    "wine": ("wine_data.csv", "cultivar", ["class_0", "class_1", "class_2"],
             ["alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
              "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
              "od280_od315_of_diluted_wines", "proline"]),
}

for name, (file, target, classes, columns) in TABLES.items():
    with open(SOURCES / file, newline="") as source:
        rows = [row[:-1] + [classes[int(row[-1])]] for row in list(csv.reader(source))[1:]]
    labels = [row[-1] for row in rows]
    parts = train_test_split(range(len(rows)), test_size=0.2, random_state=0, stratify=labels)
    for part, members in zip(["train", "test"], parts):
        with open(HERE / name / f"{part}.csv", "w", newline="") as table:
            writer = csv.writer(table, lineterminator="\n")
            writer.writerow(columns + [target])
            writer.writerows(rows[row] for row in sorted(members))
