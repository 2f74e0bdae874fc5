//! The JSON part of an infer request, with the values of its tensors left where they stand.

use std::borrow::Cow;
use std::ops::Range;

use super::cursor::{Cursor, Fault};
use super::shape::MAX_AXES;

/// Characters of an id, a name or a text parameter at most.
pub(super) const MAX_NAME: usize = 512;

/// Outputs that a request may name at most.
const MAX_OUTPUTS: usize = 1024;

/// Parameters that mean something here; all others are stepped over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters {
    /// Bytes of a binary tensor.
    pub(super) binary_data_size: Option<u64>,
    /// Whether an output is wanted as bytes.
    pub(super) binary_data: Option<bool>,
    /// Whether all outputs are.
    pub(super) binary_data_output: Option<bool>,
    /// Microseconds until the answer is of no use.
    pub(super) timeout_us: Option<u64>,
    /// What keeps a caller with one version.
    pub(super) sticky: Option<String>,
    /// A parameter that asks for what is not offered.
    pub(super) not_offered: Option<&'static str>,
}

/// An input of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Given<'a> {
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) datatype: Option<Cow<'a, str>>,
    pub(super) shape: Option<Vec<usize>>,
    pub(super) parameters: Parameters,
    /// Where its list of values stands.
    pub(super) data: Option<Range<usize>>,
}

/// An output that is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Named<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) parameters: Parameters,
}

/// The JSON part of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Head<'a> {
    pub(super) id: Option<String>,
    pub(super) parameters: Parameters,
    pub(super) inputs: Vec<Given<'a>>,
    pub(super) outputs: Vec<Named<'a>>,
}

/// Reads the JSON part. `check` looks at each input as soon as it ended, so that the list cannot outgrow the model's.
pub(super) fn read<'a>(
    text: &'a str,
    mut check: impl FnMut(&[Given<'a>]) -> Result<(), Problem>,
) -> Result<Head<'a>, Problem> {
    let mut head = Head::default();
    let mut refused = None;
    let (mut inputs_seen, mut outputs_seen) = (false, false);
    let mut cursor = Cursor::new(text);
    let read = cursor.record(|cursor, key| match &*key {
        "id" => {
            head.id = name(cursor, "an id")?.filter(|id| !id.is_empty()).map(Cow::into_owned);
            Ok(())
        }
        "parameters" => parameters(cursor, &mut head.parameters),
        "inputs" => {
            once(cursor, &mut inputs_seen, "inputs")?;
            cursor.list(|cursor| {
                head.inputs.push(given(cursor)?);
                check(&head.inputs).map_err(|problem| {
                    refused = Some(problem);
                    cursor.fault("refused")
                })
            })
        }
        "outputs" => {
            once(cursor, &mut outputs_seen, "outputs")?;
            cursor.list(|cursor| {
                if head.outputs.len() == MAX_OUTPUTS {
                    return Err(cursor.fault("more outputs than any model has"));
                }
                head.outputs.push(named(cursor)?);
                Ok(())
            })
        }
        _ => cursor.skip(),
    });
    let read = read.and_then(|()| cursor.end());
    if let Some(problem) = refused {
        return Err(problem);
    }
    read.map_err(Problem::Text)?;
    if !inputs_seen {
        return Err(Problem::Text(Fault { at: text.len(), what: "no “inputs” in the request".to_owned() }));
    }
    Ok(head)
}

/// Why the JSON part is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// It is no JSON, or of another form than the protocol's.
    Text(Fault),
    /// A field does not fit the model.
    Field {
        /// The field.
        field: String,
        /// What is wrong, as a sentence.
        why: String,
    },
}

fn once(cursor: &Cursor<'_>, seen: &mut bool, what: &str) -> Result<(), Fault> {
    if std::mem::replace(seen, true) { Err(cursor.fault(format!("a second “{what}”"))) } else { Ok(()) }
}

