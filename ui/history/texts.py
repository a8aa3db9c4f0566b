"""What the history page says, in one place; `ui.texts` has what it shares with the chat page."""

from typing import Final

TITLE: Final = "History"
TITLE_TAB: Final = "Parley · History"

# The address carries these labels, so they are short and plain.
VIEWS: Final[dict[str, str]] = {
    "threads": "Threads",
    "runs": "All runs",
    "matches": "Matches",
    "overview": "Overview",
}
VIEW: Final = "What to show"

SEARCH: Final = "Search"
SEARCH_HINT: Final = 'Search messages and calls: words, pref*, "a phrase"'
FILTERS: Final = "Filters"
CLEAR: Final = "Clear all"
WHEN: Final = "Begun"
WHENS: Final[dict[str, str]] = {
    "any": "at any time",
    "hour": "in the last hour",
    "day": "in the last 24 hours",
    "today": "today",
    "yesterday": "yesterday",
    "week": "in the last 7 days",
    "month": "in the last 30 days",
    "between": "between two times",
}
SINCE: Final = "From"
UNTIL: Final = "Until (not included)"
STATUS: Final = "Status"
PROVIDER: Final = "Provider"
MODEL: Final = "Model"
ASSISTANT: Final = "Assistant"
TOOL: Final = "Tool called"
FAILED: Final = "Outcome"
FAILEDS: Final[dict[str, str]] = {"yes": "With an error", "no": "Without one"}
LONGER: Final = "Longer than (seconds)"
TOKENS: Final = "More tokens than"
ALL: Final = "all"
NONE: Final = "no limit"
SIZE: Final = "Rows on a page"

THREADS: Final = "{count} threads"
RUNS: Final = "{count} runs"
RUNS_OF: Final = "{count} runs of this thread"
STEPS: Final = "{count} steps"
MATCHES: Final = "{count} matches"
ONE: Final = {"threads": "thread", "runs": "run", "steps": "step", "matches": "match"}
CHOOSE_THREAD: Final = "Choose a thread to see its runs."
CHOOSE_RUN: Final = "Choose a run to see what happened in it."
CHOOSE_STEP: Final = "Choose a step to see all of its input and output."
NOTHING_FITS: Final = "Nothing fits. Use fewer filters, or other words."
NOTHING_TYPED: Final = "Type what you look for into the search box above."
NO_RUNS: Final = "This thread has no runs that fit the filters."

EMPTY: Final = "There is no conversation yet"
EMPTY_BESIDE: Final = "Everything that is said on the chat page appears here, step by step."
EMPTY_ALONE: Final = (
    "Start one with `make chat` in your browser or `make terminal` in a terminal. "
    "Every step of it then appears here."
)
TO_CHAT: Final = "Start a conversation"

UNKNOWN_THREAD: Final = "There is no thread at this address. It may have been deleted."
UNKNOWN_RUN: Final = "There is no run at this address. It may have been deleted."

TAKE: Final = "Take away"
TAKE_LIST: Final = "What fits the filters, all pages:"
TAKE_THREAD: Final = "This thread:"
TAKE_RUN: Final = "This run:"
FILES: Final[dict[str, str]] = {
    "threads": "Threads, as CSV",
    "runs": "Runs, as CSV",
    "steps": "Steps, as CSV",
    "events": "Events, as JSONL",
    "markdown": "Conversation, as Markdown",
    "json": "Conversation, as JSON",
    "openai": "Fine-tuning examples for OpenAI, as JSONL",
    "gemini": "Fine-tuning examples for Gemini, as JSONL",
    "sqlite": "SQLite file with runs, threads and run_details",
}

