//! A confusion matrix in shares.

use crate::validate::report::Confusion;

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Each cell as a share (0 to 1) of its true class's rows: the diagonal is the recall. `None` in rows without rows.
pub fn row_shares(confusion: &Confusion) -> Vec<Vec<Option<f64>>> {
    confusion
        .matrix
        .iter()
        .map(|row| {
            let whole = row.iter().sum();
            row.iter().map(|cell| share(*cell, whole)).collect()
        })
        .collect()
}

/// Each cell as a share (0 to 1) of the rows that were called its class: the diagonal is the precision. `None` in
/// columns without rows.
pub fn column_shares(confusion: &Confusion) -> Vec<Vec<Option<f64>>> {
    let mut whole: Vec<u64> = Vec::new();
    for row in &confusion.matrix {
        whole.resize(whole.len().max(row.len()), 0);
        for (sum, cell) in whole.iter_mut().zip(row) {
            *sum += cell;
        }
    }
    confusion.matrix.iter().map(|row| row.iter().zip(&whole).map(|(cell, sum)| share(*cell, *sum)).collect()).collect()
}
