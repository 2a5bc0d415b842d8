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
    /// Reads `2024-01-31`, `31.1.2024`, `1/31/2024 12:30`, `2024-01-31T12:30:05.5Z` and the like.
    /// `12:30` alone is of the first of January 1970.
    pub(super) fn read(text: &str, order: Order) -> Option<Self> {
        let is_time = text.find(':').is_some_and(|at| at <= 2 && text.len() > at + 2);
        if is_time && order == Order::YearMonthDay {
            let seconds = seconds(text)?;
            return Some(Self { year: 1970, month: 1, day: 1, seconds });
        }
        let (date, time) = match text.trim().split_once(['T', ' ']) {
            Some((date, time)) => (date, Some(time.trim())),
            None => (text.trim(), None),
        };
        let between = ['-', '/', '.'].into_iter().find(|&letter| date.contains(letter))?;
        let mut parts = date.split(between);
        let mut part = || parts.next().filter(|part| is_short_number(part));
        let (first, second, third) = (part()?, part()?, part()?);
        if parts.next().is_some() {
            return None;
        }
        let (year, month, day) = match order {
            Order::YearMonthDay => (first, second, third),
            Order::DayMonthYear => (third, second, first),
            Order::MonthDayYear => (third, first, second),
        };
        // Two digits of a year would need a century.
        let four = year.len() == 4 && month.len() <= 2 && day.len() <= 2;
        let [year, month, day] = [year, month, day].map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (year?, month?, day?);
        let ok = four && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        let seconds = time.map_or(Some(0.0), seconds)?;
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

fn is_short_number(text: &str) -> bool {
    (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
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
        ] {
            assert_eq!(Moment::read(text, year), None, "{text}");
        }
        assert_eq!(Moment::read("31/12/2024", month), None);
    }
}
