

def features(rows):
    keys = ["column", "kind", "form", "category", "mean", "deviation"]
    x = np.zeros((len(rows), len(model["input.column"])))
    for j, (column, kind, form, category, mean, deviation) in enumerate(zip(*(model["input." + key] for key in keys))):
        for i, row in enumerate(rows):
            cell = row[column].strip()
            gap = cell.lower() in [word.lower() for word in gaps]
            if kind == "missing":
                x[i, j] = gap
            elif gap:
                x[i, j] = 0  # The mean, or no category.
