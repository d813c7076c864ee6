"""What can be set from outside, where, and what is in force? `config.yaml` ← `.env` and environment ← command line."""

import os
import secrets
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    YamlConfigSettingsSource,
)
from yaml import YAMLError  # type: ignore[import-untyped]


class Role(StrEnum):
    """The parts of a server that can run on machines of their own."""

    API = "api"
    ENGINE = "engine"
    PROJECTOR = "projector"
    CONNECTORS = "connectors"


class Profile(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Every key is also an environment variable `PARLEY_<KEY>`; a secret may come from a file named by `<KEY>_FILE`."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_", env_file=".env", yaml_file="config.yaml", extra="forbid", env_ignore_empty=True
    )

    data_dir: Path = Field(Path(".parley"), description="Where the embedded database, keys and logs live.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8080, ge=0, le=65_535, description="The port to listen on.")
    profile: Profile = Field(Profile.DEVELOPMENT, description="production: no introspection, no GET, no GraphiQL.")
    roles: tuple[Role, ...] = Field(tuple(Role), description="Which parts run here.")
    database_url: SecretStr | None = Field(None, description="A PostgreSQL to use; none: the embedded one.")
    esdb_uri: SecretStr | None = Field(None, description="An EventStoreDB to keep the log in; none: PostgreSQL.")
    nats_url: SecretStr | None = Field(None, description="A NATS to talk to other processes by; none: this process.")
    lease_s: float = Field(
        10.0, ge=0.5, description="How long a duty's holder may be silent before another takes over."
    )
    master_key: SecretStr | None = Field(None, description="The key that others derive from; none: kept in data_dir.")
    old_master_key: SecretStr | None = Field(None, description="The key before, still good for what it signed.")
    oidc_issuer: str | None = Field(None, description="An OpenID issuer (Keycloak realm URL); none: the embedded one.")
    oidc_audience: str = Field("parley", description="What a token's `aud` must name.")
    public_url: str | None = Field(None, description="How the world reaches this server; none: http://host:port.")
    allowed_origins: tuple[str, ...] = Field((), description="Browser origins besides our own that may connect.")
    rate_limits: bool = Field(True, description="Hold back the hasty; off is for load tests behind nothing public.")
    log_level: str = Field("WARNING", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, level: str) -> str:
        if level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level.upper()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = _SecretFiles(settings_cls)
        yaml = YamlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, files, dotenv_settings, yaml, file_secret_settings

    @property
    def url(self) -> str:
        return self.public_url or f"http://{self.host}:{self.port}"


class _SecretFiles(PydanticBaseSettingsSource):
    """`PARLEY_DATABASE_URL_FILE=/run/secrets/db` stands for the content of that file."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"PARLEY_{field_name.upper()}_FILE")
        return (Path(path).read_text().strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class BadSettings(Exception):
    """The settings contradict themselves; the text names each key and where to set it."""


def load(**overrides: Any) -> Settings:
    """The effective settings; `overrides` come from the command line. Raises `BadSettings`."""
    try:
        return Settings(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as errors:
        lines = [
            f"  {'.'.join(map(str, error['loc']))}: {error['msg']} "
            f"(set it in config.yaml or as PARLEY_{'_'.join(map(str, error['loc'])).upper()})"
            for error in errors.errors()
        ]
        raise BadSettings("These settings cannot be used:\n" + "\n".join(lines)) from None
    except SettingsError as error:
        raise BadSettings(f"A value cannot be read: {error} ({error.__cause__})") from None
    except YAMLError as error:
        raise BadSettings(f"config.yaml is no YAML: {error}") from None
    except OSError as error:
        raise BadSettings(f"A file that the settings name cannot be read: {error}") from None


def master_key(settings: Settings) -> bytes:
    """The key that visitor tokens and webhook secrets derive from; made once and kept, unless it is given.

    Several processes may make it at once: the first one's stands, and is never seen half-written.
    """
    if settings.master_key is not None:
        return settings.master_key.get_secret_value().encode()
    path = settings.data_dir / "keys" / "master"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = path.with_name(f"master-{secrets.token_hex(8)}")
        mine.touch(mode=0o600)
        mine.write_text(secrets.token_urlsafe(32))
        with suppress(FileExistsError):
            path.hardlink_to(mine)
        mine.unlink()
    return path.read_text().strip().encode()


def master_keys(settings: Settings) -> list[bytes]:
    """The key, and while keys are changed the one before."""
    old = settings.old_master_key
    return [master_key(settings), *([old.get_secret_value().encode()] if old else [])]
