"""Routes that a later release brings: they say so, for clients that ask already."""

from typing import Final

from fastapi import APIRouter

from server.assistants_api.resources import later

router = APIRouter(include_in_schema=False)

_METHODS: Final = ["GET", "POST", "DELETE"]


@router.api_route("/files", methods=_METHODS)
@router.api_route("/files/{rest:path}", methods=_METHODS)
async def files() -> None:
    """Say that there are no files yet."""
    raise later("Files")


@router.api_route("/vector_stores", methods=_METHODS)
@router.api_route("/vector_stores/{rest:path}", methods=_METHODS)
async def vector_stores() -> None:
    """Say that there are no vector stores yet."""
    raise later("Vector stores")
