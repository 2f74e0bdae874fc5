//! A table of any length: only the rows in view are drawn.

use std::cell::Cell;

use eframe::egui::{
    Align, CursorIcon, Layout, Rect, Role, ScrollArea, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::icon::Icon;
use super::text::{one_line, width};
use crate::app::theme::{LINE_WIDTH, ROW_HEIGHT, SPACE_S, small_font, tokens};

/// Width of the mark of an order beside a column's title, in points.
const SORT_MARK: f32 = 12.0;

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    title: &'a str,
    weight: f32,
    min_width: f32,
    right: bool,
}

impl<'a> Column<'a> {
    /// A column of words, aligned left; `weight` is its share of the width.
    pub fn words(title: &'a str, weight: f32) -> Self {
        Self { title, weight, min_width: 60.0, right: false }
    }

    /// A column of numbers, aligned right; `weight` is its share of the width.
    pub fn numbers(title: &'a str, weight: f32) -> Self {
        Self { right: true, ..Self::words(title, weight) }
    }

    /// Makes the column at least as wide as its title and its longest words, up to `most` points.
    pub fn fit<'w>(self, ui: &Ui, words: impl IntoIterator<Item = &'w str>, most: f32) -> Self {
        let title = one_line(ui, self.title, small_font(), tokens(ui).dim, f32::INFINITY).size().x;
        let longest = words.into_iter().map(|words| width(ui, words)).fold(title, f32::max);
        self.min_width((longest + 2.0 * SPACE_S).ceil().min(most))
    }

    /// Least width in points.
    pub fn min_width(mut self, width: f32) -> Self {
        self.min_width = width;
        self
    }
}

/// By which column rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// Place of the column.
    pub column: usize,
    /// The largest first.
    pub descending: bool,
}

/// A table; [`Table::show`] draws it.
#[must_use = "a table shows nothing until `show`"]
pub struct Table<'a> {
    id_salt: &'a str,
    columns: &'a [Column<'a>],
    max_height: Option<f32>,
    row_height: f32,
    selected: Option<usize>,
    row_name: Option<&'a dyn Fn(usize) -> String>,
    sort: Option<&'a Cell<Option<Sort>>>,
}

impl<'a> Table<'a> {
    /// A table with these columns.
    pub fn new(id_salt: &'a str, columns: &'a [Column<'a>]) -> Self {
        Self { id_salt, columns, max_height: None, row_height: ROW_HEIGHT, selected: None, row_name: None, sort: None }
    }

    /// Scrolls the rows within this height, in points; without it the table is as high as its rows.
    pub fn max_height(mut self, height: f32) -> Self {
        self.max_height = Some(height);
        self
    }

    /// Height of a row in points.
    pub fn row_height(mut self, height: f32) -> Self {
        self.row_height = height;
        self
    }

    /// Lets rows be clicked; `name` is a row's accessible name, `selected` the one shown as chosen.
    pub fn selectable(mut self, selected: Option<usize>, name: &'a dyn Fn(usize) -> String) -> Self {
        self.selected = selected;
        self.row_name = Some(name);
        self
    }

    /// Lets a click on a column's head ask for an order, which the caller then shows; a second click turns it round.
    pub fn sortable(mut self, sort: &'a Cell<Option<Sort>>) -> Self {
        self.sort = Some(sort);
        self
    }

    /// Draws head and rows; `cell` draws the cell of a row and a column. Gives the row that was clicked.
    pub fn show(self, ui: &mut Ui, rows: usize, mut cell: impl FnMut(&mut Ui, usize, usize)) -> Option<usize> {
        ui.scope(|ui| self.scoped(ui, rows, &mut cell)).inner
    }

    fn scoped(&self, ui: &mut Ui, rows: usize, cell: &mut impl FnMut(&mut Ui, usize, usize)) -> Option<usize> {
        let scrolls = self.max_height.is_some_and(|height| rows as f32 * self.row_height > height);
        let bar = if scrolls { ui.spacing().scroll.allocated_width() } else { 0.0 };
        let widths = self.widths(ui.available_width() - bar);
        let needed: f32 = widths.iter().sum();
        if needed > ui.available_width() + 1.0 {
            return ScrollArea::horizontal()
                .id_salt((self.id_salt, "sideways"))
                .show(ui, |ui| {
                    ui.set_min_width(needed);
                    self.body(ui, &widths, rows, cell)
                })
                .inner;
        }
        self.body(ui, &widths, rows, cell)
    }

    fn widths(&self, room: f32) -> Vec<f32> {
        let total: f32 = self.columns.iter().map(|c| c.weight).sum::<f32>().max(1e-6);
        let mut widths: Vec<f32> = self.columns.iter().map(|c| (room * c.weight / total).max(c.min_width)).collect();
        let over = widths.iter().sum::<f32>() - room;
        if over > 0.0 {
            let slack: f32 = widths.iter().zip(self.columns).map(|(w, c)| w - c.min_width).sum();
            if slack > 0.0 {
                let give = (over / slack).min(1.0);
                for (w, c) in widths.iter_mut().zip(self.columns) {
                    *w -= (*w - c.min_width) * give;
                }
            }
        }
        widths
    }

    fn body(
        &self,
        ui: &mut Ui,
        widths: &[f32],
        rows: usize,
        cell: &mut impl FnMut(&mut Ui, usize, usize),
    ) -> Option<usize> {
        ui.spacing_mut().item_spacing.y = 0.0;
        self.head(ui, widths);
        match self.max_height {
            Some(height) => {
                ScrollArea::vertical()
                    .id_salt(self.id_salt)
                    .max_height(height)
                    .min_scrolled_height(height)
                    .auto_shrink([false, true])
                    .show_rows(ui, self.row_height, rows, |ui, range| {
                        range.fold(None, |hit, row| self.row(ui, widths, row, cell).or(hit))
                    })
                    .inner
            }
            None => (0..rows).fold(None, |hit, row| self.row(ui, widths, row, cell).or(hit)),
        }
    }

    fn head(&self, ui: &mut Ui, widths: &[f32]) {
        let t = tokens(ui);
        let width: f32 = widths.iter().sum();
        let (rect, _) = ui.allocate_exact_size(vec2(width, 24.0), Sense::hover());
        let mut x = rect.left();
        for (index, (column, width)) in self.columns.iter().zip(widths).enumerate() {
            let order = self.sort.and_then(Cell::get).filter(|sort| sort.column == index);
            let mark = if order.is_some() { SORT_MARK } else { 0.0 };
            let lit = self.sort.is_some() && {
                let at = Rect::from_min_size(pos2(x, rect.top()), vec2(*width, rect.height()));
                self.sort_head(ui, at, index, column.title)
            };
            let color = if lit || order.is_some() { t.text } else { t.dim };
            let galley = one_line(ui, column.title, small_font(), color, width - 2.0 * SPACE_S - mark);
            let left = if column.right { x + width - SPACE_S - mark - galley.size().x } else { x + SPACE_S };
            let y = rect.center().y - galley.size().y / 2.0;
            let end = left + galley.size().x;
            ui.painter().galley(pos2(left, y), galley, color);
            if let Some(order) = order {
                let icon = if order.descending { Icon::ArrowDown } else { Icon::ArrowUp };
                let at = Rect::from_center_size(pos2(end + SORT_MARK / 2.0 + 1.0, rect.center().y), vec2(10.0, 10.0));
                icon.paint(ui.painter(), at, color);
            }
            x += width;
        }
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(LINE_WIDTH, t.line));
    }

