//! Every widget in every state on one page, for snapshots and for whoever builds a panel.
//! All figures are invented.

use eframe::egui::{Id, ScrollArea, Ui, vec2};

mod charts;

use super::{
    Button, Card, Column, Explainer, GateRow, Icon, JobRow, MetricRow, Notice, StatTile, Table, choice, empty_state,
    error_state, explainer_mark, format, gate_row, job_row, key_value, metric_table, notification_row, number_field,
    pending_state, rail_item, reflow, search_field, segmented, sparkline, status_chip, tabs, tag, text, text_field,
};
use crate::app::theme::{SPACE_L, SPACE_M, Status, strong, tokens};

/// One part of the gallery: its title and what draws it.
pub type Section = (&'static str, fn(&mut Ui));

/// The parts of the gallery, each at most about 800 points high at a width of 1,000 points.
pub const SECTIONS: [Section; 5] = [
    ("Controls", controls),
    ("Numbers", numbers),
    ("Charts over time", charts::over_time),
    ("Charts of results", charts::results),
    ("States", states),
];

/// Draws every widget in every state, one part below the other, in a scroll area.
pub fn gallery_ui(ui: &mut Ui) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for (title, draw) in SECTIONS {
            ui.heading(title);
            draw(ui);
            ui.add_space(SPACE_L);
        }
    });
}

#[derive(Clone)]
struct Memory {
    text: String,
    empty: String,
    search: String,
    span: u8,
    tab: u8,
    model: u8,
    threshold: f64,
    cell: Option<(usize, usize)>,
    row: Option<usize>,
}

fn with_memory(ui: &mut Ui, draw: impl FnOnce(&mut Ui, &mut Memory)) {
    let id = Id::unique("gallery memory");
    let mut memory = ui.data(|d| d.get_temp::<Memory>(id)).unwrap_or(Memory {
        text: "gradient boosting v2".to_owned(),
        empty: String::new(),
        search: "wind".to_owned(),
        span: 1,
        tab: 0,
        model: 0,
        threshold: 0.43,
        cell: Some((1, 14)),
        row: Some(1),
    });
    draw(ui, &mut memory);
    ui.data_mut(|d| d.insert_temp(id, memory));
}

fn f1() -> Explainer {
    Explainer::new(
        "F1",
        "How well late flights are found without false alarms: the harmonic mean of precision and recall.",
    )
    .formula("F1 = 2 · TP / (2 · TP + FP + FN)")
    .convention("Positive class “late”; 0 when nothing is positive, as scikit-learn.")
}

fn controls(ui: &mut Ui) {
    with_memory(ui, |ui, memory| {
        reflow(ui, "controls", 3, 300.0, &[1.0, 2.0, 1.4], |ui, i| match i {
            0 => rail(ui),
            1 => buttons_and_inputs(ui, memory),
            _ => icons(ui),
        });
    });
}

fn rail(ui: &mut Ui) {
    Card::new("Rail").fill().show(ui, |ui| {
        let items = [
            (Icon::Overview, "Overview"),
            (Icon::Models, "Models"),
            (Icon::Validate, "Validate"),
            (Icon::Explain, "Explain"),
            (Icon::Deploy, "Deploy"),
            (Icon::Monitor, "Monitor"),
            (Icon::Reports, "Reports"),
            (Icon::Learn, "Learn"),
        ];
        ui.horizontal_top(|ui| {
            for (narrow, width) in [(false, 100.0), (true, 40.0)] {
                ui.vertical(|ui| {
                    ui.set_width(width);
                    ui.spacing_mut().item_spacing.y = 2.0;
                    for (icon, label) in items {
                        let monitor = label == "Monitor";
                        rail_item(ui, icon, label, label == "Validate", monitor, narrow);
                    }
                });
            }
        });
    });
}

