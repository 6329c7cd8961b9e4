//! A data root in a directory of its own, and what is listed in it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;

use super::cache::SourceCache;
use super::list::list;
use super::{ColumnDeclaration, CsvOptions, DatasetSource, Format, Location};
use crate::snapshot::{self, Snapshot};
use crate::write::{Column, write_parquet};

/// A data root that goes away with the test.
pub(crate) struct Root {
    directory: tempfile::TempDir,
    pub(crate) cache: Arc<SourceCache>,
}

impl Root {
    pub(crate) fn new() -> Self {
        Root { directory: tempfile::tempdir().unwrap(), cache: Arc::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub(crate) fn gzip(&self, path: &str, content: &str) -> &Self {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content.as_bytes()).unwrap();
        self.write(path, encoder.finish().unwrap())
    }

    pub(crate) fn parquet(&self, path: &str, columns: &[(&str, Column)]) -> &Self {
        let columns: Vec<_> = columns.iter().map(|(name, column)| (name.to_string(), column.clone())).collect();
        write_parquet(&self.path().join(path), &columns, 2).unwrap();
        self
    }

    pub(crate) async fn snapshot(&self, sources: &[DatasetSource]) -> Snapshot {
        snapshot::take(self.path(), sources, &self.cache).await
    }

    fn listed(&self, source: &DatasetSource) -> Result<Vec<String>, Diagnostic> {
        Ok(list(self.path(), source)?.files.into_iter().map(|file| file.path).collect())
    }
}

pub(crate) fn parquet(path: &str) -> DatasetSource {
    files(Format::Parquet, path)
}

pub(crate) fn csv(path: &str) -> DatasetSource {
    files(Format::Csv(CsvOptions::default()), path)
}

pub(crate) fn json_lines(path: &str) -> DatasetSource {
    files(Format::JsonLines, path)
}

pub(crate) fn files(format: Format, path: &str) -> DatasetSource {
    let location = Location::Files { format, path: path.to_string() };
    DatasetSource { dataset: "orders".to_string(), location, columns: Vec::new() }
}

pub(crate) fn table(name: &str) -> DatasetSource {
    let location = Location::Table { name: name.to_string() };
    DatasetSource { dataset: "orders".to_string(), location, columns: Vec::new() }
}

pub(crate) fn with(mut source: DatasetSource, columns: &[(&str, DataType)]) -> DatasetSource {
    source.columns = columns
        .iter()
        .map(|(name, data_type)| {
            let (name, optional) = name.strip_suffix('?').map_or((*name, false), |name| (name, true));
            ColumnDeclaration { name: name.to_string(), data_type: *data_type, optional }
        })
        .collect();
    source
}

/// The code, the message and the help of a diagnostic in three lines.
pub(crate) fn shown(diagnostic: &Diagnostic) -> String {
    let mut text = format!("{}: {}", diagnostic.code, diagnostic.message);
    if let Some(help) = &diagnostic.help {
        text += &format!("\nhelp: {help}");
    }
    if !diagnostic.did_you_mean.is_empty() {
        text += &format!("\ndid you mean: {}", diagnostic.did_you_mean.join(", "));
    }
    text
}

#[test]
fn names_globs_and_directories() {
    let root = Root::new();
    for path in [
        "orders.csv",
        "orders/2025/a.csv",
        "orders/2025/b.csv.gz",
        "orders/2026/c.csv",
        "orders/2026/readme.txt",
        "orders/2026/_c.csv",
        "orders/.d.csv",
        "orders/_temporary/e.csv",
        "orders/f.csv.tmp",
        "odd [1] 100%/*.csv",
        "odd [1] 100%/ä b?.csv",
    ] {
        root.write(path, "a\n1\n");
    }
    let listed = |path: &str| root.listed(&csv(path)).unwrap();
    assert_eq!(listed("orders.csv"), ["orders.csv"]);
    assert_eq!(listed("./orders.csv"), ["orders.csv"]);
    assert_eq!(listed("orders"), ["orders/2025/a.csv", "orders/2025/b.csv.gz", "orders/2026/c.csv"]);
    assert_eq!(listed("orders/"), listed("orders"));
    assert_eq!(listed("orders/*/*.csv"), ["orders/2025/a.csv", "orders/2026/c.csv"]);
    assert_eq!(listed("orders/202?"), listed("orders"));
    assert_eq!(listed("orders/202[!5]/*"), ["orders/2026/c.csv", "orders/2026/readme.txt"]);
    assert_eq!(listed("**/*.csv").len(), 5);
    assert_eq!(listed("orders/**/c.csv"), ["orders/2026/c.csv"]);
    assert_eq!(listed("odd [1] 100%/*.csv"), ["odd [1] 100%/*.csv"]);
    assert_eq!(listed("odd [1] 100%").len(), 2);
    assert_eq!(root.listed(&table("orders")).unwrap_err().code.as_str(), "ambiguous-source");
    fs::remove_file(root.path().join("orders.csv")).unwrap();
    assert_eq!(root.listed(&table("orders")).unwrap(), listed("orders"));
}

#[test]
fn tables() {
    for ending in ["parquet", "csv", "csv.gz", "jsonl", "jsonl.gz"] {
        let root = Root::new();
        root.write(&format!("raw/orders.{ending}"), "").write("raw/orders.txt", "");
        assert_eq!(root.listed(&table("raw/orders")).unwrap(), [format!("raw/orders.{ending}")]);
    }
    let root = Root::new();
    root.write("orders/a.jsonl", "").write("orders/b.jsonl.gz", "");
    let found = list(root.path(), &table("orders")).unwrap();
    assert_eq!((found.files.len(), found.format), (2, Format::JsonLines));
}

#[test]
fn partitions() {
    let root = Root::new();
    root.write("sales/dt=2026-01-02/country=US%2FCA/a.csv", "a\n")
        .write("sales/dt=2026-01-01/country=__HIVE_DEFAULT_PARTITION__/b.csv", "a\n");
    let found = list(root.path(), &csv("sales")).unwrap();
    let partition = |index: usize| found.files[index].partitions.clone();
    assert_eq!(partition(0), [("dt".into(), Some("2026-01-01".into())), ("country".into(), None)]);
    assert_eq!(partition(1), [("dt".into(), Some("2026-01-02".into())), ("country".into(), Some("US/CA".into()))]);
    let globbed = list(root.path(), &csv("sales/*/*/*.csv")).unwrap();
    assert_eq!(globbed.files, found.files);
    let single = list(root.path(), &csv("sales/dt=2026-01-02/*")).unwrap();
    assert_eq!(single.files[0].partitions, [("country".into(), Some("US/CA".into()))]);
    root.write("sales/dt=2026-01-03/c.csv", "a\n");
    assert_eq!(
        shown(&list(root.path(), &csv("sales")).unwrap_err()),
        "schema-drift: files `sales/dt=2026-01-01/country=__HIVE_DEFAULT_PARTITION__/b.csv` and \
         `sales/dt=2026-01-03/c.csv` of dataset `orders` stand under different partition keys\n\
         help: give every file the same `key=value` directories, in the same order"
    );
}

const OUTSIDE: &str = "write `source` relative to the data root, without `..`, and keep links inside it";

fn refused(root: &Root, cases: &[(DatasetSource, &str, &str)]) {
    for (source, expected, help) in cases {
        assert_eq!(shown(&root.listed(source).unwrap_err()), format!("{expected}\nhelp: {help}"));
    }
}

#[cfg(unix)]
#[test]
fn sources_outside_the_data_root() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.csv"), "a\n1\n").unwrap();
    let root = Root::new();
    root.write("orders.csv", "a\n1\n");
    std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.csv"), root.path().join("secret.csv")).unwrap();
    std::os::unix::fs::symlink(root.path().join("orders.csv"), root.path().join("inside.csv")).unwrap();
    assert_eq!(root.listed(&csv("inside.csv")).unwrap(), ["inside.csv"]);
    for source in [csv("/etc/passwd"), csv("../secret.csv"), csv("a/../../x"), csv("s3://b/x.csv"), table("../orders")]
    {
        let expected = "outside-data-root: dataset `orders` is not read: its source is not a path below the data root";
        refused(&root, &[(source, expected, OUTSIDE)]);
    }
    for (source, name) in
        [(csv("secret.csv"), "secret.csv"), (csv("link/*.csv"), "link"), (table("secret"), "secret.csv")]
    {
        let expected = format!("outside-data-root: dataset `orders` is not read: `{name}` leads out of the data root");
        refused(&root, &[(source, &expected, OUTSIDE)]);
    }
}

