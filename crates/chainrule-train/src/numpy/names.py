

def names(cells):
    found = [cell.strip() for cell in cells]
    found[0] = found[0].lstrip("#").strip()
    found = [name or f"c{number}" for number, name in enumerate(found, 1)]
    for at, name in enumerate(found):
        if name in found[:at]:
            others = (f"{name}.{number}" for number in range(1, len(found) + 1))
            found[at] = next(other for other in others if other not in found)
    return found