fn buttons_and_inputs(ui: &mut Ui, memory: &mut Memory) {
    Card::new("Buttons and inputs").fill().show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            Button::primary("Run").icon(Icon::Play).show(ui);
            Button::secondary("Sign off…").show(ui);
            Button::secondary("Chunk: week").menu().show(ui);
            Button::danger("Roll back…").icon(Icon::Undo).show(ui);
            Button::quiet("Export…").icon(Icon::Export).show(ui);
            Button::icon_only(Icon::Bell, "Notifications").show(ui);
        });
        ui.horizontal_wrapped(|ui| {
            let why = Some("Two inputs are not bound to a column");
            Button::primary("Validate").disabled_because(why).show(ui);
            Button::secondary("Promote…").disabled_because(why).show(ui);
            Button::quiet("Compare").disabled_because(why).show(ui);
            Button::secondary("Follow live").selected(true).show(ui);
        });
        ui.horizontal_wrapped(|ui| {
            segmented(ui, "Span", &mut memory.span, &[(0, "Day"), (1, "Week"), (2, "Month")]);
            search_field(ui, "Search columns", &mut memory.search, "Search columns", 180.0);
        });
        tabs(
            ui,
            "Result tabs",
            &mut memory.tab,
            &[(0, "Result"), (1, "Curves"), (2, "Errors"), (3, "Segments"), (4, "Compare 3")],
        );
        ui.add_space(2.0);
        text_field(ui, "Name", &mut memory.text, "", 200.0);
        text_field(ui, "Note", &mut memory.empty, "Why it may go live", 200.0);
        ui.horizontal_wrapped(|ui| {
            choice(
                ui,
                "Model",
                &mut memory.model,
                &[(0, "gradient boosting v2"), (1, "logistic v1"), (2, "deep forest v3")],
            );
            number_field(ui, "Threshold", &mut memory.threshold, 0.0..=1.0, "");
            number_field(ui, "Budget", &mut 20.0, 1.0..=1000.0, "ms");
        });
        ui.horizontal_wrapped(|ui| {
            status_chip(ui, Status::Ok, "as reference");
            status_chip(ui, Status::Warning, "falling");
            status_chip(ui, Status::Alert, "below threshold");
            status_chip(ui, Status::Neutral, "within");
            status_chip(ui, Status::Running, "running");
            tag(ui, "gradient boosting · v2 · champion");
        });
    });
}

fn icons(ui: &mut Ui) {
    Card::new("Icons").fill().show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(SPACE_M, SPACE_M);
            let color = tokens(ui).text;
            for icon in Icon::ALL {
                icon.show(ui, 16.0, color).on_hover_text(format!("{icon:?}"));
            }
        });
        ui.horizontal(|ui| {
            ui.label(strong("F1"));
            explainer_mark(ui, &f1());
            text::caption(ui, "click the mark for its meaning");
        });
        ui.horizontal(|ui| {
            let values: Vec<f64> = charts::wave(24, 0.66, 0.02, 0.3).iter().map(|p| p[1]).collect();
            sparkline(ui, "F1, 24 weeks", &values, vec2(120.0, 28.0), Status::Ok);
            let falling: Vec<f64> = (0..24).map(|i| 0.7 - f64::from(i) * 0.004).collect();
            sparkline(ui, "Recall, 24 weeks", &falling, vec2(120.0, 28.0), Status::Alert);
        });
        key_value(
            ui,
            "facts",
            &[
                ("Format", "ONNX, opset 17"),
                ("Inputs", "14 columns, 3 of them categories"),
                ("Size", &format::bytes(1_840_000)),
                ("Trained on", "flights 2013-01 to 2013-03, a name so long that it must be cut"),
            ],
        );
    });
}

