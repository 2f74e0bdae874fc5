//! How much room is left on the disk of a folder.

use std::path::Path;

use sysinfo::{DiskRefreshKind, Disks};

/// Bytes that are free where the folder is; `None` when its disk is not known.
pub(super) fn free(folder: &Path) -> Option<u64> {
    let folder = folder.canonicalize().ok()?;
    let disks = Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing().with_storage()).ok()?;
    let inner = disks.iter().filter(|disk| folder.starts_with(disk.mount_point()));
    let nearest = inner.max_by_key(|disk| disk.mount_point().components().count())?;
    // A disk without any size is one whose size is not told.
    (nearest.total_space() > 0).then(|| nearest.available_space())
}
