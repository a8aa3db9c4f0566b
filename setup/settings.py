"""The only reader of the environment.

Settings come from the environment, then from `.env` or the file that PARLEY_ENV_FILE names. A wrong
value stops the start with one line for each: `read_settings` raises `WrongSettings`.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from conversation.errors import ParleyError
from conversation.ids import is_id

ROOT: Final = Path(__file__).resolve().parent.parent

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_DATABASE: Final = re.compile(
    r"sqlite:///[^:?].*"
    r"|postgresql\+psycopg://([^@]*@)?(\[[\da-fA-F:.]*\]|[^\[\]:/?@]*)(:\d+)?([/?].*)?"
)


class WrongSettings(ParleyError):
    """Settings that can't be used; `str` has one line for each."""

    code = "wrong_settings"
    advice = "Mend them in .env or in the environment and start again."


class Settings(BaseSettings):
    """Every setting; `.env_sample` and docs/settings.md explain each."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    # OpenAI
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-6.1-terra"

    # Gemini, by key or through Vertex AI
    google_api_key: SecretStr | None = None
    gemini_api_key: SecretStr | None = None
    google_gemini_base_url: str | None = None
    google_vertex_base_url: str | None = None
    google_genai_use_vertexai: bool = False
    google_cloud_project: str | None = None
    google_cloud_location: str | None = None
    project_id: str | None = None
    location: str | None = None
    gemini_model: str = "gemini-3.8-flash"

    # The conversation
    assistant_id: str | None = None
    mediator_type: Literal["stateMachine", "basic"] = "stateMachine"
    model_map: Annotated[dict[str, str], NoDecode] = {}
    stock_prices: Literal["live", "sample"] = "live"

    # The log
    database_url: SecretStr = SecretStr("sqlite:///dbstorage/parley.db")  # may hold a password
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None

    # Limits
    max_tool_rounds: Annotated[int, Field(ge=1, le=1000)] = 25
    run_expires_seconds: Seconds = 600
    chat_run_expires_seconds: Seconds = 86_400
    provider_timeout_seconds: Seconds = 120
    provider_max_attempts: Annotated[int, Field(ge=1, le=10)] = 4
    database_busy_seconds: Seconds = 10
    demo_delay_seconds: Annotated[float, Field(ge=0)] = 0.03

    # The program
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    @field_validator("model_map", mode="before")
    @classmethod
    def _pairs(cls, value: Any) -> Any:
        """Read `old=new, other=new`."""
        if not isinstance(value, str):
            return value
        pairs = [pair.strip().partition("=") for pair in value.split(",") if pair.strip()]
        if any(not (old.strip() and sign and new.strip()) for old, sign, new in pairs):
            raise ValueError("write it as old-model=new-model, pairs separated by commas")
        return {old.strip(): new.strip() for old, _, new in pairs}

    @field_validator("assistant_id")
    @classmethod
    def _assistant(cls, value: str | None) -> str | None:
        if value is not None and not is_id(value, "asst"):
            raise ValueError("an assistant's id is asst_ and 24 letters and digits")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        if not _DATABASE.fullmatch(value.get_secret_value()):
            raise ValueError("write sqlite:///file or postgresql+psycopg://user:password@host/name")
        return value

    @field_validator("openai_base_url", "google_gemini_base_url", "google_vertex_base_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("an address starts with http:// or https://")
        return value

    @property
    def google_key(self) -> SecretStr | None:
        """The Gemini key in force: GOOGLE_API_KEY beats GEMINI_API_KEY."""
        return self.google_api_key or self.gemini_api_key

    @property
    def vertex_project(self) -> str | None:
        """The Google Cloud project; PROJECT_ID is an older name."""
        return self.google_cloud_project or self.project_id

    @property
    def vertex_location(self) -> str | None:
        """The Google Cloud location; LOCATION is an older name."""
        return self.google_cloud_location or self.location


def env_file() -> Path | None:
    """Return the file of settings; PARLEY_ENV_FILE names another one, or none when it is empty."""
    named = os.environ.get("PARLEY_ENV_FILE", ROOT / ".env")  # noqa: TID251 - the one reader
    return Path(named) if named else None


def read_settings() -> Settings:
    """Read them; `WrongSettings` with one line for each that can't be used."""
    try:
        return Settings(_env_file=env_file())  # type: ignore[call-arg]  # unknown without a plugin
    except (OSError, UnicodeDecodeError):
        raise WrongSettings(f"The file {env_file()} can't be read as text.") from None
    except ValidationError as error:
        lines = [_line(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise WrongSettings("\n".join(lines)) from None  # the cause would show the values


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return read_settings()


def _line(place: tuple[int | str, ...], problem: str) -> str:
    name = str(place[0]).upper() if place else "settings"
    return f"{name}: {problem.removeprefix('Value error, ')}"
