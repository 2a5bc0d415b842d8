

def date(cell, part, order):
    if ":" in cell[:3]:
        cell = "1970-01-01 " + cell
    day, _, time = cell.replace("T", " ").partition(" ")
    place = dict(zip(order, map(int, re.split("[-/.]", day))))
    day = datetime.date(place["y"], place["m"], place["d"])
    clock = re.findall(r"[\d.]+", re.split("[Z+-]", time)[0])
    hour = sum(float(digits) / 60**at for at, digits in enumerate(clock))
    days = day.toordinal() - datetime.date(1970, 1, 1).toordinal() + hour / 24
    return {"days": days, "year": day.year, "month": day.month, "weekday": day.isoweekday(), "hour": hour}[part]
