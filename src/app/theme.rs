//! Colours, type, spacing and radii of the window, for the dark and the light theme.
//!
//! Every colour of the window is a token here; widgets and panels name none of their own.
//! The tokens that carry words (`*_text`) keep a contrast of at least 4.5 : 1 on every ground
//! they are used on, which the tests below check.

use std::sync::Arc;

use eframe::egui::{
    self, Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, RichText, Shadow,
    Stroke, TextStyle, Theme, Visuals, style::ScrollStyle, vec2,
};

use super::widgets::icon::Icon;

/// Smallest gap, in points: between an icon and its word.
pub const SPACE_XS: f32 = 4.0;
/// Gap between neighbours in a row, in points.
pub const SPACE_S: f32 = 8.0;
/// Gap between cards, in points.
pub const SPACE_M: f32 = 12.0;
/// Inner margin of a card and outer margin of a panel, in points.
pub const SPACE_L: f32 = 16.0;
/// Gap between sections, in points.
pub const SPACE_XL: f32 = 24.0;
/// Corner radius of a card, in points.
pub const CARD_RADIUS: u8 = 8;
/// Corner radius of a control, in points.
pub const CONTROL_RADIUS: u8 = 6;
/// Height of a table row and of a control, in points.
pub const ROW_HEIGHT: f32 = 28.0;
/// Width of the rail, in points.
pub const RAIL_WIDTH: f32 = 116.0;
/// Width of the rail when it shows icons only, in points.
pub const RAIL_WIDTH_NARROW: f32 = 48.0;
/// Height of the top bar, in points.
pub const TOP_BAR_HEIGHT: f32 = 44.0;
/// Height of the status bar, in points.
pub const STATUS_BAR_HEIGHT: f32 = 28.0;
/// Width of a stroke that frames or divides, in points.
pub const LINE_WIDTH: f32 = 1.0;

/// The colours of one theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tokens {
    /// Ground behind everything.
    pub window: Color32,
    /// Ground of the rail, the top bar and the status bar.
    pub panel: Color32,
    /// Ground of a card, a popover and a tooltip.
    pub card: Color32,
    /// Frames and dividers.
    pub line: Color32,
    /// Grid lines of a chart.
    pub grid: Color32,
    /// Words and numbers.
    pub text: Color32,
    /// Secondary words and numbers.
    pub dim: Color32,
    /// The one accent: selection, focus, the primary action.
    pub accent: Color32,
    /// Words and icons on `accent`.
    pub on_accent: Color32,
    /// Words in the accent colour, on `card`, `panel`, `window` or `accent_ground`.
    pub accent_text: Color32,
    /// Ground of what is selected.
    pub accent_ground: Color32,
    /// Marks of what is well.
    pub ok: Color32,
    /// Words of what is well.
    pub ok_text: Color32,
    /// Ground of a chip that says well.
    pub ok_ground: Color32,
    /// Marks of what may need a person soon.
    pub warning: Color32,
    /// Words of what may need a person soon.
    pub warning_text: Color32,
    /// Ground of a chip that warns.
    pub warning_ground: Color32,
    /// Marks of what needs a person now.
    pub alert: Color32,
    /// Words of what needs a person now.
    pub alert_text: Color32,
    /// Ground of a chip that alerts.
    pub alert_ground: Color32,
    /// Words and icons on `alert`.
    pub on_alert: Color32,
    /// Ground of a control at rest.
    pub control: Color32,
    /// Ground of a control under the pointer.
    pub control_hover: Color32,
    /// Ground of a control that is pressed or open.
    pub control_active: Color32,
    /// Bars and marks of the reference data.
    pub reference: Color32,
    /// Ground of the reference span of a chart.
    pub reference_span: Color32,
    /// Lines, bars and marks of series 1 to 5; safe for colour-blind eyes.
    pub series: [Color32; 5],
    /// Words in the colour of series 1 to 5, on `card`.
    pub series_text: [Color32; 5],
    /// Steps of a heatmap, from nothing to most.
    pub heat: [Color32; 5],
    /// Marks drawn on a heatmap cell of steps 3 and 4, and words on a filled cell.
    pub on_heat: Color32,
    /// Shadow of popovers.
    pub shadow: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// Tokens of the dark theme.
