//! Worked vectors: one JSON object a line, `{id, fn, note, args, expect}`, from the file that
//! `SEXTANT_STATISTICS_CASES` names, or from beside the repository.
//!
//! Each `fn` is called with its `args` and answers in the words of `expect`. Numbers are equal within
//! 1e-9·max(1, |a|, |b|); tail probabilities, and the t, standard error and slope of tests, within
//! 1e-7 of their value. Everything else is equal exactly.

mod arguments;
mod audit;
mod changes;
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use self::arguments::Arguments;

/// The answer of a function in the words of the vectors.
type Function = fn(&Arguments<'_>) -> Value;

fn function(name: &str) -> Option<Function> {
    Some(match name {
        "t_tail" => tests::t_tail,
        "normal_tail" => tests::normal_tail,
        "bh" => tests::false_discovery,
        "materiality" => tests::materiality,
        "usual_change" => tests::usual_change,
        "baseline" => tests::baseline,
        "pairs" => tests::pairs,
        "ratio_residual" => tests::ratio_residual,
        "dispersion" => tests::dispersion,
        "counts" => tests::counts,
        "proportions" => tests::proportions,
        "level" => audit::level,
        "order" => audit::order,
        "audit" => audit::audit,
        "data_issue" => tests::data_issue,
        "additive" => changes::additive,
        "kitagawa" => changes::rate_mix,
        "product" => changes::product,
        "sumtree" => changes::sum_tree,
        "adtributor" => changes::attribute,
        _ => return None,
    })
}

#[test]
fn worked_vectors() {
    let named = std::env::var_os("SEXTANT_STATISTICS_CASES").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracle/statistics/cases.jsonl");
    let path = named.clone().unwrap_or(beside);
    if named.is_none() && !path.exists() {
        println!("no vectors beside the repository: none were run");
        return;
    }
    let text = std::fs::read_to_string(&path).expect("the vectors that are named can be read");
    let (mut run, mut faults) = (BTreeMap::<String, usize>::new(), Vec::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let case: Value = serde_json::from_str(line).unwrap();
        let name = case["fn"].as_str().unwrap();
        *run.entry(name.to_owned()).or_default() += 1;
        let mut differences = Vec::new();
        match function(name) {
            None => differences.push("there is no such function".to_owned()),
            Some(call) => compare("", &case["expect"], &call(&Arguments(&case["args"])), &mut differences),
        }
        faults.extend(differences.iter().map(|difference| format!("{} {name}{difference}", case["id"])));
    }
    println!("{} vectors: {run:?}", run.values().sum::<usize>());
    assert!(run.values().sum::<usize>() > 0, "{} holds no vector", path.display());
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
}

/// Every difference between what is expected and what is answered, each with its path.
fn compare(path: &str, expected: &Value, actual: &Value, differences: &mut Vec<String>) {
    match (expected, actual) {
        (Value::Object(e), Value::Object(a)) if e.keys().all(|key| a.contains_key(key)) && e.len() == a.len() => {
            e.iter().for_each(|(key, value)| compare(&format!("{path}.{key}"), value, &a[key], differences));
        }
        (Value::Array(e), Value::Array(a)) if e.len() == a.len() => {
            let pairs = e.iter().zip(a).enumerate();
            pairs.for_each(|(i, (e, a))| compare(&format!("{path}[{i}]"), e, a, differences));
        }
        (Value::Number(e), Value::Number(a)) => {
            let (e, a) = (e.as_f64().unwrap(), a.as_f64().unwrap());
            if !equal(path, e, a) {
                differences.push(format!("{path}: expected {e:?}, was {a:?}"));
            }
        }
        _ if expected == actual => {}
        _ => differences.push(format!("{path}: expected {expected}, was {actual}")),
    }
}

fn equal(path: &str, a: f64, b: f64) -> bool {
    let largest = a.abs().max(b.abs());
    // The shares `p` and `q` of `all` are no probabilities.
    let relative = [".p", ".q", ".t", ".t_checked", ".z", ".se", ".slope"].iter().any(|key| path.ends_with(key));
    let tolerance = if relative && !path.contains(".all[") { 1e-7 * largest } else { 1e-9 * largest.max(1.0) };
    (a - b).abs() <= tolerance
}
