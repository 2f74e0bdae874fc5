//! Every widget draws in both themes and at both widths, is found by its name and says what was clicked.

use eframe::egui::{self, CentralPanel, Key, Theme, Ui, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT as _, Queryable as _},
};
use modeldeck::app::theme::{self, Status};
use modeldeck::app::widgets::{
    self as w, Button, Column, ConfusionMatrix, Explainer, Heatmap, Icon, JobAction, JobRow, LineChart, MetricAction,
    MetricRow, Series, Table, Threshold, ToastAction, gallery,
};

fn harness<'a, S: 'a>(
    size: [f32; 2],
    theme: Theme,
    state: S,
    mut draw: impl FnMut(&mut Ui, &mut S) + 'a,
) -> Harness<'a, S> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_max_steps(12)
        .with_context_setup(theme::install)
        .build_ui_state(
            move |ui, state: &mut S| {
                CentralPanel::default().show(ui, |ui| draw(ui, state));
            },
            state,
        );
    harness.run();
    harness
}

fn small<'a, S: 'a>(state: S, draw: impl FnMut(&mut Ui, &mut S) + 'a) -> Harness<'a, S> {
    harness([700.0, 500.0], Theme::Dark, state, draw)
}

#[test]
fn every_part_draws_in_both_themes_and_widths_and_settles() {
    for theme in [Theme::Dark, Theme::Light] {
        for width in [1280.0, 700.0] {
            for (_, draw) in gallery::SECTIONS {
                let mut part = harness([width, 1600.0], theme, (), move |ui, ()| draw(ui));
                part.run();
            }
            let mut whole = harness([width, 900.0], theme, (), |ui, ()| gallery::gallery_ui(ui));
            whole.run();
        }
    }
}

#[test]
fn nothing_is_wider_than_the_window() {
    for width in [1280.0, 1024.0, 700.0] {
        for (title, draw) in gallery::SECTIONS {
            let part = harness([width, 1600.0], Theme::Light, 0.0_f32, move |ui, right| {
                draw(ui);
                *right = ui.min_rect().right();
            });
            assert!(*part.state() <= width, "{title} at {width}: {}", part.state());
        }
    }
}

#[test]
fn charts_have_a_name_and_a_text_value() {
    let (_, over_time) = gallery::SECTIONS[2];
    let part = harness([1280.0, 1200.0], Theme::Dark, (), move |ui, ()| over_time(ui));
    let chart = part.get_by_role_and_label(Role::Image, "F1, realised and estimated");
    let value = chart.accesskit_node().value().unwrap_or_default();
    assert!(value.contains("realised 0.6") && value.contains("alert 0.650"), "{value}");
    let map = part.get_by_role_and_label(Role::Image, "Drift by column and week");
    let value = map.accesskit_node().value().unwrap_or_default();
    assert!(value.contains("largest") && value.contains("alerts"), "{value}");
}

#[test]
fn a_button_says_when_it_was_clicked_unless_disabled() {
    let mut h = small([0_u32, 0], |ui, clicks| {
        if Button::primary("Run").icon(Icon::Play).show(ui).clicked() {
            clicks[0] += 1;
        }
        let why = Some("Nothing is bound");
        if Button::danger("Delete…").disabled_because(why).show(ui).clicked() {
            clicks[1] += 1;
        }
    });
    h.get_by_label("Run").click();
    h.run();
    h.get_by_label("Delete…").click();
    h.run();
    assert_eq!(*h.state(), [1, 0]);
}

#[test]
fn a_disabled_button_says_why_on_hover() {
    let mut h = small((), |ui, ()| {
        Button::secondary("Promote…").disabled_because(Some("Two gates fail")).show(ui);
    });
    h.get_by_label("Promote…").hover();
    h.run_ok();
    h.run_ok();
    assert!(h.query_by_label_contains("Two gates fail").is_some());
}

#[test]
fn tabs_and_segments_change_by_click_and_by_arrow() {
    let mut h = small((0_u8, 0_u8), |ui, (tab, span)| {
        w::tabs(ui, "Tabs", tab, &[(0, "Result"), (1, "Curves")]);
        w::segmented(ui, "Span", span, &[(0, "Day"), (1, "Week"), (2, "Month")]);
    });
    h.get_by_label("Curves").click();
    h.run();
    h.get_by_label("Week").click();
    h.run();
    assert_eq!(*h.state(), (1, 1));
    h.get_by_label("Week").focus();
    h.run();
    h.key_press(Key::ArrowRight);
    h.run();
    assert_eq!(h.state().1, 2);
}

#[test]
fn the_rail_and_fields_are_found_by_name() {
    let mut h = small((false, String::new(), String::from("wind"), 0_u8), |ui, s| {
        if w::rail_item(ui, Icon::Monitor, "Monitor", false, true, true).clicked() {
            s.0 = true;
        }
        w::text_field(ui, "Name", &mut s.1, "a name", 120.0);
        w::search_field(ui, "Search columns", &mut s.2, "Search", 200.0);
        w::choice(ui, "Model", &mut s.3, &[(0, "first"), (1, "second")]);
        w::number_field(ui, "Budget", &mut 20.0, 0.0..=100.0, "ms");
    });
    h.get_by_label("Monitor").click();
    h.run();
    h.get_by_role_and_label(Role::TextInput, "Name").focus();
    h.run();
    h.get_by_role_and_label(Role::TextInput, "Name").type_text("a");
    h.run();
    h.get_by_label("Clear Search columns").click();
    h.run();
    h.get_by_role_and_label(Role::ComboBox, "Model").click();
    h.run();
    h.get_by_label("second").click();
    h.run();
    assert!(h.state().0);
    assert_eq!(h.state().1, "a");
    assert_eq!(h.state().2, "");
    assert_eq!(h.state().3, 1);
    assert!(h.query_by_role_and_label(Role::SpinButton, "Budget").is_some());
}

#[test]
fn the_explainer_opens_on_click() {
    let help = Explainer::new("F1", "The harmonic mean").formula("2PR/(P+R)");
    let mut h = small((), move |ui, ()| {
        w::explainer_mark(ui, &help);
    });
    assert!(h.query_by_label("2PR/(P+R)").is_none());
    h.get_by_label("What is F1").click();
    h.run();
    assert!(h.query_by_label("2PR/(P+R)").is_some());
}

#[test]
fn rows_of_tables_can_be_clicked() {
    let mut h = small((None, None), |ui, (metric, row)| {
        let rows = [
            MetricRow {
                name: "F1",
                value: Some(0.671),
                interval: Some((0.66, 0.68)),
                verdict: Some((Status::Ok, "pass")),
                ..MetricRow::default()
            },
            MetricRow { name: "Recall", ..MetricRow::default() },
        ];
        if let Some(MetricAction::Row(i)) = w::metric_table(ui, "m", "April", 0.95, &rows, None) {
            *metric = Some(i);
        }
        let columns = [Column::words("name", 1.0), Column::numbers("n", 1.0)];
        let name = |i: usize| format!("row {i}");
        let clicked =
            Table::new("big", &columns).selectable(*row, &name).max_height(120.0).show(ui, 1_000_000, |ui, i, _| {
                ui.label(format!("{i}"));
            });
        if clicked.is_some() {
            *row = clicked;
        }
    });
    h.get_by_role_and_label(Role::Button, "Recall").click();
    h.run();
    h.get_by_label("row 2").click();
    h.run();
    assert_eq!(*h.state(), (Some(1), Some(2)));
    assert!(h.query_by_label("row 500").is_none(), "rows out of view are drawn");
}

#[test]
fn cells_of_the_confusion_matrix_can_be_clicked() {
    let mut h = small(None, |ui, cell| {
        let count = |was: usize, said: usize| (was * 10 + said) as u64;
        let (_, clicked) = ConfusionMatrix::new("Confusion", &["a", "b"], &count).show(ui);
        *cell = clicked.or(*cell);
    });
    h.get_by_label_contains("was b, said a").click();
    h.run();
    assert_eq!(*h.state(), Some((1, 0)));
}

#[test]
fn the_heatmap_moves_its_choice_with_the_arrow_keys() {
    let mut h = small(Some((0, 0)), |ui, cell| {
        let value = |row: usize, column: usize| (row != 1).then_some(column as f64);
        let map = Heatmap::new("Drift", &["x", "y", "z"], &["1", "2", "3"], 2.0, &value).selected(*cell).show(ui);
        *cell = map.clicked.or(*cell);
    });
    h.get_by_label("Drift").focus();
    h.run();
    h.key_press(Key::ArrowDown);
    h.run();
    h.key_press(Key::ArrowRight);
    h.run();
    assert_eq!(*h.state(), Some((1, 1)));
    let value = h.get_by_label("Drift").accesskit_node().value().unwrap_or_default();
    assert!(value.contains("chosen y 2 · –"), "{value}");
}

#[test]
fn a_line_chart_gives_the_index_clicked_and_goes_back_to_live() {
    let points: Vec<[f64; 2]> = (0..11).map(|i| [f64::from(i), f64::from(i)]).collect();
    let mut h = small((None, false), move |ui, (index, zoomed)| {
        let series = [Series::new("value", &points, 0)];
        let levels = [Threshold { name: "alert", value: 5.0, status: Status::Alert }];
        let out = LineChart::new("Value", &series)
            .thresholds(&levels)
            .alerts(&[[6.0, 6.0]])
            .reference(Some((0.0, 3.0)))
            .show(ui);
        *index = out.clicked.or(*index);
        *zoomed = out.zoomed;
    });
    let rect = h.get_by_label("Value").rect();
    h.get_by_label("Value").click();
    h.run_ok();
    h.run_ok();
    assert_eq!(h.state().0, Some(5));
    h.hover_at(rect.center());
    h.event(egui::Event::Zoom(2.0));
    h.run_ok();
    assert!(h.state().1, "zooming did not stop following");
    h.get_by_label("Back to live").click();
    h.run_ok();
    h.run_ok();
    assert!(!h.state().1);
    assert!(h.query_by_label("Back to live").is_none());
}

#[test]
fn charts_of_nothing_and_of_nonsense_draw() {
    let bad = [[f64::NAN, 1.0], [0.0, f64::INFINITY], [1.0, f64::NAN]];
    let mut h = small((), move |ui, ()| {
        LineChart::new("none", &[]).show(ui);
        LineChart::new("bad", &[Series::new("bad", &bad, 7)]).show(ui);
        w::ScatterChart::new("scatter", &bad).show(ui);
        w::ScatterChart::new("no scatter", &[]).show(ui);
        w::HistogramPair::numeric("h", &[], &[], &[]).show(ui);
        w::HistogramPair::numeric("h2", &[1.0, 1.0], &[f64::NAN], &[0.5]).show(ui);
        w::HistogramPair::categorical("h3", &["a"], &[], &[1.0]).show(ui);
        w::interval_dots(ui, "dots", &[], Some(0.1));
        w::bar_chart(ui, "bars", &[]);
        w::sparkline(ui, "spark", &[], egui::vec2(60.0, 20.0), Status::Ok);
        let value = |_: usize, _: usize| Some(f64::NAN);
        Heatmap::new("empty", &[], &[], 0.0, &value).show(ui);
        Heatmap::new("nan", &["r"], &["c"], f64::NAN, &value).show(ui);
        ConfusionMatrix::new("no classes", &[], &|_, _| 0).show(ui);
        w::key_value(ui, "nothing", &[]);
        w::tag(ui, "");
    });
    h.run();
}

#[test]
fn jobs_notices_and_states_say_what_was_clicked() {
    let mut h = small((None, None, false, false), |ui, s| {
        let job =
            JobRow { name: "Validate", progress: Some(0.5), detail: "2 s left", status: Status::Running, word: "" };
        s.0 = w::job_row(ui, &job).or(s.0);
        s.1 = w::toasts(ui.ctx(), &gallery::sample_notices()).or(s.1);
        s.2 |= w::empty_state(ui, Icon::Models, "No model yet", Some("Open model…"));
        s.3 |= w::error_state(ui, "It failed", "why", "what to do", Some("Try again"));
    });
    for label in ["Cancel Validate", "Open: F1 below 0.650 since 3 July", "Open model…", "Try again"] {
        h.get_by_label(label).click();
        h.run();
    }
    assert_eq!(*h.state(), (Some(JobAction::Cancel), Some(ToastAction::Follow(1)), true, true));
}

#[test]
fn names_in_any_script_draw() {
    let mut h = Harness::builder().with_context_setup(theme::install).allow_missing_glyphs().build_ui(|ui| {
        w::status_chip(ui, Status::Ok, "日本語 ελληνικά кириллица ≥ → Δ");
        Button::secondary("العربية").show(ui);
    });
    h.run();
    assert!(h.query_by_label("العربية").is_some());
}
