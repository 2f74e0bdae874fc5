//! A row that is typed in and answered at once, and the same call as other programs write it.

use std::collections::BTreeMap;

use eframe::egui::{RichText, TextStyle, Ui};

use crate::app::context::PanelContext;
use crate::app::panels::deploy::terms;
use crate::app::theme::{SPACE_S, Status};
use crate::app::widgets::{
    Button, Card, Icon, choice, format, progress_bar, reflow, segmented, status_chip, text, text_field,
};
use crate::backend::Command;
use crate::backend::serving::{ServingView, Tried};
use crate::backend::state::DeploymentView;
use crate::monitor::profile::{ColumnReference, Distribution};

/// Categories that are offered.
const OFFERED: usize = 40;

/// How a call is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Language {
    #[default]
    Curl,
    Python,
    PowerShell,
}

/// The row as it is typed.
#[derive(Debug, Default)]
pub(super) struct Trying {
    row: BTreeMap<String, String>,
    asked: Option<Vec<(String, String)>>,
    language: Language,
}

/// Draws the card.
pub(super) fn card(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    deployment: &DeploymentView,
    serving: &ServingView,
    trying: &mut Trying,
) {
    let Some(info) = serving.champion().and_then(|version| serving.info(version)) else { return };
    if info.columns.is_empty() {
        return;
    }
    let monitor = ctx.live.monitor(ctx.state, &deployment.id);
    let known = |name: &str| monitor.and_then(|monitor| monitor.profile.column(name));
    let tried = ctx.live.tried.get(&deployment.id).map(|tried| &**tried);
    let mut ask = false;
    Card::new("Try it").subtitle("a row, answered as a caller's").explain(&terms::TRY_IT).show(ui, |ui| {
        let columns = &info.columns;
        reflow(ui, "try it", columns.len(), 230.0, &[], |ui, place| {
            let Some((name, is_number)) = columns.get(place) else { return };
            let value = trying.row.entry(name.clone()).or_insert_with(|| usual(known(name)));
            field(ui, name, *is_number, known(name), value);
        });
        ui.add_space(SPACE_S);
        ask = Button::primary("Predict").icon(Icon::Play).show(ui).clicked();
        if let Some(tried) = tried {
            answer(ui, serving, tried);
            ui.add_space(SPACE_S);
            call(ui, serving, tried, &mut trying.language);
        }
    });
    let row: Vec<(String, String)> = info
        .columns
        .iter()
        .map(|(name, _)| (name.clone(), trying.row.get(name).cloned().unwrap_or_default()))
        .collect();
    // What was changed after the first answer is answered without a click, one request at a time.
    let changed = trying.asked.as_ref().is_some_and(|asked| *asked != row);
    let answered = tried.is_some_and(|tried| Some(&tried.row) == trying.asked.as_ref());
    if ask || (changed && answered && !ui.input(|input| input.pointer.any_down())) {
        trying.asked = Some(row.clone());
        ctx.command(Command::TryRow { deployment: deployment.id.clone(), version: None, row });
    }
}

/// What is common in the reference: the middle of its range, or its most frequent category.
fn usual(known: Option<&ColumnReference>) -> String {
    match known.map(|known| (&known.distribution, known.range)) {
        Some((Distribution::Categorical(categories), _)) => categories.names().first().cloned().unwrap_or_default(),
        Some((_, Some((low, high)))) => {
            let middle = f64::midpoint(low, high);
            let whole = low.fract() == 0.0 && high.fract() == 0.0;
            format!("{}", if whole { middle.round() } else { middle })
        }
        _ => String::new(),
    }
}

fn field(ui: &mut Ui, name: &str, is_number: bool, known: Option<&ColumnReference>, value: &mut String) {
    let width = (ui.available_width() - 120.0).max(70.0);
    let categories = match known.map(|known| &known.distribution) {
        Some(Distribution::Categorical(categories)) if !is_number => categories.names(),
        _ => &[],
    };
    if !categories.is_empty() && categories.len() <= OFFERED {
        let options: Vec<(String, &str)> = categories.iter().map(|name| (name.clone(), name.as_str())).collect();
        choice(ui, name, value, &options);
        return;
    }
    let hint = known
        .and_then(|known| known.range)
        .map_or_else(String::new, |(low, high)| format!("{} to {}", format::number(low), format::number(high)));
    text_field(ui, name, value, &hint, width);
    let typed = value.trim().replace(',', ".").parse::<f64>().ok();
    if let (true, Some(typed), Some((low, high))) = (is_number, typed, known.and_then(|known| known.range))
        && !(low..=high).contains(&typed)
    {
        status_chip(ui, Status::Warning, &format!("outside {hint}"));
    } else if is_number && typed.is_none() && !value.trim().is_empty() {
        status_chip(ui, Status::Alert, "no number");
    } else if !categories.is_empty() && !categories.contains(value) && !value.is_empty() {
        status_chip(ui, Status::Warning, "not in the reference");
    }
}

