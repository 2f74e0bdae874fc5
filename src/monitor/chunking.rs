//! Where one chunk ends and the next begins.

use chrono::{DateTime, Datelike as _};

/// How rows are cut into chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "rows")]
pub enum Chunking {
    /// So many rows each.
    Rows(usize),
    /// One calendar day each, by the time column.
    Day,
    /// One week from Monday each, by the time column.
    Week,
    /// One calendar month each, by the time column.
    Month,
}

/// Fewest rows of a chunk that still says something: with 200 rows a share is known to ±7 percentage points (95 %).
pub const MIN_CHUNK_ROWS: usize = 200;

/// Rows of a chunk that are aimed for where there are enough.
const GOOD_CHUNK_ROWS: usize = 1_000;

/// Chunks a stream is cut into by default: enough to see a course, few enough to tell apart.
const STREAM_CHUNKS: usize = 50;

/// Reference chunks from which a threshold is learned with some trust; `NannyML` warns below six.
const REFERENCE_CHUNKS: usize = 6;

impl Chunking {
    /// The word shown on screen.
    pub fn word(self) -> String {
        match self {
            Self::Rows(rows) => format!("{rows} rows"),
            Self::Day => "day".to_owned(),
            Self::Week => "week".to_owned(),
            Self::Month => "month".to_owned(),
        }
    }

    /// Whether the time column decides.
    pub fn is_calendar(self) -> bool {
        !matches!(self, Self::Rows(_))
    }

    /// Number of the calendar period that holds a moment (milliseconds since 1970), growing with time; `None` for
    /// chunks by rows and for moments no calendar knows.
    pub(super) fn period(self, ms: i64) -> Option<i64> {
        const DAY_MS: i64 = 86_400_000;
        let day = ms.div_euclid(DAY_MS);
        match self {
            Self::Rows(_) => None,
            Self::Day => Some(day),
            // 1970-01-01 was a Thursday, so three days back begins its week.
            Self::Week => Some((day + 3).div_euclid(7)),
            Self::Month => {
                let date = DateTime::from_timestamp_millis(ms)?;
                Some(i64::from(date.year()) * 12 + i64::from(date.month0()))
            }
        }
    }
}

/// A sensible number of rows a chunk: about 50 chunks of the stream and six of the reference, at least 1,000 rows
/// where there are so many, and never fewer than [`MIN_CHUNK_ROWS`]. Rounded to two digits.
pub fn default_chunk_rows(reference_rows: usize, expected_rows: usize) -> usize {
    let by_stream = (expected_rows / STREAM_CHUNKS).max(GOOD_CHUNK_ROWS.min(expected_rows / 10));
    let by_reference = (reference_rows / REFERENCE_CHUNKS).max(1);
    let rows = if reference_rows == 0 { by_stream } else { by_stream.min(by_reference) };
    rounded_down(rows).max(MIN_CHUNK_ROWS)
}

/// The number with all digits after the second set to zero.
fn rounded_down(rows: usize) -> usize {
    let unit = rows.checked_ilog10().map_or(1, |digits| 10_usize.pow(digits.saturating_sub(1)));
    rows / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_chunks_follow_stream_and_reference() {
        assert_eq!(default_chunk_rows(28_000, 245_000), 4_600);
        assert_eq!(default_chunk_rows(100_000, 245_000), 4_900);
        assert_eq!(default_chunk_rows(100_000, 20_000), 1_000);
        assert_eq!(default_chunk_rows(8_000, 40_000), 1_000);
        assert_eq!(default_chunk_rows(450, 900), MIN_CHUNK_ROWS);
        assert_eq!(default_chunk_rows(0, 0), MIN_CHUNK_ROWS);
        assert_eq!(default_chunk_rows(0, 1_000_000), 20_000);
    }

    #[test]
    fn periods_begin_at_midnight_on_monday_and_on_the_first() {
        let ms = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
        let (sunday, monday) = (ms("2013-03-31T23:59:59Z"), ms("2013-04-01T00:00:00Z"));
        for chunking in [Chunking::Day, Chunking::Week, Chunking::Month] {
            assert_eq!(chunking.period(sunday).map(|p| p + 1), chunking.period(monday), "{chunking:?}");
        }
        assert_eq!(Chunking::Week.period(monday), Chunking::Week.period(ms("2013-04-07T12:00:00Z")));
        assert_eq!(Chunking::Day.period(-1), Some(-1));
        assert_eq!(Chunking::Rows(5).period(0), None);
        assert_eq!(Chunking::Month.period(i64::MAX), None);
    }

    #[test]
    fn chunking_is_plain_json() {
        for (chunking, json) in
            [(Chunking::Rows(5000), r#"{"by":"rows","rows":5000}"#), (Chunking::Week, r#"{"by":"week"}"#)]
        {
            assert_eq!(serde_json::to_string(&chunking).unwrap(), json);
            assert_eq!(serde_json::from_str::<Chunking>(json).unwrap(), chunking);
        }
    }
}
