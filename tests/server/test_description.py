"""The API's description, as a page that people see who open the server's address."""

import re

import httpx2
import pytest

from server.described_page import page


def test_description_loads_nothing_from_elsewhere(address: str, raw: httpx2.Client) -> None:
    shown = raw.get(f"{address}/docs")

    assert shown.is_success
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")
    assert not re.search(r"<script|<img|<link|url\(|@import", shown.text)
    assert not re.search(r'(src|href)="(?!#|openapi\.json")', shown.text)
    assert raw.get(f"{address}/redoc").status_code == 404


def test_description_has_every_operation_and_every_object(address: str, raw: httpx2.Client) -> None:
    described = raw.get(f"{address}/openapi.json").json()
    shown = raw.get(f"{address}/docs").text

    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert f"<b>{method.upper()}</b> {path}</h3>" in shown
            assert operation["description"].splitlines()[0].replace("'", "&#x27;") in shown
    for name in described["components"]["schemas"]:
        assert f'id="{name}"' in shown


def test_links_of_the_description_lead_somewhere(address: str, raw: httpx2.Client) -> None:
    shown = raw.get(f"{address}/docs").text

    led_to = set(re.findall(r'href="#([^"]+)"', shown))
    assert led_to
    assert led_to <= set(re.findall(r'id="([^"]+)"', shown))


def test_types_are_told_in_words(address: str, raw: httpx2.Client) -> None:
    shown = raw.get(f"{address}/docs").text

    assert "<td>integer, 1 to 100</td><td>in the query, 20 by default</td>" in shown
    assert "<td>&quot;asc&quot; or &quot;desc&quot;</td>" in shown
    assert '<td>array of <a href="#NewMessage">NewMessage</a>, or null</td>' in shown
    assert "<td>string, 1 to 256 characters</td>" in shown


def test_what_is_described_can_not_break_the_page() -> None:
    field = {"type": "string", "pattern": "<b>&"}
    schemas = {"Thing": {"properties": {"<i>": field}, "required": ["<i>"]}}

    shown = page({"info": {"title": "<T>"}, "paths": {}, "components": {"schemas": schemas}})

    assert "&lt;T&gt;" in shown
    assert "&lt;i&gt;" in shown
    assert "<i>" not in shown


def test_operations_have_names_of_their_own(address: str, raw: httpx2.Client) -> None:
    described = raw.get(f"{address}/openapi.json").json()
    operations = [one for path in described["paths"].values() for one in path.values()]

    names = [one["operationId"] for one in operations]

    assert len(set(names)) == len(names)
    assert {"create_assistant", "create_thread_and_run", "submit_tool_outputs"} <= set(names)


@pytest.mark.parametrize("path", ["/v1/assistants", "/v1/threads"])
def test_filter_by_metadata_is_described(address: str, raw: httpx2.Client, path: str) -> None:
    described = raw.get(f"{address}/openapi.json").json()

    assert "`metadata[key]=value`" in described["paths"][path]["get"]["description"]


def test_description_names_the_key(address: str, raw: httpx2.Client) -> None:
    described = raw.get(f"{address}/openapi.json").json()

    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert described["security"] == [{"key": []}, {}]


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/"])
def test_address_of_the_api_leads_to_its_description(
    address: str, raw: httpx2.Client, path: str
) -> None:
    answer = raw.get(f"{address}{path}")

    assert answer.status_code == 307
    assert answer.headers["location"] == "/docs"
