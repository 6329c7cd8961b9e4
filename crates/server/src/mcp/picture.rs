//! An image beside the text of an answer, for clients that do not show pages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::ContentBlock;
use serde_json::{Map, Value};
use sextant_semantics::query::request::{self, ChartFormat};

use crate::chart::{self, NoImage};

/// The image that the arguments of a tool ask for; none when they cannot be read, which the tool will say.
pub(super) fn asked(tool: &str, arguments: &Map<String, Value>) -> Option<ChartFormat> {
    if tool == "execute" {
        return asked(arguments.get("operation")?.as_str()?, arguments.get("arguments")?.as_object()?);
    }
    // Only these answers can be drawn, and reading arguments twice is not free.
    arguments.get("chart")?;
    request::decode(tool, arguments).ok()?.request.chart()
}

/// The image, or a word why there is none. Drawing takes a processor's time, so it stays off the network's threads.
pub(super) async fn block(answer: Value, format: ChartFormat) -> ContentBlock {
    let drawn = tokio::task::spawn_blocking(move || chart::image(&answer, format)).await;
    match drawn.unwrap_or(Err(NoImage::Failed)) {
        Ok(image) => ContentBlock::image(STANDARD.encode(image.bytes), image.media_type),
        Err(why) => ContentBlock::text(why.says()),
    }
}
