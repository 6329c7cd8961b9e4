//! What callers see: rows by files beside their own, which change; and views by what is hidden.

use super::*;
use crate::source::tests::Root;
use sextant_semantics::code::Code;

const MODEL: &str = r#"version: 1
name: store
calendar: {timezone: UTC, week_start: monday}
datasets:
  - name: orders
    source: {csv: orders.csv}
    time: day
    columns: [{name: store, type: integer}, {name: amount, type: integer}, {name: day, type: date}]
    dimensions: [{name: day, type: time, granularity: day}, {name: amount_paid, expr: amount, type: number}]
    metrics: [{name: revenue, type: simple, agg: sum, expr: amount, direction: up}]
  - name: stores
    source: {csv: stores.csv}
    primary_key: [id]
    columns: [{name: id, type: integer}]
    dimensions: [{name: region}]
relationships:
  - {name: of_store, from: orders, from_columns: [store], to: stores, to_columns: [id]}
policies:
"#;

const REGION: &str = "  - {dataset: orders, filter: \"stores.region = 'EU'\"}\n";

fn opened(root: &Root, policies: &str) -> Workspace {
    root.write("orders.csv", "store,amount,day\n1,10,2026-03-08\n2,200,2026-03-08\n3,4000,2026-03-09\n");
    root.write("stores.csv", "id,region\n1,EU\n2,US\n");
    let texts = vec![("model.yml".to_string(), format!("{MODEL}{policies}"))];
    Workspace::open(texts, root.path().to_path_buf()).unwrap_or_else(|failure| panic!("{failure:#?}"))
}

async fn revenue(workspace: &Workspace, mut watch: impl FnMut(Stage) + Send) -> Result<Value, Failure> {
    let arguments = map(json!({"metric_names": ["revenue"]}));
    let decoded = request::decode("get_metrics", &arguments).unwrap();
    let answer = workspace.ask_watched(&decoded, &arguments, &context(NOW), &mut watch).await?;
    Ok(answer["metrics"][0]["value"].clone())
}

fn code(refused: Result<Value, Failure>) -> Code {
    refused.unwrap_err().0.0[0].code
}

/// The files that a policy reads are those of the question too.
#[tokio::test]
async fn files_that_a_policy_reads_are_looked_at_again() {
    for stage in [Stage::Planned, Stage::Executed] {
        let root = Root::new();
        let workspace = opened(&root, REGION);
        assert_eq!(revenue(&workspace, |_| {}).await.unwrap(), 10);
        let mut changes = 0;
        let change = |now: Stage| {
            if now == stage && changes == 0 {
                changes += 1;
                root.write("stores.csv", "id,region\n1,US\n2,EU\n3,EU\n");
            }
        };
        assert_eq!(revenue(&workspace, change).await.unwrap(), 4_200, "{stage:?}");
        let mut size = 0;
        let always = |now: Stage| {
            if now == stage {
                size += 1;
                root.write("stores.csv", format!("id,region\n1,EU\n{}", "\n".repeat(size)));
            }
        };
        assert_eq!(code(revenue(&workspace, always).await), Code::DataChanged, "{stage:?}");
    }
}

#[tokio::test]
async fn what_a_policy_reads_takes_what_a_question_may() {
    let root = Root::new();
    let mut workspace = opened(&root, REGION);
    assert_eq!(revenue(&workspace, |_| {}).await.unwrap(), 10);
    workspace.memory_bytes = 64;
    // What is known is not read again.
    root.write("stores.csv", "id,region\n1,EU\n2,US\n3,US\n");
    let refused = revenue(&workspace, |_| {}).await.unwrap_err().0.0.remove(0);
    assert_eq!(refused.code, Code::ResourcesExhausted);
    assert_eq!(refused.message, "the columns of `stores` that a policy reads need more memory than a question may");
}

#[tokio::test]
async fn callers_of_whom_the_same_holds_share_a_view() {
    let root = Root::new();
    let by = |column: &str, role: usize| {
        format!("  - {{dataset: orders, hide: [{column}], unless: \":caller.role >= {role}\"}}\n")
    };
    let caller = |role: usize| Caller::from_pairs([format!("role={role}").as_str()]).unwrap();
    let workspace = opened(&root, &by("amount_paid", 5));
    assert!(workspace.seen_by(&Caller::default()).is_none() && workspace.seen_by(&caller(4)).is_none());
    let (five, six) = (workspace.seen_by(&caller(5)).unwrap(), workspace.seen_by(&caller(6)).unwrap());
    assert!(std::sync::Arc::ptr_eq(&five, &six));
    assert!(five.seen_by(&caller(7)).is_none(), "a view is seen as it is by those whose it is");
    let least = five.seen_by(&caller(1)).expect("a view of another");
    let hidden = |of: &Workspace| of.catalog().dimensions().iter().filter(|dimension| dimension.concealed).count();
    assert_eq!([&workspace, &*five, &*least].map(hidden), [1, 0, 1]);
    // Of more views than are kept the ones used longest ago are made anew.
    let many: String = (1..=40).map(|role| by("amount_paid", role)).collect();
    let workspace = opened(&root, &many);
    let first = workspace.seen_by(&caller(1)).unwrap();
    for role in 2..=30 {
        let seen = workspace.seen_by(&caller(role)).unwrap();
        assert!(std::sync::Arc::ptr_eq(&seen, &workspace.seen_by(&caller(role)).unwrap()));
    }
    assert!(!std::sync::Arc::ptr_eq(&first, &workspace.seen_by(&caller(1)).unwrap()));
    assert_eq!(hidden(&workspace.seen_by(&caller(40)).unwrap()), 0);
}