fn numbers(ui: &mut Ui) {
    let help = f1();
    let tiles = [
        StatTile::new("F1, last chunk", "0.639")
            .interval("0.627 – 0.651")
            .comparison("0.035 below reference")
            .chip(Status::Alert, "below threshold")
            .explain(&help),
        StatTile::new("Accuracy", "0.781")
            .interval("0.773 – 0.789")
            .comparison("0.011 below reference")
            .chip(Status::Neutral, "within"),
        StatTile::new("Estimated F1, now", "0.631")
            .interval("0.617 – 0.645")
            .comparison("labels known until 18 Oct")
            .chip(Status::Warning, "falling"),
        StatTile::new("Columns drifting", "3 of 14")
            .interval("expected by chance 0.4")
            .comparison("temp, wind_speed, hour")
            .chip(Status::Warning, "3"),
        StatTile::new("Missing values", "1.9 %")
            .interval("reference 1.7 %")
            .comparison("wind_gust 77 %")
            .chip(Status::Ok, "as reference"),
        StatTile::new("Latency p95", "0.42 ms")
            .interval("budget 20 ms")
            .comparison("3,204 rows/s")
            .chip(Status::Ok, "healthy"),
    ];
    reflow(ui, "tiles", tiles.len(), 150.0, &[], |ui, i| {
        if let Some(tile) = tiles.get(i) {
            tile.show(ui);
        }
    });
    with_memory(ui, |ui, memory| {
        let rows = metric_rows(&help);
        Card::new("").rows(27_673).show(ui, |ui| {
            if let Some(super::MetricAction::Row(row)) = metric_table(ui, "metrics", "April", 0.95, &rows, memory.row) {
                memory.row = Some(row);
            }
        });
        ui.add_space(SPACE_M - ui.spacing().item_spacing.y);
        reflow(ui, "lists", 2, 380.0, &[], |ui, i| match i {
            0 => segments(ui),
            _ => gates(ui),
        });
    });
}

fn metric_rows(help: &Explainer) -> Vec<MetricRow<'_>> {
    let row = |name, value: f64, low, high, training, baseline, gate, verdict| MetricRow {
        name,
        help: Some(help),
        value: Some(value),
        interval: Some((low, high)),
        training: Some(training),
        baseline,
        gate,
        verdict: Some(verdict),
        rows: None,
    };
    vec![
        row("F1", 0.671, 0.663, 0.679, 0.684, Some(0.512), "≥ 0.650 at lower bound", (Status::Ok, "0.663")),
        row("ROC AUC", 0.864, 0.860, 0.868, 0.871, Some(0.5), "≥ 0.850", (Status::Ok, "0.864")),
        row("Precision", 0.742, 0.733, 0.751, 0.760, Some(0.28), "≥ 0.700", (Status::Ok, "0.742")),
        row(
            "Recall",
            0.612,
            0.603,
            0.621,
            0.622,
            Some(1.0),
            "≥ 0.600 in every origin",
            (Status::Alert, "0.588 at LGA"),
        ),
        row("Log loss", 0.402, 0.396, 0.408, 0.389, Some(0.593), "≤ 0.450", (Status::Ok, "0.402")),
        row("Calibration error", 0.018, 0.014, 0.023, 0.009, None, "≤ 0.030", (Status::Ok, "0.018")),
    ]
}

fn segments(ui: &mut Ui) {
    let rows = [
        ("origin = LGA", 8_911, 0.588, (0.570, 0.606)),
        ("hour 20 – 23", 3_120, 0.597, (0.566, 0.628)),
        ("precip > 0", 1_604, 0.634, (0.590, 0.678)),
        ("carrier = EV and a destination with a very long name", 4_561, 0.623, (0.597, 0.647)),
    ];
    Card::new("Weakest segments").subtitle("by recall, 38 looked at, corrected").rows(27_673).fill().show(ui, |ui| {
        let columns = [
            Column::words("segment", 2.0),
            Column::numbers("rows", 1.0),
            Column::numbers("recall", 1.0),
            Column::numbers("95 % interval", 1.6).min_width(110.0),
        ];
        let name = |row: usize| rows.get(row).map_or(String::new(), |r| r.0.to_owned());
        Table::new("segments", &columns).selectable(None, &name).max_height(140.0).show(
            ui,
            rows.len(),
            |ui, row, column| {
                let Some(row) = rows.get(row) else { return };
                match column {
                    0 => text::elided(ui, row.0),
                    1 => text::elided(ui, crate::app::theme::dim(ui, format::count(row.1))),
                    2 => text::elided(ui, strong(format::decimal(row.2, 3))),
                    _ => text::elided(ui, crate::app::theme::dim(ui, format::interval(Some(row.3), 3))),
                };
            },
        );
    });
}

