"""A pretended Assistants API server: assistants, threads, and runs that are streamed or polled.

server.script(Answer(text="Hello."))                      # what the next run says
server.script(Answer(calls=(Call("price", {"symbol": "X"}),)), Answer(text="42."))
server.script(Answer(text="Well, yes", breaks=Break.CUT, after=2))  # the stream breaks off
server.refuse("POST /threads", failure(429, "rate_limit_exceeded"))
server.threads                                            # those that nobody has deleted
"""

import itertools
import re
from collections import deque
from collections.abc import Callable
from typing import Final

from tests.wire import assistants_rules, pretence
from tests.wire.assistants_events import ACTIVE, Answer, Call, Run, events, new
from tests.wire.server import Json, ProviderServer, Rejected, Reply, Request, json_reply

POLL_AFTER: Final = "1"

Route = Callable[["AssistantsServer", Request, re.Match[str]], Reply]
_ROUTES: Final[list[tuple[re.Pattern[str], Route]]] = []


def failure(status: int, code: str, message: str = "", *, retry_after: str = "") -> Reply:
    """Return an HTTP error as the API words it."""
    error = {"message": message or f"It is {code}.", "type": code, "param": None, "code": code}
    told = {"Retry-After": retry_after} if retry_after else {}
    return json_reply({"error": error}, status=status, headers=told)


def _at(method: str, path: str) -> Callable[[Route], Route]:
    def enter(route: Route) -> Route:
        _ROUTES.append((re.compile(rf"{method} /v1{path}"), route))
        return route

    return enter


class AssistantsServer(ProviderServer[Answer]):
    """Answers what an exchange needs of the API."""

    path = "/v1"

    def __init__(self, *, token_delay: float = 0.0, port: int = 0) -> None:
        """Wait `token_delay` seconds before each event of a stream."""
        super().__init__(token_delay=token_delay, port=port)
        self.assistants: dict[str, Json] = {}
        self.threads: dict[str, list[Json]] = {}
        self.runs: dict[str, Run] = {}
        self._refusals: dict[str, deque[Reply]] = {}

    def forget(self) -> None:
        """Begin anew."""
        super().forget()
        for kept in (self.assistants, self.threads, self.runs, self._refusals):
            kept.clear()

    def refuse(self, what: str, *replies: Reply) -> None:
        """Say what the next requests for `what` get instead; it is a method and a pattern."""
        self._refusals.setdefault(what, deque()).extend(replies)

    def asked(self, what: str) -> list[Request]:
        """Return the requests for `what`, in their order."""
        known = re.compile(what)
        return [
            request
            for request in (*self.requests, *self.listings)
            if known.fullmatch(_line(request))
        ]

    def check(self, request: Request) -> None:
        """Reject what the real one would."""
        assistants_rules.check(request)

    def reject(self, reason: str) -> Reply:
        """Return the 400."""
        return failure(400, "invalid_request_error", reason)

    def improvise(self, request: Request) -> Answer:
        """Answer from outputs if there are any, ask for prices, or make small talk."""
        if "tool_outputs" in request.body:
            outputs = [output["output"] for output in request.body["tool_outputs"]]
            return Answer(text=pretence.answer_from(outputs))
        thread_id = request.path.split("/")[3]
        said = str(self.threads[thread_id][-1]["content"])
        tools = [tool.get("function", {}) for tool in request.body.get("tools", ())]
        offered = {tool.get("name") for tool in tools}
        symbols = pretence.symbols_asked_for(said) if "get_stock_price" in offered else []
        calls = tuple(Call("get_stock_price", {"symbol": symbol}) for symbol in symbols)
        return Answer(calls=calls) if calls else Answer(text=pretence.small_talk(said))

    def _listed(self, request: Request) -> Reply:
        if request.path.endswith("/models"):
            return super()._listed(request)
        with self._news:
            self.listings.append(request)
            self._news.notify_all()
        return self._routed(request)

    def _reply_to(self, request: Request) -> Reply:
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
        return self._routed(request)

    def _routed(self, request: Request) -> Reply:
        try:
            self.check(request)
            return self._refused(request) or self._answered(request)
        except Rejected as rejected:
            self.rejections.append(str(rejected))
            return self.reject(str(rejected))
        except KeyError as unknown:
            return failure(404, "invalid_request_error", f"No object found with id {unknown}.")

    def _refused(self, request: Request) -> Reply | None:
        for what, replies in self._refusals.items():
            if replies and re.fullmatch(what, _line(request)):
                return replies.popleft()
        return None

    def _answered(self, request: Request) -> Reply:
        line = f"{request.method} {request.path.partition('?')[0]}"
        for pattern, route in _ROUTES:
            if found := pattern.fullmatch(line):
                return route(self, request, found)
        return failure(404, "invalid_request_error", f"Invalid URL ({line})")

    def segment(self, run: Run, request: Request, *, begins: bool) -> Reply:
        """Have a run go on with the next answer of the script."""
        step = self._steps.popleft() if self._steps else self._always
        if isinstance(step, Reply):
            return step
        run.takes(step or self.improvise(request))
        self.runs[run.id] = run
        if run.answer.lost:
            return Reply(pieces=(run.answer.lost,))
        if not request.body.get("stream"):
            return json_reply(run.json())
        pieces = tuple(events(run, begins=begins))
        return Reply(pieces=pieces, kind="text/event-stream; charset=utf-8")

    def perform(self, answer: Answer, request: Request) -> Reply:
        """Not needed: what an answer looks like depends on its run."""
        raise NotImplementedError