fn answer(ui: &mut Ui, serving: &ServingView, tried: &Tried) {
    let given = match &tried.answer {
        Ok(given) => given,
        Err(why) => {
            ui.add_space(SPACE_S);
            status_chip(ui, Status::Alert, "no answer");
            text::note(ui, why);
            return;
        }
    };
    ui.add_space(SPACE_S);
    ui.label(RichText::new(&given.label).text_style(TextStyle::Heading));
    for (class, probability) in given.probabilities.iter().take(12) {
        ui.horizontal(|ui| {
            text::caption(ui, &format!("{class} {}", format::percent(*probability)));
        });
        progress_bar(ui, &format!("Probability of {class}"), Some(*probability as f32));
    }
    let version = serving.version(&tried.version);
    let threshold = version.and_then(|version| {
        let (positive, threshold) = (version.positive.as_ref()?, version.threshold?);
        Some(format!(" · “{positive}” from {} on", format::number(threshold)))
    });
    let words = format!(
        "version {} · {} · kept as {}{}",
        tried.version,
        format::seconds(given.latency_ms / 1_000.0),
        given.id,
        threshold.unwrap_or_default()
    );
    text::caption(ui, &words);
}

fn call(ui: &mut Ui, serving: &ServingView, tried: &Tried, language: &mut Language) {
    let options = [(Language::Curl, "curl"), (Language::Python, "Python"), (Language::PowerShell, "PowerShell")];
    segmented(ui, "Language of the call", language, &options);
    let url = format!("http://{}/models/{}/invocations", serving.address, serving.name);
    let Some(body) = &tried.calls.split else { return };
    let words = written(*language, &url, body, serving.token);
    ui.label(RichText::new(&words).text_style(TextStyle::Monospace));
    if Button::quiet("Copy call").icon(Icon::Copy).show(ui).clicked() {
        ui.ctx().copy_text(words);
    }
}

/// The call in a language; the token's place is named, never the token.
fn written(language: Language, url: &str, body: &str, token: bool) -> String {
    match language {
        Language::Curl => {
            let token = if token { " -H \"Authorization: Bearer $TOKEN\"" } else { "" };
            format!("curl -s {url}{token} -H 'content-type: application/json' -d '{}'", body.replace('\'', "'\\''"))
        }
        Language::Python => {
            let token = if token { ", \"Authorization\": \"Bearer \" + token" } else { "" };
            // JSON's strings are Python's too, once more quoted.
            let body = serde_json::Value::from(body).to_string();
            format!(
                "import json, urllib.request\nbody = {body}\nrequest = urllib.request.Request(\"{url}\", body.encode(), \
                 {{\"content-type\": \"application/json\"{token}}})\nprint(json.load(urllib.request.urlopen(request)))"
            )
        }
        Language::PowerShell => {
            let token = if token { " -Headers @{ Authorization = \"Bearer $token\" }" } else { "" };
            let body = body.replace('\'', "''");
            format!("Invoke-RestMethod -Method Post -Uri '{url}'{token} -ContentType 'application/json' -Body '{body}'")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_of_a_row_survive_in_every_language() {
        let body = r#"{"dataframe_split":{"data":[["it's \"so\""]]}}"#;
        let of = |language| written(language, "http://h/x", body, true);
        assert!(of(Language::Curl).contains("it'\\''s"));
        assert!(of(Language::PowerShell).contains("it''s"));
        assert!(of(Language::Python).contains(r#""{\"dataframe_split\""#));
        for language in [Language::Curl, Language::Python, Language::PowerShell] {
            assert!(of(language).contains("Bearer"), "{language:?}");
            assert!(!written(language, "http://h/x", body, false).contains("Bearer"));
        }
    }
}
