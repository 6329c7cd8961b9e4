//! From a declared source to the files that stand there now.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, nearest};

use super::glob::{is_pattern, matches_name};
use super::{CsvOptions, DataFile, DatasetFiles, DatasetSource, FileIdentity, Format, Location, unreadable};

/// Directories below one another that are searched before a source is refused.
const MAX_DEPTH: usize = 32;

/// Lists the files of a dataset under `root`, sorted by path.
///
/// Names that start with `_` or `.` and names that end in `.tmp` are not read. Errors:
/// `outside-data-root`, `ambiguous-source`, `data-unavailable`, `schema-drift` (partition keys).
pub fn list(root: &Path, source: &DatasetSource) -> Result<DatasetFiles, Diagnostic> {
    let dataset = source.dataset.as_str();
    let root = fs::canonicalize(root).map_err(|_| {
        let message = format!("dataset `{dataset}` has no data: the data root does not exist or may not be read");
        Diagnostic::new(Code::DataUnavailable, message).help("name the directory of the extracts as the data root")
    })?;
    let mut walk = Walk { dataset, root: &root, found: BTreeSet::new() };
    let (format, written, fixed) = match &source.location {
        Location::Files { format, path } => {
            let (path, fixed) = walk.files(path, format)?;
            (format.clone(), path, fixed)
        }
        Location::Table { name } => walk.table(name)?,
    };
    let mut files = Vec::with_capacity(walk.found.len());
    for path in &walk.found {
        files.push(file(dataset, &root, path, fixed)?);
    }
    same_partitions(dataset, &files)?;
    if files.is_empty() {
        return Err(nothing(dataset, &written, &format));
    }
    Ok(DatasetFiles { dataset: dataset.to_string(), format, files })
}

/// A search below the canonical data root; paths in it are relative and use `/`.
struct Walk<'a> {
    dataset: &'a str,
    root: &'a Path,
    found: BTreeSet<String>,
}

/// How a path of the data root looks to the search.
enum Entry {
    File,
    Directory,
    Absent,
}

