

def word(cell):
    try:
        number = float(cell if cell.isascii() and "_" not in cell else "nan")
    except ValueError:
        return cell
    return number if abs(number) < 2**53 else cell
