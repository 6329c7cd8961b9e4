//! Which dataset a fault of execution lies in. The engine's own errors do not say, so what was read is
//! looked at again.

use std::time::Duration;

use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::Workspace;
use crate::execute::ExecuteError;
use crate::snapshot::Snapshot;

/// How long a damaged file is looked for.
const SEARCH: Duration = Duration::from_secs(20);

impl Workspace {
    /// What a caller may know of a fault met while these datasets were read.
    pub(super) async fn fault(&self, snapshot: &Snapshot, reads: &[DatasetId], error: &ExecuteError) -> Diagnostic {
        let of = || {
            let names: Vec<String> = reads.iter().map(|id| format!("`{}`", self.catalog.dataset(*id).name)).collect();
            names.join(" or ")
        };
        match error {
            ExecuteError::InvalidFile | ExecuteError::DataUnavailable | ExecuteError::Internal(_) => {
                if let Ok(Some(damaged)) = tokio::time::timeout(SEARCH, self.damaged(snapshot, reads)).await {
                    return damaged;
                }
                let fault = error.diagnostic();
                match error {
                    ExecuteError::Internal(_) => fault,
                    _ => Diagnostic { message: format!("{}: one of {}", fault.message, of()), ..fault },
                }
            }
            ExecuteError::BadCell => {
                let message = format!("a value of {} does not fit the type that the model casts it to", of());
                let help = "mend the data, or read the column with TRY_CAST, which gives null for such a value";
                Diagnostic::new(Code::BadCell, message).help(help)
            }
            ExecuteError::NumericOverflow => {
                let message = format!("an exact number made of {} went beyond 38 digits", of());
                Diagnostic { message, ..error.diagnostic() }
            }
            ExecuteError::Timeout(_)
            | ExecuteError::Cancelled
            | ExecuteError::Rows(_)
            | ExecuteError::Bytes(_)
            | ExecuteError::Memory
            | ExecuteError::Data(_) => error.diagnostic(),
        }
    }

    /// The first of the datasets that cannot be read to its end.
    async fn damaged(&self, snapshot: &Snapshot, reads: &[DatasetId]) -> Option<Diagnostic> {
        for id in reads {
            if let Err(fault) = snapshot.read_to_end(&self.catalog.dataset(*id).name).await {
                return Some(fault);
            }
        }
        None
    }
}
