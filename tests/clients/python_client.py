"""Every tool through the official Python client, over HTTP and stdio, in both eras of the protocol.

The answers must be equal everywhere, and equal to what batch gives for the same arguments.
"""

import asyncio
import base64
import json
import os
import pathlib
import subprocess
import sys

from mcp import Client, MCPError, StdioServerParameters
from mcp.types import PromptReference, ResourceTemplateReference

BINARY, URL = sys.argv[1:]
NOW = os.environ["NOW"]
PLACE = {name: os.environ[name] for name in ("SEXTANT_MODELS", "SEXTANT_DATA")}
PROMPTS = ["explain_metric_change", "weekly_performance_review"]
TOOLS = ["audit_performance", "execute", "fetch", "get_metrics", "search", "submit_mcp_feedback"]


def questions():
    asked = json.loads((pathlib.Path(__file__).parent / "questions.json").read_text())
    for question in asked:
        if question["tool"] in ("get_metrics", "audit_performance"):
            # The clock and the size of an answer are the door's unless the request says them.
            question["arguments"] |= {"as_of": NOW, "max_bytes": 1_000_000}
    return asked


def batch(asked):
    lines = "".join(json.dumps({"id": i} | question) + "\n" for i, question in enumerate(asked))
    done = subprocess.run([BINARY, "batch"], input=lines, capture_output=True, text=True, env=os.environ, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == list(range(len(asked))), done.stdout
    for answer in answers:
        assert "result" in answer, answer
    return [answer["result"] for answer in answers]


async def check(server, mode, expected):
    async with Client(server, mode=mode) as client:
        modern = mode != "legacy"
        assert (client.protocol_version >= "2026-07-28") == modern, client.protocol_version
        if mode != "2026-07-28":  # a pinned version adopts without asking
            assert "Sextant" in client.instructions
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == TOOLS, tools
        for tool in tools:
            assert tool.title and tool.output_schema and tool.input_schema["additionalProperties"] is False, tool
            hints, reads = tool.annotations, tool.name != "submit_mcp_feedback"
            assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint) == (reads, False, reads, False)
        for question, wanted in zip(questions(), expected, strict=True):
            # The client itself checks structured content against the tool's output schema.
            result = await client.call_tool(question["tool"], question["arguments"])
            assert not result.is_error, result
            assert result.structured_content == wanted, (question, result.structured_content, wanted)
            assert json.loads(result.content[0].text) == wanted, question
        await check_beside_tools(client)
        refused = await client.call_tool("get_metrics", {"metric_names": ["net_sale"]})
        text = refused.content[0].text
        assert refused.is_error and "unknown-metric" in text and "`net_sales`" in text and len(text) < 1000, refused
        mistyped = await client.call_tool("get_metrics", {"metric_name": ["net_sales"]})
        assert mistyped.is_error and "`metric_names`" in mistyped.content[0].text, mistyped
        try:
            await client.call_tool("get_metric", {})
        except MCPError as error:
            assert error.error.code == -32602, error
        else:
            raise AssertionError("an unknown tool was called")


async def check_beside_tools(client):
    """Prompts, resources, completions, and a picture that changes nothing of the answer."""
    assert [prompt.name for prompt in (await client.list_prompts()).prompts] == PROMPTS
    review = await client.get_prompt("weekly_performance_review", {"time_range": "last_week"})
    assert "audit_performance" in review.messages[0].content.text, review
    explained = await client.get_prompt("explain_metric_change", {"metric": "mer", "dimension": "channel"})
    definition = json.loads(explained.messages[0].content.resource.text)
    assert definition["name"] == "blended_roas" and "`blended_roas`" in explained.messages[1].content.text, explained
    uris = [str(resource.uri) for resource in (await client.list_resources()).resources]
    assert {"catalog://", "ui://sextant/chart", "metric://net_sales"} <= set(uris), uris
    assert (await client.list_resource_templates()).resource_templates[0].uri_template == "metric://{name}"
    metric = (await client.read_resource("metric://net_sales")).contents[0]
    assert json.loads(metric.text)["definition"] == "gross_sales - discounts - returns", metric
    catalog = json.loads((await client.read_resource("catalog://")).contents[0].text)
    assert len(catalog["metrics"]) == sum(uri.startswith("metric://") for uri in uris) > 50
    page = (await client.read_resource("ui://sextant/chart")).contents[0]
    assert page.mime_type == "text/html;profile=mcp-app" and page.text.startswith("<!DOCTYPE html>"), page
    found = await client.complete(ResourceTemplateReference(uri="metric://{name}"), {"name": "name", "value": "net_s"})
    assert found.completion.values[0] == "net_sales", found
    prompt = PromptReference(name="explain_metric_change")
    found = await client.complete(prompt, {"name": "dimension", "value": "chan"}, {"metric": "blended_roas"})
    assert found.completion.values == ["channel"], found
    question = {"metric_names": ["net_sales"], "time_range": "last_28_days", "granularity": "week", "as_of": NOW}
    plain = await client.call_tool("get_metrics", question)
    for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg")):
        drawn = await client.call_tool("get_metrics", question | {"chart": kind})
        text, image = drawn.content
        assert drawn.structured_content == plain.structured_content and text == plain.content[0], drawn
        assert image.type == "image" and base64.b64decode(image.data).startswith(start), image


async def main():
    expected = batch(questions())
    for mode in ("legacy", "auto", "2026-07-28"):
        await check(f"{URL}/mcp", mode, expected)
        print("http ", mode, "ok")
        await check(StdioServerParameters(command=BINARY, args=["serve", "--stdio"], env=PLACE), mode, expected)
        print("stdio", mode, "ok")


asyncio.run(main())
