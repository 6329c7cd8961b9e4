//! The model held against the data as a whole: schemas, types, keys.

use sextant_semantics::catalog::Dataset;
use sextant_semantics::catalog::bind::BoundCatalog;
use sextant_semantics::diagnostic::Diagnostics;

use super::Workspace;
use crate::snapshot::Snapshot;

/// One dataset held against its files.
#[derive(Clone, Debug)]
pub struct DatasetCheck {
    pub name: String,
    pub files: usize,
    pub columns: usize,
    /// Where the files know it without being counted.
    pub rows: Option<u64>,
    pub keys: usize,
    /// What is wrong with its files, its cells, its keys.
    pub faults: Diagnostics,
}

impl Workspace {
    /// Every dataset by itself: its files, its schema, every cell of it, its keys. Reads all rows.
    pub async fn check_datasets(&self) -> Vec<DatasetCheck> {
        let snapshot = self.whole_snapshot().await;
        let bound = self.bound(&snapshot);
        let mut checks = Vec::new();
        for dataset in self.catalog.datasets() {
            checks.push(self.check_dataset(dataset, &snapshot, &bound).await);
        }
        checks
    }

    async fn check_dataset(&self, dataset: &Dataset, snapshot: &Snapshot, bound: &BoundCatalog) -> DatasetCheck {
        let keys = dataset.keys.len();
        let name = dataset.name.clone();
        let mut check = DatasetCheck { name, files: 0, columns: 0, rows: None, keys, faults: Diagnostics::default() };
        let read = match bound.schema(dataset.id).and_then(|_| snapshot.dataset(&dataset.name)) {
            Ok(read) => read,
            Err(fault) => {
                check.faults.push(fault);
                return check;
            }
        };
        check.files = read.files.files.len();
        check.columns = read.schema().columns.len();
        check.rows = read.rows();
        if let Err(fault) = snapshot.read_to_end(&dataset.name).await {
            check.faults.push(fault);
            return check;
        }
        for key in &dataset.keys {
            if let Err(fault) = snapshot.verify_key(&dataset.name, key).await {
                check.faults.push(fault);
            }
        }
        check
    }

    /// Everything in which the data does not fit the model; reads files, and rows where keys are
    /// declared.
    pub async fn check_data(&self) -> Diagnostics {
        let snapshot = self.whole_snapshot().await;
        let bound = self.bound(&snapshot);
        let mut found = bound.findings();
        found.0.extend(self.keys(&snapshot, &bound).await.0);
        found
    }

    /// Every declared key, also those that no question joins on, that does not tell the rows apart.
    pub async fn check_keys(&self) -> Diagnostics {
        let snapshot = self.whole_snapshot().await;
        let bound = self.bound(&snapshot);
        self.keys(&snapshot, &bound).await
    }

    async fn keys(&self, snapshot: &Snapshot, bound: &BoundCatalog) -> Diagnostics {
        let mut found = Diagnostics::default();
        for dataset in self.catalog.datasets() {
            if bound.schema(dataset.id).is_err() {
                continue;
            }
            for key in &dataset.keys {
                if let Err(fault) = snapshot.verify_key(&dataset.name, key).await {
                    found.push(fault.at(dataset.span));
                }
            }
        }
        found
    }
}
