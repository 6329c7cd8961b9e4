//! Some columns of a dataset by its key: what the policy of another dataset reads of the rows that its own belong to.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use datafusion::arrow::compute::{cast, concat, take};
use datafusion::arrow::datatypes::DataType as ArrowType;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::error::DataFusionError;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::{DatasetSnapshot, scan};
use crate::execute::ExecuteError;
use crate::source::cache::SourceCache;
use crate::source::schema::SchemaColumn;
use crate::source::types::arrow_type;

/// What is read of a dataset.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The columns that tell its rows apart, and the types that they are compared as.
    pub(crate) key: Vec<(SchemaColumn, ArrowType)>,
    pub(crate) columns: Vec<SchemaColumn>,
}

/// The wanted columns of every row, and where the row of a key stands in them. Keys are told apart by 128 bits.
#[derive(Debug)]
pub(crate) struct Lookup {
    columns: Vec<ArrayRef>,
    places: HashMap<[u64; 2], u32, ahash::RandomState>,
}

/// Bytes that a row takes in the map, at its least dense.
const BYTES_OF_PLACE: usize = 64;

impl Lookup {
    /// The wanted columns of the rows that these keys name, null for a key that is null or names none.
    pub(crate) fn of(&self, keys: &[ArrayRef], wanted: &Wanted) -> Result<Vec<ArrayRef>, ArrowError> {
        let places = hashes(keys, wanted)?.into_iter().map(|hash| self.places.get(&hash?).copied());
        let places: UInt32Array = places.collect();
        self.columns.iter().map(|column| take(column, &places, None)).collect()
    }
}

/// Reads every row of a dataset. A key that stands twice, and more than `most_bytes` of rows, are refused.
pub(super) fn lookup(
    dataset: &DatasetSnapshot,
    wanted: &Wanted,
    cache: &SourceCache,
    most_bytes: usize,
) -> Result<Arc<Lookup>, Diagnostic> {
    let key = (scan::fingerprint(dataset), format!("{wanted:?}"));
    if let Some(known) = cache.lookups.get(&key) {
        return Ok(known);
    }
    let mut read: Vec<SchemaColumn> = Vec::new();
    for column in wanted.key.iter().map(|(column, _)| column).chain(&wanted.columns) {
        if !read.contains(column) {
            read.push(column.clone());
        }
    }
    let place = |column: &SchemaColumn| read.iter().position(|other| other == column).expect("it is read");
    let keys: Vec<usize> = wanted.key.iter().map(|(column, _)| place(column)).collect();
    let kept: Vec<usize> = wanted.columns.iter().map(place).collect();
    let mut places: HashMap<[u64; 2], u32, ahash::RandomState> = HashMap::default();
    let mut parts: Vec<Vec<ArrayRef>> = vec![Vec::new(); kept.len()];
    let (mut rows, mut bytes) = (0_u32, 0);
    scan::every_row(dataset, &read, cache, &mut |batch| {
        let near: Vec<ArrayRef> = keys.iter().map(|at| Arc::clone(batch.column(*at))).collect();
        for hash in hashes(&near, wanted).map_err(of_ours)? {
            if hash.is_some_and(|hash| places.insert(hash, rows).is_some()) {
                return Err(repeats(dataset, wanted));
            }
            rows = rows.checked_add(1).ok_or_else(|| too_large(dataset))?;
        }
        for (part, at) in parts.iter_mut().zip(&kept) {
            let column = compact(batch.column(*at));
            bytes += column.get_array_memory_size();
            part.push(column);
        }
        match bytes + places.len() * BYTES_OF_PLACE > most_bytes {
            true => Err(too_large(dataset)),
            false => Ok(()),
        }
    })?;
    let whole = |(parts, column): (Vec<ArrayRef>, &SchemaColumn)| {
        let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
        match parts.is_empty() {
            true => Ok(datafusion::arrow::array::new_empty_array(&arrow_type(column.data_type))),
            false => concat(&parts).map_err(of_ours),
        }
    };
    let columns = parts.into_iter().zip(&wanted.columns).map(whole).collect::<Result<Vec<_>, _>>()?;
    let weight = bytes + places.len() * BYTES_OF_PLACE;
    let found = Arc::new(Lookup { columns, places });
    cache.lookups.insert(key, Arc::clone(&found), weight);
    Ok(found)
}

/// Keys of rows in the types that they are compared as, none where one of the columns is null.
fn hashes(keys: &[ArrayRef], wanted: &Wanted) -> Result<Vec<Option<[u64; 2]>>, ArrowError> {
    let types = || wanted.key.iter().map(|(_, data_type)| data_type);
    let keys = keys.iter().zip(types()).map(|(key, data_type)| cast(key, data_type));
    let keys: Vec<ArrayRef> = keys.collect::<Result<_, _>>()?;
    let converter = RowConverter::new(types().cloned().map(SortField::new).collect())?;
    let high = ahash::RandomState::with_seeds(1, 2, 3, 4);
    let low = ahash::RandomState::with_seeds(5, 6, 7, 8);
    let rows = converter.convert_columns(&keys)?;
    let hash = |(at, row): (usize, datafusion::arrow::row::Row<'_>)| {
        let bytes: &[u8] = row.data();
        keys.iter().all(|key| key.is_valid(at)).then(|| [high.hash_one(bytes), low.hash_one(bytes)])
    };
    Ok(rows.iter().enumerate().map(hash).collect())
}

/// Texts without the bytes that other rows hold beside them.
fn compact(column: &ArrayRef) -> ArrayRef {
    match column.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()),
        None => Arc::clone(column),
    }
}

fn of_ours(error: ArrowError) -> Diagnostic {
    ExecuteError::from(DataFusionError::from(error)).diagnostic()
}

fn repeats(dataset: &DatasetSnapshot, wanted: &Wanted) -> Diagnostic {
    let columns: Vec<String> = wanted.key.iter().map(|(column, _)| format!("`{}`", column.name)).collect();
    let fact = format!("key {} of dataset `{}` is not unique", columns.join(", "), dataset.files.dataset);
    Diagnostic::new(Code::DuplicateKey, fact)
        .help("remove the duplicate rows, or declare the columns that do identify a row")
}

fn too_large(dataset: &DatasetSnapshot) -> Diagnostic {
    let fact =
        format!("the columns of `{}` that a policy reads need more memory than a question may", dataset.files.dataset);
    Diagnostic::new(Code::ResourcesExhausted, fact)
        .help("write what the policy needs of them into the files of its own dataset")
}