impl Walk<'_> {
    /// Finds the files of a path, a pattern or a directory. Gives the path without a trailing
    /// slash, and the number of its leading components that are no place for partition keys.
    fn files(&mut self, written: &str, format: &Format) -> Result<(String, usize), Diagnostic> {
        let components = self.components(written)?;
        let path = components.join("/");
        let pattern_from = components.iter().position(|component| is_pattern(component));
        // A name that exists as written is that name, even where it holds `[`.
        match (self.entry(&path)?, pattern_from) {
            (Entry::File, _) => {
                self.visible(&path)?;
                self.found.insert(path.clone());
                Ok((path, components.len()))
            }
            (Entry::Directory, _) => {
                self.visible(&path)?;
                self.directory(&path, format, 0)?;
                Ok((path, components.len()))
            }
            (Entry::Absent, None) => Err(self.absent(&path)),
            (Entry::Absent, Some(from)) => {
                let (fixed, rest) = components.split_at(from);
                self.visible(&fixed.join("/"))?;
                let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
                self.pattern(&fixed.join("/"), &rest, format, 0)?;
                Ok((path, from))
            }
        }
    }

    /// Finds the one thing that a table name stands for.
    fn table(&mut self, name: &str) -> Result<(Format, String, usize), Diagnostic> {
        let components = self.components(name)?;
        let path = components.join("/");
        self.visible(&path)?;
        let formats = [Format::Parquet, Format::Csv(CsvOptions::default()), Format::JsonLines];
        let mut candidates: Vec<(String, Format)> = Vec::new();
        for format in &formats {
            for ending in format.endings() {
                let candidate = format!("{path}{ending}");
                if matches!(self.entry(&candidate)?, Entry::File) {
                    candidates.push((candidate, format.clone()));
                }
            }
        }
        if matches!(self.entry(&path)?, Entry::Directory) {
            candidates.push((format!("{path}/"), Format::Parquet));
        }
        match candidates.as_slice() {
            [] => Err(self.absent(&path)),
            [(directory, _)] if directory.ends_with('/') => {
                let mut present = Vec::new();
                for format in formats {
                    let mut inside = Walk { dataset: self.dataset, root: self.root, found: BTreeSet::new() };
                    inside.directory(&path, &format, 0)?;
                    if !inside.found.is_empty() {
                        present.push((format, inside.found));
                    }
                }
                match present.pop() {
                    None => Ok((Format::Parquet, path, components.len())),
                    Some((format, found)) if present.is_empty() => {
                        self.found = found;
                        Ok((format, path, components.len()))
                    }
                    Some((last, _)) => {
                        let names = present.iter().map(|(format, _)| format).chain([&last]).map(Format::name);
                        let names = names.collect::<Vec<_>>().join(" and ");
                        Err(self.ambiguous(name, &format!("`{path}/` holds files of several formats: {names}")))
                    }
                }
            }
            [(file, format)] => {
                self.found.insert(file.clone());
                Ok((format.clone(), file.clone(), components.len()))
            }
            [..] => {
                let names: Vec<String> = candidates.iter().map(|(name, _)| format!("`{name}`")).collect();
                Err(self.ambiguous(name, &format!("it matches {}", names.join(" and "))))
            }
        }
    }

    /// Adds every file of the format at or below a directory.
    fn directory(&mut self, path: &str, format: &Format, depth: usize) -> Result<(), Diagnostic> {
        self.check_depth(path, depth)?;
        for name in self.names(path)? {
            let child = join(path, &name);
            match self.entry(&child)? {
                Entry::Directory => self.directory(&child, format, depth + 1)?,
                Entry::File if format.endings().iter().any(|ending| name.ends_with(ending)) => {
                    self.found.insert(child);
                }
                Entry::File | Entry::Absent => {}
            }
        }
        Ok(())
    }

    /// Adds what matches the components of a pattern below a directory. A directory that the
    /// whole pattern matches is searched like one that is named.
    fn pattern(&mut self, path: &str, rest: &[&str], format: &Format, depth: usize) -> Result<(), Diagnostic> {
        self.check_depth(path, depth)?;
        let Some((first, rest)) = rest.split_first() else {
            return self.directory(path, format, depth);
        };
        if !path.is_empty() && !matches!(self.entry(path)?, Entry::Directory) {
            return Ok(());
        }
        if *first == "**" {
            if !rest.is_empty() {
                self.pattern(path, rest, format, depth)?;
            }
            for name in self.names(path)? {
                let child = join(path, &name);
                match self.entry(&child)? {
                    Entry::Directory => {
                        let again: Vec<&str> = [*first].into_iter().chain(rest.iter().copied()).collect();
                        self.pattern(&child, &again, format, depth + 1)?;
                    }
                    Entry::File if rest.is_empty() => {
                        self.found.insert(child);
                    }
                    Entry::File | Entry::Absent => {}
                }
            }
            return Ok(());
        }
        for name in self.names(path)?.into_iter().filter(|name| matches_name(first, name)) {
            let child = join(path, &name);
            match self.entry(&child)? {
                Entry::Directory => self.pattern(&child, rest, format, depth + 1)?,
                Entry::File if rest.is_empty() => {
                    self.found.insert(child);
                }
                Entry::File | Entry::Absent => {}
            }
        }
        Ok(())
    }

    /// The components of a written path that stays in the root as it is written.
    fn components(&self, written: &str) -> Result<Vec<String>, Diagnostic> {
        let drive = written.as_bytes().get(1) == Some(&b':') && written.as_bytes()[0].is_ascii_alphabetic();
        let scheme = written.split_once("://").is_some();
        let parts: Vec<&str> =
            written.split(['/', std::path::MAIN_SEPARATOR]).filter(|part| !part.is_empty() && *part != ".").collect();
        if written.starts_with(['/', '\\']) || drive || scheme || parts.contains(&"..") {
            return Err(self.outside("its source is not a path below the data root"));
        }
        if parts.is_empty() || written.contains('\0') {
            let message = format!("dataset `{}` has a source without a name", self.dataset);
            return Err(Diagnostic::new(Code::DataUnavailable, message).help("name a file or a directory"));
        }
        Ok(parts.into_iter().map(str::to_string).collect())
    }

    /// What a path leads to, links followed; a link that leaves the root is refused.
    fn entry(&self, path: &str) -> Result<Entry, Diagnostic> {
        let location = self.root.join(path);
        let canonical = match fs::canonicalize(&location) {
            Ok(canonical) => canonical,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(unreadable(self.dataset, path, &error));
            }
            Err(_) => return Ok(Entry::Absent),
        };
        if !canonical.starts_with(self.root) {
            return Err(self.outside(&format!("`{path}` leads out of the data root")));
        }
        match fs::metadata(&canonical) {
            Ok(metadata) if metadata.is_dir() => Ok(Entry::Directory),
            Ok(metadata) if metadata.is_file() => Ok(Entry::File),
            Ok(_) => {
                let message = format!("`{path}` of dataset `{}` is not a regular file", self.dataset);
                Err(Diagnostic::new(Code::DataUnavailable, message).help("name a file or a directory of files"))
            }
            Err(_) => Ok(Entry::Absent),
        }
    }

    /// The names in a directory that may be read.
    fn names(&self, path: &str) -> Result<Vec<String>, Diagnostic> {
        let shown = if path.is_empty() { "." } else { path };
        let fault = |error: std::io::Error| unreadable(self.dataset, shown, &error);
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join(path)).map_err(fault)? {
            let name = entry.map_err(fault)?.file_name();
            match name.into_string() {
                Ok(name) if !hidden(&name) => names.push(name),
                Ok(_) => {}
                Err(name) => {
                    let name = name.to_string_lossy().into_owned();
                    let message =
                        format!("a name beside `{name}` in `{shown}` of dataset `{}` is not UTF-8", self.dataset);
                    return Err(Diagnostic::new(Code::DataUnavailable, message).help("rename the file"));
                }
            }
        }
        names.sort();
        Ok(names)
    }

    fn visible(&self, path: &str) -> Result<(), Diagnostic> {
        match path.split('/').find(|name| hidden(name)) {
            None => Ok(()),
            Some(name) => {
                let message =
                    format!("`{name}` in the source of dataset `{}` is a name that is not read", self.dataset);
                let help = "names that start with `_` or `.` and names that end in `.tmp` are work in progress";
                Err(Diagnostic::new(Code::DataUnavailable, message).help(help))
            }
        }
    }

    fn check_depth(&self, path: &str, depth: usize) -> Result<(), Diagnostic> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let top = path.split('/').next().unwrap_or(path);
        let message = format!("directory `{top}` of dataset `{}` is nested deeper than {MAX_DEPTH}", self.dataset);
        Err(Diagnostic::new(Code::DataUnavailable, message)
            .help("look for a link that leads back to its own directory"))
    }

    fn absent(&self, path: &str) -> Diagnostic {
        if fs::symlink_metadata(self.root.join(path)).is_ok() {
            let message = format!("`{path}` of dataset `{}` is a link that leads nowhere", self.dataset);
            return Diagnostic::new(Code::DataUnavailable, message).help("put a file in its place");
        }
        let message = format!("`{path}` of dataset `{}` does not exist", self.dataset);
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        let beside = fs::read_dir(self.root.join(parent)).into_iter().flatten().flatten();
        let names: Vec<String> = beside.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let last = path.rsplit('/').next().unwrap_or(path);
        let mut diagnostic = Diagnostic::new(Code::DataUnavailable, message)
            .help(format!("put `{path}` under the data root, or correct the dataset's `source`"));
        diagnostic.did_you_mean = nearest(last, names.iter().map(String::as_str).filter(|name| !hidden(name)));
        diagnostic
    }

    fn outside(&self, why: &str) -> Diagnostic {
        let message = format!("dataset `{}` is not read: {why}", self.dataset);
        Diagnostic::new(Code::OutsideDataRoot, message)
            .help("write `source` relative to the data root, without `..`, and keep links inside it")
    }

    fn ambiguous(&self, name: &str, why: &str) -> Diagnostic {
        let message = format!("table `{name}` of dataset `{}` is not one source: {why}", self.dataset);
        Diagnostic::new(Code::AmbiguousSource, message)
            .help("remove one, or name the source with `parquet:`, `csv:` or `jsonl:`")
    }
}

