//! Every trap of `docs/traps.md` has a page that says it is about it, and every such page a row.

use std::collections::BTreeSet;

use super::Rule;
use super::repository::Repository;

const TABLE: &str = "docs/traps.md";
const PAGES: &str = "tests/cases/";

pub(super) const RULES: &[Rule] = &[Rule {
    name: "every_trap_has_a_page",
    faults,
    plants: &[
        (TABLE, "| a trap | asked | right | wrong | |\n"),
        (TABLE, "| bridge | asked | right | wrong | [no page](../tests/cases/joins/no_such_page.md) |\n"),
        ("tests/cases/joins/role_playing.md", "\ntrap: no trap of the table\n"),
    ],
}];

fn faults(repository: &Repository) -> Vec<String> {
    let table = repository.texts.get(TABLE).map_or("", String::as_str);
    let mut faults = Vec::new();
    let mut listed: BTreeSet<(String, String)> = BTreeSet::new();
    for (number, line) in table.lines().enumerate().filter(|(_, line)| line.starts_with("| ")).skip(1) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (Some(trap), Some(links)) = (cells.first(), cells.get(4)) else {
            faults.push(format!("{TABLE}:{}: a row of five cells is wanted", number + 1));
            continue;
        };
        let pages: Vec<&str> = links.split("](../").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        if pages.is_empty() {
            faults.push(format!("{TABLE}:{}: `{trap}` has no page", number + 1));
        }
        listed.extend(pages.into_iter().map(|page| (page.to_string(), trap.to_string())));
    }
    let said: BTreeSet<(String, String)> = repository
        .texts
        .iter()
        .filter(|(path, _)| path.starts_with(PAGES))
        .flat_map(|(path, text)| {
            let traps = text.lines().filter_map(|line| line.strip_prefix("trap: "));
            traps.map(move |trap| (path.clone(), trap.trim().to_string()))
        })
        .collect();
    faults.extend(listed.difference(&said).map(|(page, trap)| format!("{TABLE}: {page} does not say `trap: {trap}`")));
    faults.extend(said.difference(&listed).map(|(page, trap)| format!("{page}: `{trap}` has no row with this page")));
    faults
}
