//! Shortcuts, taken before the panels see the keys.

use eframe::egui::Context;

use super::App;
use super::action::Action;

/// Does what the pressed keys stand for.
pub(super) fn take_shortcuts(app: &mut App, ctx: &Context) {
    if app.modal.is_some() {
        return;
    }
    let typing = ctx.text_edit_focused();
    let pressed: Vec<Action> = Action::all()
        .filter(|action| {
            action.shortcut().is_some_and(|keys| {
                let taken_by_text = typing && keys.conflicts_with_text_editing();
                !taken_by_text && ctx.input_mut(|i| i.consume_shortcut(&keys))
            })
        })
        .collect();
    for action in pressed {
        app.act(ctx, action);
    }
}