def _line(request: Request) -> str:
    path = request.path.partition("?")[0]
    return f"{request.method} {path.removeprefix('/v1')}"


@_at("POST", "/assistants")
def _make_assistant(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    made = {"id": new("asst"), "object": "assistant", "created_at": 1, "tools": [], **request.body}
    server.assistants[made["id"]] = made
    return json_reply(made)


@_at("GET", r"/assistants/(\w+)")
def _assistant(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    return json_reply(server.assistants[found[1]])


@_at("DELETE", r"/(assistants|threads)/(\w+)")
def _delete(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    kept: dict[str, object] = getattr(server, found[1])
    del kept[found[2]]
    return json_reply({"id": found[2], "object": f"{found[1]}.deleted", "deleted": True})


@_at("POST", "/threads")
def _make_thread(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    thread_id = new("thread")
    server.threads[thread_id] = list(request.body.get("messages", ()))
    return json_reply({"id": thread_id, "object": "thread", "created_at": 1, "metadata": {}})


@_at("POST", r"/threads/(\w+)/runs")
def _begin_run(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    thread_id, assistant_id = found[1], request.body["assistant_id"]
    _ = server.threads[thread_id]
    if assistant_id not in server.assistants:
        return failure(404, "", f"No assistant found with id '{assistant_id}'.")
    for run in _runs_on(server, thread_id):
        if run.status in ACTIVE:
            raise Rejected(f"Thread {thread_id} already has an active run {run.id}.")
    begun = Run(id=new("run"), thread_id=thread_id, body=request.body, answer=Answer())
    return server.segment(begun, request, begins=True)


@_at("GET", r"/threads/(\w+)/runs")
def _list_runs(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    _ = server.threads[found[1]]
    return _page([run.json() for run in reversed(_runs_on(server, found[1]))])


@_at("GET", r"/threads/(\w+)/runs/(\w+)")
def _run(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    _ = server.threads[found[1]]
    run = server.runs[found[2]]
    run.polled()
    return json_reply(run.json(), headers={"openai-poll-after-ms": POLL_AFTER})


@_at("POST", r"/threads/(\w+)/runs/(\w+)/cancel")
def _cancel(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    run = server.runs[found[2]]
    if run.status not in ACTIVE:
        raise Rejected(f"Cannot cancel run with status '{run.status}'.")
    run.status = "cancelled"
    return json_reply(run.json())


@_at("POST", r"/threads/(\w+)/runs/(\w+)/submit_tool_outputs")
def _submit(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    _ = server.threads[found[1]]
    run = server.runs[found[2]]
    if run.status != "requires_action":
        raise Rejected(f'Runs in status "{run.status}" do not accept tool outputs.')
    wanted = [call["id"] for call in run.calls]
    given = [output["tool_call_id"] for output in request.body["tool_outputs"]]
    if wanted != given:
        raise Rejected(f"Expected tool outputs for call_ids {wanted}, got {given}")
    return server.segment(run, request, begins=False)


@_at("GET", r"/threads/(\w+)/messages")
def _messages(server: AssistantsServer, request: Request, found: re.Match[str]) -> Reply:
    runs = _runs_on(server, found[1])
    return _page(list(itertools.chain.from_iterable(run.messages for run in runs)))


def _runs_on(server: AssistantsServer, thread_id: str) -> list[Run]:
    return [run for run in server.runs.values() if run.thread_id == thread_id]


def _page(entries: list[Json]) -> Reply:
    ends = (entries[0]["id"], entries[-1]["id"]) if entries else (None, None)
    page = {"object": "list", "data": entries, "has_more": False}
    return json_reply({**page, "first_id": ends[0], "last_id": ends[1]})
