//! What this machine has to give: cores, memory, room on a disk.

use std::path::Path;

use sysinfo::{Disks, System};

/// Cores and memory, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Machine {
    /// Threads that can run at once.
    pub cores: usize,
    /// Memory of the whole machine, bytes.
    pub memory_bytes: u64,
    /// Memory that can be had without pushing anything out, bytes.
    pub available_bytes: u64,
}

impl Machine {
    /// Looks at the machine; memory is 0 where the system does not tell.
    pub fn look() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let Ok(mut system) = System::new() else { return Self { cores, memory_bytes: 0, available_bytes: 0 } };
        system.refresh_memory();
        Self { cores, memory_bytes: system.total_memory(), available_bytes: system.available_memory() }
    }
}

/// Bytes that are free on the disk that holds a folder, or will hold it; `None` when the system does not say.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|path| path.exists())?.canonicalize().ok()?;
    let disks = Disks::new_with_refreshed_list().ok()?;
    disks
        .iter()
        .filter(|disk| there.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().as_os_str().len())
        .map(sysinfo::Disk::available_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_has_something() {
        let machine = Machine::look();
        assert!(machine.cores > 0 && machine.memory_bytes > 0 && machine.available_bytes <= machine.memory_bytes);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_lies_on_the_disk_of_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(free_bytes(&folder.path().join("a/b")).is_some(), free_bytes(folder.path()).is_some());
    }
}
