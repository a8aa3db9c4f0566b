"""What the pages say; what happened in an exchange is told by `narration`."""

from typing import ClassVar

from conversation.phrases.english import ENGLISH
from conversation.script import State


class English:
    """What the chat page says, and what it shares with the history page."""

    TITLE = "Parley"
    CHAT = "Chat"
    WELCOME = "What would you like to know?"
    INVITATION = (
        "Every function a model calls, and every step of an exchange, is shown as it happens. "
        "Type a message below, or try one of these:"
    )
    EXAMPLES = (
        (":material/trending_up:", "Should I buy Apple?"),
        (":material/compare_arrows:", "Compare Microsoft and Nvidia"),
        (":material/format_list_bulleted:", "Show me Markdown"),
        (":material/auto_stories:", "Tell me a long story"),
    )

    MESSAGE = "Your message"
    MESSAGE_BUSY = "Your message (it is sent when the answer is complete)"
    STOP = "Stop"
    EARLIER = "Show earlier messages"

    SENDING = "Sending …"
    NOT_SENT = "Not sent"
    SEND_AGAIN = "Send again"
    DISCARD = "Discard"

    NEW = "New conversation"
    MODEL = "Answers come from {model}"
    NEEDS = "{label} needs `{setting}`"
    NEEDS_WHERE = "{needs}: set it in .env and start again."
    OFFLINE = "{labels}: it does not answer any more."
    STREAM = "Stream answers"
    STREAM_HELP = "Show an answer word by word as it is written, or at once when it is complete."
    NO_STEPS = "The steps of an exchange will appear here while it happens."
    STEPS_CUT = "{count} earlier steps are not shown."

    UNKNOWN_CONVERSATION = (
        "There is no conversation at this address. "
        "Check the link; your next message starts a new one."
    )
    WRONG_SETTINGS = "Parley can't start with these settings"
    TROUBLE = "Parley can't go on"
    TRY_AGAIN = "Try again"
    FAULT = "Something went wrong on this page."
    FAULT_HINT = "Nothing that was sent is lost. Reload the page; the program's log has more."
    RECONNECTING = "Can't read the conversation now, trying again: {problem}"

    THINKING = "Thinking"
    WORKING = "Working with what the functions said"
    STOPPING = "Stopping"
    WAITING = "Waiting for your decision"
    WAITING_FOR_PROGRAM = "Waits for the program that runs {names}; Stop ends the wait"

    RETRYING: ClassVar[dict[str, str]] = {
        "rate_limited": "The provider is busy: next try in {time}",
        "provider_unavailable": "The provider is overloaded: next try in {time}",
        "connection_failed": "The provider can't be reached: next try in {time}",
        "provider_timeout": "The provider does not answer: next try in {time}",
    }
    RETRYING_ANYHOW = "That went wrong: next try in {time}"
    IN_SECONDS = "{count} s"
    IN_MINUTES = "{count} min"
    IN_HOURS = "{count} h"
    HEADROOM: ClassVar[dict[str, str]] = {
        "requests": "{left} requests left",
        "tokens": "{left} tokens left",
    }
    HEADROOM_OF: ClassVar[dict[str, str]] = {
        "requests": "{left} of {limit} requests left",
        "tokens": "{left} of {limit} tokens left",
    }
    HEADROOM_FULL = "{left}, full again in {time}"
    HEADROOM_AGAIN = "The provider asks to wait for {time}"

    STOPPED = "Stopped. What had arrived is kept."
    STOPPED_EARLY = "Stopped before an answer was written."
    BROKEN_OFF = "The answer ends here; what had arrived is kept."
    DECLINED = "The model declined to answer."

    SYSTEM = "System"
    ARGUMENTS = "Arguments"
    OUTPUT = "Output"
    ERROR = "Error"
    NO_OUTPUT = "It has no output: the exchange ended first."
    DONE_AFTER = "{call} → {output} · {time}"
    FAILED_AFTER = "{call} failed: {output} · {time}"
    WAITS = "{call} needs your approval"
    DROPPED = "{call} did not finish"
    MORE = "… and {count} more characters"
    WHOLE = "Download all of it"
    APPROVE = "Allow this call?"
    ALLOW = "Allow"
    DECLINE = "Decline"

    QUEUED = "Waits for the answer"
    HELD = "Waits: the last exchange failed"
    SEND = "Send"
    SEND_NOW = "Send now"
    SHOW_ALL = "Show all"
    PICTURE = "Picture: {name}"
    PICTURE_INSIDE = "in the message itself ({type}, {size} kB)"
    FILE = "File: {name}"
    FILE_FOR = "File: {name}, for {tools}"
    ADDED = "Added by a program, not written by a model here."

    EDIT = "Edit"
    EDIT_TEXT_ALONE = "The text alone is sent anew: pictures and files of this message stay behind."
    REGENERATE = "Answer again"
    NOT_AGAIN = "Can't be answered again: a program asked for this answer without a message"
    NO_WAY_ON = (
        "A program began this exchange without a message, so that it can't be tried again from "
        "here. Your next message goes on from this point."
    )
    CONTINUE = "Continue"
    RETRY = "Retry"
    RETRY_SHORTENED: ClassVar[tuple[str, str]] = (
        "Try again with the last message",
        "Try again with the last {count} messages",
    )
    HOW = "How it ran"
    VARIANT_BEFORE = "Version before"
    VARIANT_AFTER = "Version after"
    RATE: ClassVar = {"up": "Good answer", "down": "Bad answer"}
    RATED: ClassVar = {"up": "Rated good: take it back", "down": "Rated bad: take it back"}
    COMMENT = "Add a comment"
    COMMENTED = "Your comment"
    COMMENT_WHAT = "What was good or bad about this answer?"
    ANSWERS_FROM_HERE = "{who} answers from here"

    TOKENS_IN = "{count} in"
    TOKENS_OUT = "{count} out"
    TOKENS_CACHED = "{count} cached"
    TOKENS_REASONING = "{count} reasoning"
    FIRST_TOKEN = "first token {time}"
    TOOL_TIME = "functions {time}"
    WHOLE_TIME = "total {time}"
    COST_UNKNOWN = "cost unknown"
    LESS_THAN = "<{cost}"

    AT_ONCE = "{count} calls at once"
    EXPIRED_HINT = "Ask again; what had arrived is kept."
    INCOMPLETE_HINTS: ClassVar[dict[str, str]] = {
        "max_tokens": "Let it continue, or ask for a shorter answer.",
        "content_filter": "Put the message in other words.",
        "max_tool_rounds": "Ask for less at once, or raise MAX_TOOL_ROUNDS in the settings.",
        "max_completion_tokens": (
            "Let it continue here, where there is no such budget, or let the program that set it "
            "give the run more (max_completion_tokens)."
        ),
        "max_prompt_tokens": (
            "Ask again here, where there is no such budget, or let the program that set it give "
            "the run more (max_prompt_tokens), or fewer messages (truncation_strategy)."
        ),
    }

    DOLLARS = "${amount}"

    CONVERSATION_GONE = "This conversation has been deleted. Your next message starts a new one."
    PINNED = "Pinned"
    DAYS: ClassVar[dict[str, str]] = {
        "today": "Today",
        "yesterday": "Yesterday",
        "week": "Previous 7 days",
        "month": "Previous 30 days",
    }
    MONTHS = (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    )
    MONTH = "{month} {year}"
    UNTITLED = "Without a title"
    SHOW_MORE = "Show more"
    NO_CONVERSATIONS = "Your conversations will be listed here."
    THREAD_MENU = "More"

    SEARCH = "Search in all conversations"
    SEARCH_HINT = "Search"
    CLEAR_SEARCH = "Clear"
    NOTHING_FOUND = "Nothing found."
    FOUND_IN_TITLES = "Found in titles alone"
    MATCHES = "Found {count} times"
    MATCH = "Found once"

    ACTIONS: ClassVar[dict[str, str]] = {
        "rename": ":material/edit: Rename",
        "pin": ":material/keep: Pin",
        "unpin": ":material/keep_off: Unpin",
        "instructions": ":material/assignment: Instructions",
        "export": ":material/download: Export",
        "delete": ":material/delete: Delete",
        "history": ":material/history: Open in history",
    }
    RENAME = "Rename the conversation"
    RENAME_LABEL = "Title"
    SAVE = "Save"
    CANCEL = "Cancel"
    TITLE_BLANK = "A title needs at least one character."
    TITLE_LONG = "A title has at most {most} characters; this one has {count}."

    DELETE_TITLE = "Delete this conversation?"
    DELETE_WHAT = (
        "Its messages, its {exchanges} and all that is logged of them are removed for good. "
        "This can't be undone."
    )
    DELETE_BUSY = "An answer is still under way in this conversation. Stop it first, then delete."
    DELETE_YES = "Delete for good"
    DELETE_NO = "Keep it"
    DELETED_HERE = "The conversation has been deleted. Your next message starts a new one."
    DELETED = "The conversation “{title}” has been deleted."
    ALREADY_GONE = "That conversation is no longer there."

    INSTRUCTIONS = "Instructions for this conversation"
    INSTRUCTIONS_HELP = (
        "They go along with every message, besides the assistant's own: who you are, what tone you "
        "like, what to keep in mind. They apply from the next message on."
    )
    INSTRUCTIONS_LONG = (
        "The instructions have {count} characters; at most {most} are possible: please cut them."
    )
    INSTRUCTIONS_SET = "This conversation has instructions of its own"

    EXPORT = "Export this conversation"
    EXPORT_WHAT = "All of it as it is now, made when you click."
    FORMATS: ClassVar[dict[str, str]] = {
        "markdown": "Markdown",
        "json": "JSON",
        "html": "HTML page",
    }

    EXCHANGE = "1 exchange"
    EXCHANGES = "{count} exchanges"
    TOKENS = "{count} tokens"
    COST_ABOUT = "~{cost}"

    SETTINGS = "Model and settings"
    PROVIDER = "Provider"
    MODEL_CHOICE = "Model"
    MODEL_USUAL = "{model} (default)"
    MODEL_FIRST = "The first one it lists"
    MODEL_HELP = "Choose one, or type another one's name. It applies from the next message on."
    MODEL_LONG = "A model's name has at most {most} characters."
    ASSISTANT_CHOICE = "Assistant"
    ASSISTANT_CHOICE_HELP = (
        "Model, instructions and functions of an assistant you have made: choose one, or type its "
        "ID. It applies from the next message on."
    )
    ASSISTANT_NOBODY = "None"
    ASSISTANT_DEFAULT = "{name} (default)"
    LANGUAGE = "Language"
    LANGUAGE_OF_BROWSER = "Of the browser"

    PANEL = "How it ran"
    PANEL_PART = "What to show of the exchange"
    PANEL_PARTS: ClassVar[dict[str, str]] = {
        "steps": "Steps",
        "script": "Script",
        "requests": "Requests",
    }
    CLOSE_PANEL = "Close"
    LIVE_STEPS = "Live steps"
    LIVE_STEPS_HELP = (
        "Show beside the messages how an exchange runs: every step with its time, the way through "
        "the script, and what went to the model and came back."
    )
    IN_HISTORY = "Open in history"
    NEWEST = "Follow the newest"
    ATTEMPT = "attempt {number}"
    UNDER_WAY_FOR = "Under way for {time}"
    ROUTE = "The script as a diagram, with the path of this exchange: {path}"
    STATE_TIMES = "Time in each state"
    REQUESTS_WHAT = "What went to the model and what came back, without keys and other secrets."
    REQUEST = "Request {number} · attempt {attempt}"
    REQUEST_OPEN = "under way"
    REQUEST_SENT = "Request"
    RESPONSE = "Response"
    NO_RESPONSE = "No response came."
    NO_REQUESTS = (
        "There is no request to show: the exchange ended before anything was sent, or it is older "
        "than the recording of requests."
    )
    NO_REQUESTS_YET = "Nothing has come back from the model yet."
    UNKNOWN_EXCHANGE = "This exchange is no longer there: it has been deleted."

    COPY = "Copy"
    COPIED = "Copied"
    NOT_COPIED = "The browser did not allow it"
    KEYS_TITLE = "Keyboard shortcuts"
    CLOSE = "Close"
    TO_END = "Go to the newest message"
    KEYS = (
        ("Enter", "Send the message"),
        ("Shift+Enter", "Begin a new line"),
        ("↑", "Edit the last message, in the empty field"),
        ("Ctrl+Enter", "Send the edited message"),
        ("Esc", "Stop the answer"),
        ("Ctrl+Shift+O", "Begin a new conversation"),
        ("/ Ctrl+K", "Search conversations"),
        ("? Ctrl+/", "Show these shortcuts"),
    )
    SAID_WRITING = "Answer is being written."
    SAID_ANSWER = "Answer complete: {beginning}"
    SAID_DONE = "Answer complete."
    SAID_STOPPED = "Stopped."

    STATES: ClassVar[dict[State, str]] = dict(ENGLISH.states)

    @classmethod
    def state(cls, state: State) -> str:
        """Name a state as people read it."""
        return cls.STATES[state]
