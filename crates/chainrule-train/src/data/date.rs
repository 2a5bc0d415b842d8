//! Dates and times as people write them.

use serde::{Deserialize, Serialize};

/// In which order a date's parts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    YearMonthDay,
    DayMonthYear,
    MonthDayYear,
}

impl Order {
    pub(super) const ALL: [Self; 3] = [Self::YearMonthDay, Self::DayMonthYear, Self::MonthDayYear];

    /// Its parts' names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::YearMonthDay => "year-month-day",
            Self::DayMonthYear => "day-month-year",
            Self::MonthDayYear => "month-day-year",
        }
    }

    /// A date in this order.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::YearMonthDay => "2024-01-31",
            Self::DayMonthYear => "31.1.2024",
            Self::MonthDayYear => "1/31/2024",
        }
    }

    /// Its parts' first letters.
    pub(super) fn letters(self) -> &'static str {
        match self {
            Self::YearMonthDay => "ymd",
            Self::DayMonthYear => "dmy",
            Self::MonthDayYear => "mdy",
        }
    }
}

/// A point in time, in days since 1970 and seconds of its day; in the time zone in which it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) seconds: f64,
}

impl Moment {
    /// Reads `2024-01-31`, `20240131`, `31.1.2024`, `1/31/24 12:30`, `31-Jan-2024`, `Jan 31, 2024`,
    /// `2024-01-31T12:30:05.5Z` and the like. `12:30` alone is of the first of January 1970.
    pub(super) fn read(text: &str, order: Order) -> Option<Self> {
        let text = text.trim();
        let is_time = text.find(':').is_some_and(|at| at <= 2 && text.len() > at + 2);
        if is_time && order == Order::YearMonthDay {
            let seconds = seconds(text)?;
            return Some(Self { year: 1970, month: 1, day: 1, seconds });
        }
        if is_compact(text) && order == Order::YearMonthDay {
            let part = |from, to| text.get(from..to)?.parse().ok();
            return Self::of(part(0, 4)?, part(4, 6)?, part(6, 8)?, 0.0);
        }
        // A time has the first colon, and stands apart from the date by the blank or the T before that.
        let before = text.find(':').and_then(|colon| text.get(..colon)?.rfind(['T', ' ']));
        let (date, time) = match before.and_then(|at| text.split_at_checked(at)) {
            Some((date, time)) => (date.trim(), time.get(1..)),
            None => (text, None),
        };
        let between = ['/', '-', '.'].into_iter().find(|&letter| date.contains(letter));
        let is_written_out = date.contains(' ');
        let mut parts = date.split(|letter| match is_written_out {
            true => matches!(letter, ' ' | ',' | '.'),
            false => Some(letter) == between,
        });
        let mut part = || parts.find(|part| !(is_written_out && part.is_empty()));
        let (first, second, third) = (part()?, part()?, part()?);
        if part().is_some() {
            return None;
        }
        let (year, month, day) = match order {
            Order::YearMonthDay => (first, second, third),
            Order::DayMonthYear => (third, second, first),
            Order::MonthDayYear => (third, first, second),
        };
        let named = named_month(month);
        if (is_written_out && named.is_none()) || !is_short_number(day, 2) {
            return None;
        }
        // `1.2.13` is rather a version than a day of 2013.
        let may_be_short = order != Order::YearMonthDay
            && (between != Some('.') || named.is_some() || day.len() + month.len() == 4);
        let month = named.or_else(|| is_short_number(month, 2).then(|| month.parse().ok())?)?;
        let year = match year.len() {
            4 if is_short_number(year, 4) => year.parse().ok()?,
            2 if may_be_short && is_short_number(year, 2) => whole_year(year.parse().ok()?),
            _ => return None,
        };
        let seconds = time.map_or(Some(0.0), |time| seconds(time.trim()))?;
        Self::of(year, month, day.parse().ok()?, seconds)
    }

    /// The date, where there is such a day.
    fn of(year: i64, month: i64, day: i64, seconds: f64) -> Option<Self> {
        let ok = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        ok.then_some(Self { year, month, day, seconds })
    }

    /// Days since the first of January 1970, with the fraction of the day: the civil calendar counted from
    /// the first of March, so that the leap day comes last (H. Hinnant, "chrono-Compatible Low-Level
    /// Date Algorithms", 2013).
    pub(super) fn days(&self) -> f64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        (era * 146_097 + of_era - 719_468) as f64 + self.seconds / 86_400.0
    }

    /// The day of the week, from 1 for Monday to 7.
    pub(super) fn weekday(&self) -> i64 {
        (self.days().floor() as i64 + 3).rem_euclid(7) + 1
    }

    pub(super) fn hour(&self) -> f64 {
        self.seconds / 3600.0
    }
}

