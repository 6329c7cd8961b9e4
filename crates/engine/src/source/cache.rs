//! What was read from files, kept by the files' identity: nothing here is valid by time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::record_batch::RecordBatch;

use super::FileIdentity;
use super::parquet::Footer;
use super::schema::FileSchema;
use crate::snapshot::extent::Extent;
use crate::snapshot::lookup::Lookup;

/// Bytes of parsed CSV and JSON lines that are kept.
const BATCH_BYTES: usize = 512 << 20;
/// Bytes of Parquet footers and page indexes that are kept.
const FOOTER_BYTES: usize = 256 << 20;
/// Bytes of columns by their keys that are kept for policies.
const LOOKUP_BYTES: usize = 512 << 20;
/// Small facts that are kept of each kind.
const FACTS: usize = 100_000;

/// Everything that is remembered between questions over one data root. Sizes are bounded; the
/// entry that was used longest ago goes first.
#[derive(Debug)]
pub struct SourceCache {
    pub(crate) footers: Bounded<FileIdentity, Arc<Footer>>,
    pub(crate) schemas: Bounded<(FileIdentity, u64), Arc<FileSchema>>,
    pub(crate) batches: Bounded<(FileIdentity, u64), Arc<Vec<RecordBatch>>>,
    /// By the dataset's files, the types they are read as, and the column or expression.
    pub(crate) extents: Bounded<(u128, String), Option<Extent>>,
    /// The longest gaps between days with rows, by the same and what days are.
    pub(crate) gaps: Bounded<(u128, String), Option<i64>>,
    /// Rows later than a clock, by the same and the clock.
    pub(crate) later: Bounded<(u128, String), i64>,
    /// The currencies of a column, a null among them, by the same.
    pub(crate) currencies: Bounded<(u128, String), Arc<Vec<Option<String>>>>,
    /// How many values of a key stand more than once, by the same and the key's columns.
    pub(crate) keys: Bounded<(u128, Vec<String>), u64>,
    /// Columns of datasets that policies of others read, by the same and what is read.
    pub(crate) lookups: Bounded<(u128, String), Arc<Lookup>>,
}

impl Default for SourceCache {
    fn default() -> Self {
        SourceCache {
            footers: Bounded::new(FOOTER_BYTES),
            schemas: Bounded::new(FACTS),
            batches: Bounded::new(BATCH_BYTES),
            extents: Bounded::new(FACTS),
            gaps: Bounded::new(FACTS),
            later: Bounded::new(FACTS / 100),
            currencies: Bounded::new(FACTS),
            keys: Bounded::new(FACTS),
            lookups: Bounded::new(LOOKUP_BYTES),
        }
    }
}

/// A map of bounded weight.
#[derive(Debug)]
pub(crate) struct Bounded<K, V> {
    capacity: usize,
    entries: Mutex<Entries<K, V>>,
}

#[derive(Debug)]
struct Entries<K, V> {
    map: HashMap<K, Entry<V>>,
    weight: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Bounded<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        let entries = Entries { map: HashMap::new(), weight: 0, clock: 0 };
        Bounded { capacity, entries: Mutex::new(entries) }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.clock += 1;
        let now = entries.clock;
        let entry = entries.map.get_mut(key)?;
        entry.used = now;
        Some(entry.value.clone())
    }

    /// Keeps a value unless it alone is over the capacity.
    pub(crate) fn insert(&self, key: K, value: V, weight: usize) {
        if weight > self.capacity {
            return;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.clock += 1;
        let used = entries.clock;
        if let Some(old) = entries.map.insert(key, Entry { value, weight, used }) {
            entries.weight -= old.weight;
        }
        entries.weight += weight;
        // Down to three quarters at a time, so that a full cache does not look for room at every turn.
        if entries.weight > self.capacity {
            let mut by_use: Vec<(u64, K)> = entries.map.iter().map(|(key, entry)| (entry.used, key.clone())).collect();
            by_use.sort_by_key(|(used, _)| *used);
            for (_, key) in by_use {
                if entries.weight <= self.capacity / 4 * 3 || entries.map.len() == 1 {
                    break;
                }
                if let Some(old) = entries.map.remove(&key) {
                    entries.weight -= old.weight;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn the_longest_unused_goes_first() {
        let cache = Bounded::new(4);
        for key in 0..4 {
            cache.insert(key, key, 1);
        }
        assert_eq!(cache.get(&0), Some(0));
        cache.insert(4, 4, 1);
        assert_eq!((cache.get(&0), cache.get(&1), cache.get(&2), cache.get(&4)), (Some(0), None, None, Some(4)));
        cache.insert(5, 5, 5);
        assert_eq!(cache.get(&5), None);
        cache.insert(4, 7, 4);
        assert_eq!((cache.get(&0), cache.get(&4)), (None, Some(7)));
    }
}
