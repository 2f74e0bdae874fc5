//! An infer request, read against the inputs of the model.

use std::sync::Arc;
use std::time::Duration;

use super::cursor::Fault;
use super::head::{self, Given, Head, Parameters, Problem};
use super::{Datatype, binary, shape, values};
use crate::deploy::serve::call::Refusal;
use crate::model::signature::Port;
use crate::model::tensor::{NamedTensor, Tensor, TensorData};

/// Names that a refusal lists at most.
const LISTED: usize = 20;

/// An output that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedOutput {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is wanted as a binary tensor; `None` leaves it to the request.
    pub binary: Option<bool>,
}

/// What of an answer is wanted, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The outputs; empty for all.
    pub outputs: Vec<WantedOutput>,
    /// Whether outputs are binary tensors where nothing else is said.
    pub binary: bool,
}

impl Wanted {
    /// Checks that the model has every wanted output.
    ///
    /// # Errors
    /// With the name of the first that it has not.
    pub fn check(&self, outputs: &[Port]) -> Result<(), Refusal> {
        let known = |name: &str| outputs.iter().any(|port| port.name == name);
        match self.outputs.iter().find(|output| !known(&output.name)) {
            None => Ok(()),
            Some(unknown) => {
                Err(bad(&*unknown.name, format!("the model has no such output. It has {}.", listed(outputs))))
            }
        }
    }
}

/// An infer request.
#[derive(Clone, Debug, PartialEq)]
pub struct Infer {
    /// The caller's id of the request.
    pub id: Option<String>,
    /// The model's inputs, in its order, in the shapes that it takes.
    pub inputs: Vec<NamedTensor>,
    /// What of the answer is wanted.
    pub wanted: Wanted,
    /// How long the caller waits; `None` leaves it to the endpoint.
    pub timeout: Option<Duration>,
    /// What keeps the caller with one version of the model.
    pub sticky: Option<String>,
}

/// Reads an infer request for a model with these inputs.
///
/// `header_length` is the number in the header `Inference-Header-Content-Length`: with `None` the whole body is JSON;
/// with 0 it is the raw values of the only input; otherwise that many bytes are JSON and binary tensors follow.
/// The time and memory it takes are bounded by the size of the body, whatever numbers stand in it.
///
/// # Errors
/// [`Refusal::BadInput`] with the name of the field and what is wrong with it.
pub fn parse_infer(header_length: Option<usize>, body: &[u8], inputs: &[Port]) -> Result<Infer, Refusal> {
    let (json, tensors) = match header_length {
        None => (body, None),
        Some(0) => return raw(body, inputs),
        Some(length) => {
            let (json, tensors) = body.split_at_checked(length).ok_or_else(|| {
                let why = format!(
                    "it says {length} bytes, and the body has {}. Send the length of the JSON part.",
                    body.len()
                );
                bad("Inference-Header-Content-Length", why)
            })?;
            (json, Some(tensors))
        }
    };
    let text = std::str::from_utf8(json)
        .map_err(|error| bad("body", format!("it is not UTF-8 at byte {}.", error.valid_up_to())))?;
    let head = head::read(text, |given| known_once(given, inputs)).map_err(|problem| match problem {
        Problem::Field { field, why } => bad(field, why),
        Problem::Text(fault) => at_fault("body", &fault),
    })?;
    assemble(text, head, tensors, inputs)
}

