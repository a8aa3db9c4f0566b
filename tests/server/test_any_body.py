"""Whatever a body says, the answer is an object or a refusal."""

import json
from typing import Any

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = st.sampled_from([
    "model", "name", "description", "instructions", "tools", "tool_resources", "metadata",
    "temperature", "top_p", "response_format", "reasoning_effort", "type", "function",
    "parameters", "properties", "items", "required", "file_search", "ranking_options",
    "score_threshold", "max_num_results", "code_interpreter", "file_ids", "vector_store_ids",
    "vector_stores", "json_schema", "schema", "strict", "role", "content", "text", "image_url",
    "image_file", "file_id", "url", "detail", "attachments", "messages",
])  # fmt: skip
WORDS = st.sampled_from([
    "demo", "user", "function", "file_search", "code_interpreter", "text", "image_url",
    "image_file", "auto", "json_schema", "json_object", "object", "string", "array", "low",
])  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), WORDS)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(NAMES, st.text(max_size=5)), inner, max_size=6),
    ),
    max_leaves=20,
)
ENOUGH: dict[str, dict[str, Any]] = {
    "/assistants": {"model": "demo"},
    "/threads": {},
    "/threads/{}/messages": {"role": "user", "content": "Hello"},
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(list(ENOUGH)),
    enough=st.booleans(),
    body=st.dictionaries(NAMES, JSON, max_size=6),
)
def test_any_body_is_taken_or_refused(
    raw: httpx2.Client, thread_id: str, path: str, enough: bool, body: dict[str, Any]
) -> None:
    sent = json.dumps({**(ENOUGH[path] if enough else {}), **body})

    answer = raw.post(
        path.format(thread_id), content=sent, headers={"content-type": "application/json"}
    )

    assert answer.status_code in {200, 400, 501}
