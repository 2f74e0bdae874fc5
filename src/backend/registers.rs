//! What each column may be used for: one register for every layout of a dataset, kept in the workspace.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::command::DatasetId;
use super::service::Service;
use super::state::DatasetView;
use crate::data::layout::layout_key;
use crate::validate::governance::{Register, parse_register};

/// A register is written by people; a larger file is another one by mistake.
const LARGEST_BYTES: u64 = 4 << 20;

fn key_of(view: &DatasetView) -> String {
    let names: Vec<&str> = view.schema.iter().map(|column| column.name.as_str()).collect();
    layout_key(&names, None)
}

impl Service {
    /// The layout of a dataset of the state.
    pub(super) fn layout_of(&self, dataset: &str) -> Option<String> {
        self.state.datasets.iter().find(|d| d.id == dataset).map(|d| key_of(d))
    }

    /// Brings the registers of all datasets into the state.
    pub(super) fn load_registers(&mut self) {
        let keys: Vec<(DatasetId, String)> = self.state.datasets.iter().map(|d| (d.id.clone(), key_of(d))).collect();
        let mut read: BTreeMap<String, Option<Arc<Register>>> = BTreeMap::new();
        let mut registers = BTreeMap::new();
        for (dataset, key) in keys {
            if !read.contains_key(&key) {
                let register = self.kept_register(&key);
                read.insert(key.clone(), register);
            }
            if let Some(register) = read.get(&key).cloned().flatten() {
                registers.insert(dataset, register);
            }
        }
        if self.state.registers != registers {
            self.state.registers = registers;
            self.touch();
        }
    }

    fn kept_register(&mut self, key: &str) -> Option<Arc<Register>> {
        let kept = self.workspace.as_ref().map(|w| w.register(key))?;
        match kept {
            Ok(value) => match serde_json::from_value::<Register>(value?) {
                Ok(register) => Some(Arc::new(register)),
                Err(error) => {
                    self.warn(format!(
                        "A data-use register cannot be read by this version ({error}), so it is not used. Write it anew in Models."
                    ));
                    None
                }
            },
            Err(error) => {
                self.warn(format!("The data-use register could not be read: {error}"));
                None
            }
        }
    }

    /// Keeps the register of a dataset's layout; it holds for every dataset with the same columns.
    pub(super) fn set_register(&mut self, dataset: &str, register: &Register) {
        let Some(key) = self.layout_of(dataset) else { return };
        let problems = register.problems();
        if let Some(first) = problems.first() {
            let more = match problems.len() {
                1 => String::new(),
                n => format!(" (and {} more)", n - 1),
            };
            return self.error(format!("The data-use register was not kept. {first}{more}"));
        }
        let kept = if register.columns.is_empty() {
            self.with_workspace(|w| w.remove_register(&key))
        } else {
            let Ok(value) = serde_json::to_value(register) else { return };
            self.with_workspace(|w| w.set_register(&key, &value))
        };
        if kept.is_some() {
            self.load_registers();
            self.info("Saved the data-use register for every dataset with these columns");
        }
    }

    /// Reads a register from a TOML file and takes its entries over.
    pub(super) fn import_register(&mut self, dataset: &str, path: &Path) {
        let read = || -> Result<Register, String> {
            let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
            if size > LARGEST_BYTES {
                return Err("it is too large to be a register".to_owned());
            }
            let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
            parse_register(&text).map_err(|e| e.to_string())
        };
        let newer = match read() {
            Ok(newer) => newer,
            Err(why) => {
                return self.error(format!(
                    "The data-use register could not be read: {why}. Choose a TOML file with [[column]] entries. {}",
                    path.display()
                ));
            }
        };
        let Some(view) = self.state.datasets.iter().find(|d| d.id == dataset).cloned() else { return };
        let columns: Vec<&str> = view.schema.iter().map(|c| c.name.as_str()).collect();
        let strangers = newer.strangers(&columns);
        let mut register = self.state.registers.get(dataset).map(|r| Register::clone(r)).unwrap_or_default();
        let changed = register.merge(newer);
        self.set_register(dataset, &register);
        if !changed.is_empty() {
            self.info(format!("Entries that became another one: {}", changed.join(", ")));
        }
        if let Some(first) = strangers.first() {
            let more = if strangers.len() > 1 {
                format!(" ({} more are listed there)", strangers.len() - 1)
            } else {
                String::new()
            };
            self.warn(format!("{first}{more}"));
        }
    }
}
