//! Times cut by calendar day, month or year.

use std::collections::BTreeMap;

use chrono::Datelike as _;

use super::cut::{NONE, Parts, most_frequent, other};
use crate::data::table::MISSING_TIME;

/// Periods beyond which the rarest are put together.
const MOST_PERIODS: usize = 240;
const DAY_MS: i64 = 86_400_000;
/// A calendar month has no more days than this.
const MONTH_MS: i64 = 31 * DAY_MS;
/// Ten years; beyond them months are too many to look at.
const DECADE_MS: i64 = 3_653 * DAY_MS;

/// A calendar unit.
#[derive(Clone, Copy)]
enum Period {
    Day,
    Month,
    Year,
}

impl Period {
    fn of_span(span_ms: i64) -> Self {
        if span_ms <= MONTH_MS {
            Self::Day
        } else if span_ms <= DECADE_MS {
            Self::Month
        } else {
            Self::Year
        }
    }

    /// The number and the name of the period a moment lies in; `None` for a moment beyond the calendar.
    fn holding(self, day: i64) -> Option<(i64, String)> {
        let date = chrono::DateTime::from_timestamp_millis(day.checked_mul(DAY_MS)?)?.date_naive();
        let year = i64::from(date.year());
        Some(match self {
            Self::Day => (day, date.format("%Y-%m-%d").to_string()),
            Self::Month => (year * 12 + i64::from(date.month0()), date.format("%Y-%m").to_string()),
            Self::Year => (year, date.format("%Y").to_string()),
        })
    }
}

/// The labels of the periods that occur, ascending, and each row's index into them.
pub(super) fn by_period(times: &[i64]) -> Parts {
    let filled = || times.iter().copied().filter(|t| *t != MISSING_TIME);
    let (Some(first), Some(last)) = (filled().min(), filled().max()) else {
        return (Vec::new(), vec![NONE; times.len()]);
    };
    let period = Period::of_span(last.saturating_sub(first));
    // Days first: they are cheap to tell, and far fewer than rows.
    let mut days: BTreeMap<i64, u64> = BTreeMap::new();
    let mut run = (0, 0);
    for day in filled().map(|t| t.div_euclid(DAY_MS)) {
        if day != run.0 {
            count_day(&mut days, run);
            run = (day, 0);
        }
        run.1 += 1;
    }
    count_day(&mut days, run);

    let mut names: Vec<String> = Vec::new();
    let mut counts: Vec<u64> = Vec::new();
    let mut number = None;
    let mut period_of_day: Vec<(i64, Option<usize>)> = Vec::with_capacity(days.len());
    for (day, rows) in days {
        let Some((own, name)) = period.holding(day) else {
            period_of_day.push((day, None));
            continue;
        };
        if number.replace(own) != Some(own) {
            names.push(name);
            counts.push(0);
        }
        if let Some(count) = counts.last_mut() {
            *count += rows;
        }
        period_of_day.push((day, names.len().checked_sub(1)));
    }
    let (mut kept, others) = most_frequent(&counts, MOST_PERIODS, |a, b| a.cmp(&b));
    kept.sort_unstable();
    let mut labels: Vec<String> = kept.iter().filter_map(|place| names.get(*place)).cloned().collect();
    let rest = labels.len() as u16;
    if others > 0 {
        labels.push(other(others, &labels));
    }
    let segment_of_day: Vec<(i64, u16)> = period_of_day
        .into_iter()
        .map(|(day, place)| (day, place.map_or(NONE, |p| kept.binary_search(&p).map_or(rest, |at| at as u16))))
        .collect();
    let mut at = 0;
    let of_row = times.iter().map(|t| {
        if *t == MISSING_TIME {
            return NONE;
        }
        let day = t.div_euclid(DAY_MS);
        if segment_of_day.get(at).is_none_or(|(d, _)| *d != day) {
            at = segment_of_day.partition_point(|(d, _)| *d < day);
        }
        segment_of_day.get(at).map_or(NONE, |(_, segment)| *segment)
    });
    (labels, of_row.collect())
}

fn count_day(days: &mut BTreeMap<i64, u64>, (day, rows): (i64, u64)) {
    if rows > 0 {
        *days.entry(day).or_insert(0) += rows;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Values};
    use crate::validate::segments::{CutSettings, Segmentation, cut};

    fn of(values: Values) -> Segmentation {
        cut(&Column::new("c", values), CutSettings::default())
    }

    fn day(text: &str) -> i64 {
        let date: chrono::NaiveDate = text.parse().unwrap();
        date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis() + 3_600_000
    }

    #[test]
    fn times_are_cut_by_day_month_or_year() {
        let s = of(Values::Time(vec![day("2024-01-31"), day("2024-02-01"), MISSING_TIME, day("2024-01-31")]));
        assert_eq!(s.labels, ["2024-01-31", "2024-02-01", "missing"]);
        assert_eq!(s.of_row, [0, 1, 2, 0]);
        let s = of(Values::Time(vec![day("2024-03-05"), day("2023-12-31"), day("2024-03-01"), day("2024-01-01")]));
        assert_eq!(s.labels, ["2023-12", "2024-01", "2024-03"]);
        assert_eq!(s.of_row, [2, 0, 2, 1]);
        let s = of(Values::Time(vec![day("1969-12-31"), day("2024-03-01")]));
        assert_eq!(s.labels, ["1969", "2024"]);
        let s = of(Values::Time(vec![i64::MAX, 0, i64::MIN + 1]));
        assert_eq!(s.labels, ["1970", "missing"], "moments beyond the calendar have no period");
        let s = of(Values::Time((0..300).map(|y| day("1700-06-01") + y * 366 * DAY_MS).collect()));
        assert_eq!((s.labels.len(), s.label(240)), (241, "other (60 values)"));
    }
}
