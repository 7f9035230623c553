//! Days of the Gregorian calendar, counted from 1970-01-01.

const ERA: i64 = 146_097;

/// The day of a date; `None` where there is no such date.
pub(super) fn day(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Years begin in March: the leap day is the last one.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a day.
pub(super) fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(ERA), day.rem_euclid(ERA));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_nine_thousand_years_is_its_date() {
        let (mut next, end) = (day(1, 1, 1).unwrap(), day(9999, 12, 31).unwrap());
        assert_eq!((next, end, day(1970, 1, 1)), (-719_162, 2_932_896, Some(0)));
        let mut before = (0, 12, 31);
        while next <= end {
            let (year, month, of_month) = date(next);
            assert_eq!(day(year, month, of_month), Some(next));
            assert!((year, month, of_month) > before);
            before = (year, month, of_month);
            next += 1;
        }
        for none in [(2023, 2, 29), (1900, 2, 29), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31), (2024, 1, 0)] {
            assert_eq!(day(none.0, none.1, none.2), None);
        }
        assert!(day(2000, 2, 29).is_some());
    }
}
