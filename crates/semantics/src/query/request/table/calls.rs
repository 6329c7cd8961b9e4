//! The arguments of the tools that call others, read what a search found, or take feedback.

use super::{Argument, Shape};

pub(super) static EXECUTE: [Argument; 3] = [
    Argument::new("operation", Shape::Text, "Identifier of the operation, as search gives it", r#""list_metrics""#)
        .required()
        .not(&["tool", "name", "id", "operation_id", "method"]),
    Argument::new("arguments", Shape::Arguments, "Arguments of that operation", r#"{"limit": 10}"#).not(&[
        "params",
        "args",
        "input",
        "parameters",
    ]),
    Argument::new("query", Shape::Text, "SQL text, with operation sql", r#""SELECT MEASURE(orders) FROM metrics""#)
        .not(&["sql", "statement"]),
];

pub(super) static FETCH: [Argument; 1] =
    [Argument::new("id", Shape::Text, "Id of a search result", r#""metric:net_sales""#).required().not(&[
        "ids",
        "name",
        "result_id",
        "query",
    ])];

/// Characters of a comment, of another text and of a tag at most.
const COMMENT: usize = 2_000;
const SHORT: usize = 200;
const TAG: usize = 50;

pub(super) static FEEDBACK: [Argument; 6] = [
    Argument::new(
        "category",
        Shape::Word(&["bug", "missing_capability", "workflow_friction", "wrong_result", "docs"]),
        "What it is about",
        r#""wrong_result""#,
    )
    .required()
    .not(&["type", "kind"]),
    Argument::new(
        "comment",
        Shape::Prose { most: COMMENT },
        "What happened and what was expected, without secrets or personal data",
        r#""net_sales by channel leaves out email""#,
    )
    .required()
    .not(&["message", "text", "feedback", "description", "body"]),
    Argument::new("tool_name", Shape::Prose { most: SHORT }, "Tool or operation it is about", r#""get_metrics""#)
        .not(&["tool", "operation"]),
    Argument::new("answer_id", Shape::Prose { most: SHORT }, "answer_id of the answer", r#""0123456789abcdef""#)
        .not(&["answer", "id"]),
    Argument::new("severity", Shape::Word(&["low", "medium", "high"]), "How much it hinders", r#""low""#)
        .not(&["priority", "level"]),
    Argument::new(
        "tags",
        Shape::List { of: &Shape::Prose { most: TAG }, most: 10, item: "tags" },
        "Words to find it by",
        r#"["attribution"]"#,
    )
    .not(&["tag", "labels"]),
];
