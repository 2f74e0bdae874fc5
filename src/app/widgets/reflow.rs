//! Cards side by side: as many in a row as fit, all of a row equally wide and equally high.

use eframe::egui::{Rect, Ui, UiBuilder, pos2, vec2};

use super::card::natural_height_key;
use crate::app::theme::SPACE_M;

/// Draws `count` items in columns of at least `min_width` points (fewer columns when they do not
/// fit). `weights` gives the columns' relative widths when all items fit in one row; empty means equal.
/// Cards that [`super::Card::fill`] become as high as the tallest of their row.
pub fn reflow(
    ui: &mut Ui,
    id_salt: &str,
    count: usize,
    min_width: f32,
    weights: &[f32],
    mut item: impl FnMut(&mut Ui, usize),
) {
    if count == 0 {
        return;
    }
    let gap = SPACE_M;
    let width = ui.available_width();
    let fitting = ((width + gap) / (min_width.max(1.0) + gap)).floor().max(1.0) as usize;
    let columns = even_columns(count, fitting);
    let base = ui.make_persistent_id(id_salt);
    let mut first = 0;
    while first < count {
        let last = (first + columns).min(count);
        let in_row = last - first;
        let room = width - gap * (columns.saturating_sub(1)) as f32;
        let weighted = in_row == count && weights.len() == count;
        let total: f32 = if weighted { weights.iter().sum() } else { 1.0 };
        let key = base.with((first, columns));
        let known: f32 = ui.data(|d| d.get_temp(key)).unwrap_or(0.0);
        let outside: f32 = ui.data_mut(|d| {
            let outside = d.get_temp(natural_height_key()).unwrap_or(0.0);
            d.insert_temp(natural_height_key(), 0.0_f32);
            outside
        });
        let top = ui.cursor().min;
        let mut x = top.x;
        let mut bottom = top.y;
        for index in first..last {
            let share = match weights.get(index) {
                Some(weight) if weighted && total > 0.0 => weight / total,
                _ => 1.0 / columns as f32,
            };
            let cell = Rect::from_min_size(pos2(x, top.y), vec2((room * share).floor(), known));
            let mut child = ui.new_child(
                UiBuilder::new()
                    .id_salt((id_salt, index))
                    .max_rect(cell)
                    .layout(eframe::egui::Layout::top_down(eframe::egui::Align::Min)),
            );
            item(&mut child, index);
            bottom = bottom.max(child.min_rect().bottom());
            x += cell.width() + gap;
        }
        let natural: f32 = ui.data_mut(|d| {
            let natural = d.get_temp(natural_height_key()).unwrap_or(0.0);
            d.insert_temp(natural_height_key(), outside);
            d.insert_temp(key, natural);
            natural
        });
        if (natural - known).abs() > 0.5 {
            ui.ctx().request_discard("cards of a row take the height of the tallest");
        }
        ui.allocate_rect(Rect::from_min_max(top, pos2(top.x + width, bottom)), eframe::egui::Sense::hover());
        ui.add_space((gap - ui.spacing().item_spacing.y).max(0.0));
        first = last;
    }
}

/// The number of columns that leaves no row much emptier than the others.
fn even_columns(count: usize, fitting: usize) -> usize {
    let fitting = fitting.min(count).max(1);
    let rows = count.div_ceil(fitting);
    count.div_ceil(rows)
}

#[cfg(test)]
mod tests {
    use super::even_columns;

    #[test]
    fn rows_are_even() {
        assert_eq!(even_columns(6, 8), 6);
        assert_eq!(even_columns(6, 5), 3);
        assert_eq!(even_columns(6, 4), 3);
        assert_eq!(even_columns(5, 4), 3);
        assert_eq!(even_columns(3, 1), 1);
        assert_eq!(even_columns(1, 0), 1);
    }
}
