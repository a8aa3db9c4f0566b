"""What the history page says, in German."""

from typing import ClassVar

from conversation.records import Rating
from ui.texts.english_history import EnglishHistory


class GermanHistory(EnglishHistory):
    """Was die Verlaufsseite außerdem sagt."""

    TITLE = "Verlauf"
    TITLE_TAB = "Parley · Verlauf"

    VIEWS: ClassVar[dict[str, str]] = {
        "threads": "Threads",
        "runs": "Alle Läufe",
        "matches": "Treffer",
        "overview": "Überblick",
    }
    VIEW = "Was gezeigt wird"

    SEARCH = "Suche"
    SEARCH_HINT = 'Nachrichten und Aufrufe durchsuchen: Wörter, Anf*, "eine Wendung"'
    FILTERS = "Filter"
    CLEAR = "Zurücksetzen"
    WHEN = "Begonnen"
    WHENS: ClassVar[dict[str, str]] = {
        "any": "irgendwann",
        "hour": "in der letzten Stunde",
        "day": "in den letzten 24 Stunden",
        "today": "heute",
        "yesterday": "gestern",
        "week": "in den letzten 7 Tagen",
        "month": "in den letzten 30 Tagen",
        "between": "zwischen zwei Zeitpunkten",
    }
    SINCE = "Von"
    UNTIL = "Bis (ausschließlich)"
    STATUS = "Status"
    PROVIDER = "Anbieter"
    MODEL = "Modell"
    ASSISTANT = "Assistent"
    TOOL = "Aufgerufenes Tool"
    FAILED = "Ausgang"
    FAILEDS: ClassVar[dict[str, str]] = {"yes": "Mit Fehler", "no": "Ohne"}
    RATING = "Bewertet"
    RATINGS: ClassVar[dict[Rating, str]] = {"up": "Gut", "down": "Schlecht"}
    LONGER = "Länger als (Sekunden)"
    TOKENS = "Mehr Token als"
    ALL = "alle"
    NONE = "keine Grenze"
    SIZE = "Zeilen je Seite"

    COUNTS: ClassVar[dict[str, tuple[str, str]]] = {
        "threads": ("{count} Thread", "{count} Threads"),
        "messages": ("{count} Nachricht", "{count} Nachrichten"),
        "runs": ("{count} Lauf", "{count} Läufe"),
        "steps": ("{count} Schritt", "{count} Schritte"),
        "matches": ("{count} Treffer", "{count} Treffer"),
        "tokens": ("{count} Token", "{count} Token"),
    }
    HEADS: ClassVar[dict[str, str]] = {
        "title": "Titel",
        "last_activity": "Zuletzt aktiv",
        "runs": "Läufe",
        "events": "Schritte",
        "tokens": "Token",
        "cost": "Kosten",
        "model": "Modell",
        "provider": "Anbieter",
        "assistant_id": "Assistent",
        "created_at": "Angelegt",
        "started_at": "Begonnen",
        "ended_at": "Beendet",
        "expires_at": "Läuft ab",
        "waiting": "Wartet auf",
        "asked_model": "Verlangtes Modell",
        "answer": "Form der Antwort",
        "tool_choice": "Aufzurufende Funktionen",
        "max_prompt_tokens": "Token-Budget zum Lesen",
        "max_completion_tokens": "Token-Budget zum Schreiben",
        "last_messages": "Höchstens mitgegebene Nachrichten",
        "metadata": "Metadaten",
        "thread_id": "Thread",
        "run_id": "Lauf",
        "state": "Status",
        "error_code": "Fehler",
        "duration": "Dauer",
        "first_token": "1. Token",
        "tool_calls": "Aufrufe",
        "seq": "#",
        "type": "Art",
        "tool": "Tool",
        "input": "Eingabe",
        "output": "Ausgabe",
        "at": "Um",
        "what": "Was",
        "value": "Wert",
        "since": "Ab",
        "part": "Teil",
        "day": "Tag (UTC)",
        "read": "Gelesen",
        "written": "Geschrieben",
        "failed": "Fehlgeschlagen",
        "error_rate": "Fehlerquote",
        "reason": "Grund",
        "last": "Zuletzt",
        "last_message": "Letzte Meldung",
    }
    GRID: ClassVar[dict[str, str]] = {
        "ariaSortableColumn": "EINGABE sortiert",
        "ariaRowSelect": "LEERTASTE wählt diese Zeile",
        "ariaRowDeselect": "LEERTASTE hebt die Wahl dieser Zeile auf",
        "ariaLabelTooltip": "Hinweis",
        "noRowsToShow": "Keine Zeilen",
    }
    CHOOSE_THREAD = "Ein gewählter Thread zeigt seine Läufe."
    CHOOSE_RUN = "Ein gewählter Lauf zeigt, was darin geschah."
    CHOOSE_STEP = "Ein gewählter Schritt zeigt seine ganze Ein- und Ausgabe."
    NOTHING_FITS = "Nichts passt. Vielleicht mit weniger Filtern oder anderen Wörtern."
    NOTHING_TYPED = "Was gesucht wird, gehört oben in das Suchfeld."
    NO_RUNS = "Dieser Thread hat keine Läufe, die zu den Filtern passen."

    EMPTY = "Noch gibt es keine Unterhaltung"
    EMPTY_BESIDE = "Alles, was auf der Chatseite gesagt wird, erscheint hier Schritt für Schritt."
    EMPTY_ALONE = (
        "`make chat` beginnt eine im Browser, `make terminal` im Terminal. "
        "Danach erscheint hier jeder ihrer Schritte."
    )
    TO_CHAT = "Unterhaltung beginnen"

    UNKNOWN_THREAD = "Unter dieser Adresse gibt es keinen Thread. Vielleicht wurde er gelöscht."
    UNKNOWN_RUN = "Unter dieser Adresse gibt es keinen Lauf. Vielleicht wurde er gelöscht."

    TAKE = "Mitnehmen"
    TAKE_LIST = "Was zu den Filtern passt, alle Seiten:"
    TAKE_THREAD = "Dieser Thread:"
    TAKE_RUN = "Dieser Lauf:"
    FILES: ClassVar[dict[str, str]] = {
        "threads": "Threads, als CSV",
        "runs": "Läufe, als CSV",
        "steps": "Schritte, als CSV",
        "events": "Ereignisse, als JSONL",
        "markdown": "Unterhaltung, als Markdown",
        "html": "Unterhaltung, als Webseite",
        "json": "Unterhaltung, als JSON",
        "openai": "Beispiele zum Feinabstimmen für OpenAI, als JSONL",
        "gemini": "Beispiele zum Feinabstimmen für Gemini, als JSONL",
        "sqlite": "SQLite-Datei mit runs, threads und run_details",
    }

    REPLAY = "Wiederholen"
    REPLAY_TITLE = "Diesen Thread wiederholen"
    REPLAY_WHAT = (
        "Die Nachrichten werden in einem neuen Thread noch einmal gesendet. "
        "Dann stehen beide nebeneinander."
    )
    REPLAY_WHO = "Wer antwortet"
    REPLAY_MODEL = "Modell"
    REPLAY_MODEL_HINT = "das übliche des Anbieters"
    REPLAY_ASSISTANT = "Assistenten-ID"
    REPLAY_ASSISTANT_HINT = "wie im Original"
    REPLAY_RECORDED = "Aufgezeichnete Ausgaben nutzen: Keine Funktion wird ausgeführt"
    REPLAY_START = "Beginnen"
    REPLAY_STATES: ClassVar[dict[str, str]] = {
        "running": "im Gange",
        "stopped": "angehalten: Niemand sendet die nächste Nachricht",
        "finished": "fertig",
        "failed": "fehlgeschlagen",
        "cancelled": "abgebrochen",
    }
    REPLAY_OF = "Wiederholung von"
    REPLAY_FAR = "{done} von {total} Nachrichten beantwortet, {state}"
    REPLAY_GO_ON = "Fortsetzen"
    REPLAY_STOP = "Anhalten"
    RECORDED = "mit aufgezeichneten Ausgaben"
    ORIGINAL_GONE = "Das Original ist gelöscht: Es gibt nichts zu vergleichen."
    COMPARE = "Mit dem Original vergleichen"
    ORIGINAL = "Original"
    REPLAYED = "Wiederholung"
    COMPARED = ("Antworten", "Aufrufe", "mit Fehler", "Token", "Kosten", "Zeit")
    NOBODY = "Keine Antwort."
    PATH = "Weg"

    CONTINUE = "Im Chat fortsetzen"
    DELETE = "Löschen"
    DELETE_TITLE = "Diesen Thread löschen?"
    DELETE_WHAT = (
        "Für immer gelöscht wird alles: seine Nachrichten, {runs} und {steps}. "
        "Das lässt sich nicht rückgängig machen."
    )
    DELETE_YES = "Endgültig löschen"
    DELETE_NO = "Behalten"
    DELETED = "Gelöscht: {messages}, {runs}, {steps}."
    UNTITLED = "Ohne Titel"

    PARTS: ClassVar[dict[str, str]] = {
        "log": "Log",
        "conversation": "Unterhaltung",
        "timeline": "Zeitachse",
        "script": "Ablauf",
        "details": "Details",
    }
    PART = "Was vom Lauf gezeigt wird"
    CALLS_ONLY = "Nur Aufrufe"
    LIVE = "Im Gange: wächst, während es geschieht."
    DURATION = "Dauer"
    FIRST_WORD = "Erstes Token"
    TOKENS_USED = "Token"
    COST = "Kosten"
    CALLS = "Aufrufe"
    ATTEMPT = "Versuch"
    STEP = "Schritt {seq}: {type}"
    INPUT = "Eingabe"
    OUTPUT = "Ausgabe"
    NOTHING = "Es gibt weder Ein- noch Ausgabe."

    EARLIER = "Zeigen, was vorher gesagt wurde"
    NO_EARLIER = "Hier begann der Thread."

    SPANS: ClassVar[dict[str, str]] = {
        "queue": "Warteschlange",
        "model": "Modell",
        "tool": "Tool",
        "person": "Warten auf eine Person",
        "client": "Warten auf ein Programm",
        "pause": "Pause vor neuem Versuch",
        "stop": "Anhalten",
    }
    SPAN_FAILED = "{name} (fehlgeschlagen)"
    NO_TIMES = "Noch hat nichts Zeit gebraucht."
    WATERFALL = "Wie lange jeder Teil dauerte, in Sekunden seit dem Beginn"
    DIAGRAM = "Der Ablauf, mit dem Weg, den dieser Lauf nahm"
    IN_STATE = "Zeit in jedem Zustand"

    TOKEN_ROWS = ("Gelesen", "davon aus dem Cache", "Geschrieben", "davon Nachdenken", "Zusammen")
    USED = "Token und Kosten"
    ABOUT = "Über diesen Lauf"
    TROUBLES = "Versuche und Wiederholungen"
    NO_TROUBLES = "Es gelang beim ersten Versuch, ohne Wiederholungen."
    INSTRUCTIONS = "Anweisungen"
    OFFERED = "Angebotene Funktionen"
    UNKNOWN_PRICE = "unbekannt"
    VERSION = "{assistant} (Version {version})"
    WAITING: ClassVar[dict[str, str]] = {"person": "eine Person", "client": "ein Programm"}
    WAITS_FOR: ClassVar[dict[str, str]] = {
        "person": "Wartet, bis eine Person einen Aufruf erlaubt oder ablehnt.",
        "client": (
            "Wartet, bis das Programm, das diese Funktionen ausführt, die Ausgaben liefert oder "
            "die Zeit abläuft."
        ),
    }

    OVER_TIME = "Läufe über die Zeit"
    DURATIONS = "Wie lange ein Lauf dauert, je Modell"
    FIRST_TOKENS = "Zeit bis zum ersten Token, je Modell"
    TOKENS_BY_DAY = "Token je Tag und Modell"
    COST_BY_DAY = "Kosten je Tag und Modell"
    TOOL_CALLS = "Aufrufe von Tools"
    ERRORS = "Warum Läufe schlecht endeten"
    NO_TOOLS = "Kein Tool wurde aufgerufen."
    NO_ERRORS = "Kein Lauf endete schlecht."
    NO_PRICE = "Für diese Modelle ist kein Preis bekannt."
    FREE = "Diese Läufe haben nichts gekostet."
    TABLE = "Tabelle"
    UNDER_WAY = "im Gange"
    OTHERS = "andere"
    SUCCEEDED = "gelungen"
    FAILED_CALLS = "fehlgeschlagen"
    PERCENT = "{number} %"

    KINDS: ClassVar[dict[str, str]] = {
        "user_message": ":material/person: Nutzer",
        "assistant_message": ":material/forum: Modell",
        "tool_input": ":material/input: Tool-Eingabe",
        "tool_output": ":material/output: Tool-Ausgabe",
    }
    OPEN = "Öffnen"
