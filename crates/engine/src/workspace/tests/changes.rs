//! Files that are added, replaced or swapped under a question: an answer is of one state of the files,
//! and of the newest.

use super::*;
use crate::write::{Column, write_csv, write_json_lines, write_parquet};

const FORMATS: [&str; 3] = ["parquet", "csv", "jsonl"];

/// Writes one row of orders, put in place by renaming.
fn put(root: &Root, format: &str, name: &str, amount: i64) {
    let columns = [
        ("amount".to_string(), Column::Integer(vec![Some(amount)])),
        ("day".to_string(), Column::Text(vec![Some("2026-03-09".to_string())])),
    ];
    let path = root.path().join(format!("orders/{name}.{format}"));
    match format {
        "parquet" => write_parquet(&path, &columns, 10).unwrap(),
        "csv" => write_csv(&path, &columns).unwrap(),
        _ => write_json_lines(&path, &columns).unwrap(),
    }
}

fn question() -> Value {
    json!({"metric_names": ["revenue", "orders"], "time_range": "last_7_days"})
}

/// Asks with `watch` told of the stages.
async fn watched(workspace: &Workspace, mut watch: impl FnMut(Stage) + Send) -> Result<Value, Failure> {
    let arguments = map(question());
    let decoded = request::decode("get_metrics", &arguments).unwrap();
    workspace.ask_watched(&decoded, &arguments, &context(NOW), &mut watch).await
}

fn sums(answer: &Value) -> [i64; 2] {
    [0, 1].map(|metric| answer["metrics"][metric]["value"].as_i64().unwrap())
}

#[tokio::test]
async fn the_next_call_sees_new_and_replaced_files() {
    for format in FORMATS {
        let root = Root::new();
        put(&root, format, "1", 1);
        let workspace = open(&root, model(&format!("{{{format}: orders}}"), DATE));
        assert_eq!(totals(&workspace, question()).await, [json!(1), json!(1)]);
        put(&root, format, "2", 10);
        assert_eq!(totals(&workspace, question()).await, [json!(11), json!(2)]);
        put(&root, format, "1", 5);
        assert_eq!(totals(&workspace, question()).await, [json!(15), json!(2)]);
        fs::remove_file(root.path().join(format!("orders/2.{format}"))).unwrap();
        assert_eq!(totals(&workspace, question()).await, [json!(5), json!(1)]);
    }
}

/// What changes once, before the rows are read or after, is asked again and answered from the new files.
#[tokio::test]
async fn files_that_change_once_are_asked_again() {
    for format in FORMATS {
        for stage in [Stage::Planned, Stage::Executed] {
            let root = Root::new();
            put(&root, format, "1", 1);
            put(&root, format, "2", 10);
            let workspace = open(&root, model(&format!("{{{format}: orders}}"), DATE));
            let mut stages = Vec::new();
            let answer = watched(&workspace, |reached| {
                stages.push(reached);
                if reached == stage && stages.iter().filter(|s| **s == stage).count() == 1 {
                    put(&root, format, "1", 2);
                    put(&root, format, "2", 20);
                }
            });
            let answer = answer.await.unwrap();
            assert_eq!(sums(&answer), [22, 2], "{format} {stage:?}");
            assert_eq!(stages, [Stage::Planned, Stage::Executed, Stage::Planned, Stage::Executed]);
            let again = call(&workspace, "get_metrics", question()).await.unwrap();
            assert_eq!((&again["snapshot"], &again["answer_id"]), (&answer["snapshot"], &answer["answer_id"]));
        }
    }
}

#[tokio::test]
async fn files_that_change_twice_are_refused() {
    for format in FORMATS {
        for stage in [Stage::Planned, Stage::Executed] {
            let root = Root::new();
            put(&root, format, "1", 1);
            let workspace = open(&root, model(&format!("{{{format}: orders}}"), DATE));
            let mut amount = 1;
            let mut stages = 0;
            let failure = watched(&workspace, |reached| {
                stages += 1;
                if reached == stage {
                    amount += 1;
                    put(&root, format, "1", amount);
                }
            });
            let failure = failure.await.unwrap_err();
            let fault = failure.0.iter().next().unwrap();
            assert_eq!(fault.code.as_str(), "data-changed", "{format} {stage:?}");
            assert_eq!(fault.message, "the files changed twice while the question was answered");
            assert_eq!(stages, 4, "two passes");
            assert!(fault.code.retryable());
            assert_eq!(totals(&workspace, question()).await, [json!(amount), json!(1)]);
        }
    }
}

/// A question holds to the files that it reads: those of another dataset may change under it.
#[tokio::test]
async fn files_of_other_datasets_do_not_matter() {
    let root = Root::new();
    put(&root, "csv", "1", 1);
    let workspace = open(&root, model("{csv: orders}", DATE));
    let mut stages = 0;
    let answer = watched(&workspace, |_| {
        stages += 1;
        root.write("refunds.csv", format!("amount,day\n{stages},2026-03-09\n"));
    });
    assert_eq!(sums(&answer.await.unwrap()), [1, 1]);
    assert_eq!(stages, 2, "one pass");
}

/// Under a writer that never rests every answer is of one state of both files, or a refusal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_under_a_writer_are_of_one_state() {
    for format in FORMATS {
        let root = Root::new();
        put(&root, format, "1", 0);
        let workspace = open(&root, model(&format!("{{{format}: orders/*}}"), DATE));
        let stop = std::sync::atomic::AtomicBool::new(false);
        let (mut answers, mut refusals) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for amount in 1_i64.. {
                    if stop.load(std::sync::atomic::Ordering::Relaxed) {
                        return;
                    }
                    put(&root, format, "1", amount);
                    // Time for a question now and then.
                    std::thread::sleep(std::time::Duration::from_millis(if amount % 8 == 0 { 400 } else { 5 }));
                }
            });
            let handle = tokio::runtime::Handle::current();
            tokio::task::block_in_place(|| {
                for _ in 0..12 {
                    match handle.block_on(call(&workspace, "get_metrics", question())) {
                        Ok(answer) => {
                            assert_eq!(answer["metrics"][1]["value"], 1, "one row, whatever it holds");
                            answers += 1;
                        }
                        Err(failure) => {
                            assert_eq!(failure.0.iter().next().unwrap().code.as_str(), "data-changed");
                            refusals += 1;
                        }
                    }
                }
            });
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(answers + refusals, 12);
    }
}
