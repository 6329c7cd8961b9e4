//! Prompts that the suite gets.

use rmcp::ErrorData;
use rmcp::model::{
    ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Prompt, PromptArgument, PromptMessage,
    ResourceContents, Role,
};

use crate::{content, input};

pub(crate) fn all() -> Vec<Prompt> {
    let argument = |name: &str| PromptArgument::new(name).with_description("An argument").with_required(true);
    vec![
        Prompt::new("test_simple_prompt", Some("No arguments"), None),
        Prompt::new(
            "test_prompt_with_arguments",
            Some("Two arguments"),
            Some(vec![argument("arg1"), argument("arg2")]),
        ),
        Prompt::new("test_prompt_with_embedded_resource", Some("A resource"), Some(vec![argument("resourceUri")])),
        Prompt::new("test_prompt_with_image", Some("An image"), None),
        Prompt::new("test_input_required_result_prompt", Some("Asks for its context"), None),
    ]
}

pub(crate) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let value = request.arguments.as_ref().and_then(|arguments| arguments.get(name)?.as_str());
        value.ok_or_else(|| ErrorData::invalid_params(format!("argument `{name}` is missing"), None))
    };
    let messages = match request.name.as_str() {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (first, second) = (argument("arg1")?, argument("arg2")?);
            vec![text(&format!("Prompt with arguments: arg1='{first}', arg2='{second}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource = ResourceContents::text("Embedded resource content for testing.", argument("resourceUri")?);
            let resource = ContentBlock::resource(resource.with_mime_type("text/plain"));
            vec![PromptMessage::new(Role::User, resource), text("Please process the embedded resource above.")]
        }
        "test_prompt_with_image" => {
            let image = ContentBlock::image(content::PNG, "image/png");
            vec![PromptMessage::new(Role::User, image), text("Please analyze the image above.")]
        }
        "test_input_required_result_prompt" => match input::answer(request.input_responses.as_ref(), "user_context") {
            Some(answer) => vec![text(&format!("Context: {}", answer["content"]["context"]))],
            None => {
                let ask = input::elicitation("user_context", "What context should the prompt use?", "context");
                return Ok(input::required([ask], None)?.into());
            }
        },
        _ => return Err(ErrorData::invalid_params("unknown prompt", None)),
    };
    Ok(GetPromptResult::new(messages).into())
}

fn text(text: &str) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}
