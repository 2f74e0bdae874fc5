//! The sample stories: their models and data put into the workspace, each once.

use std::path::{Path, PathBuf};

use super::datasets::{Known, Read, read_described};
use super::event::JobTopic;
use super::jobs::{JobHandle, Outcome};
use super::service::Service;
use crate::data::watch::Watch as _;
use crate::model::ModelFile;

/// The setting that says whether the samples were opened here.
pub(super) const SAMPLES: &str = "samples";

/// The index beside the stories.
#[derive(Debug, serde::Deserialize)]
struct Index {
    stories: Vec<Story>,
}

/// One story: models, data they never saw, data to stream.
#[derive(Debug, serde::Deserialize)]
struct Story {
    models: Vec<PathBuf>,
    validate: PathBuf,
    stream: PathBuf,
    target: String,
    time: Option<String>,
}

/// Everything read, to be kept in one go.
struct Opened {
    models: Vec<ModelFile>,
    datasets: Vec<Read>,
    failures: Vec<String>,
}

fn open(
    folder: &Path,
    handle: &JobHandle,
    known_models: &[PathBuf],
    known_data: &[PathBuf],
    held_bytes: u64,
) -> Result<Opened, String> {
    let index = folder.join("samples.json");
    let broken = |error: &dyn std::fmt::Display| {
        format!(
            "The list of samples cannot be read: {error}. Get the program's folder again, whole. {}",
            index.display()
        )
    };
    let text = std::fs::read_to_string(&index).map_err(|e| broken(&e))?;
    let stories = serde_json::from_str::<Index>(&text).map_err(|e| broken(&e))?.stories;
    let mut opened = Opened { models: Vec::new(), datasets: Vec::new(), failures: Vec::new() };
    let steps = stories.iter().map(|s| s.models.len() + 2).sum::<usize>().max(1);
    let mut done = 0;
    for story in &stories {
        for model in &story.models {
            if handle.cancelled() {
                return Ok(opened);
            }
            let path = folder.join(model);
            if !known_models.contains(&path) {
                match ModelFile::open(&path) {
                    Ok(file) => opened.models.push(file),
                    Err(error) => opened.failures.push(error.to_string()),
                }
            }
            done += 1;
            handle.progress(done as f32 / steps as f32);
        }
        let known = Known { target: Some(story.target.clone()), time_column: story.time.clone(), ..Known::default() };
        for data in [&story.validate, &story.stream] {
            let path = folder.join(data);
            if !known_data.contains(&path) {
                match read_described(&path, &known, held_bytes, handle) {
                    Ok(read) => opened.datasets.push(read),
                    Err(why) => opened.failures.push(why),
                }
            }
            done += 1;
            handle.progress(done as f32 / steps as f32);
        }
    }
    Ok(opened)
}

impl Service {
    /// Reads the sample stories and keeps what is not here yet.
    pub(super) fn open_samples(&mut self) {
        let Some(folder) = self.options.samples.clone() else {
            self.error("The samples are not there. They lie in the folder sample_models beside the program; get the program's folder again, whole.");
            return;
        };
        if self.workspace.is_none() {
            return;
        }
        let models: Vec<_> = self.state.models.iter().map(|m| m.original_path.clone()).collect();
        let data: Vec<_> = self.state.datasets.iter().map(|d| d.path.clone()).collect();
        let held_bytes = self.options.held_bytes;
        self.start_job(JobTopic::Models, "Opening the samples", move |handle| -> Outcome {
            let opened = open(&folder, handle, &models, &data, held_bytes);
            Box::new(move |service| match opened {
                Ok(opened) => service.samples_opened(opened),
                Err(why) => service.error(why),
            })
        });
    }

    fn samples_opened(&mut self, opened: Opened) {
        for file in &opened.models {
            if !self.state.models.iter().any(|m| m.id == file.sha256) {
                self.keep_model(file, false);
            }
        }
        for read in opened.datasets {
            if !self.state.datasets.iter().any(|d| d.id == read.view.id) {
                self.keep_dataset(read);
            }
        }
        for failure in opened.failures {
            self.error(failure);
        }
        self.set_setting(SAMPLES.to_owned(), true.into());
        self.state.samples = true;
        self.touch();
    }
}
