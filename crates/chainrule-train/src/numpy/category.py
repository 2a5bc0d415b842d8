

def same(cell, category):
    try:
        return float(cell) == float(category)
    except ValueError:
        return cell == category
