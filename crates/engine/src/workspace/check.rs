//! The model held against the data as a whole: schemas, types, keys.

use sextant_semantics::catalog::bind::BoundCatalog;
use sextant_semantics::diagnostic::Diagnostics;

use super::Workspace;
use crate::snapshot::Snapshot;

impl Workspace {
    /// Everything in which the data does not fit the model; reads files, and rows where keys are
    /// declared.
    pub async fn check_data(&self) -> Diagnostics {
        let (snapshot, bound) = self.snapshot().await;
        let mut found = bound.findings();
        found.0.extend(self.keys(&snapshot, &bound).await.0);
        found
    }

    /// Every declared key, also those that no question joins on, that does not tell the rows apart.
    pub async fn check_keys(&self) -> Diagnostics {
        let (snapshot, bound) = self.snapshot().await;
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
