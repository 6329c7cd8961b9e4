//! Files and functions that a reader can hold, and nothing of the machine they were written on.

use super::Rule;
use super::repository::Repository;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "every_file_is_scanned_to_its_end",
        faults: half_scanned,
        plants: &[("crates/engine/src/open.rs", "fn f() { let text = \"never closed; }\n")],
    },
    Rule { name: "no_file_over_700_lines", faults: long_files, plants: &[("crates/engine/src/long.rs", LONG_FILE)] },
    Rule {
        name: "no_function_over_80_lines",
        faults: long_functions,
        plants: &[("crates/engine/src/long.rs", LONG_FUNCTION), ("tests/src/long.rs", LONG_FUNCTION)],
    },
    Rule {
        name: "no_unwrap_outside_of_tests",
        faults: unwraps,
        plants: &[
            ("crates/server/src/wire.rs", "\nfn f() { let quote = '\"'; g().unwrap(); }\n"),
            ("crates/engine/src/lower.rs", "\nfn f() { g()\n    .unwrap()\n}\n"),
            ("benches/src/main.rs", "\n#[cfg(test)]\nmod tests {}\nfn f() { g().unwrap() }\n"),
        ],
    },
    Rule {
        name: "no_file_without_an_idea",
        faults: empty_names,
        plants: &[("crates/engine/src/utils.rs", "\n"), ("crates/server/src/common/x.rs", "\n")],
    },
    Rule {
        name: "no_path_of_a_machine",
        faults: machine_paths,
        plants: &[
            ("docs/serving.md", concat!("\nRun `/ho", "me/someone/sextant`.\n")),
            ("sextant.toml", concat!("\ndata = \"/Us", "ers/someone/data\"\n")),
        ],
    },
];

const LINES_OF_FILE: usize = 700;
const LINES_OF_FUNCTION: usize = 80;

/// One line more than a file may have.
const LONG_FILE: &str = match str::from_utf8(&[b'\n'; LINES_OF_FILE + 1]) {
    Ok(text) => text,
    Err(_) => "",
};

/// One line more than a function may have.
const LONG_FUNCTION: &str = match str::from_utf8(&long_function()) {
    Ok(text) => text,
    Err(_) => "",
};

const fn long_function() -> [u8; LINES_OF_FUNCTION + 9] {
    let mut text = [b'\n'; LINES_OF_FUNCTION + 9];
    let (start, mut i) = (*b"fn f() {", 0);
    while i < start.len() {
        text[i] = start[i];
        i += 1;
    }
    text[LINES_OF_FUNCTION + 8] = b'}';
    text
}

/// Code whose braces do not match was taken for a string or a comment, and no rule would see it.
fn half_scanned(repository: &Repository) -> Vec<String> {
    let count = |code: &str, brace: char| code.matches(brace).count();
    let uneven =
        |code: &str| [('{', '}'), ('(', ')'), ('[', ']')].iter().any(|(a, b)| count(code, *a) != count(code, *b));
    let half = repository.rust.iter().filter(|(_, rust)| uneven(&rust.all) || uneven(&rust.code));
    half.map(|(path, _)| format!("{path}: brackets do not match")).collect()
}

fn long_files(repository: &Repository) -> Vec<String> {
    let counted = repository.rust.iter().map(|(path, rust)| (path, rust.all.lines().count()));
    let long = counted.filter(|(_, lines)| *lines > LINES_OF_FILE);
    long.map(|(path, lines)| format!("{path}: {lines} lines")).collect()
}

fn long_functions(repository: &Repository) -> Vec<String> {
    let mut faults = Vec::new();
    for (path, rust) in &repository.rust {
        let long = rust.functions().into_iter().filter(|function| function.lines > LINES_OF_FUNCTION);
        faults.extend(long.map(|f| format!("{path}:{}: `{}` has {} lines", f.line, f.name, f.lines)));
    }
    faults
}

fn unwraps(repository: &Repository) -> Vec<String> {
    let mut faults = Vec::new();
    for room in ["crates/", "benches/"] {
        for (path, rust) in repository.product(room) {
            faults.extend(rust.naming(&[".unwrap()"]).map(|(line, _)| format!("{path}:{line}: unwraps")));
        }
    }
    faults
}

fn empty_names(repository: &Repository) -> Vec<String> {
    let empty = ["util", "utils", "common", "helper", "helpers", "misc"];
    let is_empty = |path: &str| path.split('/').any(|part| empty.contains(&part.split('.').next().unwrap_or(part)));
    let named = repository.texts.keys().filter(|path| is_empty(path));
    named.map(|path| format!("{path}: a name that says nothing of what is in it")).collect()
}

fn machine_paths(repository: &Repository) -> Vec<String> {
    let roots = [concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/ro", "ot/"), concat!("/wo", "rk/")];
    // After a name it is the middle of a relative path or of an address.
    let starts = |line: &str, at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.}".contains(c));
    let mut faults = Vec::new();
    for (path, text) in &repository.texts {
        for (i, line) in text.lines().enumerate() {
            if roots.iter().any(|root| line.match_indices(root).any(|(at, _)| starts(line, at))) {
                faults.push(format!("{path}:{}: a path of one machine", i + 1));
            }
        }
    }
    faults
}
