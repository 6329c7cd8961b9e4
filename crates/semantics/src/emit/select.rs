//! A statement: named SELECTs after each other, each printed one column and one condition a line.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::dialect::{Dialect, refused};
use super::piece::Sql;
use crate::diagnostic::Diagnostic;

/// One SELECT.
#[derive(Clone, Debug, Default)]
pub(super) struct Select {
    pub(super) columns: Vec<(Sql, String)>,
    /// What follows FROM, a table or a join a line; none without rows.
    pub(super) from: Vec<String>,
    /// ANDed.
    pub(super) filter: Vec<Sql>,
    /// What follows GROUP BY.
    pub(super) group: Option<String>,
    pub(super) order: Vec<String>,
    pub(super) limit: Option<u64>,
}

/// SELECTs of the same columns, put under each other.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    parts: Vec<Select>,
}

/// A statement that is being written.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) dialect: Dialect,
    named: Vec<Named>,
    /// Names of tables, which would be hidden, and of what is already named; in lower case.
    taken: BTreeSet<String>,
}

/// Names that differ, also where case does not count.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    pub(super) fn fresh(&mut self, wanted: &str) -> String {
        fresh(&mut self.0, wanted)
    }
}

fn fresh(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    let mut name = wanted.to_string();
    let mut count = 1;
    while !taken.insert(name.to_lowercase()) {
        count += 1;
        name = format!("{wanted}_{count}");
    }
    name
}

/// Bytes of a name in Postgres, which cuts longer ones off.
const LONGEST_NAME: usize = 63;

impl Writer {
    pub(super) fn new<'a>(dialect: Dialect, tables: impl IntoIterator<Item = &'a str>) -> Writer {
        let taken = tables.into_iter().map(str::to_lowercase).collect();
        Writer { dialect, named: Vec::new(), taken }
    }

    /// Gives rows a name of their own, near to the wanted one; it is returned, quoted.
    pub(super) fn named(&mut self, wanted: &str, parts: Vec<Select>) -> Result<String, Diagnostic> {
        let name = fresh(&mut self.taken, wanted);
        self.check(&name)?;
        for (_, column) in parts.iter().flat_map(|part| &part.columns) {
            self.check(column)?;
        }
        let quoted = self.dialect.identifier(&name);
        self.named.push(Named { name: quoted.clone(), parts });
        Ok(quoted)
    }

    fn check(&self, name: &str) -> Result<(), Diagnostic> {
        if self.dialect == Dialect::Postgres && name.len() > LONGEST_NAME {
            return Err(refused(format!("a name of more than {LONGEST_NAME} bytes, `{name}`,"), self.dialect));
        }
        Ok(())
    }

    /// The statement that ends with `last`.
    pub(super) fn statement(&self, last: &Select) -> Result<String, Diagnostic> {
        for (_, column) in &last.columns {
            self.check(column)?;
        }
        let mut out = String::new();
        for (position, named) in self.named.iter().enumerate() {
            out.push_str(if position == 0 { "WITH " } else { ",\n" });
            let _ = writeln!(out, "{} AS (", named.name);
            for (position, part) in named.parts.iter().enumerate() {
                if position > 0 {
                    out.push_str("  UNION ALL\n");
                }
                part.write(&mut out, "  ", self.dialect);
            }
            out.push(')');
        }
        if !self.named.is_empty() {
            out.push('\n');
        }
        last.write(&mut out, "", self.dialect);
        Ok(out)
    }
}

impl Select {
    /// Those columns as they are, from something named.
    pub(super) fn from(name: &str) -> Select {
        Select { from: vec![name.to_string()], ..Select::default() }
    }

    pub(super) fn column(&mut self, sql: Sql, name: impl Into<String>) {
        self.columns.push((sql, name.into()));
    }

    /// A column of this value, near to the wanted name; one that is there already, but for the first `keys`, which are
    /// null in totals. Gives its name, quoted.
    pub(super) fn reuse(&mut self, dialect: Dialect, keys: usize, names: &mut Names, wanted: &str, sql: Sql) -> Sql {
        let known = self.columns.iter().skip(keys).find(|(of, _)| *of == sql).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = names.fresh(wanted);
            self.column(sql, name.clone());
            name
        });
        dialect.name(&name)
    }

    fn write(&self, out: &mut String, indent: &str, dialect: Dialect) {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(sql, name)| {
                let name = dialect.identifier(name);
                if sql.text() == name { name } else { format!("{} AS {name}", sql.text()) }
            })
            .collect();
        let short = columns.iter().map(String::len).sum::<usize>() <= 60;
        if short {
            let _ = writeln!(out, "{indent}SELECT {}", columns.join(", "));
        } else {
            let _ = writeln!(out, "{indent}SELECT\n{indent}  {}", columns.join(&format!(",\n{indent}  ")));
        }
        for (position, line) in self.from.iter().enumerate() {
            let _ = writeln!(out, "{indent}{}{line}", if position == 0 { "FROM " } else { "" });
        }
        for (position, condition) in self.filter.iter().enumerate() {
            let condition = if self.filter.len() > 1 {
                condition.within(super::piece::Binds::And)
            } else {
                condition.text().to_string()
            };
            let _ = writeln!(out, "{indent}{}{condition}", if position == 0 { "WHERE " } else { "  AND " });
        }
        if let Some(group) = &self.group {
            let _ = writeln!(out, "{indent}GROUP BY {group}");
        }
        if !self.order.is_empty() {
            let _ = writeln!(out, "{indent}ORDER BY {}", self.order.join(", "));
        }
        if let Some(limit) = self.limit {
            let _ = writeln!(out, "{indent}LIMIT {limit}");
        }
    }
}
