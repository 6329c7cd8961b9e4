"""What schemathesis holds against the open API beside its own checks.

The server reads obvious slips as what they mean: null for an argument that is left out, one value for a list of
one, a number or a truth value as text, a word in another case. A body that is valid once such slips are mended is
no wrong data; everything else that breaks the schema must be refused.
"""

import jsonschema_rs
import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection


def mended(value, schema):
    """The value with its slips read as the schema means them."""
    for choice in schema.get("anyOf", []):
        candidate = mended(value, choice)
        if jsonschema_rs.is_valid(choice, candidate):
            return candidate
    kind = schema.get("type")
    if kind == "object" and isinstance(value, dict):
        known = schema.get("properties", {})
        return {
            key: mended(item, known.get(key, {}))
            for key, item in value.items()
            if not (item is None and key in known and key not in schema.get("required", []))
        }
    if kind == "array":
        items = value if isinstance(value, list) else [value]
        return [mended(item, schema.get("items", {})) for item in items]
    if kind == "string" and isinstance(value, (int, float)):
        return str(value).lower()
    if kind == "string" and isinstance(value, str):
        words = schema.get("enum", [])
        plain = value.strip().lower().replace("-", "_").replace(" ", "_")
        return next((word for word in words if word == plain), value)
    if kind == "integer" and isinstance(value, str) and value.strip().isdigit():
        return int(value)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "boolean" and str(value).strip().lower() in ("true", "false", "1", "0"):
        return str(value).strip().lower() in ("true", "1")
    return value


def body_schema(case):
    operation = case.operation.schema.raw_schema["paths"][case.operation.path].get(case.operation.method.lower(), {})
    return operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")


@schemathesis.check
def wrong_data_is_refused(ctx, response, case):
    schema = body_schema(case)
    if schema is not None and isinstance(case.body, (dict, list, str, int, float)):
        candidate = mended(case.body, schema)
        if candidate != case.body and jsonschema_rs.is_valid(schema, candidate):
            return None
    return negative_data_rejection(ctx, response, case)


@schemathesis.check
def refusals_say_why(ctx, response, case):
    """Every refusal is the error envelope, under the status that its code has, and carries a request identifier."""
    assert response.headers.get("x-request-id"), "no X-Request-Id"
    if response.status_code >= 400:
        error = response.json()["error"]
        assert error["code"] and error["message"], "a refusal without code or message"
        assert "panicked" not in response.text and "/src/" not in response.text, "an inner text in a refusal"
