//! `KServe`'s manifest.

use super::ClusterSettings;

/// Memory that the server itself takes, in MiB.
const SERVER_MIB: u64 = 512;
/// Memory of a model that was not measured, in MiB.
const UNMEASURED_MIB: u64 = 1_024;

/// An `InferenceService` that serves the repository with Triton by the Open Inference Protocol.
pub(super) fn manifest(settings: &ClusterSettings) -> String {
    let cores = settings.instances.max(1) * settings.threads.max(1);
    let memory = SERVER_MIB + settings.peak_bytes.map_or(UNMEASURED_MIB, |bytes| (bytes >> 20) + 1);
    let name = kubernetes_name(&settings.name);
    let uri = quoted(&settings.storage_uri);
    format!(
        "apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {name}
spec:
  predictor:
    model:
      modelFormat:
        name: triton
      protocolVersion: v2
      storageUri: {uri}
      resources:
        requests:
          cpu: \"{cores}\"
          memory: {memory}Mi
        limits:
          cpu: \"{cores}\"
          memory: {limit}Mi
",
        limit = memory + memory / 2
    )
}

/// The name as Kubernetes takes it: lower-case letters, digits and `-`, ending with a letter or digit.
fn kubernetes_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let plain = plain.trim_matches('-');
    if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("m-{plain}") } else { plain.to_owned() }
}

/// A text of YAML in double quotes, which JSON's strings are.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
