"""What the history page says; `english` has what it shares with the chat page."""

from typing import ClassVar

from conversation.records import Rating


class EnglishHistory:
    """What the history page says besides."""

    TITLE = "History"
    TITLE_TAB = "Parley · History"

    VIEWS: ClassVar[dict[str, str]] = {
        "threads": "Threads",
        "runs": "All runs",
        "matches": "Matches",
        "overview": "Overview",
    }
    VIEW = "What to show"

    SEARCH = "Search"
    SEARCH_HINT = 'Search messages and calls: words, pref*, "a phrase"'
    FILTERS = "Filters"
    CLEAR = "Clear all"
    WHEN = "Begun"
    WHENS: ClassVar[dict[str, str]] = {
        "any": "at any time",
        "hour": "in the last hour",
        "day": "in the last 24 hours",
        "today": "today",
        "yesterday": "yesterday",
        "week": "in the last 7 days",
        "month": "in the last 30 days",
        "between": "between two times",
    }
    SINCE = "From"
    UNTIL = "Until (not included)"
    STATUS = "Status"
    PROVIDER = "Provider"
    MODEL = "Model"
    ASSISTANT = "Assistant"
    TOOL = "Tool called"
    FAILED = "Outcome"
    FAILEDS: ClassVar[dict[str, str]] = {"yes": "With an error", "no": "Without one"}
    RATING = "Rated"
    RATINGS: ClassVar[dict[Rating, str]] = {"up": "Good", "down": "Bad"}
    LONGER = "Longer than (seconds)"
    TOKENS = "More tokens than"
    ALL = "all"
    NONE = "no limit"
    SIZE = "Rows on a page"

    COUNTS: ClassVar[dict[str, tuple[str, str]]] = {
        "threads": ("{count} thread", "{count} threads"),
        "messages": ("{count} message", "{count} messages"),
        "runs": ("{count} run", "{count} runs"),
        "steps": ("{count} step", "{count} steps"),
        "matches": ("{count} match", "{count} matches"),
        "tokens": ("{count} token", "{count} tokens"),
    }
    HEADS: ClassVar[dict[str, str]] = {
        "title": "Title",
        "last_activity": "Last activity",
        "runs": "Runs",
        "events": "Events",
        "tokens": "Tokens",
        "cost": "Cost",
        "model": "Model",
        "provider": "Provider",
        "assistant_id": "Assistant",
        "created_at": "Created",
        "started_at": "Started",
        "ended_at": "Ended",
        "expires_at": "Expires",
        "waiting": "Waits for",
        "asked_model": "Model asked for",
        "answer": "Form of the answer",
        "tool_choice": "Functions to call",
        "max_prompt_tokens": "Budget of tokens to read",
        "max_completion_tokens": "Budget of tokens to write",
        "last_messages": "Messages told at most",
        "metadata": "Metadata",
        "thread_id": "Thread",
        "run_id": "Run",
        "state": "Status",
        "error_code": "Error",
        "duration": "Duration",
        "first_token": "First token",
        "tool_calls": "Calls",
        "seq": "#",
        "type": "Type",
        "tool": "Tool",
        "input": "Input",
        "output": "Output",
        "at": "At",
        "what": "What",
        "value": "Value",
        "since": "From",
        "part": "Part",
        "day": "Day (UTC)",
        "read": "Read",
        "written": "Written",
        "failed": "Failed",
        "error_rate": "Error rate",
        "reason": "Reason",
        "last": "Last",
        "last_message": "Message of the last",
    }
    GRID: ClassVar[dict[str, str]] = {
        "ariaSortableColumn": "Press ENTER to sort",
        "ariaRowSelect": "Press SPACE to select this row",
        "ariaRowDeselect": "Press SPACE to deselect this row",
        "ariaLabelTooltip": "Tooltip",
        "noRowsToShow": "No rows",
    }
    CHOOSE_THREAD = "Choose a thread to see its runs."
    CHOOSE_RUN = "Choose a run to see what happened in it."
    CHOOSE_STEP = "Choose a step to see all of its input and output."
    NOTHING_FITS = "Nothing fits. Use fewer filters, or other words."
    NOTHING_TYPED = "Type what you look for into the search box above."
    NO_RUNS = "This thread has no runs that fit the filters."

    EMPTY = "There is no conversation yet"
    EMPTY_BESIDE = "Everything that is said on the chat page appears here, step by step."
    EMPTY_ALONE = (
        "Start one with `make chat` in your browser or `make terminal` in a terminal. "
        "Every step of it then appears here."
    )
    TO_CHAT = "Start a conversation"

    UNKNOWN_THREAD = "There is no thread at this address. It may have been deleted."
    UNKNOWN_RUN = "There is no run at this address. It may have been deleted."

    TAKE = "Take away"
    TAKE_LIST = "What fits the filters, all pages:"
    TAKE_THREAD = "This thread:"
    TAKE_RUN = "This run:"
    FILES: ClassVar[dict[str, str]] = {
        "threads": "Threads, as CSV",
        "runs": "Runs, as CSV",
        "steps": "Steps, as CSV",
        "events": "Events, as JSONL",
        "markdown": "Conversation, as Markdown",
        "html": "Conversation, as a web page",
        "json": "Conversation, as JSON",
        "openai": "Fine-tuning examples for OpenAI, as JSONL",
        "gemini": "Fine-tuning examples for Gemini, as JSONL",
        "sqlite": "SQLite file with runs, threads and run_details",
    }

    REPLAY = "Replay"
    REPLAY_TITLE = "Replay this thread"
    REPLAY_WHAT = (
        "The user's messages are sent again, in a new thread. Then both stand side by side."
    )
    REPLAY_WHO = "Who answers"
    REPLAY_MODEL = "Model"
    REPLAY_MODEL_HINT = "the provider's default"
    REPLAY_ASSISTANT = "Assistant ID"
    REPLAY_ASSISTANT_HINT = "as in the original"
    REPLAY_RECORDED = "Use the recorded outputs: no function runs"
    REPLAY_START = "Start"
    REPLAY_STATES: ClassVar[dict[str, str]] = {
        "running": "under way",
        "stopped": "stopped: nobody sends the next message",
        "finished": "finished",
        "failed": "failed",
        "cancelled": "cancelled",
    }
    REPLAY_OF = "Replay of"
    REPLAY_FAR = "{done} of {total} messages answered, {state}"
    REPLAY_GO_ON = "Go on"
    REPLAY_STOP = "Stop"
    RECORDED = "with recorded outputs"
    ORIGINAL_GONE = "The original has been deleted: there is nothing to compare with."
    COMPARE = "Compare with the original"
    ORIGINAL = "Original"
    REPLAYED = "Replay"
    COMPARED = ("Answers", "Tool calls", "of them failed", "Tokens", "Cost", "Time")
    NOBODY = "No answer."
    PATH = "Path"

    CONTINUE = "Continue in chat"
    DELETE = "Delete"
    DELETE_TITLE = "Delete this thread?"
    DELETE_WHAT = "Its messages, {runs} and {steps} are removed for good. This can't be undone."
    DELETE_YES = "Delete for good"
    DELETE_NO = "Keep it"
    DELETED = "Deleted: {messages}, {runs}, {steps}."
    UNTITLED = "Without a title"

    PARTS: ClassVar[dict[str, str]] = {
        "log": "Log",
        "conversation": "Conversation",
        "timeline": "Timeline",
        "script": "Script",
        "details": "Details",
    }
    PART = "What to show of the run"
    CALLS_ONLY = "Calls only"
    LIVE = "Under way: this grows as it happens."
    DURATION = "Duration"
    FIRST_WORD = "First token"
    TOKENS_USED = "Tokens"
    COST = "Cost"
    CALLS = "Tool calls"
    ATTEMPT = "Attempt"
    STEP = "Step {seq}: {type}"
    INPUT = "Input"
    OUTPUT = "Output"
    NOTHING = "It has neither input nor output."

    EARLIER = "Show what was said before"
    NO_EARLIER = "This was the beginning of the thread."

    SPANS: ClassVar[dict[str, str]] = {
        "queue": "Queue",
        "model": "Model",
        "tool": "Tool",
        "person": "Waiting for a person",
        "client": "Waiting for a program",
        "pause": "Pause before a retry",
        "stop": "Stopping",
    }
    SPAN_FAILED = "{name} (failed)"
    NO_TIMES = "Nothing has taken any time yet."
    WATERFALL = "How long each part took, in seconds from the start"
    DIAGRAM = "The script, with the path that this run took"
    IN_STATE = "Time in each state"

    TOKEN_ROWS = ("Read", "of them cached", "Written", "of them reasoning", "Together")
    USED = "Tokens and cost"
    ABOUT = "About this run"
    TROUBLES = "Attempts and retries"
    NO_TROUBLES = "It went through at the first attempt, without retries."
    INSTRUCTIONS = "Instructions"
    OFFERED = "Functions on offer"
    UNKNOWN_PRICE = "not known"
    VERSION = "{assistant} (version {version})"
    WAITING: ClassVar[dict[str, str]] = {"person": "a person", "client": "a program"}
    WAITS_FOR: ClassVar[dict[str, str]] = {
        "person": "It waits until a person allows or declines a call.",
        "client": (
            "It waits until the program that runs these functions says what came of them, or until "
            "its time is up."
        ),
    }

    OVER_TIME = "Runs over time"
    DURATIONS = "How long a run takes, by model"
    FIRST_TOKENS = "Time to the first token, by model"
    TOKENS_BY_DAY = "Tokens by day and model"
    COST_BY_DAY = "Cost by day and model"
    TOOL_CALLS = "Tool calls"
    ERRORS = "Why runs ended badly"
    NO_TOOLS = "No tool was called."
    NO_ERRORS = "No run ended badly."
    NO_PRICE = "No price is known for these models."
    FREE = "These runs have cost nothing."
    TABLE = "Table"
    UNDER_WAY = "under way"
    OTHERS = "others"
    SUCCEEDED = "succeeded"
    FAILED_CALLS = "failed"
    PERCENT = "{number}%"

    KINDS: ClassVar[dict[str, str]] = {
        "user_message": ":material/person: User",
        "assistant_message": ":material/forum: Model",
        "tool_input": ":material/input: Tool input",
        "tool_output": ":material/output: Tool output",
    }
    OPEN = "Open"