#[cfg(unix)]
#[test]
fn sources_that_are_not_there() {
    let root = Root::new();
    root.write("raw/orders_2026.csv", "a\n").write("raw/_old.csv", "").write("empty/readme.txt", "");
    std::os::unix::fs::symlink(root.path().join("gone"), root.path().join("dangling.csv")).unwrap();
    fs::create_dir(root.path().join("loop")).unwrap();
    std::os::unix::fs::symlink(root.path().join("loop"), root.path().join("loop/loop")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket.csv")).unwrap();
    let cases = [
        (
            csv("raw/orders_2025.csv"),
            "data-unavailable: `raw/orders_2025.csv` of dataset `orders` does not exist",
            "put `raw/orders_2025.csv` under the data root, or correct the dataset's `source`\n\
             did you mean: orders_2026.csv",
        ),
        (
            csv("dangling.csv"),
            "data-unavailable: `dangling.csv` of dataset `orders` is a link that leads nowhere",
            "put a file in its place",
        ),
        (
            csv("raw/2025*.csv"),
            "data-unavailable: no file matches `raw/2025*.csv` of dataset `orders`",
            "add a file that matches, or correct the pattern in the dataset's `source`",
        ),
        (
            csv("empty"),
            "data-unavailable: directory `empty` of dataset `orders` holds no CSV file",
            "add a file whose name ends in `.csv` or `.csv.gz`",
        ),
        (
            csv("raw/_old.csv"),
            "data-unavailable: `_old.csv` in the source of dataset `orders` is a name that is not read",
            "names that start with `_` or `.` and names that end in `.tmp` are work in progress",
        ),
        (
            csv("socket.csv"),
            "data-unavailable: `socket.csv` of dataset `orders` is not a regular file",
            "name a file or a directory of files",
        ),
        (
            csv("loop"),
            "data-unavailable: directory `loop` of dataset `orders` is nested deeper than 32",
            "look for a link that leads back to its own directory",
        ),
    ];
    refused(&root, &cases);
    let nowhere = list(&root.path().join("nowhere"), &csv("orders.csv")).unwrap_err();
    assert!(!shown(&nowhere).contains(root.path().to_str().unwrap()));
    assert_eq!(nowhere.code.as_str(), "data-unavailable");
}

#[test]
fn tables_that_are_two() {
    let root = Root::new();
    root.write("x.csv", "").write("x.jsonl", "").write("mixed/a.csv", "").write("mixed/b.parquet", "");
    let help = "remove one, or name the source with `parquet:`, `csv:` or `jsonl:`";
    let cases = [
        (
            table("x"),
            "ambiguous-source: table `x` of dataset `orders` is not one source: it matches `x.csv` and `x.jsonl`",
            help,
        ),
        (
            table("mixed"),
            "ambiguous-source: table `mixed` of dataset `orders` is not one source: \
             `mixed/` holds files of several formats: Parquet and CSV",
            help,
        ),
    ];
    refused(&root, &cases);
}