pub static DARK: Tokens = Tokens {
    window: rgb(0x0E1217),
    panel: rgb(0x141A21),
    card: rgb(0x1A212A),
    line: rgb(0x28323D),
    grid: rgb(0x222B35),
    text: rgb(0xE7ECF1),
    dim: rgb(0x94A2B0),
    accent: rgb(0x5AA2FF),
    on_accent: rgb(0x0B1420),
    accent_text: rgb(0x6FAEFF),
    accent_ground: rgb(0x1A2B40),
    ok: rgb(0x3DBB8F),
    ok_text: rgb(0x4CC79C),
    ok_ground: rgb(0x16322E),
    warning: rgb(0xE3A72F),
    warning_text: rgb(0xE8B145),
    warning_ground: rgb(0x352D1E),
    alert: rgb(0xEE5D55),
    alert_text: rgb(0xFA7B73),
    alert_ground: rgb(0x37211F),
    on_alert: rgb(0x1A0605),
    control: rgb(0x1E2630),
    control_hover: rgb(0x26313D),
    control_active: rgb(0x2C3947),
    reference: rgb(0x7D8A97),
    reference_span: rgb(0x222B35),
    series: [rgb(0x5AA2FF), rgb(0xF0A030), rgb(0x33B58A), rgb(0xE0714A), rgb(0xC884B5)],
    series_text: [rgb(0x6FAEFF), rgb(0xF0A030), rgb(0x3FC096), rgb(0xE98662), rgb(0xCF90BD)],
    heat: [rgb(0x16202B), rgb(0x1D3A57), rgb(0x2A5C8A), rgb(0xD8A23A), rgb(0xEE5D55)],
    on_heat: rgb(0x0B1016),
    shadow: Color32::from_black_alpha(120),
};

/// Tokens of the light theme.
pub static LIGHT: Tokens = Tokens {
    window: rgb(0xF3F5F8),
    panel: rgb(0xFFFFFF),
    card: rgb(0xFFFFFF),
    line: rgb(0xD8DFE6),
    grid: rgb(0xEBEFF3),
    text: rgb(0x16202B),
    dim: rgb(0x5A6876),
    accent: rgb(0x1F6FD6),
    on_accent: rgb(0xFFFFFF),
    accent_text: rgb(0x1A5FB8),
    accent_ground: rgb(0xE0EBFA),
    ok: rgb(0x0E8A62),
    ok_text: rgb(0x0A6B4C),
    ok_ground: rgb(0xE3F3ED),
    warning: rgb(0xA86E00),
    warning_text: rgb(0x855700),
    warning_ground: rgb(0xFAF0DC),
    alert: rgb(0xC9302C),
    alert_text: rgb(0xB3261F),
    alert_ground: rgb(0xFBE6E4),
    on_alert: rgb(0xFFFFFF),
    control: rgb(0xFFFFFF),
    control_hover: rgb(0xEFF3F7),
    control_active: rgb(0xE4EAF0),
    reference: rgb(0x8A96A3),
    reference_span: rgb(0xEEF1F5),
    series: [rgb(0x1F6FD6), rgb(0xC26A00), rgb(0x0E8A62), rgb(0xB8451A), rgb(0x934D80)],
    series_text: [rgb(0x1A5FB8), rgb(0x9A5400), rgb(0x0A6B4C), rgb(0xA23C15), rgb(0x83406F)],
    heat: [rgb(0xEEF3F8), rgb(0xC5DAF0), rgb(0x86B4E3), rgb(0xE9B44C), rgb(0xD6483F)],
    on_heat: rgb(0x16202B),
    shadow: Color32::from_black_alpha(36),
};

