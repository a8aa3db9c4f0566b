"""Asking providers for their models, by the real SDKs: what can chat, newest first."""

import asyncio
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from proxies import gemini, model_lists, openai_chat, openai_listing
from tests.wire.server import Break, Reply, broken, json_reply
from tests.wire.wires import QUICK, SECRET, Wire

NOT_CHAT = (
    "text-embedding-3-large", "whisper-1", "tts-1-hd", "gpt-4o-transcribe", "gpt-image-1",
    "dall-e-3", "omni-moderation-latest", "gpt-realtime", "gpt-audio-mini", "sora-2",
    "davinci-002", "gpt-3.5-turbo-instruct", "o3-deep-research", "gpt-4o-search-preview",
    "nomic-embed-text:latest", "bge-m3", "meta-llama/llama-guard-4-12b", "rerank-v3.5",
    "mistral-ocr-latest", "black-forest-labs/flux-1", "playai-tts", "gemini-2.5-flash-image",
)  # fmt: skip


def listing(*models: str | dict[str, Any]) -> dict[str, Any]:
    entries = [{"id": model} if isinstance(model, str) else model for model in models]
    return {"object": "list", "data": [{"object": "model", **entry} for entry in entries]}


@pytest.fixture(params=["openai", "compatible"])
def speaker(request: pytest.FixtureRequest) -> Wire:
    chosen: Wire = request.getfixturevalue(request.param)
    return chosen


async def test_newest_comes_first(speaker: Wire) -> None:
    old, new = {"id": "gpt-old", "created": 1}, {"id": "gpt-new", "created": 3}
    speaker.server.offers(listing(old, new, {"id": "o3", "created": 2}))

    assert await speaker.proxy().models() == ("gpt-new", "o3", "gpt-old")
    (request,) = speaker.server.listings
    assert request.path == "/v1/models"
    assert request.headers["authorization"] == f"Bearer {SECRET}"


async def test_servers_order_stays_where_it_says_no_times(speaker: Wire) -> None:
    speaker.server.offers(listing("b", "a", "c"))

    assert await speaker.proxy().models() == ("b", "a", "c")


@pytest.mark.parametrize("name", NOT_CHAT)
async def test_what_cannot_chat_is_left_out(compatible: Wire, name: str) -> None:
    compatible.server.offers(listing(name, "llama3:8b"))

    assert await compatible.proxy().models() == ("llama3:8b",)


@pytest.mark.parametrize(
    "entry",
    [
        {"active": False},
        {"capabilities": {"completion_chat": False}},
        {"architecture": {"output_modalities": ["image"]}},
        {"type": "embedding"},
    ],
    ids=["Groq", "Mistral", "OpenRouter", "Together"],
)
async def test_what_a_list_says_of_a_model_counts(compatible: Wire, entry: dict[str, Any]) -> None:
    good = {
        "id": "chats",
        "active": True,
        "capabilities": {"completion_chat": True},
        "architecture": {"output_modalities": ["text"]},
        "type": "chat",
    }
    compatible.server.offers(listing({"id": "does-not", **entry}, good))

    assert await compatible.proxy().models() == ("chats",)


async def test_list_without_a_frame_is_read(compatible: Wire) -> None:
    compatible.server.offers([{"id": "a"}, {"id": "b"}, {"id": "a"}])

    assert await compatible.proxy().models() == ("a", "b")


async def test_at_most_two_hundred_are_offered(compatible: Wire) -> None:
    compatible.server.offers(listing(*(f"model-{number}" for number in range(300)), "x" * 300))

    assert len(await compatible.proxy().models()) == 200


@pytest.mark.parametrize(
    "reply",
    [
        json_reply({"error": {"message": "No."}}, status=401),
        json_reply({"error": {"message": "Down."}}, status=500),
        json_reply({"object": "list", "data": None}),
        json_reply({"data": ["a", "b"]}),
        json_reply({"data": [{"id": 7}]}),
        json_reply("models"),
        Reply(pieces=(b"<html>Not here</html>",), kind="text/html"),
        Reply(pieces=(b'{"data": [',)),
        broken(Break.RESET),
        broken(Break.CUT),
    ],
)
async def test_what_is_no_list_means_not_known(wire: Wire, reply: Reply) -> None:
    wire.server.offers(reply)

    assert await wire.proxy().models() == ()


async def test_who_takes_too_long_is_not_waited_for(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (openai_listing, gemini):
        monkeypatch.setattr(module, "PATIENCE", 0.2)
    wire.server.offers(broken(Break.STALL))

    async with asyncio.timeout(3):
        assert await wire.proxy().models() == ()


def test_patience_is_five_seconds() -> None:
    assert model_lists.PATIENCE == 5.0


async def test_no_key_is_sent_where_there_is_none(compatible: Wire) -> None:
    compatible.server.offers(listing("a"))

    await openai_chat.connect(base_url=compatible.server.base_url, retry=QUICK).models()

    assert "authorization" not in compatible.server.listings[0].headers


async def test_gemini_lists_what_generates_content(gemini_: Wire) -> None:
    generates, counts = ["generateContent", "countTokens"], ["embedContent"]
    gemini_.server.offers(
        {
            "models": [
                {"name": "models/gemini-2.5-pro", "supportedGenerationMethods": generates},
                {"name": "models/gemini-4-argon", "supportedGenerationMethods": generates},
                {"name": "models/gemini-embedding-001", "supportedGenerationMethods": counts},
                {"name": "models/gemini-4-flash-image", "supportedGenerationMethods": generates},
                {"name": "models/gemini-3.8-flash", "supportedGenerationMethods": generates},
                {"name": "models/gemini-9-counter", "supportedGenerationMethods": ["countTokens"]},
                {"name": "models/gemma-4-27b", "supportedGenerationMethods": generates},
            ]
        }
    )

    assert await gemini_.proxy().models() == (
        "gemini-4-argon",
        "gemini-3.8-flash",
        "gemini-2.5-pro",
    )
    (request,) = gemini_.server.listings
    assert request.path.startswith("/v1beta/models")
    assert request.headers["x-goog-api-key"] == SECRET


async def test_vertex_lists_googles_own_models(gemini_: Wire) -> None:
    gemini_.server.offers(
        {
            "publisherModels": [
                {"name": "publishers/google/models/gemini-3.8-flash"},
                {"name": "publishers/google/models/gemini-4-argon"},
                {"name": "publishers/google/models/imagen-5"},
            ]
        }
    )
    proxy = gemini.connect(
        base_url=gemini_.server.base_url,
        vertexai=True,
        project="a-project",
        location="global",
        credentials=Credentials(token="ya29.token"),  # type: ignore[no-untyped-call]  # noqa: S106
        retry=QUICK,
    )

    assert await proxy.models() == ("gemini-4-argon", "gemini-3.8-flash")
    assert gemini_.server.listings[0].headers["authorization"] == "Bearer ya29.token"
    await proxy.aclose()
