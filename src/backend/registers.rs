//! What each column may be used for: one register for every layout of a dataset, kept in the workspace.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::command::DatasetId;
use super::service::Service;
use super::state::DatasetView;
use crate::validate::governance::{Register, parse_register};

/// A register is written by people; a larger file is another one by mistake.
const LARGEST_BYTES: u64 = 4 << 20;

/// The key of a layout: what columns of these names have in common, whatever their order and the file. The names are
/// written as JSON before they are hashed, so that no name can hold a separator.
pub(super) fn layout_key(view: &DatasetView) -> String {
    use std::fmt::Write as _;

    use sha2::Digest as _;
    let mut names: Vec<&str> = view.schema.iter().map(|c| c.name.as_str()).collect();
    names.sort_unstable();
    let text = serde_json::Value::from(names).to_string();
    let digest = sha2::Sha256::digest(text.as_bytes());
    digest.iter().fold("columns:".to_owned(), |mut key, byte| {
        // Writing into a string cannot fail.
        write!(key, "{byte:02x}").ok();
        key
    })
}

impl Service {
    /// The layout of a dataset of the state.
    pub(super) fn layout_of(&self, dataset: &str) -> Option<String> {
        self.state.datasets.iter().find(|d| d.id == dataset).map(|d| layout_key(d))
    }

    /// Brings the registers of all datasets into the state.
    pub(super) fn load_registers(&mut self) {
        let keys: Vec<(DatasetId, String)> =
            self.state.datasets.iter().map(|d| (d.id.clone(), layout_key(d))).collect();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ReadOptions;
    use crate::data::schema::infer_roles;
    use crate::data::{Column, Table, Values};

    fn view(names: &[&str]) -> DatasetView {
        let columns = names.iter().map(|n| Column::new(*n, Values::ints(vec![1]))).collect();
        DatasetView {
            id: "d".to_owned(),
            name: "d.csv".to_owned(),
            path: std::path::PathBuf::new(),
            rows: 1,
            size_bytes: 0,
            schema: Arc::new(infer_roles(&Table::new(columns).unwrap())),
            profile: None,
            notes: Vec::new(),
            problem: None,
            target: None,
            time_column: None,
            options: ReadOptions::default(),
        }
    }

    #[test]
    fn a_layout_is_its_columns_whatever_their_order() {
        assert_eq!(layout_key(&view(&["a", "b"])), layout_key(&view(&["b", "a"])));
        assert_ne!(layout_key(&view(&["a", "b"])), layout_key(&view(&["a,b"])));
        assert_ne!(layout_key(&view(&["a", "b"])), layout_key(&view(&["a", "b", "c"])));
    }
}