REPLAY: Final = "Replay"
REPLAY_TITLE: Final = "Replay this thread"
REPLAY_WHAT: Final = (
    "The user's messages are sent again, in a new thread. Then both stand side by side."
)
REPLAY_WHO: Final = "Who answers"
REPLAY_MODEL: Final = "Model"
REPLAY_MODEL_HINT: Final = "the provider's default"
REPLAY_ASSISTANT: Final = "Assistant ID"
REPLAY_ASSISTANT_HINT: Final = "as in the original"
REPLAY_RECORDED: Final = "Use the recorded outputs: no function runs"
REPLAY_START: Final = "Start"
REPLAY_STATES: Final[dict[str, str]] = {
    "running": "under way",
    "stopped": "stopped: nobody sends the next message",
    "finished": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
}
REPLAY_OF: Final = "Replay of"
REPLAY_FAR: Final = "{done} of {total} messages answered, {state}"
REPLAY_GO_ON: Final = "Go on"
REPLAY_STOP: Final = "Stop"
RECORDED: Final = "with recorded outputs"
ORIGINAL_GONE: Final = "The original has been deleted: there is nothing to compare with."
COMPARE: Final = "Compare with the original"
ORIGINAL: Final = "Original"
REPLAYED: Final = "Replay"
COMPARED: Final = ("Answers", "Tool calls", "of them failed", "Tokens", "Cost", "Time")
NOBODY: Final = "No answer."
SAME_CALLS: Final = "Calls"
PATH: Final = "Path"

CONTINUE: Final = "Continue in chat"
DELETE: Final = "Delete"
DELETE_TITLE: Final = "Delete this thread?"
DELETE_WHAT: Final = (
    "Its messages, {runs} runs and {events} logged steps are removed for good. "
    "This can't be undone."
)
DELETE_YES: Final = "Delete for good"
DELETE_NO: Final = "Keep it"
DELETED: Final = "Deleted: {messages} messages, {runs} runs, {steps} steps."
UNTITLED: Final = "Without a title"

PARTS: Final[dict[str, str]] = {
    "log": "Log",
    "conversation": "Conversation",
    "timeline": "Timeline",
    "script": "Script",
    "details": "Details",
}
PART: Final = "What to show of the run"
CALLS_ONLY: Final = "Calls only"
LIVE: Final = "Under way: this grows as it happens."
DURATION: Final = "Duration"
FIRST_WORD: Final = "First token"
TOKENS_USED: Final = "Tokens"
COST: Final = "Cost"
CALLS: Final = "Tool calls"
ATTEMPT: Final = "Attempt"
STEP: Final = "Step {seq}: {type}"
INPUT: Final = "Input"
OUTPUT: Final = "Output"
NOTHING: Final = "It has neither input nor output."
MORE: Final = "… and {count:,} more characters"
WHOLE: Final = "Download all of it"

EARLIER: Final = "Show what was said before"
NO_EARLIER: Final = "This was the beginning of the thread."

SPANS: Final[dict[str, str]] = {
    "queue": "Queue",
    "model": "Model",
    "tool": "Tool",
    "person": "Waiting for a person",
    "client": "Waiting for a client",
    "pause": "Pause before a retry",
    "stop": "Stopping",
}
NO_TIMES: Final = "Nothing has taken any time yet."
WATERFALL: Final = "How long each part took, in seconds from the start"
DIAGRAM: Final = "The script, with the path that this run took"
IN_STATE: Final = "Time in each state"

TOKEN_ROWS: Final = ("Read", "of them cached", "Written", "of them reasoning", "Together")
USED: Final = "Tokens and cost"
ABOUT: Final = "About this run"
TROUBLES: Final = "Attempts and retries"
NO_TROUBLES: Final = "It went through at the first attempt, without retries."
INSTRUCTIONS: Final = "Instructions"
OFFERED: Final = "Functions on offer"
UNKNOWN_PRICE: Final = "not known"

OVER_TIME: Final = "Runs over time"
DURATIONS: Final = "How long a run takes, by model"
FIRST_TOKENS: Final = "Time to the first token, by model"
TOKENS_BY_DAY: Final = "Tokens by day and model"
COST_BY_DAY: Final = "Cost by day and model"
TOOL_CALLS: Final = "Tool calls"
ERRORS: Final = "Why runs ended badly"
NO_TOOLS: Final = "No tool was called."
NO_ERRORS: Final = "No run ended badly."
NO_PRICE: Final = "No price is known for these models."
FREE: Final = "These runs have cost nothing."
CHART: Final = "Chart"
TABLE: Final = "Table"
UNDER_WAY: Final = "under way"

KINDS: Final[dict[str, str]] = {
    "user_message": ":material/person: User",
    "assistant_message": ":material/forum: Model",
    "tool_input": ":material/input: Tool input",
    "tool_output": ":material/output: Tool output",
}
OPEN: Final = "Open"


def counted(what: str, number: int) -> str:
    """Say how many there are of `threads`, `runs`, `steps` or `matches`."""
    return f"{number:,} {ONE[what] if number == 1 else what}"
