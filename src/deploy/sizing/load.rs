//! Two loads on a model: as much as it carries, and a steady number of requests a second.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use hdrhistogram::Histogram;

use crate::deploy::serve::{Call, Front, Origin, Refusal};
use crate::model::tensor::NamedTensor;

/// Requests that wait for their answers at most; a model that is that far behind does not carry the load.
const BEHIND: usize = 4_096;
/// How long the last answers are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// The last piece before a moment is waited for busily, because a sleep ends late.
const BUSY: Duration = Duration::from_micros(60);

fn call(model: &Arc<str>, inputs: Vec<NamedTensor>, turn: usize, origin: &Origin) -> Call {
    Call {
        id: turn.to_string().into(),
        model: Arc::clone(model),
        version: None,
        inputs,
        wanted: Vec::new(),
        received: Instant::now(),
        received_at_ms: 0,
        deadline: None,
        origin: origin.clone(),
        sticky: None,
    }
}

fn origin() -> Origin {
    Origin { feed: "sizing".into(), consumer: None }
}

fn taken(answers: &Receiver<Result<(), Refusal>>) -> Result<(), String> {
    match answers.recv_timeout(PATIENCE) {
        Ok(answer) => answer.map_err(|refusal| refusal.to_string()),
        Err(_) => Err("No answer came within half a minute; the model may hang. Try fewer rows.".to_owned()),
    }
}

/// Requests a second when there are always `outstanding` that wait; at least that many are asked.
///
/// # Errors
/// When a request is refused or not answered.
pub(super) fn busiest(
    front: &dyn Front,
    model: &str,
    requests: &[Vec<NamedTensor>],
    outstanding: usize,
    seconds: f64,
) -> Result<f64, String> {
    let (model, origin): (Arc<str>, _) = (model.into(), origin());
    let (told, answers) = bounded(outstanding.max(1));
    let mut turns = requests.iter().cycle().enumerate();
    let mut ask = || {
        let Some((turn, inputs)) = turns.next() else { return };
        let told: Sender<Result<(), Refusal>> = told.clone();
        let reply = Box::new(move |answer: Result<_, Refusal>| {
            told.send(answer.map(drop)).ok();
        });
        front.submit(call(&model, inputs.clone(), turn, &origin), reply);
    };
    let began = Instant::now();
    (0..outstanding.max(1)).for_each(|_| ask());
    let mut answered = 0_u64;
    while began.elapsed().as_secs_f64() < seconds {
        taken(&answers)?;
        answered += 1;
        ask();
    }
    let rate = answered as f64 / began.elapsed().as_secs_f64().max(1e-9);
    for _ in 0..outstanding.max(1) {
        taken(&answers)?;
    }
    Ok(rate)
}

/// Latency in microseconds at a steady rate, each from the moment the request was due.
///
/// # Errors
/// When a request is refused or not answered, or the model falls behind by thousands of requests.
pub(super) fn paced(
    front: &dyn Front,
    model: &str,
    requests: &[Vec<NamedTensor>],
    rate: f64,
    seconds: f64,
) -> Result<Histogram<u64>, String> {
    let (model, origin): (Arc<str>, _) = (model.into(), origin());
    let (told, answers) = bounded::<Result<u64, Refusal>>(BEHIND);
    let mut all = Histogram::new_with_bounds(1, 600_000_000, 3).map_err(|error| error.to_string())?;
    let began = Instant::now();
    let mut waiting = 0_usize;
    for (turn, inputs) in requests.iter().cycle().enumerate() {
        let after = Duration::try_from_secs_f64(turn as f64 / rate.max(1e-3)).unwrap_or_default();
        let due = began + after;
        if after.as_secs_f64() >= seconds {
            break;
        }
        wait_until(due);
        let told = told.clone();
        let reply = Box::new(move |answer: Result<_, Refusal>| {
            told.send(answer.map(|_| due.elapsed().as_micros() as u64)).ok();
        });
        front.submit(call(&model, inputs.clone(), turn, &origin), reply);
        waiting += 1;
        for answer in answers.try_iter() {
            all.saturating_record(answer.map_err(|refusal| refusal.to_string())?.max(1));
            waiting -= 1;
        }
        if waiting + 1 >= BEHIND {
            return Err("The model fell behind by thousands of requests. Try a lower load.".to_owned());
        }
    }
    for _ in 0..waiting {
        let answer = answers.recv_timeout(PATIENCE).map_err(|_| "The last answers did not come.".to_owned())?;
        all.saturating_record(answer.map_err(|refusal| refusal.to_string())?.max(1));
    }
    Ok(all)
}

fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if left > BUSY {
        std::thread::sleep(left.saturating_sub(BUSY));
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
}
