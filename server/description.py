"""The API's description: `/openapi.json` for programs, `/docs` for people."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.described_page import page

_NOTHING_ELSE: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


class Described(FastAPI):
    """Names the key that it may want in its description, and shows that without scripts."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            docs_url=None, redoc_url=None, generate_unique_id_function=_name, **options
        )
        self.get("/docs", include_in_schema=False)(docs)

    def openapi(self) -> dict[str, Any]:
        """Return the description."""
        described = super().openapi()
        described["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"key": []}, {}]
        return described


def _name(route: APIRoute) -> str:
    """Return an operation's name, as generated clients call it."""
    return route.name


async def docs(request: Request) -> Response:
    """Show the description."""
    return HTMLResponse(page(request.app.openapi()), headers=_NOTHING_ELSE)


async def to_docs() -> Response:
    """Lead who opens the server's address in a browser to its description."""
    return RedirectResponse("/docs")
