

def number(cell, decimal):
    digits = re.sub("[A-Za-z]{3}|[^0-9eE.,+-]", "", cell.replace("\N{MINUS SIGN}", "-"))
    return float(digits.replace("." if decimal == "," else ",", "").replace(",", "."))
