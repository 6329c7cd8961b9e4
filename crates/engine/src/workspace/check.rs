//! The model held against the data as a whole: schemas, types, keys.

use sextant_semantics::diagnostic::Diagnostics;

use super::Workspace;

impl Workspace {
    /// Everything in which the data does not fit the model; reads files, and rows where keys are
    /// declared.
    pub async fn check_data(&self) -> Diagnostics {
        let (snapshot, bound) = self.snapshot().await;
        let mut found = bound.findings();
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
