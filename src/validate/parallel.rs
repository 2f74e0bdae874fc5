//! The same work on many things, shared out among the cores.

/// Threads at most: what is shared out here is bounded, and more would only wait for memory.
const MOST_THREADS: usize = 8;

/// Does the work on each item and gives the results in the order of the items, which are shared out among threads of
/// this name. Where a thread cannot be started the caller's does its part.
pub(super) fn map<T: Sync, R: Send>(name: &str, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(MOST_THREADS).min(items.len()).max(1);
    let part_of = |items: &[T]| items.iter().map(&work).collect::<Vec<R>>();
    let mut parts = items.chunks(items.len().div_ceil(threads).max(1));
    let own = parts.next().unwrap_or_default();
    std::thread::scope(|scope| {
        let part_of = &part_of;
        let others: Vec<_> = parts
            .map(|part| {
                let thread = std::thread::Builder::new().name(name.to_owned());
                (part, thread.spawn_scoped(scope, move || part_of(part)).ok())
            })
            .collect();
        let mut done = part_of(own);
        for (part, thread) in others {
            done.extend(thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| part_of(part)));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1_001).collect();
        assert_eq!(map("test", &items, |x| x * 2), (0..1_001).map(|x| x * 2).collect::<Vec<_>>());
        assert!(map("test", &[], |x: &usize| *x).is_empty());
        assert_eq!(map("test", &[7], |x| *x), [7]);
    }
}
