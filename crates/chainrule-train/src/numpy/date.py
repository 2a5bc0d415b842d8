

MONTHS = "january february march april may june july august september october november december".split()


def date(cell, part, order):
    if ":" in cell[:3]:
        cell = "1970-01-01 " + cell
    if re.fullmatch("[0-9]{8}", cell):
        cell = f"{cell[:4]}-{cell[4:6]}-{cell[6:]}"
    clock = max(cell.partition(":")[0].rfind(letter) for letter in "T ") if ":" in cell else len(cell)
    place = dict(zip(order, re.findall("[^-/., ]+", cell[:clock])))
    year, month = int(place["y"]), place["m"].lower()
    if len(place["y"]) == 2:
        year += 2000 if year < 30 else 1900
    named = [number for number, name in enumerate(MONTHS, 1) if len(month) > 2 and name.startswith(month)]
    day = datetime.date(year, named[0] if named else int(month), int(place["d"]))
    digits = re.findall(r"[\d.]+", re.split("[Z+-]", cell[clock + 1 :])[0])
    hour = sum(float(number) / 60**at for at, number in enumerate(digits))
    days = day.toordinal() - datetime.date(1970, 1, 1).toordinal() + hour / 24
    return {"days": days, "year": day.year, "month": day.month, "weekday": day.isoweekday(), "hour": hour}[part]