/// Tokens of the theme that is shown now; a `&Ui` serves as well as a `&Context`.
pub fn tokens(ctx: &Context) -> &'static Tokens {
    match ctx.theme() {
        Theme::Dark => &DARK,
        Theme::Light => &LIGHT,
    }
}

/// How something stands; always shown as icon, word and colour together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// As it should be.
    Ok,
    /// A person may be needed soon.
    Warning,
    /// A person is needed now.
    Alert,
    /// Nothing to judge.
    Neutral,
    /// Work is under way.
    Running,
}

impl Status {
    /// The icon that stands for the status.
    pub fn icon(self) -> Icon {
        match self {
            Self::Ok => Icon::Check,
            Self::Warning => Icon::Warning,
            Self::Alert => Icon::Alert,
            Self::Neutral => Icon::Dot,
            Self::Running => Icon::Running,
        }
    }

    /// Colour of marks (icons, strokes, dots).
    pub fn color(self, t: &Tokens) -> Color32 {
        match self {
            Self::Ok => t.ok,
            Self::Warning => t.warning,
            Self::Alert => t.alert,
            Self::Neutral => t.dim,
            Self::Running => t.accent,
        }
    }

    /// Colour of words, on a card and on [`Status::ground`].
    pub fn text_color(self, t: &Tokens) -> Color32 {
        match self {
            Self::Ok => t.ok_text,
            Self::Warning => t.warning_text,
            Self::Alert => t.alert_text,
            Self::Neutral => t.dim,
            Self::Running => t.accent_text,
        }
    }

    /// Ground of a chip or a notice.
    pub fn ground(self, t: &Tokens) -> Color32 {
        match self {
            Self::Ok => t.ok_ground,
            Self::Warning => t.warning_ground,
            Self::Alert => t.alert_ground,
            Self::Neutral => t.card,
            Self::Running => t.accent_ground,
        }
    }

    /// The word for a reader who sees neither icon nor colour.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Alert => "alert",
            Self::Neutral => "neutral",
            Self::Running => "running",
        }
    }
}

/// Family of the semibold weight.
pub fn semibold_family() -> FontFamily {
    FontFamily::Name("semibold".into())
}

/// Text style of a card's title: 13 points, semibold.
pub fn card_title() -> TextStyle {
    TextStyle::Name("card title".into())
}

/// Text style of a tile's number: 24 points, semibold.
pub fn big_number() -> TextStyle {
    TextStyle::Name("big number".into())
}

/// Font of body text: 13 points.
pub fn body_font() -> FontId {
    FontId::new(13.0, FontFamily::Proportional)
}

/// Font of small text: 11.5 points.
pub fn small_font() -> FontId {
    FontId::new(11.5, FontFamily::Proportional)
}

/// Font of emphasised body text and card titles: 13 points, semibold.
pub fn strong_font() -> FontId {
    FontId::new(13.0, semibold_family())
}

/// Font of a tile's number: 24 points, semibold.
pub fn number_font() -> FontId {
    FontId::new(24.0, semibold_family())
}

/// Body text in the semibold weight.
pub fn strong(text: impl Into<String>) -> RichText {
    RichText::new(text).font(strong_font())
}

/// Small secondary text.
pub fn small_dim(ctx: &Context, text: impl Into<String>) -> RichText {
    RichText::new(text).font(small_font()).color(tokens(ctx).dim)
}

/// Secondary text at body size.
pub fn dim(ctx: &Context, text: impl Into<String>) -> RichText {
    RichText::new(text).font(body_font()).color(tokens(ctx).dim)
}