    /// The part of a head that asks for an order; gives whether it is pointed at.
    fn sort_head(&self, ui: &Ui, at: Rect, index: usize, title: &str) -> bool {
        let Some(sort) = self.sort else { return false };
        let response = ui.interact(at, ui.make_persistent_id((self.id_salt, "sort", index)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Sort by {title}")));
        if response.clicked() {
            let turned = sort.get().is_some_and(|s| s.column == index && !s.descending);
            sort.set(Some(Sort { column: index, descending: turned }));
        }
        let lit = response.hovered() || response.has_focus();
        response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(title);
        lit
    }

    fn row(
        &self,
        ui: &mut Ui,
        widths: &[f32],
        row: usize,
        cell: &mut impl FnMut(&mut Ui, usize, usize),
    ) -> Option<usize> {
        let t = tokens(ui);
        let width: f32 = widths.iter().sum();
        let sense = if self.row_name.is_some() { Sense::click() } else { Sense::hover() };
        let (rect, response) = ui.allocate_exact_size(vec2(width, self.row_height), sense);
        let selected = self.selected == Some(row);
        if let Some(name) = self.row_name {
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, name(row)));
            if selected {
                ui.painter().rect_filled(rect, 0.0, t.accent_ground);
            } else if response.hovered() || response.has_focus() {
                ui.painter().rect_filled(rect, 0.0, t.control_hover);
            }
        }
        let mut x = rect.left();
        for (index, (column, width)) in self.columns.iter().zip(widths).enumerate() {
            let inner = Rect::from_min_max(pos2(x + SPACE_S, rect.top()), pos2(x + width - SPACE_S, rect.bottom()));
            let layout =
                if column.right { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
            let mut child =
                ui.new_child(UiBuilder::new().id_salt((self.id_salt, row, index)).max_rect(inner).layout(layout));
            child.spacing_mut().item_spacing.x = 5.0;
            child.set_clip_rect(child.clip_rect().intersect(inner.expand2(vec2(SPACE_S, 0.0))));
            cell(&mut child, row, index);
            x += width;
        }
        ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(LINE_WIDTH, t.line));
        let clicked = response.clicked();
        if self.row_name.is_some() {
            response.on_hover_cursor(CursorIcon::PointingHand);
        }
        clicked.then_some(row)
    }
}
