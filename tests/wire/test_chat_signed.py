"""What compatible servers sign, as the Gemini models behind some do, goes back as it came."""

import json

import pytest

from tests.wire.server import Reply, json_reply
from tests.wire.wires import PRICE, Wire, hear, round_of

# As Google's own server of this protocol and OpenRouter send them, and want them back.
SIGNED = {"google": {"thought_signature": "c2lnbmVk"}}
DETAILS = [{"type": "reasoning.text", "text": "I need it.", "signature": "c2ln", "index": 0}]


def signed(*, stream: bool) -> Reply:
    """Return an answer whose call and whose thoughts are signed."""
    function = {"name": "get_stock_price", "arguments": '{"symbol": "A"}'}
    call = {"index": 0, "id": "1", "type": "function", "function": function}
    message = {"tool_calls": [{**call, "extra_content": SIGNED}], "reasoning_details": DETAILS}
    ending = {"index": 0, "finish_reason": "tool_calls"}
    if not stream:
        said = {**ending, "message": {"role": "assistant", "content": None, **message}}
        return json_reply({"id": "x", "object": "chat.completion", "choices": [said]})
    text, signature = ({**DETAILS[0], "text": "I need "}, {**DETAILS[0], "text": "it."})
    del text["signature"]
    deltas = [{**message, "reasoning_details": [text]}, {"reasoning_details": [signature]}]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{**ending, "delta": {}}]})
    pieces = tuple(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks)
    return Reply(pieces=(*pieces, b"data: [DONE]\n\n"), kind="text/event-stream")


@pytest.mark.parametrize("stream", [True, False])
async def test_signatures_of_calls_and_thoughts_go_back_as_they_came(
    compatible: Wire, stream: bool
) -> None:
    compatible.server.script(signed(stream=stream))
    proxy = compatible.proxy()
    heard = await hear(proxy, compatible.turn(tools=(PRICE,), stream=stream))

    await hear(proxy, compatible.turn(tools=(PRICE,), rounds=(round_of(heard, "1"),)))

    message = compatible.server.requests[1].body["messages"][1]
    assert message["tool_calls"][0]["extra_content"] == SIGNED
    assert message["reasoning_details"] == DETAILS