fn gates(ui: &mut Ui) {
    Card::new("Gates").right("5 of 6 hold").fill().show(ui, |ui| {
        for (rule, found, status, verdict) in [
            ("F1 ≥ 0.650 at the lower bound", "0.663 on 27,673 rows", Status::Ok, "pass"),
            ("Recall ≥ 0.600 in every origin", "0.588 at LGA, 8,911 rows", Status::Alert, "fail"),
            ("Latency p95 ≤ 20 ms", "–", Status::Neutral, "not measured"),
        ] {
            gate_row(ui, &GateRow { rule, found, status, verdict });
        }
    });
}

fn states(ui: &mut Ui) {
    reflow(ui, "states", 3, 300.0, &[], |ui, i| match i {
        0 => {
            Card::new("Empty").fill().show(ui, |ui| {
                empty_state(ui, Icon::Models, "No model yet: open a file or drop one here", Some("Open model…"));
            });
        }
        1 => {
            Card::new("Failed").fill().show(ui, |ui| {
                error_state(
                    ui,
                    "The model cannot be read",
                    "The file ends inside the graph, at byte 40,960.",
                    "Copy the file again, or choose another one.",
                    Some("Try again"),
                );
            });
        }
        _ => {
            Card::new("Pending").fill().show(ui, |ui| {
                pending_state(
                    ui,
                    "Reading flights 2013-04, 4 s left",
                    Some(|ui: &mut Ui| {
                        key_value(ui, "before", &[("F1", "0.671"), ("rows", "27,673")]);
                        Button::secondary("Compare").name("Compare pending").show(ui);
                    }),
                );
            });
        }
    });
    reflow(ui, "lists of work", 2, 380.0, &[], |ui, i| match i {
        0 => jobs(ui),
        _ => notices(ui),
    });
}

fn jobs(ui: &mut Ui) {
    Card::new("Jobs").fill().show(ui, |ui| {
        for row in [
            JobRow {
                name: "Validate gradient boosting v2 on flights 2013-04",
                progress: Some(0.43),
                detail: "4 s left · 12,000 of 27,673 rows",
                status: Status::Running,
                word: "",
            },
            JobRow {
                name: "Read flights 2013-05",
                progress: None,
                detail: "3.2 MB read",
                status: Status::Running,
                word: "",
            },
            JobRow {
                name: "Explain row 812",
                progress: Some(1.0),
                detail: "took 0.3 s",
                status: Status::Ok,
                word: "done",
            },
            JobRow {
                name: "Load deep forest v3",
                progress: None,
                detail: "the file is not an ONNX model",
                status: Status::Alert,
                word: "failed",
            },
        ] {
            job_row(ui, &row);
        }
    });
}

fn notices(ui: &mut Ui) {
    Card::new("Notices").fill().show(ui, |ui| {
        for notice in sample_notices() {
            notification_row(ui, &notice);
        }
    });
}

/// Invented notices, for the gallery and its tests.
pub fn sample_notices() -> [Notice<'static>; 3] {
    [
        Notice {
            id: 1,
            status: Status::Alert,
            title: "F1 below 0.650 since 3 July",
            text: "Four chunks in a row; temp, wind_speed and hour moved.",
            time: "today, 10:42",
            action: Some("Open"),
        },
        Notice { id: 2, status: Status::Ok, title: "Report saved", text: "", time: "today, 10:40", action: None },
        Notice {
            id: 3,
            status: Status::Warning,
            title: "The queue is 80 % full",
            text: "Add a worker or slow the feed.",
            time: "today, 10:31",
            action: None,
        },
    ]
}
