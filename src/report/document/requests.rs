//! What was asked for, and what the rules say about the columns that are used.

use super::blocks::{Block, Cell, Span, Tone, facts, sentence, table};
use super::words::{count, level, short};
use crate::stats::metric::title;
use crate::validate::governance::UseRule;
use crate::validate::plan::Plan;
use crate::validate::policy::{Action, On};
use crate::validate::{ModelResult, Report};

/// The plan, so that the validation can be run again.
pub(super) fn plan(report: &Report, most: usize) -> Vec<Block> {
    let Some(plan) = &report.plan else { return Vec::new() };
    let chosen =
        |chosen: Option<String>| chosen.map_or_else(|| Span::toned(Tone::Dim, "as the model says"), Span::plain);
    let yes = |yes: bool| Span::plain(if yes { "yes" } else { "no" });
    let segments = match plan.segments.len() {
        0 => Span::toned(Tone::Dim, "none"),
        n if n > most => Span::plain(format!("{} columns", count(n as u64))),
        _ => Span::plain(plan.segments.join(", ")),
    };
    let register = match &plan.register {
        None => Span::toned(Tone::Dim, "none"),
        Some(register) => Span::plain(format!(
            "{} columns, {} of them sensitive",
            count(register.columns.len() as u64),
            count(register.sensitive().len() as u64)
        )),
    };
    let mut blocks = vec![facts(vec![
        ("Target", Span::plain(&plan.target)),
        ("Task", chosen(plan.task.map(|task| task.word().to_owned()))),
        ("Positive class", chosen(plan.positive.clone())),
        ("Threshold", chosen(plan.threshold.map(short))),
        ("Level of intervals", Span::plain(level(plan.level))),
        ("Seed", Span::plain(plan.seed.to_string())),
        ("Segments", segments),
        ("Search of weak segments", yes(plan.weak_segments)),
        ("Data checks", yes(plan.data_checks)),
        ("Data-use register", register),
        ("Rows a batch", Span::plain(count(plan.batch_rows as u64))),
        ("Threads", Span::plain(count(plan.threads as u64))),
    ])];
    blocks.extend(policy(plan, most));
    blocks
}

fn policy(plan: &Plan, most: usize) -> Vec<Block> {
    let Some(policy) = &plan.policy else { return Vec::new() };
    let mut blocks = vec![Block::Heading(format!("Policy “{}”", policy.name))];
    if !policy.description.is_empty() {
        blocks.push(Block::Line(vec![Span::plain(&policy.description)]));
    }
    let head = [("Gate", false), ("On", false), ("Condition", false), ("Weight", false)];
    let rows = policy.gates.iter().map(|gate| {
        let on = match &gate.on {
            On::AllRows => "all rows".to_owned(),
            On::Segments { columns, .. } if columns.is_empty() => "every segment".to_owned(),
            On::Segments { columns, .. } => format!("every segment of {}", columns.join(", ")),
        };
        vec![
            Cell::name(&gate.name),
            Cell::text(on),
            Cell::text(format!("{} {}", title(&gate.metric), gate.sentence())),
            Cell::text(if gate.required { "required" } else { "advice" }),
        ]
    });
    if !policy.gates.is_empty() {
        blocks.extend(table(&head, rows, most, "first gates"));
    }
    if !policy.required_card_fields.is_empty() {
        let fields: Vec<String> = policy.required_card_fields.iter().take(most).cloned().collect();
        blocks.push(Block::Note(format!("The model card must tell: {}.", fields.join(", "))));
    }
    blocks
}

fn rule(rule: UseRule) -> &'static str {
    match rule {
        UseRule::Forbidden => "forbidden",
        UseRule::Purpose => "another purpose",
        UseRule::Unregistered => "not in the register",
        UseRule::Sensitive => "sensitive",
        UseRule::Proxy => "proxy of a sensitive column",
    }
}

/// Columns used against a rule, and likely proxies; nothing when no register was given.
pub(super) fn data_use(report: &Report, result: &ModelResult, most: usize) -> Vec<Block> {
    let asked = report.plan.as_ref().is_some_and(|plan| plan.register.is_some());
    if !asked && result.data_use.is_empty() && result.proxies.is_empty() {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    if result.data_use.is_empty() {
        blocks.extend(sentence("No column is used against a rule of the policy."));
    } else {
        let head = [("Says", false), ("Column", false), ("Rule", false), ("What to do", false)];
        let rows = result.data_use.iter().map(|found| {
            let action = match found.action {
                Action::Refuse => Span::toned(Tone::Bad, "✗ refused"),
                Action::Warn => Span::toned(Tone::Warning, "! warning"),
                Action::Ignore => Span::toned(Tone::Dim, "nothing"),
            };
            vec![
                Cell::rich(vec![action]),
                Cell::name(&found.column),
                Cell::text(rule(found.rule)),
                Cell::text(&found.sentence),
            ]
        });
        blocks.extend(table(&head, rows, most, "first findings"));
    }
    if result.proxies.is_empty() {
        return blocks;
    }
    let head = [("Feature", false), ("Goes with", false), ("Strength", true), ("Measured by", false), ("Rows", true)];
    let rows = result.proxies.iter().map(|proxy| {
        let mut strength = Cell::number(Some(proxy.strength), "Not measured").bar(proxy.strength);
        strength.spans.extend(proxy.is_likely().then(|| Span::warning("likely proxy")));
        vec![
            Cell::name(&proxy.feature),
            Cell::text(&proxy.sensitive),
            strength,
            Cell::text(proxy.measure.words()),
            Cell::count(proxy.rows as u64),
        ]
    });
    blocks.push(Block::Heading("Features that go with sensitive columns".to_owned()));
    blocks.extend(table(&head, rows, most, "strongest"));
    blocks.extend(sentence("Strength: 0 is independent, 1 gives the other away."));
    blocks
}