/// Checks the last of the inputs that were read so far: that the model has it, and that it comes once.
fn known_once(given: &[Given<'_>], inputs: &[Port]) -> Result<(), Problem> {
    let Some((last, before)) = given.split_last() else { return Ok(()) };
    let field = |field: &str, why: String| Err(Problem::Field { field: field.to_owned(), why });
    let Some(name) = &last.name else {
        let why = format!("an input has no name. The model has {}.", listed(inputs));
        return field("inputs", why);
    };
    if !inputs.iter().any(|port| port.name == **name) {
        return field(name, format!("the model has no such input. It has {}.", listed(inputs)));
    }
    if before.iter().any(|other| other.name == last.name) {
        return field(name, "it is there twice. Send each input once.".to_owned());
    }
    Ok(())
}

fn assemble(text: &str, head: Head<'_>, tensors: Option<&[u8]>, inputs: &[Port]) -> Result<Infer, Refusal> {
    offered("parameters", &head.parameters)?;
    let mut placed: Vec<Option<NamedTensor>> = inputs.iter().map(|_port| None).collect();
    let mut rest = tensors.unwrap_or_default();
    for given in &head.inputs {
        let name = given.name.as_deref().unwrap_or_default();
        let found = inputs.iter().zip(&mut placed).find(|(port, _place)| port.name == name);
        let Some((port, place)) = found else { continue };
        *place = Some(tensor(text, given, port, tensors.is_some(), &mut rest)?);
    }
    if !rest.is_empty() {
        let why =
            format!("{} bytes are left after the last binary tensor. Check binary_data_size of each.", rest.len());
        return Err(bad("body", why));
    }
    if let Some((missing, _place)) = inputs.iter().zip(&placed).find(|(_port, place)| place.is_none()) {
        return Err(bad(&missing.name, format!("it is missing. The model needs {}.", listed(inputs))));
    }
    let tensors: Vec<NamedTensor> = placed.into_iter().flatten().collect();
    equal_rows(inputs, &tensors)?;
    let mut outputs: Vec<WantedOutput> = Vec::with_capacity(head.outputs.len());
    for output in head.outputs {
        offered(&output.name, &output.parameters)?;
        if outputs.iter().any(|other| *other.name == *output.name) {
            return Err(bad(&*output.name, "the output is asked for twice. Name it once.".to_owned()));
        }
        outputs.push(WantedOutput { name: Arc::from(&*output.name), binary: output.parameters.binary_data });
    }
    Ok(Infer {
        id: head.id,
        inputs: tensors,
        wanted: Wanted { outputs, binary: head.parameters.binary_data_output.unwrap_or(false) },
        timeout: head.parameters.timeout_us.filter(|us| *us > 0).map(Duration::from_micros),
        sticky: head.parameters.sticky,
    })
}

fn tensor(
    text: &str,
    given: &Given<'_>,
    port: &Port,
    binary_allowed: bool,
    rest: &mut &[u8],
) -> Result<NamedTensor, Refusal> {
    let name = port.name.as_str();
    offered(name, &given.parameters)?;
    let datatype = datatype(given, port)?;
    let Some(sent) = given.shape.clone() else {
        return Err(bad(name, format!("it has no “shape”. The model wants {}.", shape::wanted(port))));
    };
    let overflow = || bad(name, "the product of its shape is beyond what any machine holds.".to_owned());
    let count = sent.iter().try_fold(1_usize, |count, size| count.checked_mul(*size)).ok_or_else(overflow)?;
    let fitted = shape::fit(port, sent.clone()).map_err(|why| bad(name, why))?;
    let data = match (given.parameters.binary_data_size, &given.data) {
        (Some(_), Some(_)) => {
            return Err(bad(name, "it has both “data” and binary_data_size. Send one of them.".to_owned()));
        }
        (None, None) => {
            return Err(bad(name, "it has neither “data” nor binary_data_size. Send one of them.".to_owned()));
        }
        (None, Some(place)) => {
            values::read(text, place, datatype, &sent, count).map_err(|fault| at_fault(name, &fault))?
        }
        (Some(_), None) if !binary_allowed => {
            let why = "it says binary_data_size, but the request has no header Inference-Header-Content-Length. \
                       Send the header, or the values as “data”.";
            return Err(bad(name, why.to_owned()));
        }
        (Some(size), None) => {
            let part = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size));
            let Some((bytes, after)) = part else {
                let why = format!("binary_data_size is {size}, and {} bytes are left in the body.", rest.len());
                return Err(bad(name, why));
            };
            *rest = after;
            binary::read(datatype, bytes, count).map_err(|why| bad(name, format!("{why}.")))?
        }
    };
    named(port, fitted, data)
}

fn datatype(given: &Given<'_>, port: &Port) -> Result<Datatype, Refusal> {
    let wanted = model_datatype(port)?;
    let why = match given.datatype.as_deref() {
        Some(word) if word == wanted.word() => return Ok(wanted),
        None => format!("it has no “datatype”. The model wants {}.", shape::wanted(port)),
        Some(word) if Datatype::named(word).is_some() => {
            format!("its datatype is {word}, and the model wants {}.", wanted.word())
        }
        Some(_) => {
            let known: Vec<&str> = Datatype::ALL.iter().map(|datatype| datatype.word()).collect();
            format!("its datatype is none of {}. The model wants {}.", known.join(", "), wanted.word())
        }
    };
    Err(bad(&port.name, why))
}

