use std::path::Path;

use super::*;

fn settings(name: &str) -> ClusterSettings {
    ClusterSettings {
        name: name.to_owned(),
        version: 3,
        max_batch: 64,
        max_wait_us: 2_000,
        instances: 2,
        threads: 1,
        peak_bytes: Some(300 << 20),
        storage_uri: "pvc://models/repository".to_owned(),
    }
}

fn model(path: &str) -> ModelFile {
    ModelFile::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn any_model() -> ModelFile {
    model("sample_models/flights/gradient_boosting.onnx")
}

#[test]
fn the_files_are_where_triton_and_kserve_look() {
    let folder = tempfile::tempdir().unwrap();
    let model = any_model();
    let files = export(&model, &settings("Flights_2"), folder.path()).unwrap();
    assert!(files.iter().all(|file| file.is_file()), "{files:?}");
    assert_eq!(std::fs::read(folder.path().join("repository/Flights_2/3/model.onnx")).unwrap(), *model.bytes);
    let manifest = std::fs::read_to_string(folder.path().join("Flights_2.kserve.yaml")).unwrap();
    assert!(manifest.contains("name: flights-2\n") && manifest.contains("memory: 813Mi"), "{manifest}");
    let config = std::fs::read_to_string(folder.path().join("repository/Flights_2/config.pbtxt")).unwrap();
    for port in model.inspection.inputs.iter().chain(&model.inspection.outputs) {
        assert!(config.contains(&format!("name: \"{}\"", port.name)), "{config}");
    }
    // A second export does not overwrite, and nothing of it is left.
    assert!(matches!(export(&model, &settings("Flights_2"), folder.path()), Err(ClusterError::Exists { .. })));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn a_name_that_leaves_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "../up", "a b", ".hidden", "ä"] {
        assert!(
            matches!(export(&any_model(), &settings(name), folder.path()), Err(ClusterError::Name { .. })),
            "{name}"
        );
    }
}

#[test]
fn the_first_axis_is_the_batch_only_where_the_model_leaves_it_open() {
    let of = |path: &str| triton::config(&model(path).inspection, &settings("m"));
    let open = of("tests/fixtures/models/matrix.onnx").unwrap();
    assert!(open.contains("max_batch_size: 64") && open.contains("dynamic_batching"), "{open}");
    let fixed = of("tests/fixtures/models/fixed_batch.onnx").unwrap();
    assert!(fixed.contains("max_batch_size: 0") && !fixed.contains("dynamic_batching"), "{fixed}");
    let maps = of("tests/fixtures/models/zipmap.onnx").unwrap_err();
    assert!(matches!(&maps, ClusterError::Type { what: "output", .. }), "{maps}");
}
