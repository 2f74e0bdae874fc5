//! The memory of this process while something runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, get_current_pid};

const EVERY: Duration = Duration::from_millis(10);

/// Resident memory of this process; 0 where the system does not tell.
pub(super) fn resident_bytes() -> u64 {
    let (Ok(pid), Ok(mut system)) = (get_current_pid(), System::new()) else { return 0 };
    read(&mut system, pid)
}

fn read(system: &mut System, pid: sysinfo::Pid) -> u64 {
    let kind = ProcessRefreshKind::nothing().with_memory();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
    system.process(pid).map_or(0, sysinfo::Process::memory)
}

/// Looks at the memory again and again, and keeps the most it saw.
pub(super) struct Peak {
    most: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Peak {
    pub(super) fn watch() -> Self {
        let (most, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, ended) = (Arc::clone(&most), Arc::clone(&over));
        let looking = move || {
            let (Ok(pid), Ok(mut system)) = (get_current_pid(), System::new()) else { return };
            while !ended.load(Ordering::Relaxed) {
                seen.fetch_max(read(&mut system, pid), Ordering::Relaxed);
                std::thread::sleep(EVERY);
            }
        };
        // Without the thread the last look is the only one.
        let thread = std::thread::Builder::new().name("memory".to_owned()).spawn(looking).ok();
        Self { most, over, thread }
    }

    /// Ends the watch and gives the most that was seen, bytes.
    pub(super) fn end(mut self) -> u64 {
        self.most.fetch_max(resident_bytes(), Ordering::Relaxed);
        self.stop();
        self.most.load(Ordering::Relaxed)
    }

    fn stop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        self.stop();
    }
}