fn hidden(name: &str) -> bool {
    name.starts_with(['_', '.']) || name.ends_with(".tmp")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}/{name}") }
}

fn nothing(dataset: &str, path: &str, format: &Format) -> Diagnostic {
    let message = if is_pattern(path) {
        format!("no file matches `{path}` of dataset `{dataset}`")
    } else {
        format!("directory `{path}` of dataset `{dataset}` holds no {} file", format.name())
    };
    let help = if is_pattern(path) {
        "add a file that matches, or correct the pattern in the dataset's `source`".to_string()
    } else {
        format!("add a file whose name ends in `{}`", format.endings().join("` or `"))
    };
    Diagnostic::new(Code::DataUnavailable, message).help(help)
}

fn file(dataset: &str, root: &Path, path: &str, fixed: usize) -> Result<DataFile, Diagnostic> {
    let location: PathBuf = root.join(path);
    let metadata = fs::metadata(&location).map_err(|error| unreadable(dataset, path, &error))?;
    let directories = path.split('/').count() - 1;
    let partitions = path.split('/').take(directories).skip(fixed).filter_map(partition).collect();
    Ok(DataFile { path: path.to_string(), identity: FileIdentity::of(location, &metadata), partitions })
}

/// `key=value` of a directory's name, percent-decoded; Hive's default name is null.
fn partition(name: &str) -> Option<(String, Option<String>)> {
    let (key, value) = name.split_once('=')?;
    if key.is_empty() {
        return None;
    }
    let value = (value != "__HIVE_DEFAULT_PARTITION__").then(|| percent_decode(value));
    Some((percent_decode(key), value))
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let code = digits.filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(code) if first == b'%' => {
                bytes.push(code);
                rest = &tail[2..];
            }
            Some(_) | None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}

/// Every file has the same partition keys in the same order.
fn same_partitions(dataset: &str, files: &[DataFile]) -> Result<(), Diagnostic> {
    let keys = |file: &DataFile| file.partitions.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let Some(first) = files.first() else { return Ok(()) };
    let expected = keys(first);
    for file in files {
        if keys(file) != expected {
            let message = format!(
                "files `{}` and `{}` of dataset `{dataset}` stand under different partition keys",
                first.path, file.path
            );
            return Err(Diagnostic::new(Code::SchemaDrift, message)
                .help("give every file the same `key=value` directories, in the same order"));
        }
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = expected.iter().find(|key| !seen.insert(key.as_str())) {
        let message = format!("partition key `{twice}` of dataset `{dataset}` stands twice in `{}`", first.path);
        return Err(Diagnostic::new(Code::SchemaDrift, message).help("rename one of the two directories"));
    }
    Ok(())
}
