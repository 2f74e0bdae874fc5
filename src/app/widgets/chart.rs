//! What the charts share: the colours of series, the read-out beside the pointer and the thinning of
//! long series.

use eframe::egui::{Color32, Pos2, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use super::text::one_line;
use crate::app::theme::{CONTROL_RADIUS, LINE_WIDTH, Tokens, small_font, tokens};

/// Colour of a series' marks; the palette wraps.
pub fn series_color(t: &Tokens, index: usize) -> Color32 {
    t.series.get(index % t.series.len()).copied().unwrap_or(t.accent)
}

/// Colour of a series' words; the palette wraps.
pub fn series_text_color(t: &Tokens, index: usize) -> Color32 {
    t.series_text.get(index % t.series_text.len()).copied().unwrap_or(t.accent_text)
}

/// A small box of lines beside a place, kept inside `area`.
pub fn paint_read_out(ui: &Ui, area: Rect, place: Pos2, lines: &[(String, Color32)]) {
    let t = tokens(ui);
    let painter = ui.ctx().layer_painter(eframe::egui::LayerId::new(
        eframe::egui::Order::Tooltip,
        eframe::egui::Id::unique("chart read-out"),
    ));
    let galleys: Vec<_> =
        lines.iter().map(|(text, color)| (one_line(ui, text, small_font(), *color, 320.0), *color)).collect();
    let width = galleys.iter().map(|g| g.0.size().x).fold(0.0, f32::max) + 16.0;
    let height = galleys.iter().map(|g| g.0.size().y + 2.0).sum::<f32>() + 10.0;
    let left = if place.x + 12.0 + width > ui.ctx().content_rect().right() - 8.0 {
        place.x - 12.0 - width
    } else {
        place.x + 12.0
    };
    let top = (place.y - height / 2.0).clamp(area.top() - 4.0, (area.bottom() - height).max(area.top() - 4.0));
    let rect = Rect::from_min_size(pos2(left.max(2.0), top.max(2.0)), vec2(width, height));
    painter.rect(rect, CONTROL_RADIUS, t.card, Stroke::new(LINE_WIDTH, t.line), StrokeKind::Inside);
    let mut y = rect.top() + 5.0;
    for (galley, color) in galleys {
        let step = galley.size().y + 2.0;
        painter.galley(pos2(rect.left() + 8.0, y), galley, color);
        y += step;
    }
}

/// The lowest and the highest point of each of `buckets` stretches, so that peaks stay; the points
/// themselves when they are few. x must ascend and all values be finite.
pub fn decimate(points: &[[f64; 2]], buckets: usize) -> Vec<[f64; 2]> {
    let buckets = buckets.max(1);
    if points.len() <= buckets * 4 {
        return points.to_vec();
    }
    let size = points.len().div_ceil(buckets);
    let mut out = Vec::with_capacity(buckets * 2 + 2);
    for chunk in points.chunks(size) {
        let low = chunk.iter().enumerate().min_by(|a, b| a.1[1].total_cmp(&b.1[1]));
        let high = chunk.iter().enumerate().max_by(|a, b| a.1[1].total_cmp(&b.1[1]));
        if let (Some((i, low)), Some((j, high))) = (low, high) {
            if i <= j {
                out.extend([*low, *high]);
            } else {
                out.extend([*high, *low]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_a_lone_peak() {
        let mut points: Vec<[f64; 2]> = (0..100_000).map(|i| [f64::from(i), 0.0]).collect();
        points[54_321][1] = 9.0;
        let thin = decimate(&points, 500);
        assert!(thin.len() <= 1_002);
        assert!(thin.iter().any(|p| p[1] == 9.0));
        assert!(thin.windows(2).all(|w| w[0][0] <= w[1][0]));
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = [[0.0, 1.0], [1.0, 2.0]];
        assert_eq!(decimate(&points, 500), points);
    }
}
