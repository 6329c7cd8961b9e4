//! A case page: Markdown whose fenced blocks hold a model, rows, requests and what must come out.
//!
//! Blocks are named by their fence: `yaml model`, `csv NAME`, `jsonl NAME`, then for each case
//! `json request` followed by its checks (`sql check`, `sql totals`, `json same rows`, `json error`)
//! and by what tools fill in (`text check rows`, `text totals rows`, `text semantic plan`,
//! `json answer`). A request is `{"tool", "arguments"}` and, for models with policies, `"caller"`: an object of the
//! caller's attributes. A line `uses: NAME` takes the model and the rows of `tests/worlds/NAME`
//! (`commerce` is the shipped model over its checked-in data), a line `trap: NAME` says which row of
//! `docs/traps.md` the page is about.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One page as a list of parts, so that filling a block leaves the rest as it was written.
#[derive(Clone, Debug)]
pub struct Page {
    pub path: PathBuf,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Prose(String),
    Block { name: String, body: String },
}

/// One request of a page with what it is held against; block bodies without their last newline.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub request: String,
    pub check: Option<String>,
    pub check_rows: Option<String>,
    pub totals: Option<String>,
    pub totals_rows: Option<String>,
    /// Another request whose rows and values must be the same: a law as the second source.
    pub same_rows: Option<String>,
    /// Part of the expected refusal: `code`, and `field` where it matters.
    pub error: Option<String>,
    pub plan: Option<String>,
    pub answer: Option<String>,
}

/// The block names that belong to a case, in the order they stand after its request.
const CASE_BLOCKS: [&str; 9] = [
    "json request",
    "sql check",
    "text check rows",
    "sql totals",
    "text totals rows",
    "json same rows",
    "json error",
    "text semantic plan",
    "json answer",
];

impl Page {
    pub fn read(path: &Path) -> Result<Page, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let page = Page { path: path.to_path_buf(), parts: parse(&text)? };
        for name in page.parts.iter().filter_map(Part::name) {
            let known = CASE_BLOCKS.contains(&name)
                || name == "yaml model"
                || name.starts_with("csv ")
                || name.starts_with("jsonl ");
            if !known {
                return Err(format!("unknown block `{name}`"));
            }
        }
        if !text.starts_with("# ") {
            return Err("a page starts with `# title`".to_string());
        }
        Ok(page)
    }

    /// The world that the page borrows, when it has no model of its own.
    pub fn uses(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::Prose(text) => text.lines().find_map(|line| line.strip_prefix("uses: ")).map(str::trim),
            Part::Block { .. } => None,
        })
    }

    pub fn model(&self) -> Option<&str> {
        self.blocks().find(|(name, _)| *name == "yaml model").map(|(_, body)| body)
    }

    /// `(file name, text)` of every block of rows.
    pub fn data(&self) -> Vec<(String, &str)> {
        self.blocks()
            .filter_map(|(name, body)| match name.split_once(' ') {
                Some((format @ ("csv" | "jsonl"), dataset)) => Some((format!("{dataset}.{format}"), body)),
                _ => None,
            })
            .collect()
    }

    pub fn cases(&self) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        for (name, body) in self.blocks() {
            let body = body.trim_end_matches('\n').to_string();
            if name == "json request" {
                cases.push(Case { request: body, ..Case::default() });
            } else if let Some(case) = cases.last_mut() {
                match name {
                    "sql check" => case.check = Some(body),
                    "text check rows" => case.check_rows = Some(body),
                    "sql totals" => case.totals = Some(body),
                    "text totals rows" => case.totals_rows = Some(body),
                    "json same rows" => case.same_rows = Some(body),
                    "json error" => case.error = Some(body),
                    "text semantic plan" => case.plan = Some(body),
                    "json answer" => case.answer = Some(body),
                    _ => {}
                }
            }
        }
        cases
    }

    /// Puts `body` into the block `name` of case `index`, adding the block where its order wants it.
    pub fn fill(&mut self, index: usize, name: &str, body: &str) {
        let body = format!("{}\n", body.trim_end_matches('\n'));
        let rank = |name: &str| CASE_BLOCKS.iter().position(|b| *b == name);
        let starts: Vec<usize> =
            (0..self.parts.len()).filter(|i| self.parts[*i].name() == Some("json request")).collect();
        let end = starts.get(index + 1).copied().unwrap_or(self.parts.len());
        let mut at = starts[index] + 1;
        for i in starts[index]..end {
            let Some(found) = self.parts[i].name() else { continue };
            if found == name {
                self.parts[i] = Part::Block { name: name.to_string(), body };
                return;
            }
            if rank(found).is_some_and(|r| Some(r) < rank(name)) {
                at = i + 1;
            }
        }
        self.parts.insert(at, Part::Block { name: name.to_string(), body });
        self.parts.insert(at, Part::Prose("\n".to_string()));
    }

    pub fn write(&self) -> std::io::Result<()> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Prose(prose) => text.push_str(prose),
                Part::Block { name, body } => {
                    let _ = write!(text, "```{name}\n{body}```\n");
                }
            }
        }
        std::fs::write(&self.path, text)
    }

    fn blocks(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().filter_map(|part| match part {
            Part::Block { name, body } => Some((name.as_str(), body.as_str())),
            Part::Prose(_) => None,
        })
    }
}

impl Part {
    fn name(&self) -> Option<&str> {
        match self {
            Part::Block { name, .. } => Some(name),
            Part::Prose(_) => None,
        }
    }
}

fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut prose = String::new();
    let mut block: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(name)) => {
                parts.push(Part::Prose(std::mem::take(&mut prose)));
                block = Some((name.trim().to_string(), String::new()));
            }
            (None, None) => prose.push_str(line),
            (Some(_), Some(rest)) if rest.trim().is_empty() => {
                if let Some((name, body)) = block.take() {
                    parts.push(Part::Block { name, body });
                }
            }
            (Some((_, body)), _) => body.push_str(line),
        }
    }
    if let Some((name, _)) = block {
        return Err(format!("block `{name}` is not closed"));
    }
    parts.push(Part::Prose(prose));
    Ok(parts)
}

/// FNV-1a, 64 bits: ties check rows to the text they were made from. `check_rows.py` computes the same.
pub fn fingerprint(text: &str) -> String {
    let hash =
        text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}