/// A short text, or null for none.
fn name<'a>(cursor: &mut Cursor<'a>, what: &str) -> Result<Option<Cow<'a, str>>, Fault> {
    if cursor.word("null") {
        return Ok(None);
    }
    let text = cursor.string()?;
    if text.chars().nth(MAX_NAME).is_some() {
        return Err(cursor.fault(format!("{what} of more than {MAX_NAME} characters")));
    }
    if text.contains(char::is_control) {
        return Err(cursor.fault(format!("{what} with a control character")));
    }
    Ok(Some(text))
}

fn given<'a>(cursor: &mut Cursor<'a>) -> Result<Given<'a>, Fault> {
    let mut input = Given::default();
    let mut data_seen = false;
    cursor.record(|cursor, key| match &*key {
        "name" => {
            input.name = name(cursor, "a name")?;
            Ok(())
        }
        "datatype" => {
            input.datatype = name(cursor, "a datatype")?;
            Ok(())
        }
        "shape" => {
            input.shape = Some(shape(cursor)?);
            Ok(())
        }
        "parameters" => parameters(cursor, &mut input.parameters),
        "data" => {
            once(cursor, &mut data_seen, "data")?;
            if !cursor.word("null") {
                input.data = Some(cursor.over_list()?);
            }
            Ok(())
        }
        _ => cursor.skip(),
    })?;
    Ok(input)
}

fn shape(cursor: &mut Cursor<'_>) -> Result<Vec<usize>, Fault> {
    let mut shape = Vec::new();
    cursor.list(|cursor| {
        if shape.len() == MAX_AXES {
            return Err(cursor.fault(format!("a shape of more than {MAX_AXES} sizes")));
        }
        let written = cursor.number("the size of an axis")?;
        let size = written.parse::<usize>().map_err(|_error| {
            let shown: String = written.chars().take(40).collect();
            cursor.fault(format!("{shown} in a shape, where whole numbers from 1 belong"))
        })?;
        shape.push(size);
        Ok(())
    })?;
    Ok(shape)
}

fn named<'a>(cursor: &mut Cursor<'a>) -> Result<Named<'a>, Fault> {
    let mut output = Named::default();
    let mut found = false;
    cursor.record(|cursor, key| match &*key {
        "name" => {
            if let Some(name) = name(cursor, "a name")? {
                output.name = name;
                found = true;
            }
            Ok(())
        }
        "parameters" => parameters(cursor, &mut output.parameters),
        _ => cursor.skip(),
    })?;
    if found { Ok(output) } else { Err(cursor.fault("an output without a “name”")) }
}

fn parameters(cursor: &mut Cursor<'_>, into: &mut Parameters) -> Result<(), Fault> {
    if cursor.word("null") {
        return Ok(());
    }
    cursor.record(|cursor, key| match &*key {
        "binary_data_size" => {
            into.binary_data_size = Some(count(cursor)?);
            Ok(())
        }
        "binary_data" => {
            into.binary_data = Some(flag(cursor)?);
            Ok(())
        }
        "binary_data_output" => {
            into.binary_data_output = Some(flag(cursor)?);
            Ok(())
        }
        "timeout" => {
            into.timeout_us = Some(count(cursor)?);
            Ok(())
        }
        "sticky" => {
            into.sticky = match cursor.peek() {
                Some(b'"') => name(cursor, "a “sticky” parameter")?.map(Cow::into_owned),
                _ => Some(cursor.number("a text or a number")?.chars().take(MAX_NAME).collect()),
            };
            Ok(())
        }
        "classification" => {
            // Triton's clients send 0 where no classification is wanted.
            if count(cursor)? > 0 {
                into.not_offered = Some("classification");
            }
            Ok(())
        }
        "shared_memory_region" => {
            into.not_offered = Some("shared_memory_region");
            cursor.skip()
        }
        _ => cursor.skip(),
    })
}

fn count(cursor: &mut Cursor<'_>) -> Result<u64, Fault> {
    let written = cursor.number("a whole number from 0")?;
    written.parse().map_err(|_error| {
        let shown: String = written.chars().take(40).collect();
        cursor.fault(format!("{shown} where a whole number from 0 belongs"))
    })
}

fn flag(cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
    if cursor.word("true") {
        return Ok(true);
    }
    if cursor.word("false") {
        return Ok(false);
    }
    let found = cursor.found();
    Err(cursor.fault(format!("{found} where true or false belongs")))
}