/// What a date tells a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DatePart {
    /// Days since 1970.
    Days,
    Year,
    Month,
    Weekday,
    Hour,
}

impl DatePart {
    pub(super) const ALL: [Self; 5] =
        [Self::Days, Self::Year, Self::Month, Self::Weekday, Self::Hour];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Days => "days",
            Self::Year => "year",
            Self::Month => "month",
            Self::Weekday => "weekday",
            Self::Hour => "hour",
        }
    }

    pub(super) fn of(self, moment: &Moment) -> f64 {
        match self {
            Self::Days => moment.days(),
            Self::Year => moment.year as f64,
            Self::Month => moment.month as f64,
            Self::Weekday => moment.weekday() as f64,
            Self::Hour => moment.hour(),
        }
    }
}

fn is_short_number(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is eight digits, as `20240131` is.
pub(super) fn is_compact(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The month that a text names in English, by three letters or more.
fn named_month(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let text = text.to_ascii_lowercase();
    let named = (1..).zip(MONTHS).find(|(_, month)| text.len() > 2 && month.starts_with(&text));
    named.map(|(number, _)| number)
}

/// The year that two digits tell, from 1930 to 2029 as spreadsheets have it.
fn whole_year(digits: i64) -> i64 {
    if digits < 30 { 2000 + digits } else { 1900 + digits }
}

/// Whether the year of such a date is told by two digits.
pub(super) fn has_short_year(text: &str) -> bool {
    Moment::read(text, Order::YearMonthDay).is_none()
        && !text.split(|letter: char| !letter.is_ascii_digit()).any(|part| part.len() == 4)
}

fn days_of(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The seconds of `12:30`, `12:30:05`, `12:30:05.5`, with a time zone or without.
fn seconds(text: &str) -> Option<f64> {
    let zone = text.find(['Z', '+', '-']).unwrap_or(text.len());
    let (time, zone) = text.split_at(zone);
    let zone_ok = zone.bytes().all(|byte| byte.is_ascii_digit() || b"Z+-:".contains(&byte));
    let mut parts = time.trim().split(':');
    let mut whole = |most: u32| {
        let part = parts.next().filter(|part| part.len() <= 2)?;
        part.parse::<u32>().ok().filter(|&number| number <= most)
    };
    let (hour, minute) = (whole(23)?, whole(59)?);
    let second = match parts.next() {
        Some(second) => second.parse::<f64>().ok().filter(|second| (0.0..61.0).contains(second))?,
        None => 0.0,
    };
    (zone_ok && parts.next().is_none())
        .then(|| f64::from(hour) * 3600.0 + f64::from(minute) * 60.0 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_their_order() {
        let [year, day, month] = Order::ALL;
        // The days are those of Python's datetime.date.toordinal, less 719163.
        for (text, order, days, weekday) in [
            ("1970-01-01", year, 0.0, 4),
            ("2024-02-29", year, 19782.0, 4),
            ("29.2.2024", day, 19782.0, 4),
            ("2/29/2024", month, 19782.0, 4),
            ("1900-03-01", year, -25508.0, 4),
            ("2024/02/29 12:00", year, 19782.5, 4),
            ("2024-02-29T18:00:00Z", year, 19782.75, 4),
            ("6:00", year, 0.25, 4),
            ("18:00:00", year, 0.75, 4),
            ("2024-02-29T06:00:00.000+02:00", year, 19782.25, 4),
            ("20240229", year, 19782.0, 4),
            ("29-Feb-2024", day, 19782.0, 4),
            ("29. February 2024 12:00", day, 19782.5, 4),
            ("FEB 29, 2024", month, 19782.0, 4),
            ("2024-feb-29", year, 19782.0, 4),
            ("2/29/24", month, 19782.0, 4),
            ("29.02.24", day, 19782.0, 4),
            ("1/27/87", month, 6235.0, 2),
            ("11/16/30 06:00", month, -14290.75, 7),
        ] {
            let moment = Moment::read(text, order).unwrap();
            assert_eq!((moment.days(), moment.weekday()), (days, weekday), "{text}");
        }
        for text in [
            "2023-02-29",
            "2024-13-01",
            "24-01-01",
            "1.2",
            "2024-01-01 25:00",
            "10.0.0.1",
            "",
            "3:2",
            "24:00",
            "20241301",
            "2 29 2024",
            "29-Febr-2024",
        ] {
            assert_eq!(Moment::read(text, year), None, "{text}");
        }
        assert_eq!(Moment::read("31/12/2024", month), None);
        for text in ["1.2.13", "29-Fex-2024", "29-Fe-2024", "1/2/133", "29 2 2024", "1/2/3/24"] {
            assert_eq!(Moment::read(text, day), None, "{text}");
        }
        assert!(has_short_year("1/27/87 12:30") && !has_short_year("1/27/1987"));
    }
}
