//! A new, replaced or removed file is seen by the next snapshot, and by no part of the one before.

use super::*;

#[tokio::test]
async fn the_next_snapshot_sees_new_files() {
    for format in ["parquet", "csv", "jsonl"] {
        let root = Root::new();
        // One session and one cache for all questions, as in a server.
        let context = session();
        let put = |name: &str, value: i64| {
            let (path, columns) = (root.path().join(name), [("id".to_string(), integers(&[value]))]);
            match format {
                "parquet" => write_parquet(&path, &columns, 10).unwrap(),
                "csv" => write_csv(&path, &columns).unwrap(),
                _ => write_json_lines(&path, &columns).unwrap(),
            }
        };
        let source = [with(table("orders"), &[("id", DataType::Integer)])];
        let sum = "SELECT sum(id), count(*) FROM orders";
        put(&format!("orders/1.{format}"), 1);
        let first = root.snapshot(&source).await;
        assert_eq!(rows(&context, &first, sum).await.unwrap(), ["1|1"]);
        assert!(first.still_same(&["orders"]).await);
        put(&format!("orders/2.{format}"), 10);
        assert!(!first.still_same(&["orders"]).await);
        let second = root.snapshot(&source).await;
        assert_ne!(first.id, second.id);
        assert_eq!(rows(&context, &second, sum).await.unwrap(), ["11|2"]);
        // The same name, size and perhaps time: another file all the same.
        put(&format!("orders/2.{format}"), 20);
        assert!(!second.still_same(&["orders"]).await);
        let third = root.snapshot(&source).await;
        assert_eq!(rows(&context, &third, sum).await.unwrap(), ["21|2"]);
        assert_eq!(third.id, root.snapshot(&source).await.id);
        fs::remove_file(root.path().join(format!("orders/1.{format}"))).unwrap();
        assert_eq!(rows(&context, &root.snapshot(&source).await, sum).await.unwrap(), ["20|1"]);
    }
}

/// A file that was replaced after the snapshot is never read under the old one's name.
#[tokio::test]
async fn a_replaced_file_is_refused() {
    let root = Root::new();
    root.parquet("orders.parquet", &[("id", integers(&[1, 2, 3]))]);
    let source = [parquet("orders.parquet")];
    let before = root.snapshot(&source).await;
    let table = before.provider("orders").await.unwrap();
    root.parquet("orders.parquet", &[("id", integers(&[1, 2, 3, 4]))]);
    let context = session();
    context.register_table("orders", table).unwrap();
    let error = context.sql("SELECT sum(id) FROM orders").await.unwrap().collect().await.unwrap_err();
    assert_eq!(
        shown(&ExecuteError::from(error).diagnostic()),
        "data-changed: file `orders.parquet` of dataset `orders` changed while it was read\n\
         help: ask again; put new files in place by renaming them"
    );
    assert_eq!(rows(&context, &root.snapshot(&source).await, "SELECT sum(id) FROM orders").await.unwrap(), ["10"]);
    root.write("orders.csv", "id\n1\n");
    let before = root.snapshot(&[csv("orders.csv")]).await;
    root.write("orders.csv", "id\n1\n2\n");
    assert_eq!(before.provider("orders").await.err().unwrap().code.as_str(), "data-changed");
}

/// A large text file is parsed while it is scanned; its faults come from the scan.
#[tokio::test]
async fn streamed_text() {
    let root = Root::new();
    let mut text = "id,name\n".to_string();
    for id in 0..20_000 {
        text += &format!("{id},name {id}\n");
    }
    root.write("o.csv", &text).write("bad.csv", text + "x,y\n");
    for (name, expected) in [
        ("o.csv", Ok(vec!["199990000|20000".to_string()])),
        ("bad.csv", Err("line 20002 of `bad.csv` (dataset `orders`) holds a value of column `id` that is not integer")),
    ] {
        let source = with(csv(name), &[("id", DataType::Integer)]);
        let snapshot = root.snapshot(&[source]).await;
        let dataset = snapshot.dataset("orders").unwrap();
        let table = crate::source::provider::streaming(&dataset.files, &dataset.described).unwrap();
        let context = session();
        context.register_table("orders", table).unwrap();
        let frame = context.sql("SELECT sum(id), count(name) FROM orders").await.unwrap();
        match (frame.collect().await, expected) {
            (Ok(batches), Ok(_)) => {
                let shown = datafusion::arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
                assert!(shown.contains("| 199990000 "), "{shown}");
            }
            (Err(error), Err(message)) => assert_eq!(ExecuteError::from(error).diagnostic().message, message),
            (found, _) => panic!("{found:?}"),
        }
    }
}