/// Sets fonts, both styles and the spacing; call once, before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    ctx.all_styles_mut(|style| {
        style.text_styles = [
            (TextStyle::Small, small_font()),
            (TextStyle::Body, body_font()),
            (TextStyle::Button, body_font()),
            (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
            (TextStyle::Heading, FontId::new(17.0, semibold_family())),
            (card_title(), strong_font()),
            (big_number(), number_font()),
        ]
        .into();
        let spacing = &mut style.spacing;
        spacing.item_spacing = vec2(SPACE_S, SPACE_S);
        spacing.button_padding = vec2(SPACE_M, SPACE_XS);
        spacing.interact_size = vec2(ROW_HEIGHT, ROW_HEIGHT);
        spacing.window_margin = Margin::same(SPACE_L as i8);
        spacing.menu_margin = Margin::same(SPACE_XS as i8);
        spacing.combo_width = 120.0;
        spacing.slider_width = 160.0;
        spacing.slider_rail_height = 4.0;
        spacing.icon_width = 16.0;
        spacing.icon_width_inner = 10.0;
        spacing.icon_spacing = SPACE_S;
        spacing.tooltip_width = 360.0;
        spacing.scroll = ScrollStyle::thin();
        style.animation_time = 0.0;
        style.interaction.tooltip_delay = 0.35;
        style.interaction.selectable_labels = false;
    });
    ctx.set_visuals_of(Theme::Dark, visuals(Theme::Dark));
    ctx.set_visuals_of(Theme::Light, visuals(Theme::Light));
}

/// Inter in two weights first, then what the toolkit brings, so that no glyph is left out.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    fonts.font_data.insert(
        "Inter".into(),
        Arc::new(FontData::from_static(include_bytes!("../../assets/fonts/Inter-Regular.otf"))),
    );
    fonts.font_data.insert(
        "Inter SemiBold".into(),
        Arc::new(FontData::from_static(include_bytes!("../../assets/fonts/Inter-SemiBold.otf"))),
    );
    let mut fallback = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    if let Some(mono) = fonts.families.get(&FontFamily::Monospace) {
        for name in mono {
            if !fallback.contains(name) {
                fallback.push(name.clone());
            }
        }
    }
    let family = |first: &str| std::iter::once(first.to_owned()).chain(fallback.iter().cloned()).collect::<Vec<_>>();
    fonts.families.insert(FontFamily::Proportional, family("Inter"));
    fonts.families.insert(FontFamily::Name("Inter".into()), family("Inter"));
    fonts.families.insert(semibold_family(), family("Inter SemiBold"));
    fonts
}

fn visuals(theme: Theme) -> Visuals {
    let (t, mut v) = match theme {
        Theme::Dark => (&DARK, Visuals::dark()),
        Theme::Light => (&LIGHT, Visuals::light()),
    };
    v.weak_text_color = Some(t.dim);
    v.hyperlink_color = t.accent_text;
    v.faint_bg_color = t.control_hover;
    v.extreme_bg_color = t.card;
    v.text_edit_bg_color = Some(t.control);
    v.code_bg_color = t.control_hover;
    v.warn_fg_color = t.warning_text;
    v.error_fg_color = t.alert_text;
    v.panel_fill = t.window;
    v.window_fill = t.card;
    v.window_stroke = Stroke::new(LINE_WIDTH, t.line);
    v.window_corner_radius = CornerRadius::same(CARD_RADIUS);
    v.menu_corner_radius = CornerRadius::same(CONTROL_RADIUS);
    let shadow = Shadow { offset: [0, 4], blur: 16, spread: 0, color: t.shadow };
    v.window_shadow = shadow;
    v.popup_shadow = shadow;
    v.selection.bg_fill = t.accent_ground;
    v.selection.stroke = Stroke::new(LINE_WIDTH, t.accent_text);
    v.slider_trailing_fill = true;
    v.disabled_alpha = 0.55;
    v.striped = false;
    v.indent_has_left_vline = false;
    v.interact_cursor = Some(egui::CursorIcon::PointingHand);

    let radius = CornerRadius::same(CONTROL_RADIUS);
    let w = &mut v.widgets;
    for state in [&mut w.noninteractive, &mut w.inactive, &mut w.hovered, &mut w.active, &mut w.open] {
        state.corner_radius = radius;
        state.expansion = 0.0;
        state.bg_stroke = Stroke::new(LINE_WIDTH, t.line);
        state.fg_stroke = Stroke::new(LINE_WIDTH, t.text);
    }
    w.noninteractive.bg_fill = t.card;
    w.noninteractive.weak_bg_fill = t.card;
    w.inactive.bg_fill = t.control_active;
    w.inactive.weak_bg_fill = t.control;
    w.hovered.bg_fill = t.control_hover;
    w.hovered.weak_bg_fill = t.control_hover;
    w.active.bg_fill = t.control_active;
    w.active.weak_bg_fill = t.control_active;
    w.active.bg_stroke = Stroke::new(LINE_WIDTH, t.accent);
    w.open.bg_fill = t.control_active;
    w.open.weak_bg_fill = t.control_hover;
    v
}

