"""What the pages say, in German."""

from typing import ClassVar

from conversation.phrases.german import GERMAN
from conversation.script import State
from ui.texts.english import English


class German(English):
    """Was die Chatseite sagt, und was sie mit der Verlaufsseite teilt."""

    TITLE = "Parley"
    CHAT = "Chat"
    WELCOME = "Was gibt es zu klären?"
    INVITATION = (
        "Jede Funktion, die ein Modell aufruft, und jeder Schritt eines Austauschs wird gezeigt, "
        "während er geschieht. Einfach unten schreiben oder hiermit beginnen:"
    )
    EXAMPLES = (
        (":material/trending_up:", "Soll ich Apple kaufen?"),
        (":material/compare_arrows:", "Vergleiche Microsoft und Nvidia"),
        (":material/format_list_bulleted:", "Zeig mir Markdown"),
        (":material/auto_stories:", "Erzähl mir eine lange Geschichte"),
    )

    MESSAGE = "Nachricht schreiben"
    MESSAGE_BUSY = "Nachricht schreiben (gesendet wird, wenn die Antwort fertig ist)"
    STOP = "Anhalten"
    EARLIER = "Frühere Nachrichten zeigen"

    SENDING = "Wird gesendet …"
    NOT_SENT = "Nicht gesendet"
    SEND_AGAIN = "Noch einmal senden"
    DISCARD = "Verwerfen"

    NEW = "Neue Unterhaltung"
    MODEL = "Es antwortet {model}"
    NEEDS = "{label} braucht `{setting}`"
    NEEDS_WHERE = "{needs}: in .env eintragen und neu starten."
    OFFLINE = "{labels}: antwortet nicht mehr."
    STREAM = "Antworten mitlesen"
    STREAM_HELP = (
        "Eine Antwort Wort für Wort zeigen, wie sie entsteht, oder auf einmal, wenn sie fertig ist."
    )
    NO_STEPS = "Die Schritte eines Austauschs erscheinen hier, während er geschieht."
    STEPS_CUT = "{count} frühere Schritte sind nicht gezeigt."

    UNKNOWN_CONVERSATION = (
        "Unter dieser Adresse gibt es keine Unterhaltung. "
        "Bitte den Link prüfen; die nächste Nachricht beginnt eine neue."
    )
    WRONG_SETTINGS = "Parley kann mit diesen Einstellungen nicht starten"
    TROUBLE = "Parley kann nicht weitermachen"
    TRY_AGAIN = "Noch einmal versuchen"
    FAULT = "Auf dieser Seite ging etwas schief."
    FAULT_HINT = (
        "Nichts Gesendetes ist verloren. Bitte die Seite neu laden; mehr steht im Log des "
        "Programms."
    )
    RECONNECTING = "Die Unterhaltung ist gerade nicht lesbar, neuer Versuch folgt: {problem}"

    THINKING = "Denkt nach"
    WORKING = "Wertet aus, was die Funktionen ergaben"
    STOPPING = "Wird angehalten"
    WAITING = "Wartet auf eine Entscheidung"
    WAITING_FOR_PROGRAM = (
        "Wartet auf das Programm, das {names} ausführt; Anhalten beendet das Warten"
    )

    RETRYING: ClassVar[dict[str, str]] = {
        "rate_limited": "Der Anbieter ist beschäftigt: nächster Versuch in {time}",
        "provider_unavailable": "Der Anbieter ist überlastet: nächster Versuch in {time}",
        "connection_failed": "Der Anbieter ist nicht erreichbar: nächster Versuch in {time}",
        "provider_timeout": "Der Anbieter antwortet nicht: nächster Versuch in {time}",
    }
    RETRYING_ANYHOW = "Das ging schief: nächster Versuch in {time}"
    IN_SECONDS = "{count} s"
    IN_MINUTES = "{count} min"
    IN_HOURS = "{count} h"
    HEADROOM: ClassVar[dict[str, str]] = {
        "requests": "Noch {left} Anfragen frei",
        "tokens": "Noch {left} Token frei",
    }
    HEADROOM_OF: ClassVar[dict[str, str]] = {
        "requests": "Noch {left} von {limit} Anfragen frei",
        "tokens": "Noch {left} von {limit} Token frei",
    }
    HEADROOM_FULL = "{left}, wieder alle in {time}"
    HEADROOM_AGAIN = "Der Anbieter bittet, {time} zu warten"

    STOPPED = "Angehalten. Was schon da war, bleibt."
    STOPPED_EARLY = "Angehalten, bevor eine Antwort geschrieben war."
    BROKEN_OFF = "Die Antwort endet hier; was schon da war, bleibt."
    DECLINED = "Das Modell hat die Antwort abgelehnt."

    SYSTEM = "System"
    ARGUMENTS = "Argumente"
    OUTPUT = "Ausgabe"
    ERROR = "Fehler"
    NO_OUTPUT = "Es gibt keine Ausgabe: Der Austausch endete vorher."
    DONE_AFTER = "{call} → {output} · {time}"
    FAILED_AFTER = "{call} fehlgeschlagen: {output} · {time}"
    WAITS = "{call} braucht eine Freigabe"
    DROPPED = "{call} wurde nicht fertig"
    MORE = "… und {count} weitere Zeichen"
    WHOLE = "Alles herunterladen"
    APPROVE = "Diesen Aufruf erlauben?"
    ALLOW = "Erlauben"
    DECLINE = "Ablehnen"

    QUEUED = "Wartet auf die Antwort"
    HELD = "Wartet: Der letzte Austausch ist fehlgeschlagen"
    SEND = "Senden"
    SEND_NOW = "Jetzt senden"
    SHOW_ALL = "Alles zeigen"
    PICTURE = "Bild: {name}"
    PICTURE_INSIDE = "in der Nachricht selbst ({type}, {size} kB)"
    FILE = "Datei: {name}"
    FILE_FOR = "Datei: {name}, für {tools}"
    ADDED = "Von einem Programm hinzugefügt, nicht hier von einem Modell geschrieben."

    EDIT = "Bearbeiten"
    EDIT_TEXT_ALONE = (
        "Nur der Text geht neu hinaus: Bilder und Dateien dieser Nachricht bleiben zurück."
    )
    REGENERATE = "Neu antworten"
    NOT_AGAIN = "Nicht noch einmal möglich: Ein Programm wollte diese Antwort ohne eine Nachricht"
    NO_WAY_ON = (
        "Ein Programm hat diesen Austausch ohne eine Nachricht begonnen, daher lässt er sich von "
        "hier nicht wiederholen. Die nächste Nachricht macht an dieser Stelle weiter."
    )
    CONTINUE = "Weiterschreiben"
    RETRY = "Noch einmal"
    RETRY_SHORTENED = (
        "Noch einmal mit der letzten Nachricht",
        "Noch einmal mit den letzten {count} Nachrichten",
    )
    HOW = "Wie es ablief"
    VARIANT_BEFORE = "Fassung davor"
    VARIANT_AFTER = "Fassung danach"
    RATE: ClassVar = {"up": "Gute Antwort", "down": "Schlechte Antwort"}
    RATED: ClassVar = {
        "up": "Als gut bewertet: zurücknehmen",
        "down": "Als schlecht bewertet: zurücknehmen",
    }
    COMMENT = "Kommentar dazu"
    COMMENTED = "Der Kommentar dazu"
    COMMENT_WHAT = "Was war an dieser Antwort gut oder schlecht?"
    ANSWERS_FROM_HERE = "Ab hier antwortet {who}"

    TOKENS_IN = "{count} gelesen"
    TOKENS_OUT = "{count} geschrieben"
    TOKENS_CACHED = "{count} aus dem Cache"
    TOKENS_REASONING = "{count} Nachdenken"
    FIRST_TOKEN = "erstes Token {time}"
    TOOL_TIME = "Funktionen {time}"
    WHOLE_TIME = "gesamt {time}"
    COST_UNKNOWN = "Kosten unbekannt"
    LESS_THAN = "<{cost}"

    AT_ONCE = "{count} Aufrufe zugleich"
    EXPIRED_HINT = "Bitte noch einmal fragen; was schon da war, bleibt."
    INCOMPLETE_HINTS: ClassVar[dict[str, str]] = {
        "max_tokens": "Weiterschreiben lassen oder um eine kürzere Antwort bitten.",
        "content_filter": "Die Nachricht anders formulieren.",
        "max_tool_rounds": (
            "Weniger auf einmal verlangen oder in den Einstellungen MAX_TOOL_ROUNDS erhöhen."
        ),
        "max_completion_tokens": (
            "Hier weiterschreiben lassen, wo es kein solches Budget gibt, oder im Programm, das es "
            "setzt, mehr zugestehen (max_completion_tokens)."
        ),
        "max_prompt_tokens": (
            "Hier noch einmal fragen, wo es kein solches Budget gibt, oder im Programm, das es "
            "setzt, mehr zugestehen (max_prompt_tokens) oder weniger Nachrichten mitgeben "
            "(truncation_strategy)."
        ),
    }

    DOLLARS = "{amount} $"

    CONVERSATION_GONE = (
        "Diese Unterhaltung wurde gelöscht. Die nächste Nachricht beginnt eine neue."
    )
    PINNED = "Angeheftet"
    DAYS: ClassVar[dict[str, str]] = {
        "today": "Heute",
        "yesterday": "Gestern",
        "week": "Letzte 7 Tage",
        "month": "Letzte 30 Tage",
    }
    MONTHS = (
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    )
    MONTH = "{month} {year}"
    UNTITLED = "Ohne Titel"
    SHOW_MORE = "Mehr anzeigen"
    NO_CONVERSATIONS = "Hier werden die Unterhaltungen stehen."
    THREAD_MENU = "Mehr"

    SEARCH = "In allen Unterhaltungen suchen"
    SEARCH_HINT = "Suchen"
    CLEAR_SEARCH = "Leeren"
    NOTHING_FOUND = "Nichts gefunden."
    FOUND_IN_TITLES = "Nur in Titeln gefunden"
    MATCHES = "{count} Treffer"
    MATCH = "1 Treffer"

    ACTIONS: ClassVar[dict[str, str]] = {
        "rename": ":material/edit: Umbenennen",
        "pin": ":material/keep: Anheften",
        "unpin": ":material/keep_off: Lösen",
        "instructions": ":material/assignment: Anweisungen",
        "export": ":material/download: Exportieren",
        "delete": ":material/delete: Löschen",
        "history": ":material/history: Im Verlauf öffnen",
    }
    RENAME = "Unterhaltung umbenennen"
    RENAME_LABEL = "Titel"
    SAVE = "Speichern"
    CANCEL = "Abbrechen"
    TITLE_BLANK = "Ein Titel braucht mindestens ein Zeichen."
    TITLE_LONG = "Ein Titel hat höchstens {most} Zeichen; dieser hat {count}."

    DELETE_TITLE = "Diese Unterhaltung löschen?"
    DELETE_WHAT = (
        "Ihre Nachrichten, {exchanges} und alles dazu Aufgezeichnete werden endgültig entfernt. "
        "Das lässt sich nicht rückgängig machen."
    )
    DELETE_BUSY = (
        "In dieser Unterhaltung ist noch eine Antwort unterwegs. Bitte erst anhalten, dann löschen."
    )
    DELETE_YES = "Endgültig löschen"
    DELETE_NO = "Behalten"
    DELETED_HERE = "Die Unterhaltung wurde gelöscht. Die nächste Nachricht beginnt eine neue."
    DELETED = "Die Unterhaltung „{title}“ wurde gelöscht."
    ALREADY_GONE = "Diese Unterhaltung gibt es nicht mehr."

    INSTRUCTIONS = "Anweisungen für diese Unterhaltung"
    INSTRUCTIONS_HELP = (
        "Sie gehen mit jeder Nachricht mit, neben denen des Assistenten: wer fragt, welcher Ton "
        "gewünscht ist, was zu beachten ist. Sie gelten ab der nächsten Nachricht."
    )
    INSTRUCTIONS_LONG = (
        "Die Anweisungen haben {count} Zeichen; möglich sind höchstens {most}. Bitte kürzen."
    )
    INSTRUCTIONS_SET = "Diese Unterhaltung hat eigene Anweisungen"

    EXPORT = "Diese Unterhaltung exportieren"
    EXPORT_WHAT = "Alles, wie es jetzt ist; erstellt wird beim Klick."
    FORMATS: ClassVar[dict[str, str]] = {
        "markdown": "Markdown",
        "json": "JSON",
        "html": "HTML-Seite",
    }

    EXCHANGE = "1 Austausch"
    EXCHANGES = "{count} Austausche"
    TOKENS = "{count} Token"
    COST_ABOUT = "~{cost}"

    SETTINGS = "Modell und Einstellungen"
    PROVIDER = "Anbieter"
    MODEL_CHOICE = "Modell"
    MODEL_USUAL = "{model} (Standard)"
    MODEL_FIRST = "Das erste, das er nennt"
    MODEL_HELP = "Eines wählen oder einen anderen Namen eintippen; gilt ab der nächsten Nachricht."
    MODEL_LONG = "Der Name eines Modells hat höchstens {most} Zeichen."
    ASSISTANT_CHOICE = "Assistent"
    ASSISTANT_CHOICE_HELP = (
        "Modell, Anweisungen und Funktionen eines selbst angelegten Assistenten: einen wählen oder "
        "seine ID eintippen. Er gilt ab der nächsten Nachricht."
    )
    ASSISTANT_NOBODY = "Keiner"
    ASSISTANT_DEFAULT = "{name} (Standard)"
    LANGUAGE = "Sprache"
    LANGUAGE_OF_BROWSER = "Des Browsers"

    PANEL = "So lief es ab"
    PANEL_PART = "Was vom Austausch zu sehen ist"
    PANEL_PARTS: ClassVar[dict[str, str]] = {
        "steps": "Schritte",
        "script": "Ablauf",
        "requests": "Anfragen",
    }
    CLOSE_PANEL = "Schließen"
    LIVE_STEPS = "Schritte mitlesen"
    LIVE_STEPS_HELP = (
        "Neben den Nachrichten zeigen, wie ein Austausch abläuft: jeden Schritt mit seiner Zeit, "
        "den Weg durch die Zustände, und was an das Modell ging und zurückkam."
    )
    IN_HISTORY = "Im Verlauf öffnen"
    NEWEST = "Dem neuesten folgen"
    ATTEMPT = "Versuch {number}"
    UNDER_WAY_FOR = "Seit {time} unterwegs"
    ROUTE = "Der Ablauf als Diagramm, mit dem Weg dieses Austauschs: {path}"
    STATE_TIMES = "Zeit in jedem Zustand"
    REQUESTS_WHAT = "Was an das Modell ging und zurückkam, ohne Schlüssel und andere Geheimnisse."
    REQUEST = "Anfrage {number} · Versuch {attempt}"
    REQUEST_OPEN = "unterwegs"
    REQUEST_SENT = "Anfrage"
    RESPONSE = "Antwort"
    NO_RESPONSE = "Es kam keine Antwort."
    NO_REQUESTS = (
        "Es gibt keine Anfrage zu zeigen: Der Austausch endete, bevor etwas gesendet war, oder er "
        "ist älter als die Aufzeichnung von Anfragen."
    )
    NO_REQUESTS_YET = "Vom Modell ist noch nichts zurückgekommen."
    UNKNOWN_EXCHANGE = "Diesen Austausch gibt es nicht mehr: Er wurde gelöscht."

    COPY = "Kopieren"
    COPIED = "Kopiert"
    NOT_COPIED = "Der Browser hat es nicht erlaubt"
    KEYS_TITLE = "Tastenkürzel"
    CLOSE = "Schließen"
    TO_END = "Zur neuesten Nachricht"
    KEYS = (
        ("Enter", "Nachricht senden"),
        ("Shift+Enter", "Neue Zeile beginnen"),
        ("↑", "Letzte Nachricht bearbeiten, im leeren Feld"),
        ("Ctrl+Enter", "Bearbeitete Nachricht senden"),
        ("Esc", "Antwort anhalten"),
        ("Ctrl+Shift+O", "Neue Unterhaltung beginnen"),
        ("/ Ctrl+K", "Unterhaltungen durchsuchen"),
        ("? Ctrl+/", "Diese Tastenkürzel zeigen"),
    )
    SAID_WRITING = "Die Antwort wird geschrieben."
    SAID_ANSWER = "Antwort fertig: {beginning}"
    SAID_DONE = "Antwort fertig."
    SAID_STOPPED = "Angehalten."

    STATES: ClassVar[dict[State, str]] = dict(GERMAN.states)