fn model_datatype(port: &Port) -> Result<Datatype, Refusal> {
    Datatype::of(&port.dtype).ok_or_else(|| {
        let why = format!("the model wants {}, which the protocol has no type for. Use another model.", port.dtype);
        bad(&port.name, why)
    })
}

fn named(port: &Port, shape: Vec<usize>, data: TensorData) -> Result<NamedTensor, Refusal> {
    let tensor =
        Tensor::new(shape, data).ok_or_else(|| bad(&port.name, "its values do not fill its shape.".to_owned()))?;
    Ok(NamedTensor { name: Arc::from(port.name.as_str()), tensor })
}

/// A body that is nothing but the values of the only input.
fn raw(body: &[u8], inputs: &[Port]) -> Result<Infer, Refusal> {
    let [port] = inputs else {
        let why = format!(
            "0 means a body with the values of one input, and the model has {}. Send a JSON part with its length.",
            inputs.len()
        );
        return Err(bad("Inference-Header-Content-Length", why));
    };
    let datatype = model_datatype(port)?;
    let fixed = || {
        port.shape.iter().skip(1).map(|size| size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0))
    };
    let Some(sizes) = fixed().collect::<Option<Vec<usize>>>() else {
        let why = format!("a raw body says no shape, and {} leaves one open. Send a JSON part.", shape::wanted(port));
        return Err(bad(&port.name, why));
    };
    let width = sizes.iter().try_fold(1_usize, |width, size| width.checked_mul(*size));
    let (rows, data) = if let Some(size) = datatype.size() {
        let row = width.and_then(|width| width.checked_mul(size)).filter(|row| *row > 0);
        let rows = row.filter(|row| body.len().is_multiple_of(*row)).map_or(0, |row| body.len() / row);
        if rows == 0 {
            let why = format!("{} bytes are no whole number of rows of {}.", body.len(), shape::wanted(port));
            return Err(bad(&port.name, why));
        }
        let count = rows.saturating_mul(width.unwrap_or(1));
        (rows, binary::read(datatype, body, count).map_err(|why| bad(&port.name, format!("{why}.")))?)
    } else {
        // A raw body has no lengths in it, so it can be one text only.
        if width != Some(1) {
            let why = format!("a raw body is one text, and the model wants {}. Send a JSON part.", shape::wanted(port));
            return Err(bad(&port.name, why));
        }
        let text = binary::text(body).map_err(|why| bad(&port.name, format!("the body {why}.")))?;
        (1, TensorData::Text(vec![text]))
    };
    let mut shape = sizes;
    if port.shape.is_empty() {
        if rows != 1 {
            return Err(bad(&port.name, "the model wants a single value.".to_owned()));
        }
    } else {
        shape.insert(0, rows);
    }
    Ok(Infer {
        id: None,
        inputs: vec![named(port, shape, data)?],
        wanted: Wanted { outputs: Vec::new(), binary: true },
        timeout: None,
        sticky: None,
    })
}

/// Checks that inputs with an open first axis have the same number of rows.
fn equal_rows(ports: &[Port], tensors: &[NamedTensor]) -> Result<(), Refusal> {
    let mut open = ports.iter().zip(tensors).filter(|(port, _)| port.shape.first().is_some_and(Option::is_none));
    let Some((_port, first)) = open.next() else { return Ok(()) };
    match open.find(|(_port, other)| other.tensor.rows() != first.tensor.rows()) {
        None => Ok(()),
        Some((_port, other)) => {
            let (rows, name) = (first.tensor.rows(), &first.name);
            let why = format!("it has {} rows, and “{name}” has {rows}. Send the same number.", other.tensor.rows());
            Err(bad(&*other.name, why))
        }
    }
}

/// Refuses what a parameter asks for and is not offered.
fn offered(field: &str, parameters: &Parameters) -> Result<(), Refusal> {
    match parameters.not_offered {
        None => Ok(()),
        Some(what) => Err(bad(field, format!("the parameter {what} is not offered here. Leave it out."))),
    }
}

fn listed(ports: &[Port]) -> String {
    let names: Vec<String> = ports.iter().take(LISTED).map(|port| format!("“{}”", port.name)).collect();
    let more = ports.len().saturating_sub(LISTED);
    match (names.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}

fn at_fault(field: &str, fault: &Fault) -> Refusal {
    bad(field, format!("{}, at byte {}.", fault.what, fault.at))
}

fn bad(field: impl Into<String>, why: String) -> Refusal {
    Refusal::BadInput { field: field.into(), why }
}