/// Contrast of two opaque colours, 1 to 21 (WCAG 2.2, relative luminance of sRGB).
pub fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |c: Color32| {
        let linear = |v: u8| {
            let v = f32::from(v) / 255.0;
            if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// A colour for words on a ground that is no token, such as a blend: the theme's text where it is
/// legible, else black or white.
pub fn ink_on(t: &Tokens, ground: Color32) -> Color32 {
    if contrast(t.text, ground) >= 4.5 {
        return t.text;
    }
    if contrast(Color32::BLACK, ground) >= contrast(Color32::WHITE, ground) { Color32::BLACK } else { Color32::WHITE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(t: &Tokens) -> Vec<(&'static str, Color32, Color32)> {
        let mut pairs = Vec::new();
        for (name, ground) in [
            ("window", t.window),
            ("panel", t.panel),
            ("card", t.card),
            ("control", t.control),
            ("control_hover", t.control_hover),
            ("accent_ground", t.accent_ground),
        ] {
            pairs.push((name, t.text, ground));
            pairs.push((name, t.dim, ground));
            pairs.push((name, t.accent_text, ground));
        }
        pairs.push(("control_active", t.text, t.control_active));
        pairs.push(("reference_span", t.dim, t.reference_span));
        pairs.push(("on_accent", t.on_accent, t.accent));
        pairs.push(("on_alert", t.on_alert, t.alert));
        for status in [Status::Ok, Status::Warning, Status::Alert, Status::Neutral, Status::Running] {
            for ground in [status.ground(t), t.card, t.panel, t.window] {
                pairs.push((status.word(), status.text_color(t), ground));
            }
        }
        for text in t.series_text {
            pairs.push(("series on card", text, t.card));
        }
        pairs
    }

    #[test]
    fn words_stand_out_from_their_ground_in_both_themes() {
        for (theme, t) in [("dark", &DARK), ("light", &LIGHT)] {
            for (name, text, ground) in pairs(t) {
                let c = contrast(text, ground);
                assert!(c >= 4.5, "{theme} {name}: {text:?} on {ground:?} has {c:.2}");
            }
        }
    }

    #[test]
    fn marks_stand_out_from_the_card() {
        for t in [&DARK, &LIGHT] {
            for mark in [t.accent, t.ok, t.warning, t.alert].into_iter().chain(t.series) {
                assert!(contrast(mark, t.card) >= 3.0, "{mark:?}");
            }
        }
    }

    #[test]
    fn contrast_of_black_and_white_is_21() {
        let c = contrast(Color32::BLACK, Color32::WHITE);
        assert!((c - 21.0).abs() < 0.01, "{c}");
    }

    #[test]
    fn digits_are_tabular_in_both_weights() {
        let ctx = Context::default();
        install(&ctx);
        let mut widths = Vec::new();
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            ui.fonts_mut(|fonts| {
                for font in [body_font(), strong_font()] {
                    let one = fonts.glyph_width(&font, '1');
                    widths.extend(('0'..='9').map(|c| (fonts.glyph_width(&font, c) - one).abs()));
                }
            });
        });
        output.drop_without_applying_deltas();
        assert!(widths.iter().all(|d| *d < 0.05), "{widths:?}");
    }
}
